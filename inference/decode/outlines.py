"""The quick way for outlines that are as they should be, thousands at a time.

An answer's outlines are looked at together: flat lists of numbers, and one call for all that tells which cross
themselves. Whatever is odd about one is not judged here: it is left to ``coordinates.polygons_from``, which cuts,
repairs, or names the place of the mistake. Both ways give the same result for what both take.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

import numpy as np
import shapely

from inference.decode.coordinates import Frame
from inference.decode.nodes import Node
from inference.schema import MAX_POINTS, Ring

Outline = tuple[tuple[Ring, ...], ...]
_FLOATS = frozenset({float})
_NUMBERS = frozenset({int, float})


def plain_outlines(items: Node, frame: Frame) -> Mapping[str, Outline]:
    """Return the outlines in pixels, by their place in the answer, of those items that need no second look."""
    if frame.coords == "crs" or not isinstance(items.value, list):
        return {}
    ring_reader = _RingReader(frame)
    found: dict[str, Outline] = {}
    for number, item in enumerate(items.value):
        if isinstance(item, dict) and item.get("kind") == "polygon":
            outline = ring_reader.outline(item.get("polygons"))
            if outline is not None:
                found[f"{items.where}[{number}].polygons"] = outline
    return _not_crossing(found)


class _RingReader:
    """Reads rings that lie wholly in the image."""

    def __init__(self, frame: Frame) -> None:
        sent_width, sent_height = frame.image.sent_size
        whole = {"pixel": (sent_width, sent_height), "normalized": (1.0, 1.0), "percent": (100.0, 100.0)}[frame.coords]
        self.width, self.height = frame.image.width, frame.image.height
        self.across, self.down = self.width / whole[0], self.height / whole[1]
        self.same_grid = self.across == self.down == 1.0

    def outline(self, value: Any) -> Outline | None:
        """Read MultiPolygon nesting, one polygon or one ring; None for anything odd."""
        parts = _nested(value)
        if parts is None:
            return None
        outline: list[tuple[Ring, ...]] = []
        for part in parts:
            rings = [self.ring(ring) for ring in part] if isinstance(part, list) else []
            if not rings or None in rings:
                return None
            outline.append(tuple(ring for ring in rings if ring is not None))
        points = sum(len(ring) for rings in outline for ring in rings)
        return tuple(outline) if points <= MAX_POINTS else None

    def ring(self, value: Any) -> Ring | None:
        """Read one ring, closed; None for anything odd."""
        if not isinstance(value, list) or not 3 <= len(value) <= MAX_POINTS:
            return None
        try:
            points = [(x, y) for x, y in value]
        except (TypeError, ValueError):  # a point that is no pair
            return None
        kinds = set(map(type, chain.from_iterable(points)))
        if not kinds <= _NUMBERS:
            return None
        if not self.same_grid or kinds != _FLOATS:
            points = [(x * self.across, y * self.down) for x, y in points]
        xs, ys = zip(*points, strict=True)
        # JSON has no NaN, and what is infinite is greater than the image.
        if min(xs) < 0.0 or min(ys) < 0.0 or max(xs) > self.width or max(ys) > self.height or len(set(points)) < 3:
            return None
        return tuple(points) if points[0] == points[-1] else (*points, points[0])


def _nested(value: Any) -> list[Any] | None:
    depth, probe = 0, value
    while isinstance(probe, list) and probe:
        depth, probe = depth + 1, probe[0]
    return {4: value, 3: [value], 2: [[value]]}.get(depth)


def _not_crossing(outlines: dict[str, Outline]) -> dict[str, Outline]:
    """Keep the outlines whose rings and parts neither cross nor overlap: one call for all of them."""
    if not outlines:
        return {}
    rings = [ring for outline in outlines.values() for part in outline for ring in part]
    parts = [part for outline in outlines.values() for part in outline]
    coordinates = np.array(list(chain.from_iterable(rings)), dtype=np.float64)
    of_ring = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    of_part = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    shapes = shapely.polygons(shapely.linearrings(coordinates, indices=of_ring), indices=of_part)
    if len(parts) > len(outlines):
        shapes = shapely.multipolygons(shapes, indices=np.repeat(np.arange(len(outlines)), [len(outline) for outline in outlines.values()]))
    sound = shapely.is_valid(shapes)
    return {where: outline for (where, outline), good in zip(outlines.items(), sound.tolist(), strict=True) if good}
