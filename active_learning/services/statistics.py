"""Statistics of a model in a campaign, from its stored answers and what people submitted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from active_learning.evaluation.calibration import BINS, Reliability, calibrated, reliability
from active_learning.evaluation.comparing import compare_models
from active_learning.evaluation.curves import AIMS, Curve, Roc, choose_threshold
from active_learning.evaluation.labels import LabelMeasures
from active_learning.evaluation.objects import ObjectMeasures
from active_learning.evaluation.telling import HELP
from active_learning.evaluation.values import Floats, LabelEvidence
from active_learning.services.evidence import Evidence, Known, Measures, known_of, measured, measures_of
from active_learning.services.slices import SLICES, TRAIN, VALIDATION, learned_from_validation, slice_images, unseen_images
from campaigns.errors import Conflict, DomainError, InvalidInput
from campaigns.models import Campaign, Run, User
from campaigns.permissions import MANAGE, REVIEW, require_role
from inference.comparing import DEFAULT_OVERLAP
from inference.prefill import DEFAULT_LABEL_THRESHOLD
from inference.services import start_inference
from inference.services.planning import draft_rules
from models_registry.models import CampaignModel, ModelKind, RegisteredModel
from models_registry.services import attached_model
from models_registry.services.mapping import set_mapping

MOST_CURVES: Final = 200
LIKELIEST: Final = 0.0


@dataclass(frozen=True, eq=False)
class Reading:
    """A model on one slice of a campaign: who asks for what, and what is known of it."""

    user: User
    campaign: Campaign
    attached: CampaignModel
    slice: str
    images: frozenset[int]
    known: Known
    measures: Measures
    overlap: float

    @property
    def model(self) -> RegisteredModel:
        """The model that is measured."""
        return self.attached.model

    @property
    def label_ids(self) -> tuple[int, ...]:
        """The labels in the order of columns."""
        return self.measures.evidence.label_ids


def read_slice(*, user: User, campaign: Campaign, model_id: int, name: str, overlap: float = DEFAULT_OVERLAP) -> Reading:
    """Read a model's answers about a slice. Raises NotAllowed for who may not see what others submitted."""
    require_role(user, campaign, REVIEW)
    attached = attached_model(user=user, campaign=campaign, model_id=model_id)
    if attached.model.kind == ModelKind.PROMPTABLE:
        raise InvalidInput("A model that answers clicks says nothing of whole images, so it has no statistics.", code="promptable_model")
    if not 0.05 <= overlap <= 1.0:
        raise InvalidInput("iou lies between 0.05 and 1.", code="invalid_question")
    known = known_of(campaign, attached.model)
    images = frozenset(slice_images(user=user, campaign=campaign, model=attached.model, name=name))
    return Reading(user, campaign, attached, name, images, known, measures_of(known, images, overlap), overlap)


def statistics_of(
    *, user: User, campaign: Campaign, model_id: int, name: str, thresholds: Mapping[int, float] | None, overlap: float
) -> dict[str, Any]:
    """Return the figures of a model on a slice; without ``thresholds`` at those that are saved, else at the best on validation images."""
    reading = read_slice(user=user, campaign=campaign, model_id=model_id, name=name, overlap=overlap)
    at, source = effective_thresholds(reading, thresholds)
    measures = reading.measures
    kind = reading.known.kind
    return {
        "kind": kind, "multi_label": kind == "labels" and measures.evidence.multi_label, "slice": name, "counts": _counts(reading),
        "iou": overlap if kind in ("objects", "points") else None, "thresholds_source": source,
        "thresholds": dict(zip(map(str, reading.label_ids), at.tolist(), strict=True)),
        "figures": [asdict(each) for each in measures.figures(at)],
        "labels": [asdict(each) for each in measures.rows(at)],
        "confusion": {"labels": list(reading.label_ids), "counts": measures.confusion(at).tolist()},
        "reliability": reliability_document(measures.reliability),
        "temperature": reading.attached.temperature_of(reading.model.version),
        "shift": reading.attached.shift_of(reading.model.version), "flattered": _is_flattered(reading),
        "calibrated": _calibrated(reading), "calibrated_on": _calibrated_on(reading),
        "help": dict(HELP),
    }  # fmt: skip


def slices_of(*, user: User, campaign: Campaign, model_id: int) -> list[dict[str, Any]]:
    """Return of each slice how many images it has, of how many the truth is known, and how many are measured."""
    require_role(user, campaign, REVIEW)
    attached = attached_model(user=user, campaign=campaign, model_id=model_id)
    known, found = known_of(campaign, attached.model), []
    measured_ids = frozenset(known.evidence.image_ids.tolist())
    for name in SLICES:
        images = frozenset(slice_images(user=user, campaign=campaign, model=attached.model, name=name))
        counts = {"images": len(images), "with_truth": len(images & known.true), "measured": len(images & measured_ids)}
        found.append({"slice": name, **counts})
    return found


def _calibrated(reading: Reading) -> dict[str, Any] | None:
    """Return the reliability at the temperature that is kept with the model; None without one."""
    temperature, confidences = reading.attached.temperature_of(reading.model.version), confidences_of(reading.measures)
    if temperature is None or confidences is None or not len(confidences):
        return None
    return reliability_document(reliability(calibrated(confidences, temperature, reading.attached.shift_of(reading.model.version))))


def confidences_of(measures: Measures) -> LabelEvidence | None:
    """Return what the model is how sure of beside what is true: labels of images, or each found object; None of areas."""
    if isinstance(measures, ObjectMeasures):
        return measures.confidences
    return measures.evidence if isinstance(measures, LabelMeasures) else None


def _calibrated_on(reading: Reading) -> dict[str, Any] | None:
    """Return what the temperature was fitted to, and how many of the images that are measured here were among that; None without one."""
    attached = reading.attached
    if attached.temperature_of(reading.model.version) is None or not attached.temperature_slice:
        return None
    try:
        fitted = unseen_images(user=reading.user, campaign=reading.campaign, model=reading.model, name=attached.temperature_slice)
    except DomainError:  # the view that it was fitted to is gone
        fitted = frozenset()
    shared = len(fitted.intersection(reading.measures.evidence.image_ids.tolist()))
    return {"slice": attached.temperature_slice, "images": attached.temperature_images, "shared": shared}


def _is_flattered(reading: Reading) -> bool:
    """Say whether the images of the slice taught the model, which makes it look better than it is."""
    return reading.slice == TRAIN or (reading.slice == VALIDATION and learned_from_validation(reading.model))


def _counts(reading: Reading) -> dict[str, int]:
    true = reading.images & reading.known.true
    return {
        "images": len(reading.images), "with_truth": len(true), "answered": len(reading.images & reading.known.answered),
        "measured": len(reading.measures.evidence), "missing": len(true - reading.known.answered),
        "unclear": len(true & reading.known.unclear),
    }  # fmt: skip


def effective_thresholds(reading: Reading, given: Mapping[int, float] | None = None) -> tuple[Floats, str]:
    """Return thresholds (K,) and where they come from: given, saved with the model, best for F1, or the usual ones."""
    labels, single = reading.label_ids, not reading.measures.evidence.multi_label
    rules = draft_rules(reading.model, reading.campaign)
    usual = LIKELIEST if single else DEFAULT_LABEL_THRESHOLD
    if rules.model_threshold is not None:
        usual = rules.model_threshold
    if given is not None:
        unknown = sorted(set(given) - set(labels))
        if unknown:
            raise InvalidInput(f"thresholds: {unknown[0]} is no label that is measured here.", code="invalid_thresholds")
        return np.array([given.get(label, rules.thresholds.get(label, usual)) for label in labels]), "given"
    if rules.thresholds:
        return np.array([rules.thresholds.get(label, usual) for label in labels]), "saved"
    if single:
        return np.full(len(labels), usual), "usual"
    best = best_thresholds(reading, "f1", 0.0, on=VALIDATION)
    return np.array([best.get(label, usual) for label in labels]), "best" if best else "usual"


def best_thresholds(reading: Reading, aim: str, target: float, *, on: str) -> dict[int, float]:
    """Return the threshold of each label that reaches an aim on a slice; labels for which none does are left out."""
    images = slice_images(user=reading.user, campaign=reading.campaign, model=reading.model, name=on)
    measures = measures_of(reading.known, images, reading.overlap)
    chosen = {
        label: choose_threshold(curve, aim, target)  # type: ignore[arg-type]
        for label, curve in zip(measures.evidence.label_ids, measures.curves, strict=True)
    }
    return {label: value for label, value in chosen.items() if value is not None}


def suggest_thresholds(
    *, user: User, campaign: Campaign, model_id: int, aim: str, target: float, on: str, overlap: float
) -> dict[str, float]:
    """Return thresholds by label id that reach an aim on a slice: the best F1, or a precision or recall of at least ``target``."""
    if aim not in AIMS:
        raise InvalidInput(f"aim is {', '.join(AIMS)}.", code="invalid_aim")
    if aim != "f1" and not target:
        raise InvalidInput(f"Say with target which {aim} you want, as a share from 0 to 1.", code="invalid_aim")
    if not 0.0 <= target <= 1.0:
        raise InvalidInput("target is a share from 0 to 1.", code="invalid_aim")
    reading = read_slice(user=user, campaign=campaign, model_id=model_id, name=on, overlap=overlap)
    return {str(label): value for label, value in best_thresholds(reading, aim, target, on=on).items()}


def curves_of(*, user: User, campaign: Campaign, model_id: int, name: str, overlap: float) -> dict[str, Any]:
    """Return the precision-recall curve of all labels pooled, and of each; of labels of images the ROC curves too."""
    measures = read_slice(user=user, campaign=campaign, model_id=model_id, name=name, overlap=overlap).measures
    label_ids = measures.evidence.label_ids[:MOST_CURVES]
    curves = [curve_document(curve) for curve in (measures.pooled, *measures.curves[:MOST_CURVES])]
    if isinstance(measures, LabelMeasures):
        for document, roc in zip(curves, measures.rocs[: len(curves)], strict=True):
            document["roc"] = None if roc is None else roc_document(roc)
    pooled, *others = curves
    return {"pooled": pooled, "labels": [{"label_id": label, **each} for label, each in zip(label_ids, others, strict=True)]}


def curve_document(curve: Curve) -> dict[str, Any]:
    """Return the points of a curve, thinned, thresholds falling."""
    thin = curve.thinned(curve.precision)
    return {
        "positives": int(curve.positives), "thresholds": thin.thresholds.tolist(),
        "precision": thin.precision.tolist(), "recall": thin.recall.tolist(), "f1": thin.f1.tolist(), "roc": None,
    }  # fmt: skip


def roc_document(roc: Roc) -> dict[str, Any]:
    """Return the points of an ROC curve."""
    return {
        "negatives": roc.negatives, "area": roc.area, "thresholds": roc.thresholds.tolist(),
        "false_positives": roc.false_positives.tolist(), "recall": roc.recall.tolist(),
    }  # fmt: skip


def reliability_document(found: Reliability | None) -> dict[str, Any] | None:
    """Return the bins of confidence and the calibration error; None without an answer."""
    if found is None:
        return None
    rows = zip(found.counts.tolist(), found.confidence.tolist(), found.accuracy.tolist(), strict=True)
    bins = [{"low": n / BINS, "high": (n + 1) / BINS, "count": int(c), "confidence": p, "accuracy": a} for n, (c, p, a) in enumerate(rows)]
    return {"error": found.error, "bins": bins}


def save_thresholds(*, user: User, campaign: Campaign, model_id: int, thresholds: Mapping[str, float]) -> dict[str, float]:
    """Keep thresholds with the model: from then on they hold for drafts too. Labels that are not named keep theirs."""
    attached = attached_model(user=user, campaign=campaign, model_id=model_id)
    saved = set_mapping(user=user, attached=attached, thresholds={**attached.thresholds, **thresholds})
    return dict(saved.thresholds)


def start_answers(*, user: User, campaign: Campaign, model_id: int, name: str) -> Run:
    """Ask the model about the images of a slice that have a truth and no answer; nothing is drafted on them."""
    require_role(user, campaign, MANAGE)
    reading = read_slice(user=user, campaign=campaign, model_id=model_id, name=name)
    missing = sorted((reading.images & reading.known.true) - reading.known.answered)
    if not missing:
        raise Conflict("The model has answered about every image of this slice whose truth is known.", code="nothing_missing")
    return start_inference(user=user, campaign=campaign, model=reading.model, images=missing, prefill=False)


def compare_statistics(*, user: User, campaign: Campaign, models: Sequence[int], name: str, overlap: float) -> dict[str, Any]:
    """Judge two models on the images of a slice that both answered about, each at its own thresholds."""
    require_role(user, campaign, REVIEW)
    if len(set(models)) != 2 or 0 in models:
        raise InvalidInput("with is the id of another model of this campaign.")
    readings = [read_slice(user=user, campaign=campaign, model_id=each, name=name, overlap=overlap) for each in models]
    shared = sorted(_ids(readings[0]) & _ids(readings[1]))
    sides = [measured(each.known.kind, _of(each.measures.evidence, shared), overlap) for each in readings]
    thresholds = [effective_thresholds(each)[0] for each in readings]
    verdicts = compare_models(sides[0], sides[1], (thresholds[0], thresholds[1])) if shared else {}
    return {
        "images": len(shared),
        "models": [
            {"id": reading.model.pk, "name": reading.model.name, "version": reading.model.version,
             "figures": [asdict(figure) for figure in measures.figures(at)], "labels": [asdict(row) for row in measures.rows(at)]}
            for reading, measures, at in zip(readings, sides, thresholds, strict=True)
        ],
        "verdicts": [{"figure": figure, **asdict(found), "significant": found.is_significant} for figure, found in verdicts.items()],
        "help": dict(HELP),
    }  # fmt: skip


def _ids(reading: Reading) -> frozenset[int]:
    return frozenset(reading.measures.evidence.image_ids.tolist())


def _of(evidence: Evidence, images: Collection[int]) -> Evidence:
    return evidence.at(np.isin(evidence.image_ids, np.array(list(images), np.int64)))
