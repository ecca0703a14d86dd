"""Predictions that nobody waits for: the picture is kept, a run looks at it, and a signed webhook tells who asked."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from campaigns.errors import Conflict, DomainError, InvalidInput, TooSlow, Unavailable
from campaigns.imagery import Refused, probe
from campaigns.models import UNFINISHED, Campaign, Run, User
from campaigns.permissions import MANAGE, VIEW, require_role
from campaigns.runs import RunCancelled, RunContext, enqueue_run
from campaigns.storage import folder
from inference.models import AsyncPrediction
from inference.services.delivering import deliver, give_up
from inference.services.serving import predict_picture
from inference.serving.questions import Wanted, by_label, predicted_document, with_profile
from inference.wire import origin_of
from models_registry.addresses import EgressRefused
from models_registry.models import ModelKind, RegisteredModel
from models_registry.secrets import encrypt
from models_registry.services.policy import egress_policy
from models_registry.services.profiles import profiles_by_name

KIND: Final = "predict"
WAITING: Final = "waiting-pictures"
ASK_PAUSES_S: Final = (2.0, 10.0)
"""Between the tries to ask a model that does not answer."""
MOST_SECRET: Final = 500
FRESH_S: Final = 3600.0


@dataclass(frozen=True)
class Webhook:
    """Where a finished prediction is sent, and the secret that it is signed with ("": not signed)."""

    url: str
    secret: str = field(default="", repr=False)


def start_prediction(
    *, user: User, campaign: Campaign, model: RegisteredModel, content: bytes, name: str, wanted: Wanted, webhook: Webhook | None = None
) -> Run:
    """Keep a picture and queue a run that asks the model about it; webhooks are for managers, for they make the server call out.

    Raises InvalidInput for what is no picture, for thresholds that name no label and for a webhook that may not be called.
    """
    require_role(user, campaign, VIEW if webhook is None else MANAGE)
    if model.kind == ModelKind.PROMPTABLE:
        raise Conflict("This model answers clicks on the labeling page; it cannot be asked about whole pictures.", code="promptable_model")
    wanted = with_profile(wanted, profiles_by_name(campaign, model) if wanted.profile else {})
    by_label(wanted.thresholds, dict(campaign.labels.values_list("pk", "name")))
    try:
        probe(content, name)
    except Refused as refused:
        raise InvalidInput(refused.detail, code=refused.code) from refused
    if webhook is not None:
        _check(webhook)
    picture = _kept(content)
    params = {
        "model": model.pk, "model_name": model.name, "model_version": model.version, "picture": name,
        "webhook": webhook and origin_of(webhook.url),
    }  # fmt: skip
    try:
        with transaction.atomic():
            run = enqueue_run(user=user, kind=KIND, campaign=campaign, params=params, total=1)
            asked = AsyncPrediction(run=run, model=model, picture=picture.name, name=name, wanted=asdict(wanted))
            if webhook is not None:
                asked.webhook_url = webhook.url
                asked.webhook_secret = encrypt(webhook.secret, model_id=run.pk, kind="run") if webhook.secret else ""
            asked.save()
    except BaseException:
        picture.unlink(missing_ok=True)
        raise
    return run


def _check(webhook: Webhook) -> None:
    if len(webhook.url) > 2000 or len(webhook.secret) > MOST_SECRET:
        raise InvalidInput(f"webhook_url has at most 2000 characters, webhook_secret {MOST_SECRET}.", code="invalid_webhook")
    try:
        egress_policy().check_url(webhook.url)
    except EgressRefused as error:
        raise InvalidInput(f"The webhook cannot be called. {error.detail}", code=error.code) from error


def _kept(content: bytes) -> Path:
    path = folder(WAITING) / uuid.uuid4().hex
    path.write_bytes(content)
    return path


def execute_prediction(context: RunContext) -> dict[str, Any]:
    """Ask the model, send the webhook, and return ``{"prediction", "webhook"}``; the picture and the secret go in any case."""
    asked = AsyncPrediction.objects.select_related("model", "run__campaign", "run__created_by").get(run=context.run)
    try:
        return _answered(context, asked)
    except RunCancelled:
        asked.try_at = None
        _forget(asked)
        raise


def _answered(context: RunContext, asked: AsyncPrediction) -> dict[str, Any]:
    try:
        document = _document(context, asked)
    except DomainError as error:
        told = deliver(asked, {"title": error.title, "status": error.status, "detail": error.detail, "code": error.code}, "failed")
        _forget(asked)
        raise Conflict(error.detail + _outcome(told), code=error.code) from error
    context.progress(done=1, force=True)
    told = deliver(asked, document, "succeeded")
    _forget(asked)
    return {"prediction": document, "webhook": told}


def _document(context: RunContext, asked: AsyncPrediction) -> dict[str, Any]:
    user, campaign = asked.run.created_by, asked.run.campaign
    path = folder(WAITING) / asked.picture
    if user is None or campaign is None:
        raise Conflict("Who asked is no longer there.", code="asker_gone")
    if not path.is_file():
        raise Conflict("The picture was removed when the run ended. Send it again.", code="picture_gone")
    content, wanted = path.read_bytes(), Wanted(**asked.wanted)

    def ask() -> dict[str, Any]:
        served = predict_picture(user=user, campaign=campaign, model=asked.model, content=content, name=asked.name, wanted=wanted)
        return predicted_document(served, asked.name)

    for pause_s in ASK_PAUSES_S:
        try:
            return ask()
        except (Unavailable, TooSlow) as error:
            if error.code == "rejected":
                raise
            context.log(f"{error.detail} The model is asked again in {pause_s:g} s.")
            _pause(context, pause_s)
    return ask()


def _outcome(told: Mapping[str, Any] | None) -> str:
    if told is None:
        return ""
    if told["delivered"]:
        return " The webhook was told."
    return f" The webhook was not told: {told['reason']}" + (" It is tried again." if "next_try_at" in told else "")


def _pause(context: RunContext, seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
    """Wait, and look once a second whether the person asked to stop."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        sleep(min(left, 1.0))
        context.progress(force=True)


def _forget(asked: AsyncPrediction) -> None:
    """Let go of the picture, and of the webhook unless it is to be called again."""
    (folder(WAITING) / asked.picture).unlink(missing_ok=True)
    if asked.webhook_url and asked.try_at is None:
        give_up(asked)


def remove_pictures() -> int:
    """Remove the pictures of runs that have ended, and those an hour old that no run knows; return how many."""
    waiting = set(AsyncPrediction.objects.filter(run__state__in=UNFINISHED).values_list("picture", flat=True))
    place: Path = settings.DATA_DIR / WAITING
    old = [path for path in place.glob("*") if path.name not in waiting and time.time() - path.stat().st_mtime > FRESH_S]
    for path in old:
        path.unlink(missing_ok=True)
    ended = AsyncPrediction.objects.filter(try_at=None).exclude(run__state__in=UNFINISHED).exclude(webhook_secret="")
    ended.update(webhook_url="", webhook_secret="")
    return len(old)
