"""The Open Inference Protocol, version 2: tensors in, tensors out (KServe, Triton, MLServer, OpenVINO Model Server, TorchServe).

The protocol says how tensors travel and nothing of what they mean, so a model's options say it: how the image becomes the
input, and which preset reads the outputs. What the server's metadata tells fills in what they leave open.

https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.decode.nodes import Node, parse_json
from inference.protocols.base import ModelCard, ModelInput, Option, Prediction, Protocol, Recognised, WireReply, WireRequest
from inference.schema import PredictionRejected
from inference.tensors.images import datatype_of, make_tensor
from inference.tensors.pictures import pixels_of
from inference.tensors.placement import Placement
from inference.tensors.presets import guess_task, read_outputs, suggest
from inference.tensors.settings import (
    AUTO,
    COLOURS,
    COORDS,
    DATATYPES,
    FITS,
    LAYOUTS,
    ORDERS,
    PRESETS,
    RESAMPLINGS,
    TensorInfo,
    TensorSettings,
)
from inference.tensors.wire import LENGTH_HEADER, decode_reply, encode_request
from models_registry.options import ModelOptions

MAX_DIMENSIONS = 8
SHOWN_MODELS = 12
OFFERED_MODELS = 50
BINARY = "binary_tensor_data"
_PLACE = re.compile(r"^(?P<base>.*?)/v2(?:/models/(?P<model>[^/?#]+)(?:/versions/(?P<version>[^/?#]+))?)?(?:/(?:infer|ready))?/?$")

TENSOR_OPTIONS = (
    Option("preset", "What the outputs are", "choice", AUTO, (AUTO, *PRESETS), "auto tells by their names, shapes and values.",
           {"yolo_raw": {"fit": "letterbox", "box_order": "cxcywh"}, "yolo_seg_raw": {"fit": "letterbox", "box_order": "cxcywh"},
            "yolo_end2end": {"fit": "letterbox", "box_order": "xyxy"}, "efficient_nms": {"fit": "letterbox", "box_order": "xyxy"}}),
    Option("input", "Input tensor", "text", "", help="Its name; empty asks the server."),
    Option("datatype", "Datatype of the input", "choice", AUTO, (AUTO, *DATATYPES)),
    Option("layout", "Layout of the input", "choice", AUTO, (AUTO, *LAYOUTS), "encoded sends the image's file for the model to decode."),
    Option("width", "Width of the input (px)", "number", 0, help="0: as the model says, else the image's own."),
    Option("height", "Height of the input (px)", "number", 0, help="0: as the model says, else the image's own."),
    Option("stride", "Open sizes are multiples of (px)", "number", 32),
    Option("fit", "The image is fitted by", "choice", AUTO, (AUTO, *FITS), "letterbox keeps its proportions and fills up around it."),
    Option("pad", "Pixel value around it", "number", 114),
    Option("resample", "Resized", "choice", "linear", RESAMPLINGS, "linear as OpenCV does it, antialias as Pillow does."),
    Option("colour", "Order of the colours", "choice", "rgb", COLOURS),
    Option("scale", "Pixels times", "text", "", help="Empty: 1/255 for pictures in a network of fractions, else 1."),
    Option("mean", "Minus the mean", "text", "", help="After scaling, one number per channel or one for all: 0.485, 0.456, 0.406"),
    Option("std", "By the deviation", "text", "", help="One number per channel or one for all: 0.229, 0.224, 0.225"),
    Option("outputs", "Output tensors", "text", "", help="Names in the preset's order, with commas; empty finds them."),
    Option("box_coords", "Boxes are in", "choice", "pixel_input", COORDS, "Pixels of the input, pixels of the image sent, or 0 to 1."),
    Option("box_order", "Boxes are written", "choice", AUTO, (AUTO, *ORDERS)),
    Option("score_threshold", "Leave out boxes below", "number", 0.25, help="0 to 1."),
    Option("iou_threshold", "Overlap that suppresses a box", "number", 0.45, help="0 to 1; for raw heads."),
    Option("max_objects", "Objects at most", "number", 300),
    Option("space", "Name of the embedding's space", "text", ""),
)  # fmt: skip
WIRE_OPTIONS = (
    Option("model", "Model on the server", "text", "", help="Where the URL names the server alone."),
    Option("tensors", "Tensors travel as", "choice", AUTO, (AUTO, "binary", "json"), "JSON is larger; some servers take it alone."),
    Option("top_k", "Classes asked for", "number", 5, help="Only for classification_strings."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """What a URL names: the server, and perhaps a model of it."""

    base: str
    model: str = ""
    version: str = ""

    @classmethod
    def of(cls, url: str, model: str = "") -> Place:
        """Take a URL apart: of the server, of /v2, of a model, of its version, with or without /infer."""
        found = _PLACE.match(url)
        if found is None:
            return cls(url.rstrip("/"), model)
        return cls(found["base"], found["model"] or model, found["version"] or "")

    @property
    def address(self) -> str:
        """The model's address, the server's where no model is named."""
        version = f"/versions/{self.version}" if self.version else ""
        return f"{self.base}/v2/models/{self.model}{version}" if self.model else f"{self.base}/v2"


class OpenInference(Protocol):
    """Speak the Open Inference Protocol over HTTP."""

    name = "oip"
    title = "Open Inference Protocol (KServe, Triton, MLServer)"
    description = "POST the image as a tensor to /v2/models/NAME/infer; the output tensors are read by a preset."
    tasks = frozenset({"classification", "detection", "segmentation", "keypoints"})
    computes = True
    options = (*TENSOR_OPTIONS, *WIRE_OPTIONS)

    def check_options(self, options: ModelOptions, task: str) -> None:
        """Raise OptionsRejected for settings that cannot be used."""
        TensorSettings.from_options(options)

    def greeting(self, model: ModelCard) -> WireRequest | None:
        """Ask for the model's metadata, unless the options say all that it could tell."""
        settings = TensorSettings.from_options(model.options)
        told = settings.input and AUTO not in (settings.tensors, settings.datatype, settings.layout)
        return None if told else _get(_place(model, settings).address)

    def greeted(self, reply: WireReply, model: ModelCard) -> ModelCard:
        """Fill in what the options leave open."""
        described = read_metadata(parse_json(reply.body))
        told = suggest(described.inputs, described.outputs, model.task, multi_label=model.multi_label)
        # Servers that name their platform (Triton, OpenVINO) take bytes; MLServer names none and takes lists alone.
        told["tensors"] = "binary" if described.platform else "json"
        return replace(model, options=replace(model.options, extra=merged(model.options.extra, told)))

    def health(self, model: ModelCard) -> WireRequest:
        """Ask whether the server is ready."""
        return _get(f"{_place(model, TensorSettings.from_options(model.options)).base}/v2/health/ready")

    def build_request(self, image: ModelInput, model: ModelCard) -> WireRequest:
        """Return the image as a tensor."""
        settings = TensorSettings.from_options(model.options)
        place = _place(model, settings)
        datatype, values = _input(image, settings, model.task)
        name = settings.input or "input"
        wanted = _wanted(settings, binary=settings.tensors != "json")
        sent = encode_request([(name, datatype, values)], wanted, binary=settings.tensors != "json")
        return WireRequest(f"{place.address}/infer", sent.headers, sent.body)

    def parse(self, reply: WireReply, image: ModelInput, model: ModelCard) -> Prediction:
        """Read the output tensors."""
        settings = TensorSettings.from_options(model.options)
        tensors, root = decode_reply(reply.body, reply.headers.get(LENGTH_HEADER.casefold(), ""))
        version = root.first("model_version")
        placement = Placement.of(settings, sent=image.sent_size, image=(image.width, image.height), task=model.task)
        said = "" if version is None else version.text(100)
        return read_outputs(tensors, settings, placement, image, model, version=said)

    def inquiries(self, url: str) -> tuple[WireRequest, ...]:
        """Ask the server what it is, and the model for its metadata; where the URL names none, which models there are."""
        place = Place.of(url)
        server = _get(f"{place.base}/v2")
        if place.model:
            return (server, _get(place.address))
        index = WireRequest(f"{place.base}/v2/repository/index", {"Content-Type": "application/json"}, b"{}")
        return (server, _get(f"{place.base}/v2/models"), index)

    def recognise(self, url: str, replies: Sequence[WireReply | None]) -> Recognised | None:
        """Return what metadata tells: the model's name, its tensors, and a task where their shapes speak of one."""
        place = Place.of(url)
        server, second = (_document(reply) for reply in [*replies, None, None][:2])
        index = _json(replies[2]) if len(replies) > 2 else None
        tensors = _tensors_by(server)
        if place.model and second is not None and second.has("inputs"):
            try:
                return _recognised(place, read_metadata(second), tensors)
            except PredictionRejected:
                return None
        models = _indexed(index) or _listed(second)
        if models is not None:
            only = models[0] if len(models) == 1 else ""
            notes = () if only else (_choice(place, models),)
            choices = () if only else tuple(Place(place.base, each).address for each in models[:OFFERED_MODELS])
            return Recognised(0.8, Place(place.base, only).address, only, options={"extra": tensors}, notes=notes, choices=choices)
        if server is not None and server.has("name") and server.has("extensions"):
            return Recognised(0.6, place.address, options={"extra": tensors})
        return None


def _indexed(index: Node | None) -> list[str] | None:
    """Return the models that a repository's index says are ready, as Triton and MLServer answer: [{"name", "state"}]."""
    if (
        index is None
        or not index.is_list()
        or not all(isinstance(each, dict) and isinstance(each.get("name"), str) for each in index.value)
    ):
        return None
    return list(dict.fromkeys(each["name"] for each in index.value if each.get("state", "READY") == "READY"))


def _listed(second: Node | None) -> list[str] | None:
    listed = None if second is None else second.first("models")
    named = listed is not None and listed.is_list() and all(isinstance(name, str) for name in listed.value)
    return list(listed.value) if listed is not None and named else None


def _choice(place: Place, models: Sequence[str]) -> str:
    if not models:
        return "None of its models is ready; load one there."
    shown = ", ".join(models[:SHOWN_MODELS]) + (f" and {len(models) - SHOWN_MODELS} more" if len(models) > SHOWN_MODELS else "")
    return f"It has the models {shown}: name one in the address, as in {Place(place.base, models[0]).address}."


@dataclass(frozen=True, slots=True)
class Described:
    """A model's metadata."""

    name: str
    version: str
    platform: str
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]


def read_metadata(root: Node) -> Described:
    """Read {"name", "versions", "platform", "inputs": [{"name", "datatype", "shape"}], "outputs"}."""
    inputs, outputs = (tuple(_info(each) for each in root.at(name).entries(64)) if root.has(name) else () for name in ("inputs", "outputs"))
    if not inputs:
        raise root.reject('"inputs", as metadata of a model has them')
    versions = [each.text(100) for each in root.at("versions").entries(1000)] if root.has("versions") else []
    platform = root.first("platform")
    name = root.first("name")
    return Described(
        "" if name is None else name.text(), versions[-1] if versions else "", "" if platform is None else platform.text(), inputs, outputs
    )


def _info(node: Node) -> TensorInfo:
    shape = []
    for each in node.at("shape").entries(MAX_DIMENSIONS):
        value = each.number()
        shape.append(int(value) if value == int(value) and 0 < value < 2**31 else -1)
    return TensorInfo(node.at("name").text(), node.at("datatype").text(20).removeprefix("TYPE_"), tuple(shape))


def merged(extra: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with what is told filled in where nothing, "auto" or 0 stands."""
    known = {name: value for name, value in extra.items() if value not in (None, "", AUTO, 0)}
    return {**told, **known}


def _input(image: ModelInput, settings: TensorSettings, task: str) -> tuple[str, NDArray[Any]]:
    if settings.is_encoded:
        return _encoded(image.content, settings)
    placement = Placement.of(settings, sent=image.sent_size, image=(image.width, image.height), task=task)
    return datatype_of(settings), make_tensor(pixels_of(image), settings, placement)


def _encoded(content: bytes, settings: TensorSettings) -> tuple[str, NDArray[Any]]:
    if settings.datatype == "UINT8":
        values: NDArray[Any] = np.frombuffer(content, np.uint8)
    else:
        values = np.empty(1, dtype=object)
        values[0] = content
    return "UINT8" if settings.datatype == "UINT8" else "BYTES", values[None] if settings.layout == "encoded_batch" else values


def _wanted(settings: TensorSettings, *, binary: bool) -> list[dict[str, Any]]:
    """Return the outputs to ask for: those that are named, and of Triton's classification the best few classes."""
    parameters: dict[str, Any] = {"binary_data": True} if binary else {}
    if settings.preset == "classification_strings":
        if not settings.outputs:
            raise PredictionRejected("outputs", "name the output tensor in the settings: the best classes of it are asked for")
        parameters["classification"] = settings.top_k
    return [{"name": name, "parameters": parameters} if parameters else {"name": name} for name in settings.outputs]


def _place(model: ModelCard, settings: TensorSettings) -> Place:
    return Place.of(model.url, settings.model)


def _get(url: str) -> WireRequest:
    return WireRequest(url, {"Accept": "application/json"}, b"", "GET")


def _document(reply: WireReply | None) -> Node | None:
    node = _json(reply)
    return node if node is not None and node.is_object() else None


def _json(reply: WireReply | None) -> Node | None:
    try:
        return None if reply is None else parse_json(reply.body)
    except PredictionRejected:
        return None


def _tensors_by(server: Node | None) -> dict[str, Any]:
    """Return how tensors may travel, by the extensions that a server names."""
    listed = None if server is None else server.first("extensions")
    if listed is None or not listed.is_list():
        return {}
    return {"tensors": "binary" if BINARY in listed.value else "json"}


def _recognised(place: Place, described: Described, tensors: Mapping[str, Any]) -> Recognised:
    task = guess_task(described.outputs)
    told = suggest(described.inputs, described.outputs, task)
    version = place.version or described.version
    return Recognised(0.95, place.address, described.name or place.model, version, task, options={"extra": {**told, **tensors}})
