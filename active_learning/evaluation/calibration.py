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


def at_temperature(probabilities: Floats, temperature: float, *, multi_label: bool) -> Floats:
    """Return probabilities (N, K) as if the logits had been divided by a temperature: above 1 less sure, below 1 surer."""
    p = np.clip(probabilities, SMALLEST, 1 - SMALLEST)
    if multi_label:
        return np.asarray(1 / (1 + np.exp(-(np.log(p) - np.log1p(-p)) / temperature)))
    rest = 1 - probabilities.sum(axis=1, keepdims=True)
    known = rest.max(initial=0.0) > 1e-3  # else nothing is left for what has no label, and nothing should be
    whole = np.column_stack([p, np.clip(rest, SMALLEST, 1)]) if known else p
    logits = np.log(whole) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    calm: Floats = powers / powers.sum(axis=1, keepdims=True)
    return calm[:, : probabilities.shape[1]]


def calibrated(evidence: LabelEvidence, temperature: float) -> LabelEvidence:
    """Return the same evidence with probabilities at a temperature."""
    if temperature == 1.0 or not evidence.probabilities.size:
        return evidence
    p = at_temperature(evidence.probabilities, temperature, multi_label=evidence.multi_label)
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
