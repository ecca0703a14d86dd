"""The kind of run that trains."""

from campaigns.runs import RunKind, register_kind


def register() -> None:
    """Make the kind of run known; the application does so when it is ready."""
    register_kind(
        RunKind(name="training", execute="active_learning.services.training.execute_training", cluster="training", resumable=True)
    )
