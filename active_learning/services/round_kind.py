"""The kind of run that makes a round."""

from campaigns.runs import RunKind, register_kind


def register() -> None:
    """Make the kind of run known; the application does so when it is ready."""
    # In the training cluster, since it may train; one round or training at a time keeps the machine usable.
    register_kind(RunKind(name="round", execute="active_learning.services.rounds.execute_round", cluster="training", resumable=True))
