"""What a kind of shape answers. Every module beside this one makes one of these and calls it ``KIND``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from campaigns.geometry.planar import Bounds, Polygons, ShapeDocument


def no_area(shape: ShapeDocument, width: int, height: int) -> float:
    """Return nothing: lines and points cover no ground."""
    return 0.0


def no_outline(shape: ShapeDocument, width: int, height: int) -> Polygons:
    """Return no polygons: lines and points go around nothing."""
    return []


def no_names(shape: ShapeDocument) -> list[str]:
    """Return no names: nothing in the shape has one."""
    return []


@dataclass(frozen=True)
class ShapeKind:
    """One kind of shape. Every function gets the document, then the image's width and height in pixels.

    ``tasks``: where annotators may draw it when a campaign does not choose its shapes. ``check`` returns the document
    with exactly its own fields, or raises InvalidShape; the others are asked about checked documents only. ``names`` lists
    the names of its points, which follow the skeleton of the label where that has one.
    """

    name: str
    tasks: frozenset[str]
    check: Callable[[ShapeDocument, int, int], dict[str, Any]]
    bounds: Callable[[ShapeDocument, int, int], Bounds | None]
    area: Callable[[ShapeDocument, int, int], float] = no_area
    outline: Callable[[ShapeDocument, int, int], Polygons] = no_outline
    names: Callable[[ShapeDocument], list[str]] = no_names
