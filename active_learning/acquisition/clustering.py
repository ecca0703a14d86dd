"""k-means made of matrix products: fast enough for a hundred thousand images without a library.

Lloyd, "Least squares quantization in PCM", 1982; seeding after Arthur and Vassilvitskii, "k-means++", 2007, several draws
a pass as in Bahmani et al., "Scalable k-means++", 2012; fitted on a sample, as Sculley, "Web-scale k-means", 2010.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from active_learning.acquisition.diversity import CHUNK_ROWS
from active_learning.acquisition.values import AcquisitionError, Floats, Rows

ROWS_PER_CLUSTER = 40
LEAST_SAMPLE = 4096
ITERATIONS = 10
DRAWS_A_PASS = 16


@dataclass(frozen=True, eq=False)
class Clusters:
    """centers: (K, D); assignment: (N,) cluster of each row; squared: (N,) squared distance to its center."""

    centers: Floats
    assignment: Rows
    squared: Floats


def k_means(points: Floats, clusters: int, *, rng: np.random.Generator, weights: Floats | None = None) -> Clusters:
    """Cluster the rows; large pools are fitted on a sample and assigned in one pass.

    points: (N, D) float32; weights: (N,) not negative, how much each row pulls.
    """
    count = len(points)
    if not 1 <= clusters <= count:
        raise AcquisitionError(f"{count} images cannot make {clusters} clusters.")
    size = max(ROWS_PER_CLUSTER * clusters, LEAST_SAMPLE)
    sample = np.sort(rng.choice(count, size, replace=False)) if size < count else np.arange(count)
    pull = np.ones(len(sample)) if weights is None else np.asarray(weights, dtype=float)[sample]
    if not pull.any():
        pull = np.ones(len(sample))
    centers = _lloyd(points[sample], _seeds(points[sample], clusters, pull, rng), pull)
    return Clusters(centers, *assign(points, centers))


def assign(points: Floats, centers: Floats) -> tuple[Rows, Floats]:
    """Return the nearest center of each row and its squared distance, in one pass.  (N, D), (K, D) → (N,), (N,)."""
    assignment = np.empty(len(points), dtype=np.int64)
    squared = np.empty(len(points), dtype=np.float32)
    half = np.einsum("kd,kd->k", centers, centers) / 2
    for start in range(0, len(points), CHUNK_ROWS // 4):
        rows = points[start : start + CHUNK_ROWS // 4]
        closeness = rows @ centers.T
        closeness -= half
        best = closeness.argmax(axis=1)
        assignment[start : start + len(rows)] = best
        squared[start : start + len(rows)] = np.einsum("nd,nd->n", rows, rows) - 2 * closeness[np.arange(len(rows)), best]
    return assignment, np.maximum(squared, 0)


def _seeds(points: Floats, clusters: int, pull: Floats, rng: np.random.Generator) -> Floats:
    """Draw centers with probability pull x squared distance, several a pass."""
    chosen = [int(rng.choice(len(points), p=pull / pull.sum()))]
    lengths = np.einsum("nd,nd->n", points, points)
    squared = _squared_to(points, lengths, chosen)
    while len(chosen) < clusters:
        odds = squared * pull
        if not odds.sum() > 0:
            odds = np.ones(len(points))
            odds[chosen] = 0
        draws = min(DRAWS_A_PASS, clusters - len(chosen), int((odds > 0).sum()))
        new = rng.choice(len(points), draws, replace=False, p=odds / odds.sum()).tolist()
        chosen += new
        np.minimum(squared, _squared_to(points, lengths, new), out=squared)
        squared[chosen] = 0
    return points[chosen].copy()


def _squared_to(points: Floats, lengths: Floats, rows: list[int]) -> Floats:
    """Return the squared distance of each point to the nearest of some rows."""
    squared: Floats = (lengths[:, None] + lengths[rows] - 2 * (points @ points[rows].T)).min(axis=1)
    return np.maximum(squared, 0).astype(float)


def _lloyd(points: Floats, centers: Floats, pull: Floats) -> Floats:
    """Move the centers to the weighted means of their rows until nothing changes; an empty cluster keeps its center."""
    previous = None
    for _ in range(ITERATIONS):
        assignment, _squared = assign(points, centers)
        if previous is not None and np.array_equal(assignment, previous):
            break
        previous = assignment
        centers = _means(points, assignment, centers, pull)
    return centers


def _means(points: Floats, assignment: Rows, centers: Floats, pull: Floats) -> Floats:
    """Return the weighted mean of each cluster's rows: sorted by cluster, so that each is the sum of rows that follow each other."""
    order = np.argsort(assignment, kind="stable")
    weight = np.bincount(assignment, weights=pull, minlength=len(centers))
    present, starts = np.unique(assignment[order], return_index=True)
    pulled = points[order]
    pulled *= pull[order, None].astype(np.float32)
    sums = np.array([rows.sum(axis=0) for rows in np.split(pulled, starts[1:])])  # reduceat takes four times as long
    moved = centers.copy()
    full = weight[present] > 0
    moved[present[full]] = sums[full] / weight[present[full], None]
    return moved
