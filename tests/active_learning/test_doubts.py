"""The review list over the API: found in a run, decided by a reviewer, and taken back."""

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from active_learning.models import LabelDoubt
from active_learning.services import doubting
from active_learning.services.deciding import decide
from active_learning.services.doubting import doubt_later, start_doubting
from active_learning.services.rounds import start_round
from active_learning.tasks import forget_mended
from campaigns.models import AnnotationSet, Image, ImageState, Revision, Run, RunState, SetState
from campaigns.runs import execute_now
from campaigns.services.annotations import best_set
from campaigns.services.correcting import correct_image
from tests.active_learning.answers import box, store
from tests.active_learning.chips import add_chip, chips, label_image

pytestmark = pytest.mark.django_db


@pytest.fixture
def mislabeled(labels, annotator):
    """36 labeled chips, two of them with a wrong label on purpose: an ocean called land, and a land called ocean."""
    campaign = labels["coast"].campaign
    wrong, given = {}, {"ocean": "land", "land": "ocean"}
    for chip in chips()[:36]:
        image = add_chip(campaign, chip)
        says = chip.kind
        if chip.kind in given and chip.kind not in {kind for kind, _ in wrong.values()}:
            says = given[chip.kind]
            wrong[image.pk] = (chip.kind, says)
        label_image(image, annotator, labels[says].pk)
    AnnotationSet.objects.filter(image__campaign=campaign).update(submitted_at=timezone.now())
    return campaign, wrong


def listed(client, campaign, **query):
    return client.get(f"/api/v1/campaigns/{campaign.pk}/label-doubts", query).json()["results"]


def put(client, campaign, doubt, state):
    return client.patch(f"/api/v1/campaigns/{campaign.pk}/label-doubts/{doubt}", {"state": state}, content_type="application/json")


def look(campaign, user):
    run = execute_now(start_doubting(user=user, campaign=campaign))
    assert run.state == RunState.SUCCEEDED, run.error
    return run


def said_of(image):
    return {each["label"] for each in best_set(Image.objects.get(pk=image)).annotations}


def test_planted_errors_are_found_kept_changed_and_taken_back(mislabeled, labels, as_user, reviewer):
    campaign, wrong = mislabeled
    look(campaign, reviewer)
    client = as_user(reviewer)
    found = listed(client, campaign, state="open")
    by_image = {each["image"]["id"]: each for each in found}
    assert set(wrong) <= set(by_image)
    assert {each["image"]["id"] for each in found[:4]} >= set(wrong)
    for image, (kind, says) in wrong.items():
        doubt = by_image[image]
        assert (doubt["given"], doubt["suggested"]) == (labels[says].pk, labels[kind].pk)
        assert doubt["facts"]["other"] > doubt["facts"]["own"]
    first, second = wrong
    right, given = (labels[name].pk for name in wrong[first])
    changed = put(client, campaign, by_image[first]["id"], "changed").json()
    assert (changed["state"], changed["decided_by"]["username"], said_of(first)) == ("changed", reviewer.username, {right})
    assert Revision.objects.filter(image=first).count() == 2
    assert put(client, campaign, by_image[first]["id"], "kept").status_code == 409
    assert put(client, campaign, by_image[first]["id"], "open").json()["state"] == "open"
    assert said_of(first) == {given}
    put(client, campaign, by_image[second]["id"], "kept")
    look(campaign, reviewer)
    again = listed(client, campaign, state="open")
    assert first in {each["image"]["id"] for each in again}  # still wrong, still asked
    assert second not in {each["image"]["id"] for each in again}  # somebody said it is right
    assert len(listed(client, campaign, state="kept")) == 1
    scores = [each["score"] for each in again]
    assert scores == sorted(scores, reverse=True)


def test_images_and_labels_removed_during_the_search_are_left_out_of_its_list(mislabeled, labels, reviewer, monkeypatch):
    campaign, wrong = mislabeled
    image, suggested = next(iter(wrong)), [labels[kind].pk for kind, _ in wrong.values()][1]
    judging = doubting.find_wrong_classes

    def meanwhile(*args, **kwargs):
        Image.objects.get(pk=image).delete()
        campaign.labels.filter(pk=suggested).delete()
        return judging(*args, **kwargs)

    monkeypatch.setattr(doubting, "find_wrong_classes", meanwhile)
    look(campaign, reviewer)
    assert not LabelDoubt.objects.filter(image=image).exists()
    assert not LabelDoubt.objects.filter(suggested_id=suggested).exists()


def test_only_reviewers_decide_and_two_of_them_not_the_same_twice(mislabeled, as_user, annotator, manager, reviewer):
    campaign, _ = mislabeled
    look(campaign, reviewer)
    doubt = LabelDoubt.objects.filter(campaign=campaign).first()
    assert put(as_user(annotator), campaign, doubt.pk, "changed").status_code == 403
    assert put(as_user(manager), campaign, doubt.pk, "kept").status_code == 200
    assert put(as_user(reviewer), campaign, doubt.pk, "changed").json()["code"] == "decided_already"
    assert put(as_user(reviewer), campaign, 10**9, "kept").status_code == 404


def test_where_nothing_is_submitted_there_is_nothing_to_doubt(make_campaign, as_user, reviewer):
    campaign = make_campaign("Fresh")
    answer = as_user(reviewer).post(f"/api/v1/campaigns/{campaign.pk}/label-doubt-runs")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_submitted")
    assert doubt_later(campaign) is None


def drawn(name, label, x, y, side=20.0):
    return {
        "id": name, "label": label, "shape": {"type": "box", "x": x, "y": y, "width": side, "height": side, "rotation": 0},
        "origin": "human", "review": "accepted", "confidence": None, "model": None, "attributes": {},
    }  # fmt: skip


@pytest.fixture
def boxes(make_campaign, make_image, make_external, annotator):
    """A detection campaign: a model's answers beside what a person drew, four disagreements in the first image, none in the others."""
    campaign = make_campaign("Boats", task="detection", labels=("Boat", "Buoy"))
    boat, buoy = campaign.labels.all()
    model = make_external(campaign, boat, buoy)
    images = [make_image(campaign, name=f"{n}.png", width=300, height=300) for n in range(4)]
    people = [[drawn("a", boat.pk, 0, 0), drawn("b", boat.pk, 100, 0), drawn("c", boat.pk, 200, 0), drawn("d", boat.pk, 0, 100)]]
    people += [[drawn("a", boat.pk, 0, 0)]] * 3
    for image, annotations in zip(images, people, strict=True):
        own = AnnotationSet.objects.create(
            image=image, author=annotator, annotations=annotations, state=SetState.SUBMITTED, submitted_at=image.created_at
        )
        Revision.objects.create(annotation_set=own, image=image, number=1, annotations=annotations, author=annotator)
        Image.objects.filter(pk=image.pk).update(state=ImageState.SUBMITTED)
    store(model, {
        images[0]: [box(0, 0.9, 0, 0), box(1, 0.8, 100, 0), box(0, 0.9, 210, 0), box(1, 0.95, 150, 150)],
        **{image: [box(0, 0.9, 0, 0)] for image in images[1:]},
    })  # fmt: skip
    return campaign, images, boat, buoy


def test_boxes_that_a_model_sees_otherwise_are_listed_changed_and_taken_back(boxes, as_user, reviewer):
    campaign, images, boat, buoy = boxes
    look(campaign, reviewer)
    client = as_user(reviewer)
    found = {each["kind"]: each for each in listed(client, campaign)}
    assert {kind: (each["given"], each["suggested"]) for kind, each in found.items()} == {
        "missing": (None, buoy.pk), "label": (boat.pk, buoy.pk), "place": (boat.pk, boat.pk), "extra": (boat.pk, None),
    }  # fmt: skip
    assert {each["image"]["id"] for each in found.values()} == {images[0].pk}
    before = best_set(images[0]).annotations
    for kind in ("label", "place", "extra", "missing"):
        answer = put(client, campaign, found[kind]["id"], "changed")
        assert answer.status_code == 200, answer.json()
    now = {each["id"]: each for each in best_set(images[0]).annotations}
    assert now["b"]["label"] == buoy.pk
    assert now["c"]["shape"]["x"] == 210
    assert "d" not in now
    added = next(each for name, each in now.items() if name not in "abc")
    assert (added["label"], added["shape"]["x"], added["review"], added["confidence"]) == (buoy.pk, 150, "accepted", 0.95)
    for kind in ("label", "extra", "missing", "place"):
        answer = put(client, campaign, found[kind]["id"], "open")
        assert answer.status_code == 200, answer.json()
    assert sorted(best_set(images[0]).annotations, key=lambda each: each["id"]) == before
    assert len(listed(client, campaign, state="open", kind="label")) == 1


def test_a_box_that_was_moved_since_is_left_to_a_person(boxes, as_user, reviewer):
    campaign, images, boat, _ = boxes
    look(campaign, reviewer)
    own = best_set(images[0])
    AnnotationSet.objects.filter(pk=own.pk).update(annotations=[drawn("b", boat.pk, 103, 0)])
    doubt = LabelDoubt.objects.get(campaign=campaign, kind="label")
    answer = put(as_user(reviewer), campaign, doubt.pk, "changed")
    assert (answer.status_code, answer.json()["code"]) == (409, "changed_since")
    doubt.refresh_from_db()
    assert doubt.state == "open"


def test_without_a_models_answers_boxes_cannot_be_doubted(boxes, as_user, reviewer):
    campaign, images, _, _ = boxes
    for image in images:
        image.predictions.all().delete()
    answer = as_user(reviewer).post(f"/api/v1/campaigns/{campaign.pk}/label-doubt-runs")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_answers")


def test_a_round_has_its_labels_looked_through_once_there_are_enough(mislabeled, manager, monkeypatch):
    campaign, _ = mislabeled
    for chip in chips()[36:40]:
        add_chip(campaign, chip)
    submitted = campaign.images.filter(state="submitted").count()
    for least, queued in ((submitted + 1, False), (submitted, True), (submitted, False)):
        monkeypatch.setattr("active_learning.services.doubting.WORTH_A_LOOK", least)
        run = execute_now(start_round(user=manager, campaign=campaign, strategy="random", size=2).run)
        assert run.state == RunState.SUCCEEDED, run.error
        assert (run.result["doubts"] is not None) == queued
    assert Run.objects.filter(campaign=campaign, kind="label-errors").count() == 1


def test_a_look_after_a_round_is_queued_once(mislabeled, monkeypatch):
    campaign, _ = mislabeled
    monkeypatch.setattr("active_learning.services.doubting.WORTH_A_LOOK", 1)
    assert doubt_later(campaign) is not None
    assert doubt_later(campaign) is None


def test_what_was_put_right_in_the_labeling_tool_leaves_the_list_and_what_was_not_stays(boxes, as_user, reviewer):
    campaign, images, _boat, buoy = boxes
    look(campaign, reviewer)
    client = as_user(reviewer)
    assert {each["kind"] for each in listed(client, campaign)} == {"label", "missing", "place", "extra"}

    def mended(annotations):
        renamed = [{**each, "label": buoy.pk} if each["id"] == "b" else each for each in annotations]
        return [*renamed, drawn("e", buoy.pk, 151, 149)]

    correct_image(user=reviewer, image=images[0], title="By hand", edit=mended)
    assert [task.task["func"] for task in OrmQ.objects.all()].count("active_learning.tasks.forget_mended") == 1
    assert forget_mended(Revision.objects.filter(image=images[0]).latest("pk").pk) == 2
    assert {each["kind"] for each in listed(client, campaign)} == {"place", "extra"}


def test_a_label_that_somebody_else_changed_leaves_the_list_and_a_decision_stays(mislabeled, labels, annotator, reviewer):
    campaign, wrong = mislabeled
    look(campaign, reviewer)
    first, second = wrong
    decide(user=reviewer, doubt=LabelDoubt.objects.get(image=first), state="changed")
    label_image(Image.objects.get(pk=second), annotator, labels[wrong[second][0]].pk)
    assert forget_mended(*Revision.objects.filter(image__in=wrong).values_list("pk", flat=True)) == 1
    assert list(LabelDoubt.objects.filter(image__in=wrong).values_list("image", "state")) == [(first, "changed")]
