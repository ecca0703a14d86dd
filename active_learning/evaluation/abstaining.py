"""Leaving unsure answers to people: spans of confidence, what is decided outside them, and the curve of risk over coverage.

Selective classification: El-Yaniv and Wiener, "On the foundations of noise-free selective classification", JMLR 2010; the curve and
its area: Geifman and El-Yaniv, "Selective classification for deep neural networks", 2017, and "Bias-reduced uncertainty estimation", 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from active_learning.evaluation.areas import AreaMeasures
from active_learning.evaluation.curves import curve_of
from active_learning.evaluation.figures import ratio
from active_learning.evaluation.labels import LabelMeasures
from active_learning.evaluation.objects import NONE, ObjectMeasures
from active_learning.evaluation.resampling import wilson
from active_learning.evaluation.rows import ends_of
from active_learning.evaluation.values import NEVER, Bits, Floats, Ints, LabelEvidence

Measures = LabelMeasures | ObjectMeasures | AreaMeasures
MOST_POINTS: Final = 160
NEAR: Final = 1e-12


@dataclass(frozen=True, eq=False)
class Span:
    """A lower and an upper threshold a label, (K,) each, low <= high: what lies from ``low`` up to ``high`` is unsure."""

    low: Floats
    high: Floats

    def __post_init__(self) -> None:
        if self.low.shape != self.high.shape or not bool((self.low <= self.high).all()):
            raise ValueError("low is at most high, of each label")


@dataclass(frozen=True, eq=False)
class Answered:
    """What a model could say, (A,) each: in which image, of which column, how sure it is, and whether that is true.

    Of labels that exclude each other only the likeliest could be said, of objects the surest of each image and label.
    """

    image: Ints
    column: Ints
    score: Floats
    true: Bits

    def unsure(self, span: Span) -> Bits:
        """Return which answers (A,) lie in the span of their label."""
        return np.asarray((self.score >= span.low[self.column]) & (self.score < span.high[self.column]))


def answered(measures: Measures) -> Answered | None:
    """Return the answers of a slice that carry a confidence; None of areas, where none does."""
    if isinstance(measures, AreaMeasures):
        return None
    if isinstance(measures, ObjectMeasures):
        found, kept = measures.evidence, measures.counts
        return Answered(found.found_image[kept], found.found_label[kept], found.found_score[kept], measures.hit[0, kept] != NONE)
    scores, truth = measures.evidence.scores, measures.evidence.truth
    image, column = np.nonzero(scores > NEVER)
    return Answered(image, column, scores[image, column], truth[image, column])


@dataclass(frozen=True)
class LabelShare:
    """One label outside and inside its span. ``denied``: decided answers below the threshold; ``missed``: those of them that are true."""

    label_id: int
    answers: int
    unsure: int
    said: int
    hits: int
    denied: int
    missed: int


@dataclass(frozen=True)
class Decided:
    """What is left when images with an unsure answer go to people. ``accuracy``: of the decided, None where nothing is.

    ``errors``: images that are wrong all the same; ``caught``: wrong ones that people see.
    """

    images: int
    decided: int
    accuracy: float | None
    accuracy_low: float | None
    accuracy_high: float | None
    errors: int
    caught: int
    labels: tuple[LabelShare, ...]


class Selective:
    """A model on a slice that may leave answers to people: what is unsure, what is decided, and how sure each image is."""

    def __init__(self, measures: Measures) -> None:
        self.measures = measures
        self.answers = answered(measures)

    def unsure_images(self, span: Span, column: int | None = None) -> Bits:
        """Return which images (N,) have an unsure answer, of one label or of any."""
        answers, found = self.answers, np.zeros(len(self.measures.evidence), bool)
        if answers is not None:
            unsure = answers.unsure(span) & (True if column is None else answers.column == column)
            found[answers.image[unsure]] = True
        return found

    def decide(self, thresholds: Floats, span: Span) -> Decided:
        """Return what is decided outside a span, by the thresholds (K,), and how right that is."""
        unsure = self.unsure_images(span)
        right = self.measures.right(thresholds)[1]
        decided, hits = int((~unsure).sum()), int((right & ~unsure).sum())
        spread = wilson(hits, decided) if decided else None
        return Decided(
            len(unsure), decided, hits / decided if decided else None, *ends_of(spread),
            decided - hits, int((unsure & ~right).sum()), self._shares(thresholds, span),
        )  # fmt: skip

    def _shares(self, thresholds: Floats, span: Span) -> tuple[LabelShare, ...]:
        answers = self.answers
        if answers is None:
            return ()
        labels = self.measures.evidence.label_ids
        unsure, sure = answers.unsure(span), answers.score >= thresholds[answers.column]
        said, denied = ~unsure & sure, ~unsure & ~sure
        parts = (np.ones(len(unsure), bool), unsure, said, said & answers.true, denied, denied & answers.true)
        table = [np.bincount(answers.column[part], minlength=len(labels)).tolist() for part in parts]
        return tuple(LabelShare(label, *(int(row[k]) for row in table)) for k, label in enumerate(labels))

    def assurance(self, thresholds: Floats) -> Floats | None:
        """Return how far the least sure answer of each image lies from its threshold, (N,): 0 at it, 1 at the end of the scale.

        Where something that no label stands for is likeliest, its probability. An image in which nothing is found has no unsure
        answer. None of areas.
        """
        answers, evidence = self.answers, self.measures.evidence
        if answers is None:
            return None
        at = np.clip(thresholds[answers.column], 0.0, 1.0)
        room = np.where(answers.score >= at, 1 - at, at)
        far = np.where(room > 0, ratio(np.abs(answers.score - at), room), 1.0)
        least = np.ones(len(evidence))
        if isinstance(evidence, LabelEvidence) and not evidence.multi_label:
            least = np.clip(1 - evidence.probabilities.sum(axis=1), 0.0, 1.0)
            least[answers.image] = 1.0
        order = np.argsort(answers.image, kind="stable")  # already so of labels, and then nearly free
        image, starts = answers.image[order], np.flatnonzero(np.diff(answers.image[order], prepend=-1))
        if len(image):
            least[image[starts]] = np.minimum(least[image[starts]], np.minimum.reduceat(far[order], starts))
        return least

    def choose_span(self, thresholds: Floats, target: float) -> Span:
        """Return the narrowest spans about the thresholds (K,) outside of which at least ``target`` of a label's answers are right.

        Above: the lowest end with that precision; where none reaches it, nothing is sure. Below: the highest end under which at most
        the rest is true. One label an image: there is nothing below, for an image without a label is no answer.
        """
        labels = len(self.measures.evidence.label_ids)
        ends = [self._ends(k, float(thresholds[k]), target) for k in range(labels)]
        table = np.array(ends, float).reshape(-1, 2)
        return Span(table[:, 0], table[:, 1])

    def _ends(self, column: int, threshold: float, target: float) -> tuple[float, float]:
        answers = self.answers
        if answers is None:
            return threshold, threshold
        those = answers.column == column
        score, true = answers.score[those], answers.true[those]
        curve = curve_of(score, true, int(true.sum()))
        sure = np.flatnonzero((curve.precision >= target - NEAR) & (curve.thresholds >= threshold))
        high = max(threshold, float(curve.thresholds[sure[-1]]) if len(sure) else 1.0)
        if (score[score >= threshold] >= high).all():
            high = threshold
        if not self.measures.evidence.multi_label:
            return (0.0, high) if ((score >= 0) & (score < high)).any() else (high, high)
        denied, missed = len(score) - curve.said, int(true.sum()) - curve.hits
        able = np.flatnonzero((ratio(missed, denied) <= 1 - target + NEAR) & (curve.thresholds <= threshold))
        low = float(curve.thresholds[able[0]]) if len(able) else 0.0
        below = score[score < threshold]
        if ratio(np.array(true[score < threshold].sum()), np.array(len(below))) <= 1 - target + NEAR:
            low = threshold
        return min(low, high), high


@dataclass(frozen=True, eq=False)
class RiskCurve:
    """What accuracy is left when the least sure images go to people; points (P,) from few images to all.

    ``area``: the mean risk over all coverages (AURC); ``best``: that of a model which is least sure exactly where it is wrong.
    """

    coverage: Floats
    accuracy: Floats
    assurance: Floats
    area: float
    best: float

    def covered(self, accuracy: float) -> float:
        """Return the largest share of images that can be decided with at least an accuracy, 0 where none can."""
        able = np.flatnonzero(self.accuracy >= accuracy - 1e-12)
        return float(self.coverage[able[-1]]) if len(able) else 0.0


def risk_curve(sure: Floats, right: Bits) -> RiskCurve | None:
    """Return the curve of images (N,) that are decided in the order of ``sure``; equally sure ones are one point. None without an image."""
    if not len(sure):
        return None
    order = np.argsort(-sure, kind="stable")
    falling, wrong = sure[order], np.cumsum(~right[order])
    ends = np.flatnonzero(np.append(np.diff(falling) != 0, True))
    counts = np.arange(1, len(sure) + 1)
    # Among equals the wrong ones stand anywhere: what is expected of them grows evenly.
    expected = np.interp(counts, np.append(0, ends + 1), np.append(0, wrong[ends]))
    area = float((expected / counts).mean())
    best = float((np.maximum(counts - int(right.sum()), 0) / counts).mean())
    places = ends[_thin(len(ends))]
    return RiskCurve((places + 1) / len(sure), 1 - wrong[places] / (places + 1), falling[places], area, best)


def _thin(points: int) -> Ints:
    return np.unique(np.linspace(0, points - 1, min(points, MOST_POINTS)).round().astype(np.int64))
