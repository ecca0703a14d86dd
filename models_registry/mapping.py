"""Classes of a model to labels of a campaign. Pure: indices and ids in, ids and numbers out.

Many classes may stand for one label. Exclusive classes add up (capped at 1); classes that each say yes or no give
their greatest. A class without a label is not provided, and its probability is told as unmapped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Probabilities by label id, and what fell on classes without a label (their sum, or their greatest)."""

    labels: Mapping[int, float]
    unmapped: float


def to_labels(scores: Iterable[tuple[int | None, float]], mapping: Mapping[int, int], *, multi_label: bool) -> LabelScores:
    """Map (class index, probability) pairs to labels; ``mapping``: class index → label id."""
    labels: dict[int, float] = {}
    unmapped = 0.0
    for index, probability in scores:
        label = None if index is None else mapping.get(index)
        before = unmapped if label is None else labels.get(label, 0.0)
        joined = max(before, probability) if multi_label else min(1.0, before + probability)
        if label is None:
            unmapped = joined
        else:
            labels[label] = joined
    return LabelScores(labels, unmapped)


def to_label_matrix(
    probabilities: NDArray[np.floating], mapping: Mapping[int, int], labels: list[int], *, multi_label: bool
) -> NDArray[np.float32]:
    """Map probabilities (N, K) of classes 0 to K-1 to (N, L) of ``labels``, in their order."""
    result = np.zeros((len(probabilities), len(labels)), dtype=np.float32)
    place = {label: column for column, label in enumerate(labels)}
    for index, label in mapping.items():
        if label in place and index < probabilities.shape[1]:
            column = result[:, place[label]]
            given = probabilities[:, index]
            result[:, place[label]] = np.maximum(column, given) if multi_label else np.minimum(1.0, column + given)
    return result


def auto_map(classes: Iterable[tuple[int, str]], labels: Iterable[tuple[int, str]]) -> dict[int, int]:
    """Map classes to the labels of the same name; case, spaces, hyphens and underscores do not matter.

    When two labels differ in those alone, the exact name decides, and else the first.
    """
    known: dict[str, int] = {}
    exact = {}
    for label, name in labels:
        known.setdefault(_plain(name), label)
        exact[name] = label
    found = {index: exact.get(name, known.get(_plain(name))) for index, name in classes}
    return {index: label for index, label in found.items() if label is not None}


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-]+", " ", name).strip().casefold()
