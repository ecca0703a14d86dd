"""What no careful client would send: it is refused with a reason, and never takes the server down."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from campaigns.models import Campaign, Image, User

As = Callable[[User | None], APIClient]
pytestmark = pytest.mark.django_db
BEYOND = 2**63  # one more than a column holds


@pytest.mark.parametrize(
    "address",
    ["campaigns/{c}/images?label=", "runs?campaign=", "images/{i}/predictions?model=", "campaigns/{c}/models/"],
)
def test_a_number_in_an_address_that_no_row_can_have_is_refused(
    as_user: As, manager: User, campaign: Campaign, make_image: Callable[..., Image], address: str
) -> None:
    place = address.format(c=campaign.pk, i=make_image(campaign).pk)
    answer = as_user(manager).get(f"/api/v1/{place}{BEYOND}")
    assert answer.status_code in {404, 422}, answer.content


@pytest.mark.parametrize(
    ("address", "body"),
    [("inference-runs", {"model": BEYOND}), ("next", {"exclude": [BEYOND]}), ("labels", {"name": "Ice", "position": BEYOND})],
)
def test_a_number_in_a_body_that_no_row_can_have_is_refused(
    as_user: As, manager: User, campaign: Campaign, make_image: Callable[..., Image], address: str, body: dict[str, Any]
) -> None:
    make_image(campaign)
    answer = as_user(manager).post(f"/api/v1/campaigns/{campaign.pk}/{address}", body)
    assert answer.status_code in {404, 422}, answer.content


@pytest.mark.parametrize("odd", [[], {}, [[]], {"a": 1}, 1.0, "1", True, None])
@pytest.mark.parametrize("place", ["label", "shape", "type"])
def test_a_value_of_the_wrong_kind_in_an_annotation_is_refused_with_its_place(
    as_user: As, annotator: User, campaign: Campaign, make_image: Callable[..., Image], place: str, odd: Any
) -> None:
    annotation = {"id": "a", "label": campaign.labels.first().pk, "shape": {"type": "whole"}}
    annotation |= {"shape": {"type": odd}} if place == "type" else {place: float(campaign.labels.first().pk) if odd == 1.0 else odd}
    client, address = as_user(annotator), f"/api/v1/images/{make_image(campaign).pk}/annotation-set"
    version = client.get(address)["ETag"]
    answer = client.patch(address, {"upsert": [annotation]}, headers={"If-Match": version})
    assert answer.status_code == 422, answer.content
    assert place in answer.json()["errors"][0]["field"]


def test_a_json_body_above_the_limit_is_not_read(as_user: As, manager: User, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1024
    answer = as_user(manager).post("/api/v1/campaigns", {"name": "x" * 2000, "task": "detection"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("limit", ["DATA_UPLOAD_MAX_NUMBER_FILES", "DATA_UPLOAD_MAX_NUMBER_FIELDS", "DATA_UPLOAD_MAX_MEMORY_SIZE"])
def test_a_form_above_a_limit_is_told_so(as_user: As, manager: User, campaign: Campaign, settings: Any, limit: str) -> None:
    setattr(settings, limit, 2)
    fields = {"files": [SimpleUploadedFile(f"{n}.png", b"x") for n in range(3)], "split": "train", "a": "1", "b": "2"}
    answer = as_user(manager).post(f"/api/v1/campaigns/{campaign.pk}/images", fields, format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large"), answer.content
