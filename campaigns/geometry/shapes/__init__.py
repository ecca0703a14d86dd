"""Every kind of shape: the modules beside this one, each with a ``KIND``. A new shape is a new module and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

from campaigns.geometry.planar import Bounds, Polygons, ShapeDocument
from campaigns.geometry.shapes.kind import ShapeKind, no_names
from campaigns.geometry.validity import InvalidShape

_MODULES = sorted(module.name for module in iter_modules(__path__) if module.name != "kind")
KINDS: Final[Mapping[str, ShapeKind]] = {kind.name: kind for kind in (import_module(f"{__name__}.{name}").KIND for name in _MODULES)}
WHOLE: Final = "whole"
"""A label of the image as a whole: it needs no drawing, so every campaign takes it."""


@cache
def offered_shapes(task: str) -> frozenset[str]:
    """Return the shapes that a campaign of a task takes when it does not choose its own."""
    return frozenset(name for name, kind in KINDS.items() if task in kind.tasks)


def checked_shape(shape: Any, *, width: int, height: int) -> dict[str, Any]:
    """Return a shape document with exactly its own fields, checked against an image's size; raise InvalidShape."""
    name = shape.get("type") if isinstance(shape, Mapping) else None
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise InvalidShape(f"A shape has a type: one of {', '.join(KINDS)}.")
    return kind.check(shape, width, height)


def shape_bounds(shape: ShapeDocument, *, width: int = 0, height: int = 0) -> Bounds | None:
    """Return (x0, y0, x1, y1) in pixels; None when nothing has a place (all keypoints invisible).

    width, height: size of the image, which are the bounds of the shape "whole".
    """
    return KINDS[shape["type"]].bounds(shape, width, height)


def shape_area(shape: ShapeDocument, *, width: int = 0, height: int = 0) -> float:
    """Return the area in square pixels; lines and points have none. width, height: size of the image, for "whole"."""
    return KINDS[shape["type"]].area(shape, width, height)


def shape_polygons(shape: ShapeDocument, *, width: int = 0, height: int = 0) -> Polygons:
    """Return the outline of anything that has an area; an empty list for lines and points."""
    return KINDS[shape["type"]].outline(shape, width, height)


def point_names(shape: ShapeDocument) -> list[str]:
    """Return the names of a shape's points in their order; an empty list where points have no names."""
    return KINDS[shape["type"]].names(shape)


def names_points(shape: Any) -> bool:
    """Say of an unchecked shape whether its points have names, so that a skeleton may have a say in it."""
    kind = KINDS.get(str(shape.get("type"))) if isinstance(shape, Mapping) else None
    return kind is not None and kind.names is not no_names
