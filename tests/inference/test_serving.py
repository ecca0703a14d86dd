"""The predict API: a picture in, a model's answer out, in SentiSight's shapes and in ours."""

import base64
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns.geometry import mask_document
from campaigns.models import AnnotationSet, Image, Run, RunState
from campaigns.runs import execute_now
from campaigns.services.accounts import create_token
from inference.models import Prediction
from inference.services import start_inference
from inference.serving.answers import ModelAnswers
from inference.serving.things import NamedLabel, Said, Thing, as_sentisight, percent
from models_registry.models import CampaignModel, RegisteredModel, ThresholdProfile
from tests.conftest import png_bytes
from tests.inference.endpoint import Endpoint, Reply, dead_url, items
from tests.inference.wire import png
from tests.onnx_files import water_segmenter

pytestmark = pytest.mark.django_db
PICTURE = png_bytes(40, 30, seed=5)
BOXES = [
    {"kind": "box", "index": 0, "score": 0.837, "xyxy": [1.2, 2, 20, 10]},
    {"kind": "box", "index": 1, "score": 0.3, "xyxy": [5, 5, 9.6, 9]},
    {"kind": "box", "index": 2, "score": 0.9, "xyxy": [0, 0, 3, 3]},
]


@contextmanager
def detecting(make_campaign, make_model, **fields):
    campaign = make_campaign(task="detection")
    with Endpoint(lambda body: items(*BOXES)) as endpoint:
        classes = [{"index": n, "name": f"c{n}"} for n in range(3)]
        yield campaign, make_model(campaign, endpoint.url, mapping={0: "Land", 1: "Water"}, classes=classes, **fields)


def sentisight(client, campaign, model, content=PICTURE, kind="application/octet-stream", last="", **headers):
    return client.post(f"/api/predict/{campaign.pk}/{model}{last}", content, content_type=kind, **headers)


def test_things_come_as_sentisight_writes_them(make_campaign, make_model, as_user, viewer):
    with detecting(make_campaign, make_model) as (campaign, model):
        answer = sentisight(as_user(viewer), campaign, model.pk)
        named = sentisight(as_user(viewer), campaign, "Coastline", last="/")
    assert answer.json() == [
        {"label": "Land", "score": 83.7, "x0": 1, "y0": 2, "x1": 20, "y1": 10},
        {"label": "Water", "score": 30.0, "x0": 5, "y0": 5, "x1": 10, "y1": 9},
    ]
    assert named.json() == answer.json()
    assert not Prediction.objects.exists()
    assert not Image.objects.exists()


def test_labels_come_in_percent_the_most_probable_first(campaign, make_model, as_user, viewer):
    with Endpoint(lambda body: items({"kind": "classification", "scores": {"land": 0.125, "water": 0.875}})) as endpoint:
        model = make_model(campaign, endpoint.url)
        answer = sentisight(as_user(viewer), campaign, model.pk)
        ours = as_user(viewer).post(
            f"/api/v1/campaigns/{campaign.pk}/models/{model.pk}/predict?threshold=0.9", PICTURE, content_type="image/png"
        )
    assert answer.json() == [{"label": "Water", "score": 87.5}, {"label": "Land", "score": 12.5}]
    document = ours.json()
    assert [(each["label"]["name"], each["confidence"], each["positive"]) for each in document["labels"]] == [
        ("Water", 0.875, False),
        ("Land", 0.125, False),
    ]
    assert document["image"] == {"name": "picture", "width": 40, "height": 30}
    assert document["model"] == {"id": model.pk, "name": "Coastline", "version": "1", "checkpoint": ""}


def test_thresholds_of_the_call_go_before_those_of_the_campaign(make_campaign, make_model, as_user, viewer):
    with detecting(make_campaign, make_model, thresholds={"Water": 0.5}) as (campaign, model):
        address = f"/api/v1/campaigns/{campaign.pk}/models/{model.pk}/predict"

        def found(query: str) -> list[str]:
            answer = as_user(viewer).post(f"{address}{query}", PICTURE, content_type="image/png").json()
            return [each["label"]["name"] for each in answer["objects"]]

        assert found("") == ["Land"]
        assert found('?thresholds={"Water":0.2}') == ["Land", "Water"]
        assert found("?threshold=0.25") == ["Land", "Water"]
        assert found('?threshold=0.9&thresholds={"Water":0.1}') == ["Water"]
        for wrong in (
            "?threshold=2",
            "?threshold=x",
            "?thresholds=[1]",
            '?thresholds={"Sand":0.1}',
            '?thresholds={"Water":7}',
            "?thresholds={",
        ):
            assert as_user(viewer).post(f"{address}{wrong}", PICTURE, content_type="image/png").status_code == 422


def test_what_lies_in_its_span_is_told_to_be_unsure(campaign, make_campaign, make_model, as_user, viewer):
    def ask(model, where, query=""):
        address = f"/api/v1/campaigns/{where.pk}/models/{model.pk}/predict{query}"
        return as_user(viewer).post(address, PICTURE, content_type="image/png").json()

    def spread(model, where, **ends):
        spans = {str(label.pk): ends[label.name] for label in where.labels.all() if label.name in ends}
        CampaignModel.objects.filter(model=model).update(unsure_spans=spans)

    with Endpoint(lambda body: items({"kind": "classification", "scores": {"land": 0.45, "water": 0.55}})) as endpoint:
        model = make_model(campaign, endpoint.url)
        assert ask(model, campaign)["unsure"] is False
        spread(model, campaign, Water={"low": 0.5, "high": 0.8}, Land={"low": 0.4, "high": 0.8})
        document = ask(model, campaign)
        # Land cannot be said beside the likelier water, so that nothing is unsure about it.
        assert [(each["label"]["name"], each["unsure"]) for each in document["labels"]] == [("Water", True), ("Land", False)]
        assert document["unsure"] is True
    with detecting(make_campaign, make_model, thresholds={"Water": 0.5}) as (harbour, finder):
        spread(finder, harbour, Water={"low": 0.2, "high": 0.6}, Land={"low": 0.2, "high": 0.8})
        document = ask(finder, harbour)
        assert [(each["label"]["name"], each["unsure"]) for each in document["objects"]] == [("Land", False)]
        assert document["unsure"] is True  # water below its threshold
        assert [each["unsure"] for each in ask(finder, harbour, "?threshold=0.1")["objects"]] == [False, True]


def test_a_profile_brings_its_thresholds_and_the_calls_own_go_before_it(make_campaign, make_model, as_user, viewer):
    with detecting(make_campaign, make_model, thresholds={"Water": 0.5}) as (campaign, model):
        labels = {label.name: label.pk for label in campaign.labels.all()}
        attached = CampaignModel.objects.get(model=model)
        ThresholdProfile.objects.create(
            campaign_model=attached, name="miss nothing", thresholds={str(labels["Water"]): 0.2, str(labels["Land"]): 0.9}
        )

        def ask(query: str, path: str = "/api/v1/campaigns/{}/models/{}/predict"):
            return as_user(viewer).post(path.format(campaign.pk, model.pk) + query, PICTURE, content_type="image/png")

        answer = ask("?profile=miss%20nothing").json()
        assert [each["label"]["name"] for each in answer["objects"]] == ["Water"]
        assert answer["thresholds"] == {"Water": 0.2, "Land": 0.9}
        both = ask('?profile=miss%20nothing&thresholds={"Land":0.1}').json()
        assert [each["label"]["name"] for each in both["objects"]] == ["Land", "Water"]
        assert [each["label"] for each in ask("?profile=miss%20nothing", "/api/predict/{}/{}").json()] == ["Water"]
        for later in ("", "&async=true"):
            unknown = ask(f"?profile=sure{later}")
            assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_profile")
            assert "miss nothing" in unknown.json()["detail"]
        run = Run.objects.get(pk=ask("?profile=miss%20nothing&async=true").json()["id"])
        attached.profiles.all().delete()  # what was asked for stays as it was then
        assert [each["label"]["name"] for each in execute_now(run).result["prediction"]["objects"]] == ["Water"]


@contextmanager
def shown(content: bytes) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/a.png" else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_picture_may_come_as_bytes_form_base64_or_address(make_campaign, make_model, as_user, viewer):
    client = as_user(viewer)
    text = base64.b64encode(PICTURE).decode()
    with detecting(make_campaign, make_model) as (campaign, model), shown(PICTURE) as site:
        expected = sentisight(client, campaign, model.pk).json()
        address = f"/api/predict/{campaign.pk}/{model.pk}"
        form = client.post(address, {"image": SimpleUploadedFile("coast.png", PICTURE)}, format="multipart")
        answers = [client.post(address, body, format="json") for body in ({"base64": text}, {"base64": f"data:image/png;base64,{text}"})]
        linked = client.post(address, {"url": f"{site}/a.png"}, format="json")
        assert [each.json() for each in (form, *answers, linked)] == [expected] * 4
        for body in (
            {},
            {"base64": "§"},
            {"base64": base64.b64encode(b"no picture").decode()},
            {"url": f"{site}/missing.png"},
            {"url": "file:///etc/passwd"},
        ):
            assert client.post(address, body, format="json").status_code == 422
        assert sentisight(client, campaign, model.pk, b"").status_code == 422


def test_an_address_that_the_deployment_forbids_is_not_fetched(make_campaign, make_model, as_user, viewer, settings):
    with detecting(make_campaign, make_model) as (campaign, model), shown(PICTURE) as site:
        settings.MODEL_NETWORKS = []
        answer = as_user(viewer).post(f"/api/predict/{campaign.pk}/{model.pk}", {"url": f"{site}/a.png"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (422, "refused_address")


def test_a_script_signs_in_as_sentisights_clients_do(make_campaign, make_model, viewer, stranger, client):
    with detecting(make_campaign, make_model) as (campaign, model):
        _, token = create_token(user=viewer, name="script")
        _, other = create_token(user=stranger, name="script")
        assert sentisight(client, campaign, model.pk, headers={"X-Auth-token": token}).status_code == 200
        assert sentisight(client, campaign, model.pk, headers={"Authorization": f"Bearer {token}"}).status_code == 200
        assert sentisight(client, campaign, model.pk, headers={"X-Auth-token": other}).status_code == 404
        assert sentisight(client, campaign, model.pk, headers={"X-Auth-token": "wrong"}).status_code == 401
        assert sentisight(client, campaign, model.pk).status_code == 401


def test_who_cannot_answer_says_why(make_campaign, make_model, as_user, viewer):
    campaign = make_campaign(task="detection")
    client = as_user(viewer)
    gone = make_model(campaign, dead_url(), name="Gone")
    assert sentisight(client, campaign, gone.pk).json()["code"] == "unreachable"
    with Endpoint(lambda body: Reply(b"<html>")) as endpoint:
        broken = make_model(campaign, endpoint.url, name="Broken")
        answer = sentisight(client, campaign, broken.pk)
    assert (answer.status_code, answer.json()["code"]) == (503, "rejected")
    assert sentisight(client, campaign, "Unknown").status_code == 404
    segmenter = make_model(campaign, "", name="Clicks", kind="promptable", protocol="promptable")
    assert sentisight(client, campaign, segmenter.pk).json()["code"] == "promptable_model"
    CampaignModel.objects.all().delete()
    assert sentisight(client, campaign, gone.pk).status_code == 404


def test_a_network_of_our_own_answers_as_it_does_in_a_run(make_campaign, as_user, manager, data_dir, tmp_path, monkeypatch):
    campaign = make_campaign(task="segmentation")
    content = water_segmenter(tmp_path / "net.onnx", names="{0: 'Land', 1: 'Water'}").read_bytes()
    form = {"name": "Net", "task": "segmentation", "file": SimpleUploadedFile("net.onnx", content)}
    client = as_user(manager)
    model = client.post("/api/v1/models/onnx", form, format="multipart").json()["id"]
    assert client.post(f"/api/v1/campaigns/{campaign.pk}/models", {"model": model}, format="json").status_code == 201
    answers = ModelAnswers()
    monkeypatch.setattr("inference.serving.client.ask", lambda _, question, **more: answers.answer(orjson.loads(orjson.dumps(question))))
    picture = np.zeros((30, 40, 3), np.uint8)
    picture[:, :20, 2] = 255
    files = {"files": SimpleUploadedFile("a.png", png(picture))}
    assert client.post(f"/api/v1/campaigns/{campaign.pk}/images", files, format="multipart").json()["created"] == 1
    run = start_inference(user=manager, campaign=campaign, model=RegisteredModel.objects.get(pk=model), images="all")
    assert execute_now(run).state == RunState.SUCCEEDED
    drafted = AnnotationSet.objects.get(author=None).annotations
    served = client.post(f"/api/v1/campaigns/{campaign.pk}/models/{model}/predict", png(picture), content_type="image/png").json()
    assert served["objects"], served
    assert {each["label"]["id"]: each["shape"] for each in served["objects"]} == {each["label"]: each["shape"] for each in drafted}


def test_outlines_and_masks_come_with_their_pixels():
    pixels = np.zeros((6, 8), bool)
    pixels[1:4, 2:5] = True
    outline = {"type": "polygon", "polygons": [[[[0, 0], [4, 0], [4, 4], [0, 0]], [[1, 1], [2, 1], [2, 2], [1, 1]]]]}
    pose = {"type": "points", "points": [{"name": "nose", "x": 3.0, "y": 2.0, "v": 2}]}
    label = NamedLabel(1, "Land")
    mask, polygon, points = as_sentisight(
        Said(things=(Thing(label, 0.5, mask_document(pixels)), Thing(label, None, outline), Thing(label, 0.25, pose)))
    )
    assert {name: mask[name] for name in ("x0", "y0", "x1", "y1")} == {"x0": 2, "y0": 1, "x1": 5, "y1": 4}
    assert base64.b64decode(mask["bitmap"])[:4] == b"\x89PNG"
    assert mask["rle"]["size"] == [6, 8]
    assert polygon["polygons"][0]["holes"] == [[{"x": 1, "y": 1}, {"x": 2, "y": 1}, {"x": 2, "y": 2}, {"x": 1, "y": 1}]]
    assert points["keypoints"] == [{"label": "nose", "x": 3.0, "y": 2.0, "visibility": 2}]
    assert percent(None) == 100.0
