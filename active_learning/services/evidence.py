"""A model's stored answers beside what people submitted, read once and kept until either changes."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
from django.db.models import Count, Max, Q, Sum

from active_learning.evaluation.areas import AreaEvidence, AreaMeasures
from active_learning.evaluation.labels import LabelMeasures
from active_learning.evaluation.objects import ObjectEvidence, ObjectMeasures
from active_learning.evaluation.values import LabelEvidence
from active_learning.services.answers import Answers, read_answers
from active_learning.services.area_evidence import area_evidence
from active_learning.services.object_evidence import FoundObjects, object_evidence, read_found
from active_learning.services.truth import Annotations, truth_of, whole_labels
from campaigns.models import AnnotationSet, Campaign, Image, Label, Reference, SetState, Task
from campaigns.options import CampaignOptions
from inference.models import Prediction
from inference.services.comparing import kind_of
from models_registry.models import LabelMapping, RegisteredModel

KEPT: Final = 12
Value = TypeVar("Value")


def measured_kind(campaign: Campaign) -> str:
    """Say what of answers is measured: labels of images, objects, points of objects, or areas."""
    return "points" if campaign.task == Task.KEYPOINTS else kind_of(campaign)


def state_of_truth(campaign: Campaign) -> str:
    """Return a text that changes whenever what is true of a campaign's images does."""
    images = Q(image__campaign=campaign)
    sets = AnnotationSet.objects.filter(images, state__in=(SetState.SUBMITTED, SetState.ACCEPTED)).order_by()
    facts: list[Any] = [
        sets.aggregate(Count("pk"), Max("pk"), Sum("version"), Max("submitted_at")),
        Reference.objects.filter(images).aggregate(Count("pk"), Max("pk")),
    ]
    return _digest(facts)


def state_of_answers(campaign: Campaign, model: RegisteredModel) -> str:
    """Return a text that changes whenever a model's answers, its mapping or the labels do."""
    images = Q(image__campaign=campaign)
    answers = Prediction.objects.filter(images, model=model, model_version=model.version).order_by()
    mapping = LabelMapping.objects.filter(campaign_model__campaign=campaign, campaign_model__model=model)
    facts: list[Any] = [
        campaign.pk, model.pk, model.version, campaign.task, campaign.settings,
        answers.aggregate(Count("pk"), Max("pk"), Max("created_at")),
        list(mapping.order_by("class_index").values_list("class_index", "label")),
        list(Label.objects.filter(campaign=campaign).order_by("pk").values_list("pk", flat=True)),
    ]  # fmt: skip
    return _digest(facts)


def _digest(facts: list[Any]) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()


class Shelf:
    """The last few things that were worked out, by key. What is lost with the process is worked out again."""

    def __init__(self, size: int = KEPT) -> None:
        self._size = size
        self._kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[Any, ...], make: Callable[[], Value]) -> Value:
        """Return what is kept under the key, made when there is nothing."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                found: Value = self._kept[key]
                return found
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return made


SHELF: Final = Shelf()


Evidence = LabelEvidence | ObjectEvidence | AreaEvidence
Measures = LabelMeasures | ObjectMeasures | AreaMeasures


@dataclass(frozen=True, eq=False)
class Known:
    """All that is known of a model in a campaign. ``answered``, ``true``: ids of images; ``unclear``: with several labels."""

    kind: str
    state: str
    evidence: Evidence
    answered: frozenset[int]
    true: frozenset[int]
    unclear: frozenset[int] = frozenset()


def known_of(campaign: Campaign, model: RegisteredModel) -> Known:
    """Return the evidence of all images that have both an answer and a truth."""
    kind, answered = measured_kind(campaign), state_of_answers(campaign, model)
    state = answered + state_of_truth(campaign)
    # Answers are long and stay, truth is short and changes with every submit: a label that is fixed costs little.
    if kind == "labels":
        images = Image.objects.filter(campaign=campaign)
        answers = SHELF.get(
            ("answers", answered), lambda: read_answers(campaign=campaign, model=model, version=model.version, images=images)
        )
        return SHELF.get(("labels", state), lambda: _read_labels(campaign, answers, state))
    if kind == "areas":
        return SHELF.get(("areas", state), lambda: _read_areas(campaign, model, state))
    found = SHELF.get(("found", answered), lambda: read_found(campaign, model))
    return SHELF.get(("objects", state), lambda: _read_objects(campaign, found, kind, state))


def measures_of(known: Known, images: Collection[int], overlap: float) -> Measures:
    """Return what is measured on some of the images, kept too: thresholds move, the rest stays."""
    rows = np.isin(known.evidence.image_ids, np.fromiter(images, np.int64, len(images)))
    return SHELF.get(("measures", known.state, rows.tobytes(), overlap), lambda: measured(known.kind, known.evidence.at(rows), overlap))


def measured(kind: str, evidence: Evidence, overlap: float) -> Measures:
    """Return the measures that fit the evidence."""
    if isinstance(evidence, ObjectEvidence):
        return ObjectMeasures(evidence, overlap, points=kind == "points")
    return AreaMeasures(evidence) if isinstance(evidence, AreaEvidence) else LabelMeasures(evidence)


def _read_objects(campaign: Campaign, found: FoundObjects, kind: str, state: str) -> Known:
    truth = truth_of(Image.objects.filter(campaign=campaign))
    return Known(kind, state, object_evidence(campaign, found, truth), frozenset(found.by_image), frozenset(truth))


def _read_areas(campaign: Campaign, model: RegisteredModel, state: str) -> Known:
    truth = truth_of(Image.objects.filter(campaign=campaign))
    answers = Prediction.objects.filter(model=model, model_version=model.version, image__campaign=campaign)
    answered = frozenset(answers.values_list("image_id", flat=True))
    return Known("areas", state, area_evidence(campaign, model, truth), answered, frozenset(truth))


def _read_labels(campaign: Campaign, answers: Answers, state: str) -> Known:
    multi_label = CampaignOptions.from_document(campaign.settings).multi_label
    told = truth_of(Image.objects.filter(campaign=campaign))
    truth = {image: labels_of(annotations, multi_label=multi_label) for image, annotations in told.items()}
    unclear = frozenset(image for image, labels in truth.items() if not multi_label and len(labels) > 1)
    evidence = _evidence(campaign, answers, {image: labels for image, labels in truth.items() if image not in unclear}, multi_label)
    return Known("labels", state, evidence, frozenset(answers.image_ids), frozenset(truth), unclear)


def labels_of(annotations: Annotations, *, multi_label: bool) -> frozenset[int]:
    """Return the labels of the whole image; where one is asked for and one of several is the default, that one alone."""
    labels = whole_labels(annotations)
    if multi_label or len(labels) <= 1:
        return labels
    default = whole_labels(each for each in annotations if each.get("default"))
    return default or labels


def _evidence(campaign: Campaign, answers: Answers, truth: dict[int, frozenset[int]], multi_label: bool) -> LabelEvidence:
    """Put answers and truth side by side over the labels that either knows, in the campaign's order."""
    in_use = frozenset(answers.label_ids).union(*truth.values())
    labels = tuple(pk for pk in Label.objects.filter(campaign=campaign).values_list("pk", flat=True) if pk in in_use)
    place = {label: column for column, label in enumerate(labels)}
    rows = [row for row, image in enumerate(answers.image_ids) if image in truth]
    probabilities = np.zeros((len(rows), len(labels)))
    true = np.zeros((len(rows), len(labels)), bool)
    for column, label in enumerate(answers.label_ids):
        if label is not None and answers.probabilities is not None:
            probabilities[:, place[label]] = answers.probabilities[rows, column]
    ids = np.array([answers.image_ids[row] for row in rows], np.int64)
    for row, image in enumerate(ids.tolist()):
        for label in truth[image]:
            if label in place:
                true[row, place[label]] = True
    return LabelEvidence(ids, labels, np.clip(probabilities, 0.0, 1.0), true, multi_label)
