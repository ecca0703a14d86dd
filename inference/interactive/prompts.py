"""What a person marks, in pixels of the image; everything that comes from outside is checked here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.imagery.refusal import Refused

MAX_POINTS = 200
MAX_STROKES = 200
MAX_STROKE_POINTS = 20_000
MAX_OBJECTS = 64
SMALLEST_ROI_PX = 4
LARGEST_BRUSH_PX = 500.0
DEFAULT_BRUSH_PX = 6.0
DOTS_OF_A_STROKE = 8

XY = tuple[float, float]
Stroke = tuple[XY, ...]
BoxPx = tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class PromptPoint:
    """A place on the thing (positive), or one that is not on it."""

    x: float
    y: float
    positive: bool = True


@dataclass(frozen=True, slots=True)
class Prompts:
    """What marks one thing. ``brush_px``: how wide the strokes are."""

    box: BoxPx | None = None
    points: tuple[PromptPoint, ...] = ()
    foreground: tuple[Stroke, ...] = ()
    background: tuple[Stroke, ...] = ()
    brush_px: float = DEFAULT_BRUSH_PX

    @property
    def marks_something(self) -> bool:
        """Whether there is anything that says where the thing is."""
        return self.box is not None or bool(self.foreground) or any(point.positive for point in self.points)

    def dots(self) -> tuple[PromptPoint, ...]:
        """Return points that say the same: the points themselves, and a few along each stroke."""
        found = list(self.points)
        for strokes, positive in (self.foreground, True), (self.background, False):
            for stroke in strokes:
                step = max(1, len(stroke) // DOTS_OF_A_STROKE)
                found += [PromptPoint(x, y, positive) for x, y in stroke[::step]]
        return tuple(found)

    def as_document(self) -> dict[str, Any]:
        """Return them as JSON values, which ``read_prompts`` reads."""
        return {
            "box": self.box,
            "points": [{"x": point.x, "y": point.y, "positive": point.positive} for point in self.points],
            "foreground": self.foreground,
            "background": self.background,
            "brush_px": self.brush_px,
        }


def read_roi(value: object, *, width: int, height: int) -> BoxPx:
    """Return the part of an image that is looked at, in whole pixels and cut to the image; raise Refused."""
    return _box(value, "roi", width, height, SMALLEST_ROI_PX)


def read_prompts(value: object, *, width: int, height: int) -> Prompts:
    """Return what marks one thing in an image; raise Refused that names the place at fault."""
    if not isinstance(value, Mapping):
        raise _refused("prompts", "is an object with box, points, foreground and background.")
    unknown = value.keys() - {"box", "points", "foreground", "background", "brush_px"}
    if unknown:
        raise _refused(f"prompts.{min(map(str, unknown))}", "is no prompt; there are box, points, foreground, background and brush_px.")
    brush = _number(value.get("brush_px", DEFAULT_BRUSH_PX), "prompts.brush_px")
    if not 0 < brush <= LARGEST_BRUSH_PX:
        raise _refused("prompts.brush_px", f"is above 0 and at most {LARGEST_BRUSH_PX:.0f} pixels.")
    box = value.get("box")
    return Prompts(
        box=None if box is None else _box(box, "prompts.box", width, height, 1),
        points=_points(value.get("points") or (), width, height),
        foreground=_strokes(value.get("foreground") or (), "prompts.foreground", width, height),
        background=_strokes(value.get("background") or (), "prompts.background", width, height),
        brush_px=brush,
    )


def read_objects(value: object, *, width: int, height: int) -> tuple[Prompts, ...]:
    """Return what marks one thing, or several: a list of prompts is one thing each."""
    if not isinstance(value, list):
        return (read_prompts(value, width=width, height=height),)
    if not 1 <= len(value) <= MAX_OBJECTS:
        raise _refused("prompts", f"mark 1 to {MAX_OBJECTS} objects at once.")
    return tuple(read_prompts(each, width=width, height=height) for each in value)


def _box(value: object, name: str, width: int, height: int, smallest: int) -> BoxPx:
    if not isinstance(value, list | tuple) or len(value) != 4:
        raise _refused(name, "is written [x0, y0, x1, y1].")
    x0, y0, x1, y1 = (_number(each, f"{name}.{place}") for place, each in enumerate(value))
    if x1 <= x0 or y1 <= y0:
        raise _refused(name, "has its left before its right and its top before its bottom.")
    # Clamped before they are whole numbers: 1e300 is finite, and far beyond any array.
    left, top = math.floor(min(max(x0, 0.0), width)), math.floor(min(max(y0, 0.0), height))
    right, bottom = math.ceil(min(max(x1, 0.0), width)), math.ceil(min(max(y1, 0.0), height))
    if right - left < smallest or bottom - top < smallest:
        raise _refused(name, f"covers at least {smallest} pixels of the image each way.")
    return left, top, right, bottom


def _points(value: object, width: int, height: int) -> tuple[PromptPoint, ...]:
    if not isinstance(value, list | tuple) or len(value) > MAX_POINTS:
        raise _refused("prompts.points", f"are a list of at most {MAX_POINTS} points.")
    points = []
    for place, each in enumerate(value):
        name = f"prompts.points.{place}"
        if not isinstance(each, Mapping) or not isinstance(each.get("positive", True), bool):
            raise _refused(name, 'is written {"x", "y", "positive"}.')
        x, y = _number(each.get("x"), f"{name}.x"), _number(each.get("y"), f"{name}.y")
        if not (0 <= x <= width and 0 <= y <= height):
            raise _refused(name, "lies outside the image.")
        points.append(PromptPoint(x, y, each.get("positive", True)))
    return tuple(points)


def _strokes(value: object, name: str, width: int, height: int) -> tuple[Stroke, ...]:
    if not isinstance(value, list | tuple) or len(value) > MAX_STROKES:
        raise _refused(name, f"are at most {MAX_STROKES} strokes; a list of points each.")
    strokes = tuple(_stroke(each, f"{name}.{place}", width, height) for place, each in enumerate(value))
    if sum(map(len, strokes)) > MAX_STROKE_POINTS:
        raise _refused(name, f"have at most {MAX_STROKE_POINTS:,} points together.")
    return strokes


def _stroke(value: object, name: str, width: int, height: int) -> Stroke:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MAX_STROKE_POINTS:
        raise _refused(name, f"is a list of 1 to {MAX_STROKE_POINTS:,} points.")
    return tuple(_xy(each, name, width, height) for each in value)


def _xy(value: object, name: str, width: int, height: int) -> XY:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        raise _refused(name, "has points that are written [x, y].")
    x, y = _number(value[0], name), _number(value[1], name)
    return min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _refused(name, "is a finite number.")
    return float(value)


def _refused(field: str, why: str) -> PromptRefused:
    return PromptRefused(field, why)


class PromptRefused(Refused):
    """A prompt that cannot be used; ``field`` names the place at fault."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__("invalid_prompt", f"{field} {why}")
        self.field = field
