"""Latencies in few numbers: a histogram with slots that grow by five percent, so a percentile is right to 2.5 percent. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

GROWTH: Final = 1.05
LONGEST_MS: Final = 3_600_000.0


def slot_of(latency_ms: float) -> int:
    """Return the slot of a latency: slot k holds what is above 1.05^(k-1) and at most 1.05^k milliseconds; 0 all below 1."""
    if not latency_ms > 1.0:
        return 0
    return math.ceil(math.log(min(latency_ms, LONGEST_MS), GROWTH) - 1e-9)


def counted(latencies_ms: Iterable[float]) -> Counter[int]:
    """Return how many latencies fall into each slot."""
    return Counter(map(slot_of, latencies_ms))


def quantile_ms(counts: Mapping[int, int], share: float) -> float | None:
    """Return the latency (ms) that a share of the calls stays below; None without calls."""
    total = sum(counts.values())
    if not total:
        return None
    wanted, seen = max(1, math.ceil(share * total)), 0
    for slot in sorted(counts):
        seen += counts[slot]
        if seen >= wanted:
            return 1.0 if slot == 0 else GROWTH ** (slot - 0.5)
    raise AssertionError("unreachable: the slots hold all calls")
