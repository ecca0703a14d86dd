"""Read what the last look found: images that are nearly the same, as groups, with those that two splits share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from active_learning.services.outdated import last_look, saw_otherwise
from active_learning.services.similarity import KIND, MOST_ANSWERED, is_leak
from campaigns.errors import InvalidInput
from campaigns.filters import selected_ids
from campaigns.models import Campaign, Image, ImageState, User
from campaigns.permissions import VIEW, require_role

IDS_A_QUERY = 500


@dataclass(frozen=True)
class Group:
    """Images that hang together by nearly equal pairs, in the order of their ids.

    ``similarity``: of the most similar pair. ``leak``: two fixed splits share it, so that a model is tested on what it learned.
    """

    images: tuple[Image, ...]
    similarity: float
    leak: bool


@dataclass(frozen=True)
class Duplicates:
    """The groups that still hold two images or more, leaks first, then the largest; none where nobody has looked yet.

    ``run``: the look; ``compared``: images that it compared; ``threshold``: how alike is nearly the same;
    ``outdated``: another backbone has come since.
    """

    run: int | None
    looked_at: datetime | None
    threshold: float
    compared: int
    groups: tuple[Group, ...]
    outdated: bool = False


@dataclass(frozen=True)
class Twins:
    """Two images that are nearly the same. ``leak``: they lie in two fixed splits."""

    images: tuple[Image, Image]
    similarity: float
    leak: bool


@dataclass(frozen=True)
class Pairs:
    """The most similar pairs that the last look found, less what was removed or excluded since; as ``Duplicates``."""

    run: int | None
    looked_at: datetime | None
    threshold: float
    compared: int
    pairs: tuple[Twins, ...]
    outdated: bool = False


def read_pairs(*, user: User, campaign: Campaign, limit: int = 10, threshold: float = -1.0, selection: Any = "all") -> Pairs:
    """Return the most similar pairs of the last finished look, the most similar first, where both images are of a selection.

    Raises InvalidInput for a limit beyond what a look keeps.
    """
    require_role(user, campaign, VIEW)
    if not 1 <= limit <= MOST_ANSWERED:
        raise InvalidInput(f"limit is a whole number from 1 to {MOST_ANSWERED}.", code="invalid_limit")
    run = last_look(campaign, KIND)
    if run is None:
        return Pairs(None, None, 0.0, 0, ())
    found = [(one, other, float(similarity)) for one, other, similarity in run.result.get("pairs", []) if similarity >= threshold]
    standing = _standing(campaign, list({pk for one, other, _ in found for pk in (one, other)}))
    chosen = standing.keys() if selection == "all" else standing.keys() & set(selected_ids(campaign, selection, reader=user))
    pairs = [_twins(standing[one], standing[other], similarity) for one, other, similarity in found if {one, other} <= chosen]
    threshold, compared = float(run.params["threshold"]), run.result.get("compared", 0)
    return Pairs(run.pk, run.finished_at, threshold, compared, tuple(pairs[:limit]), saw_otherwise(campaign, run.pk))


def _twins(one: Image, other: Image, similarity: float) -> Twins:
    return Twins((one, other), similarity, is_leak(one.split, other.split))


def read_duplicates(*, user: User, campaign: Campaign) -> Duplicates:
    """Return what the last finished look found, less the images that were removed or excluded since."""
    require_role(user, campaign, VIEW)
    run = last_look(campaign, KIND)
    if run is None:
        return Duplicates(None, None, 0.0, 0, ())
    clusters = run.result.get("clusters", [])
    standing = _standing(campaign, [pk for cluster in clusters for pk in cluster])
    best = _best_pairs(run.result.get("pairs", []))
    groups = [_group([standing[pk] for pk in cluster if pk in standing], best) for cluster in clusters]
    ranked = sorted((group for group in groups if len(group.images) > 1), key=lambda group: (not group.leak, -len(group.images)))
    threshold, compared = float(run.params["threshold"]), run.result.get("compared", 0)
    return Duplicates(run.pk, run.finished_at, threshold, compared, tuple(ranked), saw_otherwise(campaign, run.pk))


def _standing(campaign: Campaign, ids: Sequence[int]) -> dict[int, Image]:
    return {
        image.pk: image
        for part in _parts(ids)
        for image in Image.objects.filter(campaign=campaign, pk__in=part).exclude(state=ImageState.EXCLUDED)
    }


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), IDS_A_QUERY):
        yield ids[start : start + IDS_A_QUERY]


def _best_pairs(pairs: Sequence[Sequence[float]]) -> dict[int, float]:
    """Return of each image the similarity to its most similar twin; pairs come most similar first."""
    best: dict[int, float] = {}
    for one, other, similarity in pairs:
        best.setdefault(int(one), float(similarity))
        best.setdefault(int(other), float(similarity))
    return best


def _group(images: Sequence[Image], best: dict[int, float]) -> Group:
    splits = {image.split for image in images if image.split}
    return Group(tuple(images), max((best.get(image.pk, 0.0) for image in images), default=0.0), len(splits) > 1)
