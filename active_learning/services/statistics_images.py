"""The images behind a figure: those of a confusion cell, those that are wrong, unsure or near a threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from active_learning.evaluation.calibration import unsureness
from active_learning.evaluation.figures import in_cell
from active_learning.evaluation.labels import right_of
from active_learning.evaluation.values import Bits, Floats
from active_learning.services.statistics import Reading, effective_thresholds, read_slice
from campaigns.errors import InvalidInput
from campaigns.models import Campaign, Image, User

OUTCOMES: Final = ("all", "correct", "incorrect", "above", "below")
ORDERS: Final = ("id", "loss", "-loss", "uncertainty", "-uncertainty", "confidence", "-confidence")
NOTHING: Final = 0
"""Stands for "no label" where a label id is asked for."""
MOST_ROWS: Final = 200
TOP: Final = 5


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
    *, user: User, campaign: Campaign, model_id: int, name: str, thresholds: Mapping[int, float] | None, question: Question
) -> dict[str, Any]:
    """Return the ids of all images that a question is about, in order, and one page of them with what is true and what was said."""
    reading = read_slice(user=user, campaign=campaign, model_id=model_id, name=name)
    at, _ = effective_thresholds(reading, thresholds)
    rows = _ordered(reading, question, np.flatnonzero(_chosen(reading, at, question)))
    page = rows[question.offset : question.offset + question.limit]
    names = dict(Image.objects.filter(pk__in=reading.evidence.image_ids[page].tolist()).values_list("pk", "name"))
    return {
        "count": len(rows),
        "ids": reading.evidence.image_ids[rows].tolist(),
        "results": [_row(reading, at, row, names) for row in page.tolist()],
    }


def _column(reading: Reading, label: int) -> int:
    if label == NOTHING:
        return len(reading.evidence.label_ids)
    if label not in reading.evidence.label_ids:
        raise InvalidInput(f"{label} is no label that is measured here.", code="invalid_question")
    return reading.evidence.label_ids.index(label)


def _chosen(reading: Reading, at: Floats, question: Question) -> Bits:
    evidence, said = reading.evidence, reading.evidence.said(at)
    chosen: Bits = np.ones(len(evidence), bool)
    if question.true is not None and question.said is not None:
        row, column = _column(reading, question.true), _column(reading, question.said)
        chosen = in_cell(said, evidence.truth, row, column, multi_label=evidence.multi_label)
    if question.label is not None and question.label != NOTHING:
        column = _column(reading, question.label)
        if question.outcome in ("above", "below"):
            above = evidence.probabilities[:, column] >= at[column]
            return np.asarray(above if question.outcome == "above" else ~above)
        right = said[:, column] == evidence.truth[:, column]
        chosen &= said[:, column] | evidence.truth[:, column]
    else:
        right = right_of(evidence, said)
    if question.outcome == "correct":
        return np.asarray(chosen & right)
    return np.asarray(chosen & ~right) if question.outcome == "incorrect" else chosen


def _ordered(reading: Reading, question: Question, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    by = question.order.removeprefix("-")
    if by == "id":
        return rows
    evidence = reading.evidence
    if by == "confidence":
        column = None if question.label in (None, NOTHING) else _column(reading, question.label or 0)
        values = evidence.probabilities.max(axis=1, initial=0.0) if column is None else evidence.probabilities[:, column]
    else:
        values = reading.measures.losses if by == "loss" else unsureness(evidence)
    values = values[rows]
    return rows[np.argsort(-values if question.order.startswith("-") else values, kind="stable")]


def _row(reading: Reading, at: Floats, row: int, names: Mapping[int, str]) -> dict[str, Any]:
    evidence = reading.evidence
    image = int(evidence.image_ids[row])
    likeliest = np.argsort(-evidence.probabilities[row], kind="stable")[:TOP].tolist()
    said = evidence.at(np.array([row])).said(at)[0]
    true = evidence.truth[row]
    return {
        "image": image, "name": names.get(image, ""), "correct": bool((said == true).all()),
        "true": [evidence.label_ids[k] for k in np.flatnonzero(true).tolist()],
        "said": [evidence.label_ids[k] for k in np.flatnonzero(said).tolist()],
        "confidences": [{"label_id": evidence.label_ids[k], "confidence": float(evidence.probabilities[row, k])} for k in likeliest],
        "loss": float(reading.measures.losses[row]),
    }  # fmt: skip
