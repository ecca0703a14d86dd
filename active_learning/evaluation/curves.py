"""Curves over thresholds: precision and recall, areas below, and the threshold to choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from active_learning.evaluation.figures import ratio
from active_learning.evaluation.values import Bits, Floats

Aim = Literal["f1", "precision", "recall"]
AIMS: Final = ("f1", "precision", "recall")
MOST_POINTS: Final = 160


@dataclass(frozen=True, eq=False)
class Curve:
    """What comes of each threshold, falling: (P,) each. ``positives``: how much there is to find."""

    thresholds: Floats
    hits: Floats
    said: Floats
    positives: float

    @property
    def precision(self) -> Floats:
        """The share of what is said that is true."""
        return ratio(self.hits, self.said)

    @property
    def recall(self) -> Floats:
        """The share of what is true that is said; 0 where nothing is."""
        return self.hits / self.positives if self.positives else np.zeros_like(self.hits)

    @property
    def f1(self) -> Floats:
        """The harmonic mean of both."""
        return ratio(2 * self.hits, self.said + self.positives)

    def false_positives(self, answers: int) -> Floats:
        """The share of what is not true, among so many answers, that is said all the same; 0 where everything is true."""
        negatives = answers - self.positives
        return (self.said - self.hits) / negatives if negatives else np.zeros_like(self.hits)

    def thinned(self, ups: Floats, most: int = MOST_POINTS) -> Curve:
        """Return at most about so many of its points: both ends of every leap, the ends, the best F1, and the rest evenly.

        ``ups``: (P,) what is drawn over recall. Evenly means along the drawn line: where much is found at little confidence, most
        points lie at its end, and say little.
        """
        if len(self.thresholds) <= most:
            return self
        along = np.cumsum(np.abs(np.diff(self.recall, prepend=0.0)) + np.abs(np.diff(ups, prepend=ups[0])))
        ends = np.searchsorted(along, np.linspace(along[0], along[-1], most // 2 - 1))
        places = np.unique(np.concatenate([ends, np.maximum(ends - 1, 0), [0, len(along) - 1, int(self.f1.argmax())]]))
        return Curve(self.thresholds[places], self.hits[places], self.said[places], self.positives)


def curve_of(scores: Floats, hits: Bits, positives: float) -> Curve:
    """Return the curve of scored answers (A,), of which ``hits`` are right; a negative score is never said."""
    able = scores >= 0
    scores, hits = scores[able], hits[able]
    order = np.argsort(-scores)  # equals make one point, whatever their order
    scores, found = scores[order], np.cumsum(hits[order])
    last = np.flatnonzero(np.append(np.diff(scores) != 0, True)) if len(scores) else np.empty(0, int)
    return Curve(scores[last], found[last].astype(np.float64), (last + 1).astype(np.float64), float(positives))


def average_precision(curve: Curve) -> float | None:
    """Return the mean precision over the steps of recall, without interpolation; None where nothing is true."""
    if not curve.positives:
        return None
    return float((np.diff(np.concatenate([[0.0], curve.recall])) * curve.precision).sum())


def roc_auc(curve: Curve, images: int) -> float | None:
    """Return how likely a true one of so many images is ranked above a false one, ties half; None unless there are both."""
    positives, negatives = curve.positives, images - curve.positives
    if not positives or not negatives:
        return None
    right = np.concatenate([[0.0], curve.recall])
    wrong = np.concatenate([[0.0], curve.false_positives(images)])
    return float(np.trapezoid(right, wrong))


@dataclass(frozen=True, eq=False)
class Roc:
    """Points of an ROC curve, thresholds falling, (P,) each: recall over the share of what is not true that is said all the same."""

    negatives: int
    area: float
    thresholds: Floats
    false_positives: Floats
    recall: Floats


def roc_of(curve: Curve, answers: int) -> Roc | None:
    """Return the ROC curve of so many answers, thinned; None unless some are true and some are not."""
    area = roc_auc(curve, answers)
    if area is None:
        return None
    thin = curve.thinned(curve.false_positives(answers))
    return Roc(int(answers - curve.positives), area, thin.thresholds, thin.false_positives(answers), thin.recall)


def choose_threshold(curve: Curve, aim: Aim, target: float = 0.0) -> float | None:
    """Return the threshold that reaches an aim; None where none does.

    f1: the highest F1, and of equals the highest threshold. precision: the lowest threshold with at least ``target``, which finds most.
    recall: the highest threshold with at least ``target``, which is most precise.
    """
    if not len(curve.thresholds) or not curve.positives:
        return None
    if aim == "f1":
        return float(curve.thresholds[int(curve.f1.argmax())])
    able = np.flatnonzero((curve.precision if aim == "precision" else curve.recall) >= target - 1e-12)
    if not len(able):
        return None
    return float(curve.thresholds[able[-1] if aim == "precision" else able[0]])
