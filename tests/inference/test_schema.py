"""What a prediction may be."""

import math
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.geometry.masks import encode_mask
from inference.rasters import NO_CLASS, raster_of_classes, raster_of_probabilities, read_map, write_map
from inference.schema import (
    MAX_ITEMS,
    Box,
    Classification,
    ClassScore,
    Dropped,
    Embedding,
    Item,
    Keypoint,
    Keypoints,
    Mask,
    Polygon,
    Prediction,
    PredictionRejected,
)

WIDTH, HEIGHT = 40, 30
shares = st.floats(0, 1)
confidences = st.none() | shares
names = st.text(max_size=8)
indices = st.none() | st.integers(0, 1000)
xs, ys = st.floats(0, WIDTH), st.floats(0, HEIGHT)


@st.composite
def boxes(draw: Any) -> Box:
    x0, x1 = sorted((draw(xs), draw(xs)))
    y0, y1 = sorted((draw(ys), draw(ys)))
    if x1 - x0 <= 0 or y1 - y0 <= 0:
        x0, y0, x1, y1 = 0.0, 0.0, 1.0, 1.0
    return Box(draw(indices), draw(names), draw(confidences), x0, y0, x1 - x0, y1 - y0)


@st.composite
def masks(draw: Any) -> Mask:
    pixels = np.random.default_rng(draw(st.integers(0, 2**31))).random((HEIGHT, WIDTH)) < draw(shares)
    return Mask(draw(indices), draw(names), draw(confidences), (HEIGHT, WIDTH), encode_mask(pixels))


@st.composite
def polygons(draw: Any) -> Polygon:
    x, y, size = draw(st.floats(0, 30)), draw(st.floats(0, 20)), draw(st.floats(0.5, 5))
    ring = ((x, y), (x + size, y), (x + size, y + size), (x, y))
    return Polygon(draw(indices), draw(names), draw(confidences), ((ring,),))


@st.composite
def classifications(draw: Any) -> Classification:
    count = draw(st.integers(1, 6))
    scores = tuple(ClassScore(index, draw(names), draw(shares)) for index in range(count))
    return Classification(scores, draw(st.sampled_from(["single", "multi"])), "unknown", draw(st.booleans()))


keypoints = st.builds(
    Keypoints,
    indices,
    names,
    confidences,
    st.lists(st.builds(Keypoint, names, xs, ys, st.sampled_from([0, 1, 2])), min_size=1, max_size=4).map(tuple),
)
embeddings = st.builds(Embedding, names, st.lists(st.floats(-9, 9), min_size=1, max_size=9).map(tuple))
anything = st.one_of(boxes(), masks(), polygons(), classifications(), keypoints, embeddings)


@given(st.lists(anything, max_size=5), st.lists(names, max_size=2))
def test_a_prediction_survives_the_way_through_json(items: list[Item], warnings: list[str]) -> None:
    prediction = Prediction(tuple(items), WIDTH, HEIGHT, "3", tuple(warnings), (Dropped("unmapped", "bus", 3),))
    assert Prediction.from_document(orjson.loads(orjson.dumps(prediction.as_document()))) == prediction


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_refused(number: float) -> None:
    makers = [
        lambda: ClassScore(0, "a", number),
        lambda: Box(0, "a", 0.5, number, 0, 1, 1),
        lambda: Box(0, "a", number, 0, 0, 1, 1),
        lambda: Keypoint("nose", number, 1),
        lambda: Embedding("space", (1.0, number)),
        lambda: Polygon(0, "a", 0.5, ((((0, 0), (1, 0), (number, 1), (0, 0)),),)),
    ]
    for make in makers:
        with pytest.raises(PredictionRejected, match="finite"):
            make()


@pytest.mark.parametrize("value", [-0.01, 1.01, 55])
def test_a_confidence_beyond_0_and_1_is_refused(value: float) -> None:
    with pytest.raises(PredictionRejected, match="from 0 to 1"):
        Box(0, "a", value, 0, 0, 1, 1)


def test_an_item_outside_the_image_names_its_place() -> None:
    inside = Box(0, "a", None, 0, 0, 10, 10)
    with pytest.raises(PredictionRejected) as caught:
        Prediction((inside, Box(0, "a", None, 0, 0, 41, 10)), WIDTH, HEIGHT)
    assert caught.value.where == "items[1]"


def test_a_mask_covers_exactly_the_image() -> None:
    with pytest.raises(PredictionRejected, match="cover"):
        Mask(0, "a", None, (HEIGHT, WIDTH), encode_mask(np.ones((3, 3))))
    with pytest.raises(PredictionRejected, match=r"items\[0\]\.mask\.size"):
        Prediction((Mask(0, "a", None, (3, 3), encode_mask(np.ones((3, 3)))),), WIDTH, HEIGHT)
    with pytest.raises(PredictionRejected):
        Mask(0, "a", None, (3, 3), "not counts ~~~")


def test_rings_have_three_points_and_are_closed() -> None:
    with pytest.raises(PredictionRejected, match="3 distinct"):
        Polygon(0, "a", None, ((((0, 0), (1, 1), (0, 0)),),))
    with pytest.raises(PredictionRejected, match="closed"):
        Polygon(0, "a", None, ((((0, 0), (1, 1), (0, 1)),),))


def test_there_are_at_most_ten_thousand_items() -> None:
    item = Box(0, "a", None, 0, 0, 1, 1)
    with pytest.raises(PredictionRejected, match="10000"):
        Prediction((item,) * (MAX_ITEMS + 1), WIDTH, HEIGHT)


def test_pixels_of_all_masks_together_are_capped() -> None:
    side = 32_768
    whole = Mask(0, "a", None, (side, side), encode_mask(np.zeros((1, 1)), size=(side, side)))
    Prediction((whole,), side, side)
    with pytest.raises(PredictionRejected, match="together"):
        Prediction((whole, whole), side, side)


def test_a_class_stands_once_among_scores() -> None:
    with pytest.raises(PredictionRejected, match="twice"):
        Classification((ClassScore(1, "a", 0.5), ClassScore(1, "b", 0.5)))


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**31), st.sampled_from([2, 255, 300, 65_535]))
def test_a_map_of_numbers_survives_its_png(height: int, width: int, seed: int, most: int) -> None:
    values = np.random.default_rng(seed).integers(0, most + 1, (height, width))
    assert (read_map(write_map(values)) == values).all()


@given(st.integers(2, 6), st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**31))
def test_probabilities_become_classes_confidences_and_entropies(count: int, height: int, width: int, seed: int) -> None:
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(count), (height, width)).transpose(2, 0, 1)
    raster = raster_of_probabilities(probabilities, [(index, str(index)) for index in range(count)])
    assert (read_map(raster.class_map) == probabilities.argmax(axis=0)).all()
    assert raster.confidence == pytest.approx(probabilities.max(axis=0).mean(), abs=1e-3)
    assert raster.confidence_map is not None
    assert raster.entropy_map is not None
    assert np.allclose(read_map(raster.confidence_map) / 255, probabilities.max(axis=0), atol=0.003)
    entropy = -(probabilities * np.log(np.clip(probabilities, 1e-12, 1))).sum(axis=0) / np.log(count)
    assert np.allclose(read_map(raster.entropy_map) / 255, entropy, atol=0.003)
    prediction = Prediction((raster,), width, height)
    assert Prediction.from_document(orjson.loads(orjson.dumps(prediction.as_document()))) == prediction


def test_a_large_image_keeps_its_classes_exactly_and_its_maps_coarser() -> None:
    probabilities = np.full((2, 3000, 2000), 0.5, dtype=np.float32)
    raster = raster_of_probabilities(probabilities, [(0, "a"), (1, "b")])
    assert raster.entropy_map is not None
    assert read_map(raster.class_map).shape == (3000, 2000)
    assert read_map(raster.entropy_map).shape == (1500, 1000)
    assert (read_map(raster.entropy_map) == 255).all()


def test_a_silent_pixel_has_no_class() -> None:
    silent = np.array([[True, False]])
    raster = raster_of_probabilities(np.array([[[0.9, 0.2]], [[0.1, 0.8]]]), [(0, "a"), (1, "b")], silent=silent)
    assert read_map(raster.class_map).tolist() == [[NO_CLASS, 1]]
    assert raster.confidence == pytest.approx(0.8)


def test_a_stranger_s_document_is_checked_again() -> None:
    document = Prediction((Box(0, "a", 0.5, 0, 0, 1, 1),), WIDTH, HEIGHT).as_document()
    document["items"][0]["confidence"] = 7
    with pytest.raises(PredictionRejected):
        Prediction.from_document(document)
    with pytest.raises(PredictionRejected, match="schema"):
        Prediction.from_document({"schema": "prediction/0"})
    assert raster_of_classes(np.zeros((2, 2), dtype=int), [(0, "a")]).confidence is None
