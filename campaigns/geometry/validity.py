"""Check shapes that come from outside: structure, numbers, place; and repair outlines that cross themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from campaigns.geometry.shapes import Point, Polygons, Ring, box_corners, polygons_area

MAX_VERTICES = 200_000
MAX_MASK_PIXELS = 400_000_000


class InvalidShape(ValueError):
    """A shape that cannot be used, with one sentence for a person."""


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidShape(f"{what} must be a finite number, not {str(value)[:40]!r}.")
    return float(value)


def _point(value: Any) -> Point:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise InvalidShape("A vertex is written [x, y].")
    return [_number(value[0], "x"), _number(value[1], "y")]


def _ring(value: Any) -> Ring:
    if not isinstance(value, list | tuple) or len(value) < 3:
        raise InvalidShape("A ring needs at least three vertices.")
    ring = [_point(point) for point in value]
    if ring[0] != ring[-1]:
        ring.append(list(ring[0]))
    if len(ring) < 4:
        raise InvalidShape("A ring needs at least three different vertices.")
    return ring


def _outside(points: list[Point], width: int, height: int) -> bool:
    return any(not (0.0 <= x <= width and 0.0 <= y <= height) for x, y in points)


def checked_polygon(polygons: Any, *, width: int, height: int) -> Polygons:
    """Return polygons ([part][ring][vertex]) with rings closed and cut to the image; raise InvalidShape.

    Outlines may cross themselves, since a person may be in the middle of dragging one; ``repaired_polygons`` resolves that.
    """
    if not isinstance(polygons, list | tuple) or not polygons:
        raise InvalidShape("A polygon needs at least one part.")
    if any(not isinstance(rings, list | tuple) or not rings for rings in polygons):
        raise InvalidShape("A part of a polygon is a list of rings: the outline, then its holes.")
    checked = [[_ring(ring) for ring in rings] for rings in polygons]
    if sum(len(ring) for rings in checked for ring in rings) > MAX_VERTICES:
        raise InvalidShape(f"A polygon has at most {MAX_VERTICES:,} vertices; simplify it.")
    if any(_outside(ring, width, height) for rings in checked for ring in rings):
        checked = _cut(checked, width, height)
    if polygons_area(checked) == 0.0 and not shapely.MultiPolygon(_parts(checked)).buffer(0).area:
        raise InvalidShape("A polygon needs an area.")
    return checked


def _parts(polygons: Polygons) -> list[Polygon]:
    return [Polygon(rings[0], rings[1:]) for rings in polygons]


def _cut(polygons: Polygons, width: int, height: int) -> Polygons:
    cut = [_valid(part).intersection(box(0.0, 0.0, width, height)) for part in _parts(polygons)]
    inside = [polygon for geometry in cut for polygon in _polygons_of(geometry)]
    if not inside:
        raise InvalidShape("The shape lies outside the image.")
    # GEOS cuts within rounding: the clamp puts the last bit right.
    return [[[_clamped(point, width, height) for point in ring] for ring in _rings(polygon)] for polygon in inside]


def _valid(geometry: BaseGeometry) -> BaseGeometry:
    return geometry if geometry.is_valid else shapely.make_valid(geometry)


def _polygons_of(geometry: BaseGeometry) -> list[Polygon]:
    if isinstance(geometry, Polygon):
        return [geometry] if geometry.area > 0 else []
    return [polygon for part in getattr(geometry, "geoms", []) for polygon in _polygons_of(part)]


def _rings(polygon: Polygon) -> list[Ring]:
    return [[[x, y] for x, y in ring.coords] for ring in (polygon.exterior, *polygon.interiors)]


def repaired_polygons(polygons: Polygons) -> Polygons:
    """Return polygons that do not cross or overlap themselves and cover the same ground; unchanged when they are fine."""
    geometry = MultiPolygon(_parts(polygons))
    if geometry.is_valid:
        return polygons
    return [_rings(polygon) for polygon in _polygons_of(shapely.union_all([_valid(part) for part in _parts(polygons)]))]


def checked_box(shape: Mapping[str, Any], *, width: int, height: int) -> dict[str, Any]:
    """Return a box document, cut to the image unless it is rotated; raise InvalidShape."""
    x, y, across, down = (_number(shape.get(key), key) for key in ("x", "y", "width", "height"))
    rotation = _number(shape.get("rotation", 0.0), "rotation") % 360.0
    if across <= 0 or down <= 0:
        raise InvalidShape("A box needs a width and a height above zero.")
    if rotation == 0.0:
        x1, y1 = min(x + across, float(width)), min(y + down, float(height))
        x, y = max(x, 0.0), max(y, 0.0)
        across, down = x1 - x, y1 - y
    checked = {"type": "box", "x": x, "y": y, "width": across, "height": down, "rotation": rotation}
    if across <= 0 or down <= 0 or not Polygon(box_corners(checked)).intersects(box(0.0, 0.0, width, height)):
        raise InvalidShape("The shape lies outside the image.")
    return checked


def _clamped(point: Point, width: int, height: int) -> Point:
    return [min(max(point[0], 0.0), float(width)), min(max(point[1], 0.0), float(height))]


def checked_polyline(points: Any, *, width: int, height: int) -> list[Point]:
    """Return the vertices of a line, moved onto the image where they left it; raise InvalidShape."""
    if not isinstance(points, list | tuple) or not 2 <= len(points) <= MAX_VERTICES:
        raise InvalidShape(f"A line has between 2 and {MAX_VERTICES:,} vertices.")
    line = [_point(point) for point in points]
    if not shapely.LineString(line).intersects(box(0.0, 0.0, width, height)):
        raise InvalidShape("The shape lies outside the image.")
    return [_clamped(point, width, height) for point in line]


def checked_points(points: Any, *, width: int, height: int) -> list[dict[str, Any]]:
    """Return keypoints {name, x, y, v}; v: 0 not there, 1 hidden, 2 visible. Raise InvalidShape."""
    if not isinstance(points, list | tuple) or not 1 <= len(points) <= 1000:
        raise InvalidShape("Points are a list of 1 to 1,000 points.")
    checked = []
    for point in points:
        if not isinstance(point, Mapping):
            raise InvalidShape('A point is written {"name", "x", "y", "v"}.')
        visibility = point.get("v", 2)
        if isinstance(visibility, bool) or visibility not in (0, 1, 2):
            raise InvalidShape("v of a point is 0 (not there), 1 (hidden) or 2 (visible).")
        x, y = _clamped([_number(point.get("x"), "x"), _number(point.get("y"), "y")], width, height)
        checked.append({"name": str(point.get("name", ""))[:100], "x": x, "y": y, "v": visibility})
    return checked


def checked_mask(shape: Mapping[str, Any], *, width: int, height: int) -> dict[str, Any]:
    """Return a mask document whose run lengths fill exactly the image; its bbox is computed. Raise InvalidShape."""
    from campaigns.geometry.masks import mask_bounds  # masks build on validity

    size, counts = shape.get("size"), shape.get("counts")
    if not isinstance(size, list | tuple) or list(size) != [height, width]:
        raise InvalidShape(f"The size of a mask is that of its image: [{height}, {width}].")
    if not isinstance(counts, str):
        raise InvalidShape("The counts of a mask are COCO's compressed run lengths, a string.")
    bounds = mask_bounds(counts, (height, width))
    if bounds is None:
        raise InvalidShape("A mask without a pixel inside is no annotation.")
    x0, y0, x1, y1 = bounds
    return {"type": "mask", "size": [height, width], "counts": counts, "bbox": [x0, y0, x1 - x0, y1 - y0]}


_CHECKS: dict[str, Callable[[Mapping[str, Any], int, int], dict[str, Any]]] = {
    "whole": lambda shape, w, h: {"type": "whole"},
    "box": lambda shape, w, h: checked_box(shape, width=w, height=h),
    "polygon": lambda shape, w, h: {"type": "polygon", "polygons": checked_polygon(shape.get("polygons"), width=w, height=h)},
    "polyline": lambda shape, w, h: {"type": "polyline", "points": checked_polyline(shape.get("points"), width=w, height=h)},
    "points": lambda shape, w, h: {"type": "points", "points": checked_points(shape.get("points"), width=w, height=h)},
    "mask": lambda shape, w, h: checked_mask(shape, width=w, height=h),
}


def checked_shape(shape: Any, *, width: int, height: int) -> dict[str, Any]:
    """Return a shape document with exactly its own fields, checked against an image's size; raise InvalidShape."""
    kind = shape.get("type") if isinstance(shape, Mapping) else None
    check = _CHECKS.get(kind) if isinstance(kind, str) else None
    if check is None:
        raise InvalidShape(f"A shape has a type: one of {', '.join(_CHECKS)}.")
    checked: dict[str, Any] = check(shape, width, height)
    return checked
