"""Draw how unsure a model is as a picture that lies over the image.

The picture is an 8-bit palette PNG: the index is the uncertainty times 255, the palette a colour map from clear to
opaque, so a page overlays it as it is and a program reads the numbers back.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.uncertainty import pool_mean

MAX_SIDE = 1024
OBJECTS_SIDE = 512
# Anchors of matplotlib's "inferno", whose lightness rises evenly: it reads the same without colours.
_ANCHORS = np.array(
    [[0, 0, 4], [40, 11, 84], [101, 21, 110], [159, 42, 99], [212, 72, 66], [245, 125, 21], [250, 193, 39], [252, 255, 164]],
    dtype=np.float64,
)
_GREATEST_ALPHA = 200


def draw_pixels(unsure: NDArray[np.floating], *, max_side: int = MAX_SIDE) -> bytes:
    """Return the PNG of a pixel map (H, W) in [0, 1], averaged down to at most ``max_side`` pixels a side."""
    step = max(1, -(-max(unsure.shape) // max_side))
    levels = np.clip(np.rint(pool_mean(unsure, step) * 255.0), 0, 255).astype(np.uint8)
    return _png(levels)


def draw_objects(objects: Iterable[tuple[tuple[float, float, float, float], float]], width: int, height: int) -> bytes:
    """Return the PNG of objects as ((left, top, right, bottom) in image pixels, uncertainty); the least certain lies on top."""
    step = max(1, -(-max(width, height) // OBJECTS_SIDE))
    levels = np.zeros((-(-height // step), -(-width // step)), dtype=np.uint8)
    for (left, top, right, bottom), unsure in objects:
        rows = slice(max(0, int(top // step)), max(0, int(-(-bottom // step))))
        columns = slice(max(0, int(left // step)), max(0, int(-(-right // step))))
        np.maximum(levels[rows, columns], np.uint8(round(min(1.0, max(0.0, unsure)) * 255)), out=levels[rows, columns])
    return _png(levels)


def _png(levels: NDArray[np.uint8]) -> bytes:
    picture = Image.frombytes("P", (levels.shape[1], levels.shape[0]), levels.tobytes())
    colors, alphas = _palette()
    picture.putpalette(colors)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", transparency=alphas, compress_level=3)
    return buffer.getvalue()


@cache
def _palette() -> tuple[bytes, bytes]:
    at = np.linspace(0, len(_ANCHORS) - 1, 256)
    channels = [np.interp(at, np.arange(len(_ANCHORS)), _ANCHORS[:, channel]) for channel in range(3)]
    colors = np.rint(np.stack(channels, axis=1)).astype(np.uint8)
    alphas = np.rint(np.linspace(0.0, 1.0, 256) ** 0.75 * _GREATEST_ALPHA).astype(np.uint8)
    return colors.tobytes(), alphas.tobytes()
