"""Models side by side: the counting by itself, then a campaign's stored answers."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from campaigns.geometry import mask_document
from campaigns.models import AnnotationSet, Campaign, Image, Reference, Run, RunState, User
from campaigns.runs import claim_run, execute_claimed, execute_now
from inference.comparing import Agreement, Saying, Score, compare_areas, compare_found, compare_objects, measures_of, overlaps, total
from inference.models import Comparison, InferenceRun, Prediction
from models_registry.models import RegisteredModel
from tests.inference.endpoint import Endpoint, dead_url, items
from tests.inference.test_coverage import scores

Speak = Callable[[User | None], APIClient]
KINDS = ("labels", "objects", "areas")


def box(x: float, y: float, width: float = 10, height: float = 10, label: int = 1, confidence: float | None = None) -> dict[str, Any]:
    shape = {"type": "box", "x": x, "y": y, "width": width, "height": height, "rotation": 0.0}
    return {"label": label, "shape": shape, "confidence": confidence}


def whole(label: int) -> dict[str, Any]:
    return {"label": label, "shape": {"type": "whole"}, "confidence": 0.5}


boxes = st.builds(box, *[st.integers(0, 12)] * 2, *[st.integers(1, 12)] * 2, st.integers(1, 2), st.sampled_from((0.25, 0.5, None)))
sayings = st.builds(Saying, st.lists(boxes | st.builds(whole, st.integers(1, 3)), max_size=7))
kinds = st.sampled_from(KINDS)


@given(sayings, kinds)
def test_a_model_agrees_with_itself_entirely(saying: Saying, kind: str):
    measures = measures_of(kind)
    agreement = Agreement(measures.common, most=3)
    agreement.add(1, saying, saying)
    assert agreement.same_labels == 1.0
    assert agreement.f1 == pytest.approx(1.0)
    assert agreement.disputed == []
    for measure in (measures.found, measures.common):
        assert total(measure(saying, saying).values()).f1 in (None, pytest.approx(1.0))


@given(sayings, sayings, kinds)
def test_precision_recall_and_iou_are_shares_and_f1_lies_between_the_first_two(said: Saying, true: Saying, kind: str):
    for tally in measures_of(kind).found(said, true).values():
        shares = [share for share in (tally.precision, tally.recall, tally.f1, tally.iou) if share is not None]
        assert all(0.0 <= share <= 1.0 for share in shares)
        if tally.precision is not None and tally.recall is not None:
            assert min(tally.precision, tally.recall) - 1e-9 <= (tally.f1 or 0.0) <= max(tally.precision, tally.recall) + 1e-9


@given(sayings, sayings, kinds)
def test_models_that_change_places_give_the_same_agreement_turned_round(one: Saying, other: Saying, kind: str):
    common = measures_of(kind).common
    there, back = total(common(one, other).values()), total(common(other, one).values())
    assert (there.said, there.true) == pytest.approx((back.true, back.said))
    assert there.hits == pytest.approx(back.hits)
    first, second = Agreement(common, most=3), Agreement(common, most=3)
    first.add(4, one, other)
    second.add(4, other, one)
    assert first.f1 == pytest.approx(second.f1)
    assert [image for image, _ in first.disputed] == [image for image, _ in second.disputed]


@given(sayings, sayings, st.sampled_from((0.1, 0.3, 0.5)))
def test_no_other_pairing_of_two_models_finds_more_in_common(one: Saying, other: Saying, least: float):
    for label, tally in compare_objects(one, other, least).items():
        first, second = one.objects.get(label, []), other.objects.get(label, [])
        if not len(first) or not len(second):
            assert tally.hits == 0
            continue
        ious = overlaps(*sorted((first, second), key=len))  # type: ignore[arg-type]
        tried = permutations(range(ious.shape[1]), ious.shape[0])
        assert tally.hits == max(sum(ious[row, column] >= least for row, column in enumerate(each)) for each in tried)


@given(st.lists(boxes, min_size=1, max_size=6))
def test_overlaps_of_boxes_are_those_counted_on_the_grid_of_pixels(drawn: list[dict[str, Any]]):
    def pixels(shape: dict[str, Any]) -> Any:
        grid = np.zeros((24, 24), dtype=bool)
        grid[shape["y"] : shape["y"] + shape["height"], shape["x"] : shape["x"] + shape["width"]] = True
        return grid

    regions = np.array([Saying([{**each, "label": 1}]).objects[1][0] for each in drawn], dtype=object)
    grids = [pixels(each["shape"]) for each in drawn]
    expected = [[(a & b).sum() / (a | b).sum() for b in grids] for a in grids]
    assert overlaps(regions, regions) == pytest.approx(np.array(expected))


def test_the_surest_box_takes_the_true_one_and_the_second_on_it_is_too_much():
    true = Saying([box(0, 0), box(50, 50)])
    said = Saying([box(0, 1, confidence=0.4), box(0, 2, confidence=0.9), box(80, 80, confidence=0.8)])
    tally = compare_found(said, true)[1]
    assert (tally.hits, tally.said, tally.true) == (1, 3, 2)
    assert compare_found(said, true, overlap=0.9).get(1).hits == 0  # type: ignore[union-attr]


def test_a_box_of_another_label_is_no_hit():
    tallies = compare_found(Saying([box(0, 0, label=2)]), Saying([box(0, 0, label=1)]))
    assert (tallies[1].recall, tallies[2].precision) == (0.0, 0.0)


def test_areas_are_compared_in_square_pixels_whatever_they_are_drawn_of():
    grid = np.zeros((20, 20), dtype=bool)
    grid[0:10, 0:10] = True
    mask = {"label": 1, "shape": mask_document(grid)}
    tally = compare_areas(Saying([mask]), Saying([box(0, 0, 5, 10), box(3, 0, 17, 10)]))[1]
    assert (tally.hits, tally.said, tally.true) == pytest.approx((100, 100, 200))
    assert (tally.precision, tally.recall, tally.iou) == pytest.approx((1.0, 0.5, 0.5))


def test_the_most_disputed_images_come_first_and_only_so_many_are_kept():
    agreement = Agreement(measures_of("labels").common, most=2)
    agreement.add(1, Saying([whole(1)]), Saying([whole(1)]))
    agreement.add(2, Saying([whole(1), whole(2)]), Saying([whole(1)]))
    agreement.add(3, Saying([whole(1)]), Saying([whole(2)]))
    agreement.add(4, Saying([whole(1)]), Saying([]))
    assert agreement.disputed == [(3, 1.0), (4, 1.0)]
    assert agreement.same_labels == 0.25


def test_a_score_counts_the_images_with_exactly_the_true_labels():
    score = Score(measures_of("labels").found)
    score.add(Saying([whole(1)]), Saying([whole(1)]))
    score.add(Saying([whole(1), whole(2)]), Saying([whole(1)]))
    assert (score.images, score.right) == (2, 1)
    assert score.overall.precision == pytest.approx(2 / 3)
    assert score.overall.recall == 1.0


def said(image: Image, model: RegisteredModel, items: list[dict[str, Any]], version: str = "1", latency_ms: float = 10.0) -> None:
    document = {"schema": "prediction/1", "width": image.width, "height": image.height, "items": items, "warnings": [], "dropped": []}
    document |= {"model_version": version}
    Prediction.objects.create(image=image, model=model, model_version=version, document=document, latency_ms=latency_ms)


def submit(image: Image, author: User, annotations: list[dict[str, Any]], state: str = "accepted") -> None:
    AnnotationSet.objects.create(image=image, author=author, state=state, annotations=annotations, submitted_at=timezone.now())


def truth(label: int, model: RegisteredModel | None = None, **fields: Any) -> dict[str, Any]:
    tag = None if model is None else {"id": model.pk, "name": model.name, "version": model.version}
    origin = "human" if model is None else "prediction"
    return {
        "id": "a", "label": label, "shape": {"type": "whole"}, "origin": origin, "review": "accepted", "confidence": None,
        "model": tag, "attributes": {}, **fields,
    }  # fmt: skip


def start(speak: Speak, user: User, campaign: Campaign, *models: RegisteredModel, **wanted: Any) -> Any:
    body = {"models": [model.pk for model in models], **wanted}
    return speak(user).post(f"/api/v1/campaigns/{campaign.pk}/model-comparisons", body, format="json")


def compare(speak: Speak, user: User, campaign: Campaign, *models: RegisteredModel, **wanted: Any) -> Any:
    """Compare in a run, and return what it found."""
    run = execute_now(Run.objects.get(pk=start(speak, user, campaign, *models, **wanted).json()["id"]))
    assert run.state == RunState.SUCCEEDED, run.error
    told = speak(user).get(f"/api/v1/campaigns/{campaign.pk}/model-comparisons/{run.pk}").json()
    assert [each["id"] for each in told["compared"]] == [model.pk for model in models]
    return told["found"]


def test_two_models_stand_side_by_side_on_the_images_that_both_answered(
    campaign: Campaign,
    make_image: Callable[..., Image],
    make_model: Callable[..., RegisteredModel],
    annotator: User,
    reviewer: User,
    as_user: Speak,
):
    land, water = campaign.labels.values_list("pk", flat=True).order_by("position")
    one, other = make_model(campaign, "http://127.0.0.1:9/"), make_model(campaign, "http://127.0.0.1:9/", name="Shore")
    first, second, third, fourth = (make_image(campaign) for _ in range(4))
    for image, mine, theirs in ((first, 0.9, 0.8), (second, 0.9, 0.2), (third, 0.9, 0.3)):
        said(image, one, scores(land=mine, water=1 - mine))
        said(image, other, scores(land=theirs, water=1 - theirs))
    said(fourth, one, scores(land=1.0), latency_ms=50.0)
    said(fourth, other, scores(land=1.0), version="0")
    submit(first, annotator, [truth(land, one)])
    submit(second, annotator, [truth(water), truth(land, other, id="b", review="draft")])
    submit(fourth, annotator, [truth(water)])
    submit(third, annotator, [truth(land)], state="returned")
    Reference.objects.create(image=third, annotations=[{"label": water, "shape": {"type": "whole"}}])
    found = compare(as_user, reviewer, campaign, one, other)
    assert (found["counted"], found["images"], found["common"], found["with_truth"], found["true_annotations"]) == ("labels", 4, 3, 3, 3)
    mine, theirs = found["models"]
    assert (mine["answered"], mine["drafted"], theirs["answered"], theirs["drafted"]) == (4, 1, 3, 0)
    assert (mine["right"], mine["overall"]["f1"]) == pytest.approx((1 / 3, 1 / 3))
    assert (theirs["right"], theirs["overall"]["precision"], theirs["overall"]["recall"]) == (1.0, 1.0, 1.0)
    assert (mine["mean_ms"], mine["p50_ms"], mine["p95_ms"], theirs["mean_ms"]) == pytest.approx((20.0, 10.0, 44.0, 10.0))
    by_label = {each["label_id"]: each for each in mine["labels"]}
    assert (by_label[land]["precision"], by_label[land]["recall"], by_label[water]["recall"]) == pytest.approx((1 / 3, 1.0, 0.0))
    (pair,) = found["pairs"]
    assert (pair["images"], pair["same_labels"]) == (3, pytest.approx(1 / 3))
    assert [each["image"] for each in pair["disputed"]] == [second.pk, third.pk]
    turned = compare(as_user, reviewer, campaign, other, one)
    assert turned["models"] == [theirs, mine]
    assert {**turned["pairs"][0], "models": []} == {**pair, "models": []}
    few = compare(as_user, reviewer, campaign, one, other, images=[first.pk])
    assert (few["images"], few["pairs"][0]["disputed"]) == (1, [])


def test_objects_are_drafted_at_the_campaigns_thresholds_and_found_from_an_overlap_on(
    make_campaign: Callable[..., Campaign],
    make_image: Callable[..., Image],
    make_model: Callable[..., RegisteredModel],
    annotator: User,
    manager: User,
    as_user: Speak,
):
    campaign = make_campaign(task="detection", labels=("Ship",))
    ship = campaign.labels.get().pk
    image = make_image(campaign)
    careful = make_model(campaign, "http://127.0.0.1:9/", thresholds={"Ship": 0.5})
    eager = make_model(campaign, "http://127.0.0.1:9/", name="Eager")
    item = {"kind": "box", "index": 0, "class": "ship", "rotation": 0}
    good = {**item, "x": 10, "y": 10, "width": 10, "height": 12, "confidence": 0.9}
    poor = {**item, "x": 40, "y": 30, "width": 8, "height": 8, "confidence": 0.2}
    for model in (careful, eager):
        said(image, model, [good, poor])
    true = truth(ship, shape={"type": "box", "x": 10, "y": 10, "width": 10, "height": 10, "rotation": 0})
    submit(image, annotator, [true, truth(ship, id="w")], state="submitted")
    found = compare(as_user, manager, campaign, careful, eager)
    assert [each["overall"]["precision"] for each in found["models"]] == [1.0, 0.5]
    assert [each["overall"]["true"] for each in found["models"]] == [1.0, 1.0]
    assert found["pairs"][0]["f1"] == pytest.approx(2 / 3)
    strict = compare(as_user, manager, campaign, careful, eager, overlap=0.9)
    assert [each["overall"]["recall"] for each in strict["models"]] == [0.0, 0.0]


@pytest.mark.parametrize(
    "wanted",
    [{"models": []}, {"models": ["x"]}, {"models": [1, 1]}, {"overlap": 0.0}, {"overlap": "wide"}, {"images": "some"}, {"images": []}],
)
def test_a_question_that_cannot_be_answered_says_why(
    wanted: dict[str, Any],
    campaign: Campaign,
    make_image: Callable[..., Image],
    make_model: Callable[..., RegisteredModel],
    manager: User,
    as_user: Speak,
):
    make_image(campaign)
    models = [make_model(campaign, "http://127.0.0.1:9/") for _ in range(2)]
    answer = start(as_user, manager, campaign, *models, **wanted)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert not Run.objects.exists()


def test_a_comparison_keeps_to_the_filter_and_says_how_many_images_a_run_gets_through(
    campaign: Campaign,
    make_image: Callable[..., Image],
    make_model: Callable[..., RegisteredModel],
    reviewer: User,
    annotator: User,
    as_user: Speak,
):
    water = campaign.labels.get(name="Water").pk
    one, other = make_model(campaign, "http://127.0.0.1:9/"), make_model(campaign, "http://127.0.0.1:9/", name="Shore")
    images = [make_image(campaign) for _ in range(3)]
    Image.objects.filter(pk=images[0].pk).update(split="test")
    for image in images:
        for model in (one, other):
            said(image, model, scores(land=1.0))
    finished = timezone.now()
    for attempts, seconds in ((1, 20), (2, 1)):  # the younger was taken up again: it does not tell how long all of it took
        finished += timedelta(seconds=30)
        run = Run.objects.create(
            kind="inference", campaign=campaign, state=RunState.SUCCEEDED, attempts=attempts, result={"answered": 50},
            started_at=finished - timedelta(seconds=seconds), finished_at=finished,
        )  # fmt: skip
        InferenceRun.objects.create(run=run, model=one, model_version=one.version, images="all")
    found = compare(as_user, reviewer, campaign, one, other, images={"filter": {"split": "test"}})
    assert found["images"] == 1
    assert [each["images_per_s"] for each in found["models"]] == [2.5, None]
    submit(images[0], annotator, [truth(water)])
    (run,) = Run.objects.filter(kind="comparison")
    again = as_user(reviewer).get(f"/api/v1/campaigns/{campaign.pk}/model-comparisons/{run.pk}").json()["found"]
    assert again == found, "what was found is kept as it was"
    assert compare(as_user, reviewer, campaign, one, other, images={"filter": {"split": "test"}})["with_truth"] == 1


def test_the_same_comparison_goes_on_once_and_stops_when_told(
    campaign: Campaign, make_image: Callable[..., Image], make_model: Callable[..., RegisteredModel], reviewer: User, as_user: Speak
):
    models = [make_model(campaign, "http://127.0.0.1:9/") for _ in range(2)]
    make_image(campaign)
    first = start(as_user, reviewer, campaign, *models).json()["id"]
    assert start(as_user, reviewer, campaign, *models).json()["id"] == first
    assert start(as_user, reviewer, campaign, *reversed(models)).json()["id"] != first
    claimed = claim_run(first)
    assert claimed is not None
    assert as_user(reviewer).post(f"/api/v1/runs/{first}/cancel").status_code == 202
    execute_claimed(claimed)
    claimed.refresh_from_db()
    assert claimed.state == RunState.CANCELLED
    assert Comparison.objects.get(run=first).found is None


def test_models_are_asked_about_what_they_have_not_answered_where_that_is_wanted(
    campaign: Campaign,
    make_image: Callable[..., Image],
    make_model: Callable[..., RegisteredModel],
    manager: User,
    reviewer: User,
    as_user: Speak,
):
    with Endpoint(lambda body: items({"kind": "classification", "scores": {"land": 0.9, "water": 0.1}})) as endpoint:
        models = [make_model(campaign, endpoint.url), make_model(campaign, dead_url(), name="Gone")]
        images = [make_image(campaign) for _ in range(3)]
        said(images[0], models[0], scores(land=1.0))
        for image in images[1:]:
            said(image, models[1], scores(land=1.0))
        assert start(as_user, reviewer, campaign, *models, ask=True).status_code == 403
        able, gone = compare(as_user, manager, campaign, *models, ask=True)["models"]
        assert endpoint.requests == 2
    assert (able["answered"], able["asked"], able["unanswered"]) == (3, 2, 0)
    assert able["images_per_s"] > 0
    assert (gone["answered"], gone["asked"], gone["unanswered"]) == (2, 0, 1)
    assert gone["complaint"]
    assert not AnnotationSet.objects.exists(), "a comparison drafts nothing"
