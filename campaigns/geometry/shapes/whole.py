"""The image as a whole."""

from __future__ import annotations

from typing import Any

from campaigns.geometry.planar import Bounds, Polygons, ShapeDocument
from campaigns.geometry.shapes.box import box_corners
from campaigns.geometry.shapes.kind import ShapeKind


def _check(shape: ShapeDocument, width: int, height: int) -> dict[str, Any]:
    return {"type": "whole"}


def _bounds(shape: ShapeDocument, width: int, height: int) -> Bounds:
    return 0.0, 0.0, float(width), float(height)


def _area(shape: ShapeDocument, width: int, height: int) -> float:
    return float(width * height)


def _outline(shape: ShapeDocument, width: int, height: int) -> Polygons:
    return [[box_corners({"x": 0, "y": 0, "width": width, "height": height})]]


KIND = ShapeKind(
    name="whole",
    tasks=frozenset({"classification", "detection", "segmentation", "keypoints"}),
    check=_check,
    bounds=_bounds,
    area=_area,
    outline=_outline,
)
