"""Pictures that are varied: pixels, classes of pixels, boxes, masks and points move together, and the same way for the same seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from active_learning.training.scenes import Scene, moved_scene
from active_learning.training.variation import SMALLEST_PART, Move, Variation, moved

SIDE = 24


def scene_of(mask):
    """The scene of one object with a point in its first pixel, and one that is not there."""
    rows, columns = np.nonzero(mask)
    box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    points = [[columns[0] + 0.5, rows[0] + 0.5, 2], [0, 0, 0]]
    packed = np.packbits(mask[None], axis=2)
    return Scene(SIDE, np.array([box], np.float32), np.array([0]), packed, np.array([points], np.float32))


@st.composite
def marked(draw):
    """A picture whose object is bright where its mask is."""
    top, left = draw(st.integers(0, SIDE - 9)), draw(st.integers(0, SIDE - 9))
    high, wide = draw(st.integers(3, 8)), draw(st.integers(3, 8))
    mask = np.zeros((SIDE, SIDE), bool)
    mask[top : top + high, left : left + wide] = True
    mask[top, left + 1 :] = False  # no symmetry
    return mask


turns = st.builds(Move, st.none(), st.booleans(), st.booleans(), st.booleans())


@given(marked(), turns)
def test_what_moves_a_picture_moves_its_boxes_masks_points_and_classes(mask, move):
    picture = np.where(mask, 200, 20).astype(np.uint8)[:, :, None]
    (seen,) = moved(picture[None], [move])
    scene, classes = moved_scene(scene_of(mask), move), move.of_labels(mask.astype(np.int16))
    there = seen[:, :, 0] > 100
    assert np.array_equal(there, classes == 1)
    assert np.array_equal(there, scene.masks[0])
    rows, columns = np.nonzero(there)
    assert scene.boxes[0].tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    (x, y, v), absent = scene.points[0]
    assert v == 2
    assert there[int(y), int(x)]
    assert absent.tolist() == [0, 0, 0]


@given(marked(), st.integers(0, 9), st.integers(0, 9), st.integers(15, SIDE))
def test_a_part_shown_larger_keeps_what_is_inside_in_its_place(mask, left, top, side):
    left, top = min(left, SIDE - side), min(top, SIDE - side)
    move = Move((left, top, side))
    picture = np.where(mask, 220, 0).astype(np.uint8)[:, :, None]
    (seen,) = moved(picture[None], [move])
    scene = moved_scene(scene_of(mask), move)
    inside = mask[top : top + side, left : left + side].sum()
    assert seen.shape == picture.shape
    if not inside:
        assert len(scene.boxes) == 0
    if not len(scene.boxes):
        assert inside < mask.sum()
        return
    x0, y0, x1, y1 = scene.boxes[0]
    assert 0 <= x0 < x1 <= SIDE
    assert 0 <= y0 < y1 <= SIDE
    rows, columns = np.nonzero(seen[:, :, 0] > 110)
    assert abs(columns.mean() + 0.5 - (np.nonzero(scene.masks[0])[1].mean() + 0.5)) <= 1.5
    assert rows.min() >= y0 - 1.5
    assert rows.max() + 1 <= y1 + 1.5
    known = scene.points[0, 0]
    assert known[2] in (0, 2)
    assert ((known[:2] >= 0) & (known[:2] < SIDE)).all()


@pytest.mark.parametrize(("flips", "kinds"), [("none", 1), ("horizontal", 2), ("both", 4), ("turns", 8)])
def test_mirroring_and_turning_reach_as_many_symmetries_as_they_should(flips, kinds):
    picture = np.arange(SIDE * SIDE, dtype=np.int64).reshape(1, SIDE, SIDE, 1).astype(np.uint8)
    moves = Variation(flips).moves(200, SIDE, np.random.default_rng(0))
    assert len({moved(picture, [move]).tobytes() for move in moves}) == kinds


@given(st.integers(0, 50), st.sampled_from(["light", "strong"]), st.sampled_from([1, 3, 5]))
def test_colours_vary_by_seed_within_bytes_and_leave_what_is_shown(seed, colour, bands):
    pixels = np.random.default_rng(7).integers(0, 256, (4, SIDE, SIDE, bands), dtype=np.uint8)
    one, again = (Variation(colour=colour).recoloured(pixels, np.random.default_rng(seed)) for _ in range(2))
    assert np.array_equal(one, again)
    assert (one.shape, one.dtype) == (pixels.shape, pixels.dtype)
    assert (one != pixels).any()
    assert np.corrcoef(one[0].ravel(), pixels[0].ravel())[0, 1] > 0.7
    assert Variation().recoloured(pixels, np.random.default_rng(seed)) is pixels


def test_parts_lie_inside_and_are_large_enough():
    for move in Variation(crop=True).moves(300, SIDE, np.random.default_rng(1)):
        left, top, side = move.part
        assert min(left, top) >= 0
        assert max(left, top) + side <= SIDE
        assert side >= round(SMALLEST_PART * SIDE)
