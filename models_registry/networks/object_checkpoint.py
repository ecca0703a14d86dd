"""A trained finder of objects in one file: boxes, and perhaps their masks or named points. numpy alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy.typing as npt

from models_registry.networks.bands import BandScale, scale_in
from models_registry.networks.checkpoint import BACKBONE
from models_registry.networks.library_names import FINDER_SIDES, FINDERS, full_names, name_in, parts_in_document
from models_registry.networks.tensors import TensorFileError, part_of, read_tensors, under, write_tensors

FORMAT: Final = "winnow-objects/1"
HEADS: Final = "heads."
SIDES: Final = {"small": 256, "medium": 384, "large": 512}
"""The side in pixels of the square that a network of each size sees."""
Part = Literal["boxes", "masks", "points"]


@dataclass(frozen=True)
class Anatomy:
    """What a network tells of objects.

    ``part``: boxes alone, or what lies in them: masks, points. ``classes``: names in the order of the output slots.
    ``points``: for each class the names of its objects' points; the network has a slot for every point of every class.
    """

    part: Part
    classes: tuple[str, ...]
    points: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        if self.part not in get_args(Part):
            raise ValueError(f"a network tells of {', '.join(get_args(Part))}, not of {self.part!r}")
        if not self.classes or (self.part == "points") != bool(self.points) or (self.points and len(self.points) != len(self.classes)):
            raise ValueError("the classes and the names of their points disagree")
        if self.part == "points" and not self.slots:
            raise ValueError("no class has a point")

    @property
    def slots(self) -> int:
        """How many points the network looks for in every box."""
        return sum(len(names) for names in self.points)

    def slots_of(self, place: int) -> slice:
        """Return the slots of a class's points."""
        start = sum(len(names) for names in self.points[:place])
        return slice(start, start + len(self.points[place]))

    @property
    def finest(self) -> int:
        """The place of the finest map that is looked at: stride 8 for boxes alone, 4 for what lies in them."""
        return 1 if self.part == "boxes" else 0


def side_of(size: str, network: str | None) -> int:
    """Return the side in pixels of the square that a network of a size sees; ``network``: None for our own."""
    return SIDES[size] if network is None else FINDER_SIDES[size]


@dataclass(frozen=True)
class ObjectCheckpoint:
    """A finder of objects.

    ``heads``: the weights of ``models_registry.networks.objects.ObjectNetwork``. ``size`` and ``weights_sha256`` name the
    backbone that it was trained on; ``backbone`` holds that backbone's own weights when it was fine-tuned, else nothing.
    ``about``: the config and the metrics of the training, for people. ``scale``: the bands that it sees; None for colours.
    ``network``: of torchvision, such as torchvision/fcos_resnet50_fpn, whose weights ``heads`` holds all; None for our own.
    """

    anatomy: Anatomy
    heads: Mapping[str, npt.NDArray[Any]]
    size: str
    weights_sha256: str
    backbone: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    scale: BandScale | None = None
    network: str | None = None

    def __post_init__(self) -> None:
        if self.network is not None and self.network not in full_names(FINDERS[self.anatomy.part]):
            raise ValueError(f"no network {self.network!r} tells {self.anatomy.part}")

    @property
    def is_frozen(self) -> bool:
        """Whether it stands on the backbone as installed."""
        return not self.backbone and self.network is None

    @property
    def side_px(self) -> int:
        """The side in pixels of the square that it sees."""
        return side_of(self.size, self.network)

    def save(self, path: Path) -> None:
        """Write the file; a reader sees the old one or the new one, whole."""
        anatomy = self.anatomy
        document = {
            "format": FORMAT,
            "part": anatomy.part,
            "classes": list(anatomy.classes),
            "points": [list(names) for names in anatomy.points],
            "size": self.size,
            "weights_sha256": self.weights_sha256,
            "bands": None if self.scale is None else self.scale.as_document(),
            "network": parts_in_document(self.network),
            "about": dict(self.about),
        }
        write_tensors(path, {**under(HEADS, self.heads), **under(BACKBONE, self.backbone)}, document)

    @classmethod
    def load(cls, path: Path) -> ObjectCheckpoint:
        """Read the file; raises ``TensorFileError`` when it is no sound checkpoint. It cannot run code."""
        arrays, document = read_tensors(path)
        try:
            if document["format"] != FORMAT:
                raise ValueError(f"its format is {document['format']!r}, not {FORMAT!r}")
            points = tuple(tuple(str(name) for name in names) for names in document["points"])
            anatomy = Anatomy(document["part"], tuple(str(name) for name in document["classes"]), points)
            if document["size"] not in SIDES:
                raise ValueError(f"it knows no size {document['size']!r}")
            heads, backbone = (part_of(arrays, prefix) for prefix in (HEADS, BACKBONE))
            digest, about, scale = str(document["weights_sha256"]), dict(document["about"]), scale_in(document)
            return cls(anatomy, heads, document["size"], digest, backbone, about, scale, name_in(document))
        except (KeyError, TypeError, ValueError) as error:
            raise TensorFileError(f"{path.name} is no sound checkpoint: {error}") from error
