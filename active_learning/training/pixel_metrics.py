"""How good a class for every pixel is: counts of what was said against what is true, and IoU from them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.training.label_maps import UNLABELED

Counts = npt.NDArray[np.int64]
GOAL: Final = "validation_miou"


def confusion(said: npt.NDArray[np.integer], true: npt.NDArray[np.integer], classes: int) -> Counts:
    """Return (K, K) counts of pixels, true class by row, said class by column; pixels that nobody labeled do not count."""
    known = true != UNLABELED
    pairs = true[known].astype(np.int64) * classes + said[known]
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes).astype(np.int64)


def iou_of(counts: Counts) -> npt.NDArray[np.float64]:
    """Return the intersection over union of each class, (K,); NaN of a class that is neither said nor true."""
    hit = np.diag(counts).astype(np.float64)
    either = counts.sum(axis=0) + counts.sum(axis=1) - hit
    found: npt.NDArray[np.float64] = np.divide(hit, either, out=np.full(len(hit), np.nan), where=either > 0)
    return found


def mean_iou(counts: Counts) -> float:
    """Return the mean IoU over the classes that are said or true; 0 where there is none."""
    found = iou_of(counts)
    return float(np.nanmean(found)) if np.isfinite(found).any() else 0.0


def pixel_accuracy(counts: Counts) -> float:
    """Return the share of labeled pixels whose class is right."""
    return float(np.trace(counts) / max(1, counts.sum()))


def figures_of(counts: Counts) -> dict[str, float]:
    """Return the figures of a validation."""
    return {"miou": mean_iou(counts), "accuracy": pixel_accuracy(counts)}


def rows_of(counts: Counts) -> list[dict[str, Any]]:
    """Return IoU, precision, recall and labeled pixels of each class; a figure with nothing to count is 0."""
    hit, said, true = np.diag(counts), counts.sum(axis=0), counts.sum(axis=1)
    return [
        {
            "iou": _share(hit[k], said[k] + true[k] - hit[k]),
            "precision": _share(hit[k], said[k]),
            "recall": _share(hit[k], true[k]),
            "support": int(true[k]),
        }
        for k in range(len(counts))
    ]


def _share(part: Any, whole: Any) -> float:
    return float(part / whole) if whole else 0.0
