"""Which tasks can be trained, and by what. A new family is one module of its own and one entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from active_learning.training.config import TrainingConfig
from active_learning.training.course import Plan
from active_learning.training.label_maps import read_pixel_targets
from active_learning.training.loop import Hooks
from active_learning.training.object_targets import read_boxes, read_masks, read_points
from active_learning.training.targets import LabeledPicture, Targets, TrainedClass, read_class_targets
from active_learning.training.tiles import Raster
from models_registry.networks.backbones import SIZES
from models_registry.networks.bands import BandScale
from models_registry.networks.embedding import Source
from models_registry.networks.library_names import FINDERS, SEGMENTERS, full_names
from models_registry.networks.library_networks import ANY_OF_TIMM
from models_registry.networks.object_checkpoint import SIDES
from models_registry.networks.own_backbones import TORCHVISION, TORCHVISION_NAMES
from models_registry.networks.segmenter_checkpoint import WINDOWS
from models_registry.networks.store import EmbeddingStore

T = TypeVar("T", bound=Targets)
Read_co = TypeVar("Read_co", bound=Targets, covariant=True)


class Watcher(Hooks):
    """Hooks of a whole training: before the loop begins there are pictures to read."""

    def preparing(self, done: int, total: int, failed: int) -> None:
        """See how far the pictures are read; may raise to stop."""

    def note(self, line: str) -> None:
        """See something worth a line of the log."""

    def divided(self, train: int, validation: int, unreadable: int, of: str = "images") -> None:
        """See what teaches, what measures, and what could not be read."""


@dataclass(frozen=True)
class Job(Generic[T]):
    """All that a training needs.

    ``sources``, ``splits``, ``groups``, ``image_ids`` and ``rasters`` (the files, for who reads parts of them or bands) go with
    the rows of ``targets``, one each; ``groups`` may be empty. ``folder`` is the training's own and survives a crash; ``store``
    holds embeddings of the backbone as installed, and lies beside the stores of other kinds of features; ``start`` is a
    checkpoint file to go on from. ``scale``: the bands that the sources give and the store's vectors are of; None: colours as shown.
    ``weights``: a file for the config's ``network``; None: the published ones.
    ``background``: images that nobody has labeled, for who learns from positives alone.
    """

    config: TrainingConfig
    targets: T
    sources: Sequence[Source]
    splits: Sequence[str]
    folder: Path
    store: EmbeddingStore
    start: Path | None = None
    image_ids: Sequence[int] = ()
    rasters: Sequence[Raster] = ()
    scale: BandScale | None = None
    groups: Sequence[int] = ()
    background: Sequence[Source] = ()
    weights: Path | None = None

    def plan(self, maximise: str = "") -> Plan:
        """Return when the training is to stop; what it learns are its labels, in their order."""
        config = self.config
        labels = ",".join(str(each.label) for each in self.targets.classes)
        return Plan(config.most_epochs, config.most_patience, config.minutes * 60, maximise, of=labels)

    def groups_where(self, readable: npt.NDArray[np.bool_]) -> list[int]:
        """Return the groups of the images that can be read."""
        return [group for group, usable in zip(self.groups, readable, strict=True) if usable] if self.groups else []


@dataclass(frozen=True)
class Trained:
    """What came out: checkpoint files, best and last; ``classes`` in the order of the output slots.

    ``metrics``: what was measured of the best on the validation images, with how many; ``last_metrics``: of the last, None where
    both are one. ``reason``: why it stopped.
    ``useful`` is False when it was stopped before anything was learned. ``held_out``: ids of the images that measured.
    ``thresholds``: by label, the confidence from which on its objects are worth drafting; a new model starts with these.
    ``window_px``: larger images are asked about in
    windows of this side; None: as a whole. ``card``: what people should know of the model, see ``models_registry.card``.
    """

    best: Path
    last: Path
    classes: tuple[TrainedClass, ...]
    metrics: dict[str, Any]
    reason: str
    warnings: tuple[str, ...] = ()
    useful: bool = True
    held_out: tuple[int, ...] | None = None
    thresholds: Mapping[int, float] = field(default_factory=dict)
    window_px: int | None = None
    card: Mapping[str, str] = field(default_factory=dict)
    last_metrics: dict[str, Any] | None = None


class ReadTargets(Protocol[Read_co]):
    """Turn what people said into targets; raises ``InvalidInput`` when nothing can be learned from it."""

    def __call__(self, pictures: Sequence[LabeledPicture], labels: Sequence[TrainedClass], config: TrainingConfig, /) -> Read_co:
        """Return the targets."""
        ...


@dataclass(frozen=True)
class TaskFamily(Generic[T]):
    """How one task is trained.

    ``train`` is named by its dotted path, because it may import torch. ``sides``: the side in pixels of the square that a
    network of each size sees. ``defaults``: what a training of each method takes where the person says nothing, such as
    ``{"fine_tune": {"epochs": 30}}``. The checkpoints that it writes name a format, by which
    ``inference.protocols.local`` finds their predictor. ``networks``: what a fine-tuning may set out from besides the installed
    backbone, by library and name; a library and nothing behind it stands for any of its networks.
    """

    name: str
    read_targets: ReadTargets[T]
    train: str
    sides: Mapping[str, int]
    defaults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    networks: tuple[str, ...] = ()

    def load(self) -> Callable[[Job[T], Watcher], Trained]:
        """Import the function that trains."""
        module, name = self.train.rsplit(".", 1)
        function: Callable[[Job[T], Watcher], Trained] = getattr(import_module(module), name)
        return function

    def config_from(self, document: Mapping[str, Any]) -> TrainingConfig:
        """Check a document, the family's defaults in the place of what it leaves open."""
        defaults = self.defaults.get(str(document.get("method", TrainingConfig.method)), {})
        return TrainingConfig.from_document({**document, **{name: value for name, value in defaults.items() if document.get(name) is None}})


OBJECT_DEFAULTS: Final = {
    "fast_head": {"epochs": 40, "patience": 12, "batch": 4, "learning_rate": 1e-3},
    "fine_tune": {"epochs": 40, "patience": 10, "batch": 4, "learning_rate": 2e-4},
}

OBJECTS: Final = "active_learning.training.objects.train_objects"
LIBRARY_NETWORKS: Final = (*(f"{TORCHVISION}/{name}" for name in TORCHVISION_NAMES), ANY_OF_TIMM)

FAMILIES: Final[dict[str, TaskFamily[Any]]] = {
    "classification": TaskFamily(
        "classification", read_class_targets, "active_learning.training.classification.train_classifier", SIZES, networks=LIBRARY_NETWORKS
    ),
    "detection": TaskFamily("detection", read_boxes, OBJECTS, SIDES, OBJECT_DEFAULTS, full_names(FINDERS["boxes"])),
    "instance": TaskFamily("instance segmentation", read_masks, OBJECTS, SIDES, OBJECT_DEFAULTS, full_names(FINDERS["masks"])),
    "keypoints": TaskFamily("keypoints", read_points, OBJECTS, SIDES, OBJECT_DEFAULTS, full_names(FINDERS["points"])),
    "semantic": TaskFamily(
        "semantic segmentation",
        read_pixel_targets,
        "active_learning.training.segmentation.train_segmenter",
        WINDOWS,
        networks=full_names(SEGMENTERS),
    ),
}
"""By the task of a campaign; the two kinds of segmentation are told apart as "semantic" and "instance"."""


def family_name(task: str, segmentation: str) -> str:
    """Return which family trains a campaign of a task; ``segmentation``: semantic or instance, as its settings say."""
    return segmentation if task == "segmentation" else task
