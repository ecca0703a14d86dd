"""What a model said of many images, as numbers over the campaign's labels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from active_learning.acquisition.consistency import unsure_peaks
from active_learning.acquisition.detection import difficult_entropy
from active_learning.acquisition.scores import SCORES
from active_learning.acquisition.values import Floats
from active_learning.evaluation.calibration import at_temperature
from campaigns.models import Campaign, Label, Task
from campaigns.querysets import ImageQuerySet
from inference import uncertainty
from inference.answers import Answer
from inference.models import Prediction
from models_registry.models import CampaignModel, LabelMapping, RegisteredModel

ELSE = "something else"
NOTHING_FOUND = "The model found nothing here."
LEAST_REST = 1e-3
Bits = npt.NDArray[np.bool_]
MEASURES = (*SCORES, "difficult")
PEAKS = "peaks"


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers of one model version, one row an image that can be ranked by them.

    image_ids: (N,). Classification: probabilities (N, K) over ``labels``, where ``label_ids`` holds None for what the
    campaign has no label for. Boxes and pixels: uncertainty (N,) by name, a note an image, shares (N, K) of what is unsure
    by label, and objects (N,), how many one may expect.
    """

    image_ids: tuple[int, ...]
    label_ids: tuple[int | None, ...] = ()
    labels: tuple[str, ...] = ()
    probabilities: Floats | None = None
    multi_label: bool = False
    uncertainty: Mapping[str, Floats] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    shares: Floats | None = None
    objects: Floats | None = None

    def of(self, image_ids: Collection[int]) -> Answers:
        """Return the answers about some of the images, in the order that they have here."""
        wanted = set(image_ids)
        rows = [row for row, image in enumerate(self.image_ids) if image in wanted]
        if len(rows) == len(self.image_ids):
            return self

        def picked(values: Floats | None) -> Floats | None:
            return None if values is None else values[rows]

        return replace(
            self, image_ids=tuple(self.image_ids[row] for row in rows), probabilities=picked(self.probabilities),
            uncertainty={name: values[rows] for name, values in self.uncertainty.items()}, shares=picked(self.shares),
            notes=tuple(self.notes[row] for row in rows) if self.notes else (), objects=picked(self.objects),
        )  # fmt: skip

    def at_temperature(self, temperature: float | None) -> Answers:
        """Return the answers with probabilities at a temperature; what is likeliest stays so."""
        if temperature is None or temperature == 1.0 or self.probabilities is None or not self.probabilities.size:
            return self
        return replace(self, probabilities=at_temperature(self.probabilities.astype(float), temperature, multi_label=self.multi_label))

    def doubts(self, name: str) -> Floats:
        """Return a common measure of uncertainty, (N,) 0…1."""
        if self.probabilities is not None:
            return SCORES[name](self.probabilities, multi_label=self.multi_label)
        return self.uncertainty[name]

    def finite(self) -> Answers:
        """Leave out images whose numbers are not finite: they cannot be ranked."""
        good = np.ones(len(self.image_ids), dtype=bool)
        for values in (self.probabilities, self.shares, *self.uncertainty.values()):
            if values is not None:
                good &= np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
        return self if good.all() else self.of([image for image, keep in zip(self.image_ids, good.tolist(), strict=True) if keep])


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


def read_answers(
    *,
    campaign: Campaign,
    model: RegisteredModel,
    version: str,
    images: ImageQuerySet,
    weights: Floats | None = None,
    fresh: Mapping[int, Answer] | None = None,
) -> Answers:
    """Return what the model version said of those images that it answered about, in the order of their ids.

    Probabilities, and confidences of objects, are at the temperature that this version was calibrated with in the campaign, if it was.
    weights: (K,) how much the objects of each label weigh, in the order of ``label_columns``; all the same without.
    fresh: what a refitted head says of some of the images, by id, of objects and pixels: it takes the place of what is stored.
    """
    rows = Prediction.objects.filter(model=model, model_version=version, image__in=images.order_by()).order_by("image_id")
    mapping = label_columns(campaign, model)
    if campaign.task == Task.CLASSIFICATION:
        stored_items = rows.values_list("image_id", "document")
        items = ((image, classification_of(document)) for image, document in stored_items)
        return classified_answers(
            [(image, item) for image, item in items if item is not None], campaign=campaign, model=model, version=version
        )
    newer = {image: (image, answer.document, answer.uncertainty) for image, answer in (fresh or {}).items()}
    older = rows.exclude(image__in=newer) if newer else rows
    stored = sorted([*older.values_list("image_id", "document", "uncertainty"), *newer.values()], key=lambda row: row[0])
    measures = (*MEASURES, PEAKS) if campaign.task == Task.KEYPOINTS else MEASURES
    attached = CampaignModel.objects.filter(campaign=campaign, model=model).first()
    if attached is not None and attached.temperature_of(version) is not None:
        stored = [(image, _calmed(document, attached), unsure) for image, document, unsure in stored]
    return _found(stored, mapping, np.ones(len(mapping.names)) if weights is None else weights, measures)


def _calmed(document: Mapping[str, Any], attached: CampaignModel) -> Mapping[str, Any]:
    """Return an answer with the confidences of its objects as they were calibrated; what has none stays so."""
    items = list(document["items"])
    sure = [place for place, item in enumerate(items) if item["kind"] != "raster" and item.get("confidence") is not None]
    if not sure:
        return document
    said = np.array([[items[place]["confidence"]] for place in sure], float)
    calm = at_temperature(said, attached.temperature or 1.0, multi_label=True, shift=attached.shift)
    for place, value in zip(sure, calm[:, 0].tolist(), strict=True):
        items[place] = {**items[place], "confidence": value}
    return {**document, "items": items}


def answers_of_classes(image_ids: tuple[int, ...], probabilities: Floats, *, campaign: Campaign, model: RegisteredModel) -> Answers:
    """Return the answers of a model of ours from the probabilities of its classes, (N, C), in the order of ``image_ids``."""
    mapping = label_columns(campaign, model)
    summed = np.zeros((len(image_ids), len(mapping.names) + 1))
    for place, slot in enumerate(model.classes):
        column, values = mapping.columns.get(slot["index"], -1), probabilities[:, place]
        summed[:, column] = np.maximum(summed[:, column], values) if model.multi_label else summed[:, column] + values
    said = answers_of_sums(image_ids, summed, mapping, multi_label=model.multi_label)
    return said.at_temperature(_temperature_of(campaign, model, model.version))


def classified_answers(
    items: Sequence[tuple[int, Mapping[str, Any]]], *, campaign: Campaign, model: RegisteredModel, version: str
) -> Answers:
    """Return what items of answers, each with its image, say of whole images, at the temperature of the model's version."""
    mapping = label_columns(campaign, model)
    sums, multi = sums_of([item for _, item in items], mapping)
    answers = answers_of_sums(tuple(image for image, _ in items), sums, mapping, multi_label=bool(multi.any()))
    return answers.at_temperature(_temperature_of(campaign, model, version))


def _temperature_of(campaign: Campaign, model: RegisteredModel, version: str) -> float | None:
    attached = CampaignModel.objects.filter(campaign=campaign, model=model).first()
    return None if attached is None else attached.temperature_of(version)


def classification_of(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the item of an answer that speaks of the image as a whole."""
    return next((item for item in document["items"] if item["kind"] == "classification"), None)


def sums_of(items: Sequence[Mapping[str, Any]], mapping: LabelColumns) -> tuple[Floats, Bits]:
    """Return what labels' classes add up to, (N, K + 1), and which answers give several labels, (N,).

    The last column is what no label stands for. Independent classes of one label count by the surest; a complete answer sums to 1.
    """
    width = len(mapping.names) + 1
    multi = np.array([item["mode"] == "multi" for item in items], bool)
    row = np.repeat(np.arange(len(items)), [len(item["scores"]) for item in items])
    scores = [score for item in items for score in item["scores"]]
    column = np.array([mapping.columns.get(score["index"], -1) for score in scores], np.int64) % width
    confidence = np.array([score["confidence"] for score in scores], float)
    sums: Floats = np.bincount(row * width + column, confidence, len(items) * width).astype(float).reshape(-1, width)
    surest, several = np.zeros_like(sums), multi[row]
    np.maximum.at(surest, (row[several], column[several]), confidence[several])
    totals = np.bincount(row, confidence, len(items))
    whole = np.array([bool(item["complete"]) for item in items], bool) | (totals > 1)
    sums = sums / np.where(whole & (totals > 0), totals, 1)[:, None]
    return np.where(multi[:, None], surest, sums), multi


def answers_of_sums(image_ids: tuple[int, ...], sums: Floats, mapping: LabelColumns, *, multi_label: bool) -> Answers:
    """Return answers from what ``sums_of`` told of each image."""
    if multi_label:
        return Answers(image_ids, mapping.label_ids, mapping.names, sums[:, :-1], multi_label=True)
    return _with_rest(image_ids, sums, mapping)


def _with_rest(ids: tuple[int, ...], probabilities: Floats, mapping: LabelColumns) -> Answers:
    """Give what no label stands for a column of its own: a model sure of a class without a label is not unsure."""
    rest = np.clip(1 - probabilities[:, :-1].sum(axis=1), 0, 1)
    if mapping.names and (not len(rest) or rest.max() <= LEAST_REST):
        known = probabilities[:, :-1]
        return Answers(ids, mapping.label_ids, mapping.names, known / known.sum(axis=1, keepdims=True))
    whole = np.column_stack([probabilities[:, :-1], rest])
    return Answers(ids, (*mapping.label_ids, None), (*mapping.names, ELSE), whole / whole.sum(axis=1, keepdims=True))


def _found(
    stored: Iterable[tuple[int, Mapping[str, Any], Mapping[str, float]]], mapping: LabelColumns, weights: Floats, names: Sequence[str]
) -> Answers:
    """Collect uncertainties of boxes, outlines and pixels; answers without confidences cannot be ranked by."""
    ids, notes, measured, shares, objects = [], [], [], [], []
    for image, document, unsure in stored:
        measures, note = _measure(document["items"], unsure, mapping, weights)
        if measures:
            ids.append(image)
            notes.append(note)
            measured.append(_complete(measures))
            shares.append(_shares(document["items"], mapping))
            objects.append(sum(item.get("confidence") or 0.0 for item in document["items"] if item.get("index") in mapping.columns))
    by_name = {name: np.array([measures[name] for measures in measured]) for name in names}
    table = np.array(shares, dtype=float).reshape(len(ids), len(mapping.names))
    return Answers(
        tuple(ids), mapping.label_ids, mapping.names, uncertainty=by_name, notes=tuple(notes), shares=table,
        objects=np.array(objects, dtype=float),
    )  # fmt: skip


def _measure(
    items: list[dict[str, Any]], stored: Mapping[str, float], mapping: LabelColumns, weights: Floats
) -> tuple[Mapping[str, float], str]:
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
    confidences = [item["confidence"] for item in sure]
    hard = difficult_entropy(confidences, weights[[mapping.columns[item["index"]] for item in sure]])
    measured = {**uncertainty.of_objects(confidences), "difficult": hard, PEAKS: unsure_peaks(confidences, [_peaks(item) for item in sure])}
    return measured, _note(len(sure), name, doubtful["confidence"])


def _peaks(item: Mapping[str, Any]) -> list[float]:
    """Return how sure a model is of the place of each point of an object that it says is there."""
    return [point["confidence"] for point in item.get("points", ()) if point["v"] > 0 and point["confidence"] is not None]


def _shares(items: list[dict[str, Any]], mapping: LabelColumns) -> Floats:
    """Return how much of what is unsure in an answer belongs to each label, (K,)."""
    shares = np.zeros(len(mapping.names))
    for item in items:
        said = item.get("unsure", {}) if item["kind"] == "raster" else {item.get("index"): _doubt(item)}
        for index, value in said.items():
            column = mapping.columns.get(int(index) if index is not None else -1)
            if column is not None:
                shares[column] += value
    return shares


def _doubt(item: Mapping[str, Any]) -> float:
    confidence = item.get("confidence")
    return 0.0 if confidence is None else uncertainty.object_entropy(confidence)


def _note(count: int, name: str, confidence: float) -> str:
    if count == 1:
        return f"The model found one object, {name} ({confidence:.2f})."
    return f"The model found {count} objects and is least sure of one, {name} ({confidence:.2f})."


def _complete(measures: Mapping[str, float]) -> dict[str, float]:
    """Fill in measures that an answer does not carry (a raster has no margin) by the nearest that it has."""
    least = measures.get("least_confidence", measures.get("entropy", 0.0))
    entropy = measures.get("entropy", least)
    return {
        "entropy": entropy, "margin": measures.get("margin", least), "least_confidence": least,
        "difficult": measures.get("difficult", entropy), PEAKS: measures.get(PEAKS, 0.0),
    }  # fmt: skip
