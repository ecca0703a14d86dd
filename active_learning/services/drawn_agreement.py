"""How well people agree who drew on the same images: boxes, outlines, points and painted areas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from active_learning.label_errors.agreement import Agreements, chosen_drawings, trust_in_people
from active_learning.training.families import family_name
from campaigns.models import AnnotationSet, Campaign, Revision, SetState
from campaigns.options import CampaignOptions
from inference.comparing import Saying, Tally, compare_areas, compare_objects


@dataclass(frozen=True, eq=False)
class _Judged:
    """Everybody who drew what somebody else drew, too; ``images`` and ``people`` are the ids behind the places of ``pairs``."""

    pairs: Agreements
    images: list[int]
    people: list[int]


@dataclass(frozen=True)
class DrawnReliabilities:
    """``shared``: images that several drew on; ``people``: (images, trust, mean agreement with the others) by person."""

    shared: int
    people: Mapping[int, tuple[int, float, float]]


def drawn_reliabilities(campaign: Campaign) -> DrawnReliabilities:
    """Return how far people can be trusted who drew on the same images."""
    found = _judged(campaign)
    if found is None:
        return DrawnReliabilities(0, {})
    trust = trust_in_people(found.pairs, len(found.people))
    images, person, _, agree = found.pairs.both_ways()
    rows = {}
    for place, pk in enumerate(found.people):
        own = person == place
        rows[pk] = (len(np.unique(images[own])), float(trust[place]), float(agree[own].mean()))
    return DrawnReliabilities(len(found.images), rows)


def measure_drawn_trust(campaign: Campaign, images: Collection[int]) -> dict[str, Any]:
    """Return whose drawing of each image is learned and how far it is trusted, the most trusted person counting in full.

    As ``services.annotators.measure_trust``; an image that one person drew on counts as far as that person is trusted, or as the mean of
    all where nobody drew what that person drew.
    """
    found = _judged(campaign)
    if found is None:
        return {}
    trust = trust_in_people(found.pairs, len(found.people))
    most, mean = float(trust.max()), float(trust.mean())
    by_person = dict(zip(found.people, trust.tolist(), strict=True))
    chosen = {found.images[place]: each for place, each in chosen_drawings(found.pairs, trust).items()}
    rows = []
    for image, revisions in _revisions(campaign, images).items():
        best = chosen.get(image)
        author = found.people[best.person] if best is not None else next(reversed(revisions))
        if author in revisions:
            sure = best.sureness if best is not None else by_person.get(author, mean)
            rows.append([image, revisions[author], round(min(1.0, sure / most), 4) if most > 0 else 1.0])
    return {"people": [[pk, round(value, 4)] for pk, value in by_person.items()], "drawings": rows}


def _revisions(campaign: Campaign, images: Collection[int]) -> dict[int, dict[int, int]]:
    """Return the last revision of each person by image, whoever handed in last coming last."""
    rows = Revision.objects.filter(
        image__campaign=campaign, author__isnull=False, annotation_set__state__in=(SetState.SUBMITTED, SetState.ACCEPTED)
    ).order_by("pk")
    wanted, found = frozenset(images), defaultdict[int, dict[int, int]](dict)
    for pk, image, author in rows.values_list("pk", "image", "annotation_set__author"):
        if image in wanted:
            found[image].pop(author, None)
            found[image][author] = pk
    return found


def _judged(campaign: Campaign) -> _Judged | None:
    sets = AnnotationSet.objects.filter(
        image__campaign=campaign, author__isnull=False, state__in=(SetState.SUBMITTED, SetState.ACCEPTED)
    ).order_by("image", "author")
    by_image: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for pk, image, author in sets.values_list("pk", "image", "author"):
        by_image[image].append((int(author or 0), pk))
    shared = {image: rows for image, rows in by_image.items() if len(rows) > 1}
    people = sorted({author for rows in shared.values() for author, _ in rows})
    areas = family_name(campaign.task, CampaignOptions.from_document(campaign.settings).segmentation) == "semantic"
    told: list[tuple[int, int, int, float]] = []
    for place, rows in enumerate(shared.values()):
        documents = dict(AnnotationSet.objects.filter(pk__in=[pk for _, pk in rows]).values_list("author", "annotations"))
        said = {author: Saying(_accepted(documents[author])) for author, _ in rows}
        for one, other in combinations(said, 2):
            told.append((place, people.index(one), people.index(other), agreement(said[one], said[other], areas=areas)))
    if not told:
        return None
    images, first, second = (np.array([row[at] for row in told], np.int64) for at in range(3))
    return _Judged(Agreements(images, first, second, np.array([row[3] for row in told])), list(shared), people)


def agreement(one: Saying, other: Saying, *, areas: bool) -> float:
    """Return how well two people agree about an image, 0 to 1: the mean IoU of its labels, or the F1 of its objects at IoU 0.5.

    1 where neither drew anything.
    """
    tallies = (compare_areas if areas else compare_objects)(one, other)
    if areas:
        shares = [tally.iou or 0.0 for tally in tallies.values()]
        return float(np.mean(shares)) if shares else 1.0
    f1 = sum(tallies.values(), Tally()).f1
    return 1.0 if f1 is None else f1


def _accepted(annotations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in annotations if each.get("review", "accepted") == "accepted" and each["shape"]["type"] != "whole"]
