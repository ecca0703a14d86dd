"""Pixels go to the world and come back."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.geometry import Georeference, densified

UTM = Georeference("EPSG:32631", (10.0, 0.0, 430000.0, 0.0, -10.0, 4580000.0))
pixels = st.lists(st.tuples(st.floats(0, 5000), st.floats(0, 5000)), min_size=1, max_size=20).map(np.array)


@given(pixels, st.floats(0, 6.28), st.floats(0.1, 100))
def test_pixels_survive_a_turned_grid(points: np.ndarray, angle: float, scale: float) -> None:
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    grid = Georeference("EPSG:32631", (cos, -sin, 4e5, sin, cos, 4e6))
    assert grid.to_pixel(grid.to_world(points)) == pytest.approx(points, abs=1e-4)


@given(pixels)
def test_pixels_survive_longitude_and_latitude(points: np.ndarray) -> None:
    assert UTM.from_lonlat(UTM.to_lonlat(points)) == pytest.approx(points, abs=1e-3)


def test_longitude_comes_first() -> None:
    longitude, latitude = UTM.to_lonlat(np.array([[0.0, 0.0]]))[0]
    assert 2.1 < longitude < 2.2
    assert 41.3 < latitude < 41.4


def test_long_edges_are_split_and_corners_stay() -> None:
    ring = np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 10.0], [0.0, 0.0]])
    dense = densified(ring, 32.0)
    assert np.hypot(*np.diff(dense, axis=0).T).max() <= 32.0
    assert len(dense) == 1 + 4 + 1 + 4
    assert {tuple(point) for point in ring} <= {tuple(point) for point in dense}


@pytest.mark.parametrize("transform", [(1, 0, math.nan, 0, 1, 0), (0, 0, 1, 0, 0, 1), (1, 2, 0, 2, 4, 0)])
def test_a_transform_that_cannot_be_undone_is_refused(transform: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="transform"):
        Georeference("EPSG:4326", transform)  # type: ignore[arg-type]


def test_a_local_crs_has_no_longitude() -> None:
    local = 'LOCAL_CS["mine",UNIT["metre",1]]'
    assert not Georeference(local, (1, 0, 0, 0, 1, 0)).has_lonlat
    assert UTM.has_lonlat
