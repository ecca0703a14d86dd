"""Images as models receive them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from rasterio.io import MemoryFile
from rasterio.transform import Affine
from rasterio.windows import Window
from rasterio.windows import transform as window_transform

from campaigns.imagery.facts import CONTENT_TYPES
from campaigns.imagery.pictures import stored_facts
from campaigns.imagery.pool import POOL
from campaigns.imagery.pyramids import tile_source
from campaigns.imagery.reader import Pixels, WindowPx, kind_of, read_raster, read_window
from campaigns.imagery.refusal import Refused
from campaigns.imagery.render import Style, encoded, read_rgb, rendered

LARGEST_BYTES = 2_000_000_000


def as_geotiff_bytes(path: Path, window: WindowPx | None = None) -> bytes:
    """Return an image, or a window of it, as an uncompressed GeoTIFF: all bands in file order, pixel type, CRS and transform kept.

    A picture becomes a TIFF without a place, upright. Raise Refused above 2 GB.
    """
    if kind_of(path) != "TIFF":
        return _geotiff(read_window(path, window), None, Affine.identity())
    with POOL.borrow(path) as dataset:
        width, height = window[2:] if window else (dataset.width, dataset.height)
        if width * height * dataset.count * np.dtype(dataset.dtypes[0]).itemsize > LARGEST_BYTES:
            raise Refused("too_large", "The image has more than 2 GB of pixels, too many for one request to a model; cut it into parts.")
        placed = window_transform(Window(*window), dataset.transform) if window else dataset.transform
        return _geotiff(read_raster(dataset, window), dataset.crs, placed)


def _geotiff(pixels: Pixels, crs: rasterio.crs.CRS | None, transform: Affine) -> bytes:
    count, height, width = pixels.shape
    place = {"crs": crs, "transform": transform} if crs or transform != Affine.identity() else {}
    with MemoryFile() as memory:
        with memory.open(driver="GTiff", width=width, height=height, count=count, dtype=str(pixels.dtype), **place) as copy:
            copy.write(np.ascontiguousarray(pixels))
        return bytes(memory.getbuffer())


def as_picture(
    path: Path, *, format: str = "", bands: tuple[int, ...] = (), max_side: int | None = None, window: WindowPx | None = None
) -> tuple[bytes, str]:
    """Return bytes and content type; ``format``: the file itself ("original"), "geotiff", "jpeg", "png", or "": what anyone reads.

    A window is cut from the pyramid where there is one; it has no file of its own, so "original" is then as "".
    """
    kind = kind_of(path)
    source = None if window is None else tile_source(path, build=False)
    if format == "geotiff":
        return as_geotiff_bytes(path if source is None or kind == "TIFF" else source, window), "image/tiff"
    if format == "original" and max_side is None and window is None:
        return path.read_bytes(), CONTENT_TYPES[kind]
    if format in ("", "original") and not bands and window is None:
        return encode_image(path, max_side)
    rgb = read_rgb(path, max_side, bands[:3] if len(bands) >= 3 else None, window, source=source)
    return (encoded(rgb, format="jpg"), "image/jpeg") if format == "jpeg" else (encoded(rgb, format="png"), "image/png")


def encode_image(path: Path, max_side: int | None = None) -> tuple[bytes, str]:
    """Return bytes that any image library reads, upright, and their content type.

    A picture that is upright and small enough goes as it is; everything else as PNG, a raster as it is shown by default.
    """
    kind = kind_of(path)
    if kind != "TIFF" and max_side is None and stored_facts(path, kind).orientation == 1:
        return path.read_bytes(), CONTENT_TYPES[kind]
    rgb, _opaque = rendered(path, Style(), max_side=max_side)
    return encoded(rgb, format="png"), "image/png"
