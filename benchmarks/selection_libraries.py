"""What other libraries need to choose images: run by ``selection`` in an interpreter that has them, one case a process.

``python selection_libraries.py CASE FILE`` reads arrays from an .npz file and prints {"seconds": …, "picks": […]} as JSON.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np


def scikit_activeml_kcenter(points: Any, labeled: Any, picks: int) -> Any:
    """Greedy k-center of scikit-activeml."""
    from skactiveml.pool import CoreSet  # type: ignore[import-not-found]

    everything = np.vstack([points, labeled])
    known = np.full(len(everything), np.nan)
    known[len(points) :] = 0
    return CoreSet(random_state=0).query(everything, known, batch_size=picks)


def scikit_activeml_typiclust(points: Any, labeled: Any, picks: int) -> Any:
    """TypiClust of scikit-activeml."""
    from skactiveml.pool import TypiClust

    everything = np.vstack([points, labeled])
    known = np.full(len(everything), np.nan)
    known[len(points) :] = 0
    return TypiClust(random_state=0).query(everything, known, batch_size=picks)


def small_text_kcenter(points: Any, labeled: Any, picks: int) -> Any:
    """Greedy k-center of small-text."""
    from small_text.query_strategies.coresets import greedy_coreset  # type: ignore[import-not-found]

    everything = np.vstack([points, labeled])
    rows = np.arange(len(everything))
    return greedy_coreset(everything, rows[: len(points)], rows[len(points) :], picks, distance_metric="euclidean")


def modal_kcenter(points: Any, labeled: Any, picks: int) -> Any:
    """Ranked batch of modAL with equal uncertainty, which leaves the distances alone to decide."""
    from modAL.batch import ranked_batch  # type: ignore[import-not-found]

    class Known:
        X_training, on_transformed = labeled, False

    return ranked_batch(Known(), points, np.zeros(len(points)), picks, metric="euclidean", n_jobs=1)[0]


def baal_scores(name: str) -> Callable[[Any], Any]:
    """Return a heuristic of baal that ranks."""

    def rank(probabilities: Any) -> Any:
        from baal.active import heuristics  # type: ignore[import-not-found]

        return getattr(heuristics, name)()(probabilities)

    return rank


CHOOSING = {
    "scikit_activeml_kcenter": scikit_activeml_kcenter,
    "scikit_activeml_typiclust": scikit_activeml_typiclust,
    "small_text_kcenter": small_text_kcenter,
    "modal_kcenter": modal_kcenter,
}
SCORING = {"baal_entropy": baal_scores("Entropy"), "baal_margin": baal_scores("Margin"), "baal_bald": baal_scores("BALD")}


def main(case: str, file: str) -> None:
    """Run one case, imports not counted."""
    arrays = np.load(file)
    if case in CHOOSING:
        points, labeled, picks = arrays["points"], arrays["labeled"], int(arrays["picks"])
        CHOOSING[case](points[:200], labeled[:5], 2)
        started = time.perf_counter()
        chosen = CHOOSING[case](points, labeled, picks)
    else:
        given = arrays["draws"] if case == "baal_bald" else arrays["probabilities"]
        SCORING[case](given[:10])
        started = time.perf_counter()
        chosen = SCORING[case](given)[:10]
    print(json.dumps({"seconds": time.perf_counter() - started, "picks": np.asarray(chosen).tolist()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
