"""What a person marks is checked before anything is computed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.interactive.prompts import PromptRefused, read_objects, read_prompts, read_roi
from inference.interactive.windows import shared_window, surrounded

SIZE = {"width": 640, "height": 480}
NAN = float("nan")


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ("box", "prompts"),
        ({"lasso": []}, "prompts.lasso"),
        ({"box": [1, 2, 3]}, "prompts.box"),
        ({"box": [NAN, 0, 5, 5]}, "prompts.box.0"),
        ({"box": [5, 0, 4, 5]}, "prompts.box"),
        ({"box": [700, 0, 800, 5]}, "prompts.box"),
        ({"points": [{"x": 1}]}, "prompts.points.0.y"),
        ({"points": [{"x": 1, "y": 641}]}, "prompts.points.0"),
        ({"points": [{"x": 1, "y": 1, "positive": "no"}]}, "prompts.points.0"),
        ({"points": [{"x": 1, "y": 1}] * 201}, "prompts.points"),
        ({"foreground": [[]]}, "prompts.foreground.0"),
        ({"foreground": [[[1, float("inf")]]]}, "prompts.foreground.0"),
        ({"background": [[[1, 1]]] * 201}, "prompts.background"),
        ({"background": [[[1, 1]] * 10_001] * 2}, "prompts.background"),
        ({"brush_px": 0}, "prompts.brush_px"),
        ({"brush_px": True}, "prompts.brush_px"),
    ],
)
def test_a_prompt_that_cannot_be_used_is_refused_by_its_place(document: object, field: str):
    with pytest.raises(PromptRefused) as refused:
        read_prompts(document, **SIZE)
    assert refused.value.field == field


def test_a_list_of_prompts_is_several_objects_and_not_endlessly_many():
    assert len(read_objects([{"box": [0, 0, 5, 5]}, {"box": [9, 9, 20, 20]}], **SIZE)) == 2
    for none_or_too_many in ([], [{}] * 65):
        with pytest.raises(PromptRefused):
            read_objects(none_or_too_many, **SIZE)


@given(st.lists(st.floats(-1e300, 1e300), min_size=4, max_size=4))
def test_a_work_area_is_cut_to_the_image_or_refused(edges: list[float]):
    try:
        x0, y0, x1, y1 = read_roi(edges, **SIZE)
    except PromptRefused:
        return
    assert 0 <= x0 < x1 <= 640
    assert 0 <= y0 < y1 <= 480


areas = st.tuples(st.integers(1, 30_000), st.integers(1, 30_000)).flatmap(
    lambda size: st.tuples(
        st.just(size),
        st.tuples(st.integers(0, size[0] - 1), st.integers(0, size[1] - 1)),
        st.tuples(st.integers(1, size[0]), st.integers(1, size[1])),
    )
)


@given(areas)
def test_the_shared_window_holds_the_work_area_and_lies_in_the_image(drawn: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]):
    (width, height), (x, y), (across, down) = drawn
    roi = (x, y, min(width, x + across), min(height, y + down))
    for window in (shared_window(roi, width=width, height=height), surrounded(roi, width=width, height=height)):
        assert 0 <= window[0] <= roi[0] < roi[2] <= window[2] <= width
        assert 0 <= window[1] <= roi[1] < roi[3] <= window[3] <= height


def test_neighbours_in_a_large_raster_share_a_window_and_a_small_image_is_one():
    roi = (8000, 8000, 8300, 8200)
    near = (8060, 8040, 8260, 8240)
    assert shared_window(roi, width=20_000, height=20_000) == shared_window(near, width=20_000, height=20_000)
    assert shared_window((10, 10, 20, 20), width=900, height=700) == (0, 0, 900, 700)
