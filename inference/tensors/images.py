"""Pixels to the input tensor."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.schema import PredictionRejected
from inference.tensors.placement import Placement
from inference.tensors.settings import AUTO, TensorSettings

Pixels = NDArray[Any]
KINDS: dict[str, Any] = {
    "FP32": np.float32, "FP16": np.float16, "FP64": np.float64, "UINT8": np.uint8, "INT8": np.int8, "UINT16": np.uint16,
    "INT16": np.int16, "UINT32": np.uint32, "INT32": np.int32, "UINT64": np.uint64, "INT64": np.int64, "BOOL": np.bool_,
}  # fmt: skip
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
MAX_VALUES = 2**28


def datatype_of(settings: TensorSettings) -> str:
    """Return the datatype of the input: fractions, when nothing says otherwise."""
    return "FP32" if settings.datatype == AUTO else settings.datatype


def make_tensor(pixels: Pixels, settings: TensorSettings, placement: Placement) -> Pixels:
    """Return the input tensor for pixels (h, w, C): a picture of 8 bit, or bands as they are stored.

    Raises ``PredictionRejected`` where the settings and the image do not go together.
    """
    coloured = _coloured(pixels, settings.colour)
    if coloured.shape[2] * placement.width * placement.height > MAX_VALUES:
        raise PredictionRejected("input", f"{placement.width} x {placement.height} pixels are too many; set a size, or send it smaller")
    scale = settings.scale if settings.scale is not None else _usual_scale(pixels, datatype_of(settings))
    values = _placed(coloured, placement, settings).astype(np.float32) * np.float32(scale)
    count = values.shape[2]
    if settings.mean:
        values -= np.array(_per_channel("mean", settings.mean, count), np.float32)
    if settings.std:
        values /= np.array(_per_channel("std", settings.std, count), np.float32)
    return _laid_out(_typed(values, datatype_of(settings)), settings.layout)


def _coloured(pixels: Pixels, colour: str) -> Pixels:
    if colour == "rgb":
        return pixels
    if pixels.shape[2] != 3:
        raise PredictionRejected("input", f"the colours are set to {colour}, but the image comes in {pixels.shape[2]} bands")
    return pixels[:, :, ::-1] if colour == "bgr" else (pixels.astype(np.float32) @ LUMA)[:, :, None]


def _usual_scale(pixels: Pixels, datatype: str) -> float:
    return 1.0 / 255.0 if pixels.dtype == np.uint8 and datatype.startswith("FP") else 1.0


def _per_channel(name: str, numbers: tuple[float, ...], count: int) -> tuple[float, ...]:
    if len(numbers) not in (1, count):
        raise PredictionRejected("input", f"{name} has {len(numbers)} numbers, the image {count} channels")
    return numbers


def _placed(pixels: Pixels, placement: Placement, settings: TensorSettings) -> Pixels:
    size = (placement.across, placement.down)
    resized = pixels if (pixels.shape[1], pixels.shape[0]) == size else _resized(pixels, size, settings.resample)
    if size == (placement.width, placement.height):
        return resized
    whole = np.full((placement.height, placement.width, pixels.shape[2]), settings.pad, np.float32)
    whole[placement.top : placement.top + placement.down, placement.left : placement.left + placement.across] = resized
    return whole


def _resized(pixels: Pixels, size: tuple[int, int], resample: str) -> Pixels:
    """Resize bilinearly, as OpenCV does it or as Pillow, which averages when it makes things smaller."""
    bands = pixels if pixels.dtype in (np.uint8, np.float32) else pixels.astype(np.float32)
    if resample == "linear":
        import cv2  # only where a tensor is made: the web server describes protocols and makes none

        flat = [cv2.resize(np.ascontiguousarray(bands[:, :, at]), size, interpolation=cv2.INTER_LINEAR) for at in range(bands.shape[2])]
        return np.stack(flat, axis=2)
    kept = [np.asarray(Image.fromarray(np.ascontiguousarray(bands[:, :, at])).resize(size, Image.Resampling.BILINEAR)) for at in
            range(bands.shape[2])]  # fmt: skip
    return np.stack(kept, axis=2)


def _typed(values: NDArray[np.float32], datatype: str) -> Pixels:
    kind = KINDS.get(datatype)
    if kind is None:
        raise PredictionRejected("input", f"an image cannot be sent as {datatype}; choose another datatype, or the layout encoded")
    if issubclass(kind, np.floating):
        with np.errstate(over="ignore"):
            typed: Pixels = values.astype(kind)
        if not np.isfinite(typed).all():
            raise PredictionRejected("input", f"the image has values that {datatype} cannot hold; check scale, mean and std")
        return typed
    if kind is np.bool_:
        return np.asarray(values != 0)
    limits = np.iinfo(kind)
    whole: Pixels = np.clip(np.rint(values.astype(np.float64)), limits.min, limits.max).astype(kind)
    return whole


def _laid_out(values: Pixels, layout: str) -> Pixels:
    """Return (h, w, C) in the network's order of axes."""
    laid = values if layout.endswith("HWC") else np.moveaxis(values, 2, 0)
    return np.ascontiguousarray(laid if layout in ("CHW", "HWC") else laid[None])
