"""Label Studio's regions to items: percent of the picture, the turn about the corner, brushes, and parts that share an id."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from campaigns.geometry import encode_mask
from campaigns.geometry.shapes.ellipse import ellipse_ring
from campaigns.geometry.validity import MAX_MASK_PIXELS
from inference.decode import Node
from inference.decode import scores as decode_scores
from inference.decode.brush import BadBrush, mask_of_brush
from inference.decode.coordinates import Points, box_of_corners, polygons_from
from inference.decode.items import Reader, checked
from inference.decode.rasters import resized
from inference.schema import MAX_ITEMS, MAX_POINTS, Box, Item, Keypoint, Keypoints, Mask, Polygon, PredictionRejected

GEOMETRIES: Final = ("rectangle", "polygon", "brush", "keypoint", "ellipse")
QUARTERS: Final = {0: 0, 90: 1, 180: 2, 270: 3}
MOST_BYTES: Final = 2**26


@dataclass(frozen=True, slots=True)
class Region:
    """One region: its kind without "labels", its value, and the names it was given."""

    node: Node
    kind: str
    value: Node
    names: tuple[Node, ...]
    score: Node | None


def read_regions(result: Node, score: Node | None, reader: Reader) -> list[Item]:
    """Read a list of regions; ``score`` stands for those that give none. What is not of this image's kinds is told and left out."""
    entries = result.entries(MAX_ITEMS)
    names = _names_by_id(entries)
    regions = [region for entry in entries if (region := _region(entry, names, score, reader)) is not None]
    choices = [region for region in regions if region.kind == "choices"]
    objects = [region for region in regions if region.kind != "choices"]
    found: list[Item | None] = [_classification(choices, reader)] if choices else []
    points, others = _skeletons(objects)
    found += [checked(region.node, partial(READ[region.kind], region, reader)) for region in others]
    owners = [region for region in objects if id(region) in points]
    found += [checked(owner.node, partial(_keypoints, owner, points[id(owner)], reader)) for owner in owners]
    return [item for item in found if item is not None]


def _names_by_id(entries: Sequence[Node]) -> dict[str, Node]:
    """Return the labels of regions whose geometry and labels come apart, by their common id."""
    named = {}
    for entry in entries:
        if entry.has("id") and entry.has("value") and entry.value.get("type") == "labels" and entry.at("value").has("labels"):
            named[str(entry.value["id"])] = entry.at("value").at("labels")
    return named


def _region(entry: Node, named: Mapping[str, Node], score: Node | None, reader: Reader) -> Region | None:
    kind = entry.at("type").text()
    if kind == "labels" and entry.has("id"):
        return None  # read along with the geometry of the same id
    value = entry.at("value")
    short = kind.removesuffix("labels") if kind != "labels" else kind
    if kind != "choices" and short not in GEOMETRIES:
        reader.notes.warn(f'Regions of type "{kind}" are not known; there are {", ".join(GEOMETRIES)}labels and choices.')
        reader.notes.drop("unknown type", kind)
        return None
    if kind == "choices" and any(value.has(name) for name in ("x", "points", "rle")):
        reader.notes.drop("choices of a single region")
        return None
    listed = value.first(kind, "labels") or named.get(str(entry.value.get("id")))
    names = () if listed is None else tuple(listed.entries(1000))
    own = entry.first("score") or value.first("score") or score
    return Region(entry, short, value, names, own)


def _confidence(region: Region, reader: Reader) -> float | None:
    return None if region.score is None else decode_scores.confidence(region.score, reader.classes.model)


def _class_of(region: Region, reader: Reader) -> tuple[int | None, str] | None:
    """Return (index, name): of several labels the first that the model knows; None, told, when there is none at all."""
    model = reader.classes.model
    known = [name for name in region.names if model.class_named(name.text()) is not None]
    if known or region.names:
        if len(region.names) > 1:
            reader.notes.warn("A region carried several labels; the first that the model knows was taken.")
        return reader.classes.named((known or region.names)[0])
    if len(model.classes) == 1:
        return model.classes[0].index, model.classes[0].name
    reader.notes.drop("no label")
    return None


def _classification(regions: Sequence[Region], reader: Reader) -> Item:
    pairs = []
    for region in regions:
        sure = region.score
        if sure is None:
            reader.notes.warn("Choices came without a score and were taken as sure.")
            sure = Node(1.0, region.node.where)
        pairs += [(name, sure) for name in region.names]
    if not pairs:
        raise regions[0].value.reject('"choices" with at least one name')
    return decode_scores.from_pairs(pairs, regions[0].node.where, reader.classes)


def _quarters(region: Region) -> int:
    node = region.node.first("image_rotation")
    degrees = 0.0 if node is None else node.number() % 360
    if node is not None and degrees not in QUARTERS:
        raise node.reject("a rotation by 0, 90, 180 or 270 degrees")
    return QUARTERS[int(degrees)]


def upright(points: Points, quarters: int) -> Points:
    """Return percent (N, 2) of a picture that was turned clockwise by quarters as percent of the picture itself."""
    x, y = points[:, 0], points[:, 1]
    return np.column_stack([(x, y), (y, 100.0 - x), (100.0 - x, 100.0 - y), (100.0 - y, x)][quarters])


def _pixels(region: Region, percent: Sequence[Sequence[float]], reader: Reader) -> Points:
    points = upright(np.asarray(percent, dtype=np.float64).reshape(-1, 2), _quarters(region))
    return reader.frame.to_pixels(points.tolist(), region.value.where)


def _turned_size(region: Region, reader: Reader) -> tuple[int, int]:
    """Return (width, height) of the picture as it was seen."""
    size = reader.image.width, reader.image.height
    return size if _quarters(region) % 2 == 0 else size[::-1]


def _numbers(value: Node, *names: str) -> list[float]:
    return [value.at(name).number() for name in names]


def _read_box(region: Region, reader: Reader) -> Box | None:
    """Read a rectangle: it turns clockwise about its top-left corner, in pixels, not in percent."""
    x, y, width, height = _numbers(region.value, "x", "y", "width", "height")
    if width < 0 or height < 0:
        raise region.value.reject("a width and a height of 0 or more")
    turn = region.value.first("rotation")
    angle = math.radians(turn.number()) if turn is not None else 0.0
    across, down = (side / 100.0 for side in _turned_size(region, reader))
    left, top, wide, high = x * across, y * down, width * across, height * down
    cos, sin = math.cos(angle), math.sin(angle)
    corners = [(0.0, 0.0), (wide * cos, wide * sin), (wide * cos - high * sin, wide * sin + high * cos), (-high * sin, high * cos)]
    percent = [((left + u) / across, (top + v) / down) for u, v in corners]
    placed = box_of_corners(_pixels(region, percent, reader), reader.image, reader.notes)
    known = _class_of(region, reader)
    if placed is None or known is None:
        return None
    return Box(*known, _confidence(region, reader), placed.x, placed.y, placed.width, placed.height, placed.rotation)


def _outline(region: Region, percent: Sequence[Sequence[float]], where: str, reader: Reader) -> Polygon | None:
    turned = upright(np.asarray(percent, dtype=np.float64).reshape(-1, 2), _quarters(region)).tolist()
    polygons = polygons_from(Node(turned, where), reader.frame, reader.notes)
    known = _class_of(region, reader)
    return None if polygons is None or known is None else Polygon(*known, _confidence(region, reader), polygons)


def _read_polygon(region: Region, reader: Reader) -> Polygon | None:
    node = region.value.at("points")
    points = [each.numbers(2) for each in node.entries(MAX_POINTS)]
    if len({tuple(point) for point in points}) < 3:
        raise node.reject("at least 3 distinct points")
    return _outline(region, points, node.where, reader)


def _read_ellipse(region: Region, reader: Reader) -> Polygon | None:
    """Read an ellipse as its outline: the radii are percent of the width and of the height, the turn is about its centre."""
    x, y, across, down = _numbers(region.value, "x", "y", "radiusX", "radiusY")
    if across <= 0 or down <= 0:
        reader.notes.drop("no area")
        return None
    turn = region.value.first("rotation")
    width, height = _turned_size(region, reader)
    shape = {
        "cx": x * width / 100, "cy": y * height / 100, "rx": across * width / 100, "ry": down * height / 100,
        "rotation": 0.0 if turn is None else turn.number(),
    }  # fmt: skip
    if max(shape["rx"], shape["ry"]) > 100 * max(width, height):
        raise region.value.reject("radii of at most a hundred times the picture")
    ring = [(px * 100 / width, py * 100 / height) for px, py in ellipse_ring(shape)]
    return _outline(region, ring, region.value.where, reader)


def _read_brush(region: Region, reader: Reader) -> Mask | None:
    runs = region.value.at("rle")
    height, width = _original_size(region, reader)
    pixels = _painted(runs, height, width)
    if _quarters(region):
        reader.notes.warn("A brush was painted on a turned picture; its pixels were taken as those of the upright one.")
    image = reader.image
    if (width, height) != (image.width, image.height):
        if (width, height) != image.sent_size:
            reader.notes.warn(f"A brush has {width} x {height} pixels, the image {image.width} x {image.height}: it was resized.")
        pixels = np.asarray(resized(pixels[None], image)[0], dtype=bool)
    if not pixels.any():
        reader.notes.drop("no area")
        return None
    known = _class_of(region, reader)
    return None if known is None else Mask(*known, _confidence(region, reader), pixels.shape, encode_mask(pixels))


def _original_size(region: Region, reader: Reader) -> tuple[int, int]:
    """Return (height, width) of the picture that a brush was painted on: what the region says, else what was sent."""
    if not (region.node.has("original_width") and region.node.has("original_height")):
        width, height = reader.image.sent_size
        return height, width
    width, height = (region.node.at(name).whole() for name in ("original_width", "original_height"))
    if not 0 < width * height <= MAX_MASK_PIXELS:
        raise region.node.reject(f"a picture of 1 to {MAX_MASK_PIXELS:,} pixels")
    return height, width


def _painted(runs: Node, height: int, width: int) -> Any:
    listed = runs.value
    if not isinstance(listed, list) or len(listed) > MOST_BYTES:
        raise runs.reject("a list of bytes")
    try:
        data = bytes(listed)
    except (TypeError, ValueError):
        wrong = next(each for each in runs.entries(MOST_BYTES) if type(each.value) is not int or not 0 <= each.value <= 255)
        raise wrong.reject("a byte from 0 to 255") from None
    try:
        return mask_of_brush(data, height, width)
    except BadBrush as error:
        raise PredictionRejected(runs.where, f"expected a brush of {width} x {height} pixels, but {error}") from error


def _skeletons(regions: Sequence[Region]) -> tuple[dict[int, list[Region]], list[Region]]:
    """Return points by the region that they belong to (``parentID``), and the regions that are neither owner nor owned."""
    by_id = {str(region.node.value["id"]): region for region in regions if region.node.has("id") and region.kind != "keypoint"}
    owned: dict[int, list[Region]] = {}
    alone = []
    for region in regions:
        owner = by_id.get(str(region.node.value.get("parentID"))) if region.kind == "keypoint" else None
        if owner is None:
            alone.append(region)
        else:
            owned.setdefault(id(owner), []).append(region)
    return owned, [region for region in alone if id(region) not in owned]


def _point(region: Region, name: str, reader: Reader) -> Keypoint:
    x, y = _pixels(region, [_numbers(region.value, "x", "y")], reader)[0].tolist()
    inside = min(max(0.0, x), float(reader.image.width)), min(max(0.0, y), float(reader.image.height))
    return Keypoint(name, *inside, confidence=_confidence(region, reader))


def _keypoints(owner: Region, points: Sequence[Region], reader: Reader) -> Keypoints | None:
    """Make one object of the points that belong to a region: their labels are the names of the points."""
    known = _class_of(owner, reader)
    if known is None:
        return None
    named = [_point(point, point.names[0].text() if point.names else "", reader) for point in points]
    return Keypoints(*known, _confidence(owner, reader), tuple(named))


def _read_keypoint(region: Region, reader: Reader) -> Keypoints | None:
    known = _class_of(region, reader)
    return None if known is None else Keypoints(*known, _confidence(region, reader), (_point(region, "", reader),))


READ: dict[str, Callable[[Region, Reader], Item | None]] = {
    "rectangle": _read_box,
    "polygon": _read_polygon,
    "ellipse": _read_ellipse,
    "brush": _read_brush,
    "keypoint": _read_keypoint,
}
