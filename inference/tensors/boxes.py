"""Boxes of any order and frame, and raw YOLO heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.schema import Box, Item, PredictionRejected
from inference.tensors.answer import Numbers, Outputs, finite, fractions, probabilities, sigmoid
from inference.tensors.nms import suppressed
from inference.tensors.settings import AUTO
from inference.tensors.wire import Tensor

ADVICE = 'for logits set the activation to "sigmoid"'


@dataclass(frozen=True)
class Found:
    """Boxes (N, 4) as [x0, y0, x1, y1] in the image's pixels, with a score and a class for each; ``places`` in the tensor."""

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    classes: NDArray[np.int64]
    places: NDArray[np.int64]

    def take(self, at: NDArray[np.integer] | NDArray[np.bool_]) -> Found:
        """Return some of them."""
        return Found(self.boxes[at], self.scores[at], self.classes[at], self.places[at])


def corners(values: Numbers, order: str) -> NDArray[np.float64]:
    """Return (N, 4) boxes of any order as [x0, y0, x1, y1]."""
    a, b, c, d = values.astype(np.float64).T
    if order == "cxcywh":
        return np.stack([a - c / 2, b - d / 2, a + c / 2, b + d / 2], axis=1)
    if order == "xywh":
        return np.stack([a, b, a + c, b + d], axis=1)
    return np.stack([b, a, d, c] if order == "yxyx" else [a, b, c, d], axis=1)


def in_image(boxes: NDArray[np.float64], outputs: Outputs) -> NDArray[np.float64]:
    """Return (N, 4) corners in the image's pixels, as they come from the network in its settings' frame."""
    placement, coords = outputs.placement, outputs.settings.box_coords
    points = boxes.reshape(-1, 2)
    if coords == "pixel_image":
        scale = np.array([placement.image[0] / placement.sent[0], placement.image[1] / placement.sent[1]])
        return np.asarray((points * scale).reshape(-1, 4))
    if coords == "normalised":
        points = points * (placement.width, placement.height)
    return placement.to_image(points).reshape(-1, 4)


def as_items(found: Found, outputs: Outputs) -> list[Item]:
    """Return boxes cut to the image; what has no area or lies outside is told and left out."""
    width, height = outputs.placement.image
    items: list[Item] = []
    cut = np.clip(found.boxes, 0.0, [width, height, width, height])
    for whole, (x0, y0, x1, y1), score, number in zip(
        found.boxes, cut.tolist(), found.scores.tolist(), found.classes.tolist(), strict=True
    ):
        if whole[2] <= whole[0] or whole[3] <= whole[1]:
            outputs.notes.drop("no area")
        elif x1 <= x0 or y1 <= y0:
            outputs.notes.drop("outside the image")
        else:
            index, name = outputs.classes.at(number)
            items.append(Box(index, name, score, x0, y0, x1 - x0, y1 - y0))
    return items


def read_efficient_nms(outputs: Outputs) -> Sequence[Item]:
    """Read boxes that are suppressed already: num_dets [B, 1], det_boxes [B, N, 4], det_scores and det_classes [B, N].

    Without a count all rows are read, as torchvision's detectors give them: boxes [N, 4], labels [N], scores [N].
    """
    counted, boxes, scores, classes = _efficient(outputs)
    rows = fractions_rows(boxes)
    count = _count(counted, len(rows))
    values = finite(boxes, rows[:count])
    shares = probabilities(scores, finite(scores, _column(scores, len(rows))[:count]), ADVICE)
    numbers = _class_numbers(classes, finite(classes, _column(classes, len(rows))[:count]))
    order = "xyxy" if outputs.settings.box_order == AUTO else outputs.settings.box_order
    found = Found(in_image(corners(values, order), outputs), shares.astype(np.float64), numbers, np.arange(count))
    best = found.take(found.scores >= outputs.settings.score_threshold)
    return as_items(best.take(np.argsort(-best.scores, kind="stable")[: outputs.settings.max_objects]), outputs)


def _efficient(outputs: Outputs) -> tuple[Tensor | None, Tensor, Tensor, Tensor]:
    names = outputs.settings.outputs
    if len(names) in (3, 4):
        tensors = outputs.chosen(len(names))
        counted = tensors.pop(0) if len(tensors) == 4 else None
        return counted, tensors[0], tensors[1], tensors[2]
    found = {kind: _spelled(outputs.tensors, words) for kind, words in SPELLINGS.items()}
    missing = [kind for kind in ("boxes", "scores", "classes") if found[kind] is None]
    if missing:
        there = ", ".join(tensor.name for tensor in outputs.tensors)[:200]
        raise PredictionRejected("outputs", f"expected tensors of {', '.join(missing)}, got {there or 'none'}; name them in the settings")
    boxes, scores, classes = found["boxes"], found["scores"], found["classes"]
    assert boxes is not None and scores is not None and classes is not None
    return found["count"], boxes, scores, classes


SPELLINGS = {"count": ("num",), "boxes": ("box",), "scores": ("score", "conf"), "classes": ("class", "label")}


def _spelled(tensors: Sequence[Tensor], words: tuple[str, ...]) -> Tensor | None:
    return next((tensor for tensor in tensors if any(word in tensor.name.casefold() for word in words)), None)


def fractions_rows(tensor: Tensor) -> Numbers:
    """Return (N, 4) rows, not yet checked to be finite."""
    values = tensor.numbers()
    if values.ndim < 2 or values.shape[-1] != 4 or values.size != values.shape[-2] * 4:
        raise tensor.reject("[1, N, 4]")
    return values.reshape(-1, 4)


def _column(tensor: Tensor, count: int) -> Numbers:
    values = tensor.numbers()
    if values.size != count:
        raise tensor.reject(f"{count} values, one per box")
    return values.ravel()


def _count(tensor: Tensor | None, rows: int) -> int:
    if tensor is None:
        return rows
    values = tensor.numbers().ravel()
    if values.size != 1 or not np.isfinite(values[0]) or not 0 <= values[0] <= rows or values[0] != np.floor(values[0]):
        raise tensor.reject(f"one whole number from 0 to {rows}")
    return int(values[0])


def _class_numbers(tensor: Tensor, values: Numbers) -> NDArray[np.int64]:
    if values.size and ((values != np.rint(values)).any() or values.min() < 0 or values.max() >= 65_535):
        raise tensor.reject("class numbers from 0 to 65534")
    return values.astype(np.int64)


def read_yolo_end2end(outputs: Outputs) -> Sequence[Item]:
    """Read rows of [x0, y0, x1, y1, score, class], suppressed already: [B, N, 6]."""
    (tensor,) = outputs.chosen(1)
    rows = fractions(tensor, 2)
    if rows.shape[1] != 6:
        raise tensor.reject("[1, N, 6]")
    order = "xyxy" if outputs.settings.box_order == AUTO else outputs.settings.box_order
    rows = rows[probabilities(tensor, rows[:, 4], ADVICE) >= outputs.settings.score_threshold]
    shares = np.clip(rows[:, 4], 0, 1).astype(np.float64)
    found = Found(in_image(corners(rows[:, :4], order), outputs), shares, _class_numbers(tensor, rows[:, 5]), np.arange(len(rows)))
    return as_items(found.take(np.argsort(-shares, kind="stable")[: outputs.settings.max_objects]), outputs)


def read_yolo_raw(outputs: Outputs) -> Sequence[Item]:
    """Read a raw head [B, 4 + nc, N] or [B, N, 4 + nc]: of each place the best class, then non-maximum suppression per class."""
    (tensor,) = outputs.chosen(1)
    found, _ = yolo_found(tensor, outputs, more=0)
    return as_items(found, outputs)


def yolo_found(tensor: Tensor, outputs: Outputs, *, more: int) -> tuple[Found, Numbers]:
    """Return what a raw head finds, and the ``more`` numbers that it says of each place besides."""
    rows = yolo_rows(tensor, outputs, more=more)
    classes = len(outputs.model.classes)
    has_objectness = bool(classes) and rows.shape[1] == 5 + classes + more
    first = 5 if has_objectness else 4
    scores = rows[:, first : rows.shape[1] - more]
    if outputs.model.options.activation == "sigmoid":
        scores = sigmoid(scores)
    scores = probabilities(tensor, scores, ADVICE)
    best = scores.argmax(axis=1)
    shares = scores[np.arange(len(rows)), best].astype(np.float64)
    if has_objectness:
        said = sigmoid(rows[:, 4]) if outputs.model.options.activation == "sigmoid" else rows[:, 4]
        shares = shares * probabilities(tensor, said, ADVICE)
    order = "cxcywh" if outputs.settings.box_order == AUTO else outputs.settings.box_order
    likely = np.flatnonzero(shares >= outputs.settings.score_threshold)
    boxes = in_image(corners(rows[likely, :4], order), outputs)
    found = Found(boxes, shares[likely], best[likely].astype(np.int64), likely)
    kept = suppressed(found.boxes, found.scores, found.classes, iou=outputs.settings.iou_threshold, most=outputs.settings.max_objects)
    found = found.take(kept)
    return found, rows[found.places, rows.shape[1] - more :]


def yolo_rows(tensor: Tensor, outputs: Outputs, *, more: int) -> Numbers:
    """Return (N, 4 + nc + more): the axis of the numbers is the one that the classes fit, else the shorter one."""
    values = fractions(tensor, 2)
    classes = len(outputs.model.classes)
    fitting = [axis for axis in (0, 1) if classes and values.shape[axis] in (4 + classes + more, 5 + classes + more)]
    axis = fitting[0] if len(fitting) == 1 else (0 if values.shape[0] <= values.shape[1] else 1)
    rows = values.T if axis == 0 else values
    if rows.shape[1] < 5 + more:
        raise tensor.reject(f"[1, {4 + max(1, classes) + more}, N] or [1, N, {4 + max(1, classes) + more}]")
    if classes and not fitting:
        outputs.notes.warn(f"The network speaks of {rows.shape[1] - 4 - more} classes, the model of {classes}.")
    return rows
