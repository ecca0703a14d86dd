"""Many images flagged, moved to a split or removed by one request."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from campaigns.models import Campaign, Image, User
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
    assert client.patch(path_of(campaign), {"images": ids, "split": "validation"}).data == {"images": 2}
    assert told(campaign, "split") == ["validation", "", "validation"]
    assert client.patch(path_of(campaign), {"images": {"filter": {"split": "validation"}}, "split": ""}).data == {"images": 2}
    assert told(campaign, "split") == ["", "", ""]


def test_annotators_flag_but_do_not_move(as_user: As, annotator: User, campaign: Campaign, three: list[Image]):
    client = as_user(annotator)
    assert client.patch(path_of(campaign), {"images": "all", "flagged": True}).data == {"images": 3}
    assert told(campaign, "flagged") == [True] * 3
    assert client.patch(path_of(campaign), {"images": "all", "flagged": False, "split": "test"}).status_code == 403
    assert told(campaign, "flagged") == [True] * 3


def test_removed_images_take_their_files_along_and_leave_the_others(as_user: As, manager: User, campaign: Campaign, three: list[Image]):
    paths = [image_path(image) for image in three]
    beside = Path(f"{paths[0].with_suffix('')}.256.webp")
    beside.write_bytes(b"thumbnail")
    assert as_user(manager).delete(path_of(campaign), {"images": [three[0].pk, three[1].pk]}).data == {"images": 2}
    assert told(campaign, "pk") == [three[2].pk]
    assert [path.exists() for path in paths] == [False, False, True]
    assert not beside.exists()


def test_what_somebody_else_removed_or_another_campaign_has_is_passed_over(
    as_user: As, manager: User, campaign: Campaign, three: list[Image], make_campaign: Callable[..., Campaign], make_image: MakeImage
):
    other = make_image(make_campaign(name="Other"), "other.png")
    gone = three[0].pk
    three[0].delete()
    assert as_user(manager).patch(path_of(campaign), {"images": [gone, three[1].pk, other.pk], "split": "test"}).data == {"images": 1}
    assert as_user(manager).delete(path_of(campaign), {"images": [gone, other.pk]}).status_code == 422
    assert Image.objects.filter(pk=other.pk, split="").exists()


@pytest.mark.parametrize(
    "body", [{"images": "all"}, {"images": [], "flagged": True}, {"images": "none", "flagged": True}, {"flagged": True}]
)
def test_nothing_to_do_is_refused(as_user: As, manager: User, campaign: Campaign, three: list[Image], body: dict[str, Any]):
    assert as_user(manager).patch(path_of(campaign), body).status_code in {400, 422}


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
            assert as_user(manager).patch(path_of(campaign), {"images": images, "split": "train"}).data == {"images": count}
        return len(seen)

    few = queries([image.pk for image in three], 3)
    assert queries("all", 3003) <= few + 3000 / 100
