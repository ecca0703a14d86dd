"""What may be asked of any strategy besides: cheap images first, rare labels first, no near duplicates.

Cost: Settles, Craven and Friedland, "Active learning with real annotation costs", 2008: usefulness over seconds.
Balance: Cai et al., "Revisiting superpixels for active learning in semantic segmentation with realistic annotation costs", 2021.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from active_learning.acquisition import reasons
from active_learning.acquisition.pool import without_twins
from active_learning.acquisition.strategies import Strategy
from active_learning.acquisition.values import AcquisitionInput, Floats, Ranking, picks_first

SHORTLIST = 4
MOST_WEIGHT = 10.0


@dataclass(frozen=True)
class Weighing:
    """cost: divide by the expected seconds; balance: prefer labels that are rare so far; no_twins: put near duplicates off.

    unsure: what the model leaves to people comes before all else, in the strategy's order.
    """

    cost: bool = False
    balance: bool = False
    no_twins: bool = False
    unsure: bool = False


def ranked(strategy: Strategy, pool: AcquisitionInput, weighing: Weighing) -> Ranking:
    """Rank by a strategy, and among four times as many images as are asked for by place times weight.

    A place says the same whatever the strategy's scores mean: greedy ones fall steeply, uncertainties hardly. The weights
    are those that there is something to weigh by: seconds for cost, label counts and answers for balance.
    """
    weights = _weights(pool, weighing)
    if weights is None:
        ranking = strategy(pool)
    else:
        wide = min(SHORTLIST * pool.size, pool.count)
        ranking = _reordered(strategy(replace(pool, size=max(wide, pool.size))), weights, wide)
    return without_twins(pool, ranking) if weighing.no_twins and pool.embeddings is not None and pool.count else ranking


def _reordered(ranking: Ranking, weights: dict[str, Floats], wide: int) -> Ranking:
    place = np.zeros(len(ranking.order))
    place[ranking.order] = np.linspace(1, 0, len(ranking.order), endpoint=False)
    head = ranking.order[:wide]
    worth = np.zeros(len(place))
    worth[head] = np.linspace(1, 0, len(head), endpoint=False)
    for values in weights.values():
        worth *= values
    picks = head[np.argsort(-worth[head], kind="stable")]
    why = list(ranking.why)
    for row in picks.tolist():
        why[row] = reasons.with_weights(why[row], {name: float(values[row]) for name, values in weights.items()})
    return picks_first(picks, 1 + worth[picks], place, parts={**ranking.parts, **weights}, why=tuple(why))


def _weights(pool: AcquisitionInput, weighing: Weighing) -> dict[str, Floats] | None:
    weights = {}
    if weighing.cost and pool.seconds is not None and pool.count:
        weights["cheapness"] = cheapness(pool.seconds)
    if weighing.balance and pool.label_counts is not None and pool.count:
        shares = pool.probabilities if pool.probabilities is not None else pool.shares
        if shares is not None and shares.shape[1] == len(pool.label_counts) and shares.shape[1]:
            weights["rarity"] = rarity(shares, pool.label_counts)
    return weights or None


def cheapness(seconds: Floats) -> Floats:
    """Return how many images of this kind one gets for the time of a usual one, at most 10 and at least a tenth.  (N,) → (N,)."""
    return np.clip(np.median(seconds) / seconds, 1 / MOST_WEIGHT, MOST_WEIGHT)


def rarity(shares: Floats, counts: Floats) -> Floats:
    """Return how much rarer than usual the labels are that an image is expected to get, at most 10.  (N, K), (K,) → (N,).

    Each label weighs the inverse of how often it was given, one more than it was, over the mean of those.
    """
    inverse = 1 / (np.asarray(counts, dtype=float) + 1)
    inverse /= inverse.mean()
    total = shares.sum(axis=1)
    expected = (shares @ inverse) / np.where(total > 0, total, 1)
    return np.clip(np.where(total > 0, expected, 1.0), 1 / MOST_WEIGHT, MOST_WEIGHT)
