"""Where a model is least sure, as a ranked list of places to look at. Pure: numbers in, areas out."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from inference.uncertainty import object_entropy

Bounds = tuple[float, float, float, float]

WINDOW_SHARE = 12
"""A window is this part of the map's longer side: small enough to look at closely, large enough to hold a thing."""
STEPS_A_WINDOW = 4
LEAST = 0.1
"""Below this mean uncertainty there is nothing to look at."""


@dataclass(frozen=True)
class UnsureArea:
    """A place to look at. bounds: left, top, right, bottom in image pixels; uncertainty: 0 to 1, higher is less certain."""

    bounds: Bounds
    uncertainty: float
    kind: str  # "pixels" or "object"


def levels_of(heat_map: bytes) -> NDArray[np.uint8]:
    """Return the uncertainties (h, w), 0 to 255, that a heat map's palette indices are."""
    with Picture.open(io.BytesIO(heat_map)) as picture:
        return np.asarray(picture if picture.mode in ("P", "L") else picture.convert("L"), dtype=np.uint8)


def rank_pixels(levels: NDArray[np.uint8], *, width: int, height: int, limit: int) -> list[UnsureArea]:
    """Return the least certain windows of a map (h, w), 0 to 255, that do not overlap, least certain first.

    width, height: of the image, whose pixels the bounds count. Greedy: the best window is taken, what overlaps it is left out.
    """
    rows, columns = levels.shape
    side = max(1, round(max(rows, columns) / WINDOW_SHARE))
    high, wide = min(side, rows), min(side, columns)
    tops, lefts = _starts(rows, high), _starts(columns, wide)
    means = _window_means(levels, tops, lefts, high, wide)
    found: list[UnsureArea] = []
    while len(found) < limit:
        row, column = np.unravel_index(int(np.argmax(means)), means.shape)
        if means[row, column] < LEAST:
            break
        top, left = int(tops[row]), int(lefts[column])
        bounds = (left * width / columns, top * height / rows, (left + wide) * width / columns, (top + high) * height / rows)
        found.append(UnsureArea(bounds, float(means[row, column]), "pixels"))
        means[np.ix_(np.abs(tops - top) < high, np.abs(lefts - left) < wide)] = -1.0
    return found


def _starts(length: int, window: int) -> NDArray[np.int64]:
    """Return where windows begin, a quarter of a window apart; the last one ends where the map ends."""
    step = max(1, window // STEPS_A_WINDOW)
    return np.unique(np.append(np.arange(0, length - window + 1, step), length - window))


def _window_means(
    levels: NDArray[np.uint8], tops: NDArray[np.int64], lefts: NDArray[np.int64], high: int, wide: int
) -> NDArray[np.float64]:
    """Return the mean of each window in [0, 1], by sums over everything above and left of a pixel."""
    sums = np.zeros((levels.shape[0] + 1, levels.shape[1] + 1), dtype=np.float64)
    np.cumsum(np.cumsum(levels, axis=0, dtype=np.float64), axis=1, out=sums[1:, 1:])
    rows, columns = tops[:, None], lefts[None, :]
    inside = sums[rows + high, columns + wide] - sums[rows, columns + wide] - sums[rows + high, columns] + sums[rows, columns]
    means: NDArray[np.float64] = inside / (255.0 * high * wide)
    return means


def rank_objects(objects: Iterable[tuple[Bounds, float]], *, limit: int) -> list[UnsureArea]:
    """Return objects as (bounds, confidence), the least certain first; those that a model is sure of are left out."""
    measured = [UnsureArea(bounds, object_entropy(confidence), "object") for bounds, confidence in objects]
    unsure = [area for area in measured if area.uncertainty >= LEAST]
    return sorted(unsure, key=lambda area: -area.uncertainty)[:limit]
