"""A whole image's answer, cut into windows and stitched, is the same answer."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.features import shapes

from campaigns.geometry import mask_to_polygons
from campaigns.geometry.masks import decode_mask, encode_mask
from inference.rasters import NO_CLASS, raster_of_classes, raster_of_probabilities, read_map
from inference.schema import (
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
    Raster,
)
from inference.tiling import WindowPx, stitch, windows_of
from models_registry.options import ModelOptions

WIDTH, HEIGHT, WINDOW, OVERLAP = 150, 110, 64, 16
OPTIONS = ModelOptions(window_px=WINDOW, overlap_px=OVERLAP)
WINDOWS = windows_of(WIDTH, HEIGHT, window_px=WINDOW, overlap_px=OVERLAP)


def stitched(answers: list[list[Item]], **more: Any) -> Prediction:
    parts = [(window, Prediction(tuple(items), window[2], window[3])) for window, items in zip(WINDOWS, answers, strict=True)]
    return stitch(parts, width=WIDTH, height=HEIGHT, options=more.get("options", OPTIONS))


def cut(pixels: np.ndarray, window: WindowPx) -> np.ndarray:
    column, row, width, height = window
    return pixels[..., row : row + height, column : column + width]


@given(st.integers(1, 900), st.integers(1, 900), st.integers(64, 300), st.integers(16, 32))
def test_windows_cover_the_image_lie_in_it_and_overlap(width: int, height: int, window_px: int, overlap_px: int) -> None:
    windows = windows_of(width, height, window_px=window_px, overlap_px=overlap_px)
    seen = np.zeros((height, width), int)
    for column, row, across, down in windows:
        assert (across, down) == (min(width, window_px), min(height, window_px))
        assert 0 <= column <= width - across
        assert 0 <= row <= height - down
        seen[row : row + down, column : column + across] += 1
    assert seen.min() == 1 or (seen >= 1).all()
    for spans in ({(column, across) for column, _, across, _ in windows}, {(row, down) for _, row, _, down in windows}):
        ordered = sorted(spans)
        assert all(first + length - second >= overlap_px for (first, length), (second, _) in itertools.pairwise(ordered))
    assert len(windows) == 1 if max(width, height) <= window_px else len(windows) > 1


def instances(blocks: np.ndarray, size: int) -> list[np.ndarray]:
    """Draw 4-connected things of blocks of pixels."""
    drawn = np.kron(blocks, np.ones((size, size), bool))[:HEIGHT, :WIDTH]
    drawn = np.pad(drawn, ((0, HEIGHT - drawn.shape[0]), (0, WIDTH - drawn.shape[1])))
    return connected(drawn)


def connected(mask: np.ndarray) -> list[np.ndarray]:
    from rasterio.features import rasterize

    parts = [geometry for geometry, _ in shapes(mask.astype(np.uint8), mask=mask, connectivity=4)]
    return [rasterize([part], out_shape=mask.shape).astype(bool) for part in parts]


blocks = st.integers(0, 2**32).map(lambda seed: np.random.default_rng(seed).random((10, 14)) < 0.35)


@settings(max_examples=40)
@given(blocks, st.booleans())
def test_masks_are_stitched_to_the_pixel_also_when_a_window_sees_a_thing_in_several_arms(drawn: np.ndarray, in_arms: bool) -> None:
    whole = instances(drawn, 11)
    answers: list[list[Item]] = []
    for window in WINDOWS:
        pieces = [cut(mask, window) for mask in whole]
        pieces = [arm for piece in pieces if piece.any() for arm in (connected(piece) if in_arms else [piece])]
        answers.append([Mask(0, "lake", 0.5, piece.shape, encode_mask(piece)) for piece in pieces])
    found = stitched(answers).items
    assert sorted(mask.counts for mask in found if isinstance(mask, Mask)) == sorted(encode_mask(mask) for mask in whole)


@settings(max_examples=25)
@given(blocks)
def test_outlines_are_stitched_without_a_seam(drawn: np.ndarray) -> None:
    whole = [shapely.MultiPolygon([(part[0], part[1:]) for part in mask_to_polygons(mask)]).buffer(-2.5) for mask in instances(drawn, 11)]
    whole = [shape for shape in whole if shape.geom_type == "Polygon" and not shape.is_empty]
    answers: list[list[Item]] = []
    for column, row, width, height in WINDOWS:
        frame = shapely.box(column, row, column + width, row + height)
        pieces = [
            part
            for shape in whole
            for part in shapely.get_parts(shape.intersection(frame))
            if part.area > 0 and part.geom_type == "Polygon"
        ]
        moved = [shapely.affinity.translate(piece, -column, -row) for piece in pieces]
        answers.append(
            [Polygon(0, "lake", 0.5, (tuple(tuple(ring.coords) for ring in (piece.exterior, *piece.interiors)),)) for piece in moved]
        )
    found = [shapely.MultiPolygon([(p[0], p[1:]) for p in item.polygons]) for item in stitched(answers).items if isinstance(item, Polygon)]
    assert len(found) == len(whole)
    for shape in whole:
        nearest = min(found, key=lambda other: shape.symmetric_difference(other).area)
        assert shape.symmetric_difference(nearest).area < 1e-6 * shape.area + 1e-6


cells = st.integers(0, 2**32).map(np.random.default_rng)


def separate_boxes(dice: np.random.Generator) -> list[tuple[float, float, float, float]]:
    """Draw boxes in the cells of a grid of uneven lines, so that no two overlap."""
    across, down = (np.sort(dice.choice(np.arange(0, length, 3), 5, replace=False)) for length in (WIDTH, HEIGHT))
    found = []
    for left, right in itertools.pairwise(across):
        for top, bottom in itertools.pairwise(down):
            if dice.random() < 0.6:
                found.append((float(left), float(top), float(right - left), float(bottom - top)))
    return found


@settings(max_examples=100)
@given(cells)
def test_boxes_are_neither_doubled_nor_lost_and_get_their_size_back(dice: np.random.Generator) -> None:
    whole = separate_boxes(dice)
    found = stitched([boxes_in(window, whole) for window in WINDOWS]).items
    assert sorted((box.x, box.y, box.width, box.height) for box in found if isinstance(box, Box)) == sorted(whole)


def boxes_in(window: WindowPx, whole: list[tuple[float, float, float, float]], shake: float = 0.0, seed: int = 0) -> list[Item]:
    dice = np.random.default_rng(seed)
    column, row, width, height = window
    found: list[Item] = []
    for x, y, across, down in whole:
        left, top = max(0.0, x - column), max(0.0, y - row)
        right, bottom = min(float(width), x + across - column), min(float(height), y + down - row)
        if min(right - left, bottom - top) > 2 * shake:
            left, top, right, bottom = np.array([left, top, right, bottom]) + dice.uniform(-shake, shake, 4)
            left, top, right, bottom = (float(v) for v in np.clip([left, top, right, bottom], 0, [width, height, width, height]))
            found.append(Box(0, "ship", float(dice.uniform(0.5, 1)), left, top, right - left, bottom - top))
    return found


@settings(max_examples=50)
@given(st.integers(0, 2**32))
def test_boxes_that_windows_see_a_little_differently_are_still_one(seed: int) -> None:
    dice = np.random.default_rng(seed)
    whole = [(x, y, float(dice.integers(12, 40)), float(dice.integers(12, 30))) for x in (5.0, 55.0, 105.0) for y in (5.0, 40.0, 75.0)]
    found = stitched([boxes_in(window, whole, 0.8, seed + n) for n, window in enumerate(WINDOWS)]).items
    assert len(found) == len(whole)
    for x, y, width, height in whole:
        near = [box for box in found if isinstance(box, Box) and abs(box.x - x) < 2 and abs(box.y - y) < 2]
        assert len(near) == 1
        assert (near[0].width, near[0].height) == pytest.approx((width, height), abs=4)


def test_two_things_side_by_side_stay_two_and_classes_stay_apart() -> None:
    near = [(50.0, 10.0, 12.0, 12.0), (63.0, 10.0, 12.0, 12.0)]
    assert len(stitched([boxes_in(window, near) for window in WINDOWS]).items) == 2
    first, second = WINDOWS[:2]
    here = Box(0, "ship", 0.9, 50.0 - first[0], 10, 12, 12)
    there = Box(1, "boat", 0.9, 50.0 - second[0], 10, 12, 12)
    assert len(stitched([[here], [there], *([] for _ in WINDOWS[2:])]).items) == 2


def test_of_two_views_of_a_whole_thing_the_surer_stays() -> None:
    answers: list[list[Item]] = [[] for _ in WINDOWS]
    for number, score in ((0, 0.6), (1, 0.8)):
        answers[number] = [Box(0, "ship", score, 48.0 - WINDOWS[number][0], 20, 10, 10)]
    (only,) = stitched(answers).items
    assert isinstance(only, Box)
    assert (only.x, only.confidence) == (48.0, 0.8)


def test_points_that_windows_see_are_joined_by_their_names() -> None:
    points = {"bow": (30.0, 20.0), "mast": (50.0, 22.0), "stern": (75.0, 24.0)}
    answers: list[list[Item]] = []
    for column, row, width, height in WINDOWS:
        seen = {name: (x - column, y - row, column <= x < column + width and row <= y < row + height) for name, (x, y) in points.items()}
        made = tuple(Keypoint(name, x if there else 0.0, y if there else 0.0, 2 if there else 0) for name, (x, y, there) in seen.items())
        answers.append([Keypoints(0, "ship", 0.5, made)] if any(there for *_, there in seen.values()) else [])
    (ship,) = stitched(answers).items
    assert isinstance(ship, Keypoints)
    assert {point.name: (point.x, point.y) for point in ship.points if point.v} == points


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.booleans())
def test_class_rasters_come_back_to_the_pixel(seed: int, silent: bool) -> None:
    whole = np.random.default_rng(seed).integers(0, 4, (HEIGHT, WIDTH)).astype(np.uint16)
    if silent:
        whole[whole == 3] = NO_CLASS
    named = [(n, str(n)) for n in range(4)]
    (found,) = stitched([[raster_of_classes(cut(whole, window), named)] for window in WINDOWS]).items
    assert isinstance(found, Raster)
    assert (read_map(found.class_map) == whole).all()
    assert found.classes == tuple(named)


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.booleans())
def test_probability_rasters_come_back_with_classes_to_the_pixel(seed: int, silent: bool) -> None:
    dice = np.random.default_rng(seed)
    whole = dice.dirichlet([0.4, 0.4, 0.4], (HEIGHT, WIDTH)).transpose(2, 0, 1).astype(np.float32)
    nothing = dice.random((HEIGHT, WIDTH)) < 0.1 if silent else np.zeros((HEIGHT, WIDTH), bool)
    named = [(0, "a"), (1, "b"), (5, "c")]
    exact = raster_of_probabilities(whole, named, silent=nothing)
    answers: list[list[Item]] = [
        [raster_of_probabilities(cut(whole, window), named, silent=cut(nothing, window), keep_shares=True)] for window in WINDOWS
    ]
    (found,) = stitched(answers).items
    assert isinstance(found, Raster)
    assert (read_map(found.class_map) == read_map(exact.class_map)).all()
    for name, most in (("confidence_map", 1), ("entropy_map", 8)):  # the entropy is steep where a class is nearly excluded
        apart = read_map(getattr(found, name)).astype(int) - read_map(getattr(exact, name)).astype(int)
        assert np.abs(apart).max() <= most
    assert found.confidence == pytest.approx(exact.confidence, abs=0.01)


def test_where_windows_disagree_the_one_that_sees_further_around_decides() -> None:
    """The left windows say class 1 with 0.9, all others class 0 with 0.9: the border lies in the middle of the strip that both see."""
    answers: list[list[Item]] = []
    for window in WINDOWS:
        share = np.full((window[3], window[2]), 0.9 if window[0] == 0 else 0.1, np.float32)
        answers.append([raster_of_probabilities(np.stack([1 - share, share]), [(0, "sea"), (1, "land")], keep_shares=True)])
    (found,) = stitched(answers).items
    assert isinstance(found, Raster)
    row = read_map(found.class_map)[0]
    second = sorted({column for column, *_ in WINDOWS})[1]
    middle = (second + WINDOW) / 2
    assert (row[: int(middle) - 1] == 1).all()
    assert (row[math.ceil(middle) + 1 :] == 0).all()
    sure = read_map(found.confidence_map or b"")[0]
    assert sure[int(middle)] < 140 < sure[int(middle) - 8]


def test_a_threshold_is_taken_on_what_is_blended() -> None:
    share = np.full((1, HEIGHT, WIDTH), 0.6, np.float32)
    bands = np.concatenate([1 - share, share])
    options = ModelOptions.from_document(
        {"window_px": WINDOW, "overlap_px": OVERLAP, "post": [{"name": "threshold", "params": {"value": 0.7}}]}
    )
    from inference.rasters import Choice

    choice = Choice(0.7, yes_or_no=True)
    answers: list[list[Item]] = [
        [raster_of_probabilities(cut(bands, window), [(0, "sea"), (1, "land")], choice=choice, keep_shares=True)] for window in WINDOWS
    ]
    (found,) = stitched(answers, options=options).items
    assert isinstance(found, Raster)
    assert (read_map(found.class_map) == 0).all()


def test_probabilities_of_the_whole_image_are_the_mean_over_its_area() -> None:
    halves = []
    for column, _, width, _ in WINDOWS:
        share = float((np.arange(column, column + width) < WIDTH / 2).mean())
        halves.append([Classification((ClassScore(0, "sea", share), ClassScore(1, "land", 1 - share)))])
    (found,) = stitched(halves).items  # type: ignore[arg-type]
    assert isinstance(found, Classification)
    assert sum(score.confidence for score in found.scores) == pytest.approx(1)
    assert found.scores[0].confidence == pytest.approx(0.5, abs=0.06)
    same = [[Classification((ClassScore(0, "sea", 0.25), ClassScore(1, "land", 0.75)))] for _ in WINDOWS]
    (equal,) = stitched(same).items  # type: ignore[arg-type]
    assert [score.confidence for score in equal.scores] == pytest.approx([0.25, 0.75])  # type: ignore[union-attr]


def test_vectors_are_averaged_and_what_was_odd_is_told_once() -> None:
    parts = [
        (window, Prediction((Embedding("s", (float(n), 1.0)),), window[2], window[3], "7", ("odd",), (Dropped("no area"),)))
        for n, window in enumerate(WINDOWS)
    ]
    found = stitch(parts, width=WIDTH, height=HEIGHT, options=OPTIONS)
    assert found.items[0].vector[1] == pytest.approx(1.0)  # type: ignore[union-attr]
    assert (found.model_version, found.warnings) == ("7", ("odd",))
    assert found.dropped == (Dropped("no area", count=len(WINDOWS)),)


def test_an_image_of_one_window_keeps_its_answer() -> None:
    answer = Prediction((Box(0, "ship", 0.5, 1, 2, 3, 4), Mask(0, "lake", 0.5, (10, 20), encode_mask(np.eye(10, 20, dtype=bool)))), 20, 10)
    assert stitch([((0, 0, 20, 10), answer)], width=20, height=10, options=OPTIONS).items == answer.items
    assert decode_mask(answer.items[1].counts, (10, 20)).sum() == 10  # type: ignore[union-attr]
