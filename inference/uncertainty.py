"""How unsure a model is: one number an image for ranking, one map an image for looking.

Every measure lies in [0, 1], higher is less certain, and is never NaN. The formulas are those of Settles, "Active
Learning Literature Survey" (2009), section 3.1, each divided by its greatest value, so that models with different
numbers of classes can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating]

TOP_OBJECTS = 5
"""How many of an image's least certain objects its score is the mean of."""
EMPTY_IMAGE = 0.0
"""Score of an image in which a detector found nothing: the model is sure of an empty image, and says nothing else."""
PATCH_PX = 32
TOP_PATCHES = 0.1


def distribution(scores: ArrayLike, *, complete: bool = True) -> Floats:
    """Make scores of exclusive classes sum to 1.

    ``scores``: (K,), finite, at least 0. An incomplete answer (the K best classes alone) gains one more place for
    the mass that it leaves out, so its entropy is a lower bound. Scores that are all 0 say nothing: uniform.
    """
    values = np.clip(np.asarray(scores, dtype=np.float64), 0.0, None)
    total = float(values.sum())
    if not complete and total <= 1.0:
        return np.append(values, 1.0 - total)
    if total <= 0.0:
        return np.full(len(values), 1.0 / max(1, len(values)))
    normalised: Floats = values / total
    return normalised


def entropy(probabilities: Floats, *, axis: int = -1) -> Floats:
    """Return the entropy along an axis of K classes, divided by log K; a single class is certain."""
    count = probabilities.shape[axis]
    if count < 2:
        return np.zeros(np.delete(probabilities.shape, axis))
    held = np.clip(probabilities, 1e-12, 1.0)
    result: Floats = np.clip(-np.sum(probabilities * np.log(held), axis=axis) / np.log(count), 0.0, 1.0)
    return result


def margin(probabilities: Floats, *, axis: int = -1) -> Floats:
    """Return 1 less the lead of the best class over the second along an axis; a single class is certain."""
    count = probabilities.shape[axis]
    if count < 2:
        return np.zeros(np.delete(probabilities.shape, axis))
    best = np.partition(probabilities, count - 2, axis=axis)
    lead = np.take(best, count - 1, axis=axis) - np.take(best, count - 2, axis=axis)
    result: Floats = np.clip(1.0 - lead, 0.0, 1.0)
    return result


def least_confidence(probabilities: Floats, *, axis: int = -1) -> Floats:
    """Return what the best of K classes leaves, divided by 1 - 1/K; a single class is certain."""
    count = probabilities.shape[axis]
    if count < 2:
        return np.zeros(np.delete(probabilities.shape, axis))
    result: Floats = np.clip((1.0 - probabilities.max(axis=axis)) * count / (count - 1), 0.0, 1.0)
    return result


def binary_entropy(confidences: ArrayLike) -> Floats:
    """Return the entropy in bits of yes-or-no answers, elementwise."""
    yes = np.clip(np.asarray(confidences, dtype=np.float64), 0.0, 1.0)
    held_yes, held_no = np.clip(yes, 1e-12, 1.0), np.clip(1.0 - yes, 1e-12, 1.0)
    result: Floats = np.clip(-(yes * np.log2(held_yes) + (1.0 - yes) * np.log2(held_no)), 0.0, 1.0)
    return result


def binary_margin(confidences: ArrayLike) -> Floats:
    """Return how near yes-or-no answers are to a half, elementwise: 1 at 0.5, 0 at 0 and 1."""
    yes = np.clip(np.asarray(confidences, dtype=np.float64), 0.0, 1.0)
    result: Floats = 1.0 - np.abs(2.0 * yes - 1.0)
    return result


def of_classes(scores: ArrayLike, *, complete: bool = True) -> dict[str, float]:
    """Measure one answer over exclusive classes (single-label); no class, no measure."""
    if not np.size(scores):
        return {}
    values = distribution(scores, complete=complete)
    return {"entropy": float(entropy(values)), "margin": float(margin(values)), "least_confidence": float(least_confidence(values))}


def of_multi_label(scores: ArrayLike) -> dict[str, float]:
    """Measure one answer whose classes each say yes or no: the mean over the classes."""
    if not np.size(scores):
        return {}
    near = float(binary_margin(scores).mean())
    return {"entropy": float(binary_entropy(scores).mean()), "margin": near, "least_confidence": near}


def of_objects(confidences: Iterable[float], *, top: int = TOP_OBJECTS) -> dict[str, float]:
    """Measure one image from the confidences of its objects.

    The three measures are means over the ``top`` least certain objects; ``entropy_mean`` and ``entropy_max`` are
    over all of them (the aggregations of Brust et al., "Active Learning for Deep Object Detection", 2019). An image
    without objects scores ``EMPTY_IMAGE``.
    """
    values = list(confidences)
    if not values:
        return dict.fromkeys(("entropy", "margin", "least_confidence", "entropy_mean", "entropy_max"), EMPTY_IMAGE)
    unsure = sorted(map(object_entropy, values), reverse=True)
    near = sorted((1.0 - abs(2.0 * value - 1.0) for value in values), reverse=True)[:top]
    nearness = math.fsum(near) / len(near)
    return {
        "entropy": math.fsum(unsure[:top]) / len(unsure[:top]),
        "margin": nearness,
        "least_confidence": nearness,
        "entropy_mean": math.fsum(unsure) / len(unsure),
        "entropy_max": unsure[0],
    }


def object_entropy(confidence: float) -> float:
    """Return the entropy in bits of one yes-or-no answer; plain floats, since most images hold few objects."""
    if confidence <= 0.0 or confidence >= 1.0:
        return 0.0
    return min(1.0, -(confidence * math.log2(confidence) + (1.0 - confidence) * math.log2(1.0 - confidence)))


def of_pixels(unsure: Floats, *, share: float = TOP_PATCHES) -> float:
    """Aggregate a pixel map (H, W) to one number: the mean of its least certain patches.

    A mean over all pixels would drown a small doubtful field in a large sure one, and a maximum would follow one
    pixel on a border. Patches are squares of ``PATCH_PX``, smaller where the map has less than sixteen along a side.
    """
    if not unsure.size:
        return 0.0
    patch_px = max(1, min(PATCH_PX, max(unsure.shape) // 16))
    patches = np.sort(pool_mean(unsure, patch_px).ravel())[::-1]
    return float(np.clip(patches[: max(1, round(len(patches) * share))].mean(), 0.0, 1.0))


def pool_mean(values: Floats, step: int) -> Floats:
    """Average (H, W) over squares of ``step`` pixels; those at the right and lower edge may be smaller."""
    if step <= 1:
        return values
    height, width = values.shape
    rows, columns = np.arange(0, height, step), np.arange(0, width, step)
    sums = np.add.reduceat(np.add.reduceat(values, rows, axis=0, dtype=np.float64), columns, axis=1)
    sizes = np.outer(np.diff(np.append(rows, height)), np.diff(np.append(columns, width)))
    result: Floats = sums / sizes
    return result
