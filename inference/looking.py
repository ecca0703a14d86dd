"""Look at one image with a network in this process: whole, or window by window. Pure, given the network and the image's file."""

from __future__ import annotations

import numpy as np

from campaigns.imagery import Refused
from inference.inputs import StoredImage, model_input, rgb_input
from inference.joining import join_windows, windows_for
from inference.predictors import LocalPredictor, Picture, SeesBands
from inference.schema import Prediction, PredictionRejected
from inference.steps import run_thing_steps
from inference.tensors.pictures import pixels_of
from inference.tiling import WindowPx
from models_registry.networks.bands import BandScale, read_seen
from models_registry.options import ModelOptions

UNSEEN = np.zeros((1, 1, 3), np.uint8)  # stands for pixels that the predictor does not need


def look_once(predictor: LocalPredictor, image: StoredImage, options: ModelOptions) -> Prediction:
    """Return what a network says of one image, whole or in windows, after the model's steps.

    Raises ``PredictionRejected`` where its answer is unsound, Refused or OSError where the image cannot be read.
    """
    options = predictor.reading or options
    windows = windows_for(image, options)
    if not windows:
        return run_thing_steps(_look(predictor, picture_of(predictor, image, options, None)), options)
    parts = []
    for window in windows:
        try:
            parts.append((window, _look(predictor, picture_of(predictor, image, options, window))))
        except PredictionRejected as error:
            column, row, width, height = window
            raise error.within(f"the window of {width} x {height} at x {column}, y {row}") from error
    return join_windows(parts, image, options)


def _look(predictor: LocalPredictor, picture: Picture) -> Prediction:
    (prediction,) = predictor.predict([picture])
    if isinstance(prediction, PredictionRejected):
        raise prediction
    return prediction


def picture_of(predictor: LocalPredictor, image: StoredImage, options: ModelOptions, window: WindowPx | None) -> Picture:
    """Read an image, or a window of it, as a network wants to see it."""
    side = predictor.max_side
    scale = predictor.scale if isinstance(predictor, SeesBands) else None
    if scale is not None and options.pre:
        raise Refused("step_failed", "The model reads its bands as it was trained to; take out the steps before it.")
    if isinstance(predictor, SeesBands) and not options.pre:
        return _seen(predictor, scale, image, window)
    if predictor.reading is not None:
        sent = model_input(image, form="encoded", options=predictor.reading, window=window)
        return Picture(pixels_of(sent), sent.width, sent.height, id=image.id, sha256=image.sha256)
    if window is not None:
        return Picture(rgb_input(image, options, max_side=side, window=window), window[2], window[3], id=image.id)
    if options.pre:  # what is known of the image's content is known of other pixels
        return Picture(rgb_input(image, options, max_side=side), image.width, image.height, id=image.id)
    pixels = rgb_input(image, options, max_side=side) if predictor.needs_pixels(image.sha256) else UNSEEN
    return Picture(pixels, image.width, image.height, id=image.id, sha256=image.sha256)


def _seen(predictor: LocalPredictor, scale: BandScale | None, image: StoredImage, window: WindowPx | None) -> Picture:
    """Read an image, or a window of it, in the bands that the network was trained on; what is known of its content is not read."""
    if window is None and not predictor.needs_pixels(image.sha256):
        return Picture(UNSEEN, image.width, image.height, id=image.id, sha256=image.sha256)
    pixels, there = read_seen(image.path, scale, window=window, max_side=predictor.max_side)
    if window is not None:
        return Picture(pixels, window[2], window[3], id=image.id, there=there)
    return Picture(pixels, image.width, image.height, id=image.id, sha256=image.sha256, there=there)
