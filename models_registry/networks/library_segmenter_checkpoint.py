"""A trained segmenter of a library in one file: which network, its weights, and how to use them. numpy alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy.typing as npt

from models_registry.networks.bands import BandScale, scale_in
from models_registry.networks.library_names import SEGMENTERS, full_names, name_in, parts_in_document
from models_registry.networks.segmenter_checkpoint import WINDOWS
from models_registry.networks.tensors import TensorFileError, part_of, read_tensors, under, write_tensors

FORMAT: Final = "winnow-library-segmenter/1"
NETWORK: Final = "network."


@dataclass(frozen=True)
class LibrarySegmenterCheckpoint:
    """A segmenter of a library.

    ``network``: its library and name, such as torchvision/deeplabv3_resnet50; ``arrays``: all its weights. The rest is as in
    ``SegmenterCheckpoint``.
    """

    network: str
    arrays: Mapping[str, npt.NDArray[Any]]
    classes: tuple[str, ...]
    size: str
    temperature: float
    scale: BandScale | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    weights_sha256: str = ""

    def __post_init__(self) -> None:
        if self.network not in full_names(SEGMENTERS) or self.size not in WINDOWS or not self.temperature > 0 or not self.classes:
            raise ValueError("the network, the size, the temperature or the classes are unknown")

    @property
    def is_frozen(self) -> bool:
        """Whether it stands on the backbone as installed: never."""
        return False

    def save(self, path: Path) -> None:
        """Write the file; a reader sees the old one or the new one, whole."""
        document = {
            "format": FORMAT,
            "network": parts_in_document(self.network),
            "classes": list(self.classes),
            "size": self.size,
            "temperature": self.temperature,
            "bands": None if self.scale is None else self.scale.as_document(),
            "about": dict(self.about),
        }
        write_tensors(path, under(NETWORK, self.arrays), document)

    @classmethod
    def load(cls, path: Path) -> LibrarySegmenterCheckpoint:
        """Read the file; raises ``TensorFileError`` when it is no sound checkpoint. It cannot run code."""
        arrays, document = read_tensors(path)
        try:
            if document["format"] != FORMAT:
                raise ValueError(f"its format is {document['format']!r}, not {FORMAT!r}")
            classes, temperature = tuple(str(name) for name in document["classes"]), float(document["temperature"])
            network, size, scale, about = name_in(document), document["size"], scale_in(document), dict(document["about"])
            return cls(network or "", part_of(arrays, NETWORK), classes, size, temperature, scale, about)
        except (KeyError, TypeError, ValueError) as error:
            raise TensorFileError(f"{path.name} is no sound checkpoint: {error}") from error
