"""Hand in one area of an image: what is drawn in it teaches, while the image as a whole stays open."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from django.db.models import QuerySet

from active_learning.models import LabeledArea
from campaigns.errors import Conflict, InvalidInput
from campaigns.geometry import shape_bounds
from campaigns.models import AnnotationSet, Campaign, Image, ImageState, SetState, Task, User
from campaigns.options import CampaignOptions
from campaigns.permissions import ANNOTATE, VIEW, require_role
from campaigns.services.annotations import conflict, reviewed
from inference.areas import Bounds

MOST_AREAS = 1000
WHOLE = (ImageState.SUBMITTED, ImageState.ACCEPTED)


def hand_in_area(
    *, user: User, image: Image, bounds: Sequence[float], version: int, accept_drafts_above: float | None = None
) -> LabeledArea:
    """Keep a copy of what the user's saved set, in this version, says of an area; drafts as when an image is submitted.

    Raises Conflict where only whole images teach, and PreconditionFailed where the set has moved on.
    """
    require_role(user, image.campaign, ANNOTATE)
    if not learns_areas(image.campaign):
        raise Conflict("Only semantic segmentation learns from areas; submit the whole image.", code="areas_not_learned")
    if image.state in WHOLE:
        raise Conflict("The whole image is submitted already; there is no area left to hand in.", code="image_submitted")
    left, top, right, bottom = _checked(image, bounds)
    own = AnnotationSet.objects.filter(image=image, author=user, state__in=(SetState.DRAFT, SetState.RETURNED)).first()
    if own is None:
        raise Conflict("Open the image first: you have drawn nothing on it yet.", code="nothing_drawn")
    if own.version != version:
        raise conflict(own)
    if LabeledArea.objects.filter(image=image).count() >= MOST_AREAS:
        raise Conflict(f"{MOST_AREAS} areas of this image are handed in; submit the whole image.", code="too_many_areas")
    annotations = [each for each in reviewed(own.annotations, accept_drafts_above) if _reaches(each["shape"], (left, top, right, bottom))]
    return LabeledArea.objects.create(image=image, author=user, bounds=[left, top, right, bottom], annotations=annotations)


def learns_areas(campaign: Campaign) -> bool:
    """Say whether a campaign's trainings learn from areas alone."""
    return campaign.task == Task.SEGMENTATION and CampaignOptions.from_document(campaign.settings).segmentation == "semantic"


def _checked(image: Image, bounds: Sequence[float]) -> tuple[int, int, int, int]:
    if len(bounds) != 4 or not all(math.isfinite(value) for value in bounds):
        raise InvalidInput("bounds are left, top, right and bottom in pixels of the image.", code="invalid_area")
    left, top, right, bottom = whole_pixels(bounds)
    left, top, right, bottom = max(0, left), max(0, top), min(image.width, right), min(image.height, bottom)
    if left >= right or top >= bottom:
        raise InvalidInput(f"bounds: the area lies outside the {image.width} x {image.height} pixels of the image.", code="invalid_area")
    return left, top, right, bottom


def whole_pixels(bounds: Sequence[float]) -> tuple[int, int, int, int]:
    """Return an area's sides at the nearest borders of pixels, so that areas side by side stay so."""
    left, top, right, bottom = (math.floor(value + 0.5) for value in bounds)
    return left, top, right, bottom


def _reaches(shape: dict[str, object], area: Bounds) -> bool:
    around = shape_bounds(shape)
    return around is not None and around[0] < area[2] and around[2] > area[0] and around[1] < area[3] and around[3] > area[1]


def areas_of(*, user: User, image: Image) -> QuerySet[LabeledArea]:
    """Return the areas of an image that were handed in, oldest first."""
    require_role(user, image.campaign, VIEW)
    return LabeledArea.objects.filter(image=image).select_related("author")


def labeled_bounds(image_ids: Collection[int]) -> dict[int, list[Bounds]]:
    """Return the areas that are labeled already, by image."""
    found: dict[int, list[Bounds]] = {}
    for image, (left, top, right, bottom) in LabeledArea.objects.filter(image__in=image_ids).values_list("image", "bounds"):
        found.setdefault(image, []).append((left, top, right, bottom))
    return found
