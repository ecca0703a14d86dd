"""How many labels a strategy saves: accuracy of the fast head at growing budgets, every strategy against random, with several seeds.

Material: CIFAR-10 as features of the installed backbone, Fashion-MNIST as raw pixels (``public_sets`` says where they lie), and
Blue Marble chips (ocean, coast or land by the land-sea mask) as features. ``SEEDS`` and ``STRATEGIES`` narrow a run down.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from active_learning.acquisition.disagreement import Members, bald, changed, in_parts
from active_learning.acquisition.strategies import STRATEGIES
from active_learning.acquisition.values import Floats, Rows
from active_learning.progress.replay import DECAY, STEPS, Learned, Material, Told, labels_to_reach, replay
from active_learning.training.fast_head import Examples, fit_head
from benchmarks.public_sets import CIFAR10, FASHION_MNIST, cifar10, fashion_mnist
from benchmarks.report import report
from campaigns.imagery.blue_marble import draw
from models_registry.networks.backbones import Backbone
from models_registry.networks.heads import LinearHead

BUDGETS = (10, 20, 40, 60, 80, 100, 200, 300, 500, 1000)
COMPARED = (
    "random", "entropy", "least_confidence", "margin", "density", "bald", "divergence", "badge", "margin_diverse", "dropquery",
    "kcenter", "typiclust", "probcover", "maxherding", "uherding",
)  # fmt: skip
DEFAULT, SEEDS = "uherding", 3
COMMITTEE = 5
CHIP_PX, CHIPS = 64, {"ocean": 1200, "coast": 900, "land": 900}
HELD_BACK, POOL, TEST = 900, 10_000, 5_000
GAIN_AT_100 = {"blue_marble": 0.0, "fashion_mnist": 0.04, "cifar10": 0.04}
Curves = dict[str, list[float]]


def blue_marble() -> Material:
    """Embed chips of the Blue Marble; their truth comes from the mask."""
    chips = draw(np.random.default_rng(3), per_kind=CHIPS, size=CHIP_PX)
    kinds = sorted(CHIPS)
    backbone = Backbone()
    vectors = np.concatenate([backbone.embed([chip.pixels for chip in chips[at : at + 64]]) for at in range(0, len(chips), 64)])
    values = np.array([kinds.index(chip.kind) for chip in chips])
    return Material(Examples(vectors[HELD_BACK:], values[HELD_BACK:]), Examples(vectors[:HELD_BACK], values[:HELD_BACK]), len(kinds))


@dataclass(frozen=True)
class Measured(Material):
    """A pool whose head is also asked for what one strategy reads besides answers."""

    strategy: str = ""
    seed: int = 0

    def learned(self, labeled: Sequence[int]) -> Learned:
        """Fit a head from zero, ready to be measured."""
        return _Measuring(self, super().learned(labeled), list(labeled))


@dataclass(frozen=True)
class _Measuring:
    material: Measured
    plain: Learned
    labeled: list[int]

    def told(self, rows: Rows) -> Told:
        measure = {"bald": self._bald, "dropquery": self._changed, "divergence": self._divergence}.get(self.material.strategy)
        told = self.plain.told(rows)
        return told if measure is None else Told(told.probabilities, uncertainty=measure(rows))

    def goodness(self) -> float:
        return self.plain.goodness()

    def _bald(self, rows: Rows) -> dict[str, Floats]:
        return {"bald": bald(self._head(self.labeled), in_parts(self.material.embeddings[rows]), self._rng)}

    def _changed(self, rows: Rows) -> dict[str, Floats]:
        return {"changed": changed(self._head(self.labeled), in_parts(self.material.embeddings[rows]), self._rng)}

    def _divergence(self, rows: Rows) -> dict[str, Floats]:
        """Let a committee of heads answer, each of which learned from labels drawn with replacement."""
        members, rng = Members(), self._rng
        for _ in range(COMMITTEE):
            members.add(self._head(rng.choice(self.labeled, len(self.labeled))).probabilities(self.material.embeddings[rows]))
        return {"divergence": members.divergence()}

    @property
    def _rng(self) -> np.random.Generator:
        return np.random.default_rng([self.material.seed, len(self.labeled)])

    def _head(self, rows: Sequence[int] | Rows) -> LinearHead:
        return fit_head(self.material.pool.at(np.array(rows)), classes=self.material.classes, decay=DECAY, steps=STEPS)


def curve(data: Material, strategy: str, seed: int, budgets: Sequence[int] = BUDGETS, *, first: Sequence[int] = ()) -> list[float]:
    """Return the accuracy at each budget."""
    asked = Measured(data.pool, data.test, data.classes, strategy=strategy, seed=seed)
    return replay(asked, STRATEGIES[strategy], budgets, seed=seed, first=first)


def curves(name: str, data: Material, seeds: Iterable[int]) -> Curves:
    """Return the mean accuracy of each strategy at each budget."""
    result: Curves = {}
    print(f"{name}: {len(data.pool)} in the pool, {len(data.test)} held back; labels {BUDGETS}")
    for strategy in os.environ.get("STRATEGIES", ",".join(COMPARED)).split(","):
        runs = np.array([curve(data, strategy, seed) for seed in seeds])
        result[strategy] = [round(value, 4) for value in runs.mean(axis=0).tolist()]
        cells = [f"{100 * value:.1f}±{100 * spread:.1f}" for value, spread in zip(result[strategy], runs.std(axis=0).tolist(), strict=True)]
        print(f"| {strategy} | {' | '.join(cells)} |", flush=True)
    return result


def sets() -> dict[str, Material]:
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
