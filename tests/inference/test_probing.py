"""From an address to a protocol, its classes and its task; and a clear reason where there is none."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from campaigns.models import Campaign, User
from inference.protocols import PROTOCOLS
from inference.protocols.base import Protocol
from inference.recognising import all_inquiries, distinct, key_of, recognised
from inference.wire import WireReply, WireRequest
from models_registry.models import AuditEntry, RegisteredModel
from tests.e2e.stack import ROOT, listens, wait_for
from tests.fakes import ModelServer, Reply, Seen, free_port

Speak = Callable[[User | None], APIClient]
URL = "http://127.0.0.1:9100/predict"


@pytest.fixture(autouse=True)
def counts_start_anew() -> None:
    cache.clear()


@pytest.fixture
def probe(campaign: Campaign, manager: User, as_user: Speak) -> Callable[..., dict[str, Any]]:
    client = as_user(manager)

    def ask(url: str, **body: Any) -> dict[str, Any]:
        answer = client.post("/api/v1/models/probe", {"url": url, **body})
        assert answer.status_code == 200, answer.content
        return dict(answer.json())

    return ask


@contextmanager
def example(name: str) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen([sys.executable, f"examples/{name}", "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: listens(port), 30, lambda: f"{name} does not start")
        yield f"http://127.0.0.1:{port}/predict"
    finally:
        process.kill()
        process.wait()


def silent_get(answer: Any) -> ModelServer:
    """A server that answers POSTs alone."""

    def respond(seen: Seen) -> Reply:
        return Reply(answer(seen) if callable(answer) else answer) if seen.line.startswith("POST") else Reply(status=404)

    return ModelServer(respond=respond)


def test_a_server_that_describes_itself_needs_no_picture(probe: Callable[..., dict[str, Any]]):
    with example("winnow_json_server.py") as url:
        found = probe(url, task="detection")
    assert found["failure"] is None
    best, second = found["candidates"][:2]
    assert (best["protocol"], second["protocol"]) == ("winnow_json", "winnow")
    assert best["confidence"] >= 0.9
    assert (best["name"], best["version"], best["url"]) == ("Coast by colour", "1", url)
    assert [each["name"] for each in best["classes_of_tasks"]["segmentation"]] == ["water", "land"]
    assert "describes itself" in best["evidence"][0]
    assert found["attempts"] == []
    assert not RegisteredModel.objects.exists()


def test_a_silent_server_is_sent_a_picture_and_what_it_answers_tells_the_rest(probe: Callable[..., dict[str, Any]]):
    boxes = [{"kind": "box", "class": "ship", "xyxy": [1, 2, 30, 40], "confidence": 0.9}] * 2
    wanted = "application/json"
    with silent_get(lambda seen: {"items": boxes, "model_version": "7"} if seen.headers["content-type"] == wanted else {}) as server:
        found = probe(server.url)
    best = found["candidates"][0]
    assert (best["protocol"], best["task"], best["version"]) == ("winnow_json", "detection", "7")
    assert best["classes"] == [{"index": 0, "name": "ship"}]
    assert "2 boxes (ship)" in best["evidence"][0]
    assert "winnow" in {each["protocol"] for each in found["attempts"]}


def test_scaneo_probabilities_are_known_by_their_shape(probe: Callable[..., dict[str, Any]]):
    with example("scaneo_server.py") as url:
        found = probe(url.replace("/predict", "/classification"), task="classification")
    assert "scaneo" in {each["protocol"] for each in found["candidates"]}, found


@pytest.mark.parametrize(
    ("script", "path", "task", "protocol", "classes"),
    [
        ("scaneo_server.py", "/detection", "detection", "scaneo", 1),
        ("huggingface_server.py", "/segmentation", "segmentation", "huggingface", ["water", "land"]),
        ("cvat_server.py", "/detection", "detection", "cvat", ["island"]),
        ("roboflow_server.py", "/infer/object_detection", "detection", "roboflow", ["island"]),
        ("roboflow_server.py", "/infer/semantic_segmentation", "segmentation", "roboflow", ["land", "water"]),
        ("label_studio_server.py", "", "detection", "label_studio", []),
        ("oip_server.py", "/v2/models/detection", "detection", "oip", 1),
        ("mapped_server.py", "/predictions/classifier", "classification", "mapped_json", ["coast", "land", "ocean"]),
        ("mapped_server.py", "/predictions/detector", "detection", "mapped_json", ["island"]),
        ("mapped_server.py", "/sagemaker/detection", "detection", "mapped_json", 1),
        ("mapped_server.py", "/vertex/classification", "classification", "mapped_json", ["coast", "land", "ocean"]),
        ("mapped_server.py", "/mlflow/invocations", "classification", "mapped_json", 3),
    ],
)
def test_every_example_server_is_recognised(
    probe: Callable[..., dict[str, Any]], script: str, path: str, task: str, protocol: str, classes: Any
):
    with example(script) as url:
        found = probe(url.removesuffix("/predict") + path, task=task)
    best = found["candidates"][0]
    assert (best["protocol"], best["task"]) in {(protocol, task), ("label_studio", "")}, found
    names = sorted(each["name"] for each in best["classes"])
    assert len(names) == classes if isinstance(classes, int) else names == sorted(classes)


def test_a_server_of_many_models_tells_which_there_are(probe: Callable[..., dict[str, Any]]):
    with example("oip_server.py") as url:
        best = probe(url.removesuffix("/predict"))["candidates"][0]
    assert best["protocol"] == "oip"
    assert "It has the models classification, segmentation, detection, embedding: name one in the address" in " ".join(best["evidence"])
    assert [each.rpartition("/v2/models/")[2] for each in best["choices"]] == ["classification", "segmentation", "detection", "embedding"]


def test_a_server_that_answers_clicks_alone_is_recognised_by_a_click(probe: Callable[..., dict[str, Any]]):
    with example("cvat_server.py") as url:
        found = probe(url.removesuffix("/predict") + "/interactor")
    best = found["candidates"][0]
    assert (best["protocol"], best["task"], best["options"]["extra"]) == ("cvat", "segmentation", {"interactive": True})
    assert "clicks" in best["evidence"][0]


def test_the_secret_goes_along_and_comes_back_nowhere(probe: Callable[..., dict[str, Any]]):
    def respond(seen: Seen) -> Reply:
        return Reply({"protocols": ["winnow"], "name": "echo"}, status=200 if seen.headers.get("x-key") == "0pen5esame" else 401)

    with ModelServer(respond=respond) as server:
        found = probe(server.url, secret="0pen5esame", auth_header="X-Key")
        assert found["candidates"][0]["protocol"] == "winnow"
        refused = probe(server.url)
    assert refused["candidates"] == []
    assert "secret" in refused["failure"]["why"]
    assert "0pen5esame" not in json.dumps(found) + json.dumps(list(AuditEntry.objects.values_list("details", "url")))


@pytest.mark.parametrize("body", [b"<html><h1>It works!</h1></html>", b"{}", b"null", b"[[[[", b"", b'{"items": NaN}', b"\x00\xff"])
def test_whatever_else_answers_is_no_model_and_no_failure_of_ours(probe: Callable[..., dict[str, Any]], body: bytes):
    with ModelServer(respond=lambda _: Reply(body=body, content_type="text/html")) as server:
        found = probe(server.url)
    assert [each for each in found["candidates"] if each["confidence"] > 0.3] == []
    if not found["candidates"]:
        assert found["failure"]["code"] == ("web_page" if body.startswith(b"<") else "unrecognised")
        assert {"winnow", "winnow_json", "scaneo"} <= {each["protocol"] for each in found["attempts"]}


@pytest.mark.parametrize(
    ("reply", "code", "said"),
    [
        (Reply(status=503), "http_5xx", "503: it starts or is busy"),
        (Reply(status=302, headers={"Location": "http://127.0.0.1:1/x"}), "redirected", "redirects"),
        (Reply(body=b"<!doctype html><h1>Sign in</h1>"), "web_page", "page of HTML"),
    ],
)
def test_what_nearly_every_question_met_is_told_in_the_first_sentence_and_once(
    probe: Callable[..., dict[str, Any]], reply: Reply, code: str, said: str
):
    with ModelServer(respond=lambda _: reply) as server:
        found = probe(server.url, task="detection")
    assert found["failure"]["code"] == code
    assert said in found["failure"]["why"]
    met = [(each["protocol"], each["why"]) for each in found["attempts"]]
    assert len(met) == len(set(met))


def test_a_dead_address_is_told_once_and_at_once(probe: Callable[..., dict[str, Any]]):
    found = probe(f"http://127.0.0.1:{free_port()}/predict")
    assert (found["candidates"], found["attempts"]) == ([], [])
    assert found["failure"]["code"] == "unreachable"


def test_a_forbidden_address_is_refused_at_sight_or_when_its_name_stands_for_one(
    probe: Callable[..., dict[str, Any]], manager: User, as_user: Speak, settings: Any
):
    refused = as_user(manager).post("/api/v1/models/probe", {"url": "http://169.254.169.254/latest/meta-data"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["reason"] == "metadata"
    settings.MODEL_NETWORKS = []
    with ModelServer(answer={}) as server:
        found = probe(f"http://localhost:{server.port}/predict")
        assert server.connections == 0
    assert found["failure"]["code"] == "refused_address"
    assert "WINNOW_MODEL_NETWORKS" in found["failure"]["why"]


def test_probing_is_no_tool_to_scan_networks_with(campaign: Campaign, manager: User, annotator: User, as_user: Speak):
    client = as_user(manager)
    body = {"url": f"http://127.0.0.1:{free_port()}/"}
    assert [client.post("/api/v1/models/probe", body).status_code for _ in range(11)] == [200] * 10 + [429]
    assert as_user(annotator).post("/api/v1/models/probe", body).status_code == 403


def test_every_probe_is_written_down(probe: Callable[..., dict[str, Any]], manager: User):
    with ModelServer(answer={}) as server:
        probe(server.url + "?key=hidden", secret="0pen5esame")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.username, entry.url) == ("address.probed", "manager", server.url)
    assert entry.details == {"secret": True}


class Curious(type(PROTOCOLS["winnow"])):  # type: ignore[misc]
    """A protocol that asks other servers, too."""

    name = "curious"

    def inquiries(self, url: str) -> tuple[WireRequest, ...]:
        return (WireRequest(url, {}, b"", "GET"), WireRequest("http://10.0.0.1/", {}, b"", "GET"))


def test_no_protocol_leads_a_probe_to_another_server_and_no_question_goes_twice():
    protocols: list[Protocol] = [*PROTOCOLS.values(), Curious()]
    asked = all_inquiries(protocols, URL)
    assert "curious" not in asked
    requests = distinct(asked)
    assert len({(each.method, each.url) for each in requests.values()}) <= len(requests)
    assert [key for key in requests if key[1] == URL and not key[3]].__len__() >= 1
    assert key_of(asked["winnow"][0]) == key_of(asked["winnow_json"][0])


def test_a_description_of_other_protocols_is_not_taken_for_ones_own():
    asked = all_inquiries([PROTOCOLS["winnow"], PROTOCOLS["winnow_json"]], URL)
    key = key_of(asked["winnow"][0])
    for body in (b'{"protocols": ["grpc"]}', b'{"protocols": "winnow"}', b'{"status": "ok"}', b'{"protocols": [7]}', b"<html>"):
        assert recognised(PROTOCOLS, URL, asked, {key: WireReply(body)}) == []
    (only,) = recognised(
        PROTOCOLS, URL, asked, {key: WireReply(b'{"protocols": ["winnow"], "classes": ["ice", "sea"], "task": "detection"}')}
    )
    assert (only.task, [each.name for each in only.classes]) == ("detection", ["ice", "sea"])
