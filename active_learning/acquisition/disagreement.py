"""How much several answers about one image differ: draws of one network, or models of their own.

BALD: Houlsby et al., "Bayesian active learning for classification and preference learning", 2011; with dropout Gal, Islam
and Ghahramani, "Deep Bayesian active learning with image data", 2017. Its mutual information is the mean divergence of the
members from their consensus, so that it serves committees as well: McCallum and Nigam, "Employing EM and pool-based active
learning for text classification", 1998. Votes: Dagan and Engelson, "Committee-based sampling for training probabilistic
classifiers", 1995. Changed answers: Gupte et al., "Revisiting active learning in the era of vision foundation models", 2024.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from active_learning.acquisition.values import AcquisitionError, Floats, checked_probabilities
from inference import uncertainty
from models_registry.networks.heads import LinearHead, sigmoid, softmax

BALD_DRAWS, BALD_RATE = 20, 0.5
CHANGED_DRAWS, CHANGED_RATE = 3, 0.75
ROWS_AT_ONCE = 16_384


class Members:
    """Adds up the answers of members one after the other, so that they never lie in memory side by side."""

    def __init__(self, *, multi_label: bool = False) -> None:
        self.count = 0
        self._multi_label = multi_label
        self._sum: Floats | None = None
        self._entropy: Floats | None = None
        self._votes: Floats | None = None

    def add(self, probabilities: Floats) -> None:
        """Count in one member's answers, (N, K)."""
        checked_probabilities(probabilities, multi_label=self._multi_label)
        values = np.clip(np.asarray(probabilities, dtype=np.float64), 0, 1)
        if self._sum is None or self._entropy is None or self._votes is None:
            self._sum, self._votes = np.zeros(values.shape), np.zeros(values.shape)
            self._entropy = np.zeros(len(values))
        if values.shape != self._sum.shape:
            raise AcquisitionError("the members answered about different images or labels.")
        self.count += 1
        self._sum += values
        self._entropy += self._entropy_of(values)
        if self._multi_label:
            self._votes += values >= 0.5
        elif values.shape[1]:
            self._votes[np.arange(len(values)), values.argmax(axis=1)] += 1

    def divergence(self) -> Floats:
        """Return the mean divergence from the consensus, over its largest value: 0…1, (N,)."""
        total, entropy, _ = self._all()
        return np.clip(self._entropy_of(total / self.count) - entropy / self.count, 0, 1)

    def vote_entropy(self) -> Floats:
        """Return the entropy of the members' votes, over its largest value: 0…1, (N,)."""
        _, _, votes = self._all()
        return self._entropy_of(votes / self.count)

    def _entropy_of(self, probabilities: Floats) -> Floats:
        if not probabilities.shape[1]:
            return np.zeros(len(probabilities))
        if self._multi_label:
            binary: Floats = uncertainty.binary_entropy(probabilities).mean(axis=1)
            return binary
        return uncertainty.entropy(probabilities)

    def _all(self) -> tuple[Floats, Floats, Floats]:
        if self._sum is None or self._entropy is None or self._votes is None:
            raise AcquisitionError("a committee needs members.")
        return self._sum, self._entropy, self._votes


def bald(
    head: LinearHead, chunks: Iterable[Floats], rng: np.random.Generator, *, draws: int = BALD_DRAWS, rate: float = BALD_RATE
) -> Floats:
    """Return what labels would tell about the head: the mutual information under dropout, 0…1, (N,).

    chunks: embeddings (n, D), one part of the pool after the other; every part meets the same draws.
    """
    thinned = _thinned(head, draws, rate, rng)
    parts: list[Floats] = [np.zeros(0)]
    for rows in chunks:
        members = Members(multi_label=head.multi_label)
        for one in thinned:
            members.add(one.probabilities(rows))
        parts.append(members.divergence())
    return np.concatenate(parts)


def changed(
    head: LinearHead, chunks: Iterable[Floats], rng: np.random.Generator, *, draws: int = CHANGED_DRAWS, rate: float = CHANGED_RATE
) -> Floats:
    """Return the share of draws under dropout whose answer is another than the whole head's, 0…1, (N,)."""
    thinned = _thinned(head, draws, rate, rng)
    parts: list[Floats] = [np.zeros(0)]
    for rows in chunks:
        whole = _decided(head, rows)
        parts.append(np.mean([(_decided(one, rows) != whole).any(axis=1) for one in thinned], axis=0))
    return np.concatenate(parts)


def in_parts(embeddings: Floats) -> Iterable[Floats]:
    """Cut embeddings (N, D) into parts that fit the cache's neighbourhood."""
    return (embeddings[start : start + ROWS_AT_ONCE] for start in range(0, len(embeddings), ROWS_AT_ONCE))


def _thinned(head: LinearHead, draws: int, rate: float, rng: np.random.Generator) -> list[LinearHead]:
    """Return heads that see only a part of the features, each scaled up by what is missing."""
    kept = rng.random((draws, head.weight.shape[1])) >= rate
    weights = [(head.weight * (mask / np.float32(1 - rate))).astype(np.float32) for mask in kept]
    return [LinearHead(head.mean, head.scale, weight, head.bias, head.temperature, head.multi_label) for weight in weights]


def _decided(head: LinearHead, rows: Floats) -> Floats:
    """Return what a head decides, as columns: the best class, or each label's yes or no."""
    logits = head.logits(np.asarray(rows, dtype=np.float32))
    if not logits.shape[1]:
        return np.zeros((len(rows), 1))
    return np.asarray(sigmoid(logits) >= 0.5 if head.multi_label else softmax(logits).argmax(axis=1)[:, None], dtype=float)
