"""Found objects beside true ones, from stored answers and what people submitted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np
import shapely

from active_learning.evaluation.objects import ObjectEvidence, ObjectMeasures
from active_learning.evaluation.values import Floats
from active_learning.services.answers import label_columns
from active_learning.services.detections import shapes_of, sigmas_of
from active_learning.services.gathered import Blocks, blocks_of, gather
from active_learning.services.truth import Annotations, accepted, truth_of
from active_learning.training.coco_objects import DEFAULT_SIGMA
from active_learning.training.scenes import bounds_of
from campaigns.geometry import shape_bounds
from campaigns.models import Campaign, Image, Label, Task
from inference.comparing import DEFAULT_OVERLAP, overlaps, region_of
from inference.models import Prediction
from inference.prefill import box_around
from models_registry.models import CampaignModel, RegisteredModel

LEAST_LIKENESS: Final = 0.05
DEFAULT_THRESHOLD: Final = 0.5
MEASURED_AS: Final = {"f1_micro": "f1_at_50", "map": "map", "map_oks": "map", "ap_at_iou": "map_50", "ap_at_oks": "map_50"}
"""What rounds call the figures of the statistics."""
Shape = Mapping[str, Any]
FoundShape = tuple[int, float, Shape]
Shapes = tuple[list[FoundShape], list[tuple[int, Shape]]]


def shapes_behind(campaign: Campaign, model: RegisteredModel, image: int) -> Shapes:
    """Return the found and the true objects of one image, in the order of its evidence."""
    columns = label_columns(campaign, model)
    row = Prediction.objects.filter(model=model, model_version=model.version, image=image).first()
    shapes = [] if row is None else shapes_of(row.document["items"], columns.columns)
    truth = truth_of(Image.objects.filter(campaign=campaign, pk=image)).get(image, [])
    return [(columns.label_ids[column], confidence, shape) for column, confidence, shape in shapes], true_objects(campaign, truth)


def measure_objects(campaign: Campaign, model: RegisteredModel, version: str, images: Collection[int]) -> dict[str, float]:
    """Return F1 and average precision at a likeness (IoU or OKS) of 0.5, and COCO's mean, with intervals; empty without an answer.

    As the statistics of the model tell them, at the thresholds that are saved with it, else at 0.5.
    """
    labels = tuple(Label.objects.filter(campaign=campaign).values_list("pk", flat=True))
    blocks = _compared(campaign, model, sorted(images), version)
    if not len(blocks):
        return {}
    measures = ObjectMeasures(_assembled(blocks, labels), DEFAULT_OVERLAP, points=campaign.task == Task.KEYPOINTS)
    joined = CampaignModel.objects.filter(campaign=campaign, model=model).first()
    saved = joined.thresholds if joined is not None else {}
    at = np.array([float(saved.get(str(label), DEFAULT_THRESHOLD)) for label in measures.evidence.label_ids])
    told = {MEASURED_AS[each.name]: each for each in measures.figures(at) if each.name in MEASURED_AS}
    found: dict[str, float] = {"images": len(blocks)}
    counts = measures.counted(at)[0]
    if not (counts.said + counts.true).any():  # nothing there, and nothing found
        told.pop("f1_at_50", None)
        found |= {"f1_at_50": 1.0, "f1_at_50_low": 1.0, "f1_at_50_high": 1.0}
    for name, figure in told.items():
        known = {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
        found |= {key: value for key, value in known.items() if value is not None}
    return found


def object_evidence(campaign: Campaign, model: RegisteredModel, *, place: str, key: str, marks: Mapping[int, int]) -> ObjectEvidence:
    """Put found and true objects side by side over the images of ``marks``; only those that changed are read anew."""
    blocks = gather(place, key, marks, lambda images: _compared(campaign, model, images, model.version))
    labels = tuple(Label.objects.filter(campaign=campaign).values_list("pk", flat=True))
    return _assembled(blocks, labels) if len(blocks) else _nothing()


def _compared(campaign: Campaign, model: RegisteredModel, images: list[int], version: str) -> Blocks:
    """Measure how like each found object is to each true one of its image."""
    columns, known = label_columns(campaign, model), truth_of(Image.objects.filter(campaign=campaign, pk__in=images))
    true = {image: true_objects(campaign, annotations) for image, annotations in known.items()}
    likeness = _likeness(campaign, true)
    sizes = {pk: size for pk, *size in Image.objects.filter(pk__in=images).values_list("pk", "width", "height")}
    rows = Prediction.objects.filter(model=model, model_version=version, image__in=images).order_by("image_id")
    compared = {}
    for image, document in rows.values_list("image_id", "document").iterator(chunk_size=500):
        shapes, there = shapes_of(document["items"], columns.columns), true.get(image, [])
        here = [(columns.label_ids[column], sure, seen_by_task(campaign, shape)) for column, sure, shape in shapes]
        pairs = np.empty((0, 3))
        if here and there:
            like = likeness.of([shape for *_, shape in here], [shape for _, shape in there], sizes[image])
            found, hit = np.nonzero(like >= LEAST_LIKENESS)
            pairs = np.column_stack([found, hit, like[found, hit]])
        compared[image] = {
            "found": np.array([(label, sure) for label, sure, _ in here], float).reshape(-1, 2),
            "true": np.array([label for label, _ in there], np.int64), "pairs": pairs,
        }  # fmt: skip
    return blocks_of(compared)


def seen_by_task(campaign: Campaign, shape: Shape) -> Shape:
    """Return a shape as the task sees it: detection sees boxes."""
    return (box_around(dict(shape)) or shape) if campaign.task == Task.DETECTION else shape


def true_objects(campaign: Campaign, annotations: Annotations) -> list[tuple[int, Shape]]:
    """Return what could have been found: points for keypoints, and what covers something for the rest."""
    kept = (each for each in accepted(annotations) if each["shape"]["type"] != "whole")
    points = campaign.task == Task.KEYPOINTS
    shapes = ((each["label"], seen_by_task(campaign, each["shape"])) for each in kept if (each["shape"]["type"] == "points") == points)
    return [(label, shape) for label, shape in shapes if points or _covers(shape)]


def _covers(shape: Shape) -> bool:
    bounds = shape_bounds(shape)
    return bounds is not None and bounds[2] > bounds[0] and bounds[3] > bounds[1]


class _Likeness:
    """How like found shapes (M,) are to true ones (T,): (M, T) in 0 to 1."""

    def __init__(self, sigmas: Mapping[str, float] | None) -> None:
        self._sigmas = sigmas

    def of(self, found: Sequence[Shape], true: Sequence[Shape], size: Sequence[int]) -> Floats:
        """Return the likeness of objects in one image of a size (width, height)."""
        if self._sigmas is not None:
            return np.array([[self._oks(one, other, size) for other in true] for one in found])
        if all(shape["type"] == "box" and not shape.get("rotation") for shape in (*found, *true)):
            return box_overlaps(_corners(found), _corners(true))
        regions = [np.array([region_of(each) or shapely.Polygon() for each in shapes], dtype=object) for shapes in (found, true)]
        return overlaps(regions[0], regions[1])

    def _oks(self, found: Shape, true: Shape, size: Sequence[int]) -> float:
        """Return COCO's object keypoint similarity: how near the visible points lie, for the size of object and scatter.

        An object is as large as where training looks for it: with a margin, without which points in a row would be of no size.
        """
        assert self._sigmas is not None
        bounds, there = bounds_of(true, size[0], size[1]), {point["name"]: point for point in found.get("points", ())}
        seen = [point for point in true["points"] if point["v"] > 0]
        if bounds is None or not seen:
            return 0.0
        area = (bounds[2] - bounds[0]) * (bounds[3] - bounds[1]) + np.spacing(1)
        gaps = []
        for point in seen:
            other, scatter = there.get(point["name"]), 2 * self._sigmas.get(point["name"], DEFAULT_SIGMA)
            squared = np.inf if other is None else (other["x"] - point["x"]) ** 2 + (other["y"] - point["y"]) ** 2
            gaps.append(squared / scatter**2 / area / 2)
        return float(np.exp(-np.array(gaps)).mean())


def _likeness(campaign: Campaign, true: Mapping[int, Sequence[tuple[int, Shape]]]) -> _Likeness:
    return _Likeness(sigmas_of(campaign, list(true.values())) if campaign.task == Task.KEYPOINTS else None)


def _corners(shapes: Sequence[Shape]) -> Floats:
    return np.array([[s["x"], s["y"], s["x"] + s["width"], s["y"] + s["height"]] for s in shapes], float).reshape(-1, 4)


def box_overlaps(one: Floats, other: Floats) -> Floats:
    """Return the IoU (M, T) of boxes (left, top, right, bottom)."""
    low, high = np.maximum(one[:, None, :2], other[None, :, :2]), np.minimum(one[:, None, 2:], other[None, :, 2:])
    both = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(each[:, 2:] - each[:, :2]).prod(axis=1) for each in (one, other)]
    return np.asarray(both / np.maximum(areas[0][:, None] + areas[1][None, :] - both, np.finfo(float).tiny))


def _assembled(blocks: Blocks, labels: tuple[int, ...]) -> ObjectEvidence:
    """Join the images' objects; columns are the labels that are in use, in the campaign's order."""
    found, true, pairs = (blocks.parts[name] for name in ("found", "true", "pairs"))
    found_label, in_use = found[:, 0].astype(np.int64), np.union1d(found[:, 0].astype(np.int64), true)
    used = tuple(label for label in labels if label in set(in_use.tolist()))
    column = np.zeros(int(max(used, default=0)) + 1, np.int64)
    column[list(used)] = np.arange(len(used))
    counts = {name: blocks.lengths[name] for name in ("found", "true", "pairs")}
    row = {name: np.repeat(np.arange(len(blocks)), each) for name, each in counts.items()}
    first = {name: np.cumsum(counts[name]) - counts[name] for name in ("found", "true")}
    return ObjectEvidence(
        blocks.image_ids, used,
        row["found"], column[found_label], found[:, 1],
        row["true"], column[true],
        pairs[:, 0].astype(np.int64) + first["found"][row["pairs"]],
        pairs[:, 1].astype(np.int64) + first["true"][row["pairs"]],
        pairs[:, 2],
    )  # fmt: skip


def _nothing() -> ObjectEvidence:
    ids, floats = np.empty(0, np.int64), np.empty(0)
    return ObjectEvidence(ids, (), ids, ids, floats, ids, ids, ids, ids, floats)
