"""Failures of many images by what they have in common: reasons that differ only in numbers and quoted words are one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 500
"""Reasons that begin alike for so many characters are one."""
_VARIES: Final = re.compile(r'"[^"]*"|[0-9]+(?:[.][0-9]+)?')
_QUOTED, _NUMBER = '"[^"]*"', "[0-9]+([.][0-9]+)?"


@dataclass(frozen=True, slots=True)
class Group:
    """Images that failed for one reason: how many, and the reason of one of them."""

    code: str
    count: int
    example: str


def grouped(rows: Iterable[tuple[str, str, int]]) -> list[Group]:
    """Join (code, reason, count) rows whose reasons differ in numbers and quoted words alone; the commonest come first."""
    found: dict[tuple[str, str], Group] = {}
    for code, reason, count in rows:
        key = (code, pattern_of(reason))
        before = found.get(key)
        found[key] = Group(code, count, reason) if before is None else Group(code, before.count + count, min(before.example, reason))
    return sorted(found.values(), key=lambda group: (-group.count, group.code, group.example))


def pattern_of(reason: str) -> str:
    """Return a regular expression that matches the reasons of one group, in words that databases know."""
    closed = "$" if len(reason) <= LONGEST else ""
    reason = reason[:LONGEST]
    parts: list[str] = []
    end = 0
    for match in _VARIES.finditer(reason):
        parts += [_literal(reason[end : match.start()]), _QUOTED if match[0].startswith('"') else _NUMBER]
        end = match.end()
    return f"^{''.join(parts)}{_literal(reason[end:])}{closed}"


def _literal(text: str) -> str:
    return re.sub(r"([\\^$.|?*+()\[\]{}])", r"\\\1", text)
