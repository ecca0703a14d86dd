"""Choose 1,000 of 50,000 and of a million images by embeddings, beside the exact greedy, scikit-activeml, small-text, modAL and baal.

``LIBRARIES`` names a python that has the four libraries installed; without it only the exact greedy is compared. A library that
needs longer than ``LIMIT_S`` (300) is stopped and counts as that. ``MILLION=0`` leaves the million out.
"""

import json
import os
import resource
import subprocess
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
LEAST_SPEEDUP, MOST_RADIUS, MOST_GIB = 10.0, 1.01, 8.0
LIMIT_S = float(os.environ.get("LIMIT_S", "300"))
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
    """Return the best of some times, and the result."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        result = work()
        found.append(time.perf_counter() - started)
    return min(found), result


def radius(points: Matrix, picks: NDArray[np.int64], labeled: Matrix) -> float:
    """Return the distance of the row that is worst covered."""
    return float(distance(np.maximum(nearest_cosine(points, points[picks]), nearest_cosine(points, labeled))).max())


def ours(points: Matrix, labeled: Matrix, probabilities: Matrix, draws: Matrix) -> dict[str, Any]:
    """Time every selection of ours, and the radius that k-center reaches beside the exact greedy's."""
    rng = np.random.default_rng(7)
    exact_s, exact = timed(lambda: exact_greedy(points, labeled, PICKS), 1)
    block_s, block = timed(lambda: block_k_center(points, PICKS, labeled=labeled).picks)
    small, known = reduced(points, others=labeled, dimensions=COVERAGE_DIMENSIONS, rng=rng)
    doubts = margin(probabilities)
    cases: dict[str, Callable[[], Any]] = {
        "badge_s": lambda: badge(points, residuals(probabilities), PICKS, rng=np.random.default_rng(0)),
        "typiclust_s": lambda: typiclust(small, PICKS, labeled=known, rng=np.random.default_rng(0)),
        "probcover_s": lambda: prob_cover(small, PICKS, labeled=known, clusters=CLASSES, rng=np.random.default_rng(0)),
        "maxherding_s": lambda: herd(small, PICKS, labeled=known, weights=None, rng=np.random.default_rng(0)),
        "uherding_s": lambda: herd(small, PICKS, labeled=known, weights=doubts, rng=np.random.default_rng(0)),
        "entropy_s": lambda: np.argsort(-entropy(probabilities)),
        "margin_s": lambda: np.argsort(-margin(probabilities)),
        "bald_s": lambda: np.argsort(-_bald(draws)),
    }
    figures = {name: round(timed(work)[0], 4) for name, work in cases.items()}
    reached = radius(points, block, labeled)
    return {
        "kcenter_s": round(block_s, 3), "exact_greedy_s": round(exact_s, 3), "kcenter_radius": round(reached, 4),
        "radius_over_exact": round(reached / radius(points, exact, labeled), 4), **figures,
    }  # fmt: skip


def _bald(draws: Matrix) -> Matrix:
    members = Members()
    for number in range(draws.shape[2]):
        members.add(draws[:, :, number])
    return members.divergence()


def libraries(python: str, arrays: dict[str, Any]) -> dict[str, Any]:
    """Time the libraries' selections, each in a process of its own."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "arrays.npz"
        np.savez(file, **arrays)
        for case in (
            "scikit_activeml_kcenter", "scikit_activeml_typiclust", "small_text_kcenter", "modal_kcenter", "baal_entropy", "baal_margin",
            "baal_bald",
        ):  # fmt: skip
            figures[f"{case}_s"], picks = _library(python, case, file)
            if picks and case.endswith("kcenter"):
                figures[f"{case}_radius"] = round(radius(arrays["points"], np.array(picks), arrays["labeled"]), 4)
            print(f"{case}: {figures[f'{case}_s']}", flush=True)
    return figures


def _library(python: str, case: str, file: Path) -> tuple[Any, list[int]]:
    command = [python, str(HERE / "selection_libraries.py"), case, str(file)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S + 60, check=False)
    except subprocess.TimeoutExpired:
        return f"more than {LIMIT_S:g}", []
    if done.returncode:
        return f"failed: {(done.stderr.strip().splitlines() or ['killed'])[-1][:120]}", []
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


def main() -> None:
    """Measure both sizes."""
    rng = np.random.default_rng(7)
    points, labeled = clustered(COUNT, rng), clustered(LABELED, rng)
    probabilities = rng.dirichlet(np.ones(CLASSES), COUNT)
    draws = rng.dirichlet(np.ones(CLASSES), (COUNT, DRAWS)).transpose(0, 2, 1).astype(np.float32)
    draws /= draws.sum(axis=1, keepdims=True)
    figures = ours(points, labeled, probabilities, draws)
    print(f"50k: {figures}", flush=True)
    python = os.environ.get("LIBRARIES", "")
    arrays = {"points": points, "labeled": labeled, "picks": PICKS, "probabilities": probabilities, "draws": draws}
    peer = libraries(python, arrays) if python else {}
    large = million() if os.environ.get("MILLION", "1") != "0" else {}
    # A library that was stopped counts as having needed the limit: the ratio is then at least what is said.
    rivals = [
        LIMIT_S if isinstance(value, str) else value
        for name, value in peer.items()
        if name.endswith("kcenter_s") and not str(value).startswith("failed")
    ]
    ratio = min(rivals, default=figures["exact_greedy_s"]) / figures["kcenter_s"]
    report(
        "selection",
        ours={"50k_x_512": figures, "1M_x_512": large},
        peer={"exact_greedy_s": figures["exact_greedy_s"], **peer},
        ratio=ratio,
        goal=f"{PICKS} of {COUNT:,} by k-center: at least {LEAST_SPEEDUP:g} x the fastest library, "
        f"radius at most {MOST_RADIUS:g} x the exact one; of a million within {MOST_GIB:g} GiB",
        holds=ratio >= LEAST_SPEEDUP and figures["radius_over_exact"] <= MOST_RADIUS and large.get("most_memory_gib", 0) <= MOST_GIB,
    )


if __name__ == "__main__":
    main()
