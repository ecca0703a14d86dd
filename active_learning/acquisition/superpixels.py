"""Superpixels: parts of a picture that hold together by colour and place, as regions to ask about instead of squares.

Clusters: SLIC, Achanta et al., "SLIC superpixels compared to state-of-the-art superpixel methods", 2012. As regions of active
learning, with labels taking turns: Cai et al., "Revisiting superpixels for active learning in semantic segmentation", 2021.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from active_learning.acquisition.values import AcquisitionError, Floats, Rows

COMPACTNESS: Final = 0.35
"""How much lying a whole cell apart counts against the greatest difference of colour."""
ITERATIONS: Final = 5
# Lightness and two differences of colours, each 0 to 1 wide at most: what SLIC's own space tells, without its curves.
OPPONENT: Final = np.array([[0.299, 0.587, 0.114], [0.5, -0.5, 0.0], [0.25, 0.25, -0.5]], np.float32).T


def superpixels(pixels: NDArray[np.uint8], count: int) -> NDArray[np.int32]:
    """Return which of about ``count`` superpixels each pixel belongs to.  (H, W, 3) → (H, W), from 0 on without a gap.

    Each pixel joins one of the nine clusters whose cells lie around its own, so that the work does not grow with their number.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise AcquisitionError("pixels are (H, W, 3).")
    height, width = pixels.shape[:2]
    side = max(1.0, float(np.sqrt(height * width / max(1, count))))
    down, across = max(1, round(height / side)), max(1, round(width / side))
    rows, columns = np.arange(height) * down // height, np.arange(width) * across // width
    points = _points(pixels, side)
    own = (rows[:, None] * across + columns[None, :]).ravel()
    home_row, home_column = own // across, own % across
    for _ in range(ITERATIONS):
        centres = _centres(points, own, down * across)
        own = _nearest(points, centres, home_row, home_column, (down, across))
    _, dense = np.unique(own, return_inverse=True)
    return dense.reshape(height, width).astype(np.int32)


def _points(pixels: NDArray[np.uint8], side: float) -> NDArray[np.float32]:
    """Return colour and place of each pixel, (N, 5), so that squared distances add up."""
    height, width = pixels.shape[:2]
    colours = pixels.reshape(-1, 3).astype(np.float32) / np.float32(255) @ OPPONENT
    scale = np.float32(COMPACTNESS / side)
    places = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"), axis=-1).reshape(-1, 2).astype(np.float32) * scale
    points: NDArray[np.float32] = np.concatenate([colours, places], axis=1)
    return points


def _centres(points: NDArray[np.float32], own: Rows, count: int) -> NDArray[np.float32]:
    """Return the mean of each cluster; one that lost all its pixels lies where nobody is near."""
    sizes = np.bincount(own, minlength=count)
    sums = np.stack([np.bincount(own, weights=points[:, place], minlength=count) for place in range(points.shape[1])], axis=1)
    means = np.divide(sums, sizes[:, None], out=np.full(sums.shape, 1e6), where=sizes[:, None] > 0)
    return np.asarray(means, np.float32)


def _nearest(points: NDArray[np.float32], centres: NDArray[np.float32], row: Rows, column: Rows, grid: tuple[int, int]) -> Rows:
    best = np.full(len(points), np.inf, np.float32)
    own = np.zeros(len(points), np.int64)
    for up in (-1, 0, 1):
        for left in (-1, 0, 1):
            cluster = np.clip(row + up, 0, grid[0] - 1) * grid[1] + np.clip(column + left, 0, grid[1] - 1)
            apart = points - centres[cluster]
            squared = np.einsum("nd,nd->n", apart, apart)
            nearer = squared < best
            best[nearer], own[nearer] = squared[nearer], cluster[nearer]
    return own


def region_means(regions: NDArray[np.integer], values: Floats) -> Floats:
    """Return the mean of a map (H, W) in each region, (R,)."""
    flat = regions.ravel()
    means: Floats = np.bincount(flat, weights=values.ravel()) / np.maximum(np.bincount(flat), 1)
    return means
