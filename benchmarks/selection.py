"""Choose 1,000 of 50,000 and of a million images by embeddings, beside the exact greedy, scikit-activeml, small-text, modAL and baal.

Seconds are those of the processor in one thread, ours and theirs, so that other work on the machine counts for neither. ``LIBRARIES``
names a python that has the four libraries installed; without it only the exact greedy is compared. A library that needs longer than
``LIMIT_S`` (120) is stopped and counts as that, and so is one that wants more than 10 GiB. Those that compare all rows with all others
are also asked for 100 of 10,000. ``MILLION=0`` leaves the million out.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from active_learning.acquisition.badge import badge, residuals
from active_learning.acquisition.covering import prob_cover
from active_learning.acquisition.disagreement import Members
from active_learning.acquisition.diversity import block_k_center, distance, nearest_cosine, reduced, unit_rows
from active_learning.acquisition.herding import herd
from active_learning.acquisition.pool import COVERAGE_DIMENSIONS
from active_learning.acquisition.scores import entropy, margin
from active_learning.acquisition.typicality import typiclust
from benchmarks.report import report

DIMENSIONS, PICKS, LABELED, CLASSES, DRAWS = 512, 1000, 100, 10, 20
COUNT, MILLION = 50_000, 1_000_000
FEW, FEW_PICKS = 10_000, 100
LEAST_SPEEDUP, LEAST_OTHERS, MOST_RADIUS, LEAST_OBJECTIVE, MOST_GIB = 10.0, 10.0, 1.01, 0.99, 8.0
LIMIT_S = float(os.environ.get("LIMIT_S", "120"))
LIBRARY_GIB = 10
OF_FEW = ("scikit_activeml_badge", "scikit_activeml_probcover", "scikit_activeml_maxherding")
OF_MANY = (
    "baal_entropy", "baal_margin", "baal_bald", "scikit_activeml_typiclust", "scikit_activeml_probcover", "scikit_activeml_maxherding",
    "scikit_activeml_kcenter", "small_text_kcenter", "modal_kcenter",
)  # fmt: skip
HERE = Path(__file__).resolve().parent
Matrix = NDArray[np.floating[Any]]


def clustered(count: int, rng: np.random.Generator) -> Matrix:
    """Make unit vectors in 50 clusters, as embeddings of real images are; in parts, so that a million fits."""
    centers = rng.standard_normal((50, DIMENSIONS), dtype=np.float32)
    points = np.empty((count, DIMENSIONS), dtype=np.float32)
    for start in range(0, count, COUNT):
        here = points[start : start + COUNT]
        rng.standard_normal(out=here, dtype=np.float32)
        here *= 0.6
        here += centers[rng.integers(0, 50, len(here))]
        here[:] = unit_rows(here)
    return points


def exact_greedy(points: Matrix, labeled: Matrix, picks: int) -> NDArray[np.int64]:
    """Pick the farthest row, read the whole matrix, again: the definition, bound by the memory's speed."""
    nearest, chosen = nearest_cosine(points, labeled), []
    for _ in range(picks):
        chosen.append(int(np.argmin(nearest)))
        np.maximum(nearest, points @ points[chosen[-1]], out=nearest)
    return np.array(chosen)


def timed(work: Callable[[], Any], times: int = 2) -> tuple[float, Any]:
    """Return the processor's seconds, the best of some times, and the result."""
    found = []
    for _ in range(times):
        started = time.process_time()
        result = work()
        found.append(time.process_time() - started)
    return min(found), result


def radius(points: Matrix, picks: NDArray[np.int64], labeled: Matrix) -> float:
    """Return the distance of the row that is worst covered."""
    return float(distance(np.maximum(nearest_cosine(points, points[picks]), nearest_cosine(points, labeled))).max())


def coverage(points: Matrix, picks: NDArray[np.int64], labeled: Matrix) -> float:
    """Return what MaxHerding maximises: the mean kernel exp(-d²) of a row with the nearest that is picked or labeled."""
    nearest = np.maximum(nearest_cosine(points, points[picks]), nearest_cosine(points, labeled))
    return float(np.exp(2 * np.minimum(nearest, 1) - 2).mean())


def ours(points: Matrix, labeled: Matrix, probabilities: Matrix, draws: Matrix) -> dict[str, Any]:
    """Time every selection of ours, and the radius that k-center reaches beside the exact greedy's."""
    rng = np.random.default_rng(7)
    exact_s, exact = timed(lambda: exact_greedy(points, labeled, PICKS), 1)
    block_s, block = timed(lambda: block_k_center(points, PICKS, labeled=labeled).picks)
    small, known = reduced(points, others=labeled, dimensions=COVERAGE_DIMENSIONS, rng=rng)
    doubts = margin(probabilities)
    members = [np.ascontiguousarray(draws[:, :, number]) for number in range(draws.shape[2])]
    cases: dict[str, Callable[[], Any]] = {
        "badge_s": lambda: badge(points, residuals(probabilities), PICKS, rng=np.random.default_rng(0)),
        "typiclust_s": lambda: typiclust(small, PICKS, labeled=known, rng=np.random.default_rng(0)),
        "probcover_s": lambda: prob_cover(small, PICKS, labeled=known, clusters=CLASSES, rng=np.random.default_rng(0)),
        "maxherding_s": lambda: herd(small, PICKS, labeled=known, weights=None, rng=np.random.default_rng(0)),
        "uherding_s": lambda: herd(small, PICKS, labeled=known, weights=doubts, rng=np.random.default_rng(0)),
        "entropy_s": lambda: np.argsort(-entropy(probabilities)),
        "margin_s": lambda: np.argsort(-margin(probabilities)),
        "bald_s": lambda: np.argsort(-_bald(members)),
        "bare_sort_s": lambda: np.argsort(-doubts),
    }
    figures = {name: round(timed(work, 3)[0], 4) for name, work in cases.items()}
    reached = radius(points, block, labeled)
    return {
        "kcenter_s": round(block_s, 3), "exact_greedy_s": round(exact_s, 3), "kcenter_radius": round(reached, 4),
        "radius_over_exact": round(reached / radius(points, exact, labeled), 4), **figures,
    }  # fmt: skip


def ours_of_few(points: Matrix, labeled: Matrix, probabilities: Matrix) -> dict[str, Any]:
    """Time what libraries do by comparing all rows with all others, at a size at which they can, in all dimensions as they do."""
    herding_s, herded = timed(lambda: herd(points, FEW_PICKS, labeled=labeled, weights=None, rng=np.random.default_rng(0)).picks)
    cover_s, cover = timed(lambda: prob_cover(points, FEW_PICKS, labeled=labeled, clusters=CLASSES, rng=np.random.default_rng(0)))
    badge_s, _ = timed(lambda: badge(points, residuals(probabilities), FEW_PICKS, rng=np.random.default_rng(0)))
    return {
        "maxherding_s": round(herding_s, 3), "maxherding_coverage": round(coverage(points, herded, labeled), 4),
        "probcover_s": round(cover_s, 3), "probcover_radius": cover.radius,
        "probcover_covered": _inside(points, cover.picks, labeled, cover.radius),
        "badge_s": round(badge_s, 3),
    }  # fmt: skip


def _inside(points: Matrix, picks: NDArray[np.int64], labeled: Matrix, reach: float) -> float:
    """Return the share of rows that lie within reach of something picked or labeled."""
    nearest = np.maximum(nearest_cosine(points, points[picks]), nearest_cosine(points, labeled))
    return round(float((distance(nearest) <= reach).mean()), 4)


def _bald(members: list[Matrix]) -> Matrix:
    together = Members()
    for one in members:
        together.add(one)
    return together.divergence()


def libraries(python: str, arrays: dict[str, Any], cases: tuple[str, ...]) -> dict[str, Any]:
    """Time the libraries' selections, each in a process of its own, and measure what they chose."""
    figures: dict[str, Any] = {}
    points, labeled = arrays["points"], arrays["labeled"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "arrays.npz"
        np.savez(file, **arrays)
        for case in cases:
            figures[f"{case}_s"], chosen = _library(python, case, file)
            picks = np.array(chosen, dtype=np.int64)
            if chosen and case.endswith("kcenter"):
                figures[f"{case}_radius"] = round(radius(points, picks, labeled), 4)
            if chosen and case.endswith("maxherding"):
                figures[f"{case}_coverage"] = round(coverage(points, picks, labeled), 4)
            if chosen and case.endswith("probcover"):
                figures[f"{case}_covered"] = _inside(points, picks, labeled, float(arrays["reach"]))
            print(f"{case}: {figures[f'{case}_s']}", flush=True)
    return figures


def _bounded() -> None:
    """Keep a library from taking the machine down with it."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(LIMIT_S) + 30, int(LIMIT_S) + 30))
    resource.setrlimit(resource.RLIMIT_AS, (LIBRARY_GIB << 30, LIBRARY_GIB << 30))


def _library(python: str, case: str, file: Path) -> tuple[Any, list[int]]:
    command = [python, str(HERE / "selection_libraries.py"), case, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=_bounded)
    if done.returncode < 0:
        return f"more than {LIMIT_S:g}", []
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["killed"])[-1][:120]
        return "out of memory" if "MemoryError" in last else f"failed: {last}", []
    answer = json.loads(done.stdout.splitlines()[-1])
    return round(answer["seconds"], 3), answer["picks"]


def million() -> dict[str, Any]:
    """Choose 1,000 of a million; the memory is the most that this process ever held."""
    rng = np.random.default_rng(11)
    points, labeled = clustered(MILLION, rng), clustered(LABELED, rng)
    block_s, _ = timed(lambda: block_k_center(points, PICKS, labeled=labeled), 1)
    small, known = reduced(points, others=labeled, dimensions=COVERAGE_DIMENSIONS, rng=rng)
    herding_s, _ = timed(lambda: herd(small, PICKS, labeled=known, weights=np.ones(MILLION), rng=np.random.default_rng(0)), 1)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"kcenter_s": round(block_s, 1), "uherding_s": round(herding_s, 1), "most_memory_gib": round(held, 2)}


def speedup(own: float, rivals: dict[str, Any], ending: str) -> float | None:
    """Return by how much ours is faster than the fastest library; one that was stopped counts as having needed the limit."""
    found = [
        LIMIT_S if isinstance(value, str) else value
        for name, value in rivals.items()
        if name.endswith(ending) and not str(value).startswith("failed") and value != "out of memory"
    ]
    return round(min(found) / own, 2) if found else None


def main() -> None:
    """Measure all sizes."""
    rng = np.random.default_rng(7)
    points, labeled = clustered(COUNT, rng), clustered(LABELED, rng)
    probabilities = rng.dirichlet(np.ones(CLASSES), COUNT)
    draws = rng.dirichlet(np.ones(CLASSES), (COUNT, DRAWS)).transpose(0, 2, 1).astype(np.float32)
    draws /= draws.sum(axis=1, keepdims=True)
    figures = ours(points, labeled, probabilities, draws)
    print(f"50k: {figures}", flush=True)
    few = ours_of_few(points[:FEW], labeled, probabilities[:FEW])
    print(f"10k: {few}", flush=True)
    python, peer, peer_few = os.environ.get("LIBRARIES", ""), dict[str, Any](), dict[str, Any]()
    if python:
        known = {"labeled": labeled, "draws": draws, "reach": few["probcover_radius"]}
        peer_few = libraries(python, {**known, "points": points[:FEW], "probabilities": probabilities[:FEW], "picks": FEW_PICKS}, OF_FEW)
        peer = libraries(python, {**known, "points": points, "probabilities": probabilities, "picks": PICKS}, OF_MANY)
    large = million() if os.environ.get("MILLION", "1") != "0" else {}
    ratio = speedup(figures["kcenter_s"], peer, "kcenter_s") or figures["exact_greedy_s"] / figures["kcenter_s"]
    others = {"typiclust": speedup(figures["typiclust_s"], peer, "typiclust_s")}
    others |= {case: speedup(few[f"{case}_s"], peer_few, f"{case}_s") for case in ("badge", "probcover", "maxherding")}
    herded = few["maxherding_coverage"] / peer_few.get("scikit_activeml_maxherding_coverage", few["maxherding_coverage"])
    report(
        "selection",
        ours={
            "50k_x_512": figures,
            "10k_x_512_100_picks": few,
            "1M_x_512": large,
            "times_faster": others,
            "herding_objective": round(herded, 4),
        },
        peer={"exact_greedy_s": figures["exact_greedy_s"], **peer, "10k_x_512_100_picks": peer_few},
        ratio=ratio,
        goal=f"{PICKS} of {COUNT:,} by k-center: at least {LEAST_SPEEDUP:g} x the fastest library, radius at most {MOST_RADIUS:g} x the "
        f"exact one; the other ways to cover at least {LEAST_OTHERS:g} x at an objective of at least {LEAST_OBJECTIVE:g} x theirs; of a "
        f"million within {MOST_GIB:g} GiB. Scores are bound by a sort, as baal's are, and have no goal",
        holds=(ratio >= LEAST_SPEEDUP and figures["radius_over_exact"] <= MOST_RADIUS and large.get("most_memory_gib", 0) <= MOST_GIB)
        and all(value is None or value >= LEAST_OTHERS for value in others.values())
        and herded >= LEAST_OBJECTIVE,
    )


def one_thread() -> None:
    """Begin anew in an interpreter whose matrix products use one thread, unless this one is such."""
    if os.environ.get("OMP_NUM_THREADS") != "1" or os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks.selection"])


if __name__ == "__main__":
    one_thread()
    main()
