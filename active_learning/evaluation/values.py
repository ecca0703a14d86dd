"""What is measured: answers about whole images beside their truth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bits = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

NEVER: Final = -1.0
"""The score of a label that no threshold makes the model say."""


@dataclass(frozen=True, eq=False)
class LabelEvidence:
    """Probabilities of labels beside the truth, one row an image.

    ``image_ids``: (N,). ``label_ids``: (K,), the columns. ``probabilities``: (N, K) in 0 to 1; unless ``multi_label``, rows sum to
    at most 1, and what is left is the model's probability of something that no label stands for. ``truth``: (N, K).
    """

    image_ids: Ints
    label_ids: tuple[int, ...]
    probabilities: Floats
    truth: Bits
    multi_label: bool

    def __post_init__(self) -> None:
        shape = (len(self.image_ids), len(self.label_ids))
        if self.probabilities.shape != shape or self.truth.shape != shape:
            raise ValueError(f"expected arrays of shape {shape}")

    def __len__(self) -> int:
        return len(self.image_ids)

    def at(self, rows: npt.NDArray[Any]) -> LabelEvidence:
        """Return the evidence of some images: places, or a mask over them."""
        return LabelEvidence(self.image_ids[rows], self.label_ids, self.probabilities[rows], self.truth[rows], self.multi_label)

    @cached_property
    def scores(self) -> Floats:
        """(N, K): a label is said where its score reaches its threshold.

        With several labels an image that is its probability. With one, only the likeliest label can be said, and not even that
        where something without a label is likelier: all others are ``NEVER``.
        """
        if self.multi_label or not self.probabilities.size:
            return self.probabilities
        rows = np.arange(len(self))
        best = self.probabilities.argmax(axis=1)
        sure = self.probabilities[rows, best]
        scores = np.full_like(self.probabilities, NEVER)
        scores[rows, best] = np.where(sure >= 1 - self.probabilities.sum(axis=1) - 1e-9, sure, NEVER)
        return scores

    def said(self, thresholds: Floats) -> Bits:
        """Return (N, K): which labels the model says at thresholds (K,)."""
        return np.asarray(self.scores >= np.maximum(thresholds, 0.0))
