"""Masks as the shapes that annotations hold. Apart from ``masks``, since the web server, too, makes shapes, and loads no OpenCV."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from campaigns.geometry.masks import encode_mask, mask_to_polygons
from campaigns.imagery.refusal import Refused

Mask = NDArray[np.bool_]
POLYGON_TOLERANCE_PX = 0.75


def mask_shape(mask: Mask, *, left: int, top: int, width: int, height: int) -> dict[str, Any]:
    """Return the shape document of a mask that lies at (left, top) in an image; raise Refused for an empty one."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) == 0:
        raise Refused("nothing_found", "Nothing stands out here. Mark the thing itself, then extract again.")
    cut = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    x, y = left + int(columns[0]), top + int(rows[0])
    counts = encode_mask(cut, offset=(y, x), size=(height, width))
    box = [float(x), float(y), float(cut.shape[1]), float(cut.shape[0])]
    return {"type": "mask", "size": [height, width], "counts": counts, "bbox": box}


def polygon_shape(mask: Mask, *, left: int, top: int, tolerance_px: float) -> dict[str, Any]:
    """Return the shape document of a mask's outlines, never further from them than ``tolerance_px``."""
    parts = [Polygon(rings[0], rings[1:]) for rings in mask_to_polygons(mask)]
    simpler = MultiPolygon(parts).simplify(tolerance_px, preserve_topology=True)
    kept = [part for part in getattr(simpler, "geoms", [simpler]) if part.area > 0]
    polygons = [[[[x + left, y + top] for x, y in ring.coords] for ring in (part.exterior, *part.interiors)] for part in kept]
    return {"type": "polygon", "polygons": polygons}
