"""Curves of labeled campaigns that are replayed: each strategy with several seeds, printed as rows of a table."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from active_learning.acquisition.strategies import STRATEGIES
from active_learning.progress.replay import replay
from benchmarks.public_sets import kept


def mean_curves(
    name: str, material: Callable[[], Any], budgets: Sequence[int], *, compared: Sequence[str], seeds: int
) -> dict[str, list[float]]:
    """Return the mean over the seeds at every budget, by strategy; ``SEEDS`` and ``STRATEGIES`` narrow a run down.

    Each finished curve is kept in ``BENCHMARK_CACHE`` as runs/name-…, so that a run that was stopped goes on where it was; remove the files
    to measure anew. The material is looked at only where a curve is missing.
    """
    wanted, drawn = os.environ.get("STRATEGIES", ",".join(compared)).split(","), range(int(os.environ.get("SEEDS", seeds)))
    looked = list[Any]()

    def curve(strategy: str, seed: int) -> list[float]:
        if not looked:
            looked.append(material())
        return replay(replace(looked[0], seed=seed), STRATEGIES[strategy], budgets, seed=seed)

    runs: dict[str, list[list[float]]] = {strategy: [] for strategy in wanted}
    for seed in drawn:
        for strategy, found in runs.items():
            found.append(kept(f"{name}-{'-'.join(map(str, budgets))}-{strategy}-{seed}", partial(curve, strategy, seed)))
            print(f"seed {seed}, {strategy}: {' '.join(f'{100 * value:.1f}' for value in found[-1])}", flush=True)
    for strategy, found in runs.items():
        means, spread = (np.array(each) * 100 for each in (np.mean(found, axis=0), np.std(found, axis=0)))
        print(
            f"| {strategy} | {' | '.join(f'{m:.1f}±{s:.1f}' for m, s in zip(means.tolist(), spread.tolist(), strict=True))} |", flush=True
        )
    return {strategy: [round(value, 4) for value in np.mean(found, axis=0).tolist()] for strategy, found in runs.items()}
