"""PNG, TIFF and base64 to class maps: sniffed, sized before they are read, opened from memory with a named driver."""

from __future__ import annotations

import base64
import binascii
import io
import warnings
from dataclasses import dataclass
from typing import cast

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.enums import Resampling
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import MemoryFile
from rasterio.warp import reproject

from inference.decode.classes import Classes, Notes
from inference.decode.scores import softmax
from inference.rasters import NO_CLASS, Choice, raster_of_classes, raster_of_probabilities
from inference.schema import MAX_PIXELS, PredictionRejected, Raster
from inference.steps.trace import tell
from inference.wire import Affine, ModelInput
from models_registry.options import ModelOptions

warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)  # most answers lie nowhere, and need not

Bands = NDArray[np.generic]
MAX_BYTES = 2**29
MAX_RESIZED_BYTES = 2**31
MAX_FOUND_CLASSES = 1000
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_PNG = b"\x89PNG\r\n\x1a\n"
_SUM_TOLERANCE = 0.02


@dataclass(frozen=True)
class Grid:
    """A raster as it came: (bands, H, W), where nothing is said, and where it lies if it says so."""

    values: Bands
    silent: NDArray[np.bool_] | None = None
    crs: str = ""
    transform: Affine | None = None


def is_raster(data: bytes) -> bool:
    """Tell by the first bytes whether it is a PNG or a TIFF."""
    return data.startswith((_PNG, *_TIFF))


def read_grid(data: bytes, where: str) -> Grid:
    """Read a PNG or TIFF from memory; nothing is opened by name, and no driver but these two is tried."""
    if data.startswith(_PNG):
        return _read_png(data, where)
    if data.startswith(_TIFF):
        return _read_tiff(data, where)
    raise PredictionRejected(where, "expected a PNG or a TIFF")


def from_base64(text: str, where: str) -> bytes:
    """Return the bytes of a base64 text, with or without a data URL in front."""
    body = text.partition("base64,")[2] if text.startswith("data:") else text
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise PredictionRejected(where, f"expected base64: {error}") from error


def _check_size(width: int, height: int, bands: int, value_bytes: int, where: str) -> None:
    if width < 1 or height < 1 or width * height > MAX_PIXELS or width * height * bands * value_bytes > MAX_BYTES:
        raise PredictionRejected(where, f"{width} x {height} pixels in {bands} bands are more than the {MAX_BYTES >> 20} MiB that are read")


def _read_png(data: bytes, where: str) -> Grid:
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            _check_size(picture.width, picture.height, len(picture.getbands()), 4, where)
            picture.load()
            values = np.asarray(picture)
    except PredictionRejected:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PredictionRejected(where, f"the PNG cannot be read: {error}") from error
    if values.ndim == 3:
        colors = values[..., :3] if values.shape[2] >= 3 else values[..., :1]
        if not (colors == colors[..., :1]).all():
            raise PredictionRejected(where, "expected one band of class numbers, got a colour picture")
        values = colors[..., 0]
    return Grid(values.astype(np.uint8)[None] if values.dtype == bool else values[None])


def _read_tiff(data: bytes, where: str) -> Grid:
    try:
        # Only memory, only this driver: a VRT dressed as TIFF could name other files or addresses.
        with MemoryFile(data) as memory, memory.open(driver="GTiff") as source:
            _check_size(source.width, source.height, source.count, np.dtype(source.dtypes[0]).itemsize, where)
            values = source.read()
            silent = _silent(values, source.nodata)
            transform = None if source.transform.is_identity else cast(Affine, tuple(source.transform)[:6])
            return Grid(values, silent, source.crs.to_wkt() if source.crs else "", transform)
    except PredictionRejected:
        raise
    except (RasterioError, ValueError, TypeError) as error:
        reason = str(error).rpartition(".tif: ")[2]  # without the name that GDAL gives to the memory
        raise PredictionRejected(where, f"the TIFF cannot be read: {reason}") from error


def _silent(values: Bands, nodata: float | None) -> NDArray[np.bool_] | None:
    """Return the pixels that a TIFF declares empty, None when it declares none."""
    if nodata is None:
        return None
    empty = np.all(np.isnan(values) if np.isnan(nodata) else values == nodata, axis=0)
    return np.asarray(empty) if empty.any() else None


def to_raster(data: bytes, where: str, image: ModelInput, classes: Classes) -> Raster:
    """Read what a model says per pixel.

    One band of whole numbers: classes. One band of fractions: the probability of class 1. Several bands: one per
    class, probabilities or logits.
    """
    grid = read_grid(data, where)
    if not np.issubdtype(grid.values.dtype, np.number):
        raise PredictionRejected(where, f"expected numbers, got {grid.values.dtype}")
    return grid_to_raster(_fitted(grid, image, classes.notes), where, classes)


def grid_to_raster(grid: Grid, where: str, classes: Classes) -> Raster:
    """Turn bands on the image's grid into a raster."""
    values, silent = grid.values, grid.silent
    if np.issubdtype(values.dtype, np.floating):
        _check_finite(values, silent, where)
    options = classes.model.options
    values = _divided(values, options)
    if len(values) > 1:
        return _of_bands(values, silent, where, classes)
    band = values[0]
    if _is_class_map(band, silent, options):
        _check_nothing_to_compute(classes)
        return _of_classes(band, silent, where, classes)
    return of_one_probability(band, silent, where, classes)


def _check_finite(values: Bands, silent: NDArray[np.bool_] | None, where: str) -> None:
    broken = ~np.isfinite(values)
    if values.dtype == np.float64:
        broken |= np.abs(values) > np.finfo(np.float32).max  # infinite as soon as it is reckoned with
    if silent is not None:
        broken &= ~silent
    if broken.any():
        band, row, column = (int(at[0]) for at in np.nonzero(broken))
        found = values[band, row, column]
        raise PredictionRejected(where, f"expected finite numbers, got {found} in band {band + 1} at column {column}, row {row}")


def _divided(values: Bands, options: ModelOptions) -> Bands:
    step = options.post_step("divide")
    if step is None:
        return values
    divided: Bands = values.astype(np.float32) / np.float32(step["by"])
    tell("divide", lambda: f"{_reach(values)} → {_reach(divided)}")
    return divided


def _reach(values: Bands) -> str:
    numbers = values[np.isfinite(values)] if np.issubdtype(values.dtype, np.floating) else values
    return f"{values.dtype}, {numbers.min():.4g} to {numbers.max():.4g}" if numbers.size else f"{values.dtype}"


def _is_class_map(band: Bands, silent: NDArray[np.bool_] | None, options: ModelOptions) -> bool:
    """Tell class numbers from probabilities and logits: fractions that are declared as logits are none, even when all are whole."""
    if np.issubdtype(band.dtype, np.integer):
        return True
    return options.activation == "probability" and options.post_step("divide") is None and _is_whole(band, silent)


def _check_nothing_to_compute(classes: Classes) -> None:
    """Tell that steps on numbers found none: of class numbers they would make one class of all, or none."""
    for step in classes.model.options.post:
        if step.name in ("sigmoid", "softmax", "threshold"):
            classes.notes.warn(f"The answer is one class per pixel already: {step.kind.title} was not applied. Remove the step.")
            tell(step.name, lambda: "not applied: the answer is one class per pixel already")


def _is_whole(band: Bands, silent: NDArray[np.bool_] | None) -> bool:
    spoken = band if silent is None else band[~silent]
    return bool((spoken == np.floor(spoken)).all())


def _of_classes(band: Bands, silent: NDArray[np.bool_] | None, where: str, classes: Classes) -> Raster:
    spoken = band if silent is None else band[~silent]
    low, high = (int(spoken.min(initial=0)), int(spoken.max(initial=0))) if spoken.size else (0, 0)
    if low < 0 or high >= NO_CLASS:
        raise PredictionRejected(where, f"expected class numbers from 0 to {NO_CLASS - 1}, got {low if low < 0 else high}")
    class_map = (band if silent is None else np.where(silent, band.dtype.type(0), band)).astype(np.uint16)
    if silent is not None:
        class_map[silent] = NO_CLASS
    found = np.flatnonzero(np.bincount(class_map.ravel(), minlength=1)).tolist()
    found = [index for index in found if index != NO_CLASS]
    if len(found) > MAX_FOUND_CLASSES:
        raise PredictionRejected(where, f"expected a class number per pixel, got {len(found)} different numbers: is this an image?")
    published = [(each.index, each.name) for each in classes.model.classes]
    known = {index for index, _ in published}
    return raster_of_classes(class_map, published + [classes.at(index) for index in found if index not in known])


def of_one_probability(band: Bands, silent: NDArray[np.bool_] | None, where: str, classes: Classes) -> Raster:
    """Turn (H, W) probabilities of class 1, or logits where the options say so, into a raster of two classes."""
    share: NDArray[np.floating] = np.where(silent, 0.0, band).astype(np.float32) if silent is not None else band.astype(np.float32)
    if classes.model.options.activation != "probability":
        share = _sigmoid(share)
        _told_activation(band, share, classes)
    elif share.min() < 0.0 or share.max() > 1.0:
        worst = float(share.min() if share.min() < 0.0 else share.max())
        advice = 'for logits take a Sigmoid step, or set the model\'s activation to "sigmoid"'
        raise PredictionRejected(where, f"expected class numbers or probabilities from 0 to 1, got {worst:g}; {advice}")
    return _raster(np.stack([1.0 - share, share]), _yes_and_no(classes), silent, classes, yes_or_no=True)


def _raster(
    bands: NDArray[np.floating],
    named: list[tuple[int, str]],
    silent: NDArray[np.bool_] | None,
    classes: Classes,
    *,
    yes_or_no: bool = False,
) -> Raster:
    """Make the raster as the model's steps say; what a window says of every class is kept until the windows are joined."""
    options = classes.model.options
    step = options.post_step("threshold")
    choice = Choice(None if step is None else float(step["value"]), yes_or_no)
    return raster_of_probabilities(bands, named, silent=silent, choice=choice, keep_shares=options.window_px is not None)


def _sigmoid(values: NDArray[np.floating]) -> NDArray[np.floating]:
    shares: NDArray[np.floating] = 1.0 / (1.0 + np.exp(-np.clip(values, -80, 80)))
    return shares


def _told_activation(before: Bands, after: Bands, classes: Classes) -> None:
    """Tell what made the numbers probabilities; softmax does where no step says so and they are none."""
    step = "sigmoid" if classes.model.options.activation == "sigmoid" else "softmax"
    tell(step, lambda: f"{_reach(before)} → {_reach(after)}")


def _yes_and_no(classes: Classes) -> list[tuple[int, str]]:
    """Return the classes of one probability: class 1 against class 0, or a model's only class against all else."""
    published = classes.model.classes
    if len(published) == 1:
        only = published[0]
        return [(0 if only.index else 1, "background"), (only.index, only.name)]
    return classes.in_order(2)


def _of_bands(values: Bands, silent: NDArray[np.bool_] | None, where: str, classes: Classes) -> Raster:
    bands: NDArray[np.floating] = values.astype(np.float32)
    if silent is not None:
        bands[:, silent] = 1.0 / len(bands)
    activation = classes.model.options.activation
    if activation == "sigmoid":
        bands = _sigmoid(bands)
        _told_activation(values, bands, classes)
        return _raster(bands, classes.in_order(len(bands)), silent, classes)
    if activation == "softmax" or bands.min() < 0.0 or (bands.max() > 1.0 and np.issubdtype(values.dtype, np.floating)):
        if activation == "probability":
            classes.notes.warn("The bands are not probabilities and were taken as logits; say so in the model's options.")
        bands = softmax(bands)
        _told_activation(values, bands, classes)
        return _raster(bands, classes.in_order(len(bands)), silent, classes)
    total = bands.sum(axis=0)
    if (total <= 0.0).any():
        row, column = (int(at[0]) for at in np.nonzero(total <= 0.0))
        raise PredictionRejected(where, f"expected a probability above 0 in one of the bands, got none at column {column}, row {row}")
    if float(np.abs(total - 1.0).max()) > _SUM_TOLERANCE:
        classes.notes.warn("The bands did not sum to 1 and were divided by their sum.")
    return _raster(bands / total, classes.in_order(len(bands)), silent, classes)


def _fitted(grid: Grid, image: ModelInput, notes: Notes) -> Grid:
    """Bring a raster onto the image's grid: by its own georeference when it has another, else by its size."""
    if grid.transform and grid.crs and image.transform and image.crs and not _same_place(grid, grid.transform, image, image.transform):
        notes.warn("The answer lies on another grid and was brought onto the image's by its georeference.")
        return _warped(grid, grid.transform, image, image.transform)
    height, width = grid.values.shape[1:]
    if (width, height) == (image.width, image.height):
        return grid
    if (width, height) != image.sent_size:
        notes.warn(f"The answer has {width} x {height} pixels, the image {image.width} x {image.height}: it was resized.")
    return Grid(resized(grid.values, image), None if grid.silent is None else resized(grid.silent[None], image)[0])


def resized(values: Bands, image: ModelInput) -> Bands:
    """Return bands (N, h, w) on the image's grid by the nearest value: class numbers have no in-between."""
    if len(values) * image.height * image.width * values.dtype.itemsize > MAX_RESIZED_BYTES:
        raise PredictionRejected("", f"{len(values)} bands are too many for an image of {image.width} x {image.height} pixels")
    rows = ((np.arange(image.height) + 0.5) * values.shape[1] / image.height).astype(np.intp)
    columns = ((np.arange(image.width) + 0.5) * values.shape[2] / image.width).astype(np.intp)
    return values[:, rows[:, None], columns[None, :]]


def _same_place(grid: Grid, there: Affine, image: ModelInput, here: Affine) -> bool:
    same_size = grid.values.shape[1:] == (image.height, image.width)
    pixel = max(abs(here[0]), abs(here[1]), abs(here[3]), abs(here[4]))
    return same_size and all(abs(a - b) <= 0.01 * pixel for a, b in zip(there, here, strict=True))


def _warped(grid: Grid, there: Affine, image: ModelInput, here: Affine) -> Grid:
    """Bring a raster onto the image's grid; where it does not reach, it says nothing."""
    frames = {"src_transform": rasterio.Affine(*there), "src_crs": grid.crs, "dst_transform": rasterio.Affine(*here), "dst_crs": image.crs}
    size = (image.height, image.width)
    values = np.zeros((len(grid.values), *size), dtype=grid.values.dtype)
    covered = np.zeros(size, dtype=np.uint8)
    said = np.ones(grid.values.shape[1:], dtype=np.uint8) if grid.silent is None else (~grid.silent).astype(np.uint8)
    try:
        for source, target in ((grid.values, values), (said, covered)):
            reproject(source, target, resampling=Resampling.nearest, **frames)
    except (RasterioError, ValueError) as error:
        raise PredictionRejected("", f"the answer's georeference cannot be used: {error}") from error
    return Grid(values, covered == 0)
