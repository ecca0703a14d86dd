"""Change and remove images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from campaigns.errors import InvalidInput, NotAllowed
from campaigns.filters import Chosen, chosen_images
from campaigns.imagery import sidecars_of
from campaigns.models import Campaign, Image, ImageState, User
from campaigns.permissions import ANNOTATE, MANAGE, require_role
from campaigns.storage import image_path

ANNOTATORS_MAY = frozenset({"flagged", "comment"})
IMAGES_A_QUERY = 500


def update_image(*, user: User, image: Image, **changes: Any) -> Image:
    """Flag or comment an image (annotators may), move it to another split, exclude it or take it in again (managers may)."""
    _require_for(user, image.campaign, changes)
    if changes:
        with transaction.atomic():
            _change(Image.objects.filter(pk=image.pk), **changes)
        image.refresh_from_db()
    return image


def update_images(*, user: User, campaign: Campaign, images: Any, **changes: Any) -> Chosen:
    """Flag many images (annotators may), move them to another split, exclude them or take them in again (managers may).

    ``images`` is a selection; return which were meant. All of them change, or none does. Raises InvalidInput for no change and for a
    selection of nothing.
    """
    _require_for(user, campaign, changes)
    if not changes:
        raise InvalidInput("Say what to change: split, flagged or excluded.", code="nothing_to_do")
    chosen = _selected(user, campaign, images)
    with transaction.atomic():
        for part in _parts(chosen.ids):
            _change(Image.objects.filter(pk__in=part), **changes)
    return chosen


def _change(images: QuerySet[Image], *, excluded: bool | None = None, **changes: Any) -> None:
    """Excluded images are asked of nobody, ranked, learned from and exported by nothing; taken in again, they are as before."""
    if changes:
        images.update(**changes)
    if excluded:
        fresh = images.exclude(state=ImageState.EXCLUDED)
        fresh.update(state_before=F("state"), state=ImageState.EXCLUDED, leased_by=None, leased_until=None)
    elif excluded is False:
        images.filter(state=ImageState.EXCLUDED).update(state=F("state_before"), state_before="")


def delete_images(*, user: User, campaign: Campaign, images: Any) -> Chosen:
    """Remove many images with their annotations and their files, some at a time; return which. ``images`` is a selection."""
    require_role(user, campaign, MANAGE)
    chosen = _selected(user, campaign, images)
    for part in _parts(chosen.ids):
        those = Image.objects.filter(pk__in=part)
        paths = [image_path(image) for image in those]
        with transaction.atomic():
            those.delete()
        for path in paths:
            _remove_files(path)
    return chosen


def delete_image(*, user: User, image: Image) -> None:
    """Remove an image with its annotations and its file."""
    require_role(user, image.campaign, MANAGE)
    path = image_path(image)
    image.delete()
    _remove_files(path)


def _require_for(user: User, campaign: Campaign, changes: dict[str, Any]) -> None:
    role = require_role(user, campaign, ANNOTATE)
    if role not in MANAGE and set(changes) - ANNOTATORS_MAY:
        raise NotAllowed("Only owners and managers exclude images and move them between splits.")


def _selected(user: User, campaign: Campaign, images: Any) -> Chosen:
    chosen = chosen_images(campaign, images, reader=user)
    if not chosen.ids:
        raise InvalidInput("No image is selected.", code="nothing_selected")
    return chosen


def _parts(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), IMAGES_A_QUERY):
        yield ids[start : start + IMAGES_A_QUERY]


def _remove_files(path: Path) -> None:
    """Remove a file; thumbnails, statistics and tiles go with it."""
    for file in (path, *sidecars_of(path)):
        file.unlink(missing_ok=True)
