"""The Django application."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Tell Django about the application."""

    name = "campaigns"

    def ready(self) -> None:
        """Make this application's kinds of background runs known."""
        from campaigns.runs import RunKind, register_kind
        from campaigns.services import run_kinds

        run_kinds.register()
        register_kind(RunKind(name="sample", execute="campaigns.services.sample.execute_sample", resumable=True))
