"""Which images a run is about: all, the unlabeled, some by id, or those that a filter keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaigns.errors import InvalidInput
from campaigns.models import Campaign, Image, ImageState, LabelUse, Split
from campaigns.querysets import ImageQuerySet

Selection = str | list[int] | Mapping[str, Mapping[str, Any]]
MAX_IDS = 200_000
FILTERS = ("state", "split", "flagged", "label", "label_op", "q")


def checked_selection(selection: Any, campaign: Campaign) -> Selection:
    """Return a selection that ``selected_images`` understands; raises InvalidInput that says what to send instead."""
    if selection in ("all", "unlabeled"):
        return str(selection)
    if isinstance(selection, list):
        return _checked_ids(selection, campaign)
    if isinstance(selection, Mapping) and set(selection) == {"filter"} and isinstance(selection["filter"], Mapping):
        _filtered(Image.objects.none(), selection["filter"])
        return {"filter": dict(selection["filter"])}
    raise InvalidInput('images is "all", "unlabeled", a list of image ids, or {"filter": {…}}.', code="invalid_selection")


def _checked_ids(ids: list[Any], campaign: Campaign) -> list[int]:
    if not ids or len(ids) > MAX_IDS:
        raise InvalidInput(f"Name between 1 and {MAX_IDS:,} images.", code="invalid_selection")
    if any(isinstance(each, bool) or not isinstance(each, int) for each in ids):
        raise InvalidInput("Image ids are whole numbers.", code="invalid_selection")
    wanted = list(dict.fromkeys(ids))
    there: set[int] = set()
    for start in range(0, len(wanted), 500):
        there.update(Image.objects.filter(campaign=campaign, pk__in=wanted[start : start + 500]).values_list("pk", flat=True))
    unknown = [each for each in wanted if each not in there]
    if unknown:
        named = ", ".join(map(str, unknown[:5]))
        raise InvalidInput(f"This campaign has no image {named}{' …' if len(unknown) > 5 else ''}.", code="unknown_images")
    return wanted


def selected_ids(selection: Selection, campaign: Campaign) -> list[int]:
    """Return the ids of the images that a checked selection means at the moment, in the order of labeling."""
    if isinstance(selection, list):
        return selection
    images: ImageQuerySet = Image.objects.filter(campaign=campaign)
    if selection == "unlabeled":
        images = images.filter(state=ImageState.UNLABELED)
    if isinstance(selection, Mapping):
        images = _filtered(images, selection["filter"])
    return list(images.order_by("-priority", "id").values_list("pk", flat=True))


def _filtered(images: ImageQuerySet, wanted: Mapping[str, Any]) -> ImageQuerySet:
    unknown = sorted(set(wanted) - set(FILTERS))
    if unknown:
        raise InvalidInput(f"There is no filter {unknown[0]!r}. Known: {', '.join(FILTERS)}.", code="invalid_selection")
    if "state" in wanted:
        images = images.filter(state__in=_words(wanted["state"], "state", ImageState.values))
    if "split" in wanted:
        images = images.filter(split__in=_words(wanted["split"], "split", Split.values))
    if "flagged" in wanted:
        images = images.filter(flagged=bool(wanted["flagged"]))
    if wanted.get("q"):
        images = images.filter(name__icontains=str(wanted["q"])[:300])
    return _with_labels(images, wanted)


def _with_labels(images: ImageQuerySet, wanted: Mapping[str, Any]) -> ImageQuerySet:
    labels = wanted.get("label", [])
    labels = labels if isinstance(labels, list) else [labels]
    if any(isinstance(label, bool) or not isinstance(label, int) for label in labels):
        raise InvalidInput("label is a label id or a list of them.", code="invalid_selection")
    if wanted.get("label_op", "or") == "and":
        for label in labels:
            images = images.filter(pk__in=_images_using([label]))
        return images
    return images.filter(pk__in=_images_using(labels)) if labels else images


def _images_using(labels: list[int]) -> Any:
    return LabelUse.objects.filter(label__in=labels).values("annotation_set__image_id")


def _words(value: Any, name: str, allowed: list[str]) -> list[str]:
    words = value if isinstance(value, list) else [value]
    for word in words:
        if word not in allowed:
            raise InvalidInput(f"{name} is one of {', '.join(repr(each) for each in allowed)}, not {word!r}.", code="invalid_selection")
    return words
