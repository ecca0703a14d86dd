"""Where pixels lie on the ground, as a page interpolates it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.geometry import Georeference, LonLatGrid, ground_of

UTM = Georeference("EPSG:32633", (10.0, 0.0, 500_000.0, 0.0, -10.0, 5_400_000.0))


def interpolated(grid: LonLatGrid, x: float, y: float, width: int, height: int) -> tuple[float, float]:
    """Read the grid as the page does."""
    rows, columns = grid.lon.shape
    across, down = x / width * (columns - 1), y / height * (rows - 1)
    left, top = min(int(across), columns - 2), min(int(down), rows - 2)
    u, v = across - left, down - top
    weights = np.array([[(1 - u) * (1 - v), u * (1 - v)], [(1 - u) * v, u * v]])
    cell = (slice(top, top + 2), slice(left, left + 2))
    return float((grid.lon[cell] * weights).sum()), float((grid.lat[cell] * weights).sum())


def test_a_utm_image_is_measured_in_its_own_metres():
    ground = ground_of(UTM, 2000, 2000)
    assert (ground.name, ground.measure, ground.unit_m) == ("WGS 84 / UTM zone 33N", "planar", 1.0)
    assert ground.unit in ("metre", "meter")


@pytest.mark.parametrize(
    ("pixel", "lonlat"),  # by pyproj 3.7.2
    [((0, 0), (15.0, 48.7530130043)), ((2000, 2000), (15.2711275448, 48.5727709058)), ((1234.55, 876.55), (15.1676953466, 48.6740359386))],
)
def test_the_grid_gives_longitude_and_latitude_within_a_fraction_of_a_pixel(pixel, lonlat):
    grid = ground_of(UTM, 2000, 2000).grid
    assert grid is not None
    found = interpolated(grid, *pixel, 2000, 2000)
    assert found == pytest.approx(lonlat, abs=0.03 * 10 / 111_320 * 1.5)


@given(x=st.floats(0, 20_000), y=st.floats(0, 20_000))
def test_no_place_of_a_large_image_is_off_by_more_than_the_grid_says(x, y):
    width = height = 20_000
    ground = ground_of(UTM, width, height)
    assert ground.grid is not None
    truth = UTM.to_lonlat(np.array([[x, y]]))[0]
    lon, lat = interpolated(ground.grid, x, y, width, height)
    off_m = np.hypot((lon - truth[0]) * np.cos(np.radians(lat)), lat - truth[1]) * 111_320
    assert off_m / 10 <= 2 * ground.grid.error_px + 1e-6 <= 0.05


def test_a_geographic_image_is_measured_along_the_ellipsoid_and_needs_one_cell():
    ground = ground_of(Georeference("EPSG:4326", (0.01, 0.0, 10.0, 0.0, -0.01, 50.0)), 500, 400)
    assert (ground.measure, ground.unit) == ("geodesic", "degree")
    assert ground.grid is not None
    assert ground.grid.lon.tolist() == [[10.0, 15.0], [10.0, 15.0]]
    assert ground.grid.lat.tolist() == [[50.0, 50.0], [46.0, 46.0]]


def test_web_mercator_is_measured_along_the_ellipsoid_since_its_metres_are_none():
    place = Georeference("EPSG:3857", (100.0, 0.0, 1_000_000.0, 0.0, -100.0, 8_000_000.0))
    assert ground_of(place, 1000, 1000).measure == "geodesic"


def test_longitudes_run_on_over_the_antimeridian():
    fiji = Georeference("EPSG:32701", (100.0, 0.0, 100_000.0, 0.0, -100.0, 8_100_000.0))
    grid = ground_of(fiji, 2000, 1000).grid
    assert grid is not None
    assert np.abs(np.diff(grid.lon, axis=1)).max() < 3


def test_feet_are_told_in_metres():
    ground = ground_of(Georeference("EPSG:2263", (1.0, 0.0, 980_000.0, 0.0, -1.0, 200_000.0)), 500, 500)
    assert ground.measure == "planar"
    assert ground.unit_m == pytest.approx(0.3048006096)


SITE = 'ENGCRS["site",EDATUM["d"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],LENGTHUNIT["metre",1]]'


@pytest.mark.parametrize("crs", ["", "rubbish", SITE])
def test_what_is_not_tied_to_the_earth_has_no_longitude(crs):
    ground = ground_of(Georeference(crs, (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)), 10, 10)
    assert (ground.grid, ground.measure) == (None, "pixels")
