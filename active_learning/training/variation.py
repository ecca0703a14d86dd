"""Vary pictures by chance, so that a network learns what they show and not how they were taken. numpy and Pillow alone.

Every draw comes from the generator that is given, so the same seed and epoch vary them the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from active_learning.training.config import TrainingConfig
from models_registry.networks.pictures import Pixels

STRENGTHS: Final = {"none": 0.0, "light": 0.15, "strong": 0.4}
SMALLEST_PART: Final = 0.6
"""Of a picture's side, the least that is shown when a part of it is."""
Labels = npt.NDArray[np.int16]
Value = TypeVar("Value", bound=np.generic)


@dataclass(frozen=True)
class Move:
    """What happens to one square picture, in this order: cut out a square, exchange the axes, mirror left to right, top to bottom.

    ``part``: left, top and side of the square in pixels; None for the whole picture.
    """

    part: tuple[int, int, int] | None = None
    transposed: bool = False
    across: bool = False
    down: bool = False

    def of_pixels(self, pixels: Pixels) -> Pixels:
        """Return a picture (side, side, B) moved."""
        return self._turned(pixels if self.part is None else _resized(pixels, self.part, Image.Resampling.BILINEAR))

    def of_labels(self, labels: Labels) -> Labels:
        """Return the classes (side, side) of a picture's pixels moved with it."""
        if self.part is not None:
            left, top, side = self.part
            whole = len(labels)
            places = (np.arange(whole) * side) // whole
            labels = labels[np.ix_(top + places, left + places)]
        return self._turned(labels)

    def _turned(self, array: npt.NDArray[Value]) -> npt.NDArray[Value]:
        array = np.swapaxes(array, 0, 1) if self.transposed else array
        array = array[:, ::-1] if self.across else array
        return array[::-1] if self.down else array


@dataclass(frozen=True)
class Variation:
    """How pictures are varied; see ``TrainingConfig``."""

    flips: str = "none"
    colour: str = "none"
    crop: bool = False

    @classmethod
    def of(cls, config: TrainingConfig) -> Variation:
        """Return what a training asks for."""
        return cls(config.flips, config.colour, config.crop)

    def moves(self, count: int, side_px: int, rng: np.random.Generator) -> list[Move]:
        """Draw what happens to each of so many pictures."""
        chances = [rng.random(count) < 0.5 if wanted else np.zeros(count, bool) for wanted in self._wanted]
        parts = list(_parts(count, side_px, rng)) if self.crop else [None] * count
        across, down, transposed = (each.tolist() for each in chances)
        return [Move(*each) for each in zip(parts, transposed, across, down, strict=True)]

    @property
    def _wanted(self) -> tuple[bool, bool, bool]:
        """Whether pictures are mirrored left to right, top to bottom, and about the diagonal."""
        return self.flips != "none", self.flips in ("both", "turns"), self.flips == "turns"

    def recoloured(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """Return pictures (N, side, side, B), brightness, contrast and, of three bands, saturation of each a little other."""
        strength = STRENGTHS[self.colour]
        if not strength:
            return pixels
        shape = (len(pixels), 1, 1, 1)
        brightness, contrast, saturation = (rng.uniform(1 - strength, 1 + strength, shape).astype(np.float32) for _ in range(3))
        values = pixels.astype(np.float32) * brightness
        mean = values.mean(axis=(1, 2, 3), keepdims=True)
        values = mean + (values - mean) * contrast
        if values.shape[3] == 3:
            grey = values.mean(axis=3, keepdims=True)
            values = grey + (values - grey) * saturation
        return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


def moved(pixels: Pixels, moves: list[Move]) -> Pixels:
    """Return pictures (N, side, side, B), each moved in its own way."""
    return np.stack([move.of_pixels(each) for each, move in zip(pixels, moves, strict=True)])


def _parts(count: int, side_px: int, rng: np.random.Generator) -> Iterator[tuple[int, int, int]]:
    for share, across, down in rng.random((count, 3)).tolist():
        side = max(1, round(side_px * (SMALLEST_PART + (1 - SMALLEST_PART) * share)))
        yield int(across * (side_px - side + 1)), int(down * (side_px - side + 1)), side


def _resized(pixels: Pixels, part: tuple[int, int, int], how: Image.Resampling) -> Pixels:
    left, top, side = part
    cut, whole = np.ascontiguousarray(pixels[top : top + side, left : left + side]), pixels.shape[0]
    bands = [np.asarray(Image.fromarray(cut[:, :, band]).resize((whole, whole), how)) for band in range(cut.shape[2])]
    return np.stack(bands, axis=2)
