"""Steps on the pixels of an image before they are sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.steps.trace import tell
from models_registry.steps import Step

Pixels = NDArray[Any]  # (bands, height, width)
MAX_PIXELS: Final = 2**28


class PixelStepFailed(ValueError):
    """A step that this image cannot take; the sentence names the step."""


def run_pixel_steps(pixels: Pixels, steps: Sequence[Step], *, whole: Pixels | None = None) -> Pixels:
    """Return the pixels (bands, height, width) after all steps.

    ``whole``: a coarse copy of the whole image when ``pixels`` are a window of it. It goes through the same steps, and what a
    step measures (percentiles) it measures there, so that neighbouring windows are treated alike.
    """
    for number, step in enumerate(steps):
        kind, run = step.kind, _RUN[step.name]
        try:
            changed = run(pixels, step.params, pixels if whole is None else whole)
            whole = None if whole is None else _followed(run, whole, step)
        except _Impossible as error:
            raise PixelStepFailed(f"pre.{number} ({kind.title}): {error}") from error
        tell(step.name, lambda before=pixels, after=changed: f"{_shown(before)} → {_shown(after)}")  # type: ignore[misc]
        pixels = changed
    return pixels


class _Impossible(ValueError):
    pass


Run = Callable[[Pixels, Mapping[str, Any], Pixels], Pixels]


def _followed(run: Run, whole: Pixels, step: Step) -> Pixels:
    return whole if step.name == "resize" else run(whole, step.params, whole)


def _shown(pixels: Pixels) -> str:
    finite = pixels[np.isfinite(pixels)] if pixels.dtype.kind == "f" else pixels
    reach = f", {finite.min():.4g} to {finite.max():.4g}" if finite.size else ""
    count, height, width = pixels.shape
    return f"{count} {'band' if count == 1 else 'bands'} of {width} x {height}, {pixels.dtype}{reach}"


def _chosen(pixels: Pixels, bands: Sequence[int]) -> Pixels:
    for band in bands:
        if band > len(pixels):
            raise _Impossible(f"there is no band {band}; what reaches this step has {len(pixels)}.")
    return pixels[[band - 1 for band in bands]]


def _bands(pixels: Pixels, params: Mapping[str, Any], whole: Pixels) -> Pixels:
    return _chosen(pixels, params["bands"])


def _fractions(pixels: Pixels, params: Mapping[str, Any]) -> Pixels:
    """Return three bands over a divisor in [0, 1] as SCANEO computes them: 64 bit for whole numbers (scaneo, processing.py)."""
    values = _chosen(pixels, [params["red"], params["green"], params["blue"]])
    if not np.isfinite(values).all():
        raise _Impossible("the image holds NaN or infinite values there.")
    divided: Pixels = np.clip(values / params["divisor"], 0, 1)
    return divided


def _s2rgb(pixels: Pixels, params: Mapping[str, Any], whole: Pixels) -> Pixels:
    return (_fractions(pixels, params) * 255).astype(np.uint8)  # cut, not rounded, as SCANEO does


def _satrgb(pixels: Pixels, params: Mapping[str, Any], whole: Pixels) -> Pixels:
    return _fractions(pixels, params)


def _resize(pixels: Pixels, params: Mapping[str, Any], whole: Pixels) -> Pixels:
    height, width = pixels.shape[1:]
    if params["how"] == "exact":
        size = (params["width"], params["height"])
    else:
        factor = params["factor"] if params["how"] == "scale" else params["side"] / max(width, height)
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
    if size == (width, height):
        return pixels
    if size[0] * size[1] > MAX_PIXELS:
        raise _Impossible(f"{size[0]} x {size[1]} pixels are too many to send.")
    return np.stack([_resized(band, size) for band in pixels])


def _resized(band: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Return one band at another size: means where it shrinks, between neighbours where it grows."""
    if band.dtype == np.uint8:
        return np.asarray(Image.fromarray(band).resize(size, Image.Resampling.BILINEAR))
    values = np.asarray(Image.fromarray(band.astype(np.float32)).resize(size, Image.Resampling.BILINEAR))
    return np.rint(values).astype(band.dtype) if band.dtype.kind in "iu" else values.astype(band.dtype)


def _stretch(pixels: Pixels, params: Mapping[str, Any], whole: Pixels) -> Pixels:
    """Spread each band between two percentiles of the whole image; NaN becomes the darkest."""
    shares = np.empty(pixels.shape, np.float32)
    for number, (band, measured) in enumerate(zip(pixels, whole, strict=True)):
        known = measured[np.isfinite(measured)] if measured.dtype.kind == "f" else measured
        low, high = (float(each) for each in np.percentile(known, (params["low"], params["high"]))) if known.size else (0.0, 0.0)
        spread = (band.astype(np.float32) - np.float32(low)) / np.float32(high - low or 1.0)
        shares[number] = np.clip(np.nan_to_num(spread, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
    return (shares * 255 + 0.5).astype(np.uint8) if params["output"] == "bytes" else shares


def _normalise(pixels: Pixels, params: Mapping[str, Any], whole: Pixels) -> Pixels:
    """Return (x / divisor - mean) / std in 32 bit."""
    mean, std = (_per_band(params[name], len(pixels)) for name in ("mean", "std"))
    normalised: NDArray[np.float32] = (pixels.astype(np.float32) / np.float32(params["divisor"]) - mean) / std
    return normalised


def _per_band(values: Sequence[float], count: int) -> NDArray[np.float32]:
    if len(values) not in (1, count):
        raise _Impossible(f"there are {len(values)} values for {count} bands.")
    return np.array(values, np.float32)[:, None, None]


_RUN: Final[Mapping[str, Run]] = {
    "bands": _bands, "s2rgb": _s2rgb, "satrgb": _satrgb, "resize": _resize, "stretch": _stretch, "normalise": _normalise,
}  # fmt: skip
PIXEL_STEPS: Final = frozenset(_RUN)
