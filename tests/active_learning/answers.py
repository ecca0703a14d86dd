"""Stored answers of models, without a model."""

from collections.abc import Mapping, Sequence

from campaigns.models import Image
from inference.answers import digest
from inference.models import Prediction as Row
from inference.schema import Box, Classification, ClassScore, Item, Prediction
from models_registry.models import RegisteredModel


def classified(*scores: float, multi: bool = False, complete: bool = True) -> Classification:
    """Say how likely each class is, in the order of the classes."""
    listed = tuple(ClassScore(n, f"class {n}", float(value)) for n, value in enumerate(scores))
    return Classification(listed, mode="multi" if multi else "single", activation="unknown", complete=complete)


def box(index: int, confidence: float | None, x: float = 4.0, y: float = 4.0, side: float = 20.0) -> Box:
    """Say that something is there."""
    return Box(index, f"class {index}", confidence, x, y, side, side)


def store(model: RegisteredModel, answers: Mapping[Image, Item | Sequence[Item]]) -> None:
    """Keep answers as an inference run would."""
    for image, given in answers.items():
        items = tuple(given) if isinstance(given, Sequence) else (given,)
        kept = digest(Prediction(items, image.width, image.height, model.version), None)
        Row.objects.create(
            image=image, model=model, model_version=model.version, document=kept.document, confidence=kept.confidence,
            uncertainty=kept.uncertainty,
        )  # fmt: skip
