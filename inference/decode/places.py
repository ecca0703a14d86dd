"""Where in a JSON text a value stands: from ``items[3].box[2]`` to the characters that hold it. Pure.

Reads the text itself, because a parser forgets where it read. Made for one answer that a person looks at.
"""

from __future__ import annotations

import re
from typing import Final

import orjson

_STEP: Final = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_TEXT: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BARE: Final = re.compile(r"[^\s,:\[\]{}\"]+")
_MARK: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)

Span = tuple[int, int]


class _Lost(Exception):
    """The text is no JSON from here on, or there is no such place."""


def span_of(text: str, where: str) -> Span | None:
    """Return (start, end) of the value at a place; of the nearest thing around it that is there, when it is missing.

    None where the text is no JSON at all. "" is the whole value.
    """
    steps: list[str | int] = [int(number) if number else name for name, number in _STEP.findall(where)]
    at = _space(text, 0)
    try:
        span = (at, _end(text, at))
    except _Lost:
        return None
    for step in steps:
        try:
            at = _child(text, span[0], step)
            span = (at, _end(text, at))
        except _Lost:
            break
    return span


def position_of(text: str, line: int, column: int) -> int:
    """Return the offset of a line and a column, both counted from 1, as parsers tell where they stopped."""
    lines = text.split("\n")
    return min(len(text), sum(len(each) + 1 for each in lines[: line - 1]) + column - 1)


def _child(text: str, at: int, step: str | int) -> int:
    """Return where the value of a member or an element begins."""
    opening = text[at : at + 1]
    if opening not in ("{" if isinstance(step, str) else "["):
        raise _Lost
    at, number = _space(text, at + 1), 0
    while text[at : at + 1] not in ("", "}", "]"):
        name: str | int = number
        if opening == "{":
            end = _string(text, at)
            name, at = _unquoted(text[at:end]), _space(text, end)
            at = _space(text, _expect(text, at, ":"))
        if name == step:
            return at
        at = _space(text, _end(text, at))
        at, number = _space(text, at + 1) if text[at : at + 1] == "," else at, number + 1
    raise _Lost


def _end(text: str, at: int) -> int:
    """Return where the value that begins here ends."""
    first = text[at : at + 1]
    if not first:
        raise _Lost
    if first == '"':
        return _string(text, at)
    if first not in "[{":
        found = _BARE.match(text, at)
        if found is None:
            raise _Lost
        return found.end()
    return _container_end(text, at)


def _container_end(text: str, at: int) -> int:
    """Return where a list or an object ends, by counting brackets outside of texts."""
    depth = 0
    for found in _MARK.finditer(text, at):
        mark = found.group()
        depth += (mark in "[{") - (mark in "]}") if len(mark) == 1 else 0
        if depth == 0:
            return found.end()
    raise _Lost


def _string(text: str, at: int) -> int:
    found = _TEXT.match(text, at)
    if found is None:
        raise _Lost
    return found.end()


def _unquoted(quoted: str) -> str:
    try:
        value = orjson.loads(quoted)
    except orjson.JSONDecodeError as error:
        raise _Lost from error
    return str(value)


def _expect(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        raise _Lost
    return at + 1


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()
