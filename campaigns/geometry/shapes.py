"""The shape documents and what can be asked of each: bounds, area, outline."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
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


def box_corners(shape: ShapeDocument) -> Ring:
    """Return the four corners of a box document as a closed ring, turned clockwise by its rotation about the centre."""
    half_width, half_height = shape["width"] / 2.0, shape["height"] / 2.0
    center_x, center_y = shape["x"] + half_width, shape["y"] + half_height
    angle = math.radians(shape.get("rotation", 0.0))
    cos, sin = math.cos(angle), math.sin(angle)
    offsets = [(-half_width, -half_height), (half_width, -half_height), (half_width, half_height), (-half_width, half_height)]
    ring = [[center_x + cos * dx - sin * dy, center_y + sin * dx + cos * dy] for dx, dy in offsets]
    return [*ring, list(ring[0])]


def _around(points: list[Point]) -> Bounds | None:
    if not points:
        return None
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    return min(xs), min(ys), max(xs), max(ys)


def _box_bounds(shape: ShapeDocument) -> Bounds | None:
    if shape.get("rotation"):
        return _around(box_corners(shape))
    return shape["x"], shape["y"], shape["x"] + shape["width"], shape["y"] + shape["height"]


def _mask_bounds(shape: ShapeDocument) -> Bounds | None:
    x, y, width, height = shape["bbox"]
    return x, y, x + width, y + height


def _visible(shape: ShapeDocument) -> list[Point]:
    return [[point["x"], point["y"]] for point in shape["points"] if point.get("v", 2) > 0]


_BOUNDS: dict[str, Callable[[ShapeDocument], Bounds | None]] = {
    "box": _box_bounds,
    "polygon": lambda shape: polygons_bounds(shape["polygons"]),
    "polyline": lambda shape: _around(shape["points"]),
    "points": lambda shape: _around(_visible(shape)),
    "mask": _mask_bounds,
}


def shape_bounds(shape: ShapeDocument, *, width: int = 0, height: int = 0) -> Bounds | None:
    """Return (x0, y0, x1, y1) in pixels; None when nothing has a place (all keypoints invisible).

    width, height: size of the image, which are the bounds of the shape "whole".
    """
    if shape["type"] == "whole":
        return 0.0, 0.0, float(width), float(height)
    return _BOUNDS[shape["type"]](shape)


def _mask_area(shape: ShapeDocument) -> float:
    from campaigns.geometry.masks import mask_area  # masks build on shapes

    return float(mask_area(shape["counts"]))


_AREAS: dict[str, Callable[[ShapeDocument], float]] = {
    "box": lambda shape: float(shape["width"] * shape["height"]),
    "polygon": lambda shape: polygons_area(shape["polygons"]),
    "mask": _mask_area,
}


def shape_area(shape: ShapeDocument, *, width: int = 0, height: int = 0) -> float:
    """Return the area in square pixels; lines and points have none. width, height: size of the image, for "whole"."""
    if shape["type"] == "whole":
        return float(width * height)
    area = _AREAS.get(shape["type"])
    return area(shape) if area else 0.0


def shape_polygons(shape: ShapeDocument, *, width: int = 0, height: int = 0) -> Polygons:
    """Return the outline of anything that has an area; an empty list for lines and points."""
    kind = shape["type"]
    if kind == "polygon":
        polygons: Polygons = shape["polygons"]
        return polygons
    if kind == "box":
        return [[box_corners(shape)]]
    if kind == "whole":
        return [[box_corners({"x": 0, "y": 0, "width": width, "height": height})]]
    if kind == "mask":
        from campaigns.geometry.masks import decode_mask, mask_to_polygons  # masks build on shapes

        return mask_to_polygons(decode_mask(shape["counts"], shape["size"]))
    return []
