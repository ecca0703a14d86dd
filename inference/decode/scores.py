"""Probabilities, percent and logits to confidences from 0 to 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inference.decode.classes import Classes
from inference.decode.nodes import Node
from inference.schema import MAX_CLASSES, Activation, Classification, ClassScore, Mode, PredictionRejected
from inference.steps.trace import tell
from inference.wire import ModelCard

SCORE_KEYS = ("confidence", "score", "probability")
LIST_KEYS = ("probabilities", "logits", "scores", "probs", "outputs")
_TOLERANCE = 0.01


def confidence(node: Node, model: ModelCard, *, percent: bool = False) -> float:
    """Return one confidence; above 1 only as declared percent."""
    value = node.number() / (100.0 if percent or model.options.percent_scores else 1.0)
    if model.options.activation == "sigmoid":
        share = float(1.0 / (1.0 + np.exp(-np.clip(value, -500, 500))))
        tell("sigmoid", lambda: f"{value:.4g} → {share:.4g}, and so on")
        return share
    if not 0.0 <= value <= 1.0:
        raise node.reject("a confidence from 0 to 1")
    return value


def softmax(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return exp(values) over its sum along the first axis."""
    raised = np.exp(values - values.max(axis=0, keepdims=True))
    shares: NDArray[np.floating] = raised / raised.sum(axis=0, keepdims=True)
    return shares


def distribution(
    values: Sequence[float], where: str, classes: Classes, *, logits: bool = False, of_object: bool = False
) -> tuple[list[float], Activation]:
    """Return probabilities of ``values``, one per class.

    Numbers outside [0, 1] are logits: those go through softmax, or sigmoid for a multi-label model, with a warning
    when the model's options had not said so. Probabilities of exclusive classes are made to sum to 1, but not those ``of_object``:
    what a box leaves of 1 is the probability that nothing is there.
    """
    model, numbers = classes.model, np.asarray(values, dtype=np.float64)
    single = not model.multi_label
    if model.options.activation != "probability":
        return _activated(numbers, model.options.activation)
    if logits or numbers.min() < 0.0 or numbers.max() > 1.0:
        if not logits:
            classes.notes.warn("The scores are not probabilities and were taken as logits; say so in the model's options.")
        return _activated(numbers, "softmax" if single else "sigmoid")
    total = float(numbers.sum())
    if single and not of_object and abs(total - 1.0) > _TOLERANCE:
        if total <= 0.0:
            raise PredictionRejected(where, "expected at least one score above 0")
        classes.notes.warn("The scores of the classes did not sum to 1 and were divided by their sum.")
        return list((numbers / total).tolist()), "unknown"
    return list(numbers.tolist()), "softmax" if single else "sigmoid"


def _activated(numbers: NDArray[np.floating], activation: str) -> tuple[list[float], Activation]:
    shares: NDArray[np.floating] = softmax(numbers) if activation == "softmax" else 1.0 / (1.0 + np.exp(-np.clip(numbers, -500, 500)))
    tell(activation, lambda: f"{numbers.min():.4g} to {numbers.max():.4g} → {shares.min():.4g} to {shares.max():.4g}")
    return list(shares.tolist()), "softmax" if activation == "softmax" else "sigmoid"


def from_numbers(node: Node, classes: Classes, *, logits: bool = False, of_object: bool = False) -> Classification:
    """Read one number per class, in the order of the output slots."""
    values = [each.number() for each in node.entries(MAX_CLASSES)]
    if not values:
        raise node.reject("one number per class")
    probabilities, activation = distribution(values, node.where, classes, logits=logits, of_object=of_object)
    named = zip(classes.in_order(len(values)), probabilities, strict=True)
    scores = tuple(ClassScore(index, name, value) for (index, name), value in named)
    return Classification(scores, _mode(classes.model), activation, complete=_is_complete(scores, classes.model))


def from_pairs(pairs: Sequence[tuple[Node, Node]], where: str, classes: Classes, *, of_object: bool = False) -> Classification:
    """Read (class, score) pairs: the best few classes or all of them, as probabilities or percent."""
    if not 1 <= len(pairs) <= MAX_CLASSES:
        raise PredictionRejected(where, f"expected 1 to {MAX_CLASSES} classes, got {len(pairs)}")
    values = [score.number() for _, score in pairs]
    named = [classes.of_item(label) if label.is_object() else classes.named(label) for label, _ in pairs]
    if _is_percent(values, classes.model):
        if not classes.model.options.percent_scores:
            classes.notes.warn("The scores go beyond 1 and were taken as percent.")
        values = [value / 100.0 for value in values]
    activation: Activation = "unknown"
    model = classes.model
    too_much = not of_object and sum(values) > 1.0 + _TOLERANCE
    if min(values) < 0.0 or max(values) > 1.0 or model.options.activation != "probability" or too_much:
        values, activation = distribution(values, where, classes, of_object=of_object)
    scores = tuple(ClassScore(index, name, value) for (index, name), value in zip(named, values, strict=True))
    return Classification(scores, _mode(model), activation, complete=_is_complete(scores, model))


def _is_percent(values: Sequence[float], model: ModelCard) -> bool:
    """Tell percent from logits: classes with their names come as percent in SentiSight's form and in its relatives."""
    declared = model.options.percent_scores
    return declared or (model.options.activation == "probability" and min(values) >= 0.0 and 1.0 < max(values) <= 100.0)


def _mode(model: ModelCard) -> Mode:
    return "multi" if model.multi_label else "single"


def _is_complete(scores: Sequence[ClassScore], model: ModelCard) -> bool:
    if model.classes:
        return {score.index for score in scores} >= {each.index for each in model.classes}
    return model.multi_label or abs(sum(score.confidence for score in scores) - 1.0) <= _TOLERANCE
