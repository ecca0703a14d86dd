"""Which places of an image a round asks about: the least sure ones, none over another, and not all of one label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from active_learning.acquisition.segmentation import power_noise
from inference.areas import WINDOW_SHARE, Bounds

STRATIFIED = 3
"""Every third place goes to a label that no place before it was about, as with the images of a round."""


@dataclass(frozen=True)
class Area:
    """bounds: left, top, right, bottom in image pixels; score: 0…1, higher is looked at sooner; label: what the model sees there most.

    outline: of what holds together there, as points (x, y); without one, the bounds are all there is.
    """

    bounds: Bounds
    score: float
    why: str
    label: str = ""
    outline: tuple[tuple[float, float], ...] = ()


def chosen(
    areas: Iterable[Area], *, limit: int, labeled: Sequence[Bounds] = (), rng: np.random.Generator | None = None
) -> tuple[Area, ...]:
    """Pick places by score that overlap neither each other nor what is labeled.

    Every third is the best one of a label not picked yet, where there is one. ``rng`` draws them by power noise, so that a batch
    does not hold the same edge of a thing in image after image.
    """
    found = list(areas)
    worth = np.array([area.score for area in found])
    order = np.argsort(-(worth if rng is None else power_noise(worth, rng=rng)), kind="stable")
    left = [found[n] for n in order.tolist() if not any(_overlap(found[n].bounds, _inner(other)) for other in labeled)]
    picks: list[Area] = []
    while left and len(picks) < limit:
        seen = {area.label for area in picks}
        fresh = [area for area in left if area.label not in seen] if len(picks) % STRATIFIED == STRATIFIED - 1 else []
        pick = (fresh or left)[0]
        picks.append(pick)
        left = [area for area in left if not _overlap(area.bounds, pick.bounds)]
    return tuple(picks)


def with_surroundings(areas: Sequence[Area], *, width: int, height: int) -> list[Area]:
    """Widen places to at least a twelfth of the image's longer side, within the image: a thing is judged by what lies around it."""
    side = max(width, height) / WINDOW_SHARE
    return [replace(area, bounds=_widened(area.bounds, side, width, height)) for area in areas]


def _widened(bounds: Bounds, side: float, width: int, height: int) -> Bounds:
    left, right = _spread(bounds[0], bounds[2], side, width)
    top, bottom = _spread(bounds[1], bounds[3], side, height)
    return (left, top, right, bottom)


def _spread(low: float, high: float, least: float, end: float) -> tuple[float, float]:
    low, high = max(0.0, low), min(end, high)
    missing = min(least, end) - (high - low)
    if missing <= 0:
        return low, high
    start = min(max(0.0, low - missing / 2), end - (high - low + missing))
    return start, start + (high - low + missing)


def _inner(bounds: Bounds) -> Bounds:
    """Leave out the outermost pixel: a labeled area ends at whole ones, and its neighbours' sides may lie within them."""
    return bounds[0] + 1, bounds[1] + 1, bounds[2] - 1, bounds[3] - 1


def _overlap(one: Bounds, other: Bounds) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
