"""What each parameter of a filter asks, as a condition that and, or and not may combine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from campaigns.models import AnnotationSet, LabelUse
from campaigns.services.label_trees import families_of, parents_of

EVERYTHING: Final = Q(pk__isnull=False)
NOTHING: Final = Q(pk__in=[])


@dataclass(frozen=True)
class Scope:
    """Where images are looked for, and who looks: a person's own unsubmitted work counts where nothing was submitted."""

    campaign: int
    reader: int | None = None

    @cached_property
    def families(self) -> dict[int, set[int]]:
        """Return each label that others stand under, with itself and all of these."""
        return families_of(parents_of(self.campaign))


def counting(scope: Scope, prefix: str = "") -> Q:
    """Return the condition of the set that counts for an image: the one submitted last, otherwise the reader's own.

    ``prefix`` leads to the set from what is filtered, such as ``annotation_set__``.
    """
    image, at, pk = (OuterRef(f"{prefix}{name}") for name in ("image", "submitted_at", "pk"))
    submitted = AnnotationSet.objects.filter(image=image, submitted_at__isnull=False)
    later = submitted.filter(Q(submitted_at__gt=at) | Q(submitted_at=at, pk__gt=pk))
    counts = Q(Q(**{f"{prefix}submitted_at__isnull": False}), ~Exists(later))
    if scope.reader is not None:
        counts |= Q(Q(**{f"{prefix}submitted_at__isnull": True, f"{prefix}author": scope.reader}), ~Exists(submitted))
    return counts


def spoken_sets(scope: Scope) -> QuerySet[AnnotationSet]:
    """Return, of every image, the set that counts."""
    found: QuerySet[AnnotationSet] = AnnotationSet.objects.filter(counting(scope)).order_by()
    return found


def counted_uses(scope: Scope) -> QuerySet[LabelUse]:
    """Return how the sets that count use labels."""
    return LabelUse.objects.filter(counting(scope, "annotation_set__"), annotation_set__image__campaign=scope.campaign)


def _submitted_sets(scope: Scope) -> QuerySet[AnnotationSet]:
    return spoken_sets(Scope(scope.campaign)).filter(image__campaign=scope.campaign)


def _of_sets(sets: QuerySet[AnnotationSet]) -> Q:
    return Q(pk__in=sets.values("image"))


def _with_any(labels: list[int], scope: Scope) -> Q:
    named = set(labels).union(*(scope.families.get(label, ()) for label in labels))
    return _of_sets(spoken_sets(scope).filter(label_uses__label__in=named))


def _with_all(labels: list[int], scope: Scope) -> Q:
    condition = Q(EVERYTHING)
    for label in labels:
        condition &= _with_any([label], scope)
    return condition


def _with_none(labels: list[int], scope: Scope) -> Q:
    return ~_with_any(labels, scope)


def by_label(labels: list[int], operator: str, scope: Scope) -> Q:
    """Combine labels as ``label_op`` says: all of them, any (``or``), or none (``not``)."""
    return {"and": _with_all, "not": _with_none}.get(operator, _with_any)(labels, scope)


def _whole_uses(scope: Scope) -> QuerySet[LabelUse]:
    return counted_uses(scope).filter(whole=True)


def _by_label_type(kind: str, scope: Scope) -> Q:
    uses = _whole_uses(scope)
    if kind == "none":
        return ~Q(pk__in=uses.values("annotation_set__image"))
    counted = uses.values("annotation_set__image").annotate(labels=Count("pk"))
    wanted = counted.filter(labels=1) if kind == "single" else counted.filter(labels__gt=1)
    return Q(pk__in=wanted.values("annotation_set__image"))


def _disputed(scope: Scope) -> Q:
    uses = LabelUse.objects.filter(default=True, annotation_set__image__campaign=scope.campaign, annotation_set__submitted_at__isnull=False)
    counted = uses.values("annotation_set__image").annotate(labels=Count("label", distinct=True)).filter(labels__gt=1)
    return Q(pk__in=counted.values("annotation_set__image"))


def _by_default(state: str, scope: Scope) -> Q:
    if state == "ambiguous":
        return _disputed(scope)
    uses = _whole_uses(scope)
    if state == "set":
        return Q(pk__in=uses.filter(default=True).values("annotation_set__image")) & ~_disputed(scope)
    chosen = uses.values("annotation_set__image").annotate(chosen=Count("pk", filter=Q(default=True)))
    return Q(pk__in=chosen.filter(chosen=0).values("annotation_set__image"))


def _drafted(wanted: bool, scope: Scope) -> Q:
    there = AnnotationSet.objects.filter(author=None, image__campaign=scope.campaign).exclude(annotations=[])
    return _of_sets(there) if wanted else ~_of_sets(there)


def _of_field(lookup: str) -> Callable[[Any, Scope], Q]:
    return lambda value, scope: Q(**{lookup: value})


def _submitted(lookup: str) -> Callable[[datetime, Scope], Q]:
    return lambda moment, scope: _of_sets(_submitted_sets(scope).filter(**{f"submitted_at__{lookup}": moment}))


CONDITIONS: Final[dict[str, Callable[[Any, Scope], Q]]] = {
    "labels_all": _with_all,
    "labels_any": _with_any,
    "labels_none": _with_none,
    "label_type": _by_label_type,
    "default": _by_default,
    "default_label": lambda label, scope: _of_sets(spoken_sets(scope).filter(label_uses__label=label, label_uses__default=True)),
    "labeled_by": lambda person, scope: _of_sets(_submitted_sets(scope).filter(author=person)),
    "state": _of_field("state"),
    "split": lambda split, scope: Q(split="" if split == "none" else split),
    "flagged": _of_field("flagged"),
    "q": _of_field("name__icontains"),
    "ids": _of_field("pk__in"),
    "drafts": _drafted,
    "score_gte": _of_field("priority__gte"),
    "score_lte": _of_field("priority__lte"),
    "created_after": _of_field("created_at__gte"),
    "created_before": _of_field("created_at__lt"),
    "submitted_after": _submitted("gte"),
    "submitted_before": _submitted("lt"),
    **{
        f"{measure}_{side}": _of_field(f"{measure}__{side}")
        for measure in ("sharpness", "brightness", "contrast")
        for side in ("gte", "lte")
    },
}  # fmt: skip
