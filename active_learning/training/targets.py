"""Annotations as numbers: one class index per image, or one bit per image and class.

``Targets`` is what every task shares; those of tasks other than classification have a module of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.training.config import TrainingConfig
from campaigns.errors import InvalidInput
from campaigns.geometry import Skeleton

FEW: Final = 15
Annotations = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class TrainedClass:
    """A label as the model's output slot: the place in the list is the class index. ``skeleton``: of its objects, where they have one."""

    label: int
    name: str
    skeleton: Skeleton | None = field(default=None, compare=False)


@dataclass(frozen=True)
class LabeledPicture:
    """What was said of one image of ``width`` x ``height`` pixels.

    ``areas``: (left, top, right, bottom) of what was labeled where the image as a whole was not; then every annotation tells as
    ``within`` which of them it is drawn for. None: the whole image.
    """

    annotations: Annotations
    width: int
    height: int
    areas: tuple[tuple[int, int, int, int], ...] | None = None


@dataclass(frozen=True)
class Targets:
    """What is learned from the usable images; each family adds what its task needs to know of them.

    ``rows``: (N,) int64, places of the usable images among those given. ``warnings``: what a person should know before
    trusting the model.
    """

    classes: tuple[TrainedClass, ...]
    rows: npt.NDArray[np.int64]
    warnings: tuple[str, ...]

    @property
    def contents(self) -> npt.NDArray[Any]:
        """What each image shows, for who divides them: (N,) class indices, or (N, K) of 0 and 1."""
        raise NotImplementedError

    @property
    def support(self) -> npt.NDArray[np.int64]:
        """Images per class, (K,)."""
        return np.asarray(self.contents.sum(axis=0), np.int64)


@dataclass(frozen=True)
class ClassTargets(Targets):
    """What each usable image is. ``values``: (N,) int64 class indices, or (N, K) float32 of 0 and 1 when ``multi_label``.

    ``weights``: float32 above 0, how far each image (N,), or each of its labels when ``multi_label`` (N, K), is to be trusted; None where
    nothing tells one from another.
    """

    values: npt.NDArray[Any]
    multi_label: bool
    weights: npt.NDArray[np.float32] | None = None

    @property
    def contents(self) -> npt.NDArray[Any]:
        """What each image is."""
        return self.values

    @property
    def support(self) -> npt.NDArray[np.int64]:
        """Images per class, (K,)."""
        if self.multi_label:
            return np.asarray(self.values.sum(axis=0), np.int64)
        return np.bincount(self.values, minlength=len(self.classes)).astype(np.int64)


def shown(rows: npt.NDArray[np.int64], trust: npt.NDArray[np.float32] | None, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return those of ``rows`` that an epoch sees: each with the chance that its trust is, 0 to 1; all where nothing is said of trust."""
    if trust is None:
        return rows
    kept = rows[rng.random(len(rows)) < trust[rows]]
    return kept if len(kept) else rows


def read_class_targets(pictures: Sequence[LabeledPicture], labels: Sequence[TrainedClass], config: TrainingConfig) -> ClassTargets:
    """Read whole-image labels as the config wants them; see ``classification_targets``."""
    if config.only_positives:
        return positive_targets([each.annotations for each in pictures], labels)
    return classification_targets([each.annotations for each in pictures], labels, multi_label=config.multi_label)


def classification_targets(documents: Sequence[Annotations], labels: Sequence[TrainedClass], *, multi_label: bool) -> ClassTargets:
    """Read whole-image labels from annotation documents; unless ``multi_label``, the default label is the one that counts.

    Labels without images are left out with a warning. Raises ``InvalidInput`` (code ``too_few_labels``) when nothing
    can be told apart: fewer than two classes, or, with several labels an image, no label that some have and some lack.
    """
    hot = _multi_hot(documents if multi_label else [_told_by_default(document) for document in documents], labels)
    rows = np.arange(len(documents)) if multi_label else np.flatnonzero(hot.sum(axis=1) == 1)
    hot = hot[rows]
    support = hot.sum(axis=0).astype(np.int64)
    kept = np.flatnonzero(support > 0)
    _require_contrast(labels, support, len(rows), multi_label=multi_label)
    warnings = (*_left_out(labels, support), *_scarce(labels, support), *_ambiguous(len(documents) - len(rows)))
    values = hot[:, kept] if multi_label else hot[:, kept].argmax(axis=1).astype(np.int64)
    return ClassTargets(tuple(labels[int(k)] for k in kept), rows.astype(np.int64), warnings, values, multi_label)


def positive_targets(documents: Sequence[Annotations], labels: Sequence[TrainedClass]) -> ClassTargets:
    """Read the images of one label alone; raises ``InvalidInput`` where there are none."""
    rows = np.flatnonzero(_multi_hot(documents, labels)[:, 0] > 0).astype(np.int64)
    if not len(rows):
        raise InvalidInput(f"No submitted image has the label {labels[0].name} yet.", code="too_few_labels")
    support = np.array([len(rows)], np.int64)
    return ClassTargets(tuple(labels), rows, tuple(_scarce(labels, support)), np.ones((len(rows), 1), np.float32), multi_label=True)


def _told_by_default(document: Annotations) -> Annotations:
    """Return the default label alone where one is marked, otherwise the annotations as they are."""
    return [annotation for annotation in document if annotation.get("default")][:1] or document


def _multi_hot(documents: Sequence[Annotations], labels: Sequence[TrainedClass]) -> npt.NDArray[np.float32]:
    place = {each.label: k for k, each in enumerate(labels)}
    hot = np.zeros((len(documents), len(labels)), np.float32)
    for row, document in enumerate(documents):
        for annotation in document:
            column = place.get(annotation["label"])
            if column is not None and annotation["shape"]["type"] == "whole":
                hot[row, column] = 1.0
    return hot


def _require_contrast(labels: Sequence[TrainedClass], support: npt.NDArray[np.int64], images: int, *, multi_label: bool) -> None:
    lacking = ", ".join(each.name for each, count in zip(labels, support, strict=True) if not count)
    if multi_label and not ((support > 0) & (support < images)).any():
        raise InvalidInput(
            "A training needs a label that some submitted images have and some lack; of these images each label is on all or on none."
            + (f" Without images: {lacking}." if lacking else ""),
            code="too_few_labels",
        )
    if not multi_label and (support > 0).sum() < 2:
        raise InvalidInput(
            f"A training needs submitted images of at least two labels. Without images: {lacking or 'none, so add a second label'}.",
            code="too_few_labels",
        )


def _left_out(labels: Sequence[TrainedClass], support: npt.NDArray[np.int64]) -> list[str]:
    return [f"{each.name} has no images yet; the model will not know it." for each, count in zip(labels, support, strict=True) if not count]


def _scarce(labels: Sequence[TrainedClass], support: npt.NDArray[np.int64]) -> list[str]:
    return [
        f"{each.name} has {count} image{'s' if count > 1 else ''}; label at least {FEW} for a model to rely on."
        for each, count in zip(labels, support, strict=True)
        if 0 < count < FEW
    ]


def _ambiguous(count: int) -> list[str]:
    return [f"{count} image{'s' if count > 1 else ''} without exactly one of the labels stay out."] if count else []
