"""Statistics of a label for every pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from active_learning.evaluation.curves import Curve, curve_of
from active_learning.evaluation.drawing import matthews as matthews_of_draws
from active_learning.evaluation.figures import Counts, averages, macro, matthews, matthews_of_labels, ratio
from active_learning.evaluation.labels import Told
from active_learning.evaluation.resampling import draw_weights, interval_of
from active_learning.evaluation.rows import LabelRow, counted_row, ranged, told_apart
from active_learning.evaluation.telling import Figure
from active_learning.evaluation.values import Bits, Floats, Ints


@dataclass(frozen=True, eq=False)
class AreaEvidence:
    """Counts of pixels (N, K, K + 1) an image: the true label by row, the said one by column, "no label" last.

    Pixels that nobody labeled count nowhere: what is true of them is not known.
    """

    image_ids: Ints
    label_ids: tuple[int, ...]
    pixels: Floats

    multi_label = False

    def __len__(self) -> int:
        return len(self.image_ids)

    def at(self, rows: npt.NDArray[Any]) -> AreaEvidence:
        """Return the evidence of some images: places, or a mask over them."""
        return AreaEvidence(self.image_ids[rows], self.label_ids, self.pixels[rows])


class AreaMeasures:
    """All that is asked of the areas of one slice. Areas have no threshold: the likeliest label of each pixel is said."""

    def __init__(self, evidence: AreaEvidence, seed: int = 0) -> None:
        self.evidence = evidence
        self._seed = seed
        labels = len(evidence.label_ids)
        places = np.arange(labels)
        self._tables = (evidence.pixels[:, places, places], evidence.pixels[:, :, :labels].sum(axis=1), evidence.pixels.sum(axis=2))

    @cached_property
    def weights(self) -> npt.NDArray[np.float32]:
        """The bootstrap's draws."""
        return draw_weights(len(self.evidence), np.random.default_rng(self._seed))

    @property
    def curves(self) -> tuple[Curve, ...]:
        """None that a threshold could move along: empty ones."""
        return tuple(self.pooled for _ in self.evidence.label_ids)

    @property
    def pooled(self) -> Curve:
        """An empty curve."""
        return curve_of(np.empty(0), np.empty(0, bool), 0)

    def counted(self, thresholds: Floats) -> tuple[Counts, Counts]:
        """Return counts of pixels (K,), and those of each of the bootstrap's draws (draws, K)."""
        drawn = (self.weights.astype(float) @ each for each in self._tables)
        return Counts(*(each.sum(axis=0) for each in self._tables)), Counts(*drawn)

    def rows(self, thresholds: Floats) -> list[LabelRow]:
        """Return the labels."""
        counts, drawn = self.counted(thresholds)
        pixels, drawn_pixels = counts.true.sum(), np.maximum(drawn.true.sum(axis=1, keepdims=True), 1)
        varied, drawn_varied = told_apart(counts, pixels)[1], told_apart(drawn, drawn_pixels)[1]
        correlation = matthews_of_labels(counts, pixels)
        drawn_correlation = np.where(drawn_varied, matthews_of_labels(drawn, drawn_pixels), np.nan)
        shares = np.where(drawn.seen, drawn.iou, np.nan)
        return [
            LabelRow(
                label_id=label, **counted_row(counts, drawn, k, len(self.evidence)),
                **ranged("iou", float(counts.iou[k]) if counts.seen[k] else None, shares[:, k], len(self.evidence)),
                **ranged("mcc", float(correlation[k]) if varied[k] else None, drawn_correlation[:, k]),
            )
            for k, label in enumerate(self.evidence.label_ids)
        ]  # fmt: skip

    def figures(self, thresholds: Floats) -> list[Figure]:
        """Return the figures of all labels together."""
        if not len(self.evidence) or not self.evidence.label_ids:
            return []
        counts, drawn = self.counted(thresholds)
        shares = [ratio(each.hits.sum(axis=-1), each.true.sum(axis=-1)) for each in (counts, drawn)]
        named = {"miou": (macro(counts.iou, counts), macro(drawn.iou, drawn)), "pixel_accuracy": (shares[0], shares[1])}
        means, spreads = averages(counts), averages(drawn)
        named |= {name: (means[name], spreads[name]) for name in means}
        named["mcc"] = (np.asarray(matthews(self.confusion(thresholds))), self._correlations(drawn))
        intervals = {name: interval_of(values) for name, (_, values) in named.items()}
        return [
            Figure(name, float(value), intervals[name].low, intervals[name].high).on(len(self.evidence))
            for name, (value, _) in named.items()
        ]

    def _correlations(self, drawn: Counts) -> Floats:
        """Return the correlation in each draw (draws,): of pixels, whose rest has no label said, and is never true."""
        pixels = drawn.true.sum(axis=1)
        said = np.column_stack([drawn.said, pixels - drawn.said.sum(axis=1)])
        true = np.column_stack([drawn.true, np.zeros(len(pixels))])
        return matthews_of_draws(drawn.hits.sum(axis=1), said, true, pixels)

    def headlines(self, thresholds: Floats) -> dict[str, tuple[float, Floats]]:
        """Return what two models are compared by, each with its draws (draws,)."""
        counts, drawn = self.counted(thresholds)
        found = {"miou": (float(macro(counts.iou, counts)), macro(drawn.iou, drawn))}
        found["f1_macro"] = (float(averages(counts)["f1_macro"]), averages(drawn)["f1_macro"])
        shares = [ratio(each.hits.sum(axis=-1), each.true.sum(axis=-1)) for each in (counts, drawn)]
        return {**found, "pixel_accuracy": (float(shares[0]), shares[1])}

    reliability = None
    """What is said of a pixel carries no confidence here."""

    def confusion(self, thresholds: Floats) -> npt.NDArray[np.int64]:
        """Return (K + 1, K + 1) counts of pixels; the last row is empty, because what is true of unlabeled pixels is not known."""
        side = len(self.evidence.label_ids) + 1
        matrix = np.zeros((side, side), np.int64)
        matrix[:-1] = self.evidence.pixels.sum(axis=0)
        return matrix

    def in_cell(self, thresholds: Floats, row: int, column: int) -> Bits:
        """Return which images (N,) have a pixel of a cell."""
        if row == len(self.evidence.label_ids):
            return np.zeros(len(self.evidence), bool)
        return np.asarray(self.evidence.pixels[:, row, column] > 0)

    def right(self, thresholds: Floats, column: int | None = None) -> tuple[Bits, Bits]:
        """Return which images (N,) a label concerns, or all, and of which every labeled pixel of it is right."""
        hits, said, true = (each if column is None else each[:, [column]] for each in self._tables)
        concerned: Bits = np.ones(len(self.evidence), bool) if column is None else np.asarray((said + true).any(axis=1))
        return concerned, np.asarray(((hits == said) & (hits == true)).all(axis=1))

    def sureness(self, column: int | None = None) -> Floats:
        """Return the share (N,) of labeled pixels that a label is said of, or that are right: areas carry no confidence here."""
        hits, said, true = self._tables
        return ratio(hits.sum(axis=1) if column is None else said[:, column], true.sum(axis=1))

    @cached_property
    def losses(self) -> Floats:
        """The share of labeled pixels that are wrong (N,)."""
        return 1 - self.sureness()

    @property
    def unsureness(self) -> Floats:
        """The same: what is wrong is what to look at."""
        return self.losses

    def told(self, row: int, thresholds: Floats) -> Told:
        """Return the labels that are true and said of one image, and how much of what is true of each is found."""
        hits, said, true = (each[row] for each in self._tables)
        found = ratio(hits, true)
        there = np.flatnonzero(true > 0).tolist()
        return Told(tuple(there), tuple(np.flatnonzero(said > 0).tolist()), tuple((k, float(found[k])) for k in there))
