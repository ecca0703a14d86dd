"""From pixels to the world and back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError  # what rasterio.warp.transform raises; it has no public name
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.warp import transform as warp_points

Affine6 = tuple[float, float, float, float, float, float]
Points = NDArray[np.float64]  # (N, 2): x, y

EDGE_STEP_PX = 32.0
BEYOND_PROJECTION = (CPLE_BaseError, RasterioError, ValueError)
"""What is raised for coordinates, or a CRS, that a projection does not take."""
_LONLAT = "OGC:CRS84"


def densified(points: Points, step_px: float = EDGE_STEP_PX) -> Points:
    """Add vertices so that no edge is longer than ``step_px``: a straight edge bends when it is reprojected.

    points: (N, 2), the vertices of a line or a closed ring; the given ones stay, in order.
    """
    if len(points) < 2:
        return points
    edges = np.diff(points, axis=0)
    pieces = np.maximum(1, np.ceil(np.hypot(edges[:, 0], edges[:, 1]) / step_px).astype(np.int64))
    starts = np.repeat(np.cumsum(pieces) - pieces, pieces)
    fraction = (np.arange(pieces.sum()) - starts) / np.repeat(pieces, pieces)
    inner = np.repeat(points[:-1], pieces, axis=0) + fraction[:, None] * np.repeat(edges, pieces, axis=0)
    return np.vstack((inner, points[-1:]))


@dataclass(frozen=True)
class Georeference:
    """Where an image lies: its CRS and the affine (a, b, c, d, e, f) from the pixel corner grid to it.

    x = a*col + b*row + c, y = d*col + e*row + f. Raises ValueError for a transform that is not finite or cannot be undone.
    """

    crs: str
    transform: Affine6

    def __post_init__(self) -> None:
        if len(self.transform) != 6 or not np.isfinite(self.transform).all():
            raise ValueError("The transform of an image is six finite numbers.")
        if self._determinant == 0:
            raise ValueError("The transform of an image cannot be undone: its pixels have no area.")

    @property
    def _determinant(self) -> float:
        a, b, _c, d, e, _f = self.transform
        return a * e - b * d

    def to_world(self, points: Points) -> Points:
        """Return (N, 2) pixels as (N, 2) coordinates of the CRS."""
        a, b, c, d, e, f = self.transform
        x, y = points[:, 0], points[:, 1]
        return np.column_stack((a * x + b * y + c, d * x + e * y + f))

    def to_pixel(self, points: Points) -> Points:
        """Return (N, 2) coordinates of the CRS as (N, 2) pixels."""
        a, b, c, d, e, f = self.transform
        x, y = points[:, 0] - c, points[:, 1] - f
        return np.column_stack(((e * x - b * y) / self._determinant, (a * y - d * x) / self._determinant))

    def to_lonlat(self, points: Points) -> Points:
        """Return (N, 2) pixels as (N, 2) degrees of longitude and latitude; not finite where the projection ends."""
        return _warped(self.crs, _LONLAT, self.to_world(points))

    def from_lonlat(self, points: Points) -> Points:
        """Return (N, 2) degrees of longitude and latitude as (N, 2) pixels."""
        return self.to_pixel(_warped(_LONLAT, self.crs, points))

    @property
    def has_lonlat(self) -> bool:
        """Say whether the CRS is tied to the Earth, so that lon/lat can be told."""
        try:
            self.to_lonlat(np.zeros((1, 2)))
        except BEYOND_PROJECTION:
            return False
        return True


def _warped(source: str, target: str, points: Points) -> Points:
    if len(points) == 0:
        return points
    xs, ys = warp_points(CRS.from_user_input(source), CRS.from_user_input(target), points[:, 0], points[:, 1])[:2]
    return np.column_stack((np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)))
