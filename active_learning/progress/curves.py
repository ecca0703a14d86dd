"""Accuracy by the number of labels as a power law, acc(n) = a - b n^-c, and what the next labels will bring.

The law: Hestness et al. 2017, "Deep learning scaling is predictable, empirically". The interval comes from a parametric
bootstrap (Efron and Tibshirani 1993, chapter 6): each point is drawn again from its own uncertainty, and fitted again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

EXPONENTS: Final = np.concatenate([np.geomspace(0.05, 3.0, 60)])
LEAST_POINTS: Final = 4
LEAST_SPREAD: Final = 1.5  # the last point has so many times the labels of the first
DRAWS: Final = 300
LEAST_DEVIATION: Final = 1e-3
Z95: Final = 1.959964


@dataclass(frozen=True)
class Point:
    """An accuracy measured at a number of labels. ``deviation``: its standard error; ``low``, ``high``: its 95 % interval."""

    labels: int
    value: float
    deviation: float

    @classmethod
    def between(cls, labels: int, value: float, low: float | None, high: float | None) -> Point:
        """Return a point whose standard error is read off a 95 % interval."""
        spread = 0.0 if low is None or high is None else (high - low) / (2 * Z95)
        return cls(labels, value, max(spread, LEAST_DEVIATION))


@dataclass(frozen=True)
class Law:
    """acc(n) = ceiling - drop * n^-exponent; ceiling within 0…1, drop at least 0."""

    ceiling: float
    drop: float
    exponent: float

    def at(self, labels: float) -> float:
        """Return the accuracy expected with so many labels, 0 to 1."""
        return min(1.0, max(0.0, self.ceiling - self.drop * math.pow(labels, -self.exponent)))


@dataclass(frozen=True)
class Gain:
    """What so many more labels bring, with its 95 % interval; shares of 1."""

    labels: int
    expected: float
    low: float
    high: float
    ceiling: float


def merged(points: Sequence[Point]) -> list[Point]:
    """Return one point per number of labels, the last given, in order."""
    return sorted({point.labels: point for point in points if point.labels > 0}.values(), key=lambda point: point.labels)


def why_not(points: Sequence[Point]) -> str:
    """Say what is missing for a fit; empty where nothing is."""
    kept = merged(points)
    if len(kept) < LEAST_POINTS:
        return f"{len(kept)} of at least {LEAST_POINTS} measurements"
    if kept[-1].labels < LEAST_SPREAD * kept[0].labels:
        return f"measurements from {kept[0].labels} to {kept[-1].labels} labels lie too close together"
    return ""


def fit_law(points: Sequence[Point]) -> Law:
    """Fit by weighted least squares: for each exponent of a grid the other two follow in closed form, within their bounds.

    Raises ValueError with fewer than three points.
    """
    kept = merged(points)
    if len(kept) < 3:
        raise ValueError("a law of three numbers takes at least three points")
    labels = np.array([point.labels for point in kept], dtype=float)
    values = np.array([[point.value for point in kept]])
    weights = np.array([point.deviation**-2 for point in kept])
    ceiling, drop, exponent = _fit_all(labels, values, weights)
    return Law(float(ceiling[0]), float(drop[0]), float(exponent[0]))


def _fit_all(labels: Floats, values: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Fit rows of values (R, P) at once; return ceiling, drop and exponent, (R,) each."""
    powers = labels[None, :] ** -EXPONENTS[:, None]  # (C, P)
    share = weights / weights.sum()
    power_mean = powers @ share  # (C,)
    value_mean = values @ share  # (R,)
    spread = ((powers - power_mean[:, None]) ** 2) @ share  # (C,)
    joint = ((values - value_mean[:, None]) * share) @ (powers - power_mean[:, None]).T  # (R, C)
    drop = np.maximum(0.0, -joint / np.maximum(spread, 1e-15)[None, :])
    ceiling = value_mean[:, None] + drop * power_mean[None, :]
    # Above 1 nothing can be: then the ceiling is 1, and the drop is what fits best beneath it.
    square = (powers**2) @ share
    capped = np.maximum(0.0, ((1.0 - values) * share) @ powers.T / square[None, :])
    over = ceiling > 1.0
    drop, ceiling = np.where(over, capped, drop), np.where(over, 1.0, ceiling)
    expected = ceiling[:, :, None] - drop[:, :, None] * powers[None, :, :]
    loss = ((values[:, None, :] - expected) ** 2) @ share
    best = loss.argmin(axis=1)
    rows = np.arange(len(values))
    return ceiling[rows, best], drop[rows, best], EXPONENTS[best]


def expected_gain(points: Sequence[Point], more: int, *, rng: np.random.Generator, draws: int = DRAWS) -> Gain:
    """Return what ``more`` labels beyond the last point bring by the fitted law, and the 2.5 % and 97.5 % bootstrap quantiles.

    The gain is never negative: by the law, labels do no harm. Raises ValueError where ``why_not`` has an objection.
    """
    objection = why_not(points)
    if objection:
        raise ValueError(objection)
    kept = merged(points)
    labels = np.array([point.labels for point in kept], dtype=float)
    values = np.array([point.value for point in kept])
    deviations = np.array([point.deviation for point in kept])
    drawn = np.clip(values + deviations * rng.standard_normal((draws, len(kept))), 0.0, 1.0)
    ceiling, drop, exponent = _fit_all(labels, np.vstack([values, drawn]), deviations**-2)
    now, then = labels[-1], labels[-1] + more
    gains = np.clip(ceiling - drop * then**-exponent, 0, 1) - np.clip(ceiling - drop * now**-exponent, 0, 1)
    low, high = np.quantile(gains[1:], [0.025, 0.975])
    expected = float(gains[0])
    return Gain(more, expected, min(float(low), expected), max(float(high), expected), float(ceiling[0]))
