"""The web server's side: ask the process beside it, wait a little while it starts again, and never for ever."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from campaigns.imagery.refusal import Refused
from inference.interactive.wire import ASSIST, FrameError, read_frame, send_frame, socket_path

ANSWER_WITHIN_S: Final = 25.0
START_WITHIN_S: Final = 6.0
TRY_EVERY_S: Final = 0.1
TRIES: Final = 3
TRY_AGAIN_AFTER_S: Final = 0.3


class AssistUnreachable(Exception):
    """No process answers."""


class AssistTooSlow(Exception):
    """It did not answer in time."""


def ask(
    data_dir: Path,
    question: Mapping[str, Any],
    *,
    process: str = ASSIST,
    within_s: float = ANSWER_WITHIN_S,
    start_within_s: float = START_WITHIN_S,
) -> dict[str, Any]:
    """Return the answer to a question; ``process``: the name of the socket, which says who answers.

    Raises Refused when the question cannot be answered, AssistTooSlow, and AssistUnreachable when there is no such process, or when
    it ended again and again over the same question.
    """
    ends_at = time.monotonic() + within_s
    for tries_left in reversed(range(TRIES)):
        try:
            outcome = _exchange(socket_path(data_dir, process), question, ends_at, start_within_s)
        except FrameError as error:  # it was killed meanwhile, and its supervisor starts it again
            if not tries_left:
                raise AssistUnreachable from error
            time.sleep(TRY_AGAIN_AFTER_S)  # a dying process may still accept connections
            continue
        if "refused" in outcome:
            raise Refused(outcome["refused"]["code"], outcome["refused"]["detail"])
        answer: dict[str, Any] = outcome["ok"]
        return answer
    raise AssertionError


def _exchange(path: Path, question: Mapping[str, Any], ends_at: float, start_within_s: float) -> dict[str, Any]:
    with _connected(path, min(ends_at, time.monotonic() + start_within_s)) as connection:
        try:
            connection.settimeout(max(0.05, ends_at - time.monotonic()))
            send_frame(connection, {**question, "within_s": max(0.0, ends_at - time.monotonic())})
            outcome: dict[str, Any] = read_frame(connection)
            return outcome
        except TimeoutError as error:
            raise AssistTooSlow from error
        except ConnectionError as error:
            raise FrameError(str(error)) from error


def _connected(path: Path, ends_at: float) -> socket.socket:
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(2.0)
            connection.connect(str(path))
            return connection
        except (FileNotFoundError, ConnectionError, BlockingIOError, TimeoutError) as error:
            connection.close()
            if time.monotonic() + TRY_EVERY_S > ends_at:
                raise AssistUnreachable from error
            time.sleep(TRY_EVERY_S)
