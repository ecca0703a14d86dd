"""Registering models: over HTTP, by role, with their secrets."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from campaigns.models import Campaign, Membership, Role, User
from models_registry import secrets
from models_registry.models import ModelKind, RegisteredModel

Speak = Callable[[User | None], APIClient]
Make = Callable[..., RegisteredModel]
MODELS = "/api/v1/models"


def test_a_manager_registers_a_model_and_never_sees_its_secret_again(
    campaign: Campaign, manager: User, as_user: Speak, fields: dict[str, Any]
) -> None:
    answer = as_user(manager).post(MODELS, {**fields, "secret": "hush-hush", "options": {"concurrency": 4}})
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert made["has_secret"]
    assert made["may_change"]
    assert made["options"]["concurrency"] == 4
    for url in (MODELS, f"{MODELS}/{made['id']}"):
        assert b"hush" not in as_user(manager).get(url).content
    model = RegisteredModel.objects.get()
    assert "hush" not in model.secret
    assert secrets.decrypt(model.secret, model_id=model.pk) == "hush-hush"


@pytest.mark.parametrize(
    ("role", "status"), [("owner", 201), ("manager", 201), ("reviewer", 403), ("annotator", 403), ("viewer", 403), ("stranger", 403)]
)
def test_urls_are_entered_by_owners_and_managers_alone(
    campaign: Campaign, role: str, status: int, as_user: Speak, fields: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(role)
    assert as_user(user).post(MODELS, fields).status_code == status


def test_who_may_bring_in_no_model_is_told_who_may(campaign: Campaign, annotator: User, manager: User, as_user: Speak) -> None:
    told = as_user(annotator).get(f"{MODELS}/permissions").json()
    assert not told["address"]
    assert not told["file"]
    assert "owner or manager" in told["address_refused"]
    assert as_user(manager).get(f"{MODELS}/permissions").json() == {
        "address": True,
        "address_refused": "",
        "file": True,
        "file_refused": "",
    }


def test_nobody_registers_a_model_without_signing_in(as_user: Speak, fields: dict[str, Any], db: None) -> None:
    assert as_user(None).post(MODELS, fields).status_code in {401, 403}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "ftp://model/"}, "url"),
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"url": "http://169.254.169.254/"}, "url"),
        ({"url": "http://user:pw@127.0.0.1/"}, "url"),
        ({"protocol": "telepathy"}, "protocol"),
        ({"protocol": "local"}, "protocol"),
        ({"protocol": "scaneo", "task": "keypoints"}, "task"),
        ({"options": {"timeout_s": -1}}, "options.timeout_s"),
        ({"options": {"hidden": 1}}, "options.hidden"),
        ({"classes": [{"index": 0, "name": "a"}, {"index": 0, "name": "b"}]}, "classes.1"),
        ({"classes": [{"index": 0, "name": "a"}, {"index": 1, "name": "a"}]}, "classes.1"),
        ({"auth_header": "Host"}, "auth_header"),
        ({"name": ""}, "name"),
    ],
)
def test_what_cannot_be_used_is_named(
    campaign: Campaign, manager: User, as_user: Speak, fields: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    answer = as_user(manager).post(MODELS, {**fields, **change})
    assert answer.status_code == 422, answer.content
    assert [each["field"] for each in answer.json()["errors"]] == [field]


def test_a_stranger_finds_no_model(campaign: Campaign, manager: User, stranger: User, as_user: Speak, make_model: Make) -> None:
    model = make_model(manager)
    for method in ("get", "patch", "delete"):
        assert getattr(as_user(stranger), method)(f"{MODELS}/{model.pk}").status_code == 404
    assert as_user(stranger).get(MODELS).json()["results"] == []


def test_a_member_sees_the_campaign_s_model_without_its_address(
    campaign: Campaign, manager: User, annotator: User, as_user: Speak, make_model: Make
) -> None:
    model = make_model(manager, secret="hush")
    as_user(manager).post(f"/api/v1/campaigns/{campaign.pk}/models", {"model": model.pk})
    seen = as_user(annotator).get(f"{MODELS}/{model.pk}").json()
    assert (seen["name"], seen["url"], seen["may_change"], seen["may_use"]) == ("Coast", "", False, False)
    assert as_user(manager).get(MODELS).json()["results"][0]["may_use"]
    assert as_user(annotator).patch(f"{MODELS}/{model.pk}", {"url": "http://127.0.0.1:6666/"}).status_code == 403
    assert as_user(annotator).delete(f"{MODELS}/{model.pk}").status_code == 403


@pytest.mark.parametrize(
    ("url", "stays"),
    [
        ("http://127.0.0.1:9100/other", True),
        ("http://127.0.0.1:9100/predict?a=1", True),
        ("http://127.0.0.1:9101/predict", False),
        ("http://localhost:9100/predict", False),
        ("https://127.0.0.1:9100/predict", False),
    ],
)
def test_another_origin_takes_the_secret_away(
    campaign: Campaign, manager: User, as_user: Speak, make_model: Make, url: str, stays: bool
) -> None:
    model = make_model(manager, secret="hush")
    assert as_user(manager).patch(f"{MODELS}/{model.pk}", {"url": url}).json()["has_secret"] is stays


def test_a_new_secret_may_come_with_a_new_origin_and_an_empty_one_removes_it(
    campaign: Campaign, manager: User, as_user: Speak, make_model: Make
) -> None:
    model = make_model(manager, secret="hush")
    client = as_user(manager)
    moved = client.patch(f"{MODELS}/{model.pk}", {"url": "http://127.0.0.1:9200/", "secret": "anew"})
    assert moved.json()["has_secret"]
    model.refresh_from_db()
    assert secrets.decrypt(model.secret, model_id=model.pk) == "anew"
    assert client.patch(f"{MODELS}/{model.pk}", {"name": "Shore"}).json()["has_secret"]
    assert client.patch(f"{MODELS}/{model.pk}", {"secret": None}).json()["has_secret"]
    assert not client.patch(f"{MODELS}/{model.pk}", {"secret": ""}).json()["has_secret"]


def test_a_model_in_a_campaign_of_others_is_not_theirs_to_change(
    make_campaign: Callable[..., Campaign], manager: User, make_user: Callable[..., User], as_user: Speak, make_model: Make
) -> None:
    here, there = make_campaign("here"), make_campaign("there")
    other = make_user("other")
    Membership.objects.create(campaign=there, user=other, role=Role.MANAGER)
    model = make_model(manager)
    for campaign in (here, there):
        assert as_user(manager).post(f"/api/v1/campaigns/{campaign.pk}/models", {"model": model.pk}).status_code == 201
    assert as_user(other).patch(f"{MODELS}/{model.pk}", {"url": "http://127.0.0.1:6666/"}).status_code == 403
    assert as_user(manager).patch(f"{MODELS}/{model.pk}", {"name": "Ours"}).status_code == 200


def test_a_viewer_elsewhere_cannot_use_a_model_with_its_secret(
    make_campaign: Callable[..., Campaign], manager: User, make_user: Callable[..., User], as_user: Speak, make_model: Make
) -> None:
    theirs = make_campaign("theirs")
    model = make_model(manager, secret="hush")
    as_user(manager).post(f"/api/v1/campaigns/{theirs.pk}/models", {"model": model.pk})
    guest = make_user("guest")
    Membership.objects.create(campaign=theirs, user=guest, role=Role.VIEWER)
    mine = as_user(guest).post("/api/v1/campaigns", {"name": "mine", "task": "classification", "labels": []}).json()
    assert as_user(guest).post(f"/api/v1/campaigns/{mine['id']}/models", {"model": model.pk}).status_code == 403
    assert as_user(guest).post(f"{MODELS}/{model.pk}/test", {}).status_code == 403


def test_a_model_of_ours_keeps_what_its_checkpoint_says(campaign: Campaign, manager: User, as_user: Speak) -> None:
    model = RegisteredModel.objects.create(name="Net", kind=ModelKind.INTERNAL, task="classification", protocol="local", created_by=manager)
    client = as_user(manager)
    assert client.patch(f"{MODELS}/{model.pk}", {"name": "Network"}).status_code == 200
    for change in ({"url": "http://127.0.0.1:1/"}, {"classes": []}, {"protocol": "scaneo"}, {"secret": "hush"}):
        assert client.patch(f"{MODELS}/{model.pk}", change).status_code == 409
