"""Images that look alike, on real satellite images, over the API."""

from dataclasses import replace

import numpy as np
import pytest

from active_learning.services.embeddings import embedding_store, source_of
from active_learning.services.similarity import start_looking
from active_learning.services.suggesting import start_suggesting
from campaigns.documents import label_uses
from campaigns.models import AnnotationSet, Image, Run, RunState, Split
from campaigns.runs import execute_now
from campaigns.services.annotations import write_uses
from campaigns.storage import image_path
from inference.serving.answers import ModelAnswers
from tests.active_learning.chips import add_chip, chips, label_image

pytestmark = pytest.mark.django_db


@pytest.fixture
def looked(coast, manager):
    """A campaign that was looked at, with one image nearly twice: once for training, a hair brighter for testing."""
    first = coast.images.order_by("id").first()
    Image.objects.filter(pk=first.pk).update(split=Split.TRAIN)
    chip = chips()[0]
    copy = add_chip(coast, replace(chip, name="again", pixels=np.minimum(chip.pixels, 254) + np.uint8(1)), split=Split.TEST)
    run = execute_now(start_looking(user=manager, campaign=coast, threshold=0.99))
    assert run.state == RunState.SUCCEEDED, run.error
    return first, copy, run


def similar(client, campaign, **query):
    return client.get(f"/api/v1/campaigns/{campaign.pk}/similar", query)


def test_a_copy_is_found_as_a_pair_a_cluster_and_a_leak_between_splits(coast, looked):
    first, copy, run = looked
    assert run.result["compared"] == coast.images.count()
    pair = next(pair for pair in run.result["pairs"] if pair[:2] == [first.pk, copy.pk])
    assert 0.99 <= pair[2] <= 1
    assert any({first.pk, copy.pk} <= set(cluster) for cluster in run.result["clusters"])
    assert pair in run.result["leaks"]


def test_the_nearest_images_come_first_and_the_image_itself_not_at_all(coast, looked, as_user, viewer):
    first, copy, _ = looked
    answer = similar(as_user(viewer), coast, image=first.pk, limit=5).json()
    assert answer["missing"] == 0
    assert answer["similar"][0]["image"]["id"] == copy.pk
    scores = [each["similarity"] for each in answer["similar"]]
    assert (len(scores), scores) == (5, sorted(scores, reverse=True))
    store = embedding_store()
    second = Image.objects.get(pk=answer["similar"][1]["image"]["id"])
    vectors = store.load([source_of(image).key for image in (first, second)])
    expected = float(vectors[0] @ vectors[1] / np.linalg.norm(vectors[0]) / np.linalg.norm(vectors[1]))
    assert scores[1] == pytest.approx(expected, abs=1e-4)
    assert similar(as_user(viewer), coast, image=first.pk, threshold=scores[1]).json()["similar"] == answer["similar"][:2]


def test_labels_and_their_and_narrow_it(coast, looked, labels, as_user, annotator):
    first, _, _ = looked
    client = as_user(annotator)
    write_uses({each.pk: label_uses(each.annotations) for each in AnnotationSet.objects.filter(image__campaign=coast)})
    found = similar(client, coast, image=first.pk, limit=100, labels="ocean").json()["similar"]
    having = set(coast.images.filter(annotation_sets__label_uses__label=labels["ocean"]).values_list("pk", flat=True)) - {first.pk}
    assert {each["image"]["id"] for each in found} == having != set()
    either = similar(client, coast, image=first.pk, limit=100, labels=f"ocean,{labels['land'].pk}").json()["similar"]
    assert len(either) > len(found)
    assert similar(client, coast, image=first.pk, labels="ocean,land", **{"and": "true"}).json()["similar"] == []
    for wrong in ({"labels": "sand"}, {"limit": 0}, {"limit": "x"}, {"threshold": 7}, {"image": "x"}):
        assert similar(client, coast, **{"image": first.pk, **wrong}).status_code == 422


def test_an_image_nobody_has_looked_at_says_what_to_do(make_campaign, make_image, as_user, viewer):
    campaign = make_campaign("Fresh")
    answer = similar(as_user(viewer), campaign, image=make_image(campaign, width=31).pk)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_looked_at")
    image_path(broken := make_image(campaign, width=32)).write_bytes(b"no picture")
    answer = similar(as_user(viewer), campaign, image=broken.pk)
    assert (answer.status_code, answer.json()["code"]) == (409, "unreadable_image"), "to look again would change nothing"


def test_a_picture_from_elsewhere_finds_its_like_also_as_sentisights_clients_ask(coast, looked, as_user, viewer, settings, monkeypatch):
    first, copy, _ = looked
    answers = ModelAnswers()
    monkeypatch.setattr("inference.serving.client.ask", lambda _, question, **more: answers.answer(question))
    content = (settings.DATA_DIR / "images" / first.path).read_bytes()
    client = as_user(viewer)
    ours = client.post(f"/api/v1/campaigns/{coast.pk}/similar?limit=3", content, content_type="image/png").json()["similar"]
    assert {each["image"]["id"] for each in ours[:2]} == {first.pk, copy.pk}
    address = f"/api/similarity?project={coast.pk}&limit=3&threshold=10"
    theirs = client.post(address, content, content_type="application/octet-stream").json()
    assert theirs[0]["score"] == 100.0
    assert {each["image"] for each in theirs[:2]} == {first.name, copy.name}
    assert client.post("/api/similarity?project=x", content, content_type="image/png").status_code == 422


def test_filters_of_the_list_narrow_it_too(coast, looked, as_user, viewer):
    first, _, _ = looked
    found = similar(as_user(viewer), coast, image=first.pk, limit=100, state="unlabeled", split="none").json()["similar"]
    waiting = set(coast.images.filter(state="unlabeled", split="").values_list("pk", flat=True))
    assert {each["image"]["id"] for each in found} == waiting != set()
    refused = similar(as_user(viewer), coast, image=first.pk, state="nonsense")
    assert refused.status_code == 422


def test_a_part_of_an_image_is_looked_for_as_if_it_were_a_picture(coast, looked, as_user, viewer, monkeypatch):
    first, copy, _ = looked
    seen = []
    answers = ModelAnswers()

    def ask(_, question, **more):
        seen.append((question["embed"][0]["width"], question["embed"][0]["height"]))
        return answers.answer(question)

    monkeypatch.setattr("inference.serving.client.ask", ask)
    client = as_user(viewer)
    whole = similar(client, coast, image=first.pk, limit=2, crop=f"-5,0,{first.width + 9},{first.height}").json()["similar"]
    assert {each["image"]["id"] for each in whole} == {first.pk, copy.pk}
    part = similar(client, coast, image=first.pk, limit=2, crop="3.2,4,40,20.5")
    assert (part.status_code, seen) == (200, [(first.width, first.height), (37, 17)])
    for wrong in ("1,2,3", "a,b,c,d", "nan,0,5,5", f"{first.width},0,{first.width + 9},9", "9,9,9,9"):
        refused = similar(client, coast, image=first.pk, crop=wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_crop")


def duplicates(client, campaign, **query):
    return client.get(f"/api/v1/campaigns/{campaign.pk}/duplicates", query)


def test_groups_of_near_duplicates_are_read_leaks_first_less_what_was_excluded_since(coast, looked, as_user, viewer):
    first, copy, run = looked
    answer = duplicates(as_user(viewer), coast).json()
    assert (answer["run"], answer["compared"], answer["leaks"]) == (run.pk, coast.images.count(), 1)
    group = answer["groups"][0]
    assert group["leak"] and {first.pk, copy.pk} <= {each["id"] for each in group["images"]}
    assert {"train", "test"} <= {each["split"] for each in group["images"]}
    assert group["similarity"] >= 0.99
    Image.objects.filter(pk=copy.pk).update(state="excluded")
    left = duplicates(as_user(viewer), coast).json()
    assert left["leaks"] == 0
    assert copy.pk not in {each["id"] for group in left["groups"] for each in group["images"]}
    assert duplicates(as_user(viewer), coast, limit=1, offset=left["count"]).json()["groups"] == []
    assert duplicates(as_user(viewer), coast, limit="x").status_code == 422


def test_the_most_similar_pairs_are_narrowed_by_limit_threshold_labels_and_filters(coast, looked, labels, as_user, annotator):
    first, copy, run = looked
    for image in (first, copy):
        AnnotationSet.objects.filter(image=image).delete()
        label_image(image, annotator, labels["ocean"].pk)
    write_uses({each.pk: label_uses(each.annotations) for each in AnnotationSet.objects.filter(image__campaign=coast)})
    client = as_user(annotator)

    def pairs(**query):
        return client.get(f"/api/v1/campaigns/{coast.pk}/similar-pairs", query)

    other = coast.images.filter(state="unlabeled").exclude(pk=copy.pk).order_by("id").first()
    Run.objects.filter(pk=run.pk).update(result={**run.result, "pairs": [*run.result["pairs"], [first.pk, other.pk, 0.9]]})
    answer = pairs().json()
    assert (answer["run"], answer["threshold"], answer["outdated"]) == (run.pk, 0.99, False)
    scores = [each["similarity"] for each in answer["pairs"]]
    assert (scores, scores[-1]) == (sorted(scores, reverse=True), 0.9)
    assert pairs(threshold=0.95).json()["pairs"] == pairs(limit=len(scores) - 1).json()["pairs"] == answer["pairs"][:-1]
    wanted = next(each for each in answer["pairs"] if {one["id"] for one in each["images"]} == {first.pk, copy.pk})
    assert wanted["leak"]
    assert pairs(labels="ocean").json()["pairs"] == [wanted]
    assert pairs(labels="ocean,land", limit=1).json()["pairs"] == [wanted]
    for none in ({"labels": "ocean,land", "and": "true"}, {"labels": "ocean", "split": "train"}):
        assert wanted not in pairs(**none).json()["pairs"], none
    Image.objects.filter(pk=copy.pk).update(state="excluded")
    assert pairs(labels="ocean").json()["pairs"] == []
    for wrong in ({"limit": 0}, {"limit": 1001}, {"limit": "x"}, {"threshold": "nan"}, {"labels": "sand"}):
        assert pairs(**wrong).status_code == 422, wrong


def test_before_anybody_looked_there_are_no_pairs(coast, as_user, viewer):
    assert as_user(viewer).get(f"/api/v1/campaigns/{coast.pk}/similar-pairs").json() == {
        "run": None, "looked_at": None, "outdated": False, "threshold": 0.0, "compared": 0, "pairs": [],
    }  # fmt: skip


def test_before_anybody_looked_there_are_no_groups(coast, as_user, viewer):
    assert duplicates(as_user(viewer), coast).json() == {
        "run": None, "looked_at": None, "outdated": False, "threshold": 0.0, "compared": 0, "count": 0, "leaks": 0, "groups": [],
    }  # fmt: skip


def test_labeled_images_suggest_the_labels_of_those_like_them(coast, labels, pool, as_user, annotator):
    client = as_user(annotator)
    address = f"/api/v1/campaigns/{coast.pk}/suggestion"
    assert client.get(f"{address}s").json() == {"run": None, "voters": 0, "outdated": False, "suggestions": []}
    started = client.post(f"{address}-runs", {"neighbours": 3}, content_type="application/json")
    assert started.status_code == 202
    run = execute_now(Run.objects.get(pk=started.json()["id"]))
    assert (run.state, run.result["suggested"]) == (RunState.SUCCEEDED, len(pool)), run.error
    found = client.get(f"{address}s").json()
    assert found["voters"] == 18
    assert {each["image"] for each in found["suggestions"]} == {image.pk for image in pool}
    truth = dict(coast.images.values_list("pk", "reference__annotations"))
    right = [each["label"] == truth[each["image"]][0]["label"] for each in found["suggestions"]]
    assert np.mean(right) > 0.7  # three kinds: a guess is right once in three
    sure = [each["confidence"] for each in found["suggestions"]]
    assert sure == sorted(sure, reverse=True) and sure[-1] > 0 and sure[0] <= 1
    labeled = set(coast.images.filter(state="submitted").values_list("pk", flat=True))
    assert all(each["neighbours"] and set(each["neighbours"]) <= labeled for each in found["suggestions"])
    surest = client.get(f"{address}s", {"least": 0.99}).json()["suggestions"]
    assert len(surest) == sum(value >= 0.99 for value in sure)
    Image.objects.filter(pk=found["suggestions"][0]["image"]).update(state="submitted")
    assert len(client.get(f"{address}s").json()["suggestions"]) == len(sure) - 1
    assert client.get(f"{address}s", {"least": 7}).status_code == 422


def test_without_labels_nobody_can_suggest_and_the_run_says_so(coast, annotator):
    Image.objects.filter(campaign=coast).update(state="unlabeled")
    run = execute_now(start_suggesting(user=annotator, campaign=coast))
    assert run.state == RunState.FAILED
    assert "Label a few of each kind first" in run.error
