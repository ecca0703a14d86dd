"""Change and remove images."""

from __future__ import annotations

from typing import Any

from campaigns.errors import NotAllowed
from campaigns.imagery import sidecars_of
from campaigns.models import Image, User
from campaigns.permissions import ANNOTATE, MANAGE, require_role
from campaigns.storage import image_path

ANNOTATORS_MAY = frozenset({"flagged", "comment"})


def update_image(*, user: User, image: Image, **changes: Any) -> Image:
    """Flag or comment an image (annotators may), or move it to another split (managers may)."""
    role = require_role(user, image.campaign, ANNOTATE)
    if role not in MANAGE and set(changes) - ANNOTATORS_MAY:
        raise NotAllowed("Only owners and managers move images between splits.")
    if changes:
        Image.objects.filter(pk=image.pk).update(**changes)
        image.refresh_from_db()
    return image


def delete_image(*, user: User, image: Image) -> None:
    """Remove an image with its annotations and its file."""
    require_role(user, image.campaign, MANAGE)
    path = image_path(image)
    image.delete()
    for file in (path, *sidecars_of(path)):  # thumbnails, statistics and tiles go with it
        file.unlink(missing_ok=True)
