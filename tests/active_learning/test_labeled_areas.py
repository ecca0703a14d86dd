"""An area is asked about, labeled and handed in alone: it teaches, the rest of its image does not, and the next areas lie elsewhere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from active_learning.acquisition.regions import Area, chosen
from active_learning.models import LabeledArea, RankedImage, TrainingRun
from active_learning.services.estimates import estimate_training
from active_learning.services.labeled_areas import hand_in_area
from active_learning.services.rounds import RoundOptions, start_round
from active_learning.services.snapshots import labeled_images, latest_areas, take_snapshot
from active_learning.services.training import start_training
from active_learning.training.config import TrainingConfig
from active_learning.training.label_maps import UNLABELED, drawing_of, read_pixel_targets
from active_learning.training.targets import LabeledPicture, TrainedClass
from campaigns.errors import Conflict, InvalidInput, NotAllowed, PreconditionFailed
from campaigns.geometry import mask_document
from campaigns.models import Image, ImageState, RunState, Split
from campaigns.runs import execute_now
from campaigns.services.annotations import Change, open_annotation_set, save_annotations
from tests.active_learning.chips import add_chip, chips, label_areas

SIDE = 96
FAST = {"method": "fast_head", "epochs": 8, "seed": 5}


def box(left, top, right, bottom):
    return {"type": "box", "x": left, "y": top, "width": right - left, "height": bottom - top, "rotation": 0.0}


def said(label, shape, within=None, **fields):
    return {"id": f"a{label}", "label": label, "shape": shape, "within": within, **fields}


bounds = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 24), st.integers(1, 24)).map(
    lambda found: (found[0], found[1], found[0] + found[2], found[1] + found[3])
)


class TestPixelsInAreas:
    @given(st.lists(bounds, min_size=1, max_size=4), bounds, st.sampled_from((UNLABELED, 1)))
    def test_a_pixel_teaches_where_an_area_holds_it_and_is_drawn_only_within_its_own_area(self, areas, drawn, rest):
        document = [said(1, box(*drawn), within=list(area)) for area in areas]
        found = drawing_of(document, {1: 0}, rest=rest, within=tuple(areas)).label_map((0, 0, 64, 64))
        inside = np.zeros((64, 64), bool)
        for left, top, right, bottom in areas:
            inside[top:bottom, left:right] = True
        painted = np.zeros((64, 64), bool)
        painted[drawn[1] : drawn[3], drawn[0] : drawn[2]] = True
        assert np.array_equal(found == 0, inside & painted)
        assert np.array_equal(found == rest, inside & ~painted if rest == 1 else ~(inside & painted))
        assert (found[~inside] == UNLABELED).all()

    @given(st.lists(bounds, min_size=1, max_size=3), bounds)
    def test_a_window_sees_the_same_as_the_whole_and_teaches_when_anything_in_it_is_known(self, areas, window):
        drawing = drawing_of([said(1, box(10, 10, 30, 30), within=list(areas[0]))], {1: 0}, rest=1, within=tuple(areas))
        left, top, right, bottom = window
        part = drawing.label_map((left, top, right - left, bottom - top))
        assert np.array_equal(part, drawing.label_map((0, 0, 64, 64))[top:bottom, left:right])
        assert drawing.teaches((left, top, right - left, bottom - top)) == bool((part != UNLABELED).any())

    def test_whole_images_and_areas_are_read_together(self):
        labels = [TrainedClass(1, "water"), TrainedClass(2, "land")]
        whole = LabeledPicture([said(1, box(0, 0, 20, 20)), said(2, box(20, 0, 40, 20))], 40, 20)
        part = LabeledPicture([said(2, box(0, 0, 40, 20), within=[0, 0, 10, 10])], 40, 20, ((0, 0, 10, 10),))
        targets = read_pixel_targets([whole, part], labels, TrainingConfig())
        maps = [drawing.label_map((0, 0, 40, 20)) for drawing in targets.drawings]
        assert [int((each != UNLABELED).sum()) for each in maps] == [800, 100]
        assert [int((each == 1).sum()) for each in maps] == [400, 100]


@given(st.lists(bounds, max_size=8), st.lists(bounds, max_size=3))
def test_no_area_is_asked_about_that_is_labeled_and_its_neighbours_still_are(asked, labeled):
    areas = [Area(tuple(map(float, each)), 1.0, "why") for each in asked]
    picks = chosen(areas, limit=8, labeled=[tuple(map(float, each)) for each in labeled])
    for pick in picks:
        for left, top, right, bottom in labeled:
            across = min(pick.bounds[2], right) - max(pick.bounds[0], left)
            down = min(pick.bounds[3], bottom) - max(pick.bounds[1], top)
            assert across <= 1 or down <= 1
    beside = Area((10.0, 0.0, 20.0, 10.0), 0.5, "why")
    assert chosen([beside], limit=1, labeled=[(0.0, 0.0, 10.0, 10.0)]) == (beside,)


@pytest.fixture(scope="session")
def kept_maps(tmp_path_factory):
    """What the backbone sees of the chips, shared by all tests."""
    return tmp_path_factory.mktemp("area-maps")


@pytest.fixture
def coast(make_campaign, data_dir, kept_maps, monkeypatch):
    """A campaign of coasts of which nothing is labeled, with their truth by the image's name."""
    monkeypatch.setenv("WINNOW_TORCH_THREADS", "1")
    monkeypatch.setattr("active_learning.training.pixel_samples.TEACHING", 1500)
    monkeypatch.setattr("active_learning.training.pixel_samples.MEASURING", 600)
    (data_dir / "embeddings").symlink_to(kept_maps)
    campaign = make_campaign(
        "Water", task="segmentation", labels=("water", "land"), settings={"segmentation": "semantic", "control_share": 0}
    )
    own = [chip for chip in chips() if chip.kind == "coast"][:6]
    return campaign, {add_chip(campaign, chip).pk: chip.water for chip in own}


def draw(user, image, areas):
    """Draw masks by label and save them, as the labeling page does; the image stays open."""
    own = open_annotation_set(user=user, image=image)
    common = {"origin": "human", "review": "accepted", "confidence": None, "model": None, "attributes": {}}
    shapes = {label: mask_document(mask) for label, mask in areas.items() if mask.any()}
    sent = [{"id": f"n{label}", "label": label, "shape": shape, **common} for label, shape in shapes.items()]
    return save_annotations(user=user, image=image, version=own.version, change=Change(upsert=tuple(sent)))


def label(user, image, water, place):
    """Draw the truth of one area alone, and hand the area in."""
    names = {each.name: each.pk for each in image.campaign.labels.all()}
    left, top, right, bottom = (round(value) for value in place)
    inside = np.zeros(water.shape, bool)
    inside[top:bottom, left:right] = True
    own = draw(user, image, {names["water"]: water & inside, names["land"]: ~water & inside})
    return hand_in_area(user=user, image=image, bounds=place, version=own.version)


@pytest.mark.django_db
class TestHandingIn:
    def test_areas_alone_train_a_model_which_asks_about_others_of_the_same_images(self, coast, manager, annotator, as_user):
        campaign, truth = coast
        images = list(Image.objects.filter(pk__in=truth).order_by("pk"))
        for image in images[:4]:
            for place in ((0, 0, 48, 48), (48, 48, 96, 96)):
                label(annotator, image, truth[image.pk], place)
        assert {image.state for image in Image.objects.filter(campaign=campaign)} == {ImageState.UNLABELED}
        estimate = estimate_training(user=manager, campaign=campaign, config=FAST)
        assert estimate.train + estimate.validation == 4
        options = RoundOptions(train=True, training=FAST, areas=3, audit_share=0)
        round_ = start_round(user=manager, campaign=campaign, strategy="patches", size=6, options=options)
        run = execute_now(round_.run)
        assert run.state == RunState.SUCCEEDED, run.error
        snapshot = TrainingRun.objects.get(run=run).snapshot
        assert (snapshot.entries, len(snapshot.areas), snapshot.image_ids) == ([], 8, [image.pk for image in images[:4]])
        asked = {ranked.image_id: ranked.areas for ranked in RankedImage.objects.filter(round=round_)}
        assert set(asked) == set(truth), "images of which parts are labeled are still asked for"
        assert any(asked[image.pk] for image in images[:4])
        for image in images[:4]:
            for area in asked[image.pk]:
                left, top, right, bottom = area["bounds"]
                assert not (right <= 49 and bottom <= 49) and not (left >= 47 and top >= 47)
        first = next(image for image in images if asked[image.pk])
        told = as_user(annotator).get(f"/api/v1/images/{first.pk}/why").json()
        assert told["areas_teach"]
        assert [area["done"] for area in told["ranked"]["areas"]] == [False] * len(asked[first.pk])
        made = label(annotator, first, truth[first.pk], asked[first.pk][0]["bounds"])
        told = as_user(annotator).get(f"/api/v1/images/{first.pk}/why").json()
        assert [area["done"] for area in told["ranked"]["areas"]] == [True] + [False] * (len(asked[first.pk]) - 1)
        assert [first.pk, made.pk] in latest_areas(campaign), "the next training learns from it"

    def test_the_api_hands_an_area_in_by_the_version_that_was_saved(self, coast, annotator, as_user):
        campaign, truth = coast
        image = campaign.images.first()
        own = draw(annotator, image, {campaign.labels.first().pk: truth[image.pk]})
        client, path = as_user(annotator), f"/api/v1/images/{image.pk}/labeled-areas"
        made = client.post(path, {"bounds": [-3, 0.2, 20.6, 30]}, headers={"If-Match": f'"{own.version}"'})
        assert made.status_code == 201, made.json()
        assert made.json()["bounds"] == [0, 0, 21, 30]
        assert [each["id"] for each in client.get(path).json()] == [made.json()["id"]]
        assert client.post(path, {"bounds": [0, 0, 9, 9]}, headers={"If-Match": '"99"'}).status_code == 412
        assert client.post(path, {"bounds": [200, 0, 300, 9]}, headers={"If-Match": f'"{own.version}"'}).status_code == 422

    def test_an_area_is_a_copy_that_later_strokes_leave_alone_and_the_last_copy_counts(self, coast, manager, annotator):
        campaign, truth = coast
        image = campaign.images.first()
        label(annotator, image, truth[image.pk], (0, 0, 40, 40))
        before = take_snapshot(user=manager, campaign=campaign)
        again = label(annotator, image, ~truth[image.pk], (0, 0, 40, 40))
        assert LabeledArea.objects.filter(image=image).count() == 2
        assert latest_areas(campaign) == [[image.pk, again.pk]]
        assert take_snapshot(user=manager, campaign=campaign).digest != before.digest
        (first,) = labeled_images(before)
        assert first.areas == ((0, 0, 40, 40),)

    def test_a_submitted_an_excluded_and_a_held_back_image_teach_by_no_area(self, coast, manager, annotator):
        campaign, truth = coast
        images = list(campaign.images.order_by("pk")[:3])
        for image in images:
            label(annotator, image, truth[image.pk], (0, 0, 40, 40))
        water, land = campaign.labels.all()
        label_areas(images[0], annotator, {water.pk: truth[images[0].pk], land.pk: ~truth[images[0].pk]})
        Image.objects.filter(pk=images[1].pk).update(state=ImageState.EXCLUDED)
        Image.objects.filter(pk=images[2].pk).update(split=Split.TEST)
        snapshot = take_snapshot(user=manager, campaign=campaign)
        assert ([image for image, _ in snapshot.entries], snapshot.areas) == ([images[0].pk], [])
        with pytest.raises(Conflict, match="submitted already"):
            hand_in_area(user=annotator, image=Image.objects.get(pk=images[0].pk), bounds=(0, 0, 9, 9), version=1)

    def test_who_may_not_label_and_tasks_of_whole_images_are_refused(self, coast, make_campaign, viewer, annotator, manager):
        campaign, truth = coast
        image = campaign.images.first()
        with pytest.raises(NotAllowed):
            hand_in_area(user=viewer, image=image, bounds=(0, 0, 9, 9), version=1)
        with pytest.raises(Conflict, match="drawn nothing"):
            hand_in_area(user=annotator, image=image, bounds=(0, 0, 9, 9), version=1)
        own = draw(annotator, image, {campaign.labels.first().pk: truth[image.pk]})
        with pytest.raises(PreconditionFailed):
            hand_in_area(user=annotator, image=image, bounds=(0, 0, 9, 9), version=own.version + 1)
        with pytest.raises(InvalidInput):
            hand_in_area(user=annotator, image=image, bounds=(0, float("nan"), 9, 9), version=own.version)
        boxes = make_campaign("Boxes", task="detection", labels=("ship",))
        with pytest.raises(Conflict, match="whole image"):
            hand_in_area(user=annotator, image=add_chip(boxes, chips()[0]), bounds=(0, 0, 9, 9), version=1)
        with pytest.raises(InvalidInput, match="areas of at least two labels"):
            start_training(user=manager, campaign=campaign, config=FAST)
