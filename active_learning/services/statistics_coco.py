"""Truth and answers of a slice as COCO has them: ``COCO(truth).loadRes(results)`` reads them, and measures what the page shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.services.answers import label_columns
from active_learning.services.area_evidence import maps_of
from active_learning.services.detections import part_of, shapes_of
from active_learning.services.object_evidence import seen_by_task, true_objects
from active_learning.services.statistics import Reading, effective_thresholds
from active_learning.services.truth import truth_of
from active_learning.training.coco_objects import coco_object
from campaigns.geometry import Skeleton, mask_document
from campaigns.models import Campaign, Image, Label
from inference.models import Prediction
from models_registry.networks.object_checkpoint import Part

A_QUERY: Final = 500
TOLD: Final[Mapping[Part, str]] = {"boxes": "bbox", "masks": "segmentation", "points": "keypoints"}
Row = dict[str, Any]


def images_measured(reading: Reading) -> list[Image]:
    """Return the images of a slice that are measured, in the order of its evidence."""
    return [
        image for part in _parts(reading.measures.evidence.image_ids.tolist()) for image in Image.objects.filter(pk__in=part).order_by("pk")
    ]


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Cut ids into as many as a query takes."""
    return (ids[start : start + A_QUERY] for start in range(0, len(ids), A_QUERY))


def truth_document(reading: Reading) -> Row:
    """Return what is true as a COCO document."""
    rows = [{"id": number, "iscrowd": 0, **row} for number, row in enumerate(_truth(reading), start=1)]
    return {
        "info": {"description": f"{reading.campaign.name}: what is true of the images that {reading.model.name} was measured on"},
        "images": [
            {"id": each.pk, "file_name": each.name, "width": each.width, "height": each.height} for each in images_measured(reading)
        ],
        "categories": _categories(reading.campaign),
        "annotations": rows,
    }


def results_of(reading: Reading) -> Iterator[Row]:
    """Yield COCO results: each object with its score, each label's pixels, or the confidence of each label of an image."""
    part = part_of(reading.campaign)
    if part is not None:
        yield from _found(reading, part)
    elif reading.known.kind == "areas":
        yield from ({key: row[key] for key in ("image_id", "category_id", "segmentation")} | {"score": 1.0} for row in _areas(reading, 1))
    else:
        yield from _confidences(reading)


def _truth(reading: Reading) -> Iterator[Row]:
    part = part_of(reading.campaign)
    if part is not None:
        yield from _true(reading, part)
    elif reading.known.kind == "areas":
        yield from _areas(reading, 0)
    else:
        evidence = reading.measures.evidence
        for row, image in enumerate(evidence.image_ids.tolist()):
            for column in reading.measures.told(row, effective_thresholds(reading)[0]).true:
                yield {"image_id": image, "category_id": reading.label_ids[column]}


def _categories(campaign: Campaign) -> list[Row]:
    """Return the labels; those with points have them all in one order, which every object follows."""
    names = _point_names(campaign)
    points: Row = {"keypoints": list(names), "skeleton": _edges(campaign, names)} if names else {}
    return [{"id": label.pk, "name": label.name, **points} for label in Label.objects.filter(campaign=campaign)]


def _skeletons(campaign: Campaign) -> list[Skeleton]:
    documents = campaign.labels.values_list("skeleton", flat=True)
    return [found for document in documents if document and (found := Skeleton.from_document(document)) is not None]


def _point_names(campaign: Campaign) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for skeleton in _skeletons(campaign) for name in skeleton.names))


def _edges(campaign: Campaign, names: Sequence[str]) -> list[list[int]]:
    """Return pairs of places among the points, counted from 1."""
    pairs = dict.fromkeys(tuple(edge) for skeleton in _skeletons(campaign) for edge in skeleton.edges)
    return [[names.index(one) + 1, names.index(other) + 1] for one, other in pairs]


def _true(reading: Reading, part: Part) -> Iterator[Row]:
    names = _point_names(reading.campaign)
    for some in _parts(reading.measures.evidence.image_ids.tolist()):
        images = Image.objects.filter(pk__in=some)
        by_id, truth = images.in_bulk(), truth_of(images)
        for image in sorted(truth):
            for label, shape in true_objects(reading.campaign, truth[image]):
                made = coco_object(shape, part=part, place=label, names=names, width=by_id[image].width, height=by_id[image].height)
                if made is not None:
                    yield {"image_id": image, **made, **({"num_keypoints": _seen(made["keypoints"])} if part == "points" else {})}


def _seen(keypoints: Sequence[float]) -> int:
    return sum(value > 0 for value in keypoints[2::3])


def _found(reading: Reading, part: Part) -> Iterator[Row]:
    columns, names = label_columns(reading.campaign, reading.model), _point_names(reading.campaign)
    by_id = {image.pk: image for image in images_measured(reading)}
    for image, document in _documents(reading, sorted(by_id)):
        for column, score, shape in shapes_of(document["items"], columns.columns):
            size = {"width": by_id[image].width, "height": by_id[image].height}
            seen = seen_by_task(reading.campaign, shape)
            made = coco_object(seen, part=part, place=columns.label_ids[column], names=names, **size)
            if made is not None:
                yield {"image_id": image, "category_id": made["category_id"], TOLD[part]: made[TOLD[part]], "score": score}


def _documents(reading: Reading, ids: Sequence[int]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for part in _parts(ids):
        rows = Prediction.objects.filter(model=reading.model, model_version=reading.model.version, image__in=part)
        yield from rows.order_by("image_id").values_list("image_id", "document")


def label_maps(reading: Reading) -> Iterator[tuple[Image, npt.NDArray[np.int16], npt.NDArray[np.int16]]]:
    """Yield each measured image with the place of the true and of the said label of each pixel (H, W); -1 where there is none."""
    ids = reading.measures.evidence.image_ids.tolist()
    yield from maps_of(reading.campaign, reading.model, ids, reading.label_ids)


def _areas(reading: Reading, side: int) -> Iterator[Row]:
    """Yield the pixels of each label of each image: what is true (0) or what is said (1)."""
    for image, *maps in label_maps(reading):
        for place, label in enumerate(reading.label_ids):
            inside = maps[side] == place
            if inside.any():
                shape = mask_document(inside)
                outline = {"size": list(shape["size"]), "counts": shape["counts"]}
                yield {
                    "image_id": image.pk,
                    "category_id": label,
                    "segmentation": outline,
                    "bbox": shape["bbox"],
                    "area": int(inside.sum()),
                }


def _confidences(reading: Reading) -> Iterator[Row]:
    at = effective_thresholds(reading)[0]
    for row, image in enumerate(reading.measures.evidence.image_ids.tolist()):
        for column, value in reading.measures.told(row, at).confidences:
            yield {"image_id": image, "category_id": reading.label_ids[column], "score": value}
