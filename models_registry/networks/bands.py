"""Rasters of any bands and any type as the bytes that a network sees: which bands, stretched between which values.

A network that was trained on some bands and values is asked on the same ones, so this value lies in its checkpoint and
names the space of its embeddings. Knows no torch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from campaigns.imagery import Style, WindowPx, layout_of, read_window, rendered, tile_source
from campaigns.imagery.reader import Layout, fitted
from models_registry.networks.pictures import COLORS

Bytes = npt.NDArray[np.uint8]
There = npt.NDArray[np.bool_]

MOST_BANDS: Final = 64


@dataclass(frozen=True)
class BandScale:
    """Bands (counted from 1), the values shown as 0 and as 255, and mean and deviation of what comes out, one of each a band."""

    bands: tuple[int, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def __post_init__(self) -> None:
        numbers = (self.low, self.high, self.mean, self.deviation)
        if not 1 <= len(self.bands) <= MOST_BANDS or any(len(each) != len(self.bands) for each in numbers):
            raise ValueError("a band scale has as many numbers as bands")
        if min(self.bands) < 1 or len(set(self.bands)) < len(self.bands) or not np.isfinite(numbers).all():
            raise ValueError("the bands of a scale are counted from 1, each once, and their numbers are finite")
        if not all(low < high for low, high in zip(self.low, self.high, strict=True)) or min(self.deviation) <= 0:
            raise ValueError("a band is stretched from a lower to a higher value")

    @property
    def name(self) -> str:
        """Name the choice and its numbers in one word, for the space of embeddings."""
        digest = hashlib.sha256(json.dumps(self.as_document()).encode()).hexdigest()
        return f"bands-{'.'.join(map(str, self.bands))}-{digest[:8]}"

    @property
    def in_words(self) -> str:
        """Say which bands, for the card of a model."""
        return ", ".join(f"band {band}" for band in self.bands)

    @property
    def stretch_in_words(self) -> str:
        """Say between which values each is stretched, for the card of a model."""
        return "; ".join(f"band {band}: {low:g} to {high:g}" for band, low, high in zip(self.bands, self.low, self.high, strict=True))

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {name: list(values) for name, values in asdict(self).items()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> BandScale:
        """Read what ``as_document`` wrote; raises ValueError, TypeError or KeyError when it is none."""
        bands = tuple(int(band) for band in document["bands"])
        low, high, mean, deviation = (tuple(float(each) for each in document[name]) for name in ("low", "high", "mean", "deviation"))
        return cls(bands, low, high, mean, deviation)

    def stretched(self, values: npt.NDArray[Any], missing: There) -> Bytes:
        """Return (H, W, B) uint8 of values (B, H, W); what is missing, (B, H, W), becomes the mean of its band, which says nothing."""
        low, high = (np.array(each, np.float32)[:, None, None] for each in (self.low, self.high))
        share = (np.where(missing, 0, values).astype(np.float32) - low) / (high - low)
        filled = np.where(missing, np.rint(np.array(self.mean, np.float32))[:, None, None], np.clip(np.rint(share * 255), 0, 255))
        return np.ascontiguousarray(np.moveaxis(filled.astype(np.uint8), 0, 2))


def missing_in(values: npt.NDArray[Any], nodata: float | None) -> There:
    """Return where values (B, H, W) hold nothing: the value that means so, NaN, or an infinity."""
    missing = ~np.isfinite(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)
    return missing if nodata is None else missing | (values == nodata)


def read_scaled(
    path: Path, scale: BandScale, *, window: WindowPx | None = None, max_side: int | None = None, source: Path | None = None
) -> tuple[Bytes, There | None]:
    """Return an image, or a window of it, as (H, W, B) uint8, and where there is anything at all, (H, W); None: everywhere.

    ``max_side``: shrink so that the longer side has at most so many pixels; ``source``: a copy to read from.
    Raises ``campaigns.imagery.Refused`` for a band that the image does not have, and for a damaged file.
    """
    layout = layout_of(source or path)
    wanted = [*scale.bands, layout.alpha] if _has_other_alpha(layout, scale.bands) else list(scale.bands)
    width, height = window[2:] if window is not None else (layout.width, layout.height)
    across, down = fitted(width, height, max_side)
    shape = (down, across) if (across, down) != (width, height) else None
    values = read_window(source or path, window, [band for band in wanted if band is not None], shape)
    missing = missing_in(values[: len(scale.bands)], layout.nodata)
    nothing = missing.all(axis=0)
    if len(wanted) > len(scale.bands):
        clear = values[-1] == 0
        nothing, missing = nothing | clear, missing | clear
    there: There | None = np.logical_not(nothing) if nothing.any() else None
    return scale.stretched(values[: len(scale.bands)], missing), there


def _has_other_alpha(layout: Layout, bands: Sequence[int]) -> bool:
    return layout.alpha is not None and layout.alpha not in bands


def read_seen(
    path: Path, scale: BandScale | None, *, window: WindowPx | None = None, max_side: int | None = None
) -> tuple[Bytes, There | None]:
    """Return an image, or a window of it, as a network sees it: in the bands of a scale, or in colours as shown.

    (H, W, B) uint8, and where there is data, (H, W); None: everywhere. A window of a large picture is read from its pyramid.
    """
    source = None if window is None else tile_source(path)
    if scale is None:
        return rendered(path, Style(), window, max_side, source=source)
    return read_scaled(path, scale, window=window, max_side=max_side, source=source)


def bands_seen(scale: BandScale | None) -> int:
    """Return how many bands a network sees: those of its scale, or three colours."""
    return COLORS if scale is None else len(scale.bands)


def scale_in(document: Mapping[str, Any]) -> BandScale | None:
    """Return the bands that the document of a checkpoint names; None where the network sees colours as shown."""
    found = document.get("bands")
    return None if found is None else BandScale.from_document(found)
