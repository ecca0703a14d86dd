"""Ask a model of a campaign about a picture that belongs to none: the predict API."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from django.conf import settings

from campaigns.errors import Conflict, InvalidInput, NotFound, TooSlow, Unavailable
from campaigns.imagery import Refused, probe
from campaigns.models import Campaign, User
from campaigns.permissions import VIEW, require_role
from campaigns.storage import folder
from inference.calling import CallFailed
from inference.endpoints import endpoint_of
from inference.inputs import StoredImage
from inference.precedence import go_first
from inference.schema import Prediction
from inference.services.asking import ask_once, impatient
from inference.services.planning import draft_rules
from inference.serving.client import ask_own_model
from inference.serving.things import Said, said, with_thresholds
from models_registry.models import CallKind, CampaignModel, Checkpoint, ModelKind, RegisteredModel
from models_registry.services.calls import Call, record_calls

ANSWER_WITHIN_S: Final = 60.0
NO_IMAGE: Final = 0


@dataclass(frozen=True)
class Wanted:
    """How a model is to be asked. ``role``: which checkpoint of a model that was trained here.

    ``thresholds``: least confidence by label name or id, in place of the campaign's; ``threshold``: for all other labels.
    """

    role: str = Checkpoint.Role.BEST
    thresholds: Mapping[str, float] = field(default_factory=dict)
    threshold: float | None = None


@dataclass(frozen=True)
class Served:
    """What a model says of one picture. ``thresholds``: what counted, by label name, where something other than the default did."""

    model: RegisteredModel
    role: str
    width: int
    height: int
    said: Said
    thresholds: dict[str, float]
    latency_ms: float


def servable_model(campaign: Campaign, name: str) -> RegisteredModel:
    """Return a model that the campaign uses, by its id or its name; of several with one name, the newest."""
    attached = CampaignModel.objects.filter(campaign=campaign).select_related("model").order_by("-model_id")
    joined = attached.filter(model_id=int(name)).first() if name.isdecimal() and len(name) < 19 else None
    joined = joined or attached.filter(model__name=name).first()
    if joined is None:
        raise NotFound(
            f"This campaign uses no model {name[:100]!r}. Its models and their ids are at /api/v1/campaigns/{campaign.pk}/models."
        )
    return joined.model


def predict_picture(*, user: User, campaign: Campaign, model: RegisteredModel, content: bytes, name: str, wanted: Wanted) -> Served:
    """Return what a model says of a picture; nothing is kept of either.

    Raises InvalidInput for what is no picture and for thresholds that name no label, Conflict and Unavailable when the model cannot
    answer, TooSlow when it does not do so in time.
    """
    require_role(user, campaign, VIEW)
    if model.kind == ModelKind.PROMPTABLE:
        raise Conflict("This model answers clicks on the labeling page; it cannot be asked about whole pictures.", code="promptable_model")
    names = dict(campaign.labels.values_list("pk", "name"))
    rules = with_thresholds(draft_rules(model, campaign), _by_id(wanted.thresholds, names), wanted.threshold)
    with _landed(content, name) as image:
        begun = time.perf_counter()
        prediction = _ask_own(model, image, wanted.role) if model.kind == ModelKind.INTERNAL else _ask_endpoint(model, image)
        latency_ms = (time.perf_counter() - begun) * 1000.0
    told = {names[label]: value for label, value in rules.thresholds.items() if label in names}
    role = wanted.role if model.kind == ModelKind.INTERNAL else ""
    return Served(model, role, image.width, image.height, said(prediction, rules, names), told, latency_ms)


def _by_id(thresholds: Mapping[str, float], names: Mapping[int, str]) -> dict[int, float]:
    ids = {name: label for label, name in names.items()}
    found: dict[int, float] = {}
    for name, value in thresholds.items():
        label = ids.get(name, int(name) if name.isdecimal() and len(name) < 19 else -1)
        if label not in names:
            raise _invalid(f"thresholds.{name}", f"{name[:100]!r} is no label of this campaign.")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
            raise _invalid(f"thresholds.{name}", "A threshold is a number from 0 to 1.")
        found[label] = float(value)
    return found


def _invalid(field_name: str, why: str) -> InvalidInput:
    return InvalidInput(why, code="invalid_thresholds", errors=[{"field": field_name, "detail": why}])


@contextmanager
def _landed(content: bytes, name: str) -> Iterator[StoredImage]:
    """Let a picture lie on the disk while the block looks at it."""
    try:
        facts = probe(content, name)
    except Refused as refused:
        raise InvalidInput(refused.detail, code=refused.code) from refused
    with tempfile.NamedTemporaryFile(prefix="predict-", dir=folder("incoming")) as file:
        file.write(content)
        file.flush()
        yield StoredImage(
            NO_IMAGE, name, Path(file.name), facts.format, facts.width, facts.height, facts.bands, facts.dtype, facts.crs, facts.transform,
            len(content), sha256(content).hexdigest(),
        )  # fmt: skip


def _ask_own(model: RegisteredModel, image: StoredImage, role: str) -> Prediction:
    if role not in Checkpoint.Role.values:
        raise InvalidInput("checkpoint is best or last.", code="invalid_checkpoint")
    asked = {**asdict(image), "path": str(image.path)}
    return ask_own_model(settings.DATA_DIR, model_id=model.pk, role=role, images=[asked])[0]


def _ask_endpoint(model: RegisteredModel, image: StoredImage) -> Prediction:
    endpoint = impatient(endpoint_of(model), ANSWER_WITHIN_S)
    try:
        with go_first(settings.DATA_DIR, model.pk):
            answer = ask_once(endpoint, image, ANSWER_WITHIN_S)
    except Refused as refused:
        raise InvalidInput(refused.detail, code=refused.code) from refused
    except CallFailed as error:
        record_calls(model.pk, CallKind.SERVE, [Call(None, error.code, error.reason)])
        if error.code == "timeout":
            raise TooSlow(error.reason, code="model_slow") from error
        raise Unavailable(f"The model gave no answer: {error.reason}", code=error.code) from error
    record_calls(model.pk, CallKind.SERVE, [Call(answer.latency_ms)])
    return answer.prediction
