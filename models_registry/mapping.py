"""Classes of a model to labels of a campaign. Pure: indices and ids in, ids and numbers out.

Many classes may stand for one label. Exclusive classes add up (capped at 1); classes that each say yes or no give
their greatest. A class without a label is not provided, and its probability is told as unmapped.
"""

from __future__ import annotations

import re
import unicodedata
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
    """Map classes to the labels of the same name; case, accents, spaces, hyphens and underscores do not matter.

    When two labels differ in those alone, the exact name decides, and else the first. A class that fits none so gets the
    one label that has nearly its name (``near_name``), unless two do.
    """
    labels = list(labels)
    known: dict[str, int] = {}
    exact = {}
    for label, name in labels:
        known.setdefault(_plain(name), label)
        exact[name] = label
    found: dict[int, int] = {}
    for index, name in classes:
        same = exact.get(name, known.get(_plain(name)))
        near = {pk for pk, other in labels if near_name(name, other)} if same is None else {same}
        if len(near) == 1:
            found[index] = near.pop()
    return found


def near_name(one: str, other: str) -> bool:
    """Tell whether two names mean the same thing but for a plural or a slip of the pen.

    Slips are told apart from other words by length: one in a name of five letters or more, two from nine on. The first
    letter stays, so that "land" is not "sand".
    """
    first, second = _singular(_plain(one)), _singular(_plain(other))
    if first == second:
        return True
    shorter = min(len(first), len(second))
    allowed = 0 if shorter < 5 else 1 if shorter < 9 else 2
    return bool(allowed) and first[0] == second[0] and _slips(first, second, allowed) <= allowed


def _plain(name: str) -> str:
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    return re.sub(r"[\s_\-./]+", " ", bare).strip().casefold()


def _singular(name: str) -> str:
    return " ".join(map(_singular_word, name.split(" ")))


def _singular_word(name: str) -> str:
    if len(name) > 4 and name.endswith("ies"):
        return f"{name[:-3]}y"
    return name[:-1] if len(name) > 3 and name.endswith("s") and not name.endswith("ss") else name


def _slips(one: str, other: str, most: int) -> int:
    """Return how many letters must change, go, come or swap places to make one name of the other; above ``most``, some number above."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i] + [0] * len(other)
        for j, wanted in enumerate(other, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                row[j] = min(row[j], earlier[j - 2] + 1)
    return row[-1]
