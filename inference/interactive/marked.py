"""Of what a model answered to marks, the one thing that was meant, as the shape of an annotation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from campaigns.geometry import decode_mask, mask_bounds, polygons_to_mask
from campaigns.imagery.refusal import Refused
from inference.interactive.outlines import POLYGON_TOLERANCE_PX, mask_shape, polygon_shape
from inference.interactive.prompts import Prompts
from inference.rasters import NO_CLASS, read_map
from inference.schema import Box, Item, Mask, Polygon, Prediction, Raster

NOTHING = Refused("nothing_found", "The model sees nothing here. Click on the thing, or draw a box around it.")
MOST_LOOKED_AT = 16


def marked_object(prediction: Prediction, prompts: Prompts, *, polygon: bool) -> dict[str, Any]:
    """Return {"shape", "confidence"} and, when wanted, "polygon" of what is marked; raise Refused when there is nothing.

    Of several things it is the one with most marks on the right side, and of those the one that the model is surest of.
    """
    found = [item for item in prediction.items if isinstance(item, Mask | Polygon | Box | Raster)]
    if not found:
        raise NOTHING
    found.sort(key=lambda item: -1.0 if item.confidence is None else item.confidence, reverse=True)
    masks = [(item, _pixels(item, prediction)) for item in found[:MOST_LOOKED_AT]]
    item, pixels = max(masks, key=lambda pair: _right_marks(pair[1], prompts)) if len(masks) > 1 else masks[0]
    return _object(item, pixels, polygon=polygon)


def _object(item: Item, pixels: NDArray[np.bool_], *, polygon: bool) -> dict[str, Any]:
    height, width = pixels.shape
    if not pixels.any():
        raise NOTHING
    shape = mask_shape(pixels, left=0, top=0, width=width, height=height)
    confidence = getattr(item, "confidence", None)
    answer = {"shape": shape, "confidence": None if confidence is None else round(float(confidence), 4)}
    if polygon and isinstance(item, Polygon):
        answer["polygon"] = {"type": "polygon", "polygons": [[[list(point) for point in ring] for ring in part] for part in item.polygons]}
    elif polygon:
        left, top = (int(edge) for edge in shape["bbox"][:2])
        right, bottom = left + int(shape["bbox"][2]), top + int(shape["bbox"][3])
        answer["polygon"] = polygon_shape(pixels[top:bottom, left:right], left=left, top=top, tolerance_px=POLYGON_TOLERANCE_PX)
    return answer


def _pixels(item: Item, prediction: Prediction) -> NDArray[np.bool_]:
    """Return what an item covers (H, W); of a map of classes all that is not class 0, which stands for the ground."""
    if isinstance(item, Mask):
        return decode_mask(item.counts, item.size) if mask_bounds(item.counts, item.size) else np.zeros(item.size, dtype=bool)
    if isinstance(item, Raster):
        classes = read_map(item.class_map)
        covered: NDArray[np.bool_] = (classes > 0) & (classes != NO_CLASS)
        return covered
    rings = item.polygons if isinstance(item, Polygon) else ((_corners(item),),) if isinstance(item, Box) else ()
    nested = [[[list(point) for point in ring] for ring in part] for part in rings]
    return polygons_to_mask(nested, height=prediction.height, width=prediction.width)


def _corners(box: Box) -> tuple[tuple[float, float], ...]:
    angle = np.radians(box.rotation)
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    cx, cy = box.x + box.width / 2, box.y + box.height / 2
    halves = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    corners = [(u * box.width / 2, v * box.height / 2) for u, v in halves]
    return tuple((cx + u * cos - v * sin, cy + u * sin + v * cos) for u, v in corners)


def _right_marks(pixels: NDArray[np.bool_], prompts: Prompts) -> int:
    """Count the marks on their right side: those on the thing inside, those off it outside."""
    height, width = pixels.shape
    return sum(bool(pixels[min(int(dot.y), height - 1), min(int(dot.x), width - 1)]) == dot.positive for dot in prompts.dots())
