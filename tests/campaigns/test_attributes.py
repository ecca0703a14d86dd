"""Attributes of objects: what labels ask, and which answers fit."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from campaigns.attributes import Attribute, InvalidAttribute, checked_answers, checked_definitions
from campaigns.models import Campaign, Image, User
from tests.campaigns.test_annotation_sets import box, save, submit

As = Callable[[User | None], APIClient]
SPECIES = {"name": "species", "type": "choice", "options": ["oak", "beech"], "required": True}
HEIGHT = {"name": "height_m", "type": "number", "min": 0, "max": 60}


@given(st.lists(st.sampled_from(["oak", "beech", "elm"]), min_size=1, unique=True), st.text(max_size=8))
def test_a_choice_takes_its_options_and_nothing_else(options: list[str], answer: str) -> None:
    attribute = Attribute.from_document({"name": "species", "type": "choice", "options": options})
    for option in options:
        assert attribute.checked(option) == option
    if answer not in options:
        with pytest.raises(InvalidAttribute):
            attribute.checked(answer)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(allow_nan=True))
def test_a_number_lies_between_its_bounds(a: float, b: float, answer: float) -> None:
    low, high = sorted((a, b))
    attribute = Attribute.from_document({"name": "n", "type": "number", "min": low, "max": high})
    if low <= answer <= high:
        assert attribute.checked(answer) == answer
    else:
        with pytest.raises(InvalidAttribute):
            attribute.checked(answer)


@pytest.mark.parametrize(
    "definition",
    [
        {"name": "", "type": "text"},
        {"name": "x", "type": "date"},
        {"name": "x", "type": "choice", "options": []},
        {"name": "x", "type": "choice", "options": ["a", "a"]},
        {"name": "occluded", "type": "boolean"},
        {"name": "x", "type": "text", "size": 3},
        {"name": "x", "type": "number", "min": 3, "max": 2},
        {"name": "x", "type": "number", "min": 3, "default": 2},
        "x",
    ],
)
def test_a_definition_that_makes_no_sense_is_refused(definition: Any) -> None:
    with pytest.raises(InvalidAttribute):
        checked_definitions([definition])


def test_definitions_come_back_as_they_were_written() -> None:
    assert checked_definitions([SPECIES, HEIGHT]) == [SPECIES, HEIGHT]
    with pytest.raises(InvalidAttribute, match="one name"):
        checked_definitions([SPECIES, {"name": "species", "type": "text"}])


def test_names_that_nobody_defined_stay() -> None:
    assert checked_answers({"from_elsewhere": "kept", "occluded": True}, []) == {"from_elsewhere": "kept", "occluded": True}
    with pytest.raises(InvalidAttribute, match="true or false"):
        checked_answers({"truncated": "yes"}, [])


@pytest.fixture
def image(make_campaign: Callable[..., Campaign], make_image: Callable[..., Image]) -> Image:
    return make_image(make_campaign(task="detection", settings={"control_share": 0.0}))


@pytest.mark.django_db
def test_a_label_says_what_its_objects_are_asked_and_saves_are_held_to_it(image: Image, annotator: User, owner: User, as_user: As) -> None:
    label = image.campaign.labels.first()
    url = f"/api/v1/campaigns/{image.campaign_id}/labels/{label.pk}"
    refused = as_user(owner).patch(url, {"attributes": [{"name": "species", "type": "choice", "options": []}]})
    assert refused.status_code == 422 and "species" in refused.data["detail"]
    assert as_user(owner).patch(url, {"attributes": [SPECIES, HEIGHT]}).data["attributes"] == [SPECIES, HEIGHT]
    client = as_user(annotator)
    wrong = save(client, image, 1, upsert=[box(label.pk, "a", attributes={"species": "elm"})])
    assert wrong.status_code == 422 and wrong.data["errors"][0]["field"] == "annotations[0].attributes.species"
    assert save(client, image, 1, upsert=[box(label.pk, "a", attributes={"occluded": True, "height_m": 12})]).status_code == 200
    early = submit(client, image, 2)
    assert early.status_code == 422 and early.data["code"] == "attribute_missing"
    assert save(client, image, 2, upsert=[box(label.pk, "a", attributes={"species": "oak"})]).status_code == 200
    assert submit(client, image, 3).status_code == 200


@pytest.mark.django_db
def test_the_drawing_order_is_kept_and_zero_is_not_written(image: Image, annotator: User, as_user: As) -> None:
    label = image.campaign.labels.first()
    client = as_user(annotator)
    assert save(client, image, 1, upsert=[box(label.pk, "a", z=3), box(label.pk, "b", z=0), box(label.pk, "c", z=-1)]).status_code == 200
    now = client.get(f"/api/v1/images/{image.pk}/annotation-set").data["annotations"]
    assert [a.get("z", "nothing") for a in now] == [3, "nothing", -1]
    assert save(client, image, 2, upsert=[box(label.pk, "a", z=1.5)]).status_code == 422
