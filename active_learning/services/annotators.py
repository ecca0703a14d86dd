"""How reliable people are, where several of them labeled the same images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from active_learning.label_errors.annotators import consensus, trust
from active_learning.services.truth import whole_labels
from campaigns.models import AnnotationSet, Campaign, Image, ImageState, SetState, Task, User
from campaigns.permissions import REVIEW, require_role

Vote = tuple[int, int, int]


@dataclass(frozen=True)
class Reliability:
    """A person, the images that others labeled too, how often the person is likely right there, and how often as the consensus has it."""

    user: User
    images: int
    quality: float
    agreement: float


@dataclass(frozen=True)
class Reliabilities:
    """``shared``: images that two people or more labeled, with one label of the whole image each; without any nobody is judged."""

    shared: int
    people: tuple[Reliability, ...]


def read_reliabilities(*, user: User, campaign: Campaign) -> Reliabilities:
    """Return how reliable people are, the most reliable first; of campaigns whose images have one label each."""
    require_role(user, campaign, REVIEW)
    if campaign.task != Task.CLASSIFICATION or campaign.settings.get("multi_label"):
        return Reliabilities(0, ())
    votes = [vote for said in _said(campaign).values() if len(said) > 1 for vote in said]
    if not votes:
        return Reliabilities(0, ())
    images, people, labels = (sorted({vote[at] for vote in votes}) for at in range(3))
    rows = _placed(votes, images, people, labels)
    found = consensus(rows[:, 0], rows[:, 1], rows[:, 2], classes=len(labels))
    agreed = found.truth.argmax(axis=1)[rows[:, 0]] == rows[:, 2]
    users = User.objects.in_bulk(people)
    listed = []
    for place, pk in enumerate(people):
        own = rows[:, 1] == place
        listed.append(Reliability(users[pk], int(own.sum()), round(float(found.quality[place]), 4), round(float(agreed[own].mean()), 4)))
    return Reliabilities(len(images), tuple(sorted(listed, key=lambda each: (-each.quality, each.user.pk))))


def _placed(votes: Sequence[Vote], images: Sequence[int], people: Sequence[int], labels: Sequence[int]) -> npt.NDArray[np.int64]:
    """Return votes as places (V, 3) of image, person and label; -1 for a person who is not there."""
    places = [{value: place for place, value in enumerate(column)} for column in (images, people, labels)]
    return np.array([[place.get(value, -1) for place, value in zip(places, vote, strict=True)] for vote in votes], np.int64)


def _said(campaign: Campaign) -> dict[int, list[Vote]]:
    """Return (image, person, label) of what people submitted with one label for the whole image, by image."""
    sets = AnnotationSet.objects.filter(
        image__campaign=campaign, author__isnull=False, state__in=(SetState.SUBMITTED, SetState.ACCEPTED)
    ).values_list("image", "author", "annotations")
    by_image: dict[int, list[Vote]] = defaultdict(list)
    for image, author, document in sets:
        named = whole_labels(document)
        if len(named) == 1 and author is not None:
            by_image[image].append((image, author, next(iter(named))))
    return by_image


def measure_trust(campaign: Campaign, images: Collection[int]) -> dict[str, Any]:
    """Return what a training is to make of images, as JSON values; empty where nobody can be judged.

    {"people": [[user, quality]], "images": [[image, label, weight]]}: the likeliest label of an image that several people labeled, or the
    one that it has, and how likely it is. What a reviewer accepted stays as it is and counts in full.
    """
    if campaign.task != Task.CLASSIFICATION or campaign.settings.get("multi_label"):
        return {}
    said = _said(campaign)
    shared = [vote for votes in said.values() if len(votes) > 1 for vote in votes]
    if not shared:
        return {}
    labels = sorted({label for votes in said.values() for _, _, label in votes})
    judged, people = sorted({vote[0] for vote in shared}), sorted({vote[1] for vote in shared})
    rows = _placed(shared, judged, people, labels)
    found = consensus(rows[:, 0], rows[:, 1], rows[:, 2], classes=len(labels))
    accepted = Image.objects.filter(campaign=campaign, state=ImageState.ACCEPTED).values_list("pk", flat=True)
    asked = sorted(set(images) & set(said) - set(accepted))
    votes = _placed([vote for image in asked for vote in said[image]], asked, people, labels)
    if not len(votes):
        return {}
    told = trust(found, votes[:, 0], votes[:, 1], votes[:, 2])
    return {
        "people": [[pk, round(float(quality), 4)] for pk, quality in zip(people, found.quality, strict=True)],
        "images": [[pk, labels[told.labels[at]], round(float(told.sureness[at]), 4)] for at, pk in enumerate(asked)],
    }
