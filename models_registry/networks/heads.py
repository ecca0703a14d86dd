"""The head that stands on frozen embeddings: one matrix, in numpy alone, so that 50,000 images are asked in a blink."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
ARRAYS = ("mean", "scale", "weight", "bias")


@dataclass(frozen=True)
class LinearHead:
    """Linear classifier on standardised embeddings.

    ``mean``, ``scale``: (D,) float32; ``weight``: (K, D), ``bias``: (K,) float32, for (x - mean) / scale.
    ``temperature`` divides the logits (Guo et al. 2017, arXiv:1706.04599). ``multi_label``: sigmoid per class, else softmax.
    """

    mean: Matrix
    scale: Matrix
    weight: Matrix
    bias: Matrix
    temperature: float = 1.0
    multi_label: bool = False

    def __post_init__(self) -> None:
        classes, dimension = self.weight.shape
        if self.mean.shape != (dimension,) or self.scale.shape != (dimension,) or self.bias.shape != (classes,):
            raise ValueError("the arrays of the head disagree about its dimensions")
        if not all(np.isfinite(getattr(self, name)).all() for name in ARRAYS):
            raise ValueError("the head holds a number that is not finite")
        if not self.temperature > 0 or not (self.scale > 0).all():
            raise ValueError("temperature and scale must be above zero")

    def logits(self, embeddings: Matrix) -> Matrix:
        """Return raw scores: (N, D) float32 in, (N, K) float32 out, before the temperature."""
        weight = self.weight / self.scale
        return np.asarray(embeddings @ weight.T + (self.bias - weight @ self.mean), np.float32)

    def probabilities(self, embeddings: Matrix) -> Matrix:
        """Return probabilities: (N, K) float32; rows sum to 1 unless ``multi_label``."""
        scaled = self.logits(embeddings) / np.float32(self.temperature)
        return sigmoid(scaled) if self.multi_label else softmax(scaled)

    def at_temperature(self, temperature: float) -> LinearHead:
        """Return the same head with another temperature."""
        return replace(self, temperature=temperature)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays by name, for a file."""
        return {f"head.{name}": getattr(self, name) for name in ARRAYS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], *, temperature: float, multi_label: bool) -> LinearHead:
        """Build a head from what ``arrays`` gave."""
        mean, scale, weight, bias = (np.asarray(arrays[f"head.{name}"], np.float32) for name in ARRAYS)
        return cls(mean, scale, weight, bias, temperature, multi_label)


def softmax(logits: Matrix) -> Matrix:
    """Return probabilities whose rows sum to 1: (N, K) in and out."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), logits.dtype)


def sigmoid(logits: Matrix) -> Matrix:
    """Return a probability per class: (N, K) in and out, without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)), logits.dtype)
