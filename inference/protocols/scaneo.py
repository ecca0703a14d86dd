"""SCANEO's contract: a GeoTIFF in a multipart form in; probabilities, boxes or a class raster out.

SCANEO sends all bands with dtype, CRS and transform, in a part named "image" and nothing else, and never reads the
reply's content type (https://github.com/earthpulse/scaneo). Its detection is documented and not written, so
several spellings of boxes are taken here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inference.decode import Classes, Node, parse_json
from inference.decode.classes import INDEX_KEYS, NAME_KEYS, Notes
from inference.decode.coordinates import Frame, box_from_corners
from inference.decode.items import Reader, checked, mask_counts, read_scores, score_of
from inference.decode.rasters import Bands, Grid, from_base64, grid_to_raster, is_raster, resized, to_raster
from inference.decode.scores import LIST_KEYS, confidence
from inference.protocols.base import (
    INTERACTIVE,
    MARKED,
    ModelCard,
    ModelInput,
    Option,
    Prediction,
    Prompts,
    Protocol,
    WireReply,
    WireRequest,
    multipart,
)
from inference.protocols.scaneo_marks import is_geojson, marks_form, read_features
from inference.schema import MAX_ITEMS, Box, ClassScore, Item, Mask, PredictionRejected

_WRAPPERS = ("predictions", "detections", "boxes", "objects", "results", "outputs")
_IMAGES = ("mask", "segmentation_mask", "segmentation", "raster", "image", "png", "data")


class Scaneo(Protocol):
    """Speak as SCANEO does."""

    name = "scaneo"
    title = "SCANEO"
    description = 'POST multipart/form-data with a GeoTIFF "image"; answers a list of probabilities, a list of boxes or a class raster.'
    tasks = frozenset({"classification", "detection", "segmentation"})
    image_form = "geotiff"
    interactive = True
    options = (
        Option(
            "activation", "The model's numbers are", "choice", "probability", ("probability", "softmax", "sigmoid"),
            "Logits go through softmax or sigmoid first.",
        ),
        INTERACTIVE,
    )  # fmt: skip

    def answers_clicks_alone(self, model: ModelCard) -> bool:
        """Tell an interactor: its address answers nothing else."""
        return self.answers_prompts(model)

    def build_request(self, image: ModelInput, model: ModelCard) -> WireRequest:
        """Return the form; the file name and type are a superset of what SCANEO sends."""
        kind, body = multipart({"image": ("image.tif", "image/tiff", image.content)})
        return WireRequest(model.url, {"Content-Type": kind, "Accept": "*/*"}, body)

    def build_prompt_request(self, image: ModelInput, model: ModelCard, prompts: Prompts) -> WireRequest:
        """Return the form with points, label, CRS, transform and a picture."""
        return marks_form(image, model, prompts)

    def parse(self, reply: WireReply, image: ModelInput, model: ModelCard) -> Prediction:
        """Read the answer by the model's task."""
        reader = Reader(Frame("pixel", image), Classes(model, Notes()))
        return _prediction(_READERS[model.task](reply.body, reader), reader)

    def parse_prompted(self, reply: WireReply, image: ModelInput, model: ModelCard) -> Prediction:
        """Read a Feature in degrees, or a mask as segmentation answers it."""
        reader = Reader(Frame("pixel", image), Classes(replace(model, classes=(MARKED,)), Notes()))
        root = None if is_raster(reply.body) else parse_json(reply.body)
        return _prediction(read_features(root, reader) if root and is_geojson(root) else _segmentation(reply.body, reader), reader)


def _prediction(items: Sequence[Item], reader: Reader) -> Prediction:
    notes, image = reader.notes, reader.image
    return Prediction(tuple(items), image.width, image.height, reader.classes.model.version, tuple(notes.warnings), notes.as_dropped())


def _classification(body: bytes, reader: Reader) -> Sequence[Item]:
    """Read [..], [[..]], {"probabilities"|"logits"|"scores": [..]}, [{"label", "score"}] or {"label": score}."""
    if is_raster(body):
        raise PredictionRejected("", "expected JSON with one number per class, got a picture: is this a segmentation model?")
    node, logits = parse_json(body), False
    listed = node.first(*LIST_KEYS, "predictions")
    if listed is not None and not isinstance(listed.value, int | float):
        logits = node.has("logits") and listed.where == "logits"
        node = listed
    for _ in range(2):  # a batch of one, and its one row
        if node.is_list() and len(node.value) == 1 and isinstance(node.value[0], list):
            node = node.entries(1)[0]
    if not node.is_list() and not node.is_object():
        raise node.reject("a list with one number per class")
    return [read_scores(node, reader.classes, logits=logits)]


def _detection(body: bytes, reader: Reader) -> Sequence[Item]:
    """Read a list of boxes in any of the spellings of ``_spelled``."""
    if is_raster(body):
        raise PredictionRejected("", "expected JSON with a list of boxes, got a picture: is this a segmentation model?")
    node = parse_json(body)
    listed = node.first(*_WRAPPERS) if node.is_object() else node
    if listed is None:
        raise node.reject("a list of boxes")
    spelled = [_spelled(entry) for entry in listed.entries(MAX_ITEMS)]
    frame = _frame(spelled, reader)
    boxes = (checked(each.place, lambda each=each: _box(each, frame, reader)) for each in spelled)  # type: ignore[misc]
    return [box for box in boxes if box is not None]


@dataclass(frozen=True, slots=True)
class _Spelled:
    """One box as it was written: its corners, and either one class with a score or a score per class."""

    place: Node
    corners: Node
    per_class: Node | None = None
    named: Node | None = None


def _spelled(entry: Node) -> _Spelled:
    """Take apart one box.

    {"bbox": [x0, y0, x1, y1], "scores": [..]} · [x0, y0, x1, y1, [..]] · [[x0, y0, x1, y1], [..]] ·
    {"bbox": [..], "label", "score"} · {"label", "score", "x0", "y0", "x1", "y1"}
    """
    if entry.is_list():
        values = entry.entries(5)
        if len(values) == 5:
            return _Spelled(entry, Node(entry.value[:4], entry.where), per_class=values[4])
        if len(values) == 2:
            return _Spelled(entry, values[0], per_class=values[1])
        raise entry.reject("[x0, y0, x1, y1, [scores]] or [[x0, y0, x1, y1], [scores]]")
    if all(entry.has(name) for name in ("x0", "y0", "x1", "y1")):
        return _Spelled(entry, Node([entry.value[name] for name in ("x0", "y0", "x1", "y1")], entry.where), named=entry)
    corners = entry.first("bbox", "box", "xyxy")
    if corners is None:
        raise entry.reject('"bbox" [x0, y0, x1, y1] with "scores", or with "label" and "score"')
    per_class = entry.first(*LIST_KEYS)
    return _Spelled(entry, corners, per_class=per_class, named=None if per_class else entry)


def _frame(spelled: Sequence[_Spelled], reader: Reader) -> Frame:
    """Take the corners as shares of the image when none of them goes beyond 1: no answer says which it is."""
    values = [value for each in spelled for value in each.corners.numbers(4)]
    if values and max(values) <= 1.0:
        reader.notes.warn("No coordinate goes beyond 1: they were taken as shares of the image.")
        return Frame("normalized", reader.image)
    return Frame("pixel", reader.image)


def _box(each: _Spelled, frame: Frame, reader: Reader) -> Box | None:
    scores: tuple[ClassScore, ...] = ()
    if each.per_class is not None:
        scores = read_scores(each.per_class, reader.classes, logits=each.per_class.where.endswith(".logits"), of_object=True).scores
        best = max(scores, key=lambda score: score.confidence)
        index, name, value = best.index, best.name, best.confidence
    else:
        assert each.named is not None
        index, name = reader.classes.of_item(each.named)
        value = _single_score(score_of(each.named), reader)
    placed = box_from_corners(each.corners, frame, reader.notes)
    if placed is None:
        return None
    return Box(index, name, value, placed.x, placed.y, placed.width, placed.height, scores=scores)


def _single_score(node: Node, reader: Reader) -> float:
    """Return one score; beyond 1 and up to 100 it is percent, as SentiSight gives it."""
    percent = 1.0 < node.number() <= 100.0 and reader.classes.model.options.activation == "probability"
    if percent and not reader.classes.model.options.percent_scores:
        reader.notes.warn("A score goes beyond 1 and was taken as percent.")
    return confidence(node, reader.classes.model, percent=percent)


def _segmentation(body: bytes, reader: Reader) -> Sequence[Item]:
    """Read a class raster or bands of probabilities, as a file, as base64 in JSON, as run lengths or as nested lists."""
    if is_raster(body):
        return [to_raster(body, "", reader.image, reader.classes)]
    if body.lstrip()[:1] not in (b"{", b"[", b'"'):
        raise PredictionRejected("", "expected a PNG, a TIFF or JSON, got something else")
    node = parse_json(body)
    if isinstance(node.value, str):
        return [_from_text(node, reader)]
    wrapped = node.first(*_WRAPPERS)
    listed = node if wrapped is None else wrapped
    if listed.is_object():
        return [_from_object(listed, reader)]
    entries = listed.entries(MAX_ITEMS)
    if entries and not entries[0].is_list():
        return [_from_object(entry, reader) for entry in entries]
    return [_from_lists(listed, reader)] if entries else []


def _from_text(node: Node, reader: Reader) -> Item:
    return to_raster(from_base64(node.value, node.where), node.where, reader.image, reader.classes)


def _from_object(node: Node, reader: Reader) -> Item:
    """Read a picture in base64, nested lists, or one object's mask with its class."""
    runs = node if node.has("counts") else node.first("rle", *_IMAGES)
    if runs is None:
        raise node.reject('"mask" as base64 PNG or as {"size", "counts"}')
    says_class = node.first(*NAME_KEYS, *INDEX_KEYS) is not None
    if isinstance(runs.value, str) and not says_class:
        return _from_text(runs, reader)
    if runs.is_list():
        return _from_lists(runs, reader)
    size, counts = mask_counts(runs, reader)
    # A mask that names no class is class 1 against the background.
    index, name = reader.classes.of_item(node) if says_class or len(reader.classes.model.classes) == 1 else reader.classes.at(1)
    return Mask(index, name, reader.confidence(node), size, counts)


def _from_lists(node: Node, reader: Reader) -> Item:
    """Read [H][W] class numbers or [N][H][W] probabilities as plain lists."""
    try:
        # With the type said beforehand: one long text among numbers would else make every cell as long.
        values = np.array(node.value, dtype=np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise node.reject("rows of equal length, of numbers") from error
    if values.ndim not in (2, 3) or not np.issubdtype(values.dtype, np.number) or not values.size:
        raise node.reject("class numbers [H][W] or probabilities [N][H][W]")
    bands: Bands = values[None] if values.ndim == 2 else values
    height, width = bands.shape[1:]
    image = reader.image
    if (width, height) != (image.width, image.height):
        reader.notes.warn(f"The answer has {width} x {height} pixels, the image {image.width} x {image.height}: it was resized.")
        bands = resized(bands, image)
    return grid_to_raster(Grid(bands), node.where, reader.classes)


_READERS: dict[str, Callable[[bytes, Reader], Sequence[Item]]] = {
    "classification": _classification,
    "detection": _detection,
    "segmentation": _segmentation,
}
