"""Labels that stand under others, exclude each other, and are counted: kept by the server, said in a sentence."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from campaigns.label_rules import LabelRules
from campaigns.models import Campaign, Image, Label, User
from campaigns.services.label_trees import families_of

As = Callable[[User | None], APIClient]
MakeImage = Callable[..., Image]


@pytest.fixture
def several(make_campaign: Callable[..., Campaign]) -> Campaign:
    return make_campaign(labels=("Day", "Night", "Boat", "Ship"), settings={"multi_label": True})


def labels_of(campaign: Campaign) -> dict[str, Label]:
    return {label.name: label for label in campaign.labels.all()}


def change(client: APIClient, label: Label, status: int = 200, **body: Any) -> Any:
    answer = client.patch(f"/api/v1/campaigns/{label.campaign_id}/labels/{label.pk}", body)
    assert answer.status_code == status, answer.data
    return answer


def submit(client: APIClient, image: Image, *labels: Label) -> Any:
    path = f"/api/v1/images/{image.pk}/annotation-set"
    own = client.get(path)
    upsert = [{"id": f"n{label.pk}", "label": label.pk, "shape": {"type": "whole"}} for label in labels]
    saved = client.patch(path, {"upsert": upsert}, headers={"If-Match": own.headers["ETag"]})
    assert saved.status_code == 200, saved.data
    return client.post(f"{path}/submit", {}, headers={"If-Match": saved.headers["ETag"]})


def test_labels_that_exclude_each_other_and_wrong_numbers_of_them_are_refused_at_submit_with_a_sentence(
    as_user: As, manager: User, annotator: User, several: Campaign, make_image: MakeImage
):
    labels, boss, hand = labels_of(several), as_user(manager), as_user(annotator)
    for name in ("Day", "Night"):
        change(boss, labels[name], group=" light ")
    boss.patch(f"/api/v1/campaigns/{several.pk}", {"settings": {"min_labels": 1, "max_labels": 2}})
    both = submit(hand, make_image(several), labels["Day"], labels["Night"])
    assert both.status_code == 422 and both.data["code"] == "label_rules"
    assert both.data["detail"] == "Day and Night exclude each other (light): keep one of them."
    many = submit(hand, make_image(several), labels["Day"], labels["Boat"], labels["Ship"])
    assert many.status_code == 422 and many.data["detail"] == "Choose at most 2 labels; this image has 3."
    none = submit(hand, make_image(several))
    assert none.status_code == 422 and none.data["detail"] == "Choose at least 1 label; this image has 0."
    assert submit(hand, make_image(several), labels["Day"], labels["Boat"]).status_code == 200


def test_a_labeling_of_many_images_leaves_out_what_the_rules_forbid(
    as_user: As, manager: User, annotator: User, several: Campaign, make_image: MakeImage
):
    labels, hand = labels_of(several), as_user(annotator)
    for name in ("Day", "Night"):
        change(as_user(manager), labels[name], group="light")
    one, two = make_image(several), make_image(several)
    path = f"/api/v1/campaigns/{several.pk}/labelings"
    hand.post(path, {"images": [one.pk], "add": [labels["Day"].pk], "submit": True})
    answer = hand.post(path, {"images": [one.pk, two.pk], "add": [labels["Night"].pk], "submit": True}).data["change"]
    assert (answer["images"], answer["left_out"]) == (1, 1)


def test_where_an_image_has_one_label_the_rules_do_not_speak(
    as_user: As, manager: User, annotator: User, campaign: Campaign, make_image: MakeImage
):
    as_user(manager).patch(f"/api/v1/campaigns/{campaign.pk}", {"settings": {"min_labels": 2}})
    assert submit(as_user(annotator), make_image(campaign), campaign.labels.all()[0]).status_code == 200


@pytest.mark.parametrize("settings", [{"min_labels": -1}, {"min_labels": 3, "max_labels": 2}, {"max_labels": 0}, {"min_labels": True}])
def test_rules_that_nobody_can_keep_are_refused(as_user: As, manager: User, several: Campaign, settings: dict[str, Any]):
    assert as_user(manager).patch(f"/api/v1/campaigns/{several.pk}", {"settings": settings}).status_code in {400, 422}


def test_a_label_stands_under_another_but_never_in_a_circle(
    as_user: As, manager: User, several: Campaign, make_campaign: Callable[..., Campaign]
):
    labels, boss = labels_of(several), as_user(manager)
    boat, ship, day = labels["Boat"], labels["Ship"], labels["Day"]
    assert change(boss, ship, parent=boat.pk).data["parent"] == boat.pk
    change(boss, day, parent=ship.pk)
    foreign = make_campaign(name="Other").labels.all()[0]
    for parent in (ship, day, boat, foreign):
        assert change(boss, boat, status=422, parent=parent.pk).data["code"] == "invalid_parent"
    made = boss.post(f"/api/v1/campaigns/{several.pk}/labels", {"name": "Ferry", "parent": ship.pk})
    assert made.status_code == 201 and made.data["parent"] == ship.pk
    assert change(boss, day, parent=None).data["parent"] is None


def test_an_undo_makes_no_circle(as_user: As, manager: User, several: Campaign):
    labels, boss = labels_of(several), as_user(manager)
    boat, ship = labels["Boat"], labels["Ship"]
    change(boss, ship, parent=boat.pk)
    back = change(boss, ship, parent=None).headers["X-Change"]
    change(boss, boat, parent=ship.pk)
    path = f"/api/v1/campaigns/{several.pk}/changes/{back}/undo"
    assert boss.post(path).data["code"] == "invalid_parent"
    change(boss, boat, parent=None)
    assert boss.post(path).status_code == 200
    ship.refresh_from_db()
    assert ship.parent_id == boat.pk


def test_what_stands_under_a_removed_label_moves_up_and_back_down_at_undo(as_user: As, manager: User, several: Campaign):
    labels, boss = labels_of(several), as_user(manager)
    boat, ship, day = labels["Boat"], labels["Ship"], labels["Day"]
    change(boss, boat, parent=day.pk, group="things")
    change(boss, ship, parent=boat.pk)
    removed = boss.delete(f"/api/v1/campaigns/{several.pk}/labels/{boat.pk}")
    assert Label.objects.get(pk=ship.pk).parent_id == day.pk
    boss.post(f"/api/v1/campaigns/{several.pk}/changes/{removed.headers['X-Change']}/undo")
    assert Label.objects.get(pk=ship.pk).parent_id == boat.pk
    again = Label.objects.get(pk=boat.pk)
    assert (again.parent_id, again.group) == (day.pk, "things")


def test_a_count_of_a_label_includes_images_of_those_under_it_once(
    as_user: As, manager: User, annotator: User, several: Campaign, make_image: MakeImage
):
    labels, hand = labels_of(several), as_user(annotator)
    boat, ship, day = labels["Boat"], labels["Ship"], labels["Day"]
    change(as_user(manager), ship, parent=boat.pk)
    change(as_user(manager), day, parent=ship.pk)
    for chosen in ((boat,), (ship,), (boat, ship), (day,)):
        submit(hand, make_image(several), *chosen)
    counts = {row["label"]: row for row in hand.get(f"/api/v1/campaigns/{several.pk}/label-counts").data["labels"]}
    assert [(counts[label.pk]["images"], counts[label.pk]["family_images"]) for label in (boat, ship, day)] == [(2, 4), (2, 3), (1, 1)]


def test_a_filter_by_a_label_finds_images_of_those_under_it(
    as_user: As, manager: User, annotator: User, several: Campaign, make_image: MakeImage
):
    labels, hand = labels_of(several), as_user(annotator)
    boat, ship, day = labels["Boat"], labels["Ship"], labels["Day"]
    change(as_user(manager), ship, parent=boat.pk)
    of_boat, of_ship, of_both, of_day = (make_image(several).pk for _ in range(4))
    for image, chosen in ((of_boat, (boat,)), (of_ship, (ship,)), (of_both, (ship, day)), (of_day, (day,))):
        submit(hand, Image.objects.get(pk=image), *chosen)

    def found(**query: Any) -> set[int]:
        return {row["id"] for row in hand.get(f"/api/v1/campaigns/{several.pk}/images", query).data["results"]}

    assert found(labels_any=boat.pk) == found(label=boat.pk) == {of_boat, of_ship, of_both}
    assert found(labels_any=ship.pk) == {of_ship, of_both}
    assert found(labels_all=f"{boat.pk},{day.pk}") == {of_both}
    assert found(labels_none=boat.pk) == {of_day}
    assert found(where=json.dumps({"not": {"labels_any": [boat.pk]}})) == {of_day}


@given(
    st.lists(st.integers(0, 5)), st.integers(0, 3), st.none() | st.integers(3, 6), st.dictionaries(st.integers(0, 5), st.sampled_from("ab"))
)
def test_a_sentence_is_said_exactly_when_a_rule_is_broken(labels: list[int], least: int, most: int | None, groups: dict[int, str]):
    chosen = set(labels)
    together = [groups[label] for label in chosen if label in groups]
    keeps = least <= len(chosen) and (most is None or len(chosen) <= most) and len(together) == len(set(together))
    assert bool(LabelRules(least, most, groups).broken_by(labels)) is not keeps


@given(st.dictionaries(st.integers(0, 6), st.none() | st.integers(0, 6)))
def test_families_end_even_where_rows_stand_in_a_circle(parents: dict[int, int | None]):
    for label, family in families_of(parents).items():
        assert label in family
