"""How many images with boxes a strategy saves: mAP at an overlap of 0.5 on real images at growing numbers of labeled images.

Data: islands and lakes of the Blue Marble, boxed by its land-sea mask; lakes are rare in the pool, many of its pictures show neither, and
what is measured on shows both as often. What is asked, trained and measured is the code that simulates a campaign: new heads on frozen
maps at every number of images. ``SEEDS`` and ``STRATEGIES`` narrow a run down; what is finished is kept in ``BENCHMARK_CACHE``.
"""

import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from active_learning.progress.object_replay import ObjectMaterial
from active_learning.progress.replay import labels_to_reach
from active_learning.training.galleries import FrozenGallery, maps_embedder, maps_store
from active_learning.training.scenes import Thing, scene_of
from benchmarks.replayed import mean_curves
from benchmarks.report import report
from campaigns.imagery.blue_marble import load
from models_registry.networks.backbones import Backbone
from models_registry.networks.embedding import Source, embed_missing
from models_registry.networks.object_checkpoint import SIDES, Anatomy
from models_registry.networks.weights import find_weights

BUDGETS = (4, 8, 16, 32)
COMPARED = ("random", "entropy", "maxherding", "uherding", "ppal")
DEFAULT, SEEDS, AT_ONCE = "maxherding", 3, 32
CHIP_PX, LEAST_PX, MOST_SHARE = 96, 40, 0.4
POOL, TEST = {"island": 120, "lake": 30, "nothing": 80}, {"island": 30, "lake": 30, "nothing": 15}
Box = tuple[int, tuple[float, float, float, float]]


@dataclass(frozen=True)
class Picture:
    """Pixels (H, W, 3), and boxes as (class, (left, top, right, bottom))."""

    pixels: NDArray[np.uint8]
    boxes: tuple[Box, ...]


Data = tuple[list[Picture], list[Picture], tuple[str, ...]]


def islands() -> Data:
    """Draw chips with islands in open water, lakes in open land, or nothing, each thing whole inside its chip."""
    picture, water = load()
    rng = np.random.default_rng(7)
    wanted = {kind: POOL[kind] + TEST[kind] for kind in POOL}
    drawn: dict[str, list[Picture]] = {kind: [] for kind in wanted}
    while any(len(drawn[kind]) < wanted[kind] for kind in wanted):
        top, left = int(rng.integers(450, 2150 - CHIP_PX)), int(rng.integers(0, 5400 - CHIP_PX))
        window = np.s_[top : top + CHIP_PX, left : left + CHIP_PX]
        kind, boxes = _things(water[window])
        if kind and len(drawn[kind]) < wanted[kind]:
            drawn[kind].append(Picture(picture[window], boxes))
    test = [each for kind, found in drawn.items() for each in found[: TEST[kind]]]
    pool = [each for kind, found in drawn.items() for each in found[TEST[kind] :]]
    return [pool[n] for n in rng.permutation(len(pool)).tolist()], test, ("island", "lake")


def _things(water: NDArray[np.bool_]) -> tuple[str, tuple[Box, ...]]:
    """Name a chip and box its things; no name where one goes on outside, or fills the chip."""
    for place, (kind, inside) in enumerate((("island", ~water), ("lake", water))):
        if not inside.any():
            return "nothing", ()
        if inside[1:-1, 1:-1].sum() == inside.sum() and inside.mean() <= MOST_SHARE:
            _, _, stats, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8), connectivity=4)
            found = [(x, y, x + w, y + h) for x, y, w, h, area in stats[1:].tolist() if area >= LEAST_PX]
            return (kind, tuple((place, box) for box in found)) if found else ("", ())
    return "", ()


def material(data: Data, folder: Path) -> ObjectMaterial:
    """Look at every picture once."""
    pool, test, names = data
    pictures, anatomy, side = [*pool, *test], Anatomy("boxes", names), SIDES["small"]
    weights, backbone = find_weights(), Backbone()
    store = maps_store(folder, weights, side, anatomy.finest)
    sources = [Source(number, partial(getattr, each, "pixels")) for number, each in enumerate(pictures)]
    embed_missing(store, lambda: maps_embedder(weights, side, anatomy.finest), sources, on_progress=lambda done, failed: None)
    sizes = tuple((each.pixels.shape[1], each.pixels.shape[0]) for each in pictures)
    scenes = [
        scene_of([_thing(*box) for box in each.boxes], width=width, height=height, side_px=side, anatomy=anatomy)
        for each, (width, height) in zip(pictures, sizes, strict=True)
    ]
    gallery = FrozenGallery(store, np.arange(len(pictures)), scenes, side, anatomy.finest)
    parts = [pictures[start : start + AT_ONCE] for start in range(0, len(pictures), AT_ONCE)]
    vectors = np.concatenate([backbone.embed([each.pixels for each in part]) for part in parts])
    return ObjectMaterial(np.arange(len(pool)), np.arange(len(pool), len(pictures)), vectors, gallery, sizes, anatomy)


def _thing(place: int, box: tuple[float, float, float, float]) -> Thing:
    left, top, right, bottom = box
    return Thing(place, {"type": "box", "x": left, "y": top, "width": right - left, "height": bottom - top, "rotation": 0.0})


def main() -> None:
    """Print the curves, and how many images the default saves."""
    pool, test, _ = data = islands()
    boxes, empty = sum(len(each.boxes) for each in pool), sum(not each.boxes for each in pool)
    print(f"{len(pool)} pictures with {boxes} boxes in the pool, {empty} without any; {len(test)} held back; labeled {BUDGETS}", flush=True)
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as folder:
        means = mean_curves("box-efficiency", partial(material, data, Path(folder)), BUDGETS, compared=COMPARED, seeds=SEEDS)
    if not {DEFAULT, "random"} <= set(means):
        return  # narrowed down to others: their curves stand above
    needed = labels_to_reach(BUDGETS, means[DEFAULT], means["random"][-1])
    report(
        "box-efficiency",
        ours={"labeled": BUDGETS, **{name: values for name, values in means.items() if name != "random"}},
        peer={"random": means["random"]},
        ratio=None if needed is None else BUDGETS[-1] / needed,
        goal="on the mean of its curve the default strategy is better than random",
        holds=bool(np.mean(means[DEFAULT]) > np.mean(means["random"])),
    )


if __name__ == "__main__":
    main()
