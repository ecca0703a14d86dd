"""Hand questions to agents and take their answers: claimed for a while, answered once, free again when the agent is gone.

All of it is conditional UPDATEs on ``AgentQuestion``, so that any number of agents and web servers may share the table.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F, Q
from django.utils import timezone

from campaigns.errors import Conflict, InvalidInput
from campaigns.lending import Loan, lent_path
from campaigns.models import User
from inference.endpoints import model_card
from inference.models import AgentQuestion, ConnectedAgent, QuestionKind, QuestionState
from inference.protocols import PROTOCOLS
from inference.protocols.agent import handed
from inference.wire import ModelCard, ModelInput
from models_registry.models import HealthCheck, RegisteredModel
from models_registry.permissions import require_change
from models_registry.services.auditing import UNKNOWN_CALLER, Caller, record

LONGEST_WAIT_S: Final = 25.0
LOOK_EVERY_S: Final = 0.3
WAITERS: Final = 1
"""So many requests of one process wait for work at once: two of its threads may wait for answers, and one must take these in."""
CONNECTED_FOR_S: Final = 40.0
MOST_CLAIMS: Final = 3
WENT_AWAY: Final = f"{MOST_CLAIMS} times an agent took the question and went away."
SHORTEST_LEASE_S: Final = 30.0
KEPT_AGENTS_FOR: Final = timedelta(days=7)
_free_waits = threading.BoundedSemaphore(WAITERS)


@dataclass(frozen=True)
class Handed:
    """What an agent is given: questions by id. ``busy``: it was not let wait, and is to come back in a moment."""

    questions: list[dict[str, Any]]
    lease_s: float
    busy: bool = False


def announce_agent(
    *, user: User, model: RegisteredModel, agent: str, version: str, classes: Sequence[str], task: str, caller: Caller = UNKNOWN_CALLER
) -> list[str]:
    """Write down that an agent is there, and return what it should know.

    Raises Conflict when its function does not fit what the model is registered as, NotAllowed for who may not change the model.
    """
    _require(user, model)
    if task and task != model.task:
        raise Conflict(f"The agent's function does {task}, and {model.name} is registered for {model.task}.", code="agent_task")
    registered = {str(each["name"]).strip().casefold(): str(each["name"]) for each in model.classes}
    offered = {name.strip().casefold(): name for name in classes}
    strange = [name for key, name in offered.items() if key not in registered]
    if strange:
        shown = ", ".join(repr(name) for name in strange[:5]) + (f" and {len(strange) - 5} more" if len(strange) > 5 else "")
        raise Conflict(f"{model.name} is registered without the agent's classes {shown}. Add them to the model.", code="agent_classes")
    record(user, "agent.announced", caller=caller, model=model, details={"agent": agent, "version": version})
    _seen(model, agent, version=version)
    HealthCheck.objects.create(model=model, is_up=True, detail=f"The agent {agent} has come.")
    missing = [name for key, name in registered.items() if offered and key not in offered]
    return [f"The function never answers {', '.join(repr(name) for name in missing[:5])}."] if missing else []


def acquire_questions(*, user: User, model: RegisteredModel, agent: str, most: int, wait_s: float) -> Handed:
    """Claim up to ``most`` questions for an agent, those that a person waits for first; wait for one up to ``wait_s``."""
    _require(user, model)
    _seen(model, agent)
    card = model_card(model)
    lease_s = max(SHORTEST_LEASE_S, card.options.timeout_s)
    until = time.monotonic() + min(wait_s, LONGEST_WAIT_S)
    claimed = _claim(model.pk, agent, most, lease_s)
    if claimed or wait_s <= 0:
        return Handed([_handed(each, card) for each in claimed], lease_s)
    with _place_to_wait() as may_wait:
        while may_wait and not claimed and time.monotonic() < until:
            time.sleep(LOOK_EVERY_S)
            claimed = _claim(model.pk, agent, most, lease_s)
    _seen(model, agent)
    return Handed([_handed(each, card) for each in claimed], lease_s, busy=not may_wait)


def complete_questions(*, user: User, model: RegisteredModel, agent: str, answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Take an agent's answers: {"id", "reply" | "error" | "release"}. A question that another agent has by now is told as late."""
    _require(user, model)
    _seen(model, agent)
    limit_bytes = model_card(model).options.max_reply_mib * 2**20
    late = [each["id"] for each in answers if not _settle(model, agent, each, limit_bytes)]
    return {"accepted": len(answers) - len(late), "late": late, "urgent": _free(model.pk).filter(kind=QuestionKind.INTERACTIVE).exists()}


def agents_of(model_id: int) -> list[ConnectedAgent]:
    """Return the agents that have asked for this model's work a moment ago."""
    since = timezone.now() - timedelta(seconds=CONNECTED_FOR_S)
    return list(ConnectedAgent.objects.filter(model=model_id, seen_at__gte=since))


def has_agent(model_id: int) -> bool:
    """Tell whether somebody asks for this model's work, or is at it."""
    now = timezone.now()
    if ConnectedAgent.objects.filter(model=model_id, seen_at__gte=now - timedelta(seconds=CONNECTED_FOR_S)).exists():
        return True
    return AgentQuestion.objects.filter(model=model_id, state=QuestionState.CLAIMED, claimed_until__gte=now).exists()


def sweep_questions() -> int:
    """Remove questions that nobody waits for any more, and agents that were not seen for days."""
    now = timezone.now()
    ConnectedAgent.objects.filter(seen_at__lt=now - KEPT_AGENTS_FOR).delete()
    return AgentQuestion.objects.filter(wanted_until__lt=now - timedelta(minutes=5)).delete()[0]


def _require(user: User, model: RegisteredModel) -> None:
    """An agent decides where images go, as a model's address does: so it takes what changing the address takes."""
    require_change(user, model)
    protocol = PROTOCOLS.get(model.protocol)
    if protocol is None or not protocol.pulled:
        raise Conflict(f"{model.name} is asked at its address; register a model with the protocol agent for this.", code="not_an_agent")


def _seen(model: RegisteredModel, agent: str, **facts: str) -> None:
    ConnectedAgent.objects.update_or_create(model=model, name=agent, defaults={"seen_at": timezone.now(), **facts})


@contextmanager
def _place_to_wait() -> Iterator[bool]:
    got = _free_waits.acquire(blocking=False)
    try:
        yield got
    finally:
        if got:
            _free_waits.release()


def _free(model_id: int, now: datetime | None = None) -> Any:
    now = now or timezone.now()
    lapsed = Q(state=QuestionState.CLAIMED, claimed_until__lt=now)
    return AgentQuestion.objects.filter(Q(state=QuestionState.WAITING) | lapsed, model=model_id, wanted_until__gte=now)


def _claim(model_id: int, agent: str, most: int, lease_s: float) -> list[AgentQuestion]:
    now = timezone.now()
    # "interactive" sorts behind "batch": a person goes first.
    ids = list(_free(model_id, now).order_by("-kind", "id").values_list("pk", flat=True)[:most])
    if not ids:
        return []
    worn = _free(model_id, now).filter(pk__in=ids, claims__gte=MOST_CLAIMS)
    worn.update(state=QuestionState.ABANDONED, answered_at=now, error=WENT_AWAY)
    claim = uuid.uuid4().hex
    until = now + timedelta(seconds=lease_s * len(ids))
    _free(model_id, now).filter(pk__in=ids).update(
        state=QuestionState.CLAIMED, agent=agent, claim=claim, claimed_at=now, claimed_until=until, claims=F("claims") + 1
    )
    return list(AgentQuestion.objects.filter(claim=claim).order_by("-kind", "id"))


def _handed(question: AgentQuestion, card: ModelCard) -> dict[str, Any]:
    """Return a question as an agent gets it; the address of its image is good from now on."""
    sent = sent_input(question, content=bytes(question.content or b""))
    if question.image_id is not None:
        options = card.options
        loan = Loan(question.image_id, options.image_format, options.bands, options.max_side, sent.window)
        sent = replace(sent, address=lent_path(loan))
    return {"id": question.pk, "kind": question.kind, "request": handed(sent, replace(card, version=question.model_version))}


def sent_input(question: AgentQuestion, *, content: bytes = b"") -> ModelInput:
    """Return the image of a question, or the window of it, as it is sent."""
    places = {name: None if (place := question.about.get(name)) is None else tuple(place) for name in ("transform", "window")}
    return ModelInput(content=content, **{**question.about, **places})


def _settle(model: RegisteredModel, agent: str, answer: dict[str, Any], limit_bytes: int) -> bool:
    mine = AgentQuestion.objects.filter(pk=answer["id"], model=model, state=QuestionState.CLAIMED, agent=agent)
    if answer.get("release"):
        return bool(mine.update(state=QuestionState.WAITING, claimed_until=None, claims=F("claims") - 1))
    now, reply = timezone.now(), answer.get("reply")
    if reply is None:
        error = str(answer.get("error") or "The agent gave no reason.")[:500]
        return bool(mine.update(state=QuestionState.FAILED, answered_at=now, error=error))
    text = json.dumps(reply, separators=(",", ":")).encode()
    if len(text) > limit_bytes:
        raise InvalidInput(f"The answer to question {answer['id']} has more than {limit_bytes:,} bytes.", code="too_large")
    return bool(mine.update(state=QuestionState.ANSWERED, answered_at=now, reply=text))
