"""The process that reads answers: the same answers, refusals told, and its end costs one image."""

import asyncio
import os
import signal
import time

import orjson
import pytest

from campaigns.models import AnnotationSet, ItemState, RunItem
from campaigns.runs import execute_now
from inference.answers import digest
from inference.aside import AsideReader, Copy, begun
from inference.calling import CallFailed
from inference.models import Prediction
from inference.prefill import DraftRules, ModelTag
from inference.protocols import PROTOCOLS
from inference.services import askers, remote, start_inference
from inference.wire import ModelCard, ModelClass, ModelInput, WireReply
from tests.inference.endpoint import Endpoint, Reply, items

IMAGE = ModelInput(b"", "image/png", 64, 48)
CARD = ModelCard("http://127.0.0.1:9/", "detection", (ModelClass(0, "house"),))
RULES = DraftRules(ModelTag(1, "Houses", "1"), "detection", {0: 5})
BOX = {"kind": "box", "index": 0, "score": 0.9, "xywh": [5, 5, 10, 10]}


@pytest.fixture(params=[begun, Copy], ids=["begun", "a copy"])
def aside(request):
    reader = AsideReader(request.param())
    reader.tell("winnow", CARD, RULES)
    deadline = time.monotonic() + 60
    while not reader.ready and time.monotonic() < deadline:
        time.sleep(0.02)
    yield reader
    reader.close()


def reply(*entries):
    return WireReply(orjson.dumps({"items": list(entries)}))


def read_all(aside, replies):
    async def scenario():
        return await asyncio.gather(*(aside.read(each, IMAGE) for each in replies), return_exceptions=True)

    return asyncio.run(scenario())


def test_it_keeps_what_this_process_would_keep(aside):
    replies = [reply({**BOX, "score": n / 50}) for n in range(50)]
    answers = read_all(aside, replies)
    for each, answer in zip(replies, answers, strict=True):
        expected = digest(PROTOCOLS["winnow"].parse(each, IMAGE, CARD), RULES)
        assert orjson.loads(answer.document) == expected.document
        assert (answer.drafts.annotations(), answer.uncertainty) == (expected.drafts, expected.uncertainty)


def test_a_refused_answer_names_its_place_and_leaves_the_others_alone(aside):
    good, bad, also_good = read_all(aside, [reply(BOX), reply({**BOX, "score": "high"}), reply(BOX)])
    assert isinstance(bad, CallFailed)
    assert bad.code == "rejected"
    assert bad.where == "items[0].score"
    assert len(good.drafts.annotations()) == len(also_good.drafts.annotations()) == 1


def test_its_end_costs_the_answers_that_it_was_reading(aside):
    os.kill(aside._process.pid, signal.SIGKILL)
    (lost,) = read_all(aside, [reply(BOX)])
    assert isinstance(lost, CallFailed)
    assert "memory" in lost.reason
    assert not aside.ready


@pytest.mark.django_db
def test_a_large_run_reads_aside_and_keeps_the_same(make_campaign, make_image, make_model, monkeypatch):
    campaign = make_campaign(task="detection")
    images = [make_image(campaign) for _ in range(40)]
    broken = images[7].name.encode()
    ready, read = [], AsideReader.read

    async def counted(self, *args):
        ready.append(1)
        return await read(self, *args)

    monkeypatch.setattr(remote, "WORTH_TO_BEGIN", 10)
    monkeypatch.setattr(remote, "can_fork", lambda: False)
    monkeypatch.setattr(askers, "can_fork", lambda: False)
    monkeypatch.setattr(AsideReader, "read", counted)
    monkeypatch.setattr("inference.aside.os.cpu_count", lambda: 3)
    monkeypatch.setattr(AsideReader, "ready", property(lambda self: not self._gone and self._greeting.result() is not None))
    with Endpoint(lambda body: Reply(b"{}") if broken in body else items(BOX)) as endpoint:
        run = execute_now(
            start_inference(user=campaign.created_by, campaign=campaign, model=make_model(campaign, endpoint.url), images="all")
        )
    assert (run.state, run.done, run.failed_items) == ("succeeded", 39, 1)
    assert len(ready) == 40
    assert RunItem.objects.get(run=run, state=ItemState.FAILED).image == images[7]
    assert all(row.document["items"][0]["x"] == 5.0 for row in Prediction.objects.all())
    assert all(len(drafted.annotations) == 1 for drafted in AnnotationSet.objects.filter(author=None))
