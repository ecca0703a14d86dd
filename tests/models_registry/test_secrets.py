"""Secrets at rest."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import InvalidInput
from models_registry.credentials import check_header, check_secret, credential_headers
from models_registry.secrets import SecretUnreadable, decrypt, encrypt


@given(st.text(max_size=50), st.integers(1, 10**9))
def test_a_secret_comes_back(secret: str, model_id: int) -> None:
    stored = encrypt(secret, model_id=model_id)
    assert stored.startswith("v1:")
    assert not secret or len(secret) < 4 or secret not in stored
    assert decrypt(stored, model_id=model_id) == secret


def test_a_secret_of_another_model_opens_nothing() -> None:
    with pytest.raises(SecretUnreadable):
        decrypt(encrypt("hush", model_id=1), model_id=2)


@pytest.mark.parametrize("stored", ["", "hush", "v1:", "v1:hush", "v2:gAAAAA", "v1:\u00e9"])
def test_what_is_no_ciphertext_is_never_taken_for_the_secret(stored: str) -> None:
    with pytest.raises(SecretUnreadable):
        decrypt(stored, model_id=1)


def test_a_changed_key_fails_closed_and_an_old_one_behind_it_still_opens(settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["first"]
    stored = encrypt("hush", model_id=1)
    settings.FIELD_ENCRYPTION_KEYS = ["second", "first"]
    assert decrypt(stored, model_id=1) == "hush"
    renewed = encrypt("hush", model_id=1)
    settings.FIELD_ENCRYPTION_KEYS = ["second"]
    assert decrypt(renewed, model_id=1) == "hush"
    with pytest.raises(SecretUnreadable):
        decrypt(stored, model_id=1)


@pytest.mark.parametrize(
    ("header", "secret", "sent"),
    [
        ("Authorization", "abc", "Bearer abc"),
        ("Authorization", "Basic dXNlcg==", "Basic dXNlcg=="),
        ("authorization", "abc", "Bearer abc"),
        ("X-API-Key", "abc", "abc"),
    ],
)
def test_a_bare_token_is_sent_as_bearer(header: str, secret: str, sent: str) -> None:
    model: Any = SimpleNamespace(pk=3, auth_header=header, secret=encrypt(secret, model_id=3))
    assert credential_headers(model) == {header: sent}


@pytest.mark.parametrize("header", ["Host", "content-length", "X Y", "", "Transfer-Encoding", "X-A\r\nX-B", "Ä"])
def test_a_secret_cannot_ride_in_a_header_of_http_itself(header: str) -> None:
    with pytest.raises(InvalidInput):
        check_header(header)


@pytest.mark.parametrize("secret", ["two\nlines", "ü", "x" * 9000])
def test_a_secret_that_fits_no_header_is_refused_without_being_repeated(secret: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_secret(secret)
    assert secret not in caught.value.detail
