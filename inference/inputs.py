"""An image as a model receives it: its own bytes where the protocol allows, else a GeoTIFF, a PNG or a JPEG.

Pure: a path and what is known of the image in, bytes out. Meant for threads: most of the time goes to the disk and
to codecs, which let other threads run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rasterio.io import MemoryFile
from rasterio.transform import Affine as RasterAffine

from campaigns.imagery import CONTENT_TYPES, as_geotiff_bytes, encode_image, encoded, read_rgb, read_window
from inference.protocols.base import ImageForm
from inference.wire import Affine, ModelInput
from models_registry.options import ModelOptions


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


def model_input(image: StoredImage, *, form: ImageForm, options: ModelOptions) -> ModelInput:
    """Return the image as the protocol wants it and the model's options say.

    Raises ``campaigns.imagery.Refused`` or OSError when the file is damaged or gone.
    """
    content, content_type, (sent_width, sent_height), bands = _content(image, form, options)
    return ModelInput(
        content, content_type, image.width, image.height, name=image.name, id=image.id, bands=bands, crs=image.crs,
        transform=image.transform, sent_width=sent_width, sent_height=sent_height,
    )  # fmt: skip


def _content(image: StoredImage, form: ImageForm, options: ModelOptions) -> tuple[bytes, str, tuple[int, int], int]:
    """Return (bytes, content type, size sent, bands sent)."""
    size = (image.width, image.height)
    smaller = options.max_side is not None and max(size) > options.max_side
    if form == "address":  # nothing is sent: the model's server fetches it in this size
        return b"", "", scaled(size, options.max_side if smaller else None), 3
    if options.image_format == "geotiff" or (not options.image_format and form == "geotiff"):
        return _as_geotiff(image, options, options.max_side if smaller else None)
    if options.image_format == "original" and not smaller:
        return image.path.read_bytes(), CONTENT_TYPES[image.format], size, image.bands
    if not options.image_format and not smaller and not options.bands:
        content, content_type = encode_image(image.path)
        return content, content_type, size, 3 if content_type != CONTENT_TYPES[image.format] else image.bands
    rgb = read_rgb(image.path, options.max_side, options.bands[:3] if len(options.bands) >= 3 else None)
    kind = "jpg" if options.image_format == "jpeg" else "png"
    return encoded(rgb, format=kind), "image/jpeg" if kind == "jpg" else "image/png", (rgb.shape[1], rgb.shape[0]), 3


def scaled(size: tuple[int, int], max_side: int | None) -> tuple[int, int]:
    """Return (width, height) made smaller so that the longer side has ``max_side`` pixels."""
    if max_side is None:
        return size
    scale = max_side / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _as_geotiff(image: StoredImage, options: ModelOptions, max_side: int | None) -> tuple[bytes, str, tuple[int, int], int]:
    if max_side is None and not options.bands:
        return as_geotiff_bytes(image.path), "image/tiff", (image.width, image.height), image.bands
    scale = 1.0 if max_side is None else max_side / max(image.width, image.height)
    shape = (max(1, round(image.height * scale)), max(1, round(image.width * scale)))
    pixels = read_window(image.path, None, options.bands or None, shape)
    profile = {"driver": "GTiff", "width": shape[1], "height": shape[0], "count": len(pixels), "dtype": str(pixels.dtype)}
    if image.transform is not None:
        coarser = RasterAffine(*image.transform) * RasterAffine.scale(image.width / shape[1], image.height / shape[0])
        profile |= {"transform": coarser, "crs": image.crs or None}
    with MemoryFile() as memory:
        with memory.open(**profile) as file:
            file.write(pixels)
        return bytes(memory.getbuffer()), "image/tiff", (shape[1], shape[0]), len(pixels)
