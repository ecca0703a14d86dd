"""Nearest vectors, similar pairs and what hangs together, against plain loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from active_learning.acquisition.diversity import unit_rows
from active_learning.embeddings import similarity
from active_learning.embeddings.similarity import Pair, clusters, nearest, similar_pairs


def vectors(seed: int, count: int, dimension: int = 8) -> np.ndarray:
    rng = np.random.default_rng(seed)
    found = rng.normal(size=(count, dimension)).astype(np.float32)
    if count > 3:
        found[rng.integers(count)] = found[rng.integers(count)] * 2  # the same direction, another length
    return found


def chunked(matrix: np.ndarray) -> similarity.Chunks:
    return lambda start, end: matrix[start:end]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similarity.blocks, "__defaults__", (5,))


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 40), limit=st.integers(1, 50), threshold=st.floats(-1, 1))
def test_the_nearest_are_those_of_a_plain_sort(seed: int, count: int, limit: int, threshold: float) -> None:
    matrix = vectors(seed, count)
    query = matrix[seed % count]
    scores = unit_rows(matrix) @ unit_rows(query[None])[0]
    found = nearest(query, chunked(matrix), count, limit=limit, threshold=threshold)
    expected = sorted((score for score in scores.tolist() if score >= threshold), reverse=True)[:limit]
    assert [each.similarity for each in found] == pytest.approx(expected, abs=1e-5)
    assert all(scores[each.place] == pytest.approx(each.similarity, abs=1e-5) for each in found)
    assert len({each.place for each in found}) == len(found)


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000), count=st.integers(0, 25), limit=st.integers(1, 40), threshold=st.floats(-0.5, 1))
def test_the_pairs_are_those_of_two_loops(seed: int, count: int, limit: int, threshold: float) -> None:
    matrix = vectors(seed, count)
    scores = unit_rows(matrix) @ unit_rows(matrix).T if count else np.zeros((0, 0))
    expected = sorted((float(scores[i, j]) for i in range(count) for j in range(i) if scores[i, j] >= threshold + 1e-5), reverse=True)
    found = similar_pairs(chunked(matrix), count, threshold=threshold, limit=limit)
    assert [pair.similarity for pair in found][: len(expected)] == pytest.approx(expected[:limit], abs=1e-5)
    assert all(pair.one < pair.other for pair in found)
    assert len(found) <= limit


def test_a_vector_of_zeros_is_similar_to_nothing() -> None:
    matrix = np.array([[0, 0], [1, 0], [2, 0]], np.float32)
    assert [pair.similarity for pair in similar_pairs(chunked(matrix), 3, threshold=0.5, limit=9)] == [1.0]
    assert nearest(matrix[0], chunked(matrix), 3, limit=9, threshold=0.1) == []


def test_what_hangs_together_by_pairs_is_one_cluster_whatever_their_order() -> None:
    pairs = [Pair(4, 5, 0.99), Pair(1, 2, 0.98), Pair(2, 7, 0.97), Pair(0, 7, 0.96)]
    assert clusters(pairs) == clusters(pairs[::-1]) == [[0, 1, 2, 7], [4, 5]]
    assert clusters([]) == []
