"""How much of an image things cover, and how much they share: boxes as numbers, outlines as geometries, masks as pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from campaigns.geometry.masks import decode_crop
from inference.schema import Box, Keypoints, Mask, Polygon

Thing = Box | Polygon | Mask | Keypoints
Bounds = tuple[float, float, float, float]  # x0, y0, x1, y1


@dataclass(frozen=True, slots=True)
class Extent:
    """What a thing covers: its bounds, and its outline or its pixels (from the bounds' corner on) where these say more."""

    bounds: Bounds
    outline: BaseGeometry | None = None
    pixels: NDArray[np.bool_] | None = None

    def area(self, within: Bounds | None = None) -> float:
        """Return the area in pixels, of what lies within other bounds alone when these are given."""
        return self.shared(self, within)

    def shared(self, other: Extent, within: Bounds | None = None) -> float:
        """Return the area that both cover (px); of an outline and a mask, that of their bounds."""
        common = meet(self.bounds, other.bounds)
        common = common if common is None or within is None else meet(common, within)
        if common is None:
            return 0.0
        if self.pixels is not None and other.pixels is not None:
            return float(np.count_nonzero(self._cut(common) & other._cut(common)))
        if self.pixels is None and other.pixels is None and (self.outline is not None or other.outline is not None):
            both = self._geometry if self is other else self._geometry.intersection(other._geometry)
            return float((both if within is None else both.intersection(shapely.box(*within))).area)
        return (common[2] - common[0]) * (common[3] - common[1])

    def overlap(self, other: Extent) -> float:
        """Return intersection over union."""
        both = self.shared(other)
        return 0.0 if both <= 0.0 else both / (self.area() + other.area() - both)

    @property
    def _geometry(self) -> BaseGeometry:
        return shapely.box(*self.bounds) if self.outline is None else self.outline

    def _cut(self, common: Bounds) -> NDArray[np.bool_]:
        assert self.pixels is not None
        left, top = (int(value) for value in self.bounds[:2])
        x0, y0, x1, y1 = (int(value) for value in common)
        return self.pixels[y0 - top : y1 - top, x0 - left : x1 - left]


def meet(one: Bounds, other: Bounds) -> Bounds | None:
    """Return the bounds that two have in common; None when they share no area."""
    left, top, right, bottom = max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])
    return (left, top, right, bottom) if left < right and top < bottom else None


def extent_of(thing: Thing) -> Extent | None:
    """Return what a thing covers; None for a mask without a pixel and for points that all are unseen."""
    if isinstance(thing, Box):
        return _of_box(thing)
    if isinstance(thing, Polygon):
        outline = sound_outline(thing)
        return None if outline.is_empty else Extent(tuple(outline.bounds), outline)
    if isinstance(thing, Mask):
        crop = decode_crop(thing.counts, thing.size)
        if crop is None:
            return None
        row, column, pixels = crop
        return Extent((float(column), float(row), float(column + pixels.shape[1]), float(row + pixels.shape[0])), pixels=pixels)
    seen = [(point.x, point.y) for point in thing.points if point.v]
    if not seen:
        return None
    xs, ys = zip(*seen, strict=True)
    return Extent((min(xs), min(ys), max(xs), max(ys)))


def _of_box(box: Box) -> Extent:
    if not box.rotation % 180.0:
        return Extent((box.x, box.y, box.x + box.width, box.y + box.height))
    turned = shapely.affinity.rotate(shapely.box(box.x, box.y, box.x + box.width, box.y + box.height), box.rotation, origin="centroid")
    return Extent(tuple(turned.bounds), turned)


def sound_outline(thing: Polygon) -> BaseGeometry:
    """Return a polygon's parts as one valid geometry."""
    outline = shapely.MultiPolygon([(rings[0], rings[1:]) for rings in thing.polygons])
    return outline if outline.is_valid else shapely.make_valid(outline)


def close_pairs(extents: Sequence[Extent | None]) -> NDArray[np.intp]:
    """Return (N, 2) places i < j of extents whose bounds meet, in order."""
    known = [place for place, extent in enumerate(extents) if extent is not None]
    if len(known) < 2:
        return np.zeros((0, 2), np.intp)
    bounds = np.array([extents[place].bounds for place in known], dtype=np.float64)  # type: ignore[union-attr]
    boxes = shapely.box(*bounds.T)
    first, second = shapely.STRtree(boxes).query(boxes)
    pairs = np.array(known, np.intp)[np.stack([first, second], axis=1)]
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    ordered: NDArray[np.intp] = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    return ordered
