"""Ask any model about one image for somebody who waits: behind an address, in the process of our own models, or by its members."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.conf import settings

from inference.calling import CallFailed
from inference.endpoints import endpoint_of
from inference.inputs import StoredImage
from inference.precedence import go_first
from inference.schema import Prediction
from inference.services.asking import ask_once, impatient
from inference.services.ensembles import load_ensemble
from inference.serving.client import ask_own_model
from models_registry.models import CallKind, ModelKind, RegisteredModel
from models_registry.services.calls import Call, record_calls


def ask_any(model: RegisteredModel, image: StoredImage, *, within_s: float, kind: CallKind, role: str = "") -> Prediction:
    """Return what a model says of an image; ``role``: the checkpoint of a model of ours.

    Raises ``CallFailed`` where an address gave no answer, ``Refused`` or OSError where the image cannot be read, and Conflict, TooSlow
    or Unavailable where a model of ours cannot answer.
    """
    if model.kind == ModelKind.ENSEMBLE:
        ensemble = load_ensemble(model)
        return ensemble.combine({each.model.pk: ask_any(each.model, image, within_s=within_s, kind=kind) for each in ensemble.members})
    if model.kind == ModelKind.INTERNAL:
        return ask_own_model(settings.DATA_DIR, model_id=model.pk, role=role, images=[described(image)], within_s=within_s)[0]
    return _ask_endpoint(model, image, within_s, kind)


def described(image: StoredImage) -> dict[str, Any]:
    """Return an image as the process of our own models is told of it."""
    return {**asdict(image), "path": str(image.path)}


def _ask_endpoint(model: RegisteredModel, image: StoredImage, within_s: float, kind: CallKind) -> Prediction:
    endpoint = impatient(endpoint_of(model), within_s)
    try:
        with go_first(settings.DATA_DIR, model.pk):
            answer = ask_once(endpoint, image, within_s)
    except CallFailed as error:
        record_calls(model.pk, kind, [Call(None, error.code, error.reason)])
        raise
    record_calls(model.pk, kind, [Call(answer.latency_ms)])
    return answer.prediction
