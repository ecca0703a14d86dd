"""The ways to read outputs by name, and which of them fits a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import orjson

from inference.decode.classes import Classes, Notes
from inference.decode.coordinates import Frame, Points
from inference.decode.items import Reader, read_items
from inference.decode.nodes import Node
from inference.schema import Item, Prediction, PredictionRejected
from inference.tensors import boxes, pixels, scores
from inference.tensors.answer import Numbers, Outputs
from inference.tensors.placement import Placement
from inference.tensors.settings import AUTO, LETTERBOXED, TensorInfo, TensorSettings
from inference.tensors.wire import Tensor
from inference.wire import ModelCard, ModelInput

Read = Callable[[Outputs], Sequence[Item]]
MOST_CHANNELS = 16
TOLD_BY_VALUES = frozenset({"classification_logits", "multilabel_logits", "semseg_logits"})
"""Presets with a twin for probabilities: which of the two is meant shows in the first answer only."""


@dataclass(frozen=True)
class NetworkFrame(Frame):
    """Coordinates that a network gives in the pixels of its own input."""

    placement: Placement

    def to_pixels(self, points: Sequence[Sequence[float]], where: str) -> Points:
        """Return (N, 2) pixels of the image."""
        array = np.asarray(points, dtype=np.float64)
        if self.coords == "normalized":
            array = array * (self.placement.width, self.placement.height)
        elif self.coords != "pixel":
            return super().to_pixels(points, where)
        return self.placement.to_image(array)


def read_json(outputs: Outputs) -> Sequence[Item]:
    """Read texts that hold JSON in Winnow's own item shapes: a list of items, or {"items": […], "coords"}."""
    (tensor,) = outputs.chosen(1)
    if not tensor.is_text:
        raise tensor.reject("a text that holds JSON")
    items: list[Item] = []
    for number, text in enumerate(tensor.values.ravel().tolist()):
        try:
            root = Node(orjson.loads(text), f"{tensor.where}[{number}]")
        except orjson.JSONDecodeError as error:
            raise PredictionRejected(f"{tensor.where}[{number}]", f"expected JSON: {error.msg}") from error
        listed = root if root.is_list() else root.at("items")
        items += read_items(listed, Reader(_frame(root, outputs), outputs.classes))
    return items


def _frame(root: Node, outputs: Outputs) -> Frame:
    said = root.first("coords")
    if said is not None and said.text(20) not in ("pixel", "normalized", "percent", "crs"):
        raise said.reject("pixel, normalized, percent or crs")
    coords: Any = said.value if said is not None else "normalized" if outputs.settings.box_coords == "normalised" else "pixel"
    if outputs.settings.box_coords == "pixel_image":
        return Frame(coords, outputs.image)
    return NetworkFrame(coords, outputs.image, outputs.placement)


READERS: Mapping[str, Read] = {
    "classification_logits": lambda outputs: [scores.read_logits(outputs)],
    "classification_probs": lambda outputs: [scores.read_probabilities(outputs)],
    "multilabel_logits": lambda outputs: [scores.read_multilabel_logits(outputs)],
    "multilabel_probs": lambda outputs: [scores.read_multilabel_probabilities(outputs)],
    "classification_strings": lambda outputs: [scores.read_strings(outputs)],
    "efficient_nms": boxes.read_efficient_nms,
    "yolo_raw": boxes.read_yolo_raw,
    "yolo_end2end": boxes.read_yolo_end2end,
    "yolo_seg_raw": pixels.read_yolo_seg_raw,
    "semseg_argmax": pixels.read_argmax,
    "semseg_logits": pixels.read_logits_per_pixel,
    "semseg_probs": pixels.read_probabilities_per_pixel,
    "embedding": lambda outputs: [scores.read_embedding(outputs)],
    "json_bytes": read_json,
}


def read_outputs(
    tensors: Sequence[Tensor], settings: TensorSettings, placement: Placement, image: ModelInput, model: ModelCard, *, version: str = ""
) -> Prediction:
    """Return what a network's outputs say of the image, in its own pixels; raise ``PredictionRejected`` with the exact place."""
    notes = Notes()
    outputs = Outputs(tensors, settings, placement, image, Classes(model, notes))
    if settings.preset == AUTO:
        infos = [TensorInfo(each.name, "BYTES" if each.is_text else str(each.values.dtype), each.values.shape) for each in _wanted(outputs)]
        preset = guess_preset(infos, model.task, multi_label=model.multi_label, values=_small(outputs))
        outputs = replace(outputs, settings=replace(settings, preset=preset))
    items = READERS[outputs.settings.preset](outputs)
    return Prediction(tuple(items), image.width, image.height, version or model.version, tuple(notes.warnings), notes.as_dropped())


def _wanted(outputs: Outputs) -> Sequence[Tensor]:
    names = outputs.settings.outputs
    return [outputs.named(name) for name in names] if names else outputs.tensors


def _small(outputs: Outputs) -> Numbers | None:
    """Return the numbers of the first tensor, to tell probabilities from logits."""
    first = next(iter(_wanted(outputs)), None)
    return None if first is None or first.is_text else first.values


def guess_preset(outputs: Sequence[TensorInfo], task: str, *, multi_label: bool = False, values: Numbers | None = None) -> str:
    """Return how a network's outputs are most likely read, by their names, shapes and types, for a task.

    ``values``: numbers of the first output, where there are any yet; without them, numbers per class are taken as logits.
    """
    shapes = [each.shape for each in outputs]
    first = outputs[0] if outputs else TensorInfo("", "FP32", ())
    if first.datatype == "BYTES":
        return "classification_strings" if task == "classification" and values is not None else "json_bytes"
    if task == "classification":
        return _guess_classification(multi_label, values)
    if _spells_boxes(outputs):
        return "efficient_nms"
    ranks = sorted(len(shape) for shape in shapes)
    if ranks[:2] == [3, 4] and task in ("segmentation", "detection"):
        return "yolo_seg_raw"
    if task == "segmentation":
        whole = not first.datatype.upper().startswith(("FP", "FLOAT"))
        bands = next((shape[1] for shape in shapes if len(shape) == 4), 0)
        return "semseg_argmax" if whole or len(first.shape) == 2 or (len(first.shape) == 3 and bands == 0) else _guess_bands(values)
    if len(first.shape) >= 2 and first.shape[-1] == 6:
        return "yolo_end2end"
    return "yolo_raw"


def _guess_classification(multi_label: bool, values: Numbers | None) -> str:
    kind = "multilabel" if multi_label else "classification"
    if values is None or not values.size or not np.issubdtype(values.dtype, np.number):
        return f"{kind}_logits"
    numbers = values.astype(np.float64)
    shares = bool(numbers.min() >= 0.0 and numbers.max() <= 1.0 and (multi_label or abs(numbers.sum() - 1.0) < 0.01))
    return f"{kind}_probs" if shares else f"{kind}_logits"


def _guess_bands(values: Numbers | None) -> str:
    if values is None or not values.size:
        return "semseg_logits"
    low, high = float(values.min()), float(values.max())
    return "semseg_probs" if low >= 0.0 and high <= 1.0 else "semseg_logits"


def _spells_boxes(outputs: Sequence[TensorInfo]) -> bool:
    names = [each.name.casefold() for each in outputs]
    return all(any(word in name for name in names for word in boxes.SPELLINGS[kind]) for kind in ("boxes", "scores", "classes"))


def suggest(inputs: Sequence[TensorInfo], outputs: Sequence[TensorInfo], task: str = "", *, multi_label: bool = False) -> dict[str, Any]:
    """Return settings for a network by its metadata, as values of ``ModelOptions.extra``; what it does not tell is left out."""
    if not inputs:
        return {}
    first = inputs[0]
    found: dict[str, Any] = {"input": first.name, "datatype": first.datatype}
    found |= _laid(first)
    if task and outputs:
        preset = guess_preset(outputs, task, multi_label=multi_label)
        found["fit"] = "letterbox" if preset in LETTERBOXED else "stretch"
        if preset not in TOLD_BY_VALUES:
            found["preset"] = preset
    return found


def _laid(info: TensorInfo) -> dict[str, Any]:
    """Return layout and size of an input; a channel axis is a short one."""
    shape = info.shape
    if len(shape) in (1, 2) and info.datatype in ("BYTES", "UINT8"):
        return {"layout": "encoded" if len(shape) == 1 else "encoded_batch"}
    if len(shape) not in (3, 4):
        return {}
    sides = shape[-3:]
    last = 0 < sides[2] <= MOST_CHANNELS and not 0 < sides[0] <= MOST_CHANNELS
    height, width = sides[:2] if last else sides[1:]
    layout = ("HWC" if last else "CHW") if len(shape) == 3 else ("NHWC" if last else "NCHW")
    return {"layout": layout, "width": max(0, width), "height": max(0, height)}


def guess_task(outputs: Sequence[TensorInfo]) -> str:
    """Return the task that a network's outputs speak of, "" when that cannot be told."""
    if _spells_boxes(outputs):
        return "detection"
    ranks = sorted(len(each.shape) for each in outputs)
    if ranks == [2] or (ranks == [4] and outputs[0].shape[2:] == (1, 1)):
        return "classification"
    if ranks == [3, 4]:
        return "segmentation"
    if ranks == [4] or (ranks == [3] and not outputs[0].datatype.startswith("FP")):
        return "segmentation"
    return "detection" if ranks == [3] else ""
