"""Statistics of answers about whole images."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from active_learning.evaluation.calibration import Reliability, judged, losses, reliability, unsureness
from active_learning.evaluation.curves import Curve, Roc, average_precision, curve_of, roc_auc, roc_of
from active_learning.evaluation.drawing import calibration_figure, draws_for, interval_among, mean_of_known, ranked
from active_learning.evaluation.drawing import matthews as matthews_of_draws
from active_learning.evaluation.figures import Counts, averages, confusion, count, in_cell, matthews, matthews_of_labels
from active_learning.evaluation.resampling import draw_weights, interval_of, resampled, wilson
from active_learning.evaluation.rows import LabelRow, counted_row, ends_of, ranged, told_apart
from active_learning.evaluation.telling import Figure
from active_learning.evaluation.values import Bits, Floats, LabelEvidence

TOP: Final = 5


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

    def _ranking(self, k: int) -> Curve:
        """Along this curve the probability of a label falls, whether or not it is the likeliest."""
        true = self.evidence.truth[:, k]
        return curve_of(self.evidence.probabilities[:, k], true, int(true.sum()))

    @cached_property
    def ranked(self) -> tuple[tuple[float | None, float | None], ...]:
        """Average precision and AUC of each label against the rest, from its probabilities as they are."""
        curves = (self._ranking(k) for k in range(len(self.evidence.label_ids)))
        return tuple((average_precision(curve), roc_auc(curve, len(self.evidence))) for curve in curves)

    @cached_property
    def rocs(self) -> tuple[Roc | None, ...]:
        """The ROC curve of all labels pooled, then one a label; kept thinned, because whole ones are as long as the slice."""
        p, truth = self.evidence.probabilities, self.evidence.truth
        pooled = roc_of(curve_of(p.ravel(), truth.ravel(), int(truth.sum())), truth.size)
        return (pooled, *(roc_of(self._ranking(k), len(truth)) for k in range(truth.shape[1])))

    @cached_property
    def ranked_draws(self) -> tuple[Floats, Floats]:
        """Average precision and AUC (draws, K) in each draw."""
        evidence = self.evidence
        weights = np.ascontiguousarray(self.weights[: draws_for(evidence.truth.size)].T)
        found = [ranked(evidence.probabilities[:, k], evidence.truth[:, k], weights) for k in range(len(evidence.label_ids))]
        precisions, areas = (np.array([each[n] for each in found]).reshape(len(found), weights.shape[1]).T for n in (0, 1))
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
        images, (counts, drawn) = len(self.evidence), self.counted(thresholds)
        shares, drawn_shares = told_apart(counts, images)[0], told_apart(drawn, images)[0]
        varied, drawn_varied = (told_apart(each, images)[1] for each in (counts, drawn))
        correlation = matthews_of_labels(counts, images)
        drawn_correlation = np.where(drawn_varied, matthews_of_labels(drawn, images), np.nan)
        precisions, areas = self.ranked_draws
        return [
            LabelRow(
                label_id=label, **counted_row(counts, drawn, k, images), **ranged("accuracy", float(shares[k]), drawn_shares[:, k], images),
                **ranged("mcc", float(correlation[k]) if varied[k] else None, drawn_correlation[:, k]),
                **ranged("average_precision", self.ranked[k][0], precisions[:, k], images),
                **ranged("auc", self.ranked[k][1], areas[:, k], images),
            )
            for k, label in enumerate(self.evidence.label_ids)
        ]  # fmt: skip

    def figures(self, thresholds: Floats) -> list[Figure]:
        """Return the figures of all labels together; without an image there are none."""
        evidence = self.evidence
        if not len(evidence) or not evidence.label_ids:
            return []
        said = evidence.said(thresholds)
        right, images = right_of(evidence, said), len(evidence)
        found = [Figure("accuracy", float(right.mean()), *ends_of(wilson(int(right.sum()), images)))]
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
        return [figure.on(images) for figure in found]

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
        place = np.repeat(np.arange(len(self.evidence)), len(confidence) // len(self.evidence))
        return calibration_figure(confidence, right, place, self.weights)

    @property
    def reliability(self) -> Reliability | None:
        """How often the model is right when it is so sure; None without an answer."""
        return reliability(self.evidence) if self.evidence.probabilities.size else None

    def headlines(self, thresholds: Floats) -> dict[str, tuple[float, Floats]]:
        """Return what two models are compared by, each with its draws (draws,)."""
        right = right_of(self.evidence, self.evidence.said(thresholds)).astype(np.float32)
        counts, drawn = (averages(each)["f1_macro"] for each in self.counted(thresholds))
        shares = (self.weights @ right / len(right)).astype(float)
        return {"accuracy": (float(right.mean()), shares), "f1_macro": (float(counts), drawn)}


def right_of(evidence: LabelEvidence, said: Bits) -> Bits:
    """Return which images (N,) are right: exactly the true labels were said."""
    return np.asarray((said == evidence.truth).all(axis=1))


def _with_rest(drawn: Floats, images: int) -> Floats:
    return np.column_stack([drawn, images - drawn.sum(axis=1)])


def _with_interval(name: str, value: float, drawn: Floats) -> Figure:
    spread = interval_of(drawn)
    return Figure(name, value, spread.low, spread.high)


def _mean(values: list[float | None]) -> float | None:
    known = [each for each in values if each is not None]
    return sum(known) / len(known) if known else None
