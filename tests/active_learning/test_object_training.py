"""Finders of objects are trained on real pictures through the real services, and answer with drafts about the rest."""

import errno

import numpy as np
import pytest

from active_learning.models import Evaluation, RoundPlan
from active_learning.services.heads import refits
from active_learning.services.plans import PlanForm, consider, set_plan
from active_learning.services.registration import best_checkpoint
from active_learning.services.rounds import start_round
from active_learning.services.training import start_training
from campaigns.errors import Conflict, InvalidInput
from campaigns.geometry import decode_mask, encode_mask
from campaigns.models import AnnotationSet, Reference, Run, RunState
from campaigns.runs import RunContext, claim_run, execute_claimed, execute_now, log_path
from inference.models import Prediction, Prefill
from inference.schema import Mask
from inference.services import predict_pool
from inference.services.local import load_predictor
from inference.services.offline import pack_model
from models_registry.checkpoints import checkpoint_path
from models_registry.models import CampaignModel, RegisteredModel
from models_registry.networks.object_checkpoint import SIDES, ObjectCheckpoint
from tests.active_learning.chips import add_chip, stop_after, submit
from tests.active_learning.islands import box_of, islands, mask_of, points_of

pytestmark = pytest.mark.django_db

TAUGHT, POOL = 32, 4
SKELETON = {
    "points": [{"name": name, "x": 0.5, "y": 0.5} for name in ("north", "south", "west", "east")],
    "edges": [["north", "south"]],
    "flip": [["west", "east"]],
}
QUICK = {"epochs": 10, "patience": 10, "batch": 4, "seed": 3}
SHAPES = {"detection": box_of, "instance": mask_of, "keypoints": points_of}


@pytest.fixture(autouse=True)
def small_side(monkeypatch):
    """Let networks see 128 pixels: the pictures have 96."""
    monkeypatch.setitem(SIDES, "small", 128)


@pytest.fixture(scope="session")
def shared_maps(tmp_path_factory):
    """Maps of the backbone that all tests share: they are found by the content of the pictures."""
    return tmp_path_factory.mktemp("maps")


@pytest.fixture
def sea(make_campaign, annotator, data_dir, shared_maps):
    """Make a campaign of a kind whose first 32 pictures are labeled: each island, drawn as its kind wants."""
    (data_dir / "embeddings").symlink_to(shared_maps)

    def make(kind, *, taught=TAUGHT, pool=POOL):
        task = "segmentation" if kind == "instance" else kind
        settings = {"segmentation": "instance"} if kind == "instance" else {}
        campaign = make_campaign("Islands", task=task, labels=("island", "boat"), settings=settings)
        island = campaign.labels.get(name="island")
        if kind == "keypoints":
            campaign.labels.filter(pk=island.pk).update(skeleton=SKELETON)
        for place, (chip, masks) in enumerate(islands(taught + pool)):
            image = add_chip(campaign, chip)
            if place < taught:
                submit(image, annotator, [{"label": island.pk, "shape": SHAPES[kind](mask)} for mask in masks])
        return campaign

    return make


def train(campaign, user, **config):
    training = start_training(user=user, campaign=campaign, config={**QUICK, **config})
    run = execute_now(training.run)
    training.refresh_from_db()
    assert run.state == RunState.SUCCEEDED, run.error
    return training, run


def drafted(campaign, model):
    """The drafts on the images that nobody labeled, of all that the model finds."""
    CampaignModel.objects.filter(model=model).update(thresholds={})
    run = Run.objects.create(kind="inference", campaign=campaign, state="running", claim="test")
    pool = list(campaign.images.filter(state="unlabeled").values_list("pk", flat=True))
    predict_pool(RunContext(run), model=model, image_ids=pool, campaign=campaign, prefill=True)
    sets = [each.annotation_set for each in Prefill.objects.filter(prediction__image__in=pool).select_related("annotation_set")]
    return [annotation for each in sets for annotation in each.annotations]


def heads_of(model):
    return ObjectCheckpoint.load(checkpoint_path(best_checkpoint(model))).heads


class TestDetection:
    def test_a_fast_head_finds_islands_it_has_not_seen_and_a_round_ranks_drafts_and_measures_by_it(self, sea, manager):
        campaign = sea("detection", pool=12)
        training, run = train(campaign, manager)
        found, counted = run.result["metrics"]["validation"], run.result["metrics"]["images"]
        assert found["map_50"] > 0.2, "an untrained head finds none"
        assert 0 < found["map"] <= found["map_50"]
        assert counted["train"] + counted["validation"] == TAUGHT
        assert len(training.held_out) == counted["validation"] >= 4
        model, island = training.model, campaign.labels.get(name="island").pk
        assert (model.task, [each["name"] for each in model.classes]) == ("detection", ["island"])
        assert 0 < CampaignModel.objects.get(model=model).thresholds[str(island)] < 1
        assert any("boat has no objects" in each for each in training.run.params["warnings"])
        best = max(training.curve.all(), key=lambda each: (round(each.metrics["validation_map"], 5), -each.metrics["validation_loss"]))
        assert run.result["metrics"]["best_epoch"] == best.epoch
        hold_back(campaign, 6, island)
        round_ = start_round(user=manager, campaign=campaign, size=6, model=model)
        ran = execute_now(round_.run)
        assert ran.state == RunState.SUCCEEDED, ran.error
        asked = [each.image_id for each in round_.ranking.all()]
        sets = [each.annotation_set for each in Prefill.objects.filter(prediction__image__in=asked).select_related("annotation_set")]
        assert len(sets) == 6
        drafts = [annotation for each in sets for annotation in each.annotations]
        assert {(each["label"], each["shape"]["type"], each["review"]) for each in drafts} == {(island, "box", "draft")}
        measured = Evaluation.objects.get(round=round_)
        assert (measured.labeled, measured.held_back) == (TAUGHT, 6)
        assert measured.metrics["map_50"] > 0.15
        assert 0 <= measured.metrics["map"] <= measured.metrics["map_50"] <= 1
        assert measured.metrics["f1_at_50"] > 0.15


class TestRefitting:
    """After every few labels the head of a finder learns on, and the ranking and the drafts follow it."""

    @pytest.fixture(autouse=True)
    def brief(self, monkeypatch):
        """Learn on one thread and twice over the images: threads that wait for each other on busy cores take far longer."""
        monkeypatch.setenv("WINNOW_TORCH_THREADS", "1")
        monkeypatch.setattr("active_learning.services.refitting_finders.EPOCHS", 2)

    def test_the_head_goes_on_learning_and_the_ranking_and_the_drafts_are_its_own(self, sea, manager, annotator):
        campaign = sea("detection", taught=10, pool=6)
        assert not refits(campaign), "there is no head yet that could go on learning"
        training, _ = train(campaign, manager, epochs=3)
        assert refits(campaign)
        model, island = training.model, campaign.labels.get(name="island").pk
        CampaignModel.objects.filter(model=model).update(thresholds={str(island): 0.05})
        round_ = start_round(user=manager, campaign=campaign, size=6, model=model, strategy="entropy")
        assert execute_now(round_.run).state == RunState.SUCCEEDED
        before = {each.image_id: each.score for each in round_.ranking.all()}
        set_plan(user=manager, campaign=campaign, form=PlanForm(every=2))
        truth = {chip.name: masks for chip, masks in islands(24)}
        first, second = campaign.images.filter(pk__in=before)[:2]
        for image in (first, second):
            submit(image, annotator, [{"label": island, "shape": box_of(mask)} for mask in truth[image.name]])
        RoundPlan.objects.filter(campaign=campaign).update(last_revision=0)
        ended = execute_now(consider(campaign))
        assert (ended.state, ended.result["refitted"], ended.result["labeled"]) == (RunState.SUCCEEDED, True, 12), ended.error
        after = {each.image_id: each.score for each in round_.ranking.all()}
        after = {image: score for image, score in after.items() if image not in (first.pk, second.pk)}
        assert set(after) == set(before) - {first.pk, second.pk}
        assert any(abs(after[image] - before[image]) > 1e-6 for image in after), "the new head is as sure as the old one of everything"
        sets = AnnotationSet.objects.filter(image__in=after, author=None)
        versions = {annotation["model"]["version"] for each in sets for annotation in each.annotations}
        assert f"{model.version}+12" in versions
        assert ended.result["drafted"] == len(after)
        assert Prediction.objects.filter(model=model, model_version=model.version).count() == len(before), "nothing of it is stored"
        assert RegisteredModel.objects.count() == 1

    def test_a_label_that_the_model_never_learned_leaves_the_ranking_to_what_is_stored_and_the_log_says_so(self, sea, manager, annotator):
        campaign = sea("detection", taught=10, pool=4)
        training, _ = train(campaign, manager, epochs=1)
        round_ = start_round(user=manager, campaign=campaign, size=4, model=training.model, strategy="entropy")
        assert execute_now(round_.run).state == RunState.SUCCEEDED
        set_plan(user=manager, campaign=campaign, form=PlanForm(every=1))
        image = campaign.images.filter(state="unlabeled").first()
        boat = campaign.labels.get(name="boat").pk
        submit(image, annotator, [{"label": boat, "shape": {"type": "box", "x": 4, "y": 4, "width": 30, "height": 20, "rotation": 0.0}}])
        RoundPlan.objects.filter(campaign=campaign).update(last_revision=0)
        ended = execute_now(consider(campaign))
        assert (ended.state, ended.result["refitted"]) == (RunState.SUCCEEDED, False), ended.error
        assert "train anew" in log_path(ended.pk).read_text()


def hold_back(campaign, count, label):
    """Put so many images of the pool into the test split; their truth is known, and hidden."""
    truth = {chip.name: masks for chip, masks in islands(campaign.images.count())}
    for image in campaign.images.filter(state="unlabeled").order_by("pk")[:count]:
        things = [{"id": "t", "label": label, "shape": box_of(mask), "review": "accepted"} for mask in truth[image.name]]
        Reference.objects.create(image=image, annotations=things)
        campaign.images.filter(pk=image.pk).update(split="test")


class TestInstances:
    def test_a_fast_head_outlines_islands_and_its_masks_become_drafts_as_they_are(self, sea, manager):
        campaign = sea("instance", taught=24)
        training, run = train(campaign, manager, epochs=8)
        assert run.result["metrics"]["validation"]["map_50"] > 0.2
        drafts = drafted(campaign, training.model)
        assert {each["shape"]["type"] for each in drafts} == {"mask"}
        truth = {chip.name: masks for chip, masks in islands(24 + POOL)}
        image = campaign.images.filter(state="unlabeled").first()
        kept = Prediction.objects.get(image=image).document["items"]
        said = Mask.from_document(kept[0])
        sure = decode_mask(said.counts, said.size)
        assert encode_mask(sure) == said.counts
        assert max(overlap(sure, mask) for mask in truth[image.name]) > 0.4


class TestKeypoints:
    def test_a_fast_head_names_the_points_of_islands_and_keeps_which_are_hidden(self, sea, manager):
        campaign = sea("keypoints", taught=24)
        training, run = train(campaign, manager, epochs=8)
        assert run.result["metrics"]["validation"]["map_50"] > 0.2, "by object keypoint similarity"
        drafts = sorted(drafted(campaign, training.model), key=lambda each: -each["confidence"])[:POOL]  # the surest, one an image
        named = [{point["name"]: point for point in each["shape"]["points"]} for each in drafts]
        assert named
        assert all(list(points) == ["north", "south", "west", "east"] for points in named)
        assert all(points["south"]["v"] == 1 and points["north"]["v"] == 2 for points in named)
        assert np.mean([points["north"]["y"] < points["south"]["y"] for points in named]) > 0.8
        assert np.mean([points["west"]["x"] < points["east"]["x"] for points in named]) > 0.8


def overlap(one, other):
    """The intersection over the union of two masks."""
    return (one & other).sum() / max(1, (one | other).sum())


class Killed(BaseException):
    """What kills a process, as far as its code sees."""


def train_killed(campaign, user, monkeypatch, *, after, **config):
    """Start a training, kill it after so many epochs, and let it be taken up again."""
    training = start_training(user=user, campaign=campaign, config={**QUICK, **config})
    monkeypatch.setattr("active_learning.training.loop.SAVE_EVERY_S", 0)

    def die():
        raise Killed

    with monkeypatch.context() as patch:
        stop_after(after, patch, die)
        with pytest.raises(Killed):
            execute_claimed(claim_run(training.run_id))
    Run.objects.filter(pk=training.run_id).update(state=RunState.LOST)
    return training


class TestInterruption:
    @pytest.mark.parametrize("method", ["fast_head", "fine_tune"])
    def test_a_killed_training_goes_on_and_ends_as_if_never_killed(self, sea, manager, monkeypatch, method):
        campaign = sea("detection", taught=8, pool=0)
        few = {"method": method, "epochs": 2}
        whole, _ = train(campaign, manager, **few)
        torn = train_killed(campaign, manager, monkeypatch, after=1, **few)
        again = execute_now(Run.objects.get(pk=torn.run_id))
        assert again.state == RunState.SUCCEEDED, again.error
        torn.refresh_from_db()
        one, other = heads_of(whole.model), heads_of(torn.model)
        assert all(np.allclose(one[name], other[name], atol=1e-5) for name in one)
        assert torn.curve.count() == 2

    def test_an_image_deleted_in_mid_training_stays_out_of_what_is_left(self, sea, manager, monkeypatch):
        campaign = sea("detection", taught=8, pool=0)
        torn = train_killed(campaign, manager, monkeypatch, after=1, epochs=2)
        campaign.images.first().delete()
        again = execute_now(Run.objects.get(pk=torn.run_id))
        assert again.state == RunState.SUCCEEDED, again.error
        counted = again.result["metrics"]["images"]
        assert counted["train"] + counted["validation"] == 7

    def test_a_disk_that_fills_up_ends_it_with_a_reason_and_leaves_no_model_behind(self, sea, manager, monkeypatch, data_dir):
        campaign = sea("detection", taught=8, pool=0)
        training = start_training(user=manager, campaign=campaign, config={**QUICK, "epochs": 1})

        def full(*args, **kwargs):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("active_learning.training.loop.write_tensors", full)
        run = execute_now(training.run)
        assert run.state == RunState.FAILED
        assert "is full. Free some space and try again" in run.error
        assert not RegisteredModel.objects.exists()
        assert not list((data_dir / "checkpoints").rglob("*.safetensors"))


class TestStart:
    def test_without_an_object_there_is_nothing_to_learn_and_nothing_is_queued(self, sea, manager):
        campaign = sea("detection", taught=0, pool=2)
        with pytest.raises(InvalidInput, match="submitted images with objects"):
            start_training(user=manager, campaign=campaign, config=QUICK)
        assert not Run.objects.exists()

    def test_fine_tuning_goes_on_from_an_earlier_head_and_a_damaged_one_ends_it_clearly(self, sea, manager):
        campaign = sea("detection", taught=8, pool=0)
        first, _ = train(campaign, manager, epochs=2)
        tuned, _ = train(campaign, manager, method="fine_tune", epochs=1, start_from=first.model_id)
        kept = ObjectCheckpoint.load(checkpoint_path(best_checkpoint(tuned.model)))
        assert not kept.is_frozen
        assert best_checkpoint(tuned.model).parent == best_checkpoint(first.model)
        path = checkpoint_path(best_checkpoint(first.model))
        path.write_bytes(path.read_bytes()[:3000])
        with pytest.raises(Conflict, match="checkpoint is damaged"):
            start_training(user=manager, campaign=campaign, config={**QUICK, "start_from": first.model_id})
        with pytest.raises(Conflict, match="is damaged"):
            load_predictor(first.model)
        with pytest.raises(Conflict, match="cannot be packed"):
            pack_model(user=manager, campaign=campaign, model=first.model)
