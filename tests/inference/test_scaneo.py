"""SCANEO's contract, in every spelling that its servers use."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.protocols import PROTOCOLS
from inference.rasters import NO_CLASS, read_map
from inference.schema import Box, Classification, Mask, PredictionRejected, Raster
from tests.inference.wire import HEIGHT, WIDTH, ask, b64, card, picture, png, tiff

LOG_3 = math.log(3)
HALVES = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
HALVES[:5] = 1


def only(prediction: Any) -> Any:
    assert len(prediction.items) == 1
    return prediction.items[0]


def test_the_request_is_what_scaneo_sends_and_nothing_else() -> None:
    request = PROTOCOLS["scaneo"].build_request(picture(), card("classification"))
    boundary = request.headers["Content-Type"].partition("boundary=")[2].encode()
    assert request.body == (
        b"--" + boundary + b'\r\nContent-Disposition: form-data; name="image"; filename="image.tif"\r\n'
        b"Content-Type: image/tiff\r\n\r\nbytes\r\n--" + boundary + b"--\r\n"
    )
    assert PROTOCOLS["scaneo"].image_form == "geotiff"


@pytest.mark.parametrize(
    "answer",
    [
        [0.25, 0.75],
        [[0.25, 0.75]],
        {"probabilities": [0.25, 0.75]},
        {"scores": [0.25, 0.75]},
        {"probabilities": [[0.25, 0.75]]},
        [{"label": "land", "score": 0.75}, {"label": "ocean", "score": 0.25}],
        [{"label": 1, "score": 0.75}, {"label": 0, "score": 0.25}],
        {"Ocean": 0.25, "land ": 0.75},
        [{"label": "land", "score": 75.0}, {"label": "ocean", "score": 25.0}],
    ],
)
def test_five_spellings_of_probabilities_mean_the_same(answer: Any) -> None:
    found: Classification = only(ask("scaneo", card("classification"), answer))
    assert {score.index: score.confidence for score in found.scores} == pytest.approx({0: 0.25, 1: 0.75})
    assert found.complete
    assert found.mode == "single"


@pytest.mark.parametrize("answer", [[0.0, LOG_3], {"logits": [0.0, LOG_3]}, [5.0, 5.0 + LOG_3]])
def test_logits_become_probabilities(answer: Any) -> None:
    found: Classification = only(ask("scaneo", card("classification"), answer))
    assert [score.confidence for score in found.scores] == pytest.approx([0.25, 0.75])


def test_logits_that_nobody_declared_are_told() -> None:
    assert "logits" in ask("scaneo", card("classification"), [-1.0, 3.0]).warnings[0]
    assert not ask("scaneo", card("classification", activation="softmax"), [-1.0, 3.0]).warnings


def test_a_multi_label_model_keeps_each_class_for_itself() -> None:
    found: Classification = only(ask("scaneo", card("classification", multi_label=True), [0.9, 0.8]))
    assert found.mode == "multi"
    assert [score.confidence for score in found.scores] == [0.9, 0.8]


def test_the_best_few_classes_are_an_incomplete_answer() -> None:
    found: Classification = only(ask("scaneo", card("classification", "a", "b", "c"), [{"label": "b", "score": 0.6}]))
    assert not found.complete
    assert found.scores[0].index == 1


def test_a_class_that_the_model_does_not_publish_is_told() -> None:
    prediction = ask("scaneo", card("classification"), {"land": 0.5, "bus": 0.5})
    assert [score.index for score in prediction.items[0].scores] == [1, None]  # type: ignore[union-attr]
    assert "bus" in prediction.warnings[0]


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=8))
def test_the_best_class_stays_the_best(values: list[float]) -> None:
    found: Classification = only(ask("scaneo", card("classification", *map(str, range(len(values)))), values))
    confidences = [score.confidence for score in found.scores]
    assert values[int(np.argmax(confidences))] == max(values)
    assert sum(confidences) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    "box",
    [
        {"bbox": [2, 3, 8, 7], "scores": [0.2, 0.8]},
        [2, 3, 8, 7, [0.2, 0.8]],
        [[2, 3, 8, 7], [0.2, 0.8]],
        {"bbox": [2, 3, 8, 7], "label": "land", "score": 0.8},
        {"bbox": [2, 3, 8, 7], "label": 1, "score": 0.8},
        {"label": "land", "score": 80.0, "x0": 2, "y0": 3, "x1": 8, "y1": 7},
        {"bbox": [0.1, 0.3, 0.4, 0.7], "label": "land", "score": 0.8},
    ],
)
def test_all_spellings_of_a_box_mean_the_same(box: Any) -> None:
    for answer in ([box], {"predictions": [box]}, {"detections": [box]}):
        found: Box = only(ask("scaneo", card("detection"), answer))
        assert (found.index, found.name, found.confidence) == (1, "land", pytest.approx(0.8))
        assert (found.x, found.y, found.width, found.height) == pytest.approx((2, 3, 6, 4))


def test_a_box_with_a_score_per_class_keeps_them_all() -> None:
    found: Box = only(ask("scaneo", card("detection"), [[2, 3, 8, 7, [0.2, 0.8]]]))
    assert [score.confidence for score in found.scores] == [0.2, 0.8]


def test_what_a_box_s_scores_leave_of_1_is_that_nothing_is_there() -> None:
    prediction = ask("scaneo", card("detection"), [[2, 3, 8, 7, [0.02, 0.06]]])
    assert only(prediction).confidence == 0.06
    assert not prediction.warnings


def test_nothing_found_is_an_answer() -> None:
    assert ask("scaneo", card("detection"), []).items == ()


def test_boxes_are_cut_to_the_image_and_those_outside_are_counted() -> None:
    answer = [[-5, -5, 50, 50, [0.1, 0.9]], [30, 30, 40, 40, [0.1, 0.9]], [3, 3, 3, 8, [0.1, 0.9]]]
    prediction = ask("scaneo", card("detection"), answer)
    assert (prediction.items[0].width, prediction.items[0].height) == (WIDTH, HEIGHT)  # type: ignore[union-attr]
    assert {each.reason: each.count for each in prediction.dropped} == {"outside the image": 1, "no area": 1}


@pytest.mark.parametrize(
    ("task", "answer", "where"),
    [
        ("detection", [{"bbox": [2, 3, "abc", 7], "scores": [0.2, 0.8]}], "[0].bbox[2]"),
        ("detection", [{"bbox": [2, 3, 8], "scores": [0.2, 0.8]}], "[0].bbox"),
        ("detection", [[1, 1, 2, 2, [0.5, 0.5]], [9, 3, 2, 7, [0.2, 0.8]]], "[1]"),
        ("detection", [{"bbox": [2, 3, 8, 7]}], "[0]"),
        ("detection", {"bbox": [2, 3, 8, 7]}, ""),
        ("detection", [{"bbox": [2, 3, 8, 7], "label": "land", "score": 170}], "[0].score"),
        ("classification", [0.5, "x"], "[1]"),
        ("classification", [0.5, None], "[1]"),
        ("classification", {"probabilities": [0.5, True]}, "probabilities[1]"),
        ("classification", [], ""),
        ("classification", 0.5, ""),
        ("classification", [0.0, 0.0], ""),
        ("classification", b"[NaN, 0.5]", ""),
        ("classification", b"", ""),
        ("classification", b"<html>", ""),
        ("classification", b"[" * 5000, ""),
        ("classification", b'{"probabilities":' * 600 + b"1" + b"}" * 600, "probabilities.probabilities"),
        ("segmentation", {"mask": "no base64!"}, "mask"),
        ("segmentation", {"size": [10, 20], "counts": [0, 199]}, "counts"),
        ("segmentation", {"size": [10, 20], "counts": [0, -1]}, "counts[1]"),
        ("segmentation", {"nothing": 1}, ""),
        ("segmentation", [[0, 1], [1]], ""),
        ("segmentation", b"\x00\x01\x02", ""),
        ("segmentation", b"II*\x00 not a tiff", ""),
        ("segmentation", b"\x89PNG\r\n\x1a\n not a png", ""),
    ],
)
def test_a_wrong_answer_is_rejected_at_its_place(task: str, answer: Any, where: str) -> None:
    with pytest.raises(PredictionRejected) as caught:
        ask("scaneo", card(task), answer)
    assert caught.value.where == where
    assert caught.value.why


@pytest.mark.parametrize(
    "answer",
    [
        png(HALVES), tiff(HALVES[None]), tiff(HALVES[None].astype(np.float32)), tiff(HALVES[None].astype(np.int32)),
        {"mask": b64(png(HALVES))}, [{"image": b64(png(HALVES))}], b64(png(HALVES)), "data:image/png;base64," + b64(png(HALVES)),
        {"predictions": {"segmentation_mask": b64(png(HALVES))}}, HALVES.tolist(), {"mask": HALVES.tolist()}, png(HALVES.astype(bool)),
        png(np.stack([HALVES] * 3, axis=-1)),
    ],
)  # fmt: skip
def test_a_class_raster_comes_in_many_coats(answer: Any) -> None:
    found: Raster = only(ask("scaneo", card("segmentation"), answer))
    assert (read_map(found.class_map) == HALVES).all()
    assert found.classes == ((0, "ocean"), (1, "land"))


def test_class_0_is_where_it_is_0_and_nowhere_else() -> None:
    values = np.ones((HEIGHT, WIDTH), dtype=np.uint8)
    values[2:4, 3:6] = 0
    found: Raster = only(ask("scaneo", card("segmentation"), png(values)))
    assert int((read_map(found.class_map) == 0).sum()) == 6


def test_bands_of_probabilities_keep_their_doubt() -> None:
    bands = np.zeros((2, HEIGHT, WIDTH), dtype=np.float32)
    bands[:, :5] = np.array([0.9, 0.1])[:, None, None]
    bands[:, 5:] = 0.5
    found: Raster = only(ask("scaneo", card("segmentation"), tiff(bands)))
    assert found.entropy_map is not None
    entropy = read_map(found.entropy_map)
    assert (entropy[5:] == 255).all()
    assert (entropy[:5] < 130).all()


def test_bands_of_logits_go_through_softmax() -> None:
    bands = np.zeros((2, HEIGHT, WIDTH), dtype=np.float32)
    bands[1] = np.log(3)
    bands[0, :, 0] = -4
    prediction = ask("scaneo", card("segmentation"), tiff(bands))
    assert "logits" in prediction.warnings[0]
    assert prediction.items[0].confidence == pytest.approx(0.76, abs=0.02)  # type: ignore[union-attr]


def test_one_band_of_fractions_is_the_probability_of_class_1() -> None:
    share = np.full((1, HEIGHT, WIDTH), 0.2, dtype=np.float32)
    share[0, :5] = 0.9
    found: Raster = only(ask("scaneo", card("segmentation"), tiff(share)))
    assert (read_map(found.class_map) == HALVES).all()
    assert found.confidence == pytest.approx(0.85)


def test_a_model_with_one_class_speaks_against_a_background() -> None:
    share = np.full((1, HEIGHT, WIDTH), 0.9, dtype=np.float32)
    found: Raster = only(ask("scaneo", card("segmentation", "water"), tiff(share)))
    assert (0, "water") in found.classes
    assert (read_map(found.class_map) == 0).all()


def test_run_lengths_become_a_mask() -> None:
    found: Mask = only(
        ask("scaneo", card("segmentation"), {"size": [HEIGHT, WIDTH], "counts": [0, HEIGHT * WIDTH], "label": "ocean", "score": 0.5})
    )
    assert (found.index, found.confidence) == (0, 0.5)


def test_an_answer_of_another_size_is_resized_and_told() -> None:
    prediction = ask("scaneo", card("segmentation"), png(HALVES[:, ::2]))
    assert "resized" in prediction.warnings[0]
    assert (read_map(prediction.items[0].class_map) == HALVES).all()  # type: ignore[union-attr]


def test_an_answer_with_a_georeference_of_its_own_is_put_where_it_belongs() -> None:
    from rasterio import Affine

    image = picture(crs="EPSG:32631", transform=(10.0, 0.0, 430000.0, 0.0, -10.0, 4580000.0))
    part = np.ones((1, 5, 10), dtype=np.uint8)
    shifted = tiff(part, crs="EPSG:32631", transform=Affine(10, 0, 430050, 0, -10, 4580000 - 30))
    prediction = ask("scaneo", card("segmentation"), shifted, image)
    class_map = read_map(prediction.items[0].class_map)  # type: ignore[union-attr]
    assert (class_map[3:8, 5:15] == 1).all()
    assert (class_map == 1).sum() == 50
    assert (class_map == NO_CLASS).sum() == HEIGHT * WIDTH - 50


def test_nan_is_refused_and_named() -> None:
    share = np.full((1, HEIGHT, WIDTH), 0.5, dtype=np.float32)
    share[0, 3, 4] = np.nan
    with pytest.raises(PredictionRejected, match="column 4, row 3"):
        ask("scaneo", card("segmentation"), tiff(share))


def test_declared_nodata_says_nothing() -> None:
    values = HALVES[None].copy()
    values[0, 9] = 255
    found: Raster = only(ask("scaneo", card("segmentation"), tiff(values, nodata=255)))
    assert (read_map(found.class_map)[9] == NO_CLASS).all()


def test_a_photograph_is_no_class_raster() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    with pytest.raises(PredictionRejected, match="colour"):
        ask("scaneo", card("segmentation"), png(noise))
    many = np.random.default_rng(1).permutation(60_000)[: HEIGHT * WIDTH * 9].reshape(1, HEIGHT * 3, WIDTH * 3).astype(np.uint16)
    with pytest.raises(PredictionRejected, match="is this an image"):
        ask("scaneo", card("segmentation"), tiff(many), picture(width=WIDTH * 3, height=HEIGHT * 3))


def test_a_vrt_dressed_as_tiff_opens_nothing() -> None:
    vrt = b'<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1"/></VRTDataset>'
    for body in (vrt, b"II*\x00" + vrt, {"mask": b64(vrt)}):
        with pytest.raises(PredictionRejected):
            ask("scaneo", card("segmentation"), body)


def test_a_raster_bomb_is_refused_before_it_is_read() -> None:
    huge = tiff(np.zeros((1, 16, 16), np.uint8))
    # The width and height in the TIFF's directory, written anew: a picture of 100,000 x 100,000 in 400 bytes.
    import struct

    for tag in (256, 257):
        at = huge.index(struct.pack("<HHI", tag, 3, 1))
        huge = huge[:at] + struct.pack("<HHII", tag, 4, 1, 100_000) + huge[at + 12 :]
    with pytest.raises(PredictionRejected, match="MiB that are read"):
        ask("scaneo", card("segmentation"), huge)


@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_or_rejected(body: bytes) -> None:
    for task in ("classification", "detection", "segmentation"):
        try:
            ask("scaneo", card(task), body)
        except PredictionRejected:
            continue


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 300) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["label", "score", "bbox", "scores", "mask", "predictions", "counts", "size", "rle", "class", "index", "x0"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_json_is_parsed_or_rejected(value: Any) -> None:
    for task in ("classification", "detection", "segmentation"):
        try:
            ask("scaneo", card(task), value)
        except PredictionRejected:
            continue


def test_nan_that_is_declared_as_nodata_says_nothing() -> None:
    values = HALVES[None].astype(np.float32)
    values[0, 9] = np.nan
    found: Raster = only(ask("scaneo", card("segmentation"), tiff(values, nodata=np.nan)))
    assert (read_map(found.class_map)[9] == NO_CLASS).all()
    assert (read_map(found.class_map)[:9] == HALVES[:9]).all()
