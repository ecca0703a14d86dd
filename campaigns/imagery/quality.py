"""How good a picture is to the eye: sharpness, brightness and contrast, measured on a small gray copy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from campaigns.imagery.pyramids import whole_source
from campaigns.imagery.render import Opaque, Style, rendered

SIDE_PX: Final = 256  # as large as a thumbnail: measures of images of any size can be compared
LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, 2.5.1


@dataclass(frozen=True)
class Quality:
    """Measures of one image.

    ``sharpness``: variance of the Laplacian of the gray values of 0 to 255, 0 and up, lower is blurrier (Pech-Pacheco et al. 2000,
    "Diatom autofocusing in brightfield microscopy: a comparative study"). ``brightness``: mean gray, 0 to 1. ``contrast``:
    standard deviation of the gray values, 0 to 0.5 (RMS contrast; Peli 1990, "Contrast in complex images").
    """

    sharpness: float
    brightness: float
    contrast: float


def measured(path: Path) -> Quality:
    """Measure an image file as it is shown, at most SIDE_PX on its longer side; pixels without data do not count."""
    rgb, opaque = rendered(path, Style(), max_side=SIDE_PX, source=whole_source(path))
    return quality_of(rgb.astype(np.float32) @ LUMA, opaque)


def quality_of(gray: NDArray[np.float32], opaque: Opaque | None = None) -> Quality:
    """Measure gray values: (H, W) of 0 to 255. An image without data, or too small for a Laplacian, is not sharp at all."""
    there = np.ones(gray.shape, np.bool_) if opaque is None else opaque
    values = gray[there].astype(np.float64) / 255.0
    if not values.size:
        return Quality(0.0, 0.0, 0.0)
    return Quality(_sharpness(gray.astype(np.float64), there), float(values.mean()), float(values.std()))


def _sharpness(gray: NDArray[np.float64], there: NDArray[np.bool_]) -> float:
    if min(gray.shape) < 3:
        return 0.0
    edges = gray[:-2, 1:-1] + gray[2:, 1:-1] + gray[1:-1, :-2] + gray[1:-1, 2:] - 4 * gray[1:-1, 1:-1]
    whole = there[:-2, 1:-1] & there[2:, 1:-1] & there[1:-1, :-2] & there[1:-1, 2:] & there[1:-1, 1:-1]
    return float(edges[whole].var()) if whole.any() else 0.0
