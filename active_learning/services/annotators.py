"""How reliable people are, where several of them labeled the same images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from active_learning.label_errors.annotators import consensus, trust
from active_learning.services.drawn_agreement import drawn_reliabilities, measure_drawn_trust
from active_learning.services.truth import whole_labels
from campaigns.models import AnnotationSet, Campaign, Image, ImageState, SetState, Task, User
from campaigns.permissions import REVIEW, require_role

Said = dict[int, dict[int, frozenset[int]]]
"""By image and person, the labels that were given to the image as a whole."""


@dataclass(frozen=True)
class Reliability:
    """A person, the images that others labeled too, how often the person is likely right there, and how often as the consensus has it."""

    user: User
    images: int
    quality: float
    agreement: float


@dataclass(frozen=True)
class Reliabilities:
    """``shared``: images that two people or more labeled; without any nobody is judged."""

    shared: int
    people: tuple[Reliability, ...]


def read_reliabilities(*, user: User, campaign: Campaign) -> Reliabilities:
    """Return how reliable people are, the most reliable first.

    Of labels for whole images: how often they are likely right (of several labels an image, label by label), and on how many images they
    say what the consensus says. Of drawings: how far they can be trusted, and how well they agree with the others.
    """
    require_role(user, campaign, REVIEW)
    if campaign.task != Task.CLASSIFICATION:
        found = drawn_reliabilities(campaign)
        return _listed(found.shared, found.people)
    said = {image: votes for image, votes in _said(campaign).items() if len(votes) > 1}
    if not said:
        return Reliabilities(0, ())
    votes = _Votes.of(said, multi_label=_is_multi_label(campaign))
    judged = consensus(votes.rows[:, 0], votes.rows[:, 1], votes.rows[:, 2], classes=votes.classes)
    right = judged.truth.argmax(axis=1)[votes.rows[:, 0]] == votes.rows[:, 2]
    rows = {}
    for place, pk in enumerate(votes.people):
        own = votes.rows[:, 1] == place
        wrong_on = {votes.items[item][0] for item in votes.rows[own & ~right, 0].tolist()}
        shared = [image for image, by in said.items() if pk in by]
        rows[pk] = (len(shared), float(judged.quality[place]), 1 - len(wrong_on) / len(shared))
    return _listed(len(said), rows)


def _listed(shared: int, rows: Mapping[int, tuple[int, float, float]]) -> Reliabilities:
    users = User.objects.in_bulk(rows)
    people = [Reliability(users[pk], images, round(quality, 4), round(agreement, 4)) for pk, (images, quality, agreement) in rows.items()]
    return Reliabilities(shared, tuple(sorted(people, key=lambda each: (-each.quality, each.user.pk))))


def _is_multi_label(campaign: Campaign) -> bool:
    return bool(campaign.settings.get("multi_label"))


@dataclass(frozen=True, eq=False)
class _Votes:
    """Votes as places (V, 3) of item, person and class; person -1 was never judged.

    An item is an image (``label`` 0), whose class is its label; where an image has several labels, an image and a label, whose class is
    no or yes.
    """

    rows: npt.NDArray[np.int64]
    items: list[tuple[int, int]]
    people: list[int]
    labels: list[int]
    multi_label: bool

    @property
    def classes(self) -> int:
        return 2 if self.multi_label else len(self.labels)

    @classmethod
    def of(cls, said: Said, *, multi_label: bool, people: Iterable[int] = (), labels: Iterable[int] = ()) -> _Votes:
        known_people = list(people) or sorted({person for votes in said.values() for person in votes})
        known_labels = list(labels) or sorted({label for votes in said.values() for named in votes.values() for label in named})
        items = [(image, label) for image in sorted(said) for label in (known_labels if multi_label else [0])]
        place, seat = {item: at for at, item in enumerate(items)}, {person: at for at, person in enumerate(known_people)}
        rows = [
            (place[image, label], seat.get(person, -1), int(label in named) if multi_label else known_labels.index(next(iter(named))))
            for image, votes in said.items()
            for person, named in votes.items()
            for label in (known_labels if multi_label else [0])
        ]
        return cls(np.array(rows, np.int64).reshape(-1, 3), items, known_people, known_labels, multi_label)


def _said(campaign: Campaign) -> Said:
    """Return what people submitted for whole images; where an image has one label, sets with another number of them are passed over."""
    sets = AnnotationSet.objects.filter(
        image__campaign=campaign, author__isnull=False, state__in=(SetState.SUBMITTED, SetState.ACCEPTED)
    ).values_list("image", "author", "annotations")
    by_image: Said = defaultdict(dict)
    for image, author, document in sets:
        named = whole_labels(document)
        if author is not None and (_is_multi_label(campaign) or len(named) == 1):
            by_image[image][author] = named
    return by_image


def measure_trust(campaign: Campaign, images: Collection[int]) -> dict[str, Any]:
    """Return what a training is to make of images, as JSON values; empty where nobody can be judged.

    {"people": [[user, quality]]} with one of: "images": [[image, label, weight]], the likeliest label of an image that several people
    labeled, or the one that it has, and how likely it is; "labels": [label] with "bits": [[image, [0 or 1], [weight]]], the same
    label by label where images have several; "drawings": [[image, revision, weight]], whose drawing is learned and how far it is trusted.
    What a reviewer accepted stays as it is and counts in full.
    """
    accepted = set(Image.objects.filter(campaign=campaign, state=ImageState.ACCEPTED).values_list("pk", flat=True))
    if campaign.task != Task.CLASSIFICATION:
        return measure_drawn_trust(campaign, sorted(set(images) - accepted))
    said, multi_label = _said(campaign), _is_multi_label(campaign)
    shared = {image: votes for image, votes in said.items() if len(votes) > 1}
    asked = {image: said[image] for image in sorted(set(images) & set(said) - accepted)}
    if not shared or not asked:
        return {}
    labels = sorted({label for votes in said.values() for named in votes.values() for label in named})
    judged = _Votes.of(shared, multi_label=multi_label, labels=labels)
    found = consensus(judged.rows[:, 0], judged.rows[:, 1], judged.rows[:, 2], classes=judged.classes)
    votes = _Votes.of(asked, multi_label=multi_label, people=judged.people, labels=labels)
    told = trust(found, votes.rows[:, 0], votes.rows[:, 1], votes.rows[:, 2])
    people = [[pk, round(float(quality), 4)] for pk, quality in zip(judged.people, found.quality, strict=True)]
    sure = [round(float(value), 4) for value in told.sureness]
    if not multi_label:
        rows = [[image, labels[told.labels[at]], sure[at]] for at, (image, _) in enumerate(votes.items)]
        return {"people": people, "images": rows}
    size, bits = len(labels), told.labels.tolist()
    parts = [(image, slice(at * size, (at + 1) * size)) for at, image in enumerate(asked)]
    return {"people": people, "labels": labels, "bits": [[image, bits[part], sure[part]] for image, part in parts]}
