"""How each strategy ranks: functions from AcquisitionInput to Ranking, put together from the papers' own modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from active_learning.acquisition import reasons
from active_learning.acquisition.badge import badge, lengths, residuals
from active_learning.acquisition.covering import prob_cover
from active_learning.acquisition.detection import likeness, spread_medoids
from active_learning.acquisition.diversity import block_k_center, distance, nearest_cosine
from active_learning.acquisition.herding import herd
from active_learning.acquisition.pool import COVERAGE_DIMENSIONS, answered, medoids, points_of, unsure, why_unsure, without_twins
from active_learning.acquisition.scores import density, odd_cardinality
from active_learning.acquisition.segmentation import STRATIFIED, by_label, interleaved
from active_learning.acquisition.typicality import typiclust
from active_learning.acquisition.values import AcquisitionError, AcquisitionInput, Floats, Ranking, Rows, by_score, by_turn, picks_first

CANDIDATES_PER_PICK = 10
OBJECT_CANDIDATES_PER_PICK = 4
MOST_OBJECT_CANDIDATES = 4000
PSEUDO_LABELS = 10
ANOTHER_ANSWER = 0.5

Rank: TypeAlias = Callable[[AcquisitionInput], Ranking]


def by_lot(pool: AcquisitionInput) -> Ranking:
    """Rank by lot."""
    draws = pool.rng.random(pool.count)
    return by_score(draws, rng=pool.rng, parts={}, why=(reasons.DRAWN,) * pool.count)


def by_uncertainty(name: str, why: str = "") -> Rank:
    """Make a strategy that asks for what the model is least sure of, without near duplicates where embeddings are known.

    why: a sentence with a place for the uncertainty in percent; empty names what the model hesitates on.
    """

    def rank(pool: AcquisitionInput) -> Ranking:
        values = unsure(pool, name)
        said = reasons.shares_of(values, why) if why else why_unsure(pool)
        return _asked_apart(pool, values, {"uncertainty": values}, said)

    return rank


def _asked_apart(pool: AcquisitionInput, scores: Floats, parts: Mapping[str, Floats], why: tuple[str, ...]) -> Ranking:
    ranking = by_score(scores, rng=pool.rng, parts=parts, why=why)
    return ranking if pool.embeddings is None else without_twins(pool, ranking)


def by_cardinality(pool: AcquisitionInput) -> Ranking:
    """Ask for images that would get unusually many or few labels, and are unsure."""
    if pool.probabilities is None:
        raise AcquisitionError("There are no probabilities.")
    scores = odd_cardinality(pool.probabilities, pool.cardinality)
    given = (pool.probabilities >= 0.5).sum(axis=1).tolist()
    said = tuple(f"The model gives it {count} label{'' if count == 1 else 's'}." for count in given)
    parts = {"cardinality": scores, "uncertainty": unsure(pool, "margin")}
    return _asked_apart(pool, scores, parts, reasons.joined(said, why_unsure(pool)))


def by_density(pool: AcquisitionInput) -> Ranking:
    """Ask for what the model is unsure of and many images resemble."""
    doubts, dense = unsure(pool, "entropy"), density(points_of(pool)[0])
    said = reasons.joined(why_unsure(pool), tuple(f"Like {100 * value:.0f} % of an average image." for value in dense.tolist()))
    return _asked_apart(pool, doubts * dense, {"uncertainty": doubts, "density": dense}, said)


def k_center(pool: AcquisitionInput) -> Ranking:
    """Ask for the images farthest from all that is labeled or picked."""
    points, labeled = points_of(pool)
    found = block_k_center(points, pool.picks, labeled=labeled)
    distances = found.distances.copy()
    distances[found.picks] = found.pick_distances
    why = list(reasons.remoteness(distances, any_labeled=labeled is not None and len(labeled) > 0))
    if len(found.picks) and (labeled is None or not len(labeled)):
        why[found.picks[0]] = reasons.FIRST
    return picks_first(found.picks, found.pick_distances, found.distances, parts={"distance": distances}, why=tuple(why))


def by_typicality(pool: AcquisitionInput) -> Ranking:
    """Ask for the typical images of clusters without labels."""
    points, labeled = points_of(pool, COVERAGE_DIMENSIONS)
    found = typiclust(points, pool.picks, labeled=labeled, rng=pool.rng)
    picked = np.zeros(pool.count, dtype=bool)
    picked[found.picks] = True
    parts = {"typicality": found.typicality, "cluster_size": found.cluster_size.astype(float)}
    return by_turn(found.picks, found.typicality, parts=parts, why=reasons.clusters(found.cluster_size, found.covered, picked))


def by_cover(pool: AcquisitionInput) -> Ranking:
    """Ask for the images whose surroundings hold most that no label stands for."""
    points, labeled = points_of(pool, COVERAGE_DIMENSIONS)
    clusters = len(pool.labels) or PSEUDO_LABELS
    found = prob_cover(points, pool.picks, labeled=labeled, clusters=clusters, rng=pool.rng)
    gains = np.zeros(pool.count)
    gains[found.picks] = found.gains / max(pool.count, 1)
    said = reasons.balls(dict(zip(found.picks.tolist(), found.gains.tolist(), strict=True)), pool.count)
    return by_turn(found.picks, found.uncovered, parts={"coverage": gains, "uncovered": found.uncovered}, why=said)


def margin_diverse(pool: AcquisitionInput) -> Ranking:
    """Ask for the centres of clusters among the ten times as many images that the model is least sure of."""
    doubts = unsure(pool, "margin")
    candidates = _shuffled(pool, doubts)[: CANDIDATES_PER_PICK * pool.picks]
    points, _labeled = points_of(pool, COVERAGE_DIMENSIONS)
    picks = candidates[medoids(points[candidates], pool.picks, doubts[candidates], pool.rng)]
    picks = picks[np.argsort(-doubts[picks], kind="stable")]
    parts = {"uncertainty": doubts, "diversity": distance(nearest_cosine(points, points[picks]))}
    return picks_first(picks, 1 + doubts[picks], doubts, parts=parts, why=why_unsure(pool))


def _shuffled(pool: AcquisitionInput, doubts: Floats) -> Rows:
    """Return the rows, the least sure first; equals by lot, or a model sure of everything would have its first images looked at alone."""
    return np.lexsort((pool.rng.random(pool.count), -doubts))


def drop_query(pool: AcquisitionInput) -> Ranking:
    """Ask for the centres of clusters among the images whose answer changes when features are missing."""
    points, _labeled = points_of(pool, COVERAGE_DIMENSIONS)
    shaky = np.asarray(pool.uncertainty["changed"], dtype=float) if "changed" in pool.uncertainty else np.zeros(pool.count)
    doubts = unsure(pool, "margin") if answered(pool) and pool.probabilities is not None else np.zeros(pool.count)
    candidates = np.flatnonzero(shaky > ANOTHER_ANSWER) if shaky.any() else np.arange(pool.count)
    if len(candidates) < pool.picks:
        candidates = np.lexsort((pool.rng.random(pool.count), -doubts, -shaky))[: pool.picks]
    picks = candidates[medoids(points[candidates], pool.picks, np.ones(len(candidates)), pool.rng)]
    picks = picks[np.lexsort((-doubts[picks], -shaky[picks]))]
    if "changed" in pool.uncertainty:
        said = reasons.shares_of(shaky, "Its answer changes in {} of the looks with features missing.")
    else:
        said = why_unsure(pool) if answered(pool) else (reasons.UNLIKE,) * pool.count
    parts = {"changed": shaky, "uncertainty": doubts, "diversity": distance(nearest_cosine(points, points[picks]))}
    return by_turn(picks, shaky + doubts, parts=parts, why=said)


def by_badge(pool: AcquisitionInput) -> Ranking:
    """Ask for images whose labels would move the model far and in different ways."""
    if pool.probabilities is None:
        raise AcquisitionError("There are no probabilities.")
    points, _labeled = points_of(pool)
    lacking = residuals(pool.probabilities, multi_label=pool.multi_label)
    picks = badge(points, lacking, pool.picks, rng=pool.rng)
    moves = np.sqrt(lengths(points, lacking)).astype(float)
    said = reasons.joined(why_unsure(pool), reasons.gradients(moves))
    return by_turn(picks, moves, parts={"gradient": moves, "uncertainty": unsure(pool, "margin")}, why=said)


def max_herding(pool: AcquisitionInput) -> Ranking:
    """Ask for the images that stand for most of what no label covers."""
    return _herding(pool, None)


def u_herding(pool: AcquisitionInput) -> Ranking:
    """Ask for the images that stand for most of what no label covers and the model is unsure of; by coverage alone without a model."""
    return _herding(pool, unsure(pool, "margin") if answered(pool) else None)


def _herding(pool: AcquisitionInput, doubts: Floats | None) -> Ranking:
    """Rank by weighted coverage."""
    points, labeled = points_of(pool, COVERAGE_DIMENSIONS)
    found = herd(points, pool.picks, labeled=labeled, weights=doubts, rng=pool.rng)
    gains = found.left / max(pool.count, 1)
    gains[found.picks] = found.gains
    parts = {"coverage": gains} if doubts is None else {"coverage": gains, "uncertainty": doubts}
    stands = tuple(f"Stands for similar images that no label covers (gain {gain:.4f})." for gain in gains.tolist())
    why = stands if doubts is None else reasons.joined(why_unsure(pool), stands)
    return picks_first(found.picks, found.gains, found.left / max(pool.count, 1), parts=parts, why=why)


def ppal(pool: AcquisitionInput) -> Ranking:
    """Ask, among the images with the least sure objects, for those whose objects differ from each other's.

    Of named points it is not the box that is in doubt, but where they lie: there the peaks of their heat maps decide who is a candidate.
    """
    doubts = unsure(pool, next((name for name in ("peaks", "difficult") if name in pool.uncertainty), "entropy"))
    most = max(pool.picks, min(OBJECT_CANDIDATES_PER_PICK * pool.picks, MOST_OBJECT_CANDIDATES))
    candidates = _shuffled(pool, doubts)[:most]
    alike = _alike(pool, candidates)
    picks = candidates[spread_medoids(alike, pool.picks, worth=doubts[candidates], rng=pool.rng)]
    picks = picks[np.argsort(-doubts[picks], kind="stable")]
    unlike = np.zeros(pool.count)
    unlike[candidates] = 1 - (alike - np.eye(len(alike))).max(axis=1, initial=0)
    return picks_first(
        picks, 1 + doubts[picks], doubts, parts={"uncertainty": doubts, "diversity": np.clip(unlike, 0, 1)}, why=why_unsure(pool)
    )


def _alike(pool: AcquisitionInput, rows: Rows) -> Floats:
    """Return how alike images are by their objects, by the images as a whole where no object is described, 0…1."""
    if pool.instances is not None:
        found = pool.instances(rows)
        if len(found.image):
            return likeness(found, len(rows))
    points = points_of(pool.at(rows), COVERAGE_DIMENSIONS)[0]
    alike: Floats = np.clip(points @ points.T, 0, 1)
    return alike


def by_patches_or_cover(pool: AcquisitionInput) -> Ranking:
    """Ask by patches where a model has answered, by coverage until then."""
    return _by_patches(pool) if answered(pool) else max_herding(pool)


def _by_patches(pool: AcquisitionInput) -> Ranking:
    """Rank by the least sure tenth of each image: two thirds cover what is unsure, a third goes from label to label."""
    doubts = unsure(pool, "margin")
    covered = _herding(pool, doubts)
    if pool.shares is None or not pool.shares.shape[1]:
        return covered
    turns = by_label(doubts, pool.shares, pool.picks, rng=pool.rng)
    picks = interleaved(covered.order[: pool.picks], turns, pool.picks, STRATIFIED)
    why = list(covered.why)
    for row in turns.tolist():
        name = pool.labels[int(np.argmax(pool.shares[row]))] if len(pool.labels) == pool.shares.shape[1] else "a label"
        why[row] = f"{why[row]} Most of what is unsure looks like {name}."
    return by_turn(picks, covered.scores, parts=covered.parts, why=tuple(why))
