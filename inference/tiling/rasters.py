"""Class rasters and probabilities of overlapping windows as one raster, block by block: little more is held than the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inference.rasters import NO_CLASS, Choice, doubt_of, level_map, read_map, read_shares, write_map
from inference.schema import Raster
from inference.tiling.windows import Floats, WindowPx, weights_of

Levels = NDArray[np.uint8]  # 255 for 1


@dataclass(frozen=True, slots=True)
class _Opened:
    """A window's raster, unpacked while blocks of it are filled."""

    window: WindowPx
    classes: NDArray[np.uint16]
    sure: Levels | None
    unsure: Levels | None
    shares: Levels | None
    weights: tuple[Floats, Floats]

    def at(self, left: int, top: int, right: int, bottom: int) -> tuple[slice, slice]:
        """Return where a block of the image lies in the window."""
        column, row = self.window[:2]
        return slice(top - row, bottom - row), slice(left - column, right - column)


def blend(parts: Sequence[tuple[WindowPx, Raster]], *, width: int, height: int, choice: Choice, ramp_px: int) -> Raster:
    """Return the raster of an image of ``width`` x ``height``.

    Where several windows see a pixel, their probabilities are averaged by weights that fall to the borders, or, where a
    model gives classes alone, their classes are put to the vote; where all say the same class, that one stands.
    """
    filling = _Filling(parts, width=width, height=height, choice=choice, ramp_px=ramp_px)
    rows = sorted({edge for (_, row, _, down), _ in parts for edge in (row, row + down)})
    columns = sorted({edge for (column, _, across, _), _ in parts for edge in (column, column + across)})
    for top, bottom in pairwise(rows):
        filling.open_only([number for number, ((_, row, _, down), _) in enumerate(parts) if row <= top and row + down >= bottom])
        for left, right in pairwise(columns):
            filling.fill(left, top, right, bottom)
    return filling.raster()


class _Filling:
    """The raster that is being made."""

    def __init__(self, parts: Sequence[tuple[WindowPx, Raster]], *, width: int, height: int, choice: Choice, ramp_px: int) -> None:
        self._parts = parts
        self._size = (height, width)
        self._choice = choice
        self._ramp_px = ramp_px
        self._named = tuple(dict.fromkeys(each for _, raster in parts for each in raster.classes))
        alike = all(raster.classes == parts[0][1].classes for _, raster in parts)
        self._averages = alike and all(raster.shares is not None for _, raster in parts)
        self._numbers = np.array([index for index, _ in self._named], np.uint16)
        self._classes = np.full(self._size, NO_CLASS, np.uint16)
        self._sure = np.zeros(self._size, np.uint8) if all(raster.confidence_map is not None for _, raster in parts) else None
        self._unsure = np.zeros(self._size, np.uint8) if all(raster.entropy_map is not None for _, raster in parts) else None
        self._opened: dict[int, _Opened] = {}

    def open_only(self, numbers: Sequence[int]) -> None:
        """Unpack these windows and forget the others."""
        self._opened = {number: self._opened.get(number) or self._open(number) for number in numbers}

    def fill(self, left: int, top: int, right: int, bottom: int) -> None:
        """Fill a block that each open window sees as a whole or not at all."""
        there = [each for each in self._opened.values() if each.window[0] <= left and each.window[0] + each.window[2] >= right]
        block = (slice(top, bottom), slice(left, right))
        if not there:
            return
        cuts = [each.at(left, top, right, bottom) for each in there]
        if len(there) == 1:
            self._put(
                block, there[0].classes[cuts[0]], *(None if part is None else part[cuts[0]] for part in (there[0].sure, there[0].unsure))
            )
        elif self._averages:
            self._average(block, there, cuts)
        else:
            self._vote(block, there, cuts)

    def raster(self) -> Raster:
        """Return what was filled."""
        said = self._classes != NO_CLASS
        confidence = float(self._sure[said].mean(dtype=np.float64)) / 255.0 if self._sure is not None and said.any() else None
        sure, unsure = (None if levels is None else level_map(levels) for levels in (self._sure, self._unsure))
        return Raster(self._size, self._named, write_map(self._classes), confidence, sure, unsure)

    def _open(self, number: int) -> _Opened:
        window, raster = self._parts[number]
        size = raster.size
        sure, unsure = (None if png is None else _spread(read_map(png), size) for png in (raster.confidence_map, raster.entropy_map))
        shares = read_shares(raster.shares, size) if self._averages and raster.shares is not None else None
        weights = weights_of(window, width=self._size[1], height=self._size[0], ramp_px=self._ramp_px)
        return _Opened(window, read_map(raster.class_map).astype(np.uint16), sure, unsure, shares, weights)

    def _put(self, block: tuple[slice, slice], classes: NDArray[np.uint16], sure: Levels | None, unsure: Levels | None) -> None:
        self._classes[block] = classes
        if self._sure is not None and sure is not None:
            self._sure[block] = sure
        if self._unsure is not None and unsure is not None:
            self._unsure[block] = unsure

    def _average(self, block: tuple[slice, slice], there: Sequence[_Opened], cuts: Sequence[tuple[slice, slice]]) -> None:
        total: NDArray[np.float32] | None = None
        weight = np.zeros((block[0].stop - block[0].start, block[1].stop - block[1].start), np.float32)
        for each, (rows, columns) in zip(there, cuts, strict=True):
            assert each.shares is not None
            shares = each.shares[:, rows, columns]
            share = _weight(each, rows, columns) * shares.any(axis=0)  # where a window says nothing, the others speak alone
            part = shares * (share / np.float32(255))
            total = part if total is None else total + part
            weight += share
        assert total is not None
        blended: NDArray[np.float32] = (total / np.where(weight > 0, weight, 1)).astype(np.float32, copy=False)
        classes, best = self._choice.choose(blended, self._numbers)
        classes = np.where(weight > 0, classes, np.uint16(NO_CLASS))
        classes = np.where(_agreed(there, cuts), there[0].classes[cuts[0]], classes)
        self._put(block, classes, _levels(best * (weight > 0)), _levels(doubt_of(blended)))

    def _vote(self, block: tuple[slice, slice], there: Sequence[_Opened], cuts: Sequence[tuple[slice, slice]]) -> None:
        classes = np.stack([each.classes[cut] for each, cut in zip(there, cuts, strict=True)])
        weights = np.stack([_weight(each, *cut) for each, cut in zip(there, cuts, strict=True)])
        votes = np.stack([(weights * (classes == one)).sum(axis=0) for one in classes])
        votes = np.where(classes == NO_CLASS, votes * np.float32(1e-6), votes)  # a class wins over saying nothing
        chosen = np.take_along_axis(classes, votes.argmax(axis=0)[None], axis=0)[0]
        sure, unsure = (_mean([getattr(each, name) for each in there], cuts, weights) for name in ("sure", "unsure"))
        self._put(block, chosen, sure, unsure)


def _weight(each: _Opened, rows: slice, columns: slice) -> NDArray[np.float32]:
    across, down = each.weights
    return np.outer(down[rows], across[columns]).astype(np.float32)


def _agreed(there: Sequence[_Opened], cuts: Sequence[tuple[slice, slice]]) -> NDArray[np.bool_]:
    first = there[0].classes[cuts[0]]
    agreed: NDArray[np.bool_] = np.logical_and.reduce([each.classes[cut] == first for each, cut in zip(there[1:], cuts[1:], strict=True)])
    return agreed


def _mean(levels: Sequence[Levels | None], cuts: Sequence[tuple[slice, slice]], weights: NDArray[np.float32]) -> Levels | None:
    known = [part[cut].astype(np.float32) for part, cut in zip(levels, cuts, strict=True) if part is not None]
    if len(known) < len(levels):
        return None
    return _levels((np.stack(known) * weights).sum(axis=0) / weights.sum(axis=0) / np.float32(255))


def _levels(shares: NDArray[np.floating]) -> Levels:
    levels: Levels = np.clip(np.rint(shares * np.float32(255)), 0, 255).astype(np.uint8)
    return levels


def _spread(levels: NDArray[np.integer], size: tuple[int, int]) -> Levels:
    """Return a map on the window's grid; that of a large window is coarser."""
    if levels.shape == size:
        return levels.astype(np.uint8)
    rows, columns = ((np.arange(side) * held // side) for side, held in zip(size, levels.shape, strict=True))
    spread: Levels = levels[rows[:, None], columns[None, :]].astype(np.uint8)
    return spread
