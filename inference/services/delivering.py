"""Webhooks of predictions: one try at once, further ones later, so that a receiver that is down keeps no worker waiting."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from campaigns.models import Run
from campaigns.runs import RunContext
from inference.models import AsyncPrediction
from models_registry.addresses import EgressError, EgressRefused
from models_registry.egress import BadStatus, Limits, Outgoing, Redirected, ReplyTooLarge, fetch_once
from models_registry.secrets import decrypt
from models_registry.services.policy import egress_policy

PAUSES_S: Final = (60.0, 300.0, 1800.0)
"""Before the second try, the third and the fourth, at the least: who is due is looked up every minute."""
LIMITS: Final = Limits(total_s=20.0, connect_s=5.0, read_s=15.0, cap_bytes=64 * 1024)
TURN_S: Final = 30.0
"""After so long the other webhooks that are due wait for the next minute, so that other short work has its turn."""
CLAIMED_FOR: Final = timedelta(minutes=5)


def deliver(asked: AsyncPrediction, document: Mapping[str, Any], state: str) -> dict[str, Any] | None:
    """Send a document to the webhook of a prediction, if there is one; return what came of it.

    ``{"delivered", "attempts"}`` with ``status``, or ``reason`` and, where another try is to come, ``next_try_at``; the document is
    then kept until it was delivered or given up.
    """
    return _tried(asked, document, state) if asked.webhook_url else None


def deliver_due() -> int:
    """Try again what is due, and write what came of it into the runs' results; return how many were delivered."""
    ends_at, delivered = time.monotonic() + TURN_S, 0
    due = AsyncPrediction.objects.filter(try_at__lte=timezone.now()).select_related("run").order_by("try_at")
    for asked in list(due[:200]):
        mine = AsyncPrediction.objects.filter(pk=asked.pk, try_at=asked.try_at)
        if not mine.update(try_at=timezone.now() + CLAIMED_FOR):  # another worker has it
            continue
        outcome = _tried(asked, asked.untold, asked.untold_state)
        _write_down(asked.run, outcome)
        delivered += outcome["delivered"]
        if time.monotonic() >= ends_at:
            break
    return delivered


def give_up(asked: AsyncPrediction) -> None:
    """Forget the address, its secret and what was to be sent there."""
    AsyncPrediction.objects.filter(pk=asked.pk).update(webhook_url="", webhook_secret="", untold={}, untold_state="", try_at=None)
    asked.webhook_url, asked.try_at = "", None


def _tried(asked: AsyncPrediction, document: Mapping[str, Any], state: str) -> dict[str, Any]:
    asked.tries += 1
    try:
        status = _send(asked, document, state)
    except EgressError as error:
        return _missed(asked, document, state, error)
    give_up(asked)
    return {"delivered": True, "attempts": asked.tries, "status": status}


def _send(asked: AsyncPrediction, document: Mapping[str, Any], state: str) -> int:
    body = json.dumps(document, ensure_ascii=False).encode()
    secret = decrypt(asked.webhook_secret, model_id=asked.run_id, kind="run") if asked.webhook_secret else ""
    about = {"Content-Type": "application/json", "X-Winnow-Run": str(asked.run_id), "X-Winnow-State": state}
    headers = {**about, **signature_headers(secret, body, time.time())}
    try:
        return fetch_once(egress_policy(), LIMITS, Outgoing(asked.webhook_url, headers, body, whose="webhook")).status
    except ReplyTooLarge:  # it took the document, and has much to say to it that nobody reads
        return 200


def _missed(asked: AsyncPrediction, document: Mapping[str, Any], state: str, error: EgressError) -> dict[str, Any]:
    outcome: dict[str, Any] = {"delivered": False, "attempts": asked.tries, "reason": error.detail}
    if _is_final(error) or asked.tries > len(PAUSES_S):
        give_up(asked)
        return outcome
    asked.try_at = timezone.now() + timedelta(seconds=PAUSES_S[asked.tries - 1])
    AsyncPrediction.objects.filter(pk=asked.pk).update(tries=asked.tries, try_at=asked.try_at, untold=document, untold_state=state)
    return {**outcome, "next_try_at": asked.try_at.isoformat()}


def _write_down(run: Run, outcome: Mapping[str, Any]) -> None:
    if "webhook" in run.result:
        Run.objects.filter(pk=run.pk).update(result={**run.result, "webhook": outcome})
    said = "was delivered" if outcome["delivered"] else f"was not delivered: {outcome['reason']}"
    RunContext(run).log(f"The webhook {said} Try {outcome['attempts']}.")


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
