"""TypiClust: Hacohen, Dekel and Weinshall, "Active learning on a budget: opposite strategies suit high and low budgets", 2022.

As many clusters as there will be labels (at most 500); from the largest cluster that holds no label, the image that is
most typical of it: the one with the smallest mean distance to its 20 nearest neighbours.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from active_learning.acquisition.clustering import assign, k_means
from active_learning.acquisition.diversity import distance
from active_learning.acquisition.values import Floats, Rows

MOST_CLUSTERS = 500
LEAST_MEMBERS = 5
NEIGHBOURS = 20
ROWS_PER_CLUSTER = 4096


@dataclass(frozen=True, eq=False)
class TypicalPicks:
    """picks: (P,) rows in their order; typicality and cluster_size: (N,) by row; covered: (N,) labels in the row's cluster."""

    picks: Rows
    typicality: Floats
    cluster_size: Rows
    covered: Rows


def typiclust(points: Floats, picks: int, *, labeled: Floats | None, rng: np.random.Generator) -> TypicalPicks:
    """Pick the typical images of the clusters that have the fewest labels.  points: (N, D) unit rows."""
    count, known = len(points), 0 if labeled is None else len(labeled)
    clusters = k_means(points, min(max(known + picks, 1), MOST_CLUSTERS, count), rng=rng)
    sizes = np.bincount(clusters.assignment, minlength=len(clusters.centers))
    labels = np.zeros(len(sizes), dtype=np.int64)
    if labeled is not None and known:
        labels = np.bincount(assign(labeled, clusters.centers)[0], minlength=len(sizes))
    members = np.split(np.argsort(clusters.assignment, kind="stable"), np.cumsum(sizes)[:-1])
    typical = np.empty(count)
    for rows in members:
        typical[rows] = typicality(points, rows, rng)
    queues = [rows[np.argsort(-typical[rows], kind="stable")].tolist()[::-1] for rows in members]
    chosen = _round_robin(queues, sizes, labels, picks)
    return TypicalPicks(chosen, typical, sizes[clusters.assignment], labels[clusters.assignment])


def typicality(points: Floats, rows: Rows, rng: np.random.Generator) -> Floats:
    """Return the inverse mean distance of each row to its nearest neighbours among ``rows``, of which at most 4096 are compared."""
    if len(rows) < 2:
        return np.zeros(len(rows))
    among = np.sort(rng.choice(rows, ROWS_PER_CLUSTER, replace=False)) if len(rows) > ROWS_PER_CLUSTER else rows
    result = np.empty(len(rows))
    for start in range(0, len(rows), ROWS_PER_CLUSTER):
        here = rows[start : start + ROWS_PER_CLUSTER]
        cosines = points[here] @ points[among].T
        cosines[here[:, None] == among[None, :]] = -2
        neighbours = min(NEIGHBOURS, len(among) - 1)
        nearest = np.partition(cosines, len(among) - neighbours, axis=1)[:, len(among) - neighbours :]
        result[start : start + len(here)] = 1 / (distance(nearest).mean(axis=1) + 1e-3)
    return result


def _round_robin(queues: list[list[int]], sizes: Rows, labels: Rows, picks: int) -> Rows:
    """Take from the cluster with the fewest labels, the largest first; tiny clusters come after all others."""
    heap = [
        (members < LEAST_MEMBERS, known, -members, index)
        for index, (members, known) in enumerate(zip(sizes.tolist(), labels.tolist(), strict=True))
        if members
    ]
    heapq.heapify(heap)
    chosen: list[int] = []
    while len(chosen) < picks:
        tiny, label, size, index = heapq.heappop(heap)
        chosen.append(queues[index].pop())
        if queues[index]:
            heapq.heappush(heap, (tiny, label + 1, size, index))
    return np.array(chosen, dtype=np.int64)
