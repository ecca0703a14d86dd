"""What strategies look up in their input: uncertainty, points, medoids, and the words for them."""

from __future__ import annotations

import numpy as np

from active_learning.acquisition import reasons
from active_learning.acquisition.clustering import k_means
from active_learning.acquisition.diversity import postponed_twins, reduced, unit_rows
from active_learning.acquisition.scores import LABEL_SCORES, SCORES
from active_learning.acquisition.values import AcquisitionError, AcquisitionInput, Floats, Ranking, Rows, picks_first

COVERAGE_DIMENSIONS = 128


def answered(pool: AcquisitionInput) -> bool:
    """Say whether a model has said anything of the pool."""
    return pool.probabilities is not None or bool(pool.uncertainty)


def unsure(pool: AcquisitionInput, name: str) -> Floats:
    """Return the named uncertainty of each image, from probabilities or as a service measured it."""
    measure = SCORES.get(name) or LABEL_SCORES.get(name)
    if pool.probabilities is not None and measure is not None:
        return measure(pool.probabilities, multi_label=pool.multi_label)
    if name not in pool.uncertainty:
        raise AcquisitionError(f"The model's answers carry no {name}.")
    return np.asarray(pool.uncertainty[name], dtype=float)


def why_unsure(pool: AcquisitionInput) -> tuple[str, ...]:
    """Say what the model is unsure of."""
    if pool.probabilities is not None:
        return reasons.hesitations(pool.probabilities, pool.labels, multi_label=pool.multi_label)
    return pool.notes or ("The model is unsure of what it found here.",) * pool.count


def points_of(pool: AcquisitionInput, dimensions: int | None = None) -> tuple[Floats, Floats | None]:
    """Return pool and labeled embeddings as unit rows, projected to fewer dimensions where asked."""
    if pool.embeddings is None:
        raise AcquisitionError("There are no embeddings.")
    points = unit_rows(pool.embeddings)
    labeled = None if pool.labeled is None or not len(pool.labeled) else unit_rows(pool.labeled)
    return (points, labeled) if dimensions is None else reduced(points, others=labeled, dimensions=dimensions, rng=pool.rng)


def medoids(points: Floats, picks: int, weights: Floats, rng: np.random.Generator) -> Rows:
    """Return one row a cluster: the nearest to its center; clusters left empty are filled by the rows of most weight."""
    if not picks:
        return np.zeros(0, dtype=np.int64)
    found = k_means(points, picks, rng=rng, weights=weights)
    order = np.lexsort((found.squared, found.assignment))
    _present, first = np.unique(found.assignment[order], return_index=True)
    nearest = order[first]
    others = np.setdiff1d(np.argsort(-weights, kind="stable"), nearest, assume_unique=True)
    return np.concatenate([nearest, others[: picks - len(nearest)]])


def without_twins(pool: AcquisitionInput, ranking: Ranking) -> Ranking:
    """Put near duplicates of what is labeled or picked behind all others."""
    points, labeled = points_of(pool)
    put_off = postponed_twins(points, ranking.order, pool.picks, labeled=labeled)
    if not len(put_off):
        return ranking
    picks = ranking.order[~np.isin(ranking.order, put_off)][: pool.picks]
    # Everything that is neither picked nor put off keeps its score; what is put off falls below the least of them.
    rest, why = ranking.scores.copy(), list(ranking.why)
    rest[put_off] = min(0.0, float(ranking.scores.min(initial=0)))
    for row in put_off.tolist():
        why[row] = reasons.TWIN
    return picks_first(picks, ranking.scores[picks], rest, parts=ranking.parts, why=tuple(why))
