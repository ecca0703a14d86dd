"""Named points: {"type": "points", "points": [{"name", "x", "y", "v"}…]}; v as in COCO: 0 not there, 1 hidden, 2 visible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaigns.geometry.planar import Bounds, Point, ShapeDocument, bounds_around
from campaigns.geometry.shapes.kind import ShapeKind
from campaigns.geometry.validity import InvalidShape, checked_number, clamped

MAX_POINTS = 1000


def checked_points(points: Any, *, width: int, height: int) -> list[dict[str, Any]]:
    """Return keypoints {name, x, y, v}; v: 0 not there, 1 hidden, 2 visible. Raise InvalidShape."""
    if not isinstance(points, list | tuple) or not 1 <= len(points) <= MAX_POINTS:
        raise InvalidShape("Points are a list of 1 to 1,000 points.")
    return [_checked(point, width, height) for point in points]


def _checked(point: Any, width: int, height: int) -> dict[str, Any]:
    if not isinstance(point, Mapping):
        raise InvalidShape('A point is written {"name", "x", "y", "v"}.')
    visibility = point.get("v", 2)
    if isinstance(visibility, bool) or visibility not in (0, 1, 2):
        raise InvalidShape("v of a point is 0 (not there), 1 (hidden) or 2 (visible).")
    x, y = clamped([checked_number(point.get("x"), "x"), checked_number(point.get("y"), "y")], width, height)
    return {"name": str(point.get("name", ""))[:100], "x": x, "y": y, "v": int(visibility)}


def _check(shape: ShapeDocument, width: int, height: int) -> dict[str, Any]:
    return {"type": "points", "points": checked_points(shape.get("points"), width=width, height=height)}


def _there(shape: ShapeDocument) -> list[Point]:
    return [[point["x"], point["y"]] for point in shape["points"] if point.get("v", 2) > 0]


def _bounds(shape: ShapeDocument, width: int, height: int) -> Bounds | None:
    return bounds_around(_there(shape))


def _names(shape: ShapeDocument) -> list[str]:
    return [point["name"] for point in shape["points"]]


KIND = ShapeKind(name="points", tasks=frozenset({"detection", "segmentation", "keypoints"}), check=_check, bounds=_bounds, names=_names)
