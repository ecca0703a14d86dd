"""The images behind a figure: those of a confusion cell, those that are wrong, unsure or near a threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from active_learning.evaluation.areas import AreaMeasures
from active_learning.evaluation.objects import NONE, ObjectMeasures
from active_learning.evaluation.values import Bits, Floats, Ints
from active_learning.services.abstention import Ends, unsure_images
from active_learning.services.area_evidence import wrong_areas
from active_learning.services.object_evidence import Shapes, shapes_behind
from active_learning.services.statistics import Reading, effective_thresholds, read_slice
from campaigns.errors import Conflict, InvalidInput
from campaigns.geometry import shape_polygons
from campaigns.models import Campaign, Image, Reference, User

OUTCOMES: Final = ("all", "correct", "incorrect", "above", "below", "unsure", "decided")
ORDERS: Final = ("id", "loss", "-loss", "uncertainty", "-uncertainty", "confidence", "-confidence")
NOTHING: Final = 0
"""Stands for "no label" where a label id is asked for."""
MOST_ROWS: Final = 200


@dataclass(frozen=True)
class Question:
    """Which images: of a confusion cell (``true``, ``said``: a label id, or ``NOTHING``), of one label, or by outcome; and which page."""

    outcome: str = "all"
    true: int | None = None
    said: int | None = None
    label: int | None = None
    order: str = "id"
    offset: int = 0
    limit: int = 60

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise InvalidInput(f"outcome is {', '.join(OUTCOMES)}.", code="invalid_question")
        if self.order not in ORDERS:
            raise InvalidInput(f"order is {', '.join(ORDERS)}.", code="invalid_question")
        if (self.true is None) != (self.said is None):
            raise InvalidInput("A cell is named by both true and said; 0 stands for nothing.", code="invalid_question")
        if self.outcome in ("above", "below") and self.label is None:
            raise InvalidInput("above and below are told of one label: add label.", code="invalid_question")
        if not self.offset >= 0 or not 1 <= self.limit <= MOST_ROWS:
            raise InvalidInput(f"offset is 0 or more, limit 1 to {MOST_ROWS}.", code="invalid_question")


def images_of(
    *,
    user: User,
    campaign: Campaign,
    model_id: int,
    name: str,
    thresholds: Mapping[int, float] | None,
    question: Question,
    overlap: float,
    spans: Ends | None = None,
) -> dict[str, Any]:
    """Return the ids of all images that a question is about, in order, and one page of them with what is true and what was said.

    ``spans``: outside of which an answer is decided; those that are saved with the model without it.
    """
    reading = read_slice(user=user, campaign=campaign, model_id=model_id, name=name, overlap=overlap)
    at, _ = effective_thresholds(reading, thresholds)
    chosen = _chosen(reading, at, question)
    if question.outcome in ("unsure", "decided"):
        unsure = unsure_images(
            reading, at, spans, None if question.label in (None, NOTHING) else _column(reading, question.label or NOTHING)
        )
        chosen = chosen & (unsure if question.outcome == "unsure" else ~unsure)
    rows = _ordered(reading, question, np.flatnonzero(chosen))
    page = rows[question.offset : question.offset + question.limit]
    names = dict(Image.objects.filter(pk__in=reading.measures.evidence.image_ids[page].tolist()).values_list("pk", "name"))
    right, held = reading.measures.right(at)[1], _held_truth(reading, page)
    return {
        "count": len(rows),
        "ids": reading.measures.evidence.image_ids[rows].tolist(),
        "results": [
            {**_row(reading, at, row, names, right), "fixable": image not in held}
            for row, image in zip(page.tolist(), reading.measures.evidence.image_ids[page].tolist(), strict=True)
        ],
    }


def _held_truth(reading: Reading, rows: Ints) -> frozenset[int]:
    """Return those of some images whose truth came with them: what people submit does not change it."""
    ids = reading.measures.evidence.image_ids[rows].tolist()
    return frozenset(Reference.objects.filter(image__in=ids).values_list("image", flat=True))


def _column(reading: Reading, label: int) -> int:
    if label == NOTHING:
        return len(reading.label_ids)
    if label not in reading.label_ids:
        raise InvalidInput(f"{label} is no label that is measured here.", code="invalid_question")
    return reading.label_ids.index(label)


def _chosen(reading: Reading, at: Floats, question: Question) -> Bits:
    measures = reading.measures
    chosen: Bits = np.ones(len(measures.evidence), bool)
    if question.true is not None and question.said is not None:
        chosen = measures.in_cell(at, _column(reading, question.true), _column(reading, question.said))
    column = None if question.label in (None, NOTHING) else _column(reading, question.label or NOTHING)
    if column is not None and question.outcome in ("above", "below"):
        above = measures.sureness(column) >= at[column]
        return np.asarray(above if question.outcome == "above" else ~above)
    concerned, right = measures.right(at, column)
    chosen = chosen & concerned
    if question.outcome == "correct":
        return np.asarray(chosen & right)
    return np.asarray(chosen & ~right) if question.outcome == "incorrect" else chosen


def _ordered(reading: Reading, question: Question, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    by, measures = question.order.removeprefix("-"), reading.measures
    if by == "id":
        return rows
    if by == "confidence":
        column = None if question.label in (None, NOTHING) else _column(reading, question.label or NOTHING)
        values = measures.sureness(column)
    else:
        values = measures.losses if by == "loss" else measures.unsureness
    values = values[rows]
    return rows[np.argsort(-values if question.order.startswith("-") else values, kind="stable")]


def _row(reading: Reading, at: Floats, row: int, names: Mapping[int, str], right: Bits) -> dict[str, Any]:
    image, told, labels = int(reading.measures.evidence.image_ids[row]), reading.measures.told(row, at), reading.label_ids
    return {
        "image": image, "name": names.get(image, ""), "correct": bool(right[row]),
        "true": [labels[k] for k in told.true], "said": [labels[k] for k in told.said],
        "confidences": [{"label_id": labels[k], "confidence": value} for k, value in told.confidences],
        "loss": float(reading.measures.losses[row]),
    }  # fmt: skip


def objects_of(
    *, user: User, campaign: Campaign, model_id: int, name: str, image: int, thresholds: Mapping[int, float] | None, overlap: float
) -> dict[str, Any]:
    """Return what was found in one image of a slice and what is true of it: hits and false alarms, the surest first, then the missed.

    Of areas: the largest where a wrong label is said, or none. Masks come as their outlines, to be drawn.

    Raises Conflict for an image that is not measured there.
    """
    reading = read_slice(user=user, campaign=campaign, model_id=model_id, name=name, overlap=overlap)
    measures = reading.measures
    place = np.flatnonzero(measures.evidence.image_ids == image)
    if not len(place):
        raise Conflict("This image is not measured in this slice: it has no answer of the model, or no truth.", code="not_measured")
    row = Image.objects.get(pk=image)
    about = {"image": image, "width": row.width, "height": row.height}
    if isinstance(measures, AreaMeasures):
        areas = wrong_areas(campaign, reading.model, row)
        return {**about, "objects": [{"outcome": each, "label_id": k, "confidence": None, "shape": shape} for each, k, shape in areas]}
    if not isinstance(measures, ObjectMeasures):
        return {**about, "objects": []}
    at, _ = effective_thresholds(reading, thresholds)
    return {**about, "objects": _judged(measures, at, int(place[0]), shapes_behind(campaign, reading.model, image))}


def _outlined(shape: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "polygon", "polygons": shape_polygons(dict(shape))} if shape["type"] == "mask" else shape


def _judged(measures: ObjectMeasures, at: Floats, place: int, shapes: Shapes) -> list[dict[str, Any]]:
    evidence, (found, true) = measures.evidence, shapes
    here, first_true = np.flatnonzero(evidence.found_image == place), int((evidence.true_image < place).sum())
    said, hit = measures.said(at)[here], measures.hit[0][here]
    order = [n for n in np.argsort(-evidence.found_score[here], kind="stable").tolist() if said[n]]
    taken = {int(hit[n]) - first_true for n in order if hit[n] != NONE}
    told = [("hit" if hit[n] != NONE else "false", *found[n][:2], _outlined(found[n][2])) for n in order]
    missed = [("missed", label, None, _outlined(shape)) for n, (label, shape) in enumerate(true) if n not in taken]
    names = ("outcome", "label_id", "confidence", "shape")
    return [dict(zip(names, each, strict=True)) for each in (*told, *missed)]
