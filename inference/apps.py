"""The Django application."""

from django.apps import AppConfig


class InferenceConfig(AppConfig):
    """Tell Django about the application."""

    name = "inference"
