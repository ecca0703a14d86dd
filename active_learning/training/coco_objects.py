"""Objects as COCO's measures want them, from annotation shapes in pixels of the image. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from active_learning.training.average_precision import Precision, average_precision
from active_learning.training.scenes import bounds_of
from campaigns.geometry import polygons_to_counts, shape_polygons
from models_registry.networks.object_checkpoint import Part

Shape = Mapping[str, Any]
DEFAULT_SIGMA = 0.05
"""How far annotators scatter about a point as a share of the object's size, where a skeleton does not say."""


def coco_object(shape: Shape, *, part: Part, place: int, width: int, height: int, names: Sequence[str] = ()) -> dict[str, Any] | None:
    """Return an object of class ``place``; None where its shape has not what is measured. ``names``: of the points, in order."""
    bounds = bounds_of(shape, width, height)
    if bounds is None or (part == "points") != (shape["type"] == "points"):
        return None
    left, top, right, bottom = bounds
    row: dict[str, Any] = {"category_id": place, "bbox": [left, top, right - left, bottom - top], "area": (right - left) * (bottom - top)}
    if part == "masks":
        counts = _run_lengths(shape, width, height)
        return None if counts is None else {**row, "segmentation": {"size": [height, width], "counts": counts}}
    if part == "points":
        said = {point["name"]: point for point in shape["points"]}
        absent = {"x": 0.0, "y": 0.0, "v": 0}
        row["keypoints"] = [float(said.get(name, absent).get(key, 2)) for name in names for key in ("x", "y", "v")]
    return row


def _run_lengths(shape: Shape, width: int, height: int) -> str | None:
    if shape["type"] == "mask":
        return str(shape["counts"])
    polygons = shape_polygons(dict(shape), width=width, height=height)
    return polygons_to_counts(polygons, height=height, width=width) if polygons else None


def precision_of_shapes(
    part: Part,
    truth: Sequence[Sequence[tuple[int, Shape]]],
    found: Sequence[Sequence[tuple[int, float, Shape]]],
    sizes: Sequence[tuple[int, int]],
    *,
    classes: int,
    sigmas: Mapping[str, float] | None = None,
) -> Precision:
    """Measure found shapes (class, confidence, shape) against true ones (class, shape), an entry an image of (width, height).

    ``sigmas``: of all points that count, by name.
    """
    names = tuple(sigmas or ())
    common = {"part": part, "names": names}
    there = [_objects([(place, shape, {}) for place, shape in row], size, common) for row, size in zip(truth, sizes, strict=True)]
    said = [
        _objects([(place, shape, {"score": sure}) for place, sure, shape in row], size, common)
        for row, size in zip(found, sizes, strict=True)
    ]
    scatter = np.array([(sigmas or {})[name] for name in names]) if part == "points" else None
    return average_precision(part, there, said, classes=classes, sigmas=scatter)


def _objects(rows: Sequence[tuple[int, Shape, dict[str, Any]]], size: tuple[int, int], common: Mapping[str, Any]) -> list[dict[str, Any]]:
    made = ((coco_object(shape, place=place, width=size[0], height=size[1], **common), more) for place, shape, more in rows)
    return [{**each, **more} for each, more in made if each is not None]
