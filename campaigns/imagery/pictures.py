"""JPEG, PNG and WebP: their facts and their pixels, with EXIF orientation applied."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import UnidentifiedImageError

from campaigns.imagery.facts import ImageFacts
from campaigns.imagery.integrity import CHECKS
from campaigns.imagery.refusal import LIMITS, Limits, Refused

Pixels = NDArray[Any]  # (bands, height, width)

# Pillow raises above twice its own limit, which is then exactly ours; the warning between the two is of no use here.
Picture.MAX_IMAGE_PIXELS = LIMITS.picture_pixels // 2
warnings.filterwarnings("ignore", category=Picture.DecompressionBombWarning)

_ORIENTATION_TAG = 0x0112
_BANDS = {"1": 1, "L": 1, "LA": 2, "P": 3, "PA": 4, "RGB": 3, "RGBA": 4, "CMYK": 3, "YCbCr": 3, "I;16": 1}
_AS_READ = {"1": "L", "P": "RGB", "PA": "RGBA", "CMYK": "RGB", "YCbCr": "RGB"}
_TURNS: dict[int, Callable[[Pixels], Pixels]] = {
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, :, ::-1],
    3: lambda pixels: pixels[:, ::-1, ::-1],
    4: lambda pixels: pixels[:, ::-1, :],
    5: lambda pixels: pixels.transpose(0, 2, 1),
    6: lambda pixels: pixels.transpose(0, 2, 1)[:, :, ::-1],
    7: lambda pixels: pixels[:, ::-1, ::-1].transpose(0, 2, 1),
    8: lambda pixels: pixels.transpose(0, 2, 1)[:, ::-1, :],
}


def turned(pixels: Pixels, orientation: int) -> Pixels:
    """Return (bands, H, W) pixels upright, as their EXIF orientation (1 to 8) demands."""
    return _TURNS[orientation](pixels)


def _opened(source: Path | bytes, kind: str) -> Picture.Image:
    try:
        return Picture.open(BytesIO(source) if isinstance(source, bytes) else source, formats=(kind,))
    except Picture.DecompressionBombError:
        raise _too_many_pixels(LIMITS) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, struct.error, EOFError):
        raise Refused(
            "damaged", f"The header of the {kind} cannot be read, so the file is damaged; upload it again from its source."
        ) from None


def _too_many_pixels(limits: Limits) -> Refused:
    return Refused(
        "too_many_pixels", f"The picture has more than {limits.picture_pixels:,} pixels; cut it into parts or store it as a tiled TIFF."
    )


def _orientation(picture: Picture.Image) -> int:
    if "exif" not in picture.info:  # asking Pillow for the EXIF of a PNG would decode the whole picture
        return 1
    try:
        value = picture.getexif().get(_ORIENTATION_TAG, 1)
    except (OSError, SyntaxError, ValueError, struct.error, KeyError, TypeError):
        return 1  # a picture with broken notes is still a picture
    return value if value in _TURNS else 1


def facts_of(kind: str, content: bytes | memoryview, source: Path | bytes, limits: Limits = LIMITS) -> ImageFacts:
    """Read the header of a JPEG, PNG or WebP and refuse what cannot be used, before any pixel is decoded."""
    if kind == "WEBP":  # Pillow reads all of it at once and could not say why it fails
        CHECKS[kind](content)
    with _opened(source, kind) as picture:
        width, height = picture.size
        if width * height > limits.picture_pixels:
            raise _too_many_pixels(limits)
        if getattr(picture, "is_animated", False) and kind != "JPEG":
            raise Refused("animated", "The picture is animated; upload its frames as single images.")
        if picture.mode not in _BANDS:
            raise Refused("unknown_pixels", f"The {kind} stores its pixels as {picture.mode}; convert it to 8-bit RGB.")
        orientation, bands = _orientation(picture), _bands(picture)
    if kind != "WEBP":
        CHECKS[kind](content)
    if orientation >= 5:
        width, height = height, width
    dtype = "uint16" if kind == "PNG" and content[24] == 16 else "uint8"
    return ImageFacts(kind, width, height, bands, dtype, orientation=orientation)


def _bands(picture: Picture.Image) -> int:
    return 4 if picture.mode == "P" and "transparency" in picture.info else _BANDS[picture.mode]


def stored_facts(path: Path, kind: str) -> ImageFacts:
    """Read the header of a picture that was checked when it came in."""
    with _opened(path, kind) as picture:
        orientation, bands = _orientation(picture), _bands(picture)
        width, height = picture.size if orientation < 5 else picture.size[::-1]
    dtype = "uint16" if kind == "PNG" and _is_deep_png(path) else "uint8"
    return ImageFacts(kind, width, height, bands, dtype, orientation=orientation)


def _is_deep_png(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(25)
    return head[:4] == b"\x89PNG" and head[24] == 16


def decoded(path: Path, kind: str, *, max_side: int | None = None) -> Pixels:
    """Decode a JPEG, PNG or WebP: (bands, H, W), uint8 or uint16, upright. Raise Refused when the file is damaged.

    max_side: a JPEG is decoded directly at the smallest of 1, 1/2, 1/4, 1/8 that still has this many pixels on its longer side.
    """
    with _opened(path, kind) as picture:
        orientation = _orientation(picture)
        if kind == "PNG" and _is_deep_png(path):  # Pillow would cut colours to 8 bits
            with rasterio.open(path, driver="PNG") as dataset:
                return turned(dataset.read(), orientation)
        if max_side is not None:
            picture.draft(None, _draft_size(picture.size, max_side))
        try:
            pixels = np.asarray(_plain(picture))
        except (OSError, SyntaxError, ValueError) as error:
            raise Refused("damaged", f"The {kind} cannot be decoded ({error}); upload it again from its source.") from None
    return turned(pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, 2, 0), orientation)


def _draft_size(size: tuple[int, int], max_side: int) -> tuple[int, int]:
    scale = min(1.0, max_side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _plain(picture: Picture.Image) -> Picture.Image:
    if picture.mode == "P" and "transparency" in picture.info:
        return picture.convert("RGBA")
    mode = _AS_READ.get(picture.mode)
    return picture.convert(mode) if mode else picture
