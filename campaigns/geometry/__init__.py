"""Shapes in pixel space: x right, y down, (0, 0) is the corner of the first pixel, floats. Arrays are [y, x].

One rule holds everywhere: vertices lie on the corner grid. Outlines come from ``rasterio.features.shapes`` and are filled by
``rasterio.features.rasterize``, which is exact both ways; drawing functions that count from pixel centres are not used.
"""

from campaigns.geometry.ground import Ground, LonLatGrid, ground_of
from campaigns.geometry.masks import (
    decode_counts,
    decode_crop,
    decode_mask,
    encode_counts,
    encode_mask,
    mask_area,
    mask_bounds,
    mask_document,
    mask_to_polygons,
    polygons_to_counts,
    polygons_to_mask,
)
from campaigns.geometry.planar import Bounds, Point, Polygons, Ring, ShapeDocument, polygons_area, ring_area
from campaigns.geometry.shapes import (
    KINDS,
    WHOLE,
    checked_shape,
    names_points,
    offered_shapes,
    point_names,
    shape_area,
    shape_bounds,
    shape_polygons,
)
from campaigns.geometry.shapes.box import box_corners, checked_box
from campaigns.geometry.shapes.ellipse import OUTLINE_TOLERANCE_PX, checked_ellipse
from campaigns.geometry.shapes.kind import ShapeKind
from campaigns.geometry.shapes.mask import checked_mask
from campaigns.geometry.shapes.points import checked_points
from campaigns.geometry.shapes.polyline import checked_polyline
from campaigns.geometry.skeletons import Skeleton, circle_of
from campaigns.geometry.transforms import Affine6, Georeference, densified
from campaigns.geometry.validity import MAX_MASK_PIXELS, InvalidShape, checked_polygon, repaired_polygons

__all__ = [
    "KINDS", "MAX_MASK_PIXELS", "OUTLINE_TOLERANCE_PX", "WHOLE", "Affine6", "Bounds", "Georeference", "Ground",
    "InvalidShape", "LonLatGrid", "Point", "Polygons", "Ring", "ShapeDocument", "ShapeKind", "Skeleton", "box_corners",
    "checked_box", "checked_ellipse", "checked_mask", "checked_points", "checked_polygon", "checked_polyline",
    "checked_shape", "circle_of", "decode_counts", "decode_crop", "decode_mask", "densified", "encode_counts", "encode_mask", "ground_of",
    "mask_area", "mask_bounds", "mask_document", "mask_to_polygons", "names_points", "offered_shapes", "point_names",
    "polygons_area", "polygons_to_counts", "polygons_to_mask", "repaired_polygons", "ring_area", "shape_area",
    "shape_bounds", "shape_polygons",
]  # fmt: skip
