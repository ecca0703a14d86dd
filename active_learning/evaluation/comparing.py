"""Two models on the same images: whether the difference could be chance."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from active_learning.evaluation.figures import Counts, averages
from active_learning.evaluation.resampling import Verdict, compare
from active_learning.evaluation.values import Bits, Floats


class Comparable(Protocol):
    """What is compared: right and wrong images, counts, and draws that two models of the same images share."""

    @property
    def weights(self) -> npt.NDArray[np.float32]:
        """Return (draws, N)."""
        ...

    def right(self, thresholds: Floats, column: int | None = None) -> tuple[Bits, Bits]:
        """Return which images count, and which of them are right."""
        ...

    def counted(self, thresholds: Floats) -> tuple[Counts, Counts]:
        """Return counts, and those of each draw."""
        ...


def compare_models(first: Comparable, second: Comparable, thresholds: tuple[Floats, Floats]) -> dict[str, Verdict]:
    """Judge two models on the same images in the same order: by the share of images that are all right, and by macro F1."""
    sides = ((first, thresholds[0]), (second, thresholds[1]))
    right = [measures.right(at)[1] for measures, at in sides]
    shares = [measures.weights @ each.astype(np.float32) / len(each) for (measures, _), each in zip(sides, right, strict=True)]
    counted = [measures.counted(at) for measures, at in sides]
    points, drawn = ([averages(each[n])["f1_macro"] for each in counted] for n in (0, 1))
    return {
        "accuracy": compare(float(right[0].mean()), float(right[1].mean()), shares[1] - shares[0], right[0], right[1]),
        "f1_macro": compare(float(points[0]), float(points[1]), drawn[1] - drawn[0], right[0], right[1]),
    }
