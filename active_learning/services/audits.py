"""Images drawn at random, so that the rounds can be judged: where they stand, what was predicted, and what people said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from django.db import transaction
from django.utils import timezone

from active_learning.acquisition import reasons
from active_learning.models import AuditPick, Round
from active_learning.progress.audits import Audit, audit_images, audit_places, placed
from active_learning.services.answers import Answers
from active_learning.services.ranking import Place
from active_learning.services.truth import whole_labels
from campaigns.models import AnnotationSet, Campaign, Image, ImageState, SetState

PART: Final = "audit"
SURE: Final = 0.5
DONE: Final = (ImageState.SUBMITTED, ImageState.ACCEPTED)


def with_picks(
    round_: Round, places: Sequence[Place], *, pool: Sequence[int], first: int, done: int, share: float, rng: np.random.Generator
) -> list[Place]:
    """Return the first places of a new ranking with random picks from the whole pool among them; those that still wait stay picks.

    done: how many images of the round are labeled or open; share: part of the places that is for random picks.
    """
    known = {place.image_id: place for place in places}
    first = min(first, len(places))
    slots = audit_places(done=done, horizon=first, share=share)
    waiting = AuditPick.objects.filter(round=round_, image__state=ImageState.UNLABELED).order_by("pk").values_list("image_id", flat=True)
    drawn = dict(zip(slots, audit_images(waiting=list(waiting), pool=pool, count=len(slots), rng=rng), strict=False))
    absent = [image for image in drawn.values() if image not in known]
    result: list[Place] = []
    for rank, image in enumerate(placed([*known, *absent], drawn)[:first], start=1):
        if drawn.get(rank - 1) == image:
            parts = known[image].parts if image in known else {}
            score = result[-1].score if result else places[0].score
            result.append(Place(image, rank, score, {**parts, PART: 1.0}, reasons.AUDIT))
        elif image in known:
            result.append(known[image]._replace(rank=rank))
    return result


def picked_in(places: Sequence[Place]) -> list[int]:
    """Return the images of a ranking that were drawn at random."""
    return [place.image_id for place in places if place.parts.get(PART)]


def forget_waiting(campaign: Campaign, *, but: Round) -> None:
    """Take back the picks of other rounds that nobody has labeled: from now on they are asked, if at all, because they rank high."""
    AuditPick.objects.filter(campaign=campaign, image__state=ImageState.UNLABELED).exclude(round=but).delete()


def keep_picks(round_: Round, image_ids: Sequence[int], *, predicted: Mapping[int, list[int]], labeled: int) -> None:
    """Write down what was predicted for random picks, while nobody has labeled them; a later prediction replaces it."""
    now = timezone.now()
    with transaction.atomic():
        there = Image.objects.filter(pk__in=image_ids).values_list("pk", flat=True)
        rows = [
            AuditPick(
                campaign_id=round_.campaign_id, image_id=image, round=round_, predicted=predicted.get(image), labeled=labeled, asked_at=now
            )
            for image in there
        ]
        AuditPick.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["image"], update_fields=["round", "predicted", "labeled", "asked_at"]
        )


def predictions(answers: Answers | None, image_ids: Sequence[int]) -> dict[int, list[int]]:
    """Return the ids of the labels that a classifier gives images, by image; empty for other tasks."""
    if answers is None or answers.probabilities is None:
        return {}
    row_of = {image: row for row, image in enumerate(answers.image_ids)}
    return {image: _given(answers, answers.probabilities[row_of[image]]) for image in image_ids if image in row_of}


def _given(answers: Answers, row: Any) -> list[int]:
    chosen = np.flatnonzero(row >= SURE) if answers.multi_label else [int(row.argmax())]
    return [label for place in chosen if (label := answers.label_ids[int(place)]) is not None]


def unanswered_picks(campaign: Campaign) -> int:
    """Count the random picks that a person has labeled, and of which no model had said anything before."""
    return AuditPick.objects.filter(campaign=campaign, image__state__in=DONE, predicted__isnull=True).count()


def audits_of(campaign: Campaign) -> list[Audit]:
    """Return the random picks that a model had answered about and that a person has labeled since."""
    picks = AuditPick.objects.filter(campaign=campaign, image__state__in=DONE, predicted__isnull=False)
    rows = list(picks.order_by("pk").values_list("image_id", "labeled", "round__number", "predicted"))
    sets = AnnotationSet.objects.filter(image__in=[row[0] for row in rows], state__in=(SetState.SUBMITTED, SetState.ACCEPTED))
    said = dict(sets.order_by("submitted_at", "id").values_list("image", "annotations"))
    return [
        Audit(labeled, number, whole_labels(said[image]) == frozenset(predicted or ()))
        for image, labeled, number, predicted in rows
        if image in said
    ]
