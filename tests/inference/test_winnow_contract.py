"""Winnow's own contract."""

import base64
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.geometry.masks import decode_mask, encode_mask
from inference.protocols import PROTOCOLS
from inference.rasters import read_map
from inference.schema import Box, Keypoints, Mask, Polygon, PredictionRejected, Raster
from inference.wire import ModelCard
from tests.inference.wire import HEIGHT, WIDTH, ask, b64, card, picture, png

SQUARE = [[2, 2], [8, 2], [8, 8], [2, 8]]


def one(item: dict[str, Any], model: ModelCard | None = None, image: Any = None, **answer: Any) -> Any:
    prediction = ask("winnow", model or card("detection"), {"items": [item], **answer}, image)
    assert len(prediction.items) == 1, prediction
    return prediction.items[0]


def test_the_json_question_holds_the_image_and_what_is_known_of_it() -> None:
    request = PROTOCOLS["winnow_json"].build_request(picture(crs="EPSG:4326", transform=(1, 0, 0, 0, -1, 0)), card("detection"))
    question = orjson.loads(request.body)
    assert base64.b64decode(question["image"]["b64"]) == b"bytes"
    assert question["image"] | {"b64": ""} == {
        "id": 7, "name": "a.png", "content_type": "image/png", "width": WIDTH, "height": HEIGHT, "bands": 3, "crs": "EPSG:4326",
        "transform": [1, 0, 0, 0, -1, 0], "b64": "",
    }  # fmt: skip
    assert question["task"] == "detection"
    assert question["classes"] == [{"index": 0, "name": "ocean"}, {"index": 1, "name": "land"}]


def test_the_form_holds_the_image_as_a_file_and_the_question_beside_it() -> None:
    request = PROTOCOLS["winnow"].build_request(picture(), card("detection"))
    assert b'name="image"; filename="a.png"\r\nContent-Type: image/png\r\n\r\nbytes' in request.body
    assert b'name="request"\r\nContent-Type: application/json\r\n\r\n{"schema":"request/1"' in request.body
    assert request.summary()["body_bytes"] == len(request.body)


@pytest.mark.parametrize(
    "answer",
    [
        {"box": [5, 5, 6, 6]}, {"xyxy": [2, 2, 8, 8]}, {"xywh": [2, 2, 6, 6]}, {"box": [5, 5, 6, 6, 0]}, {"box": [5, 5, 6, 6, 90]},
    ],
)  # fmt: skip
def test_a_box_is_written_from_centre_corners_or_corner_and_size(answer: dict[str, Any]) -> None:
    found: Box = one({"kind": "box", "class": "land", "score": 0.5, **answer})
    assert (found.x, found.y, found.width, found.height) == pytest.approx((2, 2, 6, 6))
    assert (found.index, found.confidence, found.rotation) == (1, 0.5, 0)


@pytest.mark.parametrize(
    ("coords", "box"),
    [("pixel", [10, 5, 4, 2]), ("normalized", [0.5, 0.5, 0.2, 0.2]), ("percent", [50, 50, 20, 20]), ("crs", [200, 50, 40, 20])],
)
def test_coordinates_of_every_kind_become_pixels(coords: str, box: list[float]) -> None:
    image = picture(crs="EPSG:32631", transform=(10.0, 0.0, 100.0, 0.0, -10.0, 100.0))
    found: Box = one({"kind": "box", "index": 0, "box": box}, image=image, coords=coords)
    assert (found.x, found.y, found.width, found.height) == pytest.approx((8, 4, 4, 2))
    named: Box = one({"kind": "box", "index": 0, "box": box}, card("detection", coords=coords), image)
    assert named == found


def test_coordinates_of_a_smaller_picture_are_brought_back() -> None:
    found: Box = one({"kind": "box", "index": 0, "xyxy": [1, 1, 4, 4]}, image=picture(sent_width=10, sent_height=5))
    assert (found.x, found.y, found.width, found.height) == (2, 2, 6, 6)


def test_crs_coordinates_without_a_georeference_are_refused() -> None:
    with pytest.raises(PredictionRejected, match="no georeference"):
        one({"kind": "box", "index": 0, "box": [1, 1, 1, 1]}, coords="crs")


@given(st.floats(5, 15), st.floats(3, 7), st.floats(0.5, 4), st.floats(0.5, 4), st.floats(-720, 720))
def test_a_turned_box_keeps_its_centre_size_and_angle(cx: float, cy: float, width: float, height: float, angle: float) -> None:
    found: Box = one({"kind": "box", "index": 0, "box": [cx, cy, width, height, angle]})
    assert (found.x + found.width / 2, found.y + found.height / 2) == pytest.approx((cx, cy))
    if found.rotation:
        assert (found.width, found.height) == pytest.approx((width, height))
        assert (found.rotation - angle) % 360 == pytest.approx(0, abs=1e-6) or (found.rotation - angle) % 360 == pytest.approx(
            360, abs=1e-6
        )


def test_clockwise_means_clockwise_on_the_picture_in_a_crs_as_well() -> None:
    image = picture(crs="EPSG:32631", transform=(10.0, 0.0, 0.0, 0.0, -10.0, 100.0))
    there: Box = one({"kind": "box", "index": 0, "box": [100, 50, 40, 20, 30]}, image=image, coords="crs")
    here: Box = one({"kind": "box", "index": 0, "box": [10, 5, 4, 2, 30]}, image=image)
    assert there.rotation == pytest.approx(here.rotation)
    assert (there.x, there.y, there.width, there.height) == pytest.approx((here.x, here.y, here.width, here.height))


@pytest.mark.parametrize("nesting", [SQUARE, [SQUARE], [[SQUARE]], [[[*SQUARE, SQUARE[0]]]]])
def test_a_polygon_may_be_written_with_less_nesting_and_open(nesting: Any) -> None:
    found: Polygon = one({"kind": "polygon", "index": 0, "polygons": nesting})
    assert len(found.polygons) == 1
    assert set(found.polygons[0][0]) == {(2.0, 2.0), (8.0, 2.0), (8.0, 8.0), (2.0, 8.0)}
    assert found.polygons[0][0][0] == found.polygons[0][0][-1]


def test_holes_stay_holes() -> None:
    hole = [[4, 4], [6, 4], [6, 6], [4, 6]]
    found: Polygon = one({"kind": "polygon", "index": 0, "polygons": [[SQUARE, hole]]})
    assert len(found.polygons[0]) == 2


def test_an_outline_that_crosses_itself_is_repaired_and_told() -> None:
    bow = [[2, 2], [8, 8], [8, 2], [2, 8]]
    prediction = ask("winnow", card("segmentation"), {"items": [{"kind": "polygon", "index": 0, "polygons": [[bow]]}]})
    assert "crossed itself" in prediction.warnings[0]
    assert len(prediction.items[0].polygons) == 2  # type: ignore[union-attr]


def test_a_polygon_is_cut_to_the_image_and_one_outside_is_counted() -> None:
    wide = [[-5, 2], [50, 2], [50, 8], [-5, 8]]
    far = [[50, 50], [60, 50], [60, 60]]
    items = [{"kind": "polygon", "index": 0, "polygons": [[ring]]} for ring in (wide, far)]
    prediction = ask("winnow", card("segmentation"), {"items": items})
    assert len(prediction.items) == 1
    assert prediction.dropped[0].reason == "outside the image"


def test_a_mask_comes_as_run_lengths_of_both_kinds_or_as_a_picture() -> None:
    pixels = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    pixels[2:5, 3:9] = 255
    counts = encode_mask(pixels)
    spellings: list[Any] = [{"size": [HEIGHT, WIDTH], "counts": counts}, b64(png(pixels))]
    for mask in spellings:
        found: Mask = one({"kind": "mask", "index": 0, "mask": mask})
        assert (decode_mask(found.counts, found.size) == (pixels > 0)).all()
    listed: Mask = one({"kind": "mask", "index": 0, "mask": {"size": [HEIGHT, WIDTH], "counts": [10, 5, HEIGHT * WIDTH - 15]}})
    assert int(decode_mask(listed.counts, listed.size).sum()) == 5


def test_a_raster_comes_as_base64_and_may_name_its_classes() -> None:
    values = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    values[0] = 4
    found: Raster = one({"kind": "raster", "raster": b64(png(values)), "classes": {"4": "ice"}}, card("segmentation"))
    assert (4, "ice") in found.classes
    assert (read_map(found.class_map) == values).all()


def test_keypoints_are_read_and_moved_onto_the_image() -> None:
    points = [{"name": "nose", "x": 3, "y": 4}, {"name": "tail", "x": 99, "y": -4, "v": 1, "score": 0.3}]
    found: Keypoints = one({"kind": "keypoints", "index": 0, "points": points}, card("keypoints"))
    assert [(point.x, point.y, point.v) for point in found.points] == [(3, 4, 2), (WIDTH, 0, 1)]


def test_the_version_of_the_answer_counts() -> None:
    model = card("classification")
    item = {"kind": "classification", "scores": {"land": 1.0}}
    assert ask("winnow", model, {"items": [item], "model_version": "2026-01"}).model_version == "2026-01"
    assert ask("winnow", model, {"items": [item]}).model_version == "3"


def test_one_class_with_a_score_is_a_classification() -> None:
    found = one({"kind": "classification", "class": "land", "score": 0.7}, card("classification"))
    assert [(score.index, score.confidence) for score in found.scores] == [(1, 0.7)]
    assert not found.complete


def test_an_unknown_kind_is_told_and_left_out() -> None:
    prediction = ask("winnow", card("detection"), {"items": [{"kind": "cube"}, {"kind": "cube"}]})
    assert prediction.items == ()
    assert prediction.dropped[0].count == 2
    assert "cube" in prediction.warnings[0]


@pytest.mark.parametrize(
    ("item", "where"),
    [
        ({"kind": "box", "index": 0, "box": [1, 1, "abc", 1]}, "items[0].box[2]"),
        ({"kind": "box", "index": 0, "box": [1, 1, 1]}, "items[0].box"),
        ({"kind": "box", "index": 0, "box": [1, 1, -1, 1]}, "items[0].box"),
        ({"kind": "box", "box": [1, 1, 1, 1]}, "items[0]"),
        ({"kind": "box", "index": -1, "box": [1, 1, 1, 1]}, "items[0].index"),
        ({"kind": "box", "index": 0}, "items[0]"),
        ({"kind": "box", "index": 0, "box": [1, 1, 1, 1], "score": 2}, "items[0].score"),
        ({"kind": "polygon", "index": 0, "polygons": [[[[1, 1], [2, 2], [1, 1]]]]}, "items[0].polygons[0][0]"),
        ({"kind": "polygon", "index": 0, "polygons": []}, "items[0].polygons"),
        ({"kind": "polygon", "index": 0, "polygons": [[[[1, 1], [2, None], [1, 3]]]]}, "items[0].polygons[0][0][1][1]"),
        ({"kind": "mask", "index": 0, "mask": {"size": [HEIGHT, WIDTH], "counts": [5]}}, "items[0].mask.counts"),
        ({"kind": "mask", "index": 0, "mask": {"size": [3, 3], "counts": [5]}}, "items[0].mask.counts"),
        ({"kind": "embedding", "space": "s", "vector": [1, None]}, "items[0].vector[1]"),
        ({"kind": "classification", "scores": {"land": "high"}}, "items[0].scores.land"),
        ({"kind": 3}, "items[0].kind"),
        ("box", "items[0]"),
    ],
)
def test_a_wrong_item_is_rejected_at_its_place(item: Any, where: str) -> None:
    with pytest.raises(PredictionRejected) as caught:
        ask("winnow", card("detection"), {"items": [item]})
    assert caught.value.where == where


def test_a_text_that_postgresql_cannot_store_is_rejected_at_its_place() -> None:
    with pytest.raises(PredictionRejected) as rejected:
        ask("winnow", card("detection"), {"items": [], "model_version": "v\0"})
    assert rejected.value.where == "model_version"


def test_an_answer_without_items_says_what_it_has() -> None:
    with pytest.raises(PredictionRejected, match='expected "items", got an object with detections'):
        ask("winnow", card("detection"), {"detections": []})
    with pytest.raises(PredictionRejected, match="coords"):
        ask("winnow", card("detection"), {"items": [], "coords": "miles"})
    with pytest.raises(PredictionRejected, match="at most 10000"):
        ask("winnow", card("detection"), {"items": [{}] * 10_001})


kinds = st.sampled_from(["box", "polygon", "mask", "raster", "keypoints", "embedding", "classification"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 40) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["size", "counts", "x", "y", "name", "class"]), inner, max_size=3)
    ),
    max_leaves=10,
)
keys = st.sampled_from(["box", "xyxy", "polygons", "mask", "raster", "points", "vector", "space", "scores", "class", "index", "score"])


@given(kinds, st.dictionaries(keys, values, max_size=5))
def test_any_item_is_read_or_rejected(kind: str, fields: dict[str, Any]) -> None:
    try:
        ask("winnow", card("detection"), {"items": [{**fields, "kind": kind}]})
    except PredictionRejected as error:
        assert error.where.startswith("items")  # noqa: PT017 - whichever it is
