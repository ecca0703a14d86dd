"""Pixel maps as others read them: pillow for the pictures, numpy for the stacks, pycocotools for the run lengths."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image as Picture
from pycocotools import mask as coco_masks
from rest_framework.test import APIClient

from campaigns.formats import ImageRecord, LabelRecord, Outcome, Source, masks
from campaigns.geometry import mask_document
from campaigns.models import Campaign, Image, Label, Run, User
from campaigns.runs import execute_now
from tests.campaigns.formats.test_exporting import submitted
from tests.campaigns.formats.test_formats import SHAPES, document

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

WIDTH, HEIGHT = 100, 90
LABELS = (LabelRecord(12, "Water", "#0072b2"), LabelRecord(5, "Land", "#e69f00"))


def block(x0: int, y0: int, x1: int, y1: int) -> dict[str, Any]:
    mask = np.zeros((HEIGHT, WIDTH), dtype=bool)
    mask[y0:y1, x0:x1] = True
    return mask_document(mask)


def thing(name: str, shape: dict[str, Any], label: int = 12, **fields: Any) -> dict[str, Any]:
    return {**document(name, shape, label), **fields}


def written(*annotations: dict[str, Any], names: tuple[str, ...] = ("a.png",), ignore_below: float | None = None) -> tuple[Any, Outcome]:
    buffer = io.BytesIO()
    images = [ImageRecord(n, name, WIDTH, HEIGHT, list(annotations)) for n, name in enumerate(names, 1)]
    outcome = masks.write(buffer, Source("Coast", "segmentation", LABELS, ignore_below), images)
    return zipfile.ZipFile(buffer), outcome


def picture(archive: zipfile.ZipFile, name: str) -> Picture.Image:
    return Picture.open(io.BytesIO(archive.read(name)))


def ids(archive: zipfile.ZipFile, name: str) -> NDArray[np.int64]:
    rgb = np.asarray(picture(archive, name)).astype(np.int64)
    return rgb[:, :, 0] + 256 * rgb[:, :, 1] + 65536 * rgb[:, :, 2]


def stack(archive: zipfile.ZipFile, name: str) -> Any:
    return np.load(io.BytesIO(archive.read(name)))


def test_the_class_map_is_indexed_and_has_the_colours_of_the_labels():
    archive, _ = written(thing("a", block(10, 10, 30, 30)), thing("b", block(50, 10, 60, 20), 5))
    shown = picture(archive, "semantic/a.png")
    assert shown.mode == "P"
    classes = np.asarray(shown)
    assert [int(classes[y, x]) for x, y in ((15, 15), (55, 15), (90, 80))] == [1, 2, 0]
    assert [shown.convert("RGB").getpixel(at) for at in ((15, 15), (55, 15), (90, 80))] == [(0, 114, 178), (230, 159, 0), (0, 0, 0)]
    labels = json.loads(archive.read("labels.json"))
    assert [(row["number"], row["label"], row["name"]) for row in labels["classes"]] == [(1, 12, "Water"), (2, 5, "Land")]


def test_what_lies_on_top_wins_by_z_and_then_by_order():
    low, high, last = (
        thing("low", block(0, 0, 40, 40), z=5),
        thing("high", block(20, 20, 60, 60), 5, z=9),
        thing("last", block(10, 0, 30, 10), 5),
    )
    archive, _ = written(low, high, last)
    rows = json.loads(archive.read("objects/a.json"))
    assert [row["id"] for row in rows] == ["last", "low", "high"]
    instances = np.asarray(picture(archive, "instances/a.png"))
    assert [int(instances[y, x]) for x, y in ((25, 25), (5, 5), (25, 5))] == [3, 2, 2]
    assert (np.asarray(picture(archive, "semantic/a.png"))[20:60, 20:60] == 2).all()


def test_panoptic_ids_and_areas_fit_the_picture():
    archive, _ = written(thing("a", block(0, 0, 40, 40)), thing("under", block(5, 5, 8, 8), z=-1), thing("b", block(20, 20, 60, 60), 5))
    document = json.loads(archive.read("panoptic.json"))
    (entry,) = document["annotations"]
    found = ids(archive, "panoptic/" + entry["file_name"])
    segments = {segment["id"]: segment for segment in entry["segments_info"]}
    assert set(np.unique(found)) - {0} == set(segments)
    for number, segment in segments.items():
        rows, columns = np.nonzero(found == number)
        assert segment["area"] == len(rows)
        box = [columns.min(), rows.min(), columns.max() + 1 - columns.min(), rows.max() + 1 - rows.min()]
        assert segment["bbox"] == [int(value) for value in box]
    assert [category["name"] for category in document["categories"]] == ["Water", "Land"]
    assert {segment["category_id"] for segment in segments.values()} == {1, 2}
    assert len(segments) == 2, "an object that is hidden wholly has no segment"


def test_every_object_has_a_map_of_its_own_also_where_they_overlap():
    archive, outcome = written(thing("a", block(0, 0, 40, 40)), thing("b", block(20, 20, 60, 60), 5), thing("c", SHAPES["hole"]))
    arrays = stack(archive, "objects/a.npz")
    assert arrays["masks"].shape == (3, HEIGHT, WIDTH) and arrays["masks"].dtype == np.uint8
    assert arrays["labels"].tolist() == [1, 2, 1]
    assert arrays["masks"][0].sum() == arrays["masks"][1].sum() == 1600
    for channel, row in zip(arrays["masks"], json.loads(archive.read("objects/a.json")), strict=True):
        assert (coco_masks.decode(row["segmentation"]) == channel).all()
        assert row["area"] == channel.sum()
    assert (outcome.images, outcome.annotations) == (1, 3)


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 80), st.integers(1, 40), st.integers(1, 40), st.integers(-2, 2)), max_size=6))
def test_painting_the_objects_over_each_other_gives_the_maps(boxes: list[tuple[int, int, int, int, int]]):
    things = [
        thing(str(n), block(x, y, min(x + w, WIDTH), min(y + h, HEIGHT)), (12, 5)[n % 2], z=z) for n, (x, y, w, h, z) in enumerate(boxes)
    ]
    archive, _ = written(*things)
    arrays = stack(archive, "objects/a.npz")
    expected = np.zeros((HEIGHT, WIDTH), dtype=np.int64)
    for n, channel in enumerate(arrays["masks"], 1):
        expected[channel == 1] = n
    assert (np.asarray(picture(archive, "instances/a.png")) == expected).all()
    assert (ids(archive, "panoptic/a.png") == expected).all()
    assert (np.asarray(picture(archive, "semantic/a.png")) == np.array([0, *arrays["labels"]])[expected]).all()


def test_objects_below_the_confidence_are_ignored_but_kept_by_themselves():
    sure, unsure = thing("sure", block(0, 0, 10, 10), confidence=0.9), thing("unsure", block(20, 0, 30, 10), confidence=0.3)
    archive, _ = written(sure, unsure, thing("hand", block(40, 0, 50, 10)), ignore_below=0.5)
    classes = np.asarray(picture(archive, "semantic/a.png"))
    assert [int(classes[5, x]) for x in (5, 25, 45)] == [1, 255, 1]
    assert [int(np.asarray(picture(archive, "instances/a.png"))[5, x]) for x in (5, 25, 45)] == [1, 0, 3]
    (entry,) = json.loads(archive.read("panoptic.json"))["annotations"]
    assert [segment["id"] for segment in entry["segments_info"]] == [1, 3]
    assert [row["ignored"] for row in json.loads(archive.read("objects/a.json"))] == [False, True, False]
    assert json.loads(archive.read("labels.json"))["ignored"] == 255


def test_what_has_no_pixels_is_counted_and_names_never_leave_their_folder_or_meet():
    archive, outcome = written(
        thing("whole", {"type": "whole"}),
        thing("line", {"type": "polyline", "points": [[0, 0], [9, 9]]}),
        names=("b/a.jpg", "b/a.png", "../../a.png"),
    )
    assert outcome.notes == ["6 labels of whole images, lines and points have no pixels; they are left out."]
    names = [name for name in archive.namelist() if name.startswith("semantic/")]
    assert names == ["semantic/b/a.png", "semantic/b/a-2.png", "semantic/a.png"]
    assert not np.asarray(picture(archive, names[0])).any()


def test_an_image_too_large_for_memory_is_left_out_and_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(masks, "MAX_PIXELS", 100)
    archive, outcome = written(thing("a", block(0, 0, 40, 40)))
    assert outcome.images == 0 and "a.png" in outcome.notes[0]
    assert archive.namelist() == ["labels.json", "panoptic.json"]


@pytest.mark.django_db
def test_an_export_of_masks_is_a_zip_that_a_member_downloads(
    make_campaign: Callable[..., Campaign], make_image: Callable[..., Image], annotator: User, viewer: User, as_user: Any, data_dir: Any
):
    campaign = make_campaign(task="segmentation", name="Coast")
    water = Label.objects.get(campaign=campaign, name="Water").pk
    submitted(
        make_image(campaign, name="a.png", width=WIDTH, height=HEIGHT), annotator, [thing("a", SHAPES["mask"], water, confidence=0.2)]
    )
    client: APIClient = as_user(viewer)
    path = f"/api/v1/campaigns/{campaign.pk}/exports"
    answer = client.post(path, {"format": "masks", "ignore_below": 0.5}, format="json")
    run = execute_now(Run.objects.get(pk=answer.data["id"]))
    assert run.state == "succeeded", run.error
    response = client.get(run.result["file"])
    assert response.headers["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response)))
    classes = np.asarray(picture(archive, "semantic/a.png"))
    assert set(np.unique(classes)) == {0, 255}
    refused = client.post(path, {"format": "coco", "ignore_below": 0.5}, format="json")
    assert (refused.status_code, refused.data["code"]) == (422, "format_does_not_fit") or refused.status_code == 400
