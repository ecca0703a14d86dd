"""Paths into JSON that a person writes: names, numbers and "each", and nothing that is computed.

$                    here
predictions          the member of that name; predictions.boxes the member of a member
predictions[0]       the first element; predictions[*] each of them
data["a name.with"]  a member whose name holds dots or brackets
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from inference.decode.nodes import Node, shown
from inference.schema import PredictionRejected

MAX_TEXT = 200
MAX_STEPS = 16
MAX_INDEX = 9_999

Step = str | int | None
"""A member's name, an element's number, or None for each element."""
_STEP = re.compile(r'\.?(?P<name>[^.\[\]"$\s][^.\[\]"]*)|\[(?P<number>[0-9]{1,4})\]|(?P<each>\[\*\])|\["(?P<quoted>[^"]{1,100})"\]')


class PathError(ValueError):
    """A path that cannot be read; the message says what was expected, and from which character on."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path, taken apart."""

    text: str
    steps: tuple[Step, ...] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Path:
        """Take a path apart; raise PathError."""
        if len(text) > MAX_TEXT:
            raise PathError(f"expected a path of at most {MAX_TEXT} characters")
        at, steps = int(text.startswith("$")), []
        if not text or (at and text[1:2] not in ("", ".", "[")):
            raise PathError('expected a path such as "predictions[*]" or "$" for the whole')
        while at < len(text):
            found = _STEP.match(text, at)
            if found is None or (at == 0 and found[0].startswith(".")) or (at and found["name"] and not found[0].startswith(".")):
                raise PathError(f'expected ".name", "[0]" or "[*]" from character {at + 1} on, got {text[at:][:20]!r}')
            steps.append(_step(found))
            at = found.end()
        if len(steps) > MAX_STEPS:
            raise PathError(f"expected at most {MAX_STEPS} steps")
        return cls(text, tuple(steps))

    @property
    def is_many(self) -> bool:
        """Whether it names each of some elements instead of one value."""
        return None in self.steps

    @property
    def first_name(self) -> str | None:
        """The name of the first member on the way."""
        return self.steps[0] if self.steps and isinstance(self.steps[0], str) else None

    def find(self, node: Node) -> Node | None:
        """Return what the path leads to from ``node``, None where nothing or null stands there."""
        for step in self.steps:
            found = _member(node, step)
            if found is None:
                return None
            node = found
        return None if node.value is None else node

    def take(self, node: Node, called: str) -> Node:
        """Return what the path leads to; reject at the place where the way ends. ``called``: what the mapping calls it."""
        for step in self.steps:
            found = _member(node, step)
            if found is None:
                raise _missing(node, step, called)
            node = found
        return node

    def each(self, node: Node, called: str, most: int) -> list[Node]:
        """Return all that the path leads to, at most ``most``; one value where it names no "each"."""
        found = list(islice(self._walk(node, self.steps, called, most), most + 1))
        if len(found) > most:
            raise PredictionRejected(node.where, f"expected at most {most} values at {self.text!r} ({called})")
        return found

    def put(self, document: Any, value: Any) -> Any:
        """Return a document with ``value`` at this path; members and elements that are missing are made."""
        return _put(document, self.steps, value)

    def _walk(self, node: Node, steps: tuple[Step, ...], called: str, most: int) -> Iterator[Node]:
        if not steps:
            yield node
        elif steps[0] is None:
            if not node.is_list():
                raise PredictionRejected(node.where, f"expected a list ({called}), got {shown(node.value)}")
            for element in node.entries(most):
                yield from self._walk(element, steps[1:], called, most)
        else:
            found = _member(node, steps[0])
            if found is None:
                raise _missing(node, steps[0], called)
            yield from self._walk(found, steps[1:], called, most)


def _step(found: re.Match[str]) -> Step:
    if found["number"] is not None:
        return int(found["number"])
    return None if found["each"] else found["name"] or found["quoted"]


def _member(node: Node, step: Step) -> Node | None:
    if isinstance(step, str):
        return node.at(step) if isinstance(node.value, dict) and step in node.value else None
    if step is None or not isinstance(node.value, list) or step >= len(node.value):
        return None
    return Node(node.value[step], f"{node.where}[{step}]")


def _missing(node: Node, step: Step, called: str) -> PredictionRejected:
    wanted = f'"{step}"' if isinstance(step, str) else f"an element [{step}]"
    return PredictionRejected(node.where, f"expected {wanted} ({called}), got {shown(node.value)}")


def _put(document: Any, steps: tuple[Step, ...], value: Any) -> Any:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        members = dict(document) if isinstance(document, dict) else {}
        members[step] = _put(members.get(step), rest, value)
        return members
    elements = list(document) if isinstance(document, list) else []
    place = step or 0
    elements += [None] * (place + 1 - len(elements))
    elements[place] = _put(elements[place], rest, value)
    return elements
