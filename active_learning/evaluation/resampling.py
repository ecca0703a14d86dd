"""How sure a figure is: bootstrap over images, and whether two models really differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.evaluation.figures import Counts
from active_learning.evaluation.values import Bits, Floats

DRAWS: Final = 300
LEVEL: Final = 0.95
CONFIDENCE_Z: Final = 1.96
ROUNDING: Final = 1e-5  # draws are summed in single precision


@dataclass(frozen=True)
class Interval:
    """A 95 % interval."""

    low: float
    high: float

    def around(self, value: float) -> Interval | None:
        """Return it with the figure inside of it; None where it lies beside the figure: draws from so few images tell nothing of it.

        Of two or three objects some draws miss one and others have it twice, so that a ranking is mostly better, or worse, than it is.
        """
        if not self.low - ROUNDING <= value <= self.high + ROUNDING:
            return None
        return Interval(min(self.low, value), max(self.high, value))


def draw_weights(images: int, rng: np.random.Generator, draws: int = DRAWS) -> npt.NDArray[np.float32]:
    """Return (draws, images): how often each image is drawn when as many as there are are drawn with replacement."""
    if not images:
        return np.zeros((draws, 0), np.float32)
    picks = rng.integers(0, images, (draws, images), dtype=np.int64)
    picks += np.arange(draws)[:, None] * images
    return np.bincount(picks.ravel(), minlength=draws * images).reshape(draws, images).astype(np.float32)


def interval_of(drawn: npt.NDArray[Any]) -> Interval:
    """Return the middle 95 % of drawn figures (percentile bootstrap, Efron 1979)."""
    low, high = np.quantile(np.asarray(drawn, float), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))


def wilson(right: float, total: float) -> Interval:
    """Return the 95 % interval of a share (Wilson, "Probable inference, the law of succession, and statistical inference", 1927)."""
    if not total:
        return Interval(0.0, 1.0)
    share, z2 = right / total, CONFIDENCE_Z**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = CONFIDENCE_Z / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    return Interval(0.0 if not right else max(0.0, centre - half), 1.0 if right == total else min(1.0, centre + half))


def of_share(value: float, drawn: Interval | None, images: float) -> Interval | None:
    """Return the interval of a share, also where all of so many images agree: draws from them are all alike, and would claim certainty.

    A few images without an error say little of others: Wilson's interval of as many right, or wrong, answers says how little.
    """
    if drawn is None or drawn.high > drawn.low or value not in (0.0, 1.0):
        return drawn
    return wilson(value * images, images)


def resampled(said: Bits, true: Bits, weights: npt.NDArray[np.float32]) -> Counts:
    """Return counts (draws, K) of each draw at once."""
    both = said & true
    return Counts(*((weights @ each.astype(np.float32)).astype(float) for each in (both, said, true)))


@dataclass(frozen=True)
class Verdict:
    """Two models on the same images. ``difference``: of the second less the first.

    Of accuracies of images, ``only_first``, ``only_second``: images that one alone got right; ``p_value``: how likely so uneven a
    split is if they are equally good (McNemar's exact test).
    """

    difference: float
    low: float
    high: float
    only_first: int | None = None
    only_second: int | None = None
    p_value: float | None = None

    @property
    def is_significant(self) -> bool:
        """Whether the interval of the difference leaves out 0, and where there is a test, whether it says so too: few images fool draws."""
        apart = self.low > 0 or self.high < 0
        return apart and (self.p_value is None or self.p_value < 1 - LEVEL)


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p-value that two models differ (McNemar 1947; binomial with half)."""
    total, least = only_first + only_second, min(only_first, only_second)
    if not total:
        return 1.0
    logs = [_log_choose(total, k) - total * math.log(2) for k in range(least + 1)]
    return min(1.0, 2 * math.fsum(math.exp(each) for each in logs))


def _log_choose(total: int, chosen: int) -> float:
    return math.lgamma(total + 1) - math.lgamma(chosen + 1) - math.lgamma(total - chosen + 1)


def compare(first: float, second: float, drawn: Floats, right: tuple[Bits, Bits] | None = None) -> Verdict:
    """Judge two models by one figure of each (a number) and its differences over shared draws (draws,), nan where a draw has none.

    ``right``: which images (N,) each got right, where the figure is their share.
    """
    found = interval_of(drawn[np.isfinite(drawn)])
    if right is None:
        return Verdict(second - first, found.low, found.high)
    only_first, only_second = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    return Verdict(second - first, found.low, found.high, only_first, only_second, mcnemar(only_first, only_second))
