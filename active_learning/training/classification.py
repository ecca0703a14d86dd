"""Train a classifier: a head on stored embeddings in seconds, or the whole network in minutes.

torch is imported when embeddings are missing or the network itself is trained, and not otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.training.bands import card_of
from active_learning.training.families import Job, Trained, Watcher
from active_learning.training.fast_head import Examples, HeadLearner, fit_head, fit_temperature, reordered
from active_learning.training.loop import Fitted, fit
from active_learning.training.metrics import measure, per_class
from active_learning.training.one_class import train_one_class
from active_learning.training.pixels import decoded_pixels
from active_learning.training.splits import Division, divide
from active_learning.training.targets import ClassTargets, TrainedClass
from campaigns.errors import InvalidInput
from models_registry.networks.backbones import Backbone, BackboneSpec, loaded_backbone
from models_registry.networks.checkpoint import ClassifierCheckpoint
from models_registry.networks.embedding import embed_missing
from models_registry.networks.heads import LinearHead
from models_registry.networks.hubs import started_eye
from models_registry.networks.library_networks import Eye, LibraryNetwork, tuned_eye
from models_registry.networks.pictures import Pixels
from models_registry.networks.tensors import part_of
from models_registry.networks.weights import find_weights

BEST: Final = "best-model.safetensors"
LATEST: Final = "last-model.safetensors"
PROBE_STEPS: Final = 40


@dataclass(frozen=True)
class _Material:
    """What can be learned from: targets and splits of the readable images, divided."""

    values: npt.NDArray[Any]
    classes: tuple[TrainedClass, ...]
    division: Division
    multi_label: bool
    unreadable: int
    held_out: tuple[int, ...]
    weights: npt.NDArray[np.float32] | None = None

    @classmethod
    def of(cls, job: Job[ClassTargets], readable: npt.NDArray[np.bool_]) -> _Material:
        values = job.targets.values[readable]
        splits = [split for split, usable in zip(job.splits, readable, strict=True) if usable]
        division = divide(values, splits, job.config.validation, np.random.default_rng(job.config.seed), job.groups_where(readable))
        held_out = tuple(job.image_ids[row] for row in np.flatnonzero(readable)[division.validation].tolist())
        weights = None if job.targets.weights is None else job.targets.weights[readable]
        if weights is not None:
            weights = np.asarray(weights / weights[division.train].mean(), np.float32)
        return cls(values, job.targets.classes, division, job.targets.multi_label, int((~readable).sum()), held_out, weights)


def train_classifier(job: Job[ClassTargets], watcher: Watcher) -> Trained:
    """Train as the job says; called again after a crash with the same folder, it goes on where it was."""
    if job.config.only_positives:
        return train_one_class(job, watcher)
    return _train_head(job, watcher) if job.config.method == "fast_head" else _train_network(job, watcher)


def _train_head(job: Job[ClassTargets], watcher: Watcher) -> Trained:
    embeddings, readable = _embeddings(job, watcher)
    material = _Material.of(job, readable)
    watcher.divided(len(material.division.train), len(material.division.validation), material.unreadable)
    examples = Examples(embeddings, material.values, material.weights)
    train, validation = examples.at(material.division.train), examples.at(material.division.validation)
    start = _start_head(job, material)
    learner = HeadLearner(train, validation, classes=len(material.classes), decay=job.config.weight_decay, start=start)
    fitted = fit(learner, job.plan(), job.folder, watcher)
    best, last = (
        LinearHead.from_arrays(arrays, temperature=1.0, multi_label=material.multi_label) for arrays in (fitted.best, fitted.last)
    )
    temperature = fit_temperature(best.logits(validation.embeddings), validation.values, multi_label=material.multi_label)
    metrics = _metrics(best.at_temperature(temperature).probabilities(validation.embeddings), validation.values, material, fitted)
    if _may_refit(material, fitted):
        # The images that were held out by chance measured their part; now they teach as well, for as many steps as were best.
        best = fit_head(
            examples, classes=len(material.classes), decay=job.config.weight_decay, steps=fitted.progress.best_epoch, start=start
        )
        metrics["refitted"] = True
    return _keep(job, material, fitted, metrics, (best.at_temperature(temperature), {}), (last.at_temperature(temperature), {}))


def _may_refit(material: _Material, fitted: Fitted) -> bool:
    return material.division.drawn and len(material.division.validation) > 0 and not fitted.interrupted


def _embeddings(job: Job[ClassTargets], watcher: Watcher) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Return (n, D) of the readable images, and which of the job's images those are."""
    digest = find_weights().sha256
    total = len(job.sources)
    failures = embed_missing(
        job.store,
        lambda: loaded_backbone(job.config.size, digest, job.scale),
        job.sources,
        on_progress=lambda done, failed: watcher.preparing(done, total, failed),
    )
    unreadable = {failure.key for failure in failures}
    readable = np.array([source.key not in unreadable for source in job.sources], bool)
    return job.store.load([source.key for source in job.sources if source.key not in unreadable]), readable


def _start_head(job: Job[ClassTargets], material: _Material) -> LinearHead | None:
    """Return the head of the model to go on from, its classes put in the order of ours; new classes start from nothing."""
    if job.start is None:
        return None
    checkpoint = ClassifierCheckpoint.load(job.start)
    same_space = checkpoint.is_frozen and checkpoint.size == job.config.size and checkpoint.scale == job.scale
    if job.config.method == "fast_head" and not same_space:
        return None  # another embedding space: its head says nothing here
    head = reordered(checkpoint.head, checkpoint.classes, [each.name for each in material.classes])
    return replace(head, multi_label=material.multi_label)


def _train_network(job: Job[ClassTargets], watcher: Watcher) -> Trained:
    from active_learning.training.fine_tune import FineTuneLearner, PictureSet, head_of
    from active_learning.training.together import fit_together

    side_px, total = BackboneSpec.of_size(job.config.size).side_px, len(job.sources)
    all_pixels, readable = decoded_pixels(
        job.folder, job.sources, side_px, on_progress=lambda done, failed: watcher.preparing(done, total, failed), scale=job.scale
    )
    material = _Material.of(job, readable)
    watcher.divided(len(material.division.train), len(material.division.validation), material.unreadable)
    pixels = all_pixels if readable.all() else all_pixels[readable]
    train, validation = (
        PictureSet(pixels, material.values, rows, material.weights) for rows in (material.division.train, material.division.validation)
    )
    backbone, eye = _start_backbone(job), _eye_of(job, side_px)
    start = _probe(job, material, pixels, eye or Backbone(job.config.size, backbone or None, job.scale))
    learner = FineTuneLearner(train, validation, start, config=job.config, backbone=backbone, scale=job.scale, eye=eye, tell=watcher.note)
    fitted = fit_together(learner, job.plan(), job.folder, watcher)
    learner.put_weights(fitted.best)
    rows = material.division.validation
    logits = learner.logits(pixels, rows) if len(rows) else np.empty((0, len(material.classes)), np.float32)
    truth = material.values[rows]
    temperature = fit_temperature(logits, truth, multi_label=material.multi_label)
    best, last = (head_of(arrays, multi_label=material.multi_label).at_temperature(temperature) for arrays in (fitted.best, fitted.last))
    metrics = _metrics(_probabilities(logits, best), truth, material, fitted)
    network = None if eye is None else eye.network
    return _keep(
        job, material, fitted, metrics, (best, part_of(fitted.best, "backbone.")), (last, part_of(fitted.last, "backbone.")), network
    )  # fmt: skip


def _probabilities(logits: npt.NDArray[np.float32], head: LinearHead) -> npt.NDArray[np.float32]:
    from models_registry.networks.heads import sigmoid, softmax

    scaled = logits / np.float32(head.temperature)
    return sigmoid(scaled) if head.multi_label else softmax(scaled)


def _start_backbone(job: Job[ClassTargets]) -> dict[str, npt.NDArray[Any]]:
    start = ClassifierCheckpoint.load(job.start) if job.start is not None else None
    return dict(start.backbone) if start is not None and start.scale == job.scale and start.network is None else {}


def _eye_of(job: Job[ClassTargets], side_px: int) -> Eye | None:
    """Return the network of a library that is to learn: the one that was chosen, or that of the model to go on from."""
    if job.config.network is not None:
        return started_eye(job.config.network, side_px, job.scale, job.weights)
    start = ClassifierCheckpoint.load(job.start) if job.start is not None else None
    if start is None or start.network is None:
        return None
    if start.scale != job.scale:
        raise InvalidInput("start_from: that model sees other bands. Choose its bands, or no model to go on from.", code="invalid_training")
    return tuned_eye(start.network, start.backbone, side_px, job.scale)


def _probe(job: Job[ClassTargets], material: _Material, pixels: Pixels, network: Backbone | Eye) -> LinearHead:
    """Fit a head on the features as they are, for the fine-tuning to set out from."""
    rows = material.division.train
    weights = None if material.weights is None else material.weights[rows]
    examples = Examples(network.embed([pixels[row] for row in rows]), material.values[rows], weights)
    return fit_head(
        examples, classes=len(material.classes), decay=job.config.weight_decay, steps=PROBE_STEPS, start=_start_head(job, material)
    )


def _metrics(probabilities: npt.NDArray[np.float32], truth: npt.NDArray[Any], material: _Material, fitted: Fitted) -> dict[str, Any]:
    progress = fitted.progress
    metrics: dict[str, Any] = {
        "images": {"train": len(material.division.train), "validation": len(truth), "unreadable": material.unreadable},
        **progress.told(),
    }
    if len(truth):
        named = zip(material.classes, per_class(probabilities, truth), strict=True)
        metrics["validation"] = measure(probabilities, truth)
        metrics["classes"] = [{"label": each.label, "name": each.name, **row} for each, row in named]
    return metrics


Weights = tuple[LinearHead, dict[str, npt.NDArray[Any]]]


def _keep(
    job: Job[ClassTargets],
    material: _Material,
    fitted: Fitted,
    metrics: dict[str, Any],
    best: Weights,
    last: Weights,
    network: LibraryNetwork | None = None,
) -> Trained:
    """Write both checkpoints and say what came out."""
    digest = find_weights().sha256
    names = tuple(each.name for each in material.classes)
    of_last = fitted.progress.of_last(metrics)
    paths: list[Path] = []
    for name, told, (head, backbone) in ((BEST, metrics, best), (LATEST, of_last, last)):
        about = {"config": job.config.as_document(), "metrics": told, "labels": [each.label for each in material.classes]}
        ClassifierCheckpoint(head, names, job.config.size, digest, backbone, about, job.scale, network).save(job.folder / name)
        paths.append(job.folder / name)
    warnings = (f"{material.unreadable} images could not be read and stayed out.",) if material.unreadable else ()
    useful = fitted.progress.epoch > 0 or job.config.method == "fine_tune"
    return Trained(
        paths[0], paths[1], material.classes, metrics, fitted.progress.reason, warnings, useful, material.held_out, card=card_of(job.scale),
        last_metrics=of_last,
    )  # fmt: skip
