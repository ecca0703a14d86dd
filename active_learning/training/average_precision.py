"""Average precision as COCO measures it, by pycocotools: boxes, masks, or points by object keypoint similarity."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from models_registry.networks.object_checkpoint import Part

Figures = npt.NDArray[np.float64]
KINDS: Final[dict[Part, Literal["bbox", "segm", "keypoints"]]] = {"boxes": "bbox", "masks": "segm", "points": "keypoints"}
AT_50: Final = 0  # the place of an overlap of 0.5 among COCO's ten
MOST: Final = 100
DEFAULT_THRESHOLD: Final = 0.5
NEARLY: Final = 0.9  # an F1 of at least this part of the highest is as good, as far as a few images can tell


@dataclass(frozen=True)
class Precision:
    """What was measured, each (K,), nan for a class that has no true object: ``ap`` over overlaps 0.5 to 0.95, ``ap_50`` at 0.5.

    ``precision``, ``recall``, ``f1`` at an overlap of 0.5 and at ``threshold``, the confidence at which F1 is highest;
    ``lenient``: the lowest confidence that is nearly as good, for drafts: to remove one costs less than to draw one.
    ``support``: true objects.
    """

    ap: Figures
    ap_50: Figures
    precision: Figures
    recall: Figures
    f1: Figures
    threshold: Figures
    lenient: Figures
    support: npt.NDArray[np.int64]

    @property
    def mean(self) -> float:
        """Mean over the classes that occur: COCO's mAP."""
        return float(np.nanmean(self.ap)) if self.support.any() else 0.0

    @property
    def mean_50(self) -> float:
        """The same at an overlap of 0.5."""
        return float(np.nanmean(self.ap_50)) if self.support.any() else 0.0


def average_precision(
    part: Part,
    truth: Sequence[Sequence[Mapping[str, Any]]],
    found: Sequence[Sequence[Mapping[str, Any]]],
    *,
    classes: int,
    sigmas: Figures | None = None,
) -> Precision:
    """Measure what was found in images against what is there, an entry an image.

    Objects are COCO's: ``category_id`` (from 0), ``bbox`` (x, y, width, height), ``area``, and where they count
    ``segmentation`` (run lengths) or ``keypoints`` (x, y, v each); what was found has a ``score``. ``sigmas``: of the points.
    """
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(_index(truth, classes, scored=False), _index(found, classes, scored=True), KINDS[part])
        if sigmas is not None:
            evaluation.params.kpt_oks_sigmas = np.asarray(sigmas)
        evaluation.params.maxDets = [MOST]
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
    # precision: overlaps x recalls x classes x areas x most; -1 where there is nothing to find
    precision = evaluation.eval["precision"][:, :, :, 0, 0]
    known = np.where(precision < 0, np.nan, precision)
    support = np.zeros(classes, np.int64)
    for row in truth:
        np.add.at(support, [each["category_id"] for each in row], 1)
    with np.errstate(invalid="ignore"):
        ap, ap_50 = (np.where(support > 0, each.mean(axis=axis), np.nan) for each, axis in ((known, (0, 1)), (known[AT_50], 0)))
    operating = [_best_point(evaluation.evalImgs, place, len(truth), int(support[place])) for place in range(classes)]
    threshold, lenient, sharp, recall, f1 = np.array(operating, np.float64).reshape(-1, 5).T
    return Precision(ap, ap_50, sharp, recall, f1, threshold, lenient, support)


def _index(rows: Sequence[Sequence[Mapping[str, Any]]], classes: int, *, scored: bool) -> Any:
    """Return the objects as COCO's own index of them."""
    from pycocotools.coco import COCO

    coco = COCO()
    annotations: list[dict[str, Any]] = []
    for image, objects in enumerate(rows):
        for each in objects:
            entry: dict[str, Any] = {"id": len(annotations) + 1, "image_id": image, "iscrowd": 0, **each}
            if "keypoints" in each:
                entry["num_keypoints"] = int((np.asarray(each["keypoints"])[2::3] > 0).sum())
            if scored:
                entry["score"] = float(each["score"])
            annotations.append(entry)
    coco.dataset = {
        "images": [{"id": image, "height": 0, "width": 0} for image in range(len(rows))],  # run lengths know their own size
        "categories": [{"id": place} for place in range(classes)],
        "annotations": annotations,
    }
    coco.createIndex()
    return coco


def _best_point(entries: Sequence[Mapping[str, Any] | None], place: int, images: int, support: int) -> tuple[float, ...]:
    """Return threshold, lenient threshold, precision, recall and F1 where F1 is highest; the default threshold where nothing was hit."""
    own = [each for each in entries[place * images : (place + 1) * images] if each is not None]
    scores = np.concatenate([np.asarray(each["dtScores"], np.float64) for each in own]) if own else np.empty(0)
    hits = np.concatenate([np.asarray(each["dtMatches"])[AT_50] > 0 for each in own]) if own else np.empty(0, bool)
    if not support or not hits.any():
        return DEFAULT_THRESHOLD, DEFAULT_THRESHOLD, 0.0, 0.0, 0.0
    order = np.argsort(-scores, kind="stable")
    right, said = np.cumsum(hits[order]), np.arange(1, len(order) + 1)
    f1 = 2 * right / (said + support)
    best = int(f1.argmax())
    lowest = int(np.flatnonzero(f1 >= NEARLY * f1[best])[-1])
    return (
        float(scores[order[best]]),
        float(scores[order[lowest]]),
        float(right[best] / said[best]),
        float(right[best] / support),
        float(f1[best]),
    )
