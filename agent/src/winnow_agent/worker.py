"""The process that the function runs in: when it crashes or hangs, the agent goes on with a new one."""

from __future__ import annotations

import io
import logging
import multiprocessing
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from PIL import Image

from winnow_agent import FunctionError
from winnow_agent.functions import load_function

logger = logging.getLogger("winnow_agent")
LOADED_WITHIN_S = 600.0
Question = tuple[dict[str, Any], bytes]


@dataclass(frozen=True)
class Setup:
    """What a worker loads."""

    path: Path
    params: Mapping[str, Any] = field(default_factory=dict)
    conf_threshold: float | None = None


@dataclass
class Worker:
    """One process with the function loaded, started when it is needed."""

    setup: Setup
    _process: BaseProcess | None = None
    _pipe: Connection | None = None

    def start(self) -> dict[str, Any]:
        """Load the function, and return {"classes", "task"} that it says of itself; raise FunctionError when it cannot be loaded."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, self.setup), daemon=True)
        self._process.start()
        theirs.close()
        told = self._receive(LOADED_WITHIN_S, "Loading the function")
        if "error" in told:
            self.stop()
            raise FunctionError(told["error"])
        return told

    def answer(self, request: dict[str, Any], image: bytes, within_s: float) -> dict[str, Any]:
        """Return {"reply"} or {"error"}; never raises for what the function does."""
        try:
            if self._process is None or not self._process.is_alive():
                self.start()
            assert self._pipe is not None
            self._pipe.send((request, image))
            return self._receive(within_s, "The function")
        except (FunctionError, OSError) as error:
            self.stop()
            return {"error": str(error) if isinstance(error, FunctionError) else "The function's process ended."}

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.terminate()
            self._process.join(5)
            if self._process.is_alive():
                self._process.kill()
            self._process = None
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None

    def _receive(self, within_s: float, what: str) -> dict[str, Any]:
        assert self._pipe is not None and self._process is not None
        try:
            if not self._pipe.poll(within_s):
                raise FunctionError(f"{what} took more than {within_s:.0f} s.")
            told: dict[str, Any] = self._pipe.recv()
        except EOFError:
            self._process.join(5)
            raise FunctionError(f"{what} ended its process (exit code {self._process.exitcode}).") from None
        return told


def _work(pipe: Connection, setup: Setup) -> None:
    """Answer what comes through the pipe until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the agent ends this process when it has what it waits for
    try:
        function = load_function(setup.path, setup.params, setup.conf_threshold)
    except Exception as error:
        pipe.send({"error": safe_text(error, "Loading the function")})
        return
    pipe.send({"classes": function.classes, "task": function.task})
    while True:
        try:
            request, content = pipe.recv()
        except EOFError:
            return
        told: dict[str, Any]
        try:
            with Image.open(io.BytesIO(content)) as opened:
                picture = opened.convert("RGB")
            told = {"reply": function.answer(picture, request)}
        except Exception as error:
            told = {"error": safe_text(error, "The function")}
        pipe.send(told)


def safe_text(error: Exception, what: str) -> str:
    """Return what the server may know of an error: paths, keys and data in its text stay in this machine's log."""
    if isinstance(error, FunctionError):
        return str(error)[:500]
    logging.getLogger("winnow_agent").error("%s failed", what, exc_info=error)
    return f"{what} failed with {type(error).__name__}. The agent's log has more."
