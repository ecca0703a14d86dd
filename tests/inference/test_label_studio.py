"""Label Studio's contract with its ML backends: the questions byte for byte, every kind of region, and the traps."""

import math
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.geometry import decode_mask
from inference.decode.brush import brush_of_mask
from inference.interactive.prompts import PromptPoint, Prompts
from inference.protocols import PROTOCOLS
from inference.protocols.label_studio import LabelStudio, project_id
from inference.protocols.label_studio_config import label_config
from inference.schema import Box, Classification, Keypoints, Mask, Polygon, Prediction, PredictionRejected
from inference.wire import ModelInput, WireReply
from tests.inference.wire import HEIGHT, WIDTH, ask, b64, card, picture

SPEAKS = LabelStudio()
ADDRESS = "https://label.example.org/api/v1/lent-images/token"


def region(kind: str, value: dict[str, Any], **more: Any) -> dict[str, Any]:
    frame = {"original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0, "from_name": "box", "to_name": "image"}
    return {"id": "r1", "type": kind, **frame, "value": value, **more}


def rectangle(**value: Any) -> dict[str, Any]:
    return region(
        "rectanglelabels", {"x": 10.0, "y": 20.0, "width": 30.0, "height": 40.0, "rotation": 0, "rectanglelabels": ["land"], **value}
    )


def predicted(*regions: dict[str, Any], task: str = "detection", image: ModelInput | None = None, **more: Any) -> Prediction:
    return ask("label_studio", card(task), {"results": [{"result": list(regions), "score": 0.8, "model_version": "v3", **more}]}, image)


def only(prediction: Prediction) -> Any:
    assert len(prediction.items) == 1
    return prediction.items[0]


def body(request: Any) -> Any:
    return orjson.loads(request.body)


# What is sent


def test_the_question_is_one_task_with_the_address_of_its_image_and_nobody_s_login() -> None:
    model = card("detection")
    request = SPEAKS.build_request(picture(address=ADDRESS), model)
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:1/predict")
    assert request.headers["Content-Type"] == "application/json"
    number = project_id(model)
    assert body(request) == {
        "tasks": [{"id": 7, "data": {"image": ADDRESS}, "project": number, "annotations": [], "predictions": []}],
        "project": f"{number}.0",
        "label_config": label_config(model),
        "params": {"login": "", "password": "", "context": None},
    }


def test_the_image_travels_inside_the_question_when_the_model_s_options_say_so() -> None:
    model = card("detection", extra={"image": "data"})
    assert SPEAKS.form_of(model) == SPEAKS.prompt_form_of(model) == "encoded"
    assert SPEAKS.form_of(card("detection")) == "address"
    assert body(SPEAKS.build_request(picture(), model))["tasks"][0]["data"]["image"] == f"data:image/png;base64,{b64(b'bytes')}"


def test_the_greeting_gives_no_token_away() -> None:
    request = SPEAKS.greeting(card("detection"))
    assert request is not None
    assert request.url == "http://127.0.0.1:1/setup"
    told = body(request)
    assert told["access_token"] == ""
    assert told["schema"] == label_config(card("detection"))
    assert set(told) == {"project", "schema", "hostname", "access_token", "extra_params"}


def test_the_version_that_the_greeting_tells_is_kept_with_the_answers() -> None:
    model = SPEAKS.greeted(WireReply(b'{"model_version": "v9"}'), card("detection"))
    assert model.version == "v9"
    assert SPEAKS.greeted(WireReply(b'{"model_version": null}'), card("detection")).version == "3"


@pytest.mark.parametrize(
    ("given", "health"),
    [
        ("http://ml:9090", "http://ml:9090/health"),
        ("http://ml:9090/", "http://ml:9090/health"),
        ("http://ml:9090/predict", "http://ml:9090/health"),
        ("http://ml:9090/backends/sam/predict/", "http://ml:9090/backends/sam/health"),
        ("http://ml:9090/backends/sam?key=1", "http://ml:9090/backends/sam/health?key=1"),
    ],
)
def test_the_address_may_be_the_server_s_or_one_of_its_paths(given: str, health: str) -> None:
    (inquiry,) = SPEAKS.inquiries(given)
    assert (inquiry.method, inquiry.url) == ("GET", health)


def test_a_backend_is_recognised_by_its_health() -> None:
    new = SPEAKS.recognise("http://ml:9090/predict", [WireReply(b'{"status": "UP", "model_class": "SamModel"}')])
    assert new is not None
    assert (new.name, new.url) == ("SamModel", "http://ml:9090")
    old = SPEAKS.recognise("http://ml:9090", [WireReply(b'{"status": "UP", "model_dir": null, "v2": false}')])
    assert old is not None
    assert old.confidence < new.confidence
    for other in (b'{"status": "ok"}', b"<html>", b"[]", b'{"status": "UP"}'):
        assert SPEAKS.recognise("http://ml:9090", [WireReply(other)]) is None
    assert SPEAKS.recognise("http://ml:9090", [None]) is None


def test_the_interface_follows_from_task_and_classes() -> None:
    assert label_config(card("classification", "day & night", 'a "b" <c>')) == (
        '<View><Image name="image" value="$image"/><Choices name="choice" toName="image" choice="single">'
        '<Choice value="day &amp; night"/><Choice value=\'a "b" &lt;c&gt;\'/></Choices></View>'
    )
    assert 'choice="multiple"' in label_config(card("classification", multi_label=True))
    detection, segmentation = label_config(card("detection")), label_config(card("segmentation"))
    assert detection.index("<RectangleLabels") < detection.index("<KeyPointLabels")
    assert segmentation.index("<BrushLabels") < segmentation.index("<PolygonLabels")
    assert label_config(card("detection", extra={"label_config": "<View/>"})) == "<View/>"


def test_what_is_marked_goes_along_as_regions_of_the_context() -> None:
    marks = Prompts(box=(2, 1, 12, 6), points=(PromptPoint(5, 5), PromptPoint(10, 2.5, positive=False)))
    told = body(SPEAKS.build_prompt_request(picture(address=ADDRESS), card("segmentation"), marks))
    on, off, box = told["params"]["context"]["result"]
    assert (on["type"], on["is_positive"], on["value"]) == (
        "keypointlabels", 1, {"x": 25.0, "y": 50.0, "width": 0.3, "keypointlabels": ["ocean"]},
    )  # fmt: skip
    assert (off["is_positive"], off["value"]["x"], off["value"]["y"]) == (0, 50.0, 25.0)
    assert box["value"] == {"x": 10.0, "y": 10.0, "width": 50.0, "height": 50.0, "rotation": 0, "rectanglelabels": ["ocean"]}
    assert {(each["original_width"], each["original_height"], each["to_name"]) for each in (on, off, box)} == {(WIDTH, HEIGHT, "image")}


def test_strokes_are_told_as_points_along_them() -> None:
    marks = Prompts(foreground=(((1.0, 1.0), (2.0, 1.0)),), background=(((9.0, 9.0), (9.0, 8.0)),))
    told = body(SPEAKS.build_prompt_request(picture(address=ADDRESS), card("segmentation"), marks))
    assert [each["is_positive"] for each in told["params"]["context"]["result"]] == [1, 1, 0, 0]


# What is answered


def test_percent_become_pixels() -> None:
    prediction = predicted(rectangle())
    box: Box = only(prediction)
    assert (box.index, box.name, box.confidence) == (1, "land", 0.8)
    assert (box.x, box.y, box.width, box.height, box.rotation) == pytest.approx((2.0, 2.0, 6.0, 4.0, 0.0))
    assert prediction.model_version == "v3"


def test_a_rectangle_turns_about_its_top_left_corner() -> None:
    # Label Studio turns the drawn pixels, so the centre is ((x + (w cos a - h sin a) / 2), (y + (w sin a + h cos a) / 2)).
    box: Box = only(predicted(rectangle(rotation=30.0)))
    cos, sin = math.cos(math.pi / 6), math.sin(math.pi / 6)
    assert (box.x + box.width / 2, box.y + box.height / 2) == pytest.approx((2 + (6 * cos - 4 * sin) / 2, 2 + (6 * sin + 4 * cos) / 2))
    assert (box.width, box.height, box.rotation) == pytest.approx((6.0, 4.0, 30.0))


def test_a_quarter_turn_keeps_lengths_where_the_picture_is_not_square() -> None:
    box: Box = only(predicted(rectangle(x=50.0, rotation=90.0)))
    assert (box.x, box.y, box.width, box.height) == pytest.approx((6.0, 2.0, 4.0, 6.0))


@pytest.mark.parametrize(
    ("turn", "percent"), [(0, (10.0, 20.0)), (90, (80.0, 10.0)), (180, (90.0, 80.0)), (270, (20.0, 90.0)), (-90, (20.0, 90.0))]
)
def test_a_picture_that_was_turned_for_the_eye_is_turned_back(turn: int, percent: tuple[float, float]) -> None:
    point = region("keypointlabels", {"x": percent[0], "y": percent[1], "width": 0.3, "keypointlabels": ["land"]}, image_rotation=turn)
    found: Keypoints = only(predicted(point, task="keypoints"))
    assert (found.points[0].x, found.points[0].y) == pytest.approx((2.0, 2.0))


def test_a_polygon_is_closed() -> None:
    found: Polygon = only(
        predicted(region("polygonlabels", {"points": [[0, 0], [50, 0], [50, 50]], "closed": True, "polygonlabels": ["land"]}))
    )
    assert found.polygons == ((((0.0, 0.0), (10.0, 0.0), (10.0, 5.0), (0.0, 0.0)),),)


def test_a_brush_is_exact_to_the_pixel() -> None:
    mask = np.random.default_rng(5).random((HEIGHT, WIDTH)) > 0.6
    value = {"format": "rle", "rle": list(brush_of_mask(mask)), "brushlabels": ["land"]}
    prediction = predicted(region("brushlabels", value), task="segmentation")
    found: Mask = only(prediction)
    assert (decode_mask(found.counts, found.size) == mask).all()
    assert prediction.warnings == ()


def test_a_brush_on_a_smaller_picture_is_brought_to_the_image_s_size() -> None:
    mask = np.zeros((HEIGHT // 2, WIDTH // 2), dtype=bool)
    mask[1:3, 2:5] = True
    value = {"format": "rle", "rle": list(brush_of_mask(mask)), "brushlabels": ["land"]}
    small = region("brushlabels", value, original_width=WIDTH // 2, original_height=HEIGHT // 2)
    whole = np.kron(mask, np.ones((2, 2), dtype=bool))
    told = predicted(small, task="segmentation")
    assert (decode_mask(only(told).counts, (HEIGHT, WIDTH)) == whole).all()
    assert "resized" in told.warnings[0]
    asked_so = predicted(small, task="segmentation", image=picture(sent_width=WIDTH // 2, sent_height=HEIGHT // 2))
    assert asked_so.warnings == ()


def test_an_ellipse_has_radii_in_percent_of_width_and_height() -> None:
    value = {"x": 50, "y": 50, "radiusX": 25, "radiusY": 25, "rotation": 0, "ellipselabels": ["land"]}
    found: Polygon = only(predicted(region("ellipselabels", value), task="segmentation"))
    (shell,) = found.polygons[0]
    xs, ys = [x for x, _ in shell], [y for _, y in shell]
    assert (min(xs), max(xs), min(ys), max(ys)) == pytest.approx((5.0, 15.0, 2.5, 7.5))


def test_choices_are_the_classes_of_the_image() -> None:
    prediction = predicted(region("choices", {"choices": ["land"]}), task="classification")
    found: Classification = only(prediction)
    assert [(score.index, score.confidence) for score in found.scores] == [(1, 0.8)]
    assert not found.complete


def test_points_that_belong_to_a_region_are_one_object() -> None:
    owner = {**rectangle(), "id": "person"}
    points = [
        region("keypointlabels", {"x": x, "y": 50.0, "width": 0.3, "keypointlabels": [name]}, id=name, parentID="person")
        for name, x in (("nose", 20.0), ("tail", 40.0))
    ]
    found: Keypoints = only(predicted(owner, *points, task="keypoints"))
    assert (found.name, [(point.name, point.x, point.y) for point in found.points]) == ("land", [("nose", 4.0, 5.0), ("tail", 8.0, 5.0)])


def test_geometry_and_labels_may_come_apart_under_one_id() -> None:
    value = {"x": 10.0, "y": 20.0, "width": 30.0, "height": 40.0, "rotation": 0}
    bare, labels = region("rectangle", value), region("labels", {**value, "labels": ["land"]})
    assert only(predicted(bare, labels)).name == "land"


def test_a_region_s_own_score_comes_before_the_prediction_s() -> None:
    first, second = predicted({**rectangle(), "score": 0.3}, rectangle()).items
    assert (first.confidence, second.confidence) == (0.3, 0.8)  # type: ignore[union-attr]


def test_without_any_score_nothing_is_made_up() -> None:
    assert only(predicted(rectangle(), score=None)).confidence is None


def test_of_several_predictions_the_best_is_taken_and_told() -> None:
    weak, strong = ({"result": [rectangle(rectanglelabels=[name])], "score": score} for name, score in (("ocean", 0.2), ("land", 0.7)))
    prediction = ask("label_studio", card("detection"), {"results": [[weak, strong]], "model_version": "v1"})
    assert (only(prediction).name, only(prediction).confidence, prediction.model_version) == ("land", 0.7, "v1")
    assert "2 predictions" in prediction.warnings[0]


@pytest.mark.parametrize("results", [[], [[]]])
def test_a_server_without_a_prediction_says_nothing_about_the_image(results: Any) -> None:
    prediction = ask("label_studio", card("detection"), {"results": results})
    assert prediction.items == ()
    assert "no prediction" in prediction.warnings[0]


def test_a_class_that_the_model_does_not_publish_is_told() -> None:
    prediction = predicted(rectangle(rectanglelabels=["bus"]))
    assert (only(prediction).index, only(prediction).name) == (None, "bus")
    assert "bus" in prediction.warnings[0]


def test_of_several_labels_the_first_that_the_model_knows_counts() -> None:
    assert only(predicted(rectangle(rectanglelabels=["bus", "land"]))).name == "land"


def test_what_is_no_shape_of_an_image_is_told_and_left_out() -> None:
    odd = region("textarea", {"text": ["hello"]})
    nameless = rectangle(rectanglelabels=[])
    outside = rectangle(x=200.0)
    prediction = predicted(odd, nameless, outside, rectangle())
    assert len(prediction.items) == 1
    assert {dropped.reason for dropped in prediction.dropped} == {"unknown type", "no label", "outside the image"}


def with_regions(*regions: dict[str, Any]) -> dict[str, Any]:
    return {"results": [{"result": list(regions)}]}


def brushed(runs: Any, **more: Any) -> dict[str, Any]:
    return region("brushlabels", {"rle": runs, "brushlabels": ["land"]}, **more)


REGION = "results[0].result[0]"


@pytest.mark.parametrize(
    ("answer", "where"),
    [
        ({"results": [{"result": [], "score": 1}, {"result": [], "score": 1}]}, "results"),
        ({"result": []}, ""),
        ({"results": [{"score": 1}]}, "results[0]"),
        (with_regions({**rectangle(), "score": 1.5}), f"{REGION}.score"),
        (with_regions(rectangle(x="left")), f"{REGION}.value.x"),
        (with_regions(rectangle(width=-1)), f"{REGION}.value"),
        (with_regions({**rectangle(), "image_rotation": 45}), f"{REGION}.image_rotation"),
        (with_regions(region("polygonlabels", {"points": [[1, 1], [2, 2]], "polygonlabels": ["land"]})), f"{REGION}.value.points"),
        (with_regions(brushed([1, 2, 300])), f"{REGION}.value.rle[2]"),
        (with_regions(brushed([0, 0, 3, 32])), f"{REGION}.value.rle"),
        (with_regions(brushed([0], original_width=10**6, original_height=10**6)), REGION),
    ],
)
def test_a_broken_answer_is_rejected_with_its_place(answer: Any, where: str) -> None:
    with pytest.raises(PredictionRejected) as rejected:
        ask("label_studio", card("detection"), answer)
    assert rejected.value.where == where


names = st.sampled_from(["x", "y", "width", "points", "rle", "score", "choices"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 300) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=10,
)
kinds = st.sampled_from(
    ["rectanglelabels", "polygonlabels", "brushlabels", "keypointlabels", "ellipselabels", "choices", "labels", "rectangle"]
)


@given(kinds, json_values, json_values, st.sampled_from(["detection", "classification"]))
def test_any_region_is_parsed_or_rejected(kind: str, value: Any, more: Any, task: str) -> None:
    for answer in ({"results": [{"result": [{"type": kind, "value": value, "id": more}]}]}, {"results": [more]}, value):
        try:
            ask("label_studio", card(task), answer)
        except PredictionRejected:
            continue


def test_it_is_one_of_the_protocols() -> None:
    assert PROTOCOLS["label_studio"].interactive
