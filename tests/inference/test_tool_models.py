"""Models of other labeling tools in Winnow itself: a run over images that their server fetches, and servers that answer clicks alone."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import orjson
import pytest
from rest_framework.test import APIClient

from campaigns.errors import Conflict
from campaigns.lending import GOOD_FOR_S
from campaigns.models import AnnotationSet, Campaign, Image, RunState, Task, User
from campaigns.runs import execute_now
from inference.models import Prediction
from inference.services import start_inference
from models_registry.models import RegisteredModel
from tests.fakes import ModelServer, Reply, Seen

pytestmark = pytest.mark.django_db
Speak = Callable[[User | None], APIClient]
Model = Callable[..., RegisteredModel]


def backend(seen: Seen) -> Reply:
    """Fetch the task's image as a backend does, and answer a box whose label says that it came."""
    if "/setup" in seen.line:
        return Reply(json={"model_version": "v7"})
    (task,) = orjson.loads(seen.body)["tasks"]
    path = task["data"]["image"].removeprefix("http://winnow.test")
    fetched = APIClient().get(path)
    assert fetched["Content-Type"] == "image/png"
    box = {"x": 25, "y": 25, "width": 50, "height": 50, "rotation": 0, "rectanglelabels": ["land"]}
    return Reply(json={"results": [{"result": [{"type": "rectanglelabels", "value": box}], "score": 0.8}], "model_version": "v7"})


@pytest.mark.django_db(transaction=True)
def test_a_run_greets_once_and_each_image_is_fetched_by_its_own_address(
    make_campaign: Callable[..., Campaign], make_image: Callable[..., Image], make_model: Model, data_dir: Any, settings: Any
) -> None:
    settings.PUBLIC_URL = "http://winnow.test"
    campaign = make_campaign(task=Task.DETECTION)
    images = [make_image(campaign) for _ in range(5)]
    with ModelServer(respond=backend) as server:
        model = make_model(campaign, server.url, protocol="label_studio", options={"concurrency": 2})
        run = execute_now(start_inference(user=campaign.created_by, campaign=campaign, model=model, images="all"))
        paths = [seen.line.split()[1] for seen in server.seen]
        asked = [orjson.loads(seen.body)["tasks"][0]["data"]["image"] for seen in server.seen[1:]]
    assert (run.state, run.failed_items) == (RunState.SUCCEEDED, 0), run.error
    assert paths == ["/setup", *["/predict"] * 5]
    assert len(set(asked)) == 5
    assert Prediction.objects.count() == 5
    drafted = AnnotationSet.objects.get(image=images[0], author=None).annotations
    assert [(each["shape"]["x"], each["shape"]["width"], each["confidence"]) for each in drafted] == [(16.0, 32.0, 0.8)]


@pytest.mark.django_db(transaction=True)
def test_an_image_that_waits_for_its_turn_longer_than_an_address_is_good_gets_a_fresh_one(
    make_campaign: Callable[..., Campaign], make_image: Callable[..., Image], make_model: Model, data_dir: Any, settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    settings.PUBLIC_URL = "http://winnow.test"
    now = [time.time()]
    monkeypatch.setattr("django.core.signing.time", SimpleNamespace(time=lambda: now[0]))
    campaign = make_campaign(task=Task.DETECTION)
    for _ in range(4):
        make_image(campaign)
    statuses = []

    def takes_minutes(seen: Seen) -> Reply:
        if "/predict" in seen.line:
            (task,) = orjson.loads(seen.body)["tasks"]
            statuses.append(APIClient().get(task["data"]["image"].removeprefix("http://winnow.test")).status_code)
            now[0] += GOOD_FOR_S + 100
            return Reply(json={"results": [{"result": []}]})
        return Reply(json={"model_version": "v7"})

    with ModelServer(respond=takes_minutes) as server:
        model = make_model(campaign, server.url, protocol="label_studio", options={"concurrency": 1})
        execute_now(start_inference(user=campaign.created_by, campaign=campaign, model=model, images="all"))
    assert statuses == [200] * 4


def test_a_run_that_could_lend_no_image_is_not_begun(
    campaign: Campaign, make_image: Callable[..., Image], make_model: Model, settings: Any
) -> None:
    settings.PUBLIC_URL, settings.LOCAL_PORT = "", 0
    make_image(campaign)
    model = make_model(campaign, "http://127.0.0.1:1/", protocol="label_studio")
    with pytest.raises(Conflict, match="WINNOW_PUBLIC_URL"):
        start_inference(user=campaign.created_by, campaign=campaign, model=model, images="all")


@pytest.mark.parametrize("protocol", ["cvat", "scaneo"])
def test_a_server_that_answers_clicks_alone_is_tried_by_one_in_the_middle_and_offered_no_run(
    protocol: str, make_campaign: Callable[..., Campaign], make_image: Callable[..., Image], make_model: Model, as_user: Speak, owner: User,
    data_dir: Any,
) -> None:  # fmt: skip
    campaign = make_campaign(task=Task.SEGMENTATION)
    image = make_image(campaign, width=64, height=48)
    mask = np.zeros((48, 64), dtype=int)
    mask[20:28, 30:34] = 1

    def respond(seen: Seen) -> Reply:
        assert b"[[32.0,24.0]]" in seen.body
        ring = [[30, 20], [34, 20], [34, 28], [30, 28], [30, 20]]
        feature = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}}
        return Reply(json={"mask": mask.tolist()} if protocol == "cvat" else feature)

    with ModelServer(respond=respond) as server:
        model = make_model(campaign, server.url, protocol=protocol, options={"extra": {"interactive": True}})
        report = as_user(owner).post(f"/api/v1/models/{model.pk}/test", {"image": image.pk}).json()
        assert report["ok"], report["failure"]
        assert len(report["prediction"]["items"]) == 1
        with pytest.raises(Conflict, match="answers clicks"):
            start_inference(user=owner, campaign=campaign, model=model, images="all")
