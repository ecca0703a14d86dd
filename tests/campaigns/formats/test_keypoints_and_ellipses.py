"""Keypoints in their skeleton's order and ellipses as outlines: as other programs read them, and back."""

import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from campaigns.formats import WRITERS, ImageRecord, LabelRecord, Source, coco, csv_table, geojson
from campaigns.formats.records import annotation

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NAMES = ["nose", "left_eye", "right_eye", "left_ear", "right_ear"]
HEAD: dict[str, Any] = {
    "points": [{"name": name, "x": n / 4, "y": 0.5} for n, name in enumerate(NAMES)],
    "edges": [["nose", "left_eye"], ["nose", "right_eye"], ["left_eye", "left_ear"]],
    "flip": [["left_eye", "right_eye"], ["left_ear", "right_ear"]],
    "sigmas": {"nose": 0.026, "left_eye": 0.025},
}
HEADS, FREE = LabelRecord(40, "Head", skeleton=HEAD), LabelRecord(7, "Seal")
places = st.integers(0, 6400).map(lambda n: n / 64)
points = st.builds(lambda x, y, v: {"x": x, "y": y, "v": v}, places, places.map(lambda y: y * 0.9), st.sampled_from([1, 2]))
heads = st.dictionaries(st.sampled_from(NAMES), points, min_size=1).map(
    lambda named: {"type": "points", "points": [{"name": name, **named[name]} for name in sorted(named)]}
)


def content_of(format: str, shapes: list[tuple[int, dict[str, Any]]], **place: Any) -> bytes:
    documents = [annotation(str(n), label, shape) for n, (label, shape) in enumerate(shapes)]
    buffer = io.BytesIO()
    WRITERS[format](buffer, Source("Zoo", "keypoints", (FREE, HEADS)), [ImageRecord(3, "a.png", 100, 90, documents, **place)])
    return buffer.getvalue()


def loaded(content: bytes, folder: Path) -> COCO:
    path = folder / "coco.json"
    path.write_bytes(content)
    return COCO(str(path))


@given(st.lists(heads, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_keypoints_stand_in_the_order_of_their_skeleton(tmp_path: Path, shapes: list[dict[str, Any]]) -> None:
    found = loaded(content_of("coco", [(40, shape) for shape in shapes]), tmp_path)
    (category,) = found.loadCats(found.getCatIds(catNms=["Head"]))
    assert category["keypoints"] == NAMES
    assert category["skeleton"] == [[1, 2], [1, 3], [2, 4]]
    rows = found.loadAnns(sorted(found.getAnnIds()))
    for row, shape in zip(rows, shapes, strict=True):
        named = {point["name"]: point for point in shape["points"]}
        expected = [
            value for name in NAMES for value in ((named[name]["x"], named[name]["y"], named[name]["v"]) if name in named else (0, 0, 0))
        ]
        assert row["keypoints"] == expected
        assert row["num_keypoints"] == len(named) == sum(v > 0 for v in row["keypoints"][2::3])
        xs, ys = [p["x"] for p in named.values()], [p["y"] for p in named.values()]
        assert row["bbox"] == pytest.approx([min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)])


@given(st.lists(heads, min_size=1, max_size=4))
def test_keypoints_come_back_with_their_skeleton(shapes: list[dict[str, Any]]) -> None:
    contents = coco.read(io.BytesIO(content_of("coco", [(40, shape) for shape in shapes])))
    assert contents.notes == []
    assert contents.labels[1].skeleton == HEAD
    for back, shape in zip(contents.images[0].annotations, shapes, strict=True):
        there = [point for point in back["shape"]["points"] if point["v"] > 0]
        assert sorted(there, key=lambda point: str(point["name"])) == shape["points"]
        assert [point["name"] for point in back["shape"]["points"]] == NAMES


def test_the_keypoint_evaluation_of_pycocotools_takes_what_is_written(tmp_path: Path) -> None:
    head = {"type": "points", "points": [{"name": name, "x": 20.0 + 9 * n, "y": 30.0 + 5 * n, "v": 2} for n, name in enumerate(NAMES)]}
    found = loaded(content_of("coco", [(40, head)]), tmp_path)
    (row,) = found.loadAnns(found.getAnnIds())
    answer = found.loadRes([{"image_id": 3, "category_id": row["category_id"], "keypoints": row["keypoints"], "score": 0.9}])
    judged = COCOeval(found, answer, "keypoints")
    judged.params.kpt_oks_sigmas = np.full(len(NAMES), 0.05)
    judged.params.catIds = [row["category_id"]]
    judged.evaluate()
    judged.accumulate()
    judged.summarize()
    assert judged.stats[0] == pytest.approx(1.0)


def test_names_that_the_skeleton_lost_are_left_out_and_it_is_said() -> None:
    shape = {"type": "points", "points": [{"name": "nose", "x": 1.0, "y": 2.0, "v": 2}, {"name": "chin", "x": 3.0, "y": 4.0, "v": 2}]}
    documents = [annotation("a", 40, shape)]
    outcome = WRITERS["coco"](io.BytesIO(), Source("Zoo", "keypoints", (HEADS,)), [ImageRecord(3, "a.png", 100, 90, documents)])
    assert outcome.notes == ["1 points were left out, since the skeleton of their label does not name them."]


def test_points_without_a_skeleton_keep_their_names() -> None:
    shape = {"type": "points", "points": [{"name": "tail", "x": 1.5, "y": 2.0, "v": 2}, {"name": "", "x": 3.0, "y": 4.0, "v": 1}]}
    for format in (coco, geojson):
        content = content_of(format.__name__.rsplit(".", 1)[-1], [(7, shape)])
        (back,) = format.read(io.BytesIO(content)).images[0].annotations
        assert back["shape"] == shape


def test_a_foreign_category_without_a_template_gets_one() -> None:
    categories = [
        {"id": 1, "name": "person", "keypoints": ["a", "b", "c"], "skeleton": [[1, 2], [2, 3]]},
        {"id": 2, "name": "odd", "keypoints": ["a", "a"], "skeleton": [[1, 9]]},
    ]
    rows = [{"id": 1, "image_id": 9, "category_id": n, "keypoints": [1, 2, 2, 0, 0, 0, 5, 6, 1][: 3 * (4 - n)]} for n in (1, 2)]
    images = [{"id": 9, "file_name": "a.jpg", "width": 30, "height": 20}]
    contents = coco.read(io.BytesIO(json.dumps({"images": images, "categories": categories, "annotations": rows}).encode()))
    person, odd = contents.labels
    assert person.skeleton["edges"] == [["a", "b"], ["b", "c"]] and len(person.skeleton["points"]) == 3
    assert odd.skeleton == {}
    assert [point["v"] for point in contents.images[0].annotations[0]["shape"]["points"]] == [2, 0, 1]


def test_what_is_not_there_has_no_place_on_the_earth() -> None:
    place: dict[str, Any] = {"crs": "EPSG:32631", "transform": (10.0, 0.0, 430000.0, 0.0, -10.0, 4580000.0)}
    shape = {"type": "points", "points": [{"name": "nose", "x": 10.0, "y": 20.0, "v": 2}, {"name": "left_eye", "x": 0.0, "y": 0.0, "v": 0}]}
    nowhere = {"type": "points", "points": [{"name": "nose", "x": 0.0, "y": 0.0, "v": 0}]}
    content = content_of("geojson", [(40, shape), (40, nowhere)], **place)
    features = json.loads(content)["features"]
    assert len(features[0]["geometry"]["coordinates"]) == 1
    assert features[1]["geometry"] is None
    assert [back["shape"] for back in geojson.read(io.BytesIO(content)).images[0].annotations] == [shape, nowhere]


radii = st.floats(4, 60)
ellipses = st.builds(
    lambda cx, cy, rx, ry, rotation: {"type": "ellipse", "cx": cx, "cy": cy, "rx": rx, "ry": ry, "rotation": rotation},
    st.floats(20, 80), st.floats(20, 70), radii, radii, st.floats(0, 359.9),
)  # fmt: skip


@given(ellipses)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pycocotools_fills_an_ellipse_as_it_is(tmp_path: Path, shape: dict[str, Any]) -> None:
    found = loaded(content_of("coco", [(7, shape)]), tmp_path)
    (row,) = found.loadAnns(found.getAnnIds())
    assert row["area"] == pytest.approx(math.pi * shape["rx"] * shape["ry"])
    y, x = np.mgrid[0:90, 0:100] + 0.5
    angle = math.radians(shape["rotation"])
    dx, dy = x - shape["cx"], y - shape["cy"]
    u, v = dx * math.cos(angle) + dy * math.sin(angle), dy * math.cos(angle) - dx * math.sin(angle)
    inside = (u / shape["rx"]) ** 2 + (v / shape["ry"]) ** 2 <= 1
    # pycocotools draws on a grid of a fifth of a pixel: the pixels along the edge may fall to either side.
    edge = 2 * math.pi * max(shape["rx"], shape["ry"])
    assert np.count_nonzero(found.annToMask(row).astype(bool) != inside) <= 0.35 * edge + 4


@given(ellipses)
def test_the_true_ellipse_comes_back_from_every_format_with_shapes(shape: dict[str, Any]) -> None:
    for format in (coco, geojson):
        content = content_of(format.__name__.rsplit(".", 1)[-1], [(7, shape)])
        (back,) = format.read(io.BytesIO(content)).images[0].annotations
        assert back["shape"] == shape


def test_a_table_counts_ellipses_and_points_by_their_labels() -> None:
    ellipse = {"type": "ellipse", "cx": 40.0, "cy": 45.0, "rx": 30.0, "ry": 12.5, "rotation": 30.0}
    content = content_of("csv", [(7, ellipse), (40, {"type": "points", "points": [{"name": "nose", "x": 1.0, "y": 1.0, "v": 2}]})])
    assert content.decode().strip() == "a.png,Seal,Head"
    assert csv_table.read(io.BytesIO(content)).labels[1].name == "Head"
