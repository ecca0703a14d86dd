"""What was drawn comes out of every format as it was, and other programs read it."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_masks
from pycocotools.coco import COCO
from shapely.geometry import shape as shapely_shape

from campaigns.formats import WRITERS, ImageRecord, LabelRecord, Outcome, Source, coco, csv_table, geojson
from campaigns.formats.records import BadFormat, annotation
from campaigns.geometry import decode_mask, mask_document, polygons_to_mask

# pycocotools is built against numpy 1's idea of __array__.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

PERSON = {
    "points": [{"name": "head", "x": 0.5, "y": 0.0}, {"name": "foot", "x": 0.5, "y": 1.0}],
    "edges": [["head", "foot"]],
    "flip": [],
}
LABELS = (
    LabelRecord(12, "Water"),
    LabelRecord(5, "Ø land, =SUM(A1)"),
    LabelRecord(7, "Person", skeleton=PERSON),
)
UTM: dict[str, Any] = {"crs": "EPSG:32631", "transform": (10.0, 0.0, 430000.0, 0.0, -10.0, 4580000.0)}
SHELL = [[10.0, 10.0], [60.5, 10.0], [60.5, 50.0], [10.0, 50.0], [10.0, 10.0]]
HOLE = [[20.0, 20.0], [20.0, 30.0], [30.0, 30.0], [30.0, 20.0], [20.0, 20.0]]
ISLAND = [[70.0, 70.0], [80.0, 70.0], [75.0, 79.5], [70.0, 70.0]]


def _mask() -> dict[str, Any]:
    mask = np.zeros((90, 100), dtype=bool)
    mask[30:60, 30:70] = True
    mask[40:50, 40:60] = False
    return mask_document(mask)


SHAPES: dict[str, dict[str, Any]] = {
    "box": {"type": "box", "x": 5.5, "y": 6.0, "width": 20.0, "height": 10.0, "rotation": 0.0},
    "turned box": {"type": "box", "x": 30.0, "y": 30.0, "width": 20.0, "height": 10.0, "rotation": 30.0},
    "polygon": {"type": "polygon", "polygons": [[SHELL]]},
    "two parts": {"type": "polygon", "polygons": [[SHELL], [ISLAND]]},
    "hole": {"type": "polygon", "polygons": [[SHELL, HOLE], [ISLAND]]},
    "mask": _mask(),
    "points": {"type": "points", "points": [{"name": "head", "x": 3.0, "y": 4.0, "v": 2}, {"name": "foot", "x": 5.0, "y": 14.0, "v": 1}]},
    "line": {"type": "polyline", "points": [[1.0, 5.0], [40.0, 2.0]]},
    "ellipse": {"type": "ellipse", "cx": 40.0, "cy": 45.0, "rx": 30.0, "ry": 12.5, "rotation": 30.0},
    "whole": {"type": "whole"},
}


def document(name: str, shape: dict[str, Any], label: int = 12, confidence: float | None = None) -> dict[str, Any]:
    found = annotation(name, label, shape, confidence, "human" if confidence is None else "prediction")
    return {**found, "review": "accepted"}


def record(documents: list[dict[str, Any]], number: int = 1, **more: Any) -> ImageRecord:
    return ImageRecord(number, f"image-{number}.png", 100, 90, documents, **more)


def written(format: str, images: list[ImageRecord], task: str = "segmentation") -> tuple[bytes, Outcome]:
    buffer = io.BytesIO()
    outcome = WRITERS[format](buffer, Source("Coast", task, LABELS), images)
    return buffer.getvalue(), outcome


def loaded(content: bytes, folder: Path) -> COCO:
    path = folder / "coco.json"
    path.write_bytes(content)
    return COCO(str(path))


def test_pycocotools_reads_what_is_written(tmp_path: Path) -> None:
    names = ["box", "turned box", "polygon", "two parts", "hole", "mask", "points"]
    documents = [document(name, SHAPES[name], 7 if name == "points" else 12, 0.5 if name == "box" else None) for name in names]
    content, outcome = written("coco", [record(documents[:4]), record([], 2), record(documents[4:], 3, split="train")])
    assert (outcome.images, outcome.annotations, outcome.notes) == (3, 7, [])
    found = loaded(content, tmp_path)
    assert [(row["id"], row["name"]) for row in found.loadCats(found.getCatIds())] == [(1, "Water"), (2, "Ø land, =SUM(A1)"), (3, "Person")]
    rows = dict(zip(names, found.loadAnns(sorted(found.getAnnIds())), strict=True))
    assert (rows["box"]["bbox"], rows["box"]["score"], rows["box"]["origin"]) == ([5.5, 6.0, 20.0, 10.0], 0.5, "prediction")
    assert rows["points"]["keypoints"] == [3.0, 4.0, 2, 5.0, 14.0, 1]
    assert rows["two parts"]["area"] == pytest.approx(50.5 * 40 + 47.5)
    assert rows["two parts"]["bbox"] == [10.0, 10.0, 70.0, 69.5]
    assert {rows[name]["image_id"] for name in names[4:]} == {3}
    for name in ("polygon", "two parts", "hole"):
        ours = polygons_to_mask(SHAPES[name]["polygons"], height=90, width=100)
        # pycocotools fills polygons on a grid of a fifth of a pixel, so edges between pixel borders may differ by one pixel.
        assert np.count_nonzero(found.annToMask(rows[name]) != ours) <= 60
    assert np.array_equal(found.annToMask(rows["mask"]), decode_mask(SHAPES["mask"]["counts"], (90, 100)))


def test_holes_survive_in_coco(tmp_path: Path) -> None:
    content, _ = written("coco", [record([document("a", SHAPES["hole"]), document("b", SHAPES["mask"])])])
    found = loaded(content, tmp_path)
    polygon, mask = found.loadAnns(sorted(found.getAnnIds()))
    assert not found.annToMask(polygon)[20:30, 20:30].any()
    assert found.annToMask(polygon)[15, 15] == 1
    assert (
        polygon["area"]
        == coco_masks.area(polygon["segmentation"])
        == polygons_to_mask(SHAPES["hole"]["polygons"], height=90, width=100).sum()
    )
    assert not found.annToMask(mask)[40:50, 40:60].any()


@pytest.mark.parametrize("name", list(SHAPES))
@pytest.mark.parametrize("format", [coco, geojson], ids=["coco", "geojson"])
def test_every_shape_comes_back_as_it_was(name: str, format: Any) -> None:
    if format is coco and name in ("line", "whole"):
        _content, outcome = written("coco", [record([document("1", SHAPES[name])])])
        assert (outcome.annotations, len(outcome.notes)) == (0, 1)
        return
    label = 7 if name == "points" else 12
    content, _ = written(format.__name__.rsplit(".", 1)[-1], [record([document("1", SHAPES[name], label, 0.25)])])
    contents = format.read(io.BytesIO(content))
    assert [label.name for label in contents.labels] == [label.name for label in LABELS]
    (image,) = contents.images
    (back,) = image.annotations
    assert (image.name, image.width, image.height) == ("image-1.png", 100, 90)
    assert back["shape"] == SHAPES[name]
    assert (back["confidence"], back["origin"]) == (0.25, "prediction")


coordinates = st.tuples(st.floats(0, 100), st.floats(0, 90)).map(list)


@given(st.lists(st.lists(coordinates, min_size=3, max_size=6), min_size=1, max_size=5))
def test_any_outline_survives_coco(rings: list[list[list[float]]]) -> None:
    documents = [document(str(n), {"type": "polygon", "polygons": [[[*ring, ring[0]]]]}) for n, ring in enumerate(rings, 1)]
    content, _ = written("coco", [record(documents)])
    rows = json.loads(content)["annotations"]
    for row, ring in zip(rows, rings, strict=True):
        xs, ys = [x for x, _ in ring], [y for _, y in ring]
        assert row["bbox"] == pytest.approx([min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)])
    back = coco.read(io.BytesIO(content)).images[0].annotations
    for found, ring in zip(back, rings, strict=True):
        closed = ring if ring[0] == ring[-1] else [*ring, ring[0]]
        assert found["shape"]["polygons"] == [[closed]]


def test_many_annotations_are_numbered_through(tmp_path: Path) -> None:
    documents = [document(str(n), SHAPES["box" if n % 2 else "polygon"]) for n in range(900)]
    content, outcome = written("coco", [record(documents, number) for number in range(1, 8)])
    rows = json.loads(content)["annotations"]
    assert [row["id"] for row in rows] == list(range(1, 6301))
    assert outcome.annotations == 6300


def test_a_foreign_coco_file_is_read_and_its_faults_are_named() -> None:
    rle = {"size": [2, 3], "counts": [1, 2, 3]}
    rows = [
        {"id": 1, "image_id": 9, "category_id": 3, "segmentation": rle, "iscrowd": 1, "bbox": [0, 1, 2, 1], "area": 2},
        {"id": 2, "image_id": 9, "category_id": 3, "bbox": [0, 0, 2, 1]},
        {"id": 3, "image_id": 9, "category_id": 3},
        {"id": 4, "image_id": 9, "category_id": 3, "segmentation": [[1, 2, 3]]},
    ]
    images = [{"id": 9, "file_name": "a.jpg", "width": 3, "height": 2}]
    content = json.dumps({"images": images, "categories": [{"id": 3, "name": "x"}], "annotations": rows}).encode()
    contents = coco.read(io.BytesIO(content))
    assert [a["shape"]["type"] for a in contents.images[0].annotations] == ["mask", "box"]
    assert len(contents.notes) == 2
    for rubbish in (b"", b"[]", b"{}", b"\xff"):
        with pytest.raises(BadFormat):
            coco.read(io.BytesIO(rubbish))
        with pytest.raises(BadFormat):
            geojson.read(io.BytesIO(rubbish))


def test_features_lie_on_the_earth_with_their_pixels_beside() -> None:
    content, outcome = written("geojson", [record([document("a", SHAPES["hole"])], **UTM)])
    assert outcome.notes == []
    (feature,) = json.loads(content)["features"]
    properties = feature["properties"]
    assert properties["imageGeometry"] == {"type": "MultiPolygon", "coordinates": SHAPES["hole"]["polygons"]}
    assert properties["imageBBox"] == [10.0, 10.0, 80.0, 79.5]
    geometry = shapely_shape(feature["geometry"])
    assert geometry.is_valid
    assert all(part.exterior.is_ccw and not any(hole.is_ccw for hole in part.interiors) for part in geometry.geoms)
    west, south, east, north = geometry.bounds
    assert (2.16, 41.3) < (west, south) < (east, north) < (2.18, 41.4)
    shell = geometry.geoms[0].exterior
    assert len(shell.coords) > 5  # long edges are densified


@pytest.mark.parametrize("name", [name for name in SHAPES if name != "whole"])
def test_every_shape_has_a_place_on_the_earth(name: str) -> None:
    content, _ = written("geojson", [record([document("a", SHAPES[name], 7 if name == "points" else 12)], **UTM)])
    geometry = shapely_shape(json.loads(content)["features"][0]["geometry"])
    assert geometry.is_valid
    assert geometry.bounds[0] == pytest.approx(2.17, abs=0.02)


def test_an_image_that_lies_nowhere_has_pixels_alone_and_it_is_said() -> None:
    local: dict[str, Any] = {"crs": 'LOCAL_CS["mine",UNIT["metre",1]]', "transform": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)}
    images = [record([document("a", SHAPES["box"])]), record([document("b", SHAPES["box"])], 2, **local), record([], 3, **UTM)]
    content, outcome = written("geojson", images)
    assert [feature["geometry"] for feature in json.loads(content)["features"]] == [None, None]
    assert outcome.notes[0].startswith("2 of 3 images")
    assert json.loads(content)["notes"] == outcome.notes


def test_what_crosses_the_antimeridian_is_cut_there() -> None:
    place: dict[str, Any] = {"crs": "EPSG:4326", "transform": (0.1, 0.0, 176.0, 0.0, -0.1, 10.0)}
    content, _ = written("geojson", [record([document("a", SHAPES["polygon"])], **place)])
    geometry = shapely_shape(json.loads(content)["features"][0]["geometry"])
    assert geometry.geom_type == "MultiPolygon"
    assert geometry.bounds == pytest.approx((-180, 5.0, 180, 9.0))
    assert geometry.area == pytest.approx(5.05 * 4)


def test_a_table_is_read_back_and_no_cell_is_a_formula() -> None:
    documents = [document("1", SHAPES["whole"], 5), document("2", SHAPES["whole"], 12)]
    images = [record(documents), ImageRecord(2, "=cmd|' /C calc'!A0.jpg", 9, 9, documents[:1]), ImageRecord(3, 'a "b", c.jpg', 9, 9, [])]
    content, outcome = written("csv", images, "classification")
    rows = list(csv.reader(io.StringIO(content.decode())))
    assert rows == [["image-1.png", "Ø land, =SUM(A1)", "Water"], ["'=cmd|' /C calc'!A0.jpg", "Ø land, =SUM(A1)"], ['a "b", c.jpg']]
    assert (outcome.images, outcome.annotations) == (3, 3)
    contents = csv_table.read(io.BytesIO(content))
    assert [image.name for image in contents.images] == [image.name for image in images]
    assert [[a["label"] for a in image.annotations] for image in contents.images] == [[1, 2], [1], []]


@given(st.text(max_size=20))
def test_the_guard_against_formulas_loses_nothing(text: str) -> None:
    assert csv_table.unguarded(csv_table.guarded(text)) == text
    assert not csv_table.guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_label_that_is_gone_is_left_out() -> None:
    for format in WRITERS:
        _content, outcome = written(format, [record([document("a", SHAPES["whole"], 999)])])
        assert outcome.annotations == 0
