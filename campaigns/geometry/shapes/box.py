"""A box, possibly turned about its centre: {"type": "box", "x", "y", "width", "height", "rotation"}, degrees clockwise."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from shapely.geometry import Polygon

from campaigns.geometry.planar import Bounds, Polygons, Ring, ShapeDocument, bounds_around
from campaigns.geometry.shapes.kind import ShapeKind
from campaigns.geometry.validity import InvalidShape, checked_number, meets_image


def box_corners(shape: ShapeDocument) -> Ring:
    """Return the four corners of a box document as a closed ring, turned clockwise by its rotation about the centre."""
    half_width, half_height = shape["width"] / 2.0, shape["height"] / 2.0
    center_x, center_y = shape["x"] + half_width, shape["y"] + half_height
    angle = math.radians(shape.get("rotation", 0.0))
    cos, sin = math.cos(angle), math.sin(angle)
    offsets = [(-half_width, -half_height), (half_width, -half_height), (half_width, half_height), (-half_width, half_height)]
    ring = [[center_x + cos * dx - sin * dy, center_y + sin * dx + cos * dy] for dx, dy in offsets]
    return [*ring, list(ring[0])]


def checked_box(shape: Mapping[str, Any], *, width: int, height: int) -> dict[str, Any]:
    """Return a box document, cut to the image unless it is rotated; raise InvalidShape."""
    x, y, across, down = (checked_number(shape.get(key), key) for key in ("x", "y", "width", "height"))
    rotation = checked_number(shape.get("rotation", 0.0), "rotation") % 360.0
    if across <= 0 or down <= 0:
        raise InvalidShape("A box needs a width and a height above zero.")
    if rotation == 0.0:
        x1, y1 = min(x + across, float(width)), min(y + down, float(height))
        x, y = max(x, 0.0), max(y, 0.0)
        across, down = x1 - x, y1 - y
    checked = {"type": "box", "x": x, "y": y, "width": across, "height": down, "rotation": rotation}
    if across <= 0 or down <= 0 or not meets_image(Polygon(box_corners(checked)), width, height):
        raise InvalidShape("The shape lies outside the image.")
    return checked


def _bounds(shape: ShapeDocument, width: int, height: int) -> Bounds | None:
    if shape.get("rotation"):
        return bounds_around(box_corners(shape))
    return shape["x"], shape["y"], shape["x"] + shape["width"], shape["y"] + shape["height"]


def _area(shape: ShapeDocument, width: int, height: int) -> float:
    return float(shape["width"] * shape["height"])


def _outline(shape: ShapeDocument, width: int, height: int) -> Polygons:
    return [[box_corners(shape)]]


KIND = ShapeKind(
    name="box",
    tasks=frozenset({"detection", "segmentation", "keypoints"}),
    check=lambda shape, width, height: checked_box(shape, width=width, height=height),
    bounds=_bounds,
    area=_area,
    outline=_outline,
)
