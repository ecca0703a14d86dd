"""Ask a model at an address: files are read ahead in threads, and as many questions are in flight as the model takes."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from types import TracebackType
from typing import Self

from django.conf import settings

from campaigns.errors import Conflict
from campaigns.imagery import Refused
from inference.answers import Answer as Kept
from inference.answers import digest
from inference.aside import Asides, Copy, begun
from inference.calling import Answer, CallFailed, Endpoint, Replied, greet, limits_of, read_answer, send_question
from inference.endpoints import egress_policy, endpoint_of
from inference.engine import ByteBudget, Engine, Outcome, Work
from inference.inputs import StoredImage
from inference.joining import windows_for
from inference.pacing import PAUSES_S, Pace
from inference.precedence import Bystander
from inference.sending import check_reachable, renewed, sent_image
from inference.services.beside import WORTH_A_PROCESS, can_fork
from inference.services.failures import Unanswered
from inference.services.planning import Plan
from inference.store import Answered
from inference.tiling import WindowPx
from inference.windowed import ask_in_windows
from inference.wire import ModelInput
from models_registry.egress import EgressClient

logger = logging.getLogger(__name__)

READERS = 4
AHEAD = 8
HELD_BYTES = 512 * 2**20
WORTH_TO_BEGIN = 200
"""From so many images on, processes are begun to read the answers where no copy of this one can: that takes as long as to read these."""
LARGE_REPLY_BYTES = 2**20
LARGE_ANSWER_BYTES = 64 * 1024
LARGE_IMAGES_AT_ONCE = 2
"""Of images asked about in windows so many are begun at once: each keeps the answers about its windows until it has all."""

Asked = tuple[Kept, float]


class RemoteAsker:
    """Answers about images by asking an endpoint over HTTP."""

    def __init__(self, plan: Plan, expected: int) -> None:
        self._plan = plan
        self._endpoint = endpoint_of(plan.model)
        check_reachable(self._endpoint)
        self._concurrency = self._endpoint.card.options.concurrency
        self._asides = Asides()
        self._expected = expected
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="image-reader")
        bystander = Bystander(settings.DATA_DIR, plan.model.pk)
        self._pace = Pace(self._concurrency, yields=bystander, pauses_s=PAUSES_S)
        self._engine: Engine[StoredImage, Asked] = Engine(self._prepare, workers=2 * self._concurrency + AHEAD)

    def __enter__(self) -> Self:
        if self._expected >= WORTH_A_PROCESS and can_fork():
            self._asides.start(Copy)
        elif self._expected >= WORTH_TO_BEGIN:
            self._asides.start(begun)
        self._engine.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._engine.__exit__(kind, error, trace)
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._asides.close()

    @property
    def in_flight(self) -> int:
        """How many images wait for their answer."""
        return self._engine.in_flight

    @property
    def appetite(self) -> int:
        """How many images it wants to have, so that it never waits for the database."""
        return 4 * self._concurrency + 64

    @property
    def waits_for(self) -> str:
        """Why nothing is asked just now, in a sentence; empty when questions are sent."""
        rests_s = math.ceil(self._pace.rests_s)
        if self._pace.is_open:
            return f"The model's server is gone; it is tried again in {rests_s} s." if rests_s else "The model's server is tried again."
        return f"The model's server asked for a pause; it goes on in {rests_s} s." if rests_s > 1 else ""

    def submit(self, images: Sequence[StoredImage]) -> None:
        """Add images to be asked about."""
        self._engine.submit(images)

    def collect(self, *, most: int, within_s: float) -> list[Answered | Unanswered]:
        """Return up to ``most`` outcomes, waiting for them at most ``within_s``."""
        return [_outcome(each) for each in self._engine.collect(most=most, within_s=within_s)]

    async def _prepare(self, stack: AsyncExitStack) -> Work[StoredImage, Asked]:
        policy, limits = egress_policy(), limits_of(self._endpoint.card.options)
        # One client per line: a shared pool looks through all its connections for every request.
        lines: asyncio.LifoQueue[EgressClient] = asyncio.LifoQueue()
        for _ in range(self._concurrency):
            lines.put_nowait(await stack.enter_async_context(EgressClient(policy, limits, connections=1)))
        endpoint = await self._greeted(lines)
        self._asides.tell(self._plan.model.protocol, endpoint.card, self._plan.rules)
        return _Asking(self._plan, endpoint, self._readers, _Lines(lines, self._pace), self._asides).answer

    async def _greeted(self, lines: asyncio.LifoQueue[EgressClient]) -> Endpoint:
        line = await lines.get()
        try:
            return await greet(line, self._endpoint)
        except CallFailed as error:
            raise Conflict(f"The model's server did not take the greeting: {error.reason}", code="greeting_refused") from error
        finally:
            lines.put_nowait(line)


class _Lines:
    """Connections to the endpoint, used at its own pace."""

    def __init__(self, free: asyncio.LifoQueue[EgressClient], pace: Pace) -> None:
        self._free = free
        self._pace = pace

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[EgressClient]:
        """Wait for a line; hold it until the block is left."""
        line = await self._free.get()
        try:
            yield line
        finally:
            self._free.put_nowait(line)

    async def ask(self, line: EgressClient, endpoint: Endpoint, sent: ModelInput) -> Replied:
        """Ask when the pace allows it; again later when the endpoint is gone for a while."""
        while True:
            async with self._pace.turn():
                try:
                    replied = await send_question(line, endpoint, renewed(sent, endpoint), refused=self._pace.refused)
                except CallFailed as error:
                    if error.code == "timeout":
                        self._pace.refused(0.0)
                    if error.code != "unreachable" or not self._pace.lost():
                        raise
                else:
                    self._pace.answered(replied.latency_ms)
                    return replied


class _Asking:
    """The way of one image, inside the engine's thread."""

    def __init__(self, plan: Plan, endpoint: Endpoint, readers: ThreadPoolExecutor, lines: _Lines, asides: Asides) -> None:
        self._plan = plan
        self._endpoint = endpoint
        self._readers = readers
        self._lines = lines
        self._asides = asides
        self._budget = ByteBudget(HELD_BYTES)
        self._large = asyncio.Semaphore(LARGE_IMAGES_AT_ONCE)
        self._reading = asyncio.Lock()

    async def answer(self, image: StoredImage) -> Asked:
        windows = windows_for(image, self._endpoint.card.options)
        if windows:
            return await self._answer_in_windows(image, windows)
        async with self._budget.hold(image.held_bytes):
            sent = await asyncio.get_running_loop().run_in_executor(self._readers, self._read, image)
            async with self._lines.taken() as line:
                replied = await self._lines.ask(line, self._endpoint, sent)
                if len(replied.reply.body) > LARGE_REPLY_BYTES:  # no more of these at once than there are lines
                    return await self._kept(replied, replace(sent, content=b"")), replied.latency_ms
        # The line goes to the next image before this answer is read: what waits for an answer at the other end never
        # waits for our arithmetic.
        return await self._kept(replied, replace(sent, content=b"")), replied.latency_ms

    async def _answer_in_windows(self, image: StoredImage, windows: Sequence[WindowPx]) -> Asked:
        async def ask_window(window: WindowPx) -> Answer:
            share = window[2] * window[3] / (image.width * image.height)
            async with self._budget.hold(int(image.held_bytes * share)):
                sent = await asyncio.get_running_loop().run_in_executor(self._readers, self._read, image, window)
                async with self._lines.taken() as line:
                    replied = await self._lines.ask(line, self._endpoint, sent)
            return await read_answer(self._endpoint, replied, replace(sent, content=b""))

        options = self._endpoint.card.options
        async with self._large:
            joined = await ask_in_windows(image, windows, ask_window, options=options, at_once=options.concurrency)
        kept = await asyncio.to_thread(digest, joined.prediction, self._plan.rules)
        return kept, joined.latency_ms

    async def _kept(self, replied: Replied, asked: ModelInput) -> Kept:
        aside = self._asides.least_busy()
        if aside is not None:
            return await aside.read(replied.reply, asked)
        async with self._reading:
            await asyncio.sleep(0)  # between two answers the sockets have their turn
            return await self._digested(await read_answer(self._endpoint, replied, asked))

    def _read(self, image: StoredImage, window: WindowPx | None = None) -> ModelInput:
        return sent_image(image, self._endpoint, window=window)

    async def _digested(self, answer: Answer) -> Kept:
        if len(answer.reply.body) < LARGE_ANSWER_BYTES:
            return digest(answer.prediction, self._plan.rules)
        return await asyncio.get_running_loop().run_in_executor(self._readers, digest, answer.prediction, self._plan.rules)


def _outcome(outcome: Outcome[StoredImage, Asked]) -> Answered | Unanswered:
    image, error = outcome.job, outcome.error
    if outcome.result is not None:
        answer, latency_ms = outcome.result
        return Answered(image.id, answer, latency_ms)
    if isinstance(error, CallFailed):
        return Unanswered(image.id, error.code, error.reason, silent=error.silent)
    if isinstance(error, Refused) and error.code == "step_failed":
        return Unanswered(image.id, error.code, f"A step before sending cannot be taken: {error.detail}")
    if isinstance(error, Refused | OSError):
        return Unanswered(image.id, "unreadable_image", f"The image could not be read: {error}")
    # A mistake of ours that this answer brings to light: it costs this image, and the rest of the run goes on.
    logger.error("image %s failed", image.id, exc_info=error)
    return Unanswered(image.id, "internal_error", f"Asking about the image failed with {type(error).__name__}: {error}")
