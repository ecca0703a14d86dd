"""What a person chose for herself, wherever she signs in: one small document, checked before it is kept.

{"keys": {"submit": ["Ctrl+Enter"]}, "palette": "okabe-ito", "label_order": "smart", "view": {"label_names": true},
 "view_times": {"label_names": 1764288000000}}

``view_times`` says when an option was chosen, in milliseconds since 1970: of two browsers, the later choice stays.
"""

from __future__ import annotations

import math
from typing import Any, Final

import orjson

from campaigns.errors import InvalidInput, TooLarge
from campaigns.keymaps import checked_keys

MAX_BYTES: Final = 64 * 1024
MAX_OPTIONS: Final = 200
MAX_TEXT: Final = 200
LATEST_MS: Final = 2**53 - 1  # what JavaScript counts exactly
CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "palette": ("campaign", "okabe-ito", "tol-bright", "tol-muted", "high-contrast"),
    "label_order": ("smart", "campaign"),
}


def checked_preferences(document: Any) -> dict[str, Any]:
    """Return the document as it is kept; raises InvalidInput or TooLarge."""
    if not isinstance(document, dict):
        raise InvalidInput("Preferences are an object.", code="invalid_preferences")
    if len(orjson.dumps(document)) > MAX_BYTES:
        raise TooLarge(f"Preferences have at most {MAX_BYTES // 1024} KiB.")
    names = {"keys", "view", "view_times", *CHOICES}
    unknown = sorted(set(document) - names)
    if unknown:
        known = ", ".join(sorted(names))
        raise InvalidInput(f"Preferences have no {unknown[0]!r}. Known: {known}.", code="invalid_preferences")
    checked: dict[str, Any] = {}
    if "keys" in document:
        checked["keys"] = checked_keys(document["keys"], "keys")
    if "view" in document:
        checked["view"] = _options(document["view"], "view")
    if "view_times" in document:
        checked["view_times"] = _times(document["view_times"], checked.get("view", {}))
    for name, allowed in CHOICES.items():
        if name in document:
            checked[name] = _one_of(document[name], allowed, name)
    return checked


def _one_of(value: Any, allowed: tuple[str, ...], where: str) -> str:
    if value not in allowed:
        message = f"{where} is one of {', '.join(allowed)}."
        raise InvalidInput(message, code="invalid_preferences", errors=[{"field": where, "detail": message}])
    return str(value)


def _options(value: Any, where: str) -> dict[str, str | float | bool]:
    """Return switches, numbers and short texts by name; the page knows what they mean."""
    if not isinstance(value, dict) or len(value) > MAX_OPTIONS:
        raise InvalidInput(f"{where} is an object of at most {MAX_OPTIONS} options.", code="invalid_preferences")
    wrong = [name for name, option in value.items() if not 0 < len(name) <= 100 or not _is_option(option)]
    if wrong:
        message = f"{where}.{wrong[0]}"[:120] + f" is true, false, a finite number or a text of at most {MAX_TEXT} characters."
        raise InvalidInput(message, code="invalid_preferences")
    return value


def _times(value: Any, options: dict[str, Any]) -> dict[str, int]:
    if not isinstance(value, dict) or set(value) - set(options):
        raise InvalidInput("view_times is an object of moments, each of an option in view.", code="invalid_preferences")
    wrong = [
        name for name, moment in value.items() if isinstance(moment, bool) or not isinstance(moment, int) or not 0 <= moment <= LATEST_MS
    ]
    if wrong:
        message = f"view_times.{wrong[0]}"[:120] + " is a moment in whole milliseconds since 1970."
        raise InvalidInput(message, code="invalid_preferences")
    return value


def _is_option(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_TEXT
    return isinstance(value, bool) or (isinstance(value, int | float) and math.isfinite(value))
