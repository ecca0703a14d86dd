"""ProbCover: Yehuda, Dekel, Hacohen and Weinshall, "Active learning through a covering lens", 2022.

Every image stands for the ball around it; the next pick is the one whose ball holds most that nobody stands for yet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from active_learning.acquisition.clustering import k_means
from active_learning.acquisition.diversity import distance, nearest_cosine
from active_learning.acquisition.values import Floats, Rows

PURITY = 0.95
CANDIDATES = 8192
ROWS_AT_ONCE = 128  # so many rows of 8192 and what is made of them stay in the cache
LEAST_RADIUS = 1e-3
Bits: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class BallCover:
    """picks: (P,) rows in their order; gains: (P,) how many each newly stood for; radius: of a ball; uncovered: (N,) bool at the end."""

    picks: Rows
    gains: Rows
    radius: float
    uncovered: Floats


def _cosines(points: Floats) -> Callable[[slice], Floats]:
    """Return the cosines of some rows with all.

    As many as represent a pool are multiplied once, by a product that knows it is symmetric; of more the rows are, whenever asked for.
    """
    if len(points) > CANDIDATES:
        return lambda part: points[part] @ points.T
    together: Floats = points @ points.T
    return lambda part: together[part]


def pure_radius(
    points: Floats, clusters: int, *, rng: np.random.Generator, purity: float = PURITY, cosines: Callable[[slice], Floats] | None = None
) -> float:
    """Return the largest radius at which so many balls hold one cluster's images alone.

    A ball is pure as long as it is smaller than the distance to the nearest image of another cluster: so it is a quantile of those.
    """
    if len(points) < 3:
        return 1.0
    found = k_means(points, min(max(clusters, 2), len(points)), rng=rng).assignment.astype(np.int32)
    nearest = np.full(len(points), -1, dtype=np.float32)
    cosines = cosines or _cosines(points)
    for start in range(0, len(points), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        nearest[part] = np.where(found[part, None] == found[None, :], np.float32(-1), cosines(part)).max(axis=1)
    return max(float(np.quantile(distance(nearest), 1 - purity)), LEAST_RADIUS)


def prob_cover(points: Floats, picks: int, *, labeled: Floats | None, clusters: int, rng: np.random.Generator) -> BallCover:
    """Pick rows whose balls cover most of the pool.  points: (N, D) unit rows, represented by at most 8192 of them."""
    most = max(CANDIDATES, 2 * picks)
    rows = np.arange(len(points)) if len(points) <= most else np.sort(rng.choice(len(points), most, replace=False))
    some = points[rows]
    cosines = _cosines(some)
    radius = pure_radius(some, clusters, rng=rng, cosines=cosines)
    least = np.float32(1 - radius**2 / 2)
    inside = np.empty((len(some), len(some)), dtype=bool)
    for start in range(0, len(some), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        np.greater_equal(cosines(part), least, out=inside[part])
    np.fill_diagonal(inside, True)
    open_ = nearest_cosine(some, labeled) < least
    chosen, gains = _greedy(inside, open_, picks)
    nearest = np.maximum(nearest_cosine(points, points[rows[chosen]]), nearest_cosine(points, labeled))
    return BallCover(rows[chosen], gains, radius, (nearest < least).astype(float))


def _held(inside: Bits, open_: Bits) -> Floats:
    """Return how many open rows each ball holds, counted as bits: as numbers they would take four times the memory."""
    counts = np.empty(len(inside), dtype=np.float32)
    for start in range(0, len(inside), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        counts[part] = np.count_nonzero(inside[part] & open_, axis=1)
    return counts


def _greedy(inside: Bits, open_: Bits, picks: int) -> tuple[Rows, Rows]:
    """Take the ball that holds most that is open; once all is covered, begin anew with what was not taken."""
    degree = _held(inside, open_)
    taken = np.zeros(len(inside), dtype=bool)
    chosen, gains = list[int](), list[int]()
    for _ in range(picks):
        best = int(np.argmax(np.where(taken, -1.0, degree)))
        if degree[best] <= 0:
            open_ = ~taken
            degree = _held(inside, open_)
            best = int(np.argmax(np.where(taken, -1.0, degree)))
            gains.append(0)
        else:
            gains.append(int(degree[best]))
        covered = np.flatnonzero(inside[best] & open_)
        open_ = open_.copy()
        open_[covered] = False
        degree = degree - inside[covered].sum(axis=0, dtype=np.float32)  # a ball holds whoever holds its middle
        taken[best] = True
        chosen.append(best)
    return np.array(chosen, dtype=np.int64), np.array(gains, dtype=np.int64)
