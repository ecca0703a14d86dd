"""A whole answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inference.schema.checks import MAX_ITEMS, MAX_PIXELS, SCHEMA, Document, Point, PredictionRejected, require
from inference.schema.objects import Box, Keypoints, Mask, Polygon
from inference.schema.rasters import Raster
from inference.schema.whole import Classification, Embedding

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
        require(self.width > 0 and self.height > 0, "", "expected the size of the image")
        require(len(self.items) <= MAX_ITEMS, "items", f"expected at most {MAX_ITEMS} items, got {len(self.items)}")
        pixels = 0
        for number, item in enumerate(self.items):
            try:
                self._check(item)
            except PredictionRejected as error:
                raise error.within(f"items[{number}]") from error
            pixels += math.prod(item.size) if isinstance(item, Mask | Raster) else 0
        require(pixels <= MAX_PIXELS, "items", f"the masks together have {pixels} pixels; at most {MAX_PIXELS} are taken")

    def _check(self, item: Item) -> None:
        if isinstance(item, Mask | Raster):
            where = "mask.size" if isinstance(item, Mask) else "size"
            require(item.size == (self.height, self.width), where, f"expected {[self.height, self.width]}, got {list(item.size)}")
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
        require(document.get("schema") == SCHEMA, "schema", f"expected {SCHEMA!r}, got {document.get('schema')!r}")
        return cls(
            items=tuple(READERS[item["kind"]](item) for item in document["items"]),
            width=document["width"], height=document["height"], model_version=document["model_version"],
            warnings=tuple(document["warnings"]),
            dropped=tuple(Dropped(entry["reason"], entry["class"], entry["count"]) for entry in document["dropped"]),
        )  # fmt: skip
