"""What goes into an ensemble's answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inference.schema import Prediction

DEFAULT_OVERLAP = 0.55
"""Two boxes with this IoU mean the same thing: the value of Solovyov, Wang and Gabruseva (2021)."""


@dataclass(frozen=True)
class Voice:
    """What one member says of an image. ``labels``: class index → label id, as the campaign maps it."""

    prediction: Prediction
    labels: Mapping[int, int]
    weight: float = 1.0

    def label(self, index: int | None) -> int | None:
        """Return the label that a class stands for."""
        return None if index is None else self.labels.get(index)


@dataclass(frozen=True)
class Ballot:
    """What is voted for.

    ``labels``: (label id, name); the place is the class index of the ensemble's answer. ``boxes``: only boxes are wanted.
    ``areas``: every pixel has one label. ``overlap``: from which IoU on two objects are the same.
    """

    labels: tuple[tuple[int, str], ...]
    multi_label: bool = False
    boxes: bool = False
    areas: bool = False
    overlap: float = DEFAULT_OVERLAP
    version: str = ""

    @property
    def places(self) -> dict[int, int]:
        """Label id → class index."""
        return {label: place for place, (label, _) in enumerate(self.labels)}


def say_of(voices: Sequence[Voice], ballot: Ballot) -> dict[int, float]:
    """Return label id → the weight of all members that provide the label."""
    return {label: sum(voice.weight for voice in voices if label in voice.labels.values()) for label, _ in ballot.labels}
