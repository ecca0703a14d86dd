"""Train a finder of objects: its heads on frozen maps in seconds, or the whole network in minutes. torch comes with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from torch import nn

from active_learning.training.bands import card_of
from active_learning.training.families import Job, Trained, Watcher
from active_learning.training.galleries import FrozenGallery, PixelGallery, maps_embedder, maps_store
from active_learning.training.library_starts import continued_finder, started_finder
from active_learning.training.loop import Fitted
from active_learning.training.object_learner import BACKBONE, HEADS, Lesson, ObjectLearner
from active_learning.training.object_measures import Measured
from active_learning.training.object_targets import ObjectTargets
from active_learning.training.pixels import decoded_pixels
from active_learning.training.splits import Division, divide
from active_learning.training.together import fit_together
from active_learning.training.variation import Variation
from campaigns.errors import InvalidInput
from models_registry.networks.backbones import use_few_threads
from models_registry.networks.bands import BandScale
from models_registry.networks.devices import arrays_of, put_arrays
from models_registry.networks.embedding import embed_missing
from models_registry.networks.library_finders import LibraryFinder
from models_registry.networks.library_names import TORCHVISION_PREFIX
from models_registry.networks.object_checkpoint import SIDES, ObjectCheckpoint, side_of
from models_registry.networks.objects import ObjectNetwork, installed_maps, seeded_network, tuned_maps
from models_registry.networks.tensors import TensorFileError, part_of
from models_registry.networks.weights import find_weights

BEST: Final = "best-model.safetensors"
LATEST: Final = "last-model.safetensors"
FIGURE: Final = "validation_map"
WAITING: Final = 32  # pictures whose maps wait in memory to be written together


@dataclass(frozen=True)
class _Material:
    """What can be learned from: a lesson of the readable images, and the backbone where it is to learn with them."""

    lesson: Lesson
    features: nn.Sequential | None
    division: Division
    unreadable: int
    held_out: tuple[int, ...]


def train_objects(job: Job[ObjectTargets], watcher: Watcher) -> Trained:
    """Train as the job says; called again after a crash with the same folder, it goes on where it was."""
    use_few_threads()
    start = _start(job)
    library = _library_finder(job, start)  # first: weights that cannot be had are told before any picture is read
    material = _frozen(job, watcher) if job.config.method == "fast_head" else _whole(job, watcher, start, library)
    watcher.divided(len(material.division.train), len(material.division.validation), material.unreadable)
    network = library or _own_network(job, start)
    learner = ObjectLearner(material.lesson, network, config=job.config, features=material.features, tell=watcher.note)
    fitted = fit_together(learner, job.plan(FIGURE), job.folder, watcher)
    learner.put_weights(fitted.best)
    measured = learner.measure() if len(material.division.validation) else None
    return _keep(job, material, fitted, measured, None if library is None else f"{TORCHVISION_PREFIX}{library.architecture}")


def _start(job: Job[ObjectTargets]) -> ObjectCheckpoint | None:
    if job.start is None:
        return None
    try:
        start = ObjectCheckpoint.load(job.start)
    except (OSError, TensorFileError) as error:
        raise InvalidInput(
            f"start_from: the checkpoint cannot be read: {error} Choose another model, or none.", code="checkpoint_damaged"
        ) from error
    if job.config.method == "fast_head" and not start.is_frozen:
        raise InvalidInput(
            "start_from: the fast head cannot go on from a model whose whole network was trained. Choose fine-tuning, or no model.",
            code="invalid_training",
        )
    return start


def _library_finder(job: Job[ObjectTargets], start: ObjectCheckpoint | None) -> LibraryFinder | None:
    """Return the network of a library that is to learn: the one that was chosen, or that of the model to go on from."""
    config, anatomy = job.config, job.targets.anatomy
    if config.network is not None:
        return started_finder(config.network, anatomy, seed=config.seed, scale=job.scale, weights=job.weights)
    if start is None or start.network is None:
        return None
    if start.scale != job.scale:
        raise InvalidInput("start_from: that model sees other bands. Choose its bands, or no model to go on from.", code="invalid_training")
    return continued_finder(start, anatomy, seed=config.seed)


def _own_network(job: Job[ObjectTargets], start: ObjectCheckpoint | None) -> ObjectNetwork:
    network = seeded_network(job.targets.anatomy, job.config.seed)
    if start is not None:
        _put_start(network, start, job.targets)
    return network


def _frozen(job: Job[ObjectTargets], watcher: Watcher) -> _Material:
    weights, side_px, first = find_weights(), SIDES[job.config.size], job.targets.anatomy.finest
    store, total = maps_store(job.store.folder.parent, weights, side_px, first, job.scale), len(job.sources)
    failures = embed_missing(
        store, lambda: maps_embedder(weights, side_px, first, job.scale), job.sources,
        on_progress=lambda done, failed: watcher.preparing(done, total, failed), save_every=WAITING,
    )  # fmt: skip
    unreadable = {failure.key for failure in failures}
    readable = np.array([source.key not in unreadable for source in job.sources], bool)
    keys = np.array([source.key for source in job.sources], np.int64)[readable]
    scenes = [scene for scene, usable in zip(job.targets.scenes(side_px), readable, strict=True) if usable]
    return _material(job, FrozenGallery(store, keys, scenes, side_px, first), readable, None)


def _whole(
    job: Job[ObjectTargets], watcher: Watcher, start: ObjectCheckpoint | None, library: LibraryFinder | None
) -> _Material:  # fmt: skip
    side_px, total = side_of(job.config.size, None if library is None else library.architecture), len(job.sources)
    pixels, readable = decoded_pixels(
        job.folder, job.sources, side_px, on_progress=lambda done, failed: watcher.preparing(done, total, failed), scale=job.scale
    )
    features = None if library is not None else _features(start, job.scale)
    scenes = [scene for scene, usable in zip(job.targets.scenes(side_px), readable, strict=True) if usable]
    usable = pixels if readable.all() else pixels[readable]
    anatomy = job.targets.anatomy
    gallery = PixelGallery(usable, scenes, features, anatomy.finest, Variation.of(job.config), job.targets.swaps(), job.scale)
    return _material(job, gallery, readable, features)


def _features(start: ObjectCheckpoint | None, scale: BandScale | None) -> nn.Sequential:
    tuned = start is not None and start.backbone and start.scale == scale
    return tuned_maps(start.backbone, scale) if start is not None and tuned else installed_maps(find_weights(), scale)


def _material(
    job: Job[ObjectTargets], gallery: FrozenGallery | PixelGallery, readable: npt.NDArray[np.bool_], features: nn.Sequential | None
) -> _Material:
    if not readable.any():
        raise InvalidInput("None of the labeled images can be read. Look at their files, and import them again.", code="no_readable_images")
    targets, splits = job.targets, [split for split, usable in zip(job.splits, readable, strict=True) if usable]
    rng = np.random.default_rng(job.config.seed)
    division = divide(targets.contents[readable], splits, job.config.validation, rng, job.groups_where(readable))
    sizes = tuple(size for size, usable in zip(targets.sizes, readable, strict=True) if usable)
    sigmas = targets.sigmas() if targets.anatomy.part == "points" else None
    trust = None if targets.trust is None else targets.trust[readable]
    lesson = Lesson(gallery, division.train, division.validation, sizes, sigmas, trust)
    held_out = tuple(job.image_ids[row] for row in np.flatnonzero(readable)[division.validation].tolist())
    return _Material(lesson, features, division, int((~readable).sum()), held_out)


def _put_start(network: ObjectNetwork, start: ObjectCheckpoint, targets: ObjectTargets) -> None:
    """Give a network the weights of an earlier one as far as they fit; where the classes changed, their last layers begin anew."""
    if start.anatomy == targets.anatomy:
        put_arrays(network, start.heads)
        return
    own = arrays_of(network)
    same_classes = start.anatomy.classes == targets.anatomy.classes
    fitting = {
        name: array
        for name, array in start.heads.items()
        if name in own
        and own[name].shape == array.shape
        and (same_classes or not name.startswith(("drawer.", "detector.head.classification_head.cls")))
    }
    put_arrays(network, {**own, **fitting})


def _keep(
    job: Job[ObjectTargets], material: _Material, fitted: Fitted, measured: Measured | None, network: str | None
) -> Trained:  # fmt: skip
    """Write both checkpoints and say what came out."""
    targets, progress = job.targets, fitted.progress
    metrics: dict[str, Any] = {
        "images": {
            "train": len(material.division.train), "validation": len(material.division.validation), "unreadable": material.unreadable,
        },
        **progress.told(),
    }  # fmt: skip
    if measured is not None:
        metrics["validation"] = measured.summary()
        named = zip(targets.classes, measured.per_class(), strict=True)
        metrics["classes"] = [{"label": each.label, "name": each.name, **row} for each, row in named]
    of_last = progress.of_last(metrics)
    digest, paths = find_weights().sha256, (job.folder / BEST, job.folder / LATEST)
    for path, arrays, told in zip(paths, (fitted.best, fitted.last), (metrics, of_last), strict=True):
        about = {"config": job.config.as_document(), "metrics": told, "labels": [each.label for each in targets.classes]}
        heads, backbone = part_of(arrays, HEADS), part_of(arrays, BACKBONE)
        ObjectCheckpoint(targets.anatomy, heads, job.config.size, digest, backbone, about, job.scale, network).save(path)
    warnings = (f"{material.unreadable} images could not be read and stayed out.",) if material.unreadable else ()
    return Trained(
        *paths, targets.classes, metrics, progress.reason, warnings,
        useful=progress.epoch > 0, held_out=material.held_out, thresholds=_thresholds(targets, measured), card=card_of(job.scale),
        last_metrics=of_last,
    )  # fmt: skip


def _thresholds(targets: ObjectTargets, measured: Measured | None) -> dict[int, float]:
    """Return for each label the lowest confidence at which F1 is nearly as high as it gets, where that was measured."""
    if measured is None:
        return {}
    rows = zip(targets.classes, measured.precision.f1.tolist(), measured.precision.lenient.tolist(), strict=True)
    return {each.label: round(threshold, 4) for each, f1, threshold in rows if f1 > 0}
