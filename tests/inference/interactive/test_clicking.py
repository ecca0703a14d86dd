"""Smart labeling with models behind addresses: real sockets, every protocol that answers clicks, and servers that misbehave."""

import base64
import re
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pytest
from rest_framework.test import APIClient

from campaigns.geometry import decode_mask, encode_mask
from campaigns.models import Campaign, Image, Task, User
from inference.decode.brush import brush_of_mask
from inference.precedence import Bystander
from inference.services import clicking
from models_registry.models import CampaignModel, RegisteredModel
from tests.conftest import png_bytes
from tests.e2e.stack import wait_for
from tests.fakes import ModelServer, Reply, Seen, free_port

WIDTH, HEIGHT = 64, 48
THING = np.zeros((HEIGHT, WIDTH), dtype=bool)
THING[10:30, 20:44] = True
CLICK = {"tool": "model", "prompts": {"points": [{"x": 30, "y": 20}]}}
Speak = Callable[[User | None], APIClient]


@pytest.fixture(autouse=True)
def loopback_is_allowed(settings: Any, data_dir: Any) -> None:
    settings.MODEL_NETWORKS = ["127.0.0.0/8"]
    settings.PUBLIC_URL = "http://winnow.test"


@pytest.fixture
def segmentation(make_campaign: Callable[..., Campaign]) -> Campaign:
    return make_campaign(task=Task.SEGMENTATION)


@pytest.fixture
def image(segmentation: Campaign, make_image: Callable[..., Image]) -> Image:
    return make_image(segmentation, width=WIDTH, height=HEIGHT)


@pytest.fixture
def attach(segmentation: Campaign) -> Callable[..., RegisteredModel]:
    """Register a model that answers clicks, and attach it to the campaign."""

    def make(url: str, protocol: str = "winnow_json", *, clicks: bool = True, **options: Any) -> RegisteredModel:
        extra = {**options.pop("extra", {}), "interactive": clicks}
        classes = [{"index": 0, "name": "ground"}, {"index": 1, "name": "ship"}]
        fields = {"name": "Clicker", "task": Task.SEGMENTATION, "protocol": protocol, "url": url, "classes": classes}
        model = RegisteredModel.objects.create(**fields, options={**options, "extra": extra})
        CampaignModel.objects.create(campaign=segmentation, model=model)
        return model

    return make


def ask(client: APIClient, image: Image, body: Any = CLICK, expect: int = 200) -> Any:
    answer = client.post(f"/api/v1/images/{image.pk}/assist", body, format="json")
    assert answer.status_code == expect, answer.json()
    return answer.json()


def is_the_thing(shape: Any) -> bool:
    return bool((decode_mask(shape["counts"], shape["size"]) == THING).all())


def winnow_answer() -> Any:
    return {"items": [{"kind": "mask", "mask": {"size": [HEIGHT, WIDTH], "counts": encode_mask(THING)}, "confidence": 0.9}]}


def label_studio(seen: Seen) -> Reply:
    if "/setup" in seen.line:
        return Reply(json={"model_version": "sam-1"})
    asked = orjson.loads(seen.body)
    (mark,) = asked["params"]["context"]["result"]
    assert (mark["type"], mark["is_positive"], round(mark["value"]["x"], 3)) == ("keypointlabels", 1, 46.875)
    brush = {"format": "rle", "rle": list(brush_of_mask(THING)), "brushlabels": [mark["value"]["keypointlabels"][0]]}
    region = {"type": "brushlabels", "original_width": WIDTH, "original_height": HEIGHT, "value": brush, "score": 0.9}
    return Reply(json={"results": [{"result": [region], "model_version": "sam-1"}]})


def cvat(seen: Seen) -> Reply:
    asked = orjson.loads(seen.body)
    assert asked["pos_points"] == [[30.0, 20.0]]
    assert base64.b64decode(asked["image"])[:4] == b"\x89PNG"
    return Reply(json={"points": [], "mask": THING.astype(int).tolist()})


def scaneo(seen: Seen) -> Reply:
    assert b"[[30.0,20.0]]" in seen.body
    ring = [[20, 10], [44, 10], [44, 30], [20, 30], [20, 10]]
    return Reply(json={"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": [[ring]]}, "properties": {}})


def winnow(seen: Seen) -> Reply:
    assert b'"prompts":[{"type":"point","x":30.0,"y":20.0,"positive":true}]' in seen.body
    return Reply(json=winnow_answer())


SPEAKERS = {"label_studio": label_studio, "cvat": cvat, "scaneo": scaneo, "winnow": winnow, "winnow_json": winnow}


@pytest.mark.parametrize("protocol", SPEAKERS)
def test_a_click_becomes_the_outline_that_the_model_answers(
    protocol: str, image: Image, attach: Callable[..., RegisteredModel], annotator: User, as_user: Speak
) -> None:
    with ModelServer(respond=SPEAKERS[protocol]) as server:
        model = attach(server.url, protocol)
        for body in (CLICK, {**CLICK, "model": model.pk, "polygon": True}):
            answer = ask(as_user(annotator), image, body)
            assert is_the_thing(answer["shape"])
            assert answer["confidence"] == (None if protocol in ("cvat", "scaneo") else 0.9)
            assert answer["took_ms"] > 0
        (part,) = answer["polygon"]["polygons"]
        assert {tuple(point) for point in part[0]} == {(20.0, 10.0), (44.0, 10.0), (44.0, 30.0), (20.0, 30.0)}


def test_a_backend_is_greeted_once_and_its_connection_stays_open(
    image: Image, attach: Callable[..., RegisteredModel], annotator: User, as_user: Speak
) -> None:
    with ModelServer(respond=label_studio) as server:
        attach(server.url, "label_studio")
        assert ask(as_user(annotator), image, {"tool": "model", "prepare": True})["ready"] is True
        for _ in range(3):
            ask(as_user(annotator), image)
        paths = [seen.line.split()[1] for seen in server.seen]
        assert paths == ["/setup", "/predict", "/predict", "/predict"]
        assert server.connections == 1


def test_no_token_travels_and_the_image_s_address_opens_without_one(
    image: Image, attach: Callable[..., RegisteredModel], annotator: User, as_user: Speak
) -> None:
    with ModelServer(respond=label_studio) as server:
        attach(server.url, "label_studio")
        ask(as_user(annotator), image)
        asked = orjson.loads(server.seen[-1].body)
        assert orjson.loads(server.seen[0].body)["access_token"] == ""
    address = asked["tasks"][0]["data"]["image"]
    found = re.fullmatch(r"http://winnow\.test(/api/v1/lent-images/.+)", address)
    assert found
    assert APIClient().get(found[1]).content == png_bytes(WIDTH, HEIGHT, seed=1)


def test_a_new_address_or_secret_makes_a_new_connection(
    image: Image, attach: Callable[..., RegisteredModel], annotator: User, as_user: Speak
) -> None:
    with ModelServer(answer=winnow_answer()) as old, ModelServer(answer=winnow_answer()) as new:
        model = attach(old.url)
        ask(as_user(annotator), image)
        model.url = new.url
        model.save()
        ask(as_user(annotator), image)
        assert (old.requests, new.requests) == (1, 1)


def test_several_things_are_asked_about_at_once(
    image: Image, attach: Callable[..., RegisteredModel], annotator: User, as_user: Speak
) -> None:
    all_there = threading.Barrier(3, timeout=5)

    def respond(seen: Seen) -> Reply:
        all_there.wait()  # one after the other they would wait here for ever
        return Reply(json=winnow_answer())

    with ModelServer(respond=respond) as server:
        attach(server.url)
        many = {"tool": "model", "prompts": [{"box": [20, 10, 44, 30]}, {"points": [{"x": 30, "y": 20}]}, {"points": [{"x": 31, "y": 20}]}]}
        assert len(ask(as_user(annotator), image, many)["objects"]) == 3


def test_a_model_that_does_not_say_so_answers_no_clicks(
    image: Image, attach: Callable[..., RegisteredModel], annotator: User, as_user: Speak
) -> None:
    model = attach(f"http://127.0.0.1:{free_port()}/", clicks=False)
    assert ask(as_user(annotator), image, {**CLICK, "model": model.pk}, expect=409)["code"] == "not_promptable"
    assert ask(as_user(annotator), image, expect=409)["code"] == "no_promptable_model"


@pytest.mark.parametrize(
    ("reply", "status", "code", "told"),
    [
        (Reply(status=500), 503, "model_http_5xx", "Clicker gave no outline"),
        (Reply(json={"items": [{"kind": "mask", "mask": {"size": [1, 1], "counts": "a"}}]}), 503, "model_rejected", "items[0].mask"),
        (Reply(body=b"<html>", content_type="text/html"), 503, "model_rejected", "expected JSON"),
        (Reply(json={"items": []}), 422, "nothing_found", "sees nothing here"),
        (Reply(status=302, headers={"Location": "http://169.254.169.254/"}), 503, "model_redirected", "redirects"),
    ],
)
def test_a_server_that_gives_no_outline_is_told_in_a_sentence(
    reply: Reply, status: int, code: str, told: str, image: Image, attach: Callable[..., RegisteredModel], annotator: User, as_user: Speak
) -> None:
    with ModelServer(script=[reply]) as server:
        attach(server.url)
        problem = ask(as_user(annotator), image, expect=status)
        assert (problem["code"], told in problem["detail"]) == (code, True)
        assert server.requests == 1  # a person waits: no second try


def test_a_server_that_is_not_there_is_told_at_once(
    image: Image, attach: Callable[..., RegisteredModel], annotator: User, as_user: Speak
) -> None:
    attach(f"http://127.0.0.1:{free_port()}/")
    assert ask(as_user(annotator), image, expect=503)["code"] == "model_unreachable"


def test_an_address_that_the_operator_has_not_allowed_is_not_called(
    image: Image, attach: Callable[..., RegisteredModel], annotator: User, as_user: Speak, settings: Any
) -> None:
    with ModelServer(answer=winnow_answer()) as server:
        attach(server.url)
        settings.MODEL_NETWORKS = []
        assert ask(as_user(annotator), image, expect=503)["code"] == "model_refused_address"
        assert server.connections == 0


def test_a_server_that_never_ends_is_left_after_the_deadline(
    image: Image, attach: Callable[..., RegisteredModel], annotator: User, as_user: Speak, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clicking, "ANSWER_WITHIN_S", 0.4)

    def dripping() -> Any:
        while True:
            yield b"HTTP/1.1 200 OK\r\n"

    with ModelServer(raw=dripping(), pause_s=0.05) as server:
        attach(server.url)
        begun = time.perf_counter()
        assert ask(as_user(annotator), image, expect=504)["code"] == "assist_slow"
        assert time.perf_counter() - begun < 3


def test_the_default_deadline_is_ten_seconds() -> None:
    assert clicking.ANSWER_WITHIN_S == 10.0


def test_runs_hold_back_while_a_person_waits(
    image: Image, attach: Callable[..., RegisteredModel], annotator: User, as_user: Speak, data_dir: Any
) -> None:
    waited: list[bool] = []

    def respond(seen: Seen) -> Reply:
        waited.append(Bystander(data_dir, model.pk)())
        return Reply(json=winnow_answer())

    with ModelServer(respond=respond) as server:
        model = attach(server.url)
        ask(as_user(annotator), image)
    assert waited == [True]
    assert Bystander(data_dir, model.pk)() is False


@pytest.mark.django_db(transaction=True)
def test_slow_answers_never_take_all_threads_and_of_one_person_the_newest_question_counts(
    image: Image, attach: Callable[..., RegisteredModel], annotator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A database in memory takes no two writers at once, and this is about threads.
    monkeypatch.setattr(clicking, "record_calls", lambda *_: None)
    model_answers: list[str] = []
    all_asked = threading.Event()

    def respond(seen: Seen) -> Reply:
        all_asked.wait(20)
        return Reply(json=winnow_answer())

    with ModelServer(respond=respond) as server:
        model = attach(server.url)
        marks = clicking.Prompts(box=(20, 10, 44, 30))

        def click(asker: str) -> None:
            try:
                clicking.answer_clicks(model=model, image=image, objects=(marks,), polygon=False, asker=asker)
                model_answers.append("outline")
            except clicking.Refused as refused:
                model_answers.append(refused.code)

        threads = [threading.Thread(target=click, args=(asker,)) for asker in ("a", "b", "c", "c", "c")]
        for number, thread in enumerate(threads):
            thread.start()
            wait_for(lambda number=number: server.requests + clicking.DESK._waiting > number, 20, lambda: "it does not ask")  # type: ignore[misc]
        assert server.requests == 2
        all_asked.set()
        for thread in threads:
            thread.join()
        assert sorted(model_answers) == ["outline", "outline", "outline", "superseded", "superseded"]
        assert server.requests == 3


def test_a_viewer_may_not_ask(image: Image, attach: Callable[..., RegisteredModel], viewer: User, as_user: Speak) -> None:
    with ModelServer(answer=winnow_answer()) as server:
        attach(server.url)
        ask(as_user(viewer), image, expect=403)
        assert server.requests == 0
