"""A trained classifier in one file: a head, perhaps a fine-tuned backbone, and what one must know to use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy.typing as npt

from models_registry.networks.bands import BandScale, scale_in
from models_registry.networks.heads import LinearHead
from models_registry.networks.library_networks import LibraryNetwork
from models_registry.networks.tensors import TensorFileError, part_of, read_document, read_tensors, under, write_tensors

FORMAT: Final = "winnow-classifier/1"
BACKBONE: Final = "backbone."


def format_of(path: Path) -> str:
    """Return what a checkpoint says of its architecture, such as winnow-classifier/1; raises ``TensorFileError``."""
    return str(read_document(path).get("format", ""))


@dataclass(frozen=True)
class ClassifierCheckpoint:
    """A classifier.

    ``classes``: names in the order of the output slots. ``size`` and ``weights_sha256`` name the backbone that it was
    trained on; ``backbone`` holds that backbone's own weights when it was fine-tuned, else nothing. ``about``: the
    config and the metrics of the training, for people. ``scale``: the bands that it sees; None for colours as shown.
    ``network``: what the weights of ``backbone`` are of where that is a network of torchvision or timm, None for the installed one.
    """

    head: LinearHead
    classes: tuple[str, ...]
    size: str
    weights_sha256: str
    backbone: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    scale: BandScale | None = None
    network: LibraryNetwork | None = None

    def __post_init__(self) -> None:
        if len(self.classes) != len(self.head.bias):
            raise ValueError("the head and the names of the classes disagree")
        if self.network is not None and not self.backbone:
            raise ValueError("a network of a library comes with its weights")

    @property
    def is_frozen(self) -> bool:
        """Whether it stands on the backbone as installed, so that stored embeddings are all it needs."""
        return not self.backbone

    def save(self, path: Path) -> None:
        """Write the file; a reader sees the old one or the new one, whole."""
        document = {
            "format": FORMAT,
            "classes": list(self.classes),
            "multi_label": self.head.multi_label,
            "temperature": self.head.temperature,
            "size": self.size,
            "weights_sha256": self.weights_sha256,
            "bands": None if self.scale is None else self.scale.as_document(),
            "about": dict(self.about),
            **({} if self.network is None else {"network": self.network.as_document()}),
        }
        write_tensors(path, {**self.head.arrays(), **under(BACKBONE, self.backbone)}, document)

    @classmethod
    def load(cls, path: Path) -> ClassifierCheckpoint:
        """Read the file; raises ``TensorFileError`` when it is no sound checkpoint. It cannot run code."""
        arrays, document = read_tensors(path)
        try:
            if document["format"] != FORMAT:
                raise ValueError(f"its format is {document['format']!r}, not {FORMAT!r}")
            head = LinearHead.from_arrays(arrays, temperature=float(document["temperature"]), multi_label=bool(document["multi_label"]))
            backbone = part_of(arrays, BACKBONE)
            classes, scale = tuple(document["classes"]), scale_in(document)
            network = LibraryNetwork.from_document(document["network"]) if document.get("network") else None
            return cls(head, classes, document["size"], document["weights_sha256"], backbone, document["about"], scale, network)
        except (KeyError, TypeError, ValueError) as error:
            raise TensorFileError(f"{path.name} is no sound checkpoint: {error}") from error
