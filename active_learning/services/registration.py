"""Make a registered model of what a training learned, and find the file of one again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Q

from active_learning.models import TrainingRun
from active_learning.training.config import TrainingConfig
from active_learning.training.families import Trained
from campaigns.errors import DomainError, InvalidInput
from campaigns.models import Campaign, User
from models_registry.checkpoints import CheckpointFile, checkpoint_folder, find_internal_model, register_internal_model, require_file
from models_registry.digests import sha256_of
from models_registry.models import Checkpoint, ModelKind, RegisteredModel
from models_registry.services.current import make_current


def register_trained(*, user: User | None, campaign: Campaign, training: TrainingRun, trained: Trained) -> RegisteredModel:
    """Register the model of a training, mapped to the labels that it was taught; its version counts the campaign's own models.

    Called again for the same training it gives the same model.
    """
    config = TrainingConfig.from_document(training.config)
    with _no_file_without_a_row(trained):
        files = {
            "best": _kept(trained.best, training.config, trained.metrics),
            "last": _kept(trained.last, training.config, trained.last_metrics or trained.metrics),
        }
        with transaction.atomic():
            Campaign.objects.select_for_update().get(pk=campaign.pk)  # one at a time counts
            model = register_internal_model(
                campaign=campaign,
                name=training.name,
                task=campaign.task,
                classes=[(each.label, each.name) for each in trained.classes],
                training_run_id=training.run_id,
                files=files,
                user=user,
                version=_version_for(campaign, training),
                multi_label=config.multi_label,
                thresholds=trained.thresholds,
                window_px=trained.window_px,
                card=trained.card,
                snapshot_digest=training.snapshot.digest if training.snapshot is not None else "",
                parent=_parent(campaign, config),
            )
            TrainingRun.objects.filter(pk=training.pk).update(model=model)
            if config.promote:
                make_current(campaign, model, user=user, by_training=True)
    return model


def _parent(campaign: Campaign, config: TrainingConfig) -> Checkpoint | None:
    """Return what the training went on from; a file that was lost meanwhile changes nothing of that."""
    try:
        return start_checkpoint(campaign, config)
    except DomainError:
        return Checkpoint.objects.filter(model=config.start_from, role=config.start_role).first()


def _version_for(campaign: Campaign, training: TrainingRun) -> str:
    known = find_internal_model(training.run_id)
    if known is not None:
        return known.version
    own = Q(campaign_models__campaign=campaign) | Q(training_runs__run__campaign=campaign)  # those that were detached since count as well
    made = RegisteredModel.objects.filter(own, kind=ModelKind.INTERNAL).values_list("version", flat=True)
    numbers = [version.partition("-")[0] for version in made]  # "3-last" is version 3, answering with its last checkpoint
    return str(max((int(number) for number in numbers if number.isdigit()), default=0) + 1)


@contextmanager
def _no_file_without_a_row(trained: Trained) -> Iterator[None]:
    """Where a checkpoint cannot be kept, take back what was written of it, so that the disk that was full is not fuller still."""
    try:
        yield
    except BaseException:
        for source in (path for path in (trained.best, trained.last) if path.exists()):
            name, _ = _named(source)
            if not Checkpoint.objects.filter(path=name).exists():
                (checkpoint_folder() / name).unlink(missing_ok=True)
        raise


def _named(source: Path) -> tuple[str, str]:
    """Return the name of a file in the checkpoint folder, and its digest."""
    digest = sha256_of(source)
    return f"{digest[:2]}/{digest}.safetensors", digest


def _kept(source: Path, config: dict[str, Any], metrics: dict[str, Any]) -> CheckpointFile:
    """Copy a file into the checkpoint folder, under the name of its content, before any row speaks of it."""
    name, digest = _named(source)
    target = checkpoint_folder() / name
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{digest}.{os.getpid()}")
    try:
        shutil.copyfile(source, beside)
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return CheckpointFile(name, digest, config, metrics)


def best_checkpoint(model: RegisteredModel) -> Checkpoint | None:
    """Return a model's best checkpoint, its last one where there is no best, None where there is neither."""
    found = {checkpoint.role: checkpoint for checkpoint in Checkpoint.objects.filter(model=model)}
    return found.get(Checkpoint.Role.BEST.value) or found.get(Checkpoint.Role.LAST.value)


def start_checkpoint(campaign: Campaign, config: TrainingConfig) -> Checkpoint | None:
    """Return the checkpoint that a training is to go on from, None where it begins with the backbone.

    Raises InvalidInput when the campaign has no such model of ours, and Conflict when the file is missing or damaged.
    """
    if config.start_from is None:
        return None
    model = RegisteredModel.objects.filter(pk=config.start_from, campaign_models__campaign=campaign).first()
    found = Checkpoint.objects.filter(model=model, role=config.start_role).select_related("model").first() if model is not None else None
    checkpoint = found or (best_checkpoint(model) if model is not None else None)
    if checkpoint is None:
        raise InvalidInput("start_from: name a model of this campaign that was trained here.", code="invalid_training")
    require_file(checkpoint)
    return checkpoint
