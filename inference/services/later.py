"""Predictions that nobody waits for: the picture is kept, a run looks at it, and a signed webhook tells who asked."""

from __future__ import annotations

import hashlib
import hmac
import json
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
from inference.services.serving import predict_picture
from inference.serving.questions import Wanted, by_label, predicted_document, with_profile
from inference.wire import origin_of
from models_registry.addresses import EgressError, EgressRefused
from models_registry.egress import BadStatus, Limits, Outgoing, Redirected, ReplyTooLarge, fetch_once
from models_registry.models import ModelKind, RegisteredModel
from models_registry.secrets import decrypt, encrypt
from models_registry.services.policy import egress_policy
from models_registry.services.profiles import profiles_by_name

KIND: Final = "predict"
WAITING: Final = "waiting-pictures"
PAUSES_S: Final = (1.0, 5.0, 25.0)
"""Between the tries to send a webhook."""
ASK_PAUSES_S: Final = (2.0, 10.0)
"""Between the tries to ask a model that does not answer."""
LIMITS: Final = Limits(total_s=20.0, connect_s=5.0, read_s=15.0, cap_bytes=64 * 1024)
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
        raise InvalidInput(f"The webhook cannot be called. {_of_webhook(error)}", code=error.code) from error


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
        _forget(asked)
        raise


def _answered(context: RunContext, asked: AsyncPrediction) -> dict[str, Any]:
    try:
        document = _document(context, asked)
    except DomainError as error:
        told = _tell(context, asked, {"title": error.title, "status": error.status, "detail": error.detail, "code": error.code}, "failed")
        _forget(asked)
        raise Conflict(error.detail + _outcome(told), code=error.code) from error
    context.progress(done=1, force=True)
    told = _tell(context, asked, document, "succeeded")
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


def _tell(context: RunContext, asked: AsyncPrediction, document: Mapping[str, Any], state: str) -> dict[str, Any] | None:
    """Send the document to the webhook, if there is one; return what came of it."""
    if not asked.webhook_url:
        return None
    body = json.dumps(document, ensure_ascii=False).encode()
    secret = decrypt(asked.webhook_secret, model_id=asked.run_id, kind="run") if asked.webhook_secret else ""
    about = {"Content-Type": "application/json", "X-Winnow-Run": str(asked.run_id), "X-Winnow-State": state}
    attempts, reason = 0, ""
    for pause_s in (*PAUSES_S, None):
        attempts += 1
        headers = {**about, **signature_headers(secret, body, time.time())}
        try:
            status = fetch_once(egress_policy(), LIMITS, Outgoing(asked.webhook_url, headers, body)).status
        except ReplyTooLarge:  # it took the document, and has much to say to it that nobody reads
            return {"delivered": True, "attempts": attempts, "status": 200}
        except EgressError as error:
            reason = _of_webhook(error)
            context.log(f"The webhook was not delivered, try {attempts}: {reason}")
            if pause_s is None or _is_final(error):
                break
            _pause(context, pause_s)
        else:
            return {"delivered": True, "attempts": attempts, "status": status}
    return {"delivered": False, "attempts": attempts, "reason": reason}


def _of_webhook(error: EgressError) -> str:
    """Say what went wrong with a call of something that is no model."""
    return error.detail.replace("he model's server", "he webhook's server")


def _is_final(error: EgressError) -> bool:
    """Say whether trying again is of no use: an address that may not be called or leads elsewhere, or an answer that says no."""
    refused = isinstance(error, EgressRefused | Redirected)
    return refused or (isinstance(error, BadStatus) and error.status < 500 and error.status not in (408, 425, 429))


def signature_headers(secret: str, body: bytes, now: float) -> dict[str, str]:
    """Return the time and, with a secret, the HMAC-SHA256 of ``timestamp + "." + body`` (RFC 2104)."""
    timestamp = str(int(now))
    if not secret:
        return {"X-Winnow-Timestamp": timestamp}
    signature = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Winnow-Timestamp": timestamp, "X-Winnow-Signature": f"sha256={signature}"}


def _outcome(told: Mapping[str, Any] | None) -> str:
    if told is None:
        return ""
    return " The webhook was told." if told["delivered"] else f" The webhook was not told: {told['reason']}"


def _pause(context: RunContext, seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
    """Wait, and look once a second whether the person asked to stop."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        sleep(min(left, 1.0))
        context.progress(force=True)


def _forget(asked: AsyncPrediction) -> None:
    (folder(WAITING) / asked.picture).unlink(missing_ok=True)
    AsyncPrediction.objects.filter(pk=asked.pk).update(webhook_url="", webhook_secret="")


def remove_pictures() -> int:
    """Remove the pictures of runs that have ended, and those an hour old that no run knows; return how many."""
    waiting = set(AsyncPrediction.objects.filter(run__state__in=UNFINISHED).values_list("picture", flat=True))
    place: Path = settings.DATA_DIR / WAITING
    old = [path for path in place.glob("*") if path.name not in waiting and time.time() - path.stat().st_mtime > FRESH_S]
    for path in old:
        path.unlink(missing_ok=True)
    ended = AsyncPrediction.objects.exclude(run__state__in=UNFINISHED).exclude(webhook_secret="")
    ended.update(webhook_url="", webhook_secret="")
    return len(old)
