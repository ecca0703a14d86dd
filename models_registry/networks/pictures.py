"""Make pictures of any size into the squares that a network takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]

COLORS: Final = 3
ROOM: Final = 2  # pictures are read at so many times the side that the network sees, so that shrinking stays smooth


def squared(pixels: Pixels, side_px: int) -> Pixels:
    """Return the whole picture as a square: (H, W, B) uint8 in, (side, side, B) out; B is 3 for colours.

    The sides are scaled apart instead of cropping: what decides the label may lie at the edge.
    """
    if pixels.ndim != 3 or pixels.dtype != np.uint8:
        raise ValueError(f"expected (height, width, bands) uint8, got {pixels.shape} {pixels.dtype}")
    if pixels.shape[:2] == (side_px, side_px):
        return pixels
    if pixels.shape[2] != COLORS:
        return np.concatenate([_band_squared(pixels[:, :, band], side_px) for band in range(pixels.shape[2])], axis=2)
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(picture.resize((side_px, side_px), Image.Resampling.BILINEAR, reducing_gap=2.0))


def _band_squared(band: Pixels, side_px: int) -> Pixels:
    picture = Image.fromarray(np.ascontiguousarray(band))
    return np.asarray(picture.resize((side_px, side_px), Image.Resampling.BILINEAR, reducing_gap=2.0))[:, :, None]


def stacked(pictures: Sequence[Pixels], side_px: int) -> Pixels:
    """Return (N, side, side, B) uint8 of pictures with as many bands each."""
    batch = np.empty((len(pictures), side_px, side_px, pictures[0].shape[2] if pictures else COLORS), np.uint8)
    for place, pixels in enumerate(pictures):
        batch[place] = squared(pixels, side_px)
    return batch
