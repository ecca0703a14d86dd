"""What a page needs to say where a pixel lies on the ground, and how long a line is there."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError  # what rasterio.warp.transform raises; it has no public name
from rasterio.crs import CRS
from rasterio.errors import RasterioError

from campaigns.geometry.transforms import Georeference, Points

MOST_CELLS = 64
GOOD_PX, USELESS_PX = 0.02, 0.5
_METRES_A_DEGREE = 111_320.0
# Conformal projections whose scale grows with latitude without a bound: their units are metres by name alone.
_MERCATOR = re.compile(r'(?:METHOD|PROJECTION)\["(?:Popular Visualisation Pseudo Mercator|Mercator)', re.IGNORECASE)


@dataclass(frozen=True)
class LonLatGrid:
    """Longitude and latitude in degrees at (rows, columns) points spread evenly over the image, edges included.

    Between the points a page interpolates; ``error_px`` is how far that was off in the middle of the cells, in pixels.
    Longitudes run on past 180 where an image crosses the antimeridian.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    error_px: float


@dataclass(frozen=True)
class Ground:
    """How pixels become places and lengths. measure: "geodesic", "planar" (``unit_m`` metres a unit) or "pixels"."""

    name: str
    measure: str
    unit: str
    unit_m: float | None
    grid: LonLatGrid | None


def ground_of(georeference: Georeference, width: int, height: int) -> Ground:
    """Describe a georeferenced image of this size; without a known CRS its units stay unnamed and lengths stay pixels."""
    try:
        crs = CRS.from_user_input(georeference.crs)
    except (RasterioError, CPLE_BaseError, ValueError):
        return Ground(georeference.crs, "pixels", "", None, None)
    wkt = crs.to_wkt()
    named = re.match(r'\w+\["([^"]*)"', wkt)
    name = named.group(1) if named else georeference.crs
    grid = _lonlat_grid(georeference, width, height)
    if crs.is_geographic:
        return Ground(name, "geodesic" if grid else "pixels", "degree", None, grid)
    if not crs.is_projected:  # a building site's own grid, heights alone, …: nothing says what its units are on the ground
        return Ground(name, "pixels", "", None, grid)
    unit, factor = crs.linear_units_factor
    geodesic = grid is not None and _MERCATOR.search(wkt) is not None
    return Ground(name, "geodesic" if geodesic else "planar", unit, float(factor), grid)


def _lonlat_grid(georeference: Georeference, width: int, height: int) -> LonLatGrid | None:
    """Return the coarsest grid that interpolates well; None where none does or the CRS is not tied to the Earth."""
    cells, grid = 1, None
    while cells <= MOST_CELLS:
        try:
            grid = _grid_of(georeference, width, height, cells)
        except (RasterioError, CPLE_BaseError, ValueError):
            return None
        if grid is None or grid.error_px <= GOOD_PX:
            return grid
        cells *= 2
    return grid if grid is not None and grid.error_px <= USELESS_PX else None


def _grid_of(georeference: Georeference, width: int, height: int, cells: int) -> LonLatGrid | None:
    fine = 2 * cells + 1  # every second point lies in the middle, to look how far off the others are
    columns, rows = np.meshgrid(np.linspace(0, width, fine), np.linspace(0, height, fine))
    points: Points = np.column_stack((columns.ravel(), rows.ravel()))
    found = georeference.to_lonlat(points)
    if not np.isfinite(found).all():
        return None
    lon = np.unwrap(np.unwrap(found[:, 0].reshape(fine, fine), period=360.0, axis=1), period=360.0, axis=0)
    lat = found[:, 1].reshape(fine, fine)
    error = _error_m(lon, lat) / max(_pixel_m(lon, lat, width, height), 1e-12)
    return LonLatGrid(lon[::2, ::2], lat[::2, ::2], float(error))


def _error_m(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> float:
    """Return the largest distance between what lies in the middle of a cell, or of its edges, and the mean of its corners."""
    worst = 0.0
    shrink = np.cos(np.radians(lat))

    def off(truth: tuple[slice, slice], *corners: tuple[slice, slice]) -> float:
        across = (lon[truth] - sum(lon[corner] for corner in corners) / len(corners)) * shrink[truth]
        along = lat[truth] - sum(lat[corner] for corner in corners) / len(corners)
        return float(np.hypot(across, along).max()) * _METRES_A_DEGREE

    first, last, middle, every = slice(0, -1, 2), slice(2, None, 2), slice(1, None, 2), slice(0, None, 2)
    worst = max(worst, off((middle, middle), (first, first), (first, last), (last, first), (last, last)))
    worst = max(worst, off((every, middle), (every, first), (every, last)))
    return max(worst, off((middle, every), (first, every), (last, every)))


def _pixel_m(lon: NDArray[np.float64], lat: NDArray[np.float64], width: int, height: int) -> float:
    """Return about how many metres a pixel is across, in the middle of the image."""
    centre = len(lat) // 2
    shrink = float(np.cos(np.radians(lat[centre, centre])))
    across = np.hypot((lon[centre, -1] - lon[centre, 0]) * shrink, lat[centre, -1] - lat[centre, 0]) / width
    along = np.hypot((lon[-1, centre] - lon[0, centre]) * shrink, lat[-1, centre] - lat[0, centre]) / height
    return float(min(across, along)) * _METRES_A_DEGREE
