"""Many images flagged, moved to a split or removed by one request."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from campaigns.filters import MAX_IDS
from campaigns.models import AnnotationSet, Campaign, Image, User
from campaigns.storage import image_path

As = Callable[[User | None], APIClient]
MakeImage = Callable[..., Image]


@pytest.fixture
def three(campaign: Campaign, make_image: MakeImage) -> list[Image]:
    return [make_image(campaign, f"{n}.png") for n in range(3)]


def path_of(campaign: Campaign) -> str:
    return f"/api/v1/campaigns/{campaign.pk}/images"


def told(campaign: Campaign, field: str) -> list[Any]:
    return list(Image.objects.filter(campaign=campaign).order_by("pk").values_list(field, flat=True))


def test_a_manager_moves_a_selection_to_a_split_and_back(as_user: As, manager: User, campaign: Campaign, three: list[Image]):
    client = as_user(manager)
    ids = [three[0].pk, three[2].pk]
    assert client.patch(path_of(campaign), {"images": ids, "split": "validation"}).data == {"images": 2, "missing": []}
    assert told(campaign, "split") == ["validation", "", "validation"]
    assert client.patch(path_of(campaign), {"images": {"filter": {"split": "validation"}}, "split": ""}).data == {
        "images": 2,
        "missing": [],
    }
    assert told(campaign, "split") == ["", "", ""]


def test_annotators_flag_but_do_not_move(as_user: As, annotator: User, campaign: Campaign, three: list[Image]):
    client = as_user(annotator)
    assert client.patch(path_of(campaign), {"images": "all", "flagged": True}).data == {"images": 3, "missing": []}
    assert told(campaign, "flagged") == [True] * 3
    assert client.patch(path_of(campaign), {"images": "all", "flagged": False, "split": "test"}).status_code == 403
    assert told(campaign, "flagged") == [True] * 3


def test_removed_images_take_their_files_along_and_leave_the_others(as_user: As, manager: User, campaign: Campaign, three: list[Image]):
    paths = [image_path(image) for image in three]
    beside = Path(f"{paths[0].with_suffix('')}.256.webp")
    beside.write_bytes(b"thumbnail")
    assert as_user(manager).delete(path_of(campaign), {"images": [three[0].pk, three[1].pk]}).data == {"images": 2, "missing": []}
    assert told(campaign, "pk") == [three[2].pk]
    assert [path.exists() for path in paths] == [False, False, True]
    assert not beside.exists()


def test_what_is_gone_or_of_another_campaign_is_refused_unless_the_caller_skips_it_and_is_told(
    as_user: As, manager: User, campaign: Campaign, three: list[Image], make_campaign: Callable[..., Campaign], make_image: MakeImage
):
    other = make_image(make_campaign(name="Other"), "other.png")
    gone = three[0].pk
    three[0].delete()
    client, path, ids = as_user(manager), path_of(campaign), [gone, three[1].pk, other.pk]
    for strict in (ids, {"ids": ids}, {"ids": ids, "missing": "refuse"}):
        assert client.patch(path, {"images": strict, "split": "test"}).status_code == 422
        assert client.delete(path, {"images": strict}).status_code == 422
    skipping = {"ids": ids, "missing": "skip"}
    assert client.patch(path, {"images": skipping, "split": "test"}).data == {"images": 1, "missing": [gone, other.pk]}
    labels = {"add": [campaign.labels.all()[0].pk]}
    assert client.post(f"/api/v1/campaigns/{campaign.pk}/labelings", {"images": ids, **labels}).status_code == 422
    labeled = client.post(f"/api/v1/campaigns/{campaign.pk}/labelings", {"images": skipping, **labels})
    assert labeled.data["change"]["images"] == 1 and labeled.data["missing"] == [gone, other.pk]
    asked = client.post(f"/api/v1/campaigns/{campaign.pk}/next", {"images": skipping})
    assert asked.data["image"] is None or asked.data["image"]["id"] == three[1].pk
    assert client.post(f"/api/v1/campaigns/{campaign.pk}/exports", {"images": skipping, "format": "csv"}).status_code == 202
    assert client.delete(path, {"images": skipping}).data == {"images": 1, "missing": [gone, other.pk]}
    refused = client.delete(path, {"images": skipping})
    assert refused.status_code == 422 and refused.data["code"] == "all_gone"
    assert Image.objects.filter(pk=other.pk, split="").exists()


def test_of_images_that_wait_for_a_label_those_that_somebody_labeled_meanwhile_are_passed_over_and_named(
    as_user: As, manager: User, annotator: User, campaign: Campaign, three: list[Image]
):
    path, (first, *others) = f"/api/v1/campaigns/{campaign.pk}/labelings", [image.pk for image in three]
    wanted = {"add": [campaign.labels.all()[0].pk], "submit": True}
    assert as_user(annotator).post(path, {"images": [first], **wanted}).data["change"]["images"] == 1
    strict = {"ids": [first, *others], "state": "unlabeled"}
    assert as_user(manager).post(path, {"images": strict, **wanted}).status_code == 422
    found = as_user(manager).post(path, {"images": {**strict, "missing": "skip"}, **wanted})
    assert (found.data["change"]["images"], found.data["missing"]) == (len(others), [first])
    assert not AnnotationSet.objects.filter(image=first, author=manager).exists()
    again = as_user(manager).post(path, {"images": {**strict, "missing": "skip"}, **wanted})
    assert (again.status_code, again.data["code"]) == (422, "all_gone")


@pytest.mark.parametrize(
    "images",
    [
        {"ids": 3}, {"ids": []}, {"ids": [1], "missing": "never"}, {"ids": [1], "filter": {}}, {"ids": ["1"], "missing": "skip"},
        {"ids": [1], "state": "submitted"},
    ],
)  # fmt: skip
def test_ids_that_are_written_wrongly_are_refused(as_user: As, manager: User, campaign: Campaign, three: list[Image], images: Any):
    answer = as_user(manager).patch(path_of(campaign), {"images": images, "flagged": True})
    assert answer.status_code == 422 and answer.data["code"] == "invalid_selection"


@pytest.mark.parametrize(
    "body", [{"images": "all"}, {"images": [], "flagged": True}, {"images": "none", "flagged": True}, {"flagged": True}]
)
def test_nothing_to_do_is_refused(as_user: As, manager: User, campaign: Campaign, three: list[Image], body: dict[str, Any]):
    assert as_user(manager).patch(path_of(campaign), body).status_code in {400, 422}


def test_more_ids_than_a_request_takes_are_refused_with_the_limit(as_user: As, manager: User, campaign: Campaign):
    answer = as_user(manager).patch(path_of(campaign), {"images": list(range(1, MAX_IDS + 2)), "flagged": True})
    assert answer.status_code == 422 and str(MAX_IDS) in answer.data["detail"]


def test_a_thousand_times_the_images_take_no_query_for_each(as_user: As, manager: User, campaign: Campaign, three: list[Image]):
    base = {
        "campaign": campaign,
        "path": three[0].path,
        "size_bytes": 1,
        "format": "PNG",
        "width": 1,
        "height": 1,
        "bands": 1,
        "dtype": "uint8",
    }
    Image.objects.bulk_create([Image(name=f"{n}", sha256=f"{n:064}", **base) for n in range(3000)])

    def queries(images: Any, count: int) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert as_user(manager).patch(path_of(campaign), {"images": images, "split": "train"}).data == {"images": count, "missing": []}
        return len(seen)

    few = queries([image.pk for image in three], 3)
    assert queries("all", 3003) <= few + 3000 / 100
