"""What a network takes and gives, read from a model's options and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any, Final

from models_registry.options import ModelOptions, OptionsRejected

AUTO: Final = "auto"
DATATYPES: Final = ("FP32", "FP16", "FP64", "UINT8", "INT8", "UINT16", "INT16", "UINT32", "INT32", "UINT64", "INT64", "BOOL", "BYTES")
LAYOUTS: Final = ("NCHW", "NHWC", "CHW", "HWC", "encoded", "encoded_batch")
FITS: Final = ("stretch", "letterbox", "letterbox_corner")
COLOURS: Final = ("rgb", "bgr", "grey")
RESAMPLINGS: Final = ("linear", "antialias")
COORDS: Final = ("pixel_input", "pixel_image", "normalised")
ORDERS: Final = ("xyxy", "cxcywh", "yxyx", "xywh")
PRESETS: Final = (
    "classification_logits", "classification_probs", "multilabel_logits", "multilabel_probs", "classification_strings", "efficient_nms",
    "yolo_raw", "yolo_end2end", "yolo_seg_raw", "semseg_argmax", "semseg_logits", "semseg_probs", "embedding", "json_bytes",
)  # fmt: skip
LETTERBOXED: Final = frozenset({"yolo_raw", "yolo_end2end", "yolo_seg_raw", "efficient_nms"})
MAX_SIDE_PX: Final = 8192
MAX_CHANNELS: Final = 64


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """A tensor as a model's metadata names it; a dimension of -1 is open."""

    name: str
    datatype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TensorSettings:
    """How an image becomes a network's input, and how its outputs are read.

    ``width``, ``height``: of the input (px); 0 takes the image's own, made up to a multiple of ``stride``. ``scale`` multiplies
    pixels first; None is 1/255 for pictures in a network of fractions, else 1. ``mean`` and ``std`` follow, one number per
    channel or one for all. ``pad``: the pixel value around a letterboxed image. ``outputs``: names of the output tensors in
    the preset's order; empty finds them by name and shape. ``top_k``: how many classes Triton's classification extension names.
    """

    model: str = ""
    tensors: str = AUTO
    input: str = ""
    datatype: str = AUTO
    layout: str = AUTO
    width: int = 0
    height: int = 0
    stride: int = 32
    fit: str = AUTO
    pad: float = 114.0
    resample: str = "linear"
    colour: str = "rgb"
    scale: float | None = None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    preset: str = AUTO
    outputs: tuple[str, ...] = ()
    box_coords: str = "pixel_input"
    box_order: str = AUTO
    score_threshold: float = 0.25
    iou_threshold: float = 0.45
    max_objects: int = 300
    top_k: int = 5
    space: str = ""

    @classmethod
    def from_options(cls, options: ModelOptions) -> TensorSettings:
        """Read them from ``options.extra``; raise ``OptionsRejected`` with the field that cannot be used."""
        known = {each.name for each in fields(cls)}
        given = {name: value for name, value in options.extra.items() if name in known and value is not None and value != ""}
        return cls(**{name: _READERS[name](name, value) for name, value in given.items()})

    @property
    def is_encoded(self) -> bool:
        """Whether the network takes the image's file instead of its pixels."""
        return self.layout.startswith("encoded")

    def fit_for(self, task: str) -> str:
        """Return how the image is brought to the input's size."""
        if self.fit != AUTO:
            return self.fit
        return "letterbox" if self.preset in LETTERBOXED or (self.preset == AUTO and task == "detection") else "stretch"


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > 500:
        raise _rejected(name, "must be a text of at most 500 characters.")
    return value.strip()


def _names(name: str, value: Any) -> tuple[str, ...]:
    return tuple(each.strip() for each in _text(name, value).split(",") if each.strip())


def _choice(*choices: str) -> Any:
    def read(name: str, value: Any) -> str:
        if value not in choices:
            raise _rejected(name, f"must be one of {', '.join(choices)}.")
        return str(value)

    return read


def _number(low: float, high: float) -> Any:
    def read(name: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise _rejected(name, f"must be a number from {low:g} to {high:g}.")
        return float(value)

    return read


def _whole(low: int, high: int) -> Any:
    def read(name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != math.floor(value) or not low <= value <= high:
            raise _rejected(name, f"must be a whole number from {low} to {high}.")
        return int(value)

    return read


def _numbers(name: str, value: Any) -> tuple[float, ...]:
    """Read "0.485, 0.456, 0.406" or a list of numbers; fractions such as 1/255 are numbers too."""
    parts: Sequence[Any] = [part for part in value.replace(";", ",").split(",") if part.strip()] if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or len(parts) > MAX_CHANNELS:
        raise _rejected(name, "must be numbers with commas between them, one per channel or one for all.")
    return tuple(_fraction(name, part) for part in parts)


def _fraction(name: str, value: Any) -> float:
    try:
        number = float(Fraction(value.strip())) if isinstance(value, str) else float(value)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError):
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number):
        raise _rejected(name, f"must be a number such as 0.5 or 1/255, not {str(value)[:40]!r}.")
    return number


def _deviations(name: str, value: Any) -> tuple[float, ...]:
    numbers = _numbers(name, value)
    if 0.0 in numbers:
        raise _rejected(name, "must not be 0.")
    return numbers


def _rejected(name: str, why: str) -> OptionsRejected:
    return OptionsRejected(f"extra.{name}", why)


_READERS: Mapping[str, Any] = {
    "model": _text, "tensors": _choice(AUTO, "binary", "json"), "input": _text, "datatype": _choice(AUTO, *DATATYPES),
    "layout": _choice(AUTO, *LAYOUTS), "width": _whole(0, MAX_SIDE_PX), "height": _whole(0, MAX_SIDE_PX), "stride": _whole(1, 256),
    "fit": _choice(AUTO, *FITS), "pad": _number(-1e6, 1e6), "resample": _choice(*RESAMPLINGS), "colour": _choice(*COLOURS),
    "scale": _fraction, "mean": _numbers, "std": _deviations, "preset": _choice(AUTO, *PRESETS), "outputs": _names,
    "box_coords": _choice(*COORDS), "box_order": _choice(AUTO, *ORDERS), "score_threshold": _number(0, 1),
    "iou_threshold": _number(0, 1), "max_objects": _whole(1, 10_000), "top_k": _whole(1, 10_000), "space": _text,
}  # fmt: skip
