"""Winnow's three addresses, asked patiently: pauses are kept, and what fails for a moment is tried again."""

from __future__ import annotations

import json
import logging
import random
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

logger = logging.getLogger("winnow_agent")
TRIES = 3
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 60.0
TIMEOUT_S = 60.0
AGAIN = frozenset({429, 500, 502, 503, 504})


class ApiError(Exception):
    """The server refused, or could not be reached. ``status``: 0 without an answer; ``passing``: another try may help."""

    def __init__(self, status: int, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.retry_after_s = retry_after_s
        self.passing = status == 0 or status in AGAIN


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A token goes to the server that it was given for, and nowhere else."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


@dataclass
class Api:
    """A Winnow server, one of its models, and the token of a person who may change that model."""

    url: str
    model: int
    token: str = field(repr=False)
    agent: str
    stop: threading.Event
    dice: Callable[[float, float], float] = random.uniform

    def __post_init__(self) -> None:
        self._opener = urllib.request.build_opener(_NoRedirects())

    def announce(self, version: str, classes: list[str], task: str) -> dict[str, Any]:
        """Say that the agent is there."""
        return self._post("announce", {"version": version, "classes": classes, "task": task})

    def acquire(self, most: int, wait_s: float) -> tuple[dict[str, Any], float]:
        """Return questions, and how long to wait before asking again (s)."""
        answer, headers = self._send(self._address("acquire"), {"agent": self.agent, "most": most, "wait_s": wait_s})
        return json.loads(answer), _seconds(headers.get("Retry-After")) or 0.0

    def complete(self, answers: list[dict[str, Any]]) -> dict[str, Any]:
        """Hand answers in; three tries, so that work that is done is not lost to one bad moment."""
        return self._post("complete", {"answers": answers})

    def image(self, address: str) -> bytes:
        """Fetch an image from the address that a question names, which must be the same server's."""
        url = urljoin(self.url + "/", address)
        if urlsplit(url)[:2] != urlsplit(self.url)[:2]:
            raise ApiError(400, "A question named an image on another server.")
        return self._patiently(lambda: self._send(url, None))[0]

    def pause_s(self, number: int, error: ApiError | None = None) -> float:
        """Return how long to wait before try ``number`` + 1: what the server says, else twice as long each time, spread."""
        if error is not None and error.retry_after_s is not None:
            return min(LONGEST_PAUSE_S, error.retry_after_s) * self.dice(1.0, 1.2)
        return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(number, 10)) * self.dice(0.5, 1.5)

    def _address(self, what: str) -> str:
        return f"{self.url}/api/v1/models/{self.model}/agent/{what}"

    def _post(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        answer, _ = self._patiently(lambda: self._send(self._address(what), {"agent": self.agent, **body}))
        told: dict[str, Any] = json.loads(answer)
        return told

    def _patiently(self, send: Callable[[], tuple[bytes, Any]]) -> tuple[bytes, Any]:
        for number in range(TRIES):
            try:
                return send()
            except ApiError as error:
                if not error.passing or number == TRIES - 1:
                    raise
                self.stop.wait(self.pause_s(number, error))
        raise AssertionError("the last try returns or raises")

    def _send(self, url: str, body: dict[str, Any] | None) -> tuple[bytes, Any]:
        data = None if body is None else json.dumps(body, allow_nan=False).encode()
        headers = {"Accept": "application/json"} if body is None else {"Content-Type": "application/json"}
        if body is not None:
            headers["Authorization"] = f"Bearer {self.token}"  # a lent image needs none
        try:
            with self._opener.open(urllib.request.Request(url, data, headers), timeout=TIMEOUT_S) as answer:
                return answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                raise ApiError(error.code, _detail(error), _seconds(error.headers.get("Retry-After"))) from error
        except (OSError, TimeoutError) as error:
            raise ApiError(0, f"{self.url} cannot be reached: {error}") from error


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read(65536))["detail"])
    except (ValueError, KeyError, TypeError, OSError):
        return f"The server answered with status {error.code}."


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and header.strip().isdecimal() else None
