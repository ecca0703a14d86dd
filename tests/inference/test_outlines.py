"""Outlines: the quick way gives what the careful way gives, or leaves the outline to it."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.decode.classes import Notes
from inference.decode.coordinates import Frame, polygons_from
from inference.decode.nodes import Node
from inference.decode.outlines import plain_outlines
from inference.schema import PredictionRejected
from inference.wire import ModelInput

IMAGE = ModelInput(b"", "image/png", 64, 48)
number = st.integers(-2, 66) | st.floats(-2, 66, allow_nan=False) | st.sampled_from([0, 0.0, 64, 48, 1e400, True, None, "7"])
point = st.lists(number, min_size=2, max_size=2) | st.lists(number, max_size=3)
ring = st.lists(st.lists(st.integers(0, 48), min_size=2, max_size=2), min_size=3, max_size=6) | st.lists(point, max_size=6)
outline = ring | st.lists(ring, max_size=3) | st.lists(st.lists(ring, max_size=3), max_size=3)
SQUARE = [[1, 1], [9, 1], [9, 9], [1, 9]]


def quick(outlines, coords="pixel"):
    items = Node([{"kind": "polygon", "polygons": each} for each in outlines], "items")
    found = plain_outlines(items, Frame(coords, IMAGE))
    return [found.get(f"items[{n}].polygons") for n in range(len(outlines))]


def careful(value, coords="pixel"):
    notes = Notes()
    return polygons_from(Node(value, "items[0].polygons"), Frame(coords, IMAGE), notes), notes


@given(st.lists(outline, min_size=1, max_size=4), st.sampled_from(["pixel", "percent", "normalized"]))
def test_what_the_quick_way_takes_the_careful_way_takes_alike(outlines, coords):
    outlines = orjson.loads(orjson.dumps(outlines))
    for value, found in zip(outlines, quick(outlines, coords), strict=True):
        if found is not None:
            expected, notes = careful(value, coords)
            assert found == expected
            assert not notes.warnings


def test_a_sound_outline_takes_the_quick_way():
    hole = [[3.5, 3], [5, 3], [5, 5], [3.5, 3]]
    assert quick([[[SQUARE, hole]], [SQUARE], SQUARE, [[SQUARE], [[[20, 20], [30, 20], [30, 30]]]]]).count(None) == 0


def test_whatever_is_odd_is_left_to_the_careful_way():
    crossing = [[0, 0], [10, 10], [10, 0], [0, 10]]
    odd = [
        crossing,
        [[0, 0], [70, 0], [9, 9]],
        [[0, 0], [1, 1]],
        [[1, 1], [1, 1], [1, 1]],
        [[True, 1], [9, 1], [9, 9]],
        [["1", 1], [9, 1], [9, 9]],
    ]
    found = quick([*odd, SQUARE, [], None, {"a": 1}, [[SQUARE], [[[2, 2], [8, 2], [8, 8]]]]])
    assert [n for n, each in enumerate(found) if each is not None] == [len(odd)]


def test_a_mistake_in_one_outline_does_not_hide_behind_a_good_one():
    value = [[0, 0], [1, "x"], [5, 5]]
    assert quick([SQUARE, value])[1] is None
    with pytest.raises(PredictionRejected) as caught:
        careful(value)
    assert caught.value.where == "items[0].polygons[1][1]"
