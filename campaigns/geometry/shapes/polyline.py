"""A line through vertices: {"type": "polyline", "points": [[x, y]…]}."""

from __future__ import annotations

from typing import Any

import shapely

from campaigns.geometry.planar import Bounds, Point, ShapeDocument, bounds_around
from campaigns.geometry.shapes.kind import ShapeKind
from campaigns.geometry.validity import MAX_VERTICES, InvalidShape, checked_point, clamped, meets_image


def checked_polyline(points: Any, *, width: int, height: int) -> list[Point]:
    """Return the vertices of a line, moved onto the image where they left it; raise InvalidShape."""
    if not isinstance(points, list | tuple) or not 2 <= len(points) <= MAX_VERTICES:
        raise InvalidShape(f"A line has between 2 and {MAX_VERTICES:,} vertices.")
    line = [checked_point(point) for point in points]
    if not meets_image(shapely.LineString(line), width, height):
        raise InvalidShape("The shape lies outside the image.")
    return [clamped(point, width, height) for point in line]


def _check(shape: ShapeDocument, width: int, height: int) -> dict[str, Any]:
    return {"type": "polyline", "points": checked_polyline(shape.get("points"), width=width, height=height)}


def _bounds(shape: ShapeDocument, width: int, height: int) -> Bounds | None:
    return bounds_around(shape["points"])


KIND = ShapeKind(name="polyline", tasks=frozenset({"detection", "segmentation"}), check=_check, bounds=_bounds)
