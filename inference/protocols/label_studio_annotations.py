"""Annotations in Label Studio's form, and the webhook that carries them to a backend.

What Label Studio has no form for keeps its pixels: an outline with holes or of several parts becomes a brush.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from campaigns.geometry import decode_mask, polygons_to_mask, shape_bounds
from inference.decode.brush import brush_of_mask
from inference.protocols.label_studio import JSON, endpoint, project_id, task_document
from inference.protocols.label_studio_config import IMAGE, NAMES, label_config
from inference.wire import ModelCard, ModelInput, WireRequest

Region = dict[str, Any]
Shape = Mapping[str, Any]
KINDS: Final = {
    "rectanglelabels": "RectangleLabels", "polygonlabels": "PolygonLabels", "brushlabels": "BrushLabels",
    "keypointlabels": "KeyPointLabels", "ellipselabels": "EllipseLabels", "choices": "Choices",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Canvas:
    """The image that regions lie on."""

    width: int
    height: int

    def region(self, name: str, kind: str, value: dict[str, Any], label: str | None, **more: Any) -> Region:
        """Return a region with the frame that every one repeats."""
        frame = {"original_width": self.width, "original_height": self.height, "image_rotation": 0}
        names = {} if label is None else {kind: [label]}
        return {"id": name, "type": kind, "from_name": NAMES[KINDS[kind]], "to_name": IMAGE, **frame, "value": {**value, **names}, **more}

    def percent(self, x: float, y: float) -> tuple[float, float]:
        """Return pixels as percent."""
        return 100.0 * x / self.width, 100.0 * y / self.height


def regions_of(annotations: Iterable[Mapping[str, Any]], names: Mapping[int, str], canvas: Canvas) -> list[Region]:
    """Return the regions of annotations; ``names``: what a label is called, by its id. Labels without a name are left out."""
    regions: list[Region] = []
    chosen: dict[str, None] = {}
    for annotation in annotations:
        label, shape = names.get(annotation["label"]), annotation["shape"]
        if label is None:
            continue
        if shape["type"] == "whole":
            chosen.setdefault(label)
        else:
            regions += WRITE[shape["type"]](annotation["id"], label, shape, canvas)
    choices = [canvas.region("choices", "choices", {"choices": list(chosen)}, None)] if chosen else []
    return choices + regions


def _box(name: str, label: str, shape: Shape, canvas: Canvas) -> list[Region]:
    """Write a box by the corner about which Label Studio turns it."""
    width, height, rotation = shape["width"], shape["height"], shape.get("rotation", 0.0)
    cos, sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    cx, cy = shape["x"] + width / 2, shape["y"] + height / 2
    x, y = canvas.percent(cx - (width * cos - height * sin) / 2, cy - (width * sin + height * cos) / 2)
    across, down = canvas.percent(width, height)
    return [canvas.region(name, "rectanglelabels", {"x": x, "y": y, "width": across, "height": down, "rotation": rotation}, label)]


def _polygon(name: str, label: str, shape: Shape, canvas: Canvas) -> list[Region]:
    parts = shape["polygons"]
    if len(parts) == 1 and len(parts[0]) == 1:
        points = [canvas.percent(x, y) for x, y in parts[0][0][:-1]]
        return [canvas.region(name, "polygonlabels", {"points": points, "closed": True}, label)]
    return _brush(name, label, brush_of_mask(polygons_to_mask(parts, height=canvas.height, width=canvas.width)), canvas)


def _mask(name: str, label: str, shape: Shape, canvas: Canvas) -> list[Region]:
    return _brush(name, label, brush_of_mask(decode_mask(shape["counts"], shape["size"])), canvas)


def _brush(name: str, label: str, runs: bytes, canvas: Canvas) -> list[Region]:
    return [canvas.region(name, "brushlabels", {"format": "rle", "rle": list(runs)}, label)]


def _ellipse(name: str, label: str, shape: Shape, canvas: Canvas) -> list[Region]:
    x, y = canvas.percent(shape["cx"], shape["cy"])
    across, down = canvas.percent(shape["rx"], shape["ry"])
    value = {"x": x, "y": y, "radiusX": across, "radiusY": down, "rotation": shape.get("rotation", 0.0)}
    return [canvas.region(name, "ellipselabels", value, label)]


def _polyline(name: str, label: str, shape: Shape, canvas: Canvas) -> list[Region]:
    points = [canvas.percent(x, y) for x, y in shape["points"]]
    return [canvas.region(name, "polygonlabels", {"points": points, "closed": False}, label)]


def _points(name: str, label: str, shape: Shape, canvas: Canvas) -> list[Region]:
    """Write one point as itself, several as a rectangle around them that they belong to, with their names as labels."""
    there = [point for point in shape["points"] if point.get("v", 2)]

    def point_region(number: int, point: Mapping[str, Any], label: str, **more: Any) -> Region:
        x, y = canvas.percent(point["x"], point["y"])
        return canvas.region(f"{name}.{number}" if more else name, "keypointlabels", {"x": x, "y": y, "width": 0.3}, label, **more)

    if len(there) == 1 and not there[0].get("name"):
        return [point_region(0, there[0], label)]
    bounds = shape_bounds(dict(shape))
    if bounds is None:
        return []
    left, top, right, bottom = bounds
    x, y = canvas.percent(left, top)
    across, down = canvas.percent(right - left, bottom - top)
    owner = canvas.region(name, "rectanglelabels", {"x": x, "y": y, "width": across, "height": down, "rotation": 0.0}, label)
    return [owner, *(point_region(n, point, point.get("name") or label, parentID=name) for n, point in enumerate(there))]


WRITE: Final[dict[str, Callable[[str, str, Shape, Canvas], list[Region]]]] = {
    "box": _box,
    "polygon": _polygon,
    "mask": _mask,
    "ellipse": _ellipse,
    "polyline": _polyline,
    "points": _points,
}


def webhook(action: str, image: ModelInput, model: ModelCard, *, annotation: int, result: list[Region]) -> WireRequest:
    """Return what tells a backend of an annotation: the project, the task with its image, and the regions."""
    number = project_id(model)
    told = {"id": annotation, "task": image.id, "project": number, "result": result, "was_cancelled": False, "ground_truth": False}
    body = {
        "action": action,
        "project": {"id": number, "label_config": label_config(model)},
        "task": task_document(image, model),
        "annotation": told,
    }
    return WireRequest(endpoint(model.url, "webhook"), JSON, orjson.dumps(body))
