"""What a strategy is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating[Any]]
Rows: TypeAlias = NDArray[np.int64]

SUM_TOLERANCE = 1e-3


class AcquisitionError(ValueError):
    """The arrays cannot be ranked; the message says which and why."""


def checked(name: str, values: Floats, *, rows: int | None = None, dimensions: int = 2) -> Floats:
    """Return the array, or refuse another shape and anything not finite."""
    if values.ndim != dimensions:
        raise AcquisitionError(f"{name} has {values.ndim} dimensions instead of {dimensions}.")
    if rows is not None and len(values) != rows:
        raise AcquisitionError(f"{name} has {len(values)} rows for {rows} images.")
    if not np.isfinite(values).all():
        raise AcquisitionError(f"{name} holds values that are not finite.")
    return values


def checked_probabilities(probabilities: Floats, *, multi_label: bool = False, rows: int | None = None) -> Floats:
    """Return probabilities (N, K), or refuse NaN, values outside 0…1 and, for a single label, rows that do not sum to 1."""
    checked("probabilities", probabilities, rows=rows)
    if probabilities.size and (probabilities.min() < -SUM_TOLERANCE or probabilities.max() > 1 + SUM_TOLERANCE):
        raise AcquisitionError("probabilities lie outside 0 to 1.")
    if not multi_label and len(probabilities) and np.abs(probabilities.sum(axis=1) - 1).max() > SUM_TOLERANCE:
        raise AcquisitionError("probabilities do not sum to 1 in every row.")
    return probabilities


@dataclass(frozen=True, eq=False)
class Instances:
    """Objects found in some images: image (I,) their place among those images, label (I,), features (I, D), weight (I,) not negative."""

    image: Rows
    label: Rows
    features: Floats
    weight: Floats

    def __post_init__(self) -> None:
        count = len(self.image)
        if len(self.label) != count:
            raise AcquisitionError("every object needs its label.")
        checked("features", self.features, rows=count)
        checked("weights", self.weight, rows=count, dimensions=1)


@dataclass(frozen=True, eq=False)
class AcquisitionInput:
    """What is known of the N images of a pool, one row an image.

    probabilities: (N, K), over the labels; rows sum to 1 unless ``multi_label``.
    uncertainty: (N,) in 0…1 by name. For tasks whose answers are boxes or pixels "entropy", "margin", "least_confidence";
    for all what only a service can measure: "bald", "changed" (draws of a head), "vote_entropy", "divergence" (models that
    differ), "difficult" (boxes by how hard their label is), "peaks" (points without a clear place), "flip", "flip_masks",
    "flip_points" (the mirrored image answered differently: boxes, labels or pixels; outlines; points).
    notes: for boxes and pixels, a sentence an image about what the model is unsure of.
    embeddings: (N, D), any length; labeled: (L, D), those of the images that have labels already.
    shares: (N, K) not negative, how much of what is unsure in an image each label takes.
    instances: describes the objects of some rows; asked for candidates alone, since features of objects are dear.
    seconds: (N,) above 0, how long labeling each is expected to take; label_counts: (K,) how often each label was given so far.
    cardinality: how many labels an image has had on average, where it may have several.
    keys: (N,) a number that stays with an image, by which a ranking does not depend on the order of the rows.
    size: how many images the round asks for; labels: the K names.
    """

    count: int
    size: int
    rng: np.random.Generator
    probabilities: Floats | None = None
    multi_label: bool = False
    labels: tuple[str, ...] = ()
    uncertainty: Mapping[str, Floats] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    embeddings: Floats | None = None
    labeled: Floats | None = None
    shares: Floats | None = None
    instances: Callable[[Rows], Instances] | None = None
    seconds: Floats | None = None
    label_counts: Floats | None = None
    cardinality: float | None = None
    keys: Rows | None = None

    def __post_init__(self) -> None:
        if self.count < 0 or self.size < 0:
            raise AcquisitionError("count and size are not negative.")
        if self.probabilities is not None:
            checked_probabilities(self.probabilities, multi_label=self.multi_label, rows=self.count)
            if self.labels and len(self.labels) != self.probabilities.shape[1]:
                raise AcquisitionError("labels and the columns of probabilities differ in number.")
        for name, values in self.uncertainty.items():
            checked(f"uncertainty {name}", values, rows=self.count, dimensions=1)
        if self.notes and len(self.notes) != self.count:
            raise AcquisitionError(f"there are {len(self.notes)} notes for {self.count} images.")
        if self.embeddings is not None:
            checked("embeddings", self.embeddings, rows=self.count)
        if self.labeled is not None:
            checked("labeled embeddings", self.labeled)
        if self.shares is not None:
            checked("shares", self.shares, rows=self.count)
        if self.seconds is not None and (checked("seconds", self.seconds, rows=self.count, dimensions=1) <= 0).any():
            raise AcquisitionError("labeling an image takes more than 0 seconds.")
        if self.label_counts is not None:
            checked("label counts", self.label_counts, dimensions=1)
        if self.keys is not None and len(np.unique(self.keys)) != self.count:
            raise AcquisitionError("every image needs a key of its own.")

    def at(self, rows: Rows) -> AcquisitionInput:
        """Return what is known of the images in these rows, in their order."""

        def picked(values: Floats | None) -> Floats | None:
            return None if values is None else values[rows]

        described = self.instances
        return replace(
            self, count=len(rows), probabilities=picked(self.probabilities), embeddings=picked(self.embeddings),
            uncertainty={name: values[rows] for name, values in self.uncertainty.items()},
            notes=tuple(self.notes[row] for row in rows.tolist()) if self.notes else (),
            shares=picked(self.shares), seconds=picked(self.seconds), keys=None if self.keys is None else self.keys[rows],
            instances=None if described is None else lambda some: described(rows[some]),
        )  # fmt: skip

    @property
    def picks(self) -> int:
        """How many of the pool the round can ask for."""
        return min(self.size, self.count)


@dataclass(frozen=True, eq=False)
class Ranking:
    """The whole pool in the order in which it is asked.

    order: (N,) rows, first is asked first; scores: (N,) by row, never rising along the order; parts: what the score
    was made of, (N,) by row each; why: one sentence by row.
    """

    order: Rows
    scores: Floats
    parts: Mapping[str, Floats]
    why: tuple[str, ...]

    def __post_init__(self) -> None:
        count = len(self.order)
        checked("scores", self.scores, rows=count, dimensions=1)
        for name, values in self.parts.items():
            checked(f"part {name}", values, rows=count, dimensions=1)
        if len(self.why) != count:
            raise AcquisitionError("every image needs its reason.")
        if not np.array_equal(np.sort(self.order), np.arange(count)):
            raise AcquisitionError("order is not a permutation of the rows.")
        if count > 1 and np.diff(self.scores[self.order]).max() > 0:
            raise AcquisitionError("scores rise along the order.")
        object.__setattr__(self, "parts", MappingProxyType(dict(self.parts)))

    def moved(self, rows: Rows) -> Ranking:
        """Return the ranking of images that lay elsewhere: row n of this one is row ``rows[n]`` of the result."""
        back = np.argsort(rows)
        parts = {name: values[back] for name, values in self.parts.items()}
        return Ranking(rows[self.order], self.scores[back], parts, tuple(self.why[row] for row in back.tolist()))

    def before(self, rest: Ranking) -> Ranking:
        """Return a ranking of this one's images and then the rest's, whose rows follow on; all of these score above all of those."""
        own, others = len(self.order), len(rest.order)
        floor = float(rest.scores.max()) if others else -np.inf
        lifted = np.maximum(self.scores + max(0.0, floor - float(self.scores.min(initial=np.inf))), floor)  # a sum may fall short by a bit
        parts = {
            name: np.concatenate([self.parts.get(name, np.zeros(own)), rest.parts.get(name, np.zeros(others))])
            for name in dict.fromkeys([*self.parts, *rest.parts])
        }
        order = np.concatenate([self.order, rest.order + own]).astype(np.int64)
        return Ranking(order, np.concatenate([lifted, rest.scores]), parts, (*self.why, *rest.why))


def by_score(scores: Floats, *, rng: np.random.Generator, parts: Mapping[str, Floats], why: tuple[str, ...]) -> Ranking:
    """Rank by score; ties are drawn, or a model that is sure of everything would ask for its frames one after the other."""
    return Ranking(order=np.lexsort((rng.random(len(scores)), -scores)), scores=scores, parts=parts, why=why)


def by_turn(picks: Rows, rest_scores: Floats, *, parts: Mapping[str, Floats], why: tuple[str, ...]) -> Ranking:
    """Rank picks whose turn, and no score, decides their order: their scores count down above all others."""
    turns = float(rest_scores.max(initial=0)) + np.arange(len(picks), 0, -1, dtype=float)
    return picks_first(picks, turns, rest_scores, parts=parts, why=why)


def picks_first(picks: Rows, pick_scores: Floats, rest_scores: Floats, *, parts: Mapping[str, Floats], why: tuple[str, ...]) -> Ranking:
    """Rank the picks in their order, then the rest by score.

    A greedy choice does not always fall from pick to pick; its running minimum does, and what follows is never above it.
    pick_scores: (P,) along the picks; rest_scores: (N,) by row, of which the picks' own are ignored.
    """
    count = len(rest_scores)
    rest = np.setdiff1d(np.arange(count), picks)
    rest = rest[np.argsort(-rest_scores[rest], kind="stable")]
    falling = np.minimum.accumulate(np.concatenate([pick_scores, rest_scores[rest]])) if count else np.zeros(0)
    order = np.concatenate([picks, rest]).astype(np.int64)
    scores = np.empty(count)
    scores[order] = falling
    return Ranking(order=order, scores=scores, parts=parts, why=why)
