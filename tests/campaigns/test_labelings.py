"""Labels of many images at once, label operations, and the way back from each."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from campaigns.labeling import Wish, difference, labeled, restored
from campaigns.models import AnnotationSet, Campaign, CampaignChange, Image, Label, LabelUse, Revision, Run, User
from campaigns.runs import execute_now
from campaigns.services import changes, labelings
from tests.campaigns.test_filters import give, whole

As = Callable[[User | None], APIClient]


def state_of(campaign: Campaign) -> dict[str, Any]:
    """All that a change may touch and an undo must bring back; versions and times of saving only ever grow."""
    sets = AnnotationSet.objects.filter(image__campaign=campaign).order_by("pk")
    return {
        "labels": list(campaign.labels.order_by("pk").values()),
        "sets": list(
            sets.exclude(annotations=[], edited=False).values("image", "author", "annotations", "state", "edited", "submitted_at")
        ),
        "uses": sorted(
            LabelUse.objects.values_list("annotation_set__image", "annotation_set__author", "label", "count", "whole", "default")
        ),
        "images": list(campaign.images.order_by("pk").values("pk", "state")),
    }


@pytest.fixture
def several(make_campaign: Callable[..., Campaign]) -> Campaign:
    return make_campaign(labels=("Land", "Water", "Ice"), settings={"multi_label": True})


@pytest.fixture
def label_them(as_user: As, annotator: User) -> Callable[..., Any]:
    def post(campaign: Campaign, user: User = annotator, status: int = 200, **body: Any) -> Any:
        answer = as_user(user).post(f"/api/v1/campaigns/{campaign.pk}/labelings", body)
        assert answer.status_code == status, answer.data
        return answer.data

    return post


@pytest.fixture
def undo(as_user: As, manager: User) -> Callable[..., Any]:
    def post(campaign: Campaign, change: int, user: User = manager, status: int = 200) -> Any:
        answer = as_user(user).post(f"/api/v1/campaigns/{campaign.pk}/changes/{change}/undo")
        assert answer.status_code == status, answer.data
        return answer.data

    return post


def names(image: Image, author: User) -> list[str]:
    own = AnnotationSet.objects.filter(image=image, author=author).first()
    by_id = dict(Label.objects.values_list("pk", "name"))
    return [by_id[a["label"]] + ("*" if a.get("default") else "") for a in own.annotations] if own else []


def test_labels_are_added_to_and_removed_from_a_selection(
    several: Campaign, make_image: Callable[..., Image], annotator: User, label_them: Callable[..., Any]
):
    land, water, _ = several.labels.all()
    images = [make_image(several) for _ in range(3)]
    answer = label_them(several, images=[i.pk for i in images], add=[land.pk, water.pk])
    assert answer["change"]["images"] == 3 and answer["change"]["title"] == "Add Land, add Water on 3 images" and answer["run"] is None
    label_them(several, images=[images[0].pk], remove=[land.pk])
    assert [names(i, annotator) for i in images] == [["Water"], ["Land", "Water"], ["Land", "Water"]]
    assert sorted(LabelUse.objects.values_list("label__name", "default")) == [
        ("Land", False), ("Land", False), ("Water", False), ("Water", False), ("Water", True),
    ]  # fmt: skip
    assert label_them(several, images=[images[0].pk], add=[land.pk], remove=[])["change"]["images"] == 1


def test_one_label_campaigns_replace(campaign: Campaign, make_image: Callable[..., Image], annotator: User, label_them: Callable[..., Any]):
    land, water = campaign.labels.all()
    image = make_image(campaign)
    label_them(campaign, images="all", add=[land.pk])
    label_them(campaign, images="all", add=[water.pk])
    assert names(image, annotator) == ["Water"]
    label_them(campaign, status=422, images="all", add=[land.pk, water.pk])


def test_the_default_is_set_by_adding_again_and_for_all_that_have_the_label(
    several: Campaign, make_image: Callable[..., Image], annotator: User, label_them: Callable[..., Any]
):
    land, water, ice = several.labels.all()
    a, b = make_image(several), make_image(several)
    label_them(several, images=[a.pk, b.pk], add=[land.pk, water.pk])
    label_them(several, images=[a.pk], add=[ice.pk])
    label_them(several, images=[a.pk, b.pk], add=[ice.pk])  # b lacked it, so nothing becomes the default
    assert names(a, annotator) == ["Land", "Water", "Ice"] == names(b, annotator)
    label_them(several, images=[a.pk, b.pk], add=[water.pk])
    assert names(a, annotator) == ["Land", "Water*", "Ice"] == names(b, annotator)
    label_them(several, images=[a.pk], remove=[ice.pk])
    label_them(several, images="all", default_for_having=ice.pk)
    assert (names(a, annotator), names(b, annotator)) == (["Land", "Water*"], ["Land", "Water", "Ice*"])
    label_them(several, images="all", default=ice.pk)
    assert (names(a, annotator), names(b, annotator)) == (["Land", "Water", "Ice*"], ["Land", "Water", "Ice*"])


def test_submitting_keeps_a_revision_and_leaves_out_what_lacks_a_label(
    campaign: Campaign, make_image: Callable[..., Image], annotator: User, label_them: Callable[..., Any]
):
    land, _ = campaign.labels.all()
    labeled_one, bare = make_image(campaign), make_image(campaign)
    label_them(campaign, images=[labeled_one.pk], add=[land.pk])
    change = label_them(campaign, images="all", submit=True)["change"]
    assert (change["images"], change["left_out"]) == (1, 1)
    assert Image.objects.get(pk=labeled_one.pk).state == "submitted" and Image.objects.get(pk=bare.pk).state == "unlabeled"
    assert [a["label"] for a in Revision.objects.get().annotations] == [land.pk]


def test_an_undone_labeling_leaves_everything_as_it_was(
    several: Campaign,
    make_image: Callable[..., Image],
    annotator: User,
    reviewer: User,
    label_them: Callable[..., Any],
    undo: Callable[..., Any],
):
    land, water, ice = several.labels.all()
    images = [make_image(several) for _ in range(4)]
    give(images[0], annotator, whole(land.pk, default=True), whole(water.pk))
    give(images[1], annotator, whole(water.pk), submitted_at=None)
    give(images[2], reviewer, whole(ice.pk))
    for own in AnnotationSet.objects.exclude(submitted_at=None):
        Revision.objects.create(annotation_set=own, image=own.image, number=1, annotations=own.annotations)
    before = state_of(several)
    for body in ({"add": [ice.pk], "submit": True}, {"remove": [water.pk]}, {"default": water.pk}, {"default_for_having": water.pk}):
        change = label_them(several, images="all", **body)["change"]
        assert change["images"] > 0 and state_of(several) != before
        assert undo(several, change["id"], annotator)["change"]["left_alone"] == 0
        assert state_of(several) == before, body
    last = Revision.objects.filter(annotation_set__author=annotator, image=images[0]).first()
    assert last is not None and last.number == 3 and [a["label"] for a in last.annotations] == [land.pk, water.pk]
    undo(several, change["id"], annotator, status=409)


def test_an_undo_leaves_alone_what_was_edited_since(
    several: Campaign,
    make_image: Callable[..., Image],
    annotator: User,
    as_user: As,
    label_them: Callable[..., Any],
    undo: Callable[..., Any],
):
    land, water, _ = several.labels.all()
    images = [make_image(several) for _ in range(3)]
    change = label_them(several, images="all", add=[land.pk])["change"]
    edited = AnnotationSet.objects.get(image=images[1])
    path = f"/api/v1/images/{images[1].pk}/annotation-set"
    saved = as_user(annotator).patch(path, {"upsert": [whole(water.pk)]}, headers={"If-Match": f'"{edited.version}"'})
    assert saved.status_code == 200, saved.data
    assert undo(several, change["id"])["change"]["left_alone"] == 1
    assert [names(i, annotator) for i in images] == [[], ["Land", "Water"], []]


def test_a_save_from_before_a_labeling_is_refused_and_not_lost(
    several: Campaign, make_image: Callable[..., Image], annotator: User, as_user: As, label_them: Callable[..., Any]
):
    land, water, _ = several.labels.all()
    image = make_image(several)
    path = f"/api/v1/images/{image.pk}/annotation-set"
    version = as_user(annotator).get(path).data["version"]
    label_them(several, images="all", add=[land.pk])
    late = as_user(annotator).patch(path, {"upsert": [whole(water.pk)]}, headers={"If-Match": f'"{version}"'})
    assert late.status_code == 412 and [a["label"] for a in late.json()["current"]["annotations"]] == [land.pk]


def test_many_images_are_labeled_and_undone_by_runs(
    several: Campaign,
    make_image: Callable[..., Image],
    annotator: User,
    label_them: Callable[..., Any],
    undo: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(labelings, "AT_ONCE", 3)
    monkeypatch.setattr(changes, "UNDONE_AT_ONCE", 3)
    land = several.labels.first()
    assert land is not None
    images = [make_image(several) for _ in range(5)]
    answer = label_them(several, images="all", add=[land.pk], status=202)
    undo(several, answer["change"]["id"], status=409)
    run = execute_now(Run.objects.get(pk=answer["run"]["id"]))
    assert (run.kind, run.state, run.done, run.result["images"]) == ("labeling", "succeeded", 5, 5)
    assert all(names(i, annotator) == ["Land"] for i in images)
    back = undo(several, answer["change"]["id"], status=202)
    assert execute_now(Run.objects.get(pk=back["run"]["id"])).state == "succeeded"
    assert all(names(i, annotator) == [] for i in images)


def test_changes_are_listed_latest_first_and_others_labelings_are_for_managers_to_undo(
    several: Campaign,
    make_image: Callable[..., Image],
    reviewer: User,
    as_user: As,
    label_them: Callable[..., Any],
    undo: Callable[..., Any],
):
    land, water, _ = several.labels.all()
    make_image(several)
    first, second = (label_them(several, images="all", add=[label.pk])["change"]["id"] for label in (land, water))
    listed = as_user(reviewer).get(f"/api/v1/campaigns/{several.pk}/changes").data["results"]
    assert [row["id"] for row in listed] == [second, first]
    undo(several, second, reviewer, status=403)
    undo(several, second)


def test_a_listed_change_says_who_made_and_undid_it_and_whether_the_reader_may_undo_it(
    several: Campaign,
    make_image: Callable[..., Image],
    annotator: User,
    reviewer: User,
    manager: User,
    as_user: As,
    label_them: Callable[..., Any],
    undo: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
):
    land, water, _ = several.labels.all()
    images = [make_image(several) for _ in range(2)]
    label_them(several, images="all", add=[land.pk])
    as_user(manager).patch(f"/api/v1/campaigns/{several.pk}/labels/{land.pk}", {"name": "Soil"})

    def listed(user: User) -> list[dict[str, Any]]:
        return list(as_user(user).get(f"/api/v1/campaigns/{several.pk}/changes").data["results"])

    assert [(row["author"]["username"], row["images"], row["may_undo"]) for row in listed(annotator)] == [
        ("manager", 0, False),
        ("annotator", 2, True),
    ]
    assert [row["may_undo"] for row in listed(manager)] == [True, True]
    assert [row["may_undo"] for row in listed(reviewer)] == [False, False]
    answer = undo(several, listed(annotator)[1]["id"], annotator)["change"]
    assert answer["undone_by"]["username"] == "annotator" and not answer["may_undo"]
    assert [row["may_undo"] for row in listed(manager)] == [True, False]
    monkeypatch.setattr(labelings, "AT_ONCE", 1)
    waiting = label_them(several, status=202, images=[image.pk for image in images], add=[water.pk])["change"]
    assert waiting["at_work"] and not waiting["may_undo"]
    assert listed(annotator)[0]["at_work"] and not listed(manager)[0]["may_undo"]


@pytest.mark.parametrize("operation", ["rename", "recolour", "remove", "merge"])
def test_an_undone_label_operation_leaves_everything_as_it_was(
    operation: str,
    several: Campaign,
    make_image: Callable[..., Image],
    annotator: User,
    reviewer: User,
    manager: User,
    as_user: As,
    undo: Callable[..., Any],
):
    land, water, _ = several.labels.all()
    images = [make_image(several) for _ in range(3)]
    give(images[0], annotator, whole(land.pk, default=True), whole(water.pk))
    give(images[1], reviewer, whole(land.pk), submitted_at=None)
    give(images[2], None, whole(land.pk, review="draft"), submitted_at=None)
    own = AnnotationSet.objects.get(author=annotator)
    Revision.objects.create(annotation_set=own, image=own.image, number=1, annotations=own.annotations)
    before = state_of(several)
    path = f"/api/v1/campaigns/{several.pk}/labels/{land.pk}"
    client = as_user(manager)
    answer = {
        "rename": lambda: client.patch(path, {"name": "Soil"}),
        "recolour": lambda: client.patch(path, {"color": "#123456"}),
        "remove": lambda: client.delete(path),
        "merge": lambda: client.delete(f"{path}?merge_into={water.pk}"),
    }[operation]()
    assert answer.status_code in (200, 204), answer.data
    assert state_of(several) != before
    if operation == "merge":
        assert names(images[0], annotator) == ["Water*"]
        assert [a["label"] for a in own.revisions.first().annotations] == [water.pk]
    undo(several, int(answer.headers["X-Change"]))
    assert state_of(several) == before
    if operation in ("remove", "merge"):
        assert [a["label"] for a in own.revisions.first().annotations] == [land.pk, water.pk]


def test_what_maps_to_a_label_comes_back_with_it(several: Campaign, manager: User, as_user: As, undo: Callable[..., Any]):
    from models_registry.models import CampaignModel, LabelMapping, RegisteredModel

    land = several.labels.first()
    assert land is not None
    model = RegisteredModel.objects.create(
        name="M", task=several.task, protocol="winnow_json", created_by=manager, url="https://m.example.org"
    )
    joined = CampaignModel.objects.create(campaign=several, model=model)
    LabelMapping.objects.create(campaign_model=joined, class_index=0, label=land)
    before = list(LabelMapping.objects.values())
    answer = as_user(manager).delete(f"/api/v1/campaigns/{several.pk}/labels/{land.pk}")
    assert not LabelMapping.objects.exists()
    undo(several, int(answer.headers["X-Change"]))
    assert list(LabelMapping.objects.values()) == before


def test_a_label_does_not_come_back_over_another_of_its_name(several: Campaign, manager: User, as_user: As, undo: Callable[..., Any]):
    land = several.labels.first()
    assert land is not None
    url = f"/api/v1/campaigns/{several.pk}/labels"
    change = int(as_user(manager).delete(f"{url}/{land.pk}").headers["X-Change"])
    made = as_user(manager).post(url, {"name": "Land"}).data["id"]
    assert undo(several, change, status=409)["code"] == "label_clash"
    as_user(manager).patch(f"{url}/{made}", {"name": "Other"})
    undo(several, change)
    assert Label.objects.filter(pk=land.pk, name="Land").exists() and CampaignChange.objects.get(pk=change).undone_at is not None


documents = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from("abcdefgh"), "label": st.integers(1, 3), "review": st.sampled_from(("accepted", "draft")),
            "shape": st.sampled_from(({"type": "whole"}, {"type": "box"})),
        }
    ),
    unique_by=lambda a: a["id"],
)  # fmt: skip
few_labels = st.lists(st.integers(1, 3), max_size=2, unique=True).map(tuple)
maybe = st.none() | st.integers(1, 3)
wishes = st.builds(Wish, add=few_labels, remove=few_labels, default=maybe, default_for_having=maybe, one_label=st.booleans())


@given(before=documents, after=documents)
def test_a_difference_leads_back(before: list[dict[str, Any]], after: list[dict[str, Any]]):
    assert restored(after, difference(before, after)) == before


@given(before=documents, wish=wishes)
def test_a_labeling_leaves_shapes_alone_can_be_repeated_and_marks_one_default(before: list[dict[str, Any]], wish: Wish):
    after = labeled(before, wish)
    assert [a for a in after if a["shape"]["type"] != "whole"] == [a for a in before if a["shape"]["type"] != "whole"]
    assert restored(after, difference(before, after)) == before
    marked = [a["label"] for a in after if a.get("default")]
    assert len(marked) <= 1 and (wish.default is None or marked == [wish.default])
    if not set(wish.remove) & {*wish.add, wish.default}:
        assert labeled(after, wish) == after or wish.one_label
