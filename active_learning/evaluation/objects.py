"""Statistics of found objects: boxes, outlines and points, by how like they are to the true ones (IoU or OKS)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.evaluation.calibration import Reliability, reliability_of
from active_learning.evaluation.curves import Curve, curve_of
from active_learning.evaluation.drawing import COCO_RECALLS, calibration_figure, draws_for, interval_among, mean_of_known
from active_learning.evaluation.drawing import interpolated as drawn_precision
from active_learning.evaluation.figures import Counts, averages
from active_learning.evaluation.labels import TOP, Told
from active_learning.evaluation.resampling import draw_weights, interval_of, wilson
from active_learning.evaluation.rows import LabelRow, counted_row, ends_of, ranged
from active_learning.evaluation.telling import Figure
from active_learning.evaluation.values import Bits, Floats, Ints, LabelEvidence

COCO_OVERLAPS: Final = np.linspace(0.5, 0.95, 10)
MOST_A_LABEL: Final = 100
"""So many objects of a label count in an image, the surest, as in COCO."""
NONE: Final = -1


@dataclass(frozen=True, eq=False)
class ObjectEvidence:
    """Found objects (D,) beside true ones (T,): place of the image, column of the label, score.

    Pairs (P,) are of one image, whatever their labels; ``pair_likeness`` is IoU or OKS, and what has no pair is not alike at all.
    """

    image_ids: Ints
    label_ids: tuple[int, ...]
    found_image: Ints
    found_label: Ints
    found_score: Floats
    true_image: Ints
    true_label: Ints
    pair_found: Ints
    pair_true: Ints
    pair_likeness: Floats

    def __len__(self) -> int:
        return len(self.image_ids)

    multi_label = True

    def at(self, rows: npt.NDArray[Any]) -> ObjectEvidence:
        """Return the evidence of some images: places, or a mask over them."""
        places = np.arange(len(self))[rows]
        new_place = np.full(len(self), NONE)
        new_place[places] = np.arange(len(places))
        found, true = (new_place[each] != NONE for each in (self.found_image, self.true_image))
        new_found, new_true = (np.cumsum(kept) - 1 for kept in (found, true))
        pairs = found[self.pair_found] & true[self.pair_true]
        return ObjectEvidence(
            self.image_ids[places], self.label_ids,
            new_place[self.found_image[found]], self.found_label[found], self.found_score[found],
            new_place[self.true_image[true]], self.true_label[true],
            new_found[self.pair_found[pairs]], new_true[self.pair_true[pairs]], self.pair_likeness[pairs],
        )  # fmt: skip


def ranks_of(evidence: ObjectEvidence) -> Ints:
    """Return the place (D,) of each found object among those of its image and label, the surest first."""
    group = evidence.found_image * max(1, len(evidence.label_ids)) + evidence.found_label
    order = np.lexsort((-evidence.found_score, group))
    grouped = group[order]
    starts = np.flatnonzero(np.append(True, grouped[1:] != grouped[:-1])) if len(order) else np.empty(0, np.int64)
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    return ranks


def matched(evidence: ObjectEvidence, overlaps: Floats) -> Ints:
    """Return the true object (O, D) that each found one hits at each overlap, ``NONE`` for a miss.

    As COCO matches: the surest first takes the free one of its label that it is likest to, of equals the last. All groups go
    forward rank by rank together, so that the work is a few array operations a rank.
    """
    hit = np.full((len(overlaps), len(evidence.found_image)), NONE, np.int64)
    free = np.ones((len(overlaps), len(evidence.true_image)), bool)
    ranks = ranks_of(evidence)
    able = evidence.found_label[evidence.pair_found] == evidence.true_label[evidence.pair_true]
    able &= (ranks[evidence.pair_found] < MOST_A_LABEL) & (evidence.pair_likeness >= overlaps.min(initial=1.0) - 1e-10)
    found, true, likeness = evidence.pair_found[able], evidence.pair_true[able], evidence.pair_likeness[able]
    if not len(found):
        return hit
    order = np.lexsort((true, likeness, found, ranks[found]))
    found, true, likeness = found[order], true[order], likeness[order]
    turns = np.flatnonzero(np.append(True, np.diff(ranks[found]) != 0))
    for start, end in zip(turns, np.append(turns[1:], len(found)), strict=True):
        _take_turn(hit, free, overlaps, (found[start:end], true[start:end], likeness[start:end]))
    return hit


def _take_turn(hit: Ints, free: Bits, overlaps: Floats, pairs: tuple[Ints, Ints, Floats]) -> None:
    """Let one found object of each group choose; pairs come by found object, the likest last."""
    found, true, likeness = pairs
    usable = free[:, true] & (likeness >= overlaps[:, None] - 1e-10)
    starts = np.flatnonzero(np.append(True, found[1:] != found[:-1]))
    best = np.maximum.reduceat(np.where(usable, np.arange(len(found)), NONE), starts, axis=1)
    levels, choosers = np.nonzero(best != NONE)
    chosen = true[best[levels, choosers]]
    hit[levels, found[starts][choosers]] = chosen
    free[levels, chosen] = False


def interpolated(scores: Floats, hits: Bits, positives: float) -> float | None:
    """Return COCO's average precision: the best precision at or beyond each of 101 recalls; None where nothing is true."""
    if not positives:
        return None
    order = np.argsort(-scores, kind="mergesort")
    found = np.cumsum(hits[order])
    precision = np.maximum.accumulate((found / np.arange(1, len(order) + 1))[::-1])[::-1] if len(order) else np.empty(0)
    places = np.searchsorted(found / positives, COCO_RECALLS, side="left")
    return float(np.append(precision, 0.0)[np.minimum(places, len(order))].mean())


class ObjectMeasures:
    """All that is asked of the objects of one slice at one overlap."""

    def __init__(self, evidence: ObjectEvidence, overlap: float, *, points: bool = False, seed: int = 0) -> None:
        self.evidence = evidence
        self._seed = seed
        self.overlap = overlap
        self.points = points
        # The chosen overlap first, then COCO's.
        self.hit = matched(evidence, np.append(overlap, COCO_OVERLAPS))
        self.counts = ranks_of(evidence) < MOST_A_LABEL

    @cached_property
    def positives(self) -> Ints:
        """True objects (K,)."""
        return np.bincount(self.evidence.true_label, minlength=len(self.evidence.label_ids)).astype(np.int64)

    @cached_property
    def weights(self) -> npt.NDArray[np.float32]:
        """The bootstrap's draws."""
        return draw_weights(len(self.evidence), np.random.default_rng(self._seed))

    @cached_property
    def curves(self) -> tuple[Curve, ...]:
        """One a label at the chosen overlap."""
        return tuple(self._curve(self.evidence.found_label == k, int(self.positives[k])) for k in range(len(self.evidence.label_ids)))

    @cached_property
    def pooled(self) -> Curve:
        """All labels at one threshold."""
        return self._curve(np.ones(len(self.counts), bool), len(self.evidence.true_image))

    def _curve(self, those: Bits, positives: int) -> Curve:
        kept = those & self.counts
        return curve_of(self.evidence.found_score[kept], self.hit[0, kept] != NONE, positives)

    @cached_property
    def precisions(self) -> npt.NDArray[np.float64]:
        """Average precision (1 + 10, K), the chosen overlap first; nan for a label without a true object."""
        table = np.full((len(self.hit), len(self.evidence.label_ids)), np.nan)
        for k in range(table.shape[1]):
            kept = (self.evidence.found_label == k) & self.counts
            for level in range(len(table)):
                value = interpolated(self.evidence.found_score[kept], self.hit[level, kept] != NONE, float(self.positives[k]))
                table[level, k] = np.nan if value is None else value
        return table

    @cached_property
    def precision_draws(self) -> tuple[Floats, Floats, Floats]:
        """Average precision in each draw: COCO's mean and the mean at the chosen overlap (draws,), and that of each label (draws, K)."""
        evidence, labels = self.evidence, len(self.evidence.label_ids)
        draws = draws_for(len(self.hit) * len(evidence.found_image))
        weights = np.ascontiguousarray(self.weights[:draws].T)
        table = np.full((len(self.hit), draws, labels), np.nan)
        for k in range(labels):
            kept = (evidence.found_label == k) & self.counts
            positives = weights[evidence.true_image[evidence.true_label == k]].sum(axis=0, dtype=float)
            table[:, :, k] = drawn_precision(
                evidence.found_score[kept], self.hit[:, kept] != NONE, evidence.found_image[kept], positives, weights
            )
        means = [mean_of_known(level) for level in table]
        return np.mean(means[1:], axis=0), means[0], table[0]

    def said(self, thresholds: Floats) -> Bits:
        """Return (D,): which found objects are sure enough."""
        evidence = self.evidence
        return np.asarray((evidence.found_score >= thresholds[evidence.found_label]) & self.counts)

    def tables(self, thresholds: Floats) -> tuple[Floats, Floats, Floats]:
        """Return hits, said and true objects (N, K) each."""
        evidence, said = self.evidence, self.said(thresholds)
        right = said & (self.hit[0] != NONE)
        found = [(evidence.found_image[kept], evidence.found_label[kept]) for kept in (right, said)]
        return tuple(self._table(*each) for each in (*found, (evidence.true_image, evidence.true_label)))  # type: ignore[return-value]

    def _table(self, images: Ints, labels: Ints) -> Floats:
        columns = len(self.evidence.label_ids)
        flat = np.bincount(images * columns + labels, minlength=len(self.evidence) * columns)
        return flat.reshape(len(self.evidence), columns).astype(float)

    def counted(self, thresholds: Floats) -> tuple[Counts, Counts]:
        """Return the counts (K,), and those of each of the bootstrap's draws (draws, K)."""
        tables = self.tables(thresholds)
        return _summed(tables), self._drawn(tables)

    def rows(self, thresholds: Floats) -> list[LabelRow]:
        """Return the labels at thresholds (K,)."""
        counts, resamples = self.counted(thresholds)
        precisions, images = self.precision_draws[2], len(self.evidence)
        values = [None if np.isnan(each) else float(each) for each in self.precisions[0]]
        return [
            LabelRow(
                label_id=label,
                **counted_row(counts, resamples, k, images),
                **ranged("average_precision", values[k], precisions[:, k], images),
            )
            for k, label in enumerate(self.evidence.label_ids)
        ]

    def _drawn(self, tables: tuple[Floats, Floats, Floats]) -> Counts:
        return Counts(*((self.weights @ each.astype(np.float32)).astype(float) for each in tables))

    def figures(self, thresholds: Floats) -> list[Figure]:
        """Return the figures of all labels together."""
        if not len(self.evidence) or not self.evidence.label_ids:
            return []
        evidence, (counts, resamples) = self.evidence, self.counted(thresholds)
        known = self.precisions[:, self.positives > 0]
        names = ("map_oks", "ap_at_oks") if self.points else ("map", "ap_at_iou")
        found = [
            Figure(name, float(known[levels].mean()) if known.size else None, *ends_of(interval_among(self.precision_draws[n])))
            for n, (name, levels) in enumerate(zip(names, (slice(1, None), slice(0, 1)), strict=True))
        ]
        drawn = averages(resamples)
        for name, value in averages(counts).items():
            spread = interval_of(drawn[name])
            found.append(Figure(name, float(value), spread.low, spread.high))
        found.append(self._images_right(thresholds))
        if self.counts.any():
            kept = self.counts
            found.append(calibration_figure(evidence.found_score[kept], self._hits[kept], evidence.found_image[kept], self.weights))
        if self.points:
            found.append(self._mean_likeness(thresholds))
        return [figure.on(len(evidence)) for figure in found]

    @property
    def _hits(self) -> Bits:
        return np.asarray(self.hit[0] != NONE)

    @property
    def confidences(self) -> LabelEvidence:
        """Each found object (A,) as one yes-or-no answer: how sure the model is of it, and whether it is there."""
        score, hits = self.evidence.found_score[self.counts], self._hits[self.counts]
        return LabelEvidence(np.arange(len(score)), (0,), score[:, None], hits[:, None], multi_label=True)

    @property
    def reliability(self) -> Reliability | None:
        """How often an object is there when the model is so sure of it; None where nothing is found."""
        return reliability_of(self.evidence.found_score[self.counts], self._hits[self.counts]) if self.counts.any() else None

    def _images_right(self, thresholds: Floats) -> Figure:
        right = self.right(thresholds)[1]
        return Figure("image_accuracy", float(right.mean()), *ends_of(wilson(int(right.sum()), len(right))))

    def headlines(self, thresholds: Floats) -> dict[str, tuple[float, Floats]]:
        """Return what two models are compared by, each with its draws; what is ranked has fewer of them."""
        counts, drawn = (averages(each)["f1_macro"] for each in self.counted(thresholds))
        right = self.right(thresholds)[1].astype(np.float32)
        found: dict[str, tuple[float, Floats]] = {}
        known = self.precisions[1:, self.positives > 0]
        if known.size:
            found["map_oks" if self.points else "map"] = (float(known.mean()), self.precision_draws[0])
        shares = (self.weights @ right / len(right)).astype(float)
        return {**found, "f1_macro": (float(counts), drawn), "image_accuracy": (float(right.mean()), shares)}

    def _mean_likeness(self, thresholds: Floats) -> Figure:
        evidence, right = self.evidence, self.said(thresholds) & (self.hit[0] != NONE)
        fits = right[evidence.pair_found] & (self.hit[0][evidence.pair_found] == evidence.pair_true)
        if not fits.any():
            return Figure("oks", None)
        images, likeness = evidence.found_image[evidence.pair_found[fits]], evidence.pair_likeness[fits]
        sums, counts = (self.weights @ np.bincount(images, each, len(evidence)).astype(np.float32) for each in (likeness, None))
        drawn = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0, dtype=float)
        return Figure("oks", float(likeness.mean()), *ends_of(interval_among(drawn)))

    def crossed(self, thresholds: Floats) -> tuple[Ints, Ints, Ints]:
        """Return image, row and column (X,) of each count of the confusion matrix: hits, then the likest of other labels, then the rest."""
        evidence, said, nothing = self.evidence, self.said(thresholds), len(self.evidence.label_ids)
        took = np.where(said, self.hit[0], NONE)
        free = np.ones(len(evidence.true_image), bool)
        free[took[took != NONE]] = False
        near = np.flatnonzero(said[evidence.pair_found] & (evidence.pair_likeness >= self.overlap))
        for pair in near[np.argsort(-evidence.pair_likeness[near], kind="stable")].tolist():
            found, true = evidence.pair_found[pair], evidence.pair_true[pair]
            if took[found] == NONE and free[true]:
                took[found], free[true] = true, False
        shown = np.flatnonzero(said)
        rows = np.where(took[shown] == NONE, nothing, np.append(evidence.true_label, 0)[took[shown]])
        missed = np.flatnonzero(free)
        return (
            np.concatenate([evidence.found_image[shown], evidence.true_image[missed]]),
            np.concatenate([rows, evidence.true_label[missed]]),
            np.concatenate([evidence.found_label[shown], np.full(len(missed), nothing)]),
        )

    def confusion(self, thresholds: Floats) -> npt.NDArray[np.int64]:
        """Return (K + 1, K + 1) counts of objects: rows are true, columns are said; the last of each is the background."""
        side = len(self.evidence.label_ids) + 1
        _, rows, columns = self.crossed(thresholds)
        return np.bincount(rows * side + columns, minlength=side * side).reshape(side, side)

    def right(self, thresholds: Floats, column: int | None = None) -> tuple[Bits, Bits]:
        """Return which images (N,) have a found or true object of a label, or all, and in which nothing is missed and nothing too much."""
        hits, said, true = (each if column is None else each[:, [column]] for each in self.tables(thresholds))
        concerned: Bits = np.ones(len(self.evidence), bool) if column is None else np.asarray((said + true).any(axis=1))
        return concerned, np.asarray(((hits == said) & (hits == true)).all(axis=1))

    def sureness(self, column: int | None = None) -> Floats:
        """Return the confidence (N,) of the surest object of a label, or of any; 0 where there is none."""
        evidence, best = self.evidence, np.zeros(len(self.evidence))
        those = np.ones(len(evidence.found_label), bool) if column is None else evidence.found_label == column
        np.maximum.at(best, evidence.found_image[those], evidence.found_score[those])
        return best

    @cached_property
    def losses(self) -> Floats:
        """How much each image disputes (N,): the confidence of what is wrongly found, and one for each object that is not."""
        evidence, wrong = self.evidence, self.hit[0] == NONE
        loss = np.bincount(evidence.found_image[wrong], evidence.found_score[wrong], len(evidence)).astype(float)
        found = np.zeros(len(evidence.true_image), bool)
        found[self.hit[0][~wrong]] = True
        return loss + np.bincount(evidence.true_image[~found], minlength=len(evidence))

    @cached_property
    def unsureness(self) -> Floats:
        """How unsure the model is of its least sure object in each image (N,), 0 to 1."""
        evidence, unsure = self.evidence, np.zeros(len(self.evidence))
        np.maximum.at(unsure, evidence.found_image, 1 - np.abs(2 * evidence.found_score - 1))
        return unsure

    def told(self, row: int, thresholds: Floats) -> Told:
        """Return the labels of true and of found objects of one image, and the surest object of each label."""
        evidence, said = self.evidence, self.said(thresholds)
        here = evidence.found_image == row
        best = np.zeros(len(evidence.label_ids))
        np.maximum.at(best, evidence.found_label[here], evidence.found_score[here])
        likeliest = [k for k in np.argsort(-best, kind="stable")[:TOP].tolist() if best[k] > 0]
        return Told(
            tuple(np.unique(evidence.true_label[evidence.true_image == row]).tolist()),
            tuple(np.unique(evidence.found_label[here & said]).tolist()), tuple((k, float(best[k])) for k in likeliest),
        )  # fmt: skip

    def in_cell(self, thresholds: Floats, row: int, column: int) -> Bits:
        """Return which images (N,) have an object of a cell."""
        images, rows, columns = self.crossed(thresholds)
        inside = np.zeros(len(self.evidence), bool)
        inside[images[(rows == row) & (columns == column)]] = True
        return inside


def _summed(tables: tuple[Floats, Floats, Floats]) -> Counts:
    return Counts(*(each.sum(axis=0) for each in tables))
