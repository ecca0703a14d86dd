"""Statistics over the API: figures from stored answers, the images behind them, thresholds, calibration, comparison."""

import csv
import io
import json
import math
import zipfile

import numpy as np
import pytest

from active_learning.models import Snapshot, TrainingRun
from active_learning.services.answers import read_answers
from active_learning.services.object_evidence import measure_objects
from active_learning.services.rounds import RoundOptions, start_round
from active_learning.training.scenes import MARGIN
from campaigns.errors import Conflict, InvalidInput
from campaigns.geometry import encode_mask, mask_document, shape_bounds
from campaigns.models import AnnotationSet, Image, Reference, Role, Run, RunState, Split
from campaigns.runs import enqueue_run, execute_now
from inference.answers import digest
from inference.rasters import raster_of_classes
from inference.schema import Keypoint, Keypoints, Mask, Prediction
from inference.store import Answered, Source, keep_answers
from inference.uncertainty import of_objects
from models_registry.models import CampaignModel, RegisteredModel
from tests.active_learning.answers import box, classified, store
from tests.active_learning.chips import add_chip, chips, label_image
from tests.active_learning.conftest import HELD_BACK, LABELED, whole
from tests.active_learning.measuring import address, figures, get

pytestmark = pytest.mark.django_db


@pytest.fixture
def measured(coast, labels, make_external):
    """A model that is right about all held-back images but takes every coast for land, the fewer of them the surer."""
    model = make_external(coast, labels["land"], labels["coast"], labels["ocean"])
    names = {label.pk: name for name, label in labels.items()}
    rows = {"land": (0.8, 0.1, 0.1), "coast": (0.6, 0.3, 0.1), "ocean": (0.1, 0.1, 0.8)}
    images = list(Image.objects.filter(campaign=coast, split=Split.TEST))
    store(model, {image: classified(*rows[names[image.reference.annotations[0]["label"]]]) for image in images})
    return model


def kinds(campaign, labels):
    """How many held-back images there are of each label."""
    told = [each.annotations[0]["label"] for each in Reference.objects.filter(image__campaign=campaign, image__split=Split.TEST)]
    return {name: told.count(label.pk) for name, label in labels.items()}


def test_a_model_is_measured_against_the_truth_of_a_slice(coast, labels, measured, client):
    document, there = get(client, coast, measured, slice="test"), kinds(coast, labels)
    assert document["counts"] == {
        "images": HELD_BACK, "with_truth": HELD_BACK, "answered": HELD_BACK, "measured": HELD_BACK, "missing": 0, "unclear": 0,
    }  # fmt: skip
    assert figures(document)["accuracy"] == pytest.approx(1 - there["coast"] / HELD_BACK)
    rows = {each["label_id"]: each for each in document["labels"]}
    land = rows[labels["land"].pk]
    assert (land["true"], land["said"], land["hits"]) == (there["land"], there["land"] + there["coast"], there["land"])
    assert rows[labels["coast"].pk]["precision"] is None
    assert rows[labels["coast"].pk]["recall"] == 0
    order = [*document["confusion"]["labels"], 0]
    cell = document["confusion"]["counts"][order.index(labels["coast"].pk)][order.index(labels["land"].pk)]
    assert cell == there["coast"]
    assert all(document["help"][each["name"]].endswith(".") for each in document["figures"])
    low, high = next((each["low"], each["high"]) for each in document["figures"] if each["name"] == "accuracy")
    assert low < figures(document)["accuracy"] < high


def test_a_cell_opens_its_images_and_a_label_fixed_there_counts_at_once(coast, labels, measured, client, annotator):
    coasts = kinds(coast, labels)["coast"]
    cell = {"true": labels["coast"].pk, "said": labels["land"].pk}
    page = get(client, coast, measured, "/images", slice="test", limit=2, order="-loss", **cell)
    assert (page["count"], len(page["ids"]), len(page["results"])) == (coasts, coasts, 2)
    assert {row["correct"] for row in page["results"]} == {False}
    assert page["results"][0]["true"] == [labels["coast"].pk]
    assert page["results"][0]["said"] == [labels["land"].pk]
    image = Image.objects.get(pk=page["ids"][0])
    Reference.objects.filter(image=image).delete()
    label_image(image, annotator, labels["land"].pk)
    assert get(client, coast, measured, "/images", slice="test", **cell)["count"] == coasts - 1
    assert (
        get(client, coast, measured, slice={"filter": {"split": "test"}})["labels"] == get(client, coast, measured, slice="test")["labels"]
    )


def test_images_are_found_by_outcome_threshold_and_doubt(coast, labels, measured, client):
    there = kinds(coast, labels)
    ask = lambda **query: get(client, coast, measured, "/images", slice="test", **query)  # noqa: E731
    assert ask(outcome="incorrect")["count"] == there["coast"]
    assert ask(outcome="correct")["count"] == HELD_BACK - there["coast"]
    assert ask(outcome="all", order="-uncertainty")["ids"][: there["coast"]] == ask(outcome="incorrect")["ids"]
    land = labels["land"].pk
    assert ask(outcome="above", label=land, thresholds={land: 0.7})["count"] == there["land"]
    assert ask(outcome="below", label=land, thresholds={land: 0.7})["count"] == HELD_BACK - there["land"]
    assert ask(outcome="incorrect", label=labels["ocean"].pk)["count"] == 0
    for wrong in ({"outcome": "above"}, {"true": 1}, {"order": "chance"}, {"label": 10**9}):
        assert client.get(address(coast, measured, "/images"), {"slice": "test", **wrong}).status_code in (400, 422)


def test_thresholds_are_tried_suggested_and_saved_for_drafts(coast, labels, measured, client):
    land, there = labels["land"].pk, kinds(coast, labels)
    tried = get(client, coast, measured, slice="test", thresholds={land: 0.7})
    assert tried["thresholds_source"] == "given"
    row = next(each for each in tried["labels"] if each["label_id"] == land)
    assert (row["precision"], row["recall"]) == (1.0, 1.0)
    nothing = tried["confusion"]["counts"][[*tried["confusion"]["labels"], 0].index(labels["coast"].pk)][-1]
    assert nothing == there["coast"]  # below its threshold the model abstains
    assert get(client, coast, measured, slice="test")["thresholds_source"] == "usual"
    suggested = get(client, coast, measured, "/thresholds", slice="test", aim="precision", target=1)["thresholds"]
    assert suggested[str(land)] == pytest.approx(0.8)
    saved = client.put(address(coast, measured, "/thresholds"), {"thresholds": suggested}, format="json")
    assert saved.json() == {"thresholds": suggested}
    assert CampaignModel.objects.get(campaign=coast, model=measured).thresholds == suggested
    after = get(client, coast, measured, slice="test")
    assert after["thresholds_source"] == "saved"
    assert figures(after)["precision_micro"] == 1
    points = next(each for each in get(client, coast, measured, "/curves", slice="test")["labels"] if each["label_id"] == land)
    assert points["thresholds"] == pytest.approx([0.8, 0.6])
    assert points["precision"] == pytest.approx([1, there["land"] / (there["land"] + there["coast"])])
    assert client.put(address(coast, measured, "/thresholds"), {"thresholds": {land: 2}}, format="json").status_code in (400, 422)


def test_several_labels_an_image_take_the_best_thresholds_of_the_validation_images(coast, labels, make_external, client, annotator):
    coast.settings = {**coast.settings, "multi_label": True}
    coast.save()
    model = make_external(coast, *labels.values(), multi_label=True)
    ocean, coastal, land = labels.values()
    images = list(coast.images.exclude(split=Split.TEST).order_by("pk")[:6])
    Reference.objects.filter(image__in=images).delete()
    coast.images.filter(pk__in=[image.pk for image in images]).update(split=Split.VALIDATION)
    truth = [(ocean, coastal), (ocean,), (coastal, land), (land,), (), (ocean, land)]
    for image, given in zip(images, truth, strict=True):
        label_image(image, annotator, *(label.pk for label in given))
    # Sure of ocean from 0.3 on, of the coast from 0.6 on; land is a coin's throw.
    said = [(0.4, 0.7, 0.2), (0.3, 0.5, 0.9), (0.1, 0.6, 0.3), (0.2, 0.5, 0.1), (0.2, 0.1, 0.6), (0.5, 0.2, 0.4)]
    store(model, {image: classified(*row, multi=True) for image, row in zip(images, said, strict=True)})
    document = get(client, coast, model)
    assert (document["thresholds_source"], document["multi_label"]) == ("best", True)
    assert document["thresholds"][str(ocean.pk)] == pytest.approx(0.3)
    assert document["thresholds"][str(coastal.pk)] == pytest.approx(0.6)
    rows = {each["label_id"]: each for each in document["labels"]}
    assert (rows[ocean.pk]["f1"], rows[coastal.pk]["f1"], rows[ocean.pk]["auc"]) == (1, 1, 1)
    missed = get(client, coast, model, "/images", true=land.pk, said=0, thresholds={land.pk: 1, coastal.pk: 0.6, ocean.pk: 0.3})
    assert set(missed["ids"]) == {images[place].pk for place in (2, 3, 5)}


def test_slices_are_what_a_training_learned_from_and_held_out(coast, labels, make_external, client, manager):
    model = make_external(coast, *labels.values())
    sets = AnnotationSet.objects.filter(image__campaign=coast).order_by("image")
    entries = [[each.image_id, each.revisions.get().pk] for each in sets]
    held_out = [image for image, _ in entries[::3]]
    run = enqueue_run(user=manager, kind="training", campaign=coast)
    snapshot = Snapshot.objects.create(campaign=coast, digest="d", entries=entries)
    TrainingRun.objects.create(run=run, name="T", config={}, snapshot=snapshot, model=model, held_out=held_out)
    store(model, {image: classified(0.5, 0.3, 0.2) for image in Image.objects.filter(campaign=coast)})
    counts = {name: get(client, coast, model, slice=name)["counts"]["measured"] for name in ("train", "validation", "test", "all")}
    assert counts == {"train": LABELED - len(held_out), "validation": len(held_out), "test": HELD_BACK, "all": coast.images.count()}
    assert set(get(client, coast, model, "/images", slice="validation")["ids"]) == set(held_out)
    assert get(client, coast, model, slice="train")["flattered"]
    assert not get(client, coast, model, slice="test")["flattered"]


def test_missing_answers_are_told_and_asked_for_without_drafts(coast, labels, make_external, client):
    model = make_external(coast, *labels.values(), url="https://models.example.org/ask")
    document = get(client, coast, model, slice="test")
    assert document["counts"]["missing"] == HELD_BACK
    assert (document["figures"], document["reliability"]) == ([], None)
    answer = client.post(address(coast, model, "/answers"), {"slice": "test"}, format="json")
    assert answer.status_code == 202, answer.json()
    assert (Run.objects.get(pk=answer.json()["id"]).total, answer.json()["params"]["prefill"]) == (HELD_BACK, False)
    store(model, {image: classified(0.5, 0.3, 0.2) for image in coast.images.filter(split=Split.TEST)})
    again = client.post(address(coast, model, "/answers"), {"slice": "test"}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "nothing_missing")


def test_a_calibration_is_kept_with_the_model_and_can_be_forgotten(coast, measured, client):
    made = client.post(address(coast, measured, "/calibration"), {"slice": "test"}, format="json").json()
    assert made["after"]["error"] <= made["before"]["error"]
    assert get(client, coast, measured, slice="test")["temperature"] == pytest.approx(made["temperature"])
    RegisteredModel.objects.filter(pk=measured.pk).update(version="2")
    assert get(client, coast, measured, slice="test")["temperature"] is None  # another version is another model
    RegisteredModel.objects.filter(pk=measured.pk).update(version="1")
    assert client.delete(address(coast, measured, "/calibration")).status_code == 204
    assert get(client, coast, measured, slice="test")["temperature"] is None


def test_a_temperature_is_fitted_to_images_that_taught_the_model_nothing_and_the_page_tells_to_which(coast, labels, make_external, client):
    model = make_external(coast, *labels.values())
    images = list(coast.images.filter(split=Split.TEST))
    place = {label.pk: n for n, label in enumerate(labels.values())}
    truth = [place[image.reference.annotations[0]["label"]] for image in images]
    # Of what taught it the model is right and sure; of the rest it is as sure, and wrong half of the time.
    taught, rest = images[: HELD_BACK // 2], images[HELD_BACK // 2 :]
    right = [n % 2 == 0 or image in taught for n, image in enumerate(images)]
    said = [true if holds else (true + 1) % 3 for true, holds in zip(truth, right, strict=True)]
    store(model, {image: classified(*(0.9 if n == each else 0.05 for n in range(3))) for image, each in zip(images, said, strict=True)})
    Image.objects.filter(pk__in=[image.pk for image in taught]).update(split=Split.TRAIN)
    made = client.post(address(coast, model, "/calibration"), {"slice": "all"}, format="json").json()
    assert (made["images"], made["left_out"]) == (len(rest), len(taught))
    assert made["temperature"] > 1.5
    shared = {name: get(client, coast, model, slice=name)["calibrated_on"] for name in ("all", "train", "test")}
    assert shared == {name: {"slice": "all", "images": len(rest), "shared": 0 if name == "train" else len(rest)} for name in shared}
    refused = client.post(address(coast, model, "/calibration"), {"slice": "train"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "taught_images")
    assert get(client, coast, model, slice="test")["temperature"] == pytest.approx(made["temperature"])


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("", {"thresholds": '{"999999": 0.5}'}),
        ("", {"thresholds": '{"LAND": true}'}),
        ("/thresholds", {"aim": "precision"}),
        ("/thresholds", {"aim": "recall", "target": "0"}),
    ],
)
def test_a_question_that_asks_nothing_is_refused_instead_of_answered_with_something_else(coast, labels, measured, client, path, query):
    query = {name: text.replace("LAND", str(labels["land"].pk)) for name, text in query.items()}
    assert client.get(address(coast, measured, path), {"slice": "test", **query}).status_code == 422


def test_two_models_are_judged_on_the_images_that_both_answered_about(coast, labels, measured, make_external, client):
    better = make_external(coast, *labels.values())
    place = {label.pk: n for n, label in enumerate(labels.values())}
    images = list(coast.images.filter(split=Split.TEST))[:-1]
    truth = {image: place[image.reference.annotations[0]["label"]] for image in images}
    store(better, {image: classified(*(0.9 if n == right else 0.05 for n in range(3))) for image, right in truth.items()})
    document = get(client, coast, measured, "/comparison", slice="test", **{"with": better.pk})
    coasts = sum(right == place[labels["coast"].pk] for right in truth.values())
    verdict = next(each for each in document["verdicts"] if each["figure"] == "accuracy")
    assert document["images"] == HELD_BACK - 1
    assert verdict["difference"] == pytest.approx(coasts / len(images))
    assert (verdict["only_first"], verdict["only_second"]) == (0, coasts)
    assert [figures(each)["accuracy"] for each in document["models"]] == pytest.approx([1 - coasts / len(images), 1])


def test_found_objects_are_measured_confused_with_the_background_and_opened(harbour, finder, client):
    campaign, images, ship, buoy = harbour
    document = get(client, campaign, finder, slice="test", thresholds={ship.pk: 0.5, buoy.pk: 0.5})
    assert (document["kind"], document["iou"]) == ("objects", 0.5)
    assert document["confusion"] == {"labels": [ship.pk, buoy.pk], "counts": [[1, 0, 1], [1, 0, 0], [0, 1, 0]]}
    row = document["labels"][0]
    assert (row["hits"], row["said"], row["true"], row["precision"], row["recall"]) == (1, 2, 2, 0.5, 0.5)
    assert row["average_precision"] == pytest.approx(51 / 101)  # precision 1 up to a recall of one half
    ask = lambda **query: get(client, campaign, finder, "/images", slice="test", **query)["ids"]  # noqa: E731
    assert ask(true=buoy.pk, said=ship.pk) == [images[0].pk]
    assert ask(true=0, said=buoy.pk, thresholds={buoy.pk: 0.5}) == [images[1].pk]
    assert ask(outcome="correct", thresholds={buoy.pk: 0.75, ship.pk: 0.5}) == [images[1].pk]
    strict = get(client, campaign, finder, slice="test", iou=0.95, thresholds={ship.pk: 0.5})
    assert strict["labels"][0]["hits"] == 0
    assert client.get(address(campaign, finder), {"iou": "much"}).status_code in (400, 422)


def test_an_image_shows_which_objects_are_right_false_and_missed(harbour, finder, client):
    campaign, images, ship, buoy = harbour
    told = get(client, campaign, finder, f"/images/{images[0].pk}", slice="test", thresholds={ship.pk: 0.5, buoy.pk: 0.5})
    assert [(each["outcome"], each["label_id"], each["confidence"]) for each in told["objects"]] == [
        ("hit", ship.pk, 0.9), ("false", ship.pk, 0.8), ("missed", buoy.pk, None), ("missed", ship.pk, None),
    ]  # fmt: skip
    assert told["objects"][3]["shape"]["x"] == 80


def test_masks_are_shown_by_their_outlines(make_campaign, make_external, client):
    campaign = make_campaign("Islands", task="segmentation", labels=("island",), settings={"segmentation": "instance"})
    label = campaign.labels.get()
    image = add_chip(campaign, chips()[0], split=Split.TEST)
    island = np.zeros((image.height, image.width), bool)
    island[10:30, 20:50] = True
    Reference.objects.create(image=image, annotations=[{**whole(label.pk), "shape": mask_document(island)}])
    model = make_external(campaign, label)
    store(model, {image: Mask(0, "class 0", 0.9, island.shape, encode_mask(island))})
    (hit,) = get(client, campaign, model, f"/images/{image.pk}", slice="test", thresholds={label.pk: 0.5})["objects"]
    assert (hit["outcome"], hit["shape"]["type"], tuple(shape_bounds(hit["shape"]))) == ("hit", "polygon", (20, 10, 50, 30))


def test_points_are_measured_by_how_near_they_lie(make_campaign, make_external, client):
    campaign = make_campaign("Birds", task="keypoints", labels=("bird",))
    label = campaign.labels.get()
    image = add_chip(campaign, chips()[0], split=Split.TEST)
    points = [("beak", 10, 10), ("tail", 50, 10), ("foot", 30, 50)]
    shape = lambda dx: {"type": "points", "points": [{"name": n, "x": x + dx, "y": y, "v": 2} for n, x, y in points]}  # noqa: E731
    Reference.objects.create(image=image, annotations=[{**whole(label.pk), "shape": shape(0)}])
    model = make_external(campaign, label)
    found = Keypoints(0, "class 0", 0.9, tuple(Keypoint(n, x + 2.0, float(y)) for n, x, y in points))
    store(model, {image: found})
    side = 40 * (1 + 2 * MARGIN)  # what lies around the points is the object, too
    oks = math.exp(-(2**2) / (2 * 0.05) ** 2 / (side * side) / 2)
    found_figures = figures(get(client, campaign, model, slice="test"))
    assert found_figures["oks"] == pytest.approx(oks)
    assert found_figures["map_oks"] == pytest.approx(sum(oks >= 0.5 + 0.05 * n for n in range(10)) / 10)


def test_pixels_are_counted_where_people_labeled_them(make_campaign, make_external, client):
    campaign = make_campaign("Land cover", task="segmentation", labels=("water", "land"), settings={"segmentation": "semantic"})
    water, land = campaign.labels.all()
    image = add_chip(campaign, chips()[0], split=Split.TEST)
    side = image.width
    strip = lambda x0, x1: {"type": "box", "x": x0, "y": 0, "width": x1 - x0, "height": side, "rotation": 0}  # noqa: E731
    half, quarter = side // 2, side // 4
    drawn = [{**whole(water.pk), "shape": strip(0, half)}, {**whole(land.pk), "id": "l", "shape": strip(half, 3 * quarter)}]
    Reference.objects.create(image=image, annotations=drawn)  # the last quarter is not labeled
    model = make_external(campaign, water, land)
    classes = np.ones((side, side), np.uint8)
    classes[:, :quarter] = 0
    answer = Prediction((raster_of_classes(classes, [(0, "class 0"), (1, "class 1")]),), side, side, model.version)
    keep_answers(source=Source(model.pk, model.version), answered=[Answered(image.pk, digest(answer, None))])
    document = get(client, campaign, model, slice="test")
    assert (document["kind"], document["iou"]) == ("areas", None)
    strip_px = quarter * side
    assert document["confusion"]["counts"] == [[strip_px, strip_px, 0], [0, strip_px, 0], [0, 0, 0]]
    found = figures(document)
    assert found["pixel_accuracy"] == pytest.approx(2 / 3)
    assert found["miou"] == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert [row["iou"] for row in document["labels"]] == pytest.approx([0.5, 0.5])
    assert get(client, campaign, model, "/images", slice="test", true=water.pk, said=land.pk)["ids"] == [image.pk]
    wrong = get(client, campaign, model, f"/images/{image.pk}", slice="test")["objects"]
    assert [(each["outcome"], each["label_id"]) for each in wrong] == [("false", land.pk)]  # a strip of water is taken for land
    assert shape_bounds(wrong[0]["shape"]) == (quarter, 0, half, side)


def test_downloads_hold_the_truth_the_answers_and_the_images(harbour, finder, coast, labels, measured, client):
    campaign, images, *_ = harbour
    answer = client.get(address(campaign, finder, "/file"), {"slice": "test", "kind": "zip"})
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert sorted(name.split("-")[0] for name in archive.namelist()) == [
        "answers.csv", *(f"images/{image.pk}" for image in images), "results.json", "truth.json",
    ]  # fmt: skip
    results = json.loads(archive.read("results.json"))
    first = results[0]
    assert (first["image_id"], first["bbox"], first["score"]) == (images[0].pk, [1.0, 0.0, 20.0, 20.0], 0.9)
    CampaignModel.objects.filter(model=measured).update(unsure_spans={str(labels["land"].pk): {"low": 0.55, "high": 0.7}})
    table = client.get(address(coast, measured, "/file"), {"slice": "test", "kind": "csv"})
    rows = list(csv.DictReader(io.StringIO(b"".join(table.streaming_content).decode())))
    assert len(rows) == HELD_BACK
    assert {row["correct"] for row in rows if row["true"] == "coast"} == {"False"}
    assert {(row["true"], row["unsure"]) for row in rows} == {("coast", "land"), ("land", ""), ("ocean", "")}
    assert client.get(address(campaign, finder, "/file"), {"kind": "exe"}).status_code in (400, 422)


def test_who_may_not_see_what_others_submitted_sees_no_statistics(coast, measured, make_user, client):
    viewer = make_user("onlooker")
    coast.memberships.create(user=viewer, role=Role.ANNOTATOR)
    client.force_authenticate(viewer)
    assert client.get(address(coast, measured)).status_code == 403


def test_an_image_with_several_labels_where_one_is_asked_for_counts_by_its_default(coast, labels, measured, client):
    image = coast.images.filter(split=Split.TEST).first()
    both = [whole(labels["land"].pk), {**whole(labels["ocean"].pk), "id": "other"}]
    Reference.objects.filter(image=image).delete()
    Reference.objects.create(image=image, annotations=both)
    assert get(client, coast, measured, slice="test")["counts"]["unclear"] == 1
    Reference.objects.filter(image=image).delete()
    Reference.objects.create(image=image, annotations=[both[0], {**both[1], "default": True}])
    document = get(client, coast, measured, slice="test")
    assert (document["counts"]["unclear"], document["counts"]["measured"]) == (0, HELD_BACK)


def test_each_slice_tells_how_many_images_it_has_and_measures(coast, labels, make_external, client, annotator):
    model = make_external(coast, labels["land"], labels["coast"], labels["ocean"])
    held_back = list(Image.objects.filter(campaign=coast, split=Split.TEST))
    store(model, {image: classified(0.8, 0.1, 0.1) for image in held_back[:4]})
    found = {each.pop("slice"): each for each in get(client, coast, model, "/slices")["slices"]}
    every = Image.objects.filter(campaign=coast).count()
    assert found == {
        "train": {"images": 0, "with_truth": 0, "measured": 0}, "validation": {"images": 0, "with_truth": 0, "measured": 0},
        "test": {"images": HELD_BACK, "with_truth": HELD_BACK, "measured": 4}, "all": {"images": every, "with_truth": every, "measured": 4},
    }  # fmt: skip


def test_curves_come_with_the_roc_of_each_label(coast, labels, measured, client):
    document = get(client, coast, measured, "/curves", slice="test")
    areas = {row["label_id"]: row["auc"] for row in get(client, coast, measured, slice="test")["labels"]}
    assert {each["label_id"]: each["roc"]["area"] for each in document["labels"]} == pytest.approx(areas)
    roc = document["pooled"]["roc"]
    assert roc["negatives"] == HELD_BACK * (len(labels) - 1)
    assert (roc["false_positives"][-1], roc["recall"][-1]) == (1, 1)


def test_two_finders_are_judged_by_their_precision_and_by_the_images_that_they_get_right(harbour, finder, make_external, client):
    campaign, images, ship, buoy = harbour
    other = make_external(campaign, ship, buoy)
    store(other, {images[0]: [box(0, 0.9, 0, 0), box(1, 0.8, 40, 0), box(0, 0.7, 76, 0)], images[1]: []})  # as far as the image goes
    verdicts = {
        each["figure"]: each for each in get(client, campaign, finder, "/comparison", slice="test", **{"with": other.pk})["verdicts"]
    }
    assert list(verdicts) == ["map", "f1_macro", "image_accuracy"]
    assert verdicts["map"]["difference"] > 0.5
    assert verdicts["map"]["p_value"] is None
    assert (verdicts["image_accuracy"]["only_first"], verdicts["image_accuracy"]["only_second"]) == (0, 2)


def test_found_objects_tell_whether_their_confidence_can_be_believed(harbour, finder, client):
    campaign = harbour[0]
    found = get(client, campaign, finder, slice="test")["reliability"]
    assert sum(each["count"] for each in found["bins"]) == 3
    assert found["error"] == pytest.approx((0.1 + 0.8 + 0.7) / 3)  # each alone in its bin, and the first alone right


def test_a_temperature_makes_the_confidence_of_objects_honest_and_rounds_rank_by_it(harbour, finder, client):
    campaign, images, *_ = harbour
    made = client.post(address(campaign, finder, "/calibration"), {"slice": "test"}, format="json").json()
    assert made["shift"] < 0  # it boasts: of three sure objects one is there
    assert made["after"]["error"] < made["before"]["error"]
    document = get(client, campaign, finder, slice="test")
    assert document["calibrated"] == made["after"]
    assert document["reliability"] == made["before"]
    pool = Image.objects.filter(pk=images[1].pk)
    said = read_answers(campaign=campaign, model=finder, version=finder.version, images=pool)
    calm = 1 / (1 + math.exp(-math.log(0.7 / 0.3) / made["temperature"] - made["shift"]))
    assert said.doubts("least_confidence")[0] == pytest.approx(of_objects([calm])["least_confidence"])
    assert said.objects[0] == pytest.approx(calm)
    assert client.delete(address(campaign, finder, "/calibration")).status_code == 204
    plain = read_answers(campaign=campaign, model=finder, version=finder.version, images=pool)
    assert plain.objects[0] == pytest.approx(0.7)


def test_a_round_measures_objects_as_the_statistics_do(harbour, finder, client):
    campaign, images, ship, buoy = harbour
    client.put(address(campaign, finder, "/thresholds"), {"thresholds": {str(ship.pk): 0.85, str(buoy.pk): 0.5}}, format="json")
    found = measure_objects(campaign, finder, finder.version, [image.pk for image in images])
    shown = {each["name"]: each for each in get(client, campaign, finder, slice="test")["figures"]}
    assert found["images"] == len(images)
    for name, figure in (("f1_at_50", "f1_micro"), ("map", "map"), ("map_50", "ap_at_iou")):
        told = (found[name], found[f"{name}_low"], found[f"{name}_high"])
        assert told == tuple(shown[figure][key] for key in ("value", "low", "high"))
    assert measure_objects(campaign, finder, "another version", [image.pk for image in images]) == {}


def test_what_lies_in_a_span_is_left_to_people_and_the_rest_is_right(coast, labels, measured, client):
    there, land = kinds(coast, labels), labels["land"].pk
    before = get(client, coast, measured, "/abstention", slice="test")
    assert (before["source"], before["decided"]["decided"], before["decided"]["errors"]) == ("none", HELD_BACK, there["coast"])
    curve = before["curve"]
    assert curve["coverage"] == pytest.approx([1 - there["coast"] / HELD_BACK, 1])
    assert curve["accuracy"] == pytest.approx([1, 1 - there["coast"] / HELD_BACK])
    assert curve["area"] == pytest.approx(curve["best_area"])  # it is least sure exactly where it is wrong
    suggested = get(client, coast, measured, "/unsure-spans", slice="test", target=1)["spans"]
    assert suggested[str(land)] == {"low": 0, "high": pytest.approx(0.8)}
    tried = get(client, coast, measured, "/abstention", slice="test", spans=suggested)
    assert (tried["source"], tried["decided"]["decided"], tried["decided"]["accuracy"]) == ("given", HELD_BACK - there["coast"], 1)
    assert tried["decided"]["caught"] == there["coast"]
    row = next(each for each in tried["decided"]["labels"] if each["label_id"] == land)
    assert (row["unsure"], row["said"], row["hits"]) == (there["coast"], there["land"], there["land"])
    unsure = get(client, coast, measured, "/images", slice="test", outcome="unsure", spans=suggested)
    assert unsure["ids"] == get(client, coast, measured, "/images", slice="test", outcome="incorrect")["ids"]
    decided = get(client, coast, measured, "/images", slice="test", outcome="decided", spans=suggested)
    assert decided["count"] == HELD_BACK - there["coast"]
    assert get(client, coast, measured, "/images", slice="test", outcome="unsure")["count"] == 0
    saved = client.put(address(coast, measured, "/unsure-spans"), {"spans": suggested}, format="json")
    assert saved.json() == {"spans": suggested}
    assert get(client, coast, measured, "/abstention", slice="test")["source"] == "saved"
    for wrong in ({land: {"low": 0.8, "high": 0.2}}, {10**9: {"low": 0, "high": 1}}, {land: {"low": 0}}, {land: {"low": 0, "high": 1.5}}):
        assert client.put(address(coast, measured, "/unsure-spans"), {"spans": wrong}, format="json").status_code in (400, 422)
        asked = {"slice": "test", "spans": json.dumps(wrong)}
        assert client.get(address(coast, measured, "/abstention"), asked).status_code in (400, 422)


def test_unlabeled_images_of_which_a_model_is_unsure_come_first(coast, labels, measured, client):
    land = labels["land"].pk
    assert client.get(address(coast, measured, "/unsure-images")).status_code == 409
    client.put(address(coast, measured, "/unsure-spans"), {"spans": {land: {"low": 0, "high": 0.8}}}, format="json")
    images = list(coast.images.pool().order_by("pk")[:4])
    rows = [(0.7, 0.2, 0.1), (0.9, 0.05, 0.05), (0.5, 0.3, 0.2), (0.1, 0.5, 0.4)]
    store(measured, {image: classified(*row) for image, row in zip(images, rows, strict=True)})
    assert get(client, coast, measured, "/unsure-images") == {"ids": [images[2].pk, images[0].pk]}


def test_a_round_asks_first_for_what_its_model_leaves_to_people(coast, labels, measured, client, manager):
    images = list(coast.images.pool().order_by("pk"))
    rows = [(0.7, 0.2, 0.1), (0.9, 0.05, 0.05), (0.5, 0.3, 0.2), (0.1, 0.5, 0.4), *[(0.02, 0.96, 0.02)] * (len(images) - 4)]
    store(measured, {image: classified(*row) for image, row in zip(images, rows, strict=True)})
    asked = {"user": manager, "campaign": coast, "strategy": "entropy", "size": 3, "model": measured}
    options = RoundOptions(unsure=True, audit_share=0)
    with pytest.raises(Conflict, match="No span is saved"):
        start_round(**asked, options=options)
    with pytest.raises(InvalidInput, match="trained now has none"):
        RoundOptions(unsure=True, train=True)
    client.put(address(coast, measured, "/unsure-spans"), {"spans": {labels["land"].pk: {"low": 0, "high": 0.8}}}, format="json")
    round_ = start_round(**asked, options=options)
    run = execute_now(round_.run)
    assert run.state == RunState.SUCCEEDED, run.error
    ranked = list(round_.ranking.order_by("rank")[:4])
    assert [each.image_id for each in ranked[:3]] == [images[2].pk, images[0].pk, images[3].pk], (
        "what is less sure, but of another label, waits"
    )
    assert [each.why.startswith("The model leaves this to people. ") for each in ranked] == [True, True, False, False], [
        each.why for each in ranked
    ]
    assert round_.ranking.count() == len(images)
    scores = [each.score for each in ranked]
    assert scores == sorted(scores, reverse=True)


def test_unlabeled_images_with_an_unsure_object_come_first(harbour, finder, client):
    campaign, _, ship, buoy = harbour
    images = [add_chip(campaign, chip) for chip in chips()[2:6]]
    found = [[box(0, 0.9)], [box(0, 0.6), box(0, 0.95)], [], [box(1, 0.6), box(0, 0.5)]]
    store(finder, dict(zip(images, found, strict=True)))
    client.put(address(campaign, finder, "/unsure-spans"), {"spans": {ship.pk: {"low": 0.3, "high": 0.8}}}, format="json")
    assert get(client, campaign, finder, "/unsure-images") == {"ids": [images[3].pk, images[1].pk]}
    told = get(client, campaign, finder, "/abstention", slice="test", spans={buoy.pk: {"low": 0.2, "high": 0.9}})
    assert (told["decided"]["decided"], told["decided"]["errors"], told["decided"]["caught"]) == (1, 1, 1)
