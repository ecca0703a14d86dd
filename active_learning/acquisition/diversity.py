"""Coverage: choose images that stand for the others.

Sener and Savarese, "Active learning for convolutional neural networks: a core-set approach", 2018 (k-center greedy);
Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985 (its bound of twice the optimum).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from active_learning.acquisition.values import AcquisitionError, Floats, Rows

BLOCK = 128
CANDIDATES = 2048
MANY_ROWS = 500_000  # from so many on a pass takes so long that fewer of them pay for twice as many candidates
CHUNK_ROWS = 16_384
SAMPLE = 8192
SPARE = 16
NEARLY_FARTHEST = 0.9
TWIN_COSINE = 0.98
TWINS_AT_ONCE = 256


def unit_rows(points: Floats) -> Floats:
    """Return the rows at length 1, so that products are cosines; a row of zeros stays.  (N, D) → (N, D) float32."""
    points = np.asarray(points, dtype=np.float32)
    lengths = np.sqrt(np.einsum("nd,nd->n", points, points))
    return points / np.where(lengths > 0, lengths, 1)[:, None]


def reduced(points: Floats, *, others: Floats | None, dimensions: int, rng: np.random.Generator) -> tuple[Floats, Floats | None]:
    """Project onto the leading principal components and back to unit length, which makes coverage several times cheaper.

    The components come from at most 8192 of ``points``; ``others`` (the labeled) are projected by the same.
    """
    if points.shape[1] <= dimensions or len(points) < 2:
        return points, others
    sample = points[np.sort(rng.choice(len(points), SAMPLE, replace=False))] if len(points) > SAMPLE else points
    mean = sample.mean(axis=0)
    components = _leading_components(sample - mean, dimensions, rng)
    shift = mean @ components
    projected = unit_rows(points @ components - shift)
    return projected, None if others is None else unit_rows(others @ components - shift)


def _leading_components(centred: Floats, dimensions: int, rng: np.random.Generator) -> Floats:
    """Return an orthonormal basis (D, K) of nearly the most variance.

    By two power iterations from a random start: Halko, Martinsson and Tropp, "Finding structure with randomness", 2011, 4.4.
    """
    width = min(dimensions + SPARE, *centred.shape)
    basis = rng.standard_normal((centred.shape[1], width), dtype=np.float32)
    for _ in range(2):
        basis = np.linalg.qr(centred.T @ (centred @ basis))[0]
    inside = centred @ basis
    leading: Floats = basis @ np.linalg.eigh(inside.T @ inside)[1][:, : -dimensions - 1 : -1]
    return leading


def nearest_cosine(points: Floats, others: Floats | None) -> Floats:
    """Return each point's cosine with the nearest of the others, -1 where there is none.  (N, D), (L, D) → (N,) float32."""
    nearest = np.full(len(points), -1, dtype=np.float32)
    if others is not None and len(others):
        cover(nearest, points, others)
    return nearest


def cover(nearest: Floats, points: Floats, picked: Floats) -> None:
    """Raise ``nearest`` (N,) in place by the cosines with newly picked points (T, D): one pass over the matrix."""
    for start in range(0, len(points), CHUNK_ROWS):
        here = slice(start, start + CHUNK_ROWS)
        for block in range(0, len(picked), 512):
            np.maximum(nearest[here], (points[here] @ picked[block : block + 512].T).max(axis=1), out=nearest[here])


@dataclass(frozen=True, eq=False)
class Cover:
    """Picks of a greedy cover: rows in their order, the distance of each when it was picked, and of all rows at the end."""

    picks: Rows
    pick_distances: Floats
    distances: Floats


def distance(cosine: Floats) -> Floats:
    """Return the Euclidean distance of unit vectors from their cosine, 0 to 2."""
    length: Floats = np.sqrt(np.maximum(2 - 2 * cosine.astype(float), 0))
    return length


def block_k_center(
    points: Floats, picks: int, *, labeled: Floats | None = None, block: int | None = None, candidates: int | None = None
) -> Cover:
    """Pick rows so that every row is near a picked or labeled one, ``block`` picks per pass over the matrix.

    The exact greedy reads the whole matrix once a pick. Here it runs among the ``candidates`` farthest rows, which fit in
    the cache, and one matrix product then updates everybody: the same radius in a tenth of the time. A block ends early
    when a row outside might be farther: every pick is at least 0.9 times as far as the farthest row, so that the radius is
    at most 2 / 0.9 times the smallest possible, where the exact greedy's is 2.
    points: (N, D) unit rows; labeled: (L, D) unit rows.
    """
    count = len(points)
    if picks > count:
        raise AcquisitionError(f"{picks} of {count} images cannot be picked.")
    wide = 2 if count > MANY_ROWS else 1
    block, candidates = block or wide * BLOCK, candidates or wide * CANDIDATES
    nearest = nearest_cosine(points, labeled)
    taken: list[int] = []
    seen: list[float] = []
    if picks and not (labeled is not None and len(labeled)):
        taken.append(_middle(points))
        seen.append(-1.0)
        cover(nearest, points, points[taken])
    while len(taken) < picks:
        nearest[taken] = np.inf
        rows, cosines = _greedy_block(points, nearest, min(block, picks - len(taken)), candidates)
        taken += rows
        seen += cosines
        cover(nearest, points, points[rows])
    nearest[taken] = 1
    return Cover(np.array(taken, dtype=np.int64), distance(np.array(seen, dtype=np.float32)), distance(nearest))


def _middle(points: Floats) -> int:
    """Return the row nearest to the mean: where to begin when nothing is labeled."""
    return int(np.argmax(points @ points.mean(axis=0)))


def _greedy_block(points: Floats, nearest: Floats, picks: int, candidates: int) -> tuple[list[int], list[float]]:
    """Run the exact greedy among the rows farthest from all that is picked, until another row might be much farther."""
    free = len(nearest) - int(np.isinf(nearest).sum())
    among = min(max(candidates, picks), free)
    rows = np.argpartition(nearest, among - 1)
    outside = float(nearest[rows[among:]].min(initial=np.inf))
    rows = np.sort(rows[:among])
    enough = NEARLY_FARTHEST * np.sqrt(max(2 - 2 * outside, 0)) if among < free else 0.0
    local, cosines = points[rows], nearest[rows].copy()
    chosen: list[int] = []
    seen: list[float] = []
    for _ in range(picks):
        best = int(np.argmin(cosines))
        if chosen and np.sqrt(max(2 - 2 * cosines[best], 0)) < enough:
            break
        chosen.append(int(rows[best]))
        seen.append(float(cosines[best]))
        # No BLAS: its threads wait for each other at every pick, which on busy cores takes longer than the products (5.8 s against 1.0).
        np.maximum(cosines, np.einsum("nd,d->n", local, local[best]), out=cosines)
        cosines[best] = np.inf
    return chosen, seen


def postponed_twins(points: Floats, order: Rows, picks: int, *, labeled: Floats | None = None, cosine: float = TWIN_COSINE) -> Rows:
    """Return the rows to put off: near duplicates of a labeled image or of one earlier among the picks, until ``picks`` remain.

    Walks the order; what has a cosine above ``cosine`` with something taken is put off.
    points: (N, D) unit rows; order: (N,) → (P,) rows in their order.
    """
    put_off: list[int] = []
    taken: list[int] = []
    for start in range(0, len(order), TWINS_AT_ONCE):
        if len(taken) == picks:
            break
        rows = order[start : start + TWINS_AT_ONCE]
        known = np.maximum(nearest_cosine(points[rows], labeled), nearest_cosine(points[rows], points[taken])) > cosine
        among = np.triu(points[rows] @ points[rows].T > cosine, 1)
        for index, row in enumerate(rows.tolist()):
            if len(taken) == picks:
                break
            if known[index]:
                put_off.append(row)
                continue
            taken.append(row)
            known |= among[index]
    return np.array(put_off, dtype=np.int64)
