"""The Django application."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Tell Django about the application."""

    name = "campaigns"

    def ready(self) -> None:
        """Make this application's kinds of background runs known."""
        from campaigns.runs import RunKind, register_kind
        from campaigns.schedules import Chore, register_chore
        from campaigns.services import run_kinds

        run_kinds.register()
        register_chore(Chore("sweep runs", "campaigns.tasks.sweep_runs", 1))
        register_kind(RunKind(name="sample", execute="campaigns.services.sample.execute_sample", resumable=True))
