"""Spans of confidence in which a model leaves answers to people: what they cost and bring, and the images that they hand over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from active_learning.evaluation.abstaining import RiskCurve, Selective, Span, risk_curve
from active_learning.evaluation.labels import LabelMeasures
from active_learning.evaluation.objects import ObjectEvidence, ObjectMeasures
from active_learning.evaluation.values import Bits, Floats
from active_learning.services.answers import Answers, label_columns
from active_learning.services.evidence import answers_of, measured_kind
from active_learning.services.knowledge import pool_of
from active_learning.services.label_evidence import LabelTruth, label_evidence
from active_learning.services.statistics import Reading, effective_thresholds, read_slice
from campaigns.errors import Conflict, InvalidInput
from campaigns.models import Campaign, User
from campaigns.options import CampaignOptions
from campaigns.permissions import REVIEW, require_role
from inference.comparing import DEFAULT_OVERLAP
from inference.models import Prediction
from models_registry.models import CampaignModel, RegisteredModel
from models_registry.services import attached_model
from models_registry.services.mapping import checked_span, set_spans

NO_CONFIDENCE: Final = "What is said of pixels carries no confidence here, so that none of it is unsure."
Ends = Mapping[str, Mapping[str, float]]


def abstention_of(
    *, user: User, campaign: Campaign, model_id: int, name: str, thresholds: Mapping[int, float] | None, spans: Ends | None, overlap: float
) -> dict[str, Any]:
    """Return what is decided outside the spans on a slice, and how right that is; without ``spans`` outside those that are saved.

    Raises Conflict for areas, whose pixels carry no confidence.
    """
    reading = read_slice(user=user, campaign=campaign, model_id=model_id, name=name, overlap=overlap)
    selective, (at, _) = _selective(reading), effective_thresholds(reading, thresholds)
    ends = _ends(reading, spans)
    sure = selective.assurance(at)
    curve = None if sure is None else risk_curve(sure, reading.measures.right(at)[1])
    return {
        "slice": name, "source": "given" if spans is not None else "saved" if ends else "none", "spans": ends,
        "decided": asdict(selective.decide(at, span_of(reading.label_ids, at, ends))), "curve": curve_document(curve),
    }  # fmt: skip


def unsure_images(reading: Reading, thresholds: Floats, spans: Ends | None, column: int | None = None) -> Bits:
    """Return which measured images (N,) have an answer inside a span, of one label or of any."""
    span = span_of(reading.label_ids, thresholds, _ends(reading, spans))
    return _selective(reading).unsure_images(span, column)


def unsure_labels(reading: Reading, thresholds: Floats) -> Bits:
    """Return which labels of which measured images (N, K) lie inside a span that is saved; none of areas, which carry no confidence."""
    selective, labels = Selective(reading.measures), reading.label_ids
    if selective.answers is None or not labels:
        return np.zeros((len(reading.measures.evidence), len(labels)), bool)
    span = span_of(labels, thresholds, _ends(reading, None))
    return np.column_stack([selective.unsure_images(span, column) for column in range(len(labels))])


def suggest_spans(
    *, user: User, campaign: Campaign, model_id: int, name: str, thresholds: Mapping[int, float] | None, target: float, overlap: float
) -> dict[str, Any]:
    """Return the narrowest spans outside of which a share of a slice's answers is right; labels that need none are left out."""
    if not 0.0 <= target <= 1.0:
        raise InvalidInput("target is a share from 0 to 1.", code="invalid_aim")
    reading = read_slice(user=user, campaign=campaign, model_id=model_id, name=name, overlap=overlap)
    span = _selective(reading).choose_span(effective_thresholds(reading, thresholds)[0], target)
    rows = zip(reading.label_ids, span.low.tolist(), span.high.tolist(), strict=True)
    return {str(label): {"low": low, "high": high} for label, low, high in rows if low < high}


def save_spans(*, user: User, campaign: Campaign, model_id: int, spans: Ends) -> dict[str, Any]:
    """Keep spans with the model, in place of those that it had; from then on the predict API tells what is unsure."""
    attached = attached_model(user=user, campaign=campaign, model_id=model_id)
    return dict(set_spans(user=user, attached=attached, spans=spans).unsure_spans)


def unsure_pool(*, user: User, campaign: Campaign, model_id: int) -> list[int]:
    """Return the images that nobody has labeled and of which the model is unsure by its saved spans, the least sure first.

    Raises Conflict where no span is saved.
    """
    require_role(user, campaign, REVIEW)
    attached = attached_model(user=user, campaign=campaign, model_id=model_id)
    require_spans(attached)
    return unsure_among(attached)


def require_spans(attached: CampaignModel) -> None:
    """Raise Conflict where a model leaves nothing to people."""
    if measured_kind(attached.campaign) == "areas":
        raise Conflict(NO_CONFIDENCE, code="no_confidence")
    if not attached.unsure_spans:
        raise Conflict(
            "No span is saved with this model, so that it is sure of everything. Save one under Statistics first.", code="no_span"
        )


def unsure_among(attached: CampaignModel, answers: Answers | None = None) -> list[int]:
    """Return the unlabeled images of which a model is unsure by its saved spans, the least sure first.

    ``answers``: what it says of whole images, where that is more than what is stored.
    """
    measures = _unlabeled(attached.campaign, attached.model, answers)
    selective, labels = Selective(measures), measures.evidence.label_ids
    single = not measures.evidence.multi_label
    at = np.array([float(attached.thresholds.get(str(label), 0.0 if single else 0.5)) for label in labels])
    rows = np.flatnonzero(selective.unsure_images(span_of(labels, at, attached.unsure_spans)))
    sure = selective.assurance(at)
    assert sure is not None
    return [int(each) for each in measures.evidence.image_ids[rows[np.argsort(sure[rows], kind="stable")]]]


def span_of(labels: tuple[int, ...], thresholds: Floats, ends: Ends) -> Span:
    """Return the spans of labels in order; one without an entry is never unsure: its span is empty, at its threshold."""
    at = np.clip(thresholds, 0.0, 1.0).tolist()
    pairs = [ends.get(str(label), {"low": here, "high": here}) for label, here in zip(labels, at, strict=True)]
    return Span(*(np.array([float(pair[end]) for pair in pairs]) for end in ("low", "high")))


def curve_document(curve: RiskCurve | None) -> dict[str, Any] | None:
    """Return the points of a risk-coverage curve, from few images to all."""
    if curve is None:
        return None
    return {
        "coverage": curve.coverage.tolist(), "accuracy": curve.accuracy.tolist(), "assurance": curve.assurance.tolist(),
        "area": curve.area, "best_area": curve.best,
    }  # fmt: skip


def _selective(reading: Reading) -> Selective:
    selective = Selective(reading.measures)
    if selective.answers is None:
        raise Conflict(NO_CONFIDENCE, code="no_confidence")
    return selective


def _ends(reading: Reading, spans: Ends | None) -> Ends:
    """Return the spans that are tried, else those that are saved, of labels that there are."""
    labels = set(reading.campaign.labels.values_list("pk", flat=True))
    if spans is None:
        return {label: ends for label, ends in reading.attached.unsure_spans.items() if int(label) in labels}
    return {label: checked_span(label, ends, labels) for label, ends in spans.items()}


def _unlabeled(campaign: Campaign, model: RegisteredModel, answers: Answers | None) -> LabelMeasures | ObjectMeasures:
    """Return what a model says of the pool, beside an empty truth."""
    kind, pool = measured_kind(campaign), pool_of(campaign)
    if kind != "labels":
        return ObjectMeasures(_found(campaign, model), DEFAULT_OVERLAP)
    ids, none = np.array(sorted(pool.values_list("pk", flat=True)), np.int64), np.empty(0, np.int64)
    several = CampaignOptions.from_document(campaign.settings).multi_label
    truth = LabelTruth(ids, none, np.zeros(len(ids), np.int64))
    said = answers if answers is not None and answers.probabilities is not None else answers_of(campaign, model)
    return LabelMeasures(label_evidence(campaign, said, truth, multi_label=several))


def _found(campaign: Campaign, model: RegisteredModel) -> ObjectEvidence:
    """Return the objects that a model finds in the pool, by their confidences alone."""
    columns = label_columns(campaign, model)
    rows = Prediction.objects.filter(model=model, model_version=model.version, image__in=pool_of(campaign).order_by()).order_by("image_id")
    ids: list[int] = []
    found: list[tuple[int, int, float]] = []
    for image, document in rows.values_list("image_id", "document").iterator(chunk_size=500):
        mine = ((columns.columns.get(item.get("index", -1)), item.get("confidence")) for item in document["items"])
        found += [(len(ids), column, 1.0 if sure is None else float(sure)) for column, sure in mine if column is not None]
        ids.append(image)
    table, none = np.array(found, float).reshape(-1, 3), np.empty(0, np.int64)
    place, column = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
    return ObjectEvidence(np.array(ids, np.int64), columns.label_ids, place, column, table[:, 2], none, none, none, none, np.empty(0))
