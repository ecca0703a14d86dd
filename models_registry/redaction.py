"""Keep secrets out of logs: what looks like one is blotted, and so is every secret that this process has used.

Knows no Django: the settings name ``RedactingFormatter``. It works on the finished line, tracebacks included, so no
library can write a credential past it.
"""

from __future__ import annotations

import logging
import re
from threading import Lock
from typing import Final

BLOT: Final = "[secret]"
SHORTEST: Final = 6
"""A shorter text could stand in any line by chance."""
MOST_REMEMBERED: Final = 1000

_NAMES = r"(?:proxy-)?authorization|x-api-key|x-auth-token|api[_-]?key|(?:access|auth)[_-]?token|secret|password|passwd|token"
_PATTERNS: Final = (
    # Header: value, "name": "value", name=value; a scheme such as Bearer goes with it.
    (
        re.compile(
            rf"(?i)((?:{_NAMES})(?:[\"']?\s*[:=]|[\"']\s*,)\s*(?:b(?=[\"']))?[\"']?)(?:(?:bearer|basic|token)\s+)?[^\s\"',;&}}\])]+"
        ),
        rf"\1{BLOT}",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}"), rf"\1 {BLOT}"),
    (re.compile(r"(?i)([a-z][a-z0-9+.-]*://)[^/\s:@]+:[^/\s@]+@"), rf"\1{BLOT}@"),
    (re.compile(r"v1:gAAAA[A-Za-z0-9_=-]+"), BLOT),  # what models_registry.secrets stores
)
_known: dict[str, None] = {}
_lock = Lock()


def remember(secret: str) -> None:
    """Blot out this text in every line from now on."""
    if len(secret) < SHORTEST:
        return
    with _lock:
        _known.pop(secret, None)
        _known[secret] = None
        while len(_known) > MOST_REMEMBERED:
            del _known[next(iter(_known))]


def redacted(text: str) -> str:
    """Return the text without secrets."""
    with _lock:
        known = sorted(_known, key=len, reverse=True)
    for secret in known:
        text = text.replace(secret, BLOT)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


class RedactingFormatter(logging.Formatter):
    """Formats as ever, and blots out secrets last."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without secrets."""
        return redacted(super().format(record))
