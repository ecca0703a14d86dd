"""Plane geometry that every shape needs: points, rings, polygons, bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Point = list[float]
Ring = list[Point]
Polygons = list[list[Ring]]  # [part][0 = shell, then holes][vertex], rings closed
Bounds = tuple[float, float, float, float]  # x0, y0, x1, y1
ShapeDocument = Mapping[str, Any]


def ring_area(ring: Ring) -> float:
    """Return the signed area in square pixels, by the shoelace formula: positive when it turns clockwise on screen."""
    total = 0.0
    previous_x, previous_y = ring[-1]
    for x, y in ring:
        total += previous_x * y - x * previous_y
        previous_x, previous_y = x, y
    return total / 2.0


def polygons_area(polygons: Polygons) -> float:
    """Return the area of all parts without their holes, in square pixels."""
    return sum(abs(ring_area(rings[0])) - sum(abs(ring_area(hole)) for hole in rings[1:]) for rings in polygons)


def polygons_bounds(polygons: Polygons) -> Bounds:
    """Return the bounds of all shells."""
    xs = [point[0] for rings in polygons for point in rings[0]]
    ys = [point[1] for rings in polygons for point in rings[0]]
    return min(xs), min(ys), max(xs), max(ys)


def bounds_around(points: Sequence[Point]) -> Bounds | None:
    """Return the bounds of points; None when there are none."""
    if not points:
        return None
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    return min(xs), min(ys), max(xs), max(ys)
