"""Two models on the same images: whether the difference could be chance."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np

from active_learning.evaluation.resampling import Verdict, compare
from active_learning.evaluation.values import Bits, Floats

OF_IMAGES: Final = ("accuracy", "image_accuracy")


class Comparable(Protocol):
    """What is compared: figures with draws that two models of the same images share, and right and wrong images."""

    def headlines(self, thresholds: Floats) -> dict[str, tuple[float, Floats]]:
        """Return figures by name, each with its draws (draws,)."""
        ...

    def right(self, thresholds: Floats, column: int | None = None) -> tuple[Bits, Bits]:
        """Return which images count, and which of them are right."""
        ...


def compare_models(first: Comparable, second: Comparable, thresholds: tuple[Floats, Floats]) -> dict[str, Verdict]:
    """Judge two models on the same images in the same order by what is told first of their task.

    Accuracies of images come with McNemar's test; the other figures are no shares of images that are right.
    """
    one, other = first.headlines(thresholds[0]), second.headlines(thresholds[1])
    right = (first.right(thresholds[0])[1], second.right(thresholds[1])[1])
    found = {}
    for name in (name for name in one if name in other):
        draws = min(len(one[name][1]), len(other[name][1]))
        differences = other[name][1][:draws] - one[name][1][:draws]
        if np.isfinite(differences).any():
            found[name] = compare(one[name][0], other[name][0], differences, right if name in OF_IMAGES else None)
    return found
