"""Trees of filters: {"and": […]}, {"or": […]}, {"not": …}, and leaves that are objects of flat parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson
from django.db.models import Q

from campaigns.errors import InvalidInput
from campaigns.filters.conditions import EVERYTHING, NOTHING

MAX_DEPTH: Final = 6
MAX_LEAVES: Final = 100
JOINTS: Final = frozenset({"and", "or", "not"})


def parsed_tree(text: Any) -> Any:
    """Return a tree that may come as JSON text, as it does in an address."""
    if not isinstance(text, str):
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise refused(f"where is no valid JSON: {error}.") from error


def condition_of(tree: Any, leaf: Callable[[dict[str, Any]], Q]) -> Q:
    """Return the condition of a tree; ``leaf`` makes that of one leaf. All of no conditions is everything, any of none nothing.

    Raises InvalidInput for what is no tree, is nested deeper than MAX_DEPTH or has more than MAX_LEAVES leaves.
    """
    leaves = 0

    def walk(node: Any, depth: int) -> Q:
        nonlocal leaves
        if not isinstance(node, dict):
            raise refused('where is built of {"and": […]}, {"or": […]}, {"not": …} and objects of filters.')
        joint = next(iter(JOINTS & node.keys()), None)
        if joint is None:
            leaves += 1
            if leaves > MAX_LEAVES:
                raise refused(f"where has more than {MAX_LEAVES} leaves; use fewer, or ids.")
            return leaf(node)
        if depth > MAX_DEPTH or len(node) != 1:
            raise refused(f"where is nested at most {MAX_DEPTH} deep, and and, or and not stand alone in their object.")
        below = node[joint]
        if joint == "not":
            return ~walk(below, depth + 1)
        if not isinstance(below, list):
            raise refused(f"where: {joint} takes a list.")
        return _joined(joint, [walk(each, depth + 1) for each in below])

    return walk(tree, 1)


def _joined(joint: str, conditions: list[Q]) -> Q:
    found = Q(EVERYTHING if joint == "and" else NOTHING)
    for condition in conditions:
        found = found & condition if joint == "and" else found | condition
    return found


def refused(sentence: str) -> InvalidInput:
    """Return the error that says what is wrong with a filter."""
    return InvalidInput(sentence, code="invalid_selection")
