"""Where a segmentation looks: whole small images, and of large rasters the tiles that hold labels. Read once, kept in one mapped file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.training.label_maps import UNLABELED, Drawing, LabelMap
from active_learning.training.mapped import mapped_anew
from campaigns.imagery import WindowPx
from inference.tiling import windows_of
from models_registry.networks.bands import BandScale, Bytes, There, bands_seen, read_seen
from models_registry.networks.pyramid import COARSEST

MOST_PIXELS: Final = 2**28  # of all tiles together: a gigabyte and a half on the disk in three bands
READERS: Final = 2
CHUNK: Final = 32


@dataclass(frozen=True)
class Raster:
    """An image to learn from: its file, its size, and the digest of its content."""

    path: Path
    width: int
    height: int
    sha256: str


@dataclass(frozen=True)
class Tile:
    """A window (column, row, width, height) of the image at ``row``."""

    row: int
    window: WindowPx


def plan_tiles(
    rasters: Sequence[Raster], drawings: Sequence[Drawing], side_px: int, rng: np.random.Generator, *, most_pixels: int = MOST_PIXELS
) -> list[Tile]:
    """Return the tiles that hold labels, image by image; when they are too many, some of every image drawn by chance.

    Tiles with something drawn on them go before those of mere background.
    """
    per_image = [
        [window for window in windows_of(raster.width, raster.height, window_px=side_px, overlap_px=0) if drawing.teaches(window)]
        for raster, drawing in zip(rasters, drawings, strict=True)
    ]
    most = max(1, most_pixels // side_px**2)
    share = min(1.0, most / max(1, sum(map(len, per_image))))
    chosen: list[Tile] = []
    for row, windows in enumerate(per_image):
        count = len(windows) if share >= 1 else max(1, int(len(windows) * share)) if windows else 0
        order = rng.permutation(len(windows))
        drawn = np.array([any(area.shows_in(windows[place]) for area in drawings[row].areas) for place in order], bool)
        first = order[np.argsort(~drawn, kind="stable")][:count]
        chosen += [Tile(row, windows[place]) for place in sorted(first.tolist())]
    return chosen[:most] if len(chosen) > most else chosen


def side_for(rasters: Sequence[Raster], side_px: int) -> int:
    """Return the side that all tiles are padded to: no more than the largest image needs."""
    largest = max(max(raster.width, raster.height) for raster in rasters)
    return min(side_px, -(-largest // COARSEST) * COARSEST)


@dataclass(frozen=True, eq=False)
class TileSet:
    """Tiles that could be read: ``pixels`` (N, side, side, B) uint8 and ``labels`` (N, side, side) int16, both mapped from files.

    ``tiles`` and the arrays go together; ``unreadable``: images of which a tile could not be read.
    """

    tiles: tuple[Tile, ...]
    pixels: npt.NDArray[np.uint8]
    labels: LabelMap
    unreadable: frozenset[int]

    def of_images(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the places of the tiles of these images."""
        wanted = set(rows.tolist())
        return np.array([place for place, tile in enumerate(self.tiles) if tile.row in wanted], np.int64)


def read_tile(raster: Raster, window: WindowPx, scale: BandScale | None) -> tuple[Bytes, There | None]:
    """Return a tile as the network sees it, and where it has data."""
    whole = window == (0, 0, raster.width, raster.height)
    return read_seen(raster.path, scale, window=None if whole else window)


def decoded_tiles(
    folder: Path,
    rasters: Sequence[Raster],
    drawings: Sequence[Drawing],
    tiles: Sequence[Tile],
    *,
    side_px: int,
    scale: BandScale | None,
    on_progress: Callable[[int, int], None],
) -> TileSet:
    """Read the tiles and what is drawn on them; a second call with the same tiles finds the finished files.

    Tiles are continued by their edge to ``side_px``; there, and where a raster has no data, nothing is labeled.
    ``on_progress(done, failed)`` may raise to stop.
    """
    shape = (len(tiles), side_px, side_px)
    key = _digest(rasters, tiles, shape, scale)
    pixel_file, label_file, note = (folder / f"tiles-{name}" for name in ("pixels.u1", "labels.i2", "note.json"))
    try:
        found: dict[str, Any] = json.loads(note.read_text())
    except (FileNotFoundError, ValueError):
        found = {}
    if found.get("key") != key:
        folder.mkdir(parents=True, exist_ok=True)
        note.unlink(missing_ok=True)
        pixels = mapped_anew(pixel_file, np.uint8, (*shape, bands_seen(scale)))
        labels = mapped_anew(label_file, np.int16, shape)
        failed = list(_decode(pixels, labels, rasters, drawings, tiles, scale, on_progress))
        pixels.flush()
        labels.flush()
        note.write_text(json.dumps({"key": key, "failed": failed}))
        found = {"failed": failed}
    pixels = np.memmap(pixel_file, np.uint8, "r", shape=(*shape, bands_seen(scale)))
    labels = np.memmap(label_file, np.int16, "r", shape=shape)
    bad = frozenset(tiles[place].row for place in found["failed"])
    if not bad:
        return TileSet(tuple(tiles), pixels, labels, bad)
    kept = np.array([place for place, tile in enumerate(tiles) if tile.row not in bad], np.int64)
    return TileSet(tuple(tiles[place] for place in kept.tolist()), pixels[kept], labels[kept], bad)


def _digest(rasters: Sequence[Raster], tiles: Sequence[Tile], shape: tuple[int, ...], scale: BandScale | None) -> str:
    named = [[rasters[tile.row].sha256, *tile.window] for tile in tiles]
    return hashlib.sha256(json.dumps([named, shape, scale.name if scale is not None else ""]).encode()).hexdigest()


def _decode(
    pixels: npt.NDArray[np.uint8],
    labels: LabelMap,
    rasters: Sequence[Raster],
    drawings: Sequence[Drawing],
    tiles: Sequence[Tile],
    scale: BandScale | None,
    on_progress: Callable[[int, int], None],
) -> Iterator[int]:
    """Fill both arrays and yield the places of tiles that cannot be read."""
    failed = 0
    with ThreadPoolExecutor(READERS) as pool:
        for start in range(0, len(tiles), CHUNK):
            part = tiles[start : start + CHUNK]
            for place, read in enumerate(pool.map(lambda tile: _read(rasters[tile.row], tile.window, scale), part), start):
                if read is None:
                    failed += 1
                    yield place
                else:
                    _put(pixels[place], labels[place], *read, drawings[tiles[place].row].label_map(tiles[place].window))
            on_progress(start + len(part) - failed, failed)


def _read(raster: Raster, window: WindowPx, scale: BandScale | None) -> tuple[Bytes, There | None] | None:
    try:
        seen = read_tile(raster, window, scale)
    except Exception:  # a file that cannot be read stays out of the training, which counts such files
        return None
    return seen if seen[0].shape[:2] == (window[3], window[2]) else None


def _put(pixels: npt.NDArray[np.uint8], labels: LabelMap, seen: Bytes, there: There | None, drawn: LabelMap) -> None:
    height, width = drawn.shape
    side = len(labels)
    pixels[:] = np.pad(seen, ((0, side - height), (0, side - width), (0, 0)), "edge")
    labels[:] = UNLABELED
    labels[:height, :width] = drawn if there is None else np.where(there, drawn, UNLABELED)
