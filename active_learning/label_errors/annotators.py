"""What several people say of the same images: the likely truth, and how reliable each of them is.

Dawid and Skene, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm" (Applied Statistics 1979). A small
prior on the right answer keeps a person with few images from being called perfect, or hopeless.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
PRIOR_RIGHT: Final = 1.0
PRIOR_WRONG: Final = 0.3
MOST_STEPS: Final = 200
FLAT: Final = 1e-7


@dataclass(frozen=True, eq=False)
class Consensus:
    """truth: (I, K), rows sum to 1; confusion: (J, K, K), what person j says (last axis) of each true class; prior: (K,)."""

    truth: Floats
    confusion: Floats
    prior: Floats

    @property
    def quality(self) -> Floats:
        """How often each person is right, over classes as frequent as they are: (J,), 0 to 1."""
        rights: Floats = np.einsum("jkk,k->j", self.confusion, self.prior)
        return rights


def consensus(images: Places, people: Places, said: Places, *, classes: int) -> Consensus:
    """Return what V votes tell: ``images``, ``people`` and ``said`` are (V,) places of image, person and class."""
    images, people, said = np.unique(np.stack([images, people, said]), axis=1)  # a vote counts once
    counts = (int(images.max()) + 1, int(people.max()) + 1)
    truth = np.zeros((counts[0], classes))
    np.add.at(truth, (images, said), 1.0)
    truth /= truth.sum(axis=1, keepdims=True)
    cells = people * classes + said
    pseudo = np.full((classes, classes), PRIOR_WRONG / max(1, classes - 1))
    np.fill_diagonal(pseudo, PRIOR_RIGHT)
    for _ in range(MOST_STEPS):
        prior = (truth.sum(axis=0) + 1e-3) / (truth.sum() + classes * 1e-3)
        # Votes stay a list: a table of all images, people and classes is hundreds of times as large, and nearly empty.
        summed = [np.bincount(cells, truth[images, true], counts[1] * classes).reshape(counts[1], classes) for true in range(classes)]
        confusion = np.stack(summed, axis=1) + pseudo
        confusion /= confusion.sum(axis=2, keepdims=True)
        told = np.log(confusion)
        logs = np.log(prior) + np.stack([np.bincount(images, told[people, true, said], counts[0]) for true in range(classes)], axis=1)
        logs -= logs.max(axis=1, keepdims=True)
        fresh = np.exp(logs)
        fresh /= fresh.sum(axis=1, keepdims=True)
        moved = float(np.abs(fresh - truth).max())
        truth = fresh
        if moved < FLAT:
            break
    return Consensus(truth, confusion, prior)


@dataclass(frozen=True, eq=False)
class Trust:
    """What to learn of images that people labeled: ``labels`` (I,) the likeliest class, ``sureness`` (I,) how likely it is, 0 to 1."""

    labels: Places
    sureness: Floats


def trust(found: Consensus, images: Places, people: Places, said: Places) -> Trust:
    """Return what V votes tell of images, by how reliable people are; ``people`` of -1 were never judged and count as the average.

    ``images``, ``people`` and ``said`` as in ``consensus``; the images may be others, and one vote on an image suffices.
    """
    classes = len(found.prior)
    average = found.confusion.mean(axis=0)
    told = np.log(np.concatenate([found.confusion, average[None]]))[people, :, said]
    logs = np.tile(np.log(found.prior), (int(images.max()) + 1, 1))
    np.add.at(logs, images, told.reshape(len(images), classes))
    shares = np.exp(logs - logs.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return Trust(shares.argmax(axis=1), shares.max(axis=1))
