"""Roboflow's inference server."""

import base64
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from campaigns.geometry.masks import decode_mask, encode_mask
from inference.protocols import PROTOCOLS
from inference.rasters import read_map
from inference.schema import Box, Classification, Keypoints, Mask, Polygon, PredictionRejected, Raster
from inference.wire import ModelCard, SecretPlace, WireReply
from models_registry.options import ModelOptions, OptionsRejected
from tests.inference.wire import HEIGHT, WIDTH, b64, card, picture, png
from tests.inference.wire import ask as told

SPEAKS = PROTOCOLS["roboflow"]
IMAGE = base64.b64encode(b"bytes")
SEEN = {"width": WIDTH, "height": HEIGHT}
FOUND = {"x": 5, "y": 5, "width": 6, "height": 4, "confidence": 0.9, "class": "land", "class_id": 0, "detection_id": "u"}


def at(url: str, task: str, **extra: Any) -> ModelCard:
    return ModelCard(url, task, options=ModelOptions(extra=extra))


def ask(task: str, *predictions: Any, names: tuple[str, ...] = ("ocean", "land"), **answer: Any) -> Any:
    return told("roboflow", card(task, *names), {"time": 0.1, "image": SEEN, "predictions": list(predictions)} | answer)


def one(task: str, *predictions: Any, **answer: Any) -> Any:
    (item,) = ask(task, *predictions, **answer).items
    return item


def test_a_server_of_one_s_own_is_asked_in_json() -> None:
    model = at("http://10.0.0.5:9001", "detection", model_id="helmets/3", confidence=0.4, iou_threshold=0.3)
    request = SPEAKS.build_request(picture(), model)
    assert request.url == "http://10.0.0.5:9001/infer/object_detection"
    assert request.body == (
        b'{"model_id":"helmets/3","image":{"type":"base64","value":"' + IMAGE + b'"},"confidence":0.4,"iou_threshold":0.3}'
    )


def test_masks_are_always_asked_for_as_run_lengths() -> None:
    request = SPEAKS.build_request(picture(), at("http://10.0.0.5:9001/infer/instance_segmentation", "segmentation", model_id="ships/1"))
    assert orjson.loads(request.body)["response_mask_format"] == "rle"
    pixels = SPEAKS.build_request(picture(), at("http://10.0.0.5:9001/", "segmentation", model_id="ships/1", segments="pixels"))
    assert pixels.url.endswith("/infer/semantic_segmentation")
    assert "response_mask_format" not in orjson.loads(pixels.body)


def test_the_hosted_one_takes_base64_text_and_percent_in_its_query() -> None:
    request = SPEAKS.build_request(picture(), at("https://detect.roboflow.com/helmets/3?format=json", "detection", confidence=0.4))
    assert request.url == "https://detect.roboflow.com/helmets/3?format=json&confidence=40"
    assert request.body == IMAGE
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_the_key_goes_where_each_of_them_looks_for_it() -> None:
    assert SPEAKS.secret_place(at("http://10.0.0.5:9001", "detection")) == SecretPlace("json", "api_key")
    assert SPEAKS.secret_place(at("https://detect.roboflow.com/helmets/3", "detection")) == SecretPlace("query", "api_key")


@pytest.mark.parametrize(
    "extra", [{"confidence": 40}, {"iou_threshold": -1}, {"confidence": "0.4"}, {"segments": "cells"}, {"model_id": 3}]
)
def test_settings_beyond_what_the_server_takes_are_refused(extra: dict[str, Any]) -> None:
    with pytest.raises(OptionsRejected, match=f"extra.{next(iter(extra))}"):
        SPEAKS.check_options(ModelOptions(extra=extra), "detection")


def test_a_box_is_read_from_its_centre() -> None:
    found: Box = one("detection", FOUND)
    assert (found.x, found.y, found.width, found.height, found.confidence) == (2, 3, 6, 4, 0.9)


def test_the_name_decides_where_the_server_counts_its_classes_in_another_order() -> None:
    assert one("detection", FOUND).index == 1
    unnamed = told("roboflow", ModelCard("http://127.0.0.1:1", "detection"), {"predictions": [FOUND | {"class_id": 7}]})
    assert [(item.index, item.name) for item in unnamed.items if isinstance(item, Box)] == [(7, "land")]


def test_coordinates_are_meant_on_the_picture_that_the_server_saw() -> None:
    prediction = ask("detection", FOUND, image={"width": 2 * WIDTH, "height": 2 * HEIGHT})
    (found,) = prediction.items
    assert isinstance(found, Box)
    assert (found.x, found.y, found.width, found.height) == (1, 1.5, 3, 2)
    assert "The server saw 40 x 20 pixels" in prediction.warnings[0]


def test_the_answer_for_a_batch_of_one_is_that_answer() -> None:
    body = orjson.dumps([{"image": SEEN, "predictions": [FOUND]}])
    assert len(told("roboflow", card("detection"), body).items) == 1


@given(arrays(np.bool_, (HEIGHT, WIDTH)))
def test_run_lengths_are_exact_to_the_pixel(pixels: np.ndarray) -> None:
    found: Mask = one("segmentation", FOUND | {"mask_format": "rle", "rle": {"size": [HEIGHT, WIDTH], "counts": encode_mask(pixels)}})
    assert (decode_mask(found.counts, found.size) == pixels).all()


def test_an_outline_is_taken_from_a_server_that_gives_no_run_lengths() -> None:
    corners = [{"x": 2, "y": 2}, {"x": 8, "y": 2}, {"x": 8, "y": 8}, {"x": 2, "y": 8}]
    found: Polygon = one("segmentation", FOUND | {"mask_format": "polygon", "points": corners})
    assert found.polygons == ((((2, 2), (8, 2), (8, 8), (2, 8), (2, 2)),),)


def test_an_outline_of_two_points_is_left_out_and_told() -> None:
    prediction = ask("segmentation", FOUND | {"points": [{"x": 2, "y": 2}, {"x": 8, "y": 2}]})
    assert prediction.items == ()
    assert prediction.dropped[0].reason == "no area"


def test_points_keep_their_names_and_confidences() -> None:
    points = [
        {"x": 1.5, "y": 2, "confidence": 0.6, "class_id": 0, "class": "bow"},
        {"x": 3, "y": 4, "confidence": 0.7, "class_id": 1, "class": "stern"},
    ]
    found: Keypoints = one("keypoints", FOUND | {"keypoints": points})
    assert [(point.name, point.x, point.y, point.confidence) for point in found.points] == [("bow", 1.5, 2, 0.6), ("stern", 3, 4, 0.7)]


def test_one_class_per_image_is_read_from_a_list() -> None:
    scores = [{"class": "land", "class_id": 0, "confidence": 0.75}, {"class": "ocean", "class_id": 1, "confidence": 0.25}]
    found: Classification = one("classification", *scores, top="land", confidence=0.75)
    assert [(score.index, score.confidence) for score in found.scores] == [(1, 0.75), (0, 0.25)]


def test_many_classes_per_image_are_read_from_an_object() -> None:
    answer = {"image": SEEN, "predictions": {"ocean": {"confidence": 0.9, "class_id": 1}, "land": {"confidence": 0.8, "class_id": 0}}}
    prediction = told("roboflow", card("classification", multi_label=True), answer | {"predicted_classes": ["ocean", "land"]})
    (found,) = prediction.items
    assert isinstance(found, Classification)
    assert [(score.index, score.confidence) for score in found.scores] == [(0, 0.9), (1, 0.8)]
    assert found.mode == "multi"


def test_an_image_in_which_no_class_is_sure_enough_has_none() -> None:
    prediction = ask("classification")
    assert prediction.items == ()
    assert "least confidence" in prediction.warnings[0]


@given(arrays(np.uint8, (HEIGHT, WIDTH), elements=st.sampled_from([0, 3, 9])), arrays(np.uint8, (HEIGHT, WIDTH)))
def test_a_map_of_classes_is_exact_to_the_pixel_whatever_numbers_the_server_gives_them(numbers: np.ndarray, sure: np.ndarray) -> None:
    predictions = {
        "segmentation_mask": b64(png(numbers)), "confidence_mask": b64(png(sure)), "present_class_ids": [0, 3, 9],
        "class_map": {"0": "background", "3": "land", "9": "ocean"},
    }  # fmt: skip
    (found,) = told("roboflow", card("segmentation"), {"image": SEEN, "predictions": predictions}).items
    assert isinstance(found, Raster)
    names = dict(found.classes)
    assert {names[1], names[0]} == {"land", "ocean"}
    (background,) = (index for index, name in found.classes if name == "background")
    expected = np.select([numbers == 3, numbers == 9], [1, 0], background)
    assert (read_map(found.class_map) == expected).all()
    assert found.confidence_map is not None
    assert (read_map(found.confidence_map) == sure).all()
    assert found.confidence == pytest.approx(float(sure.mean()) / 255)


@pytest.mark.parametrize(
    ("task", "answer", "where", "why"),
    [
        ("detection", {"message": "Forbidden"}, "", 'expected "predictions"'),
        ("detection", {"predictions": {"a": 1}}, "predictions", "expected a list"),
        ("detection", {"predictions": [FOUND, {"x": 1}]}, "predictions[1]", 'expected "y"'),
        ("detection", {"predictions": [FOUND | {"width": -1}]}, "predictions[0]", "a width and a height of 0 or more"),
        ("detection", {"predictions": [FOUND | {"confidence": 40}]}, "predictions[0].confidence", "from 0 to 1"),
        ("detection", {"predictions": [], "image": {"width": 0, "height": 5}}, "image", "the width and the height"),
        ("detection", [], "", "expected 1 values"),
        ("segmentation", {"predictions": [FOUND]}, "predictions[0]", 'expected "rle" or "points"'),
        (
            "segmentation",
            {"predictions": [FOUND | {"rle": {"size": [2, 2], "counts": "0"}}]},
            "predictions[0].rle.counts",
            "the runs cover",
        ),
        ("segmentation", {"predictions": {"segmentation_mask": "%%", "class_map": {}}}, "predictions.segmentation_mask", "base64"),
        (
            "segmentation",
            {"predictions": {"segmentation_mask": b64(png(np.full((HEIGHT, WIDTH), 4, np.uint8))), "class_map": {"0": "sea"}}},
            "predictions.class_map",
            "expected a name for class 4",
        ),
        ("keypoints", {"predictions": [FOUND]}, "predictions[0]", 'expected "keypoints"'),
        ("classification", {"predictions": [{"class": "land"}]}, "predictions[0]", 'expected "confidence"'),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(task: str, answer: Any, where: str, why: str) -> None:
    with pytest.raises(PredictionRejected) as caught:
        told("roboflow", card(task), answer)
    assert caught.value.where == where
    assert why in caught.value.why


def test_a_server_says_what_it_is_and_which_model_it_has_loaded() -> None:
    assert [request.url for request in SPEAKS.inquiries("http://10.0.0.5:9001/infer/x")] == [
        "http://10.0.0.5:9001/info", "http://10.0.0.5:9001/model/registry",
    ]  # fmt: skip
    info = WireReply(b'{"name":"Roboflow Inference Server","version":"1.8.3","uuid":"u"}')
    registry = WireReply(b'{"models":[{"model_id":"roads/2","task_type":"semantic-segmentation","batch_size":1}]}')
    found = SPEAKS.recognise("http://10.0.0.5:9001/infer/x", [info, registry])
    assert found is not None
    assert (found.url, found.name, found.version, found.task) == ("http://10.0.0.5:9001", "roads/2", "1.8.3", "segmentation")
    assert found.options == {"extra": {"model_id": "roads/2", "segments": "pixels"}}
    assert SPEAKS.recognise("http://10.0.0.5:9001", [info, None]) is not None
    assert SPEAKS.recognise("http://10.0.0.5:9001", [WireReply(b'{"name":"Another"}'), registry]) is None
    hosted = SPEAKS.recognise("https://outline.roboflow.com/ships/1", [None, None])
    assert hosted is not None
    assert hosted.task == "segmentation"
