"""What the steps around a model do: pixels before sending, numbers and things after the answer."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from campaigns.geometry.masks import encode_mask
from inference.extents import extent_of
from inference.rasters import NO_CLASS, raster_of_classes, read_map
from inference.schema import Box, Classification, ClassScore, Mask, Polygon, Prediction, Raster
from inference.steps import PixelStepFailed, recording, run_pixel_steps, run_thing_steps, settled
from inference.steps.pixels import PIXEL_STEPS
from inference.steps.things import THING_STEPS
from inference.wire import ModelCard
from models_registry.options import ModelOptions
from models_registry.steps import KINDS, Step, read_steps
from tests.inference.wire import HEIGHT, WIDTH, ask, card, png, tiff

DECODED = {"divide", "sigmoid", "softmax"}


def pre(name: str, **params: Any) -> tuple[Step, ...]:
    return read_steps([{"name": name, "params": params}], "pre")


def post(*steps: str | tuple[str, dict[str, Any]], **more: Any) -> ModelOptions:
    pairs = [(each, {}) if isinstance(each, str) else each for each in steps]
    return ModelOptions.from_document({"post": [{"name": name, "params": params} for name, params in pairs], **more})


def asked(task: str, *steps: Any, names: tuple[str, ...] = ("ocean", "land")) -> ModelCard:
    plain = card(task, *names)
    return ModelCard(plain.url, task, plain.classes, False, "Coast", "3", settled(post(*steps)))


def told(task: str, answer: Any, *steps: Any, names: tuple[str, ...] = ("ocean", "land")) -> Prediction:
    model = asked(task, *steps, names=names)
    return run_thing_steps(ask("scaneo", model, answer), model.options)


def test_every_declared_step_is_carried_out_somewhere() -> None:
    assert {name for name, kind in KINDS.items() if kind.phase == "pre"} == PIXEL_STEPS
    assert {name for name, kind in KINDS.items() if kind.phase == "post"} == THING_STEPS | DECODED


TWELVE_BANDS = hnp.arrays(np.uint16, (12, 3, 4), elements=st.integers(0, 65_535))


@given(TWELVE_BANDS)
def test_s2rgb_and_satrgb_are_scaneo_s_arithmetic_to_the_last_bit(pixels: np.ndarray) -> None:
    assert (run_pixel_steps(pixels, pre("s2rgb")) == (np.clip(pixels[[3, 2, 1]] / 3000, 0, 1) * 255).astype(np.uint8)).all()
    satrgb = run_pixel_steps(pixels, pre("satrgb"))
    assert satrgb.dtype == np.float64
    assert (satrgb == np.clip(pixels[[1, 2, 3]] / 3000, 0, 1)).all()


def test_bands_and_divisor_of_s2rgb_can_be_chosen() -> None:
    pixels = np.arange(1, 5, dtype=np.uint16)[:, None, None] * np.full((4, 2, 2), 100, np.uint16)
    assert run_pixel_steps(pixels, pre("s2rgb", red=1, green=2, blue=4, divisor=400))[:, 0, 0].tolist() == [63, 127, 255]


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({"how": "fit", "side": 40}, (20, 40)),
        ({"how": "exact", "width": 7, "height": 9}, (9, 7)),
        ({"how": "scale", "factor": 0.5}, (5, 10)),
    ],
)
def test_an_image_is_resized_in_its_own_type(params: dict[str, Any], size: tuple[int, int]) -> None:
    for kind in (np.uint8, np.uint16, np.float32):
        changed = run_pixel_steps(np.full((2, 10, 20), 200, kind), pre("resize", **params))
        assert (changed.shape, changed.dtype) == ((2, *size), kind)
        assert (changed == 200).all()


def test_a_stretch_measures_the_whole_image_and_not_the_window() -> None:
    whole = np.arange(10_001, dtype=np.uint16).reshape(1, 1, -1)
    window = whole[:, :, 4000:6001]
    stretched = run_pixel_steps(window, pre("stretch", low=10, high=90), whole=whole)
    assert stretched.dtype == np.uint8
    assert (stretched[0, 0, 0], stretched[0, 0, -1]) == (round(255 * 3 / 8), round(255 * 5 / 8))
    shares = run_pixel_steps(whole, pre("stretch", low=0, high=100, output="fractions"))
    assert shares[0, 0, [0, 5000, 10_000]].tolist() == [0.0, 0.5, 1.0]


def test_normalising_is_the_arithmetic_of_networks() -> None:
    pixels = np.full((3, 2, 2), 255, np.uint8)
    assert run_pixel_steps(pixels, pre("normalise"))[:, 0, 0].tolist() == pytest.approx([2.2489, 2.4286, 2.6400], abs=1e-3)


def test_a_step_that_an_image_cannot_take_is_named() -> None:
    with pytest.raises(PixelStepFailed, match=r"pre.0 \(S2RGB\): there is no band 4; what reaches this step has 3"):
        run_pixel_steps(np.zeros((3, 2, 2), np.uint8), pre("s2rgb"))


def test_steps_tell_what_they_did_to_who_listens() -> None:
    with recording() as heard:
        run_pixel_steps(np.full((4, 2, 2), 1500, np.uint16), pre("s2rgb"))
        told("classification", [0.0, math.log(3)], "softmax", "argmax")
    assert [(each.phase, each.title) for each in heard] == [("pre", "S2RGB"), ("post", "Softmax"), ("post", "Argmax")]
    assert heard[0].text == "4 bands of 2 x 2, uint16, 1500 to 1500 → 3 bands of 2 x 2, uint8, 127 to 127"
    assert heard[2].text == "land (0.75) of 2 classes"


def test_logits_that_no_step_makes_probabilities_are_told_as_softmax() -> None:
    with recording() as heard:
        told("segmentation", tiff(LOGITS), "argmax", names=THREE)
    assert [each.title for each in heard] == ["Softmax", "Argmax"]


LOGITS = np.zeros((3, HEIGHT, WIDTH), np.float32)
LOGITS[0, :, :5], LOGITS[1, :, 5:12], LOGITS[2, :, 12:] = 4, 4, 4
LOGITS[:, :, 12:] -= 6
THIRDS = np.repeat(np.array([0, 1, 2]), [5, 7, 8])[None].repeat(HEIGHT, axis=0)
THREE = ("water", "land", "ice")


@pytest.mark.parametrize("steps", [("argmax",), ("softmax",), ("softmax", "argmax"), ("sigmoid", "argmax")])
def test_logits_in_bands_work_with_every_way_to_choose_a_class(steps: tuple[str, ...]) -> None:
    found = told("segmentation", tiff(LOGITS), *steps, names=THREE)
    (item,) = found.items
    assert isinstance(item, Raster)
    assert (read_map(item.class_map) == THIRDS).all()
    assert item.entropy_map is not None


def test_sigmoid_and_a_threshold_leave_pixels_without_a_class_where_no_class_is_likely() -> None:
    (item,) = told("segmentation", tiff(LOGITS), "sigmoid", ("threshold", {"value": 0.6}), names=THREE).items
    class_map = read_map(item.class_map)  # type: ignore[union-attr]
    assert (class_map[:, :12] == THIRDS[:, :12]).all()
    assert (class_map[:, 12:] == NO_CLASS).all()


@pytest.mark.parametrize(("value", "width"), [(0.5, 12), (0.85, 5), (0.05, 20)])
def test_a_threshold_moves_the_border_of_one_probability(value: float, width: int) -> None:
    share = np.repeat(np.array([0.9, 0.7, 0.1], np.float32), [5, 7, 8])[None, None].repeat(HEIGHT, axis=1)
    (item,) = told("segmentation", tiff(share), ("threshold", {"value": value})).items
    assert (read_map(item.class_map) == 1).sum() == width * HEIGHT  # type: ignore[union-attr]


def test_logits_in_one_band_go_through_sigmoid_even_where_all_are_whole() -> None:
    logits = np.full((1, HEIGHT, WIDTH), -2, np.float32)
    logits[0, 3] = 2
    (item,) = told("segmentation", tiff(logits), "sigmoid").items
    assert (read_map(item.class_map) == 1).sum() == WIDTH  # type: ignore[union-attr]


def test_a_grey_picture_of_probabilities_is_divided_first() -> None:
    grey = np.zeros((HEIGHT, WIDTH), np.uint8)
    grey[:4] = 204
    (item,) = told("segmentation", png(grey), "divide", ("threshold", {"value": 0.7})).items
    assert isinstance(item, Raster)
    assert (read_map(item.class_map) == 1).sum() == 4 * WIDTH
    assert item.confidence == pytest.approx((0.8 * 4 + 1.0 * 6) / 10, abs=1e-3)


@pytest.mark.parametrize("step", ["sigmoid", "softmax", "threshold"])
def test_class_numbers_are_never_merged_into_one_class(step: str) -> None:
    found = told("segmentation", png(THIRDS.astype(np.uint8)), step, names=THREE)
    assert (read_map(found.items[0].class_map) == THIRDS).all()  # type: ignore[union-attr]
    assert "was not applied" in found.warnings[0]


def test_argmax_on_one_band_of_class_numbers_keeps_them() -> None:
    found = told("segmentation", png(THIRDS.astype(np.uint8)), "argmax", names=THREE)
    assert (read_map(found.items[0].class_map) == THIRDS).all()  # type: ignore[union-attr]


def test_small_patches_take_the_class_around_them_and_pixels_without_a_class_stay() -> None:
    classes = np.zeros((20, 30), np.uint16)
    classes[5:7, 5:7], classes[10:15, 10:15], classes[0, :] = 1, 1, NO_CLASS
    before = Prediction((raster_of_classes(classes, [(0, "water"), (1, "land")]),), 30, 20)
    after = run_thing_steps(before, post(("min_area", {"px": 10})))
    expected = classes.copy()
    expected[5:7, 5:7] = 0
    assert (read_map(after.items[0].class_map) == expected).all()  # type: ignore[union-attr]


def boxes(*rows: tuple[float, float, float, float, float]) -> Prediction:
    return Prediction(tuple(Box(0, "ship", score, x, y, w, h) for x, y, w, h, score in rows), 100, 100)


def scores(prediction: Prediction) -> list[float | None]:
    return [item.confidence for item in prediction.items if isinstance(item, Box)]


def test_nms_keeps_the_surest_of_what_overlaps_and_all_else() -> None:
    found = boxes((0, 0, 20, 20, 0.5), (2, 0, 20, 20, 0.9), (4, 0, 20, 20, 0.6), (50, 50, 20, 20, 0.3))
    kept = run_thing_steps(found, post("nms"))
    assert scores(kept) == [0.9, 0.3]
    assert [(each.reason, each.count) for each in kept.dropped] == [("double", 2)]
    other = Prediction((*found.items[:1], Box(1, "boat", 0.9, 0, 0, 20, 20)), 100, 100)
    assert len(run_thing_steps(other, post("nms")).items) == 2
    assert len(run_thing_steps(other, post(("nms", {"per_class": False}))).items) == 1


some_boxes = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(1, 40), st.integers(1, 40), st.sampled_from([0.2, 0.5, 0.7, 0.9])),
    max_size=12,
)


@given(some_boxes, st.sampled_from([0.0, 0.3, 0.5, 0.9]))
def test_after_nms_no_two_overlap_and_each_that_went_overlaps_one_that_is_surer(rows: Any, iou: float) -> None:
    found = boxes(*rows)
    kept = run_thing_steps(found, post(("nms", {"iou": iou}))).items
    extents = [extent_of(item) for item in kept]  # type: ignore[arg-type]
    for place, one in enumerate(extents):
        assert all(one.overlap(two) <= iou for two in extents[place + 1 :])  # type: ignore[union-attr, arg-type]
    for item in found.items:
        if item not in kept:
            assert any(extent_of(item).overlap(extent_of(k)) > iou and k.confidence >= item.confidence for k in kept)  # type: ignore[union-attr, arg-type, operator]
    assert run_thing_steps(Prediction(kept, 100, 100), post(("nms", {"iou": iou}))).items == kept


def test_nms_looks_at_the_pixels_of_masks_and_the_outlines_of_polygons() -> None:
    halves = np.zeros((100, 100), bool)
    halves[:, :50] = np.tri(100, 50, dtype=bool)
    rest = np.zeros((100, 100), bool)
    rest[:, :50] = ~np.tri(100, 50, dtype=bool)
    masks = tuple(Mask(0, "field", 0.5, (100, 100), encode_mask(each)) for each in (halves, rest))
    assert len(run_thing_steps(Prediction(masks, 100, 100), post(("nms", {"iou": 0.1}))).items) == 2
    corners = (((0.0, 0.0), (90.0, 0.0), (0.0, 90.0), (0.0, 0.0)), ((90.0, 90.0), (90.0, 1.0), (1.0, 90.0), (90.0, 90.0)))
    polygons = tuple(Polygon(0, "field", 0.5, ((ring,),)) for ring in corners)
    assert len(run_thing_steps(Prediction(polygons, 100, 100), post(("nms", {"iou": 0.1}))).items) == 2


def test_small_unsure_and_surplus_things_are_left_out_and_counted() -> None:
    found = boxes((0, 0, 2, 2, 0.9), (10, 10, 20, 20, 0.1), (40, 40, 20, 20, 0.8), (70, 70, 20, 20, 0.7))
    kept = run_thing_steps(found, post(("min_area", {"px": 10}), ("floor", {"value": 0.2}), ("top_k", {"k": 1})))
    assert scores(kept) == [0.8]
    assert [(each.reason, each.count) for each in kept.dropped] == [
        ("below the minimum area", 1), ("below the confidence floor", 1), ("not among the best", 1),
    ]  # fmt: skip


def test_the_best_classes_alone_are_an_incomplete_answer() -> None:
    whole = Classification(tuple(ClassScore(n, str(n), share) for n, share in enumerate((0.1, 0.6, 0.3))))
    (best,) = run_thing_steps(Prediction((whole,), 9, 9), post(("top_k", {"k": 2}))).items
    assert isinstance(best, Classification)
    assert [score.index for score in best.scores] == [1, 2]
    assert not best.complete
    assert run_thing_steps(Prediction((whole,), 9, 9), post(("floor", {"value": 0.9}))).items == ()


def test_outlines_get_fewer_points_and_masks_become_outlines() -> None:
    y, x = np.mgrid[:100, :100]
    disc = (x - 50) ** 2 + (y - 50) ** 2 < 1600
    mask = Mask(0, "lake", 0.9, (100, 100), encode_mask(disc))
    (simple,) = run_thing_steps(Prediction((mask,), 100, 100), post(("simplify", {"px": 1.5}))).items
    assert isinstance(simple, Polygon)
    assert len(simple.polygons[0][0]) < 40
    assert extent_of(simple).area() == pytest.approx(disc.sum(), rel=0.03)  # type: ignore[union-attr]
