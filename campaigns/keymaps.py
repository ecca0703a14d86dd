"""Keys that people and campaigns choose: ``{"submit": ["Ctrl+Enter"], "label:12": ["W"], "flag": []}``.

A command is named by its id, a label by ``label:`` and its own; an empty list takes all keys away. Which commands
there are, and which keys a browser can give at all, only the page knows: here is checked what may be stored.
"""

from __future__ import annotations

import re
from typing import Any, Final

from campaigns.errors import InvalidInput

MAX_COMMANDS: Final = 2_000
MAX_KEYS: Final = 8
COMMAND: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{0,79}")
# Modifiers in one order, so that one key has one name; then a named key or a single character, the space among them.
KEY: Final = re.compile(r"(?:Ctrl\+)?(?:Shift\+)?(?:Alt\+)?(?:[A-Z][A-Za-z0-9]{1,20}|[^\W\d_a-z]|[^\sA-Za-z]| )")


def checked_keys(document: Any, where: str) -> dict[str, list[str]]:
    """Return keys by command; raises InvalidInput that names the place at fault."""
    if not isinstance(document, dict) or len(document) > MAX_COMMANDS:
        raise InvalidInput(f"{where} is an object of at most {MAX_COMMANDS} commands, each with a list of keys.", code="invalid_keys")
    return {_command(name, where): _keys(keys, f"{where}.{name}"[:120]) for name, keys in document.items()}


def _command(name: Any, where: str) -> str:
    if not isinstance(name, str) or not COMMAND.fullmatch(name):
        raise InvalidInput(f"{where}: {str(name)[:80]!r} cannot be the name of a command.", code="invalid_keys")
    return name


def _keys(keys: Any, where: str) -> list[str]:
    if not isinstance(keys, list) or len(keys) > MAX_KEYS or not all(isinstance(key, str) and KEY.fullmatch(key) for key in keys):
        message = f'{where} is a list of at most {MAX_KEYS} keys, such as "N", "Ctrl+Shift+Z" or "PageUp".'
        raise InvalidInput(message, code="invalid_keys", errors=[{"field": where, "detail": "unknown key"}])
    if len(set(keys)) != len(keys):
        raise InvalidInput(f"{where} names a key twice.", code="invalid_keys", errors=[{"field": where, "detail": "twice"}])
    return keys
