"""An image as it goes over the wire; written by hand, since a gallery asks for a hundred of them at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from campaigns.models import AnnotationSet, Image, ImageState, LabelUse, User

TILE = 256
TILED_ABOVE_PX = 4096


@dataclass
class _Spoken:
    """What is shown of a set: whose it is, when it was handed in, and (label, whole, default) of its labels, but no shapes."""

    pk: int
    author: dict[str, Any] | None
    submitted_at: datetime | None
    uses: list[tuple[int, bool, bool]] = field(default_factory=list)


def image_document(image: Image, reader: User) -> dict[str, Any]:
    """Return one image for a person, with what its sets say."""
    return image_rows([image], reader)[0]


def image_rows(images: Sequence[Image], reader: User) -> list[dict[str, Any]]:
    """Return images for a person, with what their sets say, by two more queries for all of them."""
    sets = _sets_of(images, reader)
    return [_row(image, sets.get(image.pk, ()), reader) for image in images]


def _sets_of(images: Sequence[Image], reader: User) -> dict[int, list[_Spoken]]:
    told = AnnotationSet.objects.filter(Q(submitted_at__isnull=False) | Q(author=reader), image__in=[image.pk for image in images])
    fields = ("pk", "image", "submitted_at", "author", "author__username", "author__is_superuser")
    sets: dict[int, _Spoken] = {}
    by_image: dict[int, list[_Spoken]] = {}
    for pk, image, submitted_at, author, username, is_owner in told.order_by().values_list(*fields):
        person = {"id": author, "username": username, "is_owner": is_owner} if author is not None else None
        sets[pk] = _Spoken(pk, person, submitted_at)
        by_image.setdefault(image, []).append(sets[pk])
    uses = LabelUse.objects.filter(annotation_set__in=list(sets)).order_by("label")
    for own, label, whole, default in uses.values_list("annotation_set", "label", "whole", "default"):
        sets[own].uses.append((label, whole, default))
    return by_image


def _row(image: Image, sets: Iterable[_Spoken], reader: User) -> dict[str, Any]:
    sets = list(sets)
    # The rule of campaigns.services.annotations.best_of, on what was read here.
    best = max((s for s in sets if s.submitted_at), key=lambda s: (s.submitted_at, s.pk), default=None)
    own = best or next((s for s in sets if s.author and s.author["id"] == reader.pk), None)
    uses = own.uses if own else []
    return {
        "id": image.pk,
        "campaign": image.campaign_id,
        "name": image.name,
        "width": image.width,
        "height": image.height,
        "bands": image.bands,
        "dtype": image.dtype,
        "format": image.format,
        "crs": image.crs,
        "transform": image.transform,
        "state": image.state,
        "split": image.split,
        "priority": image.priority,
        "flagged": image.flagged,
        "comment": image.comment,
        "size_bytes": image.size_bytes,
        "sha256": image.sha256,
        "tiled": is_tiled(image),
        "max_zoom": max_zoom(image),
        "labels": [label for label, _, _ in uses] if best and image.state != ImageState.UNLABELED else [],
        "whole_labels": [{"label": label, "default": default} for label, whole, default in uses if whole],
        "labeled_by": best.author if best else None,
        "submitted_at": best.submitted_at if best else None,
        "sharpness": image.sharpness,
        "brightness": image.brightness,
        "contrast": image.contrast,
        "created_at": image.created_at,
    }


def is_tiled(image: Image) -> bool:
    """Say whether the page should read tiles: rasters, and whatever is too large for a browser to hold."""
    return image.format == "TIFF" or max(image.width, image.height) > TILED_ABOVE_PX


def max_zoom(image: Image) -> int:
    """Return the zoom level at which one tile pixel is one image pixel."""
    return max(0, (max(1, -(-max(image.width, image.height) // TILE)) - 1).bit_length())
