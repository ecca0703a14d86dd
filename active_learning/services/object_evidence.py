"""Found objects beside true ones, from stored answers and what people submitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely

from active_learning.evaluation.objects import ObjectEvidence
from active_learning.evaluation.values import Floats
from active_learning.services.answers import label_columns
from active_learning.services.detections import shapes_of, sigmas_of
from active_learning.services.truth import Annotations, truth_of
from active_learning.training.coco_objects import DEFAULT_SIGMA
from campaigns.geometry import shape_bounds
from campaigns.models import Campaign, Image, Label, Task
from inference.comparing import overlaps, region_of
from inference.models import Prediction
from inference.prefill import box_around
from models_registry.models import RegisteredModel

LEAST_LIKENESS: Final = 0.05
Shape = Mapping[str, Any]
FoundShape = tuple[int, float, Shape]
Shapes = tuple[list[FoundShape], list[tuple[int, Shape]]]


@dataclass(frozen=True, eq=False)
class FoundObjects:
    """What a model found: image → (label id, confidence, shape) each."""

    by_image: Mapping[int, Sequence[FoundShape]]


def read_found(campaign: Campaign, model: RegisteredModel) -> FoundObjects:
    """Return what the model found in each image that it answered about, by the labels of the campaign."""
    columns = label_columns(campaign, model)
    rows = Prediction.objects.filter(model=model, model_version=model.version, image__campaign=campaign).order_by("image_id")
    found = {}
    for image, document in rows.values_list("image_id", "document").iterator(chunk_size=500):
        shapes = shapes_of(document["items"], columns.columns)
        found[image] = [(columns.label_ids[column], confidence, shape) for column, confidence, shape in shapes]
    return FoundObjects(found)


def shapes_behind(campaign: Campaign, model: RegisteredModel, image: int) -> Shapes:
    """Return the found and the true objects of one image, in the order of its evidence."""
    columns = label_columns(campaign, model)
    row = Prediction.objects.filter(model=model, model_version=model.version, image=image).first()
    shapes = [] if row is None else shapes_of(row.document["items"], columns.columns)
    truth = truth_of(Image.objects.filter(campaign=campaign, pk=image)).get(image, [])
    return [(columns.label_ids[column], confidence, shape) for column, confidence, shape in shapes], _true(campaign, truth)


def object_evidence(campaign: Campaign, found: FoundObjects, truth: Mapping[int, Annotations]) -> ObjectEvidence:
    """Put both side by side over the images that have both, and measure how like each pair of an image is."""
    images = sorted(found.by_image.keys() & truth.keys())
    true = {image: _true(campaign, truth[image]) for image in images}
    said = {image: [(label, sure, _seen(campaign, shape)) for label, sure, shape in found.by_image[image]] for image in images}
    in_use = {label for row in said.values() for label, *_ in row} | {label for row in true.values() for label, _ in row}
    labels = tuple(pk for pk in Label.objects.filter(campaign=campaign).values_list("pk", flat=True) if pk in in_use)
    return _assembled(images, labels, said, true, _likeness(campaign, true))


def _seen(campaign: Campaign, shape: Shape) -> Shape:
    """Return a shape as the task sees it: detection sees boxes."""
    return (box_around(dict(shape)) or shape) if campaign.task == Task.DETECTION else shape


def _true(campaign: Campaign, annotations: Annotations) -> list[tuple[int, Shape]]:
    """Return what could have been found: points for keypoints, and what covers something for the rest."""
    kept = (each for each in annotations if each.get("review", "accepted") == "accepted" and each["shape"]["type"] != "whole")
    points = campaign.task == Task.KEYPOINTS
    shapes = ((each["label"], _seen(campaign, each["shape"])) for each in kept if (each["shape"]["type"] == "points") == points)
    return [(label, shape) for label, shape in shapes if points or _covers(shape)]


def _covers(shape: Shape) -> bool:
    bounds = shape_bounds(shape)
    return bounds is not None and bounds[2] > bounds[0] and bounds[3] > bounds[1]


class _Likeness:
    """How like found shapes (M,) are to true ones (T,): (M, T) in 0 to 1."""

    def __init__(self, sigmas: Mapping[str, float] | None) -> None:
        self._sigmas = sigmas

    def of(self, found: Sequence[Shape], true: Sequence[Shape]) -> Floats:
        if self._sigmas is not None:
            return np.array([[self._oks(one, other) for other in true] for one in found])
        if all(shape["type"] == "box" and not shape.get("rotation") for shape in (*found, *true)):
            return box_overlaps(_corners(found), _corners(true))
        regions = [np.array([region_of(each) or shapely.Polygon() for each in shapes], dtype=object) for shapes in (found, true)]
        return overlaps(regions[0], regions[1])

    def _oks(self, found: Shape, true: Shape) -> float:
        """Return COCO's object keypoint similarity: how near the visible points lie, for the size of object and scatter."""
        assert self._sigmas is not None
        bounds, there = shape_bounds(true), {point["name"]: point for point in found.get("points", ())}
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


def _assembled(
    images: list[int], labels: tuple[int, ...], said: Mapping[int, Sequence[FoundShape]],
    true: Mapping[int, Sequence[tuple[int, Shape]]], likeness: _Likeness,
) -> ObjectEvidence:  # fmt: skip
    column = {label: place for place, label in enumerate(labels)}
    found_rows = [(row, column[label], sure) for row, image in enumerate(images) for label, sure, _ in said[image]]
    true_rows = [(row, column[label]) for row, image in enumerate(images) for label, _ in true[image]]
    pairs, first_found, first_true = [], 0, 0
    for image in images:
        here, there = said[image], true[image]
        if here and there:
            like = likeness.of([shape for *_, shape in here], [shape for _, shape in there])
            rows, columns = np.nonzero(like >= LEAST_LIKENESS)
            pairs.append((rows + first_found, columns + first_true, like[rows, columns]))
        first_found, first_true = first_found + len(here), first_true + len(there)
    found_table, true_table = np.array(found_rows, float).reshape(-1, 3), np.array(true_rows, np.int64).reshape(-1, 2)
    joined = [np.concatenate(each) for each in zip(*pairs, strict=True)] if pairs else [np.empty(0)] * 3
    return ObjectEvidence(
        np.array(images, np.int64), labels,
        found_table[:, 0].astype(np.int64), found_table[:, 1].astype(np.int64), found_table[:, 2],
        true_table[:, 0], true_table[:, 1], joined[0].astype(np.int64), joined[1].astype(np.int64), joined[2].astype(float),
    )  # fmt: skip
