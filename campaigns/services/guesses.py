"""What models say of whole images and nobody has reviewed: for a gallery that accepts and rejects it image by image."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from campaigns.labeling import is_whole
from campaigns.models import AnnotationSet, Campaign, Image, User
from campaigns.permissions import VIEW, require_role
from campaigns.services.annotations import is_control, offered_drafts

MOST_IMAGES = 500


@dataclass(frozen=True)
class Guess:
    """A label that a model drafted for an image as a whole, with its probability where it gave one."""

    image: int
    label: int
    confidence: float | None


def guesses_of(*, user: User, campaign: Campaign, ids: Iterable[int]) -> list[Guess]:
    """Return what the user may still accept or reject of some images, the surest first.

    It is what the labeling page would show: the drafts left in the user's own set, otherwise the models' own; none of a
    control image, and none of an image that somebody else has submitted already.
    """
    require_role(user, campaign, VIEW)
    images = list(Image.objects.filter(campaign=campaign, pk__in=list(ids)[:MOST_IMAGES]))
    for image in images:
        image.campaign = campaign
    told = AnnotationSet.objects.filter(image__in=images).filter(Q(author=user) | Q(author=None) | Q(submitted_at__isnull=False))
    sets: dict[int, list[AnnotationSet]] = {}
    for each in told.only("image_id", "author_id", "submitted_at", "annotations"):
        sets.setdefault(each.image_id, []).append(each)
    found = [guess for image in images for guess in _of_image(image, sets.get(image.pk, []), user)]
    return sorted(found, key=lambda guess: -(guess.confidence or 0.0))


def _of_image(image: Image, sets: list[AnnotationSet], user: User) -> list[Guess]:
    own = next((s for s in sets if s.author_id == user.pk), None)
    if own is None and any(s.submitted_at for s in sets):
        return []
    if own is None:
        drafted = next((s for s in sets if s.author_id is None), None)
        annotations = [] if drafted is None or is_control(image) else offered_drafts(drafted.annotations, image)
    else:
        annotations = own.annotations
    return [Guess(image.pk, a["label"], a["confidence"]) for a in annotations if _is_open(a)]


def _is_open(annotation: dict[str, Any]) -> bool:
    return is_whole(annotation) and annotation["review"] == "draft"
