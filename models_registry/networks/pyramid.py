"""What a backbone sees of every pixel: its maps of several strides, and numbers at single pixels of them.

Numbers at a pixel are those of all maps, spread bilinearly to the picture's grid and put side by side. The maps are kept
at their own strides, a hundredth of that; and because spreading is linear, a linear head may be asked on the small maps
and its answers spread instead, with the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from models_registry.networks.pictures import Pixels

if TYPE_CHECKING:
    from torch import Tensor, nn

# The last block of MobileNetV2 at each stride: its place among the features, the stride, how many maps it gives.
STAGES: Final = ((1, 2, 16), (3, 4, 24), (6, 8, 32), (13, 16, 96), (17, 32, 320))
COARSEST: Final = 32
MAPS: Final = sum(count for _, _, count in STAGES)
NORMAL: Final = 64.0  # bytes are divided by it, so that they are about as large as the maps

Maps = npt.NDArray[np.floating]
Places = npt.NDArray[np.int64]


def dimension(bands: int) -> int:
    """Return how many numbers describe a pixel: its own bytes, and the maps."""
    return bands + MAPS


def padded(pixels: Pixels) -> Pixels:
    """Return (H, W, B) continued by its edge to sides that the coarsest map divides."""
    down, across = (-side % COARSEST for side in pixels.shape[:2])
    return np.pad(pixels, ((0, down), (0, across), (0, 0)), "edge") if down or across else pixels


def stages_of(features: nn.Module, batch: Tensor) -> list[Tensor]:
    """Return the maps (N, C, h, w) of ``STAGES``, finest first, of a normalised batch whose sides ``COARSEST`` divides."""
    found, last = [], {place for place, _, _ in STAGES}
    for place, block in enumerate(features.children()):
        batch = block(batch)
        if place in last:
            found.append(batch)
        if place == STAGES[-1][0]:
            break
    return found


@dataclass(frozen=True, eq=False)
class PixelFeatures:
    """What is known of one picture's pixels: its bytes (H, W, B), and the maps (C, h, w) of ``STAGES``, finest first."""

    pixels: Pixels
    maps: tuple[Maps, ...]

    def at(self, rows: Places, columns: Places) -> npt.NDArray[np.float32]:
        """Return (N, dimension) float32 at N pixels."""
        parts = [self.pixels[rows, columns].astype(np.float32) / np.float32(NORMAL)]
        parts += [_spread(maps, rows, columns, stride) for maps, (_, stride, _) in zip(self.maps, STAGES, strict=True)]
        return np.concatenate(parts, axis=1)

    def halved(self) -> PixelFeatures:
        """Return the same with the maps as halves."""
        return PixelFeatures(self.pixels, tuple(maps.astype(np.float16) for maps in self.maps))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the maps, for a file."""
        return {f"stride-{stride}": maps for maps, (_, stride, _) in zip(self.maps, STAGES, strict=True)}


def _spread(maps: Maps, rows: Places, columns: Places, stride: int) -> npt.NDArray[np.float32]:
    """Return (N, C): what ``interpolate(mode="bilinear", align_corners=False)`` gives at these pixels."""
    (top, bottom, down), (left, right, across) = (
        _between(places, stride, side) for places, side in zip((rows, columns), maps.shape[1:], strict=True)
    )
    grid = np.ascontiguousarray(np.moveaxis(maps, 0, 2), np.float32)  # a pixel's numbers lie together
    upper = grid[top, left] * (1 - across) + grid[top, right] * across
    lower = grid[bottom, left] * (1 - across) + grid[bottom, right] * across
    return np.asarray(upper * (1 - down) + lower * down, np.float32)


def _between(places: Places, stride: int, side: int) -> tuple[Places, Places, npt.NDArray[np.float32]]:
    """Return the cells before and after each pixel, and how far it is from the one before, (N, 1)."""
    exact = np.clip((places + 0.5) / stride - 0.5, 0, side - 1)
    before = np.minimum(exact.astype(np.int64), side - 1)
    return before, np.minimum(before + 1, side - 1), (exact - before).astype(np.float32)[:, None]


def features_of(network: nn.Module, pictures: Sequence[Pixels], normalise: Any) -> list[PixelFeatures]:
    """Return what a backbone sees of pictures of one size, (H, W, B) uint8 each; ``normalise``: from bytes to what it takes."""
    import torch

    from models_registry.networks.backbones import as_tensor
    from models_registry.networks.devices import fetched

    wide = [padded(pixels) for pixels in pictures]
    with torch.inference_mode():
        stages = [fetched(stage.contiguous()) for stage in stages_of(network, normalise(as_tensor(np.stack(wide))))]
    return [PixelFeatures(pixels, tuple(stage[n] for stage in stages)) for n, pixels in enumerate(pictures)]
