"""Inference runs against a real endpoint on loopback."""

import itertools
import threading
import time
from collections import Counter

import pytest

from campaigns.errors import Conflict, InvalidInput, NotAllowed, NotFound
from campaigns.models import AnnotationSet, ItemState, Run, RunItem, RunState
from campaigns.runs import RunContext, cancel_run, claim_run, execute_now, retry_run
from inference.models import Prediction, Prefill
from inference.services import predict_pool, start_inference
from inference.services.answering import BATCH, DEAD_AFTER
from inference.services.executing import execute_inference
from models_registry.models import CampaignModel, RegisteredModel
from tests.inference.endpoint import Endpoint, Reply, dead_url, items

pytestmark = pytest.mark.django_db
SURE = {"kind": "classification", "scores": {"land": 0.2, "water": 0.8}}


def answering(delay_s=0.0):
    return Endpoint(lambda body: items(SURE), delay_s=delay_s)


def started(campaign, model, images="all", **more):
    return start_inference(user=campaign.created_by, campaign=campaign, model=model, images=images, **more)


def test_every_image_is_answered_stored_and_drafted(campaign, make_image, make_model):
    images = [make_image(campaign) for _ in range(30)]
    with answering() as endpoint:
        run = execute_now(started(campaign, make_model(campaign, endpoint.url)))
    assert (run.state, run.done, run.failed_items, run.total) == (RunState.SUCCEEDED, 30, 0, 30)
    assert run.result["answered"] == 30
    assert Counter(RunItem.objects.filter(run=run).values_list("state", flat=True)) == {ItemState.DONE: 30}
    prediction = Prediction.objects.get(image=images[0])
    assert prediction.confidence == 0.8
    assert prediction.latency_ms is not None
    assert 0 < prediction.uncertainty["entropy"] < 1
    drafted = AnnotationSet.objects.get(image=images[0], author=None)
    water = campaign.labels.get(name="Water")
    assert [(a["label"], a["review"], a["origin"], a["confidence"]) for a in drafted.annotations] == [
        (water.pk, "draft", "prediction", 0.8)
    ]
    assert Prefill.objects.get(prediction=prediction).annotation_set == drafted


def test_running_twice_duplicates_nothing(campaign, make_image, make_model):
    for _ in range(5):
        make_image(campaign)
    with answering() as endpoint:
        model = make_model(campaign, endpoint.url)
        execute_now(started(campaign, model))
        before = list(AnnotationSet.objects.values_list("pk", "version", "annotations"))
        run = execute_now(started(campaign, model))
    assert run.state == RunState.SUCCEEDED
    assert Prediction.objects.count() == Prefill.objects.count() == 5
    assert list(AnnotationSet.objects.values_list("pk", "version", "annotations")) == before


def test_without_prefill_nothing_is_drafted(campaign, make_image, make_model):
    make_image(campaign)
    with answering() as endpoint:
        execute_now(started(campaign, make_model(campaign, endpoint.url), prefill=False))
    assert Prediction.objects.count() == 1
    assert not AnnotationSet.objects.exists()


def test_many_questions_are_in_flight_at_once_and_no_more_than_the_model_takes(campaign, make_image, make_model):
    for _ in range(24):
        make_image(campaign)
    with answering(delay_s=0.05) as endpoint:
        execute_now(started(campaign, make_model(campaign, endpoint.url, options={"concurrency": 6})))
    assert endpoint.most_at_once == 6


def test_a_failed_image_is_a_row_with_a_reason_and_the_run_goes_on(campaign, make_image, make_model):
    images = [make_image(campaign) for _ in range(6)]
    broken = images[2].name.encode()

    def respond(body):
        return Reply(b'{"items": [{"kind": "classification", "scores": {"land": "high"}}]}') if broken in body else items(SURE)

    with Endpoint(respond) as endpoint:
        run = execute_now(started(campaign, make_model(campaign, endpoint.url)))
    assert (run.state, run.done, run.failed_items) == (RunState.SUCCEEDED, 5, 1)
    failed = RunItem.objects.get(run=run, state=ItemState.FAILED)
    assert failed.image == images[2]
    assert failed.code == "rejected"
    assert "scores" in failed.reason


def test_only_the_failed_images_are_tried_again(campaign, make_image, make_model):
    images = [make_image(campaign) for _ in range(4)]
    broken = [images[1].name.encode()]

    def respond(body):
        return Reply(status=500) if any(name in body for name in broken) else items(SURE)

    with Endpoint(respond) as endpoint:
        run = execute_now(started(campaign, make_model(campaign, endpoint.url)))
        assert (run.done, run.failed_items) == (3, 1)
        broken.clear()
        run = execute_now(retry_run(run))
    assert (run.state, run.done, run.failed_items) == (RunState.SUCCEEDED, 4, 0)
    assert endpoint.requests == 5


def test_an_image_whose_file_is_gone_fails_alone(campaign, make_image, make_model, settings):
    images = [make_image(campaign) for _ in range(3)]
    (settings.DATA_DIR / "images" / images[1].path).unlink()
    with answering() as endpoint:
        run = execute_now(started(campaign, make_model(campaign, endpoint.url)))
    assert (run.done, run.failed_items) == (2, 1)
    assert RunItem.objects.get(run=run, state=ItemState.FAILED).code == "unreadable_image"


def test_a_run_without_any_answer_fails_with_the_commonest_reason(campaign, make_image, make_model):
    for _ in range(3):
        make_image(campaign)
    with Endpoint(lambda body: Reply(b"<html>busy</html>")) as endpoint:
        run = execute_now(started(campaign, make_model(campaign, endpoint.url)))
    assert run.state == RunState.FAILED
    assert "3 of 3" in run.error
    assert "JSON" in run.error


def test_a_dead_endpoint_ends_the_run_early_and_a_retry_takes_up_the_rest(campaign, make_image, make_model):
    images = DEAD_AFTER + 2 * BATCH  # the verdict falls within DEAD_AFTER - 1 outcomes and one whole batch after them
    for _ in range(images):
        make_image(campaign)
    model = make_model(campaign, dead_url(), options={"concurrency": 4})
    run = execute_now(started(campaign, model))
    assert run.state == RunState.FAILED
    assert "does not answer" in run.error
    codes = Counter(RunItem.objects.filter(run=run, state=ItemState.FAILED).values_list("code", flat=True))
    assert sum(codes.values()) == images
    assert codes["not_tried"] > 0
    with answering() as endpoint:
        type(model).objects.update(url=endpoint.url)
        run = execute_now(retry_run(run))
    assert (run.state, run.done, run.failed_items) == (RunState.SUCCEEDED, images, 0)


@pytest.mark.parametrize("silence", ["hangs", "busy for ever"])
def test_an_endpoint_that_falls_silent_ends_the_run(campaign, make_image, make_model, monkeypatch, silence):
    images = DEAD_AFTER + 3 * BATCH
    for _ in range(images):
        make_image(campaign)
    monkeypatch.setattr("inference.calling.LONGEST_PAUSE_S", 0.001)
    numbers = itertools.count()
    over = threading.Event()

    def respond(body):
        if next(numbers) < 8:
            return items(SURE)
        if silence == "hangs":
            over.wait(20)
        return Reply(status=503)

    with Endpoint(respond) as endpoint:
        model = make_model(campaign, endpoint.url, options={"concurrency": 16, "timeout_s": 0.2, "retries": 1})
        run = execute_now(started(campaign, model))
        over.set()
    assert run.state == RunState.FAILED
    assert "does not answer" in run.error
    codes = Counter(RunItem.objects.filter(run=run, state=ItemState.FAILED).values_list("code", flat=True))
    assert codes["not_tried"] > BATCH
    assert sum(codes.values()) + run.done == images


def test_an_endpoint_that_restarts_costs_no_image(campaign, make_image, make_model, monkeypatch):
    for _ in range(80):
        make_image(campaign)
    monkeypatch.setattr("inference.services.remote.PAUSES_S", (0.05, 0.1, 0.2))
    numbers = itertools.count()

    def respond(body):
        if 30 <= next(numbers) < 48:
            raise ConnectionAbortedError
        return items(SURE)

    with Endpoint(respond) as endpoint:
        run = execute_now(started(campaign, make_model(campaign, endpoint.url, options={"concurrency": 16})))
    assert (run.state, run.done, run.failed_items) == (RunState.SUCCEEDED, 80, 0)
    assert Prediction.objects.count() == 80


def test_an_endpoint_that_stays_away_ends_the_run(campaign, make_image, make_model, monkeypatch):
    for _ in range(240):  # more than are asked for before the first failures are seen
        make_image(campaign)
    monkeypatch.setattr("inference.services.remote.PAUSES_S", (0.05, 0.1))
    numbers = itertools.count()

    def respond(body):
        if next(numbers) >= 20:
            raise ConnectionAbortedError
        return items(SURE)

    with Endpoint(respond) as endpoint:
        run = execute_now(started(campaign, make_model(campaign, endpoint.url, options={"concurrency": 4})))
    assert run.state == RunState.FAILED
    assert "does not answer" in run.error
    assert (run.done, run.failed_items) == (20, 220)
    assert RunItem.objects.filter(run=run, code="not_tried").exists()


def test_a_busy_endpoint_is_left_alone_for_as_long_as_it_asks(campaign, make_image, make_model):
    for _ in range(40):
        make_image(campaign)
    numbers, refused_at, early = itertools.count(), [], []

    def respond(body):
        if refused_at and not 0 <= time.monotonic() - refused_at[-1] < 0.3:
            return items(SURE)
        if next(numbers) == 12:
            refused_at.append(time.monotonic())
            return Reply(b"", status=429, headers={"Retry-After": "1"})
        if refused_at:
            early.append(time.monotonic() - refused_at[-1])
        return items(SURE)

    with Endpoint(respond, delay_s=0.02) as endpoint:
        run = execute_now(started(campaign, make_model(campaign, endpoint.url, options={"concurrency": 4, "retries": 2})))
    assert (run.state, run.done) == (RunState.SUCCEEDED, 40)
    assert len(refused_at) == 1
    assert len(early) <= 3  # what was in flight at that moment


def test_a_slow_endpoint_costs_its_own_rows_a_deadline(campaign, make_image, make_model):
    images = [make_image(campaign) for _ in range(3)]
    slow = images[0].name.encode()

    def respond(body):
        time.sleep(12 if slow in body else 0)
        return items(SURE)

    begun = time.monotonic()
    with Endpoint(respond) as endpoint:
        run = execute_now(started(campaign, make_model(campaign, endpoint.url, options={"timeout_s": 2})))
        assert time.monotonic() - begun < 10
    assert (run.done, run.failed_items) == (2, 1)
    assert RunItem.objects.get(run=run, state=ItemState.FAILED).code == "timeout"


def test_a_dripping_endpoint_meets_the_same_deadline(campaign, make_image, make_model):
    make_image(campaign)
    drip = Reply(pieces=[b" "] * 100, pause_s=0.05)
    with Endpoint(lambda body: drip) as endpoint:
        run = execute_now(started(campaign, make_model(campaign, endpoint.url, options={"timeout_s": 0.4})))
    assert RunItem.objects.get(run=run).code == "timeout"


def test_a_gigantic_reply_is_not_read_to_its_end(campaign, make_image, make_model):
    images = [make_image(campaign) for _ in range(2)]
    giant = images[0].name.encode()
    written = []

    def pieces():
        for _ in range(64):
            written.append(1)
            yield b" " * 2**20

    class Endless(list):
        def __iter__(self):
            return pieces()

    def respond(body):
        return Reply(pieces=Endless(), announced=1_000_000) if giant in body else items(SURE)

    with Endpoint(respond) as endpoint:
        run = execute_now(started(campaign, make_model(campaign, endpoint.url, options={"max_reply_mib": 1})))
    assert (run.done, run.failed_items) == (1, 1)


def test_a_reply_that_announces_more_than_the_cap_is_refused_at_once(campaign, make_image, make_model):
    make_image(campaign)
    with Endpoint(lambda body: Reply(b" " * (2**20 + 1))) as endpoint:
        run = execute_now(started(campaign, make_model(campaign, endpoint.url, options={"max_reply_mib": 1})))
    assert RunItem.objects.get(run=run).code == "too_large"


def test_class_0_is_mapped_and_an_unmapped_class_is_told(make_campaign, make_image, make_model):
    campaign = make_campaign(task="detection")
    make_image(campaign)
    boxes = [{"kind": "box", "index": n, "score": 0.9, "xywh": [5, 5, 10, 10]} for n in (0, 1, 2)]
    with Endpoint(lambda body: items(*boxes)) as endpoint:
        model = make_model(campaign, endpoint.url, mapping={0: "Water"}, classes=[{"index": n, "name": f"c{n}"} for n in range(3)])
        run = execute_now(started(campaign, model))
    (drafted,) = AnnotationSet.objects.get(author=None).annotations
    assert drafted["label"] == campaign.labels.get(name="Water").pk
    assert run.result["unmapped_classes"] == {"c1": 1, "c2": 1}
    assert len(Prediction.objects.get().document["items"]) == 3


def test_a_campaigns_threshold_decides_what_is_drafted(make_campaign, make_image, make_model):
    campaign = make_campaign(task="detection")
    make_image(campaign)
    boxes = [{"kind": "box", "index": 0, "score": score, "xywh": [5, 5, 10, 10]} for score in (0.9, 0.6)]
    with Endpoint(lambda body: items(*boxes)) as endpoint:
        execute_now(started(campaign, make_model(campaign, endpoint.url, thresholds={"Land": 0.7})))
    assert [a["confidence"] for a in AnnotationSet.objects.get(author=None).annotations] == [0.9]


def test_a_run_that_was_killed_goes_on_where_it_was(campaign, make_image, make_model):
    images = [make_image(campaign) for _ in range(10)]
    with answering() as endpoint:
        model = make_model(campaign, endpoint.url)
        run = started(campaign, model)
        RunItem.objects.bulk_create(RunItem(run=run, image=image) for image in images)
        RunItem.objects.filter(run=run, image__in=images[:6]).update(state=ItemState.DONE)
        make_image(campaign)  # added later: not of this run
        run = execute_now(run)
    assert endpoint.requests == 4
    assert (run.state, run.done, run.total) == (RunState.SUCCEEDED, 10, 10)


@pytest.mark.django_db(transaction=True)
def test_a_run_whose_model_is_removed_meanwhile_says_so(campaign, make_image, make_model):
    class Removing(RunContext):
        def progress(self, **values):
            RegisteredModel.objects.all().delete()
            super().progress(**values)

    make_image(campaign)
    with answering() as endpoint:
        run = claim_run(started(campaign, make_model(campaign, endpoint.url)).pk)
        with pytest.raises(NotFound, match="model was removed"):
            execute_inference(Removing(run))


def test_a_run_whose_model_is_detached_meanwhile_drafts_no_further(campaign, make_image, make_model):
    class Detaching(RunContext):
        def progress(self, **values):
            super().progress(**values)
            if values["done"]:
                CampaignModel.objects.all().delete()

    for _ in range(2 * BATCH):
        make_image(campaign)
    with answering(delay_s=0.02) as endpoint:
        run = claim_run(started(campaign, make_model(campaign, endpoint.url, options={"concurrency": 4})).pk)
        with pytest.raises(Conflict, match="was detached from the campaign"):
            execute_inference(Detaching(run))
    assert 0 < AnnotationSet.objects.count() < 2 * BATCH


def test_cancelling_stops_within_two_seconds_and_keeps_what_came(campaign, make_image, make_model, monkeypatch):
    for _ in range(200):
        make_image(campaign)
    monkeypatch.setattr("campaigns.runs.PROGRESS_EVERY_S", 0.05)
    with answering(delay_s=0.2) as endpoint:
        run = started(campaign, make_model(campaign, endpoint.url, options={"concurrency": 4}))
        asked = 0

        class Impatient(RunContext):
            def progress(self, **kwargs):
                nonlocal asked
                if self.run.done and not asked:
                    asked = time.monotonic()
                    cancel_run(Run.objects.get(pk=self.run.pk))
                super().progress(**kwargs)

        monkeypatch.setattr("campaigns.runs.RunContext", Impatient)
        run = execute_now(run)
        took = time.monotonic() - asked
    assert run.state == RunState.CANCELLED
    assert took < 2
    assert 0 < Prediction.objects.count() < 100
    assert RunItem.objects.filter(run=run, state=ItemState.DONE).count() == Prediction.objects.count()


def test_a_pool_is_predicted_once_per_model_version(campaign, make_image, make_model):
    images = [make_image(campaign) for _ in range(6)]
    with answering() as endpoint:
        model = make_model(campaign, endpoint.url)
        run = claim_run(started(campaign, model).pk)
        first = predict_pool(RunContext(run), model=model, image_ids=[image.pk for image in images[:4]])
        second = predict_pool(RunContext(run), model=model, image_ids=[image.pk for image in images])
        assert (first.answered, first.skipped, second.answered, second.skipped) == (4, 0, 2, 4)
        assert endpoint.requests == 6
        model.version = "2"
        model.save()
        third = predict_pool(RunContext(run), model=model, image_ids=[image.pk for image in images], campaign=campaign, prefill=True)
    assert third.answered == 6
    assert Prediction.objects.count() == 12
    assert AnnotationSet.objects.filter(author=None).count() == 6


def test_a_manager_may_start_a_run_and_an_annotator_may_not(campaign, make_image, make_model, manager, annotator, stranger):
    make_image(campaign)
    model = make_model(campaign, "http://127.0.0.1:9/predict")
    assert start_inference(user=manager, campaign=campaign, model=model).state == RunState.QUEUED
    with pytest.raises(NotAllowed):
        start_inference(user=annotator, campaign=campaign, model=model)
    with pytest.raises(NotFound):
        start_inference(user=stranger, campaign=campaign, model=model)


def test_what_is_asked_already_is_not_asked_a_second_time_until_it_ends_or_is_told_to_stop(campaign, make_image, make_model, manager):
    images = [make_image(campaign).pk for _ in range(3)]
    model, other = (make_model(campaign, f"http://127.0.0.1:9/{name}") for name in ("one", "other"))
    first = started(campaign, model)
    assert start_inference(user=manager, campaign=campaign, model=model, images="all") == first
    different = [started(campaign, model, images[:2]), started(campaign, model, prefill=False), started(campaign, other)]
    assert len({first.pk, *(run.pk for run in different)}) == Run.objects.count() == 4
    Run.objects.filter(pk=first.pk).update(state=RunState.RUNNING)
    assert started(campaign, model) == first
    cancel_run(first)
    second = started(campaign, model)
    assert second.pk not in {first.pk, *(run.pk for run in different)}
    model.version = "2"
    model.save()
    assert started(campaign, model) != second


def test_a_model_that_is_not_attached_is_refused(campaign, make_campaign, make_image, make_model):
    make_image(campaign)
    model = make_model(make_campaign("Elsewhere"), "http://127.0.0.1:9/predict")
    with pytest.raises(InvalidInput, match="not attached"):
        started(campaign, model)


def test_an_address_that_the_deployment_forbids_is_told(campaign, make_image, make_model, settings):
    settings.MODEL_NETWORKS = []
    make_image(campaign)
    run = execute_now(started(campaign, make_model(campaign, "http://127.0.0.1:8399/predict")))
    assert run.state == RunState.FAILED
    assert RunItem.objects.get(run=run).code == "refused_address"


def test_a_mistake_of_ours_costs_the_image_that_brings_it_to_light(campaign, make_image, make_model, monkeypatch):
    images = [make_image(campaign) for _ in range(3)]
    monkeypatch.setattr("inference.services.remote.digest", lambda prediction, rules: 1 / 0)
    with answering() as endpoint:
        run = execute_now(started(campaign, make_model(campaign, endpoint.url)))
    assert run.state == RunState.FAILED
    assert "ZeroDivisionError" in run.error
    assert RunItem.objects.filter(run=run, code="internal_error").count() == len(images)
