"""Which image is next: the best that is free, leased to one person at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from campaigns.filters import select_images, selected_ids, settled
from campaigns.models import AnnotationSet, Campaign, Image, ImageState, SetState, Skip, User
from campaigns.options import CampaignOptions
from campaigns.permissions import ANNOTATE, require_role
from campaigns.querysets import ImageQuerySet

IDS_A_QUERY = 500
RACES = 64  # as many people may be faster before we give up; each lost race means that somebody else got an image


@dataclass(frozen=True)
class Lease:
    """An image held by one person until a time."""

    image: Image
    expires_at: datetime


def lease_next(*, user: User, campaign: Campaign, exclude: Sequence[int] = (), resume: bool = False, images: Any = None) -> Lease | None:
    """Lease the first free image in the order of ``priority``; images returned to the user come before all others.

    An image that anybody holds is not free, the user's own leases included: two tabs or scripts of one person get
    two images. ``resume`` offers the user's own again, for a page that was closed or reloaded in the middle.
    ``exclude`` names images that are not wanted; ``images``, a selection, those that are: a list of ids is offered in its order.
    Return None when nothing is left for this person.
    """
    require_role(user, campaign, ANNOTATE)
    until = timezone.now() + timedelta(seconds=CampaignOptions.from_document(campaign.settings).lease_s)
    wanted = _wanted(user, campaign, images)
    for _ in range(RACES):
        free = _free(user if resume else None)
        image = _first(_returned(free, user, campaign, exclude), wanted) or _first(_waiting(free, user, campaign, exclude), wanted)
        if image is None:
            return None
        if free.filter(pk=image.pk, state=image.state).update(leased_by=user, leased_until=until):
            image.leased_by, image.leased_until = user, until
            return Lease(image=image, expires_at=until)
    return None


def why_nothing(campaign: Campaign) -> str:
    """Say in a sentence why a person got no image."""
    if not Image.objects.filter(campaign=campaign).exists():
        return "This campaign has no images yet. Add some, then come back."
    return "Nothing is left for you here: every image is labeled, skipped by you, or held, by a colleague or by another page of yours."


def _free(holder: User | None) -> ImageQuerySet:
    free = Q(leased_until=None) | Q(leased_until__lt=timezone.now())
    return Image.objects.filter(free | Q(leased_by=holder) if holder else free)


def _waiting(free: ImageQuerySet, user: User, campaign: Campaign, exclude: Sequence[int]) -> ImageQuerySet:
    skipped = Skip.objects.filter(image=OuterRef("pk"), user=user)
    waiting = free.filter(campaign=campaign, state=ImageState.UNLABELED).exclude(pk__in=list(exclude))
    # Held-back images whose truth is known measure the models; asking people about them would be work for nothing.
    unskipped: ImageQuerySet = waiting.exclude(split="test", reference__isnull=False).exclude(Exists(skipped))
    return unskipped


def _returned(free: ImageQuerySet, user: User, campaign: Campaign, exclude: Sequence[int]) -> ImageQuerySet:
    mine = AnnotationSet.objects.filter(image=OuterRef("pk"), author=user, state=SetState.RETURNED)
    waiting = free.filter(campaign=campaign, state=ImageState.RETURNED).exclude(pk__in=list(exclude))
    returned: ImageQuerySet = waiting.filter(Exists(mine))
    return returned


def _wanted(user: User, campaign: Campaign, selection: Any) -> ImageQuerySet | list[int] | None:
    if selection is None or selection == "all":
        return None
    selection = settled(campaign, selection, reader=user)
    if isinstance(selection, list):
        return selected_ids(campaign, selection, checked=True)
    return select_images(campaign, selection, reader=user)


def _first(images: ImageQuerySet, wanted: ImageQuerySet | list[int] | None) -> Image | None:
    images = images.select_related("campaign")
    if isinstance(wanted, list):
        for start in range(0, len(wanted), IDS_A_QUERY):
            part = wanted[start : start + IDS_A_QUERY]
            found: dict[int, Image] = {image.pk: image for image in images.filter(pk__in=part)}
            if found:
                return next(found[pk] for pk in part if pk in found)
        return None
    if wanted is not None:
        images = images.filter(pk__in=wanted.order_by().values("pk"))
    # In the order of the queue's index: by id alone, SQLite would walk through the whole campaign.
    first: Image | None = images.order_by("-priority", "id").first()
    return first


def keep_lease(user: User, image: Image) -> None:
    """Hold an image longer for the person who works on it, when less than half of the lease is left."""
    lease_s = CampaignOptions.from_document(image.campaign.settings).lease_s
    now = timezone.now()
    soon = now + timedelta(seconds=lease_s / 2)
    if image.leased_by_id == user.pk and (image.leased_until is None or image.leased_until < soon):
        Image.objects.filter(pk=image.pk, leased_by=user).update(leased_until=now + timedelta(seconds=lease_s))


def release(*, user: User, image: Image) -> None:
    """Give a leased image back."""
    Image.objects.filter(pk=image.pk, leased_by=user).update(leased_by=None, leased_until=None)


def skip_image(*, user: User, image: Image, reason: str = "") -> None:
    """Pass an image over; the queue offers it to others only."""
    require_role(user, image.campaign, ANNOTATE)
    Skip.objects.update_or_create(image=image, user=user, defaults={"reason": reason[:300]})
    release(user=user, image=image)
