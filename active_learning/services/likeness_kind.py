"""The kinds of runs that look at a campaign's images: near duplicates, what neighbours suggest, labels that are probably wrong."""

from campaigns.runs import RunKind, register_kind


def register() -> None:
    """Make the kinds of runs known; the application does so when it is ready."""
    register_kind(RunKind(name="likeness", execute="active_learning.services.similarity.execute_looking", resumable=True))
    register_kind(RunKind(name="suggesting", execute="active_learning.services.suggesting.execute_suggesting", resumable=True))
    register_kind(RunKind(name="label-errors", execute="active_learning.services.doubting.execute_doubting", resumable=True))
    register_kind(RunKind(name="map", execute="active_learning.services.mapping_out.execute_map", resumable=True))
