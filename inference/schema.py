"""What a model answered about one image: frozen values that check themselves.

One frame for everything: pixels of the image as stored, floats, (0, 0) is the top-left corner of the top-left
pixel, x right, y down. Protocols convert into it. A value that breaks a rule raises ``PredictionRejected`` with
the place and the reason, so an answer is either whole and sound or not stored.

    Prediction ── items ──┬ Classification   scores per class
                          ├ Box              x, y of the unturned corner, width, height, rotation
                          ├ Polygon          shells with holes
                          ├ Mask             one object as COCO run lengths
                          ├ Raster           one class per pixel, with confidence and entropy maps
                          ├ Keypoints        named points
                          └ Embedding        one vector

Classes are the model's own: ``index`` is the output slot, None when the answer named a class that the registered
model does not have. Mapping to labels is ``models_registry.mapping``.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar, Literal, cast

from campaigns.geometry.masks import decode_counts
from campaigns.geometry.validity import InvalidShape

SCHEMA = "prediction/1"
MAX_ITEMS = 10_000
MAX_CLASSES = 10_000
MAX_VECTOR = 8_192
MAX_POINTS = 1_000_000
MAX_PIXELS = 2**30
_NUMBERS = frozenset({int, float})

Document = dict[str, Any]
Point = tuple[float, float]
Ring = tuple[Point, ...]
Mode = Literal["single", "multi"]
Activation = Literal["softmax", "sigmoid", "none", "unknown"]


class PredictionRejected(ValueError):
    """An answer that cannot be used: ``where`` is a path such as ``items[3].box[2]``, ``why`` one sentence."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}" if where else why)
        self.where = where
        self.why = why

    def within(self, outer: str) -> PredictionRejected:
        """Return the same complaint seen from outside, its path prefixed with ``outer``."""
        joint = "" if not outer or not self.where or self.where.startswith("[") else "."
        return PredictionRejected(f"{outer}{joint}{self.where}", self.why)


def _finite(value: object, where: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise PredictionRejected(where, f"expected a finite number, got {value!r}")


def _confidence(value: object, where: str = "confidence") -> None:
    if value is None:
        return
    _finite(value, where)
    if not 0.0 <= cast(float, value) <= 1.0:
        raise PredictionRejected(where, f"expected a number from 0 to 1, got {value!r}")


def _index(value: int | None) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31):
        raise PredictionRejected("index", f"expected a class number of 0 or more, got {value!r}")


def _require(holds: bool, where: str, why: str) -> None:
    if not holds:
        raise PredictionRejected(where, why)


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class and the model's probability for it, 0 to 1."""

    index: int | None
    name: str
    confidence: float

    def __post_init__(self) -> None:
        _index(self.index)
        _finite(self.confidence, "confidence")
        _confidence(self.confidence)

    def as_document(self) -> Document:
        """Return it as JSON values."""
        return {"index": self.index, "class": self.name, "confidence": self.confidence}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> ClassScore:
        """Read what ``as_document`` wrote."""
        return cls(document["index"], document["class"], document["confidence"])


@dataclass(frozen=True, slots=True)
class Classification:
    """Probabilities of classes for the whole image.

    ``mode`` single: one class is right, and a complete softmax sums to 1; multi: every class answers for itself.
    ``complete`` is False when the model named only its best classes: entropy is then a lower bound.
    """

    kind: ClassVar[str] = "classification"
    scores: tuple[ClassScore, ...]
    mode: Mode = "single"
    activation: Activation = "unknown"
    complete: bool = True

    def __post_init__(self) -> None:
        _require(1 <= len(self.scores) <= MAX_CLASSES, "scores", f"expected 1 to {MAX_CLASSES} classes, got {len(self.scores)}")
        known = [score.index for score in self.scores if score.index is not None]
        _require(len(known) == len(set(known)), "scores", "a class is there twice")
        _require(self.mode in ("single", "multi"), "mode", f'expected "single" or "multi", got {self.mode!r}')

    @property
    def confidence(self) -> float:
        """The probability of the best class."""
        return max(score.confidence for score in self.scores)

    def as_document(self) -> Document:
        """Return it as JSON values."""
        return {
            "kind": self.kind, "mode": self.mode, "activation": self.activation, "complete": self.complete,
            "scores": [score.as_document() for score in self.scores],
        }  # fmt: skip

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Classification:
        """Read what ``as_document`` wrote."""
        return cls(_scores(document), document["mode"], document["activation"], document["complete"])


def _scores(document: Mapping[str, Any]) -> tuple[ClassScore, ...]:
    return tuple(ClassScore.from_document(score) for score in document.get("scores", ()))


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
        _index(self.index)
        _confidence(self.confidence)
        for name in ("x", "y", "width", "height", "rotation"):
            _finite(getattr(self, name), name)
        _require(self.width > 0 and self.height > 0, "", f"expected a width and a height above 0, got {self.width} x {self.height}")

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
            document["x"], document["y"], document["width"], document["height"], document["rotation"], _scores(document),
        )  # fmt: skip


def _ring(ring: Ring, where: str) -> None:
    numbers = list(chain.from_iterable(ring))
    # All at once first; one by one only where something is wrong, to name the place.
    if not _NUMBERS.issuperset(map(type, numbers)) or not math.isfinite(sum(numbers)):
        for number, point in enumerate(ring):
            for axis in (0, 1):
                _finite(point[axis], f"{where}[{number}][{axis}]")
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
        _index(self.index)
        _confidence(self.confidence)
        _require(bool(self.polygons), "polygons", "expected at least one polygon")
        for p, rings in enumerate(self.polygons):
            _require(bool(rings), f"polygons[{p}]", "expected a shell")
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
        _index(self.index)
        _confidence(self.confidence)
        height, width = self.size
        _require(height > 0 and width > 0 and height * width <= MAX_PIXELS, "mask.size", f"expected [height, width], got {list(self.size)}")
        try:
            covered = int(decode_counts(self.counts).sum())
        except InvalidShape as error:
            raise PredictionRejected("mask.counts", str(error)) from error
        _require(covered == height * width, "mask.counts", f"the runs cover {covered} pixels, but {height} x {width} are {height * width}")

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
class Raster:
    """One class per pixel.

    ``class_map`` is a PNG (8 or 16 bit grey) of class numbers on the image's grid; a pixel whose number is not in
    ``classes`` says nothing. ``confidence_map`` (probability of the class shown) and ``entropy_map`` (entropy over
    its maximum) are 8-bit grey PNGs, 255 for 1, on the image's grid or coarser. ``inference.rasters`` reads and
    writes them. ``confidence`` is the mean over the image.
    """

    kind: ClassVar[str] = "raster"
    size: tuple[int, int]
    classes: tuple[tuple[int, str], ...]
    class_map: bytes
    confidence: float | None = None
    confidence_map: bytes | None = None
    entropy_map: bytes | None = None

    def __post_init__(self) -> None:
        height, width = self.size
        _require(height > 0 and width > 0 and height * width <= MAX_PIXELS, "size", f"expected [height, width], got {list(self.size)}")
        _confidence(self.confidence)
        for index, _ in self.classes:
            _index(index)
        for name in ("class_map", "confidence_map", "entropy_map"):
            data = getattr(self, name)
            _require(data is None or data.startswith(b"\x89PNG"), name, "expected a PNG")

    def as_document(self) -> Document:
        """Return it as JSON values, the PNGs as base64."""
        return {
            "kind": self.kind, "size": list(self.size), "classes": [{"index": i, "name": n} for i, n in self.classes],
            "confidence": self.confidence, "class_map": _text(self.class_map),
            "confidence_map": _text(self.confidence_map), "entropy_map": _text(self.entropy_map),
        }  # fmt: skip

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Raster:
        """Read what ``as_document`` wrote."""
        height, width = document["size"]
        classes = tuple((entry["index"], entry["name"]) for entry in document["classes"])
        confidence_map, entropy_map = (_bytes(document.get(key)) for key in ("confidence_map", "entropy_map"))
        class_map = _bytes(document["class_map"]) or b""
        return cls((height, width), classes, class_map, document["confidence"], confidence_map, entropy_map)


def _text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode("ascii")


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


@dataclass(frozen=True, slots=True)
class Keypoint:
    """A named point; ``v`` as in COCO: 0 not there, 1 hidden, 2 visible."""

    name: str
    x: float
    y: float
    v: int = 2
    confidence: float | None = None

    def __post_init__(self) -> None:
        _finite(self.x, "x")
        _finite(self.y, "y")
        _require(self.v in (0, 1, 2), "v", f"expected 0, 1 or 2, got {self.v!r}")
        _confidence(self.confidence)


@dataclass(frozen=True, slots=True)
class Keypoints:
    """An object as named points."""

    kind: ClassVar[str] = "keypoints"
    index: int | None
    name: str
    confidence: float | None
    points: tuple[Keypoint, ...]

    def __post_init__(self) -> None:
        _index(self.index)
        _confidence(self.confidence)
        _require(1 <= len(self.points) <= 1000, "points", f"expected 1 to 1000 points, got {len(self.points)}")

    def as_document(self) -> Document:
        """Return it as JSON values."""
        points = [{"name": p.name, "x": p.x, "y": p.y, "v": p.v, "confidence": p.confidence} for p in self.points]
        return {"kind": self.kind, "index": self.index, "class": self.name, "confidence": self.confidence, "points": points}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Keypoints:
        """Read what ``as_document`` wrote."""
        points = tuple(Keypoint(**point) for point in document["points"])
        return cls(document["index"], document["class"], document["confidence"], points)


@dataclass(frozen=True, slots=True)
class Embedding:
    """A vector in a named space; vectors of different spaces are never compared."""

    kind: ClassVar[str] = "embedding"
    space: str
    vector: tuple[float, ...]

    def __post_init__(self) -> None:
        _require(1 <= len(self.vector) <= MAX_VECTOR, "vector", f"expected 1 to {MAX_VECTOR} numbers, got {len(self.vector)}")
        for number, value in enumerate(self.vector):
            _finite(value, f"vector[{number}]")

    def as_document(self) -> Document:
        """Return it as JSON values."""
        return {"kind": self.kind, "space": self.space, "vector": list(self.vector)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Embedding:
        """Read what ``as_document`` wrote."""
        return cls(document["space"], tuple(document["vector"]))


Item = Classification | Box | Polygon | Mask | Raster | Keypoints | Embedding

READERS: dict[str, Callable[[Mapping[str, Any]], Item]] = {
    kind.kind: kind.from_document for kind in (Classification, Box, Polygon, Mask, Raster, Keypoints, Embedding)
}


@dataclass(frozen=True, slots=True)
class Dropped:
    """Something of the answer that was left out, and why: told, never silent."""

    reason: str
    name: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Prediction:
    """A model's answer for one image of ``width`` x ``height`` pixels."""

    items: tuple[Item, ...]
    width: int
    height: int
    model_version: str = ""
    warnings: tuple[str, ...] = ()
    dropped: tuple[Dropped, ...] = ()

    def __post_init__(self) -> None:
        _require(self.width > 0 and self.height > 0, "", "expected the size of the image")
        _require(len(self.items) <= MAX_ITEMS, "items", f"expected at most {MAX_ITEMS} items, got {len(self.items)}")
        pixels = 0
        for number, item in enumerate(self.items):
            try:
                self._check(item)
            except PredictionRejected as error:
                raise error.within(f"items[{number}]") from error
            pixels += math.prod(item.size) if isinstance(item, Mask | Raster) else 0
        _require(pixels <= MAX_PIXELS, "items", f"the masks together have {pixels} pixels; at most {MAX_PIXELS} are taken")

    def _check(self, item: Item) -> None:
        if isinstance(item, Mask | Raster):
            where = "mask.size" if isinstance(item, Mask) else "size"
            _require(item.size == (self.height, self.width), where, f"expected {[self.height, self.width]}, got {list(item.size)}")
        elif isinstance(item, Box):
            self._check_box(item)
        elif isinstance(item, Polygon):
            self._check_points([point for rings in item.polygons for ring in rings for point in ring])
        elif isinstance(item, Keypoints):
            self._check_points([(point.x, point.y) for point in item.points if point.v])

    def _check_box(self, box: Box) -> None:
        if box.rotation:
            self._check_points([(box.x + box.width / 2, box.y + box.height / 2)])
        else:
            self._check_points([(box.x, box.y), (box.x + box.width, box.y + box.height)])

    def _check_points(self, points: Sequence[Point]) -> None:
        # A millionth of a pixel: the rounding of x + width after clipping.
        right, bottom = self.width + 1e-6, self.height + 1e-6
        for x, y in points:
            if not (-1e-6 <= x <= right and -1e-6 <= y <= bottom):
                raise PredictionRejected("", f"({x}, {y}) lies outside the image of {self.width} x {self.height}")

    def as_document(self) -> Document:
        """Return it as JSON values; ``from_document`` gives an equal prediction."""
        return {
            "schema": SCHEMA, "width": self.width, "height": self.height, "model_version": self.model_version,
            "items": [item.as_document() for item in self.items], "warnings": list(self.warnings),
            "dropped": [{"reason": d.reason, "class": d.name, "count": d.count} for d in self.dropped],
        }  # fmt: skip

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Prediction:
        """Read what ``as_document`` wrote; its values are checked again."""
        _require(document.get("schema") == SCHEMA, "schema", f"expected {SCHEMA!r}, got {document.get('schema')!r}")
        return cls(
            items=tuple(READERS[item["kind"]](item) for item in document["items"]),
            width=document["width"], height=document["height"], model_version=document["model_version"],
            warnings=tuple(document["warnings"]),
            dropped=tuple(Dropped(entry["reason"], entry["class"], entry["count"]) for entry in document["dropped"]),
        )  # fmt: skip
