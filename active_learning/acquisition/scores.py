"""How unsure a classifier is of each image of a pool. All scores lie in 0…1, and 1 is least sure.

Entropy: Shannon, "A mathematical theory of communication", 1948, as used by Settles, "Active learning literature survey", 2009, 3.1.
Margin: Scheffer, Decomain and Wrobel, "Active hidden Markov models for information extraction", 2001.
Least confidence: Lewis and Gale, "A sequential algorithm for training text classifiers", 1994; Culotta and McCallum, 2005.
Several labels: the binary score of each, averaged (Settles 2009; the mean does not grow with the number of labels).

The formulas are those of ``inference.uncertainty``, so that an image's stored uncertainty and its rank agree. Boxes and
pixels come aggregated from there too: the mean of the least sure boxes (a sum would ask for crowded images, a mean drown
the one doubtful box) and of the least sure tenth of patches.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from active_learning.acquisition.values import Floats, checked_probabilities
from inference import uncertainty

TOP_LABELS = 3


def entropy(probabilities: Floats, *, multi_label: bool = False) -> Floats:
    """Return the entropy of each row, over its largest value.  probabilities: (N, K) → (N,)."""
    checked_probabilities(probabilities, multi_label=multi_label)
    return _mean_over_labels(uncertainty.binary_entropy(probabilities)) if multi_label else uncertainty.entropy(_exact(probabilities))


def margin(probabilities: Floats, *, multi_label: bool = False) -> Floats:
    """Return 1 minus the lead of the best over the second.  probabilities: (N, K) → (N,)."""
    checked_probabilities(probabilities, multi_label=multi_label)
    return _mean_over_labels(uncertainty.binary_margin(probabilities)) if multi_label else uncertainty.margin(_exact(probabilities))


def least_confidence(probabilities: Floats, *, multi_label: bool = False) -> Floats:
    """Return how far the best is from certain, over the farthest possible.  probabilities: (N, K) → (N,)."""
    checked_probabilities(probabilities, multi_label=multi_label)
    return (
        _mean_over_labels(uncertainty.binary_margin(probabilities)) if multi_label else uncertainty.least_confidence(_exact(probabilities))
    )


def _exact(probabilities: Floats) -> Floats:
    """Return double precision within 0…1: float32 sums stray by 1e-7, which must not show as a negative score."""
    return np.clip(probabilities.astype(np.float64), 0, 1)


def _mean_over_labels(scores: Floats) -> Floats:
    """Average over labels; in a campaign without labels every image scores 0."""
    means: Floats = scores.mean(axis=1) if scores.shape[1] else np.zeros(len(scores))
    return means


def most_doubtful(probabilities: Floats, *, multi_label: bool = True) -> Floats:
    """Return the binary margin of the one label that is least sure.  probabilities: (N, K), each a yes or no → (N,)."""
    return top_doubtful(probabilities, top=1, multi_label=multi_label)


def top_doubtful(probabilities: Floats, *, top: int = TOP_LABELS, multi_label: bool = True) -> Floats:
    """Return the mean binary margin of the ``top`` labels that are least sure.  probabilities: (N, K) → (N,)."""
    checked_probabilities(probabilities, multi_label=multi_label)
    near = uncertainty.binary_margin(probabilities)
    count = near.shape[1]
    some = min(top, count)
    return _mean_over_labels(np.partition(near, count - some, axis=1)[:, count - some :] if count else near)


def odd_cardinality(probabilities: Floats, expected: float | None) -> Floats:
    """Return how unusual the number of labels is that an image would get, and how unsure they are, 0…1.

    Li and Guo, "Active learning with multi-label SVM classification", 2013: the geometric mean of both. The number is smoothed
    by one label, so that among images of the usual number the margin still decides. Without an expected number: the pool's mean.
    """
    checked_probabilities(probabilities, multi_label=True)
    if not probabilities.size:
        return np.zeros(len(probabilities))
    given = (probabilities >= 0.5).sum(axis=1)
    off = np.abs(given - (given.mean() if expected is None else expected))
    labels = max(probabilities.shape[1], float(off.max()))
    odd: Floats = np.sqrt((off + 1) / (labels + 1) * _mean_over_labels(uncertainty.binary_margin(probabilities)))
    return odd


def density(points: Floats) -> Floats:
    """Return the mean cosine of each image with all of the pool, from below cut at 0.

    Settles and Craven, "An analysis of active learning strategies for sequence labeling tasks", 2008: information density.
    points: (N, D) unit rows → (N,) 0…1.
    """
    if not len(points):
        return np.zeros(0)
    dense: Floats = np.clip(np.asarray(points @ points.mean(axis=0, dtype=np.float64).astype(np.float32), dtype=float), 0, 1)
    return dense


SCORES: MappingProxyType[str, Callable[..., Floats]] = MappingProxyType(
    {"entropy": entropy, "margin": margin, "least_confidence": least_confidence}
)
LABEL_SCORES: MappingProxyType[str, Callable[..., Floats]] = MappingProxyType(
    {"most_doubtful": most_doubtful, "top_doubtful": top_doubtful}
)
