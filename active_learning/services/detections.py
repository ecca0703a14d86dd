"""Found objects against true ones: F1 of their boxes at half overlap, and average precision as COCO measures it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from active_learning.acquisition.values import Floats
from active_learning.services.answers import label_columns
from active_learning.services.truth import Annotations, held_back
from active_learning.training.coco_objects import DEFAULT_SIGMA, precision_of_shapes
from active_learning.training.families import family_name
from campaigns.geometry import Skeleton, shape_bounds
from campaigns.models import Campaign
from campaigns.options import CampaignOptions
from inference.models import Prediction
from inference.prefill import object_shape
from inference.schema import READERS, Box, Keypoints, Mask, Polygon
from models_registry.models import CampaignModel, RegisteredModel
from models_registry.networks.object_checkpoint import Part

LEAST_OVERLAP = 0.5
DEFAULT_THRESHOLD = 0.5
BOOTSTRAPS = 500
Bounds = tuple[float, float, float, float]
PARTS: Final[dict[str, Part]] = {"detection": "boxes", "instance": "masks", "keypoints": "points"}
Found = list[tuple[int, float, Bounds]]


def part_of(campaign: Campaign) -> Part | None:
    """Return what models of a campaign tell of objects; None where they tell of no objects."""
    return PARTS.get(family_name(campaign.task, CampaignOptions.from_document(campaign.settings).segmentation))


def measure_objects(campaign: Campaign, model: RegisteredModel, version: str, truth: Mapping[int, Annotations]) -> dict[str, float]:
    """Return F1 of boxes with its interval, and the mean average precision of boxes, masks or points; empty without an answer."""
    return f1_of_boxes(campaign, model, version, truth) | precision_of_objects(campaign, model, version, truth)


def precision_of_objects(campaign: Campaign, model: RegisteredModel, version: str, truth: Mapping[int, Annotations]) -> dict[str, float]:
    """Return map (over overlaps from 0.5 to 0.95) and map_50 over the held-back images; empty without an answer or a true object."""
    part, columns = part_of(campaign), label_columns(campaign, model)
    column_of = {label: column for column, label in enumerate(columns.label_ids)}
    rows = Prediction.objects.filter(model=model, model_version=version, image__in=held_back(campaign).order_by())
    columns_wanted = ("image_id", "document", "image__width", "image__height")
    answered = [row for row in rows.order_by("image_id").values_list(*columns_wanted) if row[0] in truth]
    if part is None or not answered or not column_of:
        return {}
    known = [[(column_of[each["label"]], each["shape"]) for each in truth[image] if each["label"] in column_of] for image, *_ in answered]
    found = [shapes_of(document["items"], columns.columns) for _, document, *_ in answered]
    precision = precision_of_shapes(
        part, known, found, [(width, height) for *_, width, height in answered], classes=len(column_of),
        sigmas=sigmas_of(campaign, known) if part == "points" else None,
    )  # fmt: skip
    return {"map": precision.mean, "map_50": precision.mean_50} if precision.support.any() else {}


def shapes_of(items: Sequence[Mapping[str, Any]], column_of: Mapping[int, int]) -> list[tuple[int, float, Mapping[str, Any]]]:
    """Return column of the label, confidence and shape of each object of an answer that has a label."""
    found: list[tuple[int, float, Mapping[str, Any]]] = []
    for document in items:
        column, item = column_of.get(document.get("index", -1)), READERS[document["kind"]](document)
        if column is None or not isinstance(item, Box | Polygon | Mask | Keypoints):
            continue
        shape = object_shape(item)
        if shape is not None:
            found.append((column, 1.0 if item.confidence is None else item.confidence, shape))
    return found


def sigmas_of(campaign: Campaign, known: Sequence[Sequence[tuple[int, Mapping[str, Any]]]]) -> dict[str, float]:
    """Return how far annotators scatter about each point: those of the labels' skeletons, and any others that were drawn."""
    names = {point["name"] for row in known for _, shape in row if shape["type"] == "points" for point in shape["points"]}
    sigmas = dict.fromkeys(sorted(names), DEFAULT_SIGMA)
    for document in campaign.labels.values_list("skeleton", flat=True):
        skeleton = Skeleton.from_document(document) if document else None
        if skeleton is not None:
            sigmas |= {name: skeleton.sigmas.get(name, DEFAULT_SIGMA) for name in skeleton.names}
    return sigmas


def f1_of_boxes(campaign: Campaign, model: RegisteredModel, version: str, truth: Mapping[int, Annotations]) -> dict[str, float]:
    """Return F1 at an overlap (IoU) of 0.5 over the held-back images, with a 95 % interval by bootstrap over images."""
    rows = Prediction.objects.filter(model=model, model_version=version, image__in=held_back(campaign).order_by())
    counts = []
    columns = label_columns(campaign, model)
    label_of = {index: columns.label_ids[column] for index, column in columns.columns.items()}
    thresholds = _thresholds(campaign, model)
    for image, document in rows.order_by("image_id").values_list("image_id", "document"):
        if image in truth:
            counts.append(match(_found(document["items"], label_of, thresholds), _true(truth[image])))
    if not counts:
        return {}
    table = np.array(counts, dtype=float)
    rng = np.random.default_rng(0)
    drawn = [_f1(table[rng.integers(0, len(table), len(table))].sum(axis=0)) for _ in range(BOOTSTRAPS)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"images": len(table), "f1_at_50": _f1(table.sum(axis=0)), "f1_at_50_low": float(low), "f1_at_50_high": float(high)}


def _thresholds(campaign: Campaign, model: RegisteredModel) -> dict[int, float]:
    joined = CampaignModel.objects.filter(campaign=campaign, model=model).first()
    return {int(label): float(value) for label, value in joined.thresholds.items()} if joined is not None else {}


def _found(items: Sequence[Mapping[str, Any]], label_of: Mapping[int, int], thresholds: Mapping[int, float]) -> Found:
    """Return label, confidence and bounds of each object that is sure enough, the surest first."""
    found: Found = []
    for document in items:
        label = label_of.get(document.get("index", -1))
        item = READERS[document["kind"]](document)
        if label is None or not isinstance(item, Box | Polygon | Mask | Keypoints):
            continue
        shape = object_shape(item)
        bounds = None if shape is None else shape_bounds(shape)
        confidence = 1.0 if item.confidence is None else item.confidence
        if bounds is not None and confidence >= thresholds.get(label, DEFAULT_THRESHOLD):
            found.append((label, confidence, bounds))
    return sorted(found, key=lambda each: -each[1])


def _true(annotations: Annotations) -> list[tuple[int, Bounds]]:
    """Return what a model could have found: everything that extends both ways; a single point has no box to overlap."""
    bounded = ((a["label"], shape_bounds(a["shape"])) for a in annotations)
    return [(label, bounds) for label, bounds in bounded if bounds is not None and bounds[0] < bounds[2] and bounds[1] < bounds[3]]


def match(found: Found, true: Sequence[tuple[int, Bounds]]) -> tuple[int, int, int]:
    """Return hits, all found and all true; each true box is hit once, by the surest that overlaps it most."""
    free = dict(enumerate(true))
    hits = 0
    for label, _, bounds in found:
        overlaps = {n: overlap(bounds, other) for n, (name, other) in free.items() if name == label}
        best = max(overlaps, key=lambda n: overlaps[n], default=None)
        if best is not None and overlaps[best] >= LEAST_OVERLAP:
            del free[best]
            hits += 1
    return hits, len(found), len(true)


def overlap(a: Bounds, b: Bounds) -> float:
    """Return the intersection over the union of two boxes (left, top, right, bottom), 0 to 1."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def _f1(counts: Floats) -> float:
    """Return F1 from hits, found and true; 1 where nothing was there and nothing was found."""
    hits, found, true = counts.tolist()
    return 2 * hits / (found + true) if found + true else 1.0
