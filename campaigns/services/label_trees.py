"""Labels under labels: who may be under whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from campaigns.errors import InvalidInput
from campaigns.models import Label

MOST_DEEP = 10


def parents_of(campaign: int) -> dict[int, int | None]:
    """Return the parent of each label of a campaign."""
    return dict(Label.objects.filter(campaign=campaign).values_list("pk", "parent_id"))


def check_parent(campaign: int, label: int | None, parent: int | None) -> None:
    """Raise InvalidInput where a label (None: a new one) cannot stand under another: of another campaign, in a circle, or too deep."""
    if parent is None:
        return
    parents = parents_of(campaign)
    if parent not in parents:
        raise _refused("The parent is a label of this campaign, or null.")
    above = [parent]
    while (next_up := parents.get(above[-1])) is not None and len(above) < MOST_DEEP:
        above.append(next_up)
    if label in above:
        raise _refused("A label cannot stand under itself, nor under one that stands under it. Choose another parent.")
    if len(above) + _height(label, parents) >= MOST_DEEP:
        raise _refused(f"Labels stand at most {MOST_DEEP} deep. Choose a parent further up.")


def families_of(parents: Mapping[int, int | None]) -> dict[int, set[int]]:
    """Return each label that others stand under, with itself and all of these."""
    families: dict[int, set[int]] = {}
    for label in parents:
        above, steps = parents[label], 0
        while above is not None and steps < MOST_DEEP:
            families.setdefault(above, {above}).add(label)
            above, steps = parents.get(above), steps + 1
    return families


def _height(label: int | None, parents: Mapping[int, int | None]) -> int:
    children: Iterable[int] = [pk for pk, parent in parents.items() if parent == label] if label is not None else []
    return 1 + max((_height(child, parents) for child in children), default=-1) if label is not None else 0


def _refused(sentence: str) -> InvalidInput:
    return InvalidInput(sentence, code="invalid_parent", errors=[{"field": "parent", "detail": sentence}])
