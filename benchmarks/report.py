"""How a benchmark ends: one line of JSON, the last that it prints."""

import json
from collections.abc import Sequence
from typing import Any


def report(name: str, *, ours: dict[str, Any], peer: dict[str, Any], ratio: float | None, goal: str, holds: bool) -> None:
    """Print the result; units stand in the keys, for example ``saves_per_s``."""
    rounded = None if ratio is None else round(ratio, 3)
    print(json.dumps({"name": name, "ours": ours, "peer": peer, "ratio": rounded, "goal": goal, "holds": holds}))


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value below which ``part`` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """Return p50 and p95 of some durations, in milliseconds."""
    return {"p50_ms": round(percentile(seconds, 0.5) * 1000, 2), "p95_ms": round(percentile(seconds, 0.95) * 1000, 2)}
