"""One answer of the answers of an image's windows."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

from inference.rasters import Choice
from inference.schema import (
    MAX_ITEMS,
    MAX_PIXELS,
    Classification,
    ClassScore,
    Dropped,
    Embedding,
    Item,
    Prediction,
    PredictionRejected,
    Raster,
)
from inference.tiling.rasters import blend
from inference.tiling.things import Seen, join, seen_in
from inference.tiling.windows import WindowPx, shares_of_area
from models_registry.options import ModelOptions


def stitch(parts: Sequence[tuple[WindowPx, Prediction]], *, width: int, height: int, options: ModelOptions) -> Prediction:
    """Return the answer about an image of ``width`` x ``height`` from its windows' answers, each in pixels of its window."""
    shares = shares_of_area([window for window, _ in parts])
    things = join([seen for number, (window, answer) in enumerate(parts) for seen in _seen(number, window, answer, width, height)])
    surest = sorted(range(len(things)), key=lambda place: -(1.0 if (sure := things[place].confidence) is None else sure))
    kept = [things[place] for place in sorted(surest[:MAX_ITEMS])]
    items: list[Item] = [*_classifications(parts, shares), *_rasters(parts, width, height, options), *kept, *_embeddings(parts, shares)]
    warnings = dict.fromkeys(warning for _, answer in parts for warning in answer.warnings)
    version = next((answer.model_version for _, answer in parts if answer.model_version), "")
    dropped = Counter({("too many things", ""): len(things) - len(kept)} if len(things) > len(kept) else {})
    for _, answer in parts:
        dropped.update({(each.reason, each.name): each.count for each in answer.dropped})
    counted = tuple(Dropped(reason, name, count) for (reason, name), count in dropped.items())
    return Prediction(tuple(items), width, height, version, tuple(warnings), counted)


def _seen(number: int, window: WindowPx, answer: Prediction, width: int, height: int) -> list[Seen]:
    found = (seen_in(item, number, window, width=width, height=height) for item in answer.items)
    return [seen for seen in found if seen is not None]


def _classifications(parts: Sequence[tuple[WindowPx, Prediction]], shares: Sequence[float]) -> list[Classification]:
    """Return the mean probability of each class over the image's area; the n-th statement of a window goes with the n-th of the others."""
    said: defaultdict[int, list[tuple[float, Classification]]] = defaultdict(list)
    for (_, answer), share in zip(parts, shares, strict=True):
        for place, item in enumerate(item for item in answer.items if isinstance(item, Classification)):
            said[place].append((share, item))
    return [_mean(weighted) for weighted in said.values()]


def _mean(weighted: Sequence[tuple[float, Classification]]) -> Classification:
    total = math.fsum(share for share, _ in weighted)
    sums: defaultdict[tuple[int | None, str], list[float]] = defaultdict(list)
    for share, item in weighted:
        for score in item.scores:
            sums[score.index, score.name].append(share * score.confidence)
    scores = tuple(ClassScore(index, name, min(1.0, math.fsum(values) / total)) for (index, name), values in sums.items())
    first = weighted[0][1]
    return Classification(scores, first.mode, first.activation, complete=all(item.complete for _, item in weighted))


def _rasters(parts: Sequence[tuple[WindowPx, Prediction]], width: int, height: int, options: ModelOptions) -> list[Raster]:
    said = [(window, next((item for item in answer.items if isinstance(item, Raster)), None)) for window, answer in parts]
    known = [(window, item) for window, item in said if item is not None]
    if known and width * height > MAX_PIXELS:
        raise PredictionRejected("", f"a class raster of {width} x {height} pixels is more than the {MAX_PIXELS:,} that are kept")
    step = options.post_step("threshold")
    threshold = None if step is None else float(step["value"])
    yes_or_no = any(item.shares is not None and item.shares.yes_or_no for _, item in known)
    ramp_px = options.overlap_px
    return [blend(known, width=width, height=height, choice=Choice(threshold, yes_or_no), ramp_px=ramp_px)] if known else []


def _embeddings(parts: Sequence[tuple[WindowPx, Prediction]], shares: Sequence[float]) -> list[Embedding]:
    """Return one vector a space: the mean over the image's area."""
    sums: dict[str, list[float]] = {}
    for (_, answer), share in zip(parts, shares, strict=True):
        for item in answer.items:
            if isinstance(item, Embedding):
                before = sums.setdefault(item.space, [0.0] * len(item.vector))
                sums[item.space] = [sum_ + share * value for sum_, value in zip(before, item.vector, strict=True)]
    return [Embedding(space, tuple(vector)) for space, vector in sums.items()]
