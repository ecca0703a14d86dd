"""Addresses of this application."""

from django.urls import URLPattern, URLResolver

from active_learning.api import plans, rounds, similarity, training

urlpatterns: list[URLPattern | URLResolver] = [*training.urlpatterns, *rounds.urlpatterns, *similarity.urlpatterns, *plans.urlpatterns]
