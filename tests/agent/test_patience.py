"""An agent's requests: pauses that the server asks for are kept, and a token goes to no other server."""

import threading

import pytest

from tests.inference.endpoint import Endpoint, Reply
from winnow_agent.api import Api, ApiError


def api_at(url):
    return Api(url.rstrip("/"), 7, "secret", "a", threading.Event(), dice=lambda low, high: low)


def test_a_pause_that_the_server_asks_for_is_kept_and_work_is_handed_in_after_all():
    replies = [Reply(b"", status=429, headers={"Retry-After": "0"}), Reply(b"", status=503, headers={"Retry-After": "0"})]
    with Endpoint(lambda body: replies.pop(0) if replies else Reply(b'{"accepted": 1, "late": []}')) as endpoint:
        assert api_at(endpoint.url).complete([{"id": 1, "error": "no"}])["accepted"] == 1
        assert endpoint.requests == 3


def test_a_refusal_is_not_repeated():
    with Endpoint(lambda body: Reply(b'{"detail": "Not yours."}', status=403)) as endpoint:
        with pytest.raises(ApiError, match="Not yours") as refused:
            api_at(endpoint.url).announce("1", [], "")
        assert (refused.value.passing, endpoint.requests) == (False, 1)


def test_pauses_grow_and_end():
    api = api_at("http://127.0.0.1:9")
    pauses = [api.pause_s(number) for number in range(12)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.25, 30.0)
    assert api.pause_s(0, ApiError(429, "", 5.0)) == 5.0


def test_an_image_on_another_server_is_not_fetched():
    with pytest.raises(ApiError, match="another server"):
        api_at("http://127.0.0.1:9").image("http://127.0.0.1:10/x")
