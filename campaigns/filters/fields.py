"""The flat parameters of a filter: their types, and how they come from an address or a body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_date

from campaigns.errors import InvalidInput
from campaigns.filters.conditions import CONDITIONS, EVERYTHING, Scope, by_label
from campaigns.filters.tree import condition_of, parsed_tree, refused
from campaigns.models import Image, ImageState, Split
from campaigns.querysets import ImageQuerySet

MAX_LISTED_IDS: Final = 500


class NumbersFilter(django_filters.BaseInFilter, django_filters.NumberFilter):
    """Comma-separated numbers."""


class MomentFilter(django_filters.IsoDateTimeFilter):
    """A date or a moment as ISO 8601 writes it; a date is its first moment."""


def _moment(label: str) -> MomentFilter:
    return MomentFilter(method="ignore", label=label)


def _measure(label: str) -> django_filters.NumberFilter:
    return django_filters.NumberFilter(method="ignore", label=label)


class ImageFilter(django_filters.FilterSet):
    """``?labels_any=1,2&labels_none=3&state=unlabeled&score_gte=0.5&q=name&where={"not": {"split": "test"}}``; all of them combine.

    Labels are those of the set that speaks for an image, otherwise those of the reader's own work. A label stands for those under it, too.
    """

    label = NumbersFilter(method="ignore", label="Label ids, comma-separated; label_op says how they combine")
    label_op = django_filters.ChoiceFilter(
        method="ignore", choices=[("and", "and"), ("or", "or"), ("not", "not")], label="How several labels combine"
    )
    labels_all = NumbersFilter(method="ignore", label="Label ids: images that have every one of them")
    labels_any = NumbersFilter(method="ignore", label="Label ids: images that have at least one of them")
    labels_none = NumbersFilter(method="ignore", label="Label ids: images that have none of them")
    label_type = django_filters.ChoiceFilter(
        method="ignore", choices=[(kind, kind) for kind in ("single", "multiple", "none")], label="How many labels of the whole image"
    )
    default = django_filters.ChoiceFilter(
        method="ignore",
        choices=[(state, state) for state in ("set", "unset", "ambiguous")],
        label="Default label: set (marked, or the only one), unset (several, none marked), ambiguous (people chose different ones)",
    )
    default_label = django_filters.NumberFilter(method="ignore", label="Images whose default label this is")
    labeled_by = django_filters.NumberFilter(method="ignore", label="Id of the person whose set speaks for the image")
    state = django_filters.ChoiceFilter(choices=ImageState.choices)
    split = django_filters.ChoiceFilter(choices=[*Split.choices[1:], ("none", "none")], method="ignore")
    score_gte = _measure("Score at least")
    score_lte = _measure("Score at most")
    q = django_filters.CharFilter(method="ignore", label="Part of the name")
    flagged = django_filters.BooleanFilter()
    drafts = django_filters.BooleanFilter(method="ignore", label="Whether models drafted something")
    created_after = _moment("Added at this moment or later")
    created_before = _moment("Added before this moment")
    submitted_after = _moment("Submitted at this moment or later")
    submitted_before = _moment("Submitted before this moment")
    sharpness_gte = _measure("Sharpness at least")
    sharpness_lte = _measure("Sharpness at most")
    brightness_gte = _measure("Brightness at least, 0 to 1")
    brightness_lte = _measure("Brightness at most, 0 to 1")
    contrast_gte = _measure("Contrast at least, 0 to 0.5")
    contrast_lte = _measure("Contrast at most, 0 to 0.5")
    ids = NumbersFilter(method="ignore", label=f"Ids of images, at most {MAX_LISTED_IDS}: these alone; a list comes in their order")
    where = django_filters.CharFilter(
        method="ignore", label='JSON: {"and": […]}, {"or": […]}, {"not": …}, or an object of the other parameters; 6 deep, 100 leaves'
    )

    class Meta:
        model = Image
        fields: list[str] = []

    def ignore(self, queryset: QuerySet[Image], name: str, value: Any) -> QuerySet[Image]:
        """Leave the rows alone: ``filtered`` asks for all conditions together, so that a tree can combine them."""
        return queryset


def filtered(images: ImageQuerySet, values: Mapping[str, Any], scope: Scope, *, strict: bool = True) -> ImageQuerySet:
    """Keep the images that a filter asks for.

    ``strict`` refuses names that are no filter, as in a body; an address has other parameters besides. Raises InvalidInput.
    """
    names = [name for name in values if name in ImageFilter.base_filters]
    if strict and len(names) < len(values):
        raise _unknown(min(set(values) - set(names)))
    chosen: ImageQuerySet = images.filter(_flat({name: values[name] for name in names}, scope))
    return chosen


def checked_filter(values: Any, scope: Scope) -> dict[str, Any]:
    """Return a filter that can be used; raises InvalidInput."""
    if not isinstance(values, dict):
        raise refused("A filter is an object.")
    filtered(Image.objects.none(), values, scope)
    return values


def _flat(values: dict[str, Any], scope: Scope) -> Q:
    tree = parsed_tree(None if values.get("where") == "" else values.get("where"))
    condition = _leaf({name: value for name, value in values.items() if name != "where"}, scope)
    if tree is None:
        return condition
    return condition & condition_of(tree, lambda leaf: _known_leaf(leaf, scope))


def _known_leaf(values: dict[str, Any], scope: Scope) -> Q:
    unknown = set(values) - set(ImageFilter.base_filters) | {"where"} & set(values)
    if unknown:
        raise _unknown(min(map(str, unknown)))
    return _leaf(values, scope)


def _unknown(name: Any) -> InvalidInput:
    return refused(f"There is no filter {name!r} here. Known: {', '.join(sorted(ImageFilter.base_filters))}.")


def _leaf(values: dict[str, Any], scope: Scope) -> Q:
    found = _cleaned(values)
    if len(found.get("ids", ())) > MAX_LISTED_IDS:
        raise refused(f"ids takes at most {MAX_LISTED_IDS} images.")
    condition = Q(EVERYTHING)
    for name, build in CONDITIONS.items():
        if name in found:
            condition &= build(found[name], scope)
    if "label" in found:
        condition &= by_label(found["label"], found.get("label_op", "or"), scope)
    return condition


def _cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    cleaned: dict[str, Any] = {}
    for name, value in values.items():
        if value is None:
            continue
        entry = ImageFilter.base_filters[name]
        try:
            answer = entry.field.clean(_raw(name, value, entry))
        except ValidationError as error:
            raise refused(f"{name}: {' '.join(error.messages)}") from error
        if answer not in (None, "", []):
            cleaned[name] = [int(number) for number in answer] if isinstance(answer, list) else answer
    return cleaned


def _raw(name: str, value: Any, entry: django_filters.Filter) -> Any:
    """Return a value as the form field reads it, from an address (texts) or from JSON."""
    if isinstance(value, dict):
        raise refused(f"{name}: expected a text, a number, true, false or a list.")
    if not isinstance(value, bool):
        value = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    raw = entry.field.widget.value_from_datadict({name: value}, {}, name)
    return _first_moment(raw) if isinstance(entry, MomentFilter) else raw


def _first_moment(text: str | None) -> str | None:
    try:
        return f"{text}T00:00:00Z" if text and parse_date(text) else text
    except ValueError:
        return text
