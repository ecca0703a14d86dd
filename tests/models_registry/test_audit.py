"""The audit log: who did what to which model, when and from where; and who may do it at all."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from campaigns.errors import NotAllowed
from campaigns.models import Campaign, Membership, Role, User
from models_registry import services
from models_registry.models import AuditEntry, RegisteredModel

Speak = Callable[[User | None], APIClient]
MakeModel = Callable[..., RegisteredModel]
SECRET = "0pen5esame-0pen5esame"


def told(client: APIClient) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/audit")
    assert answer.status_code == 200, answer.content
    return list(answer.json()["results"])


def test_the_life_of_a_model_is_written_down_and_outlives_it(
    campaign: Campaign, manager: User, owner: User, as_user: Speak, fields: dict[str, Any]
):
    client = as_user(manager)
    sent = {**fields, "secret": SECRET, "url": "http://127.0.0.1:9100/predict?api_key=hidden-in-the-query"}
    model = client.post("/api/v1/models", sent, headers={"User-Agent": "Browser of hers"}).json()["id"]
    client.post(f"/api/v1/campaigns/{campaign.pk}/models", {"model": model})
    client.patch(f"/api/v1/models/{model}", {"name": "Renamed"})
    client.patch(f"/api/v1/models/{model}", {"name": "Renamed"})
    client.patch(f"/api/v1/models/{model}", {"url": "http://127.0.0.2:9100/predict"})
    client.post(f"/api/v1/models/{model}/test", {})
    client.delete(f"/api/v1/models/{model}")
    entries = told(as_user(owner))[::-1]
    assert [each["action"] for each in entries] == [
        "model.registered", "model.attached", "model.changed", "model.changed", "model.tested", "model.removed",
    ]  # fmt: skip
    first, _, renamed, moved, tested, removed = entries
    assert (first["username"], first["model"], first["address"]) == ("manager", model, "127.0.0.1")
    assert first["client"] == "web page, Browser of hers"
    assert first["url"] == "http://127.0.0.1:9100/predict"
    assert first["details"] == {"protocol": "winnow_json", "secret": True}
    assert renamed["details"] == {"fields": ["name"]}
    assert moved["details"] == {"fields": ["url"], "url_before": "http://127.0.0.1:9100/predict", "secret": "removed"}
    assert tested["details"]["ok"] is False
    assert removed["model_name"] == "Renamed"
    assert "hidden" not in str(entries)
    assert SECRET not in str(entries)


def test_a_script_is_told_by_its_token(campaign: Campaign, manager: User, owner: User, as_user: Speak, fields: dict[str, Any]):
    token = as_user(manager).post("/api/v1/auth/tokens", {"name": "nightly"}).json()["token"]
    APIClient().post("/api/v1/models", fields, headers={"Authorization": f"Bearer {token}"})
    (entry,) = told(as_user(owner))
    assert entry["client"].startswith('token "nightly"')
    assert token not in str(entry)


def test_a_campaigns_owner_reads_of_the_campaigns_models_and_of_no_other(
    campaign: Campaign, make_user: Callable[..., User], manager: User, as_user: Speak, make_model: MakeModel
):
    head = make_user("head")
    Membership.objects.create(campaign=campaign, user=head, role=Role.OWNER)
    mine, foreign = make_model(manager, name="Mine"), make_model(manager, name="Foreign")
    services.attach_model(user=manager, campaign=campaign, model=mine)
    assert {each["model_name"] for each in told(as_user(head))} == {"Mine"}
    services.delete_model(user=manager, model=mine)
    services.delete_model(user=manager, model=foreign)
    assert [(each["action"], each["model_name"]) for each in told(as_user(head))] == [
        ("model.removed", "Mine"), ("model.attached", "Mine"),
    ]  # fmt: skip
    assert as_user(manager).get("/api/v1/audit").status_code == 403


def test_what_was_not_done_is_not_written_down(campaign: Campaign, manager: User, annotator: User, make_model: MakeModel):
    model = make_model(manager)
    with pytest.raises(NotAllowed):
        services.update_model(user=annotator, model=model, name="Mine now")
    assert [each.action for each in AuditEntry.objects.all()] == ["model.registered"]


@pytest.mark.parametrize(
    ("allowed", "who"), [("managers", {"manager", "head", "owner"}), ("owners", {"head", "owner"}), ("owner", {"owner"})]
)
def test_the_operator_says_who_may_register_addresses(
    campaign: Campaign,
    make_user: Callable[..., User],
    manager: User,
    owner: User,
    make_model: MakeModel,
    settings: Any,
    as_user: Speak,
    allowed: str,
    who: set[str],
):
    head = make_user("head")
    Membership.objects.create(campaign=campaign, user=head, role=Role.OWNER)
    settings.MODEL_REGISTRARS = allowed
    passed = set()
    for user in (manager, head, owner):
        told = as_user(user).get("/api/v1/models/permissions").json()
        assert (told["address"], told["address_refused"] == "") == (user.username in who, user.username in who)
        try:
            make_model(user)
        except NotAllowed:
            assert user.username not in who
        else:
            passed.add(user.username)
    assert passed == who


def test_who_may_register_no_address_may_not_change_one_but_may_rename(
    campaign: Campaign, manager: User, owner: User, make_model: MakeModel, settings: Any
):
    model = make_model(manager)
    settings.MODEL_REGISTRARS = "owner"
    for change in ({"url": "http://127.0.0.2:9100/"}, {"secret": SECRET}, {"auth_header": "X-Api-Key"}):
        with pytest.raises(NotAllowed):
            services.update_model(user=manager, model=model, **change)
    # A form sends everything back: what is as it was is no change.
    services.update_model(user=manager, model=model, name="Renamed", url=model.url, auth_header=model.auth_header, secret="")
    model.refresh_from_db()
    assert model.name == "Renamed"


def test_the_card_keeps_texts_and_refuses_others(campaign: Campaign, manager: User, as_user: Speak, make_model: MakeModel):
    model = make_model(manager)
    client = as_user(manager)
    card = {"input_bands": "B02, B03, B04, B08", "normalisation": "reflectance / 10000", "licence": "CC-BY-4.0", "notes": "  "}
    changed = client.patch(f"/api/v1/models/{model.pk}", {"card": card}).json()
    assert changed["card"] == {name: card[name] for name in ("input_bands", "normalisation", "licence")}
    assert client.patch(f"/api/v1/models/{model.pk}", {"card": {"licence": "x" * 201}}).status_code in {400, 422}
