"""The Django application."""

from django.apps import AppConfig


class ActiveLearningConfig(AppConfig):
    """Tell Django about the application."""

    name = "active_learning"

    def ready(self) -> None:
        """Make this application's kinds of background runs known."""
        from active_learning.services import likeness_kind, plan_kinds, round_kind, training_kind

        training_kind.register()
        round_kind.register()
        likeness_kind.register()
        plan_kinds.register()
