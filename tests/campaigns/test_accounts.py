"""The first account, sign-in, tokens."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.models import ApiToken, User
from campaigns.services.accounts import create_token
from tests.conftest import PASSWORD

As = Callable[[User | None], APIClient]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forget_attempts() -> None:
    cache.clear()


def test_the_first_account_owns_the_deployment_and_there_is_no_second_first(as_user: As) -> None:
    client = as_user(None)
    assert client.get("/api/v1/auth/state").data == {"setup_needed": True, "user": None}
    made = client.post("/api/v1/auth/setup", {"username": "olga", "password": "a fine long one"})
    assert made.status_code == 201 and made.data["user"]["is_owner"] and made.data["token"]
    assert client.get("/api/v1/auth/me").data["user"]["username"] == "olga"
    again = as_user(None).post("/api/v1/auth/setup", {"username": "eve", "password": "a fine long one"})
    assert again.status_code == 409 and not User.objects.filter(username="eve").exists()


@pytest.mark.parametrize("password", ["short", "password123"])
def test_a_weak_password_is_refused_with_the_reason(as_user: As, password: str) -> None:
    answer = as_user(None).post("/api/v1/auth/setup", {"username": "olga", "password": password})
    assert answer.status_code == 422 and answer.data["code"] == "weak_password"
    assert not User.objects.exists()


def test_a_token_is_stored_hashed_and_speaks_for_its_user(annotator: User, as_user: As) -> None:
    text = as_user(None).post("/api/v1/auth/token", {"username": "annotator", "password": PASSWORD}).data["token"]
    assert not ApiToken.objects.filter(digest__contains=text).exists()
    for headers in ({"Authorization": f"Bearer {text}"}, {"X-Auth-token": text}):
        assert as_user(None).get("/api/v1/auth/me", headers=headers).data["user"]["username"] == "annotator"


def test_a_wrong_password_is_told_without_saying_which_part_was_wrong(annotator: User, as_user: As) -> None:
    known = as_user(None).post("/api/v1/auth/login", {"username": "annotator", "password": "wrong"})
    unknown = as_user(None).post("/api/v1/auth/login", {"username": "nobody", "password": "wrong"})
    assert known.status_code == unknown.status_code == 401
    assert known.data == unknown.data


def test_signing_out_ends_the_session_and_every_copy_of_its_cookie(annotator: User, as_user: As) -> None:
    client, copy = as_user(annotator), as_user(None)
    copy.cookies = client.cookies.copy()
    assert copy.get("/api/v1/auth/me").status_code == 200
    assert client.post("/api/v1/auth/logout").status_code == 204
    assert copy.get("/api/v1/auth/me").status_code == 401


def test_guessing_passwords_is_slowed_down(annotator: User, as_user: As) -> None:
    answers = [as_user(None).post("/api/v1/auth/login", {"username": "annotator", "password": "wrong"}) for _ in range(31)]
    assert answers[-1].status_code == 429 and int(answers[-1].headers["Retry-After"]) > 0


def test_a_made_up_forwarding_header_buys_no_more_guesses(annotator: User, as_user: As) -> None:
    guess = {"username": "annotator", "password": "wrong"}
    answers = [as_user(None).post("/api/v1/auth/login", guess, headers={"X-Forwarded-For": f"10.0.0.{n}"}) for n in range(31)]
    assert answers[-1].status_code == 429


def test_a_reading_token_does_not_write(manager: User, campaign: object, as_user: As) -> None:
    _, text = create_token(user=manager, name="reports", scopes=["read"])
    headers = {"Authorization": f"Bearer {text}"}
    assert as_user(None).get("/api/v1/campaigns", headers=headers).status_code == 200
    assert as_user(None).post("/api/v1/campaigns", {"name": "x", "task": "detection"}, headers=headers).status_code == 401


def test_an_expired_or_revoked_token_opens_nothing(manager: User, as_user: As) -> None:
    token, text = create_token(user=manager, name="old", expires_at=timezone.now() + timedelta(hours=1))
    headers = {"Authorization": f"Bearer {text}"}
    assert as_user(None).get("/api/v1/auth/me", headers=headers).status_code == 200
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert as_user(None).get("/api/v1/auth/me", headers=headers).status_code == 401
    _, other = create_token(user=manager, name="new")
    listed = as_user(manager).get("/api/v1/auth/tokens").data
    assert all("token" not in row for row in listed)
    assert as_user(manager).delete(f"/api/v1/auth/tokens/{listed[0]['id']}").status_code == 204
    assert as_user(None).get("/api/v1/auth/me", headers={"Authorization": f"Bearer {other}"}).status_code == 401


def test_one_cannot_revoke_anothers_token(manager: User, annotator: User, as_user: As) -> None:
    token, _ = create_token(user=manager, name="mine")
    assert as_user(annotator).delete(f"/api/v1/auth/tokens/{token.pk}").status_code == 404
