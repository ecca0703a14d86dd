"""Intervals of ranking figures: in each draw, all is as if the images were really there as often, without matching anything again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from active_learning.evaluation import drawing
from active_learning.evaluation.areas import AreaEvidence, AreaMeasures
from active_learning.evaluation.labels import LabelMeasures
from active_learning.evaluation.objects import ObjectMeasures
from active_learning.evaluation.values import LabelEvidence
from tests.active_learning.test_evaluation_measures import evidences
from tests.active_learning.test_evaluation_objects import evidence_of, scenes


@given(evidences(), st.integers(0, 9))
def test_average_precision_auc_and_correlation_of_a_draw_are_those_of_its_images(evidence, seed):
    measures = LabelMeasures(evidence, seed)
    thresholds = np.full(len(evidence.label_ids), 0.4)
    precisions, areas = measures.ranked_draws
    correlations = measures._correlations(evidence.said(thresholds))
    assert len(precisions) == len(areas) == len(correlations) == 300
    for draw in (0, 7, 299):
        drawn = LabelMeasures(evidence.at(np.repeat(np.arange(len(evidence)), measures.weights[draw].astype(int))))
        expected = np.array(drawn.ranked, float)
        np.testing.assert_allclose(np.column_stack([precisions[draw], areas[draw]]), expected, atol=1e-9)
        correlation = drawn._correlation(drawn.evidence.said(thresholds))
        assert correlations[draw] == pytest.approx(np.nan if correlation is None else correlation, nan_ok=True, abs=1e-9)


@given(scenes(), st.integers(0, 9))
def test_average_precision_of_objects_in_a_draw_is_that_of_its_images(scene, seed):
    images, labels, true, found = scene
    measures = ObjectMeasures(evidence_of(images, labels, true, found), 0.6, seed=seed)
    mean, chosen, by_label = measures.precision_draws
    for draw in (0, 150, 299):
        often = measures.weights[draw].astype(int)
        # Each image as often as it was drawn, a copy of its own each time.
        where = np.repeat(np.arange(images), often).tolist()
        copies = [[(n, *row[1:]) for n, place in enumerate(where) for row in rows if row[0] == place] for rows in (true, found)]
        again = ObjectMeasures(evidence_of(len(where), labels, *copies), 0.6)
        known = again.precisions[:, again.positives > 0]
        np.testing.assert_allclose(by_label[draw], again.precisions[0], atol=1e-9)
        assert chosen[draw] == pytest.approx(known[0].mean() if known.size else np.nan, nan_ok=True)
        assert mean[draw] == pytest.approx(known[1:].mean() if known.size else np.nan, nan_ok=True)


def held(measures) -> bool:
    thresholds = np.full(len(measures.evidence.label_ids), 0.4)
    names = ("precision", "recall", "f1", "accuracy", "mcc", "average_precision", "auc", "iou")
    rows = [tuple(getattr(row, f"{name}{end}") for end in ("_low", "", "_high")) for row in measures.rows(thresholds) for name in names]
    shown = [*rows, *((each.low, each.value, each.high) for each in measures.figures(thresholds))]
    return all(low is None or low <= value <= high for low, value, high in shown)


@given(evidences(), scenes())
def test_an_interval_holds_its_figure_or_there_is_none(evidence, scene):
    assert held(LabelMeasures(evidence))
    assert held(ObjectMeasures(evidence_of(*scene), 0.5))


def rare_labels(seed: int, images: int = 40, labels: int = 20) -> LabelEvidence:
    """Hardly an image of each label: most draws lack some labels, and have images of others twice."""
    rng = np.random.default_rng(seed)
    truth = rng.random((images, labels)) < 0.02
    logits = rng.normal(size=truth.shape) + truth
    return LabelEvidence(np.arange(images), tuple(range(1, labels + 1)), 1 / (1 + np.exp(-logits)), truth, True)


def test_draws_that_lie_beside_their_figure_make_no_interval():
    measures = [LabelMeasures(rare_labels(seed)) for seed in range(12)]
    assert all(held(each) for each in measures)
    lacking = {
        figure.name for each in measures for figure in each.figures(np.full(20, 0.4)) if figure.value is not None and figure.low is None
    }
    assert lacking, "too few images of each label for some of these figures"
    assert all(figure.low is not None for figure in LabelMeasures(boastful()).figures(np.zeros(3)))


def boastful(images: int = 400, labels: int = 3, seed: int = 0) -> LabelEvidence:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, labels, images)
    logits = rng.normal(size=(images, labels))
    logits[np.arange(images), truth] += 1
    powers = np.exp(logits)
    return LabelEvidence(
        np.arange(images), tuple(range(1, labels + 1)), powers / powers.sum(axis=1, keepdims=True), np.eye(labels, dtype=bool)[truth], False
    )


def test_an_interval_covers_the_figure_of_the_population_about_as_often_as_it_says():
    large = boastful(40_000, seed=99)
    aim = oracle.roc_auc_score(large.truth, large.probabilities)
    covered = 0
    for seed in range(60):
        figure = next(each for each in LabelMeasures(boastful(150, seed=seed)).figures(np.zeros(3)) if each.name == "auc")
        covered += figure.low <= aim <= figure.high
    assert 51 <= covered <= 60


def test_the_same_seed_gives_the_same_intervals_and_another_gives_others():
    one, same, other = (LabelMeasures(boastful(), seed).figures(np.zeros(3)) for seed in (0, 0, 1))
    assert one == same
    assert [each.value for each in one] == [each.value for each in other]
    assert [each.low for each in one] != [each.low for each in other]


def test_every_figure_of_labels_and_areas_tells_an_interval():
    assert all(each.low < each.value < each.high for each in LabelMeasures(boastful()).figures(np.zeros(3)))
    rng = np.random.default_rng(0)
    areas = AreaMeasures(AreaEvidence(np.arange(20), (1, 2), rng.integers(1, 50, (20, 2, 3)).astype(float)))
    assert all(each.low < each.value < each.high for each in areas.figures(np.zeros(2)))
    assert all(row.iou_low < row.iou < row.iou_high for row in areas.rows(np.zeros(2)))


def test_the_more_there_is_to_rank_the_fewer_draws_which_bounds_the_time():
    assert drawing.draws_for(10) == 300
    assert drawing.draws_for(250_000) == 100
    assert drawing.draws_for(10**9) == drawing.LEAST_DRAWS
