"""How well people agree who drew on the same images: boxes, outlines, points and painted areas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from active_learning.label_errors.agreement import Agreements, chosen_drawings, trust_in_people
from active_learning.services.gathered import Blocks, blocks_of, gather
from active_learning.services.truth import accepted
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
    """Compare everybody with everybody else on the images that they share; only those where a set has changed are compared anew."""
    sets = AnnotationSet.objects.filter(
        image__campaign=campaign, author__isnull=False, state__in=(SetState.SUBMITTED, SetState.ACCEPTED)
    ).order_by("image", "author")
    by_image: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    for pk, image, version, saved in sets.values_list("pk", "image", "version", "updated_at"):
        by_image[image].append((pk, version, saved.timestamp()))
    shared = {image: rows for image, rows in by_image.items() if len(rows) > 1}
    if not shared:
        return None
    areas = family_name(campaign.task, CampaignOptions.from_document(campaign.settings).segmentation) == "semantic"
    marks = {image: hash(tuple(rows)) for image, rows in shared.items()}
    found = gather(f"{campaign.pk}-trust", f"areas={areas}", marks, lambda images: _compared(images, shared, areas=areas))
    pairs, places = found.parts["pairs"], np.repeat(np.arange(len(found)), found.lengths["pairs"])
    authors = pairs[:, :2].astype(np.int64)
    people = np.unique(authors)
    first, second = np.searchsorted(people, authors).T
    return _Judged(Agreements(places.astype(np.int64), first, second, pairs[:, 2]), found.image_ids.tolist(), people.tolist())


def _compared(images: Sequence[int], shared: Mapping[int, Sequence[tuple[int, int, float]]], *, areas: bool) -> Blocks:
    """Return of each image who agrees with whom and how well: (P, 3), two people's ids and their agreement."""
    wanted = [pk for image in images for pk, *_ in shared[image]]
    rows = AnnotationSet.objects.filter(pk__in=wanted).order_by("image", "author").values_list("image", "author", "annotations")
    said: dict[int, dict[int, Saying]] = defaultdict(dict)
    for image, author, drawn in rows.iterator():
        said[image][author or 0] = Saying(_objects(drawn))
    told = {
        image: [(one, other, agreement(own[one], own[other], areas=areas)) for one, other in combinations(own, 2)]
        for image, own in said.items()
    }
    return blocks_of({image: {"pairs": np.array(told.get(image, []), float).reshape(-1, 3)} for image in images})


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


def _objects(annotations: list[dict[str, Any]]) -> list[Mapping[str, Any]]:
    return [each for each in accepted(annotations) if each["shape"]["type"] != "whole"]
