"""An image that was to be sent, as the pixels that tensors are made of."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from inference.decode.rasters import read_grid
from inference.schema import PredictionRejected
from inference.wire import ModelInput

MAX_PIXELS = 2**28


def pixels_of(image: ModelInput) -> NDArray[np.generic]:
    """Return an image's pixels (h, w, C): bands as they are stored of a TIFF, else three colours of 8 bit, upright."""
    if image.content_type == "image/tiff":
        return np.moveaxis(read_grid(image.content, "image").values, 0, 2)
    with Image.open(io.BytesIO(image.content)) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise PredictionRejected("input", f"an image of {picture.width} x {picture.height} pixels is too large to be made a tensor")
        return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
