"""Make a model's confidences honest: fit a temperature to images that it has not learned from, and keep it with the model."""

from __future__ import annotations

from typing import Any

from active_learning.evaluation.calibration import calibrated, fit_shifted, fit_temperature, reliability
from active_learning.evaluation.objects import ObjectMeasures
from active_learning.evaluation.values import LabelEvidence
from active_learning.services.evidence import measures_of
from active_learning.services.slices import unseen_images
from active_learning.services.statistics import Reading, confidences_of, read_slice, reliability_document
from campaigns.errors import Conflict
from campaigns.models import Campaign, User
from campaigns.permissions import MANAGE, require_role
from models_registry.services import attached_model
from models_registry.services.mapping import set_temperature

LEAST: int = 2


def calibrate(*, user: User, campaign: Campaign, model_id: int, name: str) -> dict[str, Any]:
    """Fit one temperature to the images of a slice that the model has not learned from, and keep it with the model.

    Of objects a temperature and a shift, to how often one is there when the model is so sure of it, whatever its label. Returns how
    well it is calibrated on them before and after. Raises Conflict where the slice has no such images: of what it learned a model is
    surer than of anything else, and what is fitted to that makes it boast.
    """
    require_role(user, campaign, MANAGE)
    reading = read_slice(user=user, campaign=campaign, model_id=model_id, name=name)
    whole = confidences_of(reading.measures)
    if whole is None:
        raise Conflict("What is said of pixels carries no confidence here, so that there is nothing to calibrate.", code="not_calibrated")
    unseen = unseen_images(user=user, campaign=campaign, model=reading.model, name=name)
    measures = measures_of(reading.known, unseen, reading.overlap)
    evidence, images = confidences_of(measures), len(measures.evidence)
    if evidence is None or len(evidence) < LEAST:
        raise _too_few(reading, images)
    temperature, shift = fit_shifted(evidence) if isinstance(measures, ObjectMeasures) else (fit_temperature(evidence), 0.0)
    set_temperature(user=user, attached=reading.attached, temperature=temperature, shift=shift, fitted_to=(name, images))
    left_out = len(reading.measures.evidence) - images
    return {**calibration_document(evidence, temperature, shift), "slice": name, "images": images, "left_out": left_out}


def _too_few(reading: Reading, images: int) -> Conflict:
    if len(reading.measures.evidence) - images >= LEAST:
        return Conflict(
            "The model learned from these images, so that it is surer of them than of others. Mark labeled images for the test split "
            "and calibrate on those.",
            code="taught_images",
        )
    return Conflict("Calibrating takes at least two answers beside a truth. Run the model on more images.", code="nothing_measured")


def forget_calibration(*, user: User, campaign: Campaign, model_id: int) -> None:
    """Take the model's confidences as they are again."""
    set_temperature(user=user, attached=attached_model(user=user, campaign=campaign, model_id=model_id), temperature=None)


def calibration_document(evidence: LabelEvidence, temperature: float, shift: float = 0.0) -> dict[str, Any]:
    """Return the calibration at a temperature and a shift beside that of the answers as they are."""
    return {
        "temperature": temperature,
        "shift": shift,
        "before": reliability_document(reliability(evidence)),
        "after": reliability_document(reliability(calibrated(evidence, temperature, shift))),
    }
