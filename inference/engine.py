"""Keep many questions in flight at once, from a thread of its own.

The calling thread keeps the database and the run; the engine's thread keeps the sockets. They meet at two queues, so
neither a slow endpoint nor a slow disk holds up the other. No Django here, and no knowledge of what is asked.
"""

from __future__ import annotations

import asyncio
import queue
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

STOP_WITHIN_S = 10.0
SWITCH_S = 0.0005
"""How long the sockets' thread waits for the interpreter while another computes; at Python's 5 ms sixteen sends take 80."""
Work = Callable[[Job], Awaitable[Result]]


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Job, Result]):
    """What came of one job: a result or an error, never both."""

    job: Job
    result: Result | None
    error: Exception | None


class Engine(Generic[Job, Result]):
    """Run ``workers`` tasks over submitted jobs until closed; closing aborts what is in flight.

    ``prepare(stack)`` is called once, in the engine's thread, and returns the function that does the work; what it
    opens (connections) it registers with the stack, which is closed at the end.
    """

    def __init__(self, prepare: Callable[[AsyncExitStack], Awaitable[Work[Job, Result]]], *, workers: int) -> None:
        self._prepare = prepare
        self._workers = workers
        self._outcomes: queue.SimpleQueue[Outcome[Job, Result] | BaseException] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="inference-engine", daemon=True)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._jobs: asyncio.Queue[Job]
        self._main: asyncio.Task[None] | None = None
        self.in_flight = 0

    def __enter__(self) -> Self:
        self._patience_s = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._main is not None:
            with suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._main.cancel)
        self._thread.join(STOP_WITHIN_S)
        sys.setswitchinterval(self._patience_s)

    def submit(self, jobs: Iterable[Job]) -> None:
        """Add jobs; they are begun in order."""
        batch = list(jobs)
        self.in_flight += len(batch)
        with suppress(RuntimeError):  # the loop has ended by itself; collect() tells why
            self._loop.call_soon_threadsafe(self._put, batch)

    def collect(self, *, most: int, within_s: float) -> list[Outcome[Job, Result]]:
        """Return up to ``most`` outcomes; wait for them at most ``within_s``, not at all when nothing is in flight."""
        taken: list[Outcome[Job, Result]] = []
        ends_at = time.monotonic() + within_s
        while len(taken) < min(most, self.in_flight):
            try:
                outcome = self._outcomes.get(timeout=max(0.0, ends_at - time.monotonic()))
            except queue.Empty:
                break
            if isinstance(outcome, BaseException):
                raise outcome
            taken.append(outcome)
        self.in_flight -= len(taken)
        return taken

    def _put(self, batch: list[Job]) -> None:
        for job in batch:
            self._jobs.put_nowait(job)

    def _serve(self) -> None:
        try:
            asyncio.run(self._run())
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # handed to the calling thread, which is supervised
            self._outcomes.put(_innermost(error))
        finally:
            self._ready.set()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._jobs = asyncio.Queue()
        self._main = asyncio.current_task()
        self._ready.set()
        async with AsyncExitStack() as stack:
            work = await self._prepare(stack)
            async with asyncio.TaskGroup() as group:
                for _ in range(self._workers):
                    group.create_task(self._serve_jobs(work))

    async def _serve_jobs(self, work: Work[Job, Result]) -> None:
        while True:
            job = await self._jobs.get()
            self._outcomes.put(await _attempt(work, job))


async def _attempt(work: Work[Job, Result], job: Job) -> Outcome[Job, Result]:
    try:
        return Outcome(job, await work(job), None)
    except Exception as error:  # every failure belongs to its job; the caller decides what it means
        return Outcome(job, None, error)


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


class ByteBudget:
    """Let so many bytes be held at once; one thing that is larger than all of it is held alone."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._held = 0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def hold(self, size_bytes: int) -> AsyncIterator[None]:
        """Wait until there is room, then hold it."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._held == 0 or self._held + size_bytes <= self._limit)
            self._held += size_bytes
        try:
            yield
        finally:
            async with self._changed:
                self._held -= size_bytes
                self._changed.notify_all()
