"""Addresses of this application."""

from django.urls import URLPattern, URLResolver

from active_learning.api import likeness, plans, progress, rounds, similarity, statistics, training

urlpatterns: list[URLPattern | URLResolver] = [
    *training.urlpatterns,
    *rounds.urlpatterns,
    *similarity.urlpatterns,
    *likeness.urlpatterns,
    *plans.urlpatterns,
    *statistics.urlpatterns,
    *progress.urlpatterns,
]
