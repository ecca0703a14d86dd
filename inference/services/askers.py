"""Who answers about many images: sockets, an agent, a network in this process, or several of these together."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from inference.inputs import StoredImage
from inference.services.agent_asker import AgentAsker
from inference.services.ensemble_asker import EnsembleAsker
from inference.services.failures import Unanswered
from inference.services.local import LocalAsker
from inference.services.planning import Plan
from inference.services.remote import RemoteAsker
from inference.store import Answered
from models_registry.models import ModelKind


class Asker(Protocol):
    """Something that answers about images, many at a time, in any order."""

    @property
    def in_flight(self) -> int:
        """How many images wait for their answer."""
        ...

    @property
    def appetite(self) -> int:
        """How many images it wants to have."""
        ...

    @property
    def waits_for(self) -> str:
        """Why nothing is asked just now, in a sentence; empty when there is no such reason."""
        ...

    def submit(self, images: Sequence[StoredImage]) -> None:
        """Add images to be asked about."""
        ...

    def collect(self, *, most: int, within_s: float) -> list[Answered | Unanswered]:
        """Return up to ``most`` outcomes, waiting for them at most ``within_s``."""
        ...


def asker_of(plan: Plan, expected: int) -> AbstractContextManager[Asker]:
    """Return who answers for a plan's model; ``expected``: about how many images."""
    if plan.model.kind == ModelKind.ENSEMBLE:
        return EnsembleAsker(plan, expected, asker_of)
    if plan.is_local:
        return LocalAsker(plan)
    return AgentAsker(plan) if plan.is_pulled else RemoteAsker(plan, expected)
