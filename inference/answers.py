"""What is kept of an answer: its document, one confidence, its uncertainty, a heat map and the maps as files.

Pure: a prediction in, values to be stored out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from campaigns.encoding import DraftText
from campaigns.geometry import shape_bounds
from inference import heatmaps, uncertainty
from inference.prefill import Annotation, DraftRules, draft, object_shape
from inference.rasters import read_map
from inference.schema import Box as BoxItem
from inference.schema import Classification, Embedding, Item, Keypoints, Mask, Polygon, Prediction, Raster

Document = dict[str, Any] | bytes
MAP_FIELDS = ("class_map", "confidence_map")
Object = BoxItem | Polygon | Mask | Keypoints


@dataclass(frozen=True, slots=True)
class Answer:
    """One image's answer, ready to be stored.

    ``document``: JSON values, or the JSON text of them when it was written elsewhere.
    ``files``: name → bytes of the maps that the document names instead of holding. ``drafts`` is None when nothing
    is to be drafted; they too may have been written elsewhere.
    """

    document: Document
    confidence: float | None
    uncertainty: dict[str, float]
    heat_map: bytes | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    drafts: list[Annotation] | DraftText | None = None
    unmapped: dict[str, int] = field(default_factory=dict)


def digest(prediction: Prediction, rules: DraftRules | None) -> Answer:
    """Return what is kept of a prediction, with drafts when there are rules for them."""
    document = prediction.as_document()
    unsure = unsure_pixels(prediction.items)
    drafts = None if rules is None else draft(prediction, rules)
    return Answer(
        document=document,
        confidence=confidence_of(prediction.items),
        uncertainty=measure(prediction.items, unsure),
        heat_map=None if unsure is None else heatmaps.draw_pixels(unsure),
        files=take_maps(document, prediction.items, unsure),
        drafts=None if drafts is None else drafts.annotations,
        unmapped={} if drafts is None else dict(drafts.unmapped),
    )


def confidence_of(items: Iterable[Item]) -> float | None:
    """Return the confidence of an answer as a whole: of the best class, of the raster, or the mean over the objects."""
    values = [item.confidence for item in items if not isinstance(item, Embedding)]
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def measure(items: tuple[Item, ...], unsure: NDArray[np.float32] | None) -> dict[str, float]:
    """Return the measures of an answer; empty where the model gave nothing to measure by."""
    for item in items:
        if isinstance(item, Classification):
            scores = [score.confidence for score in item.scores]
            return uncertainty.of_multi_label(scores) if item.mode == "multi" else uncertainty.of_classes(scores, complete=item.complete)
        if isinstance(item, Raster):
            return {} if unsure is None else _measure_raster(item, unsure)
    objects = [item.confidence for item in items if isinstance(item, Object)]
    known = [confidence for confidence in objects if confidence is not None]
    return uncertainty.of_objects(known) if known or not objects else {}


def _measure_raster(item: Raster, unsure: NDArray[np.float32]) -> dict[str, float]:
    measured = {"entropy": uncertainty.of_pixels(unsure)}
    if item.confidence_map is not None:
        doubt = 1.0 - read_map(item.confidence_map).astype(np.float32) / 255.0
        measured["least_confidence"] = uncertainty.of_pixels(doubt)
    return measured


def unsure_pixels(items: tuple[Item, ...]) -> NDArray[np.float32] | None:
    """Return the uncertainty (h, w) in [0, 1] of a raster's pixels: the entropy, else what the confidence leaves; None without either."""
    raster = next((item for item in items if isinstance(item, Raster)), None)
    if raster is None:
        return None
    if raster.entropy_map is not None:
        return read_map(raster.entropy_map).astype(np.float32) / np.float32(255.0)
    if raster.confidence_map is not None:
        return np.float32(1.0) - read_map(raster.confidence_map).astype(np.float32) / np.float32(255.0)
    return None


def take_maps(document: dict[str, Any], items: tuple[Item, ...], unsure: NDArray[np.float32] | None) -> dict[str, bytes]:
    """Move the maps of rasters out of a document into files; the document then holds their names.

    The entropy map is left out: the heat map shows the same numbers. How much of them each class takes is written down
    instead ("unsure"), so that a ranking by classes opens no file.
    """
    files: dict[str, bytes] = {}
    for number, (entry, item) in enumerate(zip(document["items"], items, strict=True)):
        if not isinstance(item, Raster):
            continue
        entry["entropy_map"] = None
        if unsure is not None:
            entry["unsure"] = unsure_by_class(read_map(item.class_map), unsure)
        for name in MAP_FIELDS:
            data: bytes | None = getattr(item, name)
            if data is not None:
                entry[name] = f"{number}-{name}.png"
                files[entry[name]] = data
    return files


def unsure_by_class(class_map: NDArray[np.integer], unsure: NDArray[np.float32]) -> dict[str, float]:
    """Return which part of an image's uncertainty (h, w) lies on each class of its map (H, W), which may be finer; they sum to 1."""
    rows, columns = (np.arange(small) * large // small for small, large in zip(unsure.shape, class_map.shape, strict=True))
    sums = np.bincount(class_map[np.ix_(rows, columns)].ravel(), weights=unsure.ravel())
    total = float(sums.sum())
    return {str(index): round(float(sums[index]) / total, 4) for index in np.flatnonzero(sums).tolist()} if total > 0 else {}


def objects_with_confidence(prediction: Prediction) -> list[tuple[tuple[float, float, float, float], float]]:
    """Return (bounds in image pixels, confidence) of the objects that have both."""
    found = []
    for item in prediction.items:
        if not isinstance(item, Object) or item.confidence is None:
            continue
        shape = object_shape(item)
        bounds = None if shape is None else shape_bounds(shape)
        if bounds is not None:
            found.append((bounds, item.confidence))
    return found


def draw_unsure_objects(prediction: Prediction) -> bytes | None:
    """Return a heat map of the objects by their own confidences; None when none has one."""
    measured = [(bounds, uncertainty.object_entropy(confidence)) for bounds, confidence in objects_with_confidence(prediction)]
    return heatmaps.draw_objects(measured, prediction.width, prediction.height) if measured else None
