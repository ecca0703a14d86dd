"""What goes over the wire and what is known around it: plain values, without sockets, files or secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import quote, urlsplit, urlunsplit

import orjson

from models_registry.options import ModelOptions

Affine = tuple[float, float, float, float, float, float]

ImageForm = Literal["encoded", "geotiff", "address"]


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
    the stored image, x = a*col + b*row + c, y = d*col + e*row + f, in ``crs``. ``address``: where the model may fetch
    the image itself, for protocols that send no bytes. ``window``: (column, row, width, height) of the part of a larger image
    that this is; all else is then said of the part alone.
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
    address: str = ""
    window: tuple[int, int, int, int] | None = None

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


def origin_of(url: str) -> str:
    """Return the scheme, host and port of a URL."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, "", "", ""))


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """Where a server looks for the model's secret: in a header, in the URL's query, or in the JSON document.

    ``name`` is that of the parameter or member. A header is named by the model itself (``auth_header``).
    """

    kind: Literal["header", "query", "json"] = "header"
    name: str = ""


def with_secret(request: WireRequest, place: SecretPlace, secret: str) -> WireRequest:
    """Return the request with the secret in its URL or its JSON document; without either, or without a secret, as it was."""
    if not secret:
        return request
    if place.kind == "query":
        parts = urlsplit(request.url)
        pair = f"{quote(place.name, safe='')}={quote(secret, safe='')}"
        return replace(request, url=urlunsplit(parts._replace(query=f"{parts.query}&{pair}" if parts.query else pair)))
    if place.kind == "json" and request.body.startswith(b"{") and request.body.endswith(b"}"):
        # Written behind the last member instead of reading megabytes of base64 for one name.
        rest = request.body[1:-1]
        return replace(request, body=b"".join((b"{", rest, b"," if rest.strip() else b"", orjson.dumps({place.name: secret})[1:])))
    return request


@dataclass(frozen=True, slots=True)
class WireReply:
    """A reply with status 2xx, whole and under the cap. ``headers``: by their names in lower case."""

    body: bytes = field(repr=False)
    content_type: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
