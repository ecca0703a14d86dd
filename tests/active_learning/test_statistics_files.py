"""Downloads of statistics: COCO's own code reads them, and measures what the page shows."""

import contextlib
import io
import json
import zipfile

import numpy as np
import PIL.Image
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from campaigns.geometry import decode_mask, encode_mask, mask_document
from campaigns.models import Reference, Split
from inference.answers import digest
from inference.rasters import raster_of_classes
from inference.schema import Keypoint, Keypoints, Mask, Prediction
from inference.store import Answered, Source, keep_answers
from tests.active_learning.answers import store
from tests.active_learning.chips import add_chip, chips
from tests.active_learning.conftest import whole
from tests.active_learning.measuring import address, get

pytestmark = pytest.mark.django_db


def unpacked(client, campaign, model, **query):
    answer = client.get(address(campaign, model, "/file"), {"slice": "test", "kind": "zip", **query})
    assert answer.status_code == 200, answer.content
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


def read_by_coco(archive, tmp_path):
    """The truth and the results as pycocotools reads them from disk."""
    for name in ("truth.json", "results.json"):
        archive.extract(name, tmp_path)
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(tmp_path / "truth.json"))
        return truth, truth.loadRes(str(tmp_path / "results.json"))


def measured_by_coco(truth, found, kind, points=0):
    with contextlib.redirect_stdout(io.StringIO()):
        oracle = COCOeval(truth, found, kind)
        if points:
            oracle.params.kpt_oks_sigmas = np.full(points, 0.05)
        oracle.evaluate()
        oracle.accumulate()
        oracle.summarize()
    return oracle.stats


def shown(client, campaign, model):
    return {each["name"]: each["value"] for each in get(client, campaign, model, slice="test")["figures"]}


def test_coco_reads_boxes_and_finds_the_same_precision(harbour, finder, client, tmp_path):
    campaign, images, *_ = harbour
    archive = unpacked(client, campaign, finder)
    truth, found = read_by_coco(archive, tmp_path)
    stats, figures = measured_by_coco(truth, found, "bbox"), shown(client, campaign, finder)
    assert figures["map"] == pytest.approx(stats[0])
    assert figures["ap_at_iou"] == pytest.approx(stats[1])
    assert 0 < figures["ap_at_iou"] < 1
    names = {f"images/{each['file_name']}" for each in truth.dataset["images"]}
    assert names == {name for name in archive.namelist() if name.startswith("images/")}
    assert names == {f"images/{image.pk}-{image.name.removesuffix('.tif')}.png" for image in images}  # as they are stored, by their names


def test_coco_reads_outlines_and_finds_the_same_precision(make_campaign, make_external, client, tmp_path):
    campaign = make_campaign("Islands", task="segmentation", labels=("island", "reef"), settings={"segmentation": "instance"})
    island, reef = campaign.labels.all()
    image = add_chip(campaign, chips()[0], split=Split.TEST)
    mask = np.zeros((image.height, image.width), bool)
    mask[10:30, 20:50] = True
    ring = [[[60, 10], [90, 10], [90, 30], [60, 30]]]
    drawn = [
        {**whole(island.pk), "id": "a", "shape": mask_document(mask)},
        {**whole(reef.pk), "id": "b", "shape": {"type": "polygon", "polygons": [ring]}},
    ]
    Reference.objects.create(image=image, annotations=drawn)
    model = make_external(campaign, island, reef)
    late = np.roll(mask, 4, axis=1)
    store(model, {image: Mask(0, "class 0", 0.9, late.shape, encode_mask(late))})
    truth, found = read_by_coco(unpacked(client, campaign, model), tmp_path)
    stats, figures = measured_by_coco(truth, found, "segm"), shown(client, campaign, model)
    assert figures["map"] == pytest.approx(stats[0])
    assert figures["ap_at_iou"] == pytest.approx(stats[1])
    assert 0 < stats[0] < stats[1]


def test_coco_reads_points_and_finds_the_same_precision(make_campaign, make_external, client, tmp_path):
    campaign = make_campaign("Birds", task="keypoints", labels=("bird",))
    label = campaign.labels.get()
    names = ("beak", "tail", "foot")
    label.skeleton = {"points": [{"name": name, "x": 0.5, "y": 0.5} for name in names], "edges": [["beak", "tail"]], "flip": []}
    label.save()
    image = add_chip(campaign, chips()[0], split=Split.TEST)
    places = ((10, 10), (50, 10), (30, 50))
    points = [{"name": name, "x": x, "y": y, "v": 2 if name != "foot" else 1} for name, (x, y) in zip(names, places, strict=True)]
    Reference.objects.create(image=image, annotations=[{**whole(label.pk), "shape": {"type": "points", "points": points}}])
    model = make_external(campaign, label)
    store(model, {image: Keypoints(0, "class 0", 0.9, tuple(Keypoint(p["name"], p["x"] + 2.0, float(p["y"])) for p in points[::-1]))})
    truth, found = read_by_coco(unpacked(client, campaign, model, images="none"), tmp_path)
    (category,) = truth.dataset["categories"]
    assert (category["keypoints"], category["skeleton"]) == (list(names), [[1, 2]])
    stats, figures = measured_by_coco(truth, found, "keypoints", points=3), shown(client, campaign, model)
    assert figures["map_oks"] == pytest.approx(stats[0])
    assert 0 < stats[0] < 1


def test_areas_are_taken_along_as_label_maps_and_as_run_lengths(make_campaign, make_external, client, tmp_path):
    campaign = make_campaign("Land cover", task="segmentation", labels=("water", "land"), settings={"segmentation": "semantic"})
    water, land = campaign.labels.all()
    image = add_chip(campaign, chips()[0], split=Split.TEST)
    side = (image.height, image.width)
    sea, ground = (np.zeros(side, bool) for _ in range(2))
    sea[:, :40], ground[:, 40:60] = True, True  # nobody has labeled the rest
    drawn = [
        {**whole(label.pk), "id": name, "shape": mask_document(mask)} for name, label, mask in (("w", water, sea), ("l", land, ground))
    ]
    Reference.objects.create(image=image, annotations=drawn)
    model = make_external(campaign, water, land)
    said = np.ones(side, np.uint8)
    said[:, :30] = 0
    answer = Prediction((raster_of_classes(said, [(0, "class 0"), (1, "class 1")]),), image.width, image.height, model.version)
    keep_answers(source=Source(model.pk, model.version), answered=[Answered(image.pk, digest(answer, None))])
    archive = unpacked(client, campaign, model, images="small")
    true, told = (np.array(PIL.Image.open(io.BytesIO(archive.read(f"{name}/{image.pk}.png")))) for name in ("truth", "said"))
    assert (true == sea * 1 + ground * 2).all()
    assert (told == said + 1).all()
    assert archive.read("labels.csv").decode().split() == ["value,label", "0,", "1,water", "2,land"]
    document, results = json.loads(archive.read("truth.json")), json.loads(archive.read("results.json"))
    assert [(each["category_id"], each["area"]) for each in document["annotations"]] == [(water.pk, sea.sum()), (land.pk, ground.sum())]
    by_label = {each["category_id"]: decode_mask(each["segmentation"]["counts"], each["segmentation"]["size"]) for each in results}
    assert (by_label[water.pk] == (said == 0)).all()
    (name,) = (each for each in archive.namelist() if each.startswith("images/"))
    assert PIL.Image.open(io.BytesIO(archive.read(name))).format == "JPEG"
    _, found = read_by_coco(archive, tmp_path)
    assert {each["area"] for each in found.dataset["annotations"]} == {30 * side[0], (side[1] - 30) * side[0]}
