"""Superpixels of an image that its model is least sure of, as areas to ask about."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from active_learning.acquisition.regions import Area
from active_learning.acquisition.superpixels import region_means, superpixels
from campaigns.imagery import Refused, read_rgb
from campaigns.models import Image
from campaigns.storage import image_path
from inference.areas import LEAST, WINDOW_SHARE, Bounds

MOST_SIDE_PX: Final = 512
"""Larger rasters are read smaller: a superpixel is a twelfth of the longer side, whatever its size."""
TOLERANCE_PX: Final = 0.75


def unsure_superpixels(image: Image, levels: NDArray[np.uint8], *, limit: int) -> list[Area]:
    """Return the least sure superpixels, the least sure first; none where the image cannot be read.

    levels: (h, w) uncertainties from 0 to 255, of the whole image. A superpixel of several pieces is its largest one.
    """
    scale = min(1.0, MOST_SIDE_PX / max(image.width, image.height))
    try:
        pixels = read_rgb(image_path(image), max(1, round(scale * max(image.width, image.height))))
    except (Refused, OSError, ValueError):
        return []
    height, width = pixels.shape[:2]
    side = max(height, width) / WINDOW_SHARE
    regions = superpixels(pixels, max(1, round(height * width / side**2)))
    doubt = _resized(levels, (height, width)) / 255.0
    means = region_means(regions, doubt)
    first = np.argsort(-means, kind="stable")[:limit]
    areas = (_area(image, regions == number, float(means[number])) for number in first.tolist() if means[number] >= LEAST)
    return [area for area in areas if area is not None]


def _resized(levels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.float64]:
    rows, columns = (np.arange(large) * small // large for small, large in zip(levels.shape, size, strict=True))
    return levels[np.ix_(rows, columns)].astype(np.float64)


def _area(image: Image, inside: NDArray[np.bool_], score: float) -> Area | None:
    import cv2  # only where areas are looked for: the web server asks for none

    outlines, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(outlines, key=cv2.contourArea, default=None)
    if largest is None:
        return None
    # A contour runs through the middles of the outermost pixels: half a pixel more is their border.
    drawn = cv2.approxPolyDP(largest, TOLERANCE_PX, True).reshape(-1, 2).astype(float) + 0.5
    across, down = image.width / inside.shape[1], image.height / inside.shape[0]
    outline = tuple((round(x * across, 2), round(y * down, 2)) for x, y in drawn.tolist())
    left, top, wide, high = cv2.boundingRect(largest)
    bounds: Bounds = (left * across, top * down, (left + wide) * across, (top + high) * down)
    return Area(bounds, score, f"The model is unsure of this part ({score:.2f}).", outline=outline)
