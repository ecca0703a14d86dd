"""CVAT's auto-annotation functions: what they return, as items of Winnow's contract.

Nothing of cvat-sdk is imported: its objects are told by their members, so any version will do.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from winnow_agent import FunctionError

Item = dict[str, Any]
ELLIPSE_CORNERS = 64


@dataclass(frozen=True)
class Context:
    """What ``detect`` is told beside the image, with the members that CVAT gives it."""

    frame_name: str = ""
    conf_threshold: float | None = None
    conv_mask_to_poly: bool = False


@dataclass(frozen=True)
class CvatLabel:
    """A label of a function's ``spec``; ``parts``: names of a skeleton's points by their ids."""

    name: str
    kind: str
    parts: Mapping[int, str]


def labels_of(spec: Any) -> dict[int, CvatLabel]:
    """Return a function's labels by their ids."""
    return {int(get(each, "id")): CvatLabel(str(get(each, "name")), _kind_of_label(each), _parts(each)) for each in get(spec, "labels", ())}


def task_of(labels: Mapping[int, CvatLabel]) -> str:
    """Return the task that a function's labels leave no doubt about, or ""."""
    kinds = {label.kind for label in labels.values()}
    if kinds == {"tag"}:
        return "classification"
    return "keypoints" if kinds == {"skeleton"} else ""


def items_from(found: Sequence[Any], labels: Mapping[int, CvatLabel], size: tuple[int, int]) -> list[Item]:
    """Return a function's results as items; ``size``: (width, height) of the image.

    All tags of an image are one classification. Raises FunctionError for a shape that there is no item for.
    """
    items: list[Item] = []
    tags: dict[str, float] = {}
    for each in found:
        label = _label(each, labels)
        kind = kind_of(each)
        if kind in ("tag", "any") and get(each, "points") is None:
            tags[label.name] = float(_score(each) if _score(each) is not None else 1.0)
        else:
            items.extend(_shape(each, kind, label, size))
    return ([{"kind": "classification", "scores": tags}] if tags else []) + items


def _shape(each: Any, kind: str, label: CvatLabel, size: tuple[int, int]) -> Iterator[Item]:
    head: Item = {"class": label.name}
    if _score(each) is not None:
        head["score"] = float(_score(each))
    points = [float(value) for value in get(each, "points") or ()]
    if kind == "rectangle":
        yield {"kind": "box", **head, "box": _box(points, float(get(each, "rotation") or 0.0))}
    elif kind == "polygon":
        yield {"kind": "polygon", **head, "polygons": [[_ring(_pairs(points))]]}
    elif kind == "ellipse":
        yield {"kind": "polygon", **head, "polygons": [[_ring(_ellipse(points, float(get(each, "rotation") or 0.0)))]]}
    elif kind == "mask":
        yield {"kind": "mask", **head, "mask": png_of(mask_from(points, size))}
    elif kind == "points":
        dots = [{"name": str(n + 1), "x": x, "y": y, "v": 2} for n, (x, y) in enumerate(_pairs(points))]
        yield {"kind": "keypoints", **head, "points": dots}
    elif kind == "skeleton":
        yield {"kind": "keypoints", **head, "points": [_dot(part, label) for part in get(each, "elements") or ()]}
    else:
        raise FunctionError(f"The function returned a {kind or 'thing of no type'}, which Winnow has no shape for.")


def mask_from(rle: Sequence[float], size: tuple[int, int]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return (height, width) bools of CVAT's mask: runs over a box, off first, then the box's corners, both inclusive."""
    width, height = size
    if len(rle) < 5:
        raise FunctionError("A mask has runs and the four numbers of its box.")
    left, top, right, bottom = (int(value) for value in rle[-4:])
    runs = [int(value) for value in rle[:-4]]
    if not (0 <= left <= right < width and 0 <= top <= bottom < height) or min(runs) < 0:
        raise FunctionError("A mask's box does not lie on the image.")
    across, down = right - left + 1, bottom - top + 1
    if sum(runs) != across * down:
        raise FunctionError(f"A mask's runs have {sum(runs)} pixels in sum, its box {across * down}.")
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    mask = np.zeros((height, width), bool)
    mask[top : bottom + 1, left : right + 1] = flat.reshape(down, across)
    return mask


def png_of(mask: np.ndarray[Any, Any]) -> str:
    """Return a mask as a base64 PNG."""
    buffer = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * 255).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def get(thing: Any, name: str, default: Any = None) -> Any:
    """Return a member of an object, or of a mapping."""
    return thing.get(name, default) if isinstance(thing, Mapping) else getattr(thing, name, default)


def kind_of(thing: Any) -> str:
    """Return the type as a word: the SDK keeps it as an object with a value."""
    kind = get(thing, "type")
    kind = getattr(kind, "value", kind)
    return "tag" if kind is None and get(thing, "points") is None else str(kind or "")


def _kind_of_label(label: Any) -> str:
    """Return which shapes a label is for; one that does not say so is for any."""
    return "any" if get(label, "type") is None else kind_of(label)


def _parts(label: Any) -> dict[int, str]:
    return {int(get(each, "id")): str(get(each, "name")) for each in get(label, "sublabels") or ()}


def _label(each: Any, labels: Mapping[int, CvatLabel]) -> CvatLabel:
    number = get(each, "label_id")
    if number not in labels:
        raise FunctionError(f"The function returned label {number!r}, which its spec does not have.")
    return labels[int(number)]


def _score(each: Any) -> Any:
    return get(each, "score")


def _pairs(points: Sequence[float]) -> list[tuple[float, float]]:
    return list(zip(points[::2], points[1::2], strict=True))


def _ring(corners: list[tuple[float, float]]) -> list[list[float]]:
    closed = corners if corners[:1] == corners[-1:] else [*corners, *corners[:1]]
    return [list(corner) for corner in closed]


def _box(points: Sequence[float], degrees: float) -> list[float]:
    x0, y0, x1, y1 = points
    return [(x0 + x1) / 2, (y0 + y1) / 2, abs(x1 - x0), abs(y1 - y0), degrees % 360]


def _ellipse(points: Sequence[float], degrees: float) -> list[tuple[float, float]]:
    """Return corners on an ellipse: centre, right end, top end."""
    cx, cy, right, top = points
    across, down, turn = abs(right - cx), abs(cy - top), math.radians(degrees)
    steps = [2 * math.pi * n / ELLIPSE_CORNERS for n in range(ELLIPSE_CORNERS)]
    plain = [(across * math.cos(t), down * math.sin(t)) for t in steps]
    return [(cx + x * math.cos(turn) - y * math.sin(turn), cy + x * math.sin(turn) + y * math.cos(turn)) for x, y in plain]


def _dot(part: Any, label: CvatLabel) -> Item:
    number = int(get(part, "label_id"))
    x, y = get(part, "points")
    visible = 0 if get(part, "outside") else 1 if get(part, "occluded") else 2
    return {"name": label.parts.get(number, str(number)), "x": float(x), "y": float(y), "v": visible}
