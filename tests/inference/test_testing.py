"""Test connection: the parsed answer, or exactly what was wrong with it."""

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from django.conf import settings
from django.core.cache import cache
from PIL import Image as Picture
from rest_framework.test import APIClient

from campaigns.models import Campaign, Image, User
from inference.wire import origin_of
from models_registry import services
from models_registry.models import RegisteredModel
from tests.campaigns.samples import tiff_bytes
from tests.fakes import ModelServer, Reply, free_port

Speak = Callable[[User | None], APIClient]
GOOD = {"items": [{"kind": "classification", "scores": {"Water": 0.9, "Land": 0.1}}]}


@pytest.fixture(autouse=True)
def loopback_is_allowed(settings: Any) -> None:
    settings.MODEL_NETWORKS = ["127.0.0.0/8"]
    cache.clear()


def register(user: User, url: str, **changes: Any) -> RegisteredModel:
    fields: dict[str, Any] = {
        "name": "Coast", "task": "classification", "protocol": "winnow_json", "url": url, "options": {"timeout_s": 1},
        "classes": [{"index": 0, "name": "Water"}, {"index": 1, "name": "Land"}],
    }  # fmt: skip
    return services.create_model(user=user, **{**fields, **changes})


def report(client: APIClient, model: RegisteredModel, **body: Any) -> dict[str, Any]:
    answer = client.post(f"/api/v1/models/{model.pk}/test", body)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def test_a_sound_answer_is_shown_parsed_and_raw(
    campaign: Campaign, manager: User, as_user: Speak, make_image: Callable[..., Image], data_dir: Any
) -> None:
    image = make_image(campaign)
    with ModelServer(answer=GOOD) as server:
        found = report(as_user(manager), register(manager, server.url, secret="hush"), image=image.pk)
        assert server.seen[0].headers["authorization"] == "Bearer hush"
    assert found["ok"]
    assert found["image"]["id"] == image.pk
    assert found["prediction"]["items"][0]["scores"][0] == {"index": 0, "class": "Water", "confidence": 0.9}
    assert '"items"' in found["raw"]
    assert found["latency_ms"] > 0
    assert found["request"]["method"] == "POST"
    assert "hush" not in str(found)


def test_a_refusal_of_a_raster_says_that_its_bands_may_be_behind_it(
    campaign: Campaign, manager: User, as_user: Speak, make_image: Callable[..., Image], data_dir: Any
) -> None:
    picture, raster = make_image(campaign), make_image(campaign)
    (Path(settings.DATA_DIR) / "images" / raster.path).write_bytes(tiff_bytes(np.zeros((4, 48, 64), np.uint16)))
    Image.objects.filter(pk=raster.pk).update(bands=4, dtype="uint16", format="TIFF")
    with ModelServer(script=[Reply(status=400, body=b"cannot identify image file")] * 3) as server:
        plain = register(manager, server.url, protocol="scaneo")
        stepped = register(manager, server.url, protocol="scaneo", name="Stepped", options={"pre": [{"name": "s2rgb", "params": {}}]})
        asked = [(plain, raster), (plain, picture), (stepped, raster)]
        whys = [report(as_user(manager), model, image=image.pk)["failure"]["why"] for model, image in asked]
    assert "4 bands of uint16" in whys[0]
    assert "Before sending" in whys[0]
    assert all("bands" not in why for why in whys[1:]), whys


@pytest.mark.parametrize("status", [200, 401])
def test_a_server_that_repeats_the_secret_shows_it_to_nobody(campaign: Campaign, manager: User, as_user: Speak, status: int) -> None:
    repeating = {"items": [{"kind": "Bearer opensesame"}], "model_version": "opensesame", "error": "Bearer opensesame is wrong"}
    with ModelServer(respond=lambda _: Reply(repeating, status=status)) as server:
        found = report(as_user(manager), register(manager, server.url, secret="opensesame"))
        assert server.seen[0].headers["authorization"] == "Bearer opensesame"
    assert "opensesame" not in str(found)
    assert "[secret]" in found["raw"]


def test_without_an_image_a_sample_is_drawn_and_a_campaign_gives_its_first(
    campaign: Campaign, manager: User, as_user: Speak, make_image: Callable[..., Image], data_dir: Any
) -> None:
    first, _ = make_image(campaign), make_image(campaign)
    with ModelServer(answer=GOOD) as server:
        model = register(manager, server.url)
        assert report(as_user(manager), model)["image"] == {
            "id": None, "name": "sample.png", "width": 256, "height": 256, "content_type": "image/png",
        }  # fmt: skip
        assert report(as_user(manager), model, campaign=campaign.pk)["image"]["id"] == first.pk


def test_scaneo_gets_a_geotiff(campaign: Campaign, manager: User, as_user: Speak) -> None:
    with ModelServer(answer=[0.9, 0.1]) as server:
        found = report(as_user(manager), register(manager, server.url, protocol="scaneo"))
        body = server.seen[0].body
    assert found["ok"]
    sent = body[body.index(b"II*\x00") :]
    assert Picture.open(io.BytesIO(sent)).size == (256, 256)


def test_a_wrong_answer_names_its_place(campaign: Campaign, manager: User, as_user: Speak) -> None:
    lie = {"items": [{"kind": "box", "index": 0, "box": [1, 2, "abc", 4]}]}
    with ModelServer(answer=lie) as server:
        found = report(as_user(manager), register(manager, server.url, task="detection"))
    assert not found["ok"]
    assert found["failure"] == {
        "code": "rejected", "where": "items[0].box[2]", "why": 'expected a finite number, got "abc"',
    }  # fmt: skip
    start, end = found["mark"]
    assert found["raw"][start:end] == '"abc"'
    assert Picture.open(io.BytesIO(base64.b64decode(found["sample"]))).size == (256, 256)


@pytest.mark.parametrize(
    ("server", "code"),
    [
        (ModelServer(script=[Reply(status=401, body=b"who are you")]), "http_4xx"),
        (ModelServer(script=[Reply(status=503)]), "http_5xx"),
        (ModelServer(answer=GOOD, delay_s=3), "timeout"),
        (ModelServer(script=[Reply(status=307, headers={"Location": "http://169.254.169.254/"})]), "redirected"),
    ],
)
def test_each_failure_has_its_code_after_one_try(campaign: Campaign, manager: User, as_user: Speak, server: ModelServer, code: str) -> None:
    with server:
        assert report(as_user(manager), register(manager, server.url))["failure"]["code"] == code
        assert server.requests == 1


def test_a_dead_address_is_unreachable_and_a_private_one_refused(campaign: Campaign, manager: User, as_user: Speak, settings: Any) -> None:
    model = register(manager, f"http://127.0.0.1:{free_port()}/")
    assert report(as_user(manager), model)["failure"]["code"] == "unreachable"
    settings.MODEL_NETWORKS = []
    assert report(as_user(manager), model)["failure"]["code"] == "refused_address"


def test_an_image_of_a_strange_campaign_is_not_sent(
    campaign: Campaign, manager: User, stranger: User, as_user: Speak, make_image: Callable[..., Image], data_dir: Any
) -> None:
    foreign = Campaign.objects.create(name="foreign", task="classification")
    image = make_image(foreign)
    model = register(manager, "http://127.0.0.1:9/")
    client = as_user(manager)
    assert client.post(f"/api/v1/models/{model.pk}/test", {"image": image.pk}).status_code == 404
    assert as_user(stranger).post(f"/api/v1/models/{model.pk}/test", {}).status_code == 404


def test_testing_is_no_tool_to_scan_networks_with(campaign: Campaign, manager: User, as_user: Speak) -> None:
    model = register(manager, f"http://127.0.0.1:{free_port()}/")
    client = as_user(manager)
    statuses = [client.post(f"/api/v1/models/{model.pk}/test", {}).status_code for _ in range(32)]
    assert statuses[:30] == [200] * 30
    assert statuses[30:] == [429, 429]


def test_protocols_are_listed_with_their_tasks_and_options(campaign: Campaign, viewer: User, as_user: Speak) -> None:
    listed = {each["name"]: each for each in as_user(viewer).get("/api/v1/protocols").json()}
    assert {"winnow", "winnow_json", "scaneo"} <= set(listed)
    assert listed["scaneo"]["tasks"] == ["classification", "detection", "segmentation"]
    assert listed["winnow"]["options"][0]["name"] == "coords"


@pytest.mark.parametrize("path", ["", "/ships/1?format=json"])
@pytest.mark.parametrize("status", [200, 401])
def test_a_key_goes_into_the_question_where_the_server_wants_it_and_is_shown_to_nobody(
    campaign: Campaign, manager: User, as_user: Speak, path: str, status: int
) -> None:
    answer = {"predictions": [{"class": "Water", "class_id": 0, "confidence": 0.9}]}
    repeating = answer | {"you_sent": "open+sesame/1", "in_the_query": "open%2Bsesame%2F1"}
    with ModelServer(respond=lambda _: Reply(repeating, status=status)) as server:
        model = register(manager, origin_of(server.url) + path, protocol="roboflow", secret="open+sesame/1")
        found = report(as_user(manager), model)
        (seen,) = server.seen
    assert found["ok"] is (status == 200)
    assert "authorization" not in seen.headers
    if path:
        assert "/ships/1?format=json&api_key=open%2Bsesame%2F1 " in seen.line
        assert b"sesame" not in seen.body
    else:
        assert orjson.loads(seen.body)["api_key"] == "open+sesame/1"
        assert orjson.loads(seen.body)["image"]["type"] == "base64"
        assert "sesame" not in seen.line
    assert "sesame/1" not in str(found)
    assert "sesame%2F1" not in str(found)
    assert "[secret]" in found["raw"]
    assert "sesame" not in str(RegisteredModel.objects.values().get(pk=model.pk))


def test_each_step_tells_what_it_did_and_the_mapping_what_it_would_draft(
    campaign: Campaign, manager: User, as_user: Speak, make_image: Callable[..., Image], data_dir: Any
) -> None:
    image = make_image(campaign)
    label = campaign.labels.get(name="Land")
    steps = {"pre": [{"name": "stretch"}, {"name": "resize", "params": {"side": 32}}], "post": [{"name": "softmax"}, {"name": "top_k"}]}
    with ModelServer(answer={"items": [{"kind": "classification", "scores": [3.0, 1.0]}]}) as server:
        model = register(manager, server.url, options={"timeout_s": 5, **steps})
        joined = services.attach_model(user=manager, campaign=campaign, model=model)
        services.set_mapping(user=manager, attached=joined, mapping=[{"class": 1, "label": label.pk}])
        found = report(as_user(manager), model, image=image.pk)
    assert found["ok"], found
    assert [step["name"] for step in found["steps"]] == ["stretch", "resize", "softmax", "top_k"]
    assert found["steps"][2]["text"] == "1 to 3 → 0.1192 to 0.8808"
    assert found["prediction"]["items"][0]["scores"][0]["confidence"] == pytest.approx(0.8808, abs=1e-4)
    assert found["labels"][-1] == "Water (0.88) is the most probable and has no label here; the best that has one is Land (0.12)"
