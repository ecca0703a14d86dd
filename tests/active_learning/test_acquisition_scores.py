"""Uncertainty scores: bounds, permutation, agreement with hand-computed values, refusal of what is not a probability."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from active_learning.acquisition.scores import SCORES, entropy, least_confidence, margin
from active_learning.acquisition.values import AcquisitionError, AcquisitionInput, Ranking

NAMES = st.sampled_from(sorted(SCORES))
LOGITS = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.floats(-30, 30))


def softmax(logits: np.ndarray) -> np.ndarray:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)


@given(LOGITS, NAMES)
def test_scores_lie_between_0_and_1(logits, name):
    scores = SCORES[name](softmax(logits))
    assert scores.shape == (len(logits),)
    assert ((scores >= 0) & (scores <= 1)).all()


@given(LOGITS, NAMES, st.booleans(), st.randoms(use_true_random=False))
def test_scores_follow_their_images_and_ignore_the_order_of_the_labels(logits, name, multi_label, random):
    probabilities = softmax(logits)
    rows, columns = (random.sample(range(n), n) for n in probabilities.shape)
    scores = SCORES[name](probabilities, multi_label=multi_label)
    np.testing.assert_allclose(SCORES[name](probabilities[rows][:, columns], multi_label=multi_label), scores[rows], atol=1e-9)


@given(arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.floats(0, 1)), NAMES)
def test_scores_of_several_labels_lie_between_0_and_1_and_do_not_grow_with_their_number(probabilities, name):
    scores = SCORES[name](probabilities, multi_label=True)
    assert ((scores >= 0) & (scores <= 1)).all()
    doubled = SCORES[name](np.hstack([probabilities, probabilities]), multi_label=True)
    np.testing.assert_allclose(doubled, scores, atol=1e-12)


@given(LOGITS, NAMES, st.floats(0, 1), st.booleans())
def test_an_answer_that_is_nearer_to_undecided_never_scores_less(logits, name, share, multi_label):
    probabilities = softmax(logits).astype(float)
    undecided = 0.5 if multi_label else 1 / probabilities.shape[1]
    nearer = (1 - share) * probabilities + share * undecided
    before, after = (SCORES[name](answers, multi_label=multi_label) for answers in (probabilities, nearer))
    assert (after >= before - 1e-6).all()


@pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)
def test_certain_is_0_and_undecided_is_1(score):
    certain, undecided = np.eye(3)[:1], np.full((1, 3), 1 / 3)
    assert score(certain)[0] == pytest.approx(0, abs=1e-9)
    assert score(undecided)[0] == pytest.approx(1, abs=1e-9)
    assert score(np.array([[0.5, 0.5]]), multi_label=True)[0] == 1
    assert score(np.array([[0.0, 1.0]]), multi_label=True)[0] == pytest.approx(0, abs=1e-9)


def test_scores_are_those_of_the_papers():
    p = np.array([[0.5, 0.3, 0.2]])
    assert margin(p)[0] == pytest.approx(0.8)
    assert least_confidence(p)[0] == pytest.approx(0.75)
    assert entropy(p)[0] == pytest.approx(-(0.5 * np.log(0.5) + 0.3 * np.log(0.3) + 0.2 * np.log(0.2)) / np.log(3))


@pytest.mark.parametrize("bad", [[[np.nan, 1.0]], [[0.4, 0.4]], [[1.5, -0.5]], [[np.inf, 0.0]]])
def test_what_is_not_a_probability_is_refused_never_replaced(bad):
    for score in SCORES.values():
        with pytest.raises(AcquisitionError):
            score(np.array(bad))


def test_an_image_of_a_campaign_with_one_label_or_none_is_certain():
    assert margin(np.ones((2, 1))).tolist() == [0, 0]
    assert entropy(np.zeros((2, 0)), multi_label=True).tolist() == [0, 0]


def test_inputs_of_another_size_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(AcquisitionError, match="rows"):
        AcquisitionInput(count=3, size=1, rng=rng, embeddings=np.zeros((2, 4)))
    with pytest.raises(AcquisitionError, match="not finite"):
        AcquisitionInput(count=1, size=1, rng=rng, embeddings=np.array([[np.nan]]))
    with pytest.raises(AcquisitionError, match="labels"):
        AcquisitionInput(count=1, size=1, rng=rng, probabilities=np.ones((1, 1)), labels=("a", "b"))
    with pytest.raises(AcquisitionError, match="notes"):
        AcquisitionInput(count=1, size=1, rng=rng, notes=("a", "b"))


def test_a_ranking_whose_scores_rise_is_refused():
    with pytest.raises(AcquisitionError, match="rise"):
        Ranking(order=np.array([0, 1]), scores=np.array([0.0, 1.0]), parts={}, why=("", ""))
    with pytest.raises(AcquisitionError, match="permutation"):
        Ranking(order=np.array([0, 0]), scores=np.array([1.0, 1.0]), parts={}, why=("", ""))
