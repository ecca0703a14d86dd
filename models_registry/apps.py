"""The Django application."""

from django.apps import AppConfig


class ModelsRegistryConfig(AppConfig):
    """Tell Django about the application."""

    name = "models_registry"

    def ready(self) -> None:
        """Make the kind of run known that adds a model from a package."""
        from campaigns.runs import RunKind, register_kind

        execute = "models_registry.services.promptable.execute_add_promptable"
        register_kind(RunKind(name="promptable-model", execute=execute, resumable=True, timeout_s=1800))
