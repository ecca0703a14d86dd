"""Models whose agents fetch their work: questions are claimed for a while, people go first, and each is answered once."""

import io
import threading
import time
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone
from PIL import Image as Picture

from campaigns.models import Membership, Role
from campaigns.storage import image_path
from inference.models import AgentQuestion
from inference.services import agent_asker, agents
from inference.services.agent_asker import NO_AGENT, AgentAsker
from inference.services.health import check_model
from inference.services.planning import Plan, draft_rules, stored_image
from inference.store import Answered
from models_registry.models import CampaignModel

SURE = {"items": [{"kind": "classification", "scores": {"land": 0.2, "water": 0.8}}]}


@pytest.fixture
def model(campaign, make_model):
    return make_model(campaign, "", protocol="agent")


@pytest.fixture
def call(as_user, manager, model):
    def post(what, agent="a", **body):
        answer = as_user(manager).post(f"/api/v1/models/{model.pk}/agent/{what}", {"agent": agent, **body}, format="json")
        return answer.status_code, answer.json()

    return post


def acquired(call, agent="a", most=8):
    return call("acquire", agent, most=most)[1]["questions"]


def lapse():
    AgentQuestion.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))


def submitted(model, images, rules=None):
    asker = AgentAsker(Plan(model, rules))
    asker.submit([stored_image(each) for each in images])
    return asker


@pytest.mark.django_db
def test_a_model_of_an_agent_is_registered_without_an_address_and_every_other_with_one(as_user, manager, campaign):
    body = {"name": "Hidden", "task": "classification", "protocol": "agent", "classes": [{"name": "water"}]}
    client = as_user(manager)
    made = client.post("/api/v1/models", body, format="json")
    assert (made.status_code, made.json()["url"]) == (201, "")
    for wrong in ({"url": "http://127.0.0.1:9"}, {"protocol": "winnow_json"}):
        assert client.post("/api/v1/models", {**body, **wrong}, format="json").status_code == 422, wrong
    assert client.post("/api/v1/models", {**body, "name": "Large", "options": {"window_px": 512}}, format="json").status_code == 201
    turned = client.patch(f"/api/v1/models/{made.json()['id']}", {"protocol": "winnow_json"}, format="json")
    assert turned.status_code == 422


@pytest.mark.django_db
def test_an_agent_is_told_when_its_function_does_not_fit(call, model):
    assert call("announce", classes=["Water"])[1]["warnings"] == ["The function never answers 'land'."]
    status, told = call("announce", classes=["water", "ship"])
    assert (status, "'ship'" in told["detail"]) == (409, True)
    assert call("announce", task="detection")[0] == 409


@pytest.mark.django_db
def test_an_asker_collects_what_an_agent_answers_each_once(call, model, campaign, make_image):
    images = [make_image(campaign) for _ in range(3)]
    asker = submitted(model, images)
    one, two, three = acquired(call)
    assert one["request"]["image"]["id"] == images[0].pk
    assert one["request"]["image"]["address"].startswith("/api/v1/lent-images/")
    assert acquired(call, "b") == []
    answers = [{"id": one["id"], "reply": SURE}, {"id": two["id"], "error": "no"}, {"id": three["id"], "reply": {"items": 5}}]
    assert call("complete", answers=answers)[1] == {"accepted": 3, "late": [], "urgent": False}
    assert call("complete", answers=answers[:1])[1]["late"] == [one["id"]]
    found = {each.image_id: each for each in asker.collect(most=9, within_s=0)}
    assert isinstance(found[images[0].pk], Answered)
    assert [getattr(found[image.pk], "code", "") for image in images] == ["", "agent_failed", "rejected"]
    assert (asker.in_flight, AgentQuestion.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_a_lent_address_gives_the_image_without_a_login(call, model, campaign, make_image, client):
    submitted(model, [make_image(campaign)])
    answer = client.get(acquired(call)[0]["request"]["image"]["address"])
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")


@pytest.mark.django_db
def test_a_vanished_agents_questions_are_free_again_and_its_late_answer_counts_for_nothing(call, model, campaign, make_image):
    asker = submitted(model, [make_image(campaign)])
    (question,) = acquired(call, "gone")
    lapse()
    assert [each["id"] for each in acquired(call, "next")] == [question["id"]]
    answer = [{"id": question["id"], "reply": SURE}]
    assert call("complete", "gone", answers=answer)[1]["accepted"] == 0
    assert call("complete", "next", answers=answer)[1]["accepted"] == 1
    assert len(asker.collect(most=9, within_s=0)) == 1


@pytest.mark.django_db
def test_a_question_that_takes_three_agents_down_fails(call, model, campaign, make_image):
    asker = submitted(model, [make_image(campaign)])
    for _ in range(agents.MOST_CLAIMS):
        assert len(acquired(call)) == 1
        lapse()
    assert acquired(call) == []
    (failed,) = asker.collect(most=9, within_s=0)
    assert (failed.code, failed.silent) == ("agent_failed", True)  # twenty such in a row end a run, as with an endpoint that hangs


@pytest.mark.django_db
@pytest.mark.parametrize("said", ["Out of memory.", agents.WENT_AWAY])
def test_an_error_that_an_agent_tells_is_no_silence_whatever_it_says(call, model, campaign, make_image, said):
    asker = submitted(model, [make_image(campaign)])
    (question,) = acquired(call)
    call("complete", answers=[{"id": question["id"], "error": said}])
    (failed,) = asker.collect(most=9, within_s=0)
    assert (failed.code, failed.silent) == ("agent_failed", False)
    assert said in failed.reason


@pytest.mark.django_db
def test_a_released_question_is_free_at_once(call, model, campaign, make_image):
    submitted(model, [make_image(campaign)])
    (question,) = acquired(call)
    call("complete", answers=[{"id": question["id"], "release": True}])
    assert [each["id"] for each in acquired(call, "b")] == [question["id"]]


@pytest.mark.django_db
def test_what_a_person_waits_for_goes_before_a_run(call, model, campaign, make_image):
    submitted(model, [make_image(campaign) for _ in range(2)])
    last = AgentQuestion.objects.last()
    AgentQuestion.objects.filter(pk=last.pk).update(kind="interactive")
    assert call("complete", answers=[])[1]["urgent"] is True
    assert [each["kind"] for each in acquired(call)] == ["interactive", "batch"]


@pytest.mark.django_db
def test_leaving_withdraws_questions_and_the_unwanted_are_neither_handed_out_nor_kept(call, model, campaign, make_image):
    with submitted(model, [make_image(campaign)]):
        assert AgentQuestion.objects.count() == 1
    assert AgentQuestion.objects.count() == 0
    submitted(model, [make_image(campaign)])
    AgentQuestion.objects.update(wanted_until=timezone.now() - timedelta(minutes=6))
    assert acquired(call) == []
    assert (agents.sweep_questions(), AgentQuestion.objects.count()) == (1, 0)


@pytest.mark.django_db
def test_without_an_agent_it_is_said_and_nobody_waits(call, model, campaign, make_image, as_user, annotator, manager):
    image = make_image(campaign)
    assert AgentAsker(Plan(model, None)).waits_for == NO_AGENT
    assert check_model(user=manager, model=model).checks[0].code == "no_agent"
    (told,) = as_user(annotator).post(f"/api/v1/images/{image.pk}/predict", {"model": model.pk}, format="json").json()
    assert (told["code"], AgentQuestion.objects.count()) == ("no_agent", 0)
    acquired(call)
    assert AgentAsker(Plan(model, None)).waits_for == ""
    assert check_model(user=manager, model=model).checks[0].is_up


@pytest.mark.django_db
def test_only_so_many_requests_wait_for_work(call, model, monkeypatch):
    monkeypatch.setattr(agents, "_free_waits", threading.BoundedSemaphore(1))
    agents._free_waits.acquire()
    begun = time.monotonic()
    status, told = call("acquire", wait_s=20)
    assert (status, told["questions"]) == (200, [])
    assert time.monotonic() - begun < 10


@pytest.mark.django_db
def test_who_manages_only_one_of_two_campaigns_gets_no_work(call, model, make_campaign, manager):
    other = make_campaign("Other")
    CampaignModel.objects.create(campaign=other, model=model)
    assert call("acquire")[0] == 200
    Membership.objects.filter(campaign=other, user=manager).update(role=Role.ANNOTATOR)
    assert call("acquire")[0] == 403


@pytest.fixture
def large(make_campaign, make_model):
    """A model of an agent that is asked about windows of 64 pixels, and its campaign."""
    campaign = make_campaign("Ships", task="detection", labels=("ship",))
    options = {"window_px": 64, "overlap_px": 24, "image_format": "png"}
    return make_model(campaign, "", protocol="agent", task="detection", options=options), campaign


SHIP = (30.0, 10.0, 70.0, 30.0)


def seen_of_ship(request):
    """What a detector finds in a window: the part of the ship that lies in it. Where the window lies is told by its place."""
    a, _, left, _, e, top = request["image"]["transform"]
    left, top, width, height = left / a, top / e, request["image"]["width"], request["image"]["height"]
    x0, y0, x1, y1 = (max(0.0, SHIP[0] - left), max(0.0, SHIP[1] - top), min(width, SHIP[2] - left), min(height, SHIP[3] - top))
    found = [{"kind": "box", "class": "ship", "xyxy": [x0, y0, x1, y1], "confidence": 0.9}] if x1 > x0 and y1 > y0 else []
    return {"items": found}


@pytest.fixture
def agent_of(as_user, manager):
    def post(model, what, **body):
        return as_user(manager).post(f"/api/v1/models/{model.pk}/agent/{what}", {"agent": "a", **body}, format="json").json()

    return post


@pytest.mark.django_db
class TestLargeImages:
    def test_windows_are_lent_one_by_one_and_their_answers_are_joined(self, large, agent_of, make_image, client):
        model, campaign = large
        image = make_image(campaign, width=100, height=60, transform=[1, 0, 0, 0, 1, 0])
        asker = submitted(model, [image, make_image(campaign, width=60, height=60)], draft_rules(model, campaign))
        questions = agent_of(model, "acquire", most=8)["questions"]
        assert (asker.in_flight, len(questions)) == (2, 3), "two windows of the large image, and the small one whole"
        whole = np.asarray(Picture.open(image_path(image)))
        for question in questions[:2]:
            about = question["request"]["image"]
            left = int(about["transform"][2])
            answer = client.get(about["address"])
            assert np.array_equal(np.asarray(Picture.open(io.BytesIO(answer.content))), whole[:60, left : left + 64])
        agent_of(model, "complete", answers=[{"id": questions[0]["id"], "reply": seen_of_ship(questions[0]["request"])}])
        assert asker.collect(most=9, within_s=0) == [], "half of an image is no answer"
        assert asker.in_flight == 2
        rest = [
            {"id": questions[1]["id"], "reply": seen_of_ship(questions[1]["request"])},
            {"id": questions[2]["id"], "reply": {"items": []}},
        ]
        agent_of(model, "complete", answers=rest)
        found = {each.image_id: each.answer for each in asker.collect(most=9, within_s=0)}
        (ship,) = found[image.pk].document["items"]
        assert (ship["x"], ship["y"], ship["width"], ship["height"]) == pytest.approx((30, 10, 40, 20)), "neither cut nor doubled"
        assert (asker.in_flight, AgentQuestion.objects.count()) == (0, 0)

    def test_a_window_that_fails_is_named_and_the_others_are_withdrawn(self, large, agent_of, make_image):
        model, campaign = large
        asker = submitted(model, [make_image(campaign, width=200, height=60)])
        questions = agent_of(model, "acquire", most=2)["questions"]
        agent_of(model, "complete", answers=[{"id": each["id"], "error": "no memory"} for each in questions])
        (failed,) = asker.collect(most=9, within_s=0)
        assert failed.code == "agent_failed"
        assert "the window of 64 x 60 at x 0, y 0" in failed.reason
        assert (asker.in_flight, AgentQuestion.objects.count()) == (0, 0)

    def test_an_image_that_is_deleted_in_between_is_waited_for_no_longer(self, large, agent_of, make_image):
        model, campaign = large
        image = make_image(campaign, width=200, height=60)
        asker = submitted(model, [image])
        image.delete()
        assert asker.collect(most=9, within_s=0) == []
        assert asker.in_flight == 0


@pytest.mark.django_db
def test_a_person_who_waits_gets_all_windows_of_a_large_image(large, agent_of, make_image, as_user, manager, monkeypatch):
    model, campaign = large
    image = make_image(campaign, width=100, height=60, transform=[1, 0, 0, 0, 1, 0])
    agent_of(model, "acquire")

    def meanwhile(_seconds):
        questions = agent_of(model, "acquire", most=1)["questions"]
        assert [each["kind"] for each in questions] == ["interactive"]
        agent_of(model, "complete", answers=[{"id": each["id"], "reply": seen_of_ship(each["request"])} for each in questions])

    monkeypatch.setattr(agent_asker.time, "sleep", meanwhile)
    (told,) = as_user(manager).post(f"/api/v1/images/{image.pk}/predict", {"model": model.pk}, format="json").json()
    assert told["code"] == "", told
    (drawn,) = as_user(manager).get(f"/api/v1/images/{image.pk}/predictions").json()
    (ship,) = drawn["items"]
    assert (ship["x"], ship["width"]) == pytest.approx((30, 40))
    assert AgentQuestion.objects.count() == 0
