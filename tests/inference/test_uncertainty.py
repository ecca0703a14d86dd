"""Uncertainty: bounds, order and what each aggregate sees."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from inference import uncertainty

shares = st.floats(0.0, 1.0, allow_nan=False)
score_lists = st.lists(shares, min_size=1, max_size=40)


@given(score_lists, st.booleans())
def test_every_measure_of_classes_lies_between_0_and_1(scores, complete):
    assert all(0.0 <= value <= 1.0 for value in uncertainty.of_classes(scores, complete=complete).values())


@given(score_lists)
def test_every_measure_of_yes_or_no_classes_lies_between_0_and_1(scores):
    assert all(0.0 <= value <= 1.0 for value in uncertainty.of_multi_label(scores).values())


@given(st.lists(shares, max_size=40))
def test_every_measure_of_objects_lies_between_0_and_1(confidences):
    measured = uncertainty.of_objects(confidences)
    assert set(measured) == {"entropy", "margin", "least_confidence", "entropy_mean", "entropy_max"}
    assert all(0.0 <= value <= 1.0 for value in measured.values())


@given(score_lists, st.randoms(use_true_random=False))
def test_the_order_of_the_classes_does_not_matter(scores, random):
    shuffled = random.sample(scores, len(scores))
    for measure in (uncertainty.of_classes, uncertainty.of_multi_label, uncertainty.of_objects):
        before, after = measure(scores), measure(shuffled)
        assert all(np.isclose(before[name], after[name]) for name in before)


def test_an_even_answer_is_as_uncertain_as_can_be_and_a_sure_one_not_at_all():
    assert all(np.isclose(value, 1.0) for value in uncertainty.of_classes([0.25] * 4).values())
    assert all(np.isclose(value, 0.0, atol=1e-9) for value in uncertainty.of_classes([0.0, 1.0, 0.0]).values())


def test_scores_that_are_all_0_say_nothing():
    assert uncertainty.of_classes([0.0, 0.0])["entropy"] == 1.0


def test_what_an_incomplete_answer_leaves_out_counts():
    assert uncertainty.of_classes([0.5, 0.1], complete=False)["entropy"] > uncertainty.of_classes([0.5, 0.1])["entropy"]


def test_a_single_class_is_certain():
    assert set(uncertainty.of_classes([0.3]).values()) == {0.0}


def test_no_class_gives_no_measure():
    assert uncertainty.of_classes([]) == {}
    assert uncertainty.of_multi_label([]) == {}


def test_an_image_without_objects_has_the_defined_score():
    assert set(uncertainty.of_objects([]).values()) == {uncertainty.EMPTY_IMAGE}


def test_many_sure_objects_do_not_hide_the_doubtful_ones():
    doubtful = [0.5] * uncertainty.TOP_OBJECTS
    measured = uncertainty.of_objects([*doubtful, *[0.999] * 100])
    assert measured["entropy"] == 1.0
    assert measured["entropy_mean"] < 0.1


@given(arrays.arrays(np.float32, st.tuples(st.integers(1, 70), st.integers(1, 70)), elements=st.floats(0, 1, width=32)))
def test_the_score_of_a_pixel_map_lies_within_the_map(unsure):
    assert unsure.min() - 1e-6 <= uncertainty.of_pixels(unsure) <= unsure.max() + 1e-6


def test_a_small_doubtful_field_in_a_sure_image_counts():
    unsure = np.zeros((320, 320), dtype=np.float32)
    unsure[:96, :96] = 1.0
    assert uncertainty.of_pixels(unsure) > 0.85
    assert unsure.mean() < 0.1


@given(arrays.arrays(np.float64, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.floats(0, 1)), st.integers(1, 50))
def test_averaging_over_squares_keeps_bounds_and_covers_the_edges(values, step):
    pooled = uncertainty.pool_mean(values, step)
    assert pooled.shape == (-(-values.shape[0] // step), -(-values.shape[1] // step))
    assert values.min() - 1e-9 <= pooled.min()
    assert pooled.max() <= values.max() + 1e-9
