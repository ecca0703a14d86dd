"""The seam between Winnow and a way of speaking to models.

A protocol is two pure functions: the question as a request, and the reply as a ``Prediction``. It opens no socket
and reads no file, so each is tested with bytes alone. What only some servers offer (a greeting, a health check,
a description of themselves, prompts) has a default that says: not here. To add a protocol: write a module with a
subclass of ``Protocol``, and name it in ``inference.protocols``.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from inference.interactive.prompts import Prompts
from inference.schema import Prediction, PredictionRejected
from inference.wire import ModelCard, ModelClass, ModelInput, WireReply, WireRequest

__all__ = [
    "ImageForm", "ModelCard", "ModelClass", "ModelInput", "Option", "Prediction", "PredictionRejected", "Prompts", "Protocol", "Recognised",
    "WireReply", "WireRequest", "multipart",
]  # fmt: skip

ImageForm = Literal["encoded", "geotiff", "address"]


@dataclass(frozen=True, slots=True)
class Option:
    """One setting that a protocol reads, for the form that asks for it. ``kind``: text, number, choice or flag."""

    name: str
    title: str
    kind: Literal["text", "number", "choice", "flag"]
    default: Any = None
    choices: tuple[str, ...] = ()
    help: str = ""


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a server said of itself. ``confidence``: how sure it is that the protocol answers here, 0 to 1; "" is: not told.

    ``url``: the address to register. ``options``: values of ``ModelOptions`` to start with.
    """

    confidence: float
    url: str
    name: str = ""
    version: str = ""
    task: str = ""
    classes: tuple[ModelClass, ...] = ()
    multi_label: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


class Protocol(ABC):
    """A way of speaking to models."""

    name: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    tasks: ClassVar[frozenset[str]]
    image_form: ClassVar[ImageForm] = "encoded"
    """What ``ModelInput`` must hold: the image as JPEG, PNG or its own bytes, a GeoTIFF with all bands, or an address that gives it."""
    interactive: ClassVar[bool] = False
    """Whether it answers prompts about one thing, too."""
    options: ClassVar[tuple[Option, ...]] = ()

    @abstractmethod
    def build_request(self, image: ModelInput, model: ModelCard) -> WireRequest:
        """Return the request that asks ``model`` about ``image``."""

    @abstractmethod
    def parse(self, reply: WireReply, image: ModelInput, model: ModelCard) -> Prediction:
        """Return the answer in pixels of the image as stored; raise ``PredictionRejected`` with the exact place."""

    def greeting(self, model: ModelCard) -> WireRequest | None:
        """Return what is sent once before the first question, or None."""
        return None

    def greeted(self, reply: WireReply, model: ModelCard) -> ModelCard:
        """Return the card with what the reply to the greeting tells."""
        return model

    def health(self, model: ModelCard) -> WireRequest | None:
        """Return the request that asks whether the server is up, or None when there is none."""
        return None

    def pause_s(self, status: int, body: bytes) -> float | None:
        """Return how long a refusal asks to wait, where its body says so (s)."""
        return None

    def build_prompt_request(self, image: ModelInput, model: ModelCard, prompts: Prompts) -> WireRequest:
        """Return the request that asks for the one thing that ``prompts`` mark; only where ``interactive``."""
        raise NotImplementedError(f"{self.name} answers no prompts")

    def parse_prompted(self, reply: WireReply, image: ModelInput, model: ModelCard) -> Prediction:
        """Return the answer to prompts, as ``parse`` does."""
        return self.parse(reply, image, model)

    def inquiries(self, url: str) -> tuple[WireRequest, ...]:
        """Return requests without an image that ask an address what it is."""
        return ()

    def recognise(self, url: str, replies: Sequence[WireReply | None]) -> Recognised | None:
        """Return what the replies to ``inquiries`` tell (None: no reply with status 2xx); None when it speaks something else."""
        return None


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
