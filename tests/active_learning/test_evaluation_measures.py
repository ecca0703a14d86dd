"""Figures, curves and intervals against scikit-learn, and what must hold of them whatever comes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as oracle
from sklearn.linear_model import LogisticRegression

from active_learning.evaluation.calibration import at_temperature, calibrated, fit_shifted, fit_temperature, losses, reliability
from active_learning.evaluation.comparing import compare_models
from active_learning.evaluation.curves import MOST_POINTS, average_precision, choose_threshold, curve_of, roc_auc
from active_learning.evaluation.figures import averages, confusion, count, in_cell, matthews
from active_learning.evaluation.labels import LabelMeasures
from active_learning.evaluation.resampling import draw_weights, interval_of, mcnemar, wilson
from active_learning.evaluation.telling import HELP
from active_learning.evaluation.values import NEVER, LabelEvidence

SHARES = st.floats(0, 1, width=16)


@st.composite
def evidences(draw, multi_label=None):
    """Answers about up to 30 images with up to 5 labels."""
    images, labels = draw(st.integers(1, 30)), draw(st.integers(2, 5))
    multi_label = draw(st.booleans()) if multi_label is None else multi_label
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    probabilities = np.round(rng.random((images, labels)), 2)
    truth = rng.random((images, labels)) < 0.4
    if not multi_label:
        probabilities /= np.maximum(probabilities.sum(axis=1, keepdims=True), 1e-9) * draw(st.sampled_from([1.0, 1.3]))
        truth = np.arange(labels) == rng.integers(0, labels + 1, images)[:, None]  # a last one that is none of them
    return LabelEvidence(np.arange(images), tuple(range(10, 10 + labels)), probabilities, truth, multi_label)


def classes_of(bits):
    return np.where(bits.any(axis=1), bits.argmax(axis=1), bits.shape[1])


@given(evidences(), SHARES)
def test_averages_are_those_of_scikit_learn(evidence, threshold):
    said = evidence.said(np.full(len(evidence.label_ids), threshold))
    found = averages(count(said, evidence.truth))
    present = np.flatnonzero(said.any(axis=0) | evidence.truth.any(axis=0))
    for average in ("micro", "macro", "weighted"):
        labels = present if average == "macro" else None
        expected = oracle.precision_recall_fscore_support(
            evidence.truth.astype(int), said.astype(int), average=average, labels=labels, zero_division=0
        )
        if len(present):
            assert [float(found[f"{name}_{average}"]) for name in ("precision", "recall", "f1")] == pytest.approx(list(expected[:3]))


@given(evidences(), SHARES)
def test_each_label_has_the_accuracy_correlation_and_curve_of_scikit_learn(evidence, threshold):
    at, measures = np.full(len(evidence.label_ids), threshold), LabelMeasures(evidence)
    said = evidence.said(at)
    for k, row in enumerate(measures.rows(at)):
        true, told = evidence.truth[:, k], said[:, k]
        assert row.accuracy == pytest.approx(oracle.accuracy_score(true, told))
        if true.any() and not true.all():
            assert row.mcc == pytest.approx(oracle.matthews_corrcoef(true, told))
            false_positives, recall, thresholds = oracle.roc_curve(true, evidence.probabilities[:, k], drop_intermediate=False)
            roc = measures.rocs[k + 1]
            assert roc.area == pytest.approx(oracle.roc_auc_score(true, evidence.probabilities[:, k]))
            assert roc.thresholds == pytest.approx(thresholds[1:])
            assert roc.recall == pytest.approx(recall[1:])
            assert roc.false_positives == pytest.approx(false_positives[1:])
        else:
            assert row.mcc is None
        for name in ("precision", "recall", "f1", "accuracy", "mcc", "average_precision", "auc"):
            low, high = getattr(row, f"{name}_low"), getattr(row, f"{name}_high")
            assert (low is None) == (high is None)
            assert low is None or low <= high


@given(evidences(multi_label=False), SHARES)
def test_one_label_an_image_gives_the_confusion_matrix_and_correlation_of_scikit_learn(evidence, threshold):
    said = evidence.said(np.full(len(evidence.label_ids), threshold))
    true, told = classes_of(evidence.truth), classes_of(said)
    matrix = confusion(said, evidence.truth, multi_label=False)
    assert matrix.tolist() == oracle.confusion_matrix(true, told, labels=range(len(evidence.label_ids) + 1)).tolist()
    if len({*true.tolist(), *told.tolist()}) > 1:  # with a single class there is nothing to correlate
        assert matthews(matrix) == pytest.approx(oracle.matthews_corrcoef(true, told), abs=1e-9)


@given(evidences(), SHARES)
def test_every_cell_of_the_confusion_matrix_counts_the_images_that_it_opens(evidence, threshold):
    said = evidence.said(np.full(len(evidence.label_ids), threshold))
    matrix = confusion(said, evidence.truth, multi_label=evidence.multi_label)
    for row, column in np.ndindex(matrix.shape):
        assert in_cell(said, evidence.truth, row, column, multi_label=evidence.multi_label).sum() == matrix[row, column]


@given(evidences(multi_label=True))
def test_areas_are_those_of_scikit_learn(evidence):
    for k in range(len(evidence.label_ids)):
        true, scores = evidence.truth[:, k], evidence.probabilities[:, k]
        curve = curve_of(scores, true, int(true.sum()))
        if true.any():
            assert average_precision(curve) == pytest.approx(oracle.average_precision_score(true, scores))
        if true.any() and not true.all():
            assert roc_auc(curve, len(true)) == pytest.approx(oracle.roc_auc_score(true, scores))
        if true.any():
            precision, recall, _ = oracle.precision_recall_curve(true, scores)
            assert curve.precision[::-1].tolist() == pytest.approx(precision[:-1].tolist())
            assert curve.recall[::-1].tolist() == pytest.approx(recall[:-1].tolist())


@given(evidences(multi_label=False))
def test_cross_entropy_is_that_of_scikit_learn(evidence):
    rest = np.clip(1 - evidence.probabilities.sum(axis=1), 0, 1)
    whole = np.clip(np.column_stack([evidence.probabilities, rest]), 1e-7, 1)
    classes = classes_of(evidence.truth)
    picked = -np.log(whole[np.arange(len(evidence)), classes])
    assert losses(evidence) == pytest.approx(picked, abs=1e-6)


@given(evidences(), SHARES)
def test_the_curve_says_at_a_threshold_what_the_counts_say(evidence, threshold):
    measures = LabelMeasures(evidence)
    rows = measures.rows(np.full(len(evidence.label_ids), threshold))
    for curve, row in zip(measures.curves, rows, strict=True):
        at = np.flatnonzero(curve.thresholds >= threshold)
        hits, said = (0, 0) if not len(at) else (curve.hits[at[-1]], curve.said[at[-1]])
        assert (row.hits, row.said) == (hits, said)


@given(evidences(), st.sampled_from(["f1", "precision", "recall"]), SHARES)
def test_a_chosen_threshold_keeps_its_promise(evidence, aim, target):
    for curve in LabelMeasures(evidence).curves:
        chosen = choose_threshold(curve, aim, target)
        if chosen is None:
            continue
        at = int(np.flatnonzero(curve.thresholds == chosen)[0])
        if aim == "f1":
            assert curve.f1[at] == curve.f1.max()
        else:
            assert (curve.precision if aim == "precision" else curve.recall)[at] >= target - 1e-9
        thin = curve.thinned(curve.precision, 8)
        assert (curve.said[at], curve.hits[at]) in zip(thin.said, thin.hits, strict=True) or aim != "f1"


@given(evidences(), st.integers(0, 99))
def test_figures_do_not_depend_on_the_order_of_images_and_stay_in_their_bounds(evidence, seed):
    order = np.random.default_rng(seed).permutation(len(evidence))
    thresholds = np.full(len(evidence.label_ids), 0.3)
    figures, shuffled = (LabelMeasures(each).figures(thresholds) for each in (evidence, evidence.at(order)))
    for one, other in zip(figures, shuffled, strict=True):
        assert one.name in HELP
        assert (one.value is None) == (other.value is None)
        if one.value is not None:
            assert one.value == pytest.approx(other.value)
            assert -1 <= one.value <= (20 if one.name == "cross_entropy" else 1)
        if one.low is not None:
            assert one.low <= one.high


def test_one_label_an_image_says_the_likeliest_and_abstains_below_its_threshold():
    evidence = LabelEvidence(
        np.arange(3), (1, 2), np.array([[0.6, 0.4], [0.45, 0.55], [0.2, 0.3]]), np.array([[1, 0], [1, 0], [0, 1]], bool), multi_label=False
    )
    assert evidence.scores.tolist() == [[0.6, NEVER], [NEVER, 0.55], [NEVER, NEVER]]  # the last: something else is likelier
    assert evidence.said(np.array([0.0, 0.6])).tolist() == [[True, False], [False, False], [False, False]]
    assert confusion(evidence.said(np.zeros(2)), evidence.truth, multi_label=False).tolist() == [[1, 1, 0], [0, 0, 1], [0, 0, 0]]


def test_an_overconfident_model_is_cooled_and_its_answers_stay():
    rng = np.random.default_rng(4)
    logits = rng.normal(size=(4000, 3)) * 1.5
    honest = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = np.array([rng.multinomial(1, p / p.sum()) for p in honest], bool)
    boastful = at_temperature(honest, 1 / 3, multi_label=False)
    evidence = LabelEvidence(np.arange(4000), (1, 2, 3), boastful, truth, multi_label=False)
    temperature = fit_temperature(evidence)
    assert temperature == pytest.approx(3.0, rel=0.08)
    cooled = calibrated(evidence, temperature)
    assert reliability(cooled).error < 0.03 < reliability(evidence).error
    assert (cooled.probabilities.argmax(axis=1) == boastful.argmax(axis=1)).all()


def test_the_interval_of_a_share_is_as_wide_as_the_binomial_says():
    right = np.random.default_rng(0).random(400) < 0.8
    drawn = draw_weights(400, np.random.default_rng(1), 2000) @ right.astype(np.float32) / 400
    found, spread = interval_of(drawn), 1.96 * np.sqrt(right.mean() * (1 - right.mean()) / 400)
    assert (found.low, found.high) == pytest.approx((right.mean() - spread, right.mean() + spread), abs=0.006)


def test_two_models_differ_when_one_is_right_where_the_other_is_not():
    # Known figures of McNemar's exact test: 1 against 9 discordant pairs is 0.0215, and none is no evidence.
    assert mcnemar(1, 9) == pytest.approx(0.021484375)
    assert mcnemar(0, 0) == mcnemar(5, 5) == 1.0
    truth = np.tile(np.eye(2, dtype=bool), (100, 1))
    good, bad = np.where(truth, 0.9, 0.1), np.where(truth, 0.9, 0.1)
    bad[:60] = bad[:60, ::-1]
    first, second = (LabelEvidence(np.arange(200), (1, 2), each, truth, multi_label=False) for each in (bad, good))
    sides = LabelMeasures(first), LabelMeasures(second)
    verdict = compare_models(*sides, (np.zeros(2), np.zeros(2)))["accuracy"]
    assert verdict.difference == pytest.approx(0.3)
    assert (verdict.only_first, verdict.only_second) == (0, 60)
    assert verdict.is_significant
    assert verdict.p_value < 1e-15
    same = compare_models(sides[0], sides[0], (np.zeros(2), np.zeros(2)))["accuracy"]
    assert (same.difference, same.is_significant, same.p_value) == (0, False, 1)


@pytest.mark.parametrize(("temperature", "shift"), [(0.5, -1.0), (2.0, -2.5), (1.0, 0.5)])
def test_the_temperature_and_the_shift_of_yes_or_no_answers_are_found_again_as_scikit_learn_finds_them(temperature, shift):
    random = np.random.default_rng(3)
    said = random.beta(0.7, 2.0, (6000, 1))
    true = random.random((6000, 1)) < at_temperature(said, temperature, multi_label=True, shift=shift)
    evidence = LabelEvidence(np.arange(6000), (0,), said, true, multi_label=True)
    found = fit_shifted(evidence)
    assert found == pytest.approx((temperature, shift), abs=0.25)
    oracle = LogisticRegression(C=np.inf).fit(np.log(said / (1 - said)), true.ravel())
    assert (1 / found[0], found[1]) == pytest.approx((oracle.coef_[0, 0], oracle.intercept_[0]), abs=0.02)  # Platt's targets aside
    honest = calibrated(evidence, *found)
    assert reliability(honest).error < min(0.02, reliability(evidence).error)
    assert losses(honest).mean() < losses(evidence).mean()


def test_a_few_answers_and_answers_that_are_never_right_claim_no_certainty():
    few = LabelEvidence(np.arange(2), (0,), np.array([[0.9], [0.2]]), np.array([[True], [False]]), multi_label=True)
    calm = calibrated(few, *fit_shifted(few)).probabilities
    assert calm[:, 0] == pytest.approx([2 / 3, 1 / 3], abs=1e-3)
    never = LabelEvidence(np.arange(4), (0,), np.full((4, 1), 0.8), np.zeros((4, 1), bool), multi_label=True)
    assert calibrated(never, *fit_shifted(never)).probabilities == pytest.approx(np.full((4, 1), 1 / 6), abs=1e-3)
    contrary = LabelEvidence(
        np.arange(4), (0,), np.array([[0.9], [0.8], [0.1], [0.2]]), np.array([[0], [0], [1], [1]], bool), multi_label=True
    )
    assert fit_shifted(contrary)[0] == pytest.approx(20)  # the surer the wronger: nothing is left of its confidence


@given(arrays(np.float64, (4, 5), elements=st.integers(0, 1000).map(float)), st.floats(0.05, 20.0), st.booleans())
def test_a_temperature_never_changes_what_is_likeliest(odds, temperature, multi_label):
    probabilities = (odds + 1) / (odds + 1).sum(axis=1, keepdims=True)
    calm = at_temperature(probabilities, temperature, multi_label=multi_label)
    best = probabilities.argmax(axis=1)
    assert (calm[np.arange(4), best] >= calm.max(axis=1) * (1 - 1e-9)).all()
    assert ((calm >= 0) & (calm <= 1)).all()


@given(st.integers(0, 2**32), st.integers(2, 30))
def test_a_thinned_curve_keeps_its_shape_where_much_is_found_at_little_confidence(seed, hits):
    rng = np.random.default_rng(seed)
    right = np.zeros(4000, bool)
    right[np.sort(rng.choice(80, hits, replace=False))] = True  # among the surest 80; the rest is noise
    curve = curve_of(np.linspace(1, 0, 4000), right, hits)
    thin = curve.thinned(curve.precision)
    assert len(thin.thresholds) <= MOST_POINTS + 1
    leaps = np.flatnonzero(np.diff(curve.hits) > 0) + 1
    assert set(curve.thresholds[leaps]) | set(curve.thresholds[leaps - 1]) <= set(thin.thresholds)
    assert (thin.thresholds[0], thin.thresholds[-1]) == (curve.thresholds[0], curve.thresholds[-1])
    between = np.interp(curve.said[79:], thin.said, thin.precision)
    assert np.abs(between - curve.precision[79:]).max() < 0.1


def test_a_few_images_without_an_error_leave_open_what_others_would_give():
    truth = np.eye(2, dtype=bool)[[0, 1, 0, 1, 0, 1]]
    sure = LabelMeasures(LabelEvidence(np.arange(6), (1, 2), np.where(truth, 0.9, 0.1), truth, multi_label=False))
    figures = {each.name: each for each in sure.figures(np.zeros(2))}
    for name in ("accuracy", "f1_macro", "precision_micro", "recall_weighted", "auc"):
        assert (figures[name].value, figures[name].high) == (1, 1)
        assert figures[name].low == pytest.approx(wilson(6, 6).low)
    assert wilson(6, 6).low == pytest.approx(0.61, abs=0.01)
    (row, _) = sure.rows(np.zeros(2))
    assert row.recall_low == row.precision_low == row.f1_low == pytest.approx(wilson(3, 3).low)


@given(evidences(multi_label=False), SHARES)
def test_the_interval_of_accuracy_is_wilsons(evidence, threshold):
    accuracy = LabelMeasures(evidence).figures(np.full(len(evidence.label_ids), threshold))[0]
    expected = wilson(round(accuracy.value * len(evidence)), len(evidence))
    assert (accuracy.name, accuracy.low, accuracy.high) == ("accuracy", pytest.approx(expected.low), pytest.approx(expected.high))
