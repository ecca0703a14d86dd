"""The registry: every way to rank a pool, by name.

To add one: a function from AcquisitionInput to Ranking in ``ranks``, an entry in STRATEGIES, and a row in docs/reference/strategies.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from active_learning.acquisition import ranks
from active_learning.acquisition.values import AcquisitionError, AcquisitionInput, Ranking

EMPTY = Ranking(order=np.zeros(0, dtype=np.int64), scores=np.zeros(0), parts={}, why=())

CLASSIFICATION, DETECTION, INSTANCE, SEMANTIC, KEYPOINTS = "classification", "detection", "instance", "semantic", "keypoints"
EVERY_TASK: Final = frozenset({CLASSIFICATION, DETECTION, INSTANCE, SEMANTIC, KEYPOINTS})
WHOLE: Final = frozenset({CLASSIFICATION})
OBJECTS: Final = frozenset({DETECTION, INSTANCE, KEYPOINTS})
# Below about so many labeled images nothing has been shown to beat coverage at finding objects.
ENOUGH_FOR_OBJECTS: Final = 200


@dataclass(frozen=True)
class Strategy:
    """A way to rank.

    needs: what must be there to rank at all, uses: what it profits from besides, of "model", "probabilities", "embeddings",
    "head" (a fast head, whose features can be dropped, or an ensemble), "committee" (two models or more), "difficulty" (how hard each
    label is, from images whose truth is known), "flip" (the model's answer about the mirrored image), "instances", "shares".
    tasks: where it makes sense, the two kinds of segmentation told apart; several: only where an image may have several labels.
    measures: what of ``uncertainty`` it reads.
    """

    name: str
    title: str
    needs: frozenset[str]
    paper: str
    description: str
    rank: ranks.Rank
    uses: frozenset[str] = frozenset()
    tasks: frozenset[str] = EVERY_TASK
    several: bool = False
    measures: frozenset[str] = frozenset()

    def reads(self, what: str) -> bool:
        """Say whether it makes any use of something."""
        return what in self.needs or what in self.uses

    def suits(self, task: str, *, multi_label: bool = False) -> bool:
        """Say whether it makes sense for a task."""
        return task in self.tasks and (multi_label or not self.several)

    def __call__(self, pool: AcquisitionInput) -> Ranking:
        """Rank the pool, or say what is missing."""
        if "probabilities" in self.needs and pool.probabilities is None and not pool.uncertainty:
            raise AcquisitionError(f"{self.title} ranks by a model's answers, and there are none.")
        if "embeddings" in self.needs and pool.embeddings is None:
            raise AcquisitionError(f"{self.title} ranks by embeddings, and there are none.")
        missing = self.measures - set(pool.uncertainty)
        if missing:
            raise AcquisitionError(f"{self.title} ranks by what was measured as {', '.join(sorted(missing))}, and there are none.")
        if not pool.count:
            return EMPTY
        if pool.keys is None or (np.diff(pool.keys) > 0).all():
            return self.rank(pool)
        rows = np.argsort(pool.keys)
        return self.rank(replace(pool.at(rows), keys=None)).moved(rows)


def default_strategy(task: str, *, labeled: int) -> str:
    """Return what to rank by when nobody chooses: what served a task best on published figures and in our own measurements."""
    if task in OBJECTS:
        return "ppal" if labeled >= ENOUGH_FOR_OBJECTS else "maxherding"
    return "patches" if task == SEMANTIC and labeled else "uherding"


def _registry(strategies: Iterable[Strategy]) -> MappingProxyType[str, Strategy]:
    """Return the strategies by name."""
    return MappingProxyType({strategy.name: strategy for strategy in strategies})


NOTHING: Final[frozenset[str]] = frozenset()
ANSWERS, VECTORS = frozenset({"probabilities", "model"}), frozenset({"embeddings"})
HEAD, COMMITTEE = frozenset({"head"}), frozenset({"committee"})
MIRROR, MIRRORED = ANSWERS | frozenset({"flip"}), frozenset({"flip", "flip_masks", "flip_points"})
BALD_WHY = "What the model's draws or members say of it differs: {} of the most that it can."

STRATEGIES = _registry(
    [
        Strategy(
            "random", "Random", NOTHING, "", "Draws by lot: the baseline that every other strategy has to beat.", ranks.by_lot,
        ),
        Strategy(
            "least_confidence", "Least confidence", ANSWERS, "Lewis and Gale 1994",
            "Asks for the images whose best guess is the least certain.", ranks.by_uncertainty("least_confidence"),
        ),
        Strategy(
            "margin", "Margin", ANSWERS, "Scheffer, Decomain and Wrobel 2001",
            "Asks for the images on which the two best guesses are closest; safe once a model is decent.", ranks.by_uncertainty("margin"),
        ),
        Strategy(
            "entropy", "Entropy", ANSWERS, "Shannon 1948; Settles 2009",
            "Asks for the images over which the model spreads its guesses; weak while labels are few.", ranks.by_uncertainty("entropy"),
        ),
        Strategy(
            "most_doubtful", "Least sure label", ANSWERS, "Settles 2009; Li and Guo 2013",
            "Asks for the images with the one label that the model is least sure of.", ranks.by_uncertainty("most_doubtful"),
            tasks=WHOLE, several=True,
        ),
        Strategy(
            "top_doubtful", "Least sure three labels", ANSWERS, "Settles 2009; Li and Guo 2013",
            "Asks for the images with the three labels that the model is least sure of, on average.", ranks.by_uncertainty("top_doubtful"),
            tasks=WHOLE, several=True,
        ),
        Strategy(
            "cardinality", "Odd number of labels", ANSWERS, "Li and Guo 2013",
            "Asks for the unsure images that would get unusually many or few labels.", ranks.by_cardinality, tasks=WHOLE, several=True,
        ),
        Strategy(
            "density", "Entropy, weighted by density", ANSWERS | VECTORS, "Settles and Craven 2008",
            "Asks for the images that the model is unsure of and that many others resemble; leaves outliers alone.", ranks.by_density,
        ),
        Strategy(
            "bald", "BALD", ANSWERS | HEAD | VECTORS, "Houlsby et al. 2011; Gal, Islam and Ghahramani 2017",
            "Asks for the images on which draws of a head without some features, or members of an ensemble, are sure of different things.",
            ranks.by_uncertainty("bald", BALD_WHY), tasks=WHOLE, measures=frozenset({"bald"}),
        ),
        Strategy(
            "vote_entropy", "Committee, votes", ANSWERS | COMMITTEE, "Dagan and Engelson 1995",
            "Asks for the images that the campaign's models vote on differently.",
            ranks.by_uncertainty("vote_entropy", "The models disagree: {} of the most that votes can."),
            tasks=WHOLE, measures=frozenset({"vote_entropy"}),
        ),
        Strategy(
            "divergence", "Committee, divergence", ANSWERS | COMMITTEE, "McCallum and Nigam 1998",
            "Asks for the images on which the campaign's models are sure of different things; for objects, find different ones.",
            ranks.by_uncertainty("divergence", "The models disagree: {} of the most that they can."),
            measures=frozenset({"divergence"}),
        ),
        Strategy(
            "kcenter", "k-center", VECTORS, "Sener and Savarese 2018",
            "Asks for the images farthest from everything labeled; needs no model, and finds outliers first.", ranks.k_center,
        ),
        Strategy(
            "typiclust", "TypiClust", VECTORS, "Hacohen, Dekel and Weinshall 2022",
            "Asks for the most typical image of each cluster that has no label; needs no model.", ranks.by_typicality,
        ),
        Strategy(
            "probcover", "ProbCover", VECTORS, "Yehuda et al. 2022",
            "Asks for the images whose surroundings hold most that no label stands for; needs no model, best with few labels.",
            ranks.by_cover,
        ),
        Strategy(
            "margin_diverse", "Margin, diverse", ANSWERS | VECTORS, "Zhdanov 2019",
            "Asks for images that the model hesitates on and that differ from each other.", ranks.margin_diverse,
        ),
        Strategy(
            "dropquery", "DropQuery", VECTORS, "Gupte et al. 2024",
            "Asks for images that differ from each other among those whose answer changes when features are missing.",
            ranks.drop_query, uses=ANSWERS | HEAD, tasks=WHOLE,
        ),
        Strategy(
            "badge", "BADGE", ANSWERS | VECTORS, "Ash et al. 2020",
            "Asks for images whose labels would move the model far, and each in another direction.", ranks.by_badge, tasks=WHOLE,
        ),
        Strategy(
            "maxherding", "MaxHerding", VECTORS, "Bae, Noh and Sutherland 2024",
            "Asks for the images that stand for most of the pool; needs no model, and begins best.", ranks.max_herding,
        ),
        Strategy(
            "uherding", "UHerding", VECTORS, "Bae, Oliveira and Sutherland 2025",
            "Asks for the images that stand for most of what the model is unsure of; without a model, for most of the pool.",
            ranks.u_herding, uses=ANSWERS,
        ),
        Strategy(
            "difficult_boxes", "Difficult objects", ANSWERS, "Yang, Huang and Crowley 2024",
            "Asks for the images with the least sure objects, those of labels that the model finds hard before others.",
            ranks.by_uncertainty("difficult"), uses=frozenset({"difficulty"}), tasks=OBJECTS, measures=frozenset({"difficult"}),
        ),
        Strategy(
            "flip", "Mirror disagreement", MIRROR, "Yu et al. 2022; Elezi et al. 2022",
            "Asks for the images that the model sees differently in the mirror; asks the model twice.",
            ranks.by_uncertainty("flip", "The model's answers about it and about its mirror image differ by {}."),
            measures=frozenset({"flip"}),
        ),
        Strategy(
            "flip_masks", "Mirror disagreement, outlines", MIRROR, "Yu et al. 2022, by the overlap of masks",
            "Asks for the images with objects whose masks overlap little with those that the model draws in the mirror; asks it twice.",
            ranks.by_uncertainty("flip_masks", "The masks drawn in it and in its mirror image differ by {}."),
            tasks=frozenset({INSTANCE}), measures=frozenset({"flip_masks"}),
        ),
        Strategy(
            "unsure_points", "Unsure points", ANSWERS, "Liu and Ferrari 2017",
            "Asks for the images with objects whose points the model cannot place: their heat maps have no clear peak.",
            ranks.by_uncertainty("peaks", "Its points lie outside the peaks of their heat maps with {} of the weight."),
            tasks=frozenset({KEYPOINTS}), measures=frozenset({"peaks"}),
        ),
        Strategy(
            "flip_points", "Mirror disagreement, points", MIRROR, "Yu et al. 2022, by the keypoint similarity of Ronchi and Perona 2017",
            "Asks for the images with objects whose points move when the model sees them in the mirror; asks it twice.",
            ranks.by_uncertainty("flip_points", "The points found in it and in its mirror image differ by {}."),
            tasks=frozenset({KEYPOINTS}), measures=frozenset({"flip_points"}),
        ),
        Strategy(
            "ppal", "PPAL", ANSWERS | VECTORS, "Yang, Huang and Crowley 2024",
            "Asks, among the images with the least sure objects, for those whose objects differ from each other's, label by label.",
            ranks.ppal, uses=frozenset({"difficulty", "instances"}), tasks=OBJECTS | {SEMANTIC},
        ),
        Strategy(
            "patches", "Unsure patches, label by label", VECTORS, "Lüth et al. 2026 (ClaSP PE); Bae, Oliveira and Sutherland 2025",
            "Asks for images by their least sure tenth: two thirds stand for what is unsure, a third goes from label to label.",
            ranks.by_patches_or_cover, uses=ANSWERS | frozenset({"shares"}), tasks=frozenset({SEMANTIC}),
        ),
    ]
)  # fmt: skip
