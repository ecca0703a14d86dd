"""Polygons with parts and holes, nested as GeoJSON nests them: {"type": "polygon", "polygons": [[shell, hole…]…]}."""

from __future__ import annotations

from typing import Any

from campaigns.geometry.planar import Bounds, Polygons, ShapeDocument, polygons_area, polygons_bounds
from campaigns.geometry.shapes.kind import ShapeKind
from campaigns.geometry.validity import checked_polygon


def _check(shape: ShapeDocument, width: int, height: int) -> dict[str, Any]:
    return {"type": "polygon", "polygons": checked_polygon(shape.get("polygons"), width=width, height=height)}


def _bounds(shape: ShapeDocument, width: int, height: int) -> Bounds:
    return polygons_bounds(shape["polygons"])


def _area(shape: ShapeDocument, width: int, height: int) -> float:
    return polygons_area(shape["polygons"])


def _outline(shape: ShapeDocument, width: int, height: int) -> Polygons:
    polygons: Polygons = shape["polygons"]
    return polygons


KIND = ShapeKind(name="polygon", tasks=frozenset({"detection", "segmentation"}), check=_check, bounds=_bounds, area=_area, outline=_outline)
