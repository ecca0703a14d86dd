"""MaxHerding and UHerding: cover the pool, and cover first what the model is unsure of.

Bae, Noh and Sutherland, "Generalized coverage for more robust low-budget active learning", ECCV 2024 (MaxHerding);
Bae, Oliveira and Sutherland, "Uncertainty herding: one active learning method for all label budgets", ICLR 2025 (UHerding).
The greedy is made lazy: a gain only falls as picks are added, so that an old gain is an upper bound
(Minoux, "Accelerated greedy algorithms for maximizing submodular set functions", 1978).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from active_learning.acquisition.diversity import distance, nearest_cosine
from active_learning.acquisition.values import Floats, Rows

CANDIDATES = 8192
AT_ONCE = 16
LEAST_RADIUS = 0.2
FIRST_RADIUS = 1.0
ENOUGH_LABELS = 500
LEAST_WEIGHT = 1e-3


@dataclass(frozen=True, eq=False)
class Herd:
    """picks: (P,) rows in their order; gains: (P,) what each added to the coverage; left: (N,) what is left uncovered of each row."""

    picks: Rows
    gains: Floats
    left: Floats


def herd(points: Floats, picks: int, *, labeled: Floats | None, weights: Floats | None, rng: np.random.Generator) -> Herd:
    """Pick rows that raise the weighted coverage of the pool most.

    Coverage of a row is the kernel exp(-(d/h)²) with the nearest picked or labeled one; without weights this is MaxHerding,
    with the model's uncertainty as weights UHerding. Large pools are represented by at most 8192 rows. Rows of no weight at all count
    for a thousandth of a usual one, so that a model that is sure of everything leaves the choice to coverage, not to chance.
    points: (N, D) unit rows; weights: (N,) not negative.
    """
    count = len(points)
    weight = np.ones(count) if weights is None else _never_nothing(np.asarray(weights, dtype=float))
    radius = FIRST_RADIUS if weights is None else adaptive_radius(labeled)
    known = _kernel(nearest_cosine(points, labeled), radius) if labeled is not None and len(labeled) else np.zeros(count, dtype=np.float32)
    rows = _candidates(count, picks, weight * (1 - known), rng)
    sample = points[rows]
    kernel = sample @ sample.T
    for start in range(0, len(kernel), 1024):
        kernel[start : start + 1024] = _kernel(kernel[start : start + 1024], radius)
    chosen, gains = _lazy_greedy(kernel, weight[rows].astype(np.float32), known[rows].astype(np.float32), picks)
    chosen_rows = rows[chosen]
    covered = np.maximum(known, _kernel(nearest_cosine(points, points[chosen_rows]), radius))
    left = weight * (1 - np.minimum(covered, 1))
    return Herd(chosen_rows, gains, left)


def _never_nothing(weights: Floats) -> Floats:
    """Return weights that are above zero, where there are any rows."""
    usual = float(weights.mean()) if len(weights) else 0.0
    return weights + (LEAST_WEIGHT * usual if usual > 0 else 1.0)


def adaptive_radius(labeled: Floats | None) -> float:
    """Return UHerding's kernel radius: 1 to begin with, later the smallest distance between two labeled images.

    In between it moves from the one to the other: with a hundred labels the smallest distance is a chance of the draw and
    too small (Fashion-MNIST, 100 labels: 73.4 % so, 71.9 % without). Near duplicates do not count, or one pair of them would
    shrink the radius to nothing.
    """
    if labeled is None or len(labeled) < 2:
        return FIRST_RADIUS
    nearest = np.full(len(labeled), -1, dtype=np.float32)
    for start in range(0, len(labeled), 2048):
        cosines = labeled[start : start + 2048] @ labeled.T
        cosines[np.arange(len(cosines)), np.arange(start, start + len(cosines))] = -1
        nearest[start : start + 2048] = cosines.max(axis=1)
    smallest = float(np.clip(distance(nearest).min(), LEAST_RADIUS, FIRST_RADIUS))
    trust = min(len(labeled) / ENOUGH_LABELS, 1.0)
    return (1 - trust) * FIRST_RADIUS + trust * smallest


def _kernel(cosine: Floats, radius: float) -> Floats:
    """Return exp(-(d/h)²) of unit vectors from their cosine."""
    return np.exp((np.minimum(cosine, 1) - 1) * np.float32(2 / radius**2))


def _candidates(count: int, picks: int, worth: Floats, rng: np.random.Generator) -> Rows:
    """Return the rows that stand for the pool: all, or half those of most worth and half any."""
    most = max(CANDIDATES, 2 * picks)
    if count <= most:
        return np.arange(count)
    best = np.argpartition(-worth, most // 2)[: most // 2]
    others = np.setdiff1d(np.arange(count), best)
    return np.sort(np.concatenate([best, rng.choice(others, most - len(best), replace=False)]))


def _lazy_greedy(kernel: Floats, weight: Floats, covered: Floats, picks: int) -> tuple[Rows, Floats]:
    """Pick by largest gain, recomputing only the gains that may still win.  kernel: (M, M)."""
    bound = np.concatenate([_gains(kernel[start : start + 1024], weight, covered) for start in range(0, len(kernel), 1024)])
    chosen: list[int] = []
    gains: list[float] = []
    for _ in range(picks):
        best = _freshest(kernel, weight, covered, bound)
        chosen.append(best)
        gains.append(float(max(bound[best], 0)))
        np.maximum(covered, kernel[best], out=covered)
        bound[best] = -np.inf
    return np.array(chosen, dtype=np.int64), np.array(gains)


def _freshest(kernel: Floats, weight: Floats, covered: Floats, bound: Floats) -> int:
    """Return the row of largest gain; ``bound`` is brought up to date where it was looked at."""
    fresh = np.zeros(len(bound), dtype=bool)
    while True:
        best = int(np.argmax(bound))
        if fresh[best] or not np.isfinite(bound[best]):
            return best
        some = min(AT_ONCE, len(bound))
        # Of many equal bounds a partition takes any: the best belongs to it in any case, or nothing new would ever be looked at.
        rows = np.union1d(np.argpartition(-bound, some - 1)[:some], best)
        rows = rows[~fresh[rows] & np.isfinite(bound[rows])]
        bound[rows] = _gains(kernel[rows], weight, covered)
        fresh[rows] = True


def _gains(kernel: Floats, weight: Floats, covered: Floats) -> Floats:
    """Return what each row would add to the coverage.  kernel: (R, M) → (R,)."""
    # No BLAS: thousands of small products, before each of which its threads would wait for each other.
    return np.asarray(np.einsum("rm,m->r", np.maximum(kernel - covered, 0), weight), dtype=float) / max(len(weight), 1)
