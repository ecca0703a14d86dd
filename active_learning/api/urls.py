"""Addresses of this application."""

from django.urls import URLPattern

from active_learning.api import rounds, training

urlpatterns: list[URLPattern] = [*training.urlpatterns, *rounds.urlpatterns]
