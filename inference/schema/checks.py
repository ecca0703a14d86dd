"""Limits of a prediction, and the complaint about what breaks them."""

from __future__ import annotations

import math
from typing import Any, Literal, cast

SCHEMA = "prediction/1"
MAX_ITEMS = 10_000
MAX_CLASSES = 10_000
MAX_VECTOR = 8_192
MAX_POINTS = 1_000_000
MAX_PIXELS = 2**30

Document = dict[str, Any]
Point = tuple[float, float]
Ring = tuple[Point, ...]
Mode = Literal["single", "multi"]
Activation = Literal["softmax", "sigmoid", "none", "unknown"]


class PredictionRejected(ValueError):
    """An answer that cannot be used: ``where`` is a path such as ``items[3].box[2]``, ``why`` one sentence."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}" if where else why)
        self.where = where
        self.why = why

    def within(self, outer: str) -> PredictionRejected:
        """Return the same complaint seen from outside, its path prefixed with ``outer``."""
        joint = "" if not outer or not self.where or self.where.startswith("[") else "."
        return PredictionRejected(f"{outer}{joint}{self.where}", self.why)


def check_finite(value: object, where: str) -> None:
    """Reject anything but a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise PredictionRejected(where, f"expected a finite number, got {value!r}")


def check_confidence(value: object, where: str = "confidence") -> None:
    """Reject anything but None or a number from 0 to 1."""
    if value is None:
        return
    check_finite(value, where)
    if not 0.0 <= cast(float, value) <= 1.0:
        raise PredictionRejected(where, f"expected a number from 0 to 1, got {value!r}")


def check_index(value: int | None) -> None:
    """Reject anything but None or an output slot."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31):
        raise PredictionRejected("index", f"expected a class number of 0 or more, got {value!r}")


def require(holds: bool, where: str, why: str) -> None:
    """Reject what does not hold."""
    if not holds:
        raise PredictionRejected(where, why)
