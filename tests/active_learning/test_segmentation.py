"""Trainings of semantic segmentation end to end: real satellite chips, real weights, real runs."""

import json

import numpy as np
import pytest

from active_learning.models import Evaluation, LabelDoubt, RankedImage, RoundPlan
from active_learning.services.doubting import start_doubting
from active_learning.services.plans import PlanForm, consider, set_plan
from active_learning.services.registration import best_checkpoint
from active_learning.services.rounds import RoundOptions, start_round
from active_learning.services.training import start_training
from campaigns.errors import InvalidInput
from campaigns.geometry import decode_mask, mask_document, polygons_to_mask, shape_polygons
from campaigns.models import AnnotationSet, Image, Reference, Run, RunState
from campaigns.runs import RunContext, claim_run, execute_claimed, execute_now, log_path
from inference.models import Prediction
from inference.rasters import read_map
from inference.services import predict_pool
from inference.store import load_prediction
from models_registry.checkpoints import checkpoint_path
from models_registry.networks.segmenter_checkpoint import SegmenterCheckpoint
from tests.active_learning.chips import add_chip, chips, label_areas, stop_after
from tests.active_learning.conftest import whole

pytestmark = pytest.mark.django_db

TAUGHT, POOL = 20, 4
FAST = {"method": "fast_head", "epochs": 12, "seed": 5}


def coasts(count):
    """Chips with water and land on each."""
    return [chip for chip in chips() if chip.kind == "coast"][:count]


@pytest.fixture(autouse=True)
def few_pixels(monkeypatch):
    """Learn from fewer pixels than a person would, on one thread, which is quicker and enough."""
    monkeypatch.setenv("WINNOW_TORCH_THREADS", "1")
    monkeypatch.setattr("active_learning.training.pixel_samples.TEACHING", 3000)
    monkeypatch.setattr("active_learning.training.pixel_samples.MEASURING", 2000)


@pytest.fixture(scope="session")
def kept_maps(tmp_path_factory):
    """What the backbone sees of the chips, shared by all tests: it is found by the content of the pictures."""
    return tmp_path_factory.mktemp("maps")


@pytest.fixture
def coast(make_campaign, data_dir, kept_maps, annotator):
    """A campaign of 20 outlined coasts, and some that nobody has labeled."""
    (data_dir / "embeddings").symlink_to(kept_maps)
    campaign = make_campaign("Water", task="segmentation", labels=("water", "land"), settings={"segmentation": "semantic"})
    water, land = campaign.labels.all()
    for place, chip in enumerate(coasts(TAUGHT + POOL)):
        image = add_chip(campaign, chip)
        if place < TAUGHT:
            label_areas(image, annotator, {water.pk: chip.water, land.pk: ~chip.water})
    return campaign


def train(campaign, user, **config):
    training = start_training(user=user, campaign=campaign, config={**FAST, **config})
    run = execute_now(training.run)
    training.refresh_from_db()
    assert run.state == RunState.SUCCEEDED, run.error
    return training, run


def checkpoint_of(model):
    return SegmenterCheckpoint.load(checkpoint_path(best_checkpoint(model)))


def drawn_water(document, water, side=96):
    """What drafts say is water, as pixels."""
    pixels = np.zeros((side, side), bool)
    for each in document:
        if each["label"] == water:
            shape = each["shape"]
            pixels |= (
                decode_mask(shape["counts"], shape["size"])
                if shape["type"] == "mask"
                else polygons_to_mask(shape_polygons(shape), height=side, width=side)
            )
    return pixels


def miou_of(said, true):
    """Mean IoU of water and land."""
    return np.mean([(a & b).sum() / (a | b).sum() for a, b in ((said, true), (~said, ~true))])


class TestFastHead:
    def test_twenty_outlined_chips_teach_it_in_seconds_far_beyond_naming_the_greater_class(self, coast, manager):
        training, run = train(coast, manager)
        metrics = run.result["metrics"]
        truth = np.stack([chip.water for chip in coasts(TAUGHT)])
        greater = max(truth.mean(), 1 - truth.mean()) / 2  # mIoU of one class everywhere
        assert metrics["validation"]["miou"] > greater + 0.25
        assert [row["name"] for row in metrics["classes"]] == ["water", "land"]
        assert all(row["iou"] > 0.5 for row in metrics["classes"])
        assert metrics["images"] == {"train": 16, "validation": 4, "unreadable": 0}
        best = [point for point in training.curve.all() if point.best][-1]
        assert best.metrics["validation_miou"] == max(point.metrics["validation_miou"] for point in training.curve.all())

    def test_its_model_drafts_the_water_of_chips_that_nobody_labeled_with_doubt_and_a_heat_map(self, coast, manager):
        training, _ = train(coast, manager)
        model = training.model
        assert [each["name"] for each in model.classes] == ["water", "land"]
        assert model.options["window_px"] == 256
        run = Run.objects.create(kind="round", campaign=coast, state="running", claim="test")
        pool = list(coast.images.filter(state="unlabeled").order_by("pk"))
        result = predict_pool(RunContext(run), model=model, image_ids=[image.pk for image in pool], campaign=coast, prefill=True)
        assert (result.answered, result.failed) == (POOL, 0)
        water = coast.labels.get(name="water").pk
        truth = {chip.name: chip.water for chip in coasts(TAUGHT + POOL)}
        scores = []
        for image in pool:
            row = Prediction.objects.get(image=image, model=model)
            assert 0 < row.uncertainty["entropy"] < 1
            assert 0 < row.uncertainty["least_confidence"] < 1
            assert row.heat_map
            drafts = AnnotationSet.objects.get(image=image, author=None).annotations
            assert all(0.5 < each["confidence"] <= 1 for each in drafts)
            scores.append(miou_of(drawn_water(drafts, water), truth[image.name]))
        assert np.mean(scores) > 0.7

    def test_swapped_masks_head_the_review_list_by_heads_that_did_not_learn_from_them(self, coast, manager, annotator, monkeypatch):
        monkeypatch.setattr("active_learning.services.out_of_fold.FOLDS", 2)
        monkeypatch.setattr("active_learning.services.out_of_fold.PIXEL_STEPS", 8)
        water, land = coast.labels.all()
        images = list(Image.objects.filter(campaign=coast).order_by("pk")[:TAUGHT])
        swapped = {images[4].pk: coasts(TAUGHT)[4], images[11].pk: coasts(TAUGHT)[11]}
        for image, chip in swapped.items():
            label_areas(Image.objects.get(pk=image), annotator, {land.pk: chip.water, water.pk: ~chip.water})
        train(coast, manager, epochs=1)  # it has answered about none of them, and would repeat what it was taught
        run = execute_now(start_doubting(user=manager, campaign=coast))
        assert run.state == RunState.SUCCEEDED, run.error
        first = LabelDoubt.objects.filter(campaign=coast).order_by("-score", "pk")[:2]
        assert {doubt.image_id for doubt in first} <= set(swapped)
        assert {doubt.kind for doubt in first} == {"label"}
        doubted = set(LabelDoubt.objects.filter(campaign=coast, score__gt=0.5).values_list("image", flat=True))
        assert set(swapped) <= doubted

    def test_the_same_seed_and_snapshot_give_the_same_model_and_another_seed_another(self, coast, manager):
        one, two, other = (checkpoint_of(train(coast, manager, seed=seed)[0].model).head.weight for seed in (5, 5, 6))
        assert np.array_equal(one, two)
        assert not np.array_equal(one, other)

    def test_killed_in_the_middle_it_goes_on_from_its_checkpoint_and_ends_as_if_never_killed(self, coast, manager, monkeypatch):
        whole, _ = train(coast, manager)
        training = start_training(user=manager, campaign=coast, config=FAST)
        kill_after(6, training, monkeypatch)
        again = execute_now(Run.objects.get(pk=training.run_id))
        training.refresh_from_db()
        assert again.state == RunState.SUCCEEDED, again.error
        assert np.array_equal(checkpoint_of(training.model).head.weight, checkpoint_of(whole.model).head.weight)
        assert [point.metrics for point in training.curve.all()] == [point.metrics for point in whole.curve.all()]
        assert "going on after epoch" in log_path(again.pk).read_text()

    def test_one_label_alone_is_learned_against_the_background_which_no_draft_shows(self, coast, manager):
        water = coast.labels.get(name="water").pk
        training, run = train(coast, manager, labels=[water])
        assert [each["name"] for each in training.model.classes] == ["water", "background"]
        assert any("background" in warning for warning in run.params["warnings"])
        image = coast.images.filter(state="unlabeled").first()
        context = RunContext(Run.objects.create(kind="round", campaign=coast, state="running", claim="test"))
        predict_pool(context, model=training.model, image_ids=[image.pk], campaign=coast, prefill=True)
        drafts = AnnotationSet.objects.get(image=image, author=None).annotations
        assert {each["label"] for each in drafts} == {water}

    def test_one_label_without_a_background_is_refused_by_name(self, coast, manager):
        water = coast.labels.get(name="water").pk
        with pytest.raises(InvalidInput, match="unlabeled: background"):
            start_training(user=manager, campaign=coast, config={**FAST, "labels": [water], "unlabeled": "ignore"})


class TestRounds:
    def test_a_round_trains_ranks_by_doubt_drafts_and_is_measured_by_mean_iou_on_the_held_back(self, coast, manager):
        truth = {chip.name: chip.water for chip in coasts(TAUGHT + POOL)}
        water, land = coast.labels.all()
        rest = list(coast.images.filter(state="unlabeled").order_by("pk"))
        for image in rest[:2]:
            Image.objects.filter(pk=image.pk).update(split="test")
            pairs = ((water, truth[image.name]), (land, ~truth[image.name]))
            areas = [{**whole(label.pk), "id": label.name, "shape": mask_document(mask)} for label, mask in pairs]
            Reference.objects.create(image=image, annotations=areas)
        options = RoundOptions(train=True, training=FAST)
        round_ = start_round(user=manager, campaign=coast, strategy="margin", size=2, options=options)
        run = execute_now(round_.run)
        assert run.state == RunState.SUCCEEDED, run.error
        measured = Evaluation.objects.get(round=round_)
        assert measured.held_back == 2
        assert measured.labeled == TAUGHT
        assert 0.7 < measured.metrics["miou_low"] <= measured.metrics["miou"] <= measured.metrics["miou_high"] <= 1
        asked = list(RankedImage.objects.filter(round=round_).order_by("rank"))
        assert [each.image_id for each in asked] != []
        assert {each.image_id for each in asked} == {image.pk for image in rest[2:]}
        said = drawn_water(AnnotationSet.objects.get(image=rest[2], author=None).annotations, water.pk)
        assert miou_of(said, truth[rest[2].name]) > 0.6
        own = [miou_of(_said_of(round_, image, water), truth[image.name]) for image in rest[:2]]
        assert measured.metrics["miou"] == pytest.approx(np.mean(own), abs=0.1), "over all pixels, not image by image"
        self._refitted(coast, round_, rest[2:], truth, manager)

    @staticmethod
    def _refitted(campaign, round_, waiting, truth, manager):
        """After another label the head of the round's model goes on learning, and what it drafts next is its own."""
        water, land = campaign.labels.all()
        set_plan(user=manager, campaign=campaign, form=PlanForm(every=1))
        label_areas(waiting[0], manager, {water.pk: truth[waiting[0].name], land.pk: ~truth[waiting[0].name]})
        RoundPlan.objects.filter(campaign=campaign).update(last_revision=0)
        ended = execute_now(consider(campaign))
        assert (ended.state, ended.result["refitted"], ended.result["labeled"]) == (RunState.SUCCEEDED, True, TAUGHT + 1), ended.error
        drafts = AnnotationSet.objects.get(image=waiting[1], author=None).annotations
        assert {each["model"]["version"] for each in drafts} == {f"{round_.model_version}+{TAUGHT + 1}"}
        assert miou_of(drawn_water(drafts, water.pk), truth[waiting[1].name]) > 0.6


def _said_of(round_, image, water):
    """What the round's model says is water on an image that gets no drafts."""
    round_.refresh_from_db()
    raster = load_prediction(Prediction.objects.get(image=image, model=round_.model)).items[0]
    return read_map(raster.class_map) == 0


class TestFineTune:
    def test_it_goes_on_from_a_head_resumes_and_beats_the_greater_class(self, coast, manager, monkeypatch):
        tune = {"method": "fine_tune", "epochs": 2, "batch": 8, "flips": "both"}
        whole, run = train(coast, manager, **tune)
        assert run.result["metrics"]["validation"]["miou"] > 0.6
        assert not checkpoint_of(whole.model).is_frozen
        torn = start_training(user=manager, campaign=coast, config={**FAST, **tune})
        kill_after(1, torn, monkeypatch)
        assert execute_now(Run.objects.get(pk=torn.run_id)).state == RunState.SUCCEEDED
        torn.refresh_from_db()
        # The threads of a busy machine add up the gradients of large maps in an order of their own: after two epochs the weights, of
        # about 1, may differ in the fourth decimal.
        assert np.allclose(checkpoint_of(torn.model).head.weight, checkpoint_of(whole.model).head.weight, atol=5e-3)
        onward, run = train(coast, manager, **{**tune, "epochs": 1, "start_from": whole.model.pk})
        assert checkpoint_of(onward.model).decoder["say.weight"].any(), "the decoder of the model it went on from is there"
        assert run.result["metrics"]["validation"]["miou"] > 0.6


class TestApi:
    def test_a_manager_trains_pixels_over_the_api_and_a_wrong_setting_is_named(self, coast, manager, as_user):
        address = f"/api/v1/campaigns/{coast.pk}/training-runs"
        for wrong in ({"bands": [0]}, {"bands": [1, 1]}, {"bands": []}, {"unlabeled": "some"}):
            answer = as_user(manager).post(address, wrong)
            assert answer.status_code == 422, wrong
            assert next(iter(wrong)) in json.dumps(answer.json())
        answer = as_user(manager).post(address, {"name": "Water", "epochs": 4, "unlabeled": "ignore", "bands": None})
        assert answer.status_code == 202, answer.content
        execute_now(Run.objects.get(pk=answer.json()["id"]))
        seen = as_user(manager).get(f"/api/v1/training-runs/{answer.json()['id']}").json()
        assert seen["metrics"]["validation"]["miou"] > 0.4


def kill_after(epochs, training, monkeypatch):
    """Execute a training and let it die once so many epochs have ended and been saved."""

    class Killed(BaseException):
        pass

    def die():
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("active_learning.training.loop.SAVE_EVERY_S", 0)
        stop_after(epochs, patch, die)
        with pytest.raises(Killed):
            execute_claimed(claim_run(training.run_id))
    Run.objects.filter(pk=training.run_id).update(state=RunState.LOST)
