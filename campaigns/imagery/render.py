"""From pixel values to what an eye sees: bands, stretch, gamma, encoding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from campaigns.disk import refuses_writes
from campaigns.imagery import pictures
from campaigns.imagery.facts import ImageFacts
from campaigns.imagery.pool import POOL
from campaigns.imagery.pyramids import whole_source
from campaigns.imagery.reader import (
    Layout,
    Pixels,
    WindowPx,
    checked_bands,
    fitted,
    kind_of,
    picture_layout,
    raster_layout,
    read_raster,
    resized,
)
from campaigns.imagery.refusal import Refused
from campaigns.imagery.sidecars import sidecar, written_atomically
from campaigns.imagery.statistics import band_statistics

RGB = NDArray[np.uint8]  # (height, width, 3)
Opaque = NDArray[np.bool_]  # (height, width): where there is data

CONTENT_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
THUMBNAIL_SIDES_PX = (64, 128, 256, 512, 1024)


@dataclass(frozen=True)
class Style:
    """How values become colours. bands: 1 or 3 band numbers; low, high: values shown black and white, one or one a band.

    Left out, the image's own choice is taken: its red, green and blue, and for pixels deeper than 8 bits the 2nd and 98th percentile.
    """

    bands: tuple[int, ...] | None = None
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None
    gamma: float = 1.0

    def __post_init__(self) -> None:
        if self.bands is not None and len(self.bands) not in (1, 3):
            raise Refused("bad_style", "Choose one band, or three for red, green and blue.")
        if not 0.05 <= self.gamma <= 20:
            raise Refused("bad_style", "Gamma lies between 0.05 and 20.")
        for values in (self.low, self.high):
            if values is not None and (len(values) not in (1, 3) or not np.isfinite(values).all()):
                raise Refused("bad_style", "The stretch is one finite number, or one for each band.")


def rendered(
    path: Path, style: Style, window: WindowPx | None = None, max_side: int | None = None, *, source: Path | None = None
) -> tuple[RGB, Opaque | None]:
    """Return an image, or a window of it, for the eye: (h, w, 3), and where there is data (None: everywhere).

    source: a copy to read from (a pyramid); the default stretch is always that of the image itself.
    """
    kind = kind_of(source or path)
    if kind == "TIFF":
        with POOL.borrow(source or path) as dataset:
            layout = raster_layout(dataset)
            width, height = fitted(*(window[2:] if window else (layout.width, layout.height)), max_side)
            bands = style.bands or layout.rgb
            pixels = read_raster(dataset, window, _with_alpha(bands, layout), (height, width))
            colors = _palette(dataset) if layout.bands == 1 and layout.dtype == "uint8" else None
        if colors is not None:
            return colors[pixels[0]], None
        return _colored(path, pixels, layout, bands, style)
    return _picture(path, kind, style, window, max_side)


def _picture(path: Path, kind: str, style: Style, window: WindowPx | None, max_side: int | None) -> tuple[RGB, Opaque | None]:
    pixels = pictures.decoded(path, kind, max_side=None if window else max_side)
    if window is not None:
        column, row, width, height = window
        pixels = pixels[:, row : row + height, column : column + width]
    width, height = fitted(pixels.shape[2], pixels.shape[1], max_side)
    pixels = resized(pixels, (height, width))
    layout = picture_layout(ImageFacts(kind, width, height, pixels.shape[0], str(pixels.dtype)))
    bands = style.bands or layout.rgb
    wanted = checked_bands(_with_alpha(bands, layout), layout.bands)
    return _colored(path, pixels[[band - 1 for band in wanted]], layout, bands, style)


def _with_alpha(bands: Sequence[int], layout: Layout) -> list[int]:
    return [*bands, layout.alpha] if layout.alpha else list(bands)


def _palette(dataset: Any) -> NDArray[np.uint8] | None:
    try:
        colormap = dataset.colormap(1)
    except ValueError:
        return None
    return np.array([colormap.get(value, (0, 0, 0, 255))[:3] for value in range(256)], dtype=np.uint8)


def _colored(path: Path, pixels: Pixels, layout: Layout, bands: Sequence[int], style: Style) -> tuple[RGB, Opaque | None]:
    values, opaque = pixels[: len(bands)], None
    if layout.alpha:
        opaque = pixels[len(bands)] > 0
    if layout.nodata is not None:
        there = ~np.all((values == layout.nodata) | ~np.isfinite(values), axis=0)
        opaque = there if opaque is None else opaque & there
    low, high = _stretch(path, layout, bands, style)
    shown = _shown(values, low, high, style.gamma)
    if shown.shape[0] == 1:
        shown = np.broadcast_to(shown, (3, *shown.shape[1:]))
    return np.ascontiguousarray(np.moveaxis(shown, 0, 2)), opaque


def _stretch(path: Path, layout: Layout, bands: Sequence[int], style: Style) -> tuple[list[float] | None, list[float] | None]:
    if style.low is not None and style.high is not None:
        return _spread(style.low, len(bands)), _spread(style.high, len(bands))
    if layout.dtype == "uint8" and style.low is None and style.high is None:
        return None, None
    found = band_statistics(path, bands)
    low = _spread(style.low, len(bands)) if style.low is not None else [band.p2 for band in found]
    high = _spread(style.high, len(bands)) if style.high is not None else [band.p98 for band in found]
    return low, high


def _spread(values: tuple[float, ...], count: int) -> list[float]:
    return list(values) if len(values) == count else [values[0]] * count


def _shown(values: Pixels, low: list[float] | None, high: list[float] | None, gamma: float) -> NDArray[np.uint8]:
    """Return (bands, h, w) as 8-bit; NaN is shown black."""
    if low is None or high is None:
        if gamma == 1.0:
            return values.astype(np.uint8, copy=False)
        low, high = [0.0] * len(values), [255.0] * len(values)
    bottom = np.array(low, dtype=np.float32)[:, None, None]
    span = np.array(high, dtype=np.float32)[:, None, None] - bottom
    part = (values.astype(np.float32) - bottom) / np.where(span == 0, 1, span)
    part = np.clip(np.nan_to_num(part, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
    if gamma != 1.0:
        part **= 1.0 / gamma
    return (part * 255.0 + 0.5).astype(np.uint8)


def read_rgb(
    path: Path,
    max_side: int | None = None,
    bands: tuple[int, ...] | None = None,
    window: WindowPx | None = None,
    *,
    source: Path | None = None,
) -> RGB:
    """Return an image, or a window of it, as (H, W, 3) uint8, upright; deeper pixels are stretched between their percentiles.

    source: a copy to read from, as for ``rendered``.
    """
    return rendered(path, Style(bands=bands), window, max_side, source=source)[0]


def encoded(rgb: RGB, opaque: Opaque | None = None, *, format: str, quality: int = 85) -> bytes:
    """Write (h, w, 3) pixels as "jpg", "png" or "webp"; where there is no data, the latter two are transparent."""
    buffer = BytesIO()
    if format == "jpg":
        Picture.fromarray(rgb if opaque is None else np.where(opaque[:, :, None], rgb, np.uint8(0))).save(buffer, "JPEG", quality=quality)
        return buffer.getvalue()
    if opaque is not None and not opaque.all():
        rgb = np.dstack((rgb, np.where(opaque, np.uint8(255), np.uint8(0))))
    picture = Picture.fromarray(rgb)
    if format == "png":
        picture.save(buffer, "PNG", compress_level=1)
    else:
        picture.save(buffer, "WEBP", quality=quality, method=2)
    return buffer.getvalue()


def thumbnail(path: Path, size: int = 256) -> bytes:
    """Return a JPEG whose longer side has at most ``size`` pixels, rounded up to one of a few sizes; kept beside the image."""
    side = next((side for side in THUMBNAIL_SIDES_PX if side >= size), THUMBNAIL_SIDES_PX[-1])
    kept = sidecar(path, f"thumbnail-{side}.jpg")
    try:
        return kept.read_bytes()
    except FileNotFoundError:
        rgb, opaque = rendered(path, Style(), max_side=side, source=whole_source(path))
        content = encoded(rgb, opaque, format="jpg", quality=80)
        _keep(kept, content)
        return content


def _keep(place: Path, content: bytes) -> None:
    """Keep a file that the next reader would otherwise draw anew; on a full disk that is what happens."""
    try:
        with written_atomically(place) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        if not refuses_writes(error):
            raise
