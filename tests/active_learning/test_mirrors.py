"""What a model sees in the mirror: boxes, outlines and points that stay, and those that move."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Picture

from active_learning.acquisition.consistency import Found, Posed, alike_points, overlaps, unlike_objects, unsure_peaks
from active_learning.acquisition.strategies import STRATEGIES, default_strategy
from active_learning.acquisition.values import AcquisitionError
from active_learning.models import RankedImage
from active_learning.services.answers import read_answers
from active_learning.services.rounds import RoundOptions, default_for, start_round
from campaigns.imagery.blue_marble import Chip
from campaigns.models import RunState
from campaigns.runs import execute_now
from inference.schema import Keypoint, Keypoints
from tests.active_learning.answers import box, store
from tests.active_learning.chips import add_chip
from tests.inference.endpoint import Endpoint, items

SEEDS = st.integers(0, 10_000)
WIDTH, POINTS = 64.0, 4
SWAPS = np.array([0, 1, 3, 2])
SIGMAS = np.full(POINTS, 0.05)


def found(rng, count):
    corner = rng.random((count, 2)) * 40
    return Found(rng.integers(0, 2, count), np.column_stack([corner, corner + 1 + rng.random((count, 2)) * 20]), rng.random(count))


def posed(rng, count):
    return Posed(rng.random((count, POINTS, 2)) * 60, rng.random((count, POINTS)) < 0.8)


class TestLikeness:
    @given(SEEDS, st.integers(0, 5), st.integers(0, 5))
    def test_a_difference_is_the_same_both_ways_and_lies_between_nothing_and_all(self, seed, here, there):
        rng = np.random.default_rng(seed)
        one, other, first, second = found(rng, here), found(rng, there), posed(rng, here), posed(rng, there)
        for alike in (None, alike_points(first, second, SIGMAS)):
            value = unlike_objects(one, other, alike)
            assert 0 <= value <= 1
            assert value == pytest.approx(unlike_objects(other, one, None if alike is None else alike.T))

    @given(SEEDS, st.integers(0, 5))
    def test_an_answer_is_like_itself_and_a_mirror_image_of_a_mirror_image_is_the_image(self, seed, count):
        rng = np.random.default_rng(seed)
        one, points = found(rng, count), Posed(rng.random((count, POINTS, 2)) * 60, np.ones((count, POINTS), bool))
        assert unlike_objects(one, one) == pytest.approx(0)
        again = points.mirrored(WIDTH, SWAPS).mirrored(WIDTH, SWAPS)
        assert unlike_objects(one, one, alike_points(points, again, SIGMAS)) == pytest.approx(0, abs=1e-9)
        assert one.mirrored(WIDTH).mirrored(WIDTH).bounds == pytest.approx(one.bounds)

    @given(SEEDS, st.floats(0, 5), st.floats(0.1, 5))
    def test_the_farther_points_move_the_less_alike_they_are(self, seed, near, more):
        rng = np.random.default_rng(seed)
        places, seen = rng.random((1, POINTS, 2)) * 30, np.ones((1, POINTS), bool)
        shared = [alike_points(Posed(places, seen), Posed(places + step, seen), SIGMAS)[0, 0] for step in (0, near, near + more)]
        assert shared[0] == pytest.approx(1)
        assert shared[0] >= shared[1] >= shared[2]

    def test_two_looks_that_differ_by_a_points_scatter_are_as_alike_as_coco_says(self):
        seen = np.ones((1, 2), bool)
        here = Posed(np.array([[[0.0, 0], [20, 20]]]), seen)
        there = Posed(np.array([[[2.0, 0], [20, 20]]]), seen)  # size 20, sigma 0.05: 2 px is 2 sigma of 20
        assert alike_points(here, there, np.full(2, 0.05))[0, 0] == pytest.approx((np.exp(-0.5) + 1) / 2)
        hidden = Posed(here.places, np.array([[True, False]]))
        assert alike_points(here, hidden, np.full(2, 0.05))[0, 0] == pytest.approx(0.5), "a point that one does not see is far"

    def test_left_and_right_change_places_in_the_mirror(self):
        places = np.array([[[10.0, 5], [30, 5]]])
        turned = Posed(places, np.ones((1, 2), bool)).mirrored(100, np.array([1, 0]))
        assert turned.places[0].tolist() == [[70, 5], [90, 5]]

    @given(SEEDS, st.integers(0, 4))
    def test_peaks_are_less_clear_the_less_weight_they_have(self, seed, count):
        rng = np.random.default_rng(seed)
        sure, weights = rng.random(count), rng.random((count, 3))
        value = unsure_peaks(sure, list(weights))
        assert 0 <= value <= 1
        assert value >= unsure_peaks(sure, list(weights**0.5)) - 1e-9
        assert unsure_peaks(sure, [np.ones(3)] * count) == 0

    def test_a_single_sure_object_counts_in_full_and_faint_ones_hardly(self):
        assert unsure_peaks([1.0], [[0.25, 0.75]]) == pytest.approx(0.5)
        assert unsure_peaks([0.1], [[0.0, 0.0]]) == pytest.approx(0.1)
        assert unsure_peaks([1.0], [[]]) == 0

    def test_a_likeness_of_another_shape_is_refused(self):
        one, other = found(np.random.default_rng(0), 2), found(np.random.default_rng(1), 3)
        with pytest.raises(AcquisitionError):
            unlike_objects(one, other, overlaps(other.bounds, one.bounds))
        with pytest.raises(AcquisitionError):
            unlike_objects(one, other, np.ones((2, 2)))


HIGH, WIDE, PLACE, SIDE = 48, 64, 8, 24
TASKS = {"detection": ("detection", {}), "instance": ("segmentation", {"segmentation": "instance"}), "keypoints": ("keypoints", {})}
OF_DRAWINGS = {"flip", "flip_masks", "flip_points", "unsure_points", "difficult_boxes", "ppal"}
MEASURES = {"detection": "flip", "instance": "flip_masks", "keypoints": "flip_points"}


def picture(colour):
    """A square on the left, far from any edge but that."""
    pixels = np.zeros((HIGH, WIDE, 3), np.uint8)
    pixels[PLACE : PLACE + SIDE, PLACE : PLACE + SIDE, colour : colour + 1] = 250  # there is no fourth colour: that picture is empty
    return pixels


def looks_at(kind):
    """A model that finds the square: red ones as they are, of blue ones what lies on their left, wherever that is in the picture."""

    def respond(body):
        pixels = np.asarray(Picture.open(io.BytesIO(body[body.index(b"\x89PNG") :])).convert("RGB"))
        rows, columns = np.nonzero(pixels.max(axis=2) > 128)
        if not len(rows):
            return items()
        left, top, right, bottom = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        if pixels[..., 2].any():
            right = left + SIDE // 3
        left, top, right, bottom = (float(value) for value in (left, top, right, bottom))
        common = {"class": "class 0", "score": 0.8}
        if kind == "detection":
            return items({"kind": "box", **common, "xyxy": [left, top, right, bottom]})
        if kind == "instance":
            ring = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
            return items({"kind": "polygon", **common, "polygons": [[ring]]})
        names = {"north": ((left + right) / 2, top), "west": (left, (top + bottom) / 2), "east": (right, (top + bottom) / 2)}
        return items({"kind": "keypoints", **common, "points": [{"name": n, "x": x, "y": y, "v": 2} for n, (x, y) in names.items()]})

    return respond


@pytest.mark.django_db
class TestRounds:
    @pytest.mark.parametrize("kind", sorted(TASKS))
    def test_what_a_model_draws_elsewhere_in_the_mirror_is_asked_first(self, kind, make_campaign, make_external, manager, settings):
        settings.MODEL_NETWORKS = ["127.0.0.0/8"]
        task, options = TASKS[kind]
        campaign = make_campaign("Squares", task=task, labels=("square",), settings=options)
        label = campaign.labels.get()
        if kind == "keypoints":
            places = [{"name": name, "x": 0.5, "y": 0.5} for name in ("north", "west", "east")]
            label.skeleton = {"points": places, "edges": [], "flip": [["west", "east"]]}
            label.save()
        squares = [add_chip(campaign, Chip(f"{n}", picture(n), np.zeros((1, 1), bool), (1, 0, 0, 0, 1, 0), "")) for n in range(4)]
        campaign.images.update(width=WIDE, height=HIGH)
        with Endpoint(looks_at(kind)) as endpoint:
            model = make_external(campaign, label, url=endpoint.url)
            round_ = start_round(
                user=manager,
                campaign=campaign,
                strategy=MEASURES[kind],
                size=4,
                model=model,
                options=RoundOptions(audit_share=0, prefill=False),
            )
            run = execute_now(round_.run)
            assert run.state == RunState.SUCCEEDED, run.error
            assert endpoint.requests == 8, "each image once as it is and once in the mirror"
        ranked = list(RankedImage.objects.filter(round=round_).order_by("rank"))
        unlike = {each.image_id: each.parts["uncertainty"] for each in ranked}
        assert ranked[0].image_id == squares[2].pk
        assert unlike[squares[2].pk] > 0.5
        assert [unlike[square.pk] for square in (*squares[:2], squares[3])] == pytest.approx([0, 0, 0], abs=1e-9)
        assert "mirror" in ranked[0].why

    def test_each_kind_of_campaign_is_offered_what_it_draws_and_ranks_by_what_served_it_best(self, make_campaign, manager, as_user):
        offered = {}
        for kind, (task, options) in {**TASKS, "semantic": ("segmentation", {"segmentation": "semantic"})}.items():
            campaign = make_campaign(kind, task=task, labels=("square",), settings=options)
            listed = as_user(manager).get(f"/api/v1/strategies?campaign={campaign.pk}").json()
            offered[kind] = {each["name"] for each in listed} & {
                "flip",
                "flip_masks",
                "flip_points",
                "unsure_points",
                "difficult_boxes",
                "ppal",
            }
            assert [each["name"] for each in listed if each["default"]] == [default_for(campaign)]
        assert offered["detection"] == {"flip", "difficult_boxes", "ppal"}
        assert offered["instance"] == {"flip", "flip_masks", "difficult_boxes", "ppal"}
        assert offered["keypoints"] == {"flip", "flip_points", "unsure_points", "difficult_boxes", "ppal"}
        assert offered["semantic"] == {"flip", "ppal"}
        for kind in ("detection", "instance", "keypoints"):
            assert (default_strategy(kind, labeled=199), default_strategy(kind, labeled=200)) == ("maxherding", "ppal")
        assert default_strategy("semantic", labeled=200) == "patches"

    def test_points_without_a_clear_place_come_first_in_the_first_stage_of_ppal(self, make_campaign, make_image, make_external):
        campaign = make_campaign("Birds", task="keypoints", labels=("bird",))
        bird = campaign.labels.get()
        images = [make_image(campaign, name=f"{n}.png", width=90, height=90) for n in range(4)]
        model = make_external(campaign, bird)

        def points(sure, v=2):
            return Keypoints(0, "class 0", 0.9, tuple(Keypoint(name, 5.0, 5.0, v, sure) for name in ("beak", "tail")))

        store(model, {images[0]: points(0.95), images[1]: points(0.2), images[2]: points(0.2, v=0), images[3]: points(None)})
        answers = read_answers(campaign=campaign, model=model, version=model.version, images=campaign.images.all())
        assert answers.uncertainty["peaks"] == pytest.approx([0.045, 0.72, 0, 0])
        boxes = make_campaign("Boats", task="detection", labels=("boat",))
        boat, seen = boxes.labels.get(), make_image(boxes, name="boat.png", width=90, height=90)
        other = make_external(boxes, boat)
        store(other, {seen: box(0, 0.6)})
        plain = read_answers(campaign=boxes, model=other, version=other.version, images=boxes.images.all())
        assert "peaks" not in plain.uncertainty
        assert set(STRATEGIES["ppal"].measures) == set(), "what it reads is whatever the answers tell"
