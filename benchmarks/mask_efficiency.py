"""How many masks a strategy saves: mean IoU of a pixel head on real satellite chips at growing numbers of painted images.

Data: Blue Marble chips whose water and land are known by the land-sea mask. Coasts are rare in the pool, as they are on Earth, and
measured as often as all else. What is asked, trained and measured is the code that simulates a campaign: a linear head on what the
installed backbone sees of every pixel.
"""

from functools import partial

import numpy as np

from active_learning.progress.pixel_replay import Grids, PixelMaterial
from active_learning.progress.replay import labels_to_reach
from benchmarks.replayed import mean_curves
from benchmarks.report import report
from campaigns.imagery.blue_marble import Chip, draw
from models_registry.networks.backbones import Backbone
from models_registry.networks.pyramid import features_of
from models_registry.networks.segmenter import normaliser, pixel_backbone

BUDGETS = (2, 4, 8, 16, 32, 64)
COMPARED = ("random", "entropy", "margin", "kcenter", "maxherding", "uherding", "ppal", "patches")
DEFAULT, SEEDS = "patches", 5
CHIP_PX, STEP, AT_ONCE = 96, 4, 16
POOL, TEST = {"ocean": 150, "land": 150, "coast": 30}, {"ocean": 50, "land": 50, "coast": 50}


def material(pool: list[Chip], test: list[Chip]) -> PixelMaterial:
    """Look at chips once."""
    network, normalise, backbone, chips = pixel_backbone(), normaliser(None), Backbone(), [*pool, *test]
    rows, columns = (each.ravel() for each in np.meshgrid(*[np.arange(STEP // 2, CHIP_PX, STEP)] * 2, indexing="ij"))
    features, vectors = [], []
    for start in range(0, len(chips), AT_ONCE):
        pixels = [chip.pixels for chip in chips[start : start + AT_ONCE]]
        features += [seen.at(rows, columns).astype(np.float16) for seen in features_of(network, pixels, normalise)]
        vectors.append(backbone.embed(pixels))
    water = np.concatenate([chip.water[rows, columns] for chip in chips]).astype(np.int64)
    grids = Grids(np.concatenate(features), water, np.arange(len(chips) + 1) * len(rows))
    return PixelMaterial(np.arange(len(pool)), np.arange(len(pool), len(chips)), np.concatenate(vectors), grids, classes=2)


def main() -> None:
    """Print the curves, and how many masks the default saves."""
    rng = np.random.default_rng(5)
    chips = draw(rng, per_kind={kind: POOL[kind] + TEST[kind] for kind in POOL}, size=CHIP_PX)
    test_of = [place for kind in TEST for place in [n for n, chip in enumerate(chips) if chip.kind == kind][: TEST[kind]]]
    held_back = set(test_of)
    pool = [chip for n, chip in enumerate(chips) if n not in held_back]
    print(f"{len(pool)} chips in the pool, {len(test_of)} held back; painted images {BUDGETS}", flush=True)
    look = partial(material, pool, [chips[place] for place in test_of])
    means = mean_curves("mask-efficiency", look, BUDGETS, compared=COMPARED, seeds=SEEDS)
    if not {DEFAULT, "random"} <= set(means):
        return  # narrowed down to others: their curves stand above
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
