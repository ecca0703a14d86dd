"""Run lengths agree with pycocotools byte for byte; masks and polygons turn into each other without loss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from pycocotools import mask as coco

from campaigns.geometry import (
    InvalidShape,
    decode_counts,
    decode_mask,
    encode_counts,
    encode_mask,
    mask_area,
    mask_bounds,
    mask_document,
    mask_to_polygons,
    polygons_area,
    polygons_to_counts,
    polygons_to_mask,
)

sizes = st.tuples(st.integers(1, 40), st.integers(1, 40))
masks = sizes.flatmap(lambda size: arrays(np.bool_, size))


@given(masks)
def test_counts_are_those_of_pycocotools(mask: NDArray[np.bool_]) -> None:
    theirs = coco.encode(np.asfortranarray(mask, dtype=np.uint8))
    assert encode_mask(mask) == theirs["counts"].decode()
    assert mask_area(encode_mask(mask)) == int(coco.area(theirs))


@given(masks)
def test_a_mask_survives_its_counts(mask: NDArray[np.bool_]) -> None:
    assert np.array_equal(decode_mask(encode_mask(mask), mask.shape), mask)


@given(st.lists(st.integers(0, 2**31), min_size=1, max_size=60))
def test_run_lengths_of_any_size_survive(counts: list[int]) -> None:
    assert decode_counts(encode_counts(counts)).tolist() == counts


@given(masks)
def test_bounds_come_from_the_counts_alone(mask: NDArray[np.bool_]) -> None:
    bounds = mask_bounds(encode_mask(mask), mask.shape)
    rows, columns = np.nonzero(mask)
    if len(rows) == 0:
        assert bounds is None
    else:
        assert bounds == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


@given(masks, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_a_window_is_encoded_in_its_place(mask: NDArray[np.bool_], top: int, left: int, below: int, right: int) -> None:
    whole = np.pad(mask, ((top, below), (left, right)))
    assert encode_mask(mask, offset=(top, left), size=whole.shape) == encode_mask(whole)


@given(masks)
def test_outlines_fill_back_to_the_same_mask(mask: NDArray[np.bool_]) -> None:
    polygons = mask_to_polygons(mask)
    height, width = mask.shape
    if polygons:
        assert np.array_equal(polygons_to_mask(polygons, height=height, width=width), mask)
        assert polygons_to_counts(polygons, height=height, width=width) == encode_mask(mask)
    assert sum(polygons_area([part]) for part in polygons) == mask.sum()


def test_a_hole_stays_a_hole() -> None:
    mask = np.zeros((10, 10), dtype=bool)
    mask[2:8, 2:8] = True
    mask[4:6, 4:6] = False
    (rings,) = mask_to_polygons(mask)
    assert len(rings) == 2
    assert mask_document(mask) == {"type": "mask", "size": [10, 10], "counts": encode_mask(mask), "bbox": [2.0, 2.0, 6.0, 6.0]}


def test_a_polygon_reaching_out_of_the_image_is_cut() -> None:
    mask = polygons_to_mask([[[[-5, -5], [3, -5], [3, 3], [-5, 3], [-5, -5]]]], height=6, width=6)
    assert mask.sum() == 9
    assert not polygons_to_mask([[[[9, 9], [12, 9], [12, 12], [9, 9]]]], height=6, width=6).any()


@pytest.mark.parametrize("counts", ["", "o", "0ø", "\x00", "P" * 40, "52", "ooooooooooo0", "41O"])
def test_counts_that_do_not_fit_are_refused(counts: str) -> None:
    with pytest.raises(InvalidShape):
        decode_mask(counts, (3, 3))


@given(st.text(max_size=30))
def test_no_text_breaks_the_decoder(text: str) -> None:
    try:
        mask = decode_mask(text, (4, 5))
    except InvalidShape:
        return
    assert mask.shape == (4, 5)


def test_a_mask_of_absurd_size_is_refused_before_it_is_made() -> None:
    with pytest.raises(InvalidShape, match="pixels"):
        decode_mask(encode_counts([10**10]), (10**5, 10**5))
