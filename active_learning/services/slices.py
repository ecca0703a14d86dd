"""Which images a model is measured on: those that taught it, those that measured it, those that were held back, or any filter's."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from active_learning.models import TrainingRun
from campaigns.errors import InvalidInput
from campaigns.filters import selected_ids
from campaigns.models import Campaign, Image, Split, User
from models_registry.models import Checkpoint, RegisteredModel

TRAIN, VALIDATION, TEST, ALL = "train", "validation", "test", "all"
SLICES: Final = (TRAIN, VALIDATION, TEST, ALL)


@dataclass(frozen=True)
class Taught:
    """Images that a training learned from, and those that it measured itself on."""

    train: frozenset[int]
    validation: frozenset[int]


def slice_images(*, user: User, campaign: Campaign, model: RegisteredModel, name: str) -> Collection[int]:
    """Return the ids of a slice: one of ``SLICES``, or a selection written as JSON. Raises InvalidInput for anything else."""
    images = Image.objects.filter(campaign=campaign).order_by()
    if name == ALL:
        return list(images.values_list("pk", flat=True))
    if name == TEST:
        return list(images.filter(split=Split.TEST).values_list("pk", flat=True))
    if name in (TRAIN, VALIDATION):
        taught = taught_by(campaign, model)
        if taught is not None:
            return taught.train if name == TRAIN else taught.validation
        return list(images.filter(split=Split(name)).values_list("pk", flat=True))
    return selected_ids(campaign, _selection(name), reader=user)


def _selection(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            f'slice is {", ".join(SLICES)}, or a selection written as JSON: [1, 2], {{"filter": {{"label": 3}}}} or {{"view": 1}}.',
            code="invalid_slice",
        ) from error


def taught_by(campaign: Campaign, model: RegisteredModel) -> Taught | None:
    """Return which images taught a model of ours; None where that was not told, as of a model from elsewhere: then people's marks stand."""
    trainings = TrainingRun.objects.select_related("snapshot").filter(model=model, run__campaign=campaign)
    training = trainings.order_by("-run_id").first()
    if training is None or training.snapshot is None or training.held_out is None:
        return None
    held_out = frozenset(training.held_out)
    return Taught(frozenset(training.snapshot.image_ids) - held_out, held_out)


def unseen_images(*, user: User, campaign: Campaign, model: RegisteredModel, name: str) -> frozenset[int]:
    """Return the ids of a slice without the images that taught the model, those too that it learned from after they had measured it.

    What taught a model from elsewhere is not known: images that people marked for training stay out.
    """
    taught = taught_by(campaign, model)
    if taught is None:
        seen = frozenset(Image.objects.filter(campaign=campaign, split=Split.TRAIN).order_by().values_list("pk", flat=True))
    else:
        seen = taught.train | taught.validation if learned_from_validation(model) else taught.train
    return frozenset(slice_images(user=user, campaign=campaign, model=model, name=name)) - seen


def learned_from_validation(model: RegisteredModel) -> bool:
    """Say whether a model learned from its validation images too, after they had measured it."""
    checkpoint = Checkpoint.objects.filter(model=model, role=Checkpoint.Role.BEST).first()
    return checkpoint is not None and bool(checkpoint.metrics.get("refitted"))
