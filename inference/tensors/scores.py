"""Numbers per class to a classification, and vectors to embeddings."""

from __future__ import annotations

import numpy as np

from inference.decode.scores import softmax
from inference.schema import MAX_CLASSES, MAX_VECTOR, Activation, Classification, ClassScore, Embedding, PredictionRejected
from inference.tensors.answer import Numbers, Outputs, finite, probabilities, sigmoid
from inference.tensors.wire import Tensor

SUM_TOLERANCE = 0.01


def _vector(outputs: Outputs, most: int) -> tuple[Tensor, Numbers]:
    """Return one number per class of a batch of one: [K], [1, K] or [1, K, 1, 1]."""
    (tensor,) = outputs.chosen(1)
    values = tensor.numbers()
    if not 1 <= values.size <= most or max(values.shape, default=1) != values.size:
        raise tensor.reject(f"[1, K] with 1 to {most} numbers")
    return tensor, finite(tensor, values).ravel().astype(np.float64)


def _classified(outputs: Outputs, values: Numbers, activation: Activation, *, multi: bool) -> Classification:
    named = zip(outputs.classes.in_order(len(values)), values.tolist(), strict=True)
    scores = tuple(ClassScore(index, name, value) for (index, name), value in named)
    return Classification(scores, "multi" if multi else "single", activation, complete=True)


def read_logits(outputs: Outputs) -> Classification:
    """Read logits of exclusive classes; a single number is that of class 1 against class 0."""
    _, values = _vector(outputs, MAX_CLASSES)
    if len(values) > 1:
        return _classified(outputs, softmax(values), "softmax", multi=False)
    share = float(sigmoid(values)[0])
    if len(outputs.model.classes) == 2:
        return _classified(outputs, np.array([1.0 - share, share]), "softmax", multi=False)
    return _classified(outputs, np.array([share]), "sigmoid", multi=True)


def read_probabilities(outputs: Outputs) -> Classification:
    """Read probabilities of exclusive classes."""
    tensor, values = _vector(outputs, MAX_CLASSES)
    values = probabilities(tensor, values, "for logits choose classification_logits")
    total = float(values.sum())
    if total <= 0.0:
        raise PredictionRejected(tensor.where, "expected at least one probability above 0")
    if abs(total - 1.0) > SUM_TOLERANCE:
        outputs.notes.warn("The probabilities of the classes did not sum to 1 and were divided by their sum.")
    return _classified(outputs, values / total, "softmax", multi=False)


def read_multilabel_logits(outputs: Outputs) -> Classification:
    """Read logits of classes that each answer for themselves."""
    _, values = _vector(outputs, MAX_CLASSES)
    return _classified(outputs, sigmoid(values), "sigmoid", multi=True)


def read_multilabel_probabilities(outputs: Outputs) -> Classification:
    """Read probabilities of classes that each answer for themselves."""
    tensor, values = _vector(outputs, MAX_CLASSES)
    return _classified(outputs, probabilities(tensor, values, "for logits choose multilabel_logits"), "sigmoid", multi=True)


def read_strings(outputs: Outputs) -> Classification:
    """Read Triton's classification extension: texts "value:index[:label]", the best few first, the values as the network gave them."""
    (tensor,) = outputs.chosen(1)
    if not tensor.is_text:
        raise tensor.reject("texts like 3.3:1:label")
    texts = tensor.values.ravel().tolist()
    if not 1 <= len(texts) <= MAX_CLASSES:
        raise tensor.reject(f"1 to {MAX_CLASSES} texts like 3.3:1:label")
    read = [_string(tensor, number, text, outputs) for number, text in enumerate(texts)]
    values = np.array([value for value, _, _ in read])
    multi, known = outputs.model.multi_label, len(outputs.model.classes)
    complete = len(read) >= known > 0
    if multi:
        logits = bool(values.min() < 0.0 or values.max() > 1.0)
        shares = sigmoid(values) if logits else values
    elif values.min() >= 0.0 and values.sum() <= 1.0 + SUM_TOLERANCE:
        shares = np.clip(values, 0.0, 1.0)
        complete = complete or abs(float(shares.sum()) - 1.0) <= SUM_TOLERANCE
    else:
        shares = softmax(values)
        if not complete:
            outputs.notes.warn("The values are logits of the best classes alone: their probabilities leave the other classes out.")
    found = zip(read, shares.tolist(), strict=True)
    scores = tuple(ClassScore(index, name, value) for (_, index, name), value in found)
    return Classification(scores, "multi" if multi else "single", "sigmoid" if multi else "unknown", complete=complete)


def _string(tensor: Tensor, number: int, text: bytes, outputs: Outputs) -> tuple[float, int, str]:
    where = f"{tensor.where}[{number}]"
    value, _, rest = text.decode("utf-8", "replace").partition(":")
    index, _, label = rest.partition(":")
    try:
        logit = float(value)
    except ValueError:
        logit = np.nan
    if not np.isfinite(logit) or not index.isdecimal() or len(index) > 9:
        raise PredictionRejected(where, f'expected "value:index" or "value:index:label", got {text[:40]!r}')
    slot, name = outputs.classes.at(int(index))
    published = outputs.model.class_at(slot) is not None
    return float(logit), slot, name if published or not label else label[:200].replace("\0", "")


def read_embedding(outputs: Outputs) -> Embedding:
    """Read one vector; its space is what the settings call it, else the model and its version."""
    _, values = _vector(outputs, MAX_VECTOR)
    space = outputs.settings.space or f"{outputs.model.name or 'model'}@{outputs.model.version or '1'}"
    return Embedding(space, tuple(values.tolist()))
