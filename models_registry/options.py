"""How a registered model is called: one frozen value that checks itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

from models_registry.steps import ChainFacts, Step, StepRejected, check_chain, read_steps

Coords = Literal["pixel", "normalized", "percent", "crs"]
Activation = Literal["probability", "softmax", "sigmoid"]
SMALLEST_OVERLAP_PX = 16
"""Two windows that both see a strip of the image can tell that they speak of the same thing."""
OVERLAP_PX = 64
ImageFormat = Literal["", "original", "jpeg", "png", "geotiff"]


class OptionsRejected(ValueError):
    """Options that cannot be used: ``field`` names the option, ``why`` says what it takes."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Settings of one model's calls.

    ``activation``: what the model's numbers are: probabilities, or logits to go through softmax or sigmoid.
    ``threshold``: below it an answer's item is not drafted unless the campaign sets another.
    ``coords``: the coordinates of an answer that does not say which it uses. ``percent_scores``: 0 to 100.
    ``image_format``: "" lets the protocol choose. ``bands``: which bands are sent, counted from 1; empty means all.
    ``max_side``: a larger image is sent smaller (px); answers are brought back to the image's own size.
    ``window_px``: a larger image is asked about in windows of this size that overlap by ``overlap_px``; None: whole.
    ``pre``, ``post``: steps before sending and after the answer, in order.
    ``extra``: what only one protocol reads.
    """

    timeout_s: float = 120.0
    connect_timeout_s: float = 5.0
    concurrency: int = 16
    retries: int = 3
    max_reply_mib: int = 32
    threshold: float = 0.0
    activation: Activation = "probability"
    percent_scores: bool = False
    coords: Coords = "pixel"
    image_format: ImageFormat = ""
    bands: tuple[int, ...] = ()
    max_side: int | None = None
    window_px: int | None = None
    overlap_px: int = OVERLAP_PX
    pre: tuple[Step, ...] = ()
    post: tuple[Step, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _within("timeout_s", self.timeout_s, 0.1, 3600)
        _within("connect_timeout_s", self.connect_timeout_s, 0.1, 60)
        _within("threshold", self.threshold, 0, 1)
        _whole("concurrency", self.concurrency, 1, 256)
        _whole("retries", self.retries, 0, 3)
        _whole("max_reply_mib", self.max_reply_mib, 1, 256)
        if self.max_side is not None:
            _whole("max_side", self.max_side, 16, 65_536)
        _whole("overlap_px", self.overlap_px, SMALLEST_OVERLAP_PX, 16_384)
        if self.window_px is not None:
            _whole("window_px", self.window_px, 64, 65_536)
            if 2 * self.overlap_px > self.window_px:
                raise OptionsRejected("overlap_px", "must be at most half of window_px.")
        _one_of("activation", self.activation, get_args(Activation))
        _one_of("coords", self.coords, get_args(Coords))
        _one_of("image_format", self.image_format, get_args(ImageFormat))
        for number in self.bands:
            _whole("bands", number, 1, 1000)
        if not isinstance(self.percent_scores, bool):
            raise OptionsRejected("percent_scores", "must be true or false.")

    @classmethod
    def from_document(cls, document: object) -> ModelOptions:
        """Read options from JSON; an unknown name is refused, a missing one keeps its default."""
        if not isinstance(document, Mapping):
            raise OptionsRejected("options", "must be an object.")
        known = {each.name for each in fields(cls)}
        for name in document:
            if name not in known:
                raise OptionsRejected(str(name), f"is not an option; there are {', '.join(sorted(known))}.")
        values = dict(document)
        if "bands" in values:
            if not isinstance(values["bands"], list | tuple):
                raise OptionsRejected("bands", "must be a list of band numbers, counted from 1.")
            values["bands"] = tuple(values["bands"])
        if not isinstance(values.get("extra", {}), Mapping):
            raise OptionsRejected("extra", "must be an object.")
        try:
            values |= {phase: read_steps(values[phase], phase) for phase in ("pre", "post") if phase in values}
        except StepRejected as error:
            raise OptionsRejected(error.where, error.why) from error
        return cls(**values)

    def as_document(self) -> dict[str, Any]:
        """Return all options as JSON values."""
        steps = {"pre": [asdict(step) for step in self.pre], "post": [asdict(step) for step in self.post]}
        return asdict(self) | {"bands": list(self.bands), "extra": dict(self.extra)} | steps

    def post_step(self, name: str) -> Mapping[str, Any] | None:
        """Return the parameters of a step after the answer; None when the model does not take it."""
        return next((step.params for step in self.post if step.name == name), None)

    def check_chain(self, *, task: str, image_form: str) -> None:
        """Raise ``OptionsRejected`` for steps that cannot work in their order, for this task and way of sending images."""
        facts = ChainFacts(task, image_form, self.image_format, len(self.bands) or None, self.activation, self.window_px is not None)
        try:
            check_chain(self.pre, self.post, facts)
        except StepRejected as error:
            raise OptionsRejected(error.where, error.why) from error


def _within(name: str, value: object, low: float, high: float) -> None:
    number = not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value)
    if not number or not low <= value <= high:  # type: ignore[operator]
        raise OptionsRejected(name, f"must be a number from {low} to {high}.")


def _whole(name: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise OptionsRejected(name, f"must be a whole number from {low} to {high}.")


def _one_of(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise OptionsRejected(name, f"must be one of {', '.join(repr(choice) for choice in choices)}.")
