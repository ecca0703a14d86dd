"""How often labels are used, and which are too rare to learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Q, Sum

from campaigns.filters import Scope, counted_uses, filtered
from campaigns.models import Campaign, Label
from campaigns.querysets import ImageQuerySet
from campaigns.services.label_trees import families_of, parents_of

FEW: Final = 15  # images below which a model cannot be relied on


@dataclass(frozen=True)
class LabelCount:
    """How a label is used. ``imbalance``: images of the commonest label for one of this, 1 and up.

    ``family_images``: with the label or one that stands under it.
    """

    label: int
    images: int
    objects: int
    default_images: int
    imbalance: float
    family_images: int

    @property
    def few(self) -> bool:
        """Say whether a model could hardly learn it."""
        return self.images < FEW


@dataclass(frozen=True)
class LabelCounts:
    """Every label of a campaign, and images whose default label is not chosen or disputed."""

    labels: list[LabelCount]
    images: int
    unset_default: int
    ambiguous_default: int


def count_labels(campaign: Campaign, images: ImageQuerySet, scope: Scope, *, every: bool) -> LabelCounts:
    """Count how the sets that count use labels on some images; ``every``: these are all images of the campaign."""
    uses = counted_uses(scope)
    if not every:
        uses = uses.filter(annotation_set__image__in=images.order_by().values("pk"))
    counted = uses.values("label").annotate(images=Count("pk"), used=Sum("count"), default_images=Count("pk", filter=Q(default=True)))
    found = {row["label"]: row for row in counted}
    most = max((row["images"] for row in found.values()), default=0)
    families = families_of(parents_of(campaign.pk))
    labels = []
    for label in Label.objects.filter(campaign=campaign).values_list("pk", flat=True):
        row = found.get(label, {"images": 0, "used": 0, "default_images": 0})
        imbalance = round(max(1.0, most / max(1, row["images"])), 2)
        family = row["images"]
        if label in families:
            family = uses.filter(label__in=families[label]).order_by().values("annotation_set__image").distinct().count()
        labels.append(LabelCount(label, row["images"], row["used"], row["default_images"], imbalance, family))
    unset, ambiguous = (filtered(images, {"default": state}, scope).count() for state in ("unset", "ambiguous"))
    return LabelCounts(labels, images.count(), unset, ambiguous)
