"""The HTTP interface of inference: start a run, read answers, see the heat map."""

import io

import numpy as np
import pytest
from PIL import Image as Picture

from campaigns.models import Run
from campaigns.runs import execute_now
from inference.models import Prediction
from tests.inference.endpoint import Endpoint, items

pytestmark = pytest.mark.django_db
BOXES = [{"kind": "box", "index": 0, "score": score, "xywh": [10, 10, 20, 12]} for score in (0.55, 0.99)]


@pytest.fixture
def detection(make_campaign):
    return make_campaign(task="detection")


@pytest.fixture
def answered(detection, make_image, make_model):
    """An image with a prediction of two boxes."""
    image = make_image(detection)
    with Endpoint(lambda body: items(*BOXES)) as endpoint:
        model = make_model(detection, endpoint.url)
        run = execute_now(Run.objects.get(pk=start(detection, model)))
    assert run.state == "succeeded"
    return image


def start(campaign, model):
    from inference.services import start_inference

    return start_inference(user=campaign.created_by, campaign=campaign, model=model, images="all").pk


def test_a_run_is_started_with_202_and_can_be_watched(detection, make_image, make_model, as_user, manager):
    make_image(detection)
    with Endpoint(lambda body: items(*BOXES)) as endpoint:
        model = make_model(detection, endpoint.url)
        client = as_user(manager)
        answer = client.post(f"/api/v1/campaigns/{detection.pk}/inference-runs", {"model": model.pk, "images": "all"})
        assert answer.status_code == 202
        assert answer.data["kind"] == "inference"
        assert answer.data["state"] == "queued"
        execute_now(Run.objects.get(pk=answer.data["id"]))
    seen = client.get(f"/api/v1/runs/{answer.data['id']}").data
    assert seen["state"] == "succeeded"
    assert seen["progress"]["done"] == 1


def test_the_same_idempotency_key_starts_one_run(detection, make_image, make_model, as_user, manager):
    make_image(detection)
    model = make_model(detection, "http://127.0.0.1:9/predict")
    client = as_user(manager)
    answers = [
        client.post(f"/api/v1/campaigns/{detection.pk}/inference-runs", {"model": model.pk}, headers={"Idempotency-Key": "once"})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    "images",
    ["some", [], ["one"], [True], {"filter": {"size": 3}}, {"filter": {"state": "gone"}}, {"filter": {"label": "Water"}}, 7, [999_999]],
)
def test_a_selection_that_means_nothing_is_refused(images, detection, make_image, make_model, as_user, manager):
    make_image(detection)
    model = make_model(detection, "http://127.0.0.1:9/predict")
    answer = as_user(manager).post(f"/api/v1/campaigns/{detection.pk}/inference-runs", {"model": model.pk, "images": images})
    assert answer.status_code == 422
    assert answer.data["code"] == "invalid_selection"
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("images", "expected"), [("all", 4), ("unlabeled", 3), ({"filter": {"state": "submitted"}}, 1), ({"filter": {"q": "two"}}, 1)]
)
def test_a_selection_means_its_images(images, expected, detection, make_image, make_model, as_user, manager):
    make_image(detection, "one")
    make_image(detection, "two")
    make_image(detection, "three", split="test")
    make_image(detection, "four", state="submitted")
    model = make_model(detection, "http://127.0.0.1:9/predict")
    answer = as_user(manager).post(f"/api/v1/campaigns/{detection.pk}/inference-runs", {"model": model.pk, "images": images})
    assert Run.objects.get(pk=answer.data["id"]).total == expected


def test_an_annotator_may_not_start_a_run_and_a_stranger_sees_no_campaign(detection, make_image, make_model, as_user, annotator, stranger):
    make_image(detection)
    model = make_model(detection, "http://127.0.0.1:9/predict")
    url = f"/api/v1/campaigns/{detection.pk}/inference-runs"
    assert as_user(annotator).post(url, {"model": model.pk}).status_code == 403
    assert as_user(stranger).post(url, {"model": model.pk}).status_code == 404
    assert as_user(None).post(url, {"model": model.pk}).status_code in (401, 403)


def test_answers_are_listed_with_their_model_and_uncertainty(answered, as_user, viewer, stranger):
    (row,) = as_user(viewer).get(f"/api/v1/images/{answered.pk}/predictions").data
    assert row["model"] == {"id": Prediction.objects.get().model_id, "name": "Coastline", "version": "1"}
    assert [item["confidence"] for item in row["items"]] == [0.55, 0.99]
    assert row["uncertainty"]["entropy"] > 0.5
    assert row["heat_map"] == f"/api/v1/predictions/{row['id']}/heat-map.png"
    assert as_user(stranger).get(f"/api/v1/images/{answered.pk}/predictions").status_code == 404


def test_answers_can_be_narrowed_to_one_model(answered, as_user, viewer):
    client, model = as_user(viewer), Prediction.objects.get().model_id
    assert len(client.get(f"/api/v1/images/{answered.pk}/predictions?model={model}").data) == 1
    assert client.get(f"/api/v1/images/{answered.pk}/predictions?model={model + 1}").data == []
    assert client.get(f"/api/v1/images/{answered.pk}/predictions?model=x").status_code == 422


def test_the_heat_map_of_boxes_shows_where_the_doubtful_one_is(answered, as_user, viewer, stranger):
    url = f"/api/v1/predictions/{Prediction.objects.get().pk}/heat-map.png"
    answer = as_user(viewer).get(url)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/png"
    levels = np.asarray(Picture.open(io.BytesIO(answer.content)))
    assert levels.shape == (48, 64)
    assert levels[15, 15] > 200
    assert levels[40, 50] == 0
    assert as_user(stranger).get(url).status_code == 404


def test_the_doubtful_box_is_the_uncertain_area(answered, as_user, viewer, stranger):
    url = f"/api/v1/images/{answered.pk}/uncertain-areas"
    found = as_user(viewer).get(url).data
    assert [(area["bounds"], area["kind"]) for area in found["areas"]] == [([10, 10, 30, 22], "object")]
    assert found["areas"][0]["uncertainty"] > 0.9
    assert as_user(stranger).get(url).status_code == 404


def test_an_answer_without_confidences_has_no_heat_map(detection, make_image, make_model, as_user, viewer):
    image = make_image(detection)
    with Endpoint(lambda body: items({"kind": "box", "index": 0, "xywh": [1, 1, 5, 5]})) as endpoint:
        execute_now(Run.objects.get(pk=start(detection, make_model(detection, endpoint.url))))
    client = as_user(viewer)
    (row,) = client.get(f"/api/v1/images/{image.pk}/predictions").data
    assert row["heat_map"] is None
    assert row["uncertainty"] == {}
    assert client.get(f"/api/v1/predictions/{row['id']}/heat-map.png").status_code == 404
