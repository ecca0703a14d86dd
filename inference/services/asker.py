"""Something that answers about many images: what all ways of asking have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from inference.inputs import StoredImage
from inference.services.failures import Unanswered
from inference.store import Answered


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
        """Why nothing is settled just now, in a sentence; empty when there is no such reason."""
        ...

    def submit(self, images: Sequence[StoredImage]) -> None:
        """Add images to be asked about."""
        ...

    def collect(self, *, most: int, within_s: float) -> list[Answered | Unanswered]:
        """Return up to ``most`` outcomes, waiting for them at most ``within_s``."""
        ...
