"""Hugging Face's tasks: an image in, labels, boxes or masks out.

The shapes are those of the task specifications (https://github.com/huggingface/huggingface.js/tree/main/packages/tasks),
which Inference Endpoints, Inference Providers and servers around ``transformers`` pipelines share.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import orjson

from inference.decode import Classes, Node, parse_json
from inference.decode.classes import Notes
from inference.decode.coordinates import Frame, box_from_corners
from inference.decode.items import Reader, checked, mask_counts
from inference.decode.scores import from_pairs
from inference.protocols.base import (
    ModelCard,
    ModelInput,
    Option,
    Prediction,
    PredictionRejected,
    Protocol,
    Recognised,
    WireReply,
    WireRequest,
)  # fmt: skip
from inference.schema import MAX_CLASSES, MAX_ITEMS, Box, Item, Mask
from inference.wire import origin_of
from models_registry.options import ModelOptions, OptionsRejected

LONGEST_ESTIMATE_S = 3600.0
MAX_BATCHES = 2
_INPUT = Option(
    "input", "The image travels as", "choice", "auto", ("auto", "raw", "json"),
    'The bytes themselves, or base64 under "inputs". Parameters need JSON; auto sends the bytes where there are none.',
)  # fmt: skip
_PARAMETERS = Option(
    "parameters", "Parameters", "json", None,
    help='For example {"top_k": 10} for a classification, {"threshold": 0.3} for boxes, {"subtask": "semantic"} for masks.',
)  # fmt: skip
_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_HOSTS = (".endpoints.huggingface.cloud", "api-inference.huggingface.co", "router.huggingface.co")


class HuggingFace(Protocol):
    """Speak as Hugging Face's inference servers do."""

    name = "huggingface"
    title = "Hugging Face"
    description = 'POST the image, or JSON with it under "inputs"; answers a list with labels, boxes or masks of the task.'
    tasks = frozenset({"classification", "detection", "segmentation"})
    options = (_INPUT, _PARAMETERS)

    def build_request(self, image: ModelInput, model: ModelCard) -> WireRequest:
        """Return the bytes as they are, or JSON where there are parameters."""
        parameters, way = _PARAMETERS.of(model) or {}, _INPUT.of(model)
        if way == "raw" or (way == "auto" and not parameters):
            return WireRequest(model.url, {"Content-Type": image.content_type, "Accept": "application/json"}, image.content)
        document: dict[str, Any] = {"inputs": base64.b64encode(image.content).decode("ascii")}
        if parameters:
            document["parameters"] = dict(parameters)
        return WireRequest(model.url, {"Content-Type": "application/json", "Accept": "application/json"}, orjson.dumps(document))

    def parse(self, reply: WireReply, image: ModelInput, model: ModelCard) -> Prediction:
        """Read the answer by the model's task."""
        notes = Notes()
        reader = Reader(Frame("pixel", image), Classes(model, notes))
        items = _READERS[model.task](_listed(parse_json(reply.body)), reader)
        return Prediction(tuple(items), image.width, image.height, model.version, tuple(notes.warnings), notes.as_dropped())

    def check_options(self, options: ModelOptions, task: str) -> None:
        """Refuse parameters that could not be sent."""
        super().check_options(options, task)
        if options.extra.get("input") == "raw" and options.extra.get("parameters"):
            raise OptionsRejected("extra.parameters", "are not sent with the image's bytes alone; let it travel as JSON.")

    def pause_s(self, status: int, body: bytes) -> float | None:
        """Return how long loading the model is estimated to take: 503 {"error": "…loading", "estimated_time": 20.0}."""
        try:
            estimate = orjson.loads(body).get("estimated_time") if status == 503 else None
        except (orjson.JSONDecodeError, AttributeError):
            return None
        if isinstance(estimate, bool) or not isinstance(estimate, int | float) or not math.isfinite(estimate):
            return None
        return float(estimate) if 0 <= estimate <= LONGEST_ESTIMATE_S else None

    def health(self, model: ModelCard) -> WireRequest | None:
        """Ask for /health, which the servers of Inference Endpoints answer."""
        return WireRequest(f"{origin_of(model.url)}/health", {"Accept": "*/*"}, b"", "GET")

    def inquiries(self, url: str) -> tuple[WireRequest, ...]:
        """Ask for /health: the toolkit says "Ok", and nothing more."""
        return (WireRequest(f"{origin_of(url)}/health", {"Accept": "*/*"}, b"", "GET"),)

    def recognise(self, url: str, replies: Sequence[WireReply | None]) -> Recognised | None:
        """Tell by the host, else by the toolkit's one word: it names neither its task nor its classes."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if host.endswith(_HOSTS):
            name = parts.path.partition("/models/")[2].strip("/")
            return Recognised(0.9, url, name=name)
        health = replies[0] if replies else None
        if health is None or health.body.strip().strip(b'"') != b"Ok":
            return None
        # It takes images at "/" and at "/predict".
        return Recognised(0.4, urlunsplit(parts._replace(path="/predict")) if parts.path in ("", "/health") else url)


def _listed(root: Node) -> Node:
    """Return the list of things found; some servers put it into another list, one for each image of a batch."""
    if root.has("error"):
        raise PredictionRejected("error", f"the server answered with an error: {root.at('error').text(10_000)[:200]!r}")
    for _ in range(MAX_BATCHES):
        if root.is_list() and len(root.value) == 1 and isinstance(root.value[0], list):
            root = root.entries(1)[0]
    if root.is_object() and root.has("label"):
        return Node([root.value], root.where)
    return root


def _classification(listed: Node, reader: Reader) -> Sequence[Item]:
    entries = listed.entries(MAX_CLASSES)
    pairs = [(entry.at("label"), entry.at("score")) for entry in entries]
    return [from_pairs(pairs, listed.where, reader.classes)]


def _detection(listed: Node, reader: Reader) -> Sequence[Item]:
    found = (checked(entry, lambda entry=entry: _box(entry, reader)) for entry in listed.entries(MAX_ITEMS))  # type: ignore[misc]
    return [item for item in found if item is not None]


def _box(entry: Node, reader: Reader) -> Box | None:
    box = entry.at("box")
    corners = Node([box.at(name).number() for name in _CORNERS], box.where)
    placed = box_from_corners(corners, reader.frame, reader.notes)
    index, name = reader.classes.named(entry.at("label"))
    if placed is None:
        return None
    return Box(index, name, reader.confidence(entry), placed.x, placed.y, placed.width, placed.height)


def _segmentation(listed: Node, reader: Reader) -> Sequence[Item]:
    """Read one mask per thing, or per class for the subtask "semantic", whose scores are null."""
    found = (checked(entry, lambda entry=entry: _mask(entry, reader)) for entry in listed.entries(MAX_ITEMS))  # type: ignore[misc]
    return [item for item in found if item is not None]


def _mask(entry: Node, reader: Reader) -> Mask:
    mask = entry.at("mask")
    if not isinstance(mask.value, str):
        raise mask.reject("a PNG in base64")
    size, counts = mask_counts(mask, reader)
    index, name = reader.classes.named(entry.at("label"))
    return Mask(index, name, reader.confidence(entry), size, counts)


_READERS: dict[str, Callable[[Node, Reader], Sequence[Item]]] = {
    "classification": _classification,
    "detection": _detection,
    "segmentation": _segmentation,
}
