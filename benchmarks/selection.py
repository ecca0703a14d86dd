"""Choose 1,000 of 10,000 and of 100,000 images by their embeddings: block k-center against the exact greedy; TypiClust, MaxHerding."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from active_learning.acquisition.diversity import BLOCK, block_k_center, distance, nearest_cosine, reduced, unit_rows
from active_learning.acquisition.herding import herd
from active_learning.acquisition.pool import COVERAGE_DIMENSIONS
from active_learning.acquisition.typicality import typiclust
from benchmarks.report import report

DIMENSIONS, PICKS, LABELED = 512, 1000, 100
SIZES = (10_000, 100_000)
LEAST_SPEEDUP, MOST_RADIUS, MOST_LIMITS = 5.0, 1.01, 2.0
# Seconds for 1,000 picks on the same two-core machine (docs/reference/benchmarks.md): scikit-activeml, small-text, modAL.
LIBRARIES_S = {"10k": {"scikit_activeml": 4.7, "small_text": 98.0, "modal": 72.0}, "50k": {"scikit_activeml": 30.6}}
Matrix = NDArray[np.floating[Any]]


def clustered(count: int, rng: np.random.Generator) -> Matrix:
    """Make unit vectors in 50 clusters, as embeddings of real images are."""
    centers = rng.standard_normal((50, DIMENSIONS), dtype=np.float32)
    return unit_rows(0.6 * rng.standard_normal((count, DIMENSIONS), dtype=np.float32) + centers[rng.integers(0, 50, count)])


def exact_greedy(points: Matrix, labeled: Matrix, picks: int) -> NDArray[np.int64]:
    """Pick the farthest row, read the whole matrix, again: the definition, bound by the memory's speed."""
    nearest, chosen = nearest_cosine(points, labeled), []
    for _ in range(picks):
        chosen.append(int(np.argmin(nearest)))
        np.maximum(nearest, points @ points[chosen[-1]], out=nearest)
    return np.array(chosen)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the better of two times, and the result."""
    times = []
    for _ in range(2):
        started = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - started)
    return min(times), result


def radius(points: Matrix, picks: NDArray[np.int64], labeled: Matrix) -> float:
    """Return the distance of the row that is worst covered."""
    return float(distance(np.maximum(nearest_cosine(points, points[picks]), nearest_cosine(points, labeled))).max())


def measure(count: int) -> dict[str, Any]:
    """Time every selection on so many images, the exact greedy and the matrix products that block k-center is made of beside it."""
    rng = np.random.default_rng(7)
    points, labeled = clustered(count, rng), clustered(LABELED, rng)
    exact_s, exact = timed(lambda: exact_greedy(points, labeled, PICKS))
    block_s, block = timed(lambda: block_k_center(points, PICKS, labeled=labeled).picks)
    passes = -(-PICKS // BLOCK) + 2  # one for the labeled, and one for the block that is cut short
    limit_s, _ = timed(lambda: [points @ points[:BLOCK].T for _ in range(passes)])
    small, known = reduced(points, others=labeled, dimensions=COVERAGE_DIMENSIONS, rng=rng)
    typiclust_s, _ = timed(lambda: typiclust(small, PICKS, labeled=known, rng=np.random.default_rng(0)))
    herding_s, _ = timed(lambda: herd(small, PICKS, labeled=known, weights=None, rng=np.random.default_rng(0)))
    return {
        "exact_greedy_s": round(exact_s, 3), "block_k_center_s": round(block_s, 3), "matrix_products_alone_s": round(limit_s, 3),
        "radius_over_exact": round(radius(points, block, labeled) / radius(points, exact, labeled), 4),
        "typiclust_s": round(typiclust_s, 3), "maxherding_s": round(herding_s, 3),
    }  # fmt: skip


def main() -> None:
    """Measure both sizes."""
    ours = {f"{count // 1000}k_x_{DIMENSIONS}": measure(count) for count in SIZES}
    for name, figures in ours.items():
        print(f"{name}: {figures}")
    large = ours[f"{SIZES[-1] // 1000}k_x_{DIMENSIONS}"]
    speedup = large["exact_greedy_s"] / large["block_k_center_s"]
    near_limit = large["block_k_center_s"] / large["matrix_products_alone_s"]
    covers = all(figures["radius_over_exact"] <= MOST_RADIUS for figures in ours.values())
    report(
        "selection",
        ours=ours,
        peer={"exact_greedy_s": large["exact_greedy_s"], "published_s": LIBRARIES_S},
        ratio=speedup,
        goal=f"{PICKS} of {SIZES[-1]:,}: at least {LEAST_SPEEDUP:g} x the exact greedy, "
        f"at most {MOST_LIMITS:g} x the matrix products alone, radius at most {MOST_RADIUS:g} x the exact one",
        holds=speedup >= LEAST_SPEEDUP and near_limit <= MOST_LIMITS and covers,
    )


if __name__ == "__main__":
    main()
