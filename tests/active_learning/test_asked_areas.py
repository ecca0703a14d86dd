"""Areas that a round asks about, and why an image is asked."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from active_learning.acquisition.regions import Area, chosen, with_surroundings
from active_learning.models import RankedImage
from active_learning.services.areas import write_areas
from active_learning.services.ranking import Place
from active_learning.services.reranking import rewrite
from active_learning.services.rounds import RoundOptions, start_round
from campaigns.errors import InvalidInput
from campaigns.models import Campaign, RunState
from campaigns.runs import execute_now, log_path
from inference.answers import digest
from inference.models import Prediction as Row
from inference.rasters import write_map
from inference.schema import Prediction, Raster
from inference.services.planning import Plan
from inference.store import Answered, write_batch
from tests.active_learning.answers import box, store
from tests.active_learning.chips import add_chip, chips

SIDE = 96


def segmented(classes: np.ndarray, entropy: np.ndarray) -> Raster:
    """Say of every pixel which class it is and how unsure that is."""
    return Raster(
        classes.shape, ((0, "class 0"), (1, "class 1")), write_map(classes), 0.5, None, write_map(np.rint(entropy * 255).astype(np.uint8))
    )


@given(
    st.lists(st.tuples(st.floats(0, 900), st.floats(0, 900), st.floats(1, 300), st.floats(0, 1), st.sampled_from("abc")), max_size=25),
    st.integers(0, 8),
)
def test_areas_never_overlap_lie_in_the_image_and_begin_with_the_least_sure(drawn, limit):
    areas = [Area((x, y, x + side, y + side), score, "why", label) for x, y, side, score, label in drawn]
    picks = chosen(with_surroundings(areas, width=1000, height=800), limit=limit)
    assert len(picks) <= limit
    if picks:
        assert picks[0].score == max(area.score for area in areas)
    for n, one in enumerate(picks):
        left, top, right, bottom = one.bounds
        assert 0 <= left < right <= 1000 + 1e-6
        assert 0 <= top <= bottom <= 800 + 1e-6
        assert all(
            one.bounds[2] <= o.bounds[0] or o.bounds[2] <= left or bottom <= o.bounds[1] or o.bounds[3] <= top for o in picks[n + 1 :]
        )


def test_every_third_area_is_about_a_label_that_none_before_it_was_about():
    areas = [Area((n * 10, 0, n * 10 + 9, 9), 1 - n / 20, "why", "sea" if n < 9 else "land") for n in range(10)]
    assert [area.label for area in chosen(areas, limit=4)] == ["sea", "sea", "land", "sea"]


def test_a_thing_at_the_border_is_shown_with_its_surroundings_inside_the_image():
    (area,) = with_surroundings([Area((0, 790, 4, 800), 1, "why")], width=1200, height=800)
    assert area.bounds == (0, 700, 100, 800)


@pytest.fixture
def fields(make_campaign, data_dir, shared_embeddings) -> tuple[Campaign, list]:
    """Four chips in which fields and roads are to be painted."""
    (data_dir / "embeddings").symlink_to(shared_embeddings)
    campaign = make_campaign("Fields", task="segmentation", labels=("Field", "Road"))
    return campaign, [
        add_chip(campaign, chip, pk=5000 + n) for n, chip in enumerate(chips()[:4])
    ]  # their numbers decide which are controls


@pytest.mark.django_db
class TestAsking:
    def opened(self, campaign, user, **asked):
        round_ = start_round(user=user, campaign=campaign, **asked)
        run = execute_now(round_.run)
        assert run.state == RunState.SUCCEEDED, run.error
        return round_

    def painted(self, campaign, images, manager, make_external, most=0.9):
        """Store segmentations: one corner of each image is unsure, in the first image a road corner and a field corner."""
        field, road = campaign.labels.all()
        model = make_external(campaign, field, road)
        run = start_round(user=manager, campaign=campaign, strategy="random", size=1).run
        execute_now(run)
        for n, image in enumerate(images):
            classes, doubt = np.zeros((SIDE, SIDE), np.uint8), np.full((SIDE, SIDE), 0.02)
            doubt[:24, :24] = most - 0.2 * n if most > 0.6 else most
            if n == 0 and most > 0.6:
                classes[72:, 72:] = 1
                doubt[72:, 72:] = 0.5
            answer = digest(Prediction((segmented(classes, doubt),), SIDE, SIDE, model.version), None)
            write_batch(run=run, source=Plan(model, None).source, answered=[Answered(image.pk, answer)], failures=[], keep_items=False)
        return model

    def test_a_segmentation_is_asked_about_where_its_pixels_are_unsure(self, fields, manager, annotator, make_external, as_user):
        campaign, images = fields
        model = self.painted(campaign, images, manager, make_external)
        assert Row.objects.get(image=images[0]).document["items"][0]["unsure"]["1"] > 0.1
        options = RoundOptions(audit_share=0, areas=3)
        round_ = self.opened(campaign, manager, strategy="patches", size=2, model=model, options=options)
        ranked = RankedImage.objects.get(round=round_, image=images[0])
        assert ranked.rank == 1
        places = [area["bounds"] for area in ranked.areas]
        assert len(places) == 3
        assert all(x1 <= 32 and y1 <= 32 for _, _, x1, y1 in places[:2])
        assert places[2][0] >= 64  # the third is about the other label, although other field pixels are less sure
        assert "looks like Road" in ranked.areas[2]["why"]
        assert not RankedImage.objects.get(round=round_, rank=3).areas
        body = as_user(annotator).get(f"/api/v1/images/{images[0].pk}/why").json()
        assert (body["ranked"]["rank"], body["ranked"]["strategy"]) == (1, "Unsure patches, label by label")
        assert body["ranked"]["areas"][0]["bounds"] == places[0]
        assert set(body["ranked"]["parts"]) >= {"coverage", "uncertainty"}

    def test_a_round_without_a_place_to_ask_about_says_why(self, fields, manager, make_external):
        campaign, images = fields
        model = self.painted(campaign, images, manager, make_external, most=0.05)
        options = RoundOptions(audit_share=0, areas=3)
        round_ = self.opened(campaign, manager, strategy="patches", size=2, model=model, options=options)
        assert "areas to ask about in 0 of 2 images; of the others the model is sure" in log_path(round_.run_id).read_text()

    def test_no_query_names_more_images_than_a_batch_however_many_a_round_asks_for(self, fields, manager, make_external, monkeypatch):
        campaign, images = fields
        model = self.painted(campaign, images, manager, make_external)
        options = RoundOptions(audit_share=0, areas=1)
        round_ = self.opened(campaign, manager, strategy="patches", size=4, model=model, options=options)
        before = dict(RankedImage.objects.filter(round=round_).values_list("image", "areas"))
        assert all(before.values())
        RankedImage.objects.filter(round=round_).update(areas=[])
        monkeypatch.setattr("active_learning.services.areas.AT_ONCE", 2)
        with CaptureQueriesContext(connection) as asked:
            assert write_areas(SimpleNamespace(progress=lambda **_: None, log=lambda _: None), round_, limit=1) == 4
        assert self.most_named(asked) == 2
        assert dict(RankedImage.objects.filter(round=round_).values_list("image", "areas")) == before

    def test_a_new_ranking_keeps_the_areas_and_names_few_images_at_a_time(self, fields, manager, make_external, monkeypatch):
        campaign, images = fields
        model = self.painted(campaign, images, manager, make_external)
        options = RoundOptions(audit_share=0, areas=1)
        round_ = self.opened(campaign, manager, strategy="patches", size=4, model=model, options=options)
        before = dict(RankedImage.objects.filter(round=round_).values_list("image", "areas"))
        monkeypatch.setattr("active_learning.services.ranking.ROWS_PER_WRITE", 2)
        turned = [image.pk for image in reversed(images)]
        with CaptureQueriesContext(connection) as asked:
            rewrite(round_, [Place(image, rank, 1.0, {}, "") for rank, image in enumerate(turned, start=1)])
        assert self.most_named(asked) <= 2
        ranked = RankedImage.objects.filter(round=round_).order_by("rank").values_list("image", "areas")
        assert list(ranked) == [(image, before[image]) for image in turned]

    @staticmethod
    def most_named(asked: CaptureQueriesContext) -> int:
        """Count the values that the longest list of a query has."""
        lists = [found for query in asked for found in re.findall(r" IN \(([\d, ]+)\)", query["sql"])]
        return max((found.count(",") + 1 for found in lists), default=0)

    def test_superpixels_are_asked_about_with_their_outline_and_the_same_again_for_the_seed(
        self, fields, manager, annotator, make_external, as_user
    ):
        campaign, images = fields
        model = self.painted(campaign, images, manager, make_external)
        options = RoundOptions(audit_share=0, areas=2, superpixels=True)
        asked = []
        for _ in range(2):
            round_ = self.opened(campaign, manager, strategy="patches", size=4, model=model, options=options, seed=4)
            asked.append(dict(RankedImage.objects.filter(round=round_).values_list("image", "areas")))
        assert asked[0] == asked[1]
        areas = asked[0][images[1].pk]
        assert areas
        for area in areas:
            left, top, right, bottom = area["bounds"]
            assert left < 32 and top < 32, "the corner is unsure"
            assert all(left <= x <= right and top <= y <= bottom for x, y in area["outline"])
        assert "this part" in areas[0]["why"]
        body = as_user(annotator).get(f"/api/v1/images/{images[1].pk}/why").json()
        assert body["ranked"]["areas"][0]["outline"] == areas[0]["outline"]

    def test_objects_are_asked_about_where_they_are_unsure(self, make_campaign, manager, make_external, data_dir, shared_embeddings):
        (data_dir / "embeddings").symlink_to(shared_embeddings)
        campaign = make_campaign("Ships", task="detection", labels=("Ship",))
        image = add_chip(campaign, chips()[0])
        model = make_external(campaign, campaign.labels.first())
        store(model, {image: [box(0, 0.99, x=70, y=70), box(0, 0.55, x=2, y=2), box(0, 0.6, x=40, y=40)]})
        round_ = self.opened(campaign, manager, strategy="entropy", size=1, model=model, options=RoundOptions(areas=5, audit_share=0))
        areas = RankedImage.objects.get(round=round_).areas
        assert [area["bounds"][0] for area in areas] == [2, 40]
        assert areas[0]["why"] == "The model is unsure of Ship here (0.55)."

    def test_without_being_asked_for_there_are_no_areas(self, fields, manager, make_external):
        campaign, images = fields
        model = self.painted(campaign, images, manager, make_external)
        round_ = self.opened(campaign, manager, strategy="patches", size=2, model=model)
        assert not any(RankedImage.objects.filter(round=round_).values_list("areas", flat=True))
        with pytest.raises(InvalidInput, match="areas"):
            RoundOptions(areas=21)

    def test_what_a_model_said_of_a_control_image_is_withheld(self, fields, manager, annotator, make_external, as_user):
        campaign, images = fields
        model = self.painted(campaign, images, manager, make_external)
        self.opened(campaign, manager, strategy="patches", size=2, model=model, options=RoundOptions(areas=3))
        Campaign.objects.filter(pk=campaign.pk).update(settings={**campaign.settings, "control_share": 0.5})
        told = {image.pk: as_user(annotator).get(f"/api/v1/images/{image.pk}/why").json() for image in images}
        withheld = {pk for pk, body in told.items() if body["withheld"]}
        assert 0 < len(withheld) < len(images)
        for pk, body in told.items():
            said = (body["ranked"]["why"], body["ranked"]["areas"], body["ranked"]["parts"])
            assert (said == ("", [], {})) == (pk in withheld)

    def test_an_image_that_no_round_asks_for_says_so(self, fields, annotator, as_user):
        _campaign, images = fields
        body = as_user(annotator).get(f"/api/v1/images/{images[0].pk}/why").json()
        assert (body["ranked"], body["withheld"]) == (None, False)
