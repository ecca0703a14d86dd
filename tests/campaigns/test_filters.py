"""Filters: what each asks, how they combine, and that a tree of them is what logic says."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from campaigns.documents import label_uses
from campaigns.errors import InvalidInput
from campaigns.filters import select_images
from campaigns.models import AnnotationSet, Campaign, Image, SetState, User
from campaigns.services.annotations import write_uses

As = Callable[[User | None], APIClient]
START = datetime(2026, 5, 1, tzinfo=UTC)


def whole(label: int, *, default: bool = False, review: str = "accepted") -> dict[str, Any]:
    marked = {"default": True} if default else {}
    return {
        "id": f"w{label}", "label": label, "shape": {"type": "whole"}, "origin": "human", "review": review, "confidence": None,
        "model": None, "attributes": {}, **marked,
    }  # fmt: skip


def give(image: Image, author: User | None, *annotations: dict[str, Any], submitted_at: datetime | None = START) -> AnnotationSet:
    """Write a set with what stands beside it."""
    state = SetState.SUBMITTED if submitted_at else SetState.DRAFT
    own = AnnotationSet.objects.create(image=image, author=author, annotations=list(annotations), submitted_at=submitted_at, state=state)
    write_uses({own.pk: label_uses(own.annotations)})
    if submitted_at:
        Image.objects.filter(pk=image.pk).update(state="submitted")
    return own


@pytest.fixture
def found(as_user: As, annotator: User, campaign: Campaign) -> Callable[..., list[str]]:
    """Ask for the ids as an annotator and tell the names."""

    def ask(**filters: Any) -> list[str]:
        texts = {k: json.dumps(v) if isinstance(v, dict) else str(v) for k, v in filters.items()}
        answer = as_user(annotator).get(f"/api/v1/campaigns/{campaign.pk}/images/ids", texts)
        assert answer.status_code == 200, answer.data
        assert answer.data["count"] == len(answer.data["ids"])
        names = Image.objects.in_bulk(answer.data["ids"])
        return [names[pk].name for pk in answer.data["ids"]]

    return ask


@pytest.fixture
def gallery(campaign: Campaign, make_image: Callable[..., Image], annotator: User, reviewer: User) -> dict[str, Image]:
    """Images of every kind that filters tell apart."""
    land, water = (label.pk for label in campaign.labels.all())
    images = {
        name: make_image(campaign, name, priority=n / 10, sharpness=None if n == 5 else n, brightness=n / 10, contrast=0.1, flagged=n == 1)
        for n, name in enumerate(("bare", "land", "both", "marked", "disputed", "drafted"))
    }
    give(images["land"], annotator, whole(land))
    give(images["both"], annotator, whole(land), whole(water), submitted_at=START + timedelta(days=1))
    give(images["marked"], reviewer, whole(land), whole(water, default=True))
    give(images["disputed"], annotator, whole(land, default=True), whole(water))
    give(images["disputed"], reviewer, whole(land), whole(water, default=True), submitted_at=START + timedelta(days=2))
    give(images["drafted"], None, whole(water, review="draft"), submitted_at=None)
    return images


def test_labels_combine_and_count_for_the_set_that_speaks(campaign: Campaign, gallery: dict[str, Image], found: Callable[..., list[str]]):
    land, water = (label.pk for label in campaign.labels.all())
    assert found(labels_any=f"{land},{water}") == ["land", "both", "marked", "disputed"]
    assert found(labels_all=f"{land},{water}") == ["both", "marked", "disputed"]
    assert found(labels_none=water) == ["bare", "land", "drafted"]
    assert found(labels_any=land, labels_none=water) == ["land"]
    assert found(label_type="single") == ["land"]
    assert found(label_type="multiple") == ["both", "marked", "disputed"]
    assert found(label_type="none") == ["bare", "drafted"]
    assert found(default="set") == ["land", "marked"]
    assert found(default="unset") == ["both"]
    assert found(default="ambiguous") == ["disputed"]
    assert found(default_label=water) == ["marked", "disputed"]


def test_people_times_measures_and_drafts_are_filters(gallery: dict[str, Image], found: Callable[..., list[str]], reviewer: User):
    assert found(labeled_by=reviewer.pk) == ["marked", "disputed"]
    assert found(submitted_after="2026-05-02") == ["both", "disputed"]
    assert found(submitted_before="2026-05-02") == ["land", "marked"]
    assert found(submitted_after="2026-05-02T00:00:00Z", submitted_before="2026-05-03T00:00:00+00:00") == ["both"]
    assert found(created_before="2026-01-01") == []
    assert found(sharpness_gte=3) == ["marked", "disputed"]
    assert found(brightness_lte=0.1) == ["bare", "land"]
    assert found(score_gte=0.2, score_lte=0.3) == ["both", "marked"]
    assert found(drafts="true") == ["drafted"]
    assert found(drafts="false", flagged="true") == ["land"]


def test_a_readers_own_labels_count_until_someone_submits(
    campaign: Campaign, make_image: Callable[..., Image], annotator: User, reviewer: User, as_user: As, found: Callable[..., list[str]]
):
    land, water = (label.pk for label in campaign.labels.all())
    image = make_image(campaign, "mine")
    give(image, annotator, whole(land), submitted_at=None)
    assert found(labels_any=land) == ["mine"]
    path = f"/api/v1/campaigns/{campaign.pk}/images"
    row = as_user(annotator).get(path).data["results"][0]
    assert row["whole_labels"] == [{"label": land, "default": True}] and row["labels"] == [] and row["labeled_by"] is None
    assert as_user(reviewer).get(path, {"labels_any": land}).data["results"] == []
    give(image, reviewer, whole(water))
    assert found(labels_any=land) == []
    row = as_user(annotator).get(path).data["results"][0]
    assert row["labels"] == [water] and row["whole_labels"] == [{"label": water, "default": True}]
    assert row["labeled_by"]["username"] == "reviewer" and row["submitted_at"] == START


def test_known_ids_come_in_their_order_and_filters_still_hold(campaign: Campaign, gallery: dict[str, Image], as_user: As, viewer: User):
    path = f"/api/v1/campaigns/{campaign.pk}/images"
    wanted = [gallery[name].pk for name in ("marked", "bare", "both")]
    page = as_user(viewer).get(path, {"ids": ",".join(map(str, wanted))}).data
    assert [row["id"] for row in page["results"]] == wanted and page["next"] is None
    page = as_user(viewer).get(path, {"ids": ",".join(map(str, wanted)), "state": "submitted"}).data
    assert [row["name"] for row in page["results"]] == ["marked", "both"]
    assert as_user(viewer).get(path, {"ids": ",".join(map(str, range(1, 502)))}).status_code == 422
    ordered = as_user(viewer).get(f"{path}/ids", {"ordering": "-priority"}).data["ids"]
    assert ordered == [image.pk for image in reversed(gallery.values())]


@pytest.mark.parametrize(
    "wrong",
    [
        "{", [], {"and": {}}, {"and": [], "or": []}, {"colour": 1}, {"not": []}, {"where": {}}, {"state": "odd"}, {"ids": "x"}, {"q": {}},
        {"not": {"not": {"not": {"not": {"not": {"not": {"not": {}}}}}}}}, {"or": [{"flagged": True}] * 101}, {"submitted_after": "soon"},
    ],
)  # fmt: skip
def test_a_tree_that_is_none_is_refused(campaign: Campaign, wrong: Any):
    with pytest.raises(InvalidInput):
        list(select_images(campaign, {"filter": {"where": wrong}}))


NAMES = ("bare", "land", "both", "marked", "disputed", "drafted")
# Each leaf with the images that it keeps, told by eye.
LEAVES: list[tuple[dict[str, Any], set[str]]] = [
    ({}, set(NAMES)),
    ({"labels_any": "water"}, {"both", "marked", "disputed"}),
    ({"labels_all": ["land", "water"]}, {"both", "marked", "disputed"}),
    ({"labels_none": "water"}, {"bare", "land", "drafted"}),
    ({"label_type": "none"}, {"bare", "drafted"}),
    ({"label_type": "single"}, {"land"}),
    ({"default": "ambiguous"}, {"disputed"}),
    ({"sharpness_gte": 3}, {"marked", "disputed"}),
    ({"sharpness_lte": 1, "brightness_gte": 0.1}, {"land"}),
    ({"drafts": True}, {"drafted"}),
    ({"state": "submitted", "score_lte": 0.25}, {"land", "both"}),
    ({"submitted_after": "2026-05-02"}, {"both", "disputed"}),
]
trees = st.recursive(
    st.sampled_from(range(len(LEAVES))),
    lambda below: st.one_of(
        st.tuples(st.sampled_from(("and", "or")), st.lists(below, max_size=3)), st.tuples(st.just("not"), below)
    ),
    max_leaves=8,
)  # fmt: skip


def depth(tree: Any) -> int:
    if isinstance(tree, int):
        return 0
    below = tree[1] if tree[0] != "not" else [tree[1]]
    return 1 + max(map(depth, below), default=0)


def as_filter(tree: Any, labels: dict[str, int]) -> Any:
    if isinstance(tree, int):
        leaf = LEAVES[tree][0]
        numbered = {k: [labels[v]] if isinstance(v, str) else [labels[e] for e in v] for k, v in leaf.items() if k.startswith("labels_")}
        return {**leaf, **numbered}
    return {tree[0]: as_filter(tree[1], labels) if tree[0] == "not" else [as_filter(each, labels) for each in tree[1]]}


def kept(tree: Any) -> set[str]:
    """Evaluate a tree as logic would."""
    if isinstance(tree, int):
        return LEAVES[tree][1]
    if tree[0] == "not":
        return set(NAMES) - kept(tree[1])
    sets = [kept(each) for each in tree[1]]
    return set.intersection(set(NAMES), *sets) if tree[0] == "and" else set().union(*sets)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=trees.filter(lambda tree: depth(tree) <= 6))
def test_a_tree_keeps_what_logic_says(campaign: Campaign, gallery: dict[str, Image], tree: Any):
    labels = {label.name.lower(): label.pk for label in campaign.labels.all()}
    where = as_filter(tree, labels)
    assert {image.name for image in select_images(campaign, {"filter": {"where": where}})} == kept(tree)
