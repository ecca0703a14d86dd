"""Pixels to learn from: drawn from the labeled tiles, with what the backbone sees of them. Its maps are kept on the disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.training.label_maps import UNLABELED, Drawing, LabelMap
from active_learning.training.tiles import Raster, Tile, read_tile
from models_registry.networks.bands import BandScale, There
from models_registry.networks.pyramid import STAGES, PixelFeatures
from models_registry.networks.tensors import TensorFileError, read_tensors, write_tensors

MOST_BYTES: Final = 4 * 2**30
MOST_TILES: Final = 1000
TEACHING: Final = 16_000  # pixels of all tiles together
MEASURING: Final = 8_000
BATCH: Final = 8

See = Callable[[Sequence[npt.NDArray[np.uint8]]], list[PixelFeatures]]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Seen:
    """A tile as the backbone sees it, and where it has data; None: everywhere."""

    features: PixelFeatures
    there: There | None


class FeatureCache:
    """Maps of tiles as halves, one file each, under the name of what they were made from. The oldest make room for new ones."""

    def __init__(self, folder: Path, space: str, most_bytes: int = MOST_BYTES) -> None:
        self.root, self.folder, self.most_bytes = folder, folder / space, most_bytes

    def find(self, raster: Raster, tile: Tile) -> Seen | None:
        """Return what is kept of a tile, if it is."""
        path = self._path(raster, tile)
        try:
            arrays, _ = read_tensors(path)
            os.utime(path)
            maps = tuple(arrays[f"stride-{stride}"] for _, stride, _ in STAGES)
            return Seen(PixelFeatures(arrays["pixels"], maps), arrays.get("there"))
        except (OSError, TensorFileError, KeyError):
            return None

    def keep(self, raster: Raster, tile: Tile, seen: Seen) -> None:
        """Keep what was seen of a tile."""
        there = {} if seen.there is None else {"there": seen.there}
        write_tensors(self._path(raster, tile), {"pixels": seen.features.pixels, **seen.features.arrays(), **there}, {})

    def trim(self) -> None:
        """Remove what was not used for the longest time, until the rest fits."""
        files = sorted(((path.stat(), path) for path in self.root.glob("*/*/*.maps")), key=lambda each: -each[0].st_mtime)
        total = 0
        for facts, path in files:
            total += facts.st_size
            if total > self.most_bytes:
                path.unlink(missing_ok=True)

    def _path(self, raster: Raster, tile: Tile) -> Path:
        name = hashlib.sha256(f"{raster.sha256}:{tile.window}".encode()).hexdigest()[:40]
        return self.folder / name[:2] / f"{name}.maps"


def seen_tiles(
    rasters: Sequence[Raster], tiles: Sequence[Tile], see: See, cache: FeatureCache | None, scale: BandScale | None
) -> Iterator[tuple[int, Seen | None]]:
    """Yield (place, what is seen) of each tile, in order; None for one that cannot be read. Tiles of one size are seen together."""
    places = range(len(tiles))
    for _, group in groupby(places, key=lambda place: tiles[place].window[2:]):
        members = list(group)
        for start in range(0, len(members), BATCH):
            yield from _seen(members[start : start + BATCH], rasters, tiles, see, cache, scale)


def _seen(
    places: Sequence[int], rasters: Sequence[Raster], tiles: Sequence[Tile], see: See, cache: FeatureCache | None, scale: BandScale | None
) -> Iterator[tuple[int, Seen | None]]:
    found: dict[int, Seen | None] = {}
    fresh: list[tuple[int, Any, There | None]] = []
    for place in places:
        raster, tile = rasters[tiles[place].row], tiles[place]
        kept = cache.find(raster, tile) if cache is not None else None
        found[place] = kept
        if kept is None:
            try:
                fresh.append((place, *read_tile(raster, tile.window, scale)))
            except Exception:  # a file that cannot be read stays out of the training, which counts such files
                continue
    for (place, _, there), features in zip(fresh, see([pixels for _, pixels, _ in fresh]) if fresh else (), strict=True):
        found[place] = seen = Seen(features.halved(), there)  # as it is found again, so that a second training sees the same
        if cache is not None:
            cache.keep(rasters[tiles[place].row], tiles[place], seen)
    yield from ((place, found[place]) for place in places)


@dataclass(frozen=True, eq=False)
class PixelSamples:
    """Pixels as numbers (N, D) float32 with their class (N,), and the tile that each comes from (N,)."""

    embeddings: npt.NDArray[np.float32]
    values: npt.NDArray[np.int64]
    tiles: npt.NDArray[np.int64]


def drawn_pixels(labels: LabelMap, count: int, rng: np.random.Generator, *, balanced: bool) -> tuple[Places, Places]:
    """Return (rows, columns) of at most ``count`` labeled pixels of a tile, in order.

    ``balanced``: of each class as the root of its area, so that small ones are not drowned; otherwise all pixels are alike.
    """
    known = np.flatnonzero(labels.ravel() != UNLABELED)
    if len(known) > count:
        classes, place, area = np.unique(labels.ravel()[known], return_inverse=True, return_counts=True)
        weight = 1 / np.sqrt(area[place]) if balanced and len(classes) > 1 else np.ones(len(known))
        # The Gumbel trick: the greatest of these are a draw without replacement by weight.
        known = np.sort(known[np.argpartition(-(np.log(weight) + rng.gumbel(size=len(known))), count - 1)[:count]])
    return np.divmod(known, labels.shape[1])


@dataclass(frozen=True)
class SamplePlan:
    """How many pixels of each tile are drawn to teach and to measure, by which seed."""

    teaching: int
    measuring: int
    seed: int

    @classmethod
    def for_tiles(cls, count: int, seed: int) -> SamplePlan:
        """Share the pixels among the tiles."""
        return cls(max(32, TEACHING // max(1, count)), max(32, MEASURING // max(1, count)), seed)


def sampled(
    rasters: Sequence[Raster],
    drawings: Sequence[Drawing],
    tiles: Sequence[Tile],
    seen: Iterator[tuple[int, Seen | None]],
    plan: SamplePlan,
    *,
    on_progress: Callable[[int, int], None],
) -> tuple[PixelSamples, PixelSamples, frozenset[int]]:
    """Return pixels to teach with, pixels to measure with, and the images that could not be read.

    ``on_progress(done, failed)`` may raise to stop. What is drawn of a tile depends on the seed and its place alone.
    """
    teach, ask = _Gathered(), _Gathered()
    bad: set[int] = set()
    for place, each in seen:
        tile = tiles[place]
        if each is None:
            bad.add(tile.row)
        else:
            labels = drawings[tile.row].label_map(tile.window)
            labels = labels if each.there is None else np.where(each.there, labels, np.int16(UNLABELED))
            rng = np.random.default_rng([plan.seed, place])
            for gathered, count, balanced in ((teach, plan.teaching, True), (ask, plan.measuring, False)):
                gathered.take(place, each.features, labels, drawn_pixels(labels, count, rng, balanced=balanced))
        on_progress(place + 1 - len(bad), len(bad))
    dropped = [place for place, tile in enumerate(tiles) if tile.row in bad]
    return teach.samples(dropped), ask.samples(dropped), frozenset(bad)


class _Gathered:
    def __init__(self) -> None:
        self._numbers: list[npt.NDArray[np.float32]] = []
        self._values: list[npt.NDArray[np.int64]] = []
        self._tiles: list[npt.NDArray[np.int64]] = []

    def take(self, tile: int, features: PixelFeatures, labels: LabelMap, places: tuple[Places, Places]) -> None:
        self._numbers.append(features.at(*places))
        self._values.append(labels[places].astype(np.int64))
        self._tiles.append(np.full(len(places[0]), tile, np.int64))

    def samples(self, dropped: Sequence[int]) -> PixelSamples:
        if not self._numbers:
            return PixelSamples(np.empty((0, 0), np.float32), np.empty(0, np.int64), np.empty(0, np.int64))
        numbers, values, tiles = np.concatenate(self._numbers), np.concatenate(self._values), np.concatenate(self._tiles)
        kept = ~np.isin(tiles, dropped)
        return PixelSamples(numbers[kept], values[kept], tiles[kept])
