"""Check what comes from outside: numbers, points, rings; and repair outlines that cross themselves."""

from __future__ import annotations

import math
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from campaigns.geometry.planar import Point, Polygons, Ring, polygons_area

MAX_VERTICES = 200_000
MAX_MASK_PIXELS = 400_000_000


class InvalidShape(ValueError):
    """A shape that cannot be used, with one sentence for a person."""


def checked_number(value: Any, what: str) -> float:
    """Return a finite number; raise InvalidShape that names what it was to be."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidShape(f"{what} must be a finite number, not {str(value)[:40]!r}.")
    return float(value)


def checked_point(value: Any) -> Point:
    """Return a vertex [x, y]; raise InvalidShape."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise InvalidShape("A vertex is written [x, y].")
    return [checked_number(value[0], "x"), checked_number(value[1], "y")]


def clamped(point: Point, width: int, height: int) -> Point:
    """Return the place of the image that is nearest to a point."""
    return [min(max(point[0], 0.0), float(width)), min(max(point[1], 0.0), float(height))]


def meets_image(geometry: BaseGeometry, width: int, height: int) -> bool:
    """Say whether any of it lies on the image."""
    return bool(geometry.intersects(box(0.0, 0.0, width, height)))


def _ring(value: Any) -> Ring:
    if not isinstance(value, list | tuple) or len(value) < 3:
        raise InvalidShape("A ring needs at least three vertices.")
    ring = [checked_point(point) for point in value]
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
    return [[[clamped(point, width, height) for point in ring] for ring in _rings(polygon)] for polygon in inside]


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
