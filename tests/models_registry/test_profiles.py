"""Thresholds under a name: kept, taken up, changed, forgotten."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from campaigns.models import Campaign, User
from models_registry import services
from models_registry.models import CampaignModel, RegisteredModel

Speak = Callable[[User | None], APIClient]
Make = Callable[..., RegisteredModel]


@pytest.fixture
def attached(campaign: Campaign, manager: User, make_model: Make) -> CampaignModel:
    return services.attach_model(user=manager, campaign=campaign, model=make_model(manager))


@pytest.fixture
def water(campaign: Campaign) -> int:
    return campaign.labels.get(name="Water").pk


def address(attached: CampaignModel, profile: int | None = None) -> str:
    root = f"/api/v1/campaigns/{attached.campaign_id}/models/{attached.model_id}/threshold-profiles"
    return root if profile is None else f"{root}/{profile}"


def made(client: APIClient, attached: CampaignModel, name: str, thresholds: dict[str, Any]) -> Any:
    return client.post(address(attached), {"name": name, "thresholds": thresholds})


def test_a_profile_is_kept_renamed_changed_and_forgotten_and_what_holds_stays(
    attached: CampaignModel, manager: User, as_user: Speak, water: int
) -> None:
    client = as_user(manager)
    answer = made(client, attached, "  Few false alarms ", {str(water): 0.9})
    assert answer.status_code == 201
    kept = answer.json()
    assert (kept["name"], kept["thresholds"], kept["created_by"]["username"]) == ("Few false alarms", {str(water): 0.9}, manager.username)
    changed = client.patch(address(attached, kept["id"]), {"name": "Sure", "thresholds": {str(water): 0.95}}).json()
    assert (changed["name"], changed["thresholds"]) == ("Sure", {str(water): 0.95})
    assert client.patch(address(attached, kept["id"]), {"name": "Surer"}).json()["thresholds"] == {str(water): 0.95}
    assert [each["name"] for each in client.get(address(attached)).json()] == ["Surer"]
    attached.refresh_from_db()
    assert attached.thresholds == {}
    assert client.delete(address(attached, kept["id"])).status_code == 204
    assert client.get(address(attached)).json() == []
    assert client.delete(address(attached, kept["id"])).status_code == 404


def test_two_profiles_never_share_a_name(attached: CampaignModel, manager: User, as_user: Speak, water: int) -> None:
    client = as_user(manager)
    made(client, attached, "Sure", {str(water): 0.9})
    second = made(client, attached, "Other", {str(water): 0.1}).json()
    twice, renamed = made(client, attached, "Sure", {}), client.patch(address(attached, second["id"]), {"name": "Sure"})
    assert [(each.status_code, each.json()["code"]) for each in (twice, renamed)] == [(409, "name_taken")] * 2
    assert {each["name"]: each["thresholds"] for each in client.get(address(attached)).json()} == {
        "Other": {str(water): 0.1},
        "Sure": {str(water): 0.9},
    }


@pytest.mark.parametrize(
    "body", [{"name": " ", "thresholds": {}}, {"name": "a", "thresholds": {"999999": 0.5}}, {"name": "a", "thresholds": {"x": 0.5}},
             {"name": "a", "thresholds": {"1": 1.5}}, {"name": "a" * 101, "thresholds": {}}, {"name": "a"}, {"thresholds": {}}],
)  # fmt: skip
def test_what_cannot_be_a_profile_is_refused(attached: CampaignModel, manager: User, as_user: Speak, body: dict[str, Any]) -> None:
    assert as_user(manager).post(address(attached), body).status_code == 422


def test_a_label_that_is_gone_leaves_the_profile(attached: CampaignModel, manager: User, as_user: Speak, campaign: Campaign) -> None:
    labels = {label.name: label for label in campaign.labels.all()}
    client = as_user(manager)
    made(client, attached, "Sure", {str(label.pk): 0.9 for label in labels.values()})
    gone = str(labels["Land"].pk)
    labels["Land"].delete()
    assert gone not in client.get(address(attached)).json()[0]["thresholds"]
    assert services.profiles_by_name(campaign, attached.model) == {"Sure": dict.fromkeys(campaign.labels.values_list("pk", flat=True), 0.9)}


def test_there_is_an_end_to_them(attached: CampaignModel, manager: User, as_user: Speak, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models_registry.services.profiles.MOST_PROFILES", 2)
    answers = [made(as_user(manager), attached, str(n), {}) for n in range(3)]
    assert [each.status_code for each in answers] == [201, 201, 409]
    assert "at most 2" in answers[-1].json()["detail"]
