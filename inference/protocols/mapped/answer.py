"""Read an answer by its mapping: every complaint names the place in the answer and what the mapping calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from campaigns.geometry.masks import encode_mask
from inference.decode.classes import whole_number
from inference.decode.coordinates import Frame, Placed, box_from_centre, box_from_corners, box_from_size, point_from, polygons_from
from inference.decode.items import Reader, checked, mask_counts, read_scores
from inference.decode.matrices import numbers, read_matrix
from inference.decode.nodes import Node
from inference.decode.paths import Path
from inference.decode.rasters import from_base64, resized, to_raster
from inference.decode.scores import confidence, from_pairs
from inference.protocols.mapped.document import AnswerMapping, BoxMapping
from inference.schema import (
    MAX_CLASSES,
    MAX_ITEMS,
    MAX_POINTS,
    Box,
    ClassScore,
    Item,
    Keypoint,
    Keypoints,
    Mask,
    Polygon,
    PredictionRejected,
    Raster,
)  # fmt: skip

MAX_BASE64 = 2**28
_ZERO = Node(0, "")


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing of the answer: the item that it stands in, and its parts by what the mapping calls them."""

    place: Node
    parts: Mapping[str, Node]

    def part(self, name: str) -> Node | None:
        """Return a part, None where nothing or null stands there."""
        node = self.parts.get(name)
        return None if node is None or node.value is None else node

    def need(self, path: Path, name: str) -> Node:
        """Return a part that must be there."""
        node = self.part(name)
        if node is not None:
            return node
        taken = path.take(self.place, f"answer.{name}")
        raise taken.reject(f"a value (answer.{name})")


def read_answer(root: Node, mapping: AnswerMapping, reader: Reader, task: str) -> Sequence[Item]:
    """Return the items of an answer for a model of ``task``."""
    if task == "segmentation" and mapping.raster is not None:
        return [_raster(root, mapping, reader)]
    most = MAX_CLASSES if task == "classification" else MAX_ITEMS
    entries = mapping.items.each(root, "answer.items", most)
    if task == "classification":
        return _classification(entries, mapping, reader)
    read = _READERS[task]
    found: list[Item] = []
    for number, thing in enumerate(thing for entry in entries for thing in things(entry, mapping)):
        if number >= MAX_ITEMS:
            raise PredictionRejected(thing.place.where, f"expected at most {MAX_ITEMS} things")
        item = checked(thing.place, lambda thing=thing: read(thing, mapping, reader))  # type: ignore[misc]
        if item is not None:
            found.append(item)
    return found


def things(entry: Node, mapping: AnswerMapping) -> Iterator[Thing]:
    """Return the things in an item: one; or as many as the columns are long, where paths name each of some elements."""
    paths = mapping.within_item()
    if mapping.by_key:
        yield from _by_key(entry, mapping, paths)
        return
    columns = {name: path for name, path in paths.items() if path.is_many}
    single = {name: node for name, path in paths.items() if name not in columns and (node := path.find(entry)) is not None}
    if not columns:
        yield Thing(entry, single)
        return
    listed = {name: path.each(entry, f"answer.{name}", MAX_ITEMS) for name, path in columns.items()}
    (first, nodes), *others = listed.items()
    for name, values in others:
        if len(values) != len(nodes):
            alike = f"expected as many values for answer.{name} as for answer.{first}"
            raise PredictionRejected(entry.where, f"{alike}, which are {len(nodes)}, got {len(values)}")
    for row in zip(*listed.values(), strict=True):
        yield Thing(entry, single | dict(zip(listed, row, strict=True)))


def _by_key(entry: Node, mapping: AnswerMapping, paths: Mapping[str, Path]) -> Iterator[Thing]:
    """Return a thing for each member that no other path names: its name is the label, and the box lies in its value."""
    named = {path.first_name for name, path in paths.items() if not name.startswith("box")}
    members = [(name, node) for name, node in entry.members() if name not in named]
    if not members:
        raise PredictionRejected(entry.where, 'expected a member whose name is the label (answer.label is "$key")')
    shared = {name: node for name, path in paths.items() if not name.startswith("box") and (node := path.find(entry)) is not None}
    for name, value in members:
        own = {part: node for part, path in paths.items() if part.startswith("box") and (node := path.find(value)) is not None}
        yield Thing(entry, shared | own | {"label": Node(name, f"{value.where} (name)")})


def _classification(entries: Sequence[Node], mapping: AnswerMapping, reader: Reader) -> Sequence[Item]:
    if mapping.scores is not None:
        if len(entries) != 1:
            raise PredictionRejected("", f"expected one item with the scores of the classes (answer.items), got {len(entries)}")
        return [read_scores(mapping.scores.take(entries[0], "answer.scores"), reader.classes)]
    assert mapping.score is not None
    pairs = []
    for thing in (thing for entry in entries for thing in things(entry, mapping)):
        pairs.append((_label_or_index(thing, mapping), thing.need(mapping.score, "score")))
        if len(pairs) > MAX_CLASSES:
            raise PredictionRejected(thing.place.where, f"expected at most {MAX_CLASSES} classes")
    return [from_pairs(pairs, entries[0].where if entries else "", reader.classes)]


def _label_or_index(thing: Thing, mapping: AnswerMapping) -> Node:
    label = thing.part("label")
    if label is not None:
        return Node(whole_number(label), label.where) if isinstance(label.value, float) else label
    index = thing.part("index")
    if index is not None:
        return Node(whole_number(index), index.where)
    path, name = (mapping.label, "label") if mapping.label else (mapping.index, "index")
    assert path is not None
    return thing.need(path, name)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a thing besides its shape."""

    index: int | None
    name: str
    confidence: float | None
    scores: tuple[ClassScore, ...] = ()


def _known(thing: Thing, mapping: AnswerMapping, reader: Reader) -> _Known | None:
    """Return a thing's class and confidence; None for one of no class, whose number is below 0."""
    index = thing.part("index")
    if index is not None and thing.part("label") is None and index.number() < 0:
        reader.notes.drop("no class")
        return None
    score = thing.part("score")
    if score is None and mapping.score is not None and "score" not in thing.parts:
        mapping.score.take(thing.place, "answer.score")  # null says: no confidence; nothing there is a mistake
    value = None if score is None else confidence(score, reader.classes.model)
    if mapping.scores is not None:
        every = read_scores(thing.need(mapping.scores, "scores"), reader.classes, of_object=True).scores
        best = max(every, key=lambda each: each.confidence)
        return _Known(best.index, best.name, best.confidence if value is None else value, every)
    return _Known(*_class(thing, mapping, reader), value)


def _class(thing: Thing, mapping: AnswerMapping, reader: Reader) -> tuple[int | None, str]:
    label, index = thing.part("label"), thing.part("index")
    if label is not None and index is not None:
        return reader.classes.named_first(label, index, thing.place)
    if mapping.label is None and mapping.index is None and not mapping.by_key:
        return reader.classes.of_item(Node({}, thing.place.where))  # a model of one class needs not say which
    return reader.classes.named(_label_or_index(thing, mapping))


def _box(thing: Thing, mapping: AnswerMapping, reader: Reader) -> Box | None:
    assert mapping.box is not None
    known = _known(thing, mapping, reader)
    if known is None:
        return None
    placed = _placed(thing, mapping.box, reader)
    if placed is None:
        return None
    x, y, width, height, rotation = placed.x, placed.y, placed.width, placed.height, placed.rotation
    return Box(known.index, known.name, known.confidence, x, y, width, height, rotation, known.scores)


def _placed(thing: Thing, box: BoxMapping, reader: Reader) -> Placed | None:
    frame = reader.frame if box.coords is None else replace(reader.frame, coords=box.coords)
    values, where = _four(thing, box)
    a, b, c, d = values
    if box.order == "xywh":
        return box_from_size(Node([a, b, c, d], where), frame, reader.notes)
    if box.order == "cxcywh":
        return box_from_centre(Node([a, b, c, d], where), frame, reader.notes)
    corners = {"xyxy": [a, b, c, d], "yxyx": [b, a, d, c], "xxyy": [a, c, b, d]}[box.order]
    return box_from_corners(Node(corners, where), frame, reader.notes)


def _four(thing: Thing, box: BoxMapping) -> tuple[list[float], str]:
    """Return the four numbers of a box and their place."""
    if len(box.at) == 4:
        nodes = [thing.part(f"box[{number}]") for number in range(4)]
        if box.missing_zero and any(node is not None for node in nodes):
            nodes = [_ZERO if node is None else node for node in nodes]
        named = zip(nodes, box.at, strict=True)
        values = [(node or thing.need(path, f"box[{number}]")).number() for number, (node, path) in enumerate(named)]
        return values, thing.place.where
    node = thing.need(box.at[0], "box")
    if node.is_list() and len(node.value) == 2 and all(isinstance(each, list) for each in node.value):  # [[x0, y0], [x1, y1]]
        return [value for pair in node.entries(2) for value in pair.numbers(2)], node.where
    corners = node.entries(4, exactly=4)
    return [0.0 if each.value is None and box.missing_zero else each.number() for each in corners], node.where


def _segment(thing: Thing, mapping: AnswerMapping, reader: Reader) -> Mask | Polygon | None:
    known = _known(thing, mapping, reader)
    if known is None:
        return None
    mask = thing.part("mask")
    if mask is not None:
        size, counts = _runs(mask, reader)
        return Mask(known.index, known.name, known.confidence, size, counts)
    path, called = (mapping.polygon, "polygon") if mapping.polygon else (mapping.mask, "mask")
    assert path is not None
    polygons = polygons_from(_outline(thing.need(path, called)), reader.frame, reader.notes)
    return None if polygons is None else Polygon(known.index, known.name, known.confidence, polygons)


def _runs(node: Node, reader: Reader) -> tuple[tuple[int, int], str]:
    """Return the run lengths of a mask: run lengths, a PNG in base64, or rows of 0 and 1."""
    if not node.is_list():
        return mask_counts(node, reader)
    pixels, image = numbers(node, 2, "rows of 0 and 1") >= 0.5, reader.image
    height, width = pixels.shape
    if (width, height) not in ((image.width, image.height), image.sent_size):
        reader.notes.warn(f"A mask has {width} x {height} pixels, the image {image.width} x {image.height}: it was resized.")
    fitted = pixels if (width, height) == (image.width, image.height) else np.asarray(resized(pixels[None], image)[0])
    return (image.height, image.width), encode_mask(fitted)


def _outline(node: Node) -> Node:
    """Return [{"x", "y"}…], [x, y, x, y…] or COCO's lists of those as the nesting of points that outlines are read from."""
    if not node.is_list() or not node.value:
        return node
    first = node.value[0]
    if isinstance(first, dict):
        points = [[point.at("x").number(), point.at("y").number()] for point in node.entries(MAX_POINTS)]
        return Node(points, node.where)
    if isinstance(first, int | float):
        return Node(_pairs(node), node.where)
    if isinstance(first, list) and len(first) >= 6 and all(isinstance(each, int | float) for each in first):
        return Node([[_pairs(part)] for part in node.entries(MAX_POINTS)], node.where)
    return node


def _pairs(node: Node) -> list[list[float]]:
    values = [each.number() for each in node.entries(2 * MAX_POINTS)]
    if len(values) % 2:
        raise PredictionRejected(node.where, f"expected pairs [x, y, x, y, …], got {len(values)} numbers")
    return [[x, y] for x, y in zip(values[::2], values[1::2], strict=True)]


def _keypoints(thing: Thing, mapping: AnswerMapping, reader: Reader) -> Keypoints | None:
    wanted = mapping.keypoints
    assert wanted is not None
    known = _known(thing, mapping, reader)
    if known is None:
        return None
    points = []
    for node in thing.need(wanted.at, "keypoints").entries(1000):
        x, y = wanted.x.take(node, "answer.keypoints.x"), wanted.y.take(node, "answer.keypoints.y")
        placed = point_from(Node({"x": x.number(), "y": y.number()}, node.where), reader.frame)
        name, score = (None if path is None else path.find(node) for path in (wanted.name, wanted.score))
        sure = None if score is None else confidence(score, reader.classes.model)
        points.append(Keypoint("" if name is None else name.text(), *placed, 2, sure))
    return Keypoints(known.index, known.name, known.confidence, tuple(points))


def _raster(root: Node, mapping: AnswerMapping, reader: Reader) -> Raster:
    wanted = mapping.raster
    assert wanted is not None
    (item,) = mapping.items.each(root, "answer.items", 1)[:1] or [root]
    node = wanted.at.take(item, "answer.raster")
    if isinstance(node.value, str):
        return to_raster(from_base64(node.text(MAX_BASE64), node.where), node.where, reader.image, reader.classes)
    return read_matrix(node, wanted.cells, wanted.crop, reader)


def framed(mapping: AnswerMapping, frame: Frame) -> Frame:
    """Return the frame that the mapping's coordinates are meant in."""
    if mapping.grid is not None:
        frame = replace(frame, image=replace(frame.image, sent_width=mapping.grid[0], sent_height=mapping.grid[1]))
    return frame if mapping.coords is None else replace(frame, coords=mapping.coords)


_READERS: dict[str, Callable[[Thing, AnswerMapping, Reader], Item | None]] = {
    "detection": _box,
    "segmentation": _segment,
    "keypoints": _keypoints,
}
