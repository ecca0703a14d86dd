"""A drawn picture to try a model with: a coast, blue water with an island on the left and green land on the right. Pure."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from inference.interactive.prompts import PromptPoint, Prompts
from inference.protocols.base import ImageForm
from inference.wire import ModelInput

SIDE_PX = 256


def drawn_pixels(side_px: int = SIDE_PX) -> NDArray[np.uint8]:
    """Return the coast as (side, side, 3)."""
    x, y = np.meshgrid(np.arange(side_px), np.arange(side_px))
    land = x > side_px / 2 + side_px / 8 * np.sin(y * 256 / side_px / 24)
    land |= ((x - 0.2 * side_px) / (0.1 * side_px)) ** 2 + ((y - 0.6 * side_px) / (0.07 * side_px)) ** 2 < 1
    return np.where(land[..., None], (86, 118, 62), (18, 42, 92)).astype(np.uint8)


def drawn_sample(form: ImageForm, side_px: int = SIDE_PX) -> ModelInput:
    """Return the coast as a protocol wants to have it: PNG, or TIFF for those that send rasters."""
    buffer = io.BytesIO()
    container, kind, ending = ("TIFF", "image/tiff", "tif") if form == "geotiff" else ("PNG", "image/png", "png")
    Picture.fromarray(drawn_pixels(side_px)).save(buffer, container)
    return ModelInput(buffer.getvalue(), kind, side_px, side_px, name=f"sample.{ending}")


def island_of(sample: ModelInput) -> Prompts:
    """Return a click on the island of a drawn sample, and the box around it."""
    across, down = sample.width, sample.height
    box = (round(0.08 * across), round(0.51 * down), round(0.32 * across), round(0.69 * down))
    return Prompts(box=box, points=(PromptPoint(0.2 * across, 0.6 * down, True),))
