"""The random slice of the rounds: where its picks stand in a ranking that is written again and again, and what they tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

LEAST_PICKS: Final = 10  # that make up one point; fewer say too little


def audit_places(*, done: int, horizon: int, share: float) -> list[int]:
    """Return the places, from 0, among the next ``horizon`` images that are for random picks, when ``done`` images are labeled already.

    They lie on a fixed grid over the whole round (the middle of every 1 / share places), so that ranking again after
    every few labels neither loses nor gains picks.
    """
    if share <= 0:
        return []
    step = 1.0 / share
    first, last = max(0, int(done / step) - 1), int((done + horizon) / step) + 1
    places = [int((k + 0.5) * step + 1e-9) - done for k in range(first, last + 1)]
    return [place for place in places if 0 <= place < horizon]


def audit_images(*, waiting: Sequence[int], pool: Sequence[int], count: int, rng: np.random.Generator) -> list[int]:
    """Return the images of ``count`` places: those drawn before that still wait, then others drawn from the whole pool."""
    there = set(pool)
    kept = [image for image in waiting if image in there][:count]
    taken = set(kept)
    others = [image for image in pool if image not in taken]
    fresh = rng.choice(len(others), min(count - len(kept), len(others)), replace=False).tolist() if others else []
    return kept + [others[place] for place in fresh]


def placed(order: Sequence[int], at: Mapping[int, int]) -> list[int]:
    """Return the order with the images of ``at`` (place → image) at their places, and nobody twice."""
    drawn = set(at.values())
    rest: Iterator[int] = (image for image in order if image not in drawn)
    total = len(order)
    result: list[int] = []
    for place in range(total):
        if place in at:
            result.append(at[place])
            continue
        following = next(rest, None)
        if following is None:
            break
        result.append(following)
    return result + list(rest)


@dataclass(frozen=True)
class Audit:
    """One random pick that a person labeled: with how many labels it was predicted, in which round, and whether rightly."""

    labeled: int
    round: int
    right: bool


@dataclass(frozen=True)
class AuditPoint:
    """Consecutive picks taken together. ``labeled``: their mean number of labels; ``rounds``: first and last."""

    labeled: int
    right: int
    total: int
    rounds: tuple[int, int]


def grouped(audits: Sequence[Audit], least: int = LEAST_PICKS) -> list[AuditPoint]:
    """Put consecutive picks together until each group holds at least ``least``; the rest joins the last group."""
    ordered = sorted(audits, key=lambda audit: (audit.round, audit.labeled))
    groups = [ordered[start : start + least] for start in range(0, len(ordered) - len(ordered) % least, least)]
    rest = ordered[len(groups) * least :]
    if rest and groups:
        groups[-1] = groups[-1] + rest
    elif rest:
        groups = [rest]
    return [_point(group) for group in groups]


def _point(group: Sequence[Audit]) -> AuditPoint:
    mean = round(sum(audit.labeled for audit in group) / len(group))
    rounds = [audit.round for audit in group]
    return AuditPoint(mean, sum(audit.right for audit in group), len(group), (min(rounds), max(rounds)))
