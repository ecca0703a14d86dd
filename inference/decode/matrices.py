"""Nested lists of numbers to rasters: class numbers, probabilities, or both per pixel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from inference.decode.items import Reader
from inference.decode.nodes import Node
from inference.decode.rasters import Grid, grid_to_raster, of_one_probability, resized
from inference.rasters import share_map
from inference.schema import PredictionRejected, Raster
from inference.wire import ModelInput

Cells = Literal["class", "probability", "probabilities", "probabilities_last", "class_probability"]
_SHAPES: dict[Cells, str] = {
    "class": "[H][W] class numbers",
    "probability": "[H][W] probabilities of class 1",
    "probabilities": "[K][H][W] probabilities, a matrix for each class",
    "probabilities_last": "[H][W][K] probabilities, one number for each class",
    "class_probability": "[H][W][2] pairs of a class number and its probability",
}
MAX_BANDS = 1_000
LARGEST = float(np.finfo(np.float32).max)
"""Beyond it a number is infinite as soon as it is reckoned with."""
_ROUNDING = 1e-3
Numbers = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Crop:
    """What a server looks at: the shorter side brought to ``resize`` pixels, and of that a square of ``size`` in the middle."""

    resize: int
    size: int

    def columns(self, image: ModelInput) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the row and the column of the square for each row and each column of the image; outside it, -1.

        The rounding is that of torchvision's Resize and CenterCrop
        (https://github.com/pytorch/vision/blob/main/torchvision/transforms/functional.py).
        """
        width, height = image.sent_size
        short = min(width, height)
        sizes = (image.height, int(self.resize * height / short)), (image.width, int(self.resize * width / short))
        rows, columns = (self._along(stored, scaled) for stored, scaled in sizes)
        return rows, columns

    def _along(self, stored: int, scaled: int) -> NDArray[np.intp]:
        offset = round((scaled - self.size) / 2.0)
        places = np.floor((np.arange(stored) + 0.5) * scaled / stored).astype(np.intp) - offset
        places[(places < 0) | (places >= self.size)] = -1
        return places


def read_matrix(node: Node, cells: Cells, crop: Crop | None, reader: Reader) -> Raster:
    """Read nested lists as a raster on the image's grid."""
    bands = _bands(node, cells).astype(np.float32)  # exact for class numbers below 2**24
    values, silent = _fitted(bands, crop, node, reader)
    if cells == "class_probability":
        return _with_probability(values, silent, node, reader)
    if cells == "probability":  # all of them 0 or 1, they would else be read as class numbers
        return of_one_probability(values[0], silent, node.where, reader.classes)
    if cells == "class":
        _check_whole(values, node)
    return grid_to_raster(Grid(values, silent), node.where, reader.classes)


def numbers(node: Node, dimensions: int, expected: str) -> Numbers:
    """Return nested lists of equal lengths as finite numbers."""
    if not node.is_list():
        raise node.reject(expected)
    try:
        # With the type said beforehand: one long text among numbers would else make every cell as long.
        values = np.array(node.value, dtype=np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise PredictionRejected(node.where, f"expected {expected}, in rows of equal length") from error
    if values.ndim != dimensions or not values.size:
        raise PredictionRejected(node.where, f"expected {expected}, got lists of the shape {list(values.shape)}")
    broken = ~(np.abs(values) <= LARGEST)
    if broken.any():
        place = "".join(f"[{int(at[0])}]" for at in np.nonzero(broken))
        raise PredictionRejected(f"{node.where}{place}", "expected a finite number that four bytes can hold")
    return values


def _bands(node: Node, cells: Cells) -> Numbers:
    """Return (N, H, W)."""
    values = numbers(node, 2 if cells in ("class", "probability") else 3, _SHAPES[cells])
    if values.ndim == 2:
        return values[None]
    bands = values if cells == "probabilities" else np.moveaxis(values, -1, 0)
    if len(bands) > MAX_BANDS or (cells == "class_probability" and len(bands) != 2):
        raise PredictionRejected(node.where, f"expected {_SHAPES[cells]}, got lists of the shape {list(values.shape)}")
    return bands


def _fitted(bands: Numbers, crop: Crop | None, node: Node, reader: Reader) -> tuple[Numbers, NDArray[np.bool_] | None]:
    """Bring (N, h, w) onto the image's grid; where a crop does not reach, nothing is said."""
    image, (height, width) = reader.image, bands.shape[1:]
    if crop is None:
        if (width, height) == (image.width, image.height):
            return bands, None
        if (width, height) != image.sent_size:
            reader.notes.warn(f"The answer has {width} x {height} pixels, the image {image.width} x {image.height}: it was resized.")
        fitted: Numbers = resized(bands, image)  # type: ignore[assignment]
        return fitted, None
    if (width, height) != (crop.size, crop.size):
        raise PredictionRejected(node.where, f"expected the {crop.size} x {crop.size} pixels of the crop, got {width} x {height}")
    rows, columns = crop.columns(image)
    silent = (rows < 0)[:, None] | (columns < 0)[None, :]
    return bands[:, rows[:, None], columns[None, :]], silent


def _with_probability(values: Numbers, silent: NDArray[np.bool_] | None, node: Node, reader: Reader) -> Raster:
    _check_whole(values[:1], node)
    raster = grid_to_raster(Grid(values[:1], silent), node.where, reader.classes)
    sure = _shares(values[1], node).astype(np.float32)
    spoken = sure if silent is None else sure[~silent]
    shares = sure if silent is None else np.where(silent, np.float32(0.0), sure)
    mean = float(spoken.mean(dtype=np.float64)) if spoken.size else None
    return replace(raster, confidence=mean, confidence_map=share_map(shares))


def _check_whole(values: Numbers, node: Node) -> None:
    if (values != np.floor(values)).any():
        raise PredictionRejected(node.where, "expected whole class numbers, got a fraction")


def _shares(values: Numbers, node: Node) -> Numbers:
    """Return probabilities, without what rounding has put above 1."""
    low, high = float(values.min()), float(values.max())
    if low < -_ROUNDING or high > 1.0 + _ROUNDING:
        raise PredictionRejected(node.where, f"expected probabilities from 0 to 1, got {low if low < 0.0 else high:g}")
    return np.clip(values, 0.0, 1.0)
