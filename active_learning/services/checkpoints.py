"""What is known of a model's checkpoints: where they come from, what they learned from, and what came of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from active_learning.models import Snapshot, TrainingRun
from active_learning.services.snapshots import labeled_images
from models_registry.checkpoints import FileState, checkpoint_path, file_state
from models_registry.models import Checkpoint, RegisteredModel


@dataclass(frozen=True)
class KnownCheckpoint:
    """A checkpoint with its file and its relatives.

    ``size_bytes``: None where the file is gone. ``state``: whether the file is there and whole. ``answers``: it is the one that the
    model answers with. ``ancestors``: what it went on from, the nearest first.
    """

    checkpoint: Checkpoint
    size_bytes: int | None
    state: FileState
    answers: bool
    ancestors: tuple[Checkpoint, ...]
    children: tuple[Checkpoint, ...]


class TaughtLabel(NamedTuple):
    """How many images of a snapshot have a label."""

    name: str
    images: int


@dataclass(frozen=True)
class KnownSnapshot:
    """The revisions that a training used: how many images, ``gone`` of which were removed since, and since when they are kept.

    ``labels``: the commonest first; one that was deleted since is left out.
    """

    digest: str
    images: int
    gone: int
    labels: tuple[TaughtLabel, ...]
    created_at: datetime


@dataclass(frozen=True)
class Origin:
    """All checkpoints of a model, and what made them; ``training`` is None of a model that came from elsewhere."""

    checkpoints: tuple[KnownCheckpoint, ...]
    training: TrainingRun | None
    snapshot: KnownSnapshot | None


def origin_of(model: RegisteredModel) -> Origin:
    """Return where a model comes from; the caller has asked whether the person may see it."""
    checkpoints = Checkpoint.objects.filter(model=model).select_related("model").order_by("role")
    training = TrainingRun.objects.filter(model=model).select_related("snapshot__campaign", "run").order_by("-run_id").first()
    snapshot = _known(training.snapshot) if training is not None and training.snapshot is not None else None
    return Origin(tuple(_described(checkpoint, model) for checkpoint in checkpoints), training, snapshot)


def _known(snapshot: Snapshot) -> KnownSnapshot:
    counts: Counter[int] = Counter()
    there = 0
    for each in labeled_images(snapshot):
        there += 1
        counts.update({annotation["label"] for annotation in each.annotations})
    names = dict(snapshot.campaign.labels.values_list("pk", "name"))
    labels = tuple(TaughtLabel(names[label], count) for label, count in counts.most_common() if label in names)
    images = len(snapshot.image_ids)
    return KnownSnapshot(snapshot.digest, images, images - there, labels, snapshot.created_at)


def _described(checkpoint: Checkpoint, model: RegisteredModel) -> KnownCheckpoint:
    file = checkpoint_path(checkpoint)
    children = Checkpoint.objects.filter(parent=checkpoint).select_related("model").order_by("id")
    return KnownCheckpoint(
        checkpoint=checkpoint,
        size_bytes=file.stat().st_size if file.is_file() else None,
        state=file_state(checkpoint),
        answers=checkpoint.role == model.answers_with,
        ancestors=tuple(_ancestors(checkpoint)),
        children=tuple(_one_a_model(children)),
    )


def _ancestors(checkpoint: Checkpoint) -> Iterable[Checkpoint]:
    seen = {checkpoint.pk}
    while checkpoint.parent_id is not None and checkpoint.parent_id not in seen:
        checkpoint = Checkpoint.objects.select_related("model").get(pk=checkpoint.parent_id)
        seen.add(checkpoint.pk)
        yield checkpoint


def _one_a_model(checkpoints: Iterable[Checkpoint]) -> Iterable[Checkpoint]:
    """Keep the first checkpoint of each model: the best and the last of one training have the same parent."""
    by_model: Mapping[int, Checkpoint] = {each.model_id: each for each in reversed(list(checkpoints))}
    return sorted(by_model.values(), key=lambda each: each.pk)
