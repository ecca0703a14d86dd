"""CVAT's contract with its nuclio functions: detectors, and interactors that answer clicks.

A question is JSON with the picture in base64. Labels come as names and confidences as texts; a mask is cut to a box
whose last column and row belong to it. https://docs.cvat.ai/docs/guides/serverless-tutorial/
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from campaigns.geometry import encode_mask
from campaigns.geometry.shapes.ellipse import ellipse_ring
from campaigns.geometry.validity import MAX_MASK_PIXELS
from inference.decode import Classes, Node, parse_json
from inference.decode import scores as decode_scores
from inference.decode.classes import Notes
from inference.decode.coordinates import Frame, Placed, box_from_centre, box_from_corners, polygons_from
from inference.decode.items import Reader, checked
from inference.decode.rasters import resized
from inference.protocols.base import (
    INTERACTIVE,
    MARKED,
    ModelCard,
    ModelInput,
    Option,
    Prediction,
    PredictionRejected,
    Prompts,
    Protocol,
    WireReply,
    WireRequest,
)
from inference.schema import MAX_ITEMS, MAX_POINTS, Box, Item, Keypoint, Keypoints, Mask, Polygon

JSON: Final = {"Content-Type": "application/json", "Accept": "application/json"}
FLAT: Final = 2 * MAX_POINTS
SPACES: Final = b" \t\r\n"
NO_CELL: Final = b"[], \t\r\n"


class Cvat(Protocol):
    """Speak as CVAT does to its serverless functions."""

    name = "cvat"
    title = "CVAT function (nuclio)"
    description = "POST JSON with the image in base64; answers rectangles, polygons, masks, skeletons and tags with names of labels."
    tasks = frozenset({"classification", "detection", "segmentation", "keypoints"})
    interactive = True
    options = (
        INTERACTIVE,
        Option("function", "Name of the function", "text", "", help="Only for the URL of nuclio's dashboard: …/api/function_invocations."),
    )  # fmt: skip

    def answers_clicks_alone(self, model: ModelCard) -> bool:
        """Tell an interactor: its address answers nothing else."""
        return self.answers_prompts(model)

    def build_request(self, image: ModelInput, model: ModelCard) -> WireRequest:
        """Return the question to a detector."""
        threshold = {"threshold": model.options.threshold} if model.options.threshold else {}
        return _asked(image, model, threshold)

    def build_prompt_request(self, image: ModelInput, model: ModelCard, prompts: Prompts) -> WireRequest:
        """Return the question to an interactor, in pixels of the picture sent."""
        across, down = image.sent_size[0] / image.width, image.sent_size[1] / image.height
        dots = prompts.dots()
        box = prompts.box
        corners = box and [[box[0] * across, box[1] * down], [box[2] * across, box[3] * down]]
        places = {
            name: [[dot.x * across, dot.y * down] for dot in dots if dot.positive == positive]
            for name, positive in (("pos_points", True), ("neg_points", False))
        }
        return _asked(image, model, {**places, "obj_bbox": corners or None})

    def parse(self, reply: WireReply, image: ModelInput, model: ModelCard) -> Prediction:
        """Read a list of shapes and tags."""
        reader = Reader(Frame("pixel", image), Classes(model, Notes()))
        return _prediction(read_shapes(parse_json(reply.body), reader), reader)

    def parse_prompted(self, reply: WireReply, image: ModelInput, model: ModelCard) -> Prediction:
        """Read {"mask": rows of 0 and 1, "points": outline}, or the outline alone as older interactors give it."""
        reader = Reader(Frame("pixel", image), Classes(model, Notes()))
        item = read_interaction(_interaction(reply.body, image), reader)
        return _prediction([] if item is None else [item], reader)


def _asked(image: ModelInput, model: ModelCard, question: dict[str, Any]) -> WireRequest:
    body = orjson.dumps({"image": base64.b64encode(image.content).decode("ascii"), **question})
    function = model.options.extra.get("function")
    if not isinstance(function, str) or not function.strip():
        return WireRequest(model.url, JSON, body)
    invoked = {"x-nuclio-function-name": function.strip(), "x-nuclio-path": "/"}
    return WireRequest(model.url, {**JSON, **invoked}, body)


def _prediction(items: list[Item], reader: Reader) -> Prediction:
    notes, image = reader.notes, reader.image
    version = reader.classes.model.version
    return Prediction(tuple(items), image.width, image.height, version, tuple(notes.warnings), notes.as_dropped())


def read_shapes(root: Node, reader: Reader) -> list[Item]:
    """Read a detector's answer; tags together are one classification, and what is of no known kind is told and left out."""
    found: list[Item | None] = []
    tags: list[Node] = []
    for entry in root.entries(MAX_ITEMS):
        kind = entry.first("type")
        kind_name = "rectangle" if kind is None else kind.text()
        if entry.has("attributes") and entry.value["attributes"]:
            reader.notes.warn("Attributes of the answer were left out.")
        if kind_name == "tag":
            tags.append(entry)
        elif kind_name in READ:
            found.append(checked(entry, partial(READ[kind_name], entry, reader)))
        else:
            reader.notes.warn(f'Shapes of type "{kind_name}" are not known; there are tag, {", ".join(READ)}.')
            reader.notes.drop("unknown type", kind_name)
    if tags:
        pairs = [(tag.at("label"), _tag_score(tag, reader)) for tag in tags]
        found.insert(0, decode_scores.from_pairs(pairs, tags[0].where, reader.classes))
    return [item for item in found if item is not None]


def _number_text(node: Node) -> Node:
    """Return a number that may be written as a text, as CVAT's functions do."""
    if not isinstance(node.value, str):
        return node
    try:
        number = float(node.text(50))
    except ValueError:
        raise node.reject("a number") from None
    if not math.isfinite(number):
        raise node.reject("a finite number")
    return Node(number, node.where)


def _tag_score(tag: Node, reader: Reader) -> Node:
    score = tag.first("confidence", "score")
    if score is None:
        reader.notes.warn("Tags came without a confidence and were taken as sure.")
        return Node(1.0, tag.where)
    return _number_text(score)


def _confidence(entry: Node, reader: Reader) -> float | None:
    score = entry.first("confidence", "score")
    return None if score is None else decode_scores.confidence(_number_text(score), reader.classes.model)


def _read_rectangle(entry: Node, reader: Reader) -> Box | None:
    corners, turn = entry.at("points"), entry.first("rotation")
    placed = box_from_corners(corners, reader.frame, reader.notes) if turn is None or turn.number() == 0 else _turned(corners, turn, reader)
    if placed is None:
        return None
    return Box(*reader.classes.of_item(entry), _confidence(entry, reader), placed.x, placed.y, placed.width, placed.height, placed.rotation)


def _turned(corners: Node, turn: Node, reader: Reader) -> Placed | None:
    """Read a rectangle that was turned clockwise about its centre."""
    x0, y0, x1, y1 = corners.numbers(4)
    centred = [(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0, turn.number()]
    return box_from_centre(Node(centred, corners.where), reader.frame, reader.notes)


def _pairs(node: Node) -> list[list[float]]:
    """Return points that are written flat: [x, y, x, y, …]."""
    values = [each.number() for each in node.entries(FLAT)]
    if len(values) % 2:
        raise node.reject("an even count of numbers: x, y, x, y, …")
    return [values[at : at + 2] for at in range(0, len(values), 2)]


def _outline(points: list[list[float]], where: str, entry: Node, reader: Reader) -> Polygon | None:
    if len({tuple(point) for point in points}) < 3:
        raise PredictionRejected(where, "expected at least 3 distinct points")
    polygons = polygons_from(Node(points, where), reader.frame, reader.notes)
    return None if polygons is None else Polygon(*reader.classes.of_item(entry), _confidence(entry, reader), polygons)


def _read_polygon(entry: Node, reader: Reader) -> Polygon | None:
    node = entry.at("points")
    return _outline(_pairs(node), node.where, entry, reader)


def _read_ellipse(entry: Node, reader: Reader) -> Polygon | None:
    """Read [cx, cy, right end, top end], turned clockwise about the centre, as its outline."""
    node, turn = entry.at("points"), entry.first("rotation")
    cx, cy, right, top = node.numbers(4)
    rx, ry = abs(right - cx), abs(cy - top)
    if not 0 < min(rx, ry) <= max(rx, ry) <= 100 * max(reader.image.sent_size):
        raise node.reject("[cx, cy, x of the right end, y of the top end]")
    shape = {"cx": cx, "cy": cy, "rx": rx, "ry": ry, "rotation": 0.0 if turn is None else turn.number()}
    return _outline(ellipse_ring(shape), node.where, entry, reader)


def _read_mask(entry: Node, reader: Reader) -> Mask | None:
    node = entry.at("mask")
    pixels = _cropped(node, reader.image)
    if not pixels.any():
        reader.notes.drop("no area")
        return None
    return Mask(*reader.classes.of_item(entry), _confidence(entry, reader), pixels.shape, encode_mask(pixels))


def _cropped(node: Node, image: ModelInput) -> NDArray[np.bool_]:
    """Return the mask (H, W) of 0 and 1 row by row, followed by the box that it is cut to: x1, y1, x2, y2, the last ones included."""
    values = node.value
    if not isinstance(values, list) or not 5 <= len(values) <= MAX_MASK_PIXELS:
        raise node.reject("a list: 0 and 1 for each pixel of the box, then x1, y1, x2, y2")
    x1, y1, x2, y2 = (int(Node(value, f"{node.where}[{len(values) - 4 + at}]").number()) for at, value in enumerate(values[-4:]))
    width, height = x2 - x1 + 1, y2 - y1 + 1
    if width < 1 or height < 1 or width * height != len(values) - 4:
        why = f"expected x1, y1, x2, y2 of a box of {len(values) - 4} pixels at the end, the last column and row included"
        raise PredictionRejected(node.where, f"{why}; got {[x1, y1, x2, y2]}")
    sent_width, sent_height = image.sent_size
    flags = _flags(values[:-4], node)
    if flags.ndim != 1:
        raise node.reject("0 and 1 in one list")
    crop = flags.reshape(height, width)
    whole = np.zeros((sent_height, sent_width), dtype=bool)
    left, top, right, bottom = max(0, x1), max(0, y1), min(sent_width, x2 + 1), min(sent_height, y2 + 1)
    if right > left and bottom > top:
        whole[top:bottom, left:right] = crop[top - y1 : bottom - y1, left - x1 : right - x1]
    return _on_grid(whole, image)


def _flags(values: list[Any], node: Node) -> NDArray[np.bool_]:
    """Return 0 and 1 as an array; whole rows at a time, since a picture's mask is a million of them."""
    nested = isinstance(values[0], list | bytes)
    if nested and not all(type(row) in (list, bytes) for row in values):  # bytes(7) would be seven of them
        raise node.reject("rows of 0 and 1")
    try:
        rows = [bytes(row) for row in values] if nested else [bytes(values)]
    except (TypeError, ValueError):  # fractions, texts, or numbers that no byte holds
        return _odd_flags(values, node)
    if len({len(row) for row in rows}) != 1:
        raise node.reject("rows of equal length")
    array = np.frombuffer(b"".join(rows), np.uint8)
    if array.size and array.max() > 1:
        raise node.reject("numbers 0 and 1")
    flags = array.astype(bool)
    return flags.reshape(len(rows), -1) if nested else flags


def _odd_flags(values: list[Any], node: Node) -> NDArray[np.bool_]:
    try:
        array = np.array(values)
    except ValueError:
        raise node.reject("rows of equal length") from None
    if array.dtype.kind not in "biuf" or not np.isin(array, (0, 1)).all():
        raise node.reject("numbers 0 and 1")
    return np.asarray(array, dtype=bool)


def _on_grid(pixels: NDArray[np.bool_], image: ModelInput) -> NDArray[np.bool_]:
    if pixels.shape == (image.height, image.width):
        return pixels
    return np.asarray(resized(pixels[None], image)[0], dtype=bool)


def _inside(point: list[float], reader: Reader) -> tuple[float, float]:
    x, y = reader.frame.to_pixels([point], "")[0].tolist()
    return min(max(0.0, x), float(reader.image.width)), min(max(0.0, y), float(reader.image.height))


def _read_points(entry: Node, reader: Reader) -> Keypoints | None:
    points = tuple(Keypoint("", *_inside(pair, reader)) for pair in _pairs(entry.at("points")))
    return Keypoints(*reader.classes.of_item(entry), _confidence(entry, reader), points)


def _read_skeleton(entry: Node, reader: Reader) -> Keypoints | None:
    """Read the named points of one object; a point that is outside the picture is not there, one that is covered is hidden."""
    points = []
    for element in entry.at("elements").entries(1000):
        gone, covered = (element.first(name) is not None and bool(element.value[name]) for name in ("outside", "occluded"))
        place = _pairs(element.at("points"))
        if len(place) != 1:
            raise element.at("points").reject("[x, y]")
        v = 0 if gone else 1 if covered else 2
        points.append(Keypoint(element.at("label").text(), *_inside(place[0], reader), v, _confidence(element, reader)))
    return Keypoints(*reader.classes.of_item(entry), _confidence(entry, reader), tuple(points))


READ: Final[dict[str, Callable[[Node, Reader], Item | None]]] = {
    "rectangle": _read_rectangle,
    "polygon": _read_polygon,
    "ellipse": _read_ellipse,
    "mask": _read_mask,
    "points": _read_points,
    "skeleton": _read_skeleton,
}


def read_interaction(root: Node, reader: Reader) -> Mask | Polygon | None:
    """Read what an interactor found: the mask where there is one, since its outline is only near it."""
    if root.is_object() and root.has("blob"):
        raise root.reject(
            '"mask" or "points"; an embedding ("blob") is decoded in CVAT\'s own browser page, so take a function that answers masks'
        )
    mask = root.first("mask")
    if mask is not None:
        pixels = _whole_mask(mask, reader.image)
        if not pixels.any():
            reader.notes.drop("no area")
            return None
        return Mask(MARKED.index, MARKED.name, None, pixels.shape, encode_mask(pixels))
    node = root if root.is_list() else root.at("points")
    points = [each.numbers(2) for each in node.entries(MAX_POINTS)]
    if not points:
        return None
    polygons = polygons_from(Node(points, node.where), reader.frame, reader.notes)
    return None if polygons is None else Polygon(MARKED.index, MARKED.name, None, polygons)


def _interaction(body: bytes, image: ModelInput) -> Node:
    """Read an interactor's answer; a mask written as plain rows of 0 and 1 becomes bytes without a number being made of each."""
    start = body.find(b'"mask"')
    opened = body.find(b"[[", start)
    closed = body.find(b"]]", opened)
    width, height = image.sent_size
    plain = start >= 0 and body.count(b'"mask"') == 1 and body[start + 6 : opened].strip(SPACES) == b":"
    if not plain or closed - opened < 2 * width * height:
        return parse_json(body)
    rows = body[opened + 1 : closed + 1]
    cells = rows.translate(None, NO_CELL)
    counted = len(cells) == width * height == rows.count(b",") + 1 and rows.count(b"[") == rows.count(b"]") == height
    if not counted or cells.translate(None, b"01"):
        return parse_json(body)
    node = parse_json(body[:opened] + b"null" + body[closed + 2 :])
    flags = cells.translate(bytes.maketrans(b"01", b"\0\1"))
    if not node.is_object() or "mask" not in node.value or any(len(row.translate(None, NO_CELL)) != width for row in rows.split(b"]")[:-1]):
        return parse_json(body)
    node.value["mask"] = [flags[at : at + width] for at in range(0, len(flags), width)]
    return node


def _whole_mask(node: Node, image: ModelInput) -> NDArray[np.bool_]:
    width, height = image.sent_size
    if not isinstance(node.value, list) or len(node.value) != height:
        raise node.reject(f"{height} rows of 0 and 1, as the picture has")
    pixels = _flags(node.value, node)
    if pixels.shape != (height, width):
        raise node.reject(f"{height} rows of {width} values")
    return _on_grid(pixels, image)
