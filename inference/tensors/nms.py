"""Which of overlapping boxes stay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]
MOST_CANDIDATES = 10_000


def overlaps(box: Boxes, others: Boxes) -> Boxes:
    """Return the intersection over union of one box (4,) [x0, y0, x1, y1] with others (N, 4)."""
    across = np.minimum(box[2], others[:, 2]) - np.maximum(box[0], others[:, 0])
    down = np.minimum(box[3], others[:, 3]) - np.maximum(box[1], others[:, 1])
    shared = np.clip(across, 0, None) * np.clip(down, 0, None)
    whole = (box[2] - box[0]) * (box[3] - box[1]) + (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1]) - shared
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(shared / whole)


def suppressed(boxes: Boxes, scores: Boxes, classes: NDArray[np.int64], *, iou: float, most: int) -> NDArray[np.int64]:
    """Return the places of the boxes that stay, best first, at most ``most``.

    A box that overlaps a better one of its class by more than ``iou`` goes; among equal scores the first counts as the better.
    """
    order = np.argsort(-scores, kind="stable")[:MOST_CANDIDATES]
    kept: list[int] = []
    while len(order) and len(kept) < most:
        best, rest = order[0], order[1:]
        kept.append(int(best))
        same = classes[rest] == classes[best]
        order = rest[~(same & (overlaps(boxes[best], boxes[rest]) > iou))]
    return np.array(kept, dtype=np.int64)
