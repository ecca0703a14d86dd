"""Read pixels of any image, whole or by window, in any bands and at any size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from rasterio.enums import ColorInterp, Resampling
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window

from campaigns.imagery import pictures
from campaigns.imagery.facts import ImageFacts
from campaigns.imagery.pool import POOL
from campaigns.imagery.refusal import Refused
from campaigns.imagery.sniffing import HEAD_BYTES, sniff

Pixels = NDArray[Any]  # (bands, height, width)
WindowPx = tuple[int, int, int, int]  # column, row, width, height


@dataclass(frozen=True)
class Layout:
    """What must be known to read an image: its kind and size, and for rasters which value means "nothing here"."""

    kind: str
    width: int
    height: int
    bands: int
    dtype: str
    nodata: float | None = None
    alpha: int | None = None
    rgb: tuple[int, ...] = (1,)


def kind_of(path: Path) -> str:
    """Return the format of a stored image by its first bytes."""
    with path.open("rb") as file:
        return sniff(file.read(HEAD_BYTES))


def layout_of(path: Path) -> Layout:
    """Return how an image is to be read."""
    kind = kind_of(path)
    if kind == "TIFF":
        with POOL.borrow(path) as dataset:
            return raster_layout(dataset)
    return picture_layout(pictures.stored_facts(path, kind))


def picture_layout(facts: ImageFacts) -> Layout:
    """Return how a picture is to be read; with two or four bands the last one is alpha."""
    alpha = facts.bands if facts.bands in (2, 4) else None
    return Layout(facts.format, facts.width, facts.height, facts.bands, facts.dtype, None, alpha, _first_bands(facts.bands))


def _first_bands(bands: int) -> tuple[int, ...]:
    return (1, 2, 3) if bands >= 3 else (1,)


def raster_layout(dataset: DatasetReader) -> Layout:
    """Return how an open raster is to be read; its own colour tags decide which bands are red, green and blue."""
    colors = {color: band for band, color in reversed(list(enumerate(dataset.colorinterp, start=1)))}
    rgb = tuple(colors[color] for color in (ColorInterp.red, ColorInterp.green, ColorInterp.blue) if color in colors)
    chosen = rgb if len(rgb) == 3 else _first_bands(dataset.count)
    return Layout(
        "TIFF", dataset.width, dataset.height, dataset.count, str(dataset.dtypes[0]), dataset.nodata, colors.get(ColorInterp.alpha), chosen
    )  # fmt: skip


def fitted(width: int, height: int, max_side: int | None) -> tuple[int, int]:
    """Return (width, height) shrunk so that the longer side is at most ``max_side``."""
    if max_side is None or max(width, height) <= max_side:
        return width, height
    scale = max_side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def checked_bands(bands: Sequence[int] | None, count: int) -> list[int]:
    """Return 1-based band numbers, all of them by default; raise Refused for one that is not there."""
    if bands is None:
        return list(range(1, count + 1))
    for band in bands:
        if not 1 <= band <= count:
            raise Refused("no_such_band", f"There is no band {band}; the image has bands 1 to {count}.")
    return list(bands)


def read_window(
    path: Path,
    window: WindowPx | None = None,
    bands: Sequence[int] | None = None,
    out_shape: tuple[int, int] | None = None,
    *,
    picked: bool = False,
) -> Pixels:
    """Read (bands, h, w) in the image's own pixel type.

    window: (column, row, width, height) in pixels, cut to the image; by default all of it. bands: 1-based, in this order.
    out_shape: (h, w) to shrink or stretch to; picked: by single pixels of a raster, of which only a part is then read. Raise
    Refused when the file is damaged or a band is not there.
    """
    kind = kind_of(path)
    if kind == "TIFF":
        with POOL.borrow(path) as dataset:
            return read_raster(dataset, window, bands, out_shape, Resampling.nearest if picked else None)
    pixels = pictures.decoded(path, kind)
    pixels = pixels[[band - 1 for band in checked_bands(bands, pixels.shape[0])]]
    if window is not None:
        column, row, width, height = window
        pixels = pixels[:, max(0, row) : row + height, max(0, column) : column + width]
    return resized(pixels, out_shape) if out_shape else pixels


def read_raster(
    dataset: DatasetReader,
    window: WindowPx | None = None,
    bands: Sequence[int] | None = None,
    out_shape: tuple[int, int] | None = None,
    resampling: Resampling | None = None,
) -> Pixels:
    """Read (bands, h, w) of an open raster; see ``read_window``."""
    wanted = checked_bands(bands, dataset.count)
    column, row, width, height = window or (0, 0, dataset.width, dataset.height)
    column, row, width, height = _cut(column, row, width, height, dataset)
    shape = (len(wanted), *(out_shape or (height, width)))
    # Overviews are averages already, and picking from them is cheap; without them a picked pixel would be noise.
    shrinks = shape[1] < height or shape[2] < width
    if resampling is None:
        resampling = Resampling.average if shrinks and not dataset.overviews(1) else Resampling.nearest
    try:
        pixels: Pixels = dataset.read(wanted, window=Window(column, row, width, height), out_shape=shape, resampling=resampling)
    except RasterioError:
        raise Refused("damaged", "A part of the raster cannot be read, so the file is damaged; upload it again from its source.") from None
    return pixels


def _cut(column: int, row: int, width: int, height: int, dataset: DatasetReader) -> WindowPx:
    right, bottom = min(column + width, dataset.width), min(row + height, dataset.height)
    column, row = max(0, column), max(0, row)
    if right <= column or bottom <= row:
        raise Refused("outside", "The window lies outside the image.")
    return column, row, right - column, bottom - row


def resized(pixels: Pixels, out_shape: tuple[int, int]) -> Pixels:
    """Shrink or stretch (bands, h, w) pixels, each result pixel the mean of what it covers."""
    if pixels.shape[1:] == out_shape:
        return pixels
    size = (out_shape[1], out_shape[0])
    if pixels.dtype == np.uint8:
        return np.stack([np.asarray(Picture.fromarray(band).resize(size, Picture.Resampling.BOX)) for band in pixels])
    floats = [np.asarray(Picture.fromarray(band.astype(np.float32)).resize(size, Picture.Resampling.BOX)) for band in pixels]
    return np.stack(floats).astype(pixels.dtype)


def zoom_levels(width: int, height: int, tile: int) -> int:
    """Return how often an image must be halved until it fits one tile."""
    return max(0, math.ceil(math.log2(max(width, height) / tile)))
