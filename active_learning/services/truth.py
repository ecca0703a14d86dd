"""What is known of images: what people submitted, and the truth that is held back from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from campaigns.models import AnnotationSet, Campaign, Image, Reference, SetState, Split
from campaigns.querysets import ImageQuerySet

Annotations = list[dict[str, Any]]


def held_back(campaign: Campaign) -> ImageQuerySet:
    """Return the images that measure models: those of the test split."""
    images: ImageQuerySet = Image.objects.filter(campaign=campaign, split=Split.TEST)
    return images


def truth_of(images: ImageQuerySet) -> dict[int, Annotations]:
    """Return what is true of those images that it is known of: their reference, else what was submitted last."""
    truth = submitted_of(images)
    truth.update(Reference.objects.filter(image__in=images.order_by()).values_list("image", "annotations"))
    return truth


def marks_of_truth(campaign: Campaign) -> dict[int, int]:
    """Return a number for each image whose truth is known, which changes with it."""
    submitted = AnnotationSet.objects.filter(image__campaign=campaign, state__in=(SetState.SUBMITTED, SetState.ACCEPTED))
    rows = submitted.order_by("submitted_at", "id").values_list("image", "pk", "version", "submitted_at")
    marks = {image: hash((pk, version, 0 if at is None else at.timestamp())) for image, pk, version, at in rows.iterator()}
    references = Reference.objects.filter(image__campaign=campaign).order_by().values_list("image", "pk")
    marks.update((image, hash((pk, -1))) for image, pk in references)
    return marks


def submitted_of(images: ImageQuerySet) -> dict[int, Annotations]:
    """Return what was submitted last, of those images of which something was."""
    submitted = AnnotationSet.objects.filter(image__in=images.order_by(), state__in=(SetState.SUBMITTED, SetState.ACCEPTED))
    return dict(submitted.order_by("submitted_at", "id").values_list("image", "annotations"))


def reference_of(images: ImageQuerySet) -> dict[int, Annotations]:
    """Return the held-back truth alone."""
    return dict(Reference.objects.filter(image__in=images.order_by()).values_list("image", "annotations"))


def accepted(annotations: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return what a person, or the truth, says without the drafts that nobody decided about."""
    return [each for each in annotations if each.get("review", "accepted") == "accepted"]


def whole_labels(annotations: Iterable[Mapping[str, Any]]) -> frozenset[int]:
    """Return the labels that a person, or the truth, gives the image as a whole."""
    return frozenset(each["label"] for each in accepted(annotations) if each["shape"]["type"] == "whole")
