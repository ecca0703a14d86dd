"""Ask models about one image while a person looks at it: at once, for a few seconds at most, before any run's questions."""

from __future__ import annotations

import time
from dataclasses import dataclass

from campaigns.errors import Conflict, DomainError, NotFound
from campaigns.imagery import Refused
from campaigns.models import Image, User
from campaigns.permissions import ANNOTATE, require_role
from inference.answers import digest
from inference.calling import CallFailed
from inference.models import Prediction
from inference.schema import PredictionRejected
from inference.services.asking_any import ask_any
from inference.services.planning import Plan, make_plan, stored_image
from inference.store import Answered, keep_answers
from models_registry.models import CallKind, CampaignModel, ModelKind, RegisteredModel

ANSWER_WITHIN_S = 10.0
REST_S = 30.0
"""A model that was gone is not asked again for so long: nobody waits at every image for a server that is down."""
_rests_until: dict[int, float] = {}


@dataclass(frozen=True)
class Told:
    """What came of asking one model. ``fresh``: it was asked now. ``code`` and ``reason`` say why there is no prediction."""

    model: RegisteredModel
    prediction: Prediction | None = None
    fresh: bool = False
    code: str = ""
    reason: str = ""


def predict_image(*, user: User, image: Image, model_id: int | None = None) -> list[Told]:
    """Return what models say of an image, asking those that have not said it yet; what they say is drafted, too.

    ``model_id``: a model of the campaign; by default every one that is to be asked when an image is opened. A model that does
    not answer is told, never raised. Raises NotFound when the campaign does not use the model, and Conflict when it only answers
    clicks.
    """
    require_role(user, image.campaign, ANNOTATE)
    models = _wanted(image, model_id)
    kept = {each.model_id: each for each in Prediction.objects.filter(image=image, model__in=models).select_related("model")}
    return [_told(image, model, kept.get(model.pk)) for model in models]


def _wanted(image: Image, model_id: int | None) -> list[RegisteredModel]:
    attached = CampaignModel.objects.filter(campaign=image.campaign).select_related("model")
    if model_id is None:
        return [each.model for each in attached.filter(on_open=True).exclude(model__kind=ModelKind.PROMPTABLE)]
    joined = attached.filter(model_id=model_id).first()
    if joined is None:
        raise NotFound("This campaign does not use such a model. Attach it first.")
    if joined.model.kind == ModelKind.PROMPTABLE:
        raise Conflict(f"{joined.model.name} answers clicks on the labeling page, one thing at a time.", code="promptable_model")
    return [joined.model]


def _told(image: Image, model: RegisteredModel, kept: Prediction | None) -> Told:
    if kept is not None and kept.model_version == model.version:
        return Told(model, kept)
    if time.monotonic() < _rests_until.get(model.pk, 0.0):
        return Told(model, code="resting", reason="The model did not answer a moment ago; it is asked again in half a minute.")
    try:
        return _asked(image, make_plan(model, image.campaign, prefill=True))
    except CallFailed as error:
        if error.code in ("unreachable", "timeout"):
            _rests_until[model.pk] = time.monotonic() + REST_S
        return Told(model, code=error.code, reason=error.reason)
    except (Refused, OSError) as error:
        return Told(model, code="unreadable_image", reason=f"The image could not be read: {error}")
    except PredictionRejected as error:
        return Told(model, code="rejected", reason=str(error))
    except DomainError as error:
        if error.code in ("models_unreachable", "model_slow"):
            _rests_until[model.pk] = time.monotonic() + REST_S
        return Told(model, code=error.code, reason=str(error))


def _asked(image: Image, plan: Plan) -> Told:
    model = plan.model
    begun = time.perf_counter()
    prediction = ask_any(model, stored_image(image), within_s=ANSWER_WITHIN_S, kind=CallKind.ASSIST)
    latency_ms = (time.perf_counter() - begun) * 1000.0
    keep_answers(source=plan.source, answered=[Answered(image.pk, digest(prediction, plan.rules), latency_ms)])
    kept = Prediction.objects.select_related("model").get(image=image, model=model, model_version=model.version)
    return Told(model, kept, fresh=True)
