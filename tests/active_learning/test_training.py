"""Trainings end to end: real pictures, real weights, real runs."""

import errno
import json
import os
from collections import Counter
from shutil import copyfile

import numpy as np
import pytest
from django.db import IntegrityError
from rest_framework.test import APIClient

from active_learning.models import CurvePoint, Snapshot, TrainingRun
from active_learning.services import registration
from active_learning.services.refitting_finders import brief_folder
from active_learning.services.registration import best_checkpoint
from active_learning.services.snapshots import take_snapshot
from active_learning.services.training import start_training, stop_training, train_now
from active_learning.training.loop import LAST
from campaigns.errors import Conflict, InvalidInput, NotAllowed, NotFound
from campaigns.models import Image, Label, Run, RunState
from campaigns.runs import RunContext, cancel_run, claim_run, execute_claimed, execute_now, log_path, retry_run
from campaigns.storage import image_path
from inference.predictors import Picture
from inference.protocols.local import load_predictor
from inference.services.local import load_predictor as predictor_of
from inference.wire import ModelCard
from models_registry.checkpoints import checkpoint_path
from models_registry.models import CampaignModel, RegisteredModel
from models_registry.networks.checkpoint import ClassifierCheckpoint
from models_registry.services import choose_checkpoint, current_model
from tests.active_learning.chips import KINDS, add_chip, chips, label_image, stop_after

pytestmark = pytest.mark.django_db

TAUGHT = 36
FAST = {"method": "fast_head", "epochs": 30, "seed": 5}


@pytest.fixture(scope="session")
def embedded(tmp_path_factory):
    """Embeddings that all tests share: they are found by the content of the pictures."""
    return tmp_path_factory.mktemp("embeddings")


@pytest.fixture
def kinds(make_campaign, data_dir, embedded):
    """A campaign with a label per kind of chip."""
    (data_dir / "embeddings").symlink_to(embedded)
    return make_campaign("Chips", labels=KINDS)


@pytest.fixture
def taught(kinds, annotator):
    """The campaign with 36 labeled chips, and 18 that nobody has labeled."""
    labels = {label.name: label.pk for label in kinds.labels.all()}
    for place, chip in enumerate(chips()[:54]):
        image = add_chip(kinds, chip)
        if place < TAUGHT:
            label_image(image, annotator, labels[chip.kind])
    return kinds


def train(campaign, user, **config):
    training = start_training(user=user, campaign=campaign, config={**FAST, **config})
    run = execute_now(training.run)
    training.refresh_from_db()
    return training, run


def asked(model, images):
    """What a model says of images: (N, K)."""
    predictor = predictor_of(model)
    pixels = {chip.name: chip.pixels for chip in chips()}
    pictures = [Picture(pixels[image.name], image.width, image.height, image.pk, image.sha256) for image in images]
    return np.array([[score.confidence for score in each.items[0].scores] for each in predictor.predict(pictures)])


def weights_of(model):
    return ClassifierCheckpoint.load(checkpoint_path(best_checkpoint(model))).head.weight


class TestSnapshot:
    def test_it_names_the_latest_revision_of_each_submitted_image_and_leaves_the_test_split_out(self, taught, manager, annotator):
        images = list(taught.images.order_by("pk"))
        again = label_image(images[0], annotator, taught.labels.last().pk)
        Image.objects.filter(pk=images[1].pk).update(split="test")
        snapshot = take_snapshot(user=manager, campaign=taught)
        entries = dict(snapshot.entries)
        assert entries[images[0].pk] == again.pk
        assert images[1].pk not in entries
        assert len(entries) == TAUGHT - 1
        assert list(entries) == sorted(entries)

    def test_the_same_revisions_are_kept_once_and_another_revision_is_another_snapshot(self, taught, manager, annotator):
        one, two = take_snapshot(user=manager, campaign=taught), take_snapshot(user=manager, campaign=taught)
        assert one == two
        label_image(taught.images.first(), annotator, taught.labels.first().pk)
        assert take_snapshot(user=manager, campaign=taught).digest != one.digest
        assert Snapshot.objects.count() == 2

    def test_only_who_manages_the_campaign_takes_one(self, taught, annotator, stranger):
        with pytest.raises(NotAllowed):
            take_snapshot(user=annotator, campaign=taught)
        with pytest.raises(NotFound):
            take_snapshot(user=stranger, campaign=taught)


class TestStart:
    def test_an_annotator_may_not_train(self, taught, annotator):
        with pytest.raises(NotAllowed):
            start_training(user=annotator, campaign=taught, config=FAST)
        assert not Run.objects.exists()

    def test_labels_without_images_are_named_and_nothing_is_queued(self, kinds, manager, annotator):
        label_image(add_chip(kinds, chips()[0]), annotator, kinds.labels.get(name="coast").pk)
        with pytest.raises(InvalidInput, match="ocean, land"):
            start_training(user=manager, campaign=kinds, config=FAST)
        assert not Run.objects.exists()
        assert not Snapshot.objects.exists()

    def test_scarce_labels_are_warned_of(self, taught, manager):
        training = start_training(user=manager, campaign=taught, config=FAST)
        assert len(training.run.params["warnings"]) == 3

    def test_labels_and_models_of_other_campaigns_are_refused(self, taught, make_campaign, manager):
        foreign = make_campaign("Other").labels.first().pk
        with pytest.raises(InvalidInput, match="no label of this campaign"):
            start_training(user=manager, campaign=taught, config={**FAST, "labels": [foreign]})
        with pytest.raises(InvalidInput, match="start_from"):
            start_training(user=manager, campaign=taught, config={**FAST, "start_from": 12345})


class TestFastHead:
    def test_it_learns_from_a_dozen_images_a_label_and_answers_well_about_the_rest(self, taught, manager):
        training, run = train(taught, manager)
        assert run.state == RunState.SUCCEEDED, run.error
        rest = list(taught.images.filter(state="unlabeled"))
        truth = {chip.name: KINDS.index(chip.kind) for chip in chips()}
        said = asked(training.model, rest)
        assert np.allclose(said.sum(axis=1), 1, atol=1e-5)
        right = np.mean([KINDS[answer.argmax()] == KINDS[truth[image.name]] for answer, image in zip(said, rest, strict=True)])
        assert right > 0.7, "chance is a third"

    def test_the_result_is_a_registered_model_mapped_to_its_labels_and_counted(self, taught, manager, data_dir):
        first, run = train(taught, manager, name="Coast finder")
        second, _ = train(taught, manager, name="Coast finder")
        model = first.model
        assert (model.kind, model.protocol, model.name, model.version) == ("internal", "local", "Coast finder", "1")
        assert second.model.version == "2"
        joined = CampaignModel.objects.get(model=model, campaign=taught)
        mapped = {row.class_index: row.label.name for row in joined.mappings.select_related("label")}
        assert mapped == {each["index"]: each["name"] for each in model.classes} == dict(enumerate(KINDS))
        assert {checkpoint.role for checkpoint in model.checkpoints.all()} == {"best", "last"}
        assert all(checkpoint_path(each).is_file() for each in model.checkpoints.all())
        assert run.result["model"] == model.pk
        assert run.result["metrics"]["images"] == {"train": 29, "validation": 7, "unreadable": 0}
        assert not (data_dir / "training" / str(run.pk)).exists()

    def test_the_curves_have_a_point_per_epoch_and_one_best_at_least(self, taught, manager):
        training, run = train(taught, manager)
        points = list(training.curve.all())
        assert [point.epoch for point in points] == list(range(1, run.result["metrics"]["epochs"] + 1))
        assert {"train_loss", "validation_loss", "validation_accuracy"} <= set(points[0].metrics)
        best = [point for point in points if point.best][-1]
        assert best.epoch == run.result["metrics"]["best_epoch"]

    def test_the_same_seed_and_snapshot_give_the_same_model_and_another_seed_another(self, taught, manager):
        one, two, other = (train(taught, manager, seed=seed)[0] for seed in (5, 5, 6))
        assert one.snapshot == two.snapshot
        assert np.array_equal(weights_of(one.model), weights_of(two.model))
        assert not np.array_equal(weights_of(one.model), weights_of(other.model))

    def test_images_marked_for_validation_measure_and_never_teach(self, taught, manager):
        marked = list(taught.images.filter(state="submitted").values_list("pk", flat=True)[:6])
        Image.objects.filter(pk__in=marked).update(split="validation")
        _, run = train(taught, manager)
        assert run.result["metrics"]["images"]["validation"] == 6
        assert run.result["metrics"]["refitted"] is False

    def test_a_choice_of_labels_and_images_is_kept_to(self, taught, manager):
        labels = list(taught.labels.exclude(name="land").values_list("pk", flat=True))
        training, run = train(taught, manager, labels=labels, images={"filter": {"state": "submitted"}})
        assert [each["name"] for each in training.model.classes] == ["ocean", "coast"]
        assert sum(run.result["metrics"]["images"].values()) == 24

    def test_an_image_whose_file_is_gone_stays_out_and_is_counted(self, taught, manager, data_dir):
        (data_dir / "embeddings").unlink()
        (data_dir / "images" / taught.images.filter(state="submitted").first().path).unlink()
        _, run = train(taught, manager)
        assert run.state == RunState.SUCCEEDED
        assert run.result["metrics"]["images"]["unreadable"] == 1

    def test_going_on_from_an_earlier_model_names_it_as_parent(self, taught, manager):
        first, _ = train(taught, manager)
        second, run = train(taught, manager, start_from=first.model_id)
        assert run.state == RunState.SUCCEEDED
        assert best_checkpoint(second.model).parent == best_checkpoint(first.model)

    def test_several_labels_an_image_are_learned_each_for_itself(self, make_campaign, annotator, manager, data_dir):
        campaign = make_campaign("Both", labels=("water", "land"), settings={"multi_label": True})
        water, land = (campaign.labels.get(name=name).pk for name in ("water", "land"))
        truth = {"ocean": (water,), "coast": (water, land), "land": (land,)}
        for chip in chips()[:TAUGHT]:
            label_image(add_chip(campaign, chip), annotator, *truth[chip.kind])
        rest = [add_chip(campaign, chip) for chip in chips()[TAUGHT:54]]
        training, run = train(campaign, manager)
        assert run.state == RunState.SUCCEEDED, run.error
        said = asked(training.model, rest) > 0.5
        expected = np.array([[each in truth[chip.kind] for each in (water, land)] for chip in chips()[TAUGHT:54]])
        assert (said == expected).mean() > 0.75
        assert training.model.multi_label
        assert predictor_of(training.model).predict([Picture(chips()[0].pixels, 96, 96)])[0].items[0].mode == "multi"


class TestInterruption:
    def test_stopped_it_keeps_the_best_so_far_and_has_succeeded(self, taught, manager, monkeypatch):
        training = start_training(user=manager, campaign=taught, config={**FAST, "patience": 30})
        run = claim_run(training.run_id)
        monkeypatch.setattr("active_learning.services.watching.ASK_EVERY_S", 0)
        stop_after(4, monkeypatch, lambda: stop_training(user=manager, run=Run.objects.get(pk=run.pk)))
        execute_claimed(run)
        run.refresh_from_db()
        training.refresh_from_db()
        assert run.state == RunState.SUCCEEDED
        assert run.result["metrics"]["stopped_by"] == "stopped"
        assert run.result["metrics"]["epochs"] == 4
        assert training.model is not None
        assert training.curve.count() == 4

    def test_cancelled_it_throws_away_what_was_learned(self, taught, manager, monkeypatch, data_dir):
        training = start_training(user=manager, campaign=taught, config={**FAST, "patience": 30})
        run = claim_run(training.run_id)
        monkeypatch.setattr("campaigns.runs.PROGRESS_EVERY_S", 0)
        monkeypatch.setattr("active_learning.training.loop.SAVE_EVERY_S", 0)
        stop_after(4, monkeypatch, lambda: cancel_run(Run.objects.get(pk=run.pk)))
        execute_claimed(run)
        run.refresh_from_db()
        training.refresh_from_db()
        assert run.state == RunState.CANCELLED
        assert training.model is None
        assert not RegisteredModel.objects.exists()
        assert not (data_dir / "training" / str(run.pk)).exists()

    def test_a_campaign_that_was_trained_can_be_removed_and_its_model_stays(self, taught, manager, owner, as_user):
        training, run = train(taught, manager)
        assert as_user(owner).delete(f"/api/v1/campaigns/{taught.pk}").status_code == 204
        assert not TrainingRun.objects.exists() and not Snapshot.objects.exists() and not Run.objects.filter(pk=run.pk).exists()
        assert RegisteredModel.objects.filter(pk=training.model_id).exists(), "other campaigns may use it"

    def test_stopped_before_anything_is_learned_it_is_cancelled_with_nothing(self, taught, manager):
        waiting = start_training(user=manager, campaign=taught, config=FAST)
        assert stop_training(user=manager, run=waiting.run).run.state == RunState.CANCELLED
        begun = start_training(user=manager, campaign=taught, config=FAST)
        run = claim_run(begun.run_id)
        stop_training(user=manager, run=run)
        execute_claimed(run)
        run.refresh_from_db()
        assert run.state == RunState.CANCELLED
        assert "there is nothing to keep" in log_path(run.pk).read_text()
        assert not RegisteredModel.objects.exists()

    def test_an_ended_training_cannot_be_stopped_and_an_annotator_stops_none(self, taught, manager, annotator):
        _, run = train(taught, manager)
        with pytest.raises(Conflict, match="ended already"):
            stop_training(user=manager, run=run)
        with pytest.raises(NotAllowed):
            stop_training(user=annotator, run=run)

    @pytest.mark.parametrize(
        ("number", "told"), [(errno.ENOSPC, "is full. Free some space"), (errno.EROFS, "is read-only. Let it be written to again")]
    )
    def test_a_disk_that_takes_nothing_is_said_with_the_way_out_and_another_try_goes_on(self, taught, manager, monkeypatch, number, told):
        training = start_training(user=manager, campaign=taught, config=FAST)

        def full(self, point):
            raise OSError(number, "from the system")

        with monkeypatch.context() as patch:
            patch.setattr("active_learning.services.watching.RunWatcher.epoch_ended", full)
            run = execute_now(training.run)
        assert run.state == RunState.FAILED
        assert f"{told} and try again" in run.error
        assert execute_now(retry_run(run)).state == RunState.SUCCEEDED

    @pytest.mark.parametrize("where", ["the state of the loop", "the checkpoint that is kept"])
    def test_a_disk_that_is_full_while_it_writes_leaves_no_ghost_and_another_try_succeeds(
        self, taught, manager, monkeypatch, data_dir, where
    ):
        training = start_training(user=manager, campaign=taught, config=FAST)
        kept = []

        def full(*args):
            kept.append(args)
            if where == "the checkpoint that is kept" and len(kept) == 1:  # the first of two files still finds room
                return copyfile(*args)
            if where == "the checkpoint that is kept":
                args[1].write_bytes(b"half of it")
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            name = "shutil.copyfile" if where == "the checkpoint that is kept" else "active_learning.training.loop.write_tensors"
            patch.setattr(name, full)
            run = execute_now(training.run)
        assert run.state == RunState.FAILED
        assert "is full. Free some space and try again: the training goes on where it was." in run.error
        assert run.error in log_path(run.pk).read_text()
        assert not RegisteredModel.objects.exists()
        assert [path for path in (data_dir / "checkpoints").rglob("*") if path.is_file()] == []
        run = execute_now(retry_run(run))
        assert run.state == RunState.SUCCEEDED, run.error
        assert not (data_dir / "training" / str(run.pk)).exists()

    @pytest.mark.parametrize("harm", [b"half a file", b""])
    def test_a_saved_state_that_is_damaged_costs_its_epochs_and_the_log_says_so(self, taught, manager, monkeypatch, data_dir, harm):
        training = self.killed(taught, manager, monkeypatch)
        (data_dir / "training" / str(training.run_id) / LAST).write_bytes(harm)
        again = execute_now(Run.objects.get(pk=training.run_id))
        assert again.state == RunState.SUCCEEDED, again.error
        assert "is damaged or of other labels; it begins again with the first epoch" in log_path(again.pk).read_text()
        epochs = [point.epoch for point in training.curve.all()]
        assert epochs == list(range(1, again.result["metrics"]["epochs"] + 1))

    def test_an_image_deleted_in_mid_training_changes_nothing_of_it(self, taught, manager, monkeypatch):
        whole, _ = train(taught, manager)
        training = start_training(user=manager, campaign=taught, config=FAST)
        gone = taught.images.filter(state="submitted").first()
        stop_after(3, monkeypatch, lambda: (image_path(gone).unlink(), gone.delete()))
        run = execute_now(training.run)
        assert run.state == RunState.SUCCEEDED, run.error
        training.refresh_from_db()
        assert np.array_equal(weights_of(training.model), weights_of(whole.model))

    def test_an_image_deleted_before_it_goes_on_stays_out_of_what_is_left(self, taught, manager, monkeypatch):
        training = self.killed(taught, manager, monkeypatch)
        taught.images.filter(state="submitted").first().delete()
        again = execute_now(Run.objects.get(pk=training.run_id))
        assert again.state == RunState.SUCCEEDED, again.error
        counts = again.result["metrics"]["images"]
        assert counts["train"] + counts["validation"] == TAUGHT - 1
        assert RegisteredModel.objects.count() == 1

    def test_a_campaign_deleted_in_mid_training_leaves_no_run_no_model_and_no_file(self, taught, manager, monkeypatch, data_dir):
        training = start_training(user=manager, campaign=taught, config=FAST)
        monkeypatch.setattr("campaigns.runs.PROGRESS_EVERY_S", 0)
        monkeypatch.setattr("active_learning.training.loop.SAVE_EVERY_S", 0)
        run = claim_run(training.run_id)
        stop_after(3, monkeypatch, lambda: Run.objects.filter(pk=run.pk).delete())
        execute_claimed(run)
        assert not Run.objects.filter(pk=training.run_id).exists()
        assert not RegisteredModel.objects.exists()
        assert not (data_dir / "training" / str(training.run_id)).exists()

    def test_killed_after_its_model_was_registered_it_ends_with_that_model_and_leaves_no_folder(
        self, taught, manager, monkeypatch, data_dir
    ):
        class Killed(BaseException):
            pass

        def die(metrics, config):
            raise Killed

        training = start_training(user=manager, campaign=taught, config=FAST)
        monkeypatch.setattr("active_learning.training.loop.SAVE_EVERY_S", 0)
        with monkeypatch.context() as patch:
            patch.setattr("active_learning.services.training.ended", die)
            with pytest.raises(Killed):
                execute_claimed(claim_run(training.run_id))
        folder = data_dir / "training" / str(training.run_id)
        assert folder.exists()
        Run.objects.filter(pk=training.run_id).update(state=RunState.LOST)
        again = execute_now(Run.objects.get(pk=training.run_id))
        assert (again.state, again.result["model"]) == (RunState.SUCCEEDED, RegisteredModel.objects.get().pk)
        assert not folder.exists()

    def test_a_worker_that_was_taken_for_dead_leaves_the_folder_to_the_one_that_goes_on(self, taught, manager, monkeypatch, data_dir):
        training = start_training(user=manager, campaign=taught, config=FAST)
        monkeypatch.setattr("active_learning.training.loop.SAVE_EVERY_S", 0)

        def late():
            Run.objects.filter(pk=training.run_id).update(claim="another worker")
            raise Conflict("Memory does not suffice.", code="out_of_memory")

        stop_after(4, monkeypatch, late)
        execute_claimed(claim_run(training.run_id))
        assert Run.objects.get(pk=training.run_id).state == RunState.RUNNING
        assert (data_dir / "training" / str(training.run_id) / LAST).exists()

    def test_a_campaign_that_is_removed_takes_along_what_its_killed_training_would_have_gone_on_from(
        self, taught, manager, owner, as_user, monkeypatch, data_dir
    ):
        training = self.killed(taught, manager, monkeypatch)
        folder = data_dir / "training" / str(training.run_id)
        assert folder.exists()
        assert as_user(owner).delete(f"/api/v1/campaigns/{taught.pk}").status_code == 204
        assert not folder.exists()

    def test_a_campaign_deleted_between_two_reports_leaves_no_folder_either(self, taught, manager, monkeypatch, data_dir):
        training = start_training(user=manager, campaign=taught, config=FAST)
        monkeypatch.setattr("campaigns.runs.PROGRESS_EVERY_S", 3600)  # it does not hear of it before it writes
        monkeypatch.setattr("active_learning.training.loop.SAVE_EVERY_S", 0)

        def gone():
            Run.objects.filter(pk=training.run_id).delete()
            raise IntegrityError("FOREIGN KEY constraint failed")

        stop_after(3, monkeypatch, gone)
        execute_claimed(claim_run(training.run_id))
        assert not (data_dir / "training" / str(training.run_id)).exists()

    def test_what_a_killed_brief_training_left_goes_with_the_next_one_and_what_goes_on_stays(self, data_dir):
        old, young, training = (data_dir / "training" / name for name in ("brief-old", "brief-young", "7"))
        for each in (old, young, training):
            each.mkdir(parents=True)
        for each in (old, training):
            os.utime(each, (1, 1))
        with brief_folder() as work:
            assert work.is_dir()
        assert [each.exists() for each in (old, young, training, work)] == [False, True, True, False]

    @staticmethod
    def killed(campaign, user, monkeypatch):
        """A training whose process died after five epochs, as the sweep finds it."""
        training = start_training(user=user, campaign=campaign, config=FAST)

        class Killed(BaseException):
            pass

        def die():
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr("active_learning.training.loop.SAVE_EVERY_S", 0)
            stop_after(5, patch, die)
            with pytest.raises(Killed):
                execute_claimed(claim_run(training.run_id))
        Run.objects.filter(pk=training.run_id).update(state=RunState.LOST)
        return training

    def test_images_deleted_meanwhile_stay_out_and_with_all_of_them_gone_it_says_so(self, taught, manager):
        training = start_training(user=manager, campaign=taught, config=FAST)
        other = start_training(user=manager, campaign=taught, config={**FAST, "seed": 6})
        gone = list(taught.images.exclude(state="unlabeled").values_list("pk", flat=True))
        Image.objects.filter(pk__in=gone[:6]).delete()
        run = execute_now(training.run)
        assert run.state == RunState.SUCCEEDED, run.error
        counts = run.result["metrics"]["images"]
        assert counts["train"] + counts["validation"] == TAUGHT - 6
        Image.objects.filter(pk__in=gone).delete()
        run = execute_now(other.run)
        assert run.state == RunState.FAILED
        assert "needs submitted images" in run.error

    def test_cancelled_before_anything_is_learned_registers_nothing(self, taught, manager, monkeypatch):
        training = start_training(user=manager, campaign=taught, config=FAST)
        run = claim_run(training.run_id)
        Run.objects.filter(pk=run.pk).update(cancel_requested=True)
        execute_claimed(run)
        run.refresh_from_db()
        assert run.state == RunState.CANCELLED
        assert not RegisteredModel.objects.exists()

    def test_a_killed_training_goes_on_from_its_checkpoint_and_ends_as_if_never_killed(self, taught, manager, monkeypatch):
        whole, _ = train(taught, manager)
        training = self.killed(taught, manager, monkeypatch)
        again = execute_now(Run.objects.get(pk=training.run_id))
        training.refresh_from_db()
        assert again.state == RunState.SUCCEEDED, again.error
        assert again.attempts == 2
        assert np.array_equal(weights_of(training.model), weights_of(whole.model))
        assert [p.metrics for p in training.curve.all()] == [p.metrics for p in whole.curve.all()]
        assert "going on after epoch" in log_path(again.pk).read_text()

    def test_while_it_goes_it_says_how_far_it_is_and_when_it_ends(self, taught, manager, client, monkeypatch):
        training = start_training(user=manager, campaign=taught, config={**FAST, "patience": 30})
        address, seen = f"/api/v1/training-runs/{training.run_id}", []
        client.force_login(manager)
        monkeypatch.setattr("active_learning.services.watching.WRITE_EVERY_S", 0)
        monkeypatch.setattr("active_learning.training.loop.Progress.measured", True)
        stop_after(6, monkeypatch, lambda: seen.append(client.get(address).json()))
        execute_claimed(claim_run(training.run_id))
        ahead = seen[0]["outlook"]
        assert (ahead["epoch"], ahead["epochs"], ahead["steps"]) == (6, 30, 1)
        assert 0 < ahead["left_s"] < 30 * 60
        ended = client.get(address).json()
        assert ended["outlook"] is None
        assert seen[0]["stopped_by"] is None
        assert ended["stopped_by"] in ("epochs", "patience", "converged")

    def test_its_log_tells_the_split_every_epoch_why_it_stopped_and_what_was_kept(self, taught, manager):
        training, run = train(taught, manager, name="Coast finder")
        log = log_path(run.pk).read_text()
        assert f"snapshot {training.snapshot.digest[:12]} of {TAUGHT} images; fast head, small, seed 5" in log
        assert "29 images teach, 7 measure" in log
        epochs = run.result["metrics"]["epochs"]
        assert all(f"epoch {n}: train loss" in log for n in range(1, epochs + 1))
        assert f"stopped after {epochs} epochs: " in log
        assert f"kept as Coast finder, version 1: the best epoch, {run.result['metrics']['best_epoch']}, and the last" in log

    def test_executing_a_finished_training_again_gives_the_same_model(self, taught, manager):
        training, run = train(taught, manager)
        Run.objects.filter(pk=run.pk).update(state=RunState.LOST)
        again = execute_now(run)
        assert again.result["model"] == training.model_id
        assert RegisteredModel.objects.count() == 1


class TestFineTune:
    def test_it_trains_the_whole_network_resumes_exactly_and_answers(self, taught, manager, monkeypatch):
        tune = {"method": "fine_tune", "epochs": 2, "batch": 12}
        whole, run = train(taught, manager, **tune)
        assert run.state == RunState.SUCCEEDED, run.error
        assert not ClassifierCheckpoint.load(checkpoint_path(best_checkpoint(whole.model))).is_frozen
        monkeypatch.setattr("active_learning.training.loop.SAVE_EVERY_S", 0)
        torn = start_training(user=manager, campaign=taught, config={**FAST, **tune})

        class Killed(BaseException):
            pass

        def die():
            raise Killed

        with monkeypatch.context() as patch:
            stop_after(1, patch, die)
            with pytest.raises(Killed):
                execute_claimed(claim_run(torn.run_id))
        Run.objects.filter(pk=torn.run_id).update(state=RunState.LOST)
        assert execute_now(Run.objects.get(pk=torn.run_id)).state == RunState.SUCCEEDED
        torn.refresh_from_db()
        assert np.allclose(weights_of(torn.model), weights_of(whole.model), atol=1e-5)
        predictor = predictor_of(whole.model)
        assert predictor.needs_pixels(taught.images.first().sha256), "stored embeddings are those of the backbone as installed"
        shown = chips()[:TAUGHT]
        answers = predictor.predict([Picture(chip.pixels, 96, 96) for chip in shown])
        right = [max(a.items[0].scores, key=lambda s: s.confidence).name == chip.kind for a, chip in zip(answers, shown, strict=True)]
        assert np.mean(right) > 0.7

    def test_stopped_in_the_middle_of_an_epoch_it_keeps_what_it_set_out_from(self, taught, manager, monkeypatch):
        training = start_training(user=manager, campaign=taught, config={**FAST, "method": "fine_tune", "epochs": 5, "batch": 4})
        run = claim_run(training.run_id)
        monkeypatch.setattr("active_learning.services.watching.ASK_EVERY_S", 0)
        from active_learning.training.fine_tune import FineTuneLearner

        taken = FineTuneLearner._loss

        def stopped_meanwhile(self, *args):
            stop_training(user=manager, run=Run.objects.get(pk=run.pk))
            return taken(self, *args)

        monkeypatch.setattr(FineTuneLearner, "_loss", stopped_meanwhile)
        execute_claimed(run)
        run.refresh_from_db()
        training.refresh_from_db()
        assert run.state == RunState.SUCCEEDED, run.error
        assert run.result["metrics"]["epochs"] == 0
        assert run.result["metrics"]["validation"]["accuracy"] > 0.5, "the head it set out from is a model already"
        assert training.model is not None


class TestInsideAnotherRun:
    def test_a_round_trains_once_however_often_it_is_called(self, taught):
        run = Run.objects.create(kind="round", campaign=taught, state="running", claim="test")
        context = RunContext(run)
        model = train_now(context, taught, FAST)
        assert train_now(context, taught, FAST) == model
        assert RegisteredModel.objects.count() == TrainingRun.objects.count() == 1
        assert CurvePoint.objects.filter(training_run__run=run).exists()

    def test_its_figures_are_listed_beside_those_of_other_trainings(self, taught, viewer, as_user):
        run = Run.objects.create(kind="round", campaign=taught, state="running", claim="test")
        train_now(RunContext(run), taught, FAST)
        listed = as_user(viewer).get(f"/api/v1/campaigns/{taught.pk}/training-runs").json()["results"]
        assert listed[0]["run"]["kind"] == "round"
        assert listed[0]["metrics"]["validation"]["accuracy"] > 0.5


class TestLocalPredictor:
    def test_stored_embeddings_answer_without_pixels_and_new_pictures_are_stored(self, taught, manager, data_dir):
        (data_dir / "embeddings").unlink()
        training, _ = train(taught, manager)
        predictor = predictor_of(training.model)
        known = taught.images.filter(state="submitted").first()
        fresh = taught.images.filter(state="unlabeled").first()
        assert not predictor.needs_pixels(known.sha256)
        assert predictor.needs_pixels(fresh.sha256)
        pixels = next(chip.pixels for chip in chips() if chip.name == fresh.name)
        first = predictor.predict([Picture(pixels, 96, 96, fresh.pk, fresh.sha256)])[0]
        assert not predictor.needs_pixels(fresh.sha256)
        assert predictor.predict([Picture(np.zeros((1, 1, 3), np.uint8), 96, 96, fresh.pk, fresh.sha256)])[0] == first
        assert first.items[0].complete
        assert first.model_version == training.model.version

    def test_a_damaged_checkpoint_and_a_changed_backbone_say_so(self, taught, manager, tmp_path, monkeypatch):
        training, _ = train(taught, manager)
        path = checkpoint_path(best_checkpoint(training.model))
        card = ModelCard("", "classification", name="Coast")
        (tmp_path / "cut").write_bytes(path.read_bytes()[:500])
        with pytest.raises(Conflict, match="Coast cannot be loaded"):
            load_predictor(path=tmp_path / "cut", card=card)
        (tmp_path / "elsewhere").write_bytes(path.read_bytes().replace(b"winnow-classifier/1", b"winnow-clairvoyant1"))
        with pytest.raises(Conflict, match="does not know"):
            load_predictor(path=tmp_path / "elsewhere", card=card)
        monkeypatch.setattr("models_registry.networks.checkpoint.FORMAT", "other/1")
        with pytest.raises(Conflict, match="format"):
            load_predictor(path=path, card=card)
        monkeypatch.undo()
        checkpoint = ClassifierCheckpoint.load(path)
        changed = ClassifierCheckpoint(checkpoint.head, checkpoint.classes, checkpoint.size, "0" * 64)
        changed.save(tmp_path / "changed")
        with pytest.raises(Conflict, match="other weights"):
            load_predictor(path=tmp_path / "changed", card=card)

    def test_weights_that_have_changed_on_the_disk_answer_nothing_although_they_load(self, taught, manager):
        training, _ = train(taught, manager)
        path = checkpoint_path(best_checkpoint(training.model))
        content = bytearray(path.read_bytes())
        content[-40:-32] = bytes(8)  # within the weights: a file that reads well
        path.write_bytes(content)
        load_predictor(path=path, card=ModelCard("", "classification", name="Coast"))
        with pytest.raises(Conflict, match="damaged"):
            predictor_of(training.model)


class TestApi:
    def test_a_manager_starts_a_training_and_everybody_of_the_campaign_follows_it(self, taught, manager, viewer, as_user):
        answer = as_user(manager).post(f"/api/v1/campaigns/{taught.pk}/training-runs", {"name": "Coast", "epochs": 8})
        assert answer.status_code == 202, answer.content
        body = answer.json()
        assert body["run"]["kind"] == "training"
        assert body["run"]["state"] == "queued"
        assert body["warnings"]
        execute_now(Run.objects.get(pk=body["id"]))
        seen = as_user(viewer).get(f"/api/v1/training-runs/{body['id']}").json()
        assert seen["model"]["version"] == "1"
        assert seen["metrics"]["validation"]["accuracy"] >= 0
        assert seen["snapshot"]["images"] == TAUGHT
        curves = as_user(viewer).get(f"/api/v1/training-runs/{body['id']}/curves").json()
        assert [point["epoch"] for point in curves] == list(range(1, 9))
        listed = as_user(viewer).get(f"/api/v1/campaigns/{taught.pk}/training-runs").json()
        assert [each["id"] for each in listed["results"]] == [body["id"]]
        assert json.dumps(listed)

    def test_roles_are_kept_to(self, taught, manager, annotator, stranger, as_user):
        address = f"/api/v1/campaigns/{taught.pk}/training-runs"
        assert as_user(annotator).post(address, {}).status_code == 403
        assert as_user(stranger).post(address, {}).status_code == 404
        assert as_user(stranger).get(address).status_code == 404
        assert as_user(None).get(address).status_code in (401, 403)
        run = start_training(user=manager, campaign=taught, config=FAST).run_id
        assert as_user(stranger).get(f"/api/v1/training-runs/{run}").status_code == 404
        assert as_user(stranger).get(f"/api/v1/training-runs/{run}/curves").status_code == 404

    def test_a_wrong_setting_and_too_few_labels_answer_as_problems(self, taught, kinds, manager, as_user):
        address = f"/api/v1/campaigns/{taught.pk}/training-runs"
        answer = as_user(manager).post(address, {"minutes": -3})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "minutes"
        for asked, field in (({"minuets": 3}, "minuets"), ({"bands": [1, 9]}, "bands")):
            for path in (address, f"{address}/estimate"):
                answer = as_user(manager).post(path, asked)
                assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
        Label.objects.filter(campaign=taught).exclude(name="land").delete()
        answer = as_user(manager).post(address, {})
        assert answer.status_code == 422
        assert answer.json()["code"] == "too_few_labels"


class TestOrigin:
    def test_a_model_tells_its_checkpoints_its_snapshot_and_its_relatives_and_becomes_current(self, taught, manager):
        first, _ = train(taught, manager, name="First", promote=False)
        later, _ = train(taught, manager, name="Later", start_from=first.model_id)
        aside, _ = train(taught, manager, name="Aside", promote=False)
        assert current_model(taught) == later.model
        client = APIClient()
        client.force_authenticate(manager)
        told = client.get(f"/api/v1/models/{later.model_id}/checkpoints").json()
        assert told["snapshot"]["digest"] == later.snapshot.digest
        assert (told["snapshot"]["images"], told["snapshot"]["gone"]) == (TAUGHT, 0)
        assert {row["name"]: row["images"] for row in told["snapshot"]["labels"]} == Counter(chip.kind for chip in chips()[:TAUGHT])
        assert told["training"] == {"id": later.run_id, "name": "Later", "campaign": taught.pk}
        assert {row["role"]: row["answers"] for row in told["checkpoints"]} == {"best": True, "last": False}
        for row in told["checkpoints"]:
            assert (row["size_bytes"] > 0, row["state"]) == (True, "ready")
            assert row["config"]["seed"] == 5
            assert row["metrics"]["best_epoch"] >= 1
            assert [(each["model"]["name"], each["role"]) for each in row["ancestors"]] == [("First", "best")]
        parents = client.get(f"/api/v1/models/{first.model_id}/checkpoints").json()["checkpoints"]
        assert [each["model"]["name"] for row in parents for each in row["children"]] == ["Later"]
        assert client.get(f"/api/v1/models/{aside.model_id}/checkpoints").json()["checkpoints"][0]["ancestors"] == []

    def test_a_file_that_is_gone_or_damaged_is_told_and_an_image_removed_since_is_counted(self, taught, manager, as_user):
        training, _ = train(taught, manager)
        paths = {checkpoint.role: checkpoint_path(checkpoint) for checkpoint in training.model.checkpoints.all()}
        paths["best"].unlink()
        content = bytearray(paths["last"].read_bytes())
        content[-1] ^= 1  # a header alone would not tell
        paths["last"].write_bytes(content)
        taught.images.filter(state="submitted").first().delete()
        told = as_user(manager).get(f"/api/v1/models/{training.model_id}/checkpoints").json()
        states = {row["role"]: (row["state"], row["size_bytes"] is None) for row in told["checkpoints"]}
        assert states == {"best": ("missing", True), "last": ("damaged", False)}
        assert (told["snapshot"]["images"], told["snapshot"]["gone"]) == (TAUGHT, 1)

    def test_a_training_goes_on_from_the_last_checkpoint_where_it_is_named(self, taught, manager):
        first, _ = train(taught, manager)
        second, run = train(taught, manager, start_from=first.model_id, start_role="last")
        assert run.state == RunState.SUCCEEDED, run.error
        assert best_checkpoint(second.model).parent == first.model.checkpoints.get(role="last")
        assert "going on from model" in log_path(run.pk).read_text()

    @pytest.mark.parametrize("harm", ["missing", "damaged"])
    def test_a_start_whose_file_is_lost_is_refused_at_once_and_lost_later_it_ends_the_run(self, taught, manager, data_dir, harm):
        first, _ = train(taught, manager)
        queued = start_training(user=manager, campaign=taught, config={**FAST, "start_from": first.model_id})
        path = checkpoint_path(best_checkpoint(first.model))
        path.unlink()
        if harm == "damaged":
            path.write_bytes(b"half a file")
        with pytest.raises(Conflict, match="choose another checkpoint, or train again"):
            start_training(user=manager, campaign=taught, config={**FAST, "start_from": first.model_id})
        run = execute_now(queued.run)
        assert run.state == RunState.FAILED
        assert "choose another checkpoint, or train again" in run.error
        assert TrainingRun.objects.get(run=run).model is None
        assert RegisteredModel.objects.count() == 1
        assert not (data_dir / "training" / str(run.pk)).exists()

    def test_the_last_checkpoint_answers_once_it_is_chosen_and_a_later_training_still_counts_on(self, taught, manager):
        training, _ = train(taught, manager, patience=30)
        images = list(taught.images.filter(state="unlabeled")[:6])
        best = asked(training.model, images)
        attached = CampaignModel.objects.get(campaign=taught, model=training.model)
        model = choose_checkpoint(user=manager, attached=attached, role="last")
        last = asked(model, images)
        assert model.version == "1-last"
        assert not np.allclose(best, last), "another checkpoint answers otherwise"
        again, _ = train(taught, manager)
        assert again.model.version == "2"
        CampaignModel.objects.get(campaign=taught, model=again.model).delete()
        assert registration._version_for(taught, TrainingRun(run_id=0)) == "3", "a number is not given twice, whatever was detached"
