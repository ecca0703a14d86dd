"""Ask a model whose agent fetches its work: questions are rows, and so are answers."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, Self

from django.utils import timezone

from inference.answers import digest
from inference.calling import Answer, CallFailed, Endpoint
from inference.endpoints import endpoint_of
from inference.inputs import StoredImage, model_input
from inference.models import AgentQuestion, QuestionKind, QuestionState
from inference.schema import Prediction, PredictionRejected
from inference.services.agents import has_agent, sent_input
from inference.services.failures import Unanswered
from inference.services.planning import Plan
from inference.steps import run_thing_steps
from inference.store import Answered
from inference.wire import ModelInput, WireReply

NO_AGENT: Final = "No agent is connected for this model."
WANTED_FOR_S: Final = 90.0
RENEWED_EVERY_S: Final = 20.0
LOOK_EVERY_S: Final = 0.1
LARGEST_PICTURE_BYTES: Final = 32 * 2**20
SETTLED: Final = (QuestionState.ANSWERED, QuestionState.FAILED)


class AgentAsker:
    """Answers about images by leaving questions for an agent; on leaving, what is not answered is withdrawn."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._endpoint = endpoint_of(plan.model)
        self._name = uuid.uuid4().hex
        self._in_flight = 0
        self._looked_at = self._renewed_at = float("-inf")
        self._is_deserted = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        AgentQuestion.objects.filter(asker=self._name).delete()

    @property
    def in_flight(self) -> int:
        """How many images wait for their answer."""
        return self._in_flight

    @property
    def appetite(self) -> int:
        """How many images it wants to have: what several agents take at a time."""
        return 4 * self._endpoint.card.options.concurrency

    @property
    def waits_for(self) -> str:
        """Say that no agent is there, when none is; looked up every second."""
        if time.monotonic() - self._looked_at >= 1.0:
            self._looked_at = time.monotonic()
            self._is_deserted = not has_agent(self._plan.model.pk)
        return NO_AGENT if self._is_deserted else ""

    def submit(self, images: Sequence[StoredImage]) -> None:
        """Write questions."""
        options = self._endpoint.card.options
        inputs = [model_input(image, form="address", options=options) for image in images]
        AgentQuestion.objects.bulk_create(
            _question(self._endpoint, sent, asker=self._name, kind=QuestionKind.BATCH, version=self._plan.model.version) for sent in inputs
        )
        self._in_flight += len(images)

    def collect(self, *, most: int, within_s: float) -> list[Answered | Unanswered]:
        """Take up to ``most`` answers, waiting for the first at most ``within_s``."""
        until = time.monotonic() + within_s
        mine = AgentQuestion.objects.filter(asker=self._name)
        while True:
            self._renew()
            settled = list(mine.filter(state__in=SETTLED)[:most])
            if settled or time.monotonic() >= until:
                break
            time.sleep(LOOK_EVERY_S)
        if not settled:
            self._in_flight = mine.count()  # questions of images that were deleted are gone with them
            return []
        outcomes = [self._outcome(each) for each in settled]
        mine.filter(pk__in=[each.pk for each in settled]).delete()
        self._in_flight -= len(settled)
        return outcomes

    def _renew(self) -> None:
        if time.monotonic() - self._renewed_at >= RENEWED_EVERY_S:
            self._renewed_at = time.monotonic()
            AgentQuestion.objects.filter(asker=self._name).update(wanted_until=_from_now(WANTED_FOR_S))

    def _outcome(self, question: AgentQuestion) -> Answered | Unanswered:
        assert question.image_id is not None
        try:
            prediction, _ = _read(self._endpoint, question)
        except CallFailed as error:
            return Unanswered(question.image_id, error.code, error.reason, latency_ms=question.latency_ms)
        return Answered(question.image_id, digest(prediction, self._plan.rules), question.latency_ms)


def ask_agent(endpoint: Endpoint, sent: ModelInput, *, within_s: float) -> Answer:
    """Ask about one image for somebody who waits, before any run's questions; raise ``CallFailed``.

    A picture that belongs to no campaign comes with its bytes: it has no address.
    """
    if not has_agent(endpoint.model_id):
        raise CallFailed("no_agent", f"{NO_AGENT} Start winnow-agent beside it.")
    if len(sent.content) > LARGEST_PICTURE_BYTES:
        raise CallFailed("unsendable", "The picture is too large to be handed to an agent. Send one of at most 32 MiB.")
    wanted = _question(endpoint, sent, asker=uuid.uuid4().hex, kind=QuestionKind.INTERACTIVE, version=endpoint.card.version, for_s=within_s)
    wanted.save()
    until = time.monotonic() + within_s
    try:
        while time.monotonic() < until:
            settled = AgentQuestion.objects.filter(pk=wanted.pk, state__in=SETTLED).defer("content").first()
            if settled is not None:
                prediction, reply = _read(endpoint, settled)
                return Answer(prediction, settled.latency_ms or 0.0, settled.claims, reply)
            time.sleep(LOOK_EVERY_S)
    finally:
        AgentQuestion.objects.filter(pk=wanted.pk).delete()
    raise CallFailed("timeout", f"No agent answered within {within_s:.0f} s.")


def _question(endpoint: Endpoint, sent: ModelInput, *, asker: str, kind: str, version: str, for_s: float = WANTED_FOR_S) -> AgentQuestion:
    about: dict[str, Any] = asdict(sent)
    content, _, _ = about.pop("content"), about.pop("address"), about.pop("window")
    return AgentQuestion(
        model_id=endpoint.model_id, model_version=version, image_id=None if content else sent.id, about=about, content=content or None,
        kind=kind, asker=asker, wanted_until=_from_now(for_s),
    )  # fmt: skip


def _from_now(seconds: float) -> Any:
    return timezone.now() + timedelta(seconds=seconds)


def _read(endpoint: Endpoint, question: AgentQuestion) -> tuple[Prediction, WireReply]:
    """Return what an answer says; raise ``CallFailed`` for an error of the agent's, and for what is no sound prediction."""
    if question.state == QuestionState.FAILED or question.reply is None:
        raise CallFailed("agent_failed", f"The agent could not answer: {question.error}")
    reply = WireReply(bytes(question.reply), "application/json")
    try:
        found = endpoint.protocol.parse(reply, sent_input(question), endpoint.card)
        return run_thing_steps(found, endpoint.card.options), reply
    except PredictionRejected as error:
        raise CallFailed("rejected", str(error), where=error.where, sample=reply.body) from error
