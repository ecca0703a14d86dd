"""Addresses of this application."""

from django.urls import URLPattern, URLResolver

from active_learning.api import (
    abstention,
    annotators,
    backbones,
    checkpoints,
    coverage,
    doubts,
    labeled_areas,
    likeness,
    one_label,
    plans,
    progress,
    rounds,
    similarity,
    statistics,
    training,
    training_wishes,
)

urlpatterns: list[URLPattern | URLResolver] = [
    *training.urlpatterns,
    *training_wishes.urlpatterns,
    *checkpoints.urlpatterns,
    *rounds.urlpatterns,
    *similarity.urlpatterns,
    *likeness.urlpatterns,
    *backbones.urlpatterns,
    *one_label.urlpatterns,
    *doubts.urlpatterns,
    *labeled_areas.urlpatterns,
    *annotators.urlpatterns,
    *coverage.urlpatterns,
    *plans.urlpatterns,
    *statistics.urlpatterns,
    *abstention.urlpatterns,
    *progress.urlpatterns,
]
