"""Several models that answer as one: the fusing by itself, then ensembles of a campaign over the API and in runs."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import InvalidInput, NotAllowed
from campaigns.geometry import encode_mask
from campaigns.models import AnnotationSet, RunState, Task
from campaigns.runs import execute_now
from inference.ensembling import Ballot, Voice, combine
from inference.extents import extent_of
from inference.models import Prediction as Stored
from inference.rasters import NO_CLASS, raster_of_classes, raster_of_probabilities, read_map
from inference.schema import Box, Classification, ClassScore, Keypoint, Keypoints, Mask, Polygon, Prediction, PredictionRejected, Raster
from inference.services import start_inference
from inference.services.ensembles import change_ensemble, create_ensemble
from models_registry.models import CampaignModel, LabelMapping, ModelKind
from tests.conftest import png_bytes
from tests.inference.endpoint import Endpoint, Reply, items

WATER, LAND = 41, 77
LABELS = ((WATER, "Water"), (LAND, "Land"))
SIDE = 64
OBJECTS, BOXES, AREAS = Ballot(LABELS), Ballot(LABELS, boxes=True), Ballot(LABELS, areas=True)


def voice(*things: Any, weight: float = 1.0, labels: dict[int, int] | None = None) -> Voice:
    return Voice(Prediction(things, SIDE, SIDE), {0: WATER, 1: LAND} if labels is None else labels, weight)


def box(x: float, y: float, width: float, height: float, confidence: float | None = 0.8, index: int = 0) -> Box:
    return Box(index, "?", confidence, x, y, width, height)


def square(x: float, y: float, side: float, confidence: float = 0.8) -> Polygon:
    return Polygon(0, "?", confidence, ((((x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)),),))


def mask(top: int, left: int, side: int, confidence: float = 0.8) -> Mask:
    pixels = np.zeros((SIDE, SIDE), dtype=bool)
    pixels[top : top + side, left : left + side] = True
    return Mask(0, "?", confidence, (SIDE, SIDE), encode_mask(pixels))


def classes(*probabilities: float, mode: Any = "single") -> Classification:
    return Classification(tuple(ClassScore(n, f"c{n}", p) for n, p in enumerate(probabilities)), mode=mode)


def scores_of(prediction: Prediction) -> dict[str, float]:
    (item,) = prediction.items
    assert isinstance(item, Classification)
    return {score.name: score.confidence for score in item.scores}


def test_probabilities_are_averaged_by_weight():
    said = combine([voice(classes(0.9, 0.1), weight=3.0), voice(classes(0.5, 0.5))], OBJECTS)
    assert scores_of(said) == pytest.approx({"Water": 0.8, "Land": 0.2})


def test_a_member_that_does_not_provide_a_label_has_no_say_about_it():
    only_water = voice(classes(0.6), labels={0: WATER})
    said = combine([voice(classes(0.2, 0.9, mode="multi")), only_water], Ballot(LABELS, multi_label=True))
    assert scores_of(said) == pytest.approx({"Water": 0.4, "Land": 0.9})


def test_classes_that_mean_one_label_are_added_up_before_the_mean():
    two = voice(classes(0.3, 0.4, 0.3), labels={0: WATER, 1: WATER, 2: LAND})
    said = combine([two, voice(classes(0.5, 0.5))], OBJECTS)
    assert scores_of(said) == pytest.approx({"Water": 0.6, "Land": 0.4})


def test_boxes_that_mean_one_thing_become_their_mean_and_lone_ones_lose_confidence():
    said = combine([voice(box(10, 10, 20, 20, 0.9)), voice(box(12, 10, 20, 20, 0.3), box(40, 40, 10, 10, 0.6))], BOXES)
    fused, lone = said.items
    assert isinstance(fused, Box) and isinstance(lone, Box)
    assert (fused.x, fused.width) == pytest.approx((10.5, 20.0))
    assert fused.confidence == pytest.approx(0.6)
    assert (lone.x, lone.confidence) == (40, pytest.approx(0.3))
    assert (fused.index, fused.name) == (0, "Water")


# Figures of ensemble-boxes 1.0.9 (weighted_boxes_fusion, iou_thr=0.55, skip_box_thr=0) for these boxes, weights 2 and 1.
WBF_SAID = [
    [(0, 0, 32, 32, 0.9), (40, 8, 20, 20, 0.5), (10, 40, 16, 16, 0.2)],
    [(2, 1, 32, 32, 0.6), (41, 8, 20, 22, 0.8), (50, 50, 12, 12, 0.4)],
]

REFERENCE = [(0.5, 0.25, 32.5, 32.25, 0.8), (40.4444, 8, 60.4444, 28.8889, 0.6), (50, 50, 62, 62, 0.1333), (10, 40, 26, 56, 0.1333)]


def test_boxes_are_fused_as_the_reference_implementation_fuses_them():
    voices = [
        voice(*(box(x, y, w, h, c) for x, y, w, h, c in found), weight=weight) for found, weight in zip(WBF_SAID, (2.0, 1.0), strict=True)
    ]
    found = [(thing.x, thing.y, thing.x + thing.width, thing.y + thing.height, thing.confidence) for thing in combine(voices, BOXES).items]  # type: ignore[union-attr]
    assert np.array(sorted(found)) == pytest.approx(np.array(sorted(REFERENCE)), abs=2e-4)


def test_a_member_that_says_a_thing_twice_has_one_voice():
    said = combine([voice(box(10, 10, 20, 20, 0.6), box(10, 10, 20, 20, 0.6)), voice()], BOXES)
    assert [thing.confidence for thing in said.items] == [pytest.approx(0.3)]  # type: ignore[union-attr]


def test_outlines_and_masks_of_one_thing_are_voted_for_pixel_by_pixel():
    said = combine([voice(mask(10, 10, 20)), voice(mask(10, 12, 20)), voice(square(10, 10, 20))], OBJECTS)
    (fused,) = said.items
    assert isinstance(fused, Mask)
    assert fused.counts == mask(10, 10, 20).counts
    assert fused.confidence == pytest.approx(0.8)


def test_outlines_alone_stay_an_outline():
    (fused,) = combine([voice(square(10, 10, 20)), voice(square(11, 10, 20)), voice(square(10, 10, 20))], OBJECTS).items
    assert isinstance(fused, Polygon)
    extent = extent_of(fused)
    assert extent is not None
    assert extent.bounds == (10, 10, 30, 30)
    assert sum(len(ring) for rings in fused.polygons for ring in rings) < 8


def test_named_points_meet_in_the_middle_and_a_hidden_one_stays_away():
    def person(shift: float, seen: int) -> Keypoints:
        return Keypoints(0, "?", 0.5, (Keypoint("head", 10 + shift, 10), Keypoint("hand", 30 + shift, 30), Keypoint("foot", 20, 40, seen)))

    (fused,) = combine([voice(person(0, 0)), voice(person(2, 0)), voice(person(1, 2))], OBJECTS).items
    assert isinstance(fused, Keypoints)
    assert [(point.name, point.x, point.v) for point in fused.points] == [("head", 11.0, 2), ("hand", 31.0, 2), ("foot", 0.0, 0)]


def test_each_pixel_goes_to_the_label_with_the_most_votes():
    left = np.zeros((SIDE, SIDE), np.uint8)
    left[:, 32:] = 1
    water = np.zeros((SIDE, SIDE), np.uint8)
    names = [(0, "w"), (1, "l")]
    sure_land = np.stack([np.full((SIDE, SIDE), 0.05), np.full((SIDE, SIDE), 0.95)])
    said = combine(
        [voice(raster_of_classes(left, names)), voice(raster_of_classes(water, names)), voice(raster_of_probabilities(sure_land, names))],
        AREAS,
    )
    (raster,) = said.items
    assert isinstance(raster, Raster)
    voted = read_map(raster.class_map)
    assert set(np.unique(voted[:, :32]).tolist()) == {0}
    assert set(np.unique(voted[:, 32:]).tolist()) == {1}
    assert raster.classes == ((0, "Water"), (1, "Land"))
    assert raster.entropy_map is not None


def test_an_outline_has_a_vote_in_its_area_and_where_nobody_speaks_nothing_is_said():
    (raster,) = combine([voice(square(0, 0, 16)), voice()], AREAS).items
    assert isinstance(raster, Raster)
    voted = read_map(raster.class_map)
    assert (voted[:16, :16] == 0).all()
    assert (voted[20:, 20:] == NO_CLASS).all()


def test_answers_about_different_sizes_are_refused():
    with pytest.raises(PredictionRejected, match="answered for"):
        combine([voice(), Voice(Prediction((), 10, 10), {0: WATER})], OBJECTS)


places = st.integers(0, 40)
boxes = st.lists(
    st.builds(box, places, places, st.integers(2, 20), st.integers(2, 20), st.sampled_from([0.0, 0.2, 0.9, None]), st.integers(0, 1)),
    max_size=6,
)


@given(st.lists(boxes, min_size=1, max_size=4))
def test_fused_boxes_stay_within_what_was_said_and_confidences_are_shares(found: list[list[Box]]):
    said = combine([voice(*things) for things in found], BOXES)
    told = [thing for things in found for thing in things]
    assert len(said.items) <= len(told)
    for thing in said.items:
        assert isinstance(thing, Box) and thing.confidence is not None
        assert 0.0 <= thing.confidence <= 1.0
        assert thing.x >= min(each.x for each in told) - 1e-9
        assert thing.x + thing.width <= max(each.x + each.width for each in told) + 1e-9


@given(boxes)
def test_members_that_say_the_same_say_it_together(things: list[Box]):
    alone = combine([voice(*things)], BOXES)
    together = combine([voice(*things), voice(*things), voice(*things)], BOXES)
    assert len(together.items) == len(alone.items)
    for one, other in zip(alone.items, together.items, strict=True):
        assert isinstance(one, Box) and isinstance(other, Box)
        assert other.confidence == pytest.approx(one.confidence)


# An ensemble of a campaign.

SAYS = {"one": {"water": 0.9, "land": 0.1}, "two": {"water": 0.3, "land": 0.7}}


def saying(name: str) -> Endpoint:
    return Endpoint(lambda body: items({"kind": "classification", "scores": SAYS[name]}))


@pytest.mark.django_db
class TestOfACampaign:
    def test_an_ensemble_asks_its_members_once_and_drafts_what_they_say_together(self, campaign, make_image, make_model):
        images = [make_image(campaign) for _ in range(6)]
        with saying("one") as one, saying("two") as two:
            members = [make_model(campaign, one.url, name="One"), make_model(campaign, two.url, name="Two")]
            start = {"user": campaign.created_by, "campaign": campaign, "images": "all"}
            execute_now(start_inference(model=members[0], prefill=False, **start))
            ensemble = create_ensemble(
                user=campaign.created_by, campaign=campaign, name="Both", members=[{"model": each.pk} for each in members]
            )
            run = execute_now(start_inference(model=ensemble, **start))
            assert (run.state, run.done) == (RunState.SUCCEEDED, 6)
            assert (one.requests, two.requests) == (6, 6)
        assert Stored.objects.filter(model=ensemble).count() == 6
        assert Stored.objects.get(model=ensemble, image=images[0]).confidence == pytest.approx(0.6)
        water = campaign.labels.get(name="Water")
        drafted = AnnotationSet.objects.get(image=images[0], author=None).annotations
        assert [(each["label"], each["confidence"], each["model"]["name"]) for each in drafted] == [(water.pk, pytest.approx(0.6), "Both")]

    def test_other_weights_are_another_version_whose_answers_need_no_member(self, campaign, make_image, make_model):
        image = make_image(campaign)
        with saying("one") as one, saying("two") as two:
            members = [make_model(campaign, one.url), make_model(campaign, two.url)]
            start = {"user": campaign.created_by, "campaign": campaign, "images": "all"}
            ensemble = create_ensemble(
                user=campaign.created_by, campaign=campaign, name="Both", members=[{"model": each.pk} for each in members]
            )
            execute_now(start_inference(model=ensemble, **start))
            execute_now(start_inference(model=ensemble, **start))
            assert ensemble.version == "1"
            weights = [{"model": members[0].pk, "weight": 1.0}, {"model": members[1].pk, "weight": 3.0}]
            change_ensemble(user=campaign.created_by, campaign=campaign, model=ensemble, members=weights, overlap=0.5)
            assert ensemble.version == "2"
            execute_now(start_inference(model=ensemble, **start))
            assert (one.requests, two.requests) == (1, 1)
        assert Stored.objects.get(model=ensemble, model_version="2", image=image).confidence == pytest.approx(0.55)

    def test_a_member_mapped_otherwise_makes_another_version(self, campaign, make_image, make_model):
        make_image(campaign)
        with saying("one") as one, saying("two") as two:
            members = [make_model(campaign, one.url), make_model(campaign, two.url)]
            ensemble = create_ensemble(
                user=campaign.created_by, campaign=campaign, name="Both", members=[{"model": each.pk} for each in members]
            )
            LabelMapping.objects.filter(campaign_model__model=members[0], class_index=0).delete()
            start_inference(user=campaign.created_by, campaign=campaign, model=ensemble, images="all")
        assert ensemble.version == "2"

    def test_an_image_that_a_member_cannot_answer_about_fails_with_its_name(self, campaign, make_image, make_model):
        images = [make_image(campaign) for _ in range(4)]
        broken = images[1].name.encode()
        with (
            saying("one") as one,
            Endpoint(lambda body: Reply(b"no") if broken in body else items({"kind": "classification", "scores": SAYS["two"]})) as two,
        ):
            members = [make_model(campaign, one.url), make_model(campaign, two.url, name="Second")]
            ensemble = create_ensemble(
                user=campaign.created_by, campaign=campaign, name="Both", members=[{"model": each.pk} for each in members]
            )
            run = execute_now(start_inference(user=campaign.created_by, campaign=campaign, model=ensemble, images="all"))
        assert (run.done, run.failed_items) == (3, 1)
        assert run.items.get(image=images[1]).reason.startswith("Second: ")

    def test_a_member_that_was_detached_stops_the_run_with_its_number(self, campaign, make_image, make_model):
        make_image(campaign)
        with saying("one") as one, saying("two") as two:
            members = [make_model(campaign, one.url), make_model(campaign, two.url)]
            ensemble = create_ensemble(
                user=campaign.created_by, campaign=campaign, name="Both", members=[{"model": each.pk} for each in members]
            )
            run = start_inference(user=campaign.created_by, campaign=campaign, model=ensemble, images="all")
            CampaignModel.objects.filter(model=members[1]).delete()
            done = execute_now(run)
        assert done.state == RunState.FAILED
        assert f"model {members[1].pk}" in done.error

    @pytest.mark.parametrize("wrong", ["one", "unmapped", "nested", "stranger", "weightless"])
    def test_who_cannot_vote_is_refused_with_a_reason(self, campaign, make_model, wrong):
        one, two = (make_model(campaign, "http://127.0.0.1:9/") for _ in range(2))
        user = campaign.created_by
        members: list[dict[str, Any]] = [{"model": one.pk}, {"model": two.pk}]
        if wrong == "one":
            members = members[:1]
        elif wrong == "unmapped":
            LabelMapping.objects.filter(campaign_model__model=two).delete()
        elif wrong == "nested":
            members[1]["model"] = create_ensemble(user=user, campaign=campaign, name="Both", members=members).pk
        elif wrong == "stranger":
            CampaignModel.objects.filter(model=two).delete()
        else:
            members[1]["weight"] = 0.0
        with pytest.raises(InvalidInput):
            create_ensemble(user=user, campaign=campaign, name="Both", members=members)

    def test_it_is_made_looked_at_and_asked_over_the_api(self, campaign, make_model, as_user, annotator):
        with saying("one") as one, saying("two") as two:
            members = [make_model(campaign, one.url), make_model(campaign, two.url)]
            client = as_user(campaign.created_by)
            address = f"/api/v1/campaigns/{campaign.pk}/ensembles"
            body = {"name": "Both", "members": [{"model": members[0].pk, "weight": 2}, {"model": members[1].pk}]}
            made = client.post(address, body, format="json")
            assert made.status_code == 201, made.data
            assert (made.data["kind"], made.data["task"]) == (ModelKind.ENSEMBLE, Task.CLASSIFICATION)
            told = client.get(f"{address}/{made.data['id']}").data
            assert [(each["model"], each["weight"]) for each in told["members"]] == [(members[0].pk, 2.0), (members[1].pk, 1.0)]
            asked = client.post(
                f"/api/v1/campaigns/{campaign.pk}/models/{made.data['id']}/predict", png_bytes(40, 30, seed=5), content_type="image/png"
            )
            assert asked.status_code == 200, asked.data
            assert client.post(f"/api/v1/models/{made.data['id']}/test", {}, format="json").status_code == 409
        with pytest.raises(NotAllowed):
            create_ensemble(user=annotator, campaign=campaign, name="Mine", members=body["members"])
