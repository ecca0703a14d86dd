"""Which vectors lie nearest, which are nearly the same, and which belong together. Exact, in blocks; no Django here.

Similarity is the cosine of the angle between two vectors: 1 for the same direction, 0 for unrelated ones. Vectors come in chunks,
so that a million of them need no room of their own.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from active_learning.acquisition.diversity import unit_rows

Matrix = npt.NDArray[np.float32]
Chunks = Callable[[int, int], Matrix]
"""Return rows ``start`` to ``end`` of the vectors, (n, D) float32."""

BLOCK = 2048


@dataclass(frozen=True, slots=True)
class Near:
    """One vector's place and its similarity, -1 to 1."""

    place: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Two vectors' places, the smaller first, and their similarity."""

    one: int
    other: int
    similarity: float


def blocks(count: int, size: int = BLOCK) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of blocks that cover ``count`` rows."""
    for start in range(0, count, size):
        yield start, min(count, start + size)


def nearest(query: npt.NDArray[np.floating], chunks: Chunks, count: int, *, limit: int, threshold: float = -1.0) -> list[Near]:
    """Return the ``limit`` rows of ``count`` that are most similar to ``query`` (D,), the most similar first; ties by place."""
    wanted = unit_rows(np.asarray(query, np.float32)[None])[0]
    best: list[tuple[float, int]] = []
    for start, end in blocks(count):
        rows = chunks(start, end)
        lengths = np.sqrt(np.einsum("nd,nd->n", rows, rows))
        found = (rows @ wanted) / np.where(lengths > 0, lengths, 1)
        some = np.argpartition(-found, min(limit, len(found) - 1))[:limit] if len(found) > limit else np.arange(len(found))
        # A partition may choose any of equals; the first of them are wanted.
        edge = found[some].min()
        places = np.flatnonzero(found >= max(edge, threshold))
        best = heapq.nsmallest(limit, [*best, *((-float(found[at]), start + int(at)) for at in places)])
    return [Near(place, -score) for score, place in best if -score >= threshold]


def similar_pairs(chunks: Chunks, count: int, *, threshold: float, limit: int) -> list[Pair]:
    """Return the ``limit`` most similar pairs at or above ``threshold``, the most similar first; ties by place."""
    best: list[tuple[float, int, int]] = []
    floor = threshold
    for start, end in blocks(count):
        rows = unit_rows(chunks(start, end))
        for other_start, other_end in blocks(end):
            others = rows if other_start == start else unit_rows(chunks(other_start, other_end))
            found = rows @ others.T
            if other_start == start:
                found[np.triu_indices(len(rows))] = -np.inf
            at = np.argwhere(found >= floor)
            best += ((-float(found[i, j]), other_start + int(j), start + int(i)) for i, j in at)
            if len(best) > 4 * limit:
                best = heapq.nsmallest(limit, best)
                floor = max(floor, -best[-1][0])
    return [Pair(one, other, -score) for score, one, other in heapq.nsmallest(limit, best)]


def clusters(pairs: list[Pair]) -> list[list[int]]:
    """Return what hangs together by pairs, the largest first: lists of places in order."""
    leader: dict[int, int] = {}

    def find(place: int) -> int:
        while leader.setdefault(place, place) != place:
            leader[place] = leader[leader[place]]
            place = leader[place]
        return place

    for pair in pairs:
        one, other = find(pair.one), find(pair.other)
        leader[max(one, other)] = min(one, other)
    members: dict[int, list[int]] = {}
    for place in sorted(leader):
        members.setdefault(find(place), []).append(place)
    return sorted(members.values(), key=lambda places: (-len(places), places[0]))
