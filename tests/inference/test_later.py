"""Predictions that nobody waits for: a run, its result, and signed webhooks."""

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.models import Campaign, Run, RunState, User
from campaigns.runs import cancel_run, execute_now
from inference.models import AsyncPrediction
from inference.services import delivering, later
from inference.services.delivering import deliver_due
from inference.services.later import remove_pictures
from models_registry.models import RegisteredModel
from tests.conftest import png_bytes
from tests.inference.endpoint import Endpoint, Reply, dead_url, items
from tests.inference.test_offline import same

pytestmark = pytest.mark.django_db
Speak = Callable[[User | None], APIClient]
PICTURE = png_bytes(40, 30, seed=5)
LAND = items({"kind": "classification", "scores": {"land": 0.125, "water": 0.875}})


class Hook:
    """A server that takes webhooks; ``statuses``: what it says, one after the other, the last for ever."""

    def __init__(self) -> None:
        self.statuses = [200]
        self.got: list[tuple[dict[str, str], bytes]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(hook.statuses.pop(0) if len(hook.statuses) > 1 else hook.statuses[0])
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?key=private"


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    thread = threading.Thread(target=hook.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield hook
    hook.server.shutdown()
    hook.server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same tries, without the pauses between them."""
    monkeypatch.setattr(delivering, "PAUSES_S", (0.0,) * len(delivering.PAUSES_S))
    monkeypatch.setattr(later, "ASK_PAUSES_S", (0.0,) * len(later.ASK_PAUSES_S))


def address(campaign: Campaign, model: RegisteredModel, query: str = "?async=true") -> str:
    return f"/api/v1/campaigns/{campaign.pk}/models/{model.pk}/predict{query}"


def begin(client: APIClient, campaign: Campaign, model: RegisteredModel, hook: Hook | None = None, **headers: str) -> Run:
    query = "?async=true" if hook is None else f"?async=true&webhook_url={hook.url}"
    answer = client.post(address(campaign, model, query), PICTURE, content_type="image/png", headers=headers)
    assert answer.status_code == 202, answer.content
    assert answer["Location"] == f"/api/v1/runs/{answer.json()['id']}"
    return Run.objects.get(pk=answer.json()["id"])


def waiting(data_dir: Path) -> list[Path]:
    return list((data_dir / "waiting-pictures").iterdir())


def test_a_run_holds_what_a_call_that_waits_is_told_and_the_picture_goes(
    campaign: Campaign, make_model: Callable[..., RegisteredModel], as_user: Speak, viewer: User, data_dir: Path
) -> None:
    client = as_user(viewer)
    with Endpoint(lambda body: LAND) as endpoint:
        model = make_model(campaign, endpoint.url)
        path = address(campaign, model, '?thresholds={"Water":0.9}')
        expected = client.post(path, PICTURE, content_type="image/png").json()
        told = client.post(path, PICTURE, content_type="image/png", headers={"Prefer": "respond-async, wait=10"})
        assert (told.status_code, told["Preference-Applied"]) == (202, "respond-async")
        assert len(waiting(data_dir)) == 1
        run = execute_now(Run.objects.get(pk=told.json()["id"]))
    assert run.state == RunState.SUCCEEDED, run.error
    shown = client.get(told["Location"]).json()
    assert shown["result"]["webhook"] is None
    assert same(shown["result"]["prediction"], expected)
    assert shown["result"]["prediction"]["thresholds"] == {"Water": 0.9}
    assert waiting(data_dir) == []
    listed = client.get("/api/v1/runs").json()["results"]
    assert run.pk not in [each["id"] for each in listed]
    assert [each["id"] for each in client.get("/api/v1/runs?kind=predict").json()["results"]] == [run.pk]


def test_a_webhook_brings_the_document_with_a_signature_and_its_secret_stays_here(
    campaign: Campaign, make_model: Callable[..., RegisteredModel], as_user: Speak, manager: User, data_dir: Path, hook: Hook
) -> None:
    with Endpoint(lambda body: LAND) as endpoint:
        model = make_model(campaign, endpoint.url)
        run = begin(as_user(manager), campaign, model, hook, **{"X-Winnow-Webhook-Secret": "hush-hush"})
        asked = AsyncPrediction.objects.get(run=run)
        assert "hush" not in asked.webhook_secret
        execute_now(run)
    ((headers, body),) = hook.got
    # As somebody who receives it would check it.
    said = hmac.new(b"hush-hush", headers["X-Winnow-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Winnow-Signature"] == f"sha256={said}"
    assert (headers["X-Winnow-Run"], headers["X-Winnow-State"]) == (str(run.pk), "succeeded")
    shown = as_user(manager).get(f"/api/v1/runs/{run.pk}")
    assert json.loads(body) == shown.json()["result"]["prediction"]
    assert shown.json()["result"]["webhook"] == {"delivered": True, "attempts": 1, "status": 200}
    assert b"hush" not in shown.content
    assert b"private" not in shown.content
    asked.refresh_from_db()
    assert (asked.webhook_url, asked.webhook_secret) == ("", "")


def test_a_webhook_is_tried_again_while_that_may_help_and_never_fails_the_answer(
    campaign: Campaign, make_model: Callable[..., RegisteredModel], as_user: Speak, manager: User, data_dir: Path, hook: Hook
) -> None:
    outcomes = []
    with Endpoint(lambda body: LAND) as endpoint:
        model = make_model(campaign, endpoint.url)
        for statuses in ([500, 429, 200], [404], [302], [503]):
            hook.statuses = list(statuses)
            run = execute_now(begin(as_user(manager), campaign, model, hook))
            assert (run.state, run.result["prediction"]["task"]) == (RunState.SUCCEEDED, "classification")
            asked = AsyncPrediction.objects.get(run=run)
            while asked.try_at is not None:
                assert not run.result["webhook"]["delivered"]
                assert waiting(data_dir) == []  # what is sent later is the answer, which is there
                deliver_due()
                for each in (run, asked):
                    each.refresh_from_db()
            assert (asked.webhook_url, asked.untold) == ("", {})
            outcomes.append((run.result["webhook"]["delivered"], run.result["webhook"]["attempts"]))
            reason = run.result["webhook"].get("reason", "The webhook's server took it.")
            assert reason.startswith("The webhook's server ") and "image" not in reason, "what is wrong with it is not told of a model"
            assert "private" not in str(run.result)
    assert outcomes == [(True, 3), (False, 1), (False, 1), (False, 4)]
    assert "X-Winnow-Signature" not in hook.got[0][0]


def test_a_receiver_that_is_down_keeps_no_worker_waiting_and_is_told_when_it_is_up_again(
    campaign: Campaign, make_model: Callable[..., RegisteredModel], as_user: Speak, manager: User, data_dir: Path, hook: Hook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.undo()  # the pauses as they are
    client = as_user(manager)
    hook.statuses = [503]
    with Endpoint(lambda body: LAND) as endpoint:
        model = make_model(campaign, endpoint.url)
        run = execute_now(begin(client, campaign, model, hook, **{"X-Winnow-Webhook-Secret": "hush-hush"}))
    told = run.result["webhook"]
    assert (run.state, len(hook.got), told["attempts"], "503" in told["reason"]) == (RunState.SUCCEEDED, 1, 1, True)
    assert deliver_due() == 0
    assert len(hook.got) == 1  # not before its time
    assert remove_pictures() == 0
    hook.statuses = [200]
    AsyncPrediction.objects.update(try_at=timezone.now())
    assert deliver_due() == 1
    headers, body = hook.got[-1]
    said = hmac.new(b"hush-hush", headers["X-Winnow-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Winnow-Signature"] == f"sha256={said}"
    shown = client.get(f"/api/v1/runs/{run.pk}").json()["result"]
    assert (shown["webhook"], json.loads(body)) == ({"delivered": True, "attempts": 2, "status": 200}, shown["prediction"])
    assert "Try 2" in client.get(f"/api/v1/runs/{run.pk}/log").json()["text"]
    assert deliver_due() == 0


def test_a_model_that_does_not_answer_is_asked_again_and_the_webhook_learns_why(
    campaign: Campaign, make_model: Callable[..., RegisteredModel], as_user: Speak, manager: User, data_dir: Path, hook: Hook
) -> None:
    run = execute_now(begin(as_user(manager), campaign, make_model(campaign, dead_url()), hook))
    assert run.state == RunState.FAILED
    assert run.error.endswith("The webhook was told.")
    ((headers, body),) = hook.got
    assert (headers["X-Winnow-State"], json.loads(body)["code"]) == ("failed", "unreachable")
    assert waiting(data_dir) == []
    asked: list[bytes] = []

    def third_time(body: bytes) -> Reply:
        asked.append(body)
        return LAND if len(asked) == 3 else Reply(b"busy", 503)

    with Endpoint(third_time) as endpoint:
        patient = execute_now(begin(as_user(manager), campaign, make_model(campaign, endpoint.url, name="Slow")))
    assert (patient.state, len(asked)) == (RunState.SUCCEEDED, 3)


def test_what_cannot_be_done_later_is_refused_at_once(
    campaign: Campaign,
    make_model: Callable[..., RegisteredModel],
    as_user: Speak,
    manager: User,
    viewer: User,
    data_dir: Path,
    settings: Any,
) -> None:
    model = make_model(campaign, "http://127.0.0.1:9/")

    def status(user: User, query: str, content: bytes = PICTURE) -> int:
        code: int = as_user(user).post(address(campaign, model, query), content, content_type="image/png").status_code
        return code

    assert status(viewer, "?async=true&webhook_url=http://127.0.0.1:9/") == 403
    for query in (
        "?async=true&webhook_url=ftp://example.org/",
        "?async=true&webhook_url=http://169.254.169.254/",
        "?async=true&webhook_url=http://127.0.0.1:9/&webhook_secret=x",
        '?async=true&thresholds={"Sand":0.1}',
        "?async=true&checkpoint=first",
    ):
        assert status(manager, query) == 422, query
    assert status(manager, "?async=true", b"no picture") == 422
    body = {"base64": "eA==", "webhook_secret": "x"}
    assert as_user(manager).post(address(campaign, model), body, format="json").json()["code"] == "invalid_webhook"
    unasked = {"base64": "eA==", "webhook_url": "http://127.0.0.1:9/"}
    assert "?async=true" in as_user(manager).post(address(campaign, model, ""), unasked, format="json").json()["detail"]
    assert not AsyncPrediction.objects.exists()
    assert not (data_dir / "waiting-pictures").exists() or waiting(data_dir) == []


def test_pictures_of_cancelled_runs_go_after_an_hour(
    campaign: Campaign,
    make_model: Callable[..., RegisteredModel],
    as_user: Speak,
    viewer: User,
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = make_model(campaign, "http://127.0.0.1:9/")
    cancelled, kept = (begin(as_user(viewer), campaign, model) for _ in range(2))
    cancel_run(cancelled)
    assert remove_pictures() == 0
    monkeypatch.setattr(later, "FRESH_S", -1.0)
    assert remove_pictures() == 1
    assert [path.name for path in waiting(data_dir)] == [AsyncPrediction.objects.get(run=kept).picture]
