"""Whether models are up, and how their last calls went."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone
from django_q.models import Schedule
from rest_framework.test import APIClient

from campaigns.models import Campaign, Image, User
from campaigns.runs import execute_now
from inference.protocols import PROTOCOLS
from inference.services import health, start_inference
from inference.services.health import check_attached_models
from inference.wire import ModelCard, WireRequest
from models_registry.models import AuditEntry, CallBatch, HealthCheck, ModelKind, RegisteredModel
from tests.fakes import ModelServer, Reply, free_port

Speak = Callable[[User | None], APIClient]
MakeModel = Callable[..., RegisteredModel]


@pytest.fixture(autouse=True)
def counts_start_anew() -> None:
    cache.clear()


def looked_at(client: APIClient, model: RegisteredModel) -> dict[str, Any]:
    answer = client.post(f"/api/v1/models/{model.pk}/health")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


@pytest.mark.parametrize(
    ("reply", "state", "code"),
    [
        (Reply({"ok": True}), "up", ""),
        (Reply(status=405), "up", ""),
        (Reply(status=404), "up", ""),
        (Reply(status=500), "down", "http_5xx"),
        (Reply(status=503), "down", "http_5xx"),
        (Reply(status=401), "down", "http_4xx"),
        (Reply(raw=[b"SSH-2.0-OpenSSH_9.6\r\n"]), "down", "unreachable"),
    ],
)
def test_any_answer_but_a_failure_shows_that_a_server_is_there(
    campaign: Campaign, manager: User, as_user: Speak, make_model: MakeModel, reply: Reply, state: str, code: str
):
    with ModelServer(script=[reply]) as server:
        found = looked_at(as_user(manager), make_model(campaign, server.url))
        assert server.seen[0].line.startswith("GET /predict")
    assert (found["state"], found["checks"][0]["code"]) == (state, code)


def test_a_protocols_own_question_is_asked_first(
    campaign: Campaign, manager: User, as_user: Speak, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
):
    with ModelServer(respond=lambda seen: Reply(status=404 if "/health" in seen.line else 200)) as server:
        page = WireRequest(server.url.replace("/predict", "/health"), {}, b"", "GET")
        monkeypatch.setattr(type(PROTOCOLS["winnow"]), "health", lambda self, card: page)
        assert looked_at(as_user(manager), make_model(campaign, server.url))["state"] == "up"
        assert [seen.line.split()[1] for seen in server.seen] == ["/health", "/predict"]


def test_the_secret_goes_to_the_models_own_server_alone(campaign: Campaign, manager: User, monkeypatch: pytest.MonkeyPatch):
    from models_registry import services

    fields = {"name": "M", "task": campaign.task, "protocol": "winnow", "secret": "0pen5esame"}
    with ModelServer(script=[Reply(status=404)]) as elsewhere, ModelServer(answer={}) as own:
        model = services.create_model(user=manager, url=own.url, **fields)
        monkeypatch.setattr(type(PROTOCOLS["winnow"]), "health", lambda self, card: WireRequest(elsewhere.url, {}, b"", "GET"))
        health.check_model(user=manager, model=model)
        assert "authorization" not in elsewhere.seen[0].headers
        assert own.seen[0].headers["authorization"] == "Bearer 0pen5esame"


def test_a_question_that_a_protocol_sends_elsewhere_goes_without_the_secret(
    campaign: Campaign, manager: User, as_user: Speak, monkeypatch: pytest.MonkeyPatch
):
    from models_registry import services

    with ModelServer(answer={"items": []}) as elsewhere:
        model = services.create_model(
            user=manager, url="http://127.0.0.1:9/", name="M", task=campaign.task, protocol="winnow", secret="0pen5esame"
        )
        build = type(PROTOCOLS["winnow"]).build_request

        def led_astray(self: Any, image: Any, card: ModelCard) -> WireRequest:
            request: WireRequest = build(self, image, card)
            return WireRequest(elsewhere.url, request.headers, request.body)

        monkeypatch.setattr(type(PROTOCOLS["winnow"]), "build_request", led_astray)
        assert as_user(manager).post(f"/api/v1/models/{model.pk}/test", {}).status_code == 200
        assert "authorization" not in elsewhere.seen[0].headers


def test_the_schedule_looks_at_models_that_a_campaign_uses_and_not_too_often(campaign: Campaign, make_model: MakeModel):
    with ModelServer(answer={}) as server:
        used, gone = make_model(campaign, server.url), make_model(campaign, f"http://127.0.0.1:{free_port()}/")
        RegisteredModel.objects.create(name="idle", task=campaign.task, protocol="winnow", url=server.url)
        assert check_attached_models() == 2
        assert check_attached_models() == 0
        HealthCheck.objects.update(created_at=timezone.now() - timedelta(minutes=6))
        assert check_attached_models() == 2
        assert server.requests == 2
    assert list(used.checks.values_list("is_up", "scheduled")) == [(True, True)] * 2
    assert list(gone.checks.values_list("is_up", "code")) == [(False, "unreachable")] * 2


@pytest.mark.django_db
def test_the_workers_are_told_to_look():
    call_command("sweep_runs", verbosity=0)
    call_command("sweep_runs", verbosity=0)
    row = Schedule.objects.get(name="check models")
    assert (row.func, row.minutes) == ("inference.tasks.check_models", 5)
    assert Schedule.objects.filter(name="sweep runs").count() == 1


def test_old_checks_are_forgotten(campaign: Campaign, manager: User, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health, "KEPT_CHECKS", 3)
    model = make_model(campaign, f"http://127.0.0.1:{free_port()}/")
    for _ in range(6):
        health.check_model(user=manager, model=model)
    assert model.checks.count() == 3


def test_a_model_of_our_own_is_up_when_its_files_are_there(campaign: Campaign, manager: User, as_user: Speak, make_model: MakeModel):
    model = make_model(campaign, "", kind=ModelKind.INTERNAL, protocol="local")
    found = looked_at(as_user(manager), model)
    assert (found["state"], found["checks"][0]["code"]) == ("down", "model_missing")
    assert found["checks"][0]["latency_ms"] is None


def test_tests_count_as_calls_and_the_list_tells_all_at_once(
    campaign: Campaign,
    manager: User,
    viewer: User,
    stranger: User,
    as_user: Speak,
    make_model: MakeModel,
    django_assert_max_num_queries: Any,
):
    good = {"items": [{"kind": "classification", "scores": {"land": 0.9, "water": 0.1}}]}
    with ModelServer(script=[Reply(good), Reply(good), Reply({"items": "none"})]) as server:
        model = make_model(campaign, server.url)
        for _ in range(3):
            assert as_user(manager).post(f"/api/v1/models/{model.pk}/test", {}).status_code == 200
    (told,) = as_user(viewer).get("/api/v1/models/health").json()
    assert (told["model"], told["state"]) == (model.pk, "unknown")
    assert (told["calls"]["calls"], told["calls"]["failures"], told["calls"]["last_error_code"]) == (3, 1, "rejected")
    assert told["calls"]["p50_ms"] > 0
    assert as_user(stranger).get("/api/v1/models/health").json() == []
    for _ in range(8):
        make_model(campaign, server.url)
    client = as_user(viewer)
    with django_assert_max_num_queries(6):
        assert len(client.get("/api/v1/models/health").json()) == 9
    assert "model.tested" in AuditEntry.objects.values_list("action", flat=True)


def test_a_run_counts_its_calls_and_blames_the_model_for_its_own_failures_alone(
    campaign: Campaign, owner: User, make_model: MakeModel, make_image: Callable[..., Image], data_dir: Any
):
    images = [make_image(campaign) for _ in range(7)]
    (data_dir / "images" / images[0].path).unlink()
    sound = Reply({"items": [{"kind": "classification", "scores": {"land": 0.9}}]})
    with ModelServer(script=[sound] * 4 + [Reply(status=500)]) as server:
        model = make_model(campaign, server.url, options={"concurrency": 1})
        execute_now(start_inference(user=owner, campaign=campaign, model=model, images="all"))
        assert server.requests == 6
    batch = CallBatch.objects.get(model=model)
    assert (batch.kind, batch.calls, batch.failures, batch.error_code) == ("run", 6, 2, "http_5xx")
    assert sum(batch.latencies.values()) == 4
