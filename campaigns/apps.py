"""The Django application."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Tell Django about the application."""

    name = "campaigns"
