"""Where a secret goes."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.wire import SecretPlace, WireRequest, origin_of, with_secret

JSON = SecretPlace("json", "api_key")
QUERY = SecretPlace("query", "api key")
plain = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1)


def request(body: bytes = b"{}", url: str = "http://a:1/p") -> WireRequest:
    return WireRequest(url, {}, body)


@given(st.dictionaries(st.text(), st.integers() | st.text(), max_size=4), plain)
def test_a_member_is_added_to_any_document_and_the_rest_stays(document: dict[str, int | str], secret: str) -> None:
    sent = with_secret(request(json.dumps(document).encode()), JSON, secret)
    assert orjson.loads(sent.body) == document | {"api_key": secret}


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("http://a:1/p", "http://a:1/p?api%20key=a%26b%3D%23"),
        ("http://a:1/p?q=1#top", "http://a:1/p?q=1&api%20key=a%26b%3D%23#top"),
    ],
)
def test_a_query_keeps_what_it_had(url: str, sent: str) -> None:
    assert with_secret(request(url=url), QUERY, "a&b=#") == request(url=sent)


@pytest.mark.parametrize(("place", "secret"), [(JSON, ""), (QUERY, ""), (SecretPlace(), "hush")])
def test_without_a_secret_or_with_one_in_a_header_the_request_is_as_it_was(place: SecretPlace, secret: str) -> None:
    assert with_secret(request(), place, secret) == request()


def test_what_is_no_document_takes_no_member() -> None:
    assert with_secret(request(b"\x89PNG"), JSON, "hush").body == b"\x89PNG"
    assert with_secret(request(b""), JSON, "hush").body == b""


def test_a_secret_is_not_part_of_what_is_shown_of_a_request() -> None:
    assert "hush" not in repr(with_secret(request(), JSON, "hush"))


def test_the_origin_is_the_scheme_the_host_and_the_port() -> None:
    assert origin_of("http://a:1/p/q?x=1#y") == "http://a:1"
