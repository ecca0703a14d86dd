"""Leaving unsure answers to people: what is decided outside a span, and the curve of risk over coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_score

from active_learning.evaluation.abstaining import Selective, Span, risk_curve
from active_learning.evaluation.labels import LabelMeasures
from active_learning.evaluation.objects import ObjectEvidence, ObjectMeasures
from active_learning.evaluation.values import LabelEvidence

SURE = st.floats(0, 1).map(lambda value: round(value, 2))


def several(seed, images=60, labels=3):
    """Labels that answer for themselves, righter where they are surer."""
    random = np.random.default_rng(seed)
    p = random.random((images, labels)).round(2)
    truth = random.random((images, labels)) < p
    return LabelEvidence(np.arange(images), tuple(range(1, labels + 1)), p, truth, multi_label=True)


def one(seed, images=60, labels=3):
    """Labels that exclude each other."""
    random = np.random.default_rng(seed)
    p = random.dirichlet(np.full(labels, 0.6), images)
    truth = np.array([random.multinomial(1, row) for row in p], bool)
    return LabelEvidence(np.arange(images), tuple(range(1, labels + 1)), p, truth, multi_label=False)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.lists(st.tuples(SURE, SURE, SURE), min_size=3, max_size=3))
def test_what_lies_outside_the_span_is_decided_as_scikit_learn_counts_it(seed, ends):
    evidence = several(seed)
    low, at, high = np.array([sorted(each) for each in ends]).T
    found = Selective(LabelMeasures(evidence)).decide(at, Span(low, high))
    unsure = (evidence.probabilities >= low) & (evidence.probabilities < high)
    decided = ~unsure.any(axis=1)
    said = evidence.probabilities >= high
    assert (found.images, found.decided) == (60, decided.sum())
    assert found.errors + found.caught <= 60
    if decided.any():
        assert found.accuracy == pytest.approx(accuracy_score(evidence.truth[decided], said[decided]))
        assert found.accuracy_low <= found.accuracy <= found.accuracy_high
    else:
        assert found.accuracy is None
    for k, share in enumerate(found.labels):
        assert (share.answers, share.unsure, share.said) == (60, unsure[:, k].sum(), said[:, k].sum())
        assert share.answers == share.unsure + share.said + share.denied
        if share.said:
            assert share.hits / share.said == pytest.approx(precision_score(evidence.truth[:, k], said[:, k]))


def test_of_labels_that_exclude_each_other_the_likeliest_alone_is_unsure():
    p = np.array([[0.9, 0.1], [0.55, 0.45], [0.2, 0.3]])  # of the third, something else is likeliest
    evidence = LabelEvidence(np.arange(3), (7, 8), p, np.array([[1, 0], [0, 1], [0, 0]], bool), multi_label=False)
    selective = Selective(LabelMeasures(evidence))
    span = Span(np.zeros(2), np.full(2, 0.6))
    assert selective.unsure_images(span).tolist() == [False, True, False]
    assert selective.unsure_images(span, column=1).tolist() == [False, False, False]
    found = selective.decide(np.zeros(2), span)
    assert (found.decided, found.errors, found.caught, found.accuracy) == (2, 0, 1, 1.0)
    assert selective.assurance(np.zeros(2)) == pytest.approx([0.9, 0.55, 0.5])


def test_an_image_is_unsure_when_one_of_its_objects_is():
    evidence = ObjectEvidence(
        np.array([10, 11, 12]), (1,), np.array([0, 0, 1]), np.zeros(3, int), np.array([0.9, 0.4, 0.95]),
        np.array([0, 1, 2]), np.zeros(3, int), np.array([0, 2]), np.array([0, 1]), np.array([0.8, 0.9]),
    )  # fmt: skip
    selective = Selective(ObjectMeasures(evidence, 0.5))
    found = selective.decide(np.array([0.3]), Span(np.array([0.2]), np.array([0.5])))
    assert selective.unsure_images(Span(np.array([0.2]), np.array([0.5]))).tolist() == [True, False, False]
    assert (found.decided, found.errors, found.caught) == (2, 1, 1)  # what is missed in the third shows in no confidence
    share = found.labels[0]
    assert (share.answers, share.unsure, share.said, share.hits, share.denied) == (3, 1, 2, 2, 0)
    assert selective.assurance(np.array([0.5])) == pytest.approx([0.2, 0.9, 1.0])


@given(st.lists(st.tuples(SURE, st.booleans()), min_size=1, max_size=50), st.randoms())
def test_the_curve_is_the_accuracy_of_the_surest_whatever_the_order(rows, random):
    sure, right = (np.array(each) for each in zip(*rows, strict=True))
    curve = risk_curve(sure, right)
    for coverage, accuracy, least in zip(curve.coverage, curve.accuracy, curve.assurance, strict=True):
        kept = sure >= least
        assert coverage == pytest.approx(kept.mean())
        assert accuracy == pytest.approx(right[kept].mean())
    assert curve.coverage[-1] == 1
    assert -1e-12 <= curve.best <= curve.area + 1e-12
    random.shuffle(rows)
    other = risk_curve(*(np.array(each) for each in zip(*rows, strict=True)))
    assert other.accuracy == pytest.approx(curve.accuracy)
    assert other.area == pytest.approx(curve.area)


def test_the_area_is_the_mean_risk_over_all_coverages():
    right = np.array([True, False, True, False])
    curve = risk_curve(np.array([0.9, 0.8, 0.7, 0.6]), right)
    assert curve.area == pytest.approx(np.mean([0, 1 / 2, 1 / 3, 2 / 4]))
    assert curve.best == pytest.approx(np.mean([0, 0, 1 / 3, 2 / 4]))
    assert risk_curve(np.full(4, 0.5), right).area == pytest.approx(0.5)  # who cannot tell its errors is as wrong at every coverage
    assert (curve.covered(1.0), curve.covered(0.6), curve.covered(0.5)) == (0.25, 0.75, 1.0)
    assert risk_curve(np.empty(0), np.empty(0, bool)) is None


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from([0.6, 0.8, 0.9, 1.0]), SURE, st.booleans())
def test_a_chosen_span_keeps_its_promise_on_the_images_it_was_chosen_on(seed, target, threshold, exclusive):
    evidence = one(seed) if exclusive else several(seed)
    at = np.full(3, 0.0 if exclusive else threshold)
    selective = Selective(LabelMeasures(evidence))
    span = selective.choose_span(at, target)
    assert (span.low <= at).all() or exclusive
    assert (span.high >= at).all()
    for k, share in enumerate(selective.decide(at, span).labels):
        assert share.hits >= target * share.said - 1e-9 or span.high[k] == 1
        assert share.missed <= (1 - target) * share.denied + 1e-9
        if span.low[k] < span.high[k]:
            assert share.unsure > 0
            open_span = Span(np.where(np.arange(3) == k, at, span.low), np.where(np.arange(3) == k, at, span.high))
            bare = selective.decide(at, open_span).labels[k]  # without its span the promise would not hold
            assert bare.hits < target * bare.said or bare.missed > (1 - target) * bare.denied


def test_a_span_has_its_ends_in_order():
    with pytest.raises(ValueError, match="low"):
        Span(np.array([0.6]), np.array([0.5]))
