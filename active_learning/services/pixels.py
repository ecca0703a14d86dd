"""How well a model names the class of every pixel of the held-back images: the mean IoU of the labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from active_learning.services.answers import label_columns
from active_learning.services.truth import Annotations
from active_learning.training.label_maps import BACKGROUND, UNLABELED, Drawing, drawing_of
from campaigns.models import Campaign, Image
from inference.models import Prediction
from inference.prefill import draft
from inference.rasters import read_map
from inference.schema import Raster
from inference.services.planning import draft_rules
from inference.store import load_prediction
from models_registry.models import RegisteredModel

BOOTSTRAPS: Final = 500
STRIP_PX: Final = 2**22

Tally = NDArray[np.int64]  # (3, K): pixels of each label that are right, that are said, that are true


@dataclass(frozen=True)
class _Answerer:
    """A model and its place among the labels: ``place``: label → column; the last column is what has no label."""

    campaign: Campaign
    model: RegisteredModel
    place: Mapping[int, int]
    label_of: Mapping[int, int]

    @property
    def nothing(self) -> int:
        return len(self.place)

    def columns(self, raster: Raster) -> NDArray[np.int16]:
        """Return the column (H, W) that a raster says of each pixel."""
        classes = read_map(raster.class_map)
        table = np.full(int(classes.max(initial=0)) + 1, self.nothing, np.int16)
        for index, _ in raster.classes:
            if index < len(table) and index in self.label_of:
                table[index] = self.place[self.label_of[index]]
        return table[classes]


def measure_pixels(campaign: Campaign, model: RegisteredModel, version: str, truth: Mapping[int, Annotations]) -> dict[str, float]:
    """Return the mean IoU over the labels of the images whose truth is given, with a 95 % interval by bootstrap over images.

    Pixels that nobody labeled do not count, unless the truth knows one label alone or the model a background: then the others
    are what has no label, where naming it would be a mistake. Empty where the model has answered about none of them.
    """
    columns = label_columns(campaign, model)
    place = {label: column for column, label in enumerate(columns.label_ids)}
    label_of = {index: columns.label_ids[column] for index, column in columns.columns.items()}
    answerer = _Answerer(campaign, model, place, label_of)
    drawn = {annotation["label"] for annotations in truth.values() for annotation in annotations} & set(place)
    knows_nothing = any(slot["name"] == BACKGROUND.name and slot["index"] not in label_of for slot in model.classes)
    rest = answerer.nothing if len(drawn) == 1 or knows_nothing else UNLABELED
    rows = Prediction.objects.filter(model=model, model_version=version, image__in=list(truth)).select_related("image")
    tallies = [_tally(answerer, row, drawing_of(truth[row.image_id], place, rest=rest)) for row in rows.order_by("image_id")]
    table = np.array([tally for tally in tallies if tally[2].any()], np.int64)
    if not len(table):
        return {}
    rng = np.random.default_rng(0)
    means = [mean_iou(table[rng.integers(0, len(table), len(table))].sum(axis=0)) for _ in range(BOOTSTRAPS)]
    low, high = np.quantile(means, [0.025, 0.975])
    total = table.sum(axis=0)
    right = float(total[0].sum() / total[2].sum())
    return {"images": len(table), "miou": mean_iou(total), "miou_low": float(low), "miou_high": float(high), "pixel_accuracy": right}


def mean_iou(tally: NDArray[Any]) -> float:
    """Return the mean IoU over the labels that are said or true; the last column, what has no label, counts like one."""
    hits, said, true = (row.astype(np.float64) for row in tally)
    either = said + true - hits
    found = hits[either > 0] / either[either > 0]
    return float(found.mean()) if len(found) else 0.0


def _tally(answerer: _Answerer, row: Prediction, true: Drawing) -> Tally:
    image, prediction = row.image, load_prediction(row)
    raster = next((item for item in prediction.items if isinstance(item, Raster)), None)
    if raster is not None:
        said: NDArray[np.int16] | Drawing = answerer.columns(raster)
    else:
        drafts = draft(prediction, draft_rules(answerer.model, answerer.campaign)).annotations
        said = drawing_of([{**each, "review": "accepted"} for each in drafts], answerer.place, rest=answerer.nothing)
    return sum((_counted(said, true, rows, image.width, answerer.nothing + 1) for rows in _strips(image)), np.zeros((3, 1), np.int64))


def _strips(image: Image) -> Sequence[tuple[int, int]]:
    """Return (top, height) of strips of an image, so that little of it lies in memory at a time."""
    step = max(1, STRIP_PX // max(1, image.width))
    return [(top, min(step, image.height - top)) for top in range(0, image.height, step)]


def _counted(said: NDArray[np.int16] | Drawing, true: Drawing, rows: tuple[int, int], width: int, columns: int) -> Tally:
    top, height = rows
    window = (0, top, width, height)
    truth = true.label_map(window)
    answer = said.label_map(window) if isinstance(said, Drawing) else said[top : top + height]
    known = truth != UNLABELED
    right, claimed, there = truth[known & (truth == answer)], answer[known], truth[known]
    return np.stack([np.bincount(each, minlength=columns) for each in (right, claimed, there)]).astype(np.int64)
