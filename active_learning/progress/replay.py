"""A labeled campaign asked again: labels are hidden, a strategy's ranking reveals them, and the head learns from what it revealed.

The protocol of learning curves in active learning: the same pool, the same held-back images and the same head for every strategy;
seeds draw what is left to chance, and the intervals are those over seeds. Here for labels of whole images; ``pixel_replay`` and
``object_replay`` are the same for what is drawn on them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from active_learning.acquisition.strategies import OBJECTS, STRATEGIES, Strategy
from active_learning.acquisition.values import AcquisitionInput, Floats, Instances, Rows
from active_learning.training.fast_head import Examples, fit_head
from models_registry.networks.heads import LinearHead

STEPS: Final = 60
DECAY: Final = 1e-2
REPLAYED: Final = frozenset({"probabilities", "model", "embeddings"})  # what a replay can give a strategy
MEASURED: Final = frozenset({"difficult", "peaks"})  # what a replay of objects measures besides what all answers tell
# Two-sided 95 % quantiles of Student's t by degrees of freedom, from 1; beyond, the normal one does.
T95: Final = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Told:
    """What a model tells of some images, as ``AcquisitionInput`` takes it."""

    probabilities: Floats | None = None
    uncertainty: Mapping[str, Floats] = field(default_factory=dict)
    shares: Floats | None = None
    instances: Callable[[Rows], Instances] | None = None


class Learned(Protocol):
    """A model of the labels that were revealed so far."""

    def told(self, rows: Rows) -> Told:
        """Answer about rows of the pool."""
        ...

    def goodness(self) -> float:
        """Return how good it is on the held-back images, 0 to 1."""
        ...


class Asked(Protocol):
    """A pool whose labels are hidden until they are asked for, and what is measured on."""

    @property
    def embeddings(self) -> Floats:
        """What the images of the pool look like, (N, D)."""
        ...

    @property
    def multi_label(self) -> bool:
        """Whether an image as a whole may have several labels."""
        ...

    def learned(self, labeled: Sequence[int]) -> Learned:
        """Learn from the labels of these rows of the pool alone."""
        ...


@dataclass(frozen=True, eq=False)
class DrawnMaterial:
    """Images on which something is drawn: places of those to be asked for and of those to measure on; vectors: of all, (N, E)."""

    pool: Rows
    test: Rows
    vectors: Floats

    @property
    def multi_label(self) -> bool:
        """An image as a whole has no labels here."""
        return False

    @cached_property
    def embeddings(self) -> Floats:
        """What the images of the pool look like."""
        return self.vectors[self.pool]


@dataclass(frozen=True)
class Material:
    """Images with labels as a whole: what is asked and what it is measured on; ``classes``: how many labels there are."""

    pool: Examples
    test: Examples
    classes: int

    @property
    def multi_label(self) -> bool:
        """Whether an image may have several labels."""
        return self.pool.values.ndim == 2

    @property
    def embeddings(self) -> Floats:
        """What the images of the pool look like."""
        return self.pool.embeddings

    def learned(self, labeled: Sequence[int]) -> Learned:
        """Fit a head from zero."""
        known = self.pool.at(np.array(labeled, np.int64))
        return _Head(self, fit_head(known, classes=self.classes, decay=DECAY, steps=STEPS))


@dataclass(frozen=True)
class _Head:
    material: Material
    head: LinearHead

    def told(self, rows: Rows) -> Told:
        said = self.head.probabilities(self.material.pool.embeddings[rows]).astype(np.float64)
        return Told(said if self.head.multi_label else said / said.sum(axis=1, keepdims=True))

    def goodness(self) -> float:
        return accuracy(self.head, self.material.test)


def can_replay(strategy: Strategy, kind: str = "classification") -> bool:
    """Say whether a strategy can be asked of a pool whose answers come from the fast head of a campaign trained as ``kind``."""
    if not strategy.needs <= REPLAYED or not strategy.suits(kind):
        return False
    return strategy.measures <= MEASURED if kind in OBJECTS else kind == "classification" or not strategy.measures


def split_for_test(count: int, share: float, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows to ask and rows to measure on, by lot; at least one of each from two rows on."""
    order = rng.permutation(count)
    held = min(max(1, round(share * count)), max(count - 1, 0))
    return np.sort(order[held:]), np.sort(order[:held])


def replay(
    material: Asked,
    strategy: Strategy,
    budgets: Sequence[int],
    *,
    seed: int,
    on_step: Callable[[], None] | None = None,
    first: Sequence[int] = (),
) -> list[float]:
    """Return how good the model is at each budget, (number of labeled images, rising, at most the pool).

    A strategy that needs a model begins by lot; all others begin by themselves, or each with the same ``first`` rows, which are then the
    first budget. ``on_step`` is called before each step and may raise.
    """
    rng = np.random.default_rng([seed, 7])
    labeled: list[int] = []
    reached: list[float] = []
    model: Learned | None = None
    for budget in budgets:
        if on_step is not None:
            on_step()
        if reached and budget <= len(labeled):  # the pool is used up
            reached.append(reached[-1])
            continue
        labeled += first if first and not labeled else _next(material, strategy, labeled, model, budget - len(labeled), rng)
        model = material.learned(labeled)
        reached.append(model.goodness())
    return reached


def _next(
    material: Asked, strategy: Strategy, labeled: list[int], model: Learned | None, count: int, rng: np.random.Generator
) -> list[int]:
    """Ask for the next images."""
    waiting = np.setdiff1d(np.arange(len(material.embeddings)), labeled)
    wanted = strategy if model is not None or "model" not in strategy.needs else STRATEGIES["random"]
    told = model.told(waiting) if model is not None and wanted.reads("probabilities") else Told()
    known = AcquisitionInput(
        count=len(waiting), size=count, rng=rng, probabilities=told.probabilities, multi_label=material.multi_label,
        uncertainty=told.uncertainty, shares=told.shares, instances=told.instances, embeddings=material.embeddings[waiting],
        labeled=material.embeddings[labeled] if labeled else None,
    )  # fmt: skip
    picked: list[int] = waiting[wanted(known).order[:count]].tolist()
    return picked


def accuracy(head: LinearHead, test: Examples) -> float:
    """Return the share of images whose labels are all right."""
    said = head.probabilities(test.embeddings)
    if test.values.ndim == 2:
        return float(((said >= 0.5) == (test.values > 0.5)).all(axis=1).mean())
    return float((said.argmax(axis=1) == test.values).mean())


@dataclass(frozen=True)
class Summary:
    """Accuracies of one strategy over its seeds at each budget: mean and the 95 % interval of the mean (Student's t)."""

    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    seeds: int


def summary(curves: Sequence[Sequence[float]]) -> Summary:
    """Return mean and interval of at least one curve; with one curve alone nothing is known of the spread, and the ends are the mean."""
    table = np.array(curves, dtype=float)
    seeds = len(table)
    mean = table.mean(axis=0)
    half = _half_width(table) if seeds > 1 else np.zeros_like(mean)
    low, high = np.maximum(mean - half, 0.0), np.minimum(mean + half, 1.0)
    return Summary(tuple(mean.tolist()), tuple(low.tolist()), tuple(high.tolist()), seeds)


def _half_width(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return half the 95 % interval of each column's mean; at least two rows."""
    seeds = len(table)
    factor = T95[seeds - 2] if seeds - 2 < len(T95) else 1.96
    width: NDArray[np.float64] = factor * table.std(axis=0, ddof=1) / math.sqrt(seeds)
    return width


def beyond_chance(curves: Mapping[int, Sequence[float]], others: Mapping[int, Sequence[float]]) -> tuple[int, ...] | None:
    """Return at each budget 1 where a strategy is better than another beyond chance, -1 where it is worse, else 0.

    Curves by seed: what one seed draws is the same for both, so that they are compared seed by seed, by the 95 % interval of the mean
    difference (Student's t for pairs). None with fewer than two seeds that both have.
    """
    both = sorted(curves.keys() & others.keys())
    if len(both) < 2:
        return None
    differences = np.array([curves[seed] for seed in both], float) - np.array([others[seed] for seed in both], float)
    mean, half = differences.mean(axis=0), _half_width(differences)
    return tuple(np.where(np.abs(mean) > half + 1e-12, np.sign(mean), 0).astype(int).tolist())


def labels_to_reach(budgets: Sequence[int], accuracies: Sequence[float], wanted: float) -> float | None:
    """Return the number of labels at which a curve first reaches an accuracy, by interpolation; None where it never does."""
    for place, value in enumerate(accuracies):
        if value < wanted:
            continue
        if place == 0:
            return float(budgets[0])
        before = accuracies[place - 1]
        return budgets[place - 1] + (budgets[place] - budgets[place - 1]) * (wanted - before) / (value - before)
    return None


def default_budgets(most: int, kind: str = "classification") -> list[int]:
    """Return rising numbers of labels up to ``most``: 10, 20, 40, 60, 80, 100 and on; doubling where a label is a drawing."""
    ladder = [10, 20, 40, 60, 80, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000]
    if kind != "classification":
        ladder = [(4 if kind == "semantic" else 8) * 2**step for step in range(9)]
    kept = [budget for budget in ladder if budget <= most]
    return kept or [max(1, most)]
