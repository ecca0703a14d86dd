"""Train models in the background, from a snapshot to a registered model.

``start_training`` answers at once; ``execute_training`` does the work in a run, and after a crash goes on from the
last checkpoint; ``train_now`` is the same work as a part of another run, such as a round's.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet

from active_learning.models import TrainingRun
from active_learning.services.embeddings import embedding_store, source_of
from active_learning.services.grouping import groups_of, look_for
from active_learning.services.kinds import kind_of
from active_learning.services.one_label import require_classes
from active_learning.services.registration import best_checkpoint, register_trained, start_checkpoint
from active_learning.services.snapshots import (
    keep_snapshot,
    labeled_images,
    latest_areas,
    latest_revisions,
    pictures_of,
    stored_snapshot,
)
from active_learning.services.starts import check_network, check_start, uploaded_weights
from active_learning.services.trusting import trusted
from active_learning.services.watching import RunWatcher
from active_learning.training.bands import scale_for
from active_learning.training.config import TrainingConfig
from active_learning.training.families import FAMILIES, Job, TaskFamily
from active_learning.training.targets import LabeledPicture, Targets, TrainedClass
from active_learning.training.tiles import Raster
from campaigns.disk import is_read_only, refuses_writes, told_of
from campaigns.errors import Conflict, DiskFull, DiskReadOnly, DomainError, InvalidInput, NotFound
from campaigns.filters import selected_ids
from campaigns.geometry import Skeleton
from campaigns.models import UNFINISHED, Campaign, Image, Label, Run, RunState, User
from campaigns.options import CampaignOptions
from campaigns.permissions import MANAGE, require_role
from campaigns.runs import RunCancelled, RunContext, RunTakenOver, cancel_run, enqueue_run, heartbeat
from campaigns.storage import image_path
from models_registry.checkpoints import checkpoint_path
from models_registry.models import RegisteredModel
from models_registry.networks.bands import scale_in
from models_registry.networks.tensors import read_document

KIND: Final = "training"
MOST_BACKGROUND: Final = 500


def start_training(*, user: User, campaign: Campaign, config: Mapping[str, Any]) -> TrainingRun:
    """Queue a training of a campaign's submitted images.

    ``config``: the document of a ``TrainingConfig``; where images may have several labels, ``multi_label`` false learns one an
    image: its default label. Raises NotAllowed for who does not manage the campaign, and
    InvalidInput that names the labels without images when there is nothing to learn.
    """
    require_role(user, campaign, MANAGE)
    checked, images = checked_config(campaign, config, reader=user)
    if config.get("multi_label") is False and checked.one_label is None:
        checked = replace(checked, multi_label=False)
    check_start(family_of(campaign), checked)
    entries, areas = latest_revisions(campaign, images), latest_areas(campaign, images)
    targets = read_targets(campaign, checked, pictures_of(entries, areas))
    params = {
        "name": checked.name,
        "method": checked.method,
        "size": checked.size,
        "images": len(targets.rows),
        "warnings": list(targets.warnings),
    }
    with transaction.atomic():
        snapshot = stored_snapshot(campaign, entries, areas)
        run = enqueue_run(user=user, kind=KIND, campaign=campaign, params=params, total=checked.most_epochs)
        return TrainingRun.objects.create(run=run, name=checked.name, config=checked.as_document(), snapshot=snapshot)


def check_training(campaign: Campaign, config: Mapping[str, Any]) -> None:
    """Raise now what a training of the campaign's submitted images would be refused for."""
    checked, images = checked_config(campaign, config)
    read_targets(campaign, checked, pictures_of(latest_revisions(campaign, images), latest_areas(campaign, images)))


def checked_config(
    campaign: Campaign, document: Mapping[str, Any], *, reader: User | None = None
) -> tuple[TrainingConfig, list[int] | None]:
    """Return the config with the campaign's own facts filled in, and the ids it chooses from (None: all)."""
    family = family_of(campaign)
    selection = document.get("images", "all")
    images = None if selection == "all" else selected_ids(campaign, selection, reader=reader)
    if images == []:
        raise InvalidInput("images: the filter keeps no image of this campaign.", code="invalid_training")
    config = family.config_from({**document, "images": "all" if images is None else images})
    multi_label = CampaignOptions.from_document(campaign.settings).multi_label
    several = multi_label or config.one_label is not None
    config = replace(config, multi_label=several, name=config.name or campaign.name, looked=look_for(campaign, config))
    if config.one_label is not None:
        require_classes(campaign)
    _labels_of(campaign, config)
    _check_bands(campaign, config, images)
    start_checkpoint(campaign, config)
    check_network(family, config)
    return config, images


def _check_bands(campaign: Campaign, config: TrainingConfig, images: Sequence[int] | None) -> None:
    """Raise InvalidInput for a band that none of the images has."""
    asked = max(config.bands or (0,))
    there = Image.objects.filter(campaign=campaign, **({} if images is None else {"pk__in": images})).aggregate(most=Max("bands"))["most"]
    if asked > (there or asked):
        detail = f"these images have {there} bands at most, so that there is no band {asked}"
        raise InvalidInput(f"bands: {detail}", code="invalid_training", errors=[{"field": "bands", "detail": detail}])


def family_of(campaign: Campaign) -> TaskFamily[Any]:
    """Return what trains the models of a campaign; raises Conflict where none does."""
    name = kind_of(campaign)
    if name not in FAMILIES:
        known = ", ".join(sorted(family.name for family in FAMILIES.values()))
        raise Conflict(
            f"Models of this kind cannot be trained here yet, only for {known}. Attach one by its URL.", code="task_not_trainable"
        )
    return FAMILIES[name]


def _labels_of(campaign: Campaign, config: TrainingConfig) -> list[TrainedClass]:
    labels = trained_classes(campaign)
    wanted = config.labels if config.one_label is None else (config.one_label,)
    if wanted is None:
        return labels
    unknown = sorted(set(wanted) - {each.label for each in labels})
    if unknown:
        raise InvalidInput(f"labels: {unknown[0]} is no label of this campaign.", code="invalid_training")
    return [each for each in labels if each.label in wanted]


def trained_classes(campaign: Campaign) -> list[TrainedClass]:
    """Return a campaign's labels as what a model may learn."""
    return [TrainedClass(label.pk, label.name, _skeleton_of(label)) for label in campaign.labels.all()]


def _skeleton_of(label: Label) -> Skeleton | None:
    return Skeleton.from_document(label.skeleton) if label.skeleton else None


def read_targets(campaign: Campaign, config: TrainingConfig, pictures: Sequence[LabeledPicture]) -> Targets:
    """Return what there is to learn; raises InvalidInput where there is nothing."""
    targets: Targets = family_of(campaign).read_targets(pictures, _labels_of(campaign, config), config)
    return targets


def stop_training(*, user: User, run: Run) -> TrainingRun:
    """End a training and keep the best that it learned so far; before it learned anything there is nothing to keep, and it is cancelled.

    Raises Conflict when it has ended.
    """
    training = training_of(run)
    assert run.campaign is not None
    require_role(user, run.campaign, MANAGE)
    if run.state not in UNFINISHED:
        raise Conflict("This training has ended already; there is nothing to stop.", code="run_ended")
    if run.state == RunState.RUNNING:
        TrainingRun.objects.filter(pk=training.pk).update(stop_requested=True)
    else:
        cancel_run(run)
    return training_of(run)


def execute_training(context: RunContext) -> dict[str, object]:
    """Train, register the model, and return what came out; called again after a crash, it goes on where it was.

    Raises RunCancelled, and keeps nothing, when a person cancelled it or stopped it before anything was learned.
    """
    training = TrainingRun.objects.select_related("snapshot", "model").filter(run=context.run).first()
    campaign = context.run.campaign
    if training is None or campaign is None:
        raise NotFound("What this run was to train was removed.")
    model = _train(context, campaign, training, own_run=True)
    return {"model": model.pk, "version": model.version, "metrics": _metrics_of(model)}


def train_now(context: RunContext, campaign: Campaign, config: Mapping[str, Any] | TrainingConfig) -> RegisteredModel:
    """Train inside another run and return the registered model.

    Idempotent by the run: called again after a crash, it goes on from the checkpoint, and a model that is registered
    already is returned. Cancelled, it raises RunCancelled.
    """
    document = config.as_document() if isinstance(config, TrainingConfig) else config
    training = TrainingRun.objects.select_related("snapshot", "model").filter(run=context.run).first()
    if training is None:
        checked, images = checked_config(campaign, document)
        with transaction.atomic():
            snapshot = keep_snapshot(campaign, images)
            training = TrainingRun.objects.create(run=context.run, name=checked.name, config=checked.as_document(), snapshot=snapshot)
    return _train(context, campaign, training, own_run=False)


def _train(context: RunContext, campaign: Campaign, training: TrainingRun, *, own_run: bool) -> RegisteredModel:
    folder = training_folder(training.run_id)
    if training.model is not None:  # an attempt before this one registered it, and may have been killed before it cleared away
        _clear(folder, context)
        return training.model
    config = TrainingConfig.from_document(training.config)
    assert training.snapshot is not None
    watcher = RunWatcher(context, training, config, own_run=own_run)
    context.log(_begun(training, config))
    with _working_in(folder, context):
        trained = family_of(campaign).load()(_job(context, campaign, training, folder), watcher)
        watcher.write_points()
        for warning in trained.warnings:
            context.log(warning)
        TrainingRun.objects.filter(pk=training.pk).update(held_out=trained.held_out)
        context.flush()
        if not trained.useful:
            watcher.nothing_kept()
        if trained.useful and not context.should_stop():
            model = register_trained(user=context.run.created_by, campaign=campaign, training=training, trained=trained)
            context.log(ended(trained.metrics, config))
            best = trained.metrics["best_epoch"]
            context.log(f"kept as {model.name}, version {model.version}{f': the best epoch, {best}, and the last' if best else ''}")
    training.refresh_from_db()
    if training.model is None:
        raise RunCancelled
    return training.model


def _begun(training: TrainingRun, config: TrainingConfig) -> str:
    """Say in a line what a training sets out with."""
    assert training.snapshot is not None
    step = (
        f", {config.batch or 'so many as suit'} images a step, learning rate {config.learning_rate:g}"
        if config.method == "fine_tune"
        else ""
    )
    start = f", going on from model {config.start_from}" if config.start_from is not None else ""
    if config.network is not None:
        start = f", setting out from {config.network} with {'the uploaded' if config.weights else 'its published'} weights"
    return (
        f"snapshot {training.snapshot.digest[:12]} of {len(training.snapshot.image_ids)} images; {config.method.replace('_', ' ')}, "
        f"{config.size}{step}, seed {config.seed}{start}; at most {config.most_epochs} epochs and {config.minutes:g} minutes, "
        f"patience {config.most_patience}"
    )


def ended(metrics: Mapping[str, Any], config: TrainingConfig) -> str:
    """Say in a line why a training stopped."""
    epochs = metrics["epochs"]
    reasons = {
        "converged": "the loss is flat, more epochs would change nothing",
        "epochs": "that is as many as were asked for",
        "patience": f"none of the last {config.most_patience} was better",
        "time_limit": f"its {config.minutes:g} minutes are up",
        "stopped": "a person stopped it",
    }
    if not epochs:
        return "fitted at once, without epochs"
    return f"stopped after {epochs} epoch{'' if epochs == 1 else 's'}: {reasons.get(metrics['stopped_by'], metrics['stopped_by'])}"


def training_folder(run_id: int) -> Path:
    """Return where a training keeps what it goes on from after a crash."""
    folder: Path = settings.DATA_DIR / "training" / str(run_id)
    return folder


def _clear(folder: Path, context: RunContext) -> None:
    """Remove a training's folder; not where another worker goes on in it by now, but where the campaign was removed with the training."""
    if heartbeat(context.run) or _is_removed(context):
        shutil.rmtree(folder, ignore_errors=True)


def _is_removed(context: RunContext) -> bool:
    return not TrainingRun.objects.filter(run=context.run).exists()


@contextmanager
def _working_in(folder: Path, context: RunContext) -> Iterator[None]:
    """Remove a training's folder when it ends for good; what outlives a crash of the process, or another worker's work, stays."""
    try:
        yield
    except (DomainError, RunCancelled, RunTakenOver):
        _clear(folder, context)
        raise
    except Exception as error:
        if refuses_writes(error):  # what was saved stays: another try goes on from there
            kind = DiskReadOnly if is_read_only(error) else DiskFull
            told = f"The disk that holds {settings.DATA_DIR} {told_of(error)} and try again: the training goes on where it was."
            raise kind(told) from error
        if isinstance(error, OSError) or _is_removed(context):  # what was removed cannot be written of, which is no error of its own
            _clear(folder, context)
        raise
    _clear(folder, context)


def _job(context: RunContext, campaign: Campaign, training: TrainingRun, folder: Path) -> Job[Any]:
    assert training.snapshot is not None
    config, labeled = TrainingConfig.from_document(training.config), labeled_images(training.snapshot)
    known_of = trusted(training, campaign, labeled)
    targets = known_of.weigh(read_targets(campaign, config, known_of.pictures), labeled)
    if line := known_of.told(targets):
        context.log(line)
    side_px = family_of(campaign).sides[config.size]
    images: list[Image] = [labeled[row].image for row in targets.rows.tolist()]
    start = start_checkpoint(campaign, config)
    rasters = [Raster(image_path(image), image.width, image.height, image.sha256) for image in images]
    path = checkpoint_path(start) if start is not None else None
    known = scale_in(read_document(path)) if config.bands is not None and path is not None else None
    scale = scale_for(config.bands, [raster.path for raster in rasters], start=known)
    return Job(
        config=config,
        targets=targets,
        sources=[source_of(image, side_px=side_px, scale=scale) for image in images],
        splits=[image.split for image in images],
        groups=groups_of(campaign, config, images),
        folder=folder,
        store=embedding_store(config.size, scale),
        start=path,
        image_ids=[image.pk for image in images],
        rasters=rasters,
        scale=scale,
        weights=uploaded_weights(config.weights),
        background=[source_of(image, side_px=side_px, scale=scale) for image in _background(campaign, config)],
    )


def _background(campaign: Campaign, config: TrainingConfig) -> list[Image]:
    """Draw images that nobody has labeled, for a label that is learned from its own images alone."""
    if not config.only_positives:
        return []
    waiting = np.array(Image.objects.filter(campaign=campaign).pool().order_by("pk").values_list("pk", flat=True), np.int64)
    drawn = np.random.default_rng([config.seed, 7]).permutation(waiting)[:MOST_BACKGROUND]
    return list(Image.objects.filter(pk__in=drawn.tolist()).order_by("pk"))


def _metrics_of(model: RegisteredModel) -> dict[str, Any]:
    checkpoint = best_checkpoint(model)
    return dict(checkpoint.metrics) if checkpoint is not None else {}


def trainings_of(campaign: Campaign) -> QuerySet[TrainingRun]:
    """Return the trainings of a campaign, newest first, those inside rounds included."""
    return (
        TrainingRun.objects.filter(run__campaign=campaign).select_related("run", "run__created_by", "model", "snapshot").order_by("-run_id")
    )


def training_of(run: Run) -> TrainingRun:
    """Return the training that a run carries; raises NotFound."""
    training = TrainingRun.objects.select_related("run", "run__created_by", "model", "snapshot").filter(run=run).first()
    if training is None:
        raise NotFound("This run trains nothing.")
    return training
