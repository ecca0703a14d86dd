"""Which orders of steps make sense. What cannot work is told in one sentence before anything is asked of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from models_registry.steps.kinds import Step, StepRejected

ADDRESS, ENCODED, GEOTIFF = "address", "encoded", "geotiff"
_ACTIVATIONS: Final = ("sigmoid", "softmax")
# Numbers first, then the class of each pixel, then whole things.
_RANKS: Final = {"divide": 0, "sigmoid": 1, "softmax": 1, "threshold": 2, "argmax": 3}
_THINGS: Final = 4


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """What else decides whether steps can work.

    ``image_form``: how the image travels: encoded, geotiff or address. ``bands``: how many are read, None: the image's own.
    ``activation``: what the model's options say its numbers are.
    """

    task: str
    image_form: str = ENCODED
    image_format: str = ""
    bands: int | None = None
    activation: str = "probability"
    in_windows: bool = False


def check_chain(pre: Sequence[Step], post: Sequence[Step], facts: ChainFacts) -> None:
    """Raise ``StepRejected`` at the first step that cannot work where it stands."""
    _check_form(pre, facts)
    _check_pre(pre, facts)
    _check_post(post, facts)


def _check_form(pre: Sequence[Step], facts: ChainFacts) -> None:
    if not pre and not facts.in_windows:
        return
    place, what = ("pre.0", "steps before sending") if pre else ("window_px", "windows")
    if facts.image_form == ADDRESS and pre:
        raise StepRejected(place, f"This protocol sends the image's address and the model fetches it, so there are no {what}.")
    if facts.image_format == "original":
        raise StepRejected(place, f'With image_format "original" the file goes as it is, so there are no {what}.')


@dataclass(frozen=True, slots=True)
class _Pixels:
    """What is known of the pixels on their way: "native" values, "bytes" or "fractions", by which step, in how many bands."""

    values: str
    by: str = ""
    bands: int | None = None


def _check_pre(pre: Sequence[Step], facts: ChainFacts) -> None:
    pixels = _Pixels("native", bands=facts.bands)
    for number, step in enumerate(pre):
        pixels = _after(step, pixels, f"pre.{number}")
    sends_file = facts.image_format in ("jpeg", "png") or (not facts.image_format and facts.image_form == ENCODED)
    if not pre or not sends_file:
        return
    last = f"pre.{len(pre) - 1}"
    if pixels.values == "fractions":
        raise StepRejected(
            last, f'{pixels.by} gives fractions, and a picture file holds whole numbers: send a GeoTIFF (image_format "geotiff").'
        )
    if pixels.bands not in (None, 1, 3):
        raise StepRejected(last, f'A picture file holds one band or three, not {pixels.bands}: send a GeoTIFF (image_format "geotiff").')


def _after(step: Step, pixels: _Pixels, where: str) -> _Pixels:
    title, params = step.kind.title, step.params
    if step.name in ("s2rgb", "satrgb"):
        if pixels.values != "native":
            raise StepRejected(where, f"{title} divides the image's own values, and after {pixels.by} they are gone: put it first.")
        _check_bands([params["red"], params["green"], params["blue"]], pixels, title, where)
        return _Pixels("bytes" if step.name == "s2rgb" else "fractions", title, 3)
    if step.name == "bands":
        _check_bands(params["bands"], pixels, title, where)
        return replace(pixels, bands=len(params["bands"]))
    if step.name == "stretch":
        return _Pixels(params["output"], title, pixels.bands)
    if step.name == "normalise":
        count = max(len(params["mean"]), len(params["std"]))
        if count > 1 and pixels.bands not in (None, count):
            raise StepRejected(
                where, f"{title} has {count} means or deviations, and {pixels.bands} bands reach it: give one, or one a band."
            )
        return _Pixels("fractions", title, pixels.bands or (count if count > 1 else None))
    return pixels


def _check_bands(wanted: Sequence[int], pixels: _Pixels, title: str, where: str) -> None:
    if pixels.bands is not None and max(wanted) > pixels.bands:
        raise StepRejected(where, f"{title} takes band {max(wanted)}, and only {pixels.bands} reach it, counted from 1.")


def _check_post(post: Sequence[Step], facts: ChainFacts) -> None:
    for number, step in enumerate(post):
        where, earlier = f"post.{number}", post[:number]
        if facts.task not in step.kind.tasks:
            tasks = ", ".join(sorted(step.kind.tasks))
            raise StepRejected(where, f"{step.kind.title} is for {tasks}, and this model's task is {facts.task}.")
        if any(other.name == step.name for other in earlier):
            raise StepRejected(where, f"{step.kind.title} is there twice.")
        if step.name in _ACTIVATIONS and facts.activation not in ("probability", step.name):
            raise StepRejected(
                where, f'The option activation says "{facts.activation}", and this step {step.kind.title}: keep one of them.'
            )
        _check_order(step, earlier, where)


def _check_order(step: Step, earlier: Sequence[Step], where: str) -> None:
    rank = _RANKS.get(step.name, _THINGS)
    for other in earlier:
        if step.name in _ACTIVATIONS and other.name in _ACTIVATIONS:
            raise StepRejected(
                where, f"After {other.kind.title} the numbers are probabilities already: keep {other.kind.title} or {step.kind.title}."
            )
        if _RANKS.get(other.name, _THINGS) > rank:
            raise StepRejected(where, _sentence(step, other))


def _sentence(step: Step, other: Step) -> str:
    title, before = step.kind.title, other.kind.title
    if _RANKS.get(other.name, _THINGS) == _THINGS:
        return f"{title} works on the model's numbers, and {before} on the things that come of them: move {title} before {before}."
    if step.name == "threshold":
        why = f"After {before} a pixel holds the number of its class, and a threshold would make one class of all"
        return f"{why}: move {title} before {before}."
    if step.name == "divide":
        return f"{title} brings the model's numbers to their scale, so it comes first: move it before {before}."
    return f"{title} makes probabilities of the model's numbers, and after {before} there are classes: move {title} before {before}."
