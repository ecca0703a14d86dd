"""Curves of labeled campaigns that are replayed: each strategy with several seeds, printed as rows of a table."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from active_learning.acquisition.strategies import STRATEGIES
from active_learning.progress.replay import replay


def mean_curves(material: Any, budgets: Sequence[int], *, compared: Sequence[str], seeds: int) -> dict[str, list[float]]:
    """Return the mean over the seeds at every budget, by strategy; ``SEEDS`` and ``STRATEGIES`` narrow a run down."""
    means: dict[str, list[float]] = {}
    for strategy in os.environ.get("STRATEGIES", ",".join(compared)).split(","):
        drawn = range(int(os.environ.get("SEEDS", seeds)))
        runs = np.array([replay(replace(material, seed=seed), STRATEGIES[strategy], budgets, seed=seed) for seed in drawn])
        means[strategy] = [round(value, 4) for value in runs.mean(axis=0).tolist()]
        cells = [f"{100 * m:.1f}±{100 * s:.1f}" for m, s in zip(means[strategy], runs.std(axis=0).tolist(), strict=True)]
        print(f"| {strategy} | {' | '.join(cells)} |", flush=True)
    return means
