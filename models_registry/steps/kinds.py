"""Which steps there are: their names, parameters, ranges and defaults."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Phase = Literal["pre", "post"]
ParamKind = Literal["number", "whole", "numbers", "wholes", "choice", "flag"]
MAX_STEPS: Final = 20
_CLASSES, _BOXES, _AREAS, _POINTS = "classification", "detection", "segmentation", "keypoints"
EVERY_TASK: Final = frozenset({_CLASSES, _BOXES, _AREAS, _POINTS})
_OBJECTS = frozenset({_BOXES, _AREAS, _POINTS})


class StepRejected(ValueError):
    """Steps that cannot be used: ``where`` is a path such as ``post.1.value``, ``why`` one sentence."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(why)
        self.where = where
        self.why = why


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a step. "numbers" and "wholes" are lists, of at most ``most`` values.

    ``when``: (another parameter, its value): only then this one is looked at.
    """

    name: str
    title: str
    kind: ParamKind
    default: Any
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    most: int = 1
    help: str = ""
    when: tuple[str, str] | None = None

    def read(self, value: object, where: str) -> Any:
        """Return the value as it is stored; raise ``StepRejected``."""
        if self.kind == "flag":
            if not isinstance(value, bool):
                raise StepRejected(where, f"{self.title} is true or false.")
            return value
        if self.kind == "choice":
            if value not in self.choices:
                raise StepRejected(where, f"{self.title} is one of {', '.join(self.choices)}.")
            return value
        if self.kind in ("numbers", "wholes"):
            if not isinstance(value, list | tuple) or not 1 <= len(value) <= self.most:
                raise StepRejected(where, f"{self.title} are 1 to {self.most} numbers.")
            return [self._number(each, where) for each in value]
        return self._number(value, where)

    def _number(self, value: object, where: str) -> int | float:
        whole = self.kind in ("whole", "wholes")
        sound = not isinstance(value, bool) and isinstance(value, int if whole else int | float) and math.isfinite(value)
        low, high = -math.inf if self.low is None else self.low, math.inf if self.high is None else self.high
        if not sound or not low <= value <= high:  # type: ignore[operator]
            reach = f" from {low:g} to {high:g}" if math.isfinite(low) and math.isfinite(high) else ""
            raise StepRejected(where, f"{self.title}: expected a {'whole ' if whole else ''}number{reach}.")
        return value  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class StepKind:
    """A step that models may take. ``tasks``: what the answers that it works on may be."""

    name: str
    title: str
    phase: Phase
    help: str
    params: tuple[Param, ...] = ()
    tasks: frozenset[str] = EVERY_TASK


@dataclass(frozen=True, slots=True)
class Step:
    """A step of one model: its kind's name, and every parameter's value."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> StepKind:
        """What is declared of it."""
        return KINDS[self.name]


def _bands(*numbers: int) -> tuple[Param, ...]:
    titles = ("Red band", "Green band", "Blue band")
    bands = (
        Param(title.split()[0].casefold(), title, "whole", number, 1, 1000)
        for title, number in zip(titles, numbers, strict=True)
    )  # fmt: skip
    return (*bands, Param("divisor", "Divisor", "number", 3000, 1e-6, 1e9, help="The value that becomes the brightest."))


_RESIZE = (
    Param("how", "How", "choice", "fit", choices=("fit", "exact", "scale"),
          help="fit: the longer side gets this size; exact: width and height; scale: times this factor."),
    Param("side", "Longer side (px)", "whole", 1024, 16, 65_536, when=("how", "fit")),
    Param("width", "Width (px)", "whole", 640, 1, 65_536, when=("how", "exact")),
    Param("height", "Height (px)", "whole", 640, 1, 65_536, when=("how", "exact")),
    Param("factor", "Factor", "number", 0.5, 0.01, 16, when=("how", "scale")),
)  # fmt: skip
_STRETCH = (
    Param("low", "From percentile", "number", 2, 0, 100),
    Param("high", "To percentile", "number", 98, 0, 100),
    Param("output", "Gives", "choice", "bytes", choices=("bytes", "fractions"), help="bytes: 0 to 255; fractions: 0 to 1."),
)
_NORMALISE = (
    Param("divisor", "Divisor", "number", 255, 1e-6, 1e9, help="Applied first: 255 brings 8-bit values to 0 to 1."),
    Param("mean", "Mean", "numbers", (0.485, 0.456, 0.406), most=64, help="One for all bands, or one a band."),
    Param("std", "Standard deviation", "numbers", (0.229, 0.224, 0.225), 1e-9, 1e9, most=64, help="One for all bands, or one a band."),
)
_NMS = (
    Param("iou", "Overlap (IoU)", "number", 0.5, 0.0, 1.0, help="Of two things that overlap by more, the less sure one goes."),
    Param("per_class", "Within a class alone", "flag", True),
)

_ALL: tuple[StepKind, ...] = (
    StepKind("bands", "Choose bands", "pre", "Sends these bands, in this order.",
             (Param("bands", "Bands", "wholes", (1, 2, 3), 1, 1000, most=1000, help="Counted from 1."),)),
    StepKind("s2rgb", "S2RGB", "pre", "Three bands as 8-bit colours: values over the divisor, cut to 0 to 1, times 255.", _bands(4, 3, 2)),
    StepKind("satrgb", "SATRGB", "pre", "Three bands as fractions of 64 bit: values over the divisor, cut to 0 to 1.", _bands(2, 3, 4)),
    StepKind("resize", "Resize", "pre", "Sends the image larger or smaller; answers are brought back to its own size.", _RESIZE),
    StepKind("stretch", "Percentile stretch", "pre", "Spreads each band between two of its percentiles over the whole image.", _STRETCH),
    StepKind("normalise", "Normalise", "pre", "Subtracts a mean and divides by a standard deviation, as networks are trained.", _NORMALISE),
    StepKind("divide", "Divide", "post", "Divides the values of the answer's bands, such as 0 to 255 that stand for 0 to 1.",
             (Param("by", "By", "number", 255, 1e-6, 1e9),), frozenset({_AREAS})),
    StepKind("sigmoid", "Sigmoid", "post", "Logits to probabilities, each class for itself."),
    StepKind("softmax", "Softmax", "post", "Logits to probabilities of classes that exclude each other."),
    StepKind("threshold", "Threshold", "post", "A pixel has a class from this probability on, and none below it.",
             (Param("value", "Probability", "number", 0.5, 0.0, 1.0),), frozenset({_AREAS})),
    StepKind("argmax", "Argmax", "post", "The most probable class; the probabilities are kept to tell how sure it is.",
             tasks=frozenset({_CLASSES, _BOXES, _AREAS})),
    StepKind("floor", "Confidence floor", "post", "Leaves out what the model is less sure of.",
             (Param("value", "Confidence", "number", 0.25, 0.0, 1.0),)),
    StepKind("nms", "Remove doubles (NMS)", "post", "Of things that overlap, keeps the surest.", _NMS, _OBJECTS),
    StepKind("min_area", "Minimum area", "post", "Leaves out smaller things; smaller patches of a class raster take the class around them.",
             (Param("px", "Pixels", "number", 16, 0, 1e9),), frozenset({_BOXES, _AREAS})),
    StepKind("simplify", "Simplify outlines", "post", "Fewer points along outlines, none further off than this; masks become outlines.",
             (Param("px", "Pixels", "number", 1.0, 0.0, 1000),), frozenset({_AREAS})),
    StepKind("top_k", "Keep the best", "post", "Keeps so many things, or classes, the surest first.",
             (Param("k", "How many", "whole", 100, 1, 10_000),)),
)  # fmt: skip
KINDS: Final[Mapping[str, StepKind]] = {kind.name: kind for kind in _ALL}


def read_steps(value: object, phase: Phase) -> tuple[Step, ...]:
    """Read an ordered list of {name, params}; a missing parameter takes its default. Raise ``StepRejected`` at its place."""
    if not isinstance(value, list | tuple):
        raise StepRejected(phase, f"{phase} is a list of steps.")
    if len(value) > MAX_STEPS:
        raise StepRejected(phase, f"{phase} has at most {MAX_STEPS} steps.")
    return tuple(_read(each, phase, f"{phase}.{number}") for number, each in enumerate(value))


def _read(value: object, phase: Phase, where: str) -> Step:
    if isinstance(value, Step):
        value = {"name": value.name, "params": value.params}
    if not isinstance(value, Mapping) or not value.keys() <= {"name", "params"}:
        raise StepRejected(where, 'A step is written {"name": …, "params": {…}}.')
    kind = KINDS.get(str(value.get("name")))
    if kind is None or kind.phase != phase:
        names = ", ".join(each.name for each in _ALL if each.phase == phase)
        raise StepRejected(where, f"There is no {phase} step {str(value.get('name'))[:40]!r}; there are {names}.")
    params = value.get("params", {})
    if not isinstance(params, Mapping):
        raise StepRejected(f"{where}.params", "The parameters of a step are an object.")
    known = {param.name: param for param in kind.params}
    for name in params:
        if name not in known:
            raise StepRejected(f"{where}.params", f"{kind.title} has no parameter {str(name)[:40]!r}.")
    read = {name: param.read(params.get(name, param.default), f"{where}.{name}") for name, param in known.items()}
    _check_params(kind, read, where)
    return Step(kind.name, read)


def _check_params(kind: StepKind, params: Mapping[str, Any], where: str) -> None:
    if kind.name == "stretch" and params["low"] >= params["high"]:
        raise StepRejected(f"{where}.low", "The lower percentile lies below the upper one.")
    if kind.name == "normalise" and 1 not in (len(params["mean"]), len(params["std"])) and len(params["mean"]) != len(params["std"]):
        raise StepRejected(f"{where}.std", f"There are {len(params['mean'])} means and {len(params['std'])} deviations: one each a band.")
