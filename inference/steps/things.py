"""Steps on the things of an answer: objects, class rasters and scores, in pixels of the whole image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import shapely
from rasterio.features import sieve
from shapely.geometry.base import BaseGeometry

from campaigns.geometry.masks import mask_to_polygons
from inference.extents import Extent, Thing, close_pairs, extent_of, sound_outline
from inference.rasters import NO_CLASS, read_map, write_map
from inference.schema import Box, Classification, Dropped, Item, Keypoints, Mask, Polygon, Prediction, Raster, Ring
from inference.steps.trace import tell
from models_registry.options import ModelOptions
from models_registry.steps import Step

Items = tuple[Item, ...]
OBJECTS: Final = (Box, Polygon, Mask, Keypoints)


def run_thing_steps(prediction: Prediction, options: ModelOptions) -> Prediction:
    """Return an answer after the steps on whole things; what they leave out is counted in ``dropped``."""
    for step in options.post:
        run = _RUN.get(step.name)
        if run is not None:
            prediction = _taken(prediction, step, run)
    return prediction


def _taken(prediction: Prediction, step: Step, run: Run) -> Prediction:
    before = prediction.items
    items, told = run(before, step.params)
    gone = _count(before) - _count(items)
    tell(step.name, lambda: told or (f"{gone} of {_count(before)} left out" if gone else "changed nothing"))
    dropped = prediction.dropped if gone <= 0 else (*prediction.dropped, Dropped(_REASONS.get(step.name, "left out"), count=gone))
    return replace(prediction, items=items, dropped=dropped)


def _count(items: Items) -> int:
    return sum(len(item.scores) if isinstance(item, Classification) else 1 for item in items)


Run = Callable[[Items, Mapping[str, Any]], tuple[Items, str]]


def _sureness(item: Item) -> float:
    """Return what things are ranked by; what comes without a confidence goes first, since nothing speaks against it."""
    confidence = getattr(item, "confidence", None)
    return 2.0 if confidence is None else float(confidence)


def _argmax(items: Items, params: Mapping[str, Any]) -> tuple[Items, str]:
    """Change nothing: the most probable class speaks for a thing anyhow, and the other probabilities tell how sure it is."""
    said = []
    for item in items:
        if isinstance(item, Classification):
            best = max(item.scores, key=lambda score: score.confidence)
            said.append(f"{best.name} ({best.confidence:.3g}) of {len(item.scores)} classes")
        elif isinstance(item, Raster):
            said.append(_shares_of_classes(item))
    return items, "; ".join(said) or "each thing has its most probable class"


def _threshold(items: Items, params: Mapping[str, Any]) -> tuple[Items, str]:
    """Change nothing: pixels were compared while the answer was read."""
    return items, "; ".join(_shares_of_classes(item) for item in items if isinstance(item, Raster)) or "there is no class raster here"


def _shares_of_classes(item: Raster) -> str:
    numbers, counts = np.unique(read_map(item.class_map), return_counts=True)
    names = dict(item.classes)
    shares = sorted(zip(counts.tolist(), numbers.tolist(), strict=True), reverse=True)[:5]
    total = int(counts.sum())
    return ", ".join(
        f"{100 * count / total:.1f} % {'no class' if number == NO_CLASS else names.get(number, number)}" for count, number in shares
    )


def _floor(items: Items, params: Mapping[str, Any]) -> tuple[Items, str]:
    kept: list[Item] = []
    for item in items:
        if isinstance(item, Classification):
            scores = tuple(score for score in item.scores if score.confidence >= params["value"])
            if scores:
                kept.append(item if len(scores) == len(item.scores) else replace(item, scores=scores, complete=False))
        elif not isinstance(item, OBJECTS) or _sureness(item) >= params["value"]:
            kept.append(item)
    return tuple(kept), ""


def _top_k(items: Items, params: Mapping[str, Any]) -> tuple[Items, str]:
    most = int(params["k"])
    objects = [place for place, item in enumerate(items) if isinstance(item, OBJECTS)]
    best = set(sorted(objects, key=lambda place: -_sureness(items[place]))[:most])
    kept: list[Item] = []
    for place, item in enumerate(items):
        if isinstance(item, Classification) and len(item.scores) > most:
            scores = sorted(item.scores, key=lambda score: -score.confidence)[:most]
            kept.append(replace(item, scores=tuple(scores), complete=False))
        elif not isinstance(item, OBJECTS) or place in best:
            kept.append(item)
    return tuple(kept), ""


def _nms(items: Items, params: Mapping[str, Any]) -> tuple[Items, str]:
    """Greedy non-maximum suppression: the surest first, and of equals the earlier."""
    extents = [extent_of(item) if isinstance(item, OBJECTS) else None for item in items]
    rivals: dict[int, list[int]] = {}
    for one, other in close_pairs(extents).tolist():
        if not params["per_class"] or _class_of(items[one]) == _class_of(items[other]):
            rivals.setdefault(one, []).append(other)
            rivals.setdefault(other, []).append(one)
    gone: set[int] = set()
    for place in sorted(rivals, key=lambda place: (-_sureness(items[place]), place)):
        if place not in gone:
            gone.update(other for other in rivals[place] if other not in gone and _doubles(extents, place, other, items, params["iou"]))
    return tuple(item for place, item in enumerate(items) if place not in gone), ""


def _doubles(extents: list[Extent | None], place: int, other: int, items: Items, iou: float) -> bool:
    one, two = extents[place], extents[other]
    assert one is not None
    assert two is not None
    weaker = (-_sureness(items[other]), other) > (-_sureness(items[place]), place)
    return weaker and one.overlap(two) > iou


def _class_of(item: Item) -> tuple[int | None, str]:
    assert isinstance(item, OBJECTS)
    return item.index, "" if item.index is not None else item.name


def _min_area(items: Items, params: Mapping[str, Any]) -> tuple[Items, str]:
    least = float(params["px"])
    kept: list[Item] = []
    changed = 0
    for item in items:
        if isinstance(item, Raster):
            sieved, moved = _sieved(item, least)
            changed += moved
            kept.append(sieved)
        elif not isinstance(item, OBJECTS) or isinstance(item, Keypoints) or _area(item) >= least:
            kept.append(item)
    return tuple(kept), f"{changed} pixels of small patches took the class around them" if changed else ""


def _area(item: Thing) -> float:
    extent = extent_of(item)
    return 0.0 if extent is None else extent.area()


def _sieved(item: Raster, least: float) -> tuple[Raster, int]:
    """Return a raster whose 4-connected patches under ``least`` pixels took the class of their largest neighbour."""
    classes = read_map(item.class_map)
    if least <= 1 or classes.size < 2:
        return item, 0
    said = classes != NO_CLASS
    merged = sieve(classes.astype(np.int32), size=min(int(np.ceil(least)), 2**31 - 1), mask=said, connectivity=4)
    merged = np.where(said, merged, NO_CLASS)
    moved = int(np.count_nonzero(merged != classes))
    return (replace(item, class_map=write_map(merged)), moved) if moved else (item, 0)


def _simplify(items: Items, params: Mapping[str, Any]) -> tuple[Items, str]:
    changed = tuple(_simplified(item, float(params["px"])) if isinstance(item, Polygon | Mask) else item for item in items)
    masks = sum(isinstance(item, Mask) for item in items) - sum(isinstance(item, Mask) for item in changed)
    told = [
        f"{masks} masks became outlines" if masks else "",
        f"{_points(items)} points of outlines became {_points(changed)}" if _points(changed) else "",
        "areas of the class raster are simplified where they are drafted" if any(isinstance(item, Raster) for item in items) else "",
    ]
    return changed, "; ".join(filter(None, told)) or "there are no outlines here"


def _points(items: Items) -> int:
    return sum(len(ring) for item in items if isinstance(item, Polygon) for rings in item.polygons for ring in rings)


def _simplified(item: Polygon | Mask, tolerance: float) -> Polygon | Mask:
    if isinstance(item, Mask):
        extent = extent_of(item)
        if extent is None or extent.pixels is None:
            return item
        traced = mask_to_polygons(extent.pixels)
        left, top = extent.bounds[:2]
        rings = tuple(tuple(tuple((x + left, y + top) for x, y in ring) for ring in part) for part in traced)
        item = Polygon(item.index, item.name, item.confidence, rings)
    polygons = polygons_of(sound_outline(item).simplify(tolerance, preserve_topology=True))
    return replace(item, polygons=polygons) if polygons else item


def polygons_of(geometry: BaseGeometry) -> tuple[tuple[Ring, ...], ...]:
    """Return the polygons of a geometry as nested rings; lines and points that came of rounding are left out."""
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon" and part.area > 0]
    return tuple(tuple(tuple((x, y) for x, y in ring.coords) for ring in (part.exterior, *part.interiors)) for part in parts)


_RUN: Final[Mapping[str, Run]] = {
    "threshold": _threshold, "argmax": _argmax, "floor": _floor, "nms": _nms, "min_area": _min_area, "simplify": _simplify, "top_k": _top_k,
}  # fmt: skip
_REASONS: Final = {
    "floor": "below the confidence floor", "nms": "double", "min_area": "below the minimum area", "top_k": "not among the best",
}  # fmt: skip
THING_STEPS: Final = frozenset(_RUN)
