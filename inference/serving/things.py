"""A prediction in the words of a campaign: labels with confidences, things with outlines.

Pure. Two ways to write it down: our own, with everything in it, and SentiSight's, whose clients are many: confidences in
percent, boxes in whole pixels. SentiSight publishes no shape for outlines and poses; what is written for them here is ours.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from PIL import Image as Picture

from campaigns.geometry import decode_crop, shape_bounds
from inference.prefill import DEFAULT_LABEL_THRESHOLD, DraftRules, draft
from inference.schema import Box, Classification, Keypoints, Mask, Polygon, Prediction
from models_registry.mapping import to_labels


@dataclass(frozen=True, slots=True)
class NamedLabel:
    """A label of the campaign."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class LabelScore:
    """How probable a label of the whole picture is.

    ``positive``: it is what the model says, under the thresholds. ``unsure``: it lies in the span that is left to people.
    """

    label: NamedLabel
    confidence: float
    positive: bool
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing in the picture; ``shape`` in pixels of the picture. ``unsure``: it lies in the span that is left to people."""

    label: NamedLabel
    confidence: float | None
    shape: Mapping[str, Any]
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """What a model says of a picture, most confident first.

    ``unmapped``: classes that stand for no label, and how often they were seen. ``unsure``: a label or a thing, below its threshold
    too, lies in the span that is left to people.
    """

    labels: tuple[LabelScore, ...] = ()
    things: tuple[Thing, ...] = ()
    unmapped: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    unsure: bool = False


def said(prediction: Prediction, rules: DraftRules, names: Mapping[int, str]) -> Said:
    """Return a prediction in the labels of a campaign; things below their thresholds are left out, labels are not."""
    drafted = draft(prediction, rules)
    things = [
        Thing(NamedLabel(a["label"], names[a["label"]]), a["confidence"], a["shape"], rules.is_unsure(a["label"], a["confidence"]))
        for a in drafted.annotations
        if a["label"] in names and a["shape"]["type"] != "whole"
    ]
    things.sort(key=lambda thing: -1.0 if thing.confidence is None else thing.confidence, reverse=True)
    labels = _label_scores(prediction, rules, names)
    unsure = any(label.unsure for label in labels) or _has_unsure_thing(prediction, rules)
    return Said(labels, tuple(things), drafted.unmapped, prediction.warnings, unsure)


def _has_unsure_thing(prediction: Prediction, rules: DraftRules) -> bool:
    """Say whether something is found in the span of its label, also where that is below its threshold."""
    found = (each for each in prediction.items if isinstance(each, Box | Polygon | Mask | Keypoints) and each.index is not None)
    return any(rules.is_unsure(rules.labels.get(each.index or 0), each.confidence) for each in found)


def _label_scores(prediction: Prediction, rules: DraftRules, names: Mapping[int, str]) -> tuple[LabelScore, ...]:
    scores: dict[int, float] = {}
    multi = False
    for item in prediction.items:
        if isinstance(item, Classification):
            multi = item.mode == "multi"
            pairs = [(score.index, score.confidence) for score in item.scores]
            scores.update(to_labels(pairs, rules.labels, multi_label=multi).labels)
    ranked = sorted(((p, label) for label, p in scores.items() if label in names), key=lambda pair: (-pair[0], pair[1]))
    best = ranked[0][1] if ranked else None
    return tuple(
        LabelScore(
            NamedLabel(label, names[label]),
            p,
            _is_positive(rules, label, p, is_best=label == best, multi=multi),
            unsure=(multi or label == best) and rules.is_unsure(label, p),
        )
        for p, label in ranked
    )


def _is_positive(rules: DraftRules, label: int, confidence: float, *, is_best: bool, multi: bool) -> bool:
    """Several labels: each that is sure enough. One label: the most probable one, if it is sure enough."""
    return rules.keeps(label, confidence, DEFAULT_LABEL_THRESHOLD if multi else 0.0) and (multi or is_best)


def with_thresholds(rules: DraftRules, thresholds: Mapping[int, float], threshold: float | None) -> DraftRules:
    """Return rules with other thresholds: for one label, or ``threshold`` for all that are not named."""
    if threshold is None:
        return replace(rules, thresholds={**rules.thresholds, **thresholds})
    return replace(rules, thresholds=dict(thresholds), model_threshold=threshold)


def as_document(answer: Said) -> dict[str, Any]:
    """Return our own form: confidences from 0 to 1, shapes as annotations have them."""
    return {
        "labels": [
            {"label": {"id": s.label.id, "name": s.label.name}, "confidence": s.confidence, "positive": s.positive, "unsure": s.unsure}
            for s in answer.labels
        ],
        "objects": [
            {"label": {"id": t.label.id, "name": t.label.name}, "confidence": t.confidence, "shape": dict(t.shape), "unsure": t.unsure}
            for t in answer.things
        ],
        "unsure": answer.unsure,
        "unmapped": dict(answer.unmapped),
        "warnings": list(answer.warnings),
    }


def as_sentisight(answer: Said) -> list[dict[str, Any]]:
    """Return SentiSight's form: ``[{"label", "score", …}]``, scores from 0 to 100."""
    if answer.labels:
        return [{"label": each.label.name, "score": percent(each.confidence)} for each in answer.labels]
    return [_thing_for_sentisight(each) for each in answer.things]


def percent(confidence: float | None) -> float:
    """Return a confidence in percent with one decimal, as SentiSight gives it; what has none is certain."""
    return 100.0 if confidence is None else round(100.0 * confidence, 1)


def _thing_for_sentisight(thing: Thing) -> dict[str, Any]:
    shape = thing.shape
    left, top, right, bottom = shape_bounds(dict(shape)) or (0.0, 0.0, 0.0, 0.0)
    entry: dict[str, Any] = {
        "label": thing.label.name, "score": percent(thing.confidence),
        "x0": round(left), "y0": round(top), "x1": round(right), "y1": round(bottom),
    }  # fmt: skip
    if shape["type"] == "polygon":
        entry["polygons"] = [_rings(part) for part in shape["polygons"]]
    elif shape["type"] == "mask":
        entry["rle"] = {"size": list(shape["size"]), "counts": shape["counts"]}
        entry["bitmap"] = base64.b64encode(mask_png(shape)).decode("ascii")
    elif shape["type"] == "points":
        entry["keypoints"] = [{"label": p.get("name", ""), "x": p["x"], "y": p["y"], "visibility": p.get("v", 2)} for p in shape["points"]]
    return entry


def _rings(part: Sequence[Sequence[Sequence[float]]]) -> dict[str, Any]:
    outer, *holes = [[{"x": x, "y": y} for x, y in ring] for ring in part]
    return {"points": outer, "holes": holes}


def mask_png(shape: Mapping[str, Any]) -> bytes:
    """Return the pixels of a mask inside its bounds as a 1-bit PNG."""
    found = decode_crop(shape["counts"], shape["size"])
    crop = np.zeros((1, 1), bool) if found is None else found[2]
    buffer = io.BytesIO()
    Picture.fromarray(crop).save(buffer, "PNG")
    return buffer.getvalue()
