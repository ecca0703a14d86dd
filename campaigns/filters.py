"""Which images of a campaign: the filters of the list, of runs and of exports, all the same."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, QuerySet

from campaigns.errors import InvalidInput
from campaigns.models import Campaign, Image, ImageState, LabelUse, Split
from campaigns.querysets import ImageQuerySet

MAX_IDS = 100_000


class NumbersFilter(django_filters.BaseInFilter, django_filters.NumberFilter):
    """Comma-separated numbers."""


class ImageFilter(django_filters.FilterSet):
    """``?label=1,2&label_op=and&state=unlabeled&split=test&score_gte=0.5&q=name&flagged=true``."""

    label = NumbersFilter(method="by_label", label="Label ids, comma-separated; used in a submitted set")
    label_op = django_filters.ChoiceFilter(
        method="ignore", choices=[("and", "and"), ("or", "or"), ("not", "not")], label="How several labels combine"
    )
    state = django_filters.ChoiceFilter(choices=ImageState.choices)
    split = django_filters.ChoiceFilter(choices=[*Split.choices[1:], ("none", "none")], method="by_split")
    score_gte = django_filters.NumberFilter(field_name="priority", lookup_expr="gte")
    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label="Part of the name")
    flagged = django_filters.BooleanFilter()

    class Meta:
        model = Image
        fields: list[str] = []

    def ignore(self, queryset: QuerySet[Image], name: str, value: Any) -> QuerySet[Image]:
        """Leave the rows alone: the value belongs to another filter."""
        return queryset

    def by_split(self, queryset: QuerySet[Image], name: str, value: str) -> QuerySet[Image]:
        """Keep one split; ``none`` is the images without one."""
        return queryset.filter(split="" if value == "none" else value)

    def by_label(self, queryset: QuerySet[Image], name: str, value: list[Any]) -> QuerySet[Image]:
        """Keep images whose submitted sets use the labels: all of them, any (default), or none."""
        operator = self.data.get("label_op", "or")
        labels = [int(v) for v in value]
        used = LabelUse.objects.filter(annotation_set__image=OuterRef("pk"), annotation_set__submitted_at__isnull=False)
        if operator == "and":
            for label in labels:
                queryset = queryset.filter(Exists(used.filter(label=label)))
            return queryset
        any_of = Exists(used.filter(label__in=labels))
        return queryset.exclude(any_of) if operator == "not" else queryset.filter(any_of)


def select_images(campaign: Campaign, selection: Any) -> ImageQuerySet:
    """Return the images that a selection names: ``"all"``, ``"unlabeled"`` or ``{"filter": {…}}``.

    Held-back images whose truth is known wait for nobody's label, so ``"unlabeled"`` leaves them out.
    Raises InvalidInput for anything else.
    """
    images: ImageQuerySet = Image.objects.filter(campaign=campaign)
    if selection == "all":
        return images
    if selection == "unlabeled":
        waiting: ImageQuerySet = images.filter(state=ImageState.UNLABELED).exclude(split=Split.TEST, reference__isnull=False)
        return waiting
    if isinstance(selection, dict) and set(selection) == {"filter"} and isinstance(selection["filter"], dict):
        return _by_filter(images, selection["filter"])
    raise InvalidInput('images must be "all", "unlabeled", a list of ids, or {"filter": {…}}.', code="invalid_selection")


def selected_ids(campaign: Campaign, selection: Any, *, checked: bool = False) -> list[int]:
    """Return the ids that a selection names, in the order of labeling; a list of ids is a selection too and keeps its order.

    ``checked``: the selection was looked at before, so that images removed since then are left out in silence.
    Raises InvalidInput for what is no selection, and for ids that are not of this campaign.
    """
    if not isinstance(selection, list):
        return list(select_images(campaign, selection).order_by("-priority", "id").values_list("pk", flat=True))
    if not selection or len(selection) > MAX_IDS or any(isinstance(i, bool) or not isinstance(i, int) for i in selection):
        raise InvalidInput(f"A selection is a list of 1 to {MAX_IDS} image ids.", code="invalid_selection")
    wanted = list(dict.fromkeys(selection))
    found: set[int] = set()
    for start in range(0, len(wanted), 500):  # a database takes a limited number of variables in one statement
        part = Image.objects.filter(campaign=campaign, pk__in=wanted[start : start + 500])
        found.update(part.values_list("pk", flat=True))
    missing = [i for i in wanted if i not in found]
    if missing and not checked:
        raise InvalidInput(f"Image {missing[0]} is not in this campaign.", code="invalid_selection")
    return [i for i in wanted if i in found]


def _by_filter(images: ImageQuerySet, values: dict[str, Any]) -> ImageQuerySet:
    unknown = sorted(set(values) - set(ImageFilter.base_filters))
    if unknown:
        raise InvalidInput(
            f"There is no filter {unknown[0]!r}. Known: {', '.join(sorted(ImageFilter.base_filters))}.", code="invalid_selection"
        )
    data = {k: ",".join(map(str, v)) if isinstance(v, list) else v for k, v in values.items()}
    chosen = ImageFilter(data, queryset=images)
    if not chosen.is_valid():
        field, messages = next(iter(chosen.errors.items()))
        raise InvalidInput(f"{field}: {' '.join(map(str, messages))}", code="invalid_selection")
    selected: ImageQuerySet = chosen.qs
    return selected
