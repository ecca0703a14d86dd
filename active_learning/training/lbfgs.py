"""L-BFGS for smooth convex losses, one step at a time, so that a loop can look, save and stop in between.

Nocedal and Wright, Numerical Optimization, 2nd edition, algorithms 7.4 and 7.5, with a backtracking line search.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
Loss = Callable[[Vector], tuple[float, Vector]]

MEMORY: Final = 10
SUFFICIENT: Final = 1e-4
HALVINGS: Final = 30
FLAT: Final = 1e-5


class Lbfgs:
    """Minimise ``loss(x) -> (value, gradient)`` from ``start``."""

    def __init__(self, loss: Loss, start: Vector) -> None:
        self._loss = loss
        self.x = np.asarray(start, np.float64).copy()
        self.value, self._gradient = loss(self.x)
        self._steps: list[Vector] = []
        self._changes: list[Vector] = []
        self.converged = False

    def step(self) -> float:
        """Take one step and return the new value; sets ``converged`` when no step lowers the loss."""
        direction = -self._two_loops(self._gradient)
        slope = _dot(direction, self._gradient)
        if slope >= 0:  # rounding spoiled the memory; start again from the steepest descent
            self._steps, self._changes = [], []
            direction, slope = -self._gradient, -_dot(self._gradient, self._gradient)
        length = 1.0 if self._steps else 1.0 / max(1.0, _dot(self._gradient, self._gradient) ** 0.5)
        for _ in range(HALVINGS):
            x = self.x + length * direction
            value, gradient = self._loss(x)
            if value <= self.value + SUFFICIENT * length * slope:
                self._accept(x, value, gradient)
                return self.value
            length *= 0.5
        self.converged = True
        return self.value

    def _accept(self, x: Vector, value: float, gradient: Vector) -> None:
        step, change = x - self.x, gradient - self._gradient
        if _dot(step, change) > 1e-10 * _dot(change, change):
            self._steps, self._changes = [*self._steps, step][-MEMORY:], [*self._changes, change][-MEMORY:]
        self.x, self.value, self._gradient = x, value, gradient
        self.converged = float(np.abs(gradient).max()) < FLAT

    def _two_loops(self, gradient: Vector) -> Vector:
        q, alphas = gradient.copy(), []
        pairs = list(zip(self._steps, self._changes, strict=True))
        for step, change in reversed(pairs):
            alpha = _dot(step, q) / _dot(step, change)
            alphas.append(alpha)
            q -= alpha * change
        if pairs:
            step, change = pairs[-1]
            q *= _dot(step, change) / _dot(change, change)
        for (step, change), alpha in zip(pairs, reversed(alphas), strict=True):
            q += (alpha - _dot(change, q) / _dot(step, change)) * step
        return q

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return all that the next step depends on."""
        empty = np.empty((0, len(self.x)))
        return {
            "x": self.x,
            "value": np.array([self.value]),
            "gradient": self._gradient,
            "steps": np.array(self._steps) if self._steps else empty,
            "changes": np.array(self._changes) if self._changes else empty,
            "converged": np.array([self.converged]),
        }

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go back to a state; raises ``ValueError``, having changed nothing, for one of another number of unknowns."""
        if state["x"].shape != self.x.shape:
            raise ValueError(f"the state is of {state['x'].size} unknowns, not {self.x.size}")
        self.x, self._gradient = state["x"].copy(), state["gradient"].copy()
        self.value, self.converged = float(state["value"][0]), bool(state["converged"][0])
        self._steps, self._changes = list(state["steps"]), list(state["changes"])


def _dot(a: Vector, b: Vector) -> float:
    # One thread on purpose: for so short vectors the threads of a BLAS cost more than they bring, on busy cores a
    # hundred times more, and the sum does not depend on how many there are.
    return float(np.einsum("i,i->", a, b))
