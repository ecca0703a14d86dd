"""The command: ask for work, have the function do it, bring the answers, until a signal says to end."""

from __future__ import annotations

import argparse
import base64
import json
import logging
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from winnow_agent import FunctionError, __version__
from winnow_agent.api import Api, ApiError
from winnow_agent.worker import Setup, Worker

logger = logging.getLogger("winnow_agent")


@dataclass
class Loop:
    """Questions go in, answers go out, one at a time; what a person waits for is asked for after every answer."""

    api: Api
    worker: Worker
    most: int
    wait_s: float
    within_s: float

    def run(self) -> None:
        """Work until ``api.stop`` is set; give back what is not begun."""
        failures = 0
        while not self.api.stop.is_set():
            try:
                told, pause_s = self.api.acquire(self.most, self.wait_s)
            except ApiError as error:
                if not error.passing:
                    raise
                logger.warning("%s", error)
                self.api.stop.wait(self.api.pause_s(failures, error))
                failures += 1
                continue
            failures = 0
            self._work_through(told["questions"])
            if pause_s and not told["questions"]:
                self.api.stop.wait(pause_s)

    def _work_through(self, questions: list[dict[str, Any]]) -> None:
        while questions and not self.api.stop.is_set():
            urgent = self._settle(questions[0]["id"], self._answer(questions.pop(0)))
            if urgent and questions:
                questions[:0] = self._urgent()
        if questions:
            self._complete([{"id": each["id"], "release": True} for each in questions])

    def _urgent(self) -> list[dict[str, Any]]:
        try:
            return list(self.api.acquire(1, 0)[0]["questions"])
        except ApiError as error:
            logger.warning("%s", error)
            return []

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        request = question["request"]
        about = request["image"]
        try:
            b64 = about.pop("b64", None)
            content = base64.b64decode(b64) if b64 is not None else self.api.image(about["address"])
        except ApiError as error:
            return {"error": f"The image could not be fetched: {error}"[:500]}
        return _sendable(self.worker.answer(request, content, self.within_s))

    def _settle(self, number: int, answer: dict[str, Any]) -> bool:
        told = self._complete([{"id": number, **answer}])
        return bool(told.get("urgent"))

    def _complete(self, answers: list[dict[str, Any]]) -> dict[str, Any]:
        try:
            told = self.api.complete(answers)
        except ApiError as error:
            # The question becomes free again when its lease ends.
            logger.error("The answers to %s were not taken: %s", [each["id"] for each in answers], error)
            return {}
        if told["late"]:
            logger.warning("Too late: %s were no longer this agent's.", told["late"])
        return told


def _sendable(answer: dict[str, Any]) -> dict[str, Any]:
    try:
        json.dumps(answer, allow_nan=False)
    except (TypeError, ValueError):
        return {"error": "The function returned what JSON cannot hold: not a number, or an object of its own."}
    return answer


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the agent; return the exit status."""
    given = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    worker = Worker(Setup(given.function.resolve(), dict(given.param), given.conf_threshold))
    try:
        api = Api(_checked_url(given.url), given.model, given.token_file.read_text().strip(), given.name, stop)
        told = worker.start()
        model = api.announce(f"winnow-agent {__version__}", told["classes"], told["task"])
        logger.info("Answering for %s %s as %s.", model["name"], model["version"], given.name)
        for warning in model["warnings"]:
            logger.warning("%s", warning)
        Loop(api, worker, given.most, given.wait_s, given.timeout_s).run()
    except (ApiError, FunctionError, OSError, ValueError) as error:
        print(f"winnow-agent: {error}", file=sys.stderr)
        return 1
    finally:
        worker.stop()
    logger.info("Ended.")
    return 0


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("--url is the address of Winnow, for example https://label.example.org.")
    return url.rstrip("/")


def _param(text: str) -> tuple[str, Any]:
    """Read NAME=VALUE, or NAME=TYPE:VALUE with int, float, bool or str."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError("is NAME=VALUE, or NAME=TYPE:VALUE")
    kind, colon, rest = value.partition(":")
    kinds: dict[str, Any] = {"int": int, "float": float, "str": str, "bool": lambda word: word.lower() in ("1", "true", "yes")}
    return (name, kinds[kind](rest)) if colon and kind in kinds else (name, value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="winnow-agent", description="Runs beside a model and fetches its work from Winnow.")
    parser.add_argument("--url", required=True, help="address of Winnow, for example https://label.example.org")
    parser.add_argument("--model", required=True, type=int, help="the model's number in Winnow")
    parser.add_argument("--token-file", required=True, type=Path, help="file with an API token of yours")
    parser.add_argument("--function", required=True, type=Path, help="Python file: predict(image, request), or a CVAT function")
    parser.add_argument("-p", "--param", action="append", default=[], type=_param, help="NAME=TYPE:VALUE for the file's create()")
    parser.add_argument("--conf-threshold", type=float, help="leave out what the function is less sure of, 0 to 1")
    parser.add_argument("--name", default=f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(2)}", help="shown in Winnow")
    parser.add_argument("--most", type=int, default=4, help="questions taken at a time")
    parser.add_argument("--wait-s", type=float, default=8.0, help="how long a request waits, and an end may take, at most 25")
    parser.add_argument("--timeout-s", type=float, default=300.0, help="how long the function may take for one image")
    parser.add_argument("--version", action="version", version=__version__)
    return parser
