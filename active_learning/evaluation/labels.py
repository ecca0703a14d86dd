"""Statistics of answers about whole images."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from active_learning.evaluation.calibration import bin_of, judged, losses, reliability, unsureness
from active_learning.evaluation.curves import Curve, average_precision, curve_of, roc_auc
from active_learning.evaluation.drawing import draws_for, interval_among, mean_of_known, ranked
from active_learning.evaluation.drawing import matthews as matthews_of_draws
from active_learning.evaluation.figures import Counts, averages, confusion, count, in_cell, matthews, matthews_of_labels
from active_learning.evaluation.resampling import Interval, draw_weights, interval_of, resampled
from active_learning.evaluation.telling import Figure
from active_learning.evaluation.values import Bits, Floats, LabelEvidence

TOP: Final = 5


@dataclass(frozen=True, eq=False)
class LabelRow:
    """One label at its threshold; figures are None where there is nothing to compute them from."""

    label_id: int
    hits: int
    said: int
    true: int
    precision: float | None
    recall: float | None
    f1: float | None
    f1_low: float | None
    f1_high: float | None
    average_precision: float | None
    auc: float | None
    mcc: float | None
    iou: float | None = None
    average_precision_low: float | None = None
    average_precision_high: float | None = None
    auc_low: float | None = None
    auc_high: float | None = None
    iou_low: float | None = None
    iou_high: float | None = None


@dataclass(frozen=True)
class Told:
    """One image by columns of labels: what is true, what is said, and how sure the model is of the likeliest."""

    true: tuple[int, ...]
    said: tuple[int, ...]
    confidences: tuple[tuple[int, float], ...]


class LabelMeasures:
    """All that is asked of one slice; what no threshold changes is computed once."""

    def __init__(self, evidence: LabelEvidence, seed: int = 0) -> None:
        self.evidence = evidence
        self._seed = seed

    @cached_property
    def weights(self) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        """The bootstrap's draws, the same for every figure."""
        return draw_weights(len(self.evidence), np.random.default_rng(self._seed))

    @cached_property
    def curves(self) -> tuple[Curve, ...]:
        """One a label, along which its threshold moves."""
        evidence = self.evidence
        places = range(len(evidence.label_ids))
        return tuple(curve_of(evidence.scores[:, k], evidence.truth[:, k], int(evidence.truth[:, k].sum())) for k in places)

    @cached_property
    def pooled(self) -> Curve:
        """All labels at one threshold."""
        return curve_of(self.evidence.scores.ravel(), self.evidence.truth.ravel(), int(self.evidence.truth.sum()))

    @cached_property
    def ranked(self) -> tuple[tuple[float | None, float | None], ...]:
        """Average precision and AUC of each label against the rest, from its probabilities as they are."""
        evidence = self.evidence
        found = []
        for k in range(len(evidence.label_ids)):
            true = evidence.truth[:, k]
            curve = curve_of(evidence.probabilities[:, k], true, int(true.sum()))
            found.append((average_precision(curve), roc_auc(curve, len(true))))
        return tuple(found)

    @cached_property
    def ranked_draws(self) -> tuple[Floats, Floats]:
        """Average precision and AUC (draws, K) in each draw."""
        evidence = self.evidence
        weights = np.ascontiguousarray(self.weights[: draws_for(evidence.truth.size)].T)
        found = [ranked(evidence.probabilities[:, k], evidence.truth[:, k], weights) for k in range(len(evidence.label_ids))]
        precisions, areas = (np.array([each[n] for each in found]).reshape(len(found), -1).T for n in (0, 1))
        return precisions, areas

    @cached_property
    def losses(self) -> Floats:
        """Cross-entropy of each image."""
        return losses(self.evidence)

    def confusion(self, thresholds: Floats) -> npt.NDArray[np.int64]:
        """Return (K + 1, K + 1) counts of images: see ``figures.confusion``."""
        return confusion(self.evidence.said(thresholds), self.evidence.truth, multi_label=self.evidence.multi_label)

    def in_cell(self, thresholds: Floats, row: int, column: int) -> Bits:
        """Return which images (N,) a cell counts."""
        said = self.evidence.said(thresholds)
        return in_cell(said, self.evidence.truth, row, column, multi_label=self.evidence.multi_label)

    def right(self, thresholds: Floats, column: int | None = None) -> tuple[Bits, Bits]:
        """Return which images (N,) a label concerns, or all, and which of them are right about it, or altogether."""
        evidence, said = self.evidence, self.evidence.said(thresholds)
        if column is None:
            return np.ones(len(evidence), bool), right_of(evidence, said)
        return said[:, column] | evidence.truth[:, column], np.asarray(said[:, column] == evidence.truth[:, column])

    def sureness(self, column: int | None = None) -> Floats:
        """Return the confidence (N,) in a label, or in the likeliest."""
        p = self.evidence.probabilities
        return np.asarray(p.max(axis=1, initial=0.0)) if column is None else p[:, column]

    @cached_property
    def unsureness(self) -> Floats:
        """How unsure the model is of each image."""
        return unsureness(self.evidence)

    def told(self, row: int, thresholds: Floats) -> Told:
        """Return what is true of one image, what is said of it, and how sure the model is of the likeliest labels."""
        evidence = self.evidence
        said, p = evidence.at(np.array([row])).said(thresholds)[0], evidence.probabilities[row]
        likeliest = np.argsort(-p, kind="stable")[:TOP].tolist()
        return Told(
            tuple(np.flatnonzero(evidence.truth[row]).tolist()), tuple(np.flatnonzero(said).tolist()),
            tuple((k, float(p[k])) for k in likeliest),
        )  # fmt: skip

    def counted(self, thresholds: Floats) -> tuple[Counts, Counts]:
        """Return the counts (K,), and those of each of the bootstrap's draws (draws, K)."""
        said = self.evidence.said(thresholds)
        return count(said, self.evidence.truth), resampled(said, self.evidence.truth, self.weights)

    def rows(self, thresholds: Floats) -> list[LabelRow]:
        """Return the labels at thresholds (K,)."""
        counts, resamples = self.counted(thresholds)
        drawn = resamples.f1
        correlation = matthews_of_labels(counts, len(self.evidence))
        return [self._row(k, counts, drawn[:, k], float(correlation[k])) for k in range(len(self.evidence.label_ids))]

    def _row(self, k: int, counts: Counts, drawn: Floats, correlation: float) -> LabelRow:
        hits, said, true = (int(each[k]) for each in (counts.hits, counts.said, counts.true))
        spread = interval_of(drawn) if said + true else None
        average, auc = self.ranked[k]
        ranges = [interval_among(drawn[:, k]) for drawn in self.ranked_draws]
        return LabelRow(
            self.evidence.label_ids[k], hits, said, true,
            hits / said if said else None, hits / true if true else None, 2 * hits / (said + true) if said + true else None,
            spread.low if spread else None, spread.high if spread else None, average, auc,
            correlation if 0 < true < len(self.evidence) else None, None, *ends_of(ranges[0]), *ends_of(ranges[1]),
        )  # fmt: skip

    def figures(self, thresholds: Floats) -> list[Figure]:
        """Return the figures of all labels together; without an image there are none."""
        evidence = self.evidence
        if not len(evidence) or not evidence.label_ids:
            return []
        said = evidence.said(thresholds)
        found = [self._mean("accuracy", right_of(evidence, said).astype(float))]
        if evidence.multi_label:
            found.append(self._mean("label_accuracy", (said == evidence.truth).mean(axis=1)))
        drawn = averages(resampled(said, evidence.truth, self.weights))
        for name, value in averages(count(said, evidence.truth)).items():
            found.append(_with_interval(name, float(value), drawn[name]))
        found.append(Figure("mcc", self._correlation(said), *ends_of(interval_among(self._correlations(said)))))
        found.append(self._mean("cross_entropy", self.losses))
        found.append(self._calibration())
        for n, name in enumerate(("average_precision", "auc")):
            spread = interval_among(mean_of_known(self.ranked_draws[n]))
            found.append(Figure(name, _mean([each[n] for each in self.ranked]), *ends_of(spread)))
        return found

    def _mean(self, name: str, values: Floats) -> Figure:
        drawn = self.weights @ values.astype(np.float32) / len(values)
        return _with_interval(name, float(values.mean()), drawn.astype(float))

    def _correlation(self, said: Bits) -> float | None:
        evidence = self.evidence
        if not evidence.multi_label:
            return matthews(confusion(said, evidence.truth, multi_label=False))
        counts = count(said, evidence.truth)
        values = matthews_of_labels(counts, len(evidence))
        return _mean([float(values[k]) if 0 < counts.true[k] < len(evidence) else None for k in range(len(values))])

    def _correlations(self, said: Bits) -> Floats:
        """Return the correlation in each draw (draws,)."""
        evidence, images = self.evidence, len(self.evidence)
        drawn = resampled(said, evidence.truth, self.weights)
        if evidence.multi_label:
            values = matthews_of_labels(drawn, images)
            return mean_of_known(np.where((drawn.true > 0) & (drawn.true < images), values, np.nan))
        right = (self.weights @ right_of(evidence, said).astype(np.float32)).astype(float)
        return matthews_of_draws(right, _with_rest(drawn.said, images), _with_rest(drawn.true, images), images)

    def _calibration(self) -> Figure:
        """Return the calibration error with an interval: bins are drawn with their images."""
        confidence, right = judged(self.evidence)
        each = len(confidence) // len(self.evidence)
        place = np.repeat(np.arange(len(self.evidence)), each)
        gaps = np.zeros((len(self.evidence), int(bin_of(np.ones(1))[0]) + 1))
        np.add.at(gaps, (place, bin_of(confidence)), confidence - right)
        drawn = np.abs(self.weights @ gaps.astype(np.float32)).sum(axis=1) / len(confidence)
        error = reliability(self.evidence).error
        # Chance alone makes bins differ, so that draws err more than the images they are drawn from, by as much on average.
        return _with_interval("calibration_error", error, np.maximum(drawn.astype(float) - (float(drawn.mean()) - error), 0.0))


def right_of(evidence: LabelEvidence, said: Bits) -> Bits:
    """Return which images (N,) are right: exactly the true labels were said."""
    return np.asarray((said == evidence.truth).all(axis=1))


def ends_of(spread: Interval | None) -> tuple[float | None, float | None]:
    """Return both ends, or none."""
    return (None, None) if spread is None else (spread.low, spread.high)


def _with_rest(drawn: Floats, images: int) -> Floats:
    return np.column_stack([drawn, images - drawn.sum(axis=1)])


def _with_interval(name: str, value: float, drawn: Floats) -> Figure:
    spread = interval_of(drawn)
    return Figure(name, value, spread.low, spread.high)


def _mean(values: list[float | None]) -> float | None:
    known = [each for each in values if each is not None]
    return sum(known) / len(known) if known else None
