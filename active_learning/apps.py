"""The Django application."""

from django.apps import AppConfig


class ActiveLearningConfig(AppConfig):
    """Tell Django about the application."""

    name = "active_learning"
