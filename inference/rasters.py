"""Maps of numbers as PNGs, and probabilities per pixel as a ``Raster``."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.schema import MAX_PIXELS, PredictionRejected, Raster

Numbers = NDArray[np.uint8] | NDArray[np.uint16]
MAX_MAP_PIXELS = 2**22
"""Confidence and entropy maps of larger images are kept on a coarser grid: they are looked at, not measured on."""
NO_CLASS = 65_535
"""The number of a pixel about which the model says nothing."""
_STRIP_VALUES = 2**22


def write_map(values: NDArray[np.integer]) -> bytes:
    """Return (H, W) whole numbers from 0 to 65,535 as a grey PNG, of 8 bit when they fit."""
    kind = np.uint8 if int(values.max(initial=0)) <= 255 else np.uint16
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(values, dtype=kind)).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def read_map(png: bytes) -> Numbers:
    """Return the (H, W) numbers that ``write_map`` wrote, uint8 or uint16."""
    with Image.open(io.BytesIO(png), formats=("PNG",)) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise PredictionRejected("class_map", f"expected at most {MAX_PIXELS} pixels")
        values: Numbers = np.asarray(picture)
    return values if values.dtype == np.uint8 else values.astype(np.uint16)


def raster_of_classes(class_map: NDArray[np.integer], classes: Sequence[tuple[int, str]]) -> Raster:
    """Make a raster from class numbers (H, W) alone, without any confidence."""
    height, width = class_map.shape
    return Raster((height, width), tuple(classes), write_map(class_map))


def raster_of_probabilities(
    probabilities: NDArray[np.floating], classes: Sequence[tuple[int, str]], *, silent: NDArray[np.bool_] | None = None
) -> Raster:
    """Make a raster from probabilities (K, H, W) that sum to 1 over K; band k is ``classes[k]``.

    ``silent``: (H, W), pixels about which the model says nothing.
    """
    count, height, width = probabilities.shape
    numbers = np.array([index for index, _ in classes], dtype=np.uint16)
    class_map = np.empty((height, width), dtype=np.uint16)
    best = np.empty((height, width), dtype=np.float32)
    unsure = np.empty((height, width), dtype=np.float32)
    strip = max(1, _STRIP_VALUES // max(1, count * width))
    for top in range(0, height, strip):  # strips bound the memory that the logarithms take
        rows = slice(top, top + strip)
        part = np.asarray(probabilities[:, rows], dtype=np.float32)
        class_map[rows] = numbers[part.argmax(axis=0)]
        best[rows] = part.max(axis=0)
        held = np.clip(part, 1e-12, 1.0)
        unsure[rows] = -(part * np.log(held)).sum(axis=0) / np.log(max(2, count))
    if silent is not None:
        class_map[silent], best[silent], unsure[silent] = NO_CLASS, 0.0, 0.0
    spoken = best if silent is None else best[~silent]
    confidence = float(np.clip(spoken.mean(dtype=np.float64), 0.0, 1.0)) if spoken.size else None
    return Raster((height, width), tuple(classes), write_map(class_map), confidence, share_map(best), share_map(unsure))


def share_map(shares: NDArray[np.float32]) -> bytes:
    """Return numbers from 0 to 1 as an 8-bit PNG, 255 for 1, averaged over squares where the image is large."""
    step = 1
    while shares.shape[0] * shares.shape[1] > MAX_MAP_PIXELS * step * step:
        step += 1
    if step > 1:
        rows, columns = np.arange(0, shares.shape[0], step), np.arange(0, shares.shape[1], step)
        sums = np.add.reduceat(np.add.reduceat(shares, rows, axis=0, dtype=np.float64), columns, axis=1)
        heights, widths = (np.diff(np.append(at, end)) for at, end in zip((rows, columns), shares.shape, strict=True))
        shares = (sums / np.outer(heights, widths)).astype(np.float32)
    return write_map(np.clip(np.rint(shares * 255.0), 0, 255).astype(np.uint8))
