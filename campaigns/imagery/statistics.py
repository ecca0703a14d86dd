"""What values the bands of an image hold: read once on a shrunk copy, kept beside the image."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Resampling

from campaigns.imagery import pictures
from campaigns.imagery.pool import POOL
from campaigns.imagery.pyramids import alone_with
from campaigns.imagery.reader import checked_bands, fitted, kind_of, layout_of, raster_layout, read_raster
from campaigns.imagery.sidecars import sidecar, written_atomically

SAMPLE_SIDE_PX = 1024
# Dense at the ends, where people look for the right stretch; a page interpolates between them.
PERCENTS = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 97.0, 98.0, 99.0, 99.5, 99.75, 99.9, 100.0)


@dataclass(frozen=True)
class BandStatistics:
    """Values of one band: extremes, the percentiles between which it is stretched for the eye, and (percent, value) pairs."""

    index: int
    name: str
    min: float
    max: float
    p2: float
    p98: float
    quantiles: tuple[tuple[float, float], ...]


def band_statistics(path: Path, bands: Sequence[int] | None = None) -> list[BandStatistics]:
    """Return statistics of 1-based bands, all by default. Pixels without data, NaN and infinities do not count."""
    if bands is None:
        bands = checked_bands(None, layout_of(path).bands)
    known = _known(path)
    missing = [band for band in bands if band not in known]
    if missing:
        known = {**known, **{found.index: found for found in _measured(path, missing)}}
        _keep(path, known)
    return [known[band] for band in bands]


@lru_cache(maxsize=256)
def _loaded(path: Path, modified_ns: int) -> dict[int, BandStatistics]:
    rows = json.loads(path.read_text())
    return {row["index"]: BandStatistics(**{**row, "quantiles": tuple(map(tuple, row["quantiles"]))}) for row in rows}


def _known(path: Path) -> dict[int, BandStatistics]:
    file = sidecar(path, "statistics.json")
    try:
        return _loaded(file, file.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _keep(path: Path, known: dict[int, BandStatistics]) -> None:
    with written_atomically(sidecar(path, "statistics.json")) as temporary:
        temporary.write_text(json.dumps([asdict(known[band]) for band in sorted(known)]))


def _measured(path: Path, bands: Sequence[int]) -> list[BandStatistics]:
    if (kind := kind_of(path)) != "TIFF":
        with alone_with(path):
            pixels = pictures.decoded(path, kind)
            step = max(1, max(pixels.shape[1:]) // SAMPLE_SIDE_PX)
            return [_summary(band, "", pixels[band - 1, ::step, ::step].ravel()) for band in checked_bands(bands, pixels.shape[0])]
    with POOL.borrow(path) as dataset:
        layout = raster_layout(dataset)
        width, height = fitted(layout.width, layout.height, SAMPLE_SIDE_PX)
        names = dataset.descriptions
        found = []
        for band in checked_bands(bands, layout.bands):
            # Picked pixels, not means: extremes stay, and of a raster without overviews only a part is read.
            values = read_raster(dataset, None, [band], (height, width), Resampling.nearest)[0].ravel()
            if layout.nodata is not None:
                values = values[values != layout.nodata]
            found.append(_summary(band, names[band - 1] or "", values))
        return found


def _summary(band: int, name: str, values: NDArray[Any]) -> BandStatistics:
    values = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if values.size == 0:
        return BandStatistics(band, name, 0.0, 0.0, 0.0, 0.0, ())
    found = [_finite(value) for value in np.percentile(values, PERCENTS)]
    low, high = found[PERCENTS.index(2.0)], found[PERCENTS.index(98.0)]
    quantiles = tuple(zip(PERCENTS, found, strict=True))
    return BandStatistics(band, name, _finite(values.min()), _finite(values.max()), low, high, quantiles)


def _finite(number: Any) -> float:
    return float(number) if math.isfinite(number) else 0.0
