"""The kinds of runs that look at a campaign's images: near duplicates, what neighbours suggest, labels that are probably wrong."""

from campaigns.announcing import ANSWERED, IMPORTED, Listener, register_listener
from campaigns.leaving import register_leaver
from campaigns.runs import RunKind, register_kind


def register() -> None:
    """Make the kinds of runs known; the application does so when it is ready."""
    register_kind(RunKind(name="likeness", execute="active_learning.services.similarity.execute_looking", resumable=True))
    register_kind(RunKind(name="suggesting", execute="active_learning.services.suggesting.execute_suggesting", resumable=True))
    register_kind(RunKind(name="label-errors", execute="active_learning.services.doubting.execute_doubting", resumable=True))
    register_kind(RunKind(name="map", execute="active_learning.services.mapping_out.execute_map", resumable=True))
    register_kind(RunKind(name="embedding", execute="active_learning.services.arrivals.execute_embedding", resumable=True))
    register_kind(RunKind(name="backbone", execute="active_learning.services.choosing_backbone.execute_backbone", resumable=True))
    register_listener(
        Listener(
            "embedding",
            "active_learning.services.arrivals.wants_embedding",
            "active_learning.tasks.look_at_arrivals",
            event=IMPORTED,
        )
    )
    wants, task = "active_learning.services.evidence.wants_answers", "active_learning.tasks.gather_answers"
    register_listener(Listener("statistics", wants, task, event=ANSWERED))
    wants, task = "active_learning.services.mended.wants_submissions", "active_learning.tasks.forget_mended"
    register_listener(Listener("mended", wants, task, each=True))
    register_leaver("active_learning.services.leaving.leave")
