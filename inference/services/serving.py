"""Ask a model of a campaign about a picture that belongs to none: the predict API."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from campaigns.errors import Conflict, InvalidInput, NotFound, TooSlow, Unavailable
from campaigns.imagery import Refused, probe
from campaigns.models import Campaign, User
from campaigns.permissions import VIEW, require_role
from campaigns.storage import folder
from inference.calling import CallFailed
from inference.inputs import StoredImage
from inference.schema import Prediction
from inference.services.asking_any import ask_any, described
from inference.services.planning import draft_rules
from inference.serving.client import embed_pictures
from inference.serving.questions import AskedModel, Served, Wanted, by_label, with_profile
from inference.serving.things import said, with_thresholds
from models_registry.models import CallKind, CampaignModel, ModelKind, RegisteredModel
from models_registry.protocols import LOCAL
from models_registry.services.profiles import profiles_by_name

ANSWER_WITHIN_S: Final = 60.0
NO_IMAGE: Final = 0


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
    wanted = with_profile(wanted, profiles_by_name(campaign, model) if wanted.profile else {})
    rules = with_thresholds(draft_rules(model, campaign), by_label(wanted.thresholds, names), wanted.threshold)
    with landed(content, name) as image:
        begun = time.perf_counter()
        prediction = _asked(model, image, wanted.role)
        latency_ms = (time.perf_counter() - begun) * 1000.0
    told = {names[label]: value for label, value in rules.thresholds.items() if label in names}
    role = wanted.role if model.protocol == LOCAL else ""
    asked = AskedModel(model.pk, model.name, model.version, model.task, role)
    return Served(asked, image.width, image.height, said(prediction, rules, names), told, latency_ms)


@contextmanager
def landed(content: bytes, name: str) -> Iterator[StoredImage]:
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


def _asked(model: RegisteredModel, image: StoredImage, role: str) -> Prediction:
    try:
        return ask_any(model, image, within_s=ANSWER_WITHIN_S, kind=CallKind.SERVE, role=role)
    except Refused as refused:
        raise InvalidInput(refused.detail, code=refused.code) from refused
    except CallFailed as error:
        if error.code == "timeout":
            raise TooSlow(error.reason, code="model_slow") from error
        raise Unavailable(f"The model gave no answer: {error.reason}", code=error.code) from error


def embed_picture(*, content: bytes, name: str, by: str | dict[str, Any] = "") -> list[float]:
    """Return the embedding of a picture by a backbone of this deployment (``embed_pictures``); raises as ``predict_picture`` does."""
    with landed(content, name) as image:
        return embed_pictures(settings.DATA_DIR, [described(image)], by=by)[0]


def ask_about_picture(*, model: RegisteredModel, content: bytes, name: str) -> Prediction:
    """Return what a model says of a picture of which nothing is kept; raises as ``predict_picture`` does."""
    with landed(content, name) as image:
        return _asked(model, image, "")
