"""Connections to models that a person is working with, kept open between two clicks.

A click is answered within a fraction of a second only when no connection has to be made for it and no greeting said.
So each process keeps one thread with an event loop, where clients live; the threads that serve requests hand their
questions over and wait.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as WaitedTooLong
from dataclasses import dataclass
from typing import Final, TypeVar

from inference.calling import Endpoint, greet, limits_of
from models_registry.egress import EgressClient, EgressPolicy

Result = TypeVar("Result")
Work = Callable[[EgressClient, Endpoint], Awaitable[Result]]

KEPT: Final = 32
GREETED_FOR_S: Final = 600.0
CONNECTIONS: Final = 8


@dataclass
class _Line:
    """A model's connections, and the endpoint as it is after the greeting."""

    client: EgressClient
    endpoint: Endpoint
    greeted_at: float | None = None
    users: int = 0


class Switchboard:
    """Asks models from any thread, over connections that stay open."""

    def __init__(self) -> None:
        self._process = 0
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop
        self._lines: OrderedDict[Hashable, _Line]
        self._greeting: asyncio.Lock

    def ask(self, key: Hashable, endpoint: Endpoint, policy: EgressPolicy, work: Work[Result], *, within_s: float) -> Result:
        """Return what ``work`` makes of a model's connection; raise TimeoutError after ``within_s``, and what it raises.

        ``key``: changes when the model does, so that nothing of its earlier address or secret is used again.
        """
        self._start()
        question = self._run((key, policy), endpoint, policy, work, within_s)
        answer: Future[Result] = asyncio.run_coroutine_threadsafe(question, self._loop)
        try:
            return answer.result(within_s + 1.0)
        except WaitedTooLong:
            answer.cancel()
            raise

    def _start(self) -> None:
        with self._starting:
            if self._process == os.getpid():  # after a fork there is no thread, only its memory
                return
            self._lines, self._greeting = OrderedDict(), asyncio.Lock()
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="switchboard", daemon=True).start()
            self._process = os.getpid()

    async def _run(self, key: Hashable, endpoint: Endpoint, policy: EgressPolicy, work: Work[Result], within_s: float) -> Result:
        async with asyncio.timeout(within_s):
            line = self._line(key, endpoint, policy)
            line.users += 1
            try:
                await self._greet(line)
                return await work(line.client, line.endpoint)
            finally:
                line.users -= 1
                await self._close_unused()

    def _line(self, key: Hashable, endpoint: Endpoint, policy: EgressPolicy) -> _Line:
        line = self._lines.get(key)
        if line is None:
            client = EgressClient(policy, limits_of(endpoint.card.options), connections=CONNECTIONS)
            line = self._lines[key] = _Line(client, endpoint)
        self._lines.move_to_end(key)
        return line

    async def _greet(self, line: _Line) -> None:
        async with self._greeting:
            if line.greeted_at is None or time.monotonic() - line.greeted_at > GREETED_FOR_S:
                line.endpoint = await greet(line.client, line.endpoint)
                line.greeted_at = time.monotonic()

    async def _close_unused(self) -> None:
        unused = [key for key, line in self._lines.items() if not line.users]
        for key in unused[: max(0, len(self._lines) - KEPT)]:
            await self._lines.pop(key).client.__aexit__(None, None, None)


SWITCHBOARD: Final = Switchboard()
