"""An image as a model receives it: its own bytes where the protocol allows, else a GeoTIFF, a PNG or a JPEG.

Pure: a path and what is known of the image in, bytes out. Meant for threads: most of the time goes to the disk and
to codecs, which let other threads run.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.io import MemoryFile
from rasterio.transform import Affine as RasterAffine

from campaigns.imagery import CONTENT_TYPES, Refused, as_geotiff_bytes, encode_image, encoded, read_rgb, read_window, tile_source
from inference.steps import PixelStepFailed, run_pixel_steps
from inference.tiling import WindowPx
from inference.wire import Affine, ImageForm, ModelInput
from models_registry.options import ModelOptions
from models_registry.steps import read_steps


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image's file and what is known of it; sizes are those after EXIF orientation."""

    id: int
    name: str
    path: Path
    format: str
    width: int
    height: int
    bands: int
    dtype: str
    crs: str
    transform: Affine | None
    size_bytes: int
    sha256: str = ""

    @property
    def held_bytes(self) -> int:
        """About how much memory sending it takes: a raster goes uncompressed."""
        pixel_bytes = int(self.dtype.lstrip("uintfloacmpex") or 8) // 8
        return self.size_bytes if self.format != "TIFF" else max(self.size_bytes, self.width * self.height * self.bands * pixel_bytes)


Pixels = NDArray[Any]
COARSE_SIDE_PX = 1024


def model_input(image: StoredImage, *, form: ImageForm, options: ModelOptions, window: WindowPx | None = None) -> ModelInput:
    """Return the image, or a window (column, row, width, height) of it, as the protocol wants it and the model's options say.

    A window is read from the file alone; of a large picture, which no library reads in parts, from its pyramid.
    Raises ``campaigns.imagery.Refused`` or OSError when the file is damaged or gone, and ``Refused`` with the code
    "step_failed" when a step cannot be taken on this image.
    """
    content, content_type, (sent_width, sent_height), bands = _content(image, form, options, window)
    width, height = (image.width, image.height) if window is None else window[2:]
    return ModelInput(
        content, content_type, width, height, name=image.name, id=image.id, bands=bands, crs=image.crs,
        transform=_placed(image, window), sent_width=sent_width, sent_height=sent_height, window=window,
    )  # fmt: skip


def _placed(image: StoredImage, window: WindowPx | None) -> Affine | None:
    """Return the transform of the image, or of its window."""
    if image.transform is None or window is None:
        return image.transform
    a, b, c, d, e, f = image.transform
    column, row = window[:2]
    return (a, b, c + a * column + b * row, d, e, f + d * column + e * row)


def _content(
    image: StoredImage, form: ImageForm, options: ModelOptions, window: WindowPx | None
) -> tuple[bytes, str, tuple[int, int], int]:
    """Return (bytes, content type, size sent, bands sent)."""
    size = (image.width, image.height) if window is None else window[2:]
    smaller = options.max_side is not None and max(size) > options.max_side
    if form == "address":  # nothing is sent: the model's server fetches it in this size
        return b"", "", scaled(size, options.max_side if smaller else None), 3
    as_geotiff = options.image_format == "geotiff" or (not options.image_format and form == "geotiff")
    if options.pre:
        return _prepared(image, options, window, as_geotiff=as_geotiff)
    if as_geotiff:
        return _as_geotiff(image, options, window)
    if options.image_format == "original" and not smaller and window is None:
        return image.path.read_bytes(), CONTENT_TYPES[image.format], size, image.bands
    if not options.image_format and not smaller and not options.bands and window is None:
        content, content_type = encode_image(image.path)
        return content, content_type, size, 3 if content_type != CONTENT_TYPES[image.format] else image.bands
    bands = options.bands[:3] if len(options.bands) >= 3 else None
    rgb = read_rgb(image.path, options.max_side, bands, window, source=None if window is None else tile_source(image.path))
    return _picture(rgb, options)


def _picture(rgb: Pixels, options: ModelOptions) -> tuple[bytes, str, tuple[int, int], int]:
    """Encode (h, w, 3) pixels."""
    kind = "jpg" if options.image_format == "jpeg" else "png"
    return encoded(rgb, format=kind), "image/jpeg" if kind == "jpg" else "image/png", (rgb.shape[1], rgb.shape[0]), 3


def scaled(size: tuple[int, int], max_side: int | None) -> tuple[int, int]:
    """Return (width, height) made smaller so that the longer side has ``max_side`` pixels."""
    if max_side is None:
        return size
    scale = max_side / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _as_geotiff(image: StoredImage, options: ModelOptions, window: WindowPx | None) -> tuple[bytes, str, tuple[int, int], int]:
    width, height = (image.width, image.height) if window is None else window[2:]
    smaller = options.max_side is not None and max(width, height) > options.max_side
    if not smaller and not options.bands:
        return as_geotiff_bytes(_source(image, window), window), "image/tiff", (width, height), image.bands
    return _geotiff(_pixels(image, options, window), image, window)


def _pixels(image: StoredImage, options: ModelOptions, window: WindowPx | None) -> Pixels:
    """Read the bands that the options choose, shrunk as they say, in the image's own values."""
    size = (image.width, image.height) if window is None else window[2:]
    smaller = options.max_side is not None and max(size) > options.max_side
    shape = scaled(size, options.max_side)[::-1] if smaller else None
    return read_window(_source(image, window), window, options.bands or None, shape)


def _source(image: StoredImage, window: WindowPx | None) -> Path:
    return image.path if window is None or image.format == "TIFF" else tile_source(image.path)


def _geotiff(pixels: Pixels, image: StoredImage, window: WindowPx | None) -> tuple[bytes, str, tuple[int, int], int]:
    """Write pixels as a GeoTIFF that lies where the image, or its window, does."""
    count, height, width = pixels.shape
    profile = {"driver": "GTiff", "width": width, "height": height, "count": count, "dtype": str(pixels.dtype)}
    place = _placed(image, window)
    if place is not None:
        across, down = (image.width, image.height) if window is None else window[2:]
        coarser = RasterAffine(*place) * RasterAffine.scale(across / width, down / height)
        profile |= {"transform": coarser, "crs": image.crs or None}
    with MemoryFile() as memory:
        with memory.open(**profile) as file:
            file.write(pixels)
        return bytes(memory.getbuffer()), "image/tiff", (width, height), count


def _prepared(
    image: StoredImage, options: ModelOptions, window: WindowPx | None, *, as_geotiff: bool
) -> tuple[bytes, str, tuple[int, int], int]:
    """Read the pixels, take the model's steps, and encode what comes of them."""
    pixels = _stepped(image, options, window, as_bytes=not as_geotiff)
    return _geotiff(pixels, image, window) if as_geotiff else _picture(_colors(pixels), options)


def _stepped(image: StoredImage, options: ModelOptions, window: WindowPx | None, *, as_bytes: bool) -> Pixels:
    """Return the pixels after the model's steps; ``as_bytes``: stretched to 8 bits, where no step did that."""
    steps = options.pre
    if as_bytes and image.dtype != "uint8" and not any(step.name in ("s2rgb", "stretch") for step in steps):
        steps = (*steps, *read_steps([{"name": "stretch"}], "pre"))
    pixels = _pixels(image, options, window)
    measured = window is not None and any(step.name == "stretch" for step in steps)
    whole = _coarse(_source(image, window), options.bands, image.width, image.height) if measured else None
    try:
        return run_pixel_steps(pixels, steps, whole=whole)
    except PixelStepFailed as error:
        raise Refused("step_failed", str(error)) from error


def _colors(pixels: Pixels) -> Pixels:
    """Return bands as (h, w, 3) colours: the first three, or one three times."""
    colors = pixels[:3] if len(pixels) >= 3 else np.repeat(pixels[:1], 3, axis=0)
    return np.ascontiguousarray(np.moveaxis(colors, 0, 2))


def rgb_input(image: StoredImage, options: ModelOptions, *, max_side: int | None, window: WindowPx | None = None) -> Pixels:
    """Return (h, w, 3) uint8 for a network in this process: after the model's steps, or as ``read_rgb`` gives it.

    ``max_side``: more pixels than that along a side are of no use to the network.
    """
    if options.pre:
        return _colors(_stepped(image, options, window, as_bytes=True))
    return read_rgb(image.path, max_side, None, window, source=None if window is None else tile_source(image.path))


@lru_cache(maxsize=4)
def _coarse(path: Path, bands: tuple[int, ...], width: int, height: int) -> Pixels:
    """Return a copy of the whole image of at most ``COARSE_SIDE_PX`` a side, for steps that measure it; all its windows share it."""
    scale = min(1.0, COARSE_SIDE_PX / max(width, height))
    return read_window(path, None, bands or None, (max(1, round(height * scale)), max(1, round(width * scale))), picked=True)
