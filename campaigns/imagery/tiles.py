"""Tiles on the image's own pixel grid: 256 px, origin at the top left, each zoom step down halves the resolution."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from campaigns.imagery.pyramids import TILE_PX, tile_source
from campaigns.imagery.reader import zoom_levels
from campaigns.imagery.refusal import Refused
from campaigns.imagery.render import CONTENT_TYPES, RGB, Opaque, Style, encoded, rendered


def max_zoom(width: int, height: int) -> int:
    """Return the zoom level at which one pixel of a tile is one pixel of the image; at 0 one tile holds all of it."""
    return zoom_levels(width, height, TILE_PX)


@dataclass(frozen=True)
class Tile:
    """One tile of an image of the given size; raises Refused when it lies outside."""

    z: int
    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        if not 0 <= self.z <= max_zoom(self.width, self.height):
            raise Refused("no_such_tile", f"The zoom level lies between 0 and {max_zoom(self.width, self.height)}.")
        column, row = self.x * self.span_px, self.y * self.span_px
        if not (0 <= column < self.width and 0 <= row < self.height):
            raise Refused("no_such_tile", "The tile lies outside the image.")

    @property
    def resolution(self) -> int:
        """Image pixels per tile pixel."""
        return 1 << (max_zoom(self.width, self.height) - self.z)

    @property
    def span_px(self) -> int:
        """Image pixels along one side."""
        return TILE_PX * self.resolution

    @property
    def window(self) -> tuple[int, int, int, int]:
        """The part of the image that it shows: (column, row, width, height)."""
        column, row = self.x * self.span_px, self.y * self.span_px
        return column, row, min(self.span_px, self.width - column), min(self.span_px, self.height - row)


def render_tile(path: Path, tile: Tile, style: Style, *, format: str = "jpg", build: bool = True) -> bytes:
    """Return a tile as "jpg", "png" or "webp", always 256 x 256; beyond the image's edge it is transparent, or black in a JPEG."""
    if format not in CONTENT_TYPES:
        raise Refused("no_such_format", f"Tiles come as {', '.join(CONTENT_TYPES)}.")
    _column, _row, width, height = tile.window
    longest = -(-max(width, height) // tile.resolution)
    rgb, opaque = rendered(path, style, tile.window, longest, source=tile_source(path, build=build))
    return encoded(*_padded(rgb, opaque), format=format, quality=80)


def _padded(rgb: RGB, opaque: Opaque | None) -> tuple[RGB, Opaque | None]:
    height, width = rgb.shape[:2]
    if (height, width) == (TILE_PX, TILE_PX):
        return rgb, opaque
    whole = np.zeros((TILE_PX, TILE_PX, 3), dtype=np.uint8)
    whole[:height, :width] = rgb
    there = np.zeros((TILE_PX, TILE_PX), dtype=bool)
    there[:height, :width] = True if opaque is None else opaque
    return whole, there
