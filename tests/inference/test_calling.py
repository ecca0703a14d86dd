"""One question: answered, tried again, or failed with a code."""

import asyncio
import json
import random
from dataclasses import replace

import pytest

from inference import calling
from inference.calling import Answer, CallFailed, Endpoint, ask, greet, limits_of
from inference.protocols import PROTOCOLS
from inference.protocols.winnow import WinnowJson
from inference.wire import ModelCard, WireReply, WireRequest
from models_registry.egress import EgressClient, EgressPolicy
from models_registry.options import ModelOptions
from tests.fakes import ModelServer, Reply, free_port
from tests.inference.wire import picture

LAND = {"items": [{"kind": "classification", "scores": {"land": 1.0}}]}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(calling, "LONGEST_PAUSE_S", 0.01)


def question(url: str, *, retries: int = 3, timeout_s: float = 2.0, **headers: str) -> Answer:
    options = ModelOptions(retries=retries, timeout_s=timeout_s, max_reply_mib=1)
    endpoint = Endpoint(PROTOCOLS["winnow_json"], ModelCard(url, "classification", options=options), headers)

    async def send() -> Answer:
        policy = EgressPolicy.of(networks=["127.0.0.0/8"])
        async with EgressClient(policy, limits_of(options)) as client:
            return await ask(client, endpoint, picture(), dice=random.Random(1))

    return asyncio.run(send())


class Polite(WinnowJson):
    """Greets before it asks, and reads in a refusal's body how long to wait."""

    def greeting(self, model: ModelCard) -> WireRequest:
        return WireRequest(f"{model.url}/hello", {"Content-Type": "application/json"}, b"{}")

    def greeted(self, reply: WireReply, model: ModelCard) -> ModelCard:
        return replace(model, version=json.loads(reply.body)["version"])

    def pause_s(self, status: int, body: bytes) -> float | None:
        return float(json.loads(body)["wait_s"])


def greeted(url: str) -> Endpoint:
    options = ModelOptions(timeout_s=2.0)
    endpoint = Endpoint(Polite(), ModelCard(url, "classification", options=options), {"Authorization": "Bearer hush"})

    async def send() -> Endpoint:
        async with EgressClient(EgressPolicy.of(networks=["127.0.0.0/8"]), limits_of(options)) as client:
            return await greet(client, endpoint, dice=random.Random(1))

    return asyncio.run(send())


def test_what_the_greeting_tells_goes_into_the_card() -> None:
    with ModelServer(script=[Reply(json={"version": "v7"})]) as server:
        assert greeted(server.url).card.version == "v7"
        assert server.seen[0].headers["authorization"] == "Bearer hush"
    assert PROTOCOLS["winnow_json"].greeting(ModelCard("http://a", "detection")) is None


def test_the_body_of_a_refusal_may_say_how_long_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(calling, "LONGEST_PAUSE_S", 30.0)
    monkeypatch.setattr(calling.asyncio, "sleep", sleep)
    with ModelServer(script=[Reply(status=503, json={"wait_s": 20.0}), Reply(json={"version": "v7"})]) as server:
        assert greeted(server.url).card.version == "v7"
    assert len(pauses) == 1
    assert 20.0 <= pauses[0] <= 30.0


def failure(url: str, *, retries: int = 3, timeout_s: float = 2.0) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        question(url, retries=retries, timeout_s=timeout_s)
    return caught.value


def test_a_sound_answer_is_a_prediction() -> None:
    with ModelServer(answer=LAND) as server:
        answer = question(server.url, Authorization="Bearer hush")
        assert answer.prediction.items[0].confidence == 1.0  # type: ignore[union-attr]
        assert answer.tries == 1
        assert answer.latency_ms > 0
        assert server.seen[0].headers["authorization"] == "Bearer hush"


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again(status: int) -> None:
    with ModelServer(script=[Reply(status=status), Reply(status=status, headers={"Retry-After": "1"}), Reply(json=LAND)]) as server:
        assert question(server.url).tries == 3
        keys = {seen.headers["idempotency-key"] for seen in server.seen}
        assert len(keys) == 1


def test_it_is_asked_four_times_at_most() -> None:
    with ModelServer(script=[Reply(status=503)]) as server:
        assert failure(server.url).code == "http_5xx"
        assert server.requests == 4


@pytest.mark.parametrize(
    ("status", "code"), [(400, "http_4xx"), (401, "http_4xx"), (404, "http_4xx"), (413, "http_4xx"), (500, "http_5xx")]
)
def test_a_mistake_is_not_repeated(status: int, code: str) -> None:
    with ModelServer(script=[Reply(status=status, body=b"overheard")]) as server:
        error = failure(server.url)
        assert (error.code, error.sample) == (code, b"overheard")
        assert "overheard" not in error.reason
        assert server.requests == 1


def test_a_server_that_hangs_up_is_asked_again() -> None:
    with ModelServer(script=[Reply(raw=[]), Reply(json=LAND)]) as server:
        assert question(server.url).tries == 2


def test_a_lie_is_rejected_with_its_place_and_not_asked_again() -> None:
    with ModelServer(answer={"items": [{"kind": "classification", "scores": {"land": "much"}}]}) as server:
        error = failure(server.url)
        assert (error.code, error.where) == ("rejected", "items[0].scores.land")
        assert server.requests == 1


def test_each_way_to_fail_has_its_code() -> None:
    assert failure(f"http://127.0.0.1:{free_port()}/").code == "unreachable"
    assert failure("http://10.0.0.1:8000/").code == "refused_address"
    with ModelServer(answer=LAND, delay_s=3) as slow:
        assert failure(slow.url, timeout_s=0.2).code == "timeout"
        assert slow.requests == 1
    with ModelServer(script=[Reply(body=b" " * (2**20 + 1))]) as giant:
        assert failure(giant.url).code == "too_large"
    with ModelServer(script=[Reply(status=302, headers={"Location": "/"})]) as elsewhere:
        assert failure(elsewhere.url).code == "redirected"


def test_a_large_answer_is_parsed_aside() -> None:
    boxes = [{"kind": "box", "index": 0, "box": [5, 5, 2, 2], "score": 0.5}] * 5000
    with ModelServer(answer={"items": boxes}) as server:
        assert len(question(server.url).prediction.items) == 5000
