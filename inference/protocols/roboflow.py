"""Roboflow's inference server, self-hosted or hosted: boxes, masks, points and classes of a project's version.

Two ways in (https://github.com/roboflow/inference): JSON to ``/infer/<task>`` of a server of one's own, and base64
text to ``https://detect.roboflow.com/<project>/<version>``. The API key is the model's secret; it goes into the JSON
or the query, where the server looks for it, and is put there by the caller.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import numpy as np
import orjson

from inference.decode import Classes, Node, parse_json
from inference.decode.classes import Notes
from inference.decode.coordinates import Frame, box_from_centre, point_from, polygons_from
from inference.decode.items import Reader, checked, mask_counts
from inference.decode.rasters import from_base64, read_grid, resized
from inference.decode.scores import confidence, from_pairs
from inference.protocols.base import (
    ModelCard,
    ModelInput,
    Option,
    Prediction,
    PredictionRejected,
    Protocol,
    Recognised,
    SecretPlace,
    WireReply,
    WireRequest,
)  # fmt: skip
from inference.rasters import NO_CLASS, share_map, write_map
from inference.schema import MAX_CLASSES, MAX_ITEMS, MAX_POINTS, Box, Item, Keypoint, Keypoints, Mask, Polygon, Raster
from inference.wire import origin_of
from models_registry.options import ModelOptions, OptionsRejected

_MODEL_ID = Option("model_id", "Model", "text", "", help="Project and version, for example helmets/3, where the URL does not name them.")
_SEGMENTS = Option(
    "segments", "Segmentation of", "choice", "things", ("things", "pixels"),
    "Things: a mask for each (instance segmentation). Pixels: one class for each (semantic segmentation).",
)  # fmt: skip
_CONFIDENCE = Option("confidence", "Least confidence", "number", None, help="From 0 to 1; empty leaves it to the server, which takes 0.4.")
_IOU = Option("iou_threshold", "Overlap", "number", None, help="Boxes that overlap more than this (0 to 1) count as one.")
_ROUTES = {
    "classification": "classification",
    "detection": "object_detection",
    "segmentation": "instance_segmentation",
    "keypoints": "keypoints_detection",
}
_TASKS = {
    "object-detection": "detection",
    "instance-segmentation": "segmentation",
    "semantic-segmentation": "segmentation",
    "classification": "classification",
    "multi-label-classification": "classification",
    "keypoint-detection": "keypoints",
}
_HOSTED = {"detect.roboflow.com": "detection", "outline.roboflow.com": "segmentation", "segment.roboflow.com": "segmentation",
           "classify.roboflow.com": "classification", "serverless.roboflow.com": "", "infer.roboflow.com": ""}  # fmt: skip


class Roboflow(Protocol):
    """Speak as Roboflow's inference server does."""

    name = "roboflow"
    title = "Roboflow"
    description = (
        "POST JSON to /infer/… of a server of your own, or base64 to detect.roboflow.com/project/version. The API key is the secret."
    )
    tasks = frozenset(_ROUTES)
    options = (_MODEL_ID, _SEGMENTS, _CONFIDENCE, _IOU)

    def build_request(self, image: ModelInput, model: ModelCard) -> WireRequest:
        """Return the question in the way that the URL asks for."""
        encoded = base64.b64encode(image.content)
        if not _takes_json(model.url):
            return WireRequest(
                _with_thresholds(model), {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}, encoded
            )
        document: dict[str, Any] = {"model_id": _MODEL_ID.of(model), "image": {"type": "base64", "value": encoded.decode("ascii")}}
        for option in (_CONFIDENCE, _IOU):
            if option.of(model) is not None and (option is _CONFIDENCE or model.task != "classification"):
                document[option.name] = option.of(model)
        if _route(model) == "instance_segmentation":
            document["response_mask_format"] = "rle"  # outlines have no holes, says the server's own documentation
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        return WireRequest(_address(model), headers, orjson.dumps(document))

    def parse(self, reply: WireReply, image: ModelInput, model: ModelCard) -> Prediction:
        """Read the answer by the model's task."""
        root = parse_json(reply.body)
        if root.is_list():  # one answer for each image of a batch
            root = root.entries(1, exactly=1)[0]
        notes = Notes()
        reader = Reader(Frame("pixel", _as_seen(root, image, notes)), Classes(model, notes))
        items = _READERS[model.task](root.at("predictions"), reader)
        return Prediction(tuple(items), image.width, image.height, model.version, tuple(notes.warnings), notes.as_dropped())

    def secret_place(self, model: ModelCard) -> SecretPlace:
        """Roboflow looks for its key in the document or in the query, and in no header unless told to."""
        return SecretPlace("json" if _takes_json(model.url) else "query", "api_key")

    def check_options(self, options: ModelOptions, task: str) -> None:
        """Refuse thresholds beyond 0 to 1."""
        super().check_options(options, task)
        for option in (_CONFIDENCE, _IOU):
            if not 0 <= (options.extra.get(option.name) or 0) <= 1:
                raise OptionsRejected(f"extra.{option.name}", "must be a number from 0 to 1.")

    def health(self, model: ModelCard) -> WireRequest | None:
        """Ask a server of one's own for /info; the hosted one is paid by the question."""
        return _asking(model.url, "/info") if _takes_json(model.url) else None

    def inquiries(self, url: str) -> tuple[WireRequest, ...]:
        """Ask what the server is, and which models it has loaded."""
        return _asking(url, "/info"), _asking(url, "/model/registry")

    def recognise(self, url: str, replies: Sequence[WireReply | None]) -> Recognised | None:
        """Tell by the host, or by the server's own name; proposed is the loaded model that the path means, else the first."""
        parts = urlsplit(url)
        if parts.hostname in _HOSTED:
            return Recognised(0.95, url, name=parts.path.strip("/"), task=_HOSTED[parts.hostname])
        info, registry = (_object(reply) for reply in (*replies, None, None)[:2])
        if "Roboflow" not in str(info.get("name", "")):
            return None
        model_id, kind = _meant(parts.path, registry.get("models"))
        return _described(url, str(info.get("version", "")), model_id, kind)


def _meant(path: str, loaded: object) -> tuple[str, str]:
    """Return the id and the kind of the loaded model that a path means: by its id, by its kind below /infer, else the first."""
    models = [each for each in loaded if isinstance(each, dict)] if isinstance(loaded, list) else []
    known = [(str(each.get("model_id", "")), str(each.get("task_type", ""))) for each in models]
    wanted = path.partition("/infer/")[2].strip("/").replace("_", "-").replace("keypoints-", "keypoint-")
    by_id = [each for each in known if each[0] and each[0] == path.strip("/")]
    by_kind = [each for each in known if each[1] == wanted]
    return next(iter(by_id or by_kind or ([("", wanted)] if wanted in _TASKS else known)), ("", ""))


def _described(url: str, version: str, model_id: str, kind: str) -> Recognised:
    task = _TASKS.get(kind, "")
    extra = {"model_id": model_id} if model_id else {}
    if kind == "semantic-segmentation":
        extra["segments"] = "pixels"
    multi = kind.startswith("multi-label")
    return Recognised(0.95, origin_of(url), name=model_id, version=version, task=task, multi_label=multi, options={"extra": extra})


def _object(reply: WireReply | None) -> dict[str, Any]:
    try:
        document = orjson.loads(reply.body) if reply is not None else {}
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _asking(url: str, path: str) -> WireRequest:
    return WireRequest(f"{origin_of(url)}{path}", {"Accept": "application/json"}, b"", "GET")


def _takes_json(url: str) -> bool:
    """Tell the JSON way by its path, or by a bare address, to which the path is added."""
    path = urlsplit(url).path
    return path in ("", "/") or "/infer/" in path


def _route(model: ModelCard) -> str:
    pixels = model.task == "segmentation" and _SEGMENTS.of(model) == "pixels"
    return "semantic_segmentation" if pixels else _ROUTES[model.task]


def _address(model: ModelCard) -> str:
    parts = urlsplit(model.url)
    return model.url if "/infer/" in parts.path else urlunsplit(parts._replace(path=f"/infer/{_route(model)}"))


def _with_thresholds(model: ModelCard) -> str:
    """Return the URL with the thresholds in the query, in percent, as the older way counts them."""
    parts = urlsplit(model.url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    for name, value in (("confidence", _CONFIDENCE.of(model)), ("overlap", _IOU.of(model))):
        if value is not None:
            query.append((name, f"{value * 100:g}"))
    return urlunsplit(parts._replace(query=urlencode(query)))


def _as_seen(root: Node, image: ModelInput, notes: Notes) -> ModelInput:
    """Return the image with the size that the server says it has seen: its coordinates are meant on that."""
    said = root.first("image")
    if said is None:
        return image
    if said.is_list():
        said = said.entries(1, exactly=1)[0]
    width, height = said.at("width").number(), said.at("height").number()
    if not (1 <= width <= 10**6 and 1 <= height <= 10**6):
        raise said.reject("the width and the height of the image")
    if (int(width), int(height)) != image.sent_size:
        notes.warn(f"The server saw {width:g} x {height:g} pixels, but {image.sent_size[0]} x {image.sent_size[1]} were sent.")
    return replace(image, sent_width=int(width), sent_height=int(height))


def _classification(predictions: Node, reader: Reader) -> Sequence[Item]:
    """Read a list of the best classes, or of a multi-label model an object of all of them."""
    if predictions.is_object():
        pairs = [(_both(entry, name), entry.at("confidence")) for name, entry in predictions.members(MAX_CLASSES)]
    else:
        pairs = [(_both(entry), entry.at("confidence")) for entry in predictions.entries(MAX_CLASSES)]
    if not pairs:
        reader.notes.warn("The server named no class: none reached its least confidence.")
        return []
    named = [(_as_class(reader.classes.named_first(*both)), score) for both, score in pairs]
    return [from_pairs(named, predictions.where, reader.classes)]


def _both(entry: Node, name: str | None = None) -> tuple[Node | None, Node | None, Node]:
    said = entry.first("class") if name is None else Node(name, entry.where)
    return said, entry.first("class_id"), entry


def _as_class(known: tuple[int | None, str]) -> Node:
    index, name = known
    return Node({"class": name} if index is None else {"index": index, "class": name}, "")


def _detection(predictions: Node, reader: Reader) -> Sequence[Item]:
    return _each(predictions, reader, _box)


def _segmentation(predictions: Node, reader: Reader) -> Sequence[Item]:
    if predictions.is_object():
        return [_raster(predictions, reader)]
    return _each(predictions, reader, _segment)


def _keypoints(predictions: Node, reader: Reader) -> Sequence[Item]:
    return _each(predictions, reader, _points)


def _each(predictions: Node, reader: Reader, read: Callable[[Node, Reader], Item | None]) -> Sequence[Item]:
    found = (checked(entry, lambda entry=entry: read(entry, reader)) for entry in predictions.entries(MAX_ITEMS))  # type: ignore[misc]
    return [item for item in found if item is not None]


def _class(entry: Node, reader: Reader) -> tuple[int | None, str]:
    return reader.classes.named_first(*_both(entry))


def _box(entry: Node, reader: Reader) -> Box | None:
    values = [entry.at(name).number() for name in ("x", "y", "width", "height")]
    placed = box_from_centre(Node(values, entry.where), reader.frame, reader.notes)
    if placed is None:
        return None
    index, name = _class(entry, reader)
    return Box(index, name, reader.confidence(entry), placed.x, placed.y, placed.width, placed.height)


def _segment(entry: Node, reader: Reader) -> Mask | Polygon | None:
    """Read run lengths, or an outline from a server that gives nothing else."""
    index, name = _class(entry, reader)
    if entry.has("rle"):
        size, counts = mask_counts(entry.at("rle"), reader)
        return Mask(index, name, reader.confidence(entry), size, counts)
    if not entry.has("points"):
        raise entry.reject('"rle" or "points"')
    points = [[point.at("x").number(), point.at("y").number()] for point in entry.at("points").entries(MAX_POINTS)]
    if len({tuple(point) for point in points}) < 3:
        reader.notes.drop("no area")
        return None
    polygons = polygons_from(Node(points, entry.at("points").where), reader.frame, reader.notes)
    return None if polygons is None else Polygon(index, name, reader.confidence(entry), polygons)


def _points(entry: Node, reader: Reader) -> Keypoints | None:
    points = []
    for node in entry.at("keypoints").entries(1000):
        x, y = point_from(node, reader.frame)
        name, score = node.first("class", "class_name"), node.first("confidence")
        value = None if score is None else confidence(score, reader.classes.model)
        points.append(Keypoint(name.text() if name else "", x, y, 2, value))
    if not points:
        reader.notes.drop("no points")
        return None
    index, name_of = _class(entry, reader)
    return Keypoints(index, name_of, reader.confidence(entry), tuple(points))


def _raster(predictions: Node, reader: Reader) -> Raster:
    """Read a map of the server's own class numbers, which ``class_map`` names, and how sure it is of each pixel."""
    node, image = predictions.at("segmentation_mask"), reader.image
    numbers = read_grid(from_base64(node.text(2**28), node.where), node.where).values
    if not np.issubdtype(numbers.dtype, np.integer):
        raise PredictionRejected(node.where, "expected whole class numbers")
    fitted = resized(numbers, image)[0]
    known = _numbered(predictions.at("class_map"), reader)
    found = np.unique(fitted).tolist()
    unnamed = [number for number in found if number not in known]
    if unnamed:
        raise PredictionRejected(predictions.at("class_map").where, f"expected a name for class {unnamed[0]}, which the mask holds")
    class_map = np.full(fitted.shape, NO_CLASS, dtype=np.uint16)
    for number in found:
        class_map[fitted == number] = known[number][0]
    raster = Raster((image.height, image.width), tuple(dict.fromkeys(known.values())), write_map(class_map))
    sure = predictions.first("confidence_mask")
    return raster if sure is None else _with_confidence(raster, sure, image)


def _numbered(class_map: Node, reader: Reader) -> dict[int, tuple[int, str]]:
    """Return (index, name) by the server's number. A class that the model does not publish takes a free index."""
    taken = {each.index for each in reader.classes.model.classes}
    known: dict[int, tuple[int, str]] = {}
    for text, name in class_map.members(1000):
        if not text.isdecimal() or int(text) >= NO_CLASS:
            raise PredictionRejected(class_map.where, f"expected class numbers below {NO_CLASS}, got {text[:20]!r}")
        index, said = reader.classes.named_first(name, Node(int(text), name.where), class_map)
        if index is None:
            index = int(text) if int(text) not in taken else max(taken) + 1
        taken.add(index)
        known[int(text)] = (index, said)
    return known


def _with_confidence(raster: Raster, node: Node, image: ModelInput) -> Raster:
    grid = read_grid(from_base64(node.text(2**28), node.where), node.where).values
    if grid.dtype != np.uint8:
        raise PredictionRejected(node.where, "expected 8-bit confidences, 255 for 1")
    shares = resized(grid, image)[0].astype(np.float32) / np.float32(255.0)
    return replace(raster, confidence=float(shares.mean(dtype=np.float64)), confidence_map=share_map(shares))


_READERS: dict[str, Callable[[Node, Reader], Sequence[Item]]] = {
    "classification": _classification,
    "detection": _detection,
    "segmentation": _segmentation,
    "keypoints": _keypoints,
}
