"""Large images in windows: where they lie, and one answer of all of theirs. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from inference.inputs import StoredImage
from inference.schema import Prediction
from inference.steps import run_thing_steps
from inference.tiling import WindowPx, stitch, windows_of
from models_registry.options import ModelOptions


def windows_for(image: StoredImage, options: ModelOptions) -> tuple[WindowPx, ...]:
    """Return the windows in which an image is asked about; none when it is asked about as a whole."""
    if options.window_px is None or max(image.width, image.height) <= options.window_px:
        return ()
    return windows_of(image.width, image.height, window_px=options.window_px, overlap_px=options.overlap_px)


def join_windows(parts: Sequence[tuple[WindowPx, Prediction]], image: StoredImage, options: ModelOptions) -> Prediction:
    """Return one answer of those about windows, after the steps on whole things."""
    return run_thing_steps(stitch(parts, width=image.width, height=image.height, options=options), options)
