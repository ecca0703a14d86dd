"""How long the answers of a run took."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from campaigns.models import Run, RunItem

STEP = 10 ** (1 / 8)
"""Each bin of a histogram is a third wider than the one before: milliseconds and minutes fit one picture."""


@dataclass(frozen=True)
class LatencyBin:
    """Answers that took from ``from_ms`` to less than ``to_ms``."""

    from_ms: float
    to_ms: float
    count: int


@dataclass(frozen=True)
class Latencies:
    """Quantiles and a histogram; None where nothing was measured."""

    count: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    slowest_ms: float | None = None
    bins: tuple[LatencyBin, ...] = ()


def latencies_of(run: Run) -> Latencies:
    """Return how long the answers of a run took so far (ms)."""
    measured = RunItem.objects.filter(run=run, latency_ms__gt=0).order_by().values_list("latency_ms", flat=True)
    return summarised(np.fromiter(measured.iterator(chunk_size=10_000), dtype=np.float64))


def summarised(latencies_ms: np.ndarray) -> Latencies:
    """Return quantiles and a histogram of (N,) latencies, all above 0."""
    if not len(latencies_ms):
        return Latencies()
    places = np.floor(np.log(latencies_ms) / np.log(STEP)).astype(int)
    first = int(places.min())
    counts = np.bincount(places - first)
    bins = tuple(LatencyBin(round(STEP ** (first + n), 3), round(STEP ** (first + n + 1), 3), int(count)) for n, count in enumerate(counts))
    p50, p95 = np.quantile(latencies_ms, (0.5, 0.95))
    return Latencies(len(latencies_ms), round(float(p50), 2), round(float(p95), 2), round(float(latencies_ms.max()), 2), bins)
