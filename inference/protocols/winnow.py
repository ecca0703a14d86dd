"""Winnow's own contract: an image and a JSON question in, JSON items out.

The question:  {"schema": "request/1", "task", "multi_label", "image": {"id", "name", "width", "height", "bands", "crs",
               "transform"}, "classes": [{"index", "name"}], "model": {"name", "version"}, "threshold"}
Marks:         "prompts": [{"type": "point", "x", "y", "positive"} | {"type": "box", "box": [x0, y0, x1, y1]}] is there when one thing
               is to be outlined; the answer's item with the mask or the outline of it is taken.
The answer:    {"model_version": "…", "coords": "pixel", "items": [{"kind": "classification", "scores": {"water": 0.9}}]}

``width`` and ``height`` are those of the bytes sent; coordinates in the answer are meant on them.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, cast, get_args

import orjson

from inference.decode import Classes, Node, parse_json
from inference.decode.classes import Notes
from inference.decode.coordinates import Frame
from inference.decode.items import Reader, read_items
from inference.protocols.base import (
    INTERACTIVE,
    ModelCard,
    ModelClass,
    ModelInput,
    Option,
    Prediction,
    Prompts,
    Protocol,
    Recognised,
    WireReply,
    WireRequest,
    multipart,
)
from inference.schema import PredictionRejected
from models_registry.options import Coords

REQUEST_SCHEMA = "request/1"
TASKS = frozenset({"classification", "detection", "segmentation", "keypoints"})
_COORDS = Option(
    "coords", "Coordinates", "choice", "pixel", get_args(Coords), "What the answer's coordinates are when it does not say so itself."
)


class WinnowMultipart(Protocol):
    """The image as a file, the question as JSON beside it."""

    name = "winnow"
    title = "Winnow (multipart)"
    description = 'POST multipart/form-data with a file "image" and a JSON part "request"; answers JSON items.'
    tasks = TASKS
    interactive = True
    options = (_COORDS, INTERACTIVE)

    def build_request(self, image: ModelInput, model: ModelCard) -> WireRequest:
        """Return the form."""
        return self._asked(image, model, question(image, model))

    def build_prompt_request(self, image: ModelInput, model: ModelCard, prompts: Prompts) -> WireRequest:
        """Return the same with what is marked under "prompts"."""
        return self._asked(image, model, {**question(image, model), "prompts": written(prompts, image)})

    def _asked(self, image: ModelInput, model: ModelCard, document: dict[str, Any]) -> WireRequest:
        request = orjson.dumps(document)
        kind, body = multipart({"image": (image.name, image.content_type, image.content), "request": (None, "application/json", request)})
        return WireRequest(model.url, {"Content-Type": kind, "Accept": "application/json"}, body)

    def parse(self, reply: WireReply, image: ModelInput, model: ModelCard) -> Prediction:
        """Read the answer."""
        return parse_answer(reply, image, model)

    def inquiries(self, url: str) -> tuple[WireRequest, ...]:
        """Ask the address itself: a server may describe itself there, see ``recognise``."""
        return (WireRequest(url, {"Accept": "application/json"}, b"", "GET"),)

    def recognise(self, url: str, replies: Sequence[WireReply | None]) -> Recognised | None:
        """Read ``{"protocols": ["winnow_json"], "name", "version", "classes": {task: [name]} | [name], "task"}``."""
        reply = replies[0]
        return None if reply is None else _described(self.name, url, reply)


class WinnowJson(WinnowMultipart):
    """The image inside the question, as base64."""

    name = "winnow_json"
    title = "Winnow (JSON)"
    description = 'POST JSON with the image as base64 under "image.b64"; answers JSON items.'

    def _asked(self, image: ModelInput, model: ModelCard, document: dict[str, Any]) -> WireRequest:
        """Return the JSON question with the image inside."""
        document["image"]["b64"] = base64.b64encode(image.content).decode("ascii")
        return WireRequest(model.url, {"Content-Type": "application/json", "Accept": "application/json"}, orjson.dumps(document))


def _described(protocol: str, url: str, reply: WireReply) -> Recognised | None:
    """Return what a server says of itself; None when it does not say that it speaks this protocol."""
    root = parse_json(reply.body)
    spoken = root.first("protocols")
    if spoken is None or not spoken.is_list():
        return None
    names = [each.text(100) for each in spoken.entries(20)]
    if protocol not in names:
        return None
    classes = root.first("classes")
    tasks: dict[str, tuple[ModelClass, ...]] = {}
    if classes is not None and classes.is_object():
        tasks = {task: _named(names) for task, names in classes.members() if task in TASKS}
    told = root.first("task")
    task = told.text(20) if told is not None else next(iter(tasks), "")
    own = _named(classes) if classes is not None and classes.is_list() else tasks.get(task, ())
    # What the server names first it would rather be asked in.
    confidence = 0.95 - 0.05 * min(names.index(protocol), 5)
    return Recognised(confidence, url, _text(root, "name"), _text(root, "version"), task, own, classes_of_tasks=tasks)


def _named(names: Node) -> tuple[ModelClass, ...]:
    return tuple(ModelClass(index, each.text(200)) for index, each in enumerate(names.entries(1000)))


def _text(root: Node, name: str) -> str:
    found = root.first(name)
    return found.text(100) if found is not None else ""


def question(image: ModelInput, model: ModelCard) -> dict[str, Any]:
    """Return the question as JSON values."""
    width, height = image.sent_size
    return {
        "schema": REQUEST_SCHEMA,
        "task": model.task,
        "multi_label": model.multi_label,
        "model": {"name": model.name, "version": model.version},
        "classes": [{"index": each.index, "name": each.name} for each in model.classes],
        "threshold": model.options.threshold,
        "image": {
            "id": image.id, "name": image.name, "content_type": image.content_type, "width": width, "height": height, "bands": image.bands,
            "crs": image.crs, "transform": _sent_transform(image),
        },
    }  # fmt: skip


def written(prompts: Prompts, image: ModelInput) -> list[dict[str, Any]]:
    """Return what is marked, in pixels of the bytes sent; strokes are told as points along them."""
    across, down = image.sent_size[0] / image.width, image.sent_size[1] / image.height
    marks: list[dict[str, Any]] = [
        {"type": "point", "x": dot.x * across, "y": dot.y * down, "positive": dot.positive} for dot in prompts.dots()
    ]
    if prompts.box is not None:
        x0, y0, x1, y1 = prompts.box
        marks.append({"type": "box", "box": [x0 * across, y0 * down, x1 * across, y1 * down]})
    return marks


def _sent_transform(image: ModelInput) -> list[float] | None:
    """Return the affine of the bytes sent: the image's own, coarser when they were made smaller."""
    if image.transform is None:
        return None
    a, b, c, d, e, f = image.transform
    across, down = image.width / image.sent_size[0], image.height / image.sent_size[1]
    return [a * across, b * down, c, d * across, e * down, f]


def parse_answer(reply: WireReply, image: ModelInput, model: ModelCard) -> Prediction:
    """Read ``{"items": […]}``."""
    root, notes = parse_json(reply.body), Notes()
    coords = root.first("coords")
    reader = Reader(Frame(_coords(coords) if coords else model.options.coords, image), Classes(model, notes))
    version = root.first("model_version")
    items = read_items(root.at("items"), reader)
    return Prediction(
        items, image.width, image.height, version.text(100) if version else model.version, tuple(notes.warnings), notes.as_dropped()
    )


def _coords(node: Node) -> Coords:
    if node.value not in get_args(Coords):
        raise PredictionRejected(node.where, f"expected one of {', '.join(get_args(Coords))}, got {node.text()!r}")
    return cast(Coords, node.value)
