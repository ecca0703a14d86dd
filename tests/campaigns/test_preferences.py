"""A person's own preferences, and the keys of a campaign."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from campaigns.models import Campaign, Preferences, User

As = Callable[[User | None], APIClient]
pytestmark = pytest.mark.django_db
URL = "/api/v1/me/preferences"


def put(client: APIClient, version: int, document: Any) -> Any:
    return client.put(URL, document, headers={"If-Match": f'"{version}"'})


def test_what_a_person_chose_is_there_in_another_browser_and_nobody_elses(annotator: User, reviewer: User, as_user: As) -> None:
    first = as_user(annotator).get(URL)
    assert (first.data, first.headers["ETag"]) == ({}, '"0"')
    chosen = {"keys": {"submit": ["Ctrl+Enter", "F8"], "label:12": ["W"], "flag": []}, "palette": "okabe-ito", "view": {"names": True}}
    chosen["view_times"] = {"names": 1_764_288_000_000}
    assert put(as_user(annotator), 0, chosen).headers["ETag"] == '"1"'
    assert as_user(annotator).get(URL).data == chosen
    assert as_user(reviewer).get(URL).data == {}


def test_of_two_pages_the_second_is_told_and_gets_what_is_there_now(annotator: User, as_user: As) -> None:
    client = as_user(annotator)
    put(client, 0, {"keys": {"new": ["M"]}})
    for late in (0, 7):
        refused = put(client, late, {"keys": {"new": ["K"]}})
        assert refused.status_code == 412 and refused.data["current"] == {"keys": {"new": ["M"]}} and refused.data["version"] == 1
    assert put(client, 1, {"keys": {"new": ["K"]}}).status_code == 200
    assert client.put(URL, {}).status_code == 428
    assert Preferences.objects.get(user=annotator).version == 2


@pytest.mark.parametrize(
    "wrong",
    [
        ["a list"],
        {"surprise": 1},
        {"keys": []},
        {"keys": {"submit": "Ctrl+Enter"}},
        {"keys": {"submit": ["Enter+Ctrl"]}},
        {"keys": {"submit": ["a"]}},
        {"keys": {"submit": [""]}},
        {"keys": {"submit": ["A", "A"]}},
        {"keys": {"submit": [f"F{n}" for n in range(9)]}},
        {"keys": {"no spaces here": ["A"]}},
        {"palette": "mauve"},
        {"view": {"names": [1]}},
        {"view": {"names": "x" * 201}},
        {"view": {"names": True}, "view_times": {"names": 1.5}},
        {"view": {"names": True}, "view_times": {"names": -1}},
        {"view": {"names": True}, "view_times": {"names": True}},
        {"view_times": {"names": 1}},
        {"view": {}, "view_times": [1]},
    ],
)
def test_what_means_nothing_is_refused(annotator: User, as_user: As, wrong: Any) -> None:
    answer = put(as_user(annotator), 0, wrong)
    assert answer.status_code == 422 and answer.data["detail"]
    assert not Preferences.objects.exists()


def test_preferences_are_small(annotator: User, as_user: As) -> None:
    many = {"keys": {f"label:{n}": ["Ctrl+Shift+PageDown"] for n in range(2_000)}}
    assert put(as_user(annotator), 0, many).status_code == 413


@pytest.mark.parametrize("key", ["A", "Ä", "7", "?", " ", "[", "Ctrl+Shift+Alt+PageDown", "Shift+F2", "Ctrl++", "Ctrl+-"])
def test_every_key_of_a_keyboard_has_a_name_that_is_taken(annotator: User, as_user: As, key: str) -> None:
    assert put(as_user(annotator), 0, {"keys": {"submit": [key]}}).status_code == 200


def test_a_campaign_has_keys_of_its_own_for_all_of_its_people(campaign: Campaign, manager: User, annotator: User, as_user: As) -> None:
    url = f"/api/v1/campaigns/{campaign.pk}"
    keys = {"accept": ["Y"], f"label:{campaign.labels.all()[0].pk}": ["W"]}
    assert as_user(manager).patch(url, {"settings": {"keys": keys}}).status_code == 200
    assert as_user(annotator).get(url).data["settings"]["keys"] == keys
    assert as_user(annotator).patch(url, {"settings": {"keys": {}}}).status_code == 403
    refused = as_user(manager).patch(url, {"settings": {"keys": {"accept": ["yes please"]}}})
    assert refused.status_code == 422 and "settings.keys.accept" in refused.data["detail"]
    assert as_user(manager).patch(url, {"settings": {"lease_s": 60}}).data["settings"]["keys"] == keys
