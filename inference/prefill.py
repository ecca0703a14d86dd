"""Turn a prediction into draft annotations: documents that a person accepts, corrects or rejects.

Pure: a prediction and rules in, documents out. Ids follow from the model, its version and the place in the answer,
so drafting the same answer again gives the same drafts.
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from campaigns.geometry import mask_bounds, mask_document, mask_to_polygons, shape_bounds
from inference.rasters import read_map
from inference.schema import Box, Classification, Embedding, Item, Keypoints, Mask, Polygon, Prediction, Raster
from models_registry.mapping import to_labels

DEFAULT_OBJECT_THRESHOLD: Final = 0.05
"""Objects below it are not drafted. Low on purpose: the labeling page has a slider, and can show only what was drafted."""
DEFAULT_LABEL_THRESHOLD: Final = 0.5
"""A class of a multi-label answer is drafted from here on."""
MAX_POLYGON_POINTS: Final = 20_000
"""A label of a raster whose outline has more points is drafted as a mask: no person edits such an outline."""

Annotation = dict[str, Any]


@dataclass(frozen=True)
class ModelTag:
    """The model that drafts, as annotations name it."""

    id: int
    name: str
    version: str

    @cached_property
    def prefix(self) -> str:
        """Start of the ids of its drafts."""
        return f"m{self.id}-{zlib.crc32(self.version.encode()):08x}-"


@dataclass(frozen=True)
class DraftRules:
    """What to draft.

    ``labels``: class index of the model → label id of the campaign; a class without an entry is not drafted.
    ``thresholds``: label id → least confidence; labels without an entry take ``model_threshold``, or the default of
    their kind of answer when that is None.
    ``simplify_px``: how far the outlines of a raster's areas may leave its pixels' edges, for fewer points.
    ``unsure_spans``: label id → from and up to which confidence an answer is one for people; it is drafted by its threshold all the same.
    ``task``: the campaign's; detection takes boxes alone, so outlines are drafted there as the boxes around them.
    """

    model: ModelTag
    task: str
    labels: Mapping[int, int]
    thresholds: Mapping[int, float] = field(default_factory=dict)
    model_threshold: float | None = None
    simplify_px: float = 0.0
    unsure_spans: Mapping[int, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if any(not 0.0 <= threshold <= 1.0 for threshold in self.thresholds.values()):
            raise ValueError("thresholds lie between 0 and 1")

    def keeps(self, label: int, confidence: float | None, default: float) -> bool:
        """Say whether a thing of a label is sure enough; what comes without a confidence is."""
        fallback = default if self.model_threshold is None else self.model_threshold
        return confidence is None or confidence >= self.thresholds.get(label, fallback)

    def is_unsure(self, label: int | None, confidence: float | None) -> bool:
        """Say whether a thing of a label lies in the span that is left to people."""
        span = self.unsure_spans.get(label) if label is not None else None
        return span is not None and confidence is not None and span[0] <= confidence < span[1]


@dataclass(frozen=True)
class RunnerUp:
    """A label that is drafted although a class without a label is more probable than it."""

    best_class: str
    best_confidence: float
    label: int
    confidence: float


@dataclass(frozen=True)
class Drafts:
    """Draft annotations of one image, and what was left out."""

    annotations: list[Annotation]
    unmapped: Mapping[str, int] = field(default_factory=dict)
    unsure: int = 0
    runner_up: RunnerUp | None = None


def draft(prediction: Prediction, rules: DraftRules) -> Drafts:
    """Return the drafts of an answer in the order of its items; classes without a label are counted, not drafted."""
    drafting = _Drafting(rules)
    for number, item in enumerate(prediction.items):
        drafting.take(number, item)
    return Drafts(drafting.annotations, dict(drafting.unmapped), drafting.unsure, drafting.runner_up)


class _Drafting:
    """The work of one answer: collects annotations and counts of what was left out."""

    def __init__(self, rules: DraftRules) -> None:
        self.rules = rules
        self.annotations: list[Annotation] = []
        self.unmapped: Counter[str] = Counter()
        self.unsure = 0
        self.runner_up: RunnerUp | None = None
        self._model = {"id": rules.model.id, "name": rules.model.name, "version": rules.model.version}

    def take(self, number: int, item: Item) -> None:
        if isinstance(item, Classification):
            self._take_classification(number, item)
        elif isinstance(item, Raster):
            self._take_raster(number, item)
        elif not isinstance(item, Embedding):
            self._take_object(number, item)

    def _take_object(self, number: int, item: Box | Polygon | Mask | Keypoints) -> None:
        label = self._label(item.index, item.name)
        if label is None:
            return
        if not self.rules.keeps(label, item.confidence, DEFAULT_OBJECT_THRESHOLD):
            self.unsure += 1
            return
        shape = object_shape(item)
        if shape is not None and self.rules.task == "detection":
            shape = box_around(shape)
        if shape is not None:
            self._add(str(number), label, shape, item.confidence)

    def _take_classification(self, number: int, item: Classification) -> None:
        pairs = [(score.index, score.confidence) for score in item.scores]
        best = to_labels(pairs, self.rules.labels, multi_label=item.mode == "multi").labels
        for score in item.scores:
            self._label(score.index, score.name)
        if item.mode == "multi":
            chosen = [(label, p) for label, p in best.items() if self.rules.keeps(label, p, DEFAULT_LABEL_THRESHOLD)]
        else:
            top = self._best_label(item, best)
            chosen = [top] if top is not None and self.rules.keeps(top[0], top[1], 0.0) else []
        self.unsure += len(best) - len(chosen) if item.mode == "multi" else 0
        for label, confidence in chosen:
            self._add(f"{number}.{label}", label, {"type": "whole"}, confidence)

    def _best_label(self, item: Classification, labels: Mapping[int, float]) -> tuple[int, float] | None:
        """Return the most probable label, and remember where a class without a label is more probable than it."""
        top = max(labels.items(), key=lambda pair: pair[1], default=None)
        best = max(item.scores, key=lambda score: score.confidence)
        has_label = best.index is not None and best.index in self.rules.labels
        if top is not None and not has_label and top[1] < best.confidence:
            self.runner_up = RunnerUp(best.name, best.confidence, *top)
        return top

    def _take_raster(self, number: int, item: Raster) -> None:
        classes = read_map(item.class_map)
        wanted: defaultdict[int, list[int]] = defaultdict(list)
        present = set(np.unique(classes).tolist())
        for index, name in item.classes:
            label = self._label(index, name) if index in present else None
            if label is not None:
                wanted[label].append(index)
        confidences = None if item.confidence_map is None else read_map(item.confidence_map)
        areas: list[tuple[int, dict[str, Any], float | None]] = []
        for label, indices in wanted.items():
            pixels = np.isin(classes, indices)
            confidence = (
                item.confidence if confidences is None or confidences.shape != pixels.shape else float(confidences[pixels].mean()) / 255.0
            )
            if self.rules.keeps(label, confidence, 0.0):
                areas.append((label, region_shape(pixels), confidence))
            else:
                self.unsure += 1
        shapes = simplified_areas([shape for _, shape, _ in areas], self.rules.simplify_px)
        for (label, _, confidence), shape in zip(areas, shapes, strict=True):
            self._add(f"{number}.{label}", label, shape, confidence)

    def _label(self, index: int | None, name: str) -> int | None:
        label = None if index is None else self.rules.labels.get(index)
        if label is None:
            self.unmapped[name or str(index)] += 1
        return label

    def _add(self, name: str, label: int, shape: dict[str, Any], confidence: float | None) -> None:
        self.annotations.append({
            "id": self.rules.model.prefix + name, "label": label, "shape": shape, "origin": "prediction", "review": "draft",
            "confidence": confidence, "model": self._model, "attributes": {},
        })  # fmt: skip


def object_shape(item: Box | Polygon | Mask | Keypoints) -> dict[str, Any] | None:
    """Return the annotation shape of one object; None for a mask without a pixel."""
    if isinstance(item, Box):
        return {"type": "box", "x": item.x, "y": item.y, "width": item.width, "height": item.height, "rotation": item.rotation % 360.0}
    if isinstance(item, Polygon):
        return {"type": "polygon", "polygons": [[[list(point) for point in ring] for ring in rings] for rings in item.polygons]}
    if isinstance(item, Keypoints):
        return {"type": "points", "points": [{"name": p.name, "x": p.x, "y": p.y, "v": p.v} for p in item.points]}
    bounds = mask_bounds(item.counts, item.size)
    if bounds is None:
        return None
    left, top, right, bottom = bounds
    return {"type": "mask", "size": list(item.size), "counts": item.counts, "bbox": [left, top, right - left, bottom - top]}


def box_around(shape: dict[str, Any]) -> dict[str, Any] | None:
    """Return the box around a shape, boxes as they are; None when there is nothing to go around."""
    if shape["type"] == "box":
        return shape
    bounds = shape_bounds(shape)
    if bounds is None or bounds[2] <= bounds[0] or bounds[3] <= bounds[1]:
        return None
    left, top, right, bottom = bounds
    return {"type": "box", "x": left, "y": top, "width": right - left, "height": bottom - top, "rotation": 0.0}


def region_shape(pixels: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the pixels (H, W) of one label as a polygon of all their parts, or as a mask when the outline is too long to edit."""
    corners = int(np.count_nonzero(pixels[1:] != pixels[:-1]) + np.count_nonzero(pixels[:, 1:] != pixels[:, :-1]))
    if corners <= 4 * MAX_POLYGON_POINTS:  # the length of the outline, known without tracing it
        polygons = mask_to_polygons(pixels)
        if sum(len(ring) for rings in polygons for ring in rings) <= MAX_POLYGON_POINTS:
            return {"type": "polygon", "polygons": polygons}
    return mask_document(pixels)


def simplified_areas(shapes: list[dict[str, Any]], tolerance_px: float) -> list[dict[str, Any]]:
    """Return the areas of one raster with fewer points; what two of them share stays shared, so no gap opens between labels.

    Masks stay as they are. Areas come without an overlap, which the method needs (GEOS, CoverageSimplifier).
    """
    places = [place for place, shape in enumerate(shapes) if shape["type"] == "polygon"]
    if tolerance_px <= 0.0 or not places:
        return shapes
    areas = [shapely.MultiPolygon([(rings[0], rings[1:]) for rings in shapes[place]["polygons"]]) for place in places]
    # The coverage method weighs triangles (Visvalingam); the root of an area is a length.
    simple = shapely.coverage_simplify(areas, tolerance_px)
    changed = list(shapes)
    for place, area in zip(places, simple, strict=True):
        parts = [part for part in shapely.get_parts(area) if not part.is_empty]
        if parts:
            rings = [[[[x, y] for x, y in ring.coords] for ring in (part.exterior, *part.interiors)] for part in parts]
            changed[place] = {"type": "polygon", "polygons": rings}
    return changed
