"""What a strategy is given and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
class AcquisitionInput:
    """What is known of the N images of a pool, one row an image.

    probabilities: (N, K), over the labels; rows sum to 1 unless ``multi_label``.
    uncertainty: for tasks whose answers are boxes or pixels, (N,) in 0…1 by name ("entropy", "margin", "least_confidence").
    notes: for the same tasks, a sentence an image about what the model is unsure of.
    embeddings: (N, D), any length; labeled: (L, D), those of the images that have labels already.
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


def by_score(scores: Floats, *, parts: Mapping[str, Floats], why: tuple[str, ...]) -> Ranking:
    """Rank by score, ties in row order."""
    return Ranking(order=np.argsort(-scores, kind="stable"), scores=scores, parts=parts, why=why)


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
