"""Fashion-MNIST of "A cross-domain benchmark for active learning" (Werner et al. 2024), the small budget: 1,000 labels more from 1,000 on.

Theirs: ResNet-18 trained anew by NAdam (rate 1e-3, batches of 64), 100 labels of each class to begin with, one more at a time, the area
under the accuracy's curve, 50 repetitions. Ours differs where two cores ask for it: a residual network of 64 channels and six layers, 250
labels a step, 20,000 images in the pool. Coverage looks at what the network sees, as in theirs.

``FASHION_MNIST`` names the folder of Debian's dataset-fashion-mnist. What is finished is kept in ``BENCHMARK_CACHE``; ``SEEDS`` and
``STRATEGIES`` narrow a run down.
"""

import os
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from active_learning.acquisition.strategies import STRATEGIES
from active_learning.progress.replay import Material, replay
from benchmarks.conv_pools import ConvPool, Recipe
from benchmarks.public_sets import fashion_mnist, kept
from benchmarks.report import report

POOL, TEST, SEEDS, CLASSES = 20_000, 10_000, 3, 10
PER_CLASS = 100
BUDGETS = (1000, 1250, 1500, 1750, 2000)
WIDTH = 16
# The area under the curve in the repository's table of small budgets.
PUBLISHED = {
    "bald": 0.854, "margin": 0.851, "badge": 0.851, "entropy": 0.847, "typiclust": 0.846, "kcenter": 0.840, "random": 0.837,
}  # fmt: skip


class Block(nn.Module):
    """Two convolutions beside a shortcut, at half the size."""

    def __init__(self, given: int, made: int) -> None:
        super().__init__()
        self.way = nn.Sequential(
            nn.Conv2d(given, made, 3, 2, 1, bias=False), nn.BatchNorm2d(made), nn.ReLU(),
            nn.Conv2d(made, made, 3, 1, 1, bias=False), nn.BatchNorm2d(made),
        )  # fmt: skip
        self.short = nn.Sequential(nn.Conv2d(given, made, 1, 2, bias=False), nn.BatchNorm2d(made))

    def forward(self, given: Tensor) -> Tensor:
        """Add what the way makes to what the shortcut lets through."""
        return torch.relu(self.way(given) + self.short(given))


def network() -> tuple[nn.Module, nn.Module]:
    """Make a narrow residual network; its dropout is behind all of it, so that a draw costs one product."""
    seeing = nn.Sequential(
        nn.Conv2d(1, WIDTH, 3, 1, 1, bias=False), nn.BatchNorm2d(WIDTH), nn.ReLU(),
        Block(WIDTH, 2 * WIDTH), Block(2 * WIDTH, 4 * WIDTH), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
    )  # fmt: skip
    return seeing, nn.Sequential(nn.Dropout(0.25), nn.Linear(16 * WIDTH, CLASSES))


RECIPE = Recipe(network, partial(torch.optim.NAdam, lr=1e-3), epochs=15, least_updates=200, most_updates=600, draws=10)


def accuracies(data: Material, strategy: str, seed: int) -> list[float]:
    """Return the accuracy at each budget; all strategies begin with the same labels and, by the seed, with the same network."""
    wanted = STRATEGIES[strategy]
    pool = ConvPool(data, RECIPE, seed=seed, drawn=strategy == "bald", sees="embeddings" in wanted.needs and strategy != "bald")
    rng = np.random.default_rng(seed)
    first = np.concatenate([rng.choice(np.flatnonzero(data.pool.values == label), PER_CLASS, replace=False) for label in range(CLASSES)])
    return [round(value, 4) for value in replay(pool, wanted, BUDGETS, seed=seed, first=first.tolist())]


def area(curve: list[float]) -> float:
    """Return the area under a curve of even steps, over its width."""
    return float(np.trapezoid(curve) / (len(curve) - 1))


def main() -> None:
    """Print the table."""
    data = fashion_mnist(POOL, TEST)
    runs: dict[str, list[list[float]]] = {name: [] for name in os.environ.get("STRATEGIES", ",".join(PUBLISHED)).split(",")}
    for seed in range(int(os.environ.get("SEEDS", SEEDS))):
        for strategy, found in runs.items():
            found.append(kept(f"cross-domain-{strategy}-{seed}", partial(accuracies, data, strategy, seed)))
            print(f"seed {seed}, {strategy}: {found[-1]}", flush=True)
    areas = {strategy: [area(curve) for curve in found] for strategy, found in runs.items()}
    print("| | area | published | accuracy at 2,000 |")
    for strategy, values in areas.items():
        last = np.mean([curve[-1] for curve in runs[strategy]])
        print(f"| {strategy} | {np.mean(values):.3f}±{np.std(values):.3f} | {PUBLISHED[strategy]:.3f} | {last:.3f} |")
    means = {strategy: round(float(np.mean(values)), 4) for strategy, values in areas.items()}
    gain = means.get("margin", 0.0) - means.get("random", 0.0)
    report(
        "cross-domain",
        ours={"area": means, "seeds": min(map(len, runs.values()))},
        peer={"area": PUBLISHED},
        ratio=gain / (PUBLISHED["margin"] - PUBLISHED["random"]),
        goal="margin, BADGE and BALD lie above random, as published",
        holds=all(means[name] > means["random"] for name in ("margin", "badge", "bald") if name in means),
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
