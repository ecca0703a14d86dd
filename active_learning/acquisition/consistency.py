"""How much two answers about one image differ, where answers are objects or pixels: mirror images, and models side by side.

Yu et al., "Consistency-based active learning for object detection" (CALD), 2022; Elezi et al., "Not all labels are equal", 2022:
boxes that stay where they were count as sure. Both ways, so that what one of the two alone found counts as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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


def unlike_objects(one: Found, other: Found) -> float:
    """Return how much two answers differ, 0…1: of all that either is sure of, the part that the other does not see in the same place.

    What is doubtful weighs little, and a single faint box beside nothing is no great difference.
    """
    sure = float(one.confidence.sum() + other.confidence.sum())
    return min(1.0, (_unseen(one, other) + _unseen(other, one)) / max(sure, 1.0))


def _unseen(here: Found, there: Found) -> float:
    if not len(here.label):
        return 0.0
    if not len(there.label):
        return float(here.confidence.sum())
    same = here.label[:, None] == there.label[None, :]
    near = (overlaps(here.bounds, there.bounds) * same * np.minimum(1, there.confidence / np.maximum(here.confidence[:, None], 1e-9))).max(
        axis=1
    )
    return float((here.confidence * (1 - near)).sum())


def unlike_maps(one: NDArray[np.integer], other: NDArray[np.integer]) -> float:
    """Return the part of the pixels that two class maps (H, W) name differently, 0…1."""
    if one.shape != other.shape:
        raise AcquisitionError("the two maps differ in size.")
    return float(np.mean(one != other)) if one.size else 0.0
