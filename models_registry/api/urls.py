"""Addresses of this application."""

from django.urls import URLPattern, URLResolver, path

from models_registry.api import auditing, cards, current, profiles, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("audit", auditing.AuditView.as_view()),
    *cards.urlpatterns,
    *current.urlpatterns,
    *profiles.urlpatterns,
    path("models", views.ModelsView.as_view()),
    path("models/permissions", views.ModelPermissionsView.as_view()),
    path("models/promptable", views.PromptableModelsView.as_view()),
    path("models/<int:model_id>", views.ModelView.as_view()),
    path("campaigns/<int:campaign_id>/models", views.CampaignModelsView.as_view()),
    path("campaigns/<int:campaign_id>/models/<int:model_id>", views.CampaignModelView.as_view()),
]
