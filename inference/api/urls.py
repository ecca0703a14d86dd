"""Addresses of this application."""

from django.urls import URLPattern, URLResolver, path

from inference.api import agents, assisting, comparing, coverage, ensembles, offline, onnx, probing, serving, testing, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("campaigns/<int:campaign_id>/inference-runs", views.InferenceRunsView.as_view()),
    path("images/<int:image_id>/predictions", views.PredictionsView.as_view()),
    path("images/<int:image_id>/predict", views.PredictView.as_view()),
    path("images/<int:image_id>/uncertain-areas", views.UncertainAreasView.as_view()),
    path("predictions/<int:prediction_id>/heat-map.png", views.HeatMapView.as_view()),
    *serving.urlpatterns,
    *agents.urlpatterns,
    *assisting.urlpatterns,
    *comparing.urlpatterns,
    *coverage.urlpatterns,
    *ensembles.urlpatterns,
    *offline.urlpatterns,
    *onnx.urlpatterns,
    *probing.urlpatterns,
    *testing.urlpatterns,
]
