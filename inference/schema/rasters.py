"""What is said of every pixel."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from inference.schema.checks import MAX_PIXELS, Document, check_confidence, check_index, require


@dataclass(frozen=True, slots=True)
class Shares:
    """What a window of an image says of every class, until it is joined with its neighbours: (K, H, W) uint8, 255 for 1, packed by zlib.

    ``yes_or_no``: they are one probability and what it leaves, so that a threshold chooses between the two.
    """

    count: int
    data: bytes
    yes_or_no: bool = False


@dataclass(frozen=True, slots=True)
class Raster:
    """One class per pixel.

    ``class_map`` is a PNG (8 or 16 bit grey) of class numbers on the image's grid; a pixel whose number is not in
    ``classes`` says nothing. ``confidence_map`` (probability of the class shown) and ``entropy_map`` (entropy over
    its maximum) are 8-bit grey PNGs, 255 for 1, on the image's grid or coarser. ``inference.rasters`` reads and
    writes them. ``confidence`` is the mean over the image. ``shares`` is in no document.
    """

    kind: ClassVar[str] = "raster"
    size: tuple[int, int]
    classes: tuple[tuple[int, str], ...]
    class_map: bytes
    confidence: float | None = None
    confidence_map: bytes | None = None
    entropy_map: bytes | None = None
    shares: Shares | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        height, width = self.size
        require(height > 0 and width > 0 and height * width <= MAX_PIXELS, "size", f"expected [height, width], got {list(self.size)}")
        check_confidence(self.confidence)
        for index, _ in self.classes:
            check_index(index)
        for name in ("class_map", "confidence_map", "entropy_map"):
            data = getattr(self, name)
            require(data is None or data.startswith(b"\x89PNG"), name, "expected a PNG")

    def as_document(self) -> Document:
        """Return it as JSON values, the PNGs as base64."""
        return {
            "kind": self.kind, "size": list(self.size), "classes": [{"index": i, "name": n} for i, n in self.classes],
            "confidence": self.confidence, "class_map": _text(self.class_map),
            "confidence_map": _text(self.confidence_map), "entropy_map": _text(self.entropy_map),
        }  # fmt: skip

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Raster:
        """Read what ``as_document`` wrote."""
        height, width = document["size"]
        classes = tuple((entry["index"], entry["name"]) for entry in document["classes"])
        confidence_map, entropy_map = (_bytes(document.get(key)) for key in ("confidence_map", "entropy_map"))
        class_map = _bytes(document["class_map"]) or b""
        return cls((height, width), classes, class_map, document["confidence"], confidence_map, entropy_map)


def _text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode("ascii")


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
