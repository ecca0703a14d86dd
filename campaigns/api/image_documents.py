"""An image as it goes over the wire; written by hand, since a gallery asks for a hundred of them at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects

from campaigns.models import AnnotationSet, Image, ImageState, User
from campaigns.services.annotations import best_of

TILE = 256
TILED_ABOVE_PX = 4096
# Whose sets, their labels and when, but not the documents: a page of images needs none of the shapes.
_SETS = AnnotationSet.objects.select_related("author").defer("annotations").prefetch_related("label_uses")
WITH_SETS = Prefetch("annotation_sets", queryset=_SETS)


def image_document(image: Image, reader: User) -> dict[str, Any]:
    """Return one image for a person, with what its sets say."""
    prefetch_related_objects([image], WITH_SETS)
    return image_row(image, image.annotation_sets.all(), reader)


def image_row(image: Image, sets: Iterable[AnnotationSet], reader: User) -> dict[str, Any]:
    """Return an image whose sets are at hand."""
    sets = list(sets)
    best = best_of(sets)
    own = best or next((each for each in sets if each.author_id == reader.pk), None)
    uses = list(own.label_uses.all()) if own else []
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
        "labels": sorted(use.label_id for use in uses) if best and image.state != ImageState.UNLABELED else [],
        "whole_labels": [{"label": u.label_id, "default": u.default} for u in sorted(uses, key=lambda u: u.label_id) if u.whole],
        "labeled_by": _person(best.author) if best else None,
        "submitted_at": best.submitted_at if best else None,
        "sharpness": image.sharpness,
        "brightness": image.brightness,
        "contrast": image.contrast,
        "created_at": image.created_at,
    }


def _person(person: User | None) -> dict[str, Any] | None:
    return {"id": person.pk, "username": person.username, "is_owner": person.is_superuser} if person else None


def is_tiled(image: Image) -> bool:
    """Say whether the page should read tiles: rasters, and whatever is too large for a browser to hold."""
    return image.format == "TIFF" or max(image.width, image.height) > TILED_ABOVE_PX


def max_zoom(image: Image) -> int:
    """Return the zoom level at which one tile pixel is one image pixel."""
    return max(0, (max(1, -(-max(image.width, image.height) // TILE)) - 1).bit_length())
