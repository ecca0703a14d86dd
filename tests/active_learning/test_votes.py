"""What the nearest labeled vectors say, against plain loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from active_learning.acquisition.diversity import unit_rows
from active_learning.embeddings import votes
from active_learning.embeddings.votes import TEMPERATURE, vote


def drawn(seed: int, asked: int, known: int, labels: int = 3, dimension: int = 6):
    rng = np.random.default_rng(seed)
    bits = np.eye(labels, dtype=np.float32)[rng.integers(labels, size=known)]
    return rng.normal(size=(asked, dimension)).astype(np.float32), rng.normal(size=(known, dimension)).astype(np.float32), bits


@settings(max_examples=50)
@given(seed=st.integers(0, 10_000), asked=st.integers(1, 12), known=st.integers(1, 25), neighbours=st.integers(1, 30))
def test_the_vote_is_that_of_a_plain_loop(seed, asked, known, neighbours):
    some, others, bits = drawn(seed, asked, known)
    found = vote(some, others, bits, neighbours=neighbours)
    scores = unit_rows(some) @ unit_rows(others).T
    for row in range(asked):
        nearest = sorted(range(known), key=lambda at: (-scores[row, at], at))[:neighbours]
        weights = np.exp(scores[row, nearest] / TEMPERATURE)
        assert found.places[row].tolist() == nearest
        assert found.shares[row] == pytest.approx((weights[:, None] * bits[nearest]).sum(axis=0) / weights.sum(), abs=1e-4)
    assert found.shares.sum(axis=1) == pytest.approx(np.ones(asked), abs=1e-5)


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), known=st.integers(2, 20))
def test_none_votes_on_itself_and_the_order_of_the_voters_does_not_matter(seed, known):
    _, vectors, bits = drawn(seed, 1, known)
    found = vote(vectors, vectors, bits, neighbours=4, without_self=True)
    assert all(row not in places for row, places in enumerate(found.places))
    order = np.random.default_rng(seed).permutation(known)
    again = vote(vectors[order], vectors[order], bits[order], neighbours=4, without_self=True)
    assert again.shares == pytest.approx(found.shares[order], abs=1e-4)


def test_blocks_change_nothing(monkeypatch):
    some, others, bits = drawn(5, 40, 30)
    whole = vote(some, others, bits)
    monkeypatch.setattr(votes, "BLOCK", 7)
    parts = vote(some, others, bits)
    assert (parts.places == whole.places).all()
    assert parts.shares == pytest.approx(whole.shares, abs=1e-5)


def test_without_a_voter_there_is_no_vote():
    one = np.ones((1, 3), np.float32)
    with pytest.raises(ValueError, match="nobody"):
        vote(one, one, np.ones((1, 1), np.float32), without_self=True)
