"""Class maps, logits per pixel, and masks from prototypes, brought to the image's own pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from campaigns.geometry.masks import encode_mask
from inference.decode.scores import softmax
from inference.rasters import NO_CLASS, raster_of_classes, raster_of_probabilities, read_map, write_map
from inference.schema import MAX_CLASSES, Item, Mask, PredictionRejected, Raster
from inference.tensors.answer import Numbers, Outputs, finite, fractions, probabilities, sigmoid, without_batch
from inference.tensors.boxes import as_items, yolo_found
from inference.tensors.wire import Tensor

MAX_SMOOTH_VALUES = 2**27
"""Above so many values (classes x pixels) class maps are brought to the image's size by the nearest pixel, not smoothly."""
MAX_FOUND_CLASSES = 1000
SUM_TOLERANCE = 0.02


@dataclass(frozen=True)
class Sampling:
    """Where the centres of an image's pixels lie in an output's grid, counted between the centres of its cells.

    ``rows``, ``columns``: places from 0 to the last cell of the part that shows the image.
    """

    rows: NDArray[np.float64]
    columns: NDArray[np.float64]

    @classmethod
    def of(cls, outputs: Outputs, grid: tuple[int, int], left: int = 0, top: int = 0, right: int = -1, bottom: int = -1) -> Sampling:
        """Return the places of an image's window (left, top, right, bottom), the whole by default, in a grid of (rows, columns)."""
        placement = outputs.placement
        width, height = placement.image
        columns = _places(left, width if right < 0 else right, width, (placement.left, placement.across, placement.width), grid[1])
        rows = _places(top, height if bottom < 0 else bottom, height, (placement.top, placement.down, placement.height), grid[0])
        return cls(rows, columns)

    def nearest(self, values: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return (h, w) for a grid (rows, columns) by the nearest cell."""
        rows, columns = (np.floor(places + 0.5).astype(np.intp) for places in (self.rows, self.columns))
        return values[rows[:, None], columns[None, :]]

    def smooth(self, values: Numbers) -> NDArray[np.float32]:
        """Return (h, w) for a grid (rows, columns), between its cells in proportion."""
        above, left = np.floor(self.rows).astype(np.intp), np.floor(self.columns).astype(np.intp)
        down, across = (self.rows - above).astype(np.float32)[:, None], (self.columns - left).astype(np.float32)[None, :]
        below, right = np.minimum(above + 1, values.shape[0] - 1), np.minimum(left + 1, values.shape[1] - 1)
        spread = values[:, left] * (1 - across) + values[:, right] * across
        return np.asarray(spread[above] * (1 - down) + spread[below] * down, np.float32)


def _places(start: int, end: int, size: int, placed: tuple[int, int, int], cells: int) -> NDArray[np.float64]:
    first, filled, whole = placed
    ratio = cells / whole
    places = ((np.arange(start, end) + 0.5) * (filled / size) + first) * ratio - 0.5
    # What lies around the image in the input must not show at its edges.
    edges = np.clip(places, np.ceil(first * ratio - 1e-9), np.floor((first + filled) * ratio + 1e-9) - 1)
    return np.asarray(np.clip(edges, 0, cells - 1))


def read_argmax(outputs: Outputs) -> Sequence[Item]:
    """Read a class number per pixel: [B, H, W] or [B, 1, H, W]."""
    (tensor,) = outputs.chosen(1)
    tensor.numbers()
    values = tensor.values
    if values.ndim == 4 and values.shape[-1] == 1:
        values = values[..., 0]
    grid = without_batch(Tensor(tensor.name, values, tensor.where), 2)
    _check_grid(tensor, grid.shape)
    numbers = _whole(tensor, grid)
    found = np.unique(numbers).tolist()
    if len(found) > MAX_FOUND_CLASSES:
        raise PredictionRejected(tensor.where, f"expected a class number per pixel, got {len(found)} different numbers")
    published = [(each.index, each.name) for each in outputs.model.classes]
    known = {index for index, _ in published}
    classes = published + [outputs.classes.at(index) for index in found if index not in known]
    shown = np.asarray(Sampling.of(outputs, grid.shape).nearest(numbers), np.uint16)
    return [raster_of_classes(shown, classes)]


def _whole(tensor: Tensor, grid: Numbers) -> NDArray[np.uint16]:
    values = finite(tensor, grid) if np.issubdtype(grid.dtype, np.floating) else grid
    if values.dtype != bool and ((values != np.floor(values)).any() or values.min() < 0 or values.max() >= NO_CLASS):
        raise tensor.reject(f"class numbers from 0 to {NO_CLASS - 1}; for logits choose semseg_logits")
    return values.astype(np.uint16)


def _check_grid(tensor: Tensor, shape: tuple[int, ...]) -> None:
    if min(shape) < 1:
        raise tensor.reject("at least one row and one column")


def read_logits_per_pixel(outputs: Outputs) -> Sequence[Item]:
    """Read logits [B, K, H, W] or [B, H, W, K]; one band is the logit of class 1 against class 0."""
    tensor, bands = _bands(outputs)
    return [_raster(np.stack([1 - sigmoid(bands[0]), sigmoid(bands[0])]) if len(bands) == 1 else softmax(bands), outputs, tensor)]


def read_probabilities_per_pixel(outputs: Outputs) -> Sequence[Item]:
    """Read probabilities [B, K, H, W] or [B, H, W, K]; one band is the probability of class 1 against class 0."""
    tensor, bands = _bands(outputs)
    bands = probabilities(tensor, bands, "for logits choose semseg_logits")
    if len(bands) == 1:
        return [_raster(np.concatenate([1 - bands, bands]), outputs, tensor)]
    total = bands.sum(axis=0)
    if (total <= 0.0).any():
        at = [int(each[0]) for each in np.nonzero(total <= 0.0)]
        raise PredictionRejected(tensor.where, f"expected a probability above 0 in one of the bands, got none at {at}")
    if float(np.abs(total - 1.0).max()) > SUM_TOLERANCE:
        outputs.notes.warn("The bands did not sum to 1 and were divided by their sum.")
    return [_raster(bands / total, outputs, tensor)]


def _bands(outputs: Outputs) -> tuple[Tensor, NDArray[np.float32]]:
    """Return (K, H, W): the axis of the classes is the one that the model's classes fit, else as the input is laid out."""
    (tensor,) = outputs.chosen(1)
    values = fractions(tensor, 2 if tensor.values.ndim == 2 else 3)
    if values.ndim == 2:
        values = values[None]
    classes = len(outputs.model.classes)
    fitting = [axis for axis in (0, 2) if values.shape[axis] in {classes, 1 if classes <= 2 else classes}]
    axis = fitting[0] if len(fitting) == 1 else (2 if outputs.settings.layout in ("NHWC", "HWC") else 0)
    bands = np.moveaxis(values, axis, 0).astype(np.float32, copy=False)
    _check_grid(tensor, bands.shape)
    if len(bands) > MAX_CLASSES:
        raise tensor.reject(f"at most {MAX_CLASSES} bands")
    return tensor, bands


def _named(count: int, outputs: Outputs) -> list[tuple[int, str]]:
    """Return the classes of ``count`` bands; of a model with one class, that one against all else."""
    published = outputs.model.classes
    if count == 2 and len(published) == 1:
        only = published[0]
        return [(0 if only.index else 1, "background"), (only.index, only.name)]
    return outputs.classes.in_order(count)


def _raster(shares: Numbers, outputs: Outputs, tensor: Tensor) -> Raster:
    """Return probabilities (K, h, w) that sum to 1 as a raster on the image's grid."""
    width, height = outputs.placement.image
    sampling, classes = Sampling.of(outputs, (shares.shape[1], shares.shape[2])), _named(len(shares), outputs)
    if shares.shape[1:] == (height, width) and _is_same(sampling):
        return raster_of_probabilities(shares, classes)
    if len(shares) * height * width <= MAX_SMOOTH_VALUES:
        return raster_of_probabilities(np.stack([sampling.smooth(band) for band in shares]), classes)
    shown = shares[:, _span(sampling.rows), :][:, :, _span(sampling.columns)]
    small = raster_of_probabilities(shown, classes)
    numbers = np.empty(shares.shape[1:], np.uint16)
    numbers[_span(sampling.rows), _span(sampling.columns)] = read_map(small.class_map)
    class_map = write_map(np.asarray(sampling.nearest(numbers), np.uint16))
    return Raster((height, width), small.classes, class_map, small.confidence, small.confidence_map, small.entropy_map)


def _is_same(sampling: Sampling) -> bool:
    return all(bool(np.allclose(places, np.arange(len(places)), atol=1e-9)) for places in (sampling.rows, sampling.columns))


def _span(places: NDArray[np.float64]) -> slice:
    return slice(int(np.floor(places[0] + 0.5)), int(np.floor(places[-1] + 0.5)) + 1)


def read_yolo_seg_raw(outputs: Outputs) -> Sequence[Item]:
    """Read a raw head [B, 4 + nc + P, N] and prototypes [B, P, h, w]: each object's mask is its mixture of the prototypes.

    For a model of detection the boxes alone (Bolya et al., YOLACT, ICCV 2019).
    """
    head, prototypes = _head_and_prototypes(outputs)
    bands = fractions(prototypes, 3)
    found, mixtures = yolo_found(head, outputs, more=len(bands))
    if outputs.model.task != "segmentation":
        return as_items(found, outputs)
    items = []
    for number, mixture in enumerate(mixtures):
        mask = _mask(np.tensordot(mixture, bands, axes=1), found.boxes[number], outputs)
        if mask is None:
            outputs.notes.drop("no area")
            continue
        index, name = outputs.classes.at(int(found.classes[number]))
        items.append(Mask(index, name, float(found.scores[number]), *mask))
    return items


def _head_and_prototypes(outputs: Outputs) -> tuple[Tensor, Tensor]:
    if outputs.settings.outputs:
        head, prototypes = outputs.chosen(2)
        return head, prototypes
    by_rank = {tensor.values.ndim: tensor for tensor in reversed(outputs.tensors)}
    if 3 not in by_rank or 4 not in by_rank:
        shapes = ", ".join(tensor.shown for tensor in outputs.tensors)
        raise PredictionRejected("outputs", f"expected a head [1, 4 + nc + P, N] and prototypes [1, P, h, w], got {shapes}")
    return by_rank[3], by_rank[4]


def _mask(logits: Numbers, box: NDArray[np.float64], outputs: Outputs) -> tuple[tuple[int, int], str] | None:
    """Return ((H, W), counts) of the image's pixels inside the box for which the mixture is above 0."""
    width, height = outputs.placement.image
    left, top = (max(0, int(np.floor(edge))) for edge in box[:2])
    right, bottom = min(width, int(np.ceil(box[2]))), min(height, int(np.ceil(box[3])))
    if right <= left or bottom <= top:
        return None
    inside = Sampling.of(outputs, (logits.shape[0], logits.shape[1]), left, top, right, bottom).smooth(logits) > 0
    return ((height, width), encode_mask(inside, offset=(top, left), size=(height, width))) if inside.any() else None
