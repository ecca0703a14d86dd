"""Annotated objects as what a network learns: boxes, masks or named points. numpy alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.training.config import TrainingConfig
from active_learning.training.scenes import Scene, Thing, bounds_of, scene_of
from active_learning.training.targets import FEW, LabeledPicture, Targets, TrainedClass
from campaigns.errors import InvalidInput
from models_registry.networks.object_checkpoint import Anatomy, Part

OUTLINED: Final = frozenset({"mask", "polygon", "ellipse", "box"})
NOUNS: Final[dict[Part, str]] = {"boxes": "objects", "masks": "outlined objects", "points": "objects with named points"}


@dataclass(frozen=True)
class ObjectTargets(Targets):
    """What is in each usable image: an image that was submitted with nothing in it teaches, too.

    ``things``: the objects of each, their class being the place in ``classes``; ``sizes``: its width and height in pixels. ``trust``: (N,)
    float32 how far each is to be trusted, 0 to 1; None where nothing tells one from another.
    """

    anatomy: Anatomy
    things: tuple[tuple[Thing, ...], ...]
    sizes: tuple[tuple[int, int], ...]
    trust: npt.NDArray[np.float32] | None = None

    @property
    def contents(self) -> npt.NDArray[np.float32]:
        """(N, K): whether an image shows an object of a class."""
        hot = np.zeros((len(self.things), len(self.classes)), np.float32)
        for row, things in enumerate(self.things):
            hot[row, [each.place for each in things]] = 1
        return hot

    def scenes(self, side_px: int) -> list[Scene]:
        """Return what is in each image as a network sees it."""
        return [
            scene_of(things, width=width, height=height, side_px=side_px, anatomy=self.anatomy)
            for things, (width, height) in zip(self.things, self.sizes, strict=True)
        ]

    def swaps(self) -> npt.NDArray[np.int64] | None:
        """Return which slot of a mirrored picture takes whose point, (P,); None where no points are learned."""
        if self.anatomy.part != "points":
            return None
        swaps = np.arange(self.anatomy.slots)
        for place, each in enumerate(self.classes):
            slot = {name: self.anatomy.slots_of(place).start + n for n, name in enumerate(self.anatomy.points[place])}
            for left, right in each.skeleton.flip if each.skeleton is not None else ():
                swaps[slot[left]], swaps[slot[right]] = slot[right], slot[left]
        return swaps

    def sigmas(self) -> npt.NDArray[np.float64]:
        """Return how far annotators scatter about each point as a share of the object's size, (P,): 0.05 where nobody said."""
        named = ((each.skeleton, names) for each, names in zip(self.classes, self.anatomy.points, strict=True))
        return np.array([skeleton.sigmas.get(name, 0.05) if skeleton else 0.05 for skeleton, names in named for name in names])


def read_boxes(pictures: Sequence[LabeledPicture], labels: Sequence[TrainedClass], config: TrainingConfig) -> ObjectTargets:
    """Read every object that has an extent as the box around it."""
    return _read("boxes", pictures, labels, lambda shape: shape["type"] not in ("whole", "points"))


def read_masks(pictures: Sequence[LabeledPicture], labels: Sequence[TrainedClass], config: TrainingConfig) -> ObjectTargets:
    """Read every object that has an outline or a mask."""
    return _read("masks", pictures, labels, lambda shape: shape["type"] in OUTLINED)


def read_points(pictures: Sequence[LabeledPicture], labels: Sequence[TrainedClass], config: TrainingConfig) -> ObjectTargets:
    """Read every object that has named points; a label without a skeleton learns the names that its objects have."""
    return _read("points", pictures, labels, lambda shape: shape["type"] == "points" and any(p.get("v", 2) > 0 for p in shape["points"]))


def _read(part: Part, pictures: Sequence[LabeledPicture], labels: Sequence[TrainedClass], fits: Callable[[Any], bool]) -> ObjectTargets:
    things = _things(pictures, {each.label: place for place, each in enumerate(labels)}, fits)
    support = np.bincount([each.place for row in things for each in row], minlength=len(labels))
    if not support.any():
        raise InvalidInput(
            f"A training needs submitted images with {NOUNS[part]} of at least one label. Draw some, and submit their images.",
            code="too_few_labels",
        )
    kept = [place for place in range(len(labels)) if support[place]]
    place_of = {old: new for new, old in enumerate(kept)}
    renumbered = tuple(tuple(Thing(place_of[each.place], each.shape) for each in row) for row in things)
    classes = tuple(labels[place] for place in kept)
    points = tuple(_point_names(each, n, renumbered) for n, each in enumerate(classes)) if part == "points" else ()
    warnings = (*_warnings(labels, support), *turned_boxes(part, renumbered))
    return ObjectTargets(
        classes, np.arange(len(pictures)), warnings, Anatomy(part, tuple(each.name for each in classes), points),
        renumbered, tuple((each.width, each.height) for each in pictures),
    )  # fmt: skip


def _things(pictures: Sequence[LabeledPicture], place_of: dict[int, int], fits: Callable[[Any], bool]) -> list[list[Thing]]:
    rows = []
    for picture in pictures:
        known = [Thing(place_of[each["label"]], each["shape"]) for each in picture.annotations if each["label"] in place_of]
        rows.append([each for each in known if fits(each.shape) and bounds_of(each.shape, picture.width, picture.height) is not None])
    return rows


def _point_names(label: TrainedClass, place: int, things: Sequence[Sequence[Thing]]) -> tuple[str, ...]:
    if label.skeleton is not None:
        return tuple(label.skeleton.names)
    own = (each for row in things for each in row if each.place == place)
    return tuple(dict.fromkeys(point["name"] for each in own for point in each.shape["points"]))


def turned_boxes(part: Part, things: Sequence[Sequence[Thing]]) -> tuple[str, ...]:
    """Say what a finder of boxes makes of boxes that were drawn turned; nothing where there are none, or outlines are learned."""
    if part != "boxes":
        return ()
    turned = sum(bool(each.shape.get("rotation")) and each.shape["type"] == "box" for row in things for each in row)
    if not turned:
        return ()
    boxes = "1 box is" if turned == 1 else f"{turned} boxes are"
    return (f"{boxes} turned: the model learns the upright box around each, and its drafts are upright.",)


def _warnings(labels: Sequence[TrainedClass], support: npt.NDArray[np.int64]) -> tuple[str, ...]:
    counted = [(each.name, int(count)) for each, count in zip(labels, support, strict=True)]
    absent = [f"{name} has no objects yet; the model will not know it." for name, count in counted if not count]
    scarce = [
        f"{name} has {count} object{'s' if count > 1 else ''}; label at least {FEW} for a model to rely on."
        for name, count in counted
        if 0 < count < FEW
    ]
    return (*absent, *scarce)
