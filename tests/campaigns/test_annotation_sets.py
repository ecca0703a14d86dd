"""Annotation sets: saves with versions, submit, review, drafts, control images."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from campaigns.models import AnnotationSet, Campaign, Image, LabelUse, Revision, User
from campaigns.services.annotations import is_control
from campaigns.services.drafts import write_drafts, write_drafts_bulk

As = Callable[[User | None], APIClient]
pytestmark = pytest.mark.django_db


def whole(label: int, name: str = "a", **fields: Any) -> dict[str, Any]:
    return {"id": name, "label": label, "shape": {"type": "whole"}, **fields}


def box(label: int, name: str, x: float = 5, **fields: Any) -> dict[str, Any]:
    return {"id": name, "label": label, "shape": {"type": "box", "x": x, "y": 5, "width": 10, "height": 8}, **fields}


def draft(label: int, name: str, confidence: float, model: int = 3) -> dict[str, Any]:
    source = {"id": model, "name": "Finder", "version": "1"}
    return box(label, name, origin="prediction", review="draft", confidence=confidence, model=source, attributes={})


@pytest.fixture
def boxes(make_campaign: Callable[..., Campaign]) -> Campaign:
    return make_campaign(task="detection", settings={"control_share": 0.0})


@pytest.fixture
def image(boxes: Campaign, make_image: Callable[..., Image]) -> Image:
    return make_image(boxes)


def open_set(client: APIClient, image: Image) -> Any:
    return client.get(f"/api/v1/images/{image.pk}/annotation-set")


def save(client: APIClient, image: Image, version: int, **change: Any) -> Any:
    return client.patch(f"/api/v1/images/{image.pk}/annotation-set", change, headers={"If-Match": f'"{version}"'})


def submit(client: APIClient, image: Image, version: int, **body: Any) -> Any:
    return client.post(f"/api/v1/images/{image.pk}/annotation-set/submit", body, headers={"If-Match": f'"{version}"'})


def test_a_small_change_makes_a_new_version(image: Image, annotator: User, as_user: As) -> None:
    client, label = as_user(annotator), image.campaign.labels.first()
    first = open_set(client, image)
    assert first.headers["ETag"] == '"1"' and first.data["annotations"] == []
    saved = save(client, image, 1, upsert=[box(label.pk, "a"), box(label.pk, "b")])
    assert saved.status_code == 200 and saved.data["version"] == 2 and saved.headers["ETag"] == '"2"'
    assert save(client, image, 2, upsert=[box(label.pk, "a", x=7)], delete=["b"]).data["version"] == 3
    now = open_set(client, image).data["annotations"]
    assert [(a["id"], a["shape"]["x"]) for a in now] == [("a", 7.0)]


def test_who_saves_second_gets_the_current_document(image: Image, annotator: User, as_user: As) -> None:
    client, label = as_user(annotator), image.campaign.labels.first()
    open_set(client, image)
    save(client, image, 1, upsert=[box(label.pk, "mine")])
    late = save(client, image, 1, upsert=[box(label.pk, "other")])
    assert late.status_code == 412 and late.headers["Content-Type"] == "application/problem+json"
    assert [a["id"] for a in late.data["current"]["annotations"]] == ["mine"]
    assert save(client, image, late.data["current"]["version"], upsert=[box(label.pk, "other")]).status_code == 200


def test_a_save_without_a_version_is_refused(image: Image, annotator: User, as_user: As) -> None:
    answer = as_user(annotator).patch(f"/api/v1/images/{image.pk}/annotation-set", {"upsert": []})
    assert answer.status_code == 428 and "If-Match" in answer.data["detail"]


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"shape": {"type": "box", "x": "left", "y": 0, "width": 1, "height": 1}}, "annotations[0].shape"),
        ({"shape": {"type": "box", "x": 0, "y": 0, "width": 0, "height": 1}}, "annotations[0].shape"),
        ({"shape": {"type": "box", "x": 900, "y": 0, "width": 5, "height": 5}}, "annotations[0].shape"),
        ({"shape": {"type": "circle"}}, "annotations[0].shape.type"),
        ({"label": 999_999}, "annotations[0].label"),
        ({"label": True}, "annotations[0].label"),
        ({"id": ""}, "annotations[0].id"),
        ({"confidence": 1.5}, "annotations[0].confidence"),
        ({"surprise": 1}, "annotations[0].surprise"),
        ({"attributes": {"a": [1]}}, "annotations[0].attributes.a"),
    ],
)
def test_a_wrong_annotation_is_named_by_its_place(image: Image, annotator: User, as_user: As, wrong: dict[str, Any], place: str) -> None:
    client, label = as_user(annotator), image.campaign.labels.first()
    open_set(client, image)
    answer = save(client, image, 1, upsert=[{**box(label.pk, "a"), **wrong}])
    assert answer.status_code == 422 and answer.data["errors"][0]["field"] == place
    assert AnnotationSet.objects.get(image=image, author=annotator).version == 1


def test_nan_is_no_json(image: Image, annotator: User, as_user: As) -> None:
    client = as_user(annotator)
    open_set(client, image)
    url = f"/api/v1/images/{image.pk}/annotation-set"
    answer = client.patch(url, data=b'{"upsert":[{"id":"a","x":NaN}]}', content_type="application/json", headers={"If-Match": '"1"'})
    assert answer.status_code == 400 and "JSON" in answer.data["detail"]


def test_submitting_keeps_drafts_above_the_threshold_only(image: Image, annotator: User, as_user: As) -> None:
    client, label = as_user(annotator), image.campaign.labels.first()
    write_drafts(image_id=image.pk, model_id=3, annotations=[draft(label.pk, "sure", 0.9), draft(label.pk, "unsure", 0.2)])
    assert [a["review"] for a in open_set(client, image).data["annotations"]] == ["draft", "draft"]
    done = submit(client, image, 1, accept_drafts_above=0.5)
    assert done.status_code == 200 and done.data["state"] == "submitted"
    assert [(a["id"], a["review"], a["origin"]) for a in done.data["annotations"]] == [("sure", "accepted", "prediction")]
    assert Revision.objects.get(image=image).annotations == done.data["annotations"]
    image.refresh_from_db()
    assert image.state == "submitted" and image.leased_by is None


def test_submitting_without_a_word_drops_all_drafts(image: Image, annotator: User, as_user: As) -> None:
    write_drafts(image_id=image.pk, model_id=3, annotations=[draft(image.campaign.labels.first().pk, "sure", 0.9)])
    client = as_user(annotator)
    open_set(client, image)
    assert submit(client, image, 1).data["annotations"] == []


def test_a_revision_stays_as_it_was_submitted(image: Image, annotator: User, as_user: As) -> None:
    client, label = as_user(annotator), image.campaign.labels.first()
    open_set(client, image)
    save(client, image, 1, upsert=[box(label.pk, "a")])
    submit(client, image, 2)
    save(client, image, 3, delete=["a"])
    assert [a["id"] for a in Revision.objects.get(image=image).annotations] == ["a"]
    submit(client, image, 4)
    assert [r.number for r in Revision.objects.filter(image=image)] == [2, 1]


def test_drafting_twice_changes_nothing_and_leaves_other_models_drafts(image: Image) -> None:
    label = image.campaign.labels.first().pk
    write_drafts(image_id=image.pk, model_id=3, annotations=[draft(label, "a", 0.9)])
    write_drafts(image_id=image.pk, model_id=4, annotations=[draft(label, "b", 0.8, model=4)])
    before = AnnotationSet.objects.get(image=image, author=None)
    write_drafts(image_id=image.pk, model_id=3, annotations=[draft(label, "a", 0.9)])
    after = AnnotationSet.objects.get(image=image, author=None)
    assert sorted(a["id"] for a in after.annotations) == ["a", "b"]
    assert write_drafts_bulk(model_id=4, drafts={image.pk: []}) == {image.pk: before.pk}
    assert [a["id"] for a in AnnotationSet.objects.get(image=image, author=None).annotations] == ["a"]


def test_an_untouched_copy_follows_new_drafts_and_an_edited_one_does_not(
    image: Image, annotator: User, reviewer: User, as_user: As
) -> None:
    label = image.campaign.labels.first().pk
    write_drafts(image_id=image.pk, model_id=3, annotations=[draft(label, "old", 0.9)])
    untouched, edited = as_user(annotator), as_user(reviewer)
    open_set(untouched, image)
    open_set(edited, image)
    save(edited, image, 1, upsert=[box(label, "mine")])
    write_drafts(image_id=image.pk, model_id=3, annotations=[draft(label, "new", 0.9)])
    assert [a["id"] for a in open_set(untouched, image).data["annotations"]] == ["new"]
    assert [a["id"] for a in open_set(edited, image).data["annotations"]] == ["old", "mine"]


def test_control_images_come_without_drafts(
    make_campaign: Callable[..., Campaign], make_image: Callable[..., Image], annotator: User, as_user: As
) -> None:
    campaign = make_campaign(task="detection", settings={"control_share": 0.5})
    images = [make_image(campaign) for _ in range(40)]
    write_drafts_bulk(model_id=3, drafts={i.pk: [draft(campaign.labels.first().pk, "a", 0.9)] for i in images})
    answers = {i.pk: open_set(as_user(annotator), i).data for i in images}
    controls = [i for i in images if is_control(i)]
    assert 5 < len(controls) < 35
    assert all(answers[i.pk]["prefill_withheld"] == (i in controls) for i in images)
    assert all(bool(answers[i.pk]["annotations"]) == (i not in controls) for i in images)


def test_single_label_campaigns_take_exactly_one(
    campaign: Campaign, make_image: Callable[..., Image], annotator: User, as_user: As
) -> None:
    image, client = make_image(campaign), as_user(annotator)
    land, water = campaign.labels.all()
    open_set(client, image)
    assert submit(client, image, 1).data["code"] == "label_missing"
    assert save(client, image, 1, upsert=[whole(land.pk, "a"), whole(water.pk, "b")]).data["code"] == "one_label_only"
    assert save(client, image, 1, upsert=[whole(land.pk, "a")]).status_code == 200
    assert save(client, image, 2, upsert=[whole(water.pk, "b")]).data["code"] == "one_label_only"
    assert save(client, image, 2, upsert=[whole(water.pk, "b")], delete=["a"]).status_code == 200
    assert submit(client, image, 3).status_code == 200


def test_multi_label_campaigns_take_several(
    make_campaign: Callable[..., Campaign], make_image: Callable[..., Image], annotator: User, as_user: As
) -> None:
    campaign = make_campaign(settings={"multi_label": True})
    image, client = make_image(campaign), as_user(annotator)
    open_set(client, image)
    rows = [whole(label.pk, f"a{label.pk}") for label in campaign.labels.all()]
    assert save(client, image, 1, upsert=rows).status_code == 200
    assert submit(client, image, 2).status_code == 200


def test_label_counts_follow_the_document(image: Image, annotator: User, as_user: As) -> None:
    client = as_user(annotator)
    land, water = image.campaign.labels.all()
    open_set(client, image)
    save(client, image, 1, upsert=[box(land.pk, "a"), box(land.pk, "b"), box(water.pk, "c")])
    assert dict(LabelUse.objects.values_list("label", "count")) == {land.pk: 2, water.pk: 1}
    save(client, image, 2, delete=["b", "c"])
    assert dict(LabelUse.objects.values_list("label", "count")) == {land.pk: 1}


def test_a_reviewer_accepts_or_returns_what_was_submitted(image: Image, annotator: User, reviewer: User, as_user: As) -> None:
    client, review = as_user(annotator), as_user(reviewer)
    assert review.post(f"/api/v1/images/{image.pk}/annotation-set/accept").data["code"] == "nothing_submitted"
    open_set(client, image)
    submit(client, image, 1)
    assert as_user(annotator).post(f"/api/v1/images/{image.pk}/annotation-set/accept").status_code == 403
    returned = review.post(f"/api/v1/images/{image.pk}/annotation-set/return", {"comment": "Two are missing."})
    assert returned.data["state"] == "returned"
    again = client.post(f"/api/v1/campaigns/{image.campaign_id}/next").data
    assert again["image"]["id"] == image.pk and again["image"]["comment"] == "Two are missing."
    submit(client, image, again["annotation_set"]["version"])
    assert review.post(f"/api/v1/images/{image.pk}/annotation-set/accept").data["state"] == "accepted"


def test_a_reviewer_and_the_author_meet_on_one_document(image: Image, annotator: User, reviewer: User, as_user: As) -> None:
    author, review = as_user(annotator), as_user(reviewer)
    label = image.campaign.labels.first().pk
    open_set(author, image)
    submit(author, image, 1)
    seen = open_set(review, image).data
    assert seen["author"]["username"] == "annotator"
    assert save(review, image, seen["version"], upsert=[box(label, "fix")]).status_code == 200
    late = save(author, image, seen["version"], upsert=[box(label, "mine")])
    assert late.status_code == 412 and [a["id"] for a in late.data["current"]["annotations"]] == ["fix"]


def test_a_viewer_reads_and_does_not_write(image: Image, viewer: User, as_user: As) -> None:
    client = as_user(viewer)
    assert open_set(client, image).status_code == 200
    assert not AnnotationSet.objects.filter(author=viewer).exists()
    assert save(client, image, 0, upsert=[]).status_code == 403


def test_active_seconds_add_up_and_one_save_cannot_claim_hours(image: Image, annotator: User, as_user: As) -> None:
    client = as_user(annotator)
    open_set(client, image)
    save(client, image, 1, active_s=12.5)
    save(client, image, 2, active_s=90_000)
    assert AnnotationSet.objects.get(image=image, author=annotator).active_s == 612.5


def test_drafts_of_a_label_that_was_removed_meanwhile_are_left_out(as_user: As, annotator: User, boxes: Campaign, image: Image) -> None:
    kept, removed = boxes.labels.all()
    removed_id = removed.pk
    removed.delete()
    write_drafts(image_id=image.pk, model_id=3, annotations=[draft(kept.pk, "a", 0.9), draft(removed_id, "b", 0.9)])
    assert [a["id"] for a in open_set(as_user(annotator), image).data["annotations"]] == ["a"]


def test_a_set_with_a_removed_label_can_still_be_submitted(as_user: As, annotator: User, boxes: Campaign, image: Image) -> None:
    kept, removed = boxes.labels.all()
    annotations = [draft(kept.pk, "a", 0.9), draft(removed.pk, "b", 0.9)]
    removed.delete()
    AnnotationSet.objects.create(image=image, author=annotator, annotations=annotations)
    answer = submit(as_user(annotator), image, 1, accept_drafts_above=0.5)
    assert answer.status_code == 200, answer.content
    assert [a["id"] for a in answer.json()["annotations"]] == ["a"]


def test_of_two_models_the_one_run_last_speaks_for_a_label(image: Image, annotator: User, as_user: As) -> None:
    land, water = (label.pk for label in image.campaign.labels.all())
    write_drafts(image_id=image.pk, model_id=3, annotations=[draft(land, "old", 0.9), draft(water, "kept", 0.9)])
    write_drafts(image_id=image.pk, model_id=4, annotations=[draft(land, "new", 0.6, model=4)])
    assert sorted(a["id"] for a in open_set(as_user(annotator), image).data["annotations"]) == ["kept", "new"]


def test_with_one_label_an_image_there_is_one_guess(
    make_campaign: Callable[..., Campaign], make_image: Callable[..., Image], annotator: User, as_user: As
) -> None:
    campaign = make_campaign(settings={"control_share": 0.0})
    image, client = make_image(campaign), as_user(annotator)
    land, water = (label.pk for label in campaign.labels.all())
    for model, label in ((3, land), (4, water)):
        source = {"id": model, "name": "m", "version": "1"}
        guess = whole(label, f"m{model}", origin="prediction", review="draft", confidence=0.9, model=source, attributes={})
        write_drafts(image_id=image.pk, model_id=model, annotations=[guess])
    assert [a["label"] for a in open_set(client, image).data["annotations"]] == [water]
    assert submit(client, image, 1, accept_drafts_above=0.5).status_code == 200
