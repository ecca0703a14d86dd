"""What other applications want to hear of: a set that was handed in, images that arrived, and a model's answers.

This floor knows nothing of who listens. An application names its listener when it is ready; for a campaign that it cares about
a task is queued in the transaction of the submit, so that nobody waits for it and its failure is nobody's but its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.module_loading import import_string
from django_q.tasks import async_task

from campaigns.models import Revision, Run

SUBMITTED: Final = "submitted"
IMPORTED: Final = "imported"
ANSWERED: Final = "answered"


@dataclass(frozen=True, slots=True)
class Listener:
    """``wants(campaign_id) -> bool`` and ``task(revision_id)``, by their dotted paths.

    Of arrivals it is ``task(campaign_id)``, of answers ``task(campaign_id, model_id)``. ``each``: it hears of every set where many
    are handed in at once; who only wants to know that things have changed does not.
    """

    name: str
    wants: str
    task: str
    event: str = SUBMITTED
    each: bool = False


_LISTENERS: dict[str, Listener] = {}


def register_listener(listener: Listener) -> None:
    """Make a listener known; a second time changes nothing."""
    _LISTENERS[listener.name] = listener


def announce_submitted(revision: Revision, *, campaign: int) -> None:
    """Queue the tasks of those who want to hear of this campaign's submits; call it in the transaction of the submit."""
    _announce(SUBMITTED, campaign, revision.pk)


def announce_many(revisions: Iterable[Revision], *, campaign: int) -> None:
    """Queue, for sets that were handed in at once, one task for each of those who want to hear of all: ``task(*revision_ids)``.

    One, however many sets there are: the submit does not wait for thousands of rows, nor other work behind them.
    """
    ids = [each.pk for each in revisions]
    for listener in _LISTENERS.values():
        if ids and listener.event == SUBMITTED and listener.each and import_string(listener.wants)(campaign):
            async_task(listener.task, *ids, task_name=f"{listener.name}-{ids[0]}")


def announce_imported(campaign: int) -> None:
    """Queue the tasks of those who want to hear that images arrived in this campaign."""
    _announce(IMPORTED, campaign, campaign)


def announce_answered(run: Run, model: int) -> None:
    """Queue the tasks of those who want to hear that a run has asked a model about a campaign's images."""
    if run.campaign_id is not None:
        _announce(ANSWERED, run.campaign_id, run.campaign_id, model)


def _announce(event: str, campaign: int, *about: int) -> None:
    for listener in _LISTENERS.values():
        if listener.event == event and import_string(listener.wants)(campaign):
            async_task(listener.task, *about, task_name="-".join(map(str, (listener.name, *about))))
