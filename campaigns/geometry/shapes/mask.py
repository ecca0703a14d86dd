"""A bitmap of the image's size: {"type": "mask", "size": [h, w], "counts": COCO's run lengths, "bbox": [x, y, w, h]}."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaigns.geometry.masks import decode_mask, mask_area, mask_bounds, mask_to_polygons
from campaigns.geometry.planar import Bounds, Polygons, ShapeDocument
from campaigns.geometry.shapes.kind import ShapeKind
from campaigns.geometry.validity import InvalidShape


def checked_mask(shape: Mapping[str, Any], *, width: int, height: int) -> dict[str, Any]:
    """Return a mask document whose run lengths fill exactly the image; its bbox is computed. Raise InvalidShape."""
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


def _bounds(shape: ShapeDocument, width: int, height: int) -> Bounds:
    x, y, across, down = shape["bbox"]
    return x, y, x + across, y + down


def _area(shape: ShapeDocument, width: int, height: int) -> float:
    return float(mask_area(shape["counts"]))


def _outline(shape: ShapeDocument, width: int, height: int) -> Polygons:
    return mask_to_polygons(decode_mask(shape["counts"], shape["size"]))


KIND = ShapeKind(
    name="mask",
    tasks=frozenset({"segmentation"}),
    check=lambda shape, width, height: checked_mask(shape, width=width, height=height),
    bounds=_bounds,
    area=_area,
    outline=_outline,
)
