"""Which values the bands of a campaign's images take, measured over the images that a training learns from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from campaigns.errors import InvalidInput
from campaigns.imagery import Refused, band_statistics, layout_of
from campaigns.imagery.statistics import BandStatistics
from models_registry.networks.bands import BandScale

MOST_IMAGES: Final = 256
PERCENTS: Final = np.linspace(0, 100, 401)
CUT: Final = (0.5, 99.5)  # a percent at the ends is often glint, cloud or a broken sensor
STEPS: Final = 32
BYTE_STEP: Final = 4.0
LONGEST: Final = 300  # characters of a card's text

Values = npt.NDArray[np.float64]


def measure_bands(paths: Sequence[Path], bands: Sequence[int]) -> BandScale:
    """Return how the bands of these images become bytes: each stretched between its percentiles over all of them.

    Pixels without data do not count. Bytes stay as they are. The numbers are rounded outwards to a coarse grid, so that a few
    more images seldom change them, and embeddings in these bands stay good. At most ``MOST_IMAGES`` are looked at, spread evenly.
    Raises InvalidInput when no image has all the bands.
    """
    found: list[list[BandStatistics]] = []
    all_bytes = True
    for path in _spread(paths):
        try:
            found.append(band_statistics(path, bands))
            all_bytes = all_bytes and layout_of(path).dtype == "uint8"
        except (Refused, OSError):
            continue  # it stays out of the training too, which counts such images
    samples = [_pooled([each[place] for each in found]) for place in range(len(bands))]
    if not found or any(not len(sample) for sample in samples):
        raise InvalidInput(f"bands: none of the images has data in {', '.join(f'band {band}' for band in bands)}.", code="invalid_training")
    edges = [(0.0, 255.0) if all_bytes else _edges(sample) for sample in samples]
    shown = [np.clip((sample - low) / (high - low) * 255, 0, 255) for sample, (low, high) in zip(samples, edges, strict=True)]
    mean = tuple(_to_grid(float(each.mean())) for each in shown)
    deviation = tuple(max(BYTE_STEP, _to_grid(float(each.std()))) for each in shown)
    return BandScale(tuple(bands), tuple(low for low, _ in edges), tuple(high for _, high in edges), mean, deviation)


def _spread(paths: Sequence[Path]) -> list[Path]:
    return [paths[place] for place in sorted(set(np.linspace(0, len(paths) - 1, min(len(paths), MOST_IMAGES)).astype(int).tolist()))]


def _pooled(statistics: Sequence[BandStatistics]) -> Values:
    """Return values as they are spread over all images, each image counting alike."""
    curves = [np.array(each.quantiles, np.float64) for each in statistics if each.quantiles]
    parts = [np.interp(PERCENTS, curve[:, 0], curve[:, 1]) for curve in curves]
    return np.concatenate(parts) if parts else np.empty(0)


def _edges(sample: Values) -> tuple[float, float]:
    low, high = (float(value) for value in np.percentile(sample, CUT))
    if high <= low:
        return low, low + 1.0
    step = 2.0 ** math.floor(math.log2((high - low) / STEPS))
    return math.floor(low / step) * step, math.ceil(high / step) * step


def _to_grid(number: float) -> float:
    return round(number / BYTE_STEP) * BYTE_STEP


def card_of(scale: BandScale | None) -> dict[str, str]:
    """Return what the card of a model says of its bands."""
    return {} if scale is None else {"input_bands": scale.in_words[:LONGEST], "normalisation": scale.stretch_in_words[:LONGEST]}


def scale_for(bands: Sequence[int] | None, paths: Sequence[Path], *, start: BandScale | None = None) -> BandScale | None:
    """Return how a training sees these files in the bands that it chose; None for colours as shown.

    ``start``: the scale of the checkpoint to go on from. On the same bands it stays, because the weights are used to it.
    """
    if bands is None:
        return None
    return start if start is not None and start.bands == tuple(bands) else measure_bands(paths, bands)
