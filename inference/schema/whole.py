"""What is said of the whole image: its classes, and its place among others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from inference.schema.checks import (
    MAX_CLASSES,
    MAX_VECTOR,
    Activation,
    Document,
    Mode,
    check_confidence,
    check_finite,
    check_index,
    require,
)


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class and the model's probability for it, 0 to 1."""

    index: int | None
    name: str
    confidence: float

    def __post_init__(self) -> None:
        check_index(self.index)
        check_finite(self.confidence, "confidence")
        check_confidence(self.confidence)

    def as_document(self) -> Document:
        """Return it as JSON values."""
        return {"index": self.index, "class": self.name, "confidence": self.confidence}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> ClassScore:
        """Read what ``as_document`` wrote."""
        return cls(document["index"], document["class"], document["confidence"])


@dataclass(frozen=True, slots=True)
class Classification:
    """Probabilities of classes for the whole image.

    ``mode`` single: one class is right, and a complete softmax sums to 1; multi: every class answers for itself.
    ``complete`` is False when the model named only its best classes: entropy is then a lower bound.
    """

    kind: ClassVar[str] = "classification"
    scores: tuple[ClassScore, ...]
    mode: Mode = "single"
    activation: Activation = "unknown"
    complete: bool = True

    def __post_init__(self) -> None:
        require(1 <= len(self.scores) <= MAX_CLASSES, "scores", f"expected 1 to {MAX_CLASSES} classes, got {len(self.scores)}")
        known = [score.index for score in self.scores if score.index is not None]
        require(len(known) == len(set(known)), "scores", "a class is there twice")
        require(self.mode in ("single", "multi"), "mode", f'expected "single" or "multi", got {self.mode!r}')

    @property
    def confidence(self) -> float:
        """The probability of the best class."""
        return max(score.confidence for score in self.scores)

    def as_document(self) -> Document:
        """Return it as JSON values."""
        return {
            "kind": self.kind, "mode": self.mode, "activation": self.activation, "complete": self.complete,
            "scores": [score.as_document() for score in self.scores],
        }  # fmt: skip

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Classification:
        """Read what ``as_document`` wrote."""
        return cls(scores_from(document), document["mode"], document["activation"], document["complete"])


def scores_from(document: Mapping[str, Any]) -> tuple[ClassScore, ...]:
    """Read the scores of a document, none when it has none."""
    return tuple(ClassScore.from_document(score) for score in document.get("scores", ()))


@dataclass(frozen=True, slots=True)
class Embedding:
    """A vector in a named space; vectors of different spaces are never compared."""

    kind: ClassVar[str] = "embedding"
    space: str
    vector: tuple[float, ...]

    def __post_init__(self) -> None:
        require(1 <= len(self.vector) <= MAX_VECTOR, "vector", f"expected 1 to {MAX_VECTOR} numbers, got {len(self.vector)}")
        for number, value in enumerate(self.vector):
            check_finite(value, f"vector[{number}]")

    def as_document(self) -> Document:
        """Return it as JSON values."""
        return {"kind": self.kind, "space": self.space, "vector": list(self.vector)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Embedding:
        """Read what ``as_document`` wrote."""
        return cls(document["space"], tuple(document["vector"]))
