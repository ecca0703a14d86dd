"""What other libraries need to choose images: run by ``selection`` in an interpreter that has them, one case a process.

``python selection_libraries.py CASE FILE`` reads arrays from an .npz file and prints {"seconds": …, "picks": […]} as JSON.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

CLASSES = 10


Choose = Callable[[Any, Any, int, Any], Any]


def scikit_activeml(name: str, **options: Any) -> Choose:
    """Return a strategy of scikit-activeml that looks at features alone."""

    def choose(points: Any, labeled: Any, picks: int, reach: Any) -> Any:
        pool = importlib.import_module("skactiveml.pool")

        everything = np.vstack([points, labeled])
        known = np.full(len(everything), np.nan)
        known[len(points) :] = np.arange(len(labeled)) % CLASSES
        given = {**options, "deltas": [float(reach)]} if name == "ProbCover" else options
        return getattr(pool, name)(random_state=0, **given).query(everything, known, batch_size=picks)

    return choose


def scikit_activeml_badge(points: Any, labeled: Any, picks: int, reach: Any) -> Any:
    """BADGE of scikit-activeml, for a linear model of the labels."""
    from skactiveml.classifier import SklearnClassifier  # type: ignore[import-not-found]
    from skactiveml.pool import Badge  # type: ignore[import-not-found]
    from sklearn.linear_model import LogisticRegression

    everything = np.vstack([points, labeled])
    known = np.full(len(everything), np.nan)
    known[len(points) :] = np.arange(len(labeled)) % CLASSES
    model = SklearnClassifier(LogisticRegression(), classes=list(range(CLASSES)), random_state=0)
    return Badge(random_state=0).query(everything, known, clf=model, batch_size=picks)


def small_text_kcenter(points: Any, labeled: Any, picks: int, reach: Any) -> Any:
    """Greedy k-center of small-text."""
    from small_text.query_strategies.coresets import greedy_coreset  # type: ignore[import-not-found]

    everything = np.vstack([points, labeled])
    rows = np.arange(len(everything))
    return greedy_coreset(everything, rows[: len(points)], rows[len(points) :], picks, distance_metric="euclidean")


def modal_kcenter(points: Any, labeled: Any, picks: int, reach: Any) -> Any:
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
    "scikit_activeml_kcenter": scikit_activeml("CoreSet"),
    "scikit_activeml_typiclust": scikit_activeml("TypiClust"),
    "scikit_activeml_probcover": scikit_activeml("ProbCover", n_classes=CLASSES),
    "scikit_activeml_maxherding": scikit_activeml("MaxHerding", metric_dict={"gamma": 1.0}),
    "scikit_activeml_badge": scikit_activeml_badge,
    "small_text_kcenter": small_text_kcenter,
    "modal_kcenter": modal_kcenter,
}
SCORING = {"baal_entropy": baal_scores("Entropy"), "baal_margin": baal_scores("Margin"), "baal_bald": baal_scores("BALD")}


def main(case: str, file: str) -> None:
    """Run one case, imports not counted."""
    arrays = np.load(file)
    if case in CHOOSING:
        points, labeled, picks, reach = arrays["points"], arrays["labeled"], int(arrays["picks"]), arrays["reach"]
        CHOOSING[case](points[:200], labeled[:20], 2, reach)
        started = time.process_time()
        chosen = CHOOSING[case](points, labeled, picks, reach)
    else:
        given = arrays["draws"] if case == "baal_bald" else arrays["probabilities"]
        SCORING[case](given[:10])
        started = time.process_time()
        chosen = SCORING[case](given)[:10]
    print(json.dumps({"seconds": time.process_time() - started, "picks": np.asarray(chosen).tolist()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
