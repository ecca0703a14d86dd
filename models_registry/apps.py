"""The Django application."""

from django.apps import AppConfig


class ModelsRegistryConfig(AppConfig):
    """Tell Django about the application."""

    name = "models_registry"
