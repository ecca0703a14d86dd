"""What labeling cost: seconds and actions by person, shape and origin."""

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from campaigns.effort import MAX_SECONDS, Spent, checked_effort, tallies, with_effort
from campaigns.models import AnnotationSet, Campaign, Effort, Image, User
from campaigns.services.drafts import write_drafts
from tests.campaigns.test_annotation_sets import box, draft, open_set, save, submit

As = Callable[[User | None], APIClient]
pytestmark = pytest.mark.django_db


@pytest.fixture
def image(make_campaign: Callable[..., Campaign], make_image: Callable[..., Image]) -> Image:
    return make_image(make_campaign(task="detection", settings={"control_share": 0.0}))


def rows(client: APIClient, image: Image, **asked: Any) -> list[tuple[Any, ...]]:
    answer = client.get(f"/api/v1/campaigns/{image.campaign_id}/effort", asked)
    assert answer.status_code == 200, answer.content
    names = ("shape", "origin", "objects", "active_s", "actions", "s_per_object", "actions_per_object")
    return [(row["user"]["username"], *(row[name] for name in names)) for row in answer.data["rows"]]


def label_three(client: APIClient, image: Image) -> None:
    """Draw one box, correct one draft, accept another as it is, and hand in."""
    label = image.campaign.labels.first().pk
    write_drafts(image_id=image.pk, model_id=3, annotations=[draft(label, "sure", 0.9), draft(label, "near", 0.8)])
    open_set(client, image)
    source = {"id": 3, "name": "Finder", "version": "1"}
    drawn = save(client, image, 1, upsert=[box(label, "mine")], effort={"mine": {"active_s": 4.5, "actions": 2}})
    assert drawn.status_code == 200, drawn.content
    corrected = box(label, "near", x=9, model=source)
    save(client, image, 2, upsert=[corrected], effort={"near": {"active_s": 1.25, "actions": 3}, "mine": {"active_s": 0.5, "actions": 1}})
    assert submit(client, image, 3, accept_drafts_above=0.5).status_code == 200


def test_effort_is_told_by_shape_and_origin_once_a_set_is_handed_in(image: Image, annotator: User, as_user: As) -> None:
    client = as_user(annotator)
    assert rows(client, image) == []
    label_three(client, image)
    assert rows(client, image) == [
        ("annotator", "box", "accepted", 1, 0.0, 0, 0.0, 0.0),
        ("annotator", "box", "corrected", 1, 1.25, 3, 1.25, 3.0),
        ("annotator", "box", "human", 1, 5.0, 3, 5.0, 3.0),
    ]


def test_handing_in_again_counts_no_object_twice_and_adds_the_further_work(image: Image, annotator: User, as_user: As) -> None:
    client = as_user(annotator)
    label_three(client, image)
    version = open_set(client, image).data["version"]
    save(client, image, version, delete=["sure", "near"], effort={"mine": {"active_s": 1, "actions": 1}})
    submit(client, image, version + 1)
    assert rows(client, image) == [("annotator", "box", "human", 1, 6.0, 4, 6.0, 4.0)]


def test_a_reviewer_answers_for_what_the_reviewer_worked_on(image: Image, annotator: User, reviewer: User, as_user: As) -> None:
    author, review = as_user(annotator), as_user(reviewer)
    label_three(author, image)
    seen = open_set(review, image).data
    fixed = box(image.campaign.labels.first().pk, "mine", x=11)
    save(review, image, seen["version"], upsert=[fixed], effort={"mine": {"active_s": 2, "actions": 1}})
    submit(review, image, seen["version"] + 1)
    by_person = {(row[0], row[2]): row[3:6] for row in rows(review, image)}
    assert by_person["reviewer", "human"] == (1, 2.0, 1) and by_person["annotator", "human"] == (1, 5.0, 3)


def test_everybody_sees_the_own_effort_and_only_who_reviews_sees_all(
    image: Image, annotator: User, reviewer: User, viewer: User, as_user: As
) -> None:
    label_three(as_user(annotator), image)
    assert len(rows(as_user(annotator), image)) == len(rows(as_user(reviewer), image)) == 3
    assert rows(as_user(viewer), image) == rows(as_user(viewer), image, user=annotator.pk) == []
    assert rows(as_user(reviewer), image, user=viewer.pk) == []


def test_dates_choose_by_the_time_of_the_submit(image: Image, annotator: User, as_user: As) -> None:
    client, now = as_user(annotator), timezone.now()
    label_three(client, image)
    assert len(rows(client, image, submitted_after=now.isoformat())) == 3
    assert rows(client, image, submitted_before=now.isoformat()) == []
    assert rows(client, image, submitted_after=(now + timedelta(hours=1)).isoformat()) == []
    assert client.get(f"/api/v1/campaigns/{image.campaign_id}/effort", {"submitted_after": "yesterday"}).status_code == 422


def test_the_table_holds_the_same_figures(image: Image, annotator: User, as_user: As) -> None:
    client = as_user(annotator)
    label_three(client, image)
    answer = client.get(f"/api/v1/campaigns/{image.campaign_id}/effort.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    heading, *lines = csv.reader(StringIO(answer.content.decode()))
    assert heading[:4] == ["user", "shape", "origin", "objects"]
    assert [(line[0], line[2], line[5]) for line in lines] == [
        ("annotator", "accepted", "0"),
        ("annotator", "corrected", "3"),
        ("annotator", "human", "3"),
    ]


def test_a_script_that_reports_nothing_leaves_no_rows(image: Image, annotator: User, as_user: As) -> None:
    client = as_user(annotator)
    open_set(client, image)
    save(client, image, 1, upsert=[box(image.campaign.labels.first().pk, "a")])
    submit(client, image, 2)
    assert not Effort.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ([], "effort"),
        (None, "effort"),
        ({"a": 3}, "effort.a"),
        ({"a": {"active_s": -1}}, "effort.a.active_s"),
        ({"a": {"active_s": True}}, "effort.a.active_s"),
        ({"a": {"actions": 1.5}}, "effort.a.actions"),
        ({"a": {"clicks": 1}}, "effort.a"),
        ({"": {"actions": 1}}, "effort"),
    ],
)
def test_wrong_effort_is_named_by_its_place_and_nothing_is_saved(
    image: Image, annotator: User, as_user: As, wrong: Any, place: str
) -> None:
    client = as_user(annotator)
    open_set(client, image)
    answer = save(client, image, 1, upsert=[box(image.campaign.labels.first().pk, "a")], effort=wrong)
    assert answer.status_code == 422 and answer.data["errors"][0]["field"] == place
    assert AnnotationSet.objects.get(image=image, author=annotator).version == 1


def test_what_is_reported_of_unknown_annotations_is_forgotten(image: Image, annotator: User, as_user: As) -> None:
    client = as_user(annotator)
    open_set(client, image)
    save(client, image, 1, upsert=[box(image.campaign.labels.first().pk, "a")], effort={"ghost": {"actions": 9}, "a": {"actions": 1}})
    assert AnnotationSet.objects.get(image=image, author=annotator).effort == {str(annotator.pk): {"a": [0.0, 1]}}


entries = st.dictionaries(
    st.sampled_from("abcdef"),
    st.fixed_dictionaries({"active_s": st.floats(0, 1e6), "actions": st.integers(0, 50)}),
    max_size=6,
)


@given(entries)
def test_one_save_never_claims_more_than_ten_minutes(document: dict[str, Any]) -> None:
    checked = checked_effort(document)
    assert set(checked) == set(document)
    assert sum(spent.active_s for spent in checked.values()) <= MAX_SECONDS * (1 + 1e-9)


@given(st.lists(entries, max_size=5))
def test_increments_add_up_whatever_their_order(saves: list[dict[str, Any]]) -> None:
    annotations = [{"id": name, "origin": "human", "model": None, "shape": {"type": "box"}} for name in "abcdef"]

    def total(documents: list[dict[str, Any]]) -> tuple[int, float]:
        kept: dict[str, Any] = {}
        for document in documents:
            kept = with_effort(kept, 1, checked_effort(document), "abcdef")
        spent = sum((tally.spent for tally in tallies(kept, annotations, 1)), Spent())
        return spent.actions, spent.active_s

    forward, backward = total(saves), total(saves[::-1])
    assert forward[0] == backward[0] == sum(entry["actions"] for document in saves for entry in document.values())
    assert forward[1] == pytest.approx(backward[1], abs=0.1)
