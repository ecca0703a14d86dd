"""Watch the memory of a run over 20,000 images: of the process that writes, of the one that asks and of those that read answers.

The stub answers at once, 20 polygons each, stored and drafted. Memory is what the processes hold together, pages that several share
counted once (PSS, as Linux sums it up), every half second. A run that keeps something of each image shows as a slope: the median of the
last fifth of the run against that of its second fifth, when all caches are filled.
"""

import json
import multiprocessing
import os
import statistics
import time
from pathlib import Path

from benchmarks import prefill
from benchmarks.report import report
from benchmarks.server import data_folder

IMAGES = int(os.environ.get("BENCH_IMAGES", "20000"))
EVERY_S = 0.5
GOAL_GROWTH_MB = 20.0
Sample = dict[str, float]


def held_mb(pid: int) -> float:
    """Return the memory of a process in MB, what it shares counted by its part; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6
    except (OSError, StopIteration):
        return 0.0


def children(pid: int) -> list[int]:
    """Return a process's children."""
    try:
        return [int(each) for path in Path(f"/proc/{pid}/task").glob("*/children") for each in path.read_text().split()]
    except OSError:
        return []


def watch(pid: int, apart: frozenset[int], log: Path) -> None:
    """Write the memory of a process, of the one that it began, and of those that one began, until ended."""
    with log.open("w") as out:
        while True:
            asking = [each for each in children(pid) if each != os.getpid() and each not in apart]
            reading = [each for parent in asking for each in children(parent)]
            sums = {name: sum(map(held_mb, pids)) for name, pids in (("writes", [pid]), ("asks", asking), ("reads", reading))}
            print(json.dumps(sums), file=out, flush=True)
            time.sleep(EVERY_S)


def middle(samples: list[Sample]) -> Sample:
    """Return the medians, also that of the sums."""
    parts = {name: statistics.median(each[name] for each in samples) for name in samples[0]}
    return {**parts, "together": statistics.median(sum(each.values()) for each in samples)}


def main() -> None:
    """Run, and compare the beginning with the end."""
    with data_folder() as folder:
        from django.conf import settings

        settings.MODEL_NETWORKS = ["127.0.0.0/8"]
        ground = prefill.fill(folder, IMAGES, linked=True)
        with prefill.endpoint(0) as url:
            apart = frozenset(children(os.getpid()))
            log = folder / "memory.jsonl"
            watcher = multiprocessing.get_context("fork").Process(target=watch, args=(os.getpid(), apart, log), daemon=True)
            watcher.start()
            images_per_s = prefill.ours(ground, url, "memory")
            watcher.kill()
            watcher.join()
        samples = [sample for sample in map(json.loads, log.read_text().splitlines()) if sample["asks"] > 0]
    fifth = len(samples) // 5
    begin, end = middle(samples[fifth : 2 * fifth]), middle(samples[-fifth:])
    for name in begin:
        print(f"{name}: {begin[name]:.1f} MB in the second fifth, {end[name]:.1f} MB in the last")
    growth_mb = end["together"] - begin["together"]
    report(
        "run-memory",
        ours={"second_fifth_mb": round(begin["together"], 1), "last_fifth_mb": round(end["together"], 1), "growth_mb": round(growth_mb, 1)},
        peer={"images": IMAGES, "images_per_s": round(images_per_s, 1), "samples": len(samples)},
        ratio=end["together"] / begin["together"],
        goal=f"grows by <= {GOAL_GROWTH_MB:.0f} MB over the last three fifths of {IMAGES} images",
        holds=growth_mb <= GOAL_GROWTH_MB,
    )


if __name__ == "__main__":
    main()
