"""Ask an ensemble: its members answer first, each at its own speed and each kept as its own; then they vote."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from django.db import IntegrityError

from campaigns.models import Image
from inference.answers import digest
from inference.inputs import StoredImage
from inference.models import Prediction
from inference.schema import PredictionRejected
from inference.services.asker import Asker
from inference.services.ensembles import Ensemble, Member, load_ensemble
from inference.services.failures import NOT_THE_MODELS, Unanswered
from inference.services.planning import Plan
from inference.store import Answered, Source, keep_answers, load_prediction, missing
from models_registry.models import CallKind, RegisteredModel
from models_registry.services.calls import Call, CallRecorder

Factory = Callable[[Plan, int], AbstractContextManager[Asker]]


@dataclass
class _Line:
    """A member and who asks it."""

    member: Member
    asker: Asker
    calls: CallRecorder

    @property
    def source(self) -> Source:
        return Source(self.member.model.pk, self.member.model.version)


@dataclass
class _Waiting:
    """An image and how many members still have to answer about it."""

    left: int
    settled: bool = False


@dataclass
class EnsembleAsker:
    """Answers about images by what the members say; those that have said it before are not asked again."""

    plan: Plan
    expected: int
    factory: Factory
    _stack: ExitStack = field(default_factory=ExitStack)
    _lines: list[_Line] = field(default_factory=list)
    _waiting: dict[int, _Waiting] = field(default_factory=dict)
    _ready: deque[int] = field(default_factory=deque)

    def __enter__(self) -> Self:
        self._ensemble: Ensemble = load_ensemble(self.plan.model)
        with ExitStack() as entering:
            for member in self._ensemble.members:
                asker = entering.enter_context(self.factory(Plan(member.model, None), self.expected))
                calls = entering.enter_context(closing(CallRecorder(member.model.pk, CallKind.RUN)))
                self._lines.append(_Line(member, asker, calls))
            self._stack = entering.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, trace)

    @property
    def in_flight(self) -> int:
        """How many images wait for the vote."""
        return len(self._waiting)

    @property
    def appetite(self) -> int:
        """As many as the member that wants the fewest."""
        return min(line.asker.appetite for line in self._lines)

    @property
    def waits_for(self) -> str:
        """Which member keeps the others waiting, and why."""
        return next((f"{line.member.model.name}: {line.asker.waits_for}" for line in self._lines if line.asker.waits_for), "")

    def submit(self, images: Sequence[StoredImage]) -> None:
        """Have the members asked that have not answered yet."""
        self._waiting.update({image.id: _Waiting(0) for image in images})
        for line in self._lines:
            wanted = set(missing([image.id for image in images], line.source))
            asked = [image for image in images if image.id in wanted]
            for image in asked:
                self._waiting[image.id].left += 1
            if asked:
                line.asker.submit(asked)
        self._ready.extend(image.id for image in images if not self._waiting[image.id].left)

    def collect(self, *, most: int, within_s: float) -> list[Answered | Unanswered]:
        """Take what the members answered meanwhile, and return the votes that are complete."""
        failures: list[Answered | Unanswered] = []
        until = time.monotonic() + within_s
        while not self._ready and not failures:
            asked = [line for line in self._lines if line.asker.in_flight]
            if not asked:
                break
            for line in asked:
                failures += self._taken(line, line.asker.collect(most=most, within_s=within_s / len(self._lines)))
            if time.monotonic() >= until:
                break
        chosen = [self._ready.popleft() for _ in range(min(most, len(self._ready)))]
        return failures + self._votes(chosen)

    def _taken(self, line: _Line, outcomes: Sequence[Answered | Unanswered]) -> list[Unanswered]:
        """Keep a member's answers as its own; an image that a member cannot answer about gets no vote."""
        answered = [each for each in outcomes if isinstance(each, Answered)]
        _keep(line, answered)
        failures = []
        for each in outcomes:
            if isinstance(each, Unanswered):
                if each.code not in NOT_THE_MODELS:
                    line.calls.add([Call(each.latency_ms, each.code, each.reason)])
                failures += self._failed(line, each)
                continue
            line.calls.add([Call(each.latency_ms)])
            waiting = self._waiting.get(each.image_id)
            if waiting is not None:
                waiting.left -= 1
                if not waiting.left:
                    self._ready.append(each.image_id)
        return failures

    def _failed(self, line: _Line, each: Unanswered) -> list[Unanswered]:
        if self._waiting.pop(each.image_id, None) is None:  # another member failed before
            return []
        return [Unanswered(each.image_id, each.code, f"{line.member.model.name}: {each.reason}", each.silent, each.latency_ms)]

    def _votes(self, images: Sequence[int]) -> list[Answered | Unanswered]:
        answers: dict[int, dict[int, Prediction]] = {image: {} for image in images}
        for line in self._lines:
            for row in Prediction.objects.filter(image__in=images, model=line.member.model, model_version=line.source.version).order_by():
                answers[row.image_id][row.model_id] = row
        outcomes: list[Answered | Unanswered] = []
        for image, rows in answers.items():
            self._waiting.pop(image, None)
            if len(rows) < len(self._lines):
                outcomes.append(Unanswered(image, "member_answer_gone", "A member's answer was removed before the vote. Run again."))
                continue
            outcomes.append(self._vote(image, rows))
        return outcomes

    def _vote(self, image: int, rows: dict[int, Prediction]) -> Answered | Unanswered:
        try:
            prediction = self._ensemble.combine({model: load_prediction(row) for model, row in rows.items()})
        except (PredictionRejected, OSError) as error:
            return Unanswered(image, "rejected", f"The members' answers cannot be put together: {error}")
        slowest = max((row.latency_ms for row in rows.values() if row.latency_ms is not None), default=None)
        return Answered(image, digest(prediction, self.plan.rules), slowest)


def _keep(line: _Line, answered: list[Answered]) -> None:
    try:
        keep_answers(source=line.source, answered=answered)
    except IntegrityError:  # an image was deleted meanwhile, or the member itself
        if not RegisteredModel.objects.filter(pk=line.member.model.pk).exists():
            raise
        there = set(Image.objects.filter(pk__in=[each.image_id for each in answered]).values_list("pk", flat=True))
        keep_answers(source=line.source, answered=[each for each in answered if each.image_id in there])
