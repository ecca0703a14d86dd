"""Hugging Face's tasks."""

import base64
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from campaigns.geometry.masks import decode_mask
from inference.protocols import PROTOCOLS
from inference.schema import Box, Classification, Mask, PredictionRejected
from inference.wire import WireReply
from models_registry.options import ModelOptions, OptionsRejected
from tests.inference.wire import HEIGHT, WIDTH, ask, b64, card, picture, png

SPEAKS = PROTOCOLS["huggingface"]
FOUND = {"label": "land", "score": 0.9, "box": {"xmin": 2, "ymin": 3, "xmax": 8, "ymax": 7}}


def one(task: str, answer: Any, *names: str, **options: Any) -> Any:
    (item,) = ask("huggingface", card(task, *names, **options), answer).items
    return item


def rejected(task: str, answer: Any) -> PredictionRejected:
    with pytest.raises(PredictionRejected) as caught:
        ask("huggingface", card(task), answer)
    return caught.value


def test_without_parameters_the_bytes_travel_as_they_are() -> None:
    request = SPEAKS.build_request(picture(), card("detection"))
    assert (request.body, request.headers["Content-Type"]) == (b"bytes", "image/png")


def test_parameters_travel_beside_the_image_in_json() -> None:
    request = SPEAKS.build_request(picture(), card("detection", extra={"parameters": {"threshold": 0.3}}))
    assert request.body == b'{"inputs":"' + base64.b64encode(b"bytes") + b'","parameters":{"threshold":0.3}}'
    assert request.headers["Content-Type"] == "application/json"


def test_json_may_be_asked_for_without_parameters() -> None:
    request = SPEAKS.build_request(picture(), card("detection", extra={"input": "json"}))
    assert orjson.loads(request.body) == {"inputs": base64.b64encode(b"bytes").decode()}


@pytest.mark.parametrize(
    ("extra", "field"),
    [
        ({"input": "telegram"}, "extra.input"),
        ({"parameters": "top_k=3"}, "extra.parameters"),
        ({"input": "raw", "parameters": {"top_k": 3}}, "extra.parameters"),
    ],
)
def test_settings_that_cannot_be_sent_are_refused(extra: dict[str, Any], field: str) -> None:
    with pytest.raises(OptionsRejected) as caught:
        SPEAKS.check_options(ModelOptions(extra=extra), "classification")
    assert caught.value.field == field


@pytest.mark.parametrize("wrap", [lambda answer: answer, lambda answer: [answer], lambda answer: [[answer]]])
def test_a_classification_is_read_through_the_lists_of_a_batch(wrap: Any) -> None:
    found: Classification = one("classification", wrap([{"label": "land", "score": 0.75}, {"label": "ocean", "score": 0.25}]))
    assert [(score.index, score.name, score.confidence) for score in found.scores] == [(1, "land", 0.75), (0, "ocean", 0.25)]
    assert found.complete


def test_the_best_few_classes_are_known_to_be_a_part() -> None:
    found: Classification = one("classification", [{"label": "land", "score": 0.75}])
    assert not found.complete


def test_a_label_that_the_model_does_not_publish_keeps_its_name_and_is_told() -> None:
    prediction = ask("huggingface", card("detection"), [FOUND | {"label": "tabby, tabby cat"}])
    (item,) = prediction.items
    assert isinstance(item, Box)
    assert (item.index, item.name) == (None, "tabby, tabby cat")
    assert 'no class named "tabby, tabby cat"' in prediction.warnings[0]


def test_the_label_of_a_model_without_names_is_its_number() -> None:
    assert one("detection", [FOUND | {"label": "LABEL_1"}]).index == 1


def test_a_box_is_read_from_its_corners() -> None:
    found: Box = one("detection", [FOUND])
    assert (found.x, found.y, found.width, found.height, found.name, found.confidence) == (2, 3, 6, 4, "land", 0.9)


@given(arrays(np.bool_, (HEIGHT, WIDTH)))
def test_masks_are_exact_to_the_pixel(pixels: np.ndarray) -> None:
    grey = one("segmentation", [{"label": "land", "score": 0.9, "mask": b64(png(pixels.astype(np.uint8) * 255))}])
    black_and_white = one("segmentation", [{"label": "land", "score": None, "mask": b64(png(pixels))}])
    assert isinstance(grey, Mask)
    assert (decode_mask(grey.counts, grey.size) == pixels).all()
    assert black_and_white.counts == grey.counts
    assert (grey.confidence, black_and_white.confidence) == (0.9, None)


def test_no_answer_is_an_empty_one() -> None:
    assert ask("huggingface", card("detection"), []).items == ()
    assert ask("huggingface", card("segmentation"), []).items == ()


@pytest.mark.parametrize(
    ("task", "answer", "where", "why"),
    [
        ("classification", [], "", "1 to"),
        ("classification", {"error": "Model cats is currently loading", "estimated_time": 20.0}, "error", "currently loading"),
        ("classification", [{"label": "land"}], "[0]", 'expected "score"'),
        ("classification", [{"label": "land", "score": "0.9"}], "[0].score", "a finite number"),
        ("classification", "land", "", "expected a list"),
        ("detection", [FOUND, FOUND | {"box": [1, 2, 3, 4]}], "[1].box", "expected an object"),
        ("detection", [FOUND | {"box": {"xmin": 2, "ymin": 3, "xmax": 8}}], "[0].box", 'expected "ymax"'),
        ("detection", [FOUND | {"box": {"xmin": 9, "ymin": 3, "xmax": 8, "ymax": 4}}], "[0].box", "x0 < x1"),
        ("detection", [FOUND | {"score": 7}], "[0].score", "from 0 to 1"),
        ("segmentation", [{"label": "land", "score": 1, "mask": "!!"}], "[0].mask", "expected base64"),
        ("segmentation", [{"label": "land", "score": 1, "mask": b64(b"GIF89a")}], "[0].mask", "a PNG or a TIFF"),
        ("segmentation", [{"label": "land", "score": 1, "mask": [[0, 1]]}], "[0].mask", "a PNG in base64"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(task: str, answer: Any, where: str, why: str) -> None:
    error = rejected(task, answer)
    assert error.where == where
    assert why in error.why


@pytest.mark.parametrize(
    ("status", "body", "pause"),
    [
        (503, b'{"error":"Model x is currently loading","estimated_time":20.0}', 20.0),
        (503, b'{"estimated_time":0}', 0.0),
        (500, b'{"estimated_time":20.0}', None),
        (503, b'{"estimated_time":"soon"}', None),
        (503, b'{"estimated_time":true}', None),
        (503, b'{"estimated_time":-1}', None),
        (503, b'{"estimated_time":1e300}', None),
        (503, b"[1]", None),
        (503, b"<html>", None),
    ],
)
def test_a_model_that_loads_says_for_how_long(status: int, body: bytes, pause: float | None) -> None:
    assert SPEAKS.pause_s(status, body) == pause


def test_an_endpoint_is_recognised_by_its_host_and_the_toolkit_by_its_word() -> None:
    hosted = SPEAKS.recognise("https://router.huggingface.co/hf-inference/models/facebook/detr-resnet-50", [None])
    assert hosted is not None
    assert (hosted.name, hosted.confidence) == ("facebook/detr-resnet-50", 0.9)
    own = SPEAKS.recognise("http://10.0.0.5:5000", [WireReply(b"Ok")])
    assert own is not None
    assert (own.url, own.confidence) == ("http://10.0.0.5:5000/predict", 0.4)
    assert SPEAKS.recognise("http://10.0.0.5:5000", [WireReply(b'{"status":"ok"}')]) is None
    assert SPEAKS.recognise("https://huggingface.co.evil.example", [None]) is None
    assert SPEAKS.inquiries("http://10.0.0.5:5000/predict")[0].url == "http://10.0.0.5:5000/health"
