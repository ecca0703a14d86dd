"""The registry: every strategy ranks the whole pool, the same way each time, with a reason an image."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from active_learning.acquisition.audit import with_audit
from active_learning.acquisition.reasons import AUDIT, TWIN
from active_learning.acquisition.strategies import STRATEGIES
from active_learning.acquisition.values import AcquisitionError, AcquisitionInput, Ranking

NAMES = st.sampled_from(sorted(STRATEGIES))
LABELS = ("coast", "land", "ocean")


def pool(seed: int = 0, count: int = 40, size: int = 8, labeled: int = 5, *, multi_label: bool = False) -> AcquisitionInput:
    """Make a pool of which everything is known."""
    rng = np.random.default_rng(seed)
    probabilities = rng.random((count, 3)) if multi_label else rng.dirichlet(np.ones(3), count)
    return AcquisitionInput(
        count=count, size=size, rng=np.random.default_rng(seed), probabilities=probabilities, multi_label=multi_label, labels=LABELS,
        embeddings=rng.standard_normal((count, 6)), labeled=rng.standard_normal((labeled, 6)),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(NAMES, st.integers(0, 10_000), st.integers(0, 30), st.integers(0, 40), st.integers(0, 4), st.booleans())
def test_every_strategy_ranks_the_whole_pool_with_a_reason_an_image(name, seed, count, size, labeled, multi_label):
    ranking = STRATEGIES[name](pool(seed, count, size, labeled, multi_label=multi_label))
    assert sorted(ranking.order.tolist()) == list(range(count))
    assert all(0 < len(why) <= 300 for why in ranking.why)
    assert all(np.isfinite(part).all() for part in ranking.parts.values())


@settings(max_examples=40, deadline=None)
@given(NAMES, st.integers(0, 10_000))
def test_the_same_inputs_give_the_same_ranking(name, seed):
    first, second = STRATEGIES[name](pool(seed)), STRATEGIES[name](pool(seed))
    np.testing.assert_array_equal(first.order, second.order)
    np.testing.assert_array_equal(first.scores, second.scores)
    assert first.why == second.why


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(["least_confidence", "margin", "entropy", "kcenter"]), st.integers(0, 10_000))
def test_the_order_in_which_images_are_listed_does_not_matter(name, seed):
    here = pool(seed)
    shuffle = np.random.default_rng(seed).permutation(here.count)
    there = AcquisitionInput(
        count=here.count, size=here.size, rng=np.random.default_rng(seed), probabilities=here.probabilities[shuffle], labels=LABELS,
        embeddings=here.embeddings[shuffle], labeled=here.labeled,
    )  # fmt: skip
    np.testing.assert_array_equal(shuffle[STRATEGIES[name](there).order[:8]], STRATEGIES[name](here).order[:8])


def test_another_seed_draws_another_order():
    assert STRATEGIES["random"](pool(1)).order.tolist() != STRATEGIES["random"](pool(2)).order.tolist()


def test_margin_asks_for_what_the_model_hesitates_on_and_says_so():
    probabilities = np.array([[0.02, 0.0, 0.98], [0.48, 0.07, 0.45], [0.3, 0.02, 0.68]])
    ranking = STRATEGIES["margin"](
        AcquisitionInput(count=3, size=1, rng=np.random.default_rng(0), probabilities=probabilities, labels=LABELS)
    )
    assert ranking.order.tolist() == [1, 2, 0]
    assert ranking.why[1] == "The model hesitates between coast (0.48) and ocean (0.45)."
    assert ranking.why[2] == "The model leans towards ocean (0.68) over coast (0.30)."
    assert ranking.why[0] == "The model is sure that it is ocean (0.98)."


def test_several_labels_are_named_by_how_unsure_the_model_is_of_each():
    probabilities = np.array([[0.45, 0.99, 0.7], [0.01, 0.99, 0.02]])
    given_input = AcquisitionInput(
        count=2, size=1, rng=np.random.default_rng(0), probabilities=probabilities, multi_label=True, labels=LABELS
    )
    assert STRATEGIES["margin"](given_input).why == (
        "The model is unsure of coast (0.45) and ocean (0.70).",
        "The model is sure of every label.",
    )


def test_near_duplicates_are_not_asked_twice_in_a_round():
    probabilities = np.array([[0.5, 0.5, 0], [0.5, 0.5, 0], [0.8, 0.2, 0]])
    embeddings = np.array([[1, 0], [1, 0.01], [0, 1]])
    ranking = STRATEGIES["margin"](
        AcquisitionInput(count=3, size=2, rng=np.random.default_rng(0), probabilities=probabilities, labels=LABELS, embeddings=embeddings)
    )
    assert ranking.order.tolist() == [0, 2, 1]
    assert ranking.why[1] == TWIN


def test_boxes_and_pixels_rank_by_their_aggregated_uncertainty():
    unsure = {"margin": np.array([0.1, 0.9]), "entropy": np.array([0.9, 0.1])}
    known = AcquisitionInput(count=2, size=1, rng=np.random.default_rng(0), uncertainty=unsure, notes=("few", "many"))
    assert STRATEGIES["margin"](known).order.tolist() == [1, 0]
    assert STRATEGIES["entropy"](known).order.tolist() == [0, 1]
    assert STRATEGIES["margin"](known).why == ("few", "many")
    with pytest.raises(AcquisitionError, match="least_confidence"):
        STRATEGIES["least_confidence"](known)


def test_what_a_strategy_needs_is_asked_for_by_name():
    nothing = AcquisitionInput(count=2, size=1, rng=np.random.default_rng(0))
    for strategy in STRATEGIES.values():
        if strategy.needs:
            with pytest.raises(AcquisitionError, match="there are none"):
                strategy(nothing)
        assert strategy.needs <= {"probabilities", "embeddings", "model"}
        assert strategy.description.endswith(".")


def test_without_a_model_uncertainty_herding_is_coverage():
    full = pool(3)
    blind = AcquisitionInput(count=full.count, size=8, rng=np.random.default_rng(3), embeddings=full.embeddings, labeled=full.labeled)
    np.testing.assert_array_equal(STRATEGIES["uherding"](blind).order, STRATEGIES["maxherding"](pool(3)).order)


@given(st.integers(0, 10_000), st.floats(0, 1), st.integers(0, 50))
def test_an_audit_takes_its_share_of_the_rounds_places_and_moves_nobody_else(seed, share, size):
    count = 40
    before = Ranking(order=np.arange(count), scores=-np.arange(count, dtype=float), parts={}, why=("",) * count)
    after = with_audit(before, size=size, share=share, rng=np.random.default_rng(seed))
    drawn = {row for row, why in enumerate(after.why) if why == AUDIT}
    assert len(drawn) == round(share * min(size, count))
    assert drawn <= set(after.order[: min(size, count)].tolist())
    assert [row for row in after.order.tolist() if row not in drawn] == [row for row in range(count) if row not in drawn]
