"""Compare models of a campaign on the same images, from their stored answers and from what people submitted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

import numpy as np

from campaigns.errors import InvalidInput
from campaigns.filters import select_images, selected_ids, settled
from campaigns.models import AnnotationSet, Campaign, Image, Reference, SetState, Task, User
from campaigns.options import CampaignOptions
from campaigns.permissions import REVIEW, require_role
from inference.comparing import Agreement, Saying, Score, Tally, measures_of
from inference.models import Prediction
from inference.prefill import DraftRules, draft
from inference.services.planning import draft_rules
from inference.store import load_prediction
from models_registry.models import ModelKind, RegisteredModel
from models_registry.services import attached_model
from models_registry.services.calls import CallFigures, call_figures

MOST_MODELS: Final = 6
MOST_IMAGES: Final = 20_000
MOST_AREAS: Final = 2_000
"""So many images where square pixels are compared: tracing and cutting areas takes a hundred times as long as comparing labels."""
BATCH: Final = 200
MOST_DISPUTED: Final = 24


@dataclass(frozen=True, slots=True)
class Question:
    """Which models are compared, on which images, and from what overlap on two objects are the same."""

    models: Sequence[int]
    images: Any
    overlap: float

    def __post_init__(self) -> None:
        if not 2 <= len(set(self.models)) <= MOST_MODELS or len(set(self.models)) != len(self.models):
            raise InvalidInput(f"Name 2 to {MOST_MODELS} different models to compare: models=1,2.")
        if not 0.05 <= self.overlap <= 1.0:
            raise InvalidInput("overlap lies between 0.05 and 1.")


@dataclass
class _Compared:
    """What is gathered of one model. ``drafted``: true annotations that came from its own drafts."""

    model: RegisteredModel
    rules: DraftRules
    score: Score
    answered: int = 0
    drafted: int = 0
    latencies_ms: list[float] = field(default_factory=list)


@dataclass
class _Comparison:
    models: list[_Compared]
    pairs: dict[tuple[int, int], Agreement]
    common: int = 0
    with_truth: int = 0
    true_annotations: int = 0

    def take(self, image: int, said: Mapping[int, Saying], true: Saying | None) -> None:
        """Take one image in: pairs where both answered; scores where all did, so that they stand on the same images."""
        for (one, other), agreement in self.pairs.items():
            if one in said and other in said:
                agreement.add(image, said[one], said[other])
        if len(said) < len(self.models):
            return
        self.common += 1
        if true is not None:
            self.with_truth += 1
            self.true_annotations += len(true.annotations)
            for each in self.models:
                each.score.add(said[each.model.pk], true)
                each.drafted += sum(_drafted_by(annotation) == each.model.pk for annotation in true.annotations)


def compare_models(*, user: User, campaign: Campaign, models: Sequence[int], images: Any, overlap: float) -> dict[str, Any]:
    """Return how models do on the same images and where they differ, in the campaign's labels and at its thresholds.

    Raises InvalidInput for a selection that is none, and for models that only answer clicks; NotFound for a model that is not attached.
    """
    require_role(user, campaign, REVIEW)
    question = Question(models, images, overlap)
    found = [attached_model(user=user, campaign=campaign, model_id=pk).model for pk in models]
    if any(model.kind == ModelKind.PROMPTABLE for model in found):
        raise InvalidInput("A model that answers clicks says nothing of whole images; compare others.", code="promptable_model")
    kind = kind_of(campaign)
    measures = measures_of(kind, question.overlap)
    comparison = _Comparison(
        [_Compared(model, draft_rules(model, campaign), Score(measures.found)) for model in found],
        {(one.pk, other.pk): Agreement(measures.common, MOST_DISPUTED) for one, other in combinations(found, 2)},
    )
    wanted, left_out = _wanted(campaign, question.images, user, MOST_AREAS if kind == "areas" else MOST_IMAGES)
    for start in range(0, len(wanted), BATCH):
        _take_batch(comparison, wanted[start : start + BATCH], kind=kind)
    return _document(comparison, kind, question, images=len(wanted), left_out=left_out)


def kind_of(campaign: Campaign) -> str:
    """Say what of answers is compared: labels of images, objects, or areas."""
    if campaign.task == Task.CLASSIFICATION:
        return "labels"
    semantic = campaign.task == Task.SEGMENTATION and CampaignOptions.from_document(campaign.settings).segmentation == "semantic"
    return "areas" if semantic else "objects"


def _wanted(campaign: Campaign, selection: Any, user: User, most: int) -> tuple[list[int], int]:
    """Return the ids of the images that are looked at, and how many of the selection are not: it was too large."""
    selection = settled(campaign, selection, reader=user)
    if isinstance(selection, list):
        ids = selected_ids(campaign, selection)
        return ids[:most], max(0, len(ids) - most)
    images = select_images(campaign, selection, reader=user).order_by("pk")
    return list(images.values_list("pk", flat=True)[:most]), max(0, images.count() - most)


def _take_batch(comparison: _Comparison, ids: list[int], *, kind: str) -> None:
    said: defaultdict[int, dict[int, Saying]] = defaultdict(dict)
    for each in comparison.models:
        for row in _answers(each, ids):
            each.answered += 1
            if row.latency_ms is not None:
                each.latencies_ms.append(row.latency_ms)
            said[row.image_id][each.model.pk] = Saying(_kept(draft(load_prediction(row), each.rules).annotations, kind))
    truth = _truth(ids)
    for image in ids:
        if said[image]:
            true = truth.get(image)
            comparison.take(image, said[image], None if true is None else Saying(_kept(true, kind)))


def _answers(each: _Compared, ids: list[int]) -> Iterator[Prediction]:
    rows = Prediction.objects.filter(image__in=ids, model=each.model, model_version=each.model.version).order_by()
    return rows.only("image_id", "model_id", "model_version", "document", "latency_ms").iterator(chunk_size=BATCH)


def _truth(ids: list[int]) -> dict[int, list[dict[str, Any]]]:
    """Return what is true of those images that it is known of: the reference, else what was submitted last and not sent back."""
    known = AnnotationSet.objects.filter(image__in=ids, state__in=(SetState.SUBMITTED, SetState.ACCEPTED))
    truth = dict(known.order_by("submitted_at", "id").values_list("image", "annotations"))
    truth.update(Reference.objects.filter(image__in=ids).values_list("image", "annotations"))
    return {image: [each for each in found if each.get("review", "accepted") == "accepted"] for image, found in truth.items()}


def _kept(annotations: Sequence[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Leave out what is not compared: of labels everything that was drawn, of things the labels of whole images."""
    return [each for each in annotations if (each["shape"]["type"] == "whole") == (kind == "labels")]


def _drafted_by(annotation: Mapping[str, Any]) -> int | None:
    model = annotation.get("model")
    return model["id"] if annotation.get("origin") == "prediction" and isinstance(model, dict) else None


def _document(comparison: _Comparison, kind: str, question: Question, *, images: int, left_out: int) -> dict[str, Any]:
    calls = call_figures(each.model.pk for each in comparison.models)
    return {
        "counted": kind, "overlap": question.overlap if kind == "objects" else None, "images": images, "left_out": left_out,
        "common": comparison.common, "with_truth": comparison.with_truth, "true_annotations": comparison.true_annotations,
        "models": [_model_document(each, kind, calls.get(each.model.pk, CallFigures())) for each in comparison.models],
        "pairs": [_pair_document(comparison, pair, agreement) for pair, agreement in comparison.pairs.items()],
    }  # fmt: skip


def _model_document(each: _Compared, kind: str, calls: CallFigures) -> dict[str, Any]:
    latencies = np.array(each.latencies_ms)
    score = each.score
    return {
        "id": each.model.pk, "name": each.model.name, "version": each.model.version, "answered": each.answered,
        "drafted": each.drafted, "right": score.right / score.images if score.images else None,
        "overall": _tally_document(score.overall, kind),
        "labels": [{"label_id": label, **_tally_document(tally, kind)} for label, tally in sorted(score.by_label.items())],
        "mean_ms": float(latencies.mean()) if len(latencies) else None,
        "p95_ms": float(np.quantile(latencies, 0.95)) if len(latencies) else None,
        "calls": calls.calls, "failures": calls.failures,
    }  # fmt: skip


def _tally_document(tally: Tally, kind: str) -> dict[str, Any]:
    return {
        "said": tally.said, "true": tally.true, "precision": tally.precision, "recall": tally.recall, "f1": tally.f1,
        "iou": tally.iou if kind == "areas" else None,
    }  # fmt: skip


def _pair_document(comparison: _Comparison, pair: tuple[int, int], agreement: Agreement) -> dict[str, Any]:
    disputed = agreement.disputed
    names = dict(Image.objects.filter(pk__in=[image for image, _ in disputed]).values_list("pk", "name"))
    return {
        "models": list(pair), "images": agreement.images, "same_labels": agreement.same_labels, "f1": agreement.f1,
        "disputed": [{"image": image, "name": names[image], "dispute": dispute} for image, dispute in disputed if image in names],
    }  # fmt: skip
