"""How good a model is on the held-back part, and what random picks would have given."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from active_learning.evaluation.resampling import Interval, wilson
from active_learning.models import Evaluation, Round
from active_learning.services.evaluation import accuracy_of, evaluate_round, interval_of_mean, macro_f1, measure_model
from active_learning.services.truth import held_back, truth_of, whole_labels
from campaigns.models import Image, Reference
from campaigns.runs import RunContext, claim_run, enqueue_run
from tests.active_learning.answers import box, classified, store
from tests.active_learning.chips import label_image
from tests.active_learning.conftest import HELD_BACK, LABELED

pytestmark = pytest.mark.django_db


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_interval_holds_the_share_and_shrinks_with_more_images(right, wrong):
    total = right + wrong
    found = wilson(right, total)
    low, high = found.low, found.high
    assert 0 <= low <= high <= 1
    if total:
        assert low <= right / total + 1e-12
        assert high >= right / total - 1e-12
        wider = wilson(right * 4, total * 4)
        assert wider.high - wider.low <= high - low


def test_the_interval_is_wilsons():
    found = wilson(8, 10)
    assert (found.low, found.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 0) == Interval(0, 1)


def test_an_image_is_right_when_all_its_labels_are():
    said, true = [frozenset({1}), frozenset({1, 2}), frozenset({None})], [frozenset({1}), frozenset({1}), frozenset({2})]
    figures = accuracy_of(said, true)
    assert figures["accuracy"] == pytest.approx(1 / 3)
    assert macro_f1(said, true) == pytest.approx((1 + 0) / 2)


def test_truth_is_the_reference_and_else_what_was_submitted(coast, labels, annotator):
    images = list(held_back(coast).order_by("pk"))
    label_image(images[0], annotator, labels["land"].pk)
    before = whole_labels(Reference.objects.get(image=images[0]).annotations)
    assert whole_labels(truth_of(held_back(coast))[images[0].pk]) == before
    Reference.objects.filter(image__in=images).delete()
    truth = truth_of(held_back(coast))
    assert {image: whole_labels(said) for image, said in truth.items()} == {images[0].pk: frozenset({labels["land"].pk})}


def test_a_model_is_measured_through_its_mapping(coast, labels, make_external):
    model = make_external(coast, labels["land"], labels["coast"], labels["ocean"], None)
    rows = {"land": (0.9, 0, 0, 0.1), "coast": (0, 0.9, 0, 0.1), "ocean": (0.2, 0.2, 0.2, 0.4)}
    truth = truth_of(held_back(coast))
    names = {label.pk: name for name, label in labels.items()}
    kinds = {image: names[next(iter(whole_labels(truth[image.pk])))] for image in held_back(coast)}
    store(model, {image: classified(*rows[kind]) for image, kind in kinds.items()})
    figures = measure_model(coast, model, model.version, truth)
    oceans = sum(kind == "ocean" for kind in kinds.values())
    assert figures["images"] == HELD_BACK
    assert figures["accuracy"] == pytest.approx(1 - oceans / HELD_BACK)


def evaluated(campaign, model, user, **fields):
    run = enqueue_run(user=user, kind="round", campaign=campaign)
    round_ = Round.objects.create(
        campaign=campaign, number=1, strategy="random", size=5, model=model, model_version=model.version, **fields
    )
    return evaluate_round(RunContext(claim_run(run.pk)), round_), round_


def test_random_picks_are_measured_with_the_same_head_on_as_many_images(coast, labels, manager, make_external):
    model = make_external(coast, *labels.values())
    store(model, {image: classified(0.2, 0.3, 0.5) for image in held_back(coast)})
    made, round_ = evaluated(coast, model, manager, seed=3)
    assert (made.labeled, made.held_back, made.random_metrics["draws"]) == (LABELED, HELD_BACK, 5)
    assert 0.5 < made.random_metrics["accuracy"] <= 1
    assert made.random_metrics["draws"] == 5
    assert made.random_metrics["accuracy_low"] <= made.random_metrics["accuracy"] <= made.random_metrics["accuracy_high"]
    again = evaluate_round(RunContext(claim_run(enqueue_run(user=manager, kind="round", campaign=coast).pk)), round_)
    assert again == made
    assert Evaluation.objects.count() == 1


def test_where_the_truth_of_the_pool_is_not_known_random_stays_empty(coast, labels, manager, make_external):
    Reference.objects.exclude(image__split="test").delete()
    model = make_external(coast, *labels.values())
    store(model, {image: classified(0.2, 0.3, 0.5) for image in held_back(coast)})
    made, _ = evaluated(coast, model, manager)
    assert made.random_metrics == {}
    assert made.metrics["accuracy"] > 0


def test_without_held_back_truth_nothing_is_measured(coast, labels, manager, make_external):
    Image.objects.filter(split="test").update(split="")
    made, _ = evaluated(coast, make_external(coast, *labels.values()), manager)
    assert made is None
    assert not Evaluation.objects.exists()


def test_without_the_backbone_the_model_is_measured_all_the_same(coast, labels, manager, make_external, monkeypatch):
    monkeypatch.setenv("WINNOW_BACKBONE_WEIGHTS", "/nowhere/at-all.pth")
    model = make_external(coast, *labels.values())
    store(model, {image: classified(0.2, 0.3, 0.5) for image in held_back(coast)})
    made, _ = evaluated(coast, model, manager)
    assert (made.random_metrics, made.held_back) == ({}, HELD_BACK)


class TestBoxes:
    def test_a_detector_is_measured_by_f1_at_half_overlap(self, make_campaign, make_image, manager, make_external):
        campaign = make_campaign("Ships", task="detection", labels=("Ship",))
        model = make_external(campaign, campaign.labels.get())
        images = [make_image(campaign, split="test") for _ in range(4)]
        shape = {"type": "box", "x": 4.0, "y": 4.0, "width": 20.0, "height": 20.0, "rotation": 0}
        for image in images:
            Reference.objects.create(
                image=image, annotations=[{"id": "t", "label": campaign.labels.get().pk, "shape": shape, "review": "accepted"}]
            )
        # Found; found twice; missed by far; seen but not surely enough.
        store(
            model,
            {
                images[0]: [box(0, 0.9)],
                images[1]: [box(0, 0.9), box(0, 0.8, x=5)],
                images[2]: [box(0, 0.9, x=40)],
                images[3]: [box(0, 0.2)],
            },
        )
        made, _ = evaluated(campaign, model, manager)
        assert made.metrics["f1_at_50"] == pytest.approx(2 * 2 / (4 + 4))
        assert 0 <= made.metrics["f1_at_50_low"] <= made.metrics["f1_at_50"] <= made.metrics["f1_at_50_high"] <= 1
        assert 0 < made.metrics["map_low"] <= made.metrics["map"] <= made.metrics["map_high"] <= 1
        assert made.random_metrics == {}


def test_figures_are_finite(coast, labels, manager, make_external):
    model = make_external(coast, *labels.values())
    store(model, {image: classified(0.2, 0.3, 0.5) for image in list(held_back(coast))[:1]})
    made, _ = evaluated(coast, model, manager)
    assert all(math.isfinite(value) for value in made.metrics.values())


def test_the_interval_of_random_picks_holds_the_true_mean_in_95_of_100_cases():
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(4000):
        mean, half = interval_of_mean(rng.normal(0.7, 0.04, size=5).tolist())
        held += mean - half <= 0.7 <= mean + half
    assert 0.94 <= held / 4000 <= 0.96


def test_the_interval_of_a_mean_is_students():
    mean, half = interval_of_mean([0.61, 0.70, 0.66, 0.72, 0.69])
    assert (mean - half, mean + half) == pytest.approx((0.62288, 0.72912), abs=2e-5)  # scipy.stats.t.interval
