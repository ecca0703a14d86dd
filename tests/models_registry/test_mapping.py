"""From classes to labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_registry.mapping import auto_map, near_name, to_label_matrix, to_labels

mappings = st.dictionaries(st.integers(0, 7), st.integers(100, 103))
probabilities = st.lists(st.floats(0, 1), min_size=8, max_size=8)


def test_exclusive_classes_add_up_and_others_give_their_greatest() -> None:
    scores = [(0, 0.2), (1, 0.3), (2, 0.4), (None, 0.1)]
    mapping = {0: 7, 1: 7}
    single = to_labels(scores, mapping, multi_label=False)
    assert single.labels == pytest.approx({7: 0.5})
    assert single.unmapped == pytest.approx(0.5)
    multi = to_labels(scores, mapping, multi_label=True)
    assert multi.labels == {7: 0.3}
    assert multi.unmapped == 0.4


def test_class_0_is_a_class() -> None:
    assert to_labels([(0, 0.9)], {0: 5}, multi_label=False).labels == {5: 0.9}


@given(probabilities, mappings, st.booleans(), st.randoms())
def test_labels_stay_within_0_and_1_and_the_order_of_classes_does_not_matter(values, mapping, multi, dice) -> None:
    scores = list(enumerate(values))
    found = to_labels(scores, mapping, multi_label=multi)
    dice.shuffle(scores)
    again = to_labels(scores, mapping, multi_label=multi)
    assert found.labels == pytest.approx(again.labels)
    assert set(found.labels) == set(mapping.values())
    assert all(0 <= value <= 1 for value in (*found.labels.values(), found.unmapped))


@given(probabilities, mappings)
def test_no_mass_of_exclusive_classes_is_lost(values, mapping) -> None:
    total = sum(values) or 1.0
    scores = [(index, value / total) for index, value in enumerate(values)]
    found = to_labels(scores, mapping, multi_label=False)
    assert sum(found.labels.values()) + found.unmapped == pytest.approx(sum(value for _, value in scores), abs=1e-6)


@given(st.lists(probabilities, min_size=1, max_size=4), mappings, st.booleans())
def test_the_matrix_says_what_the_single_answer_says(rows, mapping, multi) -> None:
    labels = [100, 101, 102, 103]
    matrix = to_label_matrix(np.array(rows), mapping, labels, multi_label=multi)
    for row, values in zip(matrix, rows, strict=True):
        found = to_labels(list(enumerate(values)), mapping, multi_label=multi).labels
        assert row.tolist() == pytest.approx([found.get(label, 0.0) for label in labels], abs=1e-6)


NEAR = [("Ships", "ship"), ("bodies of water", "body of water"), ("Forêt", "foret"), ("vehicule", "vehicle"), ("bare soil", "bares oil")]
APART = [("land", "sand"), ("car", "cat"), ("boat", "goat"), ("house", "mouse"), ("water", "later"), ("glass", "gla"), ("ice", "rice")]


@pytest.mark.parametrize(("one", "other"), NEAR)
def test_a_plural_or_a_slip_is_the_same_name(one: str, other: str) -> None:
    assert near_name(one, other)
    assert near_name(other, one)


@pytest.mark.parametrize(("one", "other"), APART)
def test_another_word_is_not(one: str, other: str) -> None:
    assert not near_name(one, other)


@given(st.text(max_size=12), st.text(max_size=12))
def test_nearness_goes_both_ways(one: str, other: str) -> None:
    assert near_name(one, other) == near_name(other, one)


def test_a_near_name_is_taken_when_it_is_the_only_one_and_no_exact_one_is_there() -> None:
    labels = [(10, "Ship"), (11, "Vehicle"), (12, "Vehicles large"), (13, "Vehicles largo")]
    assert auto_map([(0, "ships"), (1, "vehicule"), (2, "vehicle large"), (3, "plane")], labels) == {0: 10, 1: 11}
    assert auto_map([(0, "ship"), (1, "ships")], [(10, "ships"), (11, "ship")]) == {0: 11, 1: 10}


def test_same_names_find_each_other() -> None:
    classes = [(0, "Open_Water"), (1, "land"), (2, "ice"), (3, " LAND ")]
    labels = [(10, "open water"), (11, "Land"), (12, "land"), (13, "Forest")]
    assert auto_map(classes, labels) == {0: 10, 1: 12, 3: 11}
