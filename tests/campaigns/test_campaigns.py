"""Campaigns, labels, members, filters, repeated requests."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError
from rest_framework.test import APIClient

from campaigns.errors import InvalidInput
from campaigns.filters import select_images, selected_ids
from campaigns.models import AnnotationSet, Campaign, Image, LabelUse, Membership, Reference, Run, RunState, User
from campaigns.options import CampaignOptions
from campaigns.runs import enqueue_run

As = Callable[[User | None], APIClient]
pytestmark = pytest.mark.django_db


def label_all(client: APIClient, image: Image, label: int) -> None:
    client.get(f"/api/v1/images/{image.pk}/annotation-set")
    url = f"/api/v1/images/{image.pk}/annotation-set"
    change = {"upsert": [{"id": "a", "label": label, "shape": {"type": "whole"}}]}
    assert client.patch(url, change, headers={"If-Match": '"1"'}).status_code == 200
    assert client.post(f"{url}/submit", {}, headers={"If-Match": '"2"'}).status_code == 200


def test_a_campaign_is_made_with_labels_colours_and_keys(manager: User, as_user: As) -> None:
    body = {"name": "Coast", "task": "classification", "labels": [{"name": "land"}, {"name": "water", "color": "#123456", "hotkey": "w"}]}
    made = as_user(manager).post("/api/v1/campaigns", body)
    assert made.status_code == 201 and made.data["role"] == "owner"
    assert [(x["name"], x["hotkey"]) for x in made.data["labels"]] == [("land", "1"), ("water", "w")]
    assert made.data["labels"][1]["color"] == "#123456"


def test_a_wrong_setting_is_named(manager: User, as_user: As) -> None:
    body = {"name": "x", "task": "detection", "settings": {"control_share": 0.9}}
    answer = as_user(manager).post("/api/v1/campaigns", body)
    assert answer.status_code == 422 and "control_share" in answer.data["errors"][0]["field"]
    assert not Campaign.objects.exists()


def test_band_presets_are_kept_and_completed_by_managers_alone(campaign: Campaign, manager: User, annotator: User, as_user: As) -> None:
    url = f"/api/v1/campaigns/{campaign.pk}"
    change = {
        "settings": {"band_presets": [{"name": " Near infrared ", "bands": [4, 3, 2], "stretch": "percentile", "low": 1, "high": 99.5}]}
    }
    assert as_user(annotator).patch(url, change).status_code == 403
    saved = as_user(manager).patch(url, change).data["settings"]["band_presets"]
    whole = {"name": "Near infrared", "bands": [4, 3, 2], "stretch": "percentile", "low": 1, "high": 99.5, "gamma": 1.0}
    assert [dict(preset) for preset in saved] == [whole]
    as_user(manager).patch(url, {"settings": {"lease_s": 60}})
    assert [dict(preset) for preset in as_user(annotator).get(url).data["settings"]["band_presets"]] == [whole]


@pytest.mark.parametrize(
    "preset",
    [
        {"name": ""}, {"bands": [1]}, {"name": "x", "bands": [0]}, {"name": "x", "bands": [1, 2]}, {"name": "x", "low": 60, "high": 40},
        {"name": "x", "gamma": 0}, {"name": "x", "stretch": "wild"}, {"name": "x", "high": float("nan")}, "x",
    ],
)  # fmt: skip
def test_a_band_preset_that_cannot_be_shown_is_refused(preset: Any) -> None:
    with pytest.raises(InvalidInput):
        CampaignOptions.from_document({"band_presets": [preset]})


def test_two_band_presets_have_two_names() -> None:
    with pytest.raises(InvalidInput, match="same name"):
        CampaignOptions.from_document({"band_presets": [{"name": "NIR"}, {"name": "nir"}]})


def test_two_labels_with_one_name_make_no_campaign_at_all(manager: User, as_user: As) -> None:
    answer = as_user(manager).post("/api/v1/campaigns", {"name": "x", "task": "detection", "labels": [{"name": "a"}, {"name": "a"}]})
    assert answer.status_code == 409 and not Campaign.objects.exists()


def test_a_stranger_sees_no_campaign(campaign: Campaign, stranger: User, as_user: As) -> None:
    assert as_user(stranger).get("/api/v1/campaigns").data["results"] == []
    assert as_user(stranger).get(f"/api/v1/campaigns/{campaign.pk}").status_code == 404


def test_the_task_of_a_campaign_is_fixed(campaign: Campaign, manager: User, as_user: As) -> None:
    assert as_user(manager).patch(f"/api/v1/campaigns/{campaign.pk}", {"task": "detection"}).status_code == 409
    assert as_user(manager).patch(f"/api/v1/campaigns/{campaign.pk}", {"name": "Shore"}).data["name"] == "Shore"


def test_deleting_a_campaign_takes_an_owner(campaign: Campaign, manager: User, owner: User, as_user: As) -> None:
    assert as_user(manager).delete(f"/api/v1/campaigns/{campaign.pk}").status_code == 403
    assert as_user(owner).delete(f"/api/v1/campaigns/{campaign.pk}").status_code == 204


def test_a_repeated_post_makes_one_campaign(manager: User, as_user: As) -> None:
    client, headers = as_user(manager), {"Idempotency-Key": "once"}
    body = {"name": "x", "task": "detection"}
    first, second = (client.post("/api/v1/campaigns", body, headers=headers) for _ in range(2))
    assert first.status_code == second.status_code == 201 and first.data["id"] == second.data["id"]
    assert Campaign.objects.count() == 1
    assert client.post("/api/v1/campaigns", {"name": "y", "task": "detection"}, headers=headers).data["code"] == "key_reused"


def test_a_refused_post_may_be_repeated_with_its_key(manager: User, as_user: As) -> None:
    client, headers = as_user(manager), {"Idempotency-Key": "once"}
    assert client.post("/api/v1/campaigns", {"name": "", "task": "detection"}, headers=headers).status_code == 422
    assert client.post("/api/v1/campaigns", {"name": "x", "task": "detection"}, headers=headers).status_code == 201


def test_merging_labels_moves_annotations_and_counts(
    campaign: Campaign, make_image: Callable[..., Image], annotator: User, manager: User, as_user: As
) -> None:
    land, water = campaign.labels.all()
    image = make_image(campaign)
    label_all(as_user(annotator), image, land.pk)
    answer = as_user(manager).delete(f"/api/v1/campaigns/{campaign.pk}/labels/{land.pk}", {"merge_into": water.pk})
    assert answer.status_code == 204
    assert [a["label"] for a in AnnotationSet.objects.get(image=image, author=annotator).annotations] == [water.pk]
    assert list(LabelUse.objects.values_list("label", "count")) == [(water.pk, 1)]


def test_deleting_a_label_removes_it_from_all_sets(
    campaign: Campaign, make_image: Callable[..., Image], annotator: User, manager: User, as_user: As
) -> None:
    land = campaign.labels.first()
    image = make_image(campaign)
    label_all(as_user(annotator), image, land.pk)
    assert as_user(manager).delete(f"/api/v1/campaigns/{campaign.pk}/labels/{land.pk}").status_code == 204
    assert AnnotationSet.objects.get(image=image, author=annotator).annotations == []


def test_a_key_belongs_to_one_label(campaign: Campaign, manager: User, as_user: As) -> None:
    land, water = campaign.labels.all()
    answer = as_user(manager).patch(f"/api/v1/campaigns/{campaign.pk}/labels/{land.pk}", {"hotkey": water.hotkey})
    assert answer.status_code == 409 and "key" in answer.data["detail"]


def test_a_new_member_gets_an_account_with_a_password(campaign: Campaign, manager: User, as_user: As) -> None:
    url = f"/api/v1/campaigns/{campaign.pk}/members"
    assert as_user(manager).post(url, {"username": "nina", "role": "annotator"}).status_code == 404
    made = as_user(manager).post(url, {"username": "nina", "role": "annotator", "password": "a fine long one"})
    assert made.status_code == 201 and User.objects.get(username="nina").check_password("a fine long one")
    assert as_user(manager).post(url, {"username": "nina", "role": "viewer"}).data["code"] == "member_already"


def test_managers_neither_make_nor_unmake_owners_and_one_owner_remains(campaign: Campaign, manager: User, owner: User, as_user: As) -> None:
    url = f"/api/v1/campaigns/{campaign.pk}/members"
    rows = {m.user_id: m.pk for m in Membership.objects.filter(campaign=campaign)}
    assert as_user(manager).post(url, {"username": "nina", "role": "owner", "password": "a fine long one"}).status_code == 403
    assert as_user(manager).delete(f"{url}/{rows[owner.pk]}").status_code == 403
    assert as_user(owner).patch(f"{url}/{rows[owner.pk]}", {"role": "viewer"}).data["code"] == "last_owner"


def test_images_are_filtered_by_label_state_split_and_name(
    campaign: Campaign, make_image: Callable[..., Image], annotator: User, as_user: As
) -> None:
    land, water = campaign.labels.all()
    a, b, c = make_image(campaign, "a.png"), make_image(campaign, "b.png", split="test"), make_image(campaign, "c.png", priority=5.0)
    client = as_user(annotator)
    label_all(client, a, land.pk)
    label_all(client, b, water.pk)

    def found(query: str) -> list[str]:
        return [row["name"] for row in client.get(f"/api/v1/campaigns/{campaign.pk}/images?{query}").data["results"]]

    assert found(f"label={land.pk}") == ["a.png"]
    assert found(f"label={land.pk},{water.pk}") == ["a.png", "b.png"]
    assert found(f"label={land.pk},{water.pk}&label_op=and") == []
    assert found(f"label={land.pk}&label_op=not") == ["b.png", "c.png"]
    assert found("state=unlabeled") == ["c.png"]
    assert found("split=test") == ["b.png"]
    assert found("q=B.P") == ["b.png"]
    assert found("ordering=-priority") == ["c.png", "a.png", "b.png"]
    assert client.get(f"/api/v1/campaigns/{campaign.pk}/images?ordering=size").status_code == 422
    assert [i.name for i in select_images(campaign, {"filter": {"state": "unlabeled"}})] == [c.name]


def test_pages_neither_repeat_nor_lose_images_while_some_are_added(
    campaign: Campaign, make_image: Callable[..., Image], annotator: User, as_user: As
) -> None:
    made = [make_image(campaign).pk for _ in range(7)]
    client = as_user(annotator)
    url, seen = f"/api/v1/campaigns/{campaign.pk}/images?page_size=3", []
    while url:
        page = client.get(url).data
        seen += [row["id"] for row in page["results"]]
        made += [make_image(campaign).pk] if len(made) < 9 else []
        url = page["next"]
    assert seen == made


@pytest.mark.parametrize(
    "wrong", ["some", [], [True], ["1"], {"filter": {"colour": "red"}}, {"filter": {"state": "odd"}}, None, {"filter": 3}]
)
def test_a_wrong_selection_is_refused(campaign: Campaign, wrong: Any) -> None:
    with pytest.raises(InvalidInput):
        selected_ids(campaign, wrong)


def test_a_selection_does_not_reach_into_another_campaign(make_campaign: Callable[..., Campaign], make_image: Callable[..., Image]) -> None:
    mine, other = make_campaign(), Campaign.objects.create(name="other", task="detection")
    with pytest.raises(InvalidInput):
        selected_ids(mine, [make_image(mine).pk, make_image(other).pk])


def test_annotators_flag_and_managers_move_between_splits(
    campaign: Campaign, make_image: Callable[..., Image], annotator: User, manager: User, as_user: As
) -> None:
    url = f"/api/v1/images/{make_image(campaign).pk}"
    assert as_user(annotator).patch(url, {"flagged": True, "comment": "Look here."}).data["flagged"] is True
    assert as_user(annotator).patch(url, {"split": "test"}).status_code == 403
    assert as_user(manager).patch(url, {"split": "test"}).data["split"] == "test"


def test_the_unlabeled_are_those_that_wait_for_a_person(campaign: Campaign, make_image: Callable[..., Image]) -> None:
    waiting, held_back, test = make_image(campaign), make_image(campaign, split="test"), make_image(campaign, split="test")
    Reference.objects.create(image=held_back, annotations=[])
    make_image(campaign, state="submitted")
    assert {i.pk for i in select_images(campaign, "unlabeled")} == {waiting.pk, test.pk}


def test_a_campaign_is_removed_though_a_run_writes_of_it_at_the_same_moment(
    campaign: Campaign, owner: User, as_user: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = enqueue_run(user=owner, kind="import", campaign=campaign)
    Run.objects.filter(pk=run.pk).update(state=RunState.RUNNING, claim="worker")
    really, tries = Campaign.delete, list[str]()

    def delete(self: Campaign) -> Any:
        tries.append(Run.objects.get(pk=run.pk).claim)
        if len(tries) == 1:
            raise IntegrityError("FOREIGN KEY constraint failed")
        return really(self)

    monkeypatch.setattr(Campaign, "delete", delete)
    monkeypatch.setattr("campaigns.services.campaigns.REMOVAL_PAUSE_S", 0)
    assert as_user(owner).delete(f"/api/v1/campaigns/{campaign.pk}").status_code == 204
    assert tries == ["", ""], "its worker hears that the run is no longer its own"
    assert not Campaign.objects.exists()
    assert not Run.objects.exists()
