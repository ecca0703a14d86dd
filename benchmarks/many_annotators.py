"""Labels from people who err: what Dawid-Skene's consensus, and asking again where it is unsure, bring over majority and over chance.

After ActiveLab (Goh and Mueller 2023) on CIFAR-10H: 5,000 images, 1,000 labels to begin with, 500 more a round, 12 rounds; after each the
consensus of the labels trains the model. Real votes come in no package, so people are simulated: right 95 % of the time on average and the
worst 71 %, which is assumed, and wrong as a model is that learned from other images, cats for dogs more often than for ships. The features
are those of the installed backbone on 128 principal components, and the model is the fast head, so that only differences can be compared.

"doubt" asks for the images, labeled or not, of which the consensus is least sure. The model votes with the people there, as if it were one
more of them, by what it says of images that it did not learn from (CROWDLAB's idea). ``SEEDS`` narrows a run down.
"""

import os
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from active_learning.acquisition.diversity import reduced
from active_learning.label_errors.annotators import consensus
from active_learning.progress.replay import Material
from active_learning.training.fast_head import Examples, fit_head
from benchmarks.public_sets import cifar10, kept
from benchmarks.report import report
from models_registry.networks.heads import LinearHead

COUNT, TEST, CLASSES, DIMENSIONS = 5_000, 5_000, 10, 128
FIRST, STEP, ROUNDS, SEEDS = 1_000, 500, 12, 5
PEOPLE, WORST, MEAN = 50, 0.71, 0.95
FOLDS, STEPS, DECAY = 3, 40, 1e-2
WAYS = ("new images, one label each", "random, majority", "random, Dawid-Skene", "doubt, Dawid-Skene with the model")
# Consensus and model in the repository's raw results at the end: "good random" labels new images first.
PUBLISHED = {WAYS[0]: (0.943, 0.834), WAYS[1]: (0.949, 0.824), WAYS[3]: (0.972, 0.846)}
Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass
class Votes:
    """Who said what: images, people and classes by place, one entry a label."""

    image: list[int]
    person: list[int]
    said: list[int]

    def majority(self, rng: np.random.Generator) -> tuple[Places, Places]:
        """Return the labeled images and what most say of each; a tie is drawn."""
        table = np.zeros((COUNT, CLASSES))
        np.add.at(table, (self.image, self.said), 1.0)
        rows = np.flatnonzero(table.any(axis=1))
        return rows, (table[rows] + 0.5 * rng.random((len(rows), CLASSES))).argmax(axis=1)

    def likely(self, model: Places | None) -> tuple[Places, Floats]:
        """Return the labeled images and how likely each class is; the model's guesses, where given, are one more person's."""
        rows, at = np.unique(self.image, return_inverse=True)
        image, person, said = at, np.array(self.person), np.array(self.said)
        if model is not None:
            image = np.concatenate([image, np.arange(len(rows))])
            person = np.concatenate([person, np.full(len(rows), PEOPLE)])
            said = np.concatenate([said, model[rows]])
        return rows, consensus(image, person, said, classes=CLASSES).truth


class Crowd:
    """People with the same chance to err on each image, who err as the given answers do."""

    def __init__(self, truth: Places, answers: Floats, rng: np.random.Generator) -> None:
        self._truth, self._rng = truth, rng
        self._skill = WORST + (1 - WORST) * rng.beta(*_shape(), size=PEOPLE)
        others = answers.copy()
        others[np.arange(len(truth)), truth] = 0
        self._wrong = (others + 1e-9) / (others + 1e-9).sum(axis=1, keepdims=True)
        self._wrong[np.arange(len(truth)), truth] = 0
        self._wrong /= self._wrong.sum(axis=1, keepdims=True)

    def ask(self, votes: Votes, images: Places) -> None:
        """Let somebody who has not yet seen it label each of the images."""
        seen = set(zip(votes.image, votes.person, strict=True))
        for image in images.tolist():
            free = [person for person in range(PEOPLE) if (image, person) not in seen]
            person = int(self._rng.choice(free))
            right = self._rng.random() < self._skill[person]
            said = int(self._truth[image]) if right else int(self._rng.choice(CLASSES, p=self._wrong[image]))
            votes.image.append(image)
            votes.person.append(person)
            votes.said.append(said)


def _shape() -> tuple[float, float]:
    """Return the parameters of the spread of skills between the worst and 1 that has the said mean."""
    mean = (MEAN - WORST) / (1 - WORST)
    return 6 * mean, 6 * (1 - mean)


def outside(data: Material, rows: Places, values: Places, rng: np.random.Generator) -> Floats:
    """Return what heads say of each image that did not learn from it, (COUNT, K)."""
    said = _fitted(data, rows, values).probabilities(data.pool.embeddings).astype(np.float64)
    fold = rng.integers(0, FOLDS, len(rows))
    for number in range(FOLDS):
        inside = fold != number
        said[rows[~inside]] = _fitted(data, rows[inside], values[inside]).probabilities(data.pool.embeddings[rows[~inside]])
    return said


def _fitted(data: Material, rows: Places, values: Places) -> LinearHead:
    return fit_head(Examples(data.pool.embeddings[rows], values), classes=CLASSES, decay=DECAY, steps=STEPS)


def run(data: Material, answers: Floats, way: str, seed: int) -> list[float]:
    """Return how often the consensus is right at the end, how often the model is, and how many images have a label."""
    rng = np.random.default_rng(seed)
    crowd, votes = Crowd(data.pool.values, answers, rng), Votes([], [], [])
    crowd.ask(votes, rng.choice(COUNT, FIRST, replace=False))
    for done in range(ROUNDS + 1):
        rows, values = votes.majority(rng)
        sure = rng.random(COUNT)
        if way == WAYS[0]:
            sure[rows] += 1
        if way == WAYS[3]:
            said = outside(data, rows, values, rng)
            rows, likely = votes.likely(said.argmax(axis=1))
            values, sure = likely.argmax(axis=1), said.max(axis=1)
            sure[rows] = likely.max(axis=1)
        if done < ROUNDS:
            crowd.ask(votes, np.argsort(sure, kind="stable")[:STEP])
    if way == WAYS[2]:
        rows, likely = votes.likely(None)
        values = likely.argmax(axis=1)
    head = _fitted(data, rows, values)
    right = head.probabilities(data.test.embeddings).argmax(axis=1) == data.test.values
    return [float((values == data.pool.values[rows]).mean()), float(right.mean()), float(len(rows))]


def main() -> None:
    """Print the table."""
    whole = cifar10(COUNT * 2, TEST)
    small, test = reduced(whole.pool.embeddings, others=whole.test.embeddings, dimensions=DIMENSIONS, rng=np.random.default_rng(0))
    assert test is not None
    data = Material(Examples(small[:COUNT], whole.pool.values[:COUNT]), Examples(test, whole.test.values), CLASSES)
    rest = Examples(small[COUNT:], whole.pool.values[COUNT:])
    answers = fit_head(rest, classes=CLASSES, decay=DECAY, steps=STEPS).probabilities(data.pool.embeddings).astype(np.float64)
    runs: dict[str, list[list[float]]] = {way: [] for way in WAYS}
    for seed in range(int(os.environ.get("SEEDS", SEEDS))):
        for number, (way, found) in enumerate(runs.items()):
            found.append(kept(f"many-annotators-{number}-{seed}", partial(run, data, answers, way, seed)))
            print(f"seed {seed}, {way}: {found[-1]}", flush=True)
    print("| | consensus right | published | model right | published | images with a label |")
    for way, found in runs.items():
        means, spread = np.mean(found, axis=0), np.std(found, axis=0)
        theirs = [f"{100 * value:.1f}" for value in PUBLISHED[way]] if way in PUBLISHED else ["", ""]
        cells = [f"{100 * means[at]:.2f}±{100 * spread[at]:.2f} | {theirs[at]}" for at in (0, 1)]
        print(f"| {way} | {' | '.join(cells)} | {means[2]:.0f} |")
    means = {way: np.round(np.mean(found, axis=0), 4).tolist() for way, found in runs.items()}
    gain, published = means[WAYS[3]][0] - means[WAYS[1]][0], PUBLISHED[WAYS[3]][0] - PUBLISHED[WAYS[1]][0]
    report(
        "many-annotators",
        ours={"consensus_model_images": means, "seeds": len(runs[WAYS[0]])},
        peer={"consensus_model": PUBLISHED},
        ratio=gain / published,
        goal="with as many labels, asking where the consensus is unsure makes it right more often than asking at random, as published",
        holds=gain > 0 and means[WAYS[2]][0] >= means[WAYS[1]][0],
    )


if __name__ == "__main__":
    main()
