"""What a ranking reads besides a model's answers: draws of its head, other models' answers. What the mirror tells is in ``mirrors``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, groupby
from operator import attrgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from active_learning.acquisition.consistency import unlike_maps, unlike_objects
from active_learning.acquisition.disagreement import Members, bald, changed
from active_learning.acquisition.strategies import Strategy
from active_learning.acquisition.values import Floats
from active_learning.services.answers import Answers, LabelColumns, label_columns
from active_learning.services.embeddings import EmbeddedImages
from active_learning.services.objects import found_in
from campaigns.errors import Conflict
from campaigns.models import Campaign
from inference.models import Prediction
from inference.rasters import read_map
from inference.schema import Raster
from inference.store import load_prediction
from models_registry.checkpoints import answering_checkpoint, checkpoint_path
from models_registry.models import CampaignModel, ModelKind, RegisteredModel
from models_registry.networks.checkpoint import ClassifierCheckpoint

ROWS_AT_ONCE: Final = 8192
LEAST_MEMBERS: Final = 2
READ_AT_ONCE: Final = 200


def other_models(campaign: Campaign, model: RegisteredModel | None) -> list[RegisteredModel]:
    """Return the campaign's other models that say something of whole images."""
    joined = (
        CampaignModel.objects.filter(campaign=campaign).exclude(model__kind=ModelKind.PROMPTABLE).select_related("model").order_by("id")
    )
    return [each.model for each in joined if model is None or each.model_id != model.pk]


def with_draws(answers: Answers, strategy: Strategy, model: RegisteredModel, embedded: EmbeddedImages, *, seed: int) -> Answers:
    """Add what draws of a fast head say: its features are dropped at random, again and again."""
    checkpoint = answering_checkpoint(model)
    if checkpoint is None:
        return answers
    head = ClassifierCheckpoint.load(checkpoint_path(checkpoint)).head
    chunks = (embedded.store.load(embedded.keys[start : start + ROWS_AT_ONCE]) for start in range(0, len(embedded.keys), ROWS_AT_ONCE))
    rng = np.random.default_rng([seed, 2])
    name, values = ("bald", bald(head, chunks, rng)) if "bald" in strategy.measures else ("changed", changed(head, chunks, rng))
    return replace(answers, uncertainty={**answers.uncertainty, name: values})


def with_committee(answers: Answers, others: Iterable[Answers]) -> Answers:
    """Add how much models differ, for the images that all of them answered about.

    Raises Conflict where no other model answers in the campaign's labels.
    """
    kept, members = _together(answers, [each for each in (answers, *others) if each.probabilities is not None])
    measures = {"divergence": members.divergence(), "vote_entropy": members.vote_entropy()}
    return replace(kept, uncertainty={**kept.uncertainty, **measures})


def with_members(answers: Answers, members: Iterable[Answers]) -> Answers:
    """Add to an ensemble's answers what its members' tell about it, as draws of a head would: their mutual information."""
    kept, drawn = _together(answers, [each for each in members if each.probabilities is not None])
    return replace(kept, uncertainty={**kept.uncertainty, "bald": drawn.divergence()})


def _together(answers: Answers, whole: Sequence[Answers]) -> tuple[Answers, Members]:
    """Return the answers about the images that all models answered about, and what the models say of these."""
    if len(whole) < LEAST_MEMBERS:
        raise Conflict(
            f"A committee of models needs {LEAST_MEMBERS} that answer about the pool. Attach or train another.", code="no_committee"
        )
    shared = set(answers.image_ids).intersection(*(each.image_ids for each in whole))
    columns: list[int | None] = list(dict.fromkeys(label for each in whole for label in each.label_ids))
    multi_label = all(each.multi_label for each in whole)
    if not multi_label and None not in columns:
        columns.append(None)
    members = Members(multi_label=multi_label)
    for each in whole:
        members.add(_spread(each.of(shared), columns, multi_label=multi_label))
    return answers.of(shared), members


def _spread(answers: Answers, columns: list[int | None], *, multi_label: bool) -> Floats:
    """Return probabilities over a committee's labels; of yes-or-no answers to one label each, the rest is something else."""
    assert answers.probabilities is not None
    spread = np.zeros((len(answers.image_ids), len(columns)))
    spread[:, [columns.index(label) for label in answers.label_ids]] = answers.probabilities
    if not multi_label:
        total = spread.sum(axis=1, keepdims=True)
        spread /= np.maximum(total, 1)
        spread[:, columns.index(None)] += np.maximum(0, 1 - spread.sum(axis=1))
    return spread


def with_unlike_objects(campaign: Campaign, answers: Answers, models: list[RegisteredModel]) -> Answers:
    """Add how much the objects differ that models found, the mean over pairs, for the images that two or more answered about."""
    columns = {model.pk: _labels_of(label_columns(campaign, model)) for model in models}
    current, wanted = {model.pk: model.version for model in models}, set(answers.image_ids)
    # Image by image, and not by naming the images: there may be more of them than a query takes, or than memory holds the answers of.
    rows = (
        Prediction.objects.filter(model__in=models, image__campaign=campaign).order_by("image_id", "model_id", "id").iterator(READ_AT_ONCE)
    )
    differ = {}
    for image, said in groupby(rows, key=attrgetter("image_id")):
        some = [row for row in said if image in wanted and row.model_version == current[row.model_id]]
        if len(some) >= LEAST_MEMBERS:
            differ[image] = _mean_difference(some, columns)
    if not differ:
        raise Conflict(
            f"A committee of models needs {LEAST_MEMBERS} that answer about the pool. Attach or train another.", code="no_committee"
        )
    kept = answers.of(differ)
    divergence = np.array([differ[image] for image in kept.image_ids], dtype=float)
    return replace(kept, uncertainty={**kept.uncertainty, "divergence": divergence})


def _mean_difference(rows: list[Prediction], columns: Mapping[int, Mapping[int, int]]) -> float:
    return float(np.mean([_difference(one, other, columns) for one, other in combinations(rows, 2)]))


def _difference(one: Prediction, other: Prediction, columns: Mapping[int, Mapping[int, int]]) -> float:
    maps = [class_map(load_prediction(row).items, columns[row.model_id]) for row in (one, other)]
    if maps[0] is not None and maps[1] is not None and maps[0].shape == maps[1].shape:
        return unlike_maps(maps[0], maps[1])
    here, there = (found_in(row.document["items"], columns[row.model_id]) for row in (one, other))
    return unlike_objects(here, there)


def class_map(items: tuple[object, ...], columns: Mapping[int, int]) -> NDArray[np.int64] | None:
    """Return what an answer says of every pixel, None where it says nothing of pixels."""
    raster = next((item for item in items if isinstance(item, Raster)), None)
    return None if raster is None else as_labels(read_map(raster.class_map), columns)


def as_labels(numbers: NDArray[np.integer], columns: Mapping[int, int]) -> NDArray[np.int64]:
    """Return a map of classes (H, W) as one of labels or columns, -1 where a class stands for none."""
    labels = np.full(int(numbers.max(initial=0)) + 1, -1, dtype=np.int64)
    for index, label in columns.items():
        if index < len(labels):
            labels[index] = label
    mapped: NDArray[np.int64] = labels[numbers]
    return mapped


def _labels_of(columns: LabelColumns) -> dict[int, int]:
    return {index: columns.label_ids[column] for index, column in columns.columns.items()}
