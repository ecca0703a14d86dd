"""What a model says of mirror images, beside what it says of the images: labels, boxes, masks, points or pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from active_learning.acquisition.consistency import Found, Posed, alike_points, unlike_maps, unlike_objects
from active_learning.acquisition.strategies import MIRRORED, Strategy
from active_learning.acquisition.values import Floats
from active_learning.services.answers import Answers, LabelColumns, classification_of, classified_answers, label_columns
from active_learning.services.committees import as_labels, class_map, with_committee
from active_learning.services.detections import shapes_of
from active_learning.services.objects import found_in
from active_learning.training.coco_objects import DEFAULT_SIGMA
from campaigns.geometry import Skeleton
from campaigns.models import Campaign, Image, Task
from campaigns.runs import RunContext
from inference.comparing import overlaps, region_of
from inference.models import Prediction
from inference.rasters import read_map
from inference.services.mirroring import Mirrored, ask_mirrored
from inference.store import load_prediction
from models_registry.models import RegisteredModel

MOST_MIRRORED: Final = 5000
Slot: TypeAlias = tuple[int, str]
Shapes: TypeAlias = list[tuple[int, float, Mapping[str, Any]]]


@dataclass(frozen=True)
class Seen:
    """An image's stored answer, the one about its mirror image, and how wide the image is."""

    row: Prediction
    mirrored: Mirrored
    width: int


Measure: TypeAlias = Callable[[Seen], float]


def with_mirror(context: RunContext, campaign: Campaign, answers: Answers, model: RegisteredModel, strategy: Strategy) -> Answers:
    """Add how differently a model sees the mirror image; of a large pool only the images that it is least sure of are looked at again."""
    doubts = answers.doubts("entropy")
    rows = np.argsort(-doubts, kind="stable")[:MOST_MIRRORED]
    mirrored = ask_mirrored(context, model=model, image_ids=[answers.image_ids[row] for row in rows.tolist()])
    if campaign.task == Task.CLASSIFICATION:
        return replace(answers, uncertainty={**answers.uncertainty, "flip": _unlike_labels(campaign, model, answers, mirrored)})
    widths = dict(Image.objects.filter(pk__in=list(mirrored)).values_list("pk", "width"))
    stored = Prediction.objects.filter(model=model, model_version=model.version, image__in=list(mirrored))
    seen = {row.image_id: Seen(row, mirrored[row.image_id], widths[row.image_id]) for row in stored}
    added = {}
    for name in sorted(strategy.measures & MIRRORED):
        measure = _measure(name, campaign, model)
        added[name] = np.array([measure(seen[image]) if image in seen else 0.0 for image in answers.image_ids], dtype=float)
    return replace(answers, uncertainty={**answers.uncertainty, **added})


def _measure(name: str, campaign: Campaign, model: RegisteredModel) -> Measure:
    columns = label_columns(campaign, model)
    if name == "flip_masks":
        return lambda seen: _unlike_masks(seen, columns)
    if name == "flip_points":
        skeletons = _skeletons(campaign, columns)
        return lambda seen: _unlike_points(seen, columns, skeletons)
    return lambda seen: _unlike_found(seen, columns)


def _unlike_labels(campaign: Campaign, model: RegisteredModel, answers: Answers, mirrored: Mapping[int, Mirrored]) -> Floats:
    """Compare probabilities of the campaign's labels, (N,) 0…1: those in hand, since a head on stored embeddings keeps no answers."""
    items = {image: classification_of(seen.document) for image, seen in mirrored.items()}
    said = sorted((image, item) for image, item in items.items() if item is not None)
    unlike = np.zeros(len(answers.image_ids))
    if said:
        both = with_committee(answers, [classified_answers(said, campaign=campaign, model=model, version=model.version)])
        place = {image: row for row, image in enumerate(answers.image_ids)}
        unlike[[place[image] for image in both.image_ids]] = both.uncertainty["divergence"]
    return unlike


def _unlike_found(seen: Seen, columns: LabelColumns) -> float:
    """Compare what is said of pixels, else the boxes around what is found."""
    raster = next((item for item in seen.mirrored.items if item["kind"] == "raster"), None)
    if raster is not None:
        here = class_map(load_prediction(seen.row).items, columns.columns)
        there = as_labels(read_map(seen.mirrored.files[raster["class_map"]]), columns.columns)[:, ::-1]
        return 0.0 if here is None or here.shape != there.shape else unlike_maps(here, there)
    there_found = found_in(seen.mirrored.items, columns.columns).mirrored(seen.width)
    return unlike_objects(found_in(seen.row.document["items"], columns.columns), there_found)


def _both(seen: Seen, columns: LabelColumns) -> tuple[Shapes, Shapes]:
    """Return what is found in the image, and in the mirror image as it lies there."""
    here, there = (shapes_of(items, columns.columns) for items in (seen.row.document["items"], seen.mirrored.items))
    return here, there


def _found(shapes: Shapes) -> Found:
    """Return labels and confidences; where the objects lie is compared by what is drawn, and not by their boxes."""
    labels = np.array([column for column, *_ in shapes], dtype=np.int64)
    return Found(labels, np.zeros((len(shapes), 4)), np.array([sure for _, sure, _ in shapes], dtype=float))


def _unlike_masks(seen: Seen, columns: LabelColumns) -> float:
    """Compare outlines by how much they overlap."""
    (here, one), (there, other) = (_drawn(shapes) for shapes in _both(seen, columns))
    turned = shapely.transform(other, lambda corners: corners * [-1, 1] + [seen.width, 0])
    return unlike_objects(_found(here), _found(there), overlaps(one, turned))


def _drawn(shapes: Shapes) -> tuple[Shapes, NDArray[np.object_]]:
    """Return what covers something, and its regions."""
    regions = [region_of(shape) for *_, shape in shapes]
    kept = [each for each, region in zip(shapes, regions, strict=True) if region is not None]
    return kept, np.array([region for region in regions if region is not None], dtype=object)


def _skeletons(campaign: Campaign, columns: LabelColumns) -> dict[int, Skeleton]:
    """Return the skeletons of the labels, by column."""
    documents = dict(campaign.labels.values_list("pk", "skeleton"))
    read = {column: Skeleton.from_document(documents.get(label) or {}) for column, label in enumerate(columns.label_ids)}
    return {column: skeleton for column, skeleton in read.items() if skeleton is not None}


def _unlike_points(seen: Seen, columns: LabelColumns, skeletons: Mapping[int, Skeleton]) -> float:
    """Compare points by how near they lie, for the size of the object; what was left is right in the mirror."""
    here, there = ([each for each in shapes if each[2]["type"] == "points"] for shapes in _both(seen, columns))
    partners = {
        (column, one): (column, other) for column, each in skeletons.items() for pair in each.flip for one, other in (pair, pair[::-1])
    }
    named = {(column, point["name"]) for column, _, shape in (*here, *there) for point in shape["points"]}
    slots = sorted(named | {partners.get(slot, slot) for slot in named})
    swaps = np.array([slots.index(partners.get(slot, slot)) for slot in slots], dtype=np.int64)
    turned = _posed(there, slots).mirrored(seen.width, swaps)
    return unlike_objects(_found(here), _found(there), alike_points(_posed(here, slots), turned, _sigmas(slots, skeletons)))


def _posed(shapes: Shapes, slots: Sequence[Slot]) -> Posed:
    places, there = np.zeros((len(shapes), len(slots), 2)), np.zeros((len(shapes), len(slots)), dtype=bool)
    for row, (column, _, shape) in enumerate(shapes):
        for point in shape["points"]:
            slot = slots.index((column, point["name"]))
            places[row, slot], there[row, slot] = (point["x"], point["y"]), point["v"] > 0
    return Posed(places, there)


def _sigmas(slots: Sequence[Slot], skeletons: Mapping[int, Skeleton]) -> Floats:
    return np.array([skeletons[c].sigmas.get(name, DEFAULT_SIGMA) if c in skeletons else DEFAULT_SIGMA for c, name in slots], dtype=float)
