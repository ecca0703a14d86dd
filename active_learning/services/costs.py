"""What labeling an image is expected to cost, and how often each label was given: from what people did in the campaign so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from django.db.models import Count, Sum

from active_learning.acquisition.values import Floats
from campaigns.models import Campaign, Effort, LabelUse, SetState

LOOK_S: Final = 3.0
"""How long it takes to open an image and look at it, before anything is drawn."""
OBJECT_S: Final = 8.0
"""How long an object takes where nobody's time was measured yet."""
LEAST_MEASURED: Final = 20
GIVEN: Final = (SetState.SUBMITTED, SetState.ACCEPTED)


def seconds_an_object(campaign: Campaign) -> float:
    """Return the active seconds that an object took on average, drafts that were merely accepted among them."""
    sums = Effort.objects.filter(campaign=campaign).aggregate(objects=Sum("object_count"), seconds=Sum("active_s"))
    measured = sums["objects"] or 0
    # A guess counts as much as so many objects: the first few that are measured say little.
    return float(((sums["seconds"] or 0.0) + LEAST_MEASURED * OBJECT_S) / (measured + LEAST_MEASURED))


def expected_seconds(campaign: Campaign, objects: Floats) -> Floats:
    """Return how long labeling each image takes, from how many objects one may expect in it.  (N,) → (N,) above 0."""
    return LOOK_S + np.asarray(objects, dtype=float) * seconds_an_object(campaign)


def label_counts(campaign: Campaign, label_ids: Sequence[int | None]) -> Floats:
    """Return how many images have each label so far, (K,); what the campaign has no label for counts as common."""
    rows = LabelUse.objects.filter(annotation_set__image__campaign=campaign, annotation_set__state__in=GIVEN).order_by()
    counts = dict(rows.values("label").annotate(images=Count("annotation_set__image", distinct=True)).values_list("label", "images"))
    most = max(counts.values(), default=0)
    return np.array([most if label is None else counts.get(label, 0) for label in label_ids], dtype=float)


def mean_cardinality(campaign: Campaign) -> float | None:
    """Return how many labels of the whole image a labeled image has on average; None where none is labeled."""
    rows = LabelUse.objects.filter(annotation_set__image__campaign=campaign, annotation_set__state__in=GIVEN, whole=True)
    sums = rows.aggregate(labels=Count("id"), images=Count("annotation_set", distinct=True))
    return sums["labels"] / sums["images"] if sums["images"] else None
