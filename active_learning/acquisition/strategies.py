"""The registry: every way to rank a pool, by name.

To add one: a function from AcquisitionInput to Ranking, and an entry in STRATEGIES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from active_learning.acquisition import reasons
from active_learning.acquisition.clustering import k_means
from active_learning.acquisition.diversity import block_k_center, distance, nearest_cosine, postponed_twins, reduced, unit_rows
from active_learning.acquisition.herding import herd
from active_learning.acquisition.scores import SCORES
from active_learning.acquisition.typicality import typiclust
from active_learning.acquisition.values import AcquisitionError, AcquisitionInput, Floats, Ranking, Rows, by_score, picks_first

COVERAGE_DIMENSIONS = 128
CANDIDATES_PER_PICK = 10
EMPTY = Ranking(order=np.zeros(0, dtype=np.int64), scores=np.zeros(0), parts={}, why=())


@dataclass(frozen=True)
class Strategy:
    """needs: of "probabilities", "embeddings" and "model", what must be there to rank at all; uses: what it profits from besides."""

    name: str
    title: str
    needs: frozenset[str]
    paper: str
    description: str
    rank: Callable[[AcquisitionInput], Ranking]
    uses: frozenset[str] = frozenset()

    def reads(self, what: str) -> bool:
        """Say whether it makes any use of something."""
        return what in self.needs or what in self.uses

    def __call__(self, pool: AcquisitionInput) -> Ranking:
        """Rank the pool, or say what is missing."""
        if "probabilities" in self.needs and pool.probabilities is None and not pool.uncertainty:
            raise AcquisitionError(f"{self.title} ranks by a model's answers, and there are none.")
        if "embeddings" in self.needs and pool.embeddings is None:
            raise AcquisitionError(f"{self.title} ranks by embeddings, and there are none.")
        return self.rank(pool) if pool.count else EMPTY


def _random(pool: AcquisitionInput) -> Ranking:
    """Rank by lot."""
    draws = pool.rng.random(pool.count)
    return by_score(draws, parts={}, why=(reasons.DRAWN,) * pool.count)


def _uncertainty(name: str) -> Callable[[AcquisitionInput], Ranking]:
    """Make a strategy that asks for what the model is least sure of, without near duplicates where embeddings are known."""

    def rank(pool: AcquisitionInput) -> Ranking:
        ranking = by_score(_unsure(pool, name), parts={"uncertainty": _unsure(pool, name)}, why=_why_unsure(pool))
        return ranking if pool.embeddings is None else _without_twins(pool, ranking)

    return rank


def _k_center(pool: AcquisitionInput) -> Ranking:
    """Ask for the images farthest from all that is labeled or picked."""
    points, labeled = _points(pool, None)
    found = block_k_center(points, pool.picks, labeled=labeled)
    distances = found.distances.copy()
    distances[found.picks] = found.pick_distances
    why = list(reasons.remoteness(distances, any_labeled=labeled is not None and len(labeled) > 0))
    if len(found.picks) and (labeled is None or not len(labeled)):
        why[found.picks[0]] = reasons.FIRST
    return picks_first(found.picks, found.pick_distances, found.distances, parts={"distance": distances}, why=tuple(why))


def _typiclust(pool: AcquisitionInput) -> Ranking:
    """Ask for the typical images of clusters without labels."""
    points, labeled = _points(pool, COVERAGE_DIMENSIONS)
    found = typiclust(points, pool.picks, labeled=labeled, rng=pool.rng)
    picked = np.zeros(pool.count, dtype=bool)
    picked[found.picks] = True
    parts = {"typicality": found.typicality, "cluster_size": found.cluster_size.astype(float)}
    why = reasons.clusters(found.cluster_size, found.covered, picked)
    # A cluster's turn, not its typicality, decides the order of the picks: so their scores count down above all others.
    least = float(found.typicality.max(initial=0)) + 1
    scores = least + np.arange(len(found.picks), 0, -1, dtype=float)
    return picks_first(found.picks, scores, found.typicality, parts=parts, why=why)


def _margin_diverse(pool: AcquisitionInput) -> Ranking:
    """Ask for the centres of clusters among the ten times as many images that the model is least sure of."""
    unsure = _unsure(pool, "margin")
    candidates = np.argsort(-unsure, kind="stable")[: CANDIDATES_PER_PICK * pool.picks]
    points, _labeled = _points(pool, COVERAGE_DIMENSIONS)
    picks = _medoids(points[candidates], pool.picks, unsure[candidates], pool.rng)
    picks = candidates[picks]
    picks = picks[np.argsort(-unsure[picks], kind="stable")]
    parts = {"uncertainty": unsure, "diversity": distance(nearest_cosine(points, points[picks]))}
    return picks_first(picks, 1 + unsure[picks], unsure, parts=parts, why=_why_unsure(pool))


def _max_herding(pool: AcquisitionInput) -> Ranking:
    """Ask for the images that stand for most of what no label covers."""
    return _herding(pool, None)


def _u_herding(pool: AcquisitionInput) -> Ranking:
    """Ask for the images that stand for most of what no label covers and the model is unsure of; by coverage alone without a model."""
    answered = pool.probabilities is not None or bool(pool.uncertainty)
    return _herding(pool, _unsure(pool, "margin") if answered else None)


def _herding(pool: AcquisitionInput, unsure: Floats | None) -> Ranking:
    """Rank by weighted coverage."""
    points, labeled = _points(pool, COVERAGE_DIMENSIONS)
    found = herd(points, pool.picks, labeled=labeled, weights=unsure, rng=pool.rng)
    gains = found.left / max(pool.count, 1)
    gains[found.picks] = found.gains
    parts = {"coverage": gains} if unsure is None else {"coverage": gains, "uncertainty": unsure}
    stands = [f"Stands for similar images that no label covers (gain {gain:.4f})." for gain in gains.tolist()]
    why = tuple(stands) if unsure is None else reasons.joined(_why_unsure(pool), tuple(stands))
    return picks_first(found.picks, found.gains, found.left / max(pool.count, 1), parts=parts, why=why)


def _unsure(pool: AcquisitionInput, name: str) -> Floats:
    """Return the named uncertainty of each image, from probabilities or as it was aggregated from boxes or pixels."""
    if pool.probabilities is not None:
        return SCORES[name](pool.probabilities, multi_label=pool.multi_label)
    if name not in pool.uncertainty:
        raise AcquisitionError(f"The model's answers carry no {name}.")
    return np.asarray(pool.uncertainty[name], dtype=float)


def _why_unsure(pool: AcquisitionInput) -> tuple[str, ...]:
    """Say what the model is unsure of."""
    if pool.probabilities is not None:
        return reasons.hesitations(pool.probabilities, pool.labels, multi_label=pool.multi_label)
    return pool.notes or ("The model is unsure of what it found here.",) * pool.count


def _points(pool: AcquisitionInput, dimensions: int | None) -> tuple[Floats, Floats | None]:
    """Return pool and labeled embeddings as unit rows, projected to fewer dimensions where asked."""
    if pool.embeddings is None:
        raise AcquisitionError("There are no embeddings.")
    points = unit_rows(pool.embeddings)
    labeled = None if pool.labeled is None or not len(pool.labeled) else unit_rows(pool.labeled)
    return (points, labeled) if dimensions is None else reduced(points, others=labeled, dimensions=dimensions, rng=pool.rng)


def _medoids(points: Floats, picks: int, weights: Floats, rng: np.random.Generator) -> Rows:
    """Return one row a cluster: the nearest to its center; clusters left empty are filled by the rows of most weight."""
    if not picks:
        return np.zeros(0, dtype=np.int64)
    found = k_means(points, picks, rng=rng, weights=weights)
    order = np.lexsort((found.squared, found.assignment))
    _present, first = np.unique(found.assignment[order], return_index=True)
    medoids = order[first]
    others = np.setdiff1d(np.argsort(-weights, kind="stable"), medoids, assume_unique=True)
    return np.concatenate([medoids, others[: picks - len(medoids)]])


def _without_twins(pool: AcquisitionInput, ranking: Ranking) -> Ranking:
    """Put near duplicates of what is labeled or picked behind all others."""
    points, labeled = _points(pool, None)
    put_off = postponed_twins(points, ranking.order, pool.picks, labeled=labeled)
    if not len(put_off):
        return ranking
    picks = ranking.order[~np.isin(ranking.order, put_off)][: pool.picks]
    rest, why = ranking.scores.copy(), list(ranking.why)
    rest[put_off] = 0
    for row in put_off.tolist():
        why[row] = reasons.TWIN
    return picks_first(picks, ranking.scores[picks], rest, parts=ranking.parts, why=tuple(why))


def _registry(strategies: Iterable[Strategy]) -> MappingProxyType[str, Strategy]:
    """Return the strategies by name."""
    return MappingProxyType({strategy.name: strategy for strategy in strategies})


ANSWERS, VECTORS = frozenset({"probabilities", "model"}), frozenset({"embeddings"})

STRATEGIES = _registry(
    [
        Strategy(
            "random", "Random", frozenset(), "", "Draws by lot: the baseline that every other strategy has to beat.", _random,
        ),
        Strategy(
            "least_confidence", "Least confidence", ANSWERS, "Lewis and Gale 1994",
            "Asks for the images whose best guess is the least certain.", _uncertainty("least_confidence"),
        ),
        Strategy(
            "margin", "Margin", ANSWERS, "Scheffer, Decomain and Wrobel 2001",
            "Asks for the images on which the two best guesses are closest; safe once a model is decent.", _uncertainty("margin"),
        ),
        Strategy(
            "entropy", "Entropy", ANSWERS, "Shannon 1948; Settles 2009",
            "Asks for the images over which the model spreads its guesses; weak while labels are few.", _uncertainty("entropy"),
        ),
        Strategy(
            "kcenter", "k-center", VECTORS, "Sener and Savarese 2018",
            "Asks for the images farthest from everything labeled; needs no model, and finds outliers first.", _k_center,
        ),
        Strategy(
            "typiclust", "TypiClust", VECTORS, "Hacohen, Dekel and Weinshall 2022",
            "Asks for the most typical image of each cluster that has no label; needs no model.", _typiclust,
        ),
        Strategy(
            "margin_diverse", "Margin, diverse", ANSWERS | VECTORS, "Zhdanov 2019",
            "Asks for images that the model hesitates on and that differ from each other.", _margin_diverse,
        ),
        Strategy(
            "maxherding", "MaxHerding", VECTORS, "Bae, Noh and Sutherland 2024",
            "Asks for the images that stand for most of the pool; needs no model, and begins best.", _max_herding,
        ),
        Strategy(
            "uherding", "UHerding", VECTORS, "Bae, Noh and Sutherland 2025",
            "Asks for the images that stand for most of what the model is unsure of; without a model, for most of the pool.", _u_herding,
            uses=ANSWERS,
        ),
    ]
)  # fmt: skip
