"""An ellipse: {"type": "ellipse", "cx", "cy", "rx", "ry", "rotation"}, radii in pixels, degrees clockwise about the centre."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from shapely.geometry import Polygon

from campaigns.geometry.planar import Bounds, Polygons, Ring, ShapeDocument
from campaigns.geometry.shapes.kind import ShapeKind
from campaigns.geometry.validity import InvalidShape, checked_number, meets_image

OUTLINE_TOLERANCE_PX = 0.1
MAX_RADIUS_PX = 1_000_000.0


def checked_ellipse(shape: Mapping[str, Any], *, width: int, height: int) -> dict[str, Any]:
    """Return an ellipse document; it may reach beyond the image, since a part of an ellipse is none. Raise InvalidShape."""
    cx, cy, rx, ry = (checked_number(shape.get(key), key) for key in ("cx", "cy", "rx", "ry"))
    rotation = checked_number(shape.get("rotation", 0.0), "rotation") % 360.0
    if not 0.0 < min(rx, ry) <= max(rx, ry) <= MAX_RADIUS_PX:
        raise InvalidShape(f"An ellipse needs radii above zero and up to {MAX_RADIUS_PX:,.0f} pixels.")
    checked = {"type": "ellipse", "cx": cx, "cy": cy, "rx": rx, "ry": ry, "rotation": rotation}
    if not meets_image(Polygon(ellipse_ring(checked)), width, height):
        raise InvalidShape("The shape lies outside the image.")
    return checked


def ellipse_ring(shape: ShapeDocument) -> Ring:
    """Return an ellipse as a closed ring: every vertex lies on it, and no edge is further than OUTLINE_TOLERANCE_PX from it.

    An edge of a circle of radius r with n vertices is r (1 - cos(pi / n)) away from it at most; an ellipse is a circle of
    its longer radius, pressed together, which brings edges nearer and never further.
    """
    cx, cy, rx, ry = shape["cx"], shape["cy"], shape["rx"], shape["ry"]
    longest = max(rx, ry)
    step = math.acos(1.0 - OUTLINE_TOLERANCE_PX / longest) if longest > OUTLINE_TOLERANCE_PX else math.pi / 8
    count = max(16, 4 * math.ceil(math.pi / step / 4))  # a multiple of four: the ends of both axes are vertices
    angle = math.radians(shape.get("rotation", 0.0))
    cos, sin = math.cos(angle), math.sin(angle)
    ring = []
    for n in range(count):
        dx, dy = rx * math.cos(2 * math.pi * n / count), ry * math.sin(2 * math.pi * n / count)
        ring.append([cx + cos * dx - sin * dy, cy + sin * dx + cos * dy])
    return [*ring, list(ring[0])]


def _bounds(shape: ShapeDocument, width: int, height: int) -> Bounds:
    angle = math.radians(shape.get("rotation", 0.0))
    half_width = math.hypot(shape["rx"] * math.cos(angle), shape["ry"] * math.sin(angle))
    half_height = math.hypot(shape["rx"] * math.sin(angle), shape["ry"] * math.cos(angle))
    return shape["cx"] - half_width, shape["cy"] - half_height, shape["cx"] + half_width, shape["cy"] + half_height


def _area(shape: ShapeDocument, width: int, height: int) -> float:
    return math.pi * float(shape["rx"]) * float(shape["ry"])


def _outline(shape: ShapeDocument, width: int, height: int) -> Polygons:
    return [[ellipse_ring(shape)]]


KIND = ShapeKind(
    name="ellipse",
    tasks=frozenset({"detection", "segmentation"}),
    check=lambda shape, width, height: checked_ellipse(shape, width=width, height=height),
    bounds=_bounds,
    area=_area,
    outline=_outline,
)
