"""The seam between Winnow and a way of speaking to models.

A protocol is two pure functions: the question as a request, and the reply as a ``Prediction``. It opens no socket
and reads no file, so each is tested with bytes alone. To add one: write a module with a subclass of ``Protocol``,
and name it in ``inference.protocols``.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from inference.schema import Prediction, PredictionRejected
from models_registry.options import ModelOptions

__all__ = [
    "ImageForm", "ModelCard", "ModelClass", "ModelInput", "Option", "Prediction", "PredictionRejected", "Protocol", "WireReply",
    "WireRequest", "multipart",
]  # fmt: skip

ImageForm = Literal["encoded", "geotiff"]
Affine = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class ModelClass:
    """An output slot of a model."""

    index: int
    name: str


@dataclass(frozen=True, slots=True)
class ModelInput:
    """One image as it is sent: its bytes, and what is known of it.

    ``width`` and ``height`` are those of the image as stored, into whose pixels answers are brought; ``sent_width``
    and ``sent_height`` those of the bytes, when they were made smaller. ``transform``: affine (a, b, c, d, e, f) of
    the stored image, x = a*col + b*row + c, y = d*col + e*row + f, in ``crs``.
    """

    content: bytes = field(repr=False)
    content_type: str
    width: int
    height: int
    name: str = "image"
    id: int | None = None
    bands: int = 3
    crs: str = ""
    transform: Affine | None = None
    sent_width: int = 0
    sent_height: int = 0

    @property
    def sent_size(self) -> tuple[int, int]:
        """(width, height) of the bytes sent."""
        return self.sent_width or self.width, self.sent_height or self.height


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a protocol needs to know of the model it asks. Without secrets: those are headers of the caller's."""

    url: str
    task: str
    classes: tuple[ModelClass, ...] = ()
    multi_label: bool = False
    name: str = ""
    version: str = ""
    options: ModelOptions = field(default_factory=ModelOptions)

    def class_named(self, name: str) -> ModelClass | None:
        """Return the class of this name (case and surrounding space do not matter)."""
        wanted = name.strip().casefold()
        return next((each for each in self.classes if each.name.strip().casefold() == wanted), None)

    def class_at(self, index: int) -> ModelClass | None:
        """Return the class in this output slot."""
        return next((each for each in self.classes if each.index == index), None)

    def name_of(self, index: int) -> str:
        """Return the name of an output slot, or its number when the model publishes no names."""
        known = self.class_at(index)
        return known.name if known else str(index)


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A request to be sent as it stands; credentials and ``Accept-Encoding`` are added by the caller."""

    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    method: str = "POST"

    def summary(self) -> dict[str, Any]:
        """Return what a person may see of it."""
        return {"method": self.method, "url": self.url, "headers": dict(self.headers), "body_bytes": len(self.body)}


@dataclass(frozen=True, slots=True)
class WireReply:
    """A reply with status 2xx, whole and under the cap."""

    body: bytes = field(repr=False)
    content_type: str = ""
    status: int = 200


@dataclass(frozen=True, slots=True)
class Option:
    """One setting that a protocol reads, for the form that asks for it. ``kind``: text, number, choice or flag."""

    name: str
    title: str
    kind: Literal["text", "number", "choice", "flag"]
    default: Any = None
    choices: tuple[str, ...] = ()
    help: str = ""


class Protocol(ABC):
    """A way of speaking to models."""

    name: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    tasks: ClassVar[frozenset[str]]
    image_form: ClassVar[ImageForm] = "encoded"
    """What ``ModelInput.content`` must be: the image as JPEG, PNG or its own bytes, or a GeoTIFF with all bands."""
    options: ClassVar[tuple[Option, ...]] = ()

    @abstractmethod
    def build_request(self, image: ModelInput, model: ModelCard) -> WireRequest:
        """Return the request that asks ``model`` about ``image``."""

    @abstractmethod
    def parse(self, reply: WireReply, image: ModelInput, model: ModelCard) -> Prediction:
        """Return the answer in pixels of the image as stored; raise ``PredictionRejected`` with the exact place."""


def multipart(parts: Mapping[str, tuple[str | None, str | None, bytes]]) -> tuple[str, bytes]:
    """Return (content type, body) of a multipart form; each part is (filename, content type, bytes)."""
    boundary = uuid.uuid4().hex
    lines: list[bytes] = []
    for name, (filename, content_type, data) in parts.items():
        disposition = f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
        kind = f"\r\nContent-Type: {content_type}" if content_type else ""
        lines += [f"--{boundary}\r\n{disposition}{kind}\r\n\r\n".encode(), data, b"\r\n"]
    lines.append(f"--{boundary}--\r\n".encode())
    return f"multipart/form-data; boundary={boundary}", b"".join(lines)
