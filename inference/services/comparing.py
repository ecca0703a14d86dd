"""Compare models of a campaign on the same images, from their stored answers and from what people submitted.

Figures are gathered batch by batch and no answer is kept, so that any number of images may be compared.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

import numpy as np

from campaigns.errors import InvalidInput
from campaigns.models import AnnotationSet, Campaign, Image, Reference, RunState, SetState, Task
from campaigns.options import CampaignOptions
from inference.comparing import Agreement, Saying, Score, Tally, measures_of
from inference.models import InferenceRun, Prediction
from inference.prefill import DraftRules, draft
from inference.services.planning import draft_rules
from inference.store import load_prediction
from models_registry.models import RegisteredModel
from models_registry.services.calls import CallFigures, call_figures

MOST_MODELS: Final = 6
BATCH: Final = 200
MOST_DISPUTED: Final = 24
LOOKED_BACK: Final = 5


Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Question:
    """Which models are compared, and from what overlap on two objects are the same."""

    models: Sequence[int]
    overlap: float

    def __post_init__(self) -> None:
        if not 2 <= len(set(self.models)) <= MOST_MODELS or len(set(self.models)) != len(self.models):
            raise InvalidInput(f"Name 2 to {MOST_MODELS} different models to compare.")
        if not 0.05 <= self.overlap <= 1.0:
            raise InvalidInput("overlap lies between 0.05 and 1.")


@dataclass(frozen=True, slots=True)
class Asking:
    """What came of asking a model about images that it had not answered yet."""

    answered: int = 0
    failed: int = 0
    seconds: float = 0.0
    complaint: str = ""


@dataclass
class _Compared:
    """What is gathered of one model. ``drafted``: true annotations that came from its own drafts."""

    model: RegisteredModel
    rules: DraftRules
    score: Score
    answered: int = 0
    drafted: int = 0
    latencies_ms: array[float] = field(default_factory=lambda: array("d"))


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


def compare_models(
    *,
    campaign: Campaign,
    models: Sequence[RegisteredModel],
    image_ids: Sequence[int],
    overlap: float,
    asking: Mapping[int, Asking] | None = None,
    told: Told = lambda _: None,
) -> dict[str, Any]:
    """Return how models do on the same images and where they differ, in the campaign's labels and at its thresholds.

    ``asking``: what it took to ask a model right before; ``told`` hears how many images were looked at, and may end it by raising.
    """
    kind = kind_of(campaign)
    measures = measures_of(kind, overlap)
    comparison = _Comparison(
        [_Compared(model, draft_rules(model, campaign), Score(measures.found)) for model in models],
        {(one.pk, other.pk): Agreement(measures.common, MOST_DISPUTED) for one, other in combinations(models, 2)},
    )
    for start in range(0, len(image_ids), BATCH):
        told(start)
        _take_batch(comparison, image_ids[start : start + BATCH], kind=kind)
    told(len(image_ids))
    return _document(comparison, kind, overlap, images=len(image_ids), asking=asking or {}, campaign=campaign)


def kind_of(campaign: Campaign) -> str:
    """Say what of answers is compared: labels of images, objects, or areas."""
    if campaign.task == Task.CLASSIFICATION:
        return "labels"
    semantic = campaign.task == Task.SEGMENTATION and CampaignOptions.from_document(campaign.settings).segmentation == "semantic"
    return "areas" if semantic else "objects"


def _take_batch(comparison: _Comparison, ids: Sequence[int], *, kind: str) -> None:
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


def _answers(each: _Compared, ids: Sequence[int]) -> Iterator[Prediction]:
    rows = Prediction.objects.filter(image__in=ids, model=each.model, model_version=each.model.version).order_by()
    return rows.only("image_id", "model_id", "model_version", "document", "latency_ms").iterator(chunk_size=BATCH)


def _truth(ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
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


def _document(
    comparison: _Comparison, kind: str, overlap: float, *, images: int, asking: Mapping[int, Asking], campaign: Campaign
) -> dict[str, Any]:
    calls = call_figures(each.model.pk for each in comparison.models)
    return {
        "counted": kind, "overlap": overlap if kind == "objects" else None, "images": images,
        "common": comparison.common, "with_truth": comparison.with_truth, "true_annotations": comparison.true_annotations,
        "models": [
            _model_document(each, kind, calls.get(each.model.pk, CallFigures()), asking.get(each.model.pk, Asking()), campaign)
            for each in comparison.models
        ],
        "pairs": [_pair_document(comparison, pair, agreement) for pair, agreement in comparison.pairs.items()],
    }  # fmt: skip


def _model_document(each: _Compared, kind: str, calls: CallFigures, asking: Asking, campaign: Campaign) -> dict[str, Any]:
    latencies = np.array(each.latencies_ms)
    score = each.score
    return {
        "id": each.model.pk, "name": each.model.name, "version": each.model.version, "answered": each.answered,
        "drafted": each.drafted, "right": score.right / score.images if score.images else None,
        "overall": _tally_document(score.overall, kind),
        "labels": [{"label_id": label, **_tally_document(tally, kind)} for label, tally in sorted(score.by_label.items())],
        "mean_ms": float(latencies.mean()) if len(latencies) else None,
        "p50_ms": float(np.quantile(latencies, 0.5)) if len(latencies) else None,
        "p95_ms": float(np.quantile(latencies, 0.95)) if len(latencies) else None,
        "images_per_s": _images_per_s(each.model, asking, campaign),
        "calls": calls.calls, "failures": calls.failures,
        "asked": asking.answered, "unanswered": asking.failed, "complaint": asking.complaint,
    }  # fmt: skip


def _images_per_s(model: RegisteredModel, asking: Asking, campaign: Campaign) -> float | None:
    """Return how many images a run got through in a second: as measured right before, else by the last whole run of this version."""
    if asking.answered and asking.seconds > 0:
        return asking.answered / asking.seconds
    runs = InferenceRun.objects.filter(model=model, model_version=model.version, run__campaign=campaign)
    # A run that was taken up again does not say how long its first attempts took.
    whole = runs.filter(run__state=RunState.SUCCEEDED, run__attempts=1).select_related("run").order_by("-run__finished_at")
    for one in whole[:LOOKED_BACK]:
        run = one.run
        if run.started_at is None or run.finished_at is None:
            continue
        answered, seconds = run.result.get("answered", 0), (run.finished_at - run.started_at).total_seconds()
        if answered and seconds > 0:
            return float(answered / seconds)
    return None


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
