"""How many labels a strategy saves: accuracy of the fast head at growing budgets, against random picks, with several seeds.

Data: Blue Marble chips (ocean, coast or land by the land-sea mask) as embeddings of the installed backbone, and, where
Debian's package dataset-fashion-mnist is unpacked (``FASHION_MNIST`` names the folder), its raw pixels.
"""

import gzip
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from active_learning.acquisition.strategies import STRATEGIES
from active_learning.acquisition.values import AcquisitionInput
from active_learning.training.fast_head import Examples, fit_head
from benchmarks.report import report
from campaigns.imagery.blue_marble import draw
from models_registry.networks.backbones import Backbone

BUDGETS = (10, 20, 40, 60, 80, 100, 200)
COMPARED = ("random", "entropy", "margin", "margin_diverse", "kcenter", "typiclust", "maxherding", "uherding")
DEFAULT, SEEDS, STEPS, DECAY = "uherding", 5, 60, 1e-2
CHIP_PX, CHIPS = 64, {"ocean": 1200, "coast": 900, "land": 900}
HELD_BACK, POOL = 900, 10_000
LEAST_GAIN_AT_100 = {"blue_marble": 0.0, "fashion_mnist": 0.04}
Curves = dict[str, list[float]]


@dataclass(frozen=True)
class Data:
    """What is ranked, and what it is measured on."""

    pool: Examples
    test: Examples
    classes: int


def blue_marble() -> Data:
    """Embed chips of the Blue Marble; their truth comes from the mask."""
    chips = draw(np.random.default_rng(3), per_kind=CHIPS, size=CHIP_PX)
    kinds = sorted(CHIPS)
    backbone = Backbone()
    vectors = np.concatenate([backbone.embed([chip.pixels for chip in chips[at : at + 64]]) for at in range(0, len(chips), 64)])
    values = np.array([kinds.index(chip.kind) for chip in chips])
    return Data(Examples(vectors[HELD_BACK:], values[HELD_BACK:]), Examples(vectors[:HELD_BACK], values[:HELD_BACK]), len(kinds))


def fashion_mnist(folder: Path) -> Data:
    """Read the first 10,000 images to learn from and 5,000 to measure on, as raw pixels."""

    def read(name: str, header: int, width: int, count: int) -> NDArray[np.uint8]:
        raw = np.frombuffer(gzip.decompress((folder / name).read_bytes()), np.uint8)[header:]
        return raw.reshape(-1, width)[:count]

    parts = []
    for part, count in (("train", POOL), ("t10k", POOL // 2)):
        pixels = (read(f"{part}-images-idx3-ubyte.gz", 16, 784, count) / 255).astype(np.float32)
        parts.append(Examples(pixels, read(f"{part}-labels-idx1-ubyte.gz", 8, 1, count)[:, 0].astype(np.int64)))
    return Data(parts[0], parts[1], 10)


def curve(data: Data, strategy: str, seed: int) -> list[float]:
    """Return the accuracy at each budget; a strategy that needs a model begins with random picks."""
    rng = np.random.default_rng(seed)
    labeled: list[int] = []
    accuracies = []
    for budget in BUDGETS:
        pool = np.setdiff1d(np.arange(len(data.pool)), labeled)
        wanted = STRATEGIES[strategy if labeled or "model" not in STRATEGIES[strategy].needs else "random"]
        head = _head(data, labeled) if labeled else None
        known = AcquisitionInput(
            count=len(pool), size=budget - len(labeled), rng=rng, embeddings=data.pool.embeddings[pool],
            probabilities=None if head is None else head.probabilities(data.pool.embeddings[pool]).astype(float),
            labeled=data.pool.embeddings[labeled] if labeled else None,
        )  # fmt: skip
        labeled += pool[wanted(known).order[: budget - len(labeled)]].tolist()
        accuracies.append(float((_head(data, labeled).probabilities(data.test.embeddings).argmax(axis=1) == data.test.values).mean()))
    return accuracies


def _head(data: Data, labeled: list[int]) -> Any:
    return fit_head(data.pool.at(np.array(labeled)), classes=data.classes, decay=DECAY, steps=STEPS)


def curves(name: str, data: Data, seeds: Iterable[int]) -> Curves:
    """Return the mean accuracy of each strategy at each budget."""
    result: Curves = {}
    print(f"{name}: {len(data.pool)} in the pool, {len(data.test)} held back; labels {BUDGETS}")
    for strategy in COMPARED:
        runs = np.array([curve(data, strategy, seed) for seed in seeds])
        result[strategy] = [round(value, 4) for value in runs.mean(axis=0).tolist()]
        spread = runs.std(axis=0)[BUDGETS.index(100)]
        print(
            f"  {strategy:15}", " ".join(f"{100 * value:5.1f}" for value in result[strategy]), f" (+-{100 * spread:.1f} at 100)", flush=True
        )
    return result


def labels_to_reach(budgets: tuple[int, ...], accuracies: list[float], wanted: float) -> float | None:
    """Return the labels at which a curve first reaches an accuracy, by interpolation; None where it never does."""
    for n, value in enumerate(accuracies):
        if value >= wanted:
            if n == 0:
                return float(budgets[0])
            before = accuracies[n - 1]
            return budgets[n - 1] + (budgets[n] - budgets[n - 1]) * (wanted - before) / (value - before)
    return None


def main() -> None:
    """Measure on what is installed."""
    sets = {"blue_marble": blue_marble()}
    folder = Path(os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist"))
    if folder.is_dir():
        sets["fashion_mnist"] = fashion_mnist(folder)
    measured = {name: curves(name, data, range(SEEDS)) for name, data in sets.items()}
    at = BUDGETS.index(100)
    gains = {name: round(result[DEFAULT][at] - result["random"][at], 4) for name, result in measured.items()}
    saved = {name: labels_to_reach(BUDGETS, result[DEFAULT], result["random"][-1]) for name, result in measured.items()}
    factors = {name: None if labels is None else round(BUDGETS[-1] / labels, 2) for name, labels in saved.items()}
    report(
        "label-efficiency",
        ours={
            "budgets": BUDGETS,
            **{name: result[DEFAULT] for name, result in measured.items()},
            "gain_at_100": gains,
            "fewer_labels_x": factors,
        },
        peer={name: result["random"] for name, result in measured.items()},
        ratio=factors["blue_marble"],
        goal="the default strategy at 100 labels beats random: by 4 points on Fashion-MNIST, by any on Blue Marble",
        holds=all(gain >= LEAST_GAIN_AT_100[name] for name, gain in gains.items()),
    )


if __name__ == "__main__":
    main()
