"""Where windows lie in an image, and how much of it each speaks for."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

WindowPx = tuple[int, int, int, int]  # column, row, width, height
Floats = NDArray[np.float64]


def windows_of(width: int, height: int, *, window_px: int, overlap_px: int) -> tuple[WindowPx, ...]:
    """Return windows that cover an image, row by row: all of one size, spread evenly, overlapping by ``overlap_px`` or more.

    An image that fits one window has one, of its own size.
    """
    across, down = min(width, window_px), min(height, window_px)
    rows, columns = _starts(height, down, overlap_px), _starts(width, across, overlap_px)
    return tuple((column, row, across, down) for row in rows for column in columns)


def _starts(length: int, window: int, overlap: int) -> list[int]:
    if length <= window:
        return [0]
    count = math.ceil((length - overlap) / (window - overlap))
    return [round(number * (length - window) / (count - 1)) for number in range(count)]


def shares_of_area(windows: Sequence[WindowPx]) -> list[float]:
    """Return the share of the image that each window speaks for; where several see a pixel, they share it. They sum to 1."""
    across = _shares([(column, width) for column, _, width, _ in windows])
    down = _shares([(row, height) for _, row, _, height in windows])
    areas = [across[column, width] * down[row, height] for column, row, width, height in windows]
    return [area / math.fsum(areas) for area in areas]


def _shares(spans: Sequence[tuple[int, int]]) -> dict[tuple[int, int], float]:
    distinct = set(spans)
    seen = np.zeros(max(start + length for start, length in distinct))
    for start, length in distinct:
        seen[start : start + length] += 1
    return {(start, length): float((1 / seen[start : start + length]).sum()) for start, length in distinct}


def weights_of(window: WindowPx, *, width: int, height: int, ramp_px: int) -> tuple[Floats, Floats]:
    """Return the weights along x and y of what a window says: 1 inside, falling towards borders behind which the image goes on."""
    column, row, across, down = window
    return _ramp(column, across, width, ramp_px), _ramp(row, down, height, ramp_px)


def _ramp(start: int, length: int, whole: int, ramp_px: int) -> Floats:
    place = np.arange(length) + 0.5
    weight = np.ones(length)
    if start > 0:
        weight = np.minimum(weight, place / ramp_px)
    if start + length < whole:
        weight = np.minimum(weight, (length - place) / ramp_px)
    return weight
