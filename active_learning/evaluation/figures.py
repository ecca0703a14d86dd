"""Figures from counts: hits, what was said, what is true. All work on stacks of counts too, which makes intervals cheap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from active_learning.evaluation.values import Bits, Floats


@dataclass(frozen=True, eq=False)
class Counts:
    """(…, K) each: how often a label was rightly said, said, and true."""

    hits: Floats
    said: Floats
    true: Floats

    @property
    def precision(self) -> Floats:
        """The share of what was said that is true; 0 where nothing was said."""
        return ratio(self.hits, self.said)

    @property
    def recall(self) -> Floats:
        """The share of what is true that was said; 0 where nothing is true."""
        return ratio(self.hits, self.true)

    @property
    def f1(self) -> Floats:
        """The harmonic mean of precision and recall; 0 where there is nothing."""
        return ratio(2 * self.hits, self.said + self.true)

    @property
    def iou(self) -> Floats:
        """What is both over what is either; 0 where there is neither."""
        return ratio(self.hits, self.said + self.true - self.hits)

    @property
    def seen(self) -> Bits:
        """Which labels are there at all, said or true."""
        return np.asarray(self.said + self.true > 0)


def count(said: Bits, true: Bits) -> Counts:
    """Count over the images of (N, K) answers and truth."""
    both = said & true
    return Counts(*(each.sum(axis=0).astype(float) for each in (both, said, true)))


def ratio(part: npt.NDArray[Any], whole: npt.NDArray[Any]) -> Floats:
    """Return part / whole, 0 where the whole is 0."""
    out: Floats = np.zeros(np.broadcast_shapes(part.shape, whole.shape))
    np.divide(part, whole, out=out, where=whole != 0)
    return out


def micro(counts: Counts) -> Counts:
    """Pool all labels: (…, 1)."""
    return Counts(*(each.sum(axis=-1, keepdims=True) for each in (counts.hits, counts.said, counts.true)))


def macro(values: Floats, counts: Counts) -> Floats:
    """Return the mean (…) over the labels that are said or true."""
    return ratio((values * counts.seen).sum(axis=-1), counts.seen.sum(axis=-1))


def weighted(values: Floats, counts: Counts) -> Floats:
    """Return the mean (…) over labels, each as heavy as it is often true."""
    return ratio((values * counts.true).sum(axis=-1), counts.true.sum(axis=-1))


def averages(counts: Counts) -> dict[str, Floats]:
    """Return precision, recall and F1, each pooled, averaged plainly and averaged by support: (…) each."""
    pooled = micro(counts)
    found: dict[str, Floats] = {}
    for name in ("precision", "recall", "f1"):
        values: Floats = getattr(counts, name)
        pooled_values: Floats = getattr(pooled, name)
        found[f"{name}_micro"] = pooled_values[..., 0]
        found[f"{name}_macro"] = macro(values, counts)
        found[f"{name}_weighted"] = weighted(values, counts)
    return found


def matthews(matrix: npt.NDArray[Any]) -> float:
    """Return the correlation of answers and truth, -1 to 1, from a confusion matrix (C, C).

    Several classes by Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient", 2004.
    """
    matrix = matrix.astype(float)
    total, right = matrix.sum(), np.trace(matrix)
    true, said = matrix.sum(axis=1), matrix.sum(axis=0)
    spread = (total**2 - (said**2).sum()) * (total**2 - (true**2).sum())
    return float((right * total - (true * said).sum()) / np.sqrt(spread)) if spread > 0 else 0.0


def matthews_of_labels(counts: Counts, images: Floats | int) -> Floats:
    """Return the correlation (…, K) of each label's answers with its truth, where every label answers for itself."""
    hits, said, true = counts.hits, counts.said, counts.true
    return ratio(images * hits - said * true, np.sqrt(said * true * (images - said) * (images - true)))


def confusion(said: Bits, true: Bits, *, multi_label: bool) -> npt.NDArray[np.int64]:
    """Return (K + 1, K + 1) counts of images: rows are true, columns are said; the last of each is "nothing".

    With one label an image every image counts once. With several, the diagonal counts a label that was said and is true; beside it a
    label that was missed counts against every label of the same image that was falsely said, or against "nothing" where none was.
    """
    if not multi_label:
        side = said.shape[1] + 1
        places = _class_of(true) * side + _class_of(said)
        return np.bincount(places, minlength=side * side).reshape(side, side)
    matrix = _crossed(_with_nothing(true & ~said), _with_nothing(said & ~true))
    matrix[-1, -1] = int(((said == true).all(axis=1)).sum())
    np.fill_diagonal(matrix[:-1, :-1], (said & true).sum(axis=0))
    return matrix


def in_cell(said: Bits, true: Bits, row: int, column: int, *, multi_label: bool) -> Bits:
    """Return which images (N,) a cell of ``confusion`` counts."""
    labels = said.shape[1]
    if not multi_label:
        return np.asarray(_with_nothing(true)[:, row] & _with_nothing(said)[:, column])
    if row == column < labels:
        return np.asarray(said[:, row] & true[:, row])
    if row == column == labels:
        return np.asarray((said == true).all(axis=1))
    return np.asarray(_with_nothing(true & ~said)[:, row] & _with_nothing(said & ~true)[:, column])


def _with_nothing(bits: Bits) -> Bits:
    return np.column_stack([bits, ~bits.any(axis=1)])


def _class_of(bits: Bits) -> npt.NDArray[np.int64]:
    """Return the one label (N,) of each image, K where there is none."""
    return np.asarray(_with_nothing(bits).argmax(axis=1))


def _crossed(rows: Bits, columns: Bits) -> npt.NDArray[np.int64]:
    # Products of floats run on BLAS, and counts of fewer than 2**24 images are exact in them.
    return np.rint(rows.astype(np.float32).T @ columns.astype(np.float32)).astype(np.int64)
