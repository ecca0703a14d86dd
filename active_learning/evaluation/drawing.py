"""Figures of rankings in each of the bootstrap's draws, for all draws at once.

A draw is how often each image counts. What is matched to what does not change with it, so that nothing is matched again: average
precision and AUC are sums over the true answers, and between two of them only the number of what lies there matters.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from active_learning.evaluation.calibration import BINS, bin_of, reliability_of
from active_learning.evaluation.figures import ratio
from active_learning.evaluation.resampling import DRAWS, Interval, interval_of
from active_learning.evaluation.telling import Figure
from active_learning.evaluation.values import Bits, Floats, Ints

LEAST_DRAWS: Final = 50
MOST_WORK: Final = 25_000_000
"""So many answers in all draws together, which bounds the time: the more there are to rank, the fewer draws."""
COCO_RECALLS: Final = np.linspace(0.0, 1.0, 101)
Weights = npt.NDArray[np.float32]


def draws_for(answers: int) -> int:
    """Return how many draws of so many answers are worth their time."""
    return int(np.clip(MOST_WORK // max(1, answers), LEAST_DRAWS, DRAWS))


def interval_among(drawn: Floats) -> Interval | None:
    """Return the interval over the draws in which there is a figure; None where that is in less than half of them."""
    known = drawn[np.isfinite(drawn)]
    return interval_of(known) if 2 * len(known) >= len(drawn) and len(known) else None


def mean_of_known(drawn: Floats) -> Floats:
    """Return the mean (draws,) of the labels (draws, K) that a draw has a figure of; nan where of none."""
    known = np.isfinite(drawn)
    counts = known.sum(axis=1)
    return np.where(counts > 0, np.where(known, drawn, 0).sum(axis=1) / np.maximum(counts, 1), np.nan)


def _cut(drawn: Weights, at: Ints) -> Floats:
    """Return the sums of rows (N, draws) from each place to the next, with 0 before the first."""
    return np.asarray(np.add.reduceat(drawn, at, axis=0), float)


def ranked(scores: Floats, true: Bits, weights: Weights) -> tuple[Floats, Floats]:
    """Return average precision and AUC (draws,) of scored answers (N,) that count ``weights`` (N, draws) times; nan where undefined."""
    none = np.full(weights.shape[1], np.nan)
    if not true.any():
        return none, none
    order = np.argsort(-scores)
    drawn, hits, sorted_scores = weights[order], true[order], scores[order]
    first = np.append(True, np.diff(sorted_scores) != 0)
    group, starts = np.cumsum(first) - 1, np.flatnonzero(first)
    held = np.unique(group[hits])
    begins, ends = starts[held], np.append(starts, len(order))[held + 1]
    cuts = np.unique(np.concatenate([[0], begins, ends[ends < len(order)]]))
    said = _cut(drawn, cuts)
    found = _cut(drawn[hits], np.searchsorted(group[hits], held))
    here = np.searchsorted(cuts, begins)
    reached, right = np.cumsum(said, axis=0)[here], np.cumsum(found, axis=0)
    positives, total = right[-1], said.sum(axis=0)
    wrong_below, wrong_here = (total - positives) - (reached - right), said[here] - found
    pairs = positives * (total - positives)
    area = ratio((found * (wrong_below + wrong_here / 2)).sum(axis=0), pairs)
    average = ratio((found * ratio(right, reached)).sum(axis=0), positives)
    return np.where(positives > 0, average, np.nan), np.where(pairs > 0, area, np.nan)


def interpolated(scores: Floats, hits: Bits, images: Ints, positives: Floats, weights: Weights) -> Floats:
    """Return COCO's average precision (L, draws) of scored objects (D,) that hit, or not, at each of L overlaps (L, D).

    images: (D,), whose weights (N, draws) count. positives: (draws,), the true objects; nan in a draw that has none.
    """
    out = np.zeros((len(hits), weights.shape[1]))
    order = np.argsort(-scores, kind="mergesort")
    hits = hits[:, order]
    anywhere = np.flatnonzero(hits.any(axis=0))
    if len(anywhere):
        drawn = weights[images[order]]
        # What lies between two hits only adds to what was said; the sums are taken up to and with each hit.
        said = np.cumsum(_cut(drawn[: anywhere[-1] + 1], np.append(0, anywhere[:-1] + 1)), axis=0)
        for level in range(len(hits)):
            found = np.cumsum(drawn[anywhere] * hits[level, anywhere][:, None], axis=0, dtype=float)
            precision = np.maximum.accumulate(ratio(found, said)[::-1], axis=0)[::-1]
            recall = ratio(found, np.broadcast_to(positives, found.shape))
            steps = np.diff(np.searchsorted(COCO_RECALLS, recall, side="right"), axis=0, prepend=0)
            out[level] = (precision * steps).sum(axis=0) / len(COCO_RECALLS)
    return np.where(positives > 0, out, np.nan)


def calibration_figure(confidence: Floats, right: Bits, images: Ints, weights: Weights) -> Figure:
    """Return the calibration error of answers (A,) with an interval: bins are drawn with their images (A,), by weights (draws, N)."""
    error, bins = reliability_of(confidence, right).error, bin_of(confidence)
    gaps, counts = np.zeros((weights.shape[1], BINS)), np.bincount(images, minlength=weights.shape[1])
    np.add.at(gaps, (images, bins), confidence - right)
    drawn = ratio(np.abs(weights @ gaps.astype(np.float32)).sum(axis=1), weights @ counts.astype(np.float32))
    # Chance alone makes bins differ, so that draws err more than the images they are drawn from, by as much on average.
    spread = interval_of(np.maximum(drawn - (float(drawn.mean()) - error), 0.0))
    return Figure("calibration_error", error, spread.low, spread.high)


def matthews(right: Floats, said: Floats, true: Floats, answers: Floats | int) -> Floats:
    """Return the correlation (draws,) of so many answers with one label each: ``right`` (draws,), ``said`` and ``true`` (draws, K + 1)."""
    spread = (answers**2 - (said**2).sum(axis=1)) * (answers**2 - (true**2).sum(axis=1))
    return ratio(right * answers - (true * said).sum(axis=1), np.sqrt(np.maximum(spread, 0)))
