"""Labels of pixels beside what people drew, counted image by image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.evaluation.areas import AreaEvidence
from active_learning.services.answers import label_columns
from active_learning.services.gathered import Blocks, blocks_of, gather
from active_learning.services.truth import truth_of
from active_learning.training.label_maps import UNLABELED, LabelMap, drawing_of
from campaigns.geometry import mask_to_polygons, polygons_area
from campaigns.models import Campaign, Image, Label
from inference.models import Prediction
from inference.prefill import DEFAULT_OBJECT_THRESHOLD, object_shape
from inference.rasters import read_map
from inference.schema import Box, Mask, Polygon, Raster
from inference.schema import Prediction as PredictionValue
from inference.store import load_prediction
from models_registry.models import RegisteredModel

MOST_IMAGES: Final = 2_000
"""So many images, the newest: reading a map of every pixel takes a hundred times as long as reading labels."""

MOST_OUTLINED_PX: Final = 512
MOST_OUTLINES: Final = 200
Rings = list[list[list[float]]]


def area_evidence(campaign: Campaign, model: RegisteredModel, *, place: str, key: str, marks: Mapping[int, int]) -> AreaEvidence:
    """Count the pixels of each true and said label in the newest of the images of ``marks``; only those that changed are read anew."""
    labels = tuple(Label.objects.filter(campaign=campaign).values_list("pk", flat=True))
    newest = sorted(marks)[-MOST_IMAGES:]
    blocks = gather(place, key, {image: marks[image] for image in newest}, lambda images: _counted(campaign, model, images, labels))
    pixels = blocks.parts.get("pixels", np.empty(0)).reshape(-1, len(labels), len(labels) + 1)
    return AreaEvidence(blocks.image_ids[blocks.lengths["pixels"] > 0] if len(blocks) else blocks.image_ids, labels, pixels.astype(float))


def _counted(campaign: Campaign, model: RegisteredModel, images: list[int], labels: tuple[int, ...]) -> Blocks:
    counts = {image: {"pixels": np.empty((0, len(labels), len(labels) + 1), np.int64)} for image in images}
    for image, true, said in maps_of(campaign, model, images, labels):
        counts[image.pk] = {"pixels": crossed(true, said, len(labels))[None]}
    return blocks_of(counts)


def maps_of(
    campaign: Campaign, model: RegisteredModel, images: Sequence[int], labels: tuple[int, ...]
) -> Iterator[tuple[Image, LabelMap, LabelMap]]:
    """Yield each image with the place among ``labels`` (H, W) of what is true and of what is said of each pixel, else ``UNLABELED``."""
    column = {label: number for number, label in enumerate(labels)}
    class_place = _class_places(campaign, model, column)
    known = Image.objects.filter(pk__in=images)
    truth, by_id = truth_of(known), known.in_bulk()
    rows = Prediction.objects.filter(model=model, model_version=model.version, image__in=images)
    for row in rows.order_by("image_id").iterator(chunk_size=50):
        try:
            answer = load_prediction(row)
        except FileNotFoundError:  # its map is gone from the disk: what it said is not known any more
            continue
        image = by_id[row.image_id]
        true = drawing_of(truth.get(image.pk, []), column).label_map((0, 0, image.width, image.height))
        yield image, true, said_map(answer, class_place, (image.height, image.width))


def _class_places(campaign: Campaign, model: RegisteredModel, column: Mapping[int, int]) -> dict[int, int]:
    columns = label_columns(campaign, model)
    return {index: column[columns.label_ids[each]] for index, each in columns.columns.items()}


def wrong_areas(campaign: Campaign, model: RegisteredModel, image: Image) -> list[tuple[str, int, dict[str, Any]]]:
    """Return outcome, label and outline of the largest areas of an image where a label is falsely said ("false") or none is ("missed").

    They are drawn over a thumbnail, so that a large image is looked at on a coarser grid.
    """
    labels = tuple(Label.objects.filter(campaign=campaign).values_list("pk", flat=True))
    column = {label: number for number, label in enumerate(labels)}
    row = Prediction.objects.get(model=model, model_version=model.version, image=image)
    truth = truth_of(Image.objects.filter(pk=image.pk)).get(image.pk, [])
    step = max(1, -(-max(image.width, image.height) // MOST_OUTLINED_PX))
    true = drawing_of(truth, column).label_map((0, 0, image.width, image.height))[::step, ::step]
    said = said_map(load_prediction(row), _class_places(campaign, model, column), (image.height, image.width))[::step, ::step]
    found = []
    for label, place in column.items():
        false, missed = (said == place) & (true != UNLABELED) & (true != place), (said == UNLABELED) & (true == place)
        for outcome, wrong in (("false", false), ("missed", missed)):
            found += [(polygons_area([rings]), outcome, label, _enlarged(rings, step)) for rings in mask_to_polygons(wrong)]
    found.sort(key=lambda each: -each[0])
    return [(outcome, label, {"type": "polygon", "polygons": [rings]}) for _, outcome, label, rings in found[:MOST_OUTLINES]]


def _enlarged(rings: Rings, times: int) -> Rings:
    return [[[x * times, y * times] for x, y in ring] for ring in rings]


def said_map(answer: PredictionValue, class_place: Mapping[int, int], size: tuple[int, int]) -> npt.NDArray[np.int16]:
    """Return the place of the label that is said of each pixel (H, W), ``UNLABELED`` where none is; later objects lie on top."""
    said = np.full(size, UNLABELED, np.int16)
    for item in answer.items:
        if isinstance(item, Raster):
            classes = read_map(item.class_map)
            if classes.shape == size:
                for index, _ in item.classes:
                    if index in class_place:
                        said[classes == index] = class_place[index]
        elif isinstance(item, Box | Polygon | Mask) and item.index is not None and item.index in class_place:
            shape = object_shape(item) if item.confidence is None or item.confidence >= DEFAULT_OBJECT_THRESHOLD else None
            if shape is not None:
                drawn = drawing_of([{"id": "said", "label": 0, "shape": shape}], {0: class_place[item.index]})
                part = drawn.label_map((0, 0, size[1], size[0]))
                said[part != UNLABELED] = class_place[item.index]
    return said


def crossed(true: npt.NDArray[np.integer], said: npt.NDArray[np.integer], labels: int) -> npt.NDArray[np.int64]:
    """Return (K, K + 1) counts of the labeled pixels: the true label by row, the said one by column, "no label" last."""
    known = true != UNLABELED
    columns = np.where(said == UNLABELED, labels, said).astype(np.int64)
    return np.bincount(true[known].astype(np.int64) * (labels + 1) + columns[known], minlength=labels * (labels + 1)).reshape(labels, -1)
