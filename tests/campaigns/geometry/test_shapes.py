"""Bounds, areas and validity of every shape document."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Polygon

from campaigns.geometry import (
    InvalidShape,
    box_corners,
    checked_polygon,
    checked_shape,
    mask_document,
    polygons_area,
    repaired_polygons,
    shape_area,
    shape_bounds,
    shape_polygons,
)

SQUARE = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0], [0.0, 0.0]]
HOLE = [[2.0, 2.0], [2.0, 4.0], [4.0, 4.0], [4.0, 2.0], [2.0, 2.0]]
coordinates = st.floats(-200, 300, allow_nan=False)
rings = st.lists(st.tuples(coordinates, coordinates).map(list), min_size=3, max_size=12)


def _mask() -> dict[str, Any]:
    mask = np.zeros((20, 30), dtype=bool)
    mask[3:7, 5:9] = True
    return mask_document(mask)


DOCUMENTS = [
    ({"type": "whole"}, (0.0, 0.0, 30.0, 20.0), 600.0),
    ({"type": "box", "x": 1.0, "y": 2.0, "width": 3.0, "height": 4.0, "rotation": 0.0}, (1.0, 2.0, 4.0, 6.0), 12.0),
    ({"type": "polygon", "polygons": [[SQUARE, HOLE]]}, (0.0, 0.0, 10.0, 10.0), 96.0),
    ({"type": "polyline", "points": [[1.0, 5.0], [4.0, 2.0]]}, (1.0, 2.0, 4.0, 5.0), 0.0),
    (
        {"type": "points", "points": [{"name": "eye", "x": 3.0, "y": 4.0, "v": 2}, {"name": "ear", "x": 0.0, "y": 0.0, "v": 0}]},
        (3.0, 4.0, 3.0, 4.0),
        0.0,
    ),
    (_mask(), (5.0, 3.0, 9.0, 7.0), 16.0),
]


@pytest.mark.parametrize(("shape", "bounds", "area"), DOCUMENTS, ids=lambda value: value["type"] if isinstance(value, dict) else "")
def test_every_shape_knows_its_bounds_and_area(shape: dict[str, Any], bounds: tuple[float, ...], area: float) -> None:
    assert checked_shape(shape, width=30, height=20) == shape
    assert shape_bounds(shape, width=30, height=20) == bounds
    assert shape_area(shape, width=30, height=20) == area
    outline = shape_polygons(shape, width=30, height=20)
    assert (polygons_area(outline) if outline else 0.0) == area


@given(st.floats(0, 360), st.floats(1, 50), st.floats(1, 50))
def test_turning_a_box_keeps_its_area_and_centre(rotation: float, width: float, height: float) -> None:
    corners = Polygon(box_corners({"x": 10, "y": 20, "width": width, "height": height, "rotation": rotation}))
    assert corners.area == pytest.approx(width * height)
    assert corners.centroid.coords[0] == pytest.approx((10 + width / 2, 20 + height / 2))


def test_rotation_is_clockwise_on_screen() -> None:
    top_left = box_corners({"x": 0, "y": 0, "width": 4, "height": 2, "rotation": 90})[0]
    assert top_left == pytest.approx([3.0, -1.0])


@given(rings)
def test_a_checked_polygon_lies_inside_the_image(ring: list[list[float]]) -> None:
    try:
        polygons = checked_polygon([[ring]], width=100, height=100)
    except InvalidShape:
        return
    for rings in polygons:
        for checked in rings:
            assert checked[0] == checked[-1]
            assert all(0 <= x <= 100 and 0 <= y <= 100 for x, y in checked)


@given(rings)
def test_a_repaired_polygon_is_valid(ring: list[list[float]]) -> None:
    try:
        polygons = checked_polygon([[ring]], width=100, height=100)
    except InvalidShape:
        return
    assert all(Polygon(rings[0], rings[1:]).is_valid for rings in repaired_polygons(polygons))


def test_an_open_ring_is_closed() -> None:
    assert checked_polygon([[SQUARE[:-1]]], width=20, height=20) == [[SQUARE]]


def test_a_bow_tie_becomes_two_parts() -> None:
    bow_tie = [[0.0, 0.0], [10.0, 10.0], [10.0, 0.0], [0.0, 10.0], [0.0, 0.0]]
    assert len(repaired_polygons(checked_polygon([[bow_tie]], width=20, height=20))) == 2


@pytest.mark.parametrize(
    "shape",
    [
        None,
        {},
        {"type": "circle"},
        {"type": ["box"]},
        {"type": "box", "x": math.nan, "y": 0, "width": 1, "height": 1},
        {"type": "box", "x": 0, "y": 0, "width": -1, "height": 1},
        {"type": "box", "x": 50, "y": 0, "width": 5, "height": 5},
        {"type": "box", "x": 0, "y": 0, "width": True, "height": 5},
        {"type": "polygon", "polygons": []},
        {"type": "polygon", "polygons": [[]]},
        {"type": "polygon", "polygons": [[[[0, 0], [1, 1]]]]},
        {"type": "polygon", "polygons": [[[[0, 0], [1, 1], [2, 2]]]]},
        {"type": "polygon", "polygons": [[[[0, 0], [1, "1"], [2, 2]]]]},
        {"type": "polygon", "polygons": [[[[40, 40], [50, 40], [50, 50]]]]},
        {"type": "polyline", "points": [[0, 0]]},
        {"type": "points", "points": [{"x": 1, "y": 1, "v": 3}]},
        {"type": "points", "points": [[1, 2]]},
        {"type": "mask", "size": [3, 3], "counts": "09"},
        {"type": "mask", "size": [20, 30], "counts": 7},
    ],
)
def test_what_is_no_shape_is_refused(shape: Any) -> None:
    with pytest.raises(InvalidShape):
        checked_shape(shape, width=30, height=20)
