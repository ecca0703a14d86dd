"""A random slice in a round: an unbiased look at how good the model is, among images that were chosen to be hard."""

from __future__ import annotations

import numpy as np

from active_learning.acquisition import reasons
from active_learning.acquisition.values import AcquisitionError, Floats, Ranking, Rows


def with_audit(ranking: Ranking, *, size: int, share: float, rng: np.random.Generator) -> Ranking:
    """Give a share of the round's places, evenly spread, to images drawn at random from the whole pool.

    An image drawn that the round asks for anyway is moved to its new place, and counts as drawn.
    """
    if not 0 <= share <= 1:
        raise AcquisitionError("the audit's share lies between 0 and 1.")
    count = len(ranking.order)
    picks = min(size, count)
    slots = round(share * picks)
    if not slots:
        return ranking
    drawn = rng.choice(count, slots, replace=False)
    audit = np.zeros(count)
    audit[drawn] = 1
    order = np.empty(count, dtype=np.int64)
    places = ((np.arange(slots) + 0.5) * picks / slots).astype(np.int64)
    order[places] = drawn
    order[np.setdiff1d(np.arange(count), places)] = ranking.order[audit[ranking.order] == 0]
    why = list(ranking.why)
    for row in drawn.tolist():
        why[row] = reasons.AUDIT
    return Ranking(order=order, scores=_falling(ranking.scores, order, audit), parts={**ranking.parts, "audit": audit}, why=tuple(why))


def _falling(scores: Floats, order: Rows, audit: Floats) -> Floats:
    """Return scores that fall along the new order: an image drawn takes that of its neighbour before it, the first the one after."""
    along = np.minimum.accumulate(np.where(audit[order] > 0, np.inf, scores[order]))
    finite = along[np.isfinite(along)]
    result = np.empty(len(order))
    result[order] = np.where(np.isfinite(along), along, finite[0] if len(finite) else 0.0)
    return result
