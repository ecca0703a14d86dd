"""A trained segmenter in one file: a head on every pixel, perhaps a fine-tuned backbone and a decoder, and how to use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy.typing as npt

from models_registry.networks.bands import BandScale, bands_seen, scale_in
from models_registry.networks.heads import LinearHead
from models_registry.networks.pyramid import dimension
from models_registry.networks.tensors import TensorFileError, part_of, read_tensors, under, write_tensors

FORMAT: Final = "winnow-segmenter/1"
BACKBONE: Final = "backbone."
DECODER: Final = "decoder."
WINDOWS: Final = {"small": 256, "medium": 384, "large": 512}
"""Side of the tiles that it learns from, and of the windows in which larger images are asked about, by size (px)."""

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class SegmenterCheckpoint:
    """A segmenter.

    ``classes``: names in the order of the output slots. ``weights_sha256`` names the backbone it was trained on; ``backbone``
    and ``decoder`` hold weights of its own when it was fine-tuned, else nothing. ``scale``: the bands that it sees; None for
    colours as shown. ``about``: config and metrics of the training, for people.
    """

    head: LinearHead
    classes: tuple[str, ...]
    size: str
    weights_sha256: str
    scale: BandScale | None = None
    backbone: Arrays = field(default_factory=dict)
    decoder: Arrays = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.classes) != len(self.head.bias) or self.size not in WINDOWS:
            raise ValueError("the head, the names of the classes and the size disagree")
        if self.head.weight.shape[1] != dimension(bands_seen(self.scale)):
            raise ValueError("the head does not fit the bands")
        if bool(self.backbone) != bool(self.decoder):
            raise ValueError("a fine-tuned network has a backbone and a decoder")

    @property
    def is_frozen(self) -> bool:
        """Whether it stands on the backbone as installed."""
        return not self.backbone

    def save(self, path: Path) -> None:
        """Write the file; a reader sees the old one or the new one, whole."""
        document = {
            "format": FORMAT,
            "classes": list(self.classes),
            "temperature": self.head.temperature,
            "size": self.size,
            "weights_sha256": self.weights_sha256,
            "bands": None if self.scale is None else self.scale.as_document(),
            "about": dict(self.about),
        }
        write_tensors(path, {**self.head.arrays(), **under(BACKBONE, self.backbone), **under(DECODER, self.decoder)}, document)

    @classmethod
    def load(cls, path: Path) -> SegmenterCheckpoint:
        """Read the file; raises ``TensorFileError`` when it is no sound checkpoint. It cannot run code."""
        arrays, document = read_tensors(path)
        try:
            if document["format"] != FORMAT:
                raise ValueError(f"its format is {document['format']!r}, not {FORMAT!r}")
            head = LinearHead.from_arrays(arrays, temperature=float(document["temperature"]), multi_label=False)
            scale = scale_in(document)
            backbone, decoder = (part_of(arrays, prefix) for prefix in (BACKBONE, DECODER))
            classes, about = tuple(document["classes"]), document["about"]
            return cls(head, classes, document["size"], document["weights_sha256"], scale, backbone, decoder, about)
        except (KeyError, TypeError, ValueError) as error:
            raise TensorFileError(f"{path.name} is no sound checkpoint: {error}") from error
