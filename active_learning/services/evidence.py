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
from active_learning.services.answers import Answers
from active_learning.services.area_evidence import area_evidence
from active_learning.services.gathered import FOLDER
from active_learning.services.label_evidence import gathered_answers, gathered_truth, label_evidence
from active_learning.services.object_evidence import object_evidence
from active_learning.services.truth import marks_of_truth
from campaigns.models import AnnotationSet, Campaign, Label, Reference, SetState, Task
from campaigns.options import CampaignOptions
from campaigns.storage import folder
from inference.models import Prediction
from inference.services.comparing import kind_of
from models_registry.models import LabelMapping, RegisteredModel

KEPT: Final = 12
FORMAT: Final = 2
"""Of what is gathered in files; files of another are read again from the answers."""
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
    answers = Prediction.objects.filter(image__campaign=campaign, model=model, model_version=model.version).order_by()
    return _digest([*_terms(campaign, model), answers.aggregate(Count("pk"), Max("pk"), Max("created_at"))])


def _terms(campaign: Campaign, model: RegisteredModel) -> list[Any]:
    """Return what an answer is read by."""
    mapping = LabelMapping.objects.filter(campaign_model__campaign=campaign, campaign_model__model=model)
    return [
        FORMAT, campaign.pk, campaign.created_at, model.pk, model.version, str(campaign.task), campaign.settings,
        list(mapping.order_by("class_index").values_list("class_index", "label")),
        list(Label.objects.filter(campaign=campaign).order_by("position", "pk").values_list("pk", "skeleton")),
    ]  # fmt: skip


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

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()


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
        answers = answers_of(campaign, model, answered)
        return SHELF.get(("labels", state), lambda: _known_labels(campaign, answers, state))
    return SHELF.get((kind, state), lambda: _known_drawings(campaign, model, kind, state))


def answers_of(campaign: Campaign, model: RegisteredModel, state: str = "") -> Answers:
    """Return what a model says of whole images, of all that it has answered about. ``state``: that of its answers, where it is known."""
    return SHELF.get(("answers", state or state_of_answers(campaign, model)), lambda: _gathered_answers(campaign, model))


def wants_answers(campaign: int) -> bool:
    """Say whether new answers are read ahead: where there is a truth to measure them by."""
    known = AnnotationSet.objects.filter(image__campaign=campaign, state__in=(SetState.SUBMITTED, SetState.ACCEPTED)).exists()
    return known or Reference.objects.filter(image__campaign=campaign).exists()


def gather_answers(campaign_id: int, model_id: int) -> int:
    """Read what a model has answered in a campaign; 0 where either is gone."""
    campaign = Campaign.objects.filter(pk=campaign_id).first()
    model = RegisteredModel.objects.filter(pk=model_id, campaign_models__campaign=campaign_id).first()
    forget_removed()
    return 0 if campaign is None or model is None else gather_evidence(campaign, model)


def forget_removed() -> None:
    """Remove the files of campaigns that are gone."""
    there = set(Campaign.objects.values_list("pk", flat=True))
    for path in folder(FOLDER).glob("*.npz"):
        if int(path.name.partition("-")[0]) not in there:
            path.unlink(missing_ok=True)


def gather_evidence(campaign: Campaign, model: RegisteredModel) -> int:
    """Read a model's answers ahead of whoever asks for its statistics; return how many images are measured."""
    return len(known_of(campaign, model).evidence)


def measures_of(known: Known, images: Collection[int], overlap: float) -> Measures:
    """Return what is measured on some of the images, kept too: thresholds move, the rest stays."""
    rows = np.isin(known.evidence.image_ids, np.fromiter(images, np.int64, len(images)))
    return SHELF.get(("measures", known.state, rows.tobytes(), overlap), lambda: measured(known.kind, known.evidence.at(rows), overlap))


def measured(kind: str, evidence: Evidence, overlap: float) -> Measures:
    """Return the measures that fit the evidence."""
    if isinstance(evidence, ObjectEvidence):
        return ObjectMeasures(evidence, overlap, points=kind == "points")
    return AreaMeasures(evidence) if isinstance(evidence, AreaEvidence) else LabelMeasures(evidence)


def _gathered_answers(campaign: Campaign, model: RegisteredModel) -> Answers:
    place = f"{campaign.pk}-{model.pk}-labels"
    return gathered_answers(campaign, model, place=place, key=_digest(_terms(campaign, model)), marks=_marks_of_answers(campaign, model))


def _known_labels(campaign: Campaign, answers: Answers, state: str) -> Known:
    several = CampaignOptions.from_document(campaign.settings).multi_label
    place, key = f"{campaign.pk}-truth", _digest([FORMAT, campaign.created_at, several])
    truth = gathered_truth(campaign, place=place, key=key, marks=marks_of_truth(campaign), multi_label=several)
    unclear = truth.image_ids[truth.lengths > (np.inf if several else 1)]
    evidence = label_evidence(campaign, answers, truth.without(unclear), multi_label=several)
    return Known("labels", state, evidence, frozenset(answers.image_ids), frozenset(truth.image_ids.tolist()), frozenset(unclear.tolist()))


def _known_drawings(campaign: Campaign, model: RegisteredModel, kind: str, state: str) -> Known:
    answers, truth = _marks_of_answers(campaign, model), marks_of_truth(campaign)
    marks = {image: hash((mark, truth[image])) for image, mark in answers.items() if image in truth}
    place, key = f"{campaign.pk}-{model.pk}-{kind}", _digest(_terms(campaign, model))
    evidence: Evidence
    if kind == "areas":
        evidence = area_evidence(campaign, model, place=place, key=key, marks=marks)
    else:
        evidence = object_evidence(campaign, model, place=place, key=key, marks=marks)
    return Known(kind, state, evidence, frozenset(answers), frozenset(truth))


def _marks_of_answers(campaign: Campaign, model: RegisteredModel) -> dict[int, int]:
    """Return a number for each image that the model answered about, which changes with the answer."""
    rows = Prediction.objects.filter(model=model, model_version=model.version, image__campaign=campaign).order_by()
    return {image: hash((pk, at.timestamp())) for image, pk, at in rows.values_list("image_id", "pk", "created_at").iterator()}
