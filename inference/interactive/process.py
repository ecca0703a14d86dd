"""The process beside the web server that computes outlines. It keeps no state that matters: it may be killed at any time.

Started by ``manage.py serve``, or by hand with ``python -m inference.interactive``; knows nothing of Django and opens no database.
"""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from campaigns.imagery.refusal import Refused
from inference.interactive.wire import FrameError, private_folder, read_frame, send_frame, socket_path

logger = logging.getLogger(__name__)

AT_ONCE: Final = max(2, os.cpu_count() or 2)
MOST_WAITING: Final = 64
STALE: Final = Refused("superseded", "A newer request took the place of this one.")
BUSY: Final = Refused("busy", "Smart labeling is busy; try again in a moment.")


class Desk:
    """Lets a few questions through at a time; of one person's at one image only the newest is still worth answering."""

    def __init__(self, at_once: int = AT_ONCE, most_waiting: int = MOST_WAITING) -> None:
        self._room = threading.Semaphore(at_once)
        self._most_waiting = most_waiting
        self._lock = threading.Lock()
        self._newest: dict[str, int] = {}
        self._number = 0
        self._waiting = 0

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self._room.release()

    def admit(self, asker: str, ends_at: float) -> Desk:
        """Wait for room; leave the returned context to give it back.

        Raises Refused when a newer question of the same asker has come meanwhile, when too many wait, or when it got too late.
        """
        with self._lock:
            if self._waiting >= self._most_waiting:
                raise BUSY
            self._number += 1
            number = self._newest[asker] = self._number
            self._waiting += 1
        let_in = self._room.acquire(timeout=max(0.0, ends_at - time.monotonic()))
        with self._lock:
            self._waiting -= 1
            newest = self._newest.get(asker) == number
            if newest and asker:
                del self._newest[asker]
        if not let_in:
            raise BUSY
        if not newest and asker:
            self._room.release()
            raise STALE
        return self


class Answers(Protocol):
    """Who answers questions; shared by threads."""

    def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer; raise Refused with a sentence for the person."""
        ...


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers every connection in a thread of its own."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, path: Path, make_answerer: Callable[[], Answers], desk: Desk | None = None) -> None:
        self.desk = desk or Desk()
        self._make_answerer = make_answerer
        self._answerer: Answers | None = None
        self._lock = threading.Lock()
        super().__init__(str(path), _Handler)

    @property
    def answerer(self) -> Answers:
        """Who answers: its libraries are loaded with the first question, so that a deployment that never asks pays nothing."""
        with self._lock:
            if self._answerer is None:
                self._answerer = self._make_answerer()
            return self._answerer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over who has gone away meanwhile; note everything else."""
        if not isinstance(sys.exception(), FrameError | ConnectionError | TimeoutError):
            logger.exception("a question could not be answered")


class _Handler(socketserver.BaseRequestHandler):
    server: Server

    def handle(self) -> None:
        """Read one question and answer it."""
        self.request.settimeout(60)
        send_frame(self.request, self._outcome(read_frame(self.request)))

    def _outcome(self, question: Mapping[str, Any]) -> dict[str, Any]:
        if question.get("do") == "ping":
            return {"ok": {"pid": os.getpid()}}
        ends_at = time.monotonic() + float(question.get("within_s", 30.0))
        try:
            with self.server.desk.admit(str(question.get("asker", "")), ends_at):
                return {"ok": self.server.answerer.answer(question)}
        except Refused as refused:
            return {"refused": {"code": refused.code, "detail": refused.detail}}
        except FileNotFoundError:
            return {"refused": {"code": "file_missing", "detail": "The file of this image is gone; restore it from a backup."}}
        except MemoryError:
            return {"refused": {"code": "area_too_large", "detail": "That took more memory than there is. Choose a smaller work area."}}
        except Exception as error:  # supervised work: it is recorded, and the person is told
            logger.exception("a question could not be answered")
            why = f"This could not be answered ({type(error).__name__}). The log of smart labeling says why."
            return {"refused": {"code": "assist_failed", "detail": why}}


def main() -> int:
    """Serve until the process is ended; a second one beside the same data directory ends at once."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    data_dir = Path(os.environ.get("WINNOW_DATA_DIR") or "data").resolve()
    return serve(socket_path(data_dir), lambda: _answerer(data_dir / "embeddings" / "smart-labeling"))


def _answerer(folder: Path) -> Answers:
    from inference.interactive.answers import Answerer  # OpenCV comes with it

    return Answerer(folder)


def serve(path: Path, make_answerer: Callable[[], Answers], desk: Desk | None = None) -> int:
    """Answer questions at a socket until the process is ended; return 1 when another process does so already."""
    private_folder(path.parent)
    with path.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            logger.error("Another process already runs at %s.", path)
            return 1
        path.unlink(missing_ok=True)  # left over from one that was killed
        with Server(path, make_answerer, desk) as server:
            _until_ended(path, server)
        path.unlink(missing_ok=True)
        return 0


def _until_ended(path: Path, server: Server) -> None:
    path.chmod(0o600)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever(poll_interval=0.2)
