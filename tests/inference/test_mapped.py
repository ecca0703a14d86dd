"""Any JSON, by a mapping of its fields."""

import base64
import time
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from campaigns.geometry.masks import decode_mask, encode_mask
from inference.protocols import PROTOCOLS
from inference.protocols.mapped.presets import PRESETS
from inference.rasters import NO_CLASS, read_map
from inference.schema import Box, Classification, Keypoints, Mask, Polygon, Prediction, PredictionRejected, Raster
from inference.wire import ModelCard, SecretPlace, WireReply, WireRequest
from models_registry.options import ModelOptions, OptionsRejected
from tests.inference.seeds import SEEDS
from tests.inference.wire import HEIGHT, WIDTH, b64, card, picture, png
from tests.inference.wire import ask as told

SPEAKS = PROTOCOLS["mapped_json"]
IMAGE = base64.b64encode(b"bytes").decode()
BODY = {"image": {"as": "body"}}
TASKS = {"classification": {"scores": "$"}, "detection": {"box": "box"}, "segmentation": {"mask": "mask"}}


def ask(
    task: str, answer: Any, mapping: dict[str, Any] | None = None, *, image: Any = None, preset: str = "", **options: Any
) -> Prediction:
    extra = {"preset": preset} if preset else {"mapping": {"request": BODY, "answer": mapping}}
    SPEAKS.check_options(ModelOptions(extra=extra, **options), task)
    return told("mapped_json", card(task, extra=extra, **options), answer, image)


def one(task: str, answer: Any, mapping: dict[str, Any] | None = None, **more: Any) -> Any:
    (item,) = ask(task, answer, mapping, **more).items
    return item


def request_of(request: dict[str, Any], task: str = "detection", **facts: Any) -> WireRequest:
    extra = {"mapping": {"request": request, "answer": TASKS[task]}}
    SPEAKS.check_options(ModelOptions(extra=extra), task)
    return SPEAKS.build_request(picture(**facts), card(task, extra=extra, threshold=0.25))


def refused(task: str, mapping: Any) -> OptionsRejected:
    with pytest.raises(OptionsRejected) as caught:
        SPEAKS.check_options(ModelOptions(extra={"mapping": mapping}), task)
    return caught.value


def rejected(task: str, answer: Any, mapping: dict[str, Any] | None = None, **more: Any) -> PredictionRejected:
    with pytest.raises(PredictionRejected) as caught:
        ask(task, answer, mapping, **more)
    return caught.value


# How the image travels


def test_the_image_may_be_the_whole_body() -> None:
    request = request_of(BODY)
    assert (request.body, request.headers["Content-Type"]) == (b"bytes", "image/png")


def test_the_image_may_be_a_file_of_a_form_with_constants_beside_it() -> None:
    request = request_of({"image": {"as": "multipart", "name": "data"}, "body": {"mode": "fast", "top": 5}, "fill": {"size.w": "width"}})
    assert b'name="data"; filename="a.png"\r\nContent-Type: image/png\r\n\r\nbytes\r\n' in request.body
    assert b'name="mode"\r\n\r\nfast\r\n' in request.body
    assert b'name="top"\r\nContent-Type: application/json\r\n\r\n5\r\n' in request.body
    assert b'name="size"\r\nContent-Type: application/json\r\n\r\n{"w":20}\r\n' in request.body


@pytest.mark.parametrize(
    ("request_mapping", "document"),
    [
        ({"image": {"as": "base64", "at": "image.b64"}}, {"image": {"b64": IMAGE}}),
        ({"image": {"as": "base64", "at": "$.image"}}, {"image": IMAGE}),
        (
            {"image": {"as": "base64", "at": "instances[0].content"}, "body": {"instances": [{"id": 1}], "parameters": {"top": 5}}},
            {"instances": [{"id": 1, "content": IMAGE}], "parameters": {"top": 5}},
        ),
        ({"image": {"as": "base64", "at": "image", "data_url": True}}, {"image": f"data:image/png;base64,{IMAGE}"}),
        ({"image": {"as": "address", "at": "image.url"}}, {"image": {"url": "https://winnow/i/7?signed"}}),
        (
            {
                "image": {"as": "base64", "at": "image"},
                "fill": {"t": "threshold", "of": "labels", "size[1]": "height", "n": "name", "id": "id"},
            },
            {"image": IMAGE, "t": 0.25, "of": ["ocean", "land"], "size": [None, HEIGHT], "n": "a.png", "id": 7},
        ),
    ],
)  # fmt: skip
def test_the_image_may_stand_anywhere_in_a_document(request_mapping: dict[str, Any], document: dict[str, Any]) -> None:
    request = request_of(request_mapping, address="https://winnow/i/7?signed")
    assert orjson.loads(request.body) == document
    assert request.headers["Content-Type"] == "application/json"


def test_only_a_mapping_that_sends_an_address_wants_one() -> None:
    def form(image: dict[str, Any]) -> str:
        return SPEAKS.form_of(card("detection", extra={"mapping": {"request": {"image": image}, "answer": {"box": "b"}}}))

    assert form({"as": "address", "at": "u"}) == "address"
    assert form({"as": "base64", "at": "u"}) == "encoded"


def test_what_windows_make_of_an_image_has_no_address() -> None:
    mapping = {"request": {"image": {"as": "address", "at": "u"}}, "answer": {"box": "b"}}
    with pytest.raises(OptionsRejected, match="has no address"):
        SPEAKS.check_options(ModelOptions(extra={"mapping": mapping}, window_px=512), "detection")


def test_the_secret_goes_where_the_mapping_says() -> None:
    request = {"image": {"as": "base64", "at": "image"}, "secret": {"in": "json", "name": "key"}}
    model = card("detection", extra={"mapping": {"request": request, "answer": {"box": "b"}}})
    assert SPEAKS.secret_place(model) == SecretPlace("json", "key")
    assert SPEAKS.secret_place(card("detection")) == SecretPlace()


# What a mapping may say


@pytest.mark.parametrize(
    ("task", "mapping", "field", "why"),
    [
        ("detection", {}, "extra.mapping.request", "must be an object"),
        ("detection", {"reqest": {}}, "extra.mapping.reqest", "is not known here; there are request, answer"),
        ("detection", {"request": {}, "answer": {}}, "extra.mapping.request.image", "must be an object"),
        ("detection", {"request": {"image": {"as": "fax"}}}, "extra.mapping.request.image.as", "must be one of 'body', 'multipart'"),
        ("detection", {"request": {"image": {"as": "base64"}}}, "extra.mapping.request.image.at", "must be a path"),
        ("detection", {"request": {"image": {"as": "base64", "at": "a[*]"}}}, "extra.mapping.request.image.at", "without [*]"),
        ("detection", {"request": {"image": {"as": "base64", "at": "$"}}}, "extra.mapping.request.image.at", "one place in the document"),
        ("detection", {"request": {"image": {"as": "base64", "at": "a b["}}}, "extra.mapping.request.image.at", "from character 4 on"),
        ("detection", {"request": BODY | {"body": {"a": 1}}}, "extra.mapping.request.body", "has no place"),
        ("detection", {"request": BODY | {"secret": {"in": "json", "name": "k"}}}, "extra.mapping.request.secret.in", "no JSON document"),
        ("detection", {"request": BODY | {"secret": {"in": "query"}}}, "extra.mapping.request.secret.name", "must say the name"),
        (
            "detection", {"request": {"image": {"as": "multipart", "name": 'a"\r\n'}}}, "extra.mapping.request.image.name",
            "a short text on one line",
        ),
        (
            "detection", {"request": {"image": {"as": "multipart"}, "body": {"a\r\nb": "1"}}}, "extra.mapping.request.body.a\r\nb",
            "a short text on one line",
        ),
        (
            "detection", {"request": {"image": {"as": "base64", "at": "i"}, "fill": {"t": "password"}}}, "extra.mapping.request.fill.t",
            "must be one of 'threshold'",
        ),
        ("detection", {"request": BODY, "answer": {"label": "l"}}, "extra.mapping.answer", 'must say where "box" is'),
        ("classification", {"request": BODY, "answer": {"label": "l"}}, "extra.mapping.answer", 'must say where "scores", or "label"'),
        ("segmentation", {"request": BODY, "answer": {"box": "b"}}, "extra.mapping.answer", '"mask", "polygon" or "raster"'),
        ("keypoints", {"request": BODY, "answer": {"box": "b"}}, "extra.mapping.answer", 'must say where "keypoints" is'),
        ("detection", {"request": BODY, "answer": {"box": {"at": "b", "order": "zyx"}}}, "extra.mapping.answer.box.order", "'xyxy'"),
        ("detection", {"request": BODY, "answer": {"box": ["a", "b"]}}, "extra.mapping.answer.box.at", "a list of four paths"),
        ("detection", {"request": BODY, "answer": {"box": "$value"}}, "extra.mapping.answer.box.at", 'only where "label" is "$key"'),
        ("detection", {"request": BODY, "answer": {"box": "b", "coords": "miles"}}, "extra.mapping.answer.coords", "'pixel'"),
        ("detection", {"request": BODY, "answer": {"box": "b", "grid": [640]}}, "extra.mapping.answer.grid", "two whole numbers"),
        ("detection", {"request": BODY, "answer": {"box": "b", "version": "v[*]"}}, "extra.mapping.answer.version", "without [*]"),
        ("detection", {"request": BODY, "answer": {"box": "b", "score": 3}}, "extra.mapping.answer.score", "must be a path"),
        (
            "segmentation", {"request": BODY, "answer": {"raster": {"at": "$", "crop": [224, 256]}}}, "extra.mapping.answer.raster.crop",
            "no larger",
        ),
        ("detection", ["box"], "extra.mapping", "must be an object"),
        ("detection", {"request": BODY, "answer": {"box": "b"}, "x" * 70_000: 1}, "extra.mapping", "at most 64 KiB"),
    ],
)  # fmt: skip
def test_a_mapping_that_cannot_be_used_is_refused_with_its_place(task: str, mapping: Any, field: str, why: str) -> None:
    error = refused(task, mapping)
    assert error.field == field
    assert why in error.why


mapping_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 300) | st.sampled_from(["$", "a[*]", "$key", "$value", "body", "base64", "xyxy", "a..b"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "request",
                    "answer",
                    "image",
                    "as",
                    "at",
                    "body",
                    "fill",
                    "secret",
                    "in",
                    "items",
                    "label",
                    "score",
                    "box",
                    "raster",
                    "crop",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(mapping_values, mapping_values)
def test_any_mapping_is_taken_or_refused_with_a_place(request: Any, answer: Any) -> None:
    places = []
    for mapping in (request, {"request": request, "answer": answer}, {"request": BODY, "answer": answer}):
        try:
            SPEAKS.check_options(ModelOptions(extra={"mapping": mapping}), "detection")
        except OptionsRejected as error:
            places.append(error.field)
    assert all(place.startswith("extra.mapping") for place in places)


def test_every_preset_is_a_mapping_for_some_task_and_fills_the_form() -> None:
    fitting = {name: [task for task in SPEAKS.tasks if fits(name, task)] for name in PRESETS}
    assert all(fitting.values()), fitting
    assert fitting["TorchServe image_segmenter"] == ["segmentation"]
    (preset,) = (option for option in SPEAKS.options if option.name == "preset")
    assert set(preset.fills) == set(preset.choices) == set(PRESETS)
    assert all(filled == {"mapping": PRESETS[name]} for name, filled in preset.fills.items())


def fits(preset: str, task: str) -> bool:
    try:
        SPEAKS.check_options(ModelOptions(extra={"preset": preset}), task)
    except OptionsRejected:
        return False
    return True


# What an answer says


@pytest.mark.parametrize(
    ("order", "numbers"),
    [("xyxy", [2, 3, 8, 7]), ("xywh", [2, 3, 6, 4]), ("cxcywh", [5, 5, 6, 4]), ("yxyx", [3, 2, 7, 8]), ("xxyy", [2, 8, 3, 7])],
)
@pytest.mark.parametrize(
    ("coords", "across", "down"), [("pixel", 1, 1), ("normalized", WIDTH, HEIGHT), ("percent", WIDTH / 100, HEIGHT / 100)]
)
def test_a_box_of_any_order_in_any_coordinates_is_the_same(
    order: str, numbers: list[float], coords: str, across: float, down: float
) -> None:
    horizontal = {"yxyx": (1, 3), "xxyy": (0, 1)}.get(order, (0, 2))
    scaled = [value / (across if place in horizontal else down) for place, value in enumerate(numbers)]
    found: Box = one("detection", [{"b": scaled, "l": "land", "s": 0.9}], {
        "items": "$[*]", "label": "l", "score": "s", "box": {"at": "b", "order": order, "coords": coords},
    })  # fmt: skip
    assert (found.x, found.y, found.width, found.height) == pytest.approx((2, 3, 6, 4))
    assert (found.index, found.confidence) == (1, 0.9)


@pytest.mark.parametrize(
    ("entry", "at"),
    [
        ({"x0": 2, "y0": 3, "x1": 8, "y1": 7}, ["x0", "y0", "x1", "y1"]),
        ({"box": {"topLeft": {"x": 2, "y": 3}, "end": [8, 7]}}, ["box.topLeft.x", "box.topLeft.y", "box.end[0]", "box.end[1]"]),
        ({"box": [[2, 3], [8, 7]]}, "box"),
    ],
)
def test_a_box_may_be_written_in_four_places_or_as_two_points(entry: dict[str, Any], at: Any) -> None:
    found: Box = one("detection", {"found": [entry | {"label": "land"}]}, {"items": "found[*]", "label": "label", "box": at})
    assert (found.x, found.y, found.width, found.height, found.confidence) == (2, 3, 6, 4, None)


def test_pixels_may_be_meant_on_a_grid_of_the_server_s_own() -> None:
    mapping = {"items": "$[*]", "index": "i", "box": "b", "grid": [640, 640]}
    found: Box = one("detection", [{"b": [64, 64, 320, 320], "i": 1}], mapping)
    assert (found.x, found.y, found.width, found.height) == (2, 1, 8, 4)


def test_columns_of_the_same_length_are_things() -> None:
    answer = {"labels": ["land", "ocean"], "scores": [0.9, None], "boxes": [[2, 3, 8, 7], [1, 1, 2, 2]]}
    mapping = {"label": "labels[*]", "score": "scores[*]", "box": "boxes[*]"}
    found = ask("detection", answer, mapping).items
    assert [(box.name, box.confidence, box.x) for box in found if isinstance(box, Box)] == [("land", 0.9, 2), ("ocean", None, 1)]
    error = rejected("detection", answer | {"scores": [0.9]}, mapping)
    assert "as many values for answer.score as for answer.label, which are 2, got 1" in error.why


def test_scores_of_every_class_may_come_with_each_box() -> None:
    found: Box = one("detection", [{"b": [2, 3, 8, 7], "p": [0.2, 0.8]}], {"items": "$[*]", "box": "b", "scores": "p"})
    assert (found.name, found.confidence, len(found.scores)) == ("land", 0.8, 2)


def test_a_thing_of_a_negative_class_is_none_and_told() -> None:
    prediction = ask("detection", {"prediction": [[-1, -1, -1, -1, -1, -1], [1.0, 0.9, 0.1, 0.1, 0.4, 0.5]]}, preset="SageMaker detection")
    assert [item.index for item in prediction.items if isinstance(item, Box)] == [1]
    assert [(drop.reason, drop.count) for drop in prediction.dropped] == [("no class", 1)]


@pytest.mark.parametrize(
    "outline",
    [
        [[2, 2], [8, 2], [8, 8], [2, 8]],
        [{"x": 2, "y": 2}, {"x": 8, "y": 2}, {"x": 8, "y": 8}, {"x": 2, "y": 8}],
        [2, 2, 8, 2, 8, 8, 2, 8],
        [[2, 2, 8, 2, 8, 8, 2, 8]],
        [[[[2, 2], [8, 2], [8, 8], [2, 8], [2, 2]]]],
    ],
)
def test_all_spellings_of_an_outline_mean_the_same(outline: Any) -> None:
    found: Polygon = one("segmentation", [{"p": outline, "l": "land"}], {"items": "$[*]", "label": "l", "polygon": "p"})
    assert found.polygons == ((((2, 2), (8, 2), (8, 8), (2, 8), (2, 2)),),)


@given(arrays(np.bool_, (HEIGHT, WIDTH)))
def test_masks_are_exact_to_the_pixel_however_they_are_written(pixels: np.ndarray) -> None:
    counts = encode_mask(pixels)
    for mask in ({"size": [HEIGHT, WIDTH], "counts": counts}, b64(png(pixels.astype(np.uint8) * 255)), pixels.astype(int).tolist()):
        found: Mask = one("segmentation", [{"m": mask, "i": 1}], {"items": "$[*]", "index": "i", "mask": "m"})
        assert (decode_mask(found.counts, found.size) == pixels).all()


def test_points_are_read_from_objects_or_from_triples() -> None:
    by_name = {"keypoints": {"at": "p", "x": "x", "y": "y", "name": "n", "score": "s"}}
    by_place = {"keypoints": {"at": "p", "x": "[0]", "y": "[1]", "score": "[2]"}}
    common = {"items": "$[*]", "label": "l"}
    named: Keypoints = one("keypoints", [{"l": "land", "p": [{"x": 1, "y": 2, "n": "bow", "s": 0.5}]}], common | by_name)
    placed: Keypoints = one("keypoints", [{"l": "land", "p": [[1, 2, 0.5]]}], common | by_place)
    assert [(point.name, point.x, point.y, point.confidence) for point in (*named.points, *placed.points)] == [
        ("bow", 1, 2, 0.5),
        ("", 1, 2, 0.5),
    ]


class_maps = arrays(np.uint8, (HEIGHT, WIDTH), elements=st.integers(0, 1))


@given(class_maps)
def test_nested_lists_of_classes_are_exact_to_the_pixel(numbers: np.ndarray) -> None:
    for cells, value in (
        ("class", numbers.tolist()),
        ("class", numbers.astype(float).tolist()),
        ("probability", numbers.astype(float).tolist()),
        ("probabilities", np.stack([1 - numbers, numbers]).astype(float).tolist()),
        ("probabilities_last", np.stack([1 - numbers, numbers], axis=-1).astype(float).tolist()),
        ("class_probability", np.stack([numbers, np.full_like(numbers, 1)], axis=-1).tolist()),
        ("class", b64(png(numbers))),
    ):
        found: Raster = one("segmentation", {"mask": value}, {"raster": {"at": "mask", "cells": cells}})
        assert (read_map(found.class_map) == numbers).all(), cells


def test_a_picture_is_the_answer_of_a_segmentation_and_of_nothing_else() -> None:
    numbers = (np.arange(WIDTH * HEIGHT).reshape(HEIGHT, WIDTH) % 2).astype(np.uint8)
    found: Raster = one("segmentation", png(numbers), {"raster": "mask"})
    assert (read_map(found.class_map) == numbers).all()
    assert "a picture" in rejected("detection", png(numbers), {"box": "b"}).why


def test_lists_of_another_size_are_brought_to_the_image_and_that_is_told() -> None:
    prediction = ask("segmentation", [[0, 1]], {"raster": "$"})
    (found,) = prediction.items
    assert isinstance(found, Raster)
    assert (read_map(found.class_map) == np.repeat([0, 1], WIDTH // 2)).all()
    assert "2 x 1 pixels" in prediction.warnings[0]


def test_a_thousand_small_bands_do_not_become_a_thousand_large_ones() -> None:
    error = rejected(
        "segmentation", [[[0.1]]] * 900, {"raster": {"at": "$", "cells": "probabilities"}}, image=picture(width=30_000, height=20_000)
    )
    assert "900 bands are too many" in error.why


def test_the_version_is_read_where_the_mapping_says() -> None:
    mapping = {"scores": "scores", "version": "meta.v"}
    assert ask("classification", {"scores": [0.2, 0.8], "meta": {"v": "7b"}}, mapping).model_version == "7b"
    assert ask("classification", {"scores": [0.2, 0.8]}, mapping).model_version == "3"


@pytest.mark.parametrize(
    ("scores", "mapping"),
    [
        ({"ocean": 0.25, "land": 0.75}, {"scores": "$"}),
        ([0.25, 0.75], {"scores": "$"}),
        ({"out": [{"label": "ocean", "score": 0.25}, {"label": "land", "score": 0.75}]}, {"scores": "out"}),
        ({"a": [["ocean", 0.25], ["land", 0.75]]}, {"items": "a[*]", "label": "[0]", "score": "[1]"}),
        ({"a": [[0.0, 0.25], [1.0, 0.75]]}, {"items": "a[*]", "index": "[0]", "score": "[1]"}),
        ({"names": ["ocean", "land"], "p": [0.25, 0.75]}, {"label": "names[*]", "score": "p[*]"}),
    ],
)
def test_all_spellings_of_a_classification_mean_the_same(scores: Any, mapping: dict[str, Any]) -> None:
    found: Classification = one("classification", scores, mapping)
    assert {score.index: score.confidence for score in found.scores} == {0: 0.25, 1: 0.75}
    assert found.complete


ITEMS = {"items": "p[*]", "label": "l", "score": "s", "box": {"at": "b"}}
GOOD = {"l": "land", "s": 0.5, "b": [2, 3, 8, 7]}


@pytest.mark.parametrize(
    ("answer", "where", "why"),
    [
        ({"q": []}, "", 'expected "p" (answer.items), got an object with q'),
        ({"p": {}}, "p", "expected a list (answer.items), got an empty object"),
        ({"p": [GOOD, GOOD | {"b": [2, 3, 8]}]}, "p[1].b", "expected 4 values, got 3"),
        ({"p": [GOOD | {"b": [2, 3, 8, "7"]}]}, "p[0].b[3]", 'expected a finite number, got "7"'),
        ({"p": [{"l": "land", "s": 0.5}]}, "p[0]", 'expected "b" (answer.box), got an object with l, s'),
        ({"p": [GOOD | {"b": None}]}, "p[0].b", "expected a value (answer.box), got null"),
        ({"p": [{"l": "land", "b": [2, 3, 8, 7]}]}, "p[0]", 'expected "s" (answer.score)'),
        ({"p": [{"s": 0.5, "b": [2, 3, 8, 7]}]}, "p[0]", 'expected "l" (answer.label)'),
        ({"p": [GOOD | {"l": {}}]}, "p[0].l", "expected a text, got an empty object"),
        ({"p": [GOOD | {"s": 5}]}, "p[0].s", "a confidence from 0 to 1"),
        ({"p": [GOOD | {"b": [8, 3, 2, 7]}]}, "p[0].b", "x0 < x1"),
        ([GOOD], "", 'expected "p" (answer.items), got a list of 1'),
        ({"p": [GOOD] * 10_001}, "p", "at most 10000 values"),
    ],
)
def test_what_does_not_fit_the_mapping_is_refused_with_its_place_and_the_mapping_s_word(answer: Any, where: str, why: str) -> None:
    error = rejected("detection", answer, ITEMS)
    assert error.where == where
    assert why in error.why


@pytest.mark.parametrize(
    ("cells", "value", "where", "why"),
    [
        ("class", [[0, 1], [0]], "m", "in rows of equal length"),
        ("class", [[0, 0.5]], "m", "expected whole class numbers"),
        ("class", [0, 1], "m", "expected [H][W] class numbers, got lists of the shape [2]"),
        ("class", [], "m", "lists of the shape [0]"),
        ("class", [[0, None]], "m[0][1]", "expected a finite number"),
        ("class", [["a" * 100, 1]], "m", "in rows of equal length"),
        ("class_probability", [[[0, 1.5]]], "m", "probabilities from 0 to 1, got 1.5"),
        ("class_probability", [[[0, 1, 2]]], "m", "pairs of a class number and its probability"),
        ("probabilities", [[[0.5]]] * 1001, "m", "a matrix for each class"),
        ("class", {"a": 1}, "m", "expected [H][W] class numbers, got an object"),
        ("class", "%%", "m", "expected base64"),
        ("class", [[70_000]], "m", "class numbers from 0 to"),
        ("class", [[-1]], "m", "class numbers from 0 to"),
    ],
)
def test_lists_that_are_no_raster_are_refused_with_their_place(cells: str, value: Any, where: str, why: str) -> None:
    error = rejected("segmentation", {"m": value}, {"raster": {"at": "m", "cells": cells}})
    assert error.where == where
    assert why in error.why


# The presets, with what their servers really answer


def test_torchserve_s_classifier_names_its_best_classes() -> None:
    found: Classification = one("classification", {"land": 0.75, "tabby": 0.2}, preset="TorchServe image_classifier")
    assert [(score.index, score.name, score.confidence) for score in found.scores] == [(1, "land", 0.75), (None, "tabby", 0.2)]
    assert not found.complete


def test_torchserve_s_detector_has_the_label_for_a_key() -> None:
    answer = [{"land": [2.0, 3.0, 8.0, 7.0], "score": 0.99}, {"score": 0.6, "buoy": [1.0, 1.0, 2.0, 2.0]}]
    prediction = ask("detection", answer, preset="TorchServe object_detector")
    assert [(box.name, box.index, box.confidence, box.x) for box in prediction.items if isinstance(box, Box)] == [
        ("land", 1, 0.99, 2), ("buoy", None, 0.6, 1),
    ]  # fmt: skip
    error = rejected("detection", [{"score": 0.9}], preset="TorchServe object_detector")
    assert (error.where, "whose name is the label" in error.why) == ("[0]", True)
    assert rejected("detection", [{"land": [2, 3], "score": 0.9}], preset="TorchServe object_detector").where == "[0].land"


def test_torchserve_s_segmenter_speaks_of_the_middle_of_the_image_only() -> None:
    image = picture(width=512, height=256)
    cells = np.zeros((224, 224, 2))
    cells[:, 112:, 0] = 1
    cells[..., 1] = 0.8
    (found,) = ask("segmentation", cells.tolist(), preset="TorchServe image_segmenter", image=image).items
    assert isinstance(found, Raster)
    # The shorter side has 256 already, so the square lies (512 - 224) / 2 from the left and (256 - 224) / 2 from the top.
    expected = np.full((256, 512), NO_CLASS)
    expected[16:240, 144:256], expected[16:240, 256:368] = 0, 1
    assert (read_map(found.class_map) == expected).all()
    assert found.confidence == pytest.approx(0.8)
    assert found.confidence_map is not None
    assert (read_map(found.confidence_map) == np.where(expected == NO_CLASS, 0, 204)).all()


def test_a_crop_of_a_larger_image_covers_what_the_server_has_seen() -> None:
    image = picture(width=1024, height=1024)
    cells = np.stack([np.indices((224, 224)).sum(0) % 2, np.ones((224, 224))], axis=-1)
    (found,) = ask("segmentation", cells.tolist(), preset="TorchServe image_segmenter", image=image).items
    assert isinstance(found, Raster)
    shown = read_map(found.class_map)
    assert (shown == NO_CLASS).sum() == 1024**2 - 896**2
    assert (shown[64:960, 64:960] == np.kron(cells[..., 0], np.ones((4, 4)))).all()


def test_sagemaker_s_boxes_are_shares_of_the_image_and_its_classes_fractions() -> None:
    found: Box = one("detection", {"prediction": [[1.0, 0.86, 0.1, 0.3, 0.4, 0.7]]}, preset="SageMaker detection")
    assert (found.index, found.name, found.confidence) == (1, "land", 0.86)
    assert (found.x, found.y, found.width, found.height) == pytest.approx((2, 3, 6, 4))
    assert one("classification", [0.25, 0.75], preset="SageMaker classification").scores[1].confidence == 0.75


def test_vertex_leaves_zero_coordinates_out_and_counts_x_before_y() -> None:
    answer = {
        "predictions": [{"ids": ["1", "2"], "displayNames": ["land", "ocean"], "confidences": [0.7, 0.6],
                         "bboxes": [[0.1, 0.4, 0.3, 0.7], [None, 0.5, None, 1.0]]}],
        "deployedModelId": "4711",
    }  # fmt: skip
    prediction = ask("detection", answer, preset="Vertex AI detection")
    boxes = [(box.x, box.y, box.width, box.height) for box in prediction.items if isinstance(box, Box)]
    assert boxes == [pytest.approx((2, 3, 6, 4)), pytest.approx((0, 0, 10, 10))]
    assert prediction.model_version == "4711"
    by_name = PRESETS["Vertex AI detection"]["answer"] | {
        "items": "predictions[*]", "label": "displayName", "score": "confidence",
        "box": {"at": ["b.xMin", "b.xMax", "b.yMin", "b.yMax"], "order": "xxyy", "coords": "normalized", "missing_zero": True},
    }  # fmt: skip
    named: Box = one("detection", {"predictions": [{"displayName": "land", "confidence": 0.7, "b": {"xMax": 0.4, "yMax": 0.7}}]}, by_name)
    assert (named.x, named.y, named.width, named.height) == pytest.approx((0, 0, 8, 7))
    nothing = rejected("detection", {"predictions": [{"displayName": "land", "confidence": 0.7}]}, by_name)
    assert 'expected "b" (answer.box[0])' in nothing.why


def test_vertex_s_classification_is_two_columns() -> None:
    answer = {"predictions": [{"displayNames": ["land", "ocean"], "confidences": [0.75, 0.25], "ids": ["1", "2"]}]}
    assert one("classification", answer, preset="Vertex AI classification").scores[0].name == "land"
    model = card("classification", extra={"preset": "Vertex AI classification"})
    assert orjson.loads(SPEAKS.build_request(picture(), model).body) == {
        "instances": [{"content": IMAGE}], "parameters": {"confidenceThreshold": 0.0, "maxPredictions": 10},
    }  # fmt: skip


def test_mlflow_takes_both_of_its_envelopes() -> None:
    def sent(preset: str) -> Any:
        return orjson.loads(SPEAKS.build_request(picture(), card("detection", extra={"preset": preset})).body)

    assert sent("MLflow inputs") == {"inputs": [IMAGE]}
    assert sent("MLflow dataframe_split") == {"dataframe_split": {"columns": ["image"], "data": [[IMAGE]]}}
    assert one("classification", {"predictions": [[0.25, 0.75]]}, preset="MLflow inputs").scores[1].confidence == 0.75
    record = {"label": "land", "score": 0.5, "xmin": 2, "ymin": 3, "xmax": 8, "ymax": 7}
    assert one("detection", {"predictions": [record]}, preset="MLflow dataframe_split").width == 6


def test_servers_of_the_presets_are_recognised_by_their_own_words() -> None:
    def recognised(url: str, *bodies: bytes | None) -> Any:
        found = SPEAKS.recognise(url, [None if body is None else WireReply(body) for body in bodies])
        return found and (found.options["extra"]["preset"].partition(" ")[0], found.url)

    assert recognised("http://a:8080/predictions/x", b'{\n  "status": "Healthy"\n}', None) == ("TorchServe", "http://a:8080/predictions/x")
    assert recognised("http://a:5000/", b"\n", b"2.9.2") == ("MLflow", "http://a:5000/invocations")
    assert recognised("http://a:5000/", b"", b"<html>1.0") is None
    assert recognised("http://a:5000/", None, None) is None
    assert recognised("https://europe-west4-aiplatform.googleapis.com/v1/x:predict", None, None)[0] == "Vertex"
    assert recognised("https://runtime.sagemaker.eu-west-1.amazonaws.com/endpoints/e/invocations", None, None)[0] == "SageMaker"
    assert [request.url for request in SPEAKS.inquiries("http://a:8080/x")] == ["http://a:8080/ping", "http://a:8080/version"]


def test_a_thousand_answers_are_read_in_less_than_a_second() -> None:
    entry = {"label": "land", "score": 0.9, "box": [2, 3, 8, 7]}
    model: ModelCard = replace(card("detection", extra={"preset": "JSON"}))
    reply, image = WireReply(orjson.dumps({"predictions": [entry] * 10})), picture()
    begun = time.process_time()
    for _ in range(1000):
        SPEAKS.parse(reply, image, model)
    assert time.process_time() - begun < 1.5


def test_a_number_that_four_bytes_cannot_hold_is_refused_at_its_place() -> None:
    seed = next(
        each for each in SEEDS if each.extra.get("mapping", {}).get("answer", {}).get("raster", {}).get("cells") == "class_probability"
    )
    answer = orjson.loads(orjson.dumps(seed.answer))
    answer["map"][1][2][1] = 1e39
    with pytest.raises(PredictionRejected) as caught:
        seed.read(orjson.dumps(answer))
    assert caught.value.where == "map[1][2][1]"
