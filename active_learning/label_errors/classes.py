"""Wrong labels of whole images: confident learning on out-of-fold probabilities, and neighbours that disagree.

Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels" (JAIR 2021): a class's threshold is the
mean probability that its own images get for it; an image is confidently another class when that class's probability reaches
its threshold. The order is by normalized margin, averaged over the model and the neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.embeddings.votes import vote
from active_learning.training.fast_head import Examples, fit_head

Floats = npt.NDArray[np.float64]
Classes = npt.NDArray[np.int64]
FOLDS: Final = 5
LEAST_OF_A_CLASS: Final = 3
DECAY: Final = 1e-2
STEPS: Final = 60


@dataclass(frozen=True, slots=True)
class WrongClass:
    """One label that is probably wrong.

    ``row``: the image's place. ``suggested``: the class that is likelier. ``score``: how sure, 0 to 1; higher is looked at sooner.
    ``own``, ``other``: the probabilities of the given and the suggested class. ``neighbours``: the share of them that has the given one.
    """

    row: int
    suggested: int
    score: float
    own: float
    other: float
    neighbours: float


def out_of_fold(
    embeddings: npt.NDArray[np.float32],
    given: npt.NDArray[Any],
    classes: int,
    *,
    rng: np.random.Generator,
    folds: int = FOLDS,
    check: Callable[[], None] = lambda: None,
) -> Floats:
    """Return the probabilities (N, K) of a head that has not seen the image: each fold is told by the others.

    ``given``: (N,) classes or (N, K) bits. ``check`` is called before each fold and may raise to stop.
    """
    place = _fold_of(given, folds, rng)
    probabilities = np.zeros((len(given), classes))
    for fold in range(folds):
        asked = np.flatnonzero(place == fold)
        taught = np.flatnonzero(place != fold)
        if not len(asked) or not len(taught):
            continue
        check()
        head = fit_head(Examples(embeddings[taught], given[taught]), classes=classes, decay=DECAY, steps=STEPS)
        probabilities[asked] = head.probabilities(embeddings[asked])
    return probabilities


def _fold_of(given: npt.NDArray[Any], folds: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Deal the images of every class (of every combination of labels) round the folds, in an order by chance."""
    keys = given if given.ndim == 1 else np.unique(given, axis=0, return_inverse=True)[1].reshape(-1)
    order = rng.permutation(len(keys))
    order = order[np.argsort(keys[order], kind="stable")]
    place = np.empty(len(keys), np.int64)
    place[order] = np.arange(len(keys)) % folds
    return place


def confident_classes(probabilities: Floats, given: Classes) -> Classes:
    """Return for each image the class that it confidently is, -1 where it is none: (N,)."""
    classes = probabilities.shape[1]
    thresholds = np.array([probabilities[given == one, one].mean() if (given == one).any() else np.inf for one in range(classes)])
    reached = np.where(probabilities >= thresholds - 1e-6, probabilities, -np.inf)
    found: Classes = np.where(np.isfinite(reached).any(axis=1), reached.argmax(axis=1), -1)
    return found


def wrong_classes(probabilities: Floats, given: Classes, shares: Floats) -> list[WrongClass]:
    """Return the images whose label is probably wrong, the surest first; ties by place.

    ``probabilities``, ``shares``: (N, K), what a head that has not seen the image says, and the neighbours. An image is listed when it
    is confidently another class, or when model and neighbours agree on another one that neither gives less than the given.
    """
    confident = confident_classes(probabilities, given)
    rows = np.arange(len(given))
    own, near = probabilities[rows, given], shares[rows, given]
    both = probabilities + shares
    both[rows, given] = -np.inf
    likelier = both.argmax(axis=1)
    suggested = np.where((confident >= 0) & (confident != given), confident, likelier)
    other, near_other = probabilities[rows, suggested], shares[rows, suggested]
    agreed = (other > own) & (near_other > near)
    listed = ((confident >= 0) & (confident != given) & (probabilities.argmax(axis=1) != given)) | agreed
    scores = ((1 + other - own) / 2 + (1 + near_other - near) / 2) / 2
    found = [
        WrongClass(int(row), int(suggested[row]), float(scores[row]), float(own[row]), float(other[row]), float(near[row]))
        for row in np.flatnonzero(listed)
    ]
    return sorted(found, key=lambda each: (-each.score, each.row))


def find_wrong_classes(
    embeddings: npt.NDArray[np.float32], given: Classes, classes: int, *, rng: np.random.Generator, check: Callable[[], None] = lambda: None
) -> list[WrongClass]:
    """Return the wrong labels among images with one label each; classes with fewer than three images are not judged."""
    counts = np.bincount(given, minlength=classes)
    judged = np.flatnonzero(counts[given] >= LEAST_OF_A_CLASS)
    if len(np.unique(given[judged])) < 2:
        return []
    vectors, labels = embeddings[judged], given[judged]
    probabilities = out_of_fold(vectors, labels, classes, rng=rng, check=check)
    check()
    shares = vote(vectors, vectors, np.eye(classes, dtype=np.float32)[labels], without_self=True).shares.astype(np.float64)
    found = wrong_classes(probabilities, labels, shares)
    return [WrongClass(int(judged[e.row]), e.suggested, e.score, e.own, e.other, e.neighbours) for e in found]


@dataclass(frozen=True, slots=True)
class WrongBit:
    """A label of an image with several that is probably wrong: ``extra`` where it was given, missing where it was not."""

    row: int
    label: int
    extra: bool
    score: float
    probability: float
    neighbours: float


def find_wrong_bits(
    embeddings: npt.NDArray[np.float32], bits: npt.NDArray[np.bool_], *, rng: np.random.Generator, check: Callable[[], None] = lambda: None
) -> list[WrongBit]:
    """Return the labels of images with several each that are probably wrong: every label is judged by itself, yes against no."""
    judged = [int(one) for one in range(bits.shape[1]) if LEAST_OF_A_CLASS <= bits[:, one].sum() <= len(bits) - LEAST_OF_A_CLASS]
    if not judged:
        return []
    chosen = bits[:, judged]
    probabilities = out_of_fold(embeddings, chosen.astype(np.float32), len(judged), rng=rng, check=check)
    shares = vote(embeddings, embeddings, chosen, without_self=True).shares.astype(np.float64)
    found: list[WrongBit] = []
    for column, label in enumerate(judged):
        yes, near = probabilities[:, column], shares[:, column]
        pairs = wrong_classes(np.stack([1 - yes, yes], axis=1), chosen[:, column].astype(np.int64), np.stack([1 - near, near], axis=1))
        found += [WrongBit(e.row, label, e.suggested == 0, e.score, float(yes[e.row]), float(near[e.row])) for e in pairs]
    return sorted(found, key=lambda each: (-each.score, each.row, each.label))
