"""BADGE: Ash, Zhang, Krishnamurthy, Langford and Agarwal, "Deep batch active learning by diverse, uncertain gradient lower bounds", 2020.

The gradient of the last layer is the outer product of what the answer lacks (N, K) and the features (N, D): inner products
of gradients are products of two small ones, so that no (N, K x D) is ever made. Seeding after k-means++, several draws a pass.
"""

from __future__ import annotations

import numpy as np

from active_learning.acquisition.values import Floats, Rows

DRAWS_A_PASS = 16
CANDIDATES_A_DRAW = 4
ROWS_AT_ONCE = 16_384


def residuals(probabilities: Floats, *, multi_label: bool = False) -> Floats:
    """Return what an answer would lack if its own best guess were right.  (N, K) → (N, K) float32."""
    lacking = np.array(probabilities, dtype=np.float32)
    if multi_label:
        lacking -= lacking >= 0.5
    elif lacking.shape[1]:
        lacking[np.arange(len(lacking)), lacking.argmax(axis=1)] -= 1
    return lacking


def lengths(points: Floats, lacking: Floats) -> Floats:
    """Return the squared length of each gradient, (N,) float32."""
    squared: Floats = np.einsum("nd,nd->n", points, points) * np.einsum("nk,nk->n", lacking, lacking)
    return squared


def badge(points: Floats, lacking: Floats, picks: int, *, rng: np.random.Generator) -> Rows:
    """Pick rows whose gradients are long and differ: the longest first, then with chance as their squared distance.

    points: (N, D), lacking: (N, K), float32 → (P,) rows in their order.
    """
    if not picks:
        return np.zeros(0, dtype=np.int64)
    squared = lengths(points, lacking)
    chosen = [int(np.argmax(squared))]
    distance = np.full(len(points), np.inf, dtype=np.float32)
    _approach(distance, points, lacking, squared, chosen)
    while len(chosen) < picks:
        distance[chosen] = 0
        new = _drawn(distance, points, lacking, squared, min(DRAWS_A_PASS, picks - len(chosen)), rng)
        if not new:  # whatever is left has the gradient of something chosen
            left = np.setdiff1d(np.arange(len(points)), chosen)
            return np.concatenate([chosen, rng.choice(left, picks - len(chosen), replace=False)]).astype(np.int64)
        chosen += new
        _approach(distance, points, lacking, squared, new)
    return np.array(chosen, dtype=np.int64)


def _drawn(distance: Floats, points: Floats, lacking: Floats, squared: Floats, draws: int, rng: np.random.Generator) -> list[int]:
    """Draw candidates by squared distance, and among them one after the other, each knowing those before it."""
    odds = distance.astype(float)
    most = min(CANDIDATES_A_DRAW * draws, int((odds > 0).sum()))
    if not most:
        return []
    rows = rng.choice(len(points), most, replace=False, p=odds / odds.sum())
    among = _between(points, lacking, squared, rows, rows)
    near, taken = np.ones(most), list[int]()
    while len(taken) < min(draws, most):
        # The candidates were drawn by distance already: now only what those taken meanwhile have left of it counts.
        if not near.sum() > 0:
            break
        pick = int(rng.choice(most, p=near / near.sum()))
        taken.append(pick)
        near = np.minimum(near, among[pick] / np.maximum(distance[rows], 1e-12))
        near[taken] = 0
    return [int(row) for row in rows[taken]]


def _approach(distance: Floats, points: Floats, lacking: Floats, squared: Floats, rows: list[int]) -> None:
    """Lower the squared distances (N,) in place to those from newly chosen rows: one pass over the matrix."""
    chosen = np.array(rows)
    for start in range(0, len(points), ROWS_AT_ONCE):
        here = np.arange(start, min(start + ROWS_AT_ONCE, len(points)))
        np.minimum(
            distance[here[0] : here[-1] + 1],
            _between(points, lacking, squared, here, chosen).min(axis=1),
            out=distance[here[0] : here[-1] + 1],
        )


def _between(points: Floats, lacking: Floats, squared: Floats, rows: Rows, others: Rows) -> Floats:
    """Return squared distances between the gradients of rows and others, (R, O)."""
    contiguous = len(rows) > 1 and rows[-1] - rows[0] + 1 == len(rows) and len(rows) > len(others)
    x, a = (points[rows[0] : rows[-1] + 1], lacking[rows[0] : rows[-1] + 1]) if contiguous else (points[rows], lacking[rows])
    inner = (x @ points[others].T) * (a @ lacking[others].T)
    return np.maximum(squared[rows][:, None] + squared[others] - 2 * inner, 0)
