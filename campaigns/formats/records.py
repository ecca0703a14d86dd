"""What every format writes and reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from campaigns.geometry import Affine6, Georeference


@dataclass(frozen=True)
class LabelRecord:
    """A label. ``skeleton``: a document of campaigns.geometry.skeletons where its objects have named points, otherwise empty."""

    id: int
    name: str
    color: str = "#0072b2"
    skeleton: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """Whose annotations these are: a campaign's name and task, and its labels in order."""

    name: str
    task: str
    labels: tuple[LabelRecord, ...]
    ignore_below: float | None = None
    """Objects of a lower confidence are marked as not to be counted, where a format can say so (masks)."""


@dataclass(frozen=True)
class ImageRecord:
    """An image with the annotation documents that speak for it (see campaigns.documents); label ids are those of the source."""

    id: int
    name: str
    width: int
    height: int
    annotations: list[dict[str, Any]]
    crs: str = ""
    transform: Affine6 | None = None
    split: str = ""

    @property
    def georeference(self) -> Georeference | None:
        """Return where it lies; None when it lies nowhere."""
        return Georeference(self.crs, self.transform) if self.crs and self.transform else None


@dataclass
class Outcome:
    """What was written, and in words what was not or not wholly."""

    images: int = 0
    annotations: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass
class Contents:
    """What was read."""

    labels: list[LabelRecord] = field(default_factory=list)
    images: list[ImageRecord] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class BadFormat(ValueError):
    """A file that is not of the format, with one sentence for a person."""


def annotation(name: str, label: int, shape: dict[str, Any], confidence: float | None = None, origin: str = "human") -> dict[str, Any]:
    """Return an annotation document as read from a file."""
    return {
        "id": name, "label": label, "shape": shape, "origin": origin, "review": "accepted", "confidence": confidence, "model": None,
        "attributes": {},
    }  # fmt: skip
