"""A campaign of painted images asked again: a pixel head learns from the images that were revealed, measured by mean IoU.

What the frozen backbone sees of the pixels on a grid is computed once; every round of every strategy reads it from memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from active_learning.acquisition.values import Rows
from active_learning.progress.replay import DECAY, DrawnMaterial, Told
from active_learning.training.fast_head import Examples, fit_head
from active_learning.training.label_maps import UNLABELED, Drawing
from active_learning.training.pixel_metrics import confusion, mean_iou
from active_learning.training.pixel_samples import Seen, drawn_pixels
from active_learning.training.tiles import Tile
from inference import uncertainty
from inference.uncertainty import TOP_PATCHES
from models_registry.networks.heads import LinearHead
from models_registry.networks.pyramid import dimension

MOST_NUMBERS: Final = 2**28  # of all pixels together: half a gigabyte as halves
MOST_A_TILE: Final = 576
LEAST_A_TILE: Final = 16
TAUGHT: Final = 4000  # pixels of all revealed images together
LEAST_TAUGHT: Final = 48
STEPS: Final = 40
AT_ONCE: Final = 2**15
MEASURES: Final = {"entropy": uncertainty.entropy, "margin": uncertainty.margin, "least_confidence": uncertainty.least_confidence}


@dataclass(frozen=True, eq=False)
class Grids:
    """Pixels of images: features (M, D) float16 and values (M,), their class; image n has those from ``starts[n]`` to ``starts[n + 1]``."""

    features: NDArray[np.float16]
    values: NDArray[np.int64]
    starts: Rows

    def at(self, image: int) -> slice:
        """Return where an image's pixels lie."""
        return slice(int(self.starts[image]), int(self.starts[image + 1]))

    def teaches(self, image: int) -> bool:
        """Say whether any of an image's pixels has a label."""
        return bool((self.values[self.at(image)] != UNLABELED).any())

    def of(self, images: Rows) -> Rows:
        """Return the places of the pixels of these images, image by image."""
        return np.concatenate([np.arange(self.starts[n], self.starts[n + 1]) for n in images.tolist()] or [np.empty(0, np.int64)])


def points_a_tile(tiles: int, dimension: int) -> int:
    """Return how many pixels of each tile are looked at, so that all of them fit into memory."""
    return int(np.clip(MOST_NUMBERS // max(1, tiles * dimension), LEAST_A_TILE, MOST_A_TILE))


def grids_of(drawings: Sequence[Drawing], tiles: Sequence[Tile], seen: Iterator[tuple[int, Seen | None]]) -> tuple[Grids, frozenset[int]]:
    """Look at the pixels of each image's tiles on a regular grid; also the images that could not be read, which have none.

    ``tiles`` go with ``drawings`` by their row, ascending; ``seen``: (place, what is seen) of each tile.
    """
    features: list[list[NDArray[np.float16]]] = [[] for _ in drawings]
    values: list[list[NDArray[np.int64]]] = [[] for _ in drawings]
    unreadable: set[int] = set()
    for place, each in seen:
        tile = tiles[place]
        if each is None:
            unreadable.add(tile.row)
            continue
        known = each.features.pixels.shape
        rows, columns = _grid(known[0], known[1], points_a_tile(len(tiles), _dimension(each)))
        labels = drawings[tile.row].label_map(tile.window)[rows, columns].astype(np.int64)
        there = np.ones(len(labels), bool) if each.there is None else each.there[rows, columns]
        features[tile.row].append(each.features.at(rows[there], columns[there]).astype(np.float16))
        values[tile.row].append(labels[there])
    counts = [0 if row in unreadable else sum(map(len, parts)) for row, parts in enumerate(values)]
    kept = [row for row in range(len(drawings)) if row not in unreadable]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    flat = [part for row in kept for part in features[row]] or [np.empty((0, 0), np.float16)]
    named = [part for row in kept for part in values[row]] or [np.empty(0, np.int64)]
    return Grids(np.concatenate(flat), np.concatenate(named), starts), frozenset(unreadable)


def _dimension(seen: Seen) -> int:
    return dimension(seen.features.pixels.shape[2])


def _grid(height: int, width: int, most: int) -> tuple[Rows, Rows]:
    """Return rows and columns of about ``most`` pixels, evenly apart, none at the border."""
    step = max(1.0, float(np.sqrt(height * width / most)))
    down, across = (np.unique(((np.arange(max(1, int(side / step))) + 0.5) * step).astype(np.int64)) for side in (height, width))
    rows, columns = np.meshgrid(down, across, indexing="ij")
    return rows.ravel(), columns.ravel()


@dataclass(frozen=True, eq=False)
class PixelMaterial(DrawnMaterial):
    """Painted images: those of ``grids``. classes: how many there are; seed: draws which pixels teach."""

    grids: Grids
    classes: int
    seed: int = 0

    def learned(self, labeled: Sequence[int]) -> PixelModel:
        """Fit a head on some of the revealed pixels of each image, classes by the root of their area."""
        count = max(LEAST_TAUGHT, TAUGHT // max(1, len(labeled)))
        some = [self._drawn(image, count) for image in self.pool[np.array(labeled, np.int64)].tolist()]
        rows = np.concatenate(some)
        examples = Examples(self.grids.features[rows].astype(np.float32), self.grids.values[rows])
        return PixelModel(self, fit_head(examples, classes=self.classes, decay=DECAY, steps=STEPS))

    def _drawn(self, image: int, count: int) -> Rows:
        part = self.grids.at(image)
        labels = self.grids.values[part].astype(np.int16)[None, :]
        drawn: Rows = part.start + drawn_pixels(labels, count, np.random.default_rng([self.seed, image]), balanced=True)[1]
        return drawn


@dataclass(frozen=True, eq=False)
class PixelModel:
    """A head that was fitted on the revealed pixels."""

    material: PixelMaterial
    head: LinearHead

    def told(self, rows: Rows) -> Told:
        """Measure images as the answers of a segmenter are: by their least sure tenth, and which class lies on what is unsure."""
        images = self.material.pool[rows]
        found: dict[str, list[float]] = {name: [] for name in MEASURES}
        shares = np.zeros((len(images), self.material.classes))
        for n, said in enumerate(self._answers(images)):
            unsure = {name: measure(said) for name, measure in MEASURES.items()}
            for name, values in unsure.items():
                found[name].append(_least_sure(values))
            sums = np.bincount(said.argmax(axis=1), weights=unsure["entropy"], minlength=self.material.classes)
            shares[n] = sums / max(sums.sum(), 1e-12)
        return Told(uncertainty={name: np.array(values) for name, values in found.items()}, shares=shares)

    def goodness(self) -> float:
        """Return the mean IoU over the labeled pixels of the held-back images."""
        grids = self.material.grids
        rows = grids.of(self.material.test)
        rows = rows[grids.values[rows] != UNLABELED]
        said = np.concatenate([self._said(rows[start : start + AT_ONCE]).argmax(axis=1) for start in range(0, len(rows), AT_ONCE)])
        return mean_iou(confusion(said, grids.values[rows], self.material.classes))

    def _answers(self, images: Rows) -> Iterator[NDArray[Any]]:
        """Yield the probabilities (P, K) of each image's pixels; many images are asked at once."""
        sizes = self.material.grids.starts[images + 1] - self.material.grids.starts[images]
        start = 0
        while start < len(images):
            end = max(start + 1, start + int(np.searchsorted(np.cumsum(sizes[start:]), AT_ONCE)))
            said = self.head.probabilities(self.material.grids.features[self.material.grids.of(images[start:end])].astype(np.float32))
            yield from np.split(said, np.cumsum(sizes[start:end])[:-1])
            start = end

    def _said(self, rows: Rows) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = self.head.logits(self.material.grids.features[rows].astype(np.float32))
        return logits


def _least_sure(values: NDArray[Any]) -> float:
    if not len(values):
        return 0.0
    count = max(1, round(TOP_PATCHES * len(values)))
    return float(np.clip(np.partition(values, len(values) - count)[-count:].mean(), 0, 1))
