"""Bounds, areas and validity of every shape document."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point as ShapelyPoint
from shapely.geometry import Polygon

from campaigns.geometry import (
    KINDS,
    OUTLINE_TOLERANCE_PX,
    InvalidShape,
    box_corners,
    checked_polygon,
    checked_shape,
    mask_document,
    offered_shapes,
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
    (
        {"type": "ellipse", "cx": 10.0, "cy": 8.0, "rx": 6.0, "ry": 3.0, "rotation": 0.0},
        (4.0, 5.0, 16.0, 11.0),
        pytest.approx(math.pi * 18),
    ),
]


@pytest.mark.parametrize(("shape", "bounds", "area"), DOCUMENTS, ids=lambda value: value["type"] if isinstance(value, dict) else "")
def test_every_shape_knows_its_bounds_and_area(shape: dict[str, Any], bounds: tuple[float, ...], area: float) -> None:
    assert checked_shape(shape, width=30, height=20) == shape
    assert shape_bounds(shape, width=30, height=20) == bounds
    assert shape_area(shape, width=30, height=20) == area
    outline = shape_polygons(shape, width=30, height=20)
    assert (polygons_area(outline) if outline else 0.0) == (area if shape["type"] != "ellipse" else pytest.approx(math.pi * 18, rel=0.03))


def test_every_shape_is_tried_here() -> None:
    assert {shape["type"] for shape, _bounds, _area in DOCUMENTS} == set(KINDS)


def test_a_campaign_that_chooses_nothing_takes_what_fits_its_task() -> None:
    assert offered_shapes("classification") == {"whole"}
    assert offered_shapes("keypoints") == {"points", "box", "whole"}
    assert offered_shapes("detection") == {"box", "ellipse", "polygon", "polyline", "points", "whole"}
    assert offered_shapes("segmentation") == {"polygon", "mask", "box", "ellipse", "polyline", "points", "whole"}


radii = st.floats(0.5, 3000)
ellipses = st.builds(
    lambda cx, cy, rx, ry, rotation: {"type": "ellipse", "cx": cx, "cy": cy, "rx": rx, "ry": ry, "rotation": rotation},
    st.floats(0, 100), st.floats(0, 100), radii, radii, st.floats(0, 359.9),
)  # fmt: skip


@given(ellipses)
def test_the_outline_of_an_ellipse_stays_within_a_tenth_of_a_pixel(shape: dict[str, Any]) -> None:
    ((ring,),) = shape_polygons(shape)
    angle = math.radians(shape["rotation"])
    cos, sin, rx, ry = math.cos(angle), math.sin(angle), shape["rx"], shape["ry"]
    for x, y in ring:
        dx, dy = x - shape["cx"], y - shape["cy"]
        assert math.hypot((dx * cos + dy * sin) / rx, (dy * cos - dx * sin) / ry) == pytest.approx(1)
    outline = Polygon(ring).exterior
    for t in np.linspace(0, 2 * math.pi, 501):
        u, v = rx * math.cos(t), ry * math.sin(t)
        place = ShapelyPoint(shape["cx"] + u * cos - v * sin, shape["cy"] + u * sin + v * cos)
        assert outline.distance(place) <= OUTLINE_TOLERANCE_PX + 1e-6


@given(ellipses)
def test_bounds_and_area_of_an_ellipse_are_those_of_its_outline(shape: dict[str, Any]) -> None:
    ((ring,),) = shape_polygons(shape)
    bounds = shape_bounds(shape)
    assert bounds is not None
    for ours, outlines in zip(bounds, Polygon(ring).bounds, strict=True):
        assert abs(ours - outlines) <= OUTLINE_TOLERANCE_PX + 1e-6
    longest, shortest = max(shape["rx"], shape["ry"]), min(shape["rx"], shape["ry"])
    band = 2 * math.pi * longest * OUTLINE_TOLERANCE_PX  # a strip of the tolerance along the whole edge, and more
    assert 0 <= shape_area(shape) - polygons_area([[ring]]) <= max(band, 0.03 * math.pi * longest * shortest)


def test_an_ellipse_may_reach_over_the_edge_of_the_image_but_not_lie_beyond_it() -> None:
    over = {"type": "ellipse", "cx": 29.0, "cy": 5.0, "rx": 6.0, "ry": 3.0, "rotation": 0.0}
    assert checked_shape(over, width=30, height=20) == over
    assert checked_shape({**over, "rotation": 750}, width=30, height=20)["rotation"] == 30.0
    with pytest.raises(InvalidShape):
        checked_shape({**over, "cx": 40.0}, width=30, height=20)


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
        {"type": "points", "points": [{"x": 1, "y": 1, "v": True}]},
        {"type": "points", "points": []},
        {"type": "ellipse", "cx": 5, "cy": 5, "rx": 0, "ry": 2},
        {"type": "ellipse", "cx": 5, "cy": 5, "rx": 1e7, "ry": 2},
        {"type": "ellipse", "cx": 5, "cy": 5, "rx": 3, "ry": math.inf},
        {"type": "ellipse", "cx": 5, "cy": 5, "rx": 3},
        {"type": "mask", "size": [3, 3], "counts": "09"},
        {"type": "mask", "size": [20, 30], "counts": 7},
    ],
)
def test_what_is_no_shape_is_refused(shape: Any) -> None:
    with pytest.raises(InvalidShape):
        checked_shape(shape, width=30, height=20)
