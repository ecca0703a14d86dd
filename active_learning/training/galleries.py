"""The pictures of a training that looks for objects: as maps of the frozen backbone that lie on disk, or as pixels. Imports torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from active_learning.training.scenes import Scene, moved_scene
from active_learning.training.variation import Variation, moved
from models_registry.networks.backbones import as_tensor, use_few_threads
from models_registry.networks.bands import BandScale
from models_registry.networks.devices import fetched, mixed, put
from models_registry.networks.objects import Maps, Truth, installed_maps, map_shapes, maps_of
from models_registry.networks.pictures import Pixels, stacked
from models_registry.networks.store import EmbeddingStore
from models_registry.networks.weights import WeightsFile

BATCH: Final = 8
LARGEST: Final = 60_000.0  # what half precision can hold, with some room

Rows = npt.NDArray[np.int64]


class Gallery(Protocol):
    """Pictures by row, and what is in them."""

    def batch(self, rows: Rows, rng: np.random.Generator | None) -> tuple[Maps, list[Scene]]:
        """Return the maps and the scenes of rows; ``rng`` may vary them."""
        ...


@dataclass
class MapsEmbedder:
    """The frozen backbone's maps of a picture in one row of numbers, for an ``EmbeddingStore``."""

    features: nn.Sequential
    side_px: int
    first: int
    batch_size: int = BATCH
    scale: BandScale | None = None

    def embed(self, images: Sequence[Pixels]) -> npt.NDArray[np.float32]:
        """Return (N, D) float32."""
        use_few_threads()
        with torch.inference_mode():
            maps = maps_of(self.features, as_tensor(stacked(images, self.side_px)), self.first, self.scale)
            rows = torch.cat([each.flatten(1) for each in maps], 1).clamp(-LARGEST, LARGEST)
        return fetched(rows)


def maps_store(folder: Path, weights: WeightsFile, side_px: int, first: int, scale: BandScale | None = None) -> EmbeddingStore:
    """Return the store of the installed backbone's maps, of bands or of colours, in half precision, beside those of embeddings."""
    dimension = sum(math.prod(shape) for shape in map_shapes(side_px, first))
    plain = f"mobilenet_v2-maps{first}-{side_px}-{weights.sha256[:8]}"
    return EmbeddingStore(folder / (plain if scale is None else f"{plain}-{scale.name}"), dimension)


def maps_embedder(weights: WeightsFile, side_px: int, first: int, scale: BandScale | None = None) -> MapsEmbedder:
    """Return what fills such a store."""
    return MapsEmbedder(installed_maps(weights, scale), side_px, first, scale=scale)


@dataclass(frozen=True)
class FrozenGallery:
    """Maps that were computed once; they are never varied, since no map is that of a mirrored picture."""

    store: EmbeddingStore
    keys: npt.NDArray[np.int64]
    scenes: Sequence[Scene]
    side_px: int
    first: int

    def batch(self, rows: Rows, rng: np.random.Generator | None) -> tuple[Maps, list[Scene]]:
        """Return the maps and the scenes of rows."""
        flat = put(self.store.load(self.keys[rows]))
        shapes = map_shapes(self.side_px, self.first)
        parts = torch.split(flat, [math.prod(shape) for shape in shapes], 1)
        return [part.reshape(len(rows), *shape) for part, shape in zip(parts, shapes, strict=True)], [
            self.scenes[row] for row in rows.tolist()
        ]


@dataclass(frozen=True)
class PixelGallery:
    """Pixels, seen by a backbone that learns: varied by chance where the rows are to be.

    ``features``: None for networks that have a backbone of their own and take the pixels as their map.
    """

    pixels: Pixels
    scenes: Sequence[Scene]
    features: nn.Sequential | None
    first: int
    variation: Variation
    swaps: npt.NDArray[np.int64] | None
    scale: BandScale | None = None

    def batch(self, rows: Rows, rng: np.random.Generator | None) -> tuple[Maps, list[Scene]]:
        """Return the maps and the scenes of rows."""
        pixels, scenes = np.array(self.pixels[rows]), [self.scenes[row] for row in rows.tolist()]
        if rng is not None:
            moves = self.variation.moves(len(rows), pixels.shape[1], rng)
            pixels = moved(self.variation.recoloured(pixels, rng), moves)
            scenes = [moved_scene(scene, move, self.swaps) for scene, move in zip(scenes, moves, strict=True)]
        if self.features is None:
            return [as_tensor(pixels)], scenes
        with mixed():
            maps = maps_of(self.features, as_tensor(pixels), self.first, self.scale)
        return [each.float() for each in maps], scenes


def truth_of(scene: Scene) -> Truth:
    """Return a scene as the network's losses want it."""
    masks, points = scene.masks, scene.points
    return Truth(
        _tensor(scene.boxes), _tensor(scene.labels),
        None if masks is None else _tensor(masks.astype(np.uint8)), None if points is None else _tensor(points),
    )  # fmt: skip


def _tensor(array: npt.NDArray[np.generic]) -> Tensor:
    return put(np.array(array))
