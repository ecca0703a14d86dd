"""What backends of other tools are told of a submit: their own form of every shape, in the background, to nobody's harm."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pytest
from django_q.models import OrmQ
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from campaigns.geometry import checked_shape, decode_mask, encode_mask, polygons_to_mask, shape_polygons
from campaigns.models import Campaign, Image, Revision, Task, User
from inference.prefill import object_shape
from inference.protocols.label_studio_annotations import Canvas, regions_of
from inference.services import webhooks
from inference.services.webhooks import tell_backends
from inference.tasks import tell_of_submit
from models_registry.models import RegisteredModel
from tests.fakes import ModelServer, Reply, free_port
from tests.inference.wire import HEIGHT, WIDTH, ask, card

Speak = Callable[[User | None], APIClient]
CANVAS = Canvas(WIDTH, HEIGHT)
NAMES = {1: "ocean", 2: "land"}


def written(shape: dict[str, Any], label: int = 2) -> list[dict[str, Any]]:
    return regions_of([{"id": "a1", "label": label, "shape": shape}], NAMES, CANVAS)


def there_and_back(shape: dict[str, Any]) -> Any:
    """Write a shape as Label Studio does, and read it as a backend's answer is read."""
    (item,) = ask("label_studio", card("segmentation"), {"results": [{"result": written(shape)}]}).items
    assert item.name == "land"  # type: ignore[union-attr]
    return object_shape(item)  # type: ignore[arg-type]


@given(st.floats(2, 10), st.floats(2, 6), st.floats(0.5, 8), st.floats(0.5, 4), st.floats(1, 359))
def test_a_turned_box_comes_back_as_it_was(x: float, y: float, width: float, height: float, rotation: float) -> None:
    shape = {"type": "box", "x": x, "y": y, "width": width, "height": height, "rotation": rotation}
    found = there_and_back(shape)
    if found["rotation"]:
        assert all(math.isclose(found[name], shape[name], abs_tol=1e-6) for name in shape if name != "type")
    else:  # a quarter turn within rounding
        assert math.isclose(rotation % 90, 0, abs_tol=1e-6) or math.isclose(rotation % 90, 90, abs_tol=1e-6)


def test_a_plain_outline_stays_an_outline() -> None:
    shape = {"type": "polygon", "polygons": [[[[2.0, 1.0], [9.0, 1.5], [7.0, 8.0], [2.0, 1.0]]]]}
    (region,) = written(shape)
    assert region["type"] == "polygonlabels"
    assert len(region["value"]["points"]) == 3
    assert np.allclose(there_and_back(shape)["polygons"], shape["polygons"])


def test_holes_and_several_parts_keep_their_pixels_as_a_brush() -> None:
    outer = [[1.0, 1.0], [15.0, 1.0], [15.0, 9.0], [1.0, 9.0], [1.0, 1.0]]
    hole = [[4.0, 3.0], [8.0, 3.0], [8.0, 6.0], [4.0, 6.0], [4.0, 3.0]]
    second = [[17.0, 1.0], [19.0, 1.0], [19.0, 3.0], [17.0, 3.0], [17.0, 1.0]]
    for polygons in ([[outer, hole]], [[outer], [second]]):
        found = there_and_back({"type": "polygon", "polygons": polygons})
        assert (decode_mask(found["counts"], found["size"]) == polygons_to_mask(polygons, height=HEIGHT, width=WIDTH)).all()


def test_a_mask_is_exact() -> None:
    mask = np.random.default_rng(2).random((HEIGHT, WIDTH)) > 0.5
    found = there_and_back({"type": "mask", "size": [HEIGHT, WIDTH], "counts": encode_mask(mask)})
    assert (decode_mask(found["counts"], found["size"]) == mask).all()


def test_an_ellipse_covers_what_it_covered() -> None:
    shape = checked_shape({"type": "ellipse", "cx": 10, "cy": 5, "rx": 6, "ry": 3, "rotation": 20}, width=WIDTH, height=HEIGHT)
    (region,) = written(shape)
    assert (region["value"]["radiusX"], region["value"]["radiusY"]) == (30.0, 30.0)
    found, before = there_and_back(shape)["polygons"], shape_polygons(shape)
    assert found is not None and before is not None
    masks = [polygons_to_mask(each, height=HEIGHT, width=WIDTH) for each in (found, before)]
    assert (masks[0] == masks[1]).all()


def test_named_points_belong_to_the_rectangle_around_them() -> None:
    points = [
        {"name": "nose", "x": 4.0, "y": 5.0, "v": 2},
        {"name": "tail", "x": 8.0, "y": 6.0, "v": 1},
        {"name": "ear", "x": 0, "y": 0, "v": 0},
    ]
    regions = written({"type": "points", "points": points})
    assert [region["type"] for region in regions] == ["rectanglelabels", "keypointlabels", "keypointlabels"]
    found = there_and_back({"type": "points", "points": points})
    assert [(point["name"], point["x"], point["y"]) for point in found["points"]] == [("nose", 4.0, 5.0), ("tail", 8.0, 6.0)]
    (alone,) = written({"type": "points", "points": [{"name": "", "x": 4.0, "y": 5.0, "v": 2}]})
    assert alone["value"]["keypointlabels"] == ["land"]


def test_labels_of_the_whole_image_are_one_region_of_choices() -> None:
    whole = [{"id": str(label), "label": label, "shape": {"type": "whole"}} for label in (1, 2, 9)]
    (region,) = regions_of(whole, NAMES, CANVAS)
    assert (region["type"], region["value"]) == ("choices", {"choices": ["ocean", "land"]})


@pytest.fixture
def detection(make_campaign: Callable[..., Campaign]) -> Campaign:
    return make_campaign(task=Task.DETECTION)


@pytest.fixture
def submit(as_user: Speak, annotator: User) -> Callable[[Image], None]:
    """Draw a box as the annotator and hand it in."""

    def do(image: Image) -> None:
        client, path = as_user(annotator), f"/api/v1/images/{image.pk}/annotation-set"
        version = client.get(path).json()["version"]
        label = image.campaign.labels.get(name="Water").pk
        box = {"id": "b1", "label": label, "shape": {"type": "box", "x": 16, "y": 12, "width": 32, "height": 24}}
        saved = client.patch(path, {"upsert": [box]}, format="json", headers={"If-Match": f'"{version}"'})
        assert saved.status_code == 200, saved.json()
        handed_in = client.post(f"{path}/submit", headers={"If-Match": f'"{saved.json()["version"]}"'})
        assert handed_in.status_code == 200, handed_in.json()

    return do


def queued() -> list[Any]:
    tasks = [row.task for row in OrmQ.objects.order_by("pk")]
    return [revision for task in tasks if task["func"] == "inference.tasks.tell_of_submit" for revision in task["args"]]


def test_a_backend_that_listens_is_told_of_each_submit_in_its_own_form(
    detection: Campaign, make_image: Callable[..., Image], make_model: Callable[..., RegisteredModel], submit: Any, data_dir: Any
) -> None:
    image = make_image(detection, width=64, height=48)
    with ModelServer(script=[Reply(json={"status": "ok"}, status=201)]) as server:
        options = {"extra": {"webhook": True, "image": "data"}}
        make_model(detection, server.url, protocol="label_studio", mapping={0: "Land", 1: "Water"}, options=options,
                   classes=[{"index": 0, "name": "land"}, {"index": 1, "name": "sea"}])  # fmt: skip
        submit(image)
        assert server.requests == 0  # nobody waits for it
        assert tell_of_submit(*queued()) == 1
        submit(image)
        tell_of_submit(queued()[-1])
        first, second = (orjson.loads(seen.body) for seen in server.seen)
        assert server.seen[0].line.startswith("POST /webhook ")
    assert (first["action"], second["action"]) == ("ANNOTATION_CREATED", "ANNOTATION_UPDATED")
    (region,) = first["annotation"]["result"]
    assert region["value"] == {"x": 25.0, "y": 25.0, "width": 50.0, "height": 50.0, "rotation": 0.0, "rectanglelabels": ["sea"]}
    assert first["task"]["data"]["image"].startswith("data:image/png;base64,")
    assert '<Label value="sea"/>' in first["project"]["label_config"]
    assert first["annotation"]["task"] == first["task"]["id"] == image.pk


def test_images_that_are_handed_in_at_once_are_told_of_one_by_one(
    campaign: Campaign, make_image: Callable[..., Image], make_model: Callable[..., RegisteredModel], manager: User, as_user: Speak,
    data_dir: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    images = [make_image(campaign) for _ in range(3)]
    with ModelServer(script=[Reply(json={"status": "ok"}, status=201)]) as server:
        model = make_model(campaign, server.url, protocol="label_studio", options={"extra": {"webhook": True, "image": "data"}})
        water = campaign.labels.get(name="Water").pk
        address, body = f"/api/v1/campaigns/{campaign.pk}/labelings", {"images": [image.pk for image in images[:2]], "add": [water]}
        client = as_user(manager)
        assert client.post(address, body, format="json").status_code < 300
        assert queued() == [], "a draft is nobody's business"
        assert client.post(address, {**body, "submit": True}, format="json").status_code < 300
        assert server.requests == 0
        assert sorted(queued()) == sorted(Revision.objects.values_list("pk", flat=True))
        assert OrmQ.objects.count() == 1, "thousands of submits are one task"
        monkeypatch.setattr(webhooks, "TURN_S", 0.0)
        first, second = queued()
        assert tell_of_submit(first, second) == 1
        assert queued() == [first, second, second], "what the turn was too short for waits again"
        assert tell_of_submit(second) == 1
        told = [orjson.loads(seen.body) for seen in server.seen]
    assert {each["annotation"]["task"] for each in told} == {image.pk for image in images[:2]}
    assert all(each["annotation"]["result"][0]["value"] == {"choices": ["water"]} for each in told)
    model.delete()
    assert client.post(address, {"images": [images[2].pk], "add": [water], "submit": True}, format="json").status_code < 300
    assert len(queued()) == 3


def test_without_the_option_nothing_is_queued(
    detection: Campaign, make_image: Callable[..., Image], make_model: Callable[..., RegisteredModel], submit: Any, data_dir: Any
) -> None:
    make_model(detection, "http://127.0.0.1:1/", protocol="label_studio")
    make_model(detection, "http://127.0.0.1:1/", protocol="winnow", options={"extra": {"webhook": True}})
    submit(make_image(detection))
    assert queued() == []


@pytest.mark.parametrize("options", [{"extra": {"webhook": True, "image": "data"}}, {"extra": {"webhook": True}}])
def test_a_backend_that_fails_harms_nobody_and_the_log_tells(
    options: dict[str, Any], detection: Campaign, make_image: Callable[..., Image], make_model: Callable[..., RegisteredModel], submit: Any,
    data_dir: Any, caplog: pytest.LogCaptureFixture, settings: Any,
) -> None:  # fmt: skip
    settings.PUBLIC_URL, settings.LOCAL_PORT = "", 0
    make_model(detection, f"http://127.0.0.1:{free_port()}/", protocol="label_studio", options=options)
    submit(make_image(detection))
    assert tell_backends(Revision.objects.latest("pk").pk) == 0
    assert "revision" in caplog.text
    assert tell_backends(10**6) == 0
