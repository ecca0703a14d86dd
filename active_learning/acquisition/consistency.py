"""How much two answers about one image differ, where answers are objects or pixels: mirror images, and models side by side.

Yu et al., "Consistency-based active learning for object detection" (CALD), 2022; Elezi et al., "Not all labels are equal", 2022:
boxes that stay where they were count as sure, and so do masks and points. Both ways, so that what one of the two alone found counts
as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from active_learning.acquisition.values import AcquisitionError, Floats, Rows, checked


@dataclass(frozen=True, eq=False)
class Found:
    """Objects of one answer: label (I,), bounds (I, 4) left, top, right, bottom, confidence (I,) 0…1."""

    label: Rows
    bounds: Floats
    confidence: Floats

    def __post_init__(self) -> None:
        checked("bounds", self.bounds, rows=len(self.label))
        checked("confidences", self.confidence, rows=len(self.label), dimensions=1)
        if self.bounds.shape[1] != 4:
            raise AcquisitionError("bounds are left, top, right and bottom.")

    def mirrored(self, width: float) -> Found:
        """Return the same objects as a mirror shows them in an image of this width."""
        left, top, right, bottom = self.bounds.T
        return Found(self.label, np.column_stack([width - right, top, width - left, bottom]), self.confidence)


def overlaps(one: Floats, other: Floats) -> Floats:
    """Return the intersection over union of each box with each, (I, J) 0…1."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    both = np.prod(np.maximum(high - low, 0), axis=2)
    areas = [np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1) for boxes in (one, other)]
    union = areas[0][:, None] + areas[1][None, :] - both
    shared: Floats = np.divide(both, union, out=np.zeros_like(both), where=union > 0)
    return shared


def unlike_objects(one: Found, other: Found, alike: Floats | None = None) -> float:
    """Return how much two answers differ, 0…1: of all that either is sure of, the part that the other does not see in the same place.

    What is doubtful weighs little, and a single faint box beside nothing is no great difference.
    alike: (I, J) 0…1, how much each object is in the place of each of the other answer, labels aside; without it the overlaps of the boxes.
    """
    near = overlaps(one.bounds, other.bounds) if alike is None else checked("likeness", alike, rows=len(one.label))
    if near.shape[1] != len(other.label):
        raise AcquisitionError("likeness needs a column for each object of the other answer.")
    near = near * np.equal.outer(one.label, other.label)
    sure = float(one.confidence.sum() + other.confidence.sum())
    unseen = _unseen(one.confidence, other.confidence, near) + _unseen(other.confidence, one.confidence, near.T)
    return min(1.0, unseen / max(sure, 1.0))


def _unseen(here: Floats, there: Floats, near: Floats) -> float:
    """Return how much confidence one answer has in what the other does not see as surely in the same place."""
    if not len(here) or not len(there):
        return float(here.sum())
    seen = (near * np.minimum(1, there / np.maximum(here[:, None], 1e-9))).max(axis=1)
    return float((here * (1 - seen)).sum())


@dataclass(frozen=True, eq=False)
class Posed:
    """Named points of one answer's objects: places (I, P, 2) in pixels, seen (I, P), whether each point is there."""

    places: NDArray[np.float64]
    seen: NDArray[np.bool_]

    def __post_init__(self) -> None:
        checked("places", self.places, rows=len(self.seen), dimensions=3)
        if self.places.shape != (*self.seen.shape, 2):
            raise AcquisitionError("every point has an x and a y.")

    def mirrored(self, width: float, swaps: Rows) -> Posed:
        """Return the same objects as a mirror shows them in an image of this width; swaps: (P,) the point that each becomes there."""
        turned = self.places[:, swaps] * np.array([-1.0, 1.0]) + np.array([width, 0.0])
        return Posed(turned, self.seen[:, swaps])

    def areas(self) -> Floats:
        """Return the area of the box around each object's points, (I,), at least 1."""
        there = self.seen[:, :, None]
        low = np.where(there, self.places, np.inf).min(axis=1, initial=np.inf)
        high = np.where(there, self.places, -np.inf).max(axis=1, initial=-np.inf)
        sides = np.where(np.any(self.seen, axis=1, keepdims=True), high - low, 0.0)
        area: Floats = np.maximum(sides.prod(axis=1), 1.0)
        return area


def alike_points(one: Posed, other: Posed, sigmas: Floats) -> Floats:
    """Return how near the points of each object lie to those of each, (I, J) 0…1; a point that only one of the two has is far.

    The object keypoint similarity of COCO (Ronchi and Perona, "Benchmarking and error diagnosis in multi-instance pose estimation",
    2017), of the larger of the two objects, so that it is the same both ways. Of two looks at one object the squared distance of a
    point is twice the variance of its place.  sigmas: (P,) of each point.
    """
    squared = ((one.places[:, None] - other.places[None, :]) ** 2).sum(axis=3)
    size = np.maximum(one.areas()[:, None], other.areas()[None, :])[:, :, None]
    both, either = one.seen[:, None] & other.seen[None, :], one.seen[:, None] | other.seen[None, :]
    near = np.exp(-squared / (2 * size * (2 * sigmas) ** 2)) * both
    shared: Floats = near.sum(axis=2) / np.maximum(either.sum(axis=2), 1)
    return shared


def unsure_peaks(confidence: ArrayLike, points: Sequence[ArrayLike]) -> float:
    """Return how unclear the peaks of heat maps are, 0…1: the mean over objects, by their confidence, of what lies outside the peaks.

    Liu and Ferrari, "Active learning for human pose estimation", 2017, ask by the spread of a point's heat map; what is kept of one here is
    the weight of its best peak.  confidence: (I,) of each object; points: of each object the weights 0…1 of its points' peaks; an object
    without any says nothing.
    """
    told = [
        (sure, 1 - float(np.mean(np.asarray(own))))
        for sure, own in zip(np.atleast_1d(confidence).tolist(), points, strict=True)
        if np.size(own)
    ]
    total = sum(sure for sure, _ in told)
    return float(np.clip(sum(sure * unclear for sure, unclear in told) / max(total, 1.0), 0, 1))


def unlike_maps(one: NDArray[np.integer], other: NDArray[np.integer]) -> float:
    """Return the part of the pixels that two class maps (H, W) name differently, 0…1."""
    if one.shape != other.shape:
        raise AcquisitionError("the two maps differ in size.")
    return float(np.mean(one != other)) if one.size else 0.0
