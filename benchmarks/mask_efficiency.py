"""How many masks a strategy saves: mean IoU of a pixel head on real satellite chips at growing numbers of painted images.

Data: Blue Marble chips whose water and land are known by the land-sea mask. Coasts are rare in the pool, as they are on Earth, and
measured as often as all else. The head is that of a fast training: linear, on what the installed backbone sees of every pixel.
"""

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from active_learning.acquisition.strategies import STRATEGIES
from active_learning.acquisition.values import AcquisitionInput
from active_learning.progress.replay import labels_to_reach
from active_learning.training.fast_head import Examples, fit_head
from active_learning.training.pixel_metrics import confusion, mean_iou
from benchmarks.report import report
from campaigns.imagery.blue_marble import Chip, draw
from inference import uncertainty
from inference.answers import unsure_by_class
from models_registry.networks.backbones import Backbone
from models_registry.networks.heads import LinearHead
from models_registry.networks.pyramid import features_of
from models_registry.networks.segmenter import normaliser, pixel_backbone

BUDGETS = (2, 4, 8, 16, 32, 64)
COMPARED = ("random", "entropy", "maxherding", "uherding", "patches")
DEFAULT, SEEDS = "patches", 5
CHIP_PX, STEP, TAUGHT_PX, AT_ONCE = 96, 4, 48, 16
POOL, TEST = {"ocean": 150, "land": 150, "coast": 30}, {"ocean": 50, "land": 50, "coast": 50}
GRID = CHIP_PX // STEP
STEPS, DECAY = 40, 1e-2
Bytes = NDArray[np.float16]


@dataclass(frozen=True)
class Pictures:
    """Pixels on a grid: features (N, P, D) and water (N, P), and an embedding an image, (N, E)."""

    features: Bytes
    water: NDArray[np.int64]
    embeddings: NDArray[np.float32]


def pictures(chips: list[Chip]) -> Pictures:
    """Look at chips once."""
    network, normalise, backbone = pixel_backbone(), normaliser(None), Backbone()
    rows, columns = (each.ravel() for each in np.meshgrid(*[np.arange(STEP // 2, CHIP_PX, STEP)] * 2, indexing="ij"))
    features, embeddings = [], []
    for start in range(0, len(chips), AT_ONCE):
        pixels = [chip.pixels for chip in chips[start : start + AT_ONCE]]
        features += [seen.at(rows, columns).astype(np.float16) for seen in features_of(network, pixels, normalise)]
        embeddings.append(backbone.embed(pixels))
    water = np.array([chip.water[rows, columns] for chip in chips], dtype=np.int64)
    return Pictures(np.stack(features), water, np.concatenate(embeddings))


def taught(known: Pictures, images: list[int], seed: int) -> LinearHead:
    """Fit a head on some pixels of each painted image, as many of either class as there are, at most half."""
    rng = np.random.default_rng(seed)
    rows, values = [], []
    for image in images:
        truth = known.water[image]
        chance = 1 / np.sqrt(np.bincount(truth, minlength=2)[truth])
        some = rng.choice(len(truth), TAUGHT_PX, replace=False, p=chance / chance.sum())
        rows.append(known.features[image, some])
        values.append(truth[some])
    return fit_head(Examples(np.concatenate(rows).astype(np.float32), np.concatenate(values)), classes=2, decay=DECAY, steps=STEPS)


def curve(pool: Pictures, test: Pictures, strategy: str, seed: int) -> list[float]:
    """Return the mean IoU at each number of painted images; a strategy that needs a model begins with random picks."""
    rng = np.random.default_rng(seed)
    painted: list[int] = []
    reached: list[float] = []
    head: LinearHead | None = None
    for budget in BUDGETS:
        left = np.setdiff1d(np.arange(len(pool.water)), painted)
        wanted = STRATEGIES[strategy if head is not None or "model" not in STRATEGIES[strategy].needs else "random"]
        doubts, shares = ({}, None) if head is None else answers(pool, left, head)
        known = AcquisitionInput(
            count=len(left), size=budget - len(painted), rng=rng, embeddings=pool.embeddings[left], uncertainty=doubts, shares=shares,
            labels=("land", "water"), labeled=pool.embeddings[painted] if painted else None,
        )  # fmt: skip
        painted += left[wanted(known).order[: budget - len(painted)]].tolist()
        head = taught(pool, painted, seed)
        said = head.logits(test.features.reshape(-1, test.features.shape[2]).astype(np.float32)).argmax(axis=1)
        reached.append(mean_iou(confusion(said, test.water.ravel(), 2)))
    return reached


def answers(pool: Pictures, rows: NDArray[np.int64], head: LinearHead) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64]]:
    """Measure images as answers of a segmenter are: the least sure tenth of their pixels, and which class that lies on."""
    entropies, margins, shares = [], [], []
    for row in rows.tolist():
        probabilities = head.probabilities(pool.features[row].astype(np.float32))
        unsure = uncertainty.entropy(probabilities).reshape(GRID, GRID).astype(np.float32)
        said = probabilities.argmax(axis=1).reshape(GRID, GRID)
        by_class = unsure_by_class(said, unsure)
        entropies.append(uncertainty.of_pixels(unsure))
        margins.append(uncertainty.of_pixels(uncertainty.margin(probabilities).reshape(GRID, GRID)))
        shares.append([by_class.get(str(index), 0.0) for index in range(2)])
    return {"entropy": np.array(entropies), "margin": np.array(margins), "least_confidence": np.array(margins)}, np.array(shares)


def main() -> None:
    """Print the curves, and how many masks the default saves."""
    rng = np.random.default_rng(5)
    chips = draw(rng, per_kind={kind: POOL[kind] + TEST[kind] for kind in POOL}, size=CHIP_PX)
    test_of = [place for kind in TEST for place in [n for n, chip in enumerate(chips) if chip.kind == kind][: TEST[kind]]]
    test = pictures([chips[place] for place in test_of])
    pool = pictures([chip for n, chip in enumerate(chips) if n not in set(test_of)])
    print(f"{len(pool.water)} chips in the pool, {len(test.water)} held back; painted images {BUDGETS}")
    means: dict[str, list[float]] = {}
    for strategy in os.environ.get("STRATEGIES", ",".join(COMPARED)).split(","):
        runs = np.array([curve(pool, test, strategy, seed) for seed in range(int(os.environ.get("SEEDS", SEEDS)))])
        means[strategy] = [round(value, 4) for value in runs.mean(axis=0).tolist()]
        cells = [f"{100 * value:.1f}±{100 * spread:.1f}" for value, spread in zip(means[strategy], runs.std(axis=0).tolist(), strict=True)]
        print(f"| {strategy} | {' | '.join(cells)} |", flush=True)
    needed = labels_to_reach(BUDGETS, means[DEFAULT], means["random"][-1])
    report(
        "mask-efficiency",
        ours={"painted": BUDGETS, **{name: values for name, values in means.items() if name != "random"}},
        peer={"random": means["random"]},
        ratio=None if needed is None else BUDGETS[-1] / needed,
        goal="with the default strategy as many painted images give at least the mean IoU of random ones, from 8 on",
        holds=all(ours >= random for ours, random in zip(means[DEFAULT][2:], means["random"][2:], strict=True)),
    )


if __name__ == "__main__":
    main()
