"""Maps of numbers as PNGs, and probabilities per pixel as a ``Raster``."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.schema import MAX_PIXELS, PredictionRejected, Raster, Shares

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


@dataclass(frozen=True, slots=True)
class Choice:
    """How classes are chosen from probabilities.

    ``threshold``: a class needs more than it. ``yes_or_no``: the two classes are one probability and what it leaves, so the
    second is chosen above the threshold and the first below; otherwise a pixel without any class above it has none.
    """

    threshold: float | None = None
    yes_or_no: bool = False

    def choose(self, part: NDArray[np.float32], numbers: NDArray[np.uint16]) -> tuple[NDArray[np.uint16], NDArray[np.float32]]:
        """Return the class number and its probability (h, w) of each pixel, from probabilities (K, h, w)."""
        if self.threshold is None:
            return numbers[part.argmax(axis=0)], part.max(axis=0)
        if self.yes_or_no:
            yes = part[1] > self.threshold
            return np.where(yes, numbers[1], numbers[0]), np.where(yes, part[1], part[0])
        best = part.max(axis=0)
        return np.where(best > self.threshold, numbers[part.argmax(axis=0)], np.uint16(NO_CLASS)), best


def doubt_of(part: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the entropy (h, w) over its maximum of probabilities (K, h, w), brought to the sum 1 first; 0 where all are 0."""
    total = part.sum(axis=0, dtype=np.float32)
    shares = part / np.where(total > 0, total, np.float32(1))
    doubt: NDArray[np.float32] = -(shares * np.log(np.clip(shares, 1e-12, 1.0))).sum(axis=0) / np.float32(np.log(max(2, len(part))))
    return doubt


def raster_of_probabilities(
    probabilities: NDArray[np.floating],
    classes: Sequence[tuple[int, str]],
    *,
    silent: NDArray[np.bool_] | None = None,
    choice: Choice | None = None,
    keep_shares: bool = False,
) -> Raster:
    """Make a raster from probabilities (K, H, W); band k is ``classes[k]``. Those of exclusive classes sum to 1 over K.

    ``silent``: (H, W), pixels about which the model says nothing. ``keep_shares``: keep every class's probability in ``shares``.
    """
    choice = choice or Choice()
    count, height, width = probabilities.shape
    numbers = np.array([index for index, _ in classes], dtype=np.uint16)
    class_map = np.empty((height, width), dtype=np.uint16)
    best = np.empty((height, width), dtype=np.float32)
    unsure = np.empty((height, width), dtype=np.float32)
    kept = np.empty((count, height, width), dtype=np.uint8) if keep_shares else None
    strip = max(1, _STRIP_VALUES // max(1, count * width))
    for top in range(0, height, strip):  # strips bound the memory that the logarithms take
        rows = slice(top, top + strip)
        part = np.asarray(probabilities[:, rows], dtype=np.float32)
        class_map[rows], best[rows] = choice.choose(part, numbers)
        unsure[rows] = doubt_of(part)
        if kept is not None:
            kept[:, rows] = np.rint(part * 255)
    if silent is not None:
        class_map[silent], best[silent], unsure[silent] = NO_CLASS, 0.0, 0.0
        if kept is not None:
            kept[:, silent] = 0
    spoken = best if silent is None else best[~silent]
    confidence = float(np.clip(spoken.mean(dtype=np.float64), 0.0, 1.0)) if spoken.size else None
    shares = None if kept is None else Shares(count, zlib.compress(kept.tobytes(), 1), choice.yes_or_no)
    return Raster((height, width), tuple(classes), write_map(class_map), confidence, share_map(best), share_map(unsure), shares)


def read_shares(shares: Shares, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the (K, H, W) probabilities, 255 for 1, that a raster of ``size`` (H, W) kept."""
    return np.frombuffer(zlib.decompress(shares.data), np.uint8).reshape(shares.count, *size)


def share_map(shares: NDArray[np.float32]) -> bytes:
    """Return numbers from 0 to 1 as an 8-bit PNG, 255 for 1, averaged over squares where the image is large."""
    return write_map(np.clip(np.rint(_coarser(shares) * 255.0), 0, 255).astype(np.uint8))


def level_map(levels: NDArray[np.uint8]) -> bytes:
    """Return numbers from 0 to 255, 255 for 1, as ``share_map`` does."""
    return write_map(np.clip(np.rint(_coarser(levels)), 0, 255).astype(np.uint8))


def _coarser(values: NDArray[np.number]) -> NDArray[np.number]:
    """Average a map (H, W) over squares until it has at most ``MAX_MAP_PIXELS``."""
    step = 1
    while values.shape[0] * values.shape[1] > MAX_MAP_PIXELS * step * step:
        step += 1
    if step == 1:
        return values
    rows, columns = np.arange(0, values.shape[0], step), np.arange(0, values.shape[1], step)
    sums = np.add.reduceat(np.add.reduceat(values, rows, axis=0, dtype=np.float64), columns, axis=1)
    heights, widths = (np.diff(np.append(at, end)) for at, end in zip((rows, columns), values.shape, strict=True))
    means: NDArray[np.number] = (sums / np.outer(heights, widths)).astype(np.float32)
    return means
