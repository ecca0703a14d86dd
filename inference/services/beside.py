"""Let somebody ask in a process beside this one, so that its sockets never wait while this one writes rows.

Python computes on one core at a time: sixteen questions in flight and a database in one process hold each other up, and a
slot at the endpoint stays empty for as long as a batch is written. The other process begins as a copy of this one (a fork), so
it is there at once; that is safe only while this one has a single thread. Questions and outcomes travel over a socket pair,
and the other process ends when that closes, so it never outlives a killed run.
"""

from __future__ import annotations

import gc
import multiprocessing
import pickle
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Final, Self

from campaigns.errors import Conflict
from inference.inputs import StoredImage
from inference.services.asker import Asker
from inference.services.failures import Unanswered
from inference.store import Answered

WORTH_A_PROCESS: Final = 32
"""For fewer images the questions are asked in this process."""
LOOK_EVERY_S: Final = 0.03
"""So long outcomes are gathered before they are sent on."""
Outcomes = list[Answered | Unanswered]


def can_fork() -> bool:
    """Say whether a copy of this process can live: of several threads only one goes along, and the others' locks with it."""
    return sys.platform == "linux" and threading.active_count() == 1


class AskerBeside:
    """The other process, seen from here; it asks as ``asker`` would, which is not to be used here as well."""

    def __init__(self, asker: AbstractContextManager[Asker], appetite: int) -> None:
        self._asker = asker
        self.appetite = appetite
        self.in_flight = 0
        self.waits_for = ""
        self._held: deque[Answered | Unanswered] = deque()
        self._line: Connection
        self._process: multiprocessing.process.BaseProcess

    def __enter__(self) -> Self:
        self._line, far = multiprocessing.Pipe()
        gc.freeze()  # what both share stays shared: no collector walks through it
        self._process = multiprocessing.get_context("fork").Process(target=_serve, args=(self._asker, self._line, far))
        self._process.start()
        gc.unfreeze()
        far.close()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._line.close()
        self._process.kill()
        self._process.join()
        self._process.close()

    def submit(self, images: Sequence[StoredImage]) -> None:
        """Add images to be asked about."""
        self.in_flight += len(images)
        try:
            self._line.send(list(images))
        except OSError as error:
            raise self._gone() from error

    def collect(self, *, most: int, within_s: float) -> Outcomes:
        """Return up to ``most`` outcomes, waiting for them at most ``within_s``."""
        ends_at = time.monotonic() + within_s
        while len(self._held) < min(most, self.in_flight) and self._hear(ends_at):
            pass
        taken = [self._held.popleft() for _ in range(min(most, len(self._held)))]
        self.in_flight -= len(taken)
        return taken

    def _hear(self, ends_at: float) -> bool:
        try:
            if not self._line.poll(max(0.0, ends_at - time.monotonic())):
                return False
            said = self._line.recv()
        except (EOFError, OSError) as error:
            raise self._gone() from error
        if isinstance(said, BaseException):
            raise said
        outcomes, self.waits_for = said
        self._held += outcomes
        return True

    def _gone(self) -> Conflict:
        self._process.join(timeout=1.0)
        return Conflict(
            f"The process that asked the model ended ({self._process.exitcode}); it may have run out of memory. "
            "What was answered is kept; try again for the rest.",
            code="asker_ended",
        )


def _serve(asker: AbstractContextManager[Asker], near: Connection, line: Connection) -> None:
    """Ask what comes over the line, and send back what comes of it, until it closes."""
    near.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches everybody at the terminal; who began this ends it
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with asker as asking:
            said = ""
            while True:
                if line.poll(LOOK_EVERY_S):
                    asking.submit(line.recv())
                outcomes = asking.collect(most=asking.in_flight, within_s=0.0)
                if outcomes or asking.waits_for != said:
                    said = asking.waits_for
                    line.send((outcomes, said))
    except (EOFError, ConnectionError):
        pass  # nobody listens any more
    except BaseException as error:
        line.send(_portable(error))


def _portable(error: BaseException) -> BaseException:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # an exception of any kind, whose arguments are not what it was made of
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
