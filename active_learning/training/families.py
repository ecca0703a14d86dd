"""Which tasks can be trained, and by what. A new family adds its module and one entry here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol

from active_learning.training.config import TrainingConfig
from active_learning.training.loop import Hooks
from active_learning.training.targets import Annotations, Targets, TrainedClass, classification_targets
from models_registry.networks.embedding import Source
from models_registry.networks.store import EmbeddingStore


class Watcher(Hooks):
    """Hooks of a whole training: before the loop begins there are pictures to read."""

    def preparing(self, done: int, total: int, failed: int) -> None:
        """See how far the pictures are read; may raise to stop."""


@dataclass(frozen=True)
class Job:
    """All that a training needs.

    ``sources`` and ``splits`` go with the rows of ``targets``, one each. ``folder`` is the training's own and survives a
    crash; ``store`` holds embeddings of the backbone as installed; ``start`` is a checkpoint file to go on from.
    """

    config: TrainingConfig
    targets: Targets
    sources: Sequence[Source]
    splits: Sequence[str]
    folder: Path
    store: EmbeddingStore
    start: Path | None = None


@dataclass(frozen=True)
class Trained:
    """What came out: checkpoint files, best and last; ``classes`` in the order of the output slots.

    ``metrics``: what was measured on the validation images, with how many; ``reason``: why it stopped.
    ``useful`` is False when it was cancelled before anything was learned.
    """

    best: Path
    last: Path
    classes: tuple[TrainedClass, ...]
    metrics: dict[str, Any]
    reason: str
    warnings: tuple[str, ...] = ()
    useful: bool = True


class ReadTargets(Protocol):
    """Turn annotation documents into targets; raises ``InvalidInput`` when nothing can be learned from them."""

    def __call__(self, documents: Sequence[Annotations], labels: Sequence[TrainedClass], *, multi_label: bool) -> Targets:
        """Return the targets."""
        ...


@dataclass(frozen=True)
class TaskFamily:
    """How one task is trained. ``train`` is named by its dotted path, because it may import torch."""

    task: str
    read_targets: ReadTargets
    train: str
    methods: tuple[str, ...] = field(default=("fast_head", "fine_tune"))

    def load(self) -> Callable[[Job, Watcher], Trained]:
        """Import the function that trains."""
        module, name = self.train.rsplit(".", 1)
        function: Callable[[Job, Watcher], Trained] = getattr(import_module(module), name)
        return function


FAMILIES: Final[dict[str, TaskFamily]] = {
    "classification": TaskFamily("classification", classification_targets, "active_learning.training.classification.train_classifier"),
}
