"""What the nearest labeled vectors say of others: a vote among neighbours. Exact, in blocks; no Django here.

Each of the k nearest votes with weight exp(similarity / temperature), as in Wu et al., "Unsupervised Feature Learning via
Non-Parametric Instance Discrimination" (CVPR 2018), whose temperature is 0.07.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.acquisition.diversity import unit_rows
from active_learning.embeddings.similarity import BLOCK, Matrix, blocks

NEIGHBOURS: Final = 10
TEMPERATURE: Final = 0.07


@dataclass(frozen=True, eq=False)
class Votes:
    """What neighbours say of M vectors.

    shares: (M, K) float32, a label's share of the votes, 0 to 1; with one label a vector the rows sum to 1.
    places: (M, k) int64, the neighbours, the nearest first. similarities: (M, k) float32.
    """

    shares: Matrix
    places: npt.NDArray[np.int64]
    similarities: Matrix


def vote(asked: Matrix, known: Matrix, labels: npt.NDArray[Any], *, neighbours: int = NEIGHBOURS, without_self: bool = False) -> Votes:
    """Let the ``neighbours`` nearest of ``known`` (N, D) vote on ``asked`` (M, D); ``labels``: (N, K), 1 where a vector has one.

    ``without_self``: the two are the same rows, and none votes on itself. Of equally near ones the first vote. Raises ValueError
    when nobody can vote.
    """
    count = min(neighbours, len(known) - int(without_self))
    if count < 1:
        raise ValueError("nobody is there to vote")
    others, bits = unit_rows(known), labels.astype(np.float32)
    shares = np.zeros((len(asked), bits.shape[1]), np.float32)
    places = np.zeros((len(asked), count), np.int64)
    near = np.zeros((len(asked), count), np.float32)
    for start, end in blocks(len(asked), max(1, min(BLOCK, 64_000_000 // max(1, len(known))))):
        found: Matrix = np.asarray(unit_rows(asked[start:end]) @ others.T, np.float32)
        if without_self:
            found[np.arange(end - start), np.arange(start, end)] = -np.inf
        places[start:end] = _nearest_places(found, count)
        near[start:end] = np.take_along_axis(found, places[start:end], axis=1)
        weights = np.exp((near[start:end] - near[start:end, :1]) / TEMPERATURE)
        weights /= weights.sum(axis=1, keepdims=True)
        shares[start:end] = np.einsum("mk,mkc->mc", weights, bits[places[start:end]])
    return Votes(np.clip(shares, 0, 1), places, near)


def _nearest_places(found: Matrix, count: int) -> npt.NDArray[np.int64]:
    """Return the places of the ``count`` largest of each row, the largest first; ties by place."""
    if count < found.shape[1]:
        some = np.sort(np.argpartition(-found, count - 1, axis=1)[:, :count], axis=1)
    else:
        some = np.broadcast_to(np.arange(found.shape[1]), found.shape)
    order = np.argsort(-np.take_along_axis(found, some, axis=1), axis=1, kind="stable")
    chosen: npt.NDArray[np.int64] = np.take_along_axis(some, order, axis=1)
    return chosen
