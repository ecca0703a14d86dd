"""How good probabilities are, in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from active_learning.evaluation.calibration import SMALLEST, reliability_of

Probabilities = npt.NDArray[np.floating]


def measure(probabilities: Probabilities, values: npt.NDArray[Any]) -> dict[str, float]:
    """Return accuracy, macro_f1, loss (cross-entropy) and calibration_error.

    ``probabilities``: (N, K); ``values``: (N,) class indices, or (N, K) bits where every class answers for itself.
    Accuracy with bits is that of single answers; ``exact_match`` beside it asks for the whole set.
    """
    figures = {
        "accuracy": accuracy(probabilities, values),
        "macro_f1": macro_f1(probabilities, values),
        "loss": cross_entropy(probabilities, values),
        "calibration_error": calibration_error(probabilities, values),
    }
    if values.ndim == 2:
        figures["exact_match"] = float(((probabilities >= 0.5) == (values > 0.5)).all(axis=1).mean())
    return figures


def accuracy(probabilities: Probabilities, values: npt.NDArray[Any]) -> float:
    """Return the share of right answers, 0 to 1."""
    if values.ndim == 2:
        return float((_decisions(probabilities, values) == _truth(probabilities, values)).mean())
    return float((probabilities.argmax(axis=1) == values).mean())


def cross_entropy(probabilities: Probabilities, values: npt.NDArray[Any]) -> float:
    """Return the mean negative log-likelihood in nats; over images, or over images and classes for bits."""
    clipped = np.clip(probabilities.astype(np.float64), SMALLEST, 1 - SMALLEST)
    if values.ndim == 2:
        return float(-(values * np.log(clipped) + (1 - values) * np.log(1 - clipped)).mean())
    return float(-np.log(clipped[np.arange(len(values)), values]).mean())


def per_class(probabilities: Probabilities, values: npt.NDArray[Any]) -> list[dict[str, float]]:
    """Return precision, recall, f1 and support of each class; a figure with nothing to count is 0."""
    said, true = _decisions(probabilities, values), _truth(probabilities, values)
    both, said_sum, true_sum = (said & true).sum(axis=0), said.sum(axis=0), true.sum(axis=0)
    rows = []
    for hit, claimed, support in zip(both.tolist(), said_sum.tolist(), true_sum.tolist(), strict=True):
        precision, recall = _ratio(hit, claimed), _ratio(hit, support)
        rows.append({"precision": precision, "recall": recall, "f1": _ratio(2 * hit, claimed + support), "support": support})
    return rows


def macro_f1(probabilities: Probabilities, values: npt.NDArray[Any]) -> float:
    """Return the mean F1 over classes that occur, in truth or in answers."""
    said, true = _decisions(probabilities, values), _truth(probabilities, values)
    seen = said.any(axis=0) | true.any(axis=0)
    f1 = [row["f1"] for row in per_class(probabilities, values)]
    return float(np.mean(np.array(f1)[seen])) if seen.any() else 0.0


def calibration_error(probabilities: Probabilities, values: npt.NDArray[Any]) -> float:
    """Return the expected calibration error, 0 to 1, as the statistics of a campaign have it."""
    if values.ndim == 2:
        confidence, right = probabilities.reshape(-1), values.reshape(-1) > 0.5
    else:
        confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == values
    return reliability_of(confidence.astype(np.float64), right).error


def _decisions(probabilities: Probabilities, values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return (N, K): the best class alone, or every class at one half where ``values`` are bits."""
    if values.ndim == 2:
        return np.asarray(probabilities >= 0.5)
    return np.asarray(probabilities.argmax(axis=1)[:, None] == np.arange(probabilities.shape[1]))


def _truth(probabilities: Probabilities, values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    if values.ndim == 2:
        return np.asarray(values > 0.5)
    return np.asarray(values[:, None] == np.arange(probabilities.shape[1]))


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0
