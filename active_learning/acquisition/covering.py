"""ProbCover: Yehuda, Dekel, Hacohen and Weinshall, "Active learning through a covering lens", 2022.

Every image stands for the ball around it; the next pick is the one whose ball holds most that nobody stands for yet.
Rows are compared once, each two of them in one tile of the upper triangle, and who lies in whose ball is kept as bits: of 8192 rows
8 MiB, so that balls are counted in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from active_learning.acquisition.clustering import k_means
from active_learning.acquisition.diversity import distance, nearest_cosine
from active_learning.acquisition.values import Floats, Rows

PURITY = 0.95
CANDIDATES = 8192
TILE_ROWS = 1024  # a multiple of 8: what two tiles hold must not share a byte
COUNTED_ROWS = 512  # of 8192 bits each: so much stays in the cache
MOST_OF_A_BYTE = 255
LEAST_RADIUS = 1e-3
Bits: TypeAlias = NDArray[np.bool_]
Packed: TypeAlias = NDArray[np.uint64]
Tile: TypeAlias = tuple[slice, slice, Floats]
Tiles: TypeAlias = Callable[[], Iterable[Tile]]


@dataclass(frozen=True, eq=False)
class BallCover:
    """picks: (P,) rows in their order; gains: (P,) how many each newly stood for; radius: of a ball; uncovered: (N,) bool at the end."""

    picks: Rows
    gains: Rows
    radius: float
    uncovered: Floats


def prob_cover(points: Floats, picks: int, *, labeled: Floats | None, clusters: int, rng: np.random.Generator) -> BallCover:
    """Pick rows whose balls cover most of the pool; of balls that hold as much one is drawn.

    points: (N, D) unit rows, represented by at most 8192 of them.
    """
    most = max(CANDIDATES, 2 * picks)
    rows = np.arange(len(points)) if len(points) <= most else np.sort(rng.choice(len(points), most, replace=False))
    lot = rng.permutation(len(rows))
    together = _Together.of(points[rows], clusters, rng)
    radius = together.pure_radius(PURITY)
    least = np.float32(1 - radius**2 / 2)
    open_ = nearest_cosine(together.points, labeled) < least
    chosen, gains = _greedy(together.inside(least), open_, lot[together.place], picks)
    rows = rows[together.place[chosen]]
    nearest = np.maximum(nearest_cosine(points, points[rows]), nearest_cosine(points, labeled))
    return BallCover(rows, gains, radius, (nearest < least).astype(float))


def pure_radius(points: Floats, clusters: int, *, rng: np.random.Generator, purity: float = PURITY) -> float:
    """Return the largest radius at which so many balls hold one cluster's images alone.

    A ball is pure as long as it is smaller than the distance to the nearest image of another cluster: so it is a quantile of those.
    """
    return _Together.of(points, clusters, rng).pure_radius(purity)


@dataclass(frozen=True, eq=False)
class _Together:
    """Rows ordered by cluster, and their cosines.

    points: (M, D); place: (M,) where each row was before; ends: (M,) where its cluster ends; tiles: yields the cosines of each two rows
    once, as (rows, columns, cosines) with no row after its column but in tiles on the diagonal.
    """

    points: Floats
    place: Rows
    ends: Rows
    tiles: Tiles

    @classmethod
    def of(cls, points: Floats, clusters: int, rng: np.random.Generator) -> _Together:
        """Cluster the rows and order them."""
        found = np.zeros(len(points), dtype=np.int64)
        if len(points) > 2:
            found = k_means(points, min(max(clusters, 2), len(points)), rng=rng).assignment
        place = np.argsort(found, kind="stable")
        ordered = points[place]
        return cls(ordered, place, np.searchsorted(found[place], found[place], side="right"), _tiles(ordered))

    def pure_radius(self, purity: float) -> float:
        """Return a quantile of the distances to the nearest row of another cluster."""
        if len(self.points) < 3:
            return 1.0
        nearest = np.full(len(self.points), -1, dtype=np.float32)
        for rows, columns, cosines in self.tiles():
            for part, others in self._strangers(rows, columns):
                apart = cosines[part.start - rows.start : part.stop - rows.start, others.start - columns.start :]
                np.maximum(nearest[part], apart.max(axis=1), out=nearest[part])
                np.maximum(nearest[others], apart.max(axis=0), out=nearest[others])
        return max(float(np.quantile(distance(nearest), 1 - purity)), LEAST_RADIUS)

    def _strangers(self, rows: slice, columns: slice) -> Iterator[tuple[slice, slice]]:
        """Yield, for the rows of a tile cluster by cluster, those columns that lie behind the cluster: each two strangers meet once."""
        start = rows.start
        while start < rows.stop:
            end = int(self.ends[start])
            if end < columns.stop:
                yield slice(start, min(end, rows.stop)), slice(max(end, columns.start), columns.stop)
            start = end

    def inside(self, least: np.float32) -> Packed:
        """Return which rows each ball holds, (M, M / 64), lowest bit first: those of a cosine of at least ``least``, and its own."""
        count = len(self.points)
        held = np.zeros((count, -(-count // 64) * 8), dtype=np.uint8)
        for rows, columns, cosines in self.tiles():
            near = cosines >= least
            held[rows, _bytes(columns)] = _packed(near)
            if rows != columns:
                held[columns, _bytes(rows)] = _packed_down(near)
        own = np.arange(count)
        held[own, own // 8] |= np.left_shift(1, own % 8).astype(np.uint8)
        return held.view(np.uint64)


def _tiles(points: Floats) -> Tiles:
    """Return what yields the cosines of each two rows once.

    As many rows as represent a pool are multiplied once and their cosines kept; those of more are multiplied whenever asked for.
    """
    parts = [slice(start, min(start + TILE_ROWS, len(points))) for start in range(0, len(points), TILE_ROWS)]

    def multiplied() -> Iterator[Tile]:
        for place, rows in enumerate(parts):
            for columns in parts[place:]:
                yield rows, columns, points[rows] @ points[columns].T

    if len(points) > CANDIDATES:
        return multiplied
    kept = list(multiplied())
    return lambda: kept


def _bytes(bits: slice) -> slice:
    return slice(bits.start // 8, -(-bits.stop // 8))


def _packed(bits: Bits) -> NDArray[np.uint8]:
    return np.packbits(bits, axis=-1, bitorder="little")


def _packed_down(bits: Bits) -> NDArray[np.uint8]:
    """Return the columns of (R, C) packed, (C, R / 8): as ``_packed`` of the transpose, without going through it byte by byte."""
    packed = np.zeros((-(-len(bits) // 8), bits.shape[1]), dtype=np.uint8)
    for place in range(8):
        every_eighth = bits[place::8].view(np.uint8)
        packed[: len(every_eighth)] |= every_eighth << np.uint8(place)
    return packed.T


def _words(bits: Bits, width: int) -> Packed:
    """Return bits (M,) as so many words."""
    words = np.zeros(width * 8, dtype=np.uint8)
    words[: -(-len(bits) // 8)] = _packed(bits)
    return words.view(np.uint64)


def _unpacked(words: Packed, count: int) -> NDArray[np.uint8]:
    """Return words (…, W) as ones and zeros (…, count)."""
    return np.unpackbits(words.view(np.uint8), axis=-1, count=count, bitorder="little")


def _greedy(inside: Packed, open_: Bits, lot: Rows, picks: int) -> tuple[Rows, Rows]:
    """Take the ball that holds most that is open; once all is covered, begin anew with what was not taken.

    Of balls that hold as much, as the last ones do, that of the lowest ``lot`` is taken, or they would be asked in the order in which they
    were uploaded. inside: (M, W); open_: (M,).
    """
    left = _words(open_, inside.shape[1])
    degree, taken = _held(inside, left), np.zeros(len(inside), dtype=bool)
    chosen, gains = list[int](), list[int]()
    for _ in range(picks):
        best = _drawn_of_most(degree, taken, lot)
        gains.append(max(int(degree[best]), 0))
        if degree[best] <= 0:
            left = _words(~taken, inside.shape[1])
            degree = _held(inside, left)
            best = _drawn_of_most(degree, taken, lot)
        covered = inside[best] & left
        left &= ~covered
        degree -= _holders(inside, covered)
        taken[best] = True
        chosen.append(best)
    return np.array(chosen, dtype=np.int64), np.array(gains, dtype=np.int64)


def _drawn_of_most(degree: Rows, taken: Bits, lot: Rows) -> int:
    left = np.where(taken, -1, degree)
    most = np.flatnonzero(left == left.max())
    return int(most[np.argmin(lot[most])])


def _held(inside: Packed, wanted: Packed) -> Rows:
    """Return how many wanted rows each ball holds, (M,)."""
    counts = np.empty(len(inside), dtype=np.int64)
    for start in range(0, len(inside), COUNTED_ROWS):
        part = slice(start, start + COUNTED_ROWS)
        np.bitwise_count(inside[part] & wanted).sum(axis=1, out=counts[part])
    return counts


def _holders(inside: Packed, covered: Packed) -> Rows:
    """Return how many of some rows each ball holds: a ball holds whoever holds its middle, so that few rows are added up themselves."""
    count = len(inside)
    rows = np.flatnonzero(_unpacked(covered, count))
    if len(rows) > count // 8:
        return _held(inside, covered)
    total = np.zeros(count, dtype=np.int64)
    for start in range(0, len(rows), MOST_OF_A_BYTE):
        total += _unpacked(inside[rows[start : start + MOST_OF_A_BYTE]], count).sum(axis=0, dtype=np.uint8)
    return total
