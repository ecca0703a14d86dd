"""LabelBench's protocol on CIFAR-10 (Zhang et al. 2024): 200 random labels, 200 more a round up to 4,000, a linear head on frozen features.

Its features are CLIP's, which come in no package; here they are those of the installed backbone. So the order of the strategies and
the factor by which they save labels can be compared, and not the accuracies. ``SEEDS`` and ``STRATEGIES`` narrow a run down.
"""

import os

import numpy as np

from benchmarks.label_efficiency import curve, labels_to_reach
from benchmarks.public_sets import cifar10
from benchmarks.report import report

BUDGETS = tuple(range(200, 4001, 200))
POOL, TEST, SEEDS = 50_000, 5_000, 2
COMPARED = ("random", "margin", "badge", "least_confidence", "entropy", "kcenter", "uherding")
# Labels that each needs for what random reaches at 4,000, from the repository's raw results: 4,000 over that is what it saves.
PUBLISHED_X = {"margin": 3.5, "badge": 3.7, "least_confidence": 2.8, "entropy": 2.6, "kcenter": 1.25}


def main() -> None:
    """Print the curves, and by what factor each saves labels."""
    data = cifar10(int(os.environ.get("POOL", POOL)), TEST)
    seeds = range(int(os.environ.get("SEEDS", SEEDS)))
    print(f"CIFAR-10, pool {len(data.pool)}; labels 400, 600, 1000, 2200, 4000")
    means: dict[str, list[float]] = {}
    for strategy in os.environ.get("STRATEGIES", ",".join(COMPARED)).split(","):
        # All begin with the same random labels, as in the protocol: a strategy that needs no model would not.
        runs = np.array([curve(data, strategy, seed, BUDGETS, begin="random") for seed in seeds])
        means[strategy] = runs.mean(axis=0).tolist()
        shown = [BUDGETS.index(budget) for budget in (400, 600, 1000, 2200, 4000)]
        print(
            f"| {strategy} | " + " | ".join(f"{100 * runs.mean(axis=0)[at]:.2f}±{100 * runs.std(axis=0)[at]:.2f}" for at in shown) + " |",
            flush=True,
        )
    wanted = means["random"][-1]
    needed = {name: labels_to_reach(BUDGETS, values, wanted) for name, values in means.items()}
    factors = {name: None if labels is None else round(BUDGETS[-1] / labels, 2) for name, labels in needed.items()}
    margin = factors.get("margin") or 0.0
    report(
        "label-bench",
        ours={"fewer_labels_x": factors, "random_at_4000": round(wanted, 4)},
        peer={"fewer_labels_x": PUBLISHED_X},
        ratio=margin / PUBLISHED_X["margin"],
        goal="margin saves labels against random, and k-center saves fewer than margin, as published",
        holds=margin > 1 and (factors.get("kcenter") or 0.0) < margin,
    )


if __name__ == "__main__":
    main()
