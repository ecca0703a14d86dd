"""What labeling an image is expected to cost, and how often each label was given: from what people did in the campaign so far."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np
from django.db.models import Count, Sum

from active_learning.acquisition.values import Floats
from active_learning.services.answers import Answers
from campaigns.models import Campaign, Effort, LabelUse, SetState

LOOK_S: Final = 3.0
"""How long it takes to open an image and look at it, before anything is drawn."""
OBJECT_S: Final = 8.0
"""How long an object takes where nobody's time was measured yet."""
LABEL_S: Final = 2.0
"""How long a label of the image as a whole takes where nobody's time was measured yet."""
LEAST_MEASURED: Final = 20
WHOLE: Final = "whole"
GIVEN: Final = (SetState.SUBMITTED, SetState.ACCEPTED)


def seconds_an_object(campaign: Campaign) -> float:
    """Return the active seconds that an object took on average, drafts that were merely accepted among them."""
    sums = Effort.objects.filter(campaign=campaign).aggregate(objects=Sum("object_count"), seconds=Sum("active_s"))
    measured = sums["objects"] or 0
    # A guess counts as much as so many objects: the first few that are measured say little.
    return float(((sums["seconds"] or 0.0) + LEAST_MEASURED * OBJECT_S) / (measured + LEAST_MEASURED))


def expected_seconds(campaign: Campaign, answers: Answers) -> Floats | None:
    """Return how long labeling each image takes, by what one may expect in it, (N,) above 0: of objects how many, else which labels."""
    if answers.objects is not None:
        return LOOK_S + np.asarray(answers.objects, dtype=float) * seconds_an_object(campaign)
    if answers.probabilities is None:
        return None
    seconds: Floats = LOOK_S + np.asarray(answers.probabilities, dtype=float) @ seconds_a_label(campaign, answers.label_ids)
    return seconds


def seconds_a_label(campaign: Campaign, label_ids: Sequence[int | None]) -> Floats:
    """Return how long it takes to give an image each label as a whole, (K,): some are told at a glance, others are looked for.

    Of an image with several labels each takes its part of the seconds. Labels that were seldom given, and what is none, take as all do.
    """
    rows = Effort.objects.filter(campaign=campaign, shape=WHOLE).order_by().values("annotation_set").annotate(seconds=Sum("active_s"))
    spent = dict(rows.values_list("annotation_set", "seconds"))
    uses = LabelUse.objects.filter(
        annotation_set__image__campaign=campaign, annotation_set__in=rows.values("annotation_set"), whole=True
    ).values_list("annotation_set", "label")
    several = Counter(own for own, _ in uses)
    seconds: dict[int, list[float]] = defaultdict(list)
    for own, label in uses:
        seconds[label].append(spent[own] / several[own])
    common = (sum(map(sum, seconds.values())) + LEAST_MEASURED * LABEL_S) / (sum(map(len, seconds.values())) + LEAST_MEASURED)
    told = [seconds.get(label, []) if label is not None else [] for label in label_ids]
    return np.array([(sum(each) + LEAST_MEASURED * common) / (len(each) + LEAST_MEASURED) for each in told])


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
