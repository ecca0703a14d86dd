"""How far people can be trusted who drew on the same images: by how well their drawings agree. No Django here.

Whoever agrees with people who can be trusted can be trusted, too: the trust in each is the mean agreement with the others, weighted by the
trust in them, until it stands. A small prior at the mean of all keeps a person with few images from being called perfect, or hopeless.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
PRIOR: Final = 1.0
MOST_STEPS: Final = 100
FLAT: Final = 1e-9


@dataclass(frozen=True, eq=False)
class Agreements:
    """Pairs of people who drew on the same image: ``images``, ``one`` and ``other`` (P,) places, ``agree`` (P,) 0 to 1."""

    images: Places
    one: Places
    other: Places
    agree: Floats

    def both_ways(self) -> tuple[Places, Places, Places, Floats]:
        """Return image, person, other person and agreement, every pair from both sides: (2 P,)."""
        return (
            np.tile(self.images, 2),
            np.concatenate([self.one, self.other]),
            np.concatenate([self.other, self.one]),
            np.tile(self.agree, 2),
        )


def trust_in_people(pairs: Agreements, people: int) -> Floats:
    """Return how far each person can be trusted: (J,), 0 to 1; who shares no image gets the mean."""
    _, person, other, agree = pairs.both_ways()
    mean = float(agree.mean())
    trust = np.full(people, mean)
    for _ in range(MOST_STEPS):
        weight = trust[other]
        told = np.bincount(person, weight * agree, people) + PRIOR * mean
        fresh = told / (np.bincount(person, weight, people) + PRIOR)
        moved = float(np.abs(fresh - trust).max())
        trust = fresh
        if moved < FLAT:
            break
    return trust


@dataclass(frozen=True)
class Chosen:
    """Whose drawing of an image to learn, and how far to trust it, 0 to 1."""

    person: int
    sureness: float


def chosen_drawings(pairs: Agreements, trust: Floats) -> Mapping[int, Chosen]:
    """Return for each image the drawing that those who can be trusted agree with the most; ties go to the person of the lower place."""
    images, person, other, agree = pairs.both_ways()
    seats, place = np.unique(np.stack([images, person]), axis=1, return_inverse=True)
    weight = trust[other]
    told = np.bincount(place.ravel(), weight * agree) + PRIOR * trust[seats[1]]
    sure = told / (np.bincount(place.ravel(), weight) + PRIOR)
    best: dict[int, Chosen] = {}
    for image, who, value in zip(*seats.tolist(), sure.tolist(), strict=True):
        if image not in best or value > best[image].sureness:
            best[image] = Chosen(who, value)
    return best
