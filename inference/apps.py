"""The Django application."""

from django.apps import AppConfig


class InferenceConfig(AppConfig):
    """Tell Django about the application."""

    name = "inference"

    def ready(self) -> None:
        """Make the run kind known."""
        from campaigns.runs import RunKind, register_kind

        register_kind(RunKind(name="inference", execute="inference.services.execute_inference", resumable=True))
