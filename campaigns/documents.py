"""The annotation document: what one annotation says, checked before it is stored.

    {"id": "k3f9", "label": 12, "shape": {...}, "origin": "human" | "prediction", "review": "draft" | "accepted",
     "confidence": 0.93 | null, "model": {"id": 3, "name": "Water", "version": "1"} | null, "attributes": {}}

Shapes are in pixel space (x right, y down, (0, 0) the corner of the first pixel). Checking is a pure function of
the document and of a ``Frame``; every finding names its place.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from campaigns.errors import InvalidInput

MAX_ANNOTATIONS: Final = 50_000
MAX_POINTS: Final = 100_000
MAX_ID: Final = 64
MAX_COUNTS: Final = 16 * 1024 * 1024
SLACK_PX: Final = 0.5  # rounding in a client may leave the image by this much; it is clipped
TASK_SHAPES: Final[dict[str, frozenset[str]]] = {
    "classification": frozenset({"whole"}),
    "detection": frozenset({"box", "whole"}),
    "segmentation": frozenset({"polygon", "mask", "box", "whole"}),
    "keypoints": frozenset({"points", "box", "whole"}),
}
KEYS: Final = frozenset({"id", "label", "shape", "origin", "review", "confidence", "model", "attributes"})


@dataclass(frozen=True)
class Frame:
    """What annotations are checked against: the image's size in pixels, the campaign's task and label ids."""

    width: int
    height: int
    task: str
    labels: frozenset[int]
    multi_label: bool = False


class Finding(Exception):
    """What is wrong, and where."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


def check_annotations(annotations: Any, frame: Frame) -> list[dict[str, Any]]:
    """Return the annotations in canonical form.

    Raises InvalidInput that names the first place at fault.
    """
    try:
        return _check_list(annotations, frame)
    except Finding as finding:
        message = f"{finding.where}: {finding.why}"
        raise InvalidInput(message, code="invalid_annotation", errors=[{"field": finding.where, "detail": finding.why}]) from finding


def label_counts(annotations: list[dict[str, Any]]) -> dict[int, int]:
    """Count annotations per label id; drafts that nobody has reviewed do not count."""
    return dict(Counter(a["label"] for a in annotations if a["review"] == "accepted"))


def _check_list(annotations: Any, frame: Frame) -> list[dict[str, Any]]:
    if not isinstance(annotations, list):
        raise Finding("annotations", "expected a list")
    if len(annotations) > MAX_ANNOTATIONS:
        raise Finding("annotations", f"at most {MAX_ANNOTATIONS} fit one image, got {len(annotations)}")
    checked = [_check_annotation(annotation, f"annotations[{i}]", frame) for i, annotation in enumerate(annotations)]
    twice = [name for name, count in Counter(a["id"] for a in checked).items() if count > 1]
    if twice:
        raise Finding("annotations", f"the id {twice[0]!r} stands twice; every annotation needs its own")
    _check_single_label(checked, frame)
    return checked


def _check_single_label(annotations: list[dict[str, Any]], frame: Frame) -> None:
    if frame.task != "classification" or frame.multi_label:
        return
    if sum(1 for a in annotations if a["review"] == "accepted") > 1:
        raise Finding("annotations", "this campaign takes one label an image; remove the other first")


def _check_annotation(annotation: Any, where: str, frame: Frame) -> dict[str, Any]:
    if not isinstance(annotation, dict):
        raise Finding(where, "expected an object")
    unknown = set(annotation) - KEYS
    if unknown:
        raise Finding(f"{where}.{sorted(map(str, unknown))[0]}", "there is no such field")
    name = annotation.get("id")
    if not isinstance(name, str) or not 0 < len(name) <= MAX_ID:
        raise Finding(f"{where}.id", f"expected a text of 1 to {MAX_ID} characters")
    label = annotation.get("label")
    if isinstance(label, bool) or label not in frame.labels:
        raise Finding(f"{where}.label", f"{label!r} is no label of this campaign")
    return {
        "id": name,
        "label": label,
        "shape": check_shape(annotation.get("shape"), f"{where}.shape", frame),
        "origin": _one_of(annotation.get("origin", "human"), ("human", "prediction"), f"{where}.origin"),
        "review": _one_of(annotation.get("review", "accepted"), ("draft", "accepted"), f"{where}.review"),
        "confidence": _confidence(annotation.get("confidence"), f"{where}.confidence"),
        "model": _model(annotation.get("model"), f"{where}.model"),
        "attributes": _attributes(annotation.get("attributes"), f"{where}.attributes"),
    }


def check_shape(shape: Any, where: str, frame: Frame) -> dict[str, Any]:
    """Return one shape in canonical form; raises Finding."""
    kind = shape.get("type") if isinstance(shape, dict) else None
    if not isinstance(kind, str) or kind not in SHAPES:
        raise Finding(f"{where}.type", f"expected one of {', '.join(sorted(SHAPES))}, got {kind!r}")
    if kind not in TASK_SHAPES[frame.task]:
        raise Finding(f"{where}.type", f"a {frame.task} campaign takes {', '.join(sorted(TASK_SHAPES[frame.task]))}, not {kind}")
    return {"type": kind, **SHAPES[kind](shape, where, frame)}


def _check_whole(shape: dict[str, Any], where: str, frame: Frame) -> dict[str, Any]:
    return {}


def _check_box(shape: dict[str, Any], where: str, frame: Frame) -> dict[str, Any]:
    x, y, width, height = (_number(shape.get(key), f"{where}.{key}") for key in ("x", "y", "width", "height"))
    rotation = _number(shape.get("rotation", 0), f"{where}.rotation") % 360
    if width <= 0 or height <= 0:
        raise Finding(where, "a box needs a width and a height above zero")
    if rotation:
        if not (0 <= x + width / 2 <= frame.width and 0 <= y + height / 2 <= frame.height):
            raise Finding(where, "the centre of the box lies outside the image")
        return {"x": x, "y": y, "width": width, "height": height, "rotation": rotation}
    left, top = max(0.0, x), max(0.0, y)
    right, bottom = min(float(frame.width), x + width), min(float(frame.height), y + height)
    if right <= left or bottom <= top:
        raise Finding(where, "the box lies outside the image")
    return {"x": left, "y": top, "width": right - left, "height": bottom - top, "rotation": 0.0}


def _check_polygon(shape: dict[str, Any], where: str, frame: Frame) -> dict[str, Any]:
    polygons = shape.get("polygons")
    if not isinstance(polygons, list) or not polygons:
        raise Finding(f"{where}.polygons", "expected a list of parts, each a list of rings")
    budget = [MAX_POINTS]
    return {"polygons": [_part(part, f"{where}.polygons[{i}]", frame, budget) for i, part in enumerate(polygons)]}


def _part(part: Any, where: str, frame: Frame, budget: list[int]) -> list[list[list[float]]]:
    if not isinstance(part, list) or not part:
        raise Finding(where, "expected a list of rings, the outer one first")
    return [_ring(ring, f"{where}[{i}]", frame, budget) for i, ring in enumerate(part)]


def _ring(ring: Any, where: str, frame: Frame, budget: list[int]) -> list[list[float]]:
    points = _points(ring, where, frame, budget)
    if points and points[0] != points[-1]:
        points.append(list(points[0]))
    if len({(x, y) for x, y in points}) < 3:
        raise Finding(where, "a ring needs three different points")
    return points


def _points(points: Any, where: str, frame: Frame, budget: list[int]) -> list[list[float]]:
    if not isinstance(points, list):
        raise Finding(where, "expected a list of [x, y] points")
    budget[0] -= len(points)
    if budget[0] < 0:
        raise Finding(where, f"one shape may have {MAX_POINTS} points; simplify it")
    width, height = float(frame.width), float(frame.height)
    result = []
    for i, point in enumerate(points):
        if not isinstance(point, list | tuple) or len(point) != 2:
            raise Finding(f"{where}[{i}]", "expected [x, y]")
        x, y = _number(point[0], f"{where}[{i}][0]"), _number(point[1], f"{where}[{i}][1]")
        result.append([min(max(x, 0.0), width), min(max(y, 0.0), height)])
    return result


def _check_polyline(shape: dict[str, Any], where: str, frame: Frame) -> dict[str, Any]:
    points = _points(shape.get("points"), f"{where}.points", frame, [MAX_POINTS])
    if len(points) < 2:
        raise Finding(f"{where}.points", "a line needs two points")
    return {"points": points}


def _check_points(shape: dict[str, Any], where: str, frame: Frame) -> dict[str, Any]:
    points = shape.get("points")
    if not isinstance(points, list) or not points or len(points) > 1000:
        raise Finding(f"{where}.points", "expected a list of 1 to 1000 points")
    return {"points": [_named_point(point, f"{where}.points[{i}]") for i, point in enumerate(points)]}


def _named_point(point: Any, where: str) -> dict[str, Any]:
    if not isinstance(point, dict):
        raise Finding(where, "expected an object with name, x, y, v")
    visibility = point.get("v", 2)
    if visibility not in (0, 1, 2) or isinstance(visibility, bool):
        raise Finding(f"{where}.v", "expected 0 (not labeled), 1 (hidden) or 2 (visible)")
    name = point.get("name", "")
    if not isinstance(name, str) or len(name) > 100:
        raise Finding(f"{where}.name", "expected a text of up to 100 characters")
    return {"name": name, "x": _number(point.get("x"), f"{where}.x"), "y": _number(point.get("y"), f"{where}.y"), "v": visibility}


def _check_mask(shape: dict[str, Any], where: str, frame: Frame) -> dict[str, Any]:
    from campaigns.geometry.rle import runs_of

    if shape.get("size") != [frame.height, frame.width]:
        raise Finding(f"{where}.size", f"expected the image's [height, width], [{frame.height}, {frame.width}]")
    counts = shape.get("counts")
    if not isinstance(counts, str) or len(counts) > MAX_COUNTS:
        raise Finding(f"{where}.counts", "expected a compressed run-length text as COCO writes it")
    try:
        total = int(runs_of(counts).sum())
    except ValueError as error:
        raise Finding(f"{where}.counts", str(error)) from error
    if total != frame.height * frame.width:
        raise Finding(f"{where}.counts", f"the runs cover {total} pixels, the image has {frame.height * frame.width}")
    mask: dict[str, Any] = {"size": [frame.height, frame.width], "counts": counts}
    bbox = shape.get("bbox")
    if bbox is not None:
        if not isinstance(bbox, list) or len(bbox) != 4:
            raise Finding(f"{where}.bbox", "expected [x, y, width, height]")
        mask["bbox"] = [_number(value, f"{where}.bbox[{i}]") for i, value in enumerate(bbox)]
    return mask


SHAPES: Final = {
    "whole": _check_whole,
    "box": _check_box,
    "polygon": _check_polygon,
    "polyline": _check_polyline,
    "points": _check_points,
    "mask": _check_mask,
}


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Finding(where, f"expected a number, got {value!r}"[:200])
    if not math.isfinite(value) or abs(value) > 1e9:
        raise Finding(where, "expected a finite number")
    return float(value)


def _confidence(value: Any, where: str) -> float | None:
    if value is None:
        return None
    number = _number(value, where)
    if not 0 <= number <= 1:
        raise Finding(where, f"expected a number from 0 to 1, got {number}")
    return number


def _one_of(value: Any, allowed: tuple[str, ...], where: str) -> str:
    if value not in allowed:
        raise Finding(where, f"expected {' or '.join(allowed)}, got {value!r}"[:200])
    return str(value)


def _model(value: Any, where: str) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("id"), int):
        raise Finding(where, "expected an object with id, name and version")
    return {"id": value["id"], "name": str(value.get("name", ""))[:200], "version": str(value.get("version", ""))[:100]}


def _attributes(value: Any, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > 100:
        raise Finding(where, "expected an object with at most 100 names")
    for key, item in value.items():
        if not isinstance(item, str | int | float | bool | None) or len(str(item)) > 1000:
            raise Finding(f"{where}.{key}", "expected a text, a number, true, false or null")
    return dict(value)
