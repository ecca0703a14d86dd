"""PPAL: Yang, Huang and Crowley, "Plug and play active learning for object detection", 2024.

First an entropy in which objects of difficult labels weigh more, then images whose objects differ from each other, label by label.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from active_learning.acquisition.consistency import Found, overlaps
from active_learning.acquisition.values import Floats, Instances, Rows
from inference.uncertainty import TOP_OBJECTS, binary_entropy

ALPHA, BETA = 0.3, 0.2
CONFIDENCE_PART = 0.6
ROUNDS = 10
ROWS_AT_ONCE = 1024


def difficulty(confidence: ArrayLike, overlap: ArrayLike) -> Floats:
    """Return how hard objects are that a model knows the truth of: 1 - confidence^0.6 x IoU^0.4; 1 for one that it missed.

    confidence, overlap: (I,) of each true object, 0 where nothing was found for it.
    """
    sure, near = np.clip(np.asarray(confidence, dtype=float), 0, 1), np.clip(np.asarray(overlap, dtype=float), 0, 1)
    hard: Floats = 1 - sure**CONFIDENCE_PART * near ** (1 - CONFIDENCE_PART)
    return hard


def hardness(found: Found, label: int, around: Sequence[float]) -> float:
    """Return how hard one true object was for a model, by what it found; around: left, top, right, bottom of the object."""
    same = found.label == label
    if not same.any():
        return 1.0
    shared = overlaps(np.array([around], dtype=float), found.bounds[same])[0]
    best = int(np.argmax(shared))
    return float(difficulty(found.confidence[same][best] if shared[best] > 0 else 0.0, shared[best]))


def label_weights(difficulties: ArrayLike) -> Floats:
    """Return how much the objects of each label weigh, 1…1.2: PPAL's 1 + a b log(1 + (e^(1/a) - 1) d).  (K,) 0…1 → (K,)."""
    hard = np.clip(np.asarray(difficulties, dtype=float), 0, 1)
    weights: Floats = 1 + ALPHA * BETA * np.log1p((math.exp(1 / ALPHA) - 1) * hard)
    return weights


def difficult_entropy(confidences: ArrayLike, weights: ArrayLike, *, top: int = TOP_OBJECTS) -> float:
    """Return the mean of an image's ``top`` largest weighted entropies, 0…1; an image without objects scores 0.

    A sum, as in the paper, would ask for crowded images: the mean of the few least sure does not.
    """
    most = 1 + BETA
    weighted = np.sort(binary_entropy(confidences) * np.asarray(weights, dtype=float) / most)[::-1][:top]
    return float(np.clip(weighted.mean(), 0, 1)) if len(weighted) else 0.0


def likeness(found: Instances, images: int) -> Floats:
    """Return how alike images are by their objects, (M, M) 0…1: the mean over the objects of the best match of the same label.

    Both ways, and the mean of the two. Images without an object of a label match nothing of it.
    """
    total = np.zeros((images, images), dtype=np.float32)
    weight = np.bincount(found.image, weights=found.weight, minlength=images)
    for label in np.unique(found.label):
        rows = np.flatnonzero(found.label == label)
        rows = rows[np.argsort(found.image[rows], kind="stable")]
        _add_matches(total, found, rows)
    total /= np.where(weight > 0, weight, 1)[:, None].astype(np.float32)
    both: Floats = np.clip((total + total.T) / 2, 0, 1)
    return both


def _add_matches(total: Floats, found: Instances, rows: Rows) -> None:
    """Add, for objects of one label ordered by image, the weighted best match in every image that has the label."""
    features = found.features[rows].astype(np.float32)
    images, starts = np.unique(found.image[rows], return_index=True)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE]
        best = np.maximum.reduceat(features[start : start + ROWS_AT_ONCE] @ features.T, starts, axis=1)
        np.maximum(best, 0, out=best)
        for row, matches in zip(part.tolist(), best, strict=True):
            total[found.image[row], images] += np.float32(found.weight[row]) * matches


def spread_medoids(alike: Floats, picks: int, *, worth: Floats, rng: np.random.Generator) -> Rows:
    """Pick images that stand for groups of unlike ones: k-means++ on 1 - likeness, then medoids until nothing changes.

    alike: (M, M) 0…1; worth: (M,) not negative, who begins and how strongly each pulls.
    """
    count = len(alike)
    if picks >= count:
        return np.argsort(-worth, kind="stable")
    if not picks:
        return np.zeros(0, dtype=np.int64)
    apart = 1 - alike
    chosen = _seeds(apart, picks, worth, rng)
    for _ in range(ROUNDS):
        nearest = np.argmin(apart[:, chosen], axis=1)
        nearest[chosen] = np.arange(picks)
        moved = np.array([_middle(alike, np.flatnonzero(nearest == place), worth) for place in range(picks)])
        if np.array_equal(moved, chosen):
            break
        chosen = moved
    return chosen


def _seeds(apart: Floats, picks: int, worth: Floats, rng: np.random.Generator) -> Rows:
    chosen = [int(np.argmax(worth))]
    distance = apart[chosen[0]].astype(float)
    while len(chosen) < picks:
        odds = distance**2
        odds[chosen] = 0
        if not odds.sum() > 0:
            odds = np.ones(len(apart))
            odds[chosen] = 0
        chosen.append(int(rng.choice(len(apart), p=odds / odds.sum())))
        np.minimum(distance, apart[chosen[-1]], out=distance)
    return np.array(chosen, dtype=np.int64)


def _middle(alike: Floats, members: Rows, worth: Floats) -> int:
    """Return the member most like the others, each counting by its worth."""
    pull = worth[members] + 1e-9
    return int(members[np.argmax(alike[np.ix_(members, members)] @ pull)])
