"""CVAT's contract with its nuclio functions: detectors and interactors, and the traps."""

import json
import math
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.geometry import decode_mask
from inference.interactive.prompts import PromptPoint, Prompts
from inference.protocols import PROTOCOLS
from inference.protocols.cvat import _interaction
from inference.schema import Box, Classification, Keypoints, Mask, Polygon, PredictionRejected
from inference.wire import WireReply
from tests.inference.wire import HEIGHT, WIDTH, ask, b64, card, picture

SPEAKS = PROTOCOLS["cvat"]


def only(prediction: Any) -> Any:
    assert len(prediction.items) == 1
    return prediction.items[0]


def detected(*shapes: Any, task: str = "detection", **options: Any) -> Any:
    return ask("cvat", card(task, **options), list(shapes))


def interacted(answer: Any, **facts: Any) -> Any:
    return SPEAKS.parse_prompted(WireReply(orjson.dumps(answer)), picture(**facts), card("segmentation"))


def test_a_detector_gets_the_picture_in_base64_and_a_threshold() -> None:
    request = SPEAKS.build_request(picture(), card("detection", threshold=0.4))
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:1/predict")
    assert orjson.loads(request.body) == {"image": b64(b"bytes"), "threshold": 0.4}
    assert "threshold" not in orjson.loads(SPEAKS.build_request(picture(), card("detection")).body)


def test_a_function_behind_nuclio_s_dashboard_is_named_in_the_headers() -> None:
    request = SPEAKS.build_request(picture(), card("detection", extra={"function": "pth-sam"}))
    assert (request.headers["x-nuclio-function-name"], request.headers["x-nuclio-path"]) == ("pth-sam", "/")


def test_an_interactor_gets_clicks_and_the_box_in_pixels_of_the_picture_sent() -> None:
    marks = Prompts(box=(2, 2, 12, 6), points=(PromptPoint(4, 4), PromptPoint(10, 2, positive=False)))
    told = orjson.loads(SPEAKS.build_prompt_request(picture(sent_width=10, sent_height=5), card("segmentation"), marks).body)
    assert told == {"image": b64(b"bytes"), "pos_points": [[2.0, 2.0]], "neg_points": [[5.0, 1.0]], "obj_bbox": [[1.0, 1.0], [6.0, 3.0]]}
    alone = orjson.loads(SPEAKS.build_prompt_request(picture(), card("segmentation"), Prompts(points=(PromptPoint(1, 1),))).body)
    assert alone["obj_bbox"] is None


def test_confidences_are_texts() -> None:
    box: Box = only(detected({"confidence": "0.97", "label": "land", "type": "rectangle", "points": [2, 1, 12, 6]}))
    assert (box.index, box.confidence, box.x, box.y, box.width, box.height) == (1, 0.97, 2, 1, 10, 5)


def test_a_rectangle_turns_about_its_centre() -> None:
    box: Box = only(detected({"confidence": "0.9", "label": "land", "points": [2, 2, 8, 6], "rotation": 30}))
    assert (box.x + box.width / 2, box.y + box.height / 2, box.width, box.height, box.rotation) == pytest.approx((5, 4, 6, 4, 30))


def test_a_polygon_is_written_flat() -> None:
    found: Polygon = only(detected({"label": "land", "type": "polygon", "points": [0, 0, 10, 0, 10, 5]}))
    assert found.polygons == ((((0.0, 0.0), (10.0, 0.0), (10.0, 5.0), (0.0, 0.0)),),)


def test_a_mask_ends_with_a_box_whose_last_column_and_row_belong_to_it() -> None:
    crop = np.array([[0, 1, 1], [1, 1, 0]])
    found: Mask = only(detected({"label": "land", "type": "mask", "mask": [*crop.ravel().tolist(), 4, 3, 6, 4]}, task="segmentation"))
    whole = np.zeros((HEIGHT, WIDTH), dtype=bool)
    whole[3:5, 4:7] = crop
    assert (decode_mask(found.counts, found.size) == whole).all()


@given(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), st.integers(1, 8), st.integers(1, 8), st.integers(0, 2**31))
def test_a_mask_is_exact_wherever_it_lies(x: int, y: int, width: int, height: int, seed: int) -> None:
    crop = np.random.default_rng(seed).random((height, width)) > 0.3
    crop[0, 0] = True
    answer = {"label": "land", "type": "mask", "mask": [*crop.astype(int).ravel().tolist(), x, y, x + width - 1, y + height - 1]}
    whole = np.zeros((HEIGHT + 8, WIDTH + 8), dtype=bool)
    whole[y : y + height, x : x + width] = crop
    found: Mask = only(detected(answer, task="segmentation"))
    assert (decode_mask(found.counts, found.size) == whole[:HEIGHT, :WIDTH]).all()


def test_a_skeleton_says_which_points_are_hidden_or_not_there() -> None:
    elements = [
        {"label": "nose", "type": "points", "outside": 0, "points": [4, 5], "confidence": "0.6"},
        {"label": "ear", "type": "points", "outside": False, "occluded": True, "points": [6, 5]},
        {"label": "tail", "type": "points", "outside": 1, "points": [0, 0]},
    ]
    found: Keypoints = only(detected({"confidence": "0.7", "label": "land", "type": "skeleton", "elements": elements}, task="keypoints"))
    assert [(point.name, point.v, point.confidence) for point in found.points] == [("nose", 2, 0.6), ("ear", 1, None), ("tail", 0, None)]
    assert found.confidence == 0.7


def test_tags_together_are_one_classification() -> None:
    tags = [{"confidence": score, "label": name, "type": "tag"} for name, score in (("ocean", "0.25"), ("land", "0.75"))]
    found: Classification = only(detected(*tags, task="classification"))
    assert {score.name: score.confidence for score in found.scores} == {"ocean": 0.25, "land": 0.75}


def test_an_ellipse_is_written_by_its_centre_and_two_ends() -> None:
    found: Polygon = only(detected({"label": "land", "type": "ellipse", "points": [10, 5, 14, 3]}))
    (shell,) = found.polygons[0]
    xs, ys = [x for x, _ in shell], [y for _, y in shell]
    assert (min(xs), max(xs), min(ys), max(ys)) == pytest.approx((6, 14, 3, 7))


def test_what_is_not_known_is_told_and_left_out() -> None:
    prediction = detected(
        {"label": "land", "type": "cuboid", "points": [1] * 16},
        {"label": "land", "points": [0, 0, 1, 1], "attributes": [{"name": "color", "value": "red"}]},
    )
    assert len(prediction.items) == 1
    assert prediction.dropped[0].name == "cuboid"
    assert any("Attributes" in warning for warning in prediction.warnings)


def test_an_interactor_s_mask_is_taken_before_its_outline() -> None:
    mask = np.zeros((HEIGHT, WIDTH), dtype=int)
    mask[2:5, 3:9] = 1
    found: Mask = only(interacted({"points": [[3, 2], [8, 2], [8, 4]], "mask": mask.tolist()}))
    assert (decode_mask(found.counts, found.size) == mask.astype(bool)).all()


@pytest.mark.parametrize("answer", [[[3, 2], [9, 2], [9, 5]], {"points": [[3, 2], [9, 2], [9, 5]]}])
def test_an_interactor_may_answer_an_outline_alone(answer: Any) -> None:
    assert isinstance(only(interacted(answer)), Polygon)


def test_a_mask_of_the_smaller_picture_that_was_sent_is_brought_back() -> None:
    mask = np.zeros((HEIGHT // 2, WIDTH // 2), dtype=int)
    mask[1:3, 2:5] = 1
    found: Mask = only(interacted({"mask": mask.tolist()}, sent_width=WIDTH // 2, sent_height=HEIGHT // 2))
    assert (decode_mask(found.counts, found.size) == np.kron(mask, np.ones((2, 2))).astype(bool)).all()


@given(st.integers(0, 2**32 - 1), st.sampled_from([(", ", ": "), (",", ":"), (",\n ", " : ")]), st.booleans())
def test_rows_of_a_mask_are_read_as_they_are_however_they_are_written(seed: int, separators: tuple[str, str], last: bool) -> None:
    mask = np.random.default_rng(seed).integers(0, 2, (HEIGHT, WIDTH))
    answer = {"mask": mask.tolist(), "points": []} if last else {"points": [[1, 2]], "mask": mask.tolist()}
    body = json.dumps(answer, separators=separators).encode()
    assert isinstance(_interaction(body, picture()).value["mask"][0], bytes), "no number is made of each cell"
    found: Mask = only(SPEAKS.parse_prompted(WireReply(body), picture(), card("segmentation")))
    assert (decode_mask(found.counts, found.size) == mask.astype(bool)).all()


@given(st.data())
def test_a_mask_that_was_spoilt_anywhere_is_read_as_json_reads_it(data: st.DataObject) -> None:
    body = json.dumps({"mask": np.eye(HEIGHT, WIDTH, dtype=int).tolist(), "points": []}).encode()
    at, put = (
        data.draw(st.integers(0, len(body) - 1)),
        data.draw(st.sampled_from([b"", b"0", b"2", b"1.0", b",", b"]", b"[", b'"mask":', b"-", b"e"])),
    )
    spoilt = body[:at] + put + body[at + data.draw(st.integers(0, 2)) :]
    read = []
    for reply in (spoilt, spoilt.replace(b'"mask"', b'"\\u006dask"')):  # the second is the same JSON, and takes the long way
        try:
            read.append(SPEAKS.parse_prompted(WireReply(reply), picture(), card("segmentation")).items)
        except PredictionRejected:
            read.append(None)
    assert read[0] == read[1]


def test_nothing_found_is_no_mistake() -> None:
    assert interacted({"points": []}).items == ()
    assert interacted({"mask": [[0] * WIDTH] * HEIGHT}).items == ()


def test_an_embedding_for_cvat_s_own_page_is_refused_with_advice() -> None:
    with pytest.raises(PredictionRejected, match="answers masks"):
        interacted({"blob": "AAAA"})


@pytest.mark.parametrize(
    ("shape", "where"),
    [
        ({"label": "land", "points": [1, 2, 3]}, "[0].points"),
        ({"label": "land", "points": [1, 2, 3, 4], "confidence": "nan"}, "[0].confidence"),
        ({"label": "land", "points": [1, 2, 3, 4], "confidence": "high"}, "[0].confidence"),
        ({"label": "land", "points": [1, 2, 3, 4], "confidence": "1.5"}, "[0].confidence"),
        ({"label": "land", "type": "polygon", "points": [1, 2, 3, 4, 5]}, "[0].points"),
        ({"label": "land", "type": "mask", "mask": [1, 1, 1, 1, 0, 0, 1, 2]}, "[0].mask"),
        ({"label": "land", "type": "mask", "mask": [1, 2, 1, 1, 0, 0, 1, 1]}, "[0].mask"),
        ({"label": "land", "type": "mask", "mask": "0110"}, "[0].mask"),
        ({"label": "land", "type": "mask", "mask": [[0, 1], [1, 1], [0, 0], [1, 1], 0, 0, 1, 1]}, "[0].mask"),
        ({"label": "land", "type": "mask", "mask": [[0], 10**9, [1], [1], 0, 0, 1, 1]}, "[0].mask"),
        ({"label": "land", "type": "mask", "mask": [0.5, 1, 1, 1, 0, 0, 1, 1]}, "[0].mask"),
        ({"type": "rectangle", "points": [1, 2, 3, 4]}, "[0]"),
    ],
)
def test_a_broken_answer_is_rejected_with_its_place(shape: Any, where: str) -> None:
    with pytest.raises(PredictionRejected) as rejected:
        detected(shape)
    assert rejected.value.where == where


@pytest.mark.parametrize(
    "mask",
    [[[0] * WIDTH], [[0] * 3] * HEIGHT, [[2] * WIDTH] * HEIGHT, [[0] * WIDTH] * (HEIGHT - 1) + [[0]], "mask", [["a"] * WIDTH] * HEIGHT],
)
def test_a_mask_of_another_shape_is_rejected(mask: Any) -> None:
    with pytest.raises(PredictionRejected) as rejected:
        interacted({"mask": mask})
    assert rejected.value.where == "mask"


names = st.sampled_from(["points", "mask", "label", "confidence", "elements", "rotation"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 300) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(names, inner, max_size=5),
    max_leaves=12,
)
kinds = st.sampled_from(["rectangle", "polygon", "mask", "skeleton", "tag", "points", "ellipse"])


@given(kinds, json_values)
def test_any_answer_is_parsed_or_rejected(kind: str, value: Any) -> None:
    shape = {"type": kind, "label": "land", **value} if isinstance(value, dict) else value
    for parse, answer in ((detected, shape), (interacted, value)):
        try:
            parse(answer)
        except PredictionRejected:
            continue


def test_a_very_long_turn_is_still_a_turn() -> None:
    box: Box = only(detected({"label": "land", "points": [2, 2, 8, 6], "rotation": 390}))
    assert math.isclose(box.rotation, 30)
