"""Images to tensors and back: what goes in lies where it should, and what comes out lies on the image's own pixels."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.ops import batched_nms

from campaigns.geometry.masks import decode_mask, encode_mask
from inference.decode.classes import Classes, Notes
from inference.rasters import read_map
from inference.schema import Mask, PredictionRejected, Raster
from inference.tensors import pixels
from inference.tensors.answer import Outputs
from inference.tensors.images import make_tensor
from inference.tensors.nms import suppressed
from inference.tensors.placement import Placement
from inference.tensors.presets import guess_preset, guess_task, suggest
from inference.tensors.settings import PRESETS, TensorInfo, TensorSettings
from inference.tensors.wire import Tensor, decode_reply, encode_request, encode_values
from inference.wire import ModelInput
from models_registry.options import ModelOptions, OptionsRejected
from tests.inference.wire import card

SIDES = st.integers(1, 700)
FITS = st.sampled_from(["stretch", "letterbox", "letterbox_corner"])


def placed(across: int, down: int, image: tuple[int, int] | None = None, **settings: Any) -> Placement:
    return Placement.of(TensorSettings(**settings), sent=(across, down), image=image or (across, down), task="detection")


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * width).integers(0, 256, (height, width, 3), np.uint8)


# Placement


@given(SIDES, SIDES, st.integers(0, 640), st.integers(0, 640), FITS, st.data())
def test_boxes_come_back_from_the_input_to_where_they_were(
    width: int, height: int, wide: int, high: int, fit: str, data: st.DataObject
) -> None:
    sent = (max(1, width // 2), max(1, height // 2))
    place = placed(*sent, image=(width, height), width=wide, height=high, fit=fit)
    points = np.array([data.draw(st.tuples(st.floats(0, width), st.floats(0, height))) for _ in range(4)])
    there = place.to_input(points)
    assert place.to_image(there) == pytest.approx(points, abs=1e-6)
    assert (there >= -1e-6).all()
    assert (there <= np.array([place.width, place.height]) + 1e-6).all()
    assert place.left + place.across <= place.width
    assert place.top + place.down <= place.height


@given(SIDES, SIDES, st.integers(16, 640), st.integers(16, 640))
def test_a_letterbox_keeps_the_proportions_within_a_pixel_and_fills_one_side(width: int, height: int, wide: int, high: int) -> None:
    place = placed(width, height, width=wide, height=high, fit="letterbox")
    assert place.across == wide or place.down == high
    ratio = min(wide / width, high / height)
    assert abs(place.across - width * ratio) <= 1
    assert abs(place.down - height * ratio) <= 1


@given(SIDES, SIDES, FITS)
def test_an_open_size_becomes_a_multiple_of_the_stride(width: int, height: int, fit: str) -> None:
    place = placed(width, height, fit=fit, stride=32)
    assert place.width % 32 == 0
    assert place.height % 32 == 0
    if fit != "stretch":
        assert (place.across, place.down) == (width, height)


def test_known_numbers_of_a_letterbox() -> None:
    # 810 x 1080 into 640: as Ultralytics' LetterBox does it, 480 x 640 with 80 at either side
    place = placed(810, 1080, width=640, height=640, fit="letterbox")
    assert (place.left, place.top, place.across, place.down) == (80, 0, 480, 640)
    assert place.to_image(np.array([[80.0, 0.0], [560.0, 640.0]])).tolist() == [[0.0, 0.0], [810.0, 1080.0]]


# The input tensor


def test_pixels_are_normalised_and_laid_out_as_the_settings_say() -> None:
    image = np.zeros((2, 4, 3), np.uint8)
    image[0, 1] = (255, 128, 0)
    settings = TensorSettings(width=4, height=2, mean=(0.5, 0.25, 0.0), std=(0.5, 0.5, 2.0))
    tensor = make_tensor(image, settings, placed(4, 2, width=4, height=2, fit="stretch"))
    assert tensor.shape == (1, 3, 2, 4)
    assert tensor.dtype == np.float32
    assert tensor[0, :, 0, 1] == pytest.approx([1.0, (128 / 255 - 0.25) / 0.5, 0.0], abs=1e-6)
    whole = TensorSettings(width=4, height=2, datatype="UINT8", layout="NHWC", colour="bgr")
    assert make_tensor(image, whole, placed(4, 2, width=4, height=2, fit="stretch"))[0, 0, 1].tolist() == [0, 128, 255]
    grey = TensorSettings(width=4, height=2, datatype="UINT8", layout="CHW", colour="grey")
    assert make_tensor(image, grey, placed(4, 2, width=4, height=2, fit="stretch"))[0, 0].tolist() == [0, 151, 0, 0]


def test_a_letterbox_is_filled_with_its_pad_value_and_holds_the_image_unchanged() -> None:
    image = picture(30, 60)
    tensor = make_tensor(image, TensorSettings(datatype="UINT8", layout="HWC"), placed(60, 30, width=60, height=60, fit="letterbox"))
    assert (tensor[:15] == 114).all()
    assert (tensor[45:] == 114).all()
    assert np.array_equal(tensor[15:45], image)


@pytest.mark.parametrize("resample", ["linear", "antialias"])
def test_a_resized_gradient_stays_a_gradient(resample: str) -> None:
    image = np.repeat(np.linspace(0, 255, 256).astype(np.uint8)[None, :, None], 3, axis=2).repeat(256, axis=0)
    settings = TensorSettings(datatype="UINT8", layout="HWC", resample=resample)
    tensor = make_tensor(image, settings, placed(256, 256, width=64, height=64, fit="stretch")).astype(int)
    assert np.abs(tensor[:, :, 0] - np.linspace(1.5, 253.5, 64)).max() <= 1.5


def test_bands_as_stored_are_not_divided_and_half_precision_refuses_what_it_cannot_hold() -> None:
    bands = np.full((8, 8, 5), 60_000, np.uint16)
    square = placed(8, 8, width=8, height=8)
    assert make_tensor(bands, TensorSettings(), square)[0, 4, 7, 7] == 60_000
    assert make_tensor(bands, TensorSettings(datatype="FP16", scale=1 / 10_000), square).dtype == np.float16
    with pytest.raises(PredictionRejected, match="FP16 cannot hold"):
        make_tensor(bands, TensorSettings(datatype="FP16", scale=2.0), square)
    with pytest.raises(PredictionRejected, match="mean has 3 numbers, the image 5 channels"):
        make_tensor(bands, TensorSettings(mean=(0.1, 0.2, 0.3)), square)
    with pytest.raises(PredictionRejected, match="in 5 bands"):
        make_tensor(bands, TensorSettings(colour="bgr"), square)


# Settings


def test_settings_read_fractions_and_lists_and_name_what_they_cannot_use() -> None:
    read = TensorSettings.from_options(
        ModelOptions(extra={"scale": "1/255", "mean": "0.485, 0.456,0.406", "std": [1, 2, 3], "outputs": "a, b", "space": "", "other": 1})
    )
    assert (read.scale, read.mean, read.std, read.outputs) == (1 / 255, (0.485, 0.456, 0.406), (1.0, 2.0, 3.0), ("a", "b"))
    for extra, field in [
        ({"scale": "1/0"}, "scale"), ({"scale": float("inf")}, "scale"), ({"mean": "a"}, "mean"), ({"std": "0"}, "std"),
        ({"width": 9000}, "width"), ({"width": 1.5}, "width"), ({"preset": "magic"}, "preset"), ({"iou_threshold": 2}, "iou_threshold"),
        ({"max_objects": True}, "max_objects"), ({"input": 3}, "input"), ({"mean": {}}, "mean"), ({"layout": []}, "layout"),
    ]:  # fmt: skip
        with pytest.raises(OptionsRejected) as refused:
            TensorSettings.from_options(ModelOptions(extra=extra))
        assert refused.value.field == f"extra.{field}"


# Non-maximum suppression


@given(st.integers(0, 10_000), st.integers(0, 60), st.integers(1, 4), st.floats(0.05, 0.95))
def test_suppression_keeps_what_torchvision_keeps(seed: int, count: int, kinds: int, iou: float) -> None:
    dice = np.random.default_rng(seed)
    corner = dice.uniform(0, 60, (count, 2))
    boxes = np.hstack([corner, corner + dice.uniform(0, 40, (count, 2))])
    scores = dice.permutation(count).astype(np.float64) / max(1, count)
    classes = dice.integers(0, kinds, count)
    kept = suppressed(boxes, scores, classes, iou=iou, most=1000)
    expected = batched_nms(torch.tensor(boxes), torch.tensor(scores), torch.tensor(classes), iou)
    assert kept.tolist() == expected.tolist()


def test_suppression_stops_at_the_most_and_bears_empty_boxes() -> None:
    boxes = np.array([[0, 0, 0, 0], [0, 0, 0, 0], [5, 5, 9, 9]], float)
    kept = suppressed(boxes, np.array([0.5, 0.6, 0.7]), np.zeros(3, int), iou=0.5, most=2)
    assert kept.tolist() == [2, 1]


# Class maps and masks


def outputs_for(width: int, height: int, settings: TensorSettings, *tensors: Tensor, task: str = "segmentation") -> Outputs:
    place = Placement.of(settings, sent=(width, height), image=(width, height), task=task)
    image = ModelInput(b"", "image/png", width, height)
    return Outputs(tensors, settings, place, image, Classes(card(task, "water", "land"), Notes()))


@given(st.integers(4, 60), st.integers(4, 60), st.integers(1, 4), FITS, st.integers(0, 1000))
def test_a_class_map_at_a_multiple_of_the_image_s_size_comes_back_exactly(width: int, height: int, times: int, fit: str, seed: int) -> None:
    truth = np.random.default_rng(seed).integers(0, 2, (height, width))
    side = max(width, height) * times
    settings = (
        TensorSettings(width=side, height=side, fit=fit)
        if fit != "stretch"
        else TensorSettings(width=width * times, height=height * times, fit=fit)
    )
    outputs = outputs_for(width, height, settings)
    place = outputs.placement
    grid = np.full((place.height, place.width), 1 - truth[0, 0])
    grid[place.top : place.top + place.down, place.left : place.left + place.across] = truth.repeat(times, 0).repeat(times, 1)
    (raster,) = pixels.read_argmax(outputs_for(width, height, settings, Tensor("map", grid[None])))
    assert isinstance(raster, Raster)
    assert np.array_equal(read_map(raster.class_map), truth)


@given(st.integers(20, 90), st.integers(20, 90), FITS, st.sampled_from([32, 64, 160]))
def test_an_edge_between_two_classes_comes_back_within_a_cell(width: int, height: int, fit: str, side: int) -> None:
    settings = TensorSettings(width=side, height=side, fit=fit)
    place = outputs_for(width, height, settings).placement
    at = place.to_image(np.stack([np.arange(side) + 0.5, np.full(side, side / 2)], axis=1))[:, 0]
    logits = np.zeros((1, 2, side, side), np.float32)
    logits[0, 1] = np.clip((at - width / 2) / max(width / place.across, 1), -1, 1)[None, :] * 8
    (raster,) = pixels.read_logits_per_pixel(outputs_for(width, height, settings, Tensor("logits", logits)))
    shown = read_map(raster.class_map)
    assert shown.shape == (height, width)
    edges = (shown == 1).argmax(axis=1)
    assert np.abs(edges - width / 2).max() <= max(1.0, width / place.across)
    assert raster.entropy_map is not None


def test_what_lies_around_a_letterboxed_image_does_not_show() -> None:
    settings = TensorSettings(width=64, height=64, fit="letterbox")
    shares = np.zeros((1, 2, 16, 16), np.float32)
    shares[0, 1] = 1.0
    shares[0, :, 4:12] = np.array([1.0, 0.0])[:, None, None]  # the image, 64 x 32, lies in rows 4 to 12 of a grid of a quarter
    (raster,) = pixels.read_probabilities_per_pixel(outputs_for(64, 32, settings, Tensor("shares", shares)))
    assert not read_map(raster.class_map).any()
    assert raster.confidence == 1.0


def test_a_large_image_gets_its_classes_by_the_nearest_pixel_and_keeps_its_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = TensorSettings(width=32, height=32, fit="letterbox")
    shares = np.full((1, 2, 32, 32), 0.5, np.float32)
    shares[0, :, 8:24, :16] = np.array([0.9, 0.1])[:, None, None]
    shares[0, :, 8:24, 16:] = np.array([0.2, 0.8])[:, None, None]
    smooth = pixels.read_probabilities_per_pixel(outputs_for(320, 160, settings, Tensor("shares", shares)))[0]
    monkeypatch.setattr(pixels, "MAX_SMOOTH_VALUES", 10)
    (raster,) = pixels.read_probabilities_per_pixel(outputs_for(320, 160, settings, Tensor("shares", shares)))
    assert isinstance(raster, Raster)
    assert isinstance(smooth, Raster)
    shown = read_map(raster.class_map)
    assert shown.shape == (160, 320)
    assert (shown != read_map(smooth.class_map)).mean() < 0.02
    assert raster.confidence == pytest.approx(0.85, abs=0.01)
    assert raster.confidence_map is not None
    assert read_map(raster.confidence_map).shape == (16, 32)


def test_a_mask_of_prototypes_lies_in_its_box_on_the_image_s_pixels() -> None:
    settings = TensorSettings(width=64, height=64, fit="letterbox", score_threshold=0.5)
    prototypes = np.full((1, 2, 16, 16), -1.0, np.float32)
    prototypes[0, 0, 4:12, 4:12] = 1.0  # of the input 16 to 48; of the image, 128 x 64 at a half, 32 to 96 and 0 to 64
    head = np.zeros((1, 4 + 2 + 2, 6), np.float32)
    head[0, :, 3] = [32, 32, 20, 20, 0.1, 0.9, 2.0, 0.0]
    outputs = outputs_for(128, 64, settings, Tensor("head", head), Tensor("prototypes", prototypes))
    (mask,) = pixels.read_yolo_seg_raw(outputs)
    assert isinstance(mask, Mask)
    assert (mask.index, mask.confidence) == (1, pytest.approx(0.9))
    found = decode_mask(mask.counts, mask.size)
    wanted = np.zeros((64, 128), bool)
    wanted[12:52, 44:84] = True  # the box in the image: all of it lies in the prototype
    assert np.array_equal(found, wanted)
    assert encode_mask(found) == mask.counts
    (box,) = pixels.read_yolo_seg_raw(outputs_for(128, 64, settings, Tensor("h", head), Tensor("p", prototypes), task="detection"))
    assert (box.x, box.y, box.width, box.height) == pytest.approx((44, 12, 40, 40))


# On the wire


@given(
    st.sampled_from(["FP32", "FP16", "FP64", "UINT8", "INT8", "UINT16", "INT64", "BOOL", "BYTES"]),
    st.lists(st.integers(0, 4), min_size=1, max_size=4),
    st.integers(0, 1000),
    st.booleans(),
)
def test_a_tensor_survives_the_way_as_bytes_and_as_a_list(datatype: str, shape: list[int], seed: int, binary: bool) -> None:
    if datatype == "FP16" and not binary:
        datatype = "FP32"
    dice = np.random.default_rng(seed)
    count = int(np.prod(shape))
    if datatype == "BYTES":
        values = np.empty(count, object)
        values[:] = [("é" * int(dice.integers(0, 5))).encode() if not binary else bytes(dice.bytes(5)) for _ in range(count)]
        values = values.reshape(shape)
    else:
        kinds = {"FP": np.float64, "UI": np.uint8, "IN": np.int8, "BO": np.bool_}
        raw = dice.integers(0, 2, shape) if datatype == "BOOL" else dice.integers(-99, 99, shape)
        values = raw.astype(kinds[datatype[:2]]).astype({"BOOL": "?", "UINT8": "u1", "INT8": "i1", "UINT16": "u2", "INT64": "i8",
                                                         "FP16": "f2", "FP32": "f4", "FP64": "f8"}[datatype])  # fmt: skip
    if datatype == "BYTES" and not binary:
        values = np.vectorize(lambda each: each.decode("utf-8").encode("latin-1"), otypes=[object])(values) if count else values
    sent = encode_request([("t", datatype, values)], [], binary=binary)
    length = sent.headers.get("Inference-Header-Content-Length", "")
    body = sent.body.replace(b'"inputs"', b'"outputs"')
    (tensor,), _ = decode_reply(body, str(int(length) + 1) if length else "")
    assert tensor.values.shape == tuple(shape)
    if datatype == "BYTES" and not binary:
        assert [each.decode().encode("latin-1") for each in tensor.values.ravel()] == values.ravel().tolist()
    else:
        assert tensor.values.dtype == values.dtype
        assert np.array_equal(tensor.values, values)


def test_the_bytes_of_a_tensor_are_little_endian_and_texts_have_their_length_in_front() -> None:
    assert encode_values(np.array([1.0, -2.0], ">f4")) == bytes.fromhex("0000803f000000c0")
    texts = np.empty(2, object)
    texts[:] = [b"ab", b""]
    assert encode_values(texts) == b"\x02\0\0\0ab\0\0\0\0"


# Guesses


def info(name: str, *shape: int, datatype: str = "FP32") -> TensorInfo:
    return TensorInfo(name, datatype, shape)


@pytest.mark.parametrize(
    ("outputs", "task", "preset"),
    [
        ([info("output0", 1, 84, 8400)], "detection", "yolo_raw"),
        ([info("output0", 1, 300, 6)], "detection", "yolo_end2end"),
        ([info("output0", 1, 116, 8400), info("output1", 1, 32, 160, 160)], "segmentation", "yolo_seg_raw"),
        ([info("num_dets", -1, 1), info("det_boxes", -1, 100, 4), info("det_scores", -1, 100), info("det_classes", -1, 100)],
         "detection", "efficient_nms"),
        ([info("boxes", -1, 4), info("labels", -1, datatype="INT64"), info("scores", -1)], "detection", "efficient_nms"),
        ([info("mask", -1, 512, 512, datatype="INT64")], "segmentation", "semseg_argmax"),
        ([info("logits", -1, 3, 512, 512)], "segmentation", "semseg_logits"),
        ([info("probabilities", -1, 1000)], "classification", "classification_logits"),
        ([info("json", -1, datatype="BYTES")], "detection", "json_bytes"),
    ],
)  # fmt: skip
def test_outputs_are_guessed_by_their_names_and_shapes(outputs: list[TensorInfo], task: str, preset: str) -> None:
    assert guess_preset(outputs, task) == preset
    assert preset in PRESETS
    if preset not in ("json_bytes", "yolo_end2end"):
        assert guess_task(outputs) == task


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ((-1, 3, 640, 480), {"layout": "NCHW", "width": 480, "height": 640}),
        ((1, 224, 225, 3), {"layout": "NHWC", "width": 225, "height": 224}),
        ((4, 256, 256), {"layout": "CHW", "width": 256, "height": 256}),
        ((-1, -1, 3), {"layout": "HWC", "width": 0, "height": 0}),
    ],
)
def test_the_layout_and_the_size_are_told_by_the_short_axis(shape: tuple[int, ...], told: dict[str, Any]) -> None:
    assert suggest([TensorInfo("x", "FP32", shape)], []) == {"input": "x", "datatype": "FP32", **told}


def test_an_input_of_bytes_takes_the_image_s_file() -> None:
    assert suggest([TensorInfo("x", "BYTES", (-1, 1))], [])["layout"] == "encoded_batch"
    assert suggest([TensorInfo("x", "UINT8", (-1,))], [])["layout"] == "encoded"
