"""What a model said of many images, as numbers over the campaign's labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from active_learning.acquisition.scores import SCORES
from active_learning.acquisition.values import Floats
from campaigns.models import Campaign, Label, Task
from campaigns.querysets import ImageQuerySet
from inference import uncertainty
from inference.models import Prediction
from models_registry.models import LabelMapping, RegisteredModel

ELSE = "something else"
NOTHING_FOUND = "The model found nothing here."
LEAST_REST = 1e-3


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers of one model version, one row an image that can be ranked by them.

    image_ids: (N,). Classification: probabilities (N, K) over ``labels``, where ``label_ids`` holds None for what the
    campaign has no label for. Boxes and pixels: uncertainty (N,) by name, and a note an image.
    """

    image_ids: tuple[int, ...]
    label_ids: tuple[int | None, ...] = ()
    labels: tuple[str, ...] = ()
    probabilities: Floats | None = None
    multi_label: bool = False
    uncertainty: Mapping[str, Floats] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelColumns:
    """Classes of a model as labels of a campaign: class index → column, columns → labels."""

    columns: Mapping[int, int]
    label_ids: tuple[int, ...]
    names: tuple[str, ...]


def label_columns(campaign: Campaign, model: RegisteredModel) -> LabelColumns:
    """Return which labels a model can give in a campaign, in the campaign's order."""
    rows = LabelMapping.objects.filter(campaign_model__campaign=campaign, campaign_model__model=model)
    label_of = dict(rows.values_list("class_index", "label"))
    labels = list(Label.objects.filter(campaign=campaign, pk__in=set(label_of.values())))
    place = {label.pk: column for column, label in enumerate(labels)}
    columns = {index: place[label] for index, label in label_of.items()}
    return LabelColumns(columns, tuple(label.pk for label in labels), tuple(label.name for label in labels))


def read_answers(*, campaign: Campaign, model: RegisteredModel, version: str, images: ImageQuerySet) -> Answers:
    """Return what the model version said of those images that it answered about, in the order of their ids."""
    rows = Prediction.objects.filter(model=model, model_version=version, image__in=images.order_by()).order_by("image_id")
    mapping = label_columns(campaign, model)
    stored = list(rows.values_list("image_id", "document", "uncertainty"))
    if campaign.task == Task.CLASSIFICATION:
        return _classified([(image, _classification(document)) for image, document, _ in stored], mapping)
    return _found(stored, mapping)


def answers_of_classes(image_ids: tuple[int, ...], probabilities: Floats, *, campaign: Campaign, model: RegisteredModel) -> Answers:
    """Return the answers of a model of ours from the probabilities of its classes, (N, C), in the order of ``image_ids``."""
    mapping = label_columns(campaign, model)
    summed = np.zeros((len(image_ids), len(mapping.names) + 1))
    for place, slot in enumerate(model.classes):
        column, values = mapping.columns.get(slot["index"], -1), probabilities[:, place]
        summed[:, column] = np.maximum(summed[:, column], values) if model.multi_label else summed[:, column] + values
    if model.multi_label:
        return Answers(image_ids, mapping.label_ids, mapping.names, summed[:, :-1], multi_label=True)
    return _with_rest(image_ids, summed, mapping)


def _classification(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return next((item for item in document["items"] if item["kind"] == "classification"), None)


def _classified(items: Iterable[tuple[int, Mapping[str, Any] | None]], mapping: LabelColumns) -> Answers:
    """Sum class probabilities to label probabilities; independent classes of one label count by the surest."""
    answered = [(image, item) for image, item in items if item is not None]
    multi = any(item["mode"] == "multi" for _, item in answered)
    probabilities = np.zeros((len(answered), len(mapping.names) + 1))
    totals = np.zeros(len(answered))
    for row, (_, item) in enumerate(answered):
        values = probabilities[row]
        for score in item["scores"]:
            column, confidence = mapping.columns.get(score["index"], -1), score["confidence"]
            values[column] = max(values[column], confidence) if multi else values[column] + confidence
            totals[row] += confidence
        if item["complete"] or totals[row] > 1:
            values /= totals[row] if totals[row] > 0 and not multi else 1
    ids = tuple(image for image, _ in answered)
    if multi:
        return Answers(ids, mapping.label_ids, mapping.names, probabilities[:, :-1], multi_label=True)
    return _with_rest(ids, probabilities, mapping)


def _with_rest(ids: tuple[int, ...], probabilities: Floats, mapping: LabelColumns) -> Answers:
    """Give what no label stands for a column of its own: a model sure of a class without a label is not unsure."""
    rest = np.clip(1 - probabilities[:, :-1].sum(axis=1), 0, 1)
    if mapping.names and (not len(rest) or rest.max() <= LEAST_REST):
        known = probabilities[:, :-1]
        return Answers(ids, mapping.label_ids, mapping.names, known / known.sum(axis=1, keepdims=True))
    whole = np.column_stack([probabilities[:, :-1], rest])
    return Answers(ids, (*mapping.label_ids, None), (*mapping.names, ELSE), whole / whole.sum(axis=1, keepdims=True))


def _found(stored: Iterable[tuple[int, Mapping[str, Any], Mapping[str, float]]], mapping: LabelColumns) -> Answers:
    """Collect uncertainties of boxes, outlines and pixels; answers without confidences cannot be ranked by."""
    ids, notes, measured = [], [], []
    for image, document, unsure in stored:
        measures, note = _measure(document["items"], unsure, mapping)
        if measures:
            ids.append(image)
            notes.append(note)
            measured.append(_complete(measures))
    by_name = {name: np.array([measures[name] for measures in measured]) for name in SCORES}
    return Answers(tuple(ids), uncertainty=by_name, notes=tuple(notes))


def _measure(items: list[dict[str, Any]], stored: Mapping[str, float], mapping: LabelColumns) -> tuple[Mapping[str, float], str]:
    """Measure one answer by the objects that have a label, a raster by what was measured when it was stored."""
    if any(item["kind"] == "raster" for item in items):
        return stored, f"The least sure tenth of its pixels scores {stored.get('entropy', 0):.2f} of 1."
    known = [item for item in items if item.get("index") in mapping.columns]
    sure = [item for item in known if item.get("confidence") is not None]
    if known and not sure:
        return {}, ""
    if not sure:
        return uncertainty.of_objects([]), NOTHING_FOUND
    doubtful = min(sure, key=lambda item: abs(item["confidence"] - 0.5))
    name = mapping.names[mapping.columns[doubtful["index"]]]
    return uncertainty.of_objects([item["confidence"] for item in sure]), _note(len(sure), name, doubtful["confidence"])


def _note(count: int, name: str, confidence: float) -> str:
    if count == 1:
        return f"The model found one object, {name} ({confidence:.2f})."
    return f"The model found {count} objects and is least sure of one, {name} ({confidence:.2f})."


def _complete(measures: Mapping[str, float]) -> dict[str, float]:
    """Fill in measures that an answer does not carry (a raster has no margin) by the nearest that it has."""
    least = measures.get("least_confidence", measures.get("entropy", 0.0))
    return {"entropy": measures.get("entropy", least), "margin": measures.get("margin", least), "least_confidence": least}
