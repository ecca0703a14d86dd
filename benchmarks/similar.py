"""The ten most similar of 50,000 and 500,000 stored vectors: by the index with an exact second look, against looking at all of them."""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from active_learning.embeddings import EmbeddingStore
from active_learning.embeddings.index import NearestIndex
from active_learning.embeddings.similarity import nearest
from benchmarks.report import report

SIZES = (50_000, 500_000)
DIMENSIONS, LIMIT, QUERIES, BLOCK = 1280, 10, 20, 10_000
MOST_MS, LEAST_RECALL = 100.0, 0.95
Matrix = NDArray[np.float32]


class Cloud:
    """Vectors as networks give them: round many centres, in fewer directions than there are numbers, none negative."""

    def __init__(self, count: int) -> None:
        self._rng = np.random.default_rng(7)
        self._centers = self._rng.standard_normal((max(10, count // 200), 32), dtype=np.float32)
        self._turn = self._rng.standard_normal((32, DIMENSIONS), dtype=np.float32)

    def draw(self, count: int) -> Matrix:
        """Return (count, D) float32."""
        inner = self._centers[self._rng.integers(0, len(self._centers), count)]
        inner = inner + 0.4 * self._rng.standard_normal((count, 32), dtype=np.float32)
        noise = 2 * self._rng.standard_normal((count, DIMENSIONS), dtype=np.float32)
        return np.maximum(np.float32(0), (inner @ self._turn + noise) / 10)


def measured(count: int) -> dict[str, float]:
    """Return seconds and recall at a number of vectors."""
    cloud = Cloud(count)
    with tempfile.TemporaryDirectory() as folder:
        store = EmbeddingStore(Path(folder), DIMENSIONS)
        for start in range(0, count, BLOCK):
            store.append(np.arange(start, start + BLOCK), cloud.draw(BLOCK))
        index = NearestIndex(store)
        begun = time.perf_counter()
        index.update()
        built_s = time.perf_counter() - begun
        queries = cloud.draw(QUERIES)
        exact, exact_ms = timed(queries, lambda query: [each.place for each in nearest(query, store.rows, count, limit=LIMIT)])
        found, index_ms = timed(queries, lambda query: by_index(store, index, query))
        recall = sum(len(set(one) & set(other)) for one, other in zip(exact, found, strict=True)) / (LIMIT * QUERIES)
        late = cloud.draw(BLOCK // 10)
        store.append(np.arange(count, count + len(late)), late)
        begun = time.perf_counter()
        index.update()
        return {"built_s": built_s, "exact_ms": exact_ms, "index_ms": index_ms, "recall": recall, "thousand_s": time.perf_counter() - begun}


def by_index(store: EmbeddingStore, index: NearestIndex, query: Matrix) -> list[int]:
    """Return the nearest of the candidates, as the product finds them."""
    rows = index.candidates(query, LIMIT)
    assert rows is not None
    keys = store.keys()[rows]
    return [int(keys[each.place]) for each in nearest(query, lambda start, end: store.load(keys[start:end]), len(keys), limit=LIMIT)]


def timed(queries: Matrix, ask: Callable[[Matrix], list[int]]) -> tuple[list[list[int]], float]:
    """Return the answers and the median milliseconds; the first question is asked twice, the files are warm then."""
    ask(queries[0])
    answers, took = [], []
    for query in queries:
        begun = time.perf_counter()
        answers.append(ask(query))
        took.append((time.perf_counter() - begun) * 1000)
    return answers, float(np.median(took))


def main() -> None:
    """Measure both sizes, or those that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=int, nargs="*", default=list(SIZES))
    told = {count: measured(count) for count in parser.parse_args().vectors}
    largest = max(told)
    report(
        "similar",
        ours={f"{count}_vectors": {name: round(value, 4) for name, value in figures.items()} for count, figures in told.items()},
        peer={f"{count}_vectors_all_looked_at_ms": round(figures["exact_ms"], 1) for count, figures in told.items()},
        ratio=told[largest]["index_ms"] / told[largest]["exact_ms"],
        goal=f"at most {MOST_MS:.0f} ms a question, and {LEAST_RECALL} of the ten nearest found",
        holds=all(figures["index_ms"] <= MOST_MS and figures["recall"] >= LEAST_RECALL for figures in told.values()),
    )


if __name__ == "__main__":
    main()
