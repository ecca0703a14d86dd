"""What annotations cost a person: active seconds and actions, gathered with each save, told by shape and origin.

    {"k3f9": {"active_s": 4.2, "actions": 3}}      sent with a save: what was added since the last one
    {"7": {"k3f9": [4.2, 3]}}                      kept beside a set, by the person's id

An action is one press of a key or one gesture of the pointer that draws, changes, selects or labels.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from campaigns.errors import InvalidInput

MAX_ENTRIES: Final = 50_000
MAX_ID: Final = 64
MAX_SECONDS: Final = 600.0  # of one save, all annotations together: a forgotten page is no work
MAX_ACTIONS: Final = 10_000  # of one annotation in one save

HUMAN: Final = "human"
ACCEPTED: Final = "accepted"
CORRECTED: Final = "corrected"
ORIGINS: Final = (HUMAN, ACCEPTED, CORRECTED)

Kept = dict[str, dict[str, list[float]]]


@dataclass(frozen=True)
class Spent:
    """Active seconds and actions."""

    active_s: float = 0.0
    actions: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.active_s + other.active_s, self.actions + other.actions)


@dataclass(frozen=True)
class Tally:
    """What objects of one shape and origin cost one person on one image."""

    person: int
    shape: str
    origin: str
    objects: int
    spent: Spent


def checked_effort(document: Any) -> dict[str, Spent]:
    """Return what one save reports, capped; raises InvalidInput that names the place at fault."""
    if not isinstance(document, dict) or len(document) > MAX_ENTRIES:
        raise _wrong("effort", f"expected an object of at most {MAX_ENTRIES} annotations")
    spent = {_name(name): _spent(entry, f"effort.{name}"[:100]) for name, entry in document.items()}
    total = sum(entry.active_s for entry in spent.values())
    if total <= MAX_SECONDS:
        return spent
    return {name: Spent(entry.active_s * MAX_SECONDS / total, entry.actions) for name, entry in spent.items()}


def _name(name: Any) -> str:
    if not isinstance(name, str) or not 0 < len(name) <= MAX_ID:
        raise _wrong("effort", f"expected ids of 1 to {MAX_ID} characters")
    return name


def _spent(entry: Any, where: str) -> Spent:
    if not isinstance(entry, dict) or set(entry) - {"active_s", "actions"}:
        raise _wrong(where, "expected active_s and actions")
    active_s, actions = entry.get("active_s", 0), entry.get("actions", 0)
    if isinstance(active_s, bool) or not isinstance(active_s, int | float) or not math.isfinite(active_s) or active_s < 0:
        raise _wrong(f"{where}.active_s", "expected seconds")
    if isinstance(actions, bool) or not isinstance(actions, int) or actions < 0:
        raise _wrong(f"{where}.actions", "expected a whole number")
    return Spent(min(float(active_s), MAX_SECONDS), min(actions, MAX_ACTIONS))


def _wrong(where: str, why: str) -> InvalidInput:
    return InvalidInput(f"{where}: {why}.", code="invalid_effort", errors=[{"field": where, "detail": why}])


def with_effort(kept: Kept, person: int, added: Mapping[str, Spent], ids: Iterable[str]) -> Kept:
    """Add what a person reports. What was spent on annotations that the set never had is forgotten.

    Those that were removed keep theirs, since an undo brings them back, until there are too many.
    """
    there = set(ids)
    mine = dict(kept.get(str(person), {}))
    for name, spent in added.items():
        if name in there or name in mine:
            active_s, actions = mine.get(name, (0.0, 0))
            mine[name] = [round(active_s + spent.active_s, 3), int(actions) + spent.actions]
    if len(mine) > MAX_ENTRIES:
        mine = {name: spent for name, spent in mine.items() if name in there}
    return {**kept, str(person): mine}


def effort_is_full(kept: Kept, person: int, added: Mapping[str, Spent]) -> bool:
    """Say whether adding what a person reports may make so many entries that some are forgotten."""
    return len(kept.get(str(person), {})) + len(added) > MAX_ENTRIES


def origin_of(annotation: Mapping[str, Any]) -> str:
    """Say where an accepted annotation comes from: a hand, a draft as it was, or a draft that a hand corrected."""
    if annotation["origin"] == "prediction":
        return ACCEPTED
    return CORRECTED if annotation["model"] else HUMAN


def tallies(kept: Kept, annotations: Iterable[Mapping[str, Any]], author: int | None) -> list[Tally]:
    """Add up by person, shape and origin.

    The author answers for all objects of the set, also those that cost nothing; others for those that they worked on.
    A person who reported nothing, such as a script, has no tally.
    """
    groups = {a["id"]: (str(a["shape"]["type"]), origin_of(a)) for a in annotations}
    found: list[Tally] = []
    for person, entries in kept.items():
        objects: dict[tuple[str, str], int] = defaultdict(int)
        spent: dict[tuple[str, str], Spent] = defaultdict(Spent)
        for name, group in groups.items():
            active_s, actions = entries.get(name, (0.0, 0))
            if int(person) == author or name in entries:
                objects[group] += 1
                spent[group] += Spent(active_s, int(actions))
        found += [Tally(int(person), *group, objects[group], spent[group]) for group in objects]
    return found
