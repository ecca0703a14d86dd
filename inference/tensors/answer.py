"""What the readers of outputs share: the tensors, the settings, where the image lies, and what is to be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.decode.classes import Classes, Notes
from inference.schema import PredictionRejected
from inference.tensors.placement import Placement
from inference.tensors.settings import TensorSettings
from inference.tensors.wire import Tensor
from inference.wire import ModelCard, ModelInput

Numbers = NDArray[Any]
SLACK = 1e-3
"""How far a probability may leave 0 to 1 by the rounding of half precision."""


@dataclass(frozen=True)
class Outputs:
    """One answer's tensors."""

    tensors: Sequence[Tensor]
    settings: TensorSettings
    placement: Placement
    image: ModelInput
    classes: Classes

    @property
    def model(self) -> ModelCard:
        """The model asked."""
        return self.classes.model

    @property
    def notes(self) -> Notes:
        """Warnings and counts of what was left out."""
        return self.classes.notes

    def chosen(self, count: int) -> list[Tensor]:
        """Return ``count`` tensors: those that the settings name, in their order, else as they came."""
        names = self.settings.outputs
        if names:
            if len(names) < count:
                raise PredictionRejected("outputs", f"{self.settings.preset} reads {count} tensors, and the settings name {len(names)}")
            return [self.named(name) for name in names[:count]]
        if len(self.tensors) < count:
            raise PredictionRejected("outputs", f"expected {count} tensors, got {len(self.tensors)}")
        return list(self.tensors[:count])

    def named(self, name: str) -> Tensor:
        """Return the tensor of a name."""
        found = next((tensor for tensor in self.tensors if tensor.name == name), None)
        if found is None:
            there = ", ".join(tensor.name for tensor in self.tensors)[:200]
            raise PredictionRejected("outputs", f'expected a tensor "{name}", got {there or "none"}')
        return found


def without_batch(tensor: Tensor, rank: int) -> Numbers:
    """Return the values with ``rank`` axes: a batch of one is taken off."""
    values = tensor.values
    while values.ndim > rank and values.shape[0] == 1:
        values = values[0]
    if values.ndim != rank:
        raise tensor.reject(f"{rank} dimensions, or a batch of one of them")
    return values


def finite(tensor: Tensor, values: Numbers) -> Numbers:
    """Return the values, if all are finite numbers."""
    if not np.isfinite(values).all():
        at = [int(each[0]) for each in np.nonzero(~np.isfinite(values))]
        raise PredictionRejected(tensor.where or tensor.name, f"expected finite numbers, got {values[tuple(at)]} at {at}")
    return values


def fractions(tensor: Tensor, rank: int) -> Numbers:
    """Return the values as finite fractions with ``rank`` axes."""
    tensor.numbers()
    return finite(tensor, Tensor(tensor.name, without_batch(tensor, rank), tensor.where).numbers())


def probabilities(tensor: Tensor, values: Numbers, advice: str) -> Numbers:
    """Return the values, if all lie in 0 to 1, but for rounding."""
    if values.size and (values.min() < -SLACK or values.max() > 1.0 + SLACK):
        worst = float(values.min() if values.min() < -SLACK else values.max())
        raise PredictionRejected(tensor.where or tensor.name, f"expected probabilities from 0 to 1, got {worst:g}; {advice}")
    return np.asarray(np.clip(values, 0.0, 1.0))


def sigmoid(values: Numbers) -> Numbers:
    """Return 1 / (1 + exp(-values))."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -80.0, 80.0))))
