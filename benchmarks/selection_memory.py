"""Rank a million images of 512 numbers by every strategy, each in a process of its own: the most memory and the processor's seconds.

What is measured is the whole ranking as a round asks for it, scores and reasons of all images included, and the memory of the whole
process, the million vectors among it. ``STRATEGIES`` names some to narrow a run down, ``COUNT`` asks for fewer images.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from active_learning.acquisition.strategies import CLASSIFICATION, STRATEGIES
from active_learning.acquisition.values import AcquisitionInput
from benchmarks.report import report
from benchmarks.selection import CLASSES, LABELED, MOST_GIB, PICKS, clustered

COUNT = int(os.environ.get("COUNT", "1000000"))
MEASURED = ("bald", "changed", "vote_entropy", "divergence", "difficult", "peaks", "flip", "flip_masks", "flip_points")
OF_OBJECTS = ("entropy", "margin", "least_confidence")


def known(name: str, file: Path) -> AcquisitionInput:
    """Make a pool of which everything is known, of whole images or, where the strategy is for those alone, of what is drawn on them."""
    rng, strategy = np.random.default_rng(5), STRATEGIES[name]
    points = np.load(file)
    whole, several = CLASSIFICATION in strategy.tasks, strategy.several
    answers = rng.random((len(points), CLASSES))
    names = MEASURED if whole else (*MEASURED, *OF_OBJECTS)
    return AcquisitionInput(
        count=len(points), size=PICKS, rng=rng, multi_label=several, labels=tuple(f"label {n}" for n in range(CLASSES)),
        probabilities=(answers if several else answers / answers.sum(axis=1, keepdims=True)) if whole else None,
        embeddings=points, labeled=clustered(LABELED, rng), keys=np.arange(len(points)), shares=None if whole else answers,
        uncertainty={each: rng.random(len(points)) for each in names if not whole or each in strategy.measures | {"changed"}},
    )  # fmt: skip


def rank(name: str, file: Path) -> None:
    """Rank, and print the seconds and the most memory that this process held."""
    pool = known(name, file)
    started = time.process_time()
    ranking = STRATEGIES[name](pool)
    seconds = time.process_time() - started
    assert len(ranking.order) == pool.count
    print(json.dumps({"seconds": round(seconds, 1), "gib": round(most_kib() / 2**20, 2)}))


def most_kib() -> int:
    """Return the most memory that this process held; what the kernel tells of a process and its start would count its parent's too."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0])


def main() -> None:
    """Measure one strategy after the other."""
    names = os.environ.get("STRATEGIES", ",".join(STRATEGIES)).split(",")
    ours: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as folder:
        file = Path(folder) / "points.npy"
        np.save(file, clustered(COUNT, np.random.default_rng(11)))
        for name in names:
            command = [sys.executable, "-m", "benchmarks.selection_memory", name, str(file)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{name}: {done.stderr[-2000:]}")
            ours[name] = json.loads(done.stdout.splitlines()[-1])
            print(f"{name}: {ours[name]}", flush=True)
    most = max(figures["gib"] for figures in ours.values())
    report(
        "selection-memory",
        ours={"most_gib": most, **ours},
        peer={"the_vectors_alone_gib": round(COUNT * 512 * 4 / 2**30, 2)},
        ratio=None,
        goal=f"{PICKS} of {COUNT:,} images by every strategy within {MOST_GIB:g} GiB",
        holds=most <= MOST_GIB,
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        rank(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
