"""The kind of run that looks at a campaign's images and finds those that are nearly the same."""

from campaigns.runs import RunKind, register_kind


def register() -> None:
    """Make the kind of run known; the application does so when it is ready."""
    register_kind(RunKind(name="likeness", execute="active_learning.services.similarity.execute_looking", resumable=True))
