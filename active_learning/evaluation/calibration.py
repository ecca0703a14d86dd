"""Whether probabilities can be believed: cross-entropy, calibration error, reliability, and one temperature that mends them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from active_learning.evaluation.values import Bits, Floats, LabelEvidence

SMALLEST: Final = 1e-7
BINS: Final = 15
COLDEST, HOTTEST = 0.05, 20.0
GOLDEN: Final = (5**0.5 - 1) / 2
SEARCH_STEPS: Final = 40
NEWTON_STEPS: Final = 60
RIDGE: Final = 1e-9


@dataclass(frozen=True, eq=False)
class Reliability:
    """Equal bins of confidence, (BINS,) each: how many answers, their mean confidence, and the share that was right."""

    counts: Floats
    confidence: Floats
    accuracy: Floats

    @property
    def error(self) -> float:
        """The expected calibration error, 0 to 1 (Guo et al. 2017, arXiv:1706.04599)."""
        total = self.counts.sum()
        return float((self.counts * np.abs(self.confidence - self.accuracy)).sum() / total) if total else 0.0


def judged(evidence: LabelEvidence) -> tuple[Floats, Bits]:
    """Return the confidences that are judged and whether each was right: of every label, or of the likeliest one alone."""
    if evidence.multi_label:
        return evidence.probabilities.ravel(), evidence.truth.ravel()
    if not evidence.probabilities.size:
        return np.empty(0), np.empty(0, bool)
    best = evidence.probabilities.argmax(axis=1)
    rows = np.arange(len(evidence))
    return evidence.probabilities[rows, best], evidence.truth[rows, best]


def bin_of(confidence: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Return the bin of each confidence; like the usual definition, a bin holds its upper end and not its lower."""
    return np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)


def reliability(evidence: LabelEvidence) -> Reliability:
    """Sort the judged answers into equal bins of confidence."""
    return reliability_of(*judged(evidence))


def reliability_of(confidence: Floats, right: Bits) -> Reliability:
    """Sort answers (A,) into equal bins of confidence."""
    place = bin_of(confidence)
    counts = np.bincount(place, minlength=BINS).astype(float)
    whole = np.maximum(counts, 1)
    return Reliability(counts, np.bincount(place, confidence, BINS) / whole, np.bincount(place, right, BINS) / whole)


def losses(evidence: LabelEvidence) -> Floats:
    """Return the cross-entropy of each image in nats, (N,): of the true label, or the mean over labels that answer for themselves."""
    p = np.clip(evidence.probabilities, SMALLEST, 1 - SMALLEST)
    if evidence.multi_label:
        each = np.where(evidence.truth, -np.log(p), -np.log1p(-p))
        return np.asarray(each.mean(axis=1)) if each.shape[1] else np.zeros(len(evidence))
    none = ~evidence.truth.any(axis=1)
    rest = np.clip(1 - evidence.probabilities.sum(axis=1), SMALLEST, 1)
    return np.asarray(-np.log(np.where(none, rest, np.where(evidence.truth, p, 0).max(axis=1, initial=SMALLEST))))


def unsureness(evidence: LabelEvidence) -> Floats:
    """Return the entropy of each image's answer over its maximum, (N,) in 0 to 1; of the least sure label where each answers for itself."""
    p = np.clip(evidence.probabilities, SMALLEST, 1 - SMALLEST)
    if evidence.multi_label:
        bits = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
        return np.asarray(bits.max(axis=1, initial=0.0))
    rest = np.clip(1 - evidence.probabilities.sum(axis=1, keepdims=True), SMALLEST, 1)
    whole = np.column_stack([p, rest])
    return np.asarray(-(whole * np.log(whole)).sum(axis=1) / np.log(whole.shape[1]))


def at_temperature(probabilities: Floats, temperature: float, *, multi_label: bool, shift: float = 0.0) -> Floats:
    """Return probabilities (N, K) as if the logits had been divided by a temperature: above 1 less sure, below 1 surer.

    ``shift``: added to them afterwards, where every answer is a yes or no of its own.
    """
    p = np.clip(probabilities, SMALLEST, 1 - SMALLEST)
    if multi_label:
        return np.asarray(1 / (1 + np.exp(-(np.log(p) - np.log1p(-p)) / temperature - shift)))
    rest = 1 - probabilities.sum(axis=1, keepdims=True)
    known = rest.max(initial=0.0) > 1e-3  # else nothing is left for what has no label, and nothing should be
    whole = np.column_stack([p, np.clip(rest, SMALLEST, 1)]) if known else p
    logits = np.log(whole) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    calm: Floats = powers / powers.sum(axis=1, keepdims=True)
    return calm[:, : probabilities.shape[1]]


def calibrated(evidence: LabelEvidence, temperature: float, shift: float = 0.0) -> LabelEvidence:
    """Return the same evidence with probabilities at a temperature, and shifted."""
    if (temperature == 1.0 and not shift) or not evidence.probabilities.size:
        return evidence
    p = at_temperature(evidence.probabilities, temperature, multi_label=evidence.multi_label, shift=shift)
    return LabelEvidence(evidence.image_ids, evidence.label_ids, p, evidence.truth, evidence.multi_label)


def fit_temperature(evidence: LabelEvidence) -> float:
    """Return the temperature with the least cross-entropy (Guo et al. 2017), found by golden sections of its logarithm."""

    def loss(log_temperature: float) -> float:
        return float(losses(calibrated(evidence, float(np.exp(log_temperature)))).mean())

    low, high = float(np.log(COLDEST)), float(np.log(HOTTEST))
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = loss(left), loss(right)
    for _ in range(SEARCH_STEPS):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = loss(right)
    return float(np.exp((low + high) / 2))


def fit_shifted(evidence: LabelEvidence) -> tuple[float, float]:
    """Return the temperature and the shift that make yes-or-no answers honest: a logistic regression of the truth on the logits.

    Finders of objects need both: most of what they find is a faint nothing, and to a temperature alone that is one with being sure.
    Platt, "Probabilistic outputs for support vector machines", 1999, with his targets, that few answers do not claim certainty, by
    Newton's steps (Lin, Lin and Weng 2007); of objects: Küppers et al., "Multivariate confidence calibration for object detection", 2020.
    """
    p = np.clip(evidence.probabilities.ravel(), SMALLEST, 1 - SMALLEST)
    logits, true = np.log(p) - np.log1p(-p), evidence.truth.ravel()
    hits = int(true.sum())
    target = np.where(true, (hits + 1) / (hits + 2), 1 / (len(true) - hits + 2))
    slope, shift = _logistic(logits, target)
    steep = float(np.clip(slope, 1 / HOTTEST, 1 / COLDEST))
    if steep != slope:  # the truth falls with confidence, or nearly so: what is left is how often an answer is right at all
        shift = _logistic(np.zeros_like(logits), target, steep * logits)[1]
    return 1 / steep, shift


def _logistic(logits: Floats, target: Floats, offset: Floats | float = 0.0) -> tuple[float, float]:
    """Return slope and shift with the least cross-entropy, found by Newton's steps that are halved until they help."""

    def loss(at: Floats) -> float:
        z = at[0] * logits + at[1] + offset
        return float((np.logaddexp(0, z) - target * z).sum())

    terms = np.column_stack([logits, np.ones_like(logits)])
    at = np.zeros(2)
    for _ in range(NEWTON_STEPS):
        said = 1 / (1 + np.exp(-(terms @ at + offset)))
        slope = terms.T @ (said - target)
        curvature = (terms * (said * (1 - said))[:, None]).T @ terms + RIDGE * np.eye(2)
        step, size = np.linalg.solve(curvature, slope), 1.0
        while size > RIDGE and loss(at - size * step) > loss(at):
            size /= 2
        at = at - size * step
        if np.abs(size * step).max() < RIDGE:
            break
    return float(at[0]), float(at[1])
