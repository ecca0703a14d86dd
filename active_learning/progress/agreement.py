"""How far two sets of answers agree beyond chance: Cohen's kappa ("A coefficient of agreement for nominal scales", 1960).

Predictions that stop changing as labels come in are a sign to stop: Bloodgood and Vijay-Shanker 2009 stop at kappa 0.99.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.integer[Any]]


def kappa(one: Codes, other: Codes) -> float:
    """Return Cohen's kappa of two answers about the same images, (N,) codes each: 1 the same, 0 no more than chance.

    Where both give one and the same answer to everything, it is 1. Raises ValueError without any image.
    """
    if len(one) != len(other) or not len(one):
        raise ValueError("kappa compares answers about the same images, at least one")
    observed = float((one == other).mean())
    kinds = np.union1d(one, other)
    first, second = ((codes[:, None] == kinds).mean(axis=0) for codes in (one, other))
    chance = float((first * second).sum())
    return 1.0 if chance >= 1.0 else (observed - chance) / (1.0 - chance)


def common(ids: Codes, codes: Codes, other_ids: Codes, other_codes: Codes) -> tuple[Codes, Codes]:
    """Return both answers about the images that both know, in the order of their ids."""
    _, left, right = np.intersect1d(ids, other_ids, return_indices=True)
    return codes[left], other_codes[right]
