"""What is said of things in the image: boxes, outlines, masks and points."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar

from campaigns.geometry.masks import decode_counts
from campaigns.geometry.validity import InvalidShape
from inference.schema.checks import MAX_PIXELS, Document, PredictionRejected, Ring, check_confidence, check_finite, check_index, require
from inference.schema.whole import ClassScore, scores_from

_NUMBERS = frozenset({int, float})


@dataclass(frozen=True, slots=True)
class Box:
    """A box: (x, y) is its top-left corner before turning; ``rotation`` turns it clockwise about its centre, in degrees.

    The same numbers as the annotation shape "box". ``scores`` is the full distribution over classes, when the model gave one.
    """

    kind: ClassVar[str] = "box"
    index: int | None
    name: str
    confidence: float | None
    x: float
    y: float
    width: float
    height: float
    rotation: float = 0.0
    scores: tuple[ClassScore, ...] = ()

    def __post_init__(self) -> None:
        check_index(self.index)
        check_confidence(self.confidence)
        for name in ("x", "y", "width", "height", "rotation"):
            check_finite(getattr(self, name), name)
        require(self.width > 0 and self.height > 0, "", f"expected a width and a height above 0, got {self.width} x {self.height}")

    def as_document(self) -> Document:
        """Return it as JSON values."""
        document: Document = {
            "kind": self.kind, "index": self.index, "class": self.name, "confidence": self.confidence,
            "x": self.x, "y": self.y, "width": self.width, "height": self.height, "rotation": self.rotation,
        }  # fmt: skip
        return document | {"scores": [score.as_document() for score in self.scores]} if self.scores else document

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Box:
        """Read what ``as_document`` wrote."""
        return cls(
            document["index"], document["class"], document["confidence"],
            document["x"], document["y"], document["width"], document["height"], document["rotation"], scores_from(document),
        )  # fmt: skip


def _ring(ring: Ring, where: str) -> None:
    numbers = list(chain.from_iterable(ring))
    # All at once first; one by one only where something is wrong, to name the place.
    if not _NUMBERS.issuperset(map(type, numbers)) or not math.isfinite(sum(numbers)):
        for number, point in enumerate(ring):
            for axis in (0, 1):
                check_finite(point[axis], f"{where}[{number}][{axis}]")
    distinct = len(set(ring))
    if distinct < 3:
        raise PredictionRejected(where, f"expected at least 3 distinct points, got {distinct}")
    if ring[0] != ring[-1]:
        raise PredictionRejected(where, "expected a closed ring: the first point again at the end")


@dataclass(frozen=True, slots=True)
class Polygon:
    """An object's outline: parts, each a shell and its holes, rings closed (GeoJSON's MultiPolygon nesting)."""

    kind: ClassVar[str] = "polygon"
    index: int | None
    name: str
    confidence: float | None
    polygons: tuple[tuple[Ring, ...], ...]

    def __post_init__(self) -> None:
        check_index(self.index)
        check_confidence(self.confidence)
        require(bool(self.polygons), "polygons", "expected at least one polygon")
        for p, rings in enumerate(self.polygons):
            require(bool(rings), f"polygons[{p}]", "expected a shell")
            for r, ring in enumerate(rings):
                _ring(ring, f"polygons[{p}][{r}]")

    def as_document(self) -> Document:
        """Return it as JSON values."""
        nested = [[[list(point) for point in ring] for ring in rings] for rings in self.polygons]
        return {"kind": self.kind, "index": self.index, "class": self.name, "confidence": self.confidence, "polygons": nested}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Polygon:
        """Read what ``as_document`` wrote."""
        nested = tuple(tuple(tuple((x, y) for x, y in ring) for ring in rings) for rings in document["polygons"])
        return cls(document["index"], document["class"], document["confidence"], nested)


@dataclass(frozen=True, slots=True)
class Mask:
    """An object's pixels: ``size`` is (height, width), ``counts`` COCO's compressed run lengths, column by column."""

    kind: ClassVar[str] = "mask"
    index: int | None
    name: str
    confidence: float | None
    size: tuple[int, int]
    counts: str

    def __post_init__(self) -> None:
        check_index(self.index)
        check_confidence(self.confidence)
        height, width = self.size
        require(height > 0 and width > 0 and height * width <= MAX_PIXELS, "mask.size", f"expected [height, width], got {list(self.size)}")
        try:
            covered = int(decode_counts(self.counts).sum())
        except InvalidShape as error:
            raise PredictionRejected("mask.counts", str(error)) from error
        require(covered == height * width, "mask.counts", f"the runs cover {covered} pixels, but {height} x {width} are {height * width}")

    def as_document(self) -> Document:
        """Return it as JSON values."""
        mask = {"size": list(self.size), "counts": self.counts}
        return {"kind": self.kind, "index": self.index, "class": self.name, "confidence": self.confidence, "mask": mask}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Mask:
        """Read what ``as_document`` wrote."""
        height, width = document["mask"]["size"]
        return cls(document["index"], document["class"], document["confidence"], (height, width), document["mask"]["counts"])


@dataclass(frozen=True, slots=True)
class Keypoint:
    """A named point; ``v`` as in COCO: 0 not there, 1 hidden, 2 visible."""

    name: str
    x: float
    y: float
    v: int = 2
    confidence: float | None = None

    def __post_init__(self) -> None:
        check_finite(self.x, "x")
        check_finite(self.y, "y")
        require(self.v in (0, 1, 2), "v", f"expected 0, 1 or 2, got {self.v!r}")
        check_confidence(self.confidence)


@dataclass(frozen=True, slots=True)
class Keypoints:
    """An object as named points."""

    kind: ClassVar[str] = "keypoints"
    index: int | None
    name: str
    confidence: float | None
    points: tuple[Keypoint, ...]

    def __post_init__(self) -> None:
        check_index(self.index)
        check_confidence(self.confidence)
        require(1 <= len(self.points) <= 1000, "points", f"expected 1 to 1000 points, got {len(self.points)}")

    def as_document(self) -> Document:
        """Return it as JSON values."""
        points = [{"name": p.name, "x": p.x, "y": p.y, "v": p.v, "confidence": p.confidence} for p in self.points]
        return {"kind": self.kind, "index": self.index, "class": self.name, "confidence": self.confidence, "points": points}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Keypoints:
        """Read what ``as_document`` wrote."""
        points = tuple(Keypoint(**point) for point in document["points"])
        return cls(document["index"], document["class"], document["confidence"], points)
