"""Untrusted bytes to values: every number, name and list is read through a ``Node`` that knows its place.

``PredictionRejected`` then names the place (``items[3].box[2]``) and what was found there. NaN is refused, never
replaced; what was only awkward (an item outside the image, an unknown kind) is dropped and told.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from inference.schema import PredictionRejected

# A list costs about a hundred bytes of memory and three of a reply.
MAX_CONTAINERS = 1_500_000
MAX_MEMBERS = 10_000
MAX_SHOWN = 60
A_PAGE = "expected JSON, got a page of HTML or XML: does the URL name the model itself?"
NO_NUMBERS = re.compile(r"-?(NaN|Infinity)")
"""What Python's json module writes, and JSON does not know."""


def parse_json(body: bytes) -> Node:
    """Read JSON as its root node. NaN and Infinity are no JSON, and orjson refuses nesting above 1,024 levels."""
    if not body.strip():
        raise PredictionRejected("", "expected JSON, got an empty reply")
    if body.lstrip()[:1] == b"<":
        raise PredictionRejected("", A_PAGE)
    if body.count(b"[") + body.count(b"{") > MAX_CONTAINERS:
        raise PredictionRejected("", f"expected at most {MAX_CONTAINERS:,} lists and objects")
    try:
        return Node(orjson.loads(body), "")
    except orjson.JSONDecodeError as error:
        place = f"(line {error.lineno}, column {error.colno})"
        odd = NO_NUMBERS.match(error.doc, error.pos - error.doc.startswith("-", error.pos - 1))
        if odd is not None:
            raise PredictionRejected("", f"expected a finite number, got {odd[0]} {place}") from error
        raise PredictionRejected("", f"expected JSON: {error.msg} {place}") from error


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON value and where it stands."""

    value: Any
    where: str

    def reject(self, expected: str) -> PredictionRejected:
        """Return the complaint that something else was expected here."""
        return PredictionRejected(self.where, f"expected {expected}, got {shown(self.value)}")

    def number(self) -> float:
        """Return a finite number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or not math.isfinite(self.value):
            raise self.reject("a finite number")
        return float(self.value)

    def whole(self) -> int:
        """Return a whole number of 0 or more."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or not 0 <= self.value < 2**31:
            raise self.reject("a whole number of 0 or more")
        return self.value

    def text(self, limit: int = 500) -> str:
        """Return a text of at most ``limit`` characters."""
        if not isinstance(self.value, str) or len(self.value) > limit:
            raise self.reject("a text" if not isinstance(self.value, str) else f"a text of at most {limit} characters")
        if "\0" in self.value:  # PostgreSQL stores no such text, and one answer must not spoil a batch of them
            raise self.reject("a text without NUL characters")
        return self.value

    def is_object(self) -> bool:
        """Tell whether it is an object."""
        return isinstance(self.value, dict)

    def is_list(self) -> bool:
        """Tell whether it is a list."""
        return isinstance(self.value, list)

    def has(self, name: str) -> bool:
        """Tell whether it is an object with something other than null under ``name``."""
        return isinstance(self.value, dict) and self.value.get(name) is not None

    def at(self, name: str) -> Node:
        """Return what an object holds under ``name``."""
        if not isinstance(self.value, dict):
            raise self.reject("an object")
        if name not in self.value:
            raise PredictionRejected(self.where, f'expected "{name}", got {shown(self.value)}')
        return Node(self.value[name], f"{self.where}.{name}" if self.where else name)

    def first(self, *names: str) -> Node | None:
        """Return what stands under the first of ``names`` that is there, or None."""
        if isinstance(self.value, dict):
            for name in names:
                if self.value.get(name) is not None:
                    return self.at(name)
        return None

    def entries(self, most: int, *, exactly: int | None = None) -> list[Node]:
        """Return a list's elements: at most ``most``, or ``exactly`` so many."""
        if not isinstance(self.value, list):
            raise self.reject("a list")
        if exactly is not None and len(self.value) != exactly:
            raise PredictionRejected(self.where, f"expected {exactly} values, got {len(self.value)}")
        if len(self.value) > most:
            raise PredictionRejected(self.where, f"expected at most {most} values, got {len(self.value)}")
        return list(self._elements())

    def members(self, most: int = MAX_MEMBERS) -> list[tuple[str, Node]]:
        """Return an object's names and values, at most ``most``."""
        if not isinstance(self.value, dict):
            raise self.reject("an object")
        if len(self.value) > most:
            raise PredictionRejected(self.where, f"expected at most {most} names, got {len(self.value)}")
        return [(name, self.at(name)) for name in self.value]

    def numbers(self, count: int) -> list[float]:
        """Return exactly ``count`` finite numbers."""
        return [each.number() for each in self.entries(count, exactly=count)]

    def _elements(self) -> Iterator[Node]:
        for number, value in enumerate(self.value):
            yield Node(value, f"{self.where}[{number}]")


def shown(value: object) -> str:
    """Return a short, safe picture of a value for a message."""
    if isinstance(value, dict):
        return f"an object with {', '.join(sorted(map(str, islice(value, 8))))}"[:MAX_SHOWN] if value else "an empty object"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = orjson.dumps(value[:MAX_SHOWN] if isinstance(value, str) else value).decode()
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
