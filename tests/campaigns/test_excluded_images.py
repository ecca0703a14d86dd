"""Images taken out of a campaign, reversibly."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from active_learning.services.snapshots import latest_revisions
from campaigns.models import Campaign, Image, User

As = Callable[[User | None], APIClient]
MakeImage = Callable[..., Image]


@pytest.fixture
def three(campaign: Campaign, make_image: MakeImage) -> list[Image]:
    return [make_image(campaign, f"{n}.png") for n in range(3)]


def label(client: APIClient, campaign: Campaign, *images: Image) -> Any:
    body = {"images": [image.pk for image in images], "add": [campaign.labels.all()[0].pk], "submit": True}
    return client.post(f"/api/v1/campaigns/{campaign.pk}/labelings", body).data["change"]["id"]


def exclude(client: APIClient, campaign: Campaign, *images: Image, excluded: bool = True, status: int = 200) -> None:
    body = {"images": [image.pk for image in images], "excluded": excluded}
    assert client.patch(f"/api/v1/campaigns/{campaign.pk}/images", body).status_code == status


def states(campaign: Campaign) -> list[str]:
    return list(Image.objects.filter(campaign=campaign).order_by("pk").values_list("state", flat=True))


def test_an_excluded_image_is_asked_of_nobody_learned_from_and_exported_by_nothing(
    as_user: As, manager: User, annotator: User, campaign: Campaign, three: list[Image]
):
    client, path = as_user(manager), f"/api/v1/campaigns/{campaign.pk}"
    label(as_user(annotator), campaign, three[0], three[1])
    exclude(client, campaign, three[0], three[2])
    assert states(campaign) == ["excluded", "submitted", "excluded"]
    assert as_user(annotator).post(f"{path}/next", {}).data["image"] is None
    assert not Image.objects.filter(campaign=campaign).pool().exists()
    assert [image for image, _revision in latest_revisions(campaign)] == [three[1].pk]
    assert client.post(f"{path}/exports", {"format": "csv"}).data["progress"]["total"] == 1
    listed = client.get(f"{path}/images?state=excluded").data["results"]
    assert [row["id"] for row in listed] == [three[0].pk, three[2].pk]
    counts = client.get(path).data["counts"]
    assert (counts["excluded"], counts["submitted"], counts["unlabeled"], counts["images"]) == (2, 1, 0, 3)


def test_taken_in_again_images_are_as_they_were(as_user: As, manager: User, annotator: User, campaign: Campaign, three: list[Image]):
    client = as_user(manager)
    label(as_user(annotator), campaign, three[0])
    exclude(client, campaign, *three)
    exclude(client, campaign, *three)
    assert states(campaign) == ["excluded"] * 3
    exclude(client, campaign, *three, excluded=False)
    assert states(campaign) == ["submitted", "unlabeled", "unlabeled"]
    assert client.patch(f"/api/v1/images/{three[1].pk}", {"excluded": True}).data["state"] == "excluded"
    assert client.patch(f"/api/v1/images/{three[1].pk}", {"excluded": False}).data["state"] == "unlabeled"
    assert not Image.objects.exclude(state_before="").exists()


def test_what_is_handed_in_for_an_excluded_image_waits_until_it_is_back_and_can_be_undone(
    as_user: As, manager: User, annotator: User, campaign: Campaign, three: list[Image]
):
    client, one = as_user(manager), three[0]
    exclude(client, campaign, one, three[1])
    change = label(as_user(annotator), campaign, three[1])
    label(as_user(annotator), campaign, one)
    assert client.post(f"/api/v1/images/{one.pk}/annotation-set/accept").status_code == 200
    client.post(f"/api/v1/campaigns/{campaign.pk}/changes/{change}/undo")
    assert states(campaign) == ["excluded", "excluded", "unlabeled"]
    exclude(client, campaign, *three, excluded=False)
    assert states(campaign) == ["accepted", "unlabeled", "unlabeled"]


def test_only_managers_exclude(as_user: As, reviewer: User, annotator: User, campaign: Campaign, three: list[Image]):
    for user in (reviewer, annotator):
        exclude(as_user(user), campaign, three[0], status=403)
        assert as_user(user).patch(f"/api/v1/images/{three[0].pk}", {"excluded": True}).status_code == 403
    assert states(campaign) == ["unlabeled"] * 3


def test_who_labels_an_image_reads_in_the_answer_to_a_save_that_it_was_excluded_meanwhile(
    as_user: As, manager: User, annotator: User, campaign: Campaign, three: list[Image]
):
    path = f"/api/v1/images/{three[0].pk}/annotation-set"

    def saved() -> tuple[int, str]:
        version = as_user(annotator).get(path).data["version"]
        answer = as_user(annotator).patch(path, {"active_s": 1}, headers={"If-Match": f'"{version}"'})
        return answer.status_code, answer.data["image_state"]

    assert saved() == (200, "unlabeled")
    exclude(as_user(manager), campaign, three[0])
    assert saved() == (200, "excluded")
    exclude(as_user(manager), campaign, three[0], excluded=False)
    assert saved() == (200, "unlabeled")
