"""One label's figures, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from active_learning.evaluation.drawing import interval_among
from active_learning.evaluation.figures import Counts, ratio
from active_learning.evaluation.resampling import Interval, of_share
from active_learning.evaluation.values import Bits, Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class LabelRow:
    """One label at its threshold; figures are None where there is nothing to compute them from."""

    label_id: int
    hits: int
    said: int
    true: int
    precision: float | None = None
    precision_low: float | None = None
    precision_high: float | None = None
    recall: float | None = None
    recall_low: float | None = None
    recall_high: float | None = None
    f1: float | None = None
    f1_low: float | None = None
    f1_high: float | None = None
    accuracy: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    mcc: float | None = None
    mcc_low: float | None = None
    mcc_high: float | None = None
    average_precision: float | None = None
    average_precision_low: float | None = None
    average_precision_high: float | None = None
    auc: float | None = None
    auc_low: float | None = None
    auc_high: float | None = None
    iou: float | None = None
    iou_low: float | None = None
    iou_high: float | None = None


def around(value: float, spread: Interval | None) -> Interval | None:
    """Return an interval that holds its figure, or none."""
    return None if spread is None else spread.around(value)


def ends_of(spread: Interval | None) -> tuple[float | None, float | None]:
    """Return both ends, or none."""
    return (None, None) if spread is None else (spread.low, spread.high)


def ranged(name: str, value: float | None, drawn: Floats, images: float | None = None) -> dict[str, Any]:
    """Return a figure with the ends of its interval over the draws (draws,), nan where a draw has no figure; without a value, nothing.

    ``images``: how many it stands on, of a share.
    """
    if value is None:
        return {}
    spread = interval_among(drawn)
    low, high = ends_of(around(value, spread if images is None else of_share(value, spread, images)))
    return {name: value, f"{name}_low": low, f"{name}_high": high}


def counted_row(counts: Counts, drawn: Counts, k: int, images: int) -> Mapping[str, Any]:
    """Return what the counts (K,) of a label in so many images and those of each draw (draws, K) tell: precision, recall and F1."""
    hits, said, true = (int(each[k]) for each in (counts.hits, counts.said, counts.true))
    whole = {"precision": said, "recall": true, "f1": said + true - hits}
    wholes = {"precision": drawn.said, "recall": drawn.true, "f1": drawn.said + drawn.true}
    row: dict[str, Any] = {"hits": hits, "said": said, "true": true}
    for name, there in whole.items():
        values = np.where(wholes[name][:, k] > 0, getattr(drawn, name)[:, k], np.nan)
        row |= ranged(name, float(getattr(counts, name)[k]) if there else None, values, min(images, there))
    return row


def told_apart(counts: Counts, answers: Floats | int) -> tuple[Floats, Bits]:
    """Return the share (…, K) of right yes-or-no answers about each label, and where both are true: else nothing correlates."""
    right = answers - counts.said - counts.true + 2 * counts.hits
    return ratio(right, np.asarray(answers)), np.asarray((counts.true > 0) & (counts.true < answers))
