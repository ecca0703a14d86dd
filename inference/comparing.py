"""Models side by side: what each says of an image against what people accepted, and each against each other.

Pure: answers in the labels of a campaign in, counts out. One measure counts hits, what was said and what is true, whatever
the task is: labels of images, objects that overlap enough, or square pixels of areas. Precision, recall, F1 and IoU follow.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from campaigns.geometry import shape_bounds, shape_polygons

DEFAULT_OVERLAP: Final = 0.5
Annotations = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Tally:
    """How much was said, how much is true, and how much is both: labels, objects or square pixels."""

    hits: float = 0.0
    said: float = 0.0
    true: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.hits + other.hits, self.said + other.said, self.true + other.true)

    @property
    def precision(self) -> float | None:
        """The share of what was said that is true; None when nothing was said."""
        return min(1.0, self.hits / self.said) if self.said else None

    @property
    def recall(self) -> float | None:
        """The share of what is true that was said; None when nothing is true."""
        return min(1.0, self.hits / self.true) if self.true else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall; None when nothing was said and nothing is true."""
        return min(1.0, 2 * self.hits / (self.said + self.true)) if self.said + self.true else None

    @property
    def iou(self) -> float | None:
        """What is both over what is either; None when there is neither."""
        either = self.said + self.true - self.hits
        return min(1.0, self.hits / either) if either > 0 else None


Tallies = dict[int, Tally]
Measure = Callable[["Saying", "Saying"], Tallies]


@dataclass(frozen=True)
class Saying:
    """What a model, or the people, say of one image."""

    annotations: Annotations = ()

    @cached_property
    def labels(self) -> frozenset[int]:
        """The labels of the image as a whole."""
        return frozenset(each["label"] for each in self.annotations if each["shape"]["type"] == "whole")

    @cached_property
    def objects(self) -> Mapping[int, NDArray[np.object_]]:
        """The regions of the things of each label, the surest first; what came without a confidence is sure."""
        found: dict[int, list[tuple[float, shapely.Geometry]]] = {}
        for each in self.annotations:
            region = region_of(each["shape"])
            if region is not None:
                confidence = each.get("confidence")
                found.setdefault(each["label"], []).append((1.0 if confidence is None else confidence, region))
        return {
            label: np.array([region for _, region in sorted(things, key=lambda thing: -thing[0])], dtype=object)
            for label, things in found.items()
        }

    @cached_property
    def areas(self) -> Mapping[int, shapely.Geometry]:
        """The area that each label covers, whatever it was drawn of."""
        return {label: shapely.union_all(regions) for label, regions in self.objects.items()}


def region_of(shape: Mapping[str, Any]) -> shapely.Geometry | None:
    """Return the region of a shape in pixels, the box around it where it has none of its own; None for what covers nothing."""
    if shape["type"] == "whole":
        return None
    polygons = [shapely.Polygon(rings[0], rings[1:]) for rings in shape_polygons(shape) if len(rings[0]) >= 4]
    if polygons:
        region = shapely.union_all(shapely.make_valid(polygons))
    else:
        bounds = shape_bounds(shape)
        region = shapely.Polygon() if bounds is None else shapely.box(*bounds)
    return region if region.area > 0 else None


def compare_labels(said: Saying, true: Saying) -> Tallies:
    """Count the labels of the image as a whole."""
    return {
        label: Tally(float(label in said.labels and label in true.labels), float(label in said.labels), float(label in true.labels))
        for label in said.labels | true.labels
    }


def compare_areas(said: Saying, true: Saying) -> Tallies:
    """Count the square pixels that each label covers."""
    nothing = shapely.Polygon()
    tallies = {}
    for label in said.areas.keys() | true.areas.keys():
        one, other = said.areas.get(label, nothing), true.areas.get(label, nothing)
        tallies[label] = Tally(float(one.intersection(other).area), float(one.area), float(other.area))
    return tallies


def compare_found(said: Saying, true: Saying, overlap: float = DEFAULT_OVERLAP) -> Tallies:
    """Count the objects of each label that were found: the surest takes the free one that it overlaps most, as PASCAL VOC does."""
    return _compare_objects(said, true, lambda ious: _greedy(ious, overlap))


def compare_objects(one: Saying, other: Saying, overlap: float = DEFAULT_OVERLAP) -> Tallies:
    """Count the objects that two models have in common: as many pairs as can be made, so neither of them goes first."""
    return _compare_objects(one, other, lambda ious: _most_pairs(ious >= overlap))


def _compare_objects(one: Saying, other: Saying, pair: Callable[[NDArray[np.float64]], int]) -> Tallies:
    tallies = {}
    for label in one.objects.keys() | other.objects.keys():
        first, second = one.objects.get(label, _NOTHING), other.objects.get(label, _NOTHING)
        hits = pair(overlaps(first, second)) if len(first) and len(second) else 0
        tallies[label] = Tally(float(hits), float(len(first)), float(len(second)))
    return tallies


_NOTHING: Final = np.array([], dtype=object)


def overlaps(one: NDArray[np.object_], other: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the intersection over union of every region of one list with every region of the other, (N, M)."""
    ious = np.zeros((len(one), len(other)))
    rows, columns = shapely.STRtree(other).query(one, predicate="intersects")
    both = shapely.area(shapely.intersection(one[rows], other[columns]))
    ious[rows, columns] = both / (shapely.area(one[rows]) + shapely.area(other[columns]) - both)
    return ious


def _greedy(ious: NDArray[np.float64], least: float) -> int:
    free = ious.copy()
    hits = 0
    for row in range(len(free)):
        column = int(free[row].argmax())
        if free[row, column] >= least:
            free[:, column] = -1.0
            hits += 1
    return hits


def _most_pairs(possible: NDArray[np.bool_]) -> int:
    """Return how many pairs can be made (Kuhn, "The Hungarian method for the assignment problem", 1955, without weights)."""
    taken_by: dict[int, int] = {}
    for row in range(len(possible)):
        _make_room(row, possible, taken_by)
    return len(taken_by)


def _make_room(row: int, possible: NDArray[np.bool_], taken_by: dict[int, int]) -> None:
    """Pair a row with a column, moving others aside along the shortest such path."""
    came_from: dict[int, int] = {}
    waiting = [row]
    for current in waiting:
        for column in np.flatnonzero(possible[current]).tolist():
            if column in came_from:
                continue
            came_from[column] = current
            if column in taken_by:
                waiting.append(taken_by[column])
                continue
            _move_aside(row, column, came_from, taken_by)
            return


def _move_aside(row: int, column: int, came_from: Mapping[int, int], taken_by: dict[int, int]) -> None:
    holds = {holder: held for held, holder in taken_by.items()}
    while True:
        current = came_from[column]
        before = holds.get(current)
        taken_by[column] = current
        if current == row or before is None:
            return
        column = before


@dataclass(frozen=True, slots=True)
class Measures:
    """How a campaign's answers are compared: ``found`` a model with the truth, ``common`` two models, which is symmetric."""

    found: Measure
    common: Measure


def measures_of(kind: str, overlap: float = DEFAULT_OVERLAP) -> Measures:
    """Return the measures for ``labels``, ``objects`` or ``areas``."""
    if kind == "labels":
        return Measures(compare_labels, compare_labels)
    if kind == "areas":
        return Measures(compare_areas, compare_areas)
    return Measures(lambda said, true: compare_found(said, true, overlap), lambda one, other: compare_objects(one, other, overlap))


def total(tallies: Iterable[Tally]) -> Tally:
    """Return the sum."""
    return sum(tallies, Tally())


@dataclass
class Score:
    """One model against the truth, image after image. ``right``: images of which the very labels were named that are true."""

    measure: Measure
    by_label: Tallies = field(default_factory=dict)
    images: int = 0
    right: int = 0

    def add(self, said: Saying, true: Saying) -> None:
        """Take one image in."""
        tallies = self.measure(said, true)
        self.images += 1
        self.right += named(said) == named(true)
        for label, tally in tallies.items():
            self.by_label[label] = self.by_label.get(label, Tally()) + tally

    @property
    def overall(self) -> Tally:
        """All labels together."""
        return total(self.by_label.values())


@dataclass
class Agreement:
    """Two models against each other, image after image; the ``most`` disputed images are kept."""

    measure: Measure
    most: int
    images: int = 0
    same: int = 0
    together: Tally = Tally()
    _disputed: list[tuple[float, int]] = field(default_factory=list)

    def add(self, image: int, one: Saying, other: Saying) -> None:
        """Take one image in; two that both say nothing agree."""
        tally = total(self.measure(one, other).values())
        self.images += 1
        self.same += named(one) == named(other)
        self.together += tally
        likeness = tally.iou
        if likeness is not None and likeness < 1.0 - 1e-9:
            entry = (1.0 - likeness, -image)
            if len(self._disputed) < self.most:
                heapq.heappush(self._disputed, entry)
            else:
                heapq.heappushpop(self._disputed, entry)

    @property
    def same_labels(self) -> float | None:
        """The share of images of which both name the same labels; None without an image."""
        return self.same / self.images if self.images else None

    @property
    def f1(self) -> float | None:
        """F1 of one against the other, which is the same the other way round; 1 where both say nothing of any image."""
        if not self.images:
            return None
        return 1.0 if self.together.f1 is None else self.together.f1

    @property
    def disputed(self) -> list[tuple[int, float]]:
        """Images and how much is disputed of each, 0 to 1; the most disputed first, and of equals the one with the lower id."""
        return [(-image, dispute) for dispute, image in sorted(self._disputed, reverse=True)]


def named(saying: Saying) -> frozenset[Hashable]:
    """Return all labels that are said of an image, of things in it or of it as a whole."""
    return frozenset(each["label"] for each in saying.annotations)
