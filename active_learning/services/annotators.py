"""How reliable people are, where several of them labeled the same images."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from active_learning.label_errors.annotators import consensus
from active_learning.services.truth import whole_labels
from campaigns.models import AnnotationSet, Campaign, SetState, Task, User
from campaigns.permissions import REVIEW, require_role


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
    votes = _votes(campaign)
    if not votes:
        return Reliabilities(0, ())
    images, people, labels = (sorted({vote[at] for vote in votes}) for at in range(3))
    places = [{value: place for place, value in enumerate(column)} for column in (images, people, labels)]
    rows = np.array([[place[value] for place, value in zip(places, vote, strict=True)] for vote in votes], np.int64)
    found = consensus(rows[:, 0], rows[:, 1], rows[:, 2], classes=len(labels))
    agreed = found.truth.argmax(axis=1)[rows[:, 0]] == rows[:, 2]
    users = User.objects.in_bulk(people)
    listed = []
    for place, pk in enumerate(people):
        own = rows[:, 1] == place
        listed.append(Reliability(users[pk], int(own.sum()), round(float(found.quality[place]), 4), round(float(agreed[own].mean()), 4)))
    return Reliabilities(len(images), tuple(sorted(listed, key=lambda each: (-each.quality, each.user.pk))))


def _votes(campaign: Campaign) -> list[tuple[int, int, int]]:
    """Return (image, person, label) of the images that two people or more submitted one label each for."""
    sets = AnnotationSet.objects.filter(
        image__campaign=campaign, author__isnull=False, state__in=(SetState.SUBMITTED, SetState.ACCEPTED)
    ).values_list("image", "author", "annotations")
    by_image: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for image, author, document in sets:
        named = whole_labels(document)
        if len(named) == 1 and author is not None:
            by_image[image].append((image, author, next(iter(named))))
    return [vote for said in by_image.values() if len(said) > 1 for vote in said]
