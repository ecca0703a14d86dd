"""Which images teach and which measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Division:
    """Places of the images that teach and of those that measure. ``drawn``: the latter were drawn by chance, not marked by a person."""

    train: Indices
    validation: Indices
    drawn: bool


def divide(values: npt.NDArray[Any], splits: Sequence[str], share: float, rng: np.random.Generator, groups: Sequence[int] = ()) -> Division:
    """Divide images into training and validation.

    ``values``: (N,) class indices or (N, K) bits; ``splits``: what people marked. Marked validation images measure;
    without any, a stratified ``share`` of the images not marked train is drawn. Every class keeps an image to learn from.
    ``groups``: (N,) or nothing; images with the same number stay on one side when they are drawn.
    """
    marked = np.array([split == "validation" for split in splits], bool)
    if marked.any() and not marked.all():
        return Division(np.flatnonzero(~marked), np.flatnonzero(marked), drawn=False)
    free = np.array([split != "train" for split in splits], bool)
    bits = _bits(values)
    drawn = _draw_groups(bits, free, share, rng, np.asarray(groups)) if len(groups) else _draw(bits, free, share, rng)
    return Division(np.flatnonzero(~drawn), np.flatnonzero(drawn), drawn=True)


def _bits(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    if values.ndim == 2:
        return np.asarray(values > 0.5)
    bits: npt.NDArray[np.bool_] = values[:, None] == np.arange(int(values.max(initial=0)) + 1)
    return bits


def _draw(bits: npt.NDArray[np.bool_], free: npt.NDArray[np.bool_], share: float, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Draw ``share`` of every class, rarest class first (after Sechidis et al. 2011, iterative stratification).

    Each image is dealt with once, with its rarest class, so that common companions do not use a rare class up.
    """
    count = bits.sum(axis=0)
    drawn = np.zeros(len(bits), bool)
    open_ = np.ones(len(bits), bool)
    for group in [*np.argsort(count, kind="stable"), None]:
        members = np.flatnonzero(open_ & (bits[:, group] if group is not None else ~bits.any(axis=1)))
        open_[members] = False
        already = drawn[bits[:, group]].sum() if group is not None else 0
        total = count[group] if group is not None else len(members)
        wanted = min(_rounded(share * total, rng), total - 1) - already
        candidates = members[free[members]]
        if wanted > 0:
            drawn[rng.permutation(candidates)[:wanted]] = True
    return drawn


def _draw_groups(
    bits: npt.NDArray[np.bool_], free: npt.NDArray[np.bool_], share: float, rng: np.random.Generator, groups: npt.NDArray[Any]
) -> npt.NDArray[np.bool_]:
    """Draw whole groups, the largest first, as long as each brings the shares of the classes nearer to the wanted one.

    A group with an image that is marked to teach stays, and so does one that holds the last images of a class.
    """
    content = np.column_stack([bits, ~bits.any(axis=1)]).astype(np.int64)
    names, of = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(names), content.shape[1]), np.int64)
    np.add.at(counts, of, content)
    loose = np.bincount(of, weights=~free, minlength=len(names)) == 0
    total, taken, chosen = counts.sum(axis=0), np.zeros(content.shape[1]), np.zeros(len(names), bool)
    order = rng.permutation(len(names))
    weight, wanted = 1 / np.maximum(total, 1), share * total
    for group in order[np.argsort(-counts[order].sum(axis=1), kind="stable")]:
        then = taken + counts[group]
        nearer = np.abs(then - wanted) @ weight < np.abs(taken - wanted) @ weight
        if loose[group] and nearer and not ((then >= total) & (total > 0) & (counts[group] > 0)).any():
            taken, chosen[group] = then, True
    return np.asarray(chosen[of])


def _rounded(expected: float, rng: np.random.Generator) -> int:
    """Round up or down by chance, so that many rare classes together still give their share."""
    whole = int(expected)
    return whole + int(rng.random() < expected - whole)
