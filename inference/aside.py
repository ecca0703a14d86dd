"""Read answers in processes beside this one: arithmetic and a stranger's bytes there, sockets and the database here.

Python computes on one core at a time, and an answer of twenty outlines costs as much to read as to fetch. The
processes run ``inference.reading``, over pipes; one ends by itself when its pipes close, so it never outlives a
killed run. An answer that takes more memory than there is ends its process alone, and costs its own image.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Protocol

from inference.answers import Answer
from inference.calling import CallFailed
from inference.prefill import DraftRules
from inference.reading import LOST, Outcome, Question, serve_copy
from inference.wire import ModelCard, ModelInput, WireReply

BATCH = 16
ALONE_BYTES = 256 * 1024
"""A reply from this size on travels alone: what ends the process then costs no other image."""
MOST_PROCESSES = 4
ROOT = Path(__file__).resolve().parent.parent


class Process(Protocol):
    """A process that reads answers, and the pipes to it."""

    pid: int
    stdin: IO[bytes] | None
    stdout: IO[bytes] | None

    def kill(self) -> None:
        """End it."""
        ...

    def wait(self) -> int:
        """Wait for its end."""
        ...


class Copy:
    """A process that began as a copy of this one, which had a single thread; there at once."""

    def __init__(self) -> None:
        questions, answers = os.pipe(), os.pipe()
        self._process = multiprocessing.get_context("fork").Process(
            target=serve_copy, args=(questions[0], answers[1], (questions[1], answers[0])), daemon=True
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid
        os.close(questions[0])
        os.close(answers[1])
        self.stdin: IO[bytes] | None = os.fdopen(questions[1], "wb")
        self.stdout: IO[bytes] | None = os.fdopen(answers[0], "rb")

    def kill(self) -> None:
        """End it."""
        self._process.kill()

    def wait(self) -> int:
        """Wait for its end."""
        self._process.join()
        return self._process.exitcode or 0


def begun() -> subprocess.Popen[bytes]:
    """Begin a process of its own, which takes half a second."""
    command = [sys.executable, "-c", "from inference.reading import main; main()"]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


class Asides:
    """The other processes: none until ``start``, since a few answers are read sooner here."""

    def __init__(self) -> None:
        self._readers: list[AsideReader] = []

    def start(self, begin: Callable[[], Process]) -> None:
        """Start one for each core but one: ``Copy`` or ``begun``."""
        processes = [begin() for _ in range(min(MOST_PROCESSES, (os.cpu_count() or 1) - 1))]
        self._readers = [AsideReader(process) for process in processes]

    def tell(self, protocol: str, card: ModelCard, rules: DraftRules | None) -> None:
        """Say how answers are read."""
        for reader in self._readers:
            reader.tell(protocol, card, rules)

    def least_busy(self) -> AsideReader | None:
        """Return the one with the fewest answers waiting; None when none is ready."""
        ready = [reader for reader in self._readers if reader.ready]
        return min(ready, key=lambda reader: reader.load) if ready else None

    def close(self) -> None:
        """End them."""
        for reader in self._readers:
            reader.close()


class AsideReader:
    """The other process, seen from the engine's loop."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="answer-reader")
        self._greeting: Future[Any] | None = None
        self._waiting: deque[tuple[Question, asyncio.Future[Outcome]]] = deque()
        self._busy = False
        self._gone = False

    def tell(self, protocol: str, card: ModelCard, rules: DraftRules | None) -> None:
        """Say how answers are read; before that it is not ready."""
        self._greeting = self._thread.submit(self._exchange, (protocol, card, rules))

    @property
    def ready(self) -> bool:
        """Whether it has started and still lives."""
        greeting = self._greeting
        return not self._gone and greeting is not None and greeting.done() and greeting.exception() is None

    @property
    def load(self) -> int:
        """How many replies wait for it."""
        return len(self._waiting) + BATCH * self._busy

    async def read(self, reply: WireReply, image: ModelInput) -> Answer:
        """Return what is kept of a reply; raise ``CallFailed`` when it is refused."""
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append(((reply, image), outcome))
        self._send()
        kept = await outcome
        if isinstance(kept, Answer):
            return kept
        code, where, reason = kept
        raise CallFailed(code, reason, where=where)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._thread.shutdown(wait=True, cancel_futures=True)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # what was still to be sent went with the process
                    pipe.close()

    def _send(self) -> None:
        if self._busy or not self._waiting:
            return
        batch = [self._waiting.popleft()]
        while self._waiting and len(batch) < BATCH and len(batch[-1][0][0].body) < ALONE_BYTES > len(self._waiting[0][0][0].body):
            batch.append(self._waiting.popleft())
        self._busy = True
        task = asyncio.get_running_loop().run_in_executor(self._thread, self._exchange, [question for question, _ in batch])
        task.add_done_callback(lambda done: self._landed([outcome for _, outcome in batch], done))

    def _landed(self, outcomes: list[asyncio.Future[Outcome]], done: asyncio.Future[Any]) -> None:
        self._busy = False
        if done.cancelled():
            return
        self._gone = self._gone or done.exception() is not None
        kept: list[Outcome] = [LOST] * len(outcomes) if done.exception() is not None else done.result()
        for outcome, value in zip(outcomes, kept, strict=True):
            if not outcome.done():
                outcome.set_result(value)
        self._send()

    def _exchange(self, message: object) -> Any:
        """Send a message and wait for its answer, in the thread that belongs to the pipes."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump(message, self._process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
        self._process.stdin.flush()
        return pickle.load(self._process.stdout)
