"""Which images to segment: by their least sure tenth of patches, a third of them label by label, none like another.

Shares of labels and power noise: Lüth et al., "Finally outshining the random baseline" (ClaSP PE), 2026; power noise: Kirsch et al.,
"Stochastic batch acquisition: a simple baseline for deep active learning", 2023; label balance: Cai et al., "Revisiting superpixels for
active learning", 2021.
"""

from __future__ import annotations

import numpy as np

from active_learning.acquisition.values import Floats, Rows

STRATIFIED = 1 / 3
POWER = 4.0
LEAST = 1e-9


def power_noise(scores: Floats, *, rng: np.random.Generator, power: float = POWER) -> Floats:
    """Return keys whose order is a draw without replacement with chances as scores^power.  (N,) not negative → (N,)."""
    noisy: Floats = np.log(np.maximum(scores, LEAST)) * power + rng.gumbel(size=len(scores))
    return noisy


def by_label(scores: Floats, shares: Floats, picks: int, *, rng: np.random.Generator) -> Rows:
    """Pick rows label by label in turn, each time one that is unsure where that label is, drawn by power noise.

    shares: (N, K) not negative; labels that nothing unsure belongs to are passed over.
    """
    present = np.flatnonzero(shares.sum(axis=0) > 0)
    # The label that least is unsure of comes first: a common one fills the rest anyway.
    present = present[np.argsort(shares.sum(axis=0)[present], kind="stable")]
    queues = []
    for label in present.tolist():
        worth = scores * shares[:, label]
        rows = np.argsort(-power_noise(worth, rng=rng), kind="stable")
        queues.append(rows[worth[rows] > 0].tolist()[::-1])
    taken: dict[int, None] = {}
    while len(taken) < picks and any(queues):
        for queue in queues:
            while queue and queue[-1] in taken:
                queue.pop()
            if queue and len(taken) < picks:
                taken[queue.pop()] = None
    return np.array(list(taken), dtype=np.int64)


def interleaved(first: Rows, second: Rows, picks: int, share: float) -> Rows:
    """Return ``picks`` rows of two lists, of the second about a share, evenly spread, each row once."""
    result: dict[int, None] = {}
    queues = [first.tolist()[::-1], second.tolist()[::-1]]
    due = 0.0
    while len(result) < picks and any(queues):
        due += share
        wanted = 1 if (due >= 1 and queues[1]) or not queues[0] else 0
        due -= wanted
        row = queues[wanted].pop()
        result[row] = None
    return np.array(list(result), dtype=np.int64)
