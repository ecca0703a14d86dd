"""The part of an image that is looked at: which one, how large, and its pixels as a person sees them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from campaigns.imagery import Style, is_large, rendered, sidecar, tile_source
from inference.interactive.prompts import BoxPx

SMALLEST_WINDOW_PX = 1024
LARGEST_SIDE_READ_PX = 4096
KEPT_BYTES = 128_000_000


@dataclass(frozen=True, slots=True)
class AskedImage:
    """The image that is asked about; its size is that after EXIF orientation."""

    path: Path
    sha256: str
    width: int
    height: int
    format: str
    style: Style

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> AskedImage:
        """Read what ``as_document`` wrote."""
        shown = document["style"]
        bands, low, high = (None if shown[name] is None else tuple(shown[name]) for name in ("bands", "low", "high"))
        return cls(**{**document, "path": Path(document["path"]), "style": Style(bands, low, high, shown["gamma"])})

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        style = {"bands": self.style.bands, "low": self.style.low, "high": self.style.high, "gamma": self.style.gamma}
        facts = {"sha256": self.sha256, "width": self.width, "height": self.height, "format": self.format}
        return {"path": str(self.path), "style": style, **facts}

    @property
    def source(self) -> Path:
        """The file to cut windows from: the pyramid where there is one, and where a window would else cost the whole picture."""
        pyramid = sidecar(self.path, "pyramid.tif")
        if pyramid.exists():
            return pyramid
        return tile_source(self.path, build=False) if self.format == "TIFF" or is_large(self.width, self.height) else self.path


@dataclass(frozen=True, slots=True)
class Pixels:
    """A window as a person sees it. rgb: (h, w, 3) uint8, perhaps shrunk by ``scale`` (at most 1); opaque: (h, w), where there is data."""

    rgb: NDArray[np.uint8]
    opaque: NDArray[np.bool_] | None
    window: BoxPx

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels read for each pixel of the image, across and down."""
        left, top, right, bottom = self.window
        return self.rgb.shape[1] / (right - left), self.rgb.shape[0] / (bottom - top)


def surrounded(roi: BoxPx, *, width: int, height: int, part: float = 0.12, least_px: int = 8) -> BoxPx:
    """Return a work area with a margin: what surrounds a thing tells what is not part of it."""
    left, top, right, bottom = roi
    margin = max(least_px, round(part * max(right - left, bottom - top)))
    return max(0, left - margin), max(0, top - margin), min(width, right + margin), min(height, bottom + margin)


def shared_window(roi: BoxPx, *, width: int, height: int) -> BoxPx:
    """Return the window of an image that work in ``roi`` shares with work near it.

    An image is halved until a work area no longer fits with some room, never below 1024 pixels; windows lie on a raster of
    quarters of their side. So one small image is one window, and of a large raster neighbouring things fall into the same one.
    """
    longest = max(width, height)
    needed = 4 / 3 * max(roi[2] - roi[0], roi[3] - roi[1])
    side = longest
    while side // 2 >= max(needed, SMALLEST_WINDOW_PX):
        side //= 2
    if side == longest:
        return 0, 0, width, height
    left, right = _placed((roi[0] + roi[2]) / 2, side, width)
    top, bottom = _placed((roi[1] + roi[3]) / 2, side, height)
    return left, top, right, bottom


def _placed(middle: float, side: int, length: int) -> tuple[int, int]:
    if side >= length:
        return 0, length
    step = side // 4
    start = min(max(0, round((middle - side / 2) / step) * step), length - side)
    return start, start + side


class PixelReader:
    """Reads windows, and keeps the last ones: the next stroke asks for the same pixels again."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept: OrderedDict[tuple[Any, ...], Pixels] = OrderedDict()
        self._limit_bytes = kept_bytes
        self._lock = threading.Lock()

    def read(self, image: AskedImage, window: BoxPx, max_side: int) -> Pixels:
        """Return a window whose longer side has at most ``max_side`` pixels; raises Refused when the file is damaged."""
        key = (image, window, max_side)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        left, top, right, bottom = window
        place = (left, top, right - left, bottom - top)
        rgb, opaque = rendered(image.path, image.style, place, max_side, source=image.source)
        pixels = Pixels(np.ascontiguousarray(rgb), opaque, window)
        self._keep(key, pixels)
        return pixels

    def _keep(self, key: tuple[Any, ...], pixels: Pixels) -> None:
        with self._lock:
            self._kept[key] = pixels
            while len(self._kept) > 1 and sum(each.rgb.nbytes for each in self._kept.values()) > self._limit_bytes:
                self._kept.popitem(last=False)
