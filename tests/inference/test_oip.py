"""The Open Inference Protocol: exact requests, every preset, and answers that are not what they say."""

import struct
from contextlib import suppress
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.protocols import PROTOCOLS
from inference.protocols.oip import Place
from inference.schema import Box, Classification, Embedding, Prediction, PredictionRejected, Raster
from inference.tensors.settings import PRESETS
from inference.wire import ModelCard, ModelInput, WireReply, WireRequest
from models_registry.options import ModelOptions, OptionsRejected
from tests.inference.wire import card, picture, png, tiff

OIP = PROTOCOLS["oip"]
LENGTH = "Inference-Header-Content-Length"
IMAGE = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [51, 102, 153]]], np.uint8)


def model(task: str = "classification", *names: str, url: str = "http://127.0.0.1:8000/v2/models/net", **extra: Any) -> ModelCard:
    activation = extra.pop("activation", "probability")
    multi = extra.pop("multi_label", False)
    made = card(task, *names, multi_label=multi, activation=activation, extra={"fit": "stretch", **extra})
    return ModelCard(url, made.task, made.classes, multi, made.name, made.version, made.options)


def sent(values: np.ndarray = IMAGE, **extra: Any) -> WireRequest:
    height, width = values.shape[:2]
    image = ModelInput(png(values), "image/png", width, height)
    settings = {"input": "x", "tensors": "json", "width": width, "height": height, **extra}
    return OIP.build_request(image, model(**settings))


def described(*tensors: tuple[str, str, list[int], Any], binary: bool = False, **more: Any) -> WireReply:
    outputs, rest = [], b""
    for name, datatype, shape, values in tensors:
        entry = {"name": name, "datatype": datatype, "shape": shape}
        if binary:
            kind = {"FP32": "<f4", "FP16": "<f2", "INT32": "<i4", "INT64": "<i8", "UINT8": "u1"}[datatype]
            part = np.asarray(values, kind).tobytes()
            rest += part
            outputs.append({**entry, "parameters": {"binary_data_size": len(part)}})
        else:
            outputs.append({**entry, "data": np.asarray(values).ravel().tolist()})
    head = orjson.dumps({"model_name": "net", "outputs": outputs, **more})
    return WireReply(head + rest, headers={LENGTH.lower(): str(len(head))} if binary else {})


def read(reply: WireReply, card: ModelCard, image: ModelInput | None = None) -> Prediction:
    return OIP.parse(reply, image or picture(), card)


def one(reply: WireReply, card: ModelCard, image: ModelInput | None = None) -> Any:
    (item,) = read(reply, card, image).items
    return item


# The question


def test_the_question_as_lists() -> None:
    request = sent(scale="1", datatype="UINT8")
    assert request.url == "http://127.0.0.1:8000/v2/models/net/infer"
    assert request.method == "POST"
    assert request.headers == {"Content-Type": "application/json", "Accept": "application/json"}
    assert request.body == (b'{"inputs":[{"name":"x","shape":[1,3,2,2],"datatype":"UINT8","data":[255,0,0,51,0,255,0,102,0,0,255,153]}]}')


def test_the_question_as_bytes() -> None:
    request = sent(tensors="binary", layout="NHWC", outputs="a")
    head = (
        b'{"inputs":[{"name":"x","shape":[1,2,2,3],"datatype":"FP32","parameters":{"binary_data_size":48}}],'
        b'"parameters":{"binary_data_output":true},"outputs":[{"name":"a","parameters":{"binary_data":true}}]}'
    )
    assert request.headers == {"Content-Type": "application/octet-stream", LENGTH: str(len(head))}
    assert request.body[: len(head)] == head
    assert request.body[len(head) :] == struct.pack("<12f", *(np.float32(value) * np.float32(1 / 255) for value in IMAGE.ravel()))


def test_half_precision_travels_as_bytes_alone() -> None:
    assert sent(tensors="binary", datatype="FP16").body.endswith(struct.pack("<4e", 0, 0, 1, 0.6))
    with pytest.raises(PredictionRejected, match="FP16 cannot be written as JSON"):
        sent(datatype="FP16")


def test_a_network_that_decodes_images_itself_gets_the_file() -> None:
    image = ModelInput(b"\xff\xd8jpeg", "image/jpeg", 4, 4)
    as_text = OIP.build_request(image, model(input="x", layout="encoded", tensors="binary"))
    assert as_text.body.endswith(b"\x06\0\0\0\xff\xd8jpeg")
    assert b'"shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":10}' in as_text.body
    as_bytes = OIP.build_request(image, model(input="x", layout="encoded_batch", datatype="UINT8", tensors="json"))
    assert orjson.loads(as_bytes.body)["inputs"] == [{"name": "x", "shape": [1, 6], "datatype": "UINT8", "data": [255, 216, *b"jpeg"]}]


def test_bands_as_they_are_stored_become_channels() -> None:
    bands = np.arange(5 * 4, dtype=np.uint16).reshape(5, 2, 2)
    image = ModelInput(tiff(bands), "image/tiff", 2, 2)
    request = OIP.build_request(image, model(input="x", tensors="json", width=2, height=2))
    (tensor,) = orjson.loads(request.body)["inputs"]
    assert tensor["shape"] == [1, 5, 2, 2]
    assert tensor["data"] == list(range(20))


def test_triton_is_asked_for_its_best_classes() -> None:
    request = sent(preset="classification_strings", outputs="scores", top_k=3)
    assert orjson.loads(request.body)["outputs"] == [{"name": "scores", "parameters": {"classification": 3}}]
    with pytest.raises(PredictionRejected, match="name the output tensor"):
        sent(preset="classification_strings")


@pytest.mark.parametrize(
    ("url", "named", "address", "base"),
    [
        ("http://h:8000/v2/models/net", "", "http://h:8000/v2/models/net", "http://h:8000"),
        ("http://h:8000/v2/models/net/infer", "", "http://h:8000/v2/models/net", "http://h:8000"),
        ("http://h/serve/v2/models/net/versions/2/infer", "", "http://h/serve/v2/models/net/versions/2", "http://h/serve"),
        ("http://h:8000/", "net", "http://h:8000/v2/models/net", "http://h:8000"),
        ("http://h:8000/v2", "net", "http://h:8000/v2/models/net", "http://h:8000"),
    ],
)
def test_any_address_of_the_server_or_the_model_will_do(url: str, named: str, address: str, base: str) -> None:
    place = Place.of(url, named)
    assert (place.address, place.base) == (address, base)
    health = OIP.health(model(url=url, model=named))
    assert health is not None
    assert (health.method, health.url) == ("GET", f"{base}/v2/health/ready")


# What the server tells of itself

METADATA = {
    "name": "net", "versions": ["1", "2"], "platform": "onnxruntime_onnx",
    "inputs": [{"name": "images", "datatype": "FP16", "shape": [-1, 3, 640, 640]}],
    "outputs": [{"name": "output0", "datatype": "FP16", "shape": [-1, 84, 8400]}],
}  # fmt: skip


def test_metadata_fill_in_what_the_options_leave_open() -> None:
    blank = card("detection")
    greeting = OIP.greeting(ModelCard("http://h:8000/v2/models/net", "detection"))
    assert greeting is not None
    assert (greeting.method, greeting.url) == ("GET", "http://h:8000/v2/models/net")
    told = OIP.greeted(WireReply(orjson.dumps(METADATA)), blank).options.extra
    assert told == {
        "input": "images", "datatype": "FP16", "layout": "NCHW", "width": 640, "height": 640, "preset": "yolo_raw", "fit": "letterbox",
        "tensors": "binary",
    }  # fmt: skip
    own = card("detection", extra={"width": 320, "preset": "yolo_end2end", "tensors": "json", "datatype": "auto"})
    mixed = OIP.greeted(WireReply(orjson.dumps(METADATA)), own).options.extra
    assert (mixed["width"], mixed["height"], mixed["preset"], mixed["tensors"], mixed["datatype"]) == (
        320, 640, "yolo_end2end", "json", "FP16",
    )  # fmt: skip


def test_who_says_all_of_it_is_not_asked() -> None:
    assert OIP.greeting(model(input="x", datatype="FP32", layout="NCHW", tensors="json")) is None


def test_a_server_without_a_platform_is_sent_lists() -> None:
    told = OIP.greeted(WireReply(orjson.dumps({**METADATA, "platform": ""})), card("detection"))
    assert told.options.extra["tensors"] == "json"


@pytest.mark.parametrize(
    "broken", [{}, {"inputs": []}, {"inputs": [{"name": "x"}]}, {"inputs": [{"name": 1, "datatype": "", "shape": []}]}]
)
def test_metadata_without_inputs_are_refused(broken: Any) -> None:
    with pytest.raises(PredictionRejected):
        OIP.greeted(WireReply(orjson.dumps(broken)), card("detection"))


def test_the_server_is_recognised_by_what_it_answers() -> None:
    server = WireReply(orjson.dumps({"name": "triton", "version": "2", "extensions": ["binary_tensor_data", "statistics"]}))
    found = OIP.recognise("http://h:8000/v2/models/net", [server, WireReply(orjson.dumps(METADATA))])
    assert found is not None
    assert (found.url, found.name, found.version, found.task) == ("http://h:8000/v2/models/net", "net", "2", "detection")
    assert found.options["extra"]["tensors"] == "binary"
    assert ModelOptions.from_document(dict(found.options))
    listed = OIP.recognise("http://h:8000", [server, WireReply(b'{"models":["net"]}')])
    assert listed is not None
    assert (listed.url, listed.name) == ("http://h:8000/v2/models/net", "net")
    one = b'[{"name": "net", "state": "READY"}, {"name": "old", "state": "UNAVAILABLE"}]'
    indexed = OIP.recognise("http://h:8000/v2", [server, None, WireReply(one)])
    assert indexed is not None
    assert (indexed.url, indexed.name, indexed.notes) == ("http://h:8000/v2/models/net", "net", ())
    several = OIP.recognise("http://h:8000", [server, None, WireReply(orjson.dumps([{"name": f"net{n}"} for n in range(15)]))])
    assert several is not None
    assert several.notes[0].endswith("net11 and 3 more: name one in the address, as in http://h:8000/v2/models/net0.")
    alone = OIP.recognise("http://h:8000", [WireReply(b'{"name":"mlserver","version":"1.7.1","extensions":[]}'), None])
    assert alone is not None
    assert alone.options["extra"] == {"tensors": "json"}
    for replies in ([None, None], [WireReply(b"<html>"), WireReply(b"[]")], [WireReply(b'{"status":"ok"}'), WireReply(b"1")]):
        assert OIP.recognise("http://h:8000", replies) is None


def test_settings_that_cannot_be_used_are_refused_before_they_are_stored() -> None:
    with pytest.raises(OptionsRejected, match=r"extra\.mean"):
        OIP.check_options(ModelOptions(extra={"mean": "red"}), "detection")


# Presets


@pytest.mark.parametrize("binary", [False, True])
def test_logits_of_classes(binary: bool) -> None:
    reply = described(("p", "FP32", [1, 2], [0.0, np.log(3.0)]), binary=binary, model_version="7")
    prediction = read(reply, model(preset="classification_logits"))
    (item,) = prediction.items
    assert isinstance(item, Classification)
    assert [score.confidence for score in item.scores] == pytest.approx([0.25, 0.75])
    assert (item.mode, item.activation, item.complete, prediction.model_version) == ("single", "softmax", True, "7")


def test_probabilities_of_classes_and_logits_taken_for_them() -> None:
    item = one(described(("p", "FP32", [1, 2, 1, 1], [0.2, 0.8])), model(preset="classification_probs"))
    assert [score.confidence for score in item.scores] == pytest.approx([0.2, 0.8])
    with pytest.raises(PredictionRejected, match=r"outputs\[0\] \(p\).*got -1; for logits choose classification_logits"):
        read(described(("p", "FP32", [1, 2], [3.0, -1.0])), model(preset="classification_probs"))


def test_labels_that_each_answer_for_themselves() -> None:
    item = one(described(("p", "FP32", [1, 2], [0.0, 50.0])), model(preset="multilabel_logits"))
    assert ([score.confidence for score in item.scores], item.mode) == (pytest.approx([0.5, 1.0]), "multi")
    item = one(described(("p", "FP16", [2], [0.5, 1.0]), binary=True), model(preset="multilabel_probs"))
    assert [score.confidence for score in item.scores] == [0.5, 1.0]


def test_auto_tells_probabilities_from_logits_by_their_values() -> None:
    sure = one(described(("p", "FP32", [1, 2], [0.1, 0.9])), model())
    assert [score.confidence for score in sure.scores] == pytest.approx([0.1, 0.9])
    logits = one(described(("p", "FP32", [1, 2], [0.1, 0.8])), model())
    assert [score.confidence for score in logits.scores] == pytest.approx([0.3318, 0.6682], abs=1e-3)


def test_triton_s_strings() -> None:
    reply = described(("p", "BYTES", [1, 2], ["3.0:1:land", "1.0:0:ocean"]))
    item = one(reply, model("classification", "ocean", "land", preset="classification_strings"))
    assert [(score.index, score.name, round(score.confidence, 3)) for score in item.scores] == [(1, "land", 0.881), (0, "ocean", 0.119)]
    assert item.complete
    partial = read(reply, model("classification", "ocean", "land", "ice", preset="classification_strings"))
    assert not partial.items[0].complete  # type: ignore[union-attr]
    assert "logits of the best classes alone" in partial.warnings[0]
    with pytest.raises(PredictionRejected, match=r'outputs\[0\] \(p\)\[1\]: expected "value:index"'):
        read(described(("p", "BYTES", [2], ["3.0:1", "nan:0"])), model(preset="classification_strings"))


def efficient(**changed: Any) -> WireReply:
    values: dict[str, Any] = {
        "num_dets": ("INT32", [1, 1], [2]),
        "det_boxes": ("FP32", [1, 3, 4], [[0, 0, 32, 32], [40, 20, 60, 50], [np.nan] * 4]),
        "det_scores": ("FP32", [1, 3], [0.9, 0.6, np.nan]),
        "det_classes": ("INT32", [1, 3], [1, 0, -7]),
        **changed,
    }
    return described(*((name, *each) for name, each in values.items()), binary=True)


def test_suppressed_boxes_go_to_the_image_and_rows_beyond_the_count_are_never_looked_at() -> None:
    net = model("detection", preset="efficient_nms", width=64, height=64, fit="letterbox")
    image = ModelInput(b"", "image/png", 200, 100, sent_width=100, sent_height=50)  # 64 x 32 in the input, 16 from the top
    first, second = read(efficient(), net, image).items
    assert isinstance(first, Box)
    assert isinstance(second, Box)
    assert (first.name, first.confidence) == ("land", pytest.approx(0.9))
    assert (first.x, first.y, first.width, first.height) == pytest.approx((0, 0, 100, 50))
    assert (second.x, second.y, second.width, second.height) == pytest.approx((125, 12.5, 62.5, 87.5))


def test_boxes_without_a_count_as_torchvision_gives_them() -> None:
    reply = described(
        ("boxes", "FP32", [2, 4], [[1, 2, 3, 4], [0, 0, 9, 9]]),
        ("labels", "INT64", [2], [1, 0]),
        ("scores", "FP32", [2], [0.1, 0.8]),
        binary=True,
    )
    items = read(reply, model("detection", width=20, height=10)).items
    assert [(box.name, box.x, box.width) for box in items] == [("ocean", 0, 9)]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("coords", "order", "numbers", "expected"),
    [
        ("pixel_input", "xyxy", [4, 2, 8, 6], (2, 1, 2, 2)),
        ("pixel_image", "xyxy", [4, 2, 8, 6], (4, 2, 4, 4)),
        ("normalised", "cxcywh", [0.5, 0.5, 0.2, 0.4], (8, 3, 4, 4)),
        ("pixel_image", "yxyx", [2, 4, 6, 8], (4, 2, 4, 4)),
        ("pixel_image", "xywh", [4, 2, 4, 4], (4, 2, 4, 4)),
    ],
)
def test_boxes_in_every_frame_and_order(coords: str, order: str, numbers: list[float], expected: tuple[float, ...]) -> None:
    net = model("detection", preset="yolo_end2end", width=40, height=20, box_coords=coords, box_order=order)
    box = one(described(("o", "FP32", [1, 1, 6], [*numbers, 0.9, 1])), net)
    assert (box.x, box.y, box.width, box.height) == pytest.approx(expected)
    assert (box.name, box.confidence) == ("land", pytest.approx(0.9))


def yolo(rows: list[list[float]], *, turned: bool) -> WireReply:
    values = np.array(rows, np.float32)
    return described(("output0", "FP32", [1, *(values if turned else values.T).shape], values if turned else values.T), binary=True)


@pytest.mark.parametrize("turned", [False, True])
def test_a_raw_head_is_suppressed_per_class_in_both_layouts(turned: bool) -> None:
    rows = [[10, 5, 4, 4, 0.8, 0.1], [10.2, 5, 4, 4, 0.7, 0.1], [10, 5, 4, 4, 0.1, 0.6], [3, 3, 2, 2, 0.2, 0.24]] + [[0] * 6] * 30
    net = model("detection", preset="yolo_raw", width=20, height=10)
    found = [(box.name, box.confidence, box.x) for box in read(yolo(rows, turned=turned), net).items]  # type: ignore[union-attr]
    assert found == [("ocean", pytest.approx(0.8), 8), ("land", pytest.approx(0.6), 8)]


def test_a_raw_head_with_objectness_multiplies_it() -> None:
    rows = [[10, 5, 4, 4, 0.5, 0.8, 0.1]] + [[0] * 7] * 20
    net = model("detection", preset="yolo_raw", width=20, height=10, score_threshold=0.3)
    assert one(yolo(rows, turned=True), net).confidence == pytest.approx(0.4)


def test_a_raw_head_of_logits_is_told_by_the_activation() -> None:
    rows = [[10, 5, 4, 4, 3.0, -3.0]] + [[0, 0, 0, 0, -9, -9]] * 20
    with pytest.raises(PredictionRejected, match=r"output0.*expected probabilities.*sigmoid"):
        read(yolo(rows, turned=True), model("detection", preset="yolo_raw", width=20, height=10))
    net = model("detection", preset="yolo_raw", width=20, height=10, activation="sigmoid")
    assert one(yolo(rows, turned=True), net).confidence == pytest.approx(0.9526, abs=1e-3)


def test_what_lies_outside_the_image_is_cut_or_dropped_and_told() -> None:
    rows = [[-2, 5, 8, 4, 0.9, 0], [40, 5, 4, 4, 0.9, 0], [5, 5, 0, 4, 0, 0.9]] + [[0] * 6] * 20
    prediction = read(yolo(rows, turned=True), model("detection", preset="yolo_raw", width=20, height=10))
    (box,) = prediction.items
    assert isinstance(box, Box)
    assert (box.x, box.width) == (0, 2)
    assert {(each.reason, each.count) for each in prediction.dropped} == {("outside the image", 1), ("no area", 1)}


def test_classes_per_pixel_as_numbers_logits_and_one_probability() -> None:
    numbers = one(described(("m", "INT64", [1, 10, 20], np.ones(200)), binary=True), model("segmentation", width=20, height=10))
    assert isinstance(numbers, Raster)
    assert numbers.confidence is None
    logits = one(
        described(("m", "FP32", [1, 2, 5, 10], np.ones(100)), binary=True),
        model("segmentation", width=20, height=10, preset="semseg_logits"),
    )
    assert (logits.size, logits.confidence) == ((10, 20), pytest.approx(0.5))
    assert logits.entropy_map is not None
    single = one(described(("m", "FP32", [1, 1, 5, 10], np.full(50, 0.9)), binary=True), model("segmentation", width=20, height=10))
    assert (single.confidence, [name for _, name in single.classes]) == (pytest.approx(0.9), ["ocean", "land"])


def test_an_embedding_has_the_model_for_its_space() -> None:
    item = one(described(("v", "FP32", [1, 3], [1, 2, 3])), model(preset="embedding"))
    assert isinstance(item, Embedding)
    assert (item.space, item.vector) == ("Coast@3", (1.0, 2.0, 3.0))
    assert one(described(("v", "FP32", [3], [1, 2, 3])), model(preset="embedding", space="dino")).space == "dino"


def test_json_in_a_text_is_read_in_our_own_item_shapes_and_in_the_frame_that_the_settings_name() -> None:
    text = orjson.dumps({"items": [{"kind": "box", "class": "land", "xyxy": [16, 16, 48, 48], "confidence": 0.7}]}).decode()
    reply = described(("json", "BYTES", [1], [text]))
    image = ModelInput(b"", "image/png", 100, 50)
    net = model("detection", width=64, height=64, fit="letterbox")
    box = one(reply, net, image)
    assert (box.x, box.y, box.width, box.height) == pytest.approx((25, 0, 50, 50))
    plain = one(reply, model("detection", box_coords="pixel_image"), image)
    assert (plain.x, plain.y, plain.width, plain.height) == (16, 16, 32, 32)
    with pytest.raises(PredictionRejected, match=r"outputs\[0\] \(json\)\[0\]: expected JSON"):
        read(described(("json", "BYTES", [1], ["{"])), net)
    with pytest.raises(PredictionRejected, match=r"outputs\[0\] \(json\)\[0\]\.items\[0\]"):
        read(described(("json", "BYTES", [1], ['{"items":[{"kind":"box","class":"land"}]}'])), net)


# Answers that are not what they say


def raw(entry: dict[str, Any], rest: bytes = b"", length: str | None = None) -> WireReply:
    head = orjson.dumps({"outputs": [entry]})
    return WireReply(head + rest, headers={LENGTH.lower(): length or str(len(head))} if rest or length else {})


BINARY = {"name": "p", "datatype": "FP32", "shape": [1, 2], "parameters": {"binary_data_size": 8}}
LISTED = {"name": "p", "datatype": "FP32", "shape": [1, 2], "data": [0.5, 0.5]}


@pytest.mark.parametrize(
    ("reply", "complaint"),
    [
        (WireReply(b""), "expected JSON, got an empty reply"),
        (WireReply(b"<html>"), "expected JSON"),
        (WireReply(b'{"error":"boom"}'), 'expected "outputs", got an object with error'),
        (WireReply(b'{"outputs":{}}'), "outputs: expected a list"),
        (WireReply(b'{"outputs":[]}'), "outputs: expected 1 tensors, got 0"),
        (raw({**LISTED, "datatype": "FP8"}), r"outputs\[0\]\.datatype: expected one of"),
        (raw({**LISTED, "shape": [1, -2]}), r"outputs\[0\]\.shape\[1\]: expected a whole number of 0 or more, got -2"),
        (raw({**LISTED, "shape": [2**20, 2**20]}), r"outputs\[0\]\.shape: expected at most"),
        (raw({**LISTED, "shape": [1] * 9}), r"outputs\[0\]\.shape: expected at most 8 values, got 9"),
        (raw({**LISTED, "shape": [1, 3]}), r"outputs\[0\]\.data: expected 3 values for the shape \[1, 3\], got 2"),
        (raw({**LISTED, "data": [[0.5], [0.5, 1]]}), r"outputs\[0\]\.data: expected rows of equal length"),
        (raw({**LISTED, "data": ["a", "b"]}), r"outputs\[0\]\.data: expected numbers alone"),
        (raw({**LISTED, "data": [None, 0.5]}), r"outputs\[0\]\.data: expected numbers alone"),
        (raw({**LISTED, "data": 3}), r"outputs\[0\]\.data: expected a list"),
        (raw({**LISTED, "datatype": "INT8", "data": [1.5, 2]}), r"outputs\[0\]\.data: expected whole numbers that INT8 can hold"),
        (raw({**LISTED, "datatype": "UINT8", "data": [1, 256]}), r"outputs\[0\]\.data: expected whole numbers that UINT8 can hold"),
        (raw({**LISTED, "datatype": "FP16", "data": [1e9, 2]}), r"outputs\[0\] \(p\): expected finite numbers, got inf"),
        (raw(BINARY, b"\0" * 7), r"outputs\[0\]\.parameters\.binary_data_size: says 8 bytes, but only 7 are left"),
        (raw(BINARY, b"\0" * 9), "outputs: 1 bytes follow the tensors"),
        (raw({**BINARY, "shape": [1, 3]}, b"\0" * 8), r"binary_data_size: expected 12 bytes for FP32 \[1, 3\], got 8"),
        (raw(BINARY, struct.pack("<2f", 1, np.nan)), r"outputs\[0\] \(p\): expected finite numbers, got nan at \[0, 1\]"),
        (raw(BINARY, b"\0" * 8, "9999"), "Inference-Header-Content-Length says '9999', but"),
        (raw(BINARY, b"\0" * 8, "-1"), "Inference-Header-Content-Length says '-1'"),
        (raw({**BINARY, "datatype": "BYTES", "shape": [1]}, b"\xff\xff\xff\xff1234"), "text 1 of 1 goes beyond the 8 bytes"),
        (raw({**BINARY, "datatype": "BYTES", "shape": [2]}, b"\x04\0\0\x001234"), "text 2 of 2 goes beyond"),
        (raw({**BINARY, "datatype": "BYTES", "shape": [1]}, b"\x03\0\0\x001234"), "1 bytes follow the 1 texts"),
        (raw({**LISTED, "shape": [2, 1, 1, 2], "data": [0, 0, 0, 0]}), r"\(p\): expected \[1, K\].*got float32 \[2, 1, 1, 2\]"),
        (raw({**LISTED, "shape": [1, 0], "data": []}), r"expected \[1, K\]"),
    ],
)  # fmt: skip
def test_a_broken_answer_is_refused_with_the_place_and_the_reason(reply: WireReply, complaint: str) -> None:
    with pytest.raises(PredictionRejected, match=complaint):
        read(reply, model())


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"num_dets": ("INT32", [1, 1], [4])}, r"outputs\[0\] \(num_dets\): expected one whole number from 0 to 3"),
        ({"det_scores": ("FP32", [1, 2], [1, 1])}, r"outputs\[2\] \(det_scores\): expected 3 values, one per box"),
        ({"det_boxes": ("FP32", [1, 4, 3], np.zeros(12))}, r"\(det_boxes\): expected \[1, N, 4\]"),
        ({"det_boxes": ("FP32", [1, 3, 4], [[np.inf] * 4] * 3)}, r"\(det_boxes\): expected finite numbers, got inf"),
        ({"det_classes": ("FP32", [1, 3], [0.5, 0, 0])}, r"\(det_classes\): expected class numbers"),
        ({"det_scores": ("FP32", [1, 3], [7, 0, 0])}, r"\(det_scores\): expected probabilities from 0 to 1, got 7"),
    ],
)
def test_broken_boxes_are_refused_with_the_tensor_s_name(changed: dict[str, Any], complaint: str) -> None:
    with pytest.raises(PredictionRejected, match=complaint):
        read(efficient(**changed), model("detection", preset="efficient_nms", width=64, height=64))


@pytest.mark.parametrize(
    "preset", ["yolo_raw", "yolo_end2end", "yolo_seg_raw", "efficient_nms", "semseg_argmax", "semseg_logits", "embedding"]
)
def test_a_preset_that_does_not_fit_the_tensors_says_what_it_expects(preset: str) -> None:
    task = "segmentation" if "seg" in preset else "detection"
    with pytest.raises(PredictionRejected, match="expected"):
        read(described(("odd", "FP32", [2, 2, 3, 1, 1], np.zeros(12))), model(task, preset=preset))


def test_binary_tensors_are_found_without_the_header_too() -> None:
    reply = described(("p", "FP32", [1, 2], [0.0, 1.0]), binary=True)
    bare = WireReply(reply.body)
    assert read(bare, model()) == read(reply, model())


DATATYPES = st.sampled_from(["FP32", "FP16", "INT64", "UINT8", "BOOL", "BYTES", "FP8", ""])


@given(
    st.lists(st.fixed_dictionaries({
        "name": st.sampled_from(["p", "num_dets", "det_boxes", "det_scores", "det_classes"]),
        "datatype": DATATYPES,
        "shape": st.lists(st.integers(-1, 7), max_size=5),
        "data": st.one_of(st.lists(st.floats(width=32), max_size=20), st.lists(st.text(max_size=4), max_size=4), st.none()),
        "parameters": st.one_of(st.none(), st.fixed_dictionaries({"binary_data_size": st.integers(-1, 64)})),
    }), max_size=4),
    st.binary(max_size=80),
    st.sampled_from(["auto", *PRESETS]),
    st.sampled_from(["classification", "detection", "segmentation"]),
)  # fmt: skip
def test_no_answer_whatever_does_anything_but_give_a_prediction_or_a_refusal(
    tensors: list[dict[str, Any]], rest: bytes, preset: str, task: str
) -> None:
    head = orjson.dumps({"outputs": tensors})
    prediction = None
    with suppress(PredictionRejected):
        prediction = read(WireReply(head + rest, headers={LENGTH.lower(): str(len(head))}), model(task, preset=preset, width=8, height=8))
    assert prediction is None or Prediction.from_document(prediction.as_document()) == prediction
