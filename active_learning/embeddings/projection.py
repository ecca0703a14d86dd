"""Lay vectors out on a plane so that what is near stays near: principal components, then t-SNE. No Django here.

van der Maaten and Hinton, "Visualizing Data using t-SNE" (JMLR 2008), by openTSNE, whose interpolation makes 50,000 points a matter
of minutes (Linderman et al., Nature Methods 2019). Distances between far groups mean little on such a map.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.acquisition.diversity import unit_rows

Matrix = npt.NDArray[np.float32]
COMPONENTS: Final = 50
PERPLEXITY: Final = 30.0
LEAST: Final = 12
"""With fewer vectors, two principal components say all there is."""
SAME: Final = 2e-3
"""Unit vectors that spread less are the same but for the rounding of half precision, and lie on one another."""
LOOK_EVERY: Final = 25
BY_A_TREE: Final = 5000
"""Up to so many, repulsion by a tree takes less than interpolation, and on one thread: several mostly wait for one another."""


def principal(vectors: Matrix, count: int) -> Matrix:
    """Return the first ``count`` principal components of rows (N, D) float32: (N, count), the widest first, signs fixed."""
    centred = vectors - vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    spread = (centred.T @ centred).astype(np.float64)
    _, axes = np.linalg.eigh(spread)
    chosen = axes[:, ::-1][:, :count]
    # An axis may point either way; the same images give the same map.
    signs = np.sign(chosen[np.abs(chosen).argmax(axis=0), np.arange(chosen.shape[1])])
    return np.asarray(centred @ (chosen * signs).astype(np.float32), np.float32)


def project(vectors: Matrix, *, seed: int, check: Callable[[], None] = lambda: None, jobs: int = 1) -> Matrix:
    """Return a place (N, 2) in the unit square for each of the vectors (N, D). ``check`` is called now and then and may raise to stop.

    The same vectors and seed give the same map.
    """
    if not len(vectors):
        return np.zeros((0, 2), np.float32)
    narrow = principal(np.asarray(unit_rows(vectors), np.float32), min(COMPONENTS, vectors.shape[1], max(2, len(vectors))))
    check()
    if float(np.ptp(narrow, axis=0).max()) < SAME:
        return np.full((len(vectors), 2), 0.5, np.float32)
    flat = narrow[:, :2] if len(vectors) < LEAST or narrow.shape[1] < 2 else _neighbouring(narrow, seed, check, jobs)
    return _in_square(np.asarray(flat, np.float64))


def _neighbouring(narrow: Matrix, seed: int, check: Callable[[], None], jobs: int) -> Any:
    from openTSNE import TSNE

    def look(iteration: int, error: float, places: Any) -> bool:
        check()
        return False

    few = len(narrow) <= BY_A_TREE
    tsne = TSNE(
        perplexity=min(PERPLEXITY, (len(narrow) - 1) / 3), initialization="pca", random_state=seed, n_jobs=1 if few else jobs,
        neighbors="auto", negative_gradient_method="bh" if few else "fft", callbacks=look,
        callbacks_every_iters=LOOK_EVERY,
    )  # fmt: skip
    return tsne.fit(narrow)


def _in_square(flat: npt.NDArray[np.float64]) -> Matrix:
    """Stretch both ways alike until the longer side fills 0 to 1; a single place lies in the middle."""
    if flat.shape[1] < 2:
        flat = np.column_stack([flat, np.zeros(len(flat))])
    low, high = flat.min(axis=0), flat.max(axis=0)
    side = max(float((high - low).max()), 1e-12)
    return np.asarray((flat - (low + high) / 2) / side + 0.5, np.float32)
