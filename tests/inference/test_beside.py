"""Asking in a copy of this process: the same answers, its complaints heard here, and its end costs no answer that was kept."""

import os
import signal
import threading

import pytest

from campaigns.models import AnnotationSet, RunItem, RunState
from campaigns.runs import execute_now, retry_run
from inference.models import Prediction
from inference.services import askers, beside, remote, start_inference
from inference.services.beside import AskerBeside, can_fork
from tests.inference.endpoint import Endpoint, Reply, items

pytestmark = pytest.mark.django_db
BOX = {"kind": "box", "index": 0, "score": 0.9, "xywh": [5, 5, 10, 10]}
IMAGES = 70


@pytest.fixture
def copies(monkeypatch):
    """Let copies be made although the tests' own process may have another thread; return those that were begun."""
    begun = []
    enter = AskerBeside.__enter__

    def entered(self):
        begun.append(enter(self))
        return begun[-1]

    monkeypatch.setattr(AskerBeside, "__enter__", entered)
    monkeypatch.setattr(askers, "can_fork", lambda: True)
    return begun


def started(campaign, model):
    return start_inference(user=campaign.created_by, campaign=campaign, model=model, images="all")


@pytest.fixture
def campaign(make_campaign, make_image):
    campaign = make_campaign(task="detection")
    for _ in range(IMAGES):
        make_image(campaign)
    return campaign


@pytest.mark.parametrize("readers", [False, True], ids=["it reads the answers too", "another reads the answers"])
def test_a_run_asks_in_a_copy_and_keeps_the_same(campaign, make_model, copies, monkeypatch, readers):
    monkeypatch.setattr(remote, "can_fork", lambda: readers)
    broken = campaign.images.order_by("pk")[7]
    with Endpoint(lambda body: Reply(b"{}") if broken.name.encode() in body else items(BOX)) as endpoint:
        run = execute_now(started(campaign, make_model(campaign, endpoint.url)))
    assert (run.state, run.done, run.failed_items) == (RunState.SUCCEEDED, IMAGES - 1, 1)
    assert len(copies) == 1
    assert RunItem.objects.get(run=run, state="failed").image == broken
    assert all(row.document["items"][0]["x"] == 5.0 and row.latency_ms for row in Prediction.objects.all())
    assert [len(drafted.annotations) for drafted in AnnotationSet.objects.filter(author=None)] == [1] * (IMAGES - 1)


def test_when_the_copy_is_killed_the_run_says_so_and_a_retry_takes_up_the_rest(campaign, make_model, copies):
    answered = []

    def answer(body):
        answered.append(1)
        if len(answered) == IMAGES // 2:
            os.kill(copies[0]._process.pid, signal.SIGKILL)
        return items(BOX)

    with Endpoint(answer) as endpoint:
        model = make_model(campaign, endpoint.url, options={"concurrency": 4})
        run = execute_now(started(campaign, model))
        assert run.state == RunState.FAILED
        assert "process that asked the model ended" in run.error
        kept = Prediction.objects.count()
        assert kept < IMAGES
        run = execute_now(retry_run(run))
    assert (run.state, run.done) == (RunState.SUCCEEDED, IMAGES)
    assert Prediction.objects.count() == IMAGES


def test_what_the_copy_complains_of_is_heard_here(campaign, make_model, copies):
    with Endpoint(lambda body: Reply(b"no", status=500)) as endpoint:
        model = make_model(campaign, endpoint.url, protocol="label_studio", options={"extra": {"image": "data"}})
        run = execute_now(started(campaign, model))
    assert len(copies) == 1
    assert run.state == RunState.FAILED
    assert "did not take the greeting" in run.error


def test_a_process_with_a_second_thread_is_not_copied():
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        assert not can_fork()
    finally:
        ended.set()
        thread.join()


def test_an_exception_that_cannot_travel_becomes_a_sentence():
    class Odd(Exception):
        def __init__(self, one, two):
            super().__init__(one)

    assert str(beside._portable(Odd("why", 2))) == "Odd: why"
    assert isinstance(beside._portable(ValueError("why")), ValueError)
