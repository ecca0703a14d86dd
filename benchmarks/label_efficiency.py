"""How many labels a strategy saves: accuracy of the fast head at growing budgets, every strategy against random, with several seeds.

Data: CIFAR-10 as features of the installed backbone, Fashion-MNIST as raw pixels (``public_sets`` says where they lie), and
Blue Marble chips (ocean, coast or land by the land-sea mask) as features. ``SEEDS`` and ``STRATEGIES`` narrow a run down.
"""

import os
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from active_learning.acquisition.disagreement import Members, bald, changed, in_parts
from active_learning.acquisition.strategies import STRATEGIES
from active_learning.acquisition.values import AcquisitionInput, Floats
from active_learning.training.fast_head import Examples, fit_head
from benchmarks.public_sets import CIFAR10, FASHION_MNIST, Data, cifar10, fashion_mnist
from benchmarks.report import report
from campaigns.imagery.blue_marble import draw
from models_registry.networks.backbones import Backbone
from models_registry.networks.heads import LinearHead

BUDGETS = (10, 20, 40, 60, 80, 100, 200, 300, 500, 1000)
COMPARED = (
    "random", "entropy", "least_confidence", "margin", "density", "bald", "divergence", "badge", "margin_diverse", "dropquery",
    "kcenter", "typiclust", "probcover", "maxherding", "uherding",
)  # fmt: skip
DEFAULT, SEEDS, STEPS, DECAY = "uherding", 3, 60, 1e-2
COMMITTEE = 5
CHIP_PX, CHIPS = 64, {"ocean": 1200, "coast": 900, "land": 900}
HELD_BACK, POOL, TEST = 900, 10_000, 5_000
GAIN_AT_100 = {"blue_marble": 0.0, "fashion_mnist": 0.04, "cifar10": 0.04}
Curves = dict[str, list[float]]


def blue_marble() -> Data:
    """Embed chips of the Blue Marble; their truth comes from the mask."""
    chips = draw(np.random.default_rng(3), per_kind=CHIPS, size=CHIP_PX)
    kinds = sorted(CHIPS)
    backbone = Backbone()
    vectors = np.concatenate([backbone.embed([chip.pixels for chip in chips[at : at + 64]]) for at in range(0, len(chips), 64)])
    values = np.array([kinds.index(chip.kind) for chip in chips])
    return Data(Examples(vectors[HELD_BACK:], values[HELD_BACK:]), Examples(vectors[:HELD_BACK], values[:HELD_BACK]), len(kinds))


def curve(data: Data, strategy: str, seed: int, budgets: Sequence[int] = BUDGETS, *, begin: str = "") -> list[float]:
    """Return the accuracy at each budget; a strategy that needs a model begins with random picks, all of them with ``begin``."""
    rng = np.random.default_rng(seed)
    labeled: list[int] = []
    accuracies: list[float] = []
    head: LinearHead | None = None
    for budget in budgets:
        pool = np.setdiff1d(np.arange(len(data.pool)), labeled)
        first = begin or ("random" if "model" in STRATEGIES[strategy].needs else strategy)
        wanted = STRATEGIES[strategy if labeled else first]
        vectors = data.pool.embeddings[pool]
        known = AcquisitionInput(
            count=len(pool), size=budget - len(labeled), rng=rng, embeddings=vectors, labels=tuple(map(str, range(data.classes))),
            probabilities=None if head is None else head.probabilities(vectors).astype(float),
            uncertainty={} if head is None else measured(data, wanted.name, head, vectors, labeled, rng),
            labeled=data.pool.embeddings[labeled] if labeled else None,
        )  # fmt: skip
        labeled += pool[wanted(known).order[: budget - len(labeled)]].tolist()
        head = _head(data, np.array(labeled))
        accuracies.append(float((head.probabilities(data.test.embeddings).argmax(axis=1) == data.test.values).mean()))
    return accuracies


def measured(
    data: Data, strategy: str, head: LinearHead, vectors: Floats, labeled: list[int], rng: np.random.Generator
) -> dict[str, Floats]:
    """Measure what the strategy reads besides answers: draws of the head, or a committee of heads on resampled labels."""
    if strategy == "bald":
        return {"bald": bald(head, in_parts(vectors), rng)}
    if strategy == "dropquery":
        return {"changed": changed(head, in_parts(vectors), rng)}
    if strategy != "divergence":
        return {}
    members = Members()
    for _ in range(COMMITTEE):
        members.add(_head(data, rng.choice(labeled, len(labeled))).probabilities(vectors))
    return {"divergence": members.divergence()}


def _head(data: Data, rows: NDArray[np.int64]) -> LinearHead:
    return fit_head(data.pool.at(rows), classes=data.classes, decay=DECAY, steps=STEPS)


def curves(name: str, data: Data, seeds: Iterable[int]) -> Curves:
    """Return the mean accuracy of each strategy at each budget."""
    result: Curves = {}
    print(f"{name}: {len(data.pool)} in the pool, {len(data.test)} held back; labels {BUDGETS}")
    for strategy in os.environ.get("STRATEGIES", ",".join(COMPARED)).split(","):
        runs = np.array([curve(data, strategy, seed) for seed in seeds])
        result[strategy] = [round(value, 4) for value in runs.mean(axis=0).tolist()]
        cells = [f"{100 * value:.1f}±{100 * spread:.1f}" for value, spread in zip(result[strategy], runs.std(axis=0).tolist(), strict=True)]
        print(f"| {strategy} | {' | '.join(cells)} |", flush=True)
    return result


def labels_to_reach(budgets: Sequence[int], accuracies: Sequence[float], wanted: float) -> float | None:
    """Return the labels at which a curve first reaches an accuracy, by interpolation; None where it never does."""
    for n, value in enumerate(accuracies):
        if value >= wanted:
            if n == 0:
                return float(budgets[0])
            before = accuracies[n - 1]
            return budgets[n - 1] + (budgets[n] - budgets[n - 1]) * (wanted - before) / (value - before)
    return None


def sets() -> dict[str, Data]:
    """Return the sets whose packages are there, or those that ``SETS`` names."""
    found = {
        "cifar10": lambda: cifar10(POOL, TEST) if CIFAR10.is_dir() else None,
        "fashion_mnist": lambda: fashion_mnist(POOL, TEST) if FASHION_MNIST.is_dir() else None,
        "blue_marble": blue_marble,
    }
    made = {name: found[name]() for name in os.environ.get("SETS", ",".join(found)).split(",")}
    return {name: data for name, data in made.items() if data is not None}


def main() -> None:
    """Measure on what is installed."""
    seeds = range(int(os.environ.get("SEEDS", SEEDS)))
    results = {name: curves(name, data, seeds) for name, data in sets().items()}
    at = BUDGETS.index(100)
    gains = {name: round(result[DEFAULT][at] - result["random"][at], 4) for name, result in results.items()}
    late = {name: round(result[DEFAULT][-1] - result["random"][-1], 4) for name, result in results.items()}
    saved = {name: labels_to_reach(BUDGETS, result[DEFAULT], result["random"][BUDGETS.index(200)]) for name, result in results.items()}
    factors = {name: None if labels is None else round(200 / labels, 2) for name, labels in saved.items()}
    report(
        "label-efficiency",
        ours={
            "budgets": BUDGETS, **{name: result[DEFAULT] for name, result in results.items()},
            "gain_at_100": gains, "gain_at_1000": late, "fewer_labels_than_random_at_200_x": factors,
        },
        peer={name: result["random"] for name, result in results.items()},
        ratio=min((value for value in factors.values() if value is not None), default=None),
        goal="the default strategy at 100 labels beats random by 4 points (Blue Marble: by any), and at 1,000 is no worse",
        holds=all(gain >= GAIN_AT_100[name] for name, gain in gains.items()) and all(gain >= -0.005 for gain in late.values()),
    )  # fmt: skip


if __name__ == "__main__":
    main()
