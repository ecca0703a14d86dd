"""Ask a model whose agent fetches its work: questions are rows, and so are answers."""

from __future__ import annotations

import time
import uuid
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, Self

from django.utils import timezone

from inference.answers import digest
from inference.calling import Answer, CallFailed, Endpoint
from inference.endpoints import endpoint_of
from inference.inputs import StoredImage, model_input
from inference.joining import windows_for
from inference.models import AgentQuestion, QuestionKind, QuestionState
from inference.schema import Prediction, PredictionRejected
from inference.services.agents import has_agent, sent_input
from inference.services.failures import Unanswered
from inference.services.planning import Plan
from inference.steps import run_thing_steps
from inference.store import Answered
from inference.tiling import WindowPx
from inference.windowed import Joined, joined, placed
from inference.wire import ModelInput, WireReply

NO_AGENT: Final = "No agent is connected for this model."
WANTED_FOR_S: Final = 90.0
RENEWED_EVERY_S: Final = 20.0
LOOK_EVERY_S: Final = 0.1
LARGEST_PICTURE_BYTES: Final = 32 * 2**20
SETTLED: Final = (QuestionState.ANSWERED, QuestionState.FAILED, QuestionState.ABANDONED)


class AgentAsker:
    """Answers about images by leaving questions for an agent; on leaving, what is not answered is withdrawn."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._endpoint = endpoint_of(plan.model)
        self._name = uuid.uuid4().hex
        self._in_flight = 0
        self._large: dict[int, Parts] = {}
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
        version = self._plan.model.version
        for image in images:
            windows = windows_for(image, self._endpoint.card.options)
            if windows:
                self._large[image.id] = Parts(image, windows)
            inputs = _inputs(self._endpoint, image, windows)
            AgentQuestion.objects.bulk_create(
                _question(self._endpoint, sent, asker=self._name, kind=QuestionKind.BATCH, version=version) for sent in inputs
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
            left = set(mine.values_list("image_id", flat=True))  # questions of images that were deleted are gone with them
            self._in_flight = len(left)
            self._large = {image: parts for image, parts in self._large.items() if image in left}
            return []
        outcomes = [outcome for each in settled if (outcome := self._outcome(each)) is not None]
        mine.filter(pk__in=[each.pk for each in settled]).delete()
        self._in_flight -= len(outcomes)
        return outcomes

    def _renew(self) -> None:
        if time.monotonic() - self._renewed_at >= RENEWED_EVERY_S:
            self._renewed_at = time.monotonic()
            AgentQuestion.objects.filter(asker=self._name).update(wanted_until=_from_now(WANTED_FOR_S))

    def _outcome(self, question: AgentQuestion) -> Answered | Unanswered | None:
        """Return what came of an image; None for a window of one whose other windows are still asked about, or that has failed."""
        image = question.image_id
        assert image is not None
        if question.about.get("window") is not None and image not in self._large:
            return None
        try:
            prediction = self._told(question)
        except CallFailed as error:
            if self._large.pop(image, None) is not None:
                AgentQuestion.objects.filter(asker=self._name, image=image).delete()
            return Unanswered(image, error.code, error.reason, error.silent, question.latency_ms)
        if prediction is None:
            return None
        parts = self._large.pop(image, None)
        return Answered(image, digest(prediction, self._plan.rules), question.latency_ms if parts is None else parts.latency_ms)

    def _told(self, question: AgentQuestion) -> Prediction | None:
        assert question.image_id is not None
        parts = self._large.get(question.image_id)
        if parts is None:
            return _read(self._endpoint, question)[0]
        parts.take(self._endpoint, question)
        return parts.joined(self._endpoint) if parts.is_whole else None


@dataclass
class Parts:
    """An image that is asked about in windows, with the answers that have come."""

    image: StoredImage
    windows: tuple[WindowPx, ...]
    answers: dict[WindowPx, Prediction] = field(default_factory=dict)
    first_reply: WireReply | None = field(default=None, repr=False)
    took_ms: list[float] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether all windows are answered."""
        return len(self.answers) == len(self.windows)

    @property
    def latency_ms(self) -> float:
        """The mean of a question."""
        return sum(self.took_ms) / max(1, len(self.took_ms))

    def take(self, endpoint: Endpoint, question: AgentQuestion) -> None:
        """Take the answer about one window; raise ``CallFailed`` with its place."""
        window = sent_input(question).window
        assert window is not None
        try:
            self.answers[window], reply = _read(endpoint, question)
        except CallFailed as error:
            raise placed(error, window) from error
        if window == self.windows[0]:
            self.first_reply = reply
        self.took_ms.append(question.latency_ms or 0.0)

    def joined(self, endpoint: Endpoint) -> Prediction:
        """Return one answer of those of all windows."""
        return joined([(window, self.answers[window]) for window in self.windows], self.image, endpoint.card.options)


def _inputs(endpoint: Endpoint, image: StoredImage, windows: Sequence[WindowPx]) -> Iterator[ModelInput]:
    for window in windows or (None,):
        yield model_input(image, form="address", options=endpoint.card.options, window=window)


def ask_agent(endpoint: Endpoint, sent: ModelInput, *, within_s: float) -> Answer:
    """Ask about one image for somebody who waits, before any run's questions; raise ``CallFailed``.

    A picture that belongs to no campaign comes with its bytes: it has no address.
    """
    if len(sent.content) > LARGEST_PICTURE_BYTES:
        raise CallFailed("unsendable", "The picture is too large to be handed to an agent. Send one of at most 32 MiB.")
    with closing(_settled(endpoint, [sent], within_s=within_s)) as answered:
        question = next(answered)
        prediction, reply = _read(endpoint, question)
        return Answer(prediction, question.latency_ms or 0.0, question.claims, reply)


def ask_agent_about(endpoint: Endpoint, image: StoredImage, *, within_s: float) -> Answer | Joined:
    """Ask about an image of a campaign, in windows where the model's options say so; raise ``CallFailed``."""
    windows = windows_for(image, endpoint.card.options)
    if not windows:
        return ask_agent(endpoint, model_input(image, form="address", options=endpoint.card.options), within_s=within_s)
    parts = Parts(image, windows)
    with closing(_settled(endpoint, list(_inputs(endpoint, image, windows)), within_s=within_s)) as answered:
        for question in answered:
            parts.take(endpoint, question)
    assert parts.first_reply is not None
    return Joined(parts.joined(endpoint), parts.latency_ms, parts.first_reply)


def _settled(endpoint: Endpoint, inputs: Sequence[ModelInput], *, within_s: float) -> Generator[AgentQuestion, None, None]:
    """Put questions for somebody who waits, and give each as it is settled; raise ``CallFailed`` when the time is over."""
    if not has_agent(endpoint.model_id):
        raise CallFailed("no_agent", f"{NO_AGENT} Start winnow-agent beside it.")
    asker, kind, version = uuid.uuid4().hex, QuestionKind.INTERACTIVE, endpoint.card.version
    AgentQuestion.objects.bulk_create(_question(endpoint, sent, asker=asker, kind=kind, version=version, for_s=within_s) for sent in inputs)
    mine, left, until = AgentQuestion.objects.filter(asker=asker), len(inputs), time.monotonic() + within_s
    try:
        while time.monotonic() < until:
            for question in mine.filter(state__in=SETTLED).defer("content"):
                yield question
                mine.filter(pk=question.pk).delete()
                left -= 1
            if not left:
                return
            time.sleep(LOOK_EVERY_S)
    finally:
        mine.delete()
    some = f" about {left} of {len(inputs)} windows. Start a run" if len(inputs) > 1 else ""
    raise CallFailed("timeout", f"No agent answered within {within_s:.0f} s{some}.")


def _question(endpoint: Endpoint, sent: ModelInput, *, asker: str, kind: str, version: str, for_s: float = WANTED_FOR_S) -> AgentQuestion:
    about: dict[str, Any] = asdict(sent)
    content, _ = about.pop("content"), about.pop("address")
    return AgentQuestion(
        model_id=endpoint.model_id, model_version=version, image_id=None if content else sent.id, about=about, content=content or None,
        kind=kind, asker=asker, wanted_until=_from_now(for_s),
    )  # fmt: skip


def _from_now(seconds: float) -> Any:
    return timezone.now() + timedelta(seconds=seconds)


def _read(endpoint: Endpoint, question: AgentQuestion) -> tuple[Prediction, WireReply]:
    """Return what an answer says; raise ``CallFailed`` for an error of the agent's, and for what is no sound prediction.

    Of a window the steps on things wait until all of its image are joined.
    """
    if question.state != QuestionState.ANSWERED or question.reply is None:
        silent = question.state == QuestionState.ABANDONED
        raise CallFailed("agent_failed", f"The agent could not answer: {question.error}", silent=silent)
    reply = WireReply(bytes(question.reply), "application/json")
    try:
        sent = sent_input(question)
        found = endpoint.protocol.parse(reply, sent, endpoint.card)
        return found if sent.window else run_thing_steps(found, endpoint.card.options), reply
    except PredictionRejected as error:
        raise CallFailed("rejected", str(error), where=error.where, sample=reply.body) from error
