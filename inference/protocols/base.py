"""The seam between Winnow and a way of speaking to models.

A protocol is two pure functions: the question as a request, and the reply as a ``Prediction``. It opens no socket
and reads no file, so each is tested with bytes alone. To add one: write a module with a subclass of ``Protocol``,
and name it in ``inference.protocols``.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from inference.schema import Prediction, PredictionRejected
from inference.wire import ModelCard, ModelClass, ModelInput, WireReply, WireRequest

__all__ = [
    "ImageForm", "ModelCard", "ModelClass", "ModelInput", "Option", "Prediction", "PredictionRejected", "Protocol", "WireReply",
    "WireRequest", "multipart",
]  # fmt: skip

ImageForm = Literal["encoded", "geotiff"]


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
