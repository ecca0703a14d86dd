"""The items of Winnow's own contract: one reader per kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from campaigns.geometry.masks import decode_counts, decode_mask, encode_counts, encode_mask
from campaigns.geometry.validity import MAX_MASK_PIXELS, InvalidShape
from inference.decode import scores
from inference.decode.classes import Classes, Notes
from inference.decode.coordinates import Frame, Placed, box_from_centre, box_from_corners, box_from_size, point_from, polygons_from
from inference.decode.nodes import Node
from inference.decode.outlines import Outline, plain_outlines
from inference.decode.rasters import from_base64, read_grid, resized, to_raster
from inference.schema import (
    MAX_CLASSES,
    MAX_ITEMS,
    MAX_POINTS,
    MAX_VECTOR,
    Box,
    Classification,
    Embedding,
    Item,
    Keypoint,
    Keypoints,
    Mask,
    Polygon,
    PredictionRejected,
    Raster,
)  # fmt: skip
from inference.wire import ModelInput

MAX_RASTER_TEXT = 2**28


@dataclass(frozen=True)
class Reader:
    """What the readers share: how coordinates are meant, which classes there are, and what is to be told."""

    frame: Frame
    classes: Classes
    outlines: Mapping[str, Outline] = field(default_factory=dict)

    @property
    def notes(self) -> Notes:
        """Warnings and counts of what was left out."""
        return self.classes.notes

    @property
    def image(self) -> ModelInput:
        """The image asked about."""
        return self.frame.image

    def confidence(self, item: Node) -> float | None:
        """Return the item's confidence, None when it gives none."""
        node = item.first(*scores.SCORE_KEYS)
        return None if node is None else scores.confidence(node, self.classes.model)


def read_items(node: Node, reader: Reader) -> tuple[Item, ...]:
    """Read a list of items. An unknown kind is told and left out; what breaks a rule rejects the answer."""
    found: list[Item] = []
    reader = replace(reader, outlines=plain_outlines(node, reader.frame))
    for entry in node.entries(MAX_ITEMS):
        kind = entry.at("kind").text()
        read = KINDS.get(kind)
        if read is None:
            reader.notes.warn(f'Items of kind "{kind}" are not known; there are {", ".join(KINDS)}.')
            reader.notes.drop("unknown kind", kind)
            continue
        item = checked(entry, lambda read=read, entry=entry: read(entry, reader))  # type: ignore[misc]
        if item is not None:
            found.append(item)
    return tuple(found)


def checked(node: Node, make: Callable[[], Item | None]) -> Item | None:
    """Make an item; what the schema itself refuses is told with the item's place."""
    try:
        return make()
    except PredictionRejected as error:
        raise error if not node.where or error.where.startswith(node.where) else error.within(node.where) from error


def read_classification(item: Node, reader: Reader) -> Classification:
    """Read {"scores": [{"class", "confidence"}…] | {name: number} | [numbers]}, or one {"class", "confidence"}."""
    listed = item.first("scores", "probabilities", "logits")
    if listed is None:
        node = item.first(*scores.SCORE_KEYS)
        if node is None:
            raise item.reject('"scores"')
        return scores.from_pairs([(item, node)], item.where, reader.classes)
    return read_scores(listed, reader.classes, logits=item.has("logits") and not item.has("scores"))


def read_scores(node: Node, classes: Classes, *, logits: bool = False, of_object: bool = False) -> Classification:
    """Read scores per class in any spelling: numbers in order, name → number, or a list of objects. ``of_object``: of a box."""
    if node.is_object():
        pairs = [(Node(name, f"{node.where} (name)"), value) for name, value in node.members()]
        return scores.from_pairs(pairs, node.where, classes, of_object=of_object)
    entries = node.entries(MAX_CLASSES)
    if entries and entries[0].is_object():
        return scores.from_pairs([(entry, score_of(entry)) for entry in entries], node.where, classes, of_object=of_object)
    return scores.from_numbers(node, classes, logits=logits, of_object=of_object)


def score_of(entry: Node) -> Node:
    """Return the score of an object."""
    node = entry.first(*scores.SCORE_KEYS)
    if node is None:
        raise entry.reject('"score"')
    return node


def read_box(item: Node, reader: Reader) -> Box | None:
    """Read a box: "box" from its centre, "xyxy" from its corners or "xywh" from its corner and size."""
    placed = _place(item, reader)
    index, name = reader.classes.of_item(item)
    if placed is None:
        return None
    listed = item.first("scores", "probabilities")
    every = () if listed is None else read_scores(listed, reader.classes, of_object=True).scores
    return Box(index, name, reader.confidence(item), placed.x, placed.y, placed.width, placed.height, placed.rotation, every)


def _place(item: Node, reader: Reader) -> Placed | None:
    if item.has("box"):
        return box_from_centre(item.at("box"), reader.frame, reader.notes)
    if item.has("xyxy"):
        return box_from_corners(item.at("xyxy"), reader.frame, reader.notes)
    if item.has("xywh"):
        return box_from_size(item.at("xywh"), reader.frame, reader.notes)
    raise item.reject('"box" [cx, cy, width, height], "xyxy" or "xywh"')


def read_polygon(item: Node, reader: Reader) -> Polygon | None:
    """Read {"polygons": MultiPolygon nesting}."""
    node = item.at("polygons")
    polygons = reader.outlines.get(node.where) or polygons_from(node, reader.frame, reader.notes)
    index, name = reader.classes.of_item(item)
    return None if polygons is None else Polygon(index, name, reader.confidence(item), polygons)


def read_mask(item: Node, reader: Reader) -> Mask | None:
    """Read {"mask": {"size", "counts"} | base64 PNG}; an empty one is left out."""
    size, counts = mask_counts(item.at("mask"), reader)
    index, name = reader.classes.of_item(item)
    return Mask(index, name, reader.confidence(item), size, counts)


def mask_counts(node: Node, reader: Reader) -> tuple[tuple[int, int], str]:
    """Return ((H, W), counts) on the image's grid from run lengths or a base64 PNG."""
    size = (reader.image.height, reader.image.width)
    if isinstance(node.value, str):
        pixels: NDArray[np.bool_] = read_grid(from_base64(node.value, node.where), node.where).values[0] != 0
    else:
        height, width = (each.whole() for each in node.at("size").entries(2, exactly=2))
        counts = _counts_text(node.at("counts"))
        _check_runs(counts, (height, width), node)
        if (height, width) == size:
            return size, counts
        pixels = decode_mask(counts, (height, width))
    return size, encode_mask(_on_grid(pixels, reader))


def _counts_text(node: Node) -> str:
    """Return COCO's compressed text; the uncompressed list is taken as well."""
    if isinstance(node.value, str):
        return node.value
    return encode_counts([each.whole() for each in node.entries(MAX_POINTS)])


def _check_runs(counts: str, size: tuple[int, int], node: Node) -> None:
    """Reject run lengths that do not cover exactly ``size``, before anything of that size is made."""
    where = node.at("counts").where
    if not 0 < size[0] * size[1] <= MAX_MASK_PIXELS:
        raise PredictionRejected(node.at("size").where, f"expected [height, width] of at most {MAX_MASK_PIXELS} pixels, got {list(size)}")
    try:
        covered = int(decode_counts(counts).sum())
    except InvalidShape as error:
        raise PredictionRejected(where, str(error)) from error
    if covered != size[0] * size[1]:
        raise PredictionRejected(where, f"the runs cover {covered} pixels, but {size[0]} x {size[1]} are {size[0] * size[1]}")


def _on_grid(pixels: NDArray[np.bool_], reader: Reader) -> NDArray[np.generic]:
    image, (height, width) = reader.image, pixels.shape
    if (width, height) == (image.width, image.height):
        return pixels
    if (width, height) != image.sent_size:
        reader.notes.warn(f"A mask has {width} x {height} pixels, the image {image.width} x {image.height}: it was resized.")
    fitted: NDArray[np.generic] = resized(pixels[None], image)[0]
    return fitted


def read_raster(item: Node, reader: Reader) -> Raster:
    """Read {"raster": base64 PNG or TIFF, "classes": {"1": "water"}}."""
    node = item.at("raster")
    text = node.text(limit=MAX_RASTER_TEXT)
    raster = to_raster(from_base64(text, node.where), node.where, reader.image, reader.classes)
    names = item.first("classes")
    return raster if names is None else _named(raster, names)


def _named(raster: Raster, names: Node) -> Raster:
    """Name the classes that the model itself does not name."""
    said = {number: node.text() for number, node in names.members()}
    named = tuple((index, said.get(str(index), name) if name == str(index) else name) for index, name in raster.classes)
    return replace(raster, classes=named)


def read_keypoints(item: Node, reader: Reader) -> Keypoints:
    """Read {"points": [{"name", "x", "y", "v", "confidence"}…]}."""
    points = []
    for node in item.at("points").entries(1000):
        x, y = point_from(node, reader.frame)
        name, seen = node.first("name", "label"), node.first("v", "visibility")
        points.append(Keypoint(name.text() if name else "", x, y, seen.whole() if seen else 2, reader.confidence(node)))
    index, name_of = reader.classes.of_item(item)
    return Keypoints(index, name_of, reader.confidence(item), tuple(points))


def read_embedding(item: Node, reader: Reader) -> Embedding:
    """Read {"space", "vector"}."""
    return Embedding(item.at("space").text(), tuple(each.number() for each in item.at("vector").entries(MAX_VECTOR)))


KINDS: dict[str, Callable[[Node, Reader], Item | None]] = {
    "classification": read_classification,
    "box": read_box,
    "polygon": read_polygon,
    "mask": read_mask,
    "raster": read_raster,
    "keypoints": read_keypoints,
    "embedding": read_embedding,
}
