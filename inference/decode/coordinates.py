"""Coordinates of answers to pixels of the image as stored, and what becomes of what lies outside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from campaigns.geometry.transforms import Georeference
from campaigns.geometry.validity import InvalidShape, checked_polygon, repaired_polygons
from inference.decode.classes import Notes
from inference.decode.nodes import Node
from inference.schema import MAX_POINTS, Point, PredictionRejected, Ring
from inference.wire import ModelInput
from models_registry.options import Coords

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Frame:
    """Brings coordinates of one answer into pixels of the image as stored."""

    coords: Coords
    image: ModelInput

    def to_pixels(self, points: Sequence[Sequence[float]], where: str) -> Points:
        """Return (N, 2) pixels for (N, 2) coordinates of the answer."""
        array = np.asarray(points, dtype=np.float64)
        image = self.image
        if self.coords == "crs":
            if image.transform is None:
                raise PredictionRejected(where, 'the coordinates are declared as "crs", but the image has no georeference')
            return Georeference(image.crs, image.transform).to_pixel(array)
        sent_width, sent_height = image.sent_size
        whole = {"pixel": (sent_width, sent_height), "normalized": (1.0, 1.0), "percent": (100.0, 100.0)}[self.coords]
        return array * (image.width / whole[0], image.height / whole[1])


@dataclass(frozen=True, slots=True)
class Placed:
    """A box in pixels: the corner before turning, the size, and the angle clockwise about the centre in degrees."""

    x: float
    y: float
    width: float
    height: float
    rotation: float = 0.0


def box_from_centre(node: Node, frame: Frame, notes: Notes) -> Placed | None:
    """Read [cx, cy, w, h] or [cx, cy, w, h, degrees clockwise]; None when nothing of it lies in the image."""
    values = [each.number() for each in node.entries(5)]
    if len(values) not in (4, 5):
        raise node.reject("[cx, cy, width, height] or [cx, cy, width, height, angle]")
    cx, cy, width, height = values[:4]
    angle = math.radians(values[4]) if len(values) == 5 else 0.0
    _positive(width, height, node)
    # In a CRS y grows upwards, so "clockwise on the picture" turns the other way round there.
    turn = -angle if frame.coords == "crs" else angle
    cos, sin = math.cos(turn), math.sin(turn)
    corners = [(cx + u * cos - v * sin, cy + u * sin + v * cos) for u, v in _half_corners(width, height)]
    return box_of_corners(frame.to_pixels(corners, node.where), frame.image, notes)


def box_from_corners(node: Node, frame: Frame, notes: Notes) -> Placed | None:
    """Read [x0, y0, x1, y1]; None when nothing of it lies in the image."""
    x0, y0, x1, y1 = node.numbers(4)
    if x1 < x0 or y1 < y0:
        raise PredictionRejected(node.where, f"expected [x0, y0, x1, y1] with x0 < x1 and y0 < y1, got {[x0, y0, x1, y1]}")
    return box_of_corners(frame.to_pixels([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], node.where), frame.image, notes)


def box_from_size(node: Node, frame: Frame, notes: Notes) -> Placed | None:
    """Read [x, y, width, height] from the top-left corner; None when nothing of it lies in the image."""
    x, y, width, height = node.numbers(4)
    _positive(width, height, node)
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    return box_of_corners(frame.to_pixels(corners, node.where), frame.image, notes)


def _positive(width: float, height: float, node: Node) -> None:
    if width < 0 or height < 0:
        raise PredictionRejected(node.where, f"expected a width and a height of 0 or more, got {width} and {height}")


def _half_corners(width: float, height: float) -> list[tuple[float, float]]:
    return [(-width / 2, -height / 2), (width / 2, -height / 2), (width / 2, height / 2), (-width / 2, height / 2)]


def box_of_corners(corners: Points, image: ModelInput, notes: Notes) -> Placed | None:
    """Make a box of four corners (4, 2) in order, in pixels: cut to the image, or kept whole when it is turned."""
    # Plain numbers: on four corners numpy's own overhead is several times the arithmetic.
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners.tolist()
    across, down = (bx - ax, by - ay), (dx - ax, dy - ay)
    width, height = math.hypot(*across), math.hypot(*down)
    if width == 0.0 or height == 0.0:
        notes.drop("no area")
        return None
    xs, ys = (ax, bx, cx, dx), (ay, by, cy, dy)
    if _upright(across, down):
        left, top = max(0.0, min(xs)), max(0.0, min(ys))
        right, bottom = min(float(image.width), max(xs)), min(float(image.height), max(ys))
        if right <= left or bottom <= top:
            notes.drop("outside the image")
            return None
        return Placed(left, top, right - left, bottom - top)
    middle_x, middle_y = sum(xs) / 4, sum(ys) / 4
    if not (0.0 <= middle_x <= image.width and 0.0 <= middle_y <= image.height):
        notes.drop("outside the image")
        return None
    angle = math.degrees(math.atan2(across[1], across[0])) % 360.0
    return Placed(middle_x - width / 2, middle_y - height / 2, width, height, angle)


def _upright(across: tuple[float, float], down: tuple[float, float]) -> bool:
    scale = 1e-9 * (max(map(abs, across)) + max(map(abs, down)))
    flat = abs(across[1]) <= scale and abs(down[0]) <= scale
    quarter = abs(across[0]) <= scale and abs(down[1]) <= scale
    return flat or quarter


def polygons_from(node: Node, frame: Frame, notes: Notes) -> tuple[tuple[Ring, ...], ...] | None:
    """Read MultiPolygon nesting (or one polygon, or one ring); None when nothing of it lies in the image.

    Open rings are closed; an outline that crosses itself is repaired with a warning.
    """
    parts = [[_ring(ring, frame) for ring in rings] for rings in _nested(node)]
    if sum(len(ring) for rings in parts for ring in rings) > MAX_POINTS:
        raise PredictionRejected(node.where, f"expected at most {MAX_POINTS:,} points")
    try:
        inside = checked_polygon(parts, width=frame.image.width, height=frame.image.height)
    except InvalidShape as error:
        notes.drop("outside the image" if "outside" in str(error) else "no area")
        return None
    sound = repaired_polygons(inside)
    if sound is not inside:
        notes.warn("An outline crossed itself and was repaired.")
    return tuple(tuple(tuple((float(x), float(y)) for x, y in ring) for ring in rings) for rings in sound) or None


def _nested(node: Node) -> list[list[Node]]:
    """Return rings by part, whether a MultiPolygon, a polygon or a single ring was written."""
    entries = node.entries(MAX_POINTS)
    depth, probe = 0, node.value
    while isinstance(probe, list) and probe:
        depth, probe = depth + 1, probe[0]
    if not entries or depth not in (2, 3, 4):
        raise node.reject("polygons: [[[[x, y], …]]], the shell first and then its holes")
    if depth == 2:
        return [[node]]
    if depth == 3:
        return [entries]
    return [part.entries(MAX_POINTS) for part in entries]


def _ring(node: Node, frame: Frame) -> list[list[float]]:
    points = [each.numbers(2) for each in node.entries(MAX_POINTS)]
    distinct = len({tuple(point) for point in points})
    if distinct < 3:
        raise PredictionRejected(node.where, f"expected at least 3 distinct points, got {distinct}")
    pixels: list[list[float]] = frame.to_pixels(points, node.where).tolist()
    return pixels if pixels[0] == pixels[-1] else [*pixels, list(pixels[0])]


def point_from(node: Node, frame: Frame) -> Point:
    """Read {"x", "y"} as a pixel, moved onto the image where it left it."""
    x, y = frame.to_pixels([(node.at("x").number(), node.at("y").number())], node.where)[0]
    return min(max(0.0, float(x)), float(frame.image.width)), min(max(0.0, float(y)), float(frame.image.height))
