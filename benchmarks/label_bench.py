"""LabelBench's protocol on CIFAR-10 (Zhang et al. 2024): 200 random labels, 200 more a round up to 4,000, a linear head on frozen features.

Its features are CLIP's, which come in no package; here they are those of the installed backbone. So the order of the strategies and
the factor by which they save labels can be compared, and not the accuracies. ``SEEDS`` and ``STRATEGIES`` narrow a run down; what is
finished is kept in ``BENCHMARK_CACHE``, and a run that was stopped goes on. CIFAR-100 comes in no package, and is not measured.
"""

import os
from functools import partial

import numpy as np

from active_learning.progress.replay import labels_to_reach
from benchmarks.label_efficiency import curve
from benchmarks.public_sets import cifar10, kept
from benchmarks.report import report

BUDGETS = tuple(range(200, 4001, 200))
SHOWN = (400, 600, 1000, 2200, 4000)
POOL, TEST, SEEDS = 50_000, 10_000, 4
COMPARED = ("random", "margin", "badge", "least_confidence", "entropy", "kcenter", "uherding")
# Labels that each needs for what random reaches at 4,000, from the repository's raw results: 4,000 over that is what it saves.
PUBLISHED_X = {"margin": 3.5, "badge": 3.7, "least_confidence": 2.8, "entropy": 2.6, "kcenter": 1.25}


def main() -> None:
    """Print the curves, and by what factor each saves labels."""
    data = cifar10(int(os.environ.get("POOL", POOL)), TEST)
    strategies = os.environ.get("STRATEGIES", ",".join(COMPARED)).split(",")
    runs: dict[str, list[list[float]]] = {strategy: [] for strategy in strategies}
    for seed in range(int(os.environ.get("SEEDS", SEEDS))):
        # All begin with the same random labels, as in the protocol: a strategy that needs no model would not.
        first = np.random.default_rng(seed).choice(len(data.pool), BUDGETS[0], replace=False).tolist()
        for strategy, found in runs.items():
            found.append(
                kept(f"label-bench-{len(data.pool)}-{strategy}-{seed}", partial(curve, data, strategy, seed, BUDGETS, first=first))
            )
            print(f"seed {seed}, {strategy}: {100 * found[-1][-1]:.2f} % at {BUDGETS[-1]}", flush=True)
    print(f"CIFAR-10, pool {len(data.pool)}; labels {', '.join(map(str, SHOWN))}")
    for strategy, found in runs.items():
        means, spread = np.mean(found, axis=0) * 100, np.std(found, axis=0) * 100
        cells = [f"{means[at]:.2f}±{spread[at]:.2f}" for at in map(BUDGETS.index, SHOWN)]
        print(f"| {strategy} | {' | '.join(cells)} |")
    curves = {strategy: np.mean(found, axis=0).tolist() for strategy, found in runs.items()}
    wanted = curves["random"][-1]
    needed = {name: labels_to_reach(BUDGETS, values, wanted) for name, values in curves.items()}
    factors = {name: None if labels is None else round(BUDGETS[-1] / labels, 2) for name, labels in needed.items()}
    margin = factors.get("margin") or 0.0
    report(
        "label-bench",
        ours={"fewer_labels_x": factors, "random_at_4000": round(wanted, 4), "seeds": len(runs["random"])},
        peer={"fewer_labels_x": PUBLISHED_X},
        ratio=margin / PUBLISHED_X["margin"],
        goal="margin saves labels against random, and k-center saves fewer than margin, as published",
        holds=margin > 1 and (factors.get("kcenter") or 0.0) < margin,
    )


if __name__ == "__main__":
    main()
