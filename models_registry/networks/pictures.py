"""Make pictures of any size into the squares that a network takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]

ROOM: Final = 2  # pictures are read at so many times the side that the network sees, so that shrinking stays smooth


def squared(pixels: Pixels, side_px: int) -> Pixels:
    """Return the whole picture as a square: (H, W, 3) uint8 in, (side, side, 3) out.

    The sides are scaled apart instead of cropping: what decides the label may lie at the edge.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise ValueError(f"expected (height, width, 3) uint8, got {pixels.shape} {pixels.dtype}")
    if pixels.shape[:2] == (side_px, side_px):
        return pixels
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(picture.resize((side_px, side_px), Image.Resampling.BILINEAR, reducing_gap=2.0))


def stacked(pictures: Sequence[Pixels], side_px: int) -> Pixels:
    """Return (N, side, side, 3) uint8."""
    batch = np.empty((len(pictures), side_px, side_px, 3), np.uint8)
    for place, pixels in enumerate(pictures):
        batch[place] = squared(pixels, side_px)
    return batch
