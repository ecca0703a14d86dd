"""One sentence an image: why it is asked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from active_learning.acquisition.values import Floats, Rows

DRAWN = "Drawn at random."
AUDIT = "Drawn at random, to check how good the model is."
LEFT = "The model leaves this to people."
TWIN = "Nearly the same as an image that is labeled or asked sooner."
UNLIKE = "In the middle of images that are like each other, and unlike the others that are asked."
FIRST = "In the middle of all images: nothing is labeled yet."


def hesitations(probabilities: Floats, labels: tuple[str, ...], *, multi_label: bool) -> tuple[str, ...]:
    """Say between which labels the model hesitates.  probabilities: (N, K)."""
    names = labels or tuple(f"label {index + 1}" for index in range(probabilities.shape[1]))
    if not names:
        return ("The model gives none of the campaign's labels.",) * len(probabilities)
    if multi_label:
        return tuple(_least_sure(row, names) for row in probabilities)
    if len(names) == 1:
        return (f"The model knows only {names[0]}.",) * len(probabilities)
    best = np.argpartition(-probabilities, 1, axis=1)[:, :2]
    pairs = np.take_along_axis(probabilities, best, axis=1)
    swap = pairs[:, 0] < pairs[:, 1]
    best[swap], pairs[swap] = best[swap][:, ::-1], pairs[swap][:, ::-1]
    return tuple(_between(names[first], p, names[second], q) for (first, second), (p, q) in zip(best.tolist(), pairs.tolist(), strict=True))


def _between(first: str, p: float, second: str, q: float) -> str:
    """Name the two best labels."""
    if p >= 0.9:
        return f"The model is sure that it is {first} ({p:.2f})."
    if p >= 0.6:
        return f"The model leans towards {first} ({p:.2f}) over {second} ({q:.2f})."
    return f"The model hesitates between {first} ({p:.2f}) and {second} ({q:.2f})."


def _least_sure(row: Floats, names: tuple[str, ...]) -> str:
    """Name the labels that the model is least sure of, at most two."""
    doubtful = [int(index) for index in np.argsort(np.abs(row - 0.5), kind="stable")[:2] if 0.2 <= row[index] <= 0.8]
    if not doubtful:
        return "The model is sure of every label."
    return "The model is unsure of " + " and ".join(f"{names[index]} ({row[index]:.2f})" for index in doubtful) + "."


def remoteness(distances: Floats, *, any_labeled: bool) -> tuple[str, ...]:
    """Say how far each image was from all that was labeled or picked.  distances: (N,) 0…2."""
    known = "every labeled image and every image asked sooner" if any_labeled else "every image asked sooner"
    return tuple(
        f"Far from {known} (distance {value:.2f})." if value >= 0.3 else f"Close to an image that is labeled or asked sooner ({value:.2f})."
        for value in distances.tolist()
    )


def clusters(sizes: Rows, covered: Rows, picked: NDArray[np.bool_]) -> tuple[str, ...]:
    """Say which cluster each image stands for.  sizes, covered: (N,) members and labels of its cluster; picked: (N,) bool."""
    return tuple(_cluster(int(size), int(labels), bool(taken)) for size, labels, taken in zip(sizes, covered, picked, strict=True))


def _cluster(size: int, labels: int, taken: bool) -> str:
    """Name one cluster."""
    if size <= 1:
        return "Unlike any other image."
    others = "no label yet" if not labels else "1 label" if labels == 1 else f"{labels} labels"
    place = "Typical of" if taken else "One of"
    return f"{place} a cluster of {size} similar images that has {others}."


def joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    """Put two sentences together."""
    return tuple(f"{one} {other}" for one, other in zip(first, second, strict=True))


def shares_of(values: Floats, sentence: str) -> tuple[str, ...]:
    """Say a share in percent.  values: (N,) 0…1; sentence: with one place for it."""
    return tuple(sentence.format(f"{100 * value:.0f} %") for value in values.tolist())


def gradients(values: Floats) -> tuple[str, ...]:
    """Say how much a label could move the model.  values: (N,) lengths."""
    most = max(float(values.max(initial=0)), 1e-12)
    return tuple(f"Its label could move the model by {100 * value / most:.0f} % of the most." for value in values.tolist())


def balls(gains: Mapping[int, int], count: int) -> tuple[str, ...]:
    """Say for how many images each pick stands that nothing labeled or picked stood for."""
    rest = "Within the ball of an image that is labeled or asked sooner, or far from most."
    said = {row: f"Stands for {gain} images around it that no label covers." if gain else rest for row, gain in gains.items()}
    return tuple(said.get(row, rest) for row in range(count))


def with_weights(why: str, weights: Mapping[str, float]) -> str:
    """Add what made an image come sooner or later than its usefulness alone."""
    words = []
    if "cheapness" in weights and not 0.8 <= weights["cheapness"] <= 1.25:
        words.append("quick to label" if weights["cheapness"] > 1 else "slow to label")
    if "rarity" in weights and not 0.8 <= weights["rarity"] <= 1.25:
        words.append("of rare labels" if weights["rarity"] > 1 else "of common labels")
    return f"{why} {' and '.join(words).capitalize()}." if words else why
