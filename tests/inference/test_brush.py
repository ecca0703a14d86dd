"""Label Studio's brush run lengths, against bytes that its own software wrote."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from inference.decode.brush import BadBrush, brush_of_mask, decode_brush, encode_brush, mask_of_brush

# label_studio_sdk 2.1.2, converter.brush.encode_rle, of the two arrays that the first two tests name.
PAINTED = bytes.fromhex("000001f8391bfe7b00c47ff84c0311ffe13009ffed805fffc260188fff0980623ffce6011ff8")
MIXED = bytes.fromhex("0000000c391bfc80e0008004001c6080")


def painted() -> np.ndarray:
    mask = np.zeros((9, 14), dtype=bool)
    mask[2:7, 3:12] = True
    mask[4, 5:8] = False
    mask[8, 13] = True
    return mask


def test_a_mask_that_label_studio_wrote_is_read_to_the_pixel() -> None:
    assert (mask_of_brush(PAINTED, 9, 14) == painted()).all()


def test_runs_and_single_values_of_label_studio_are_read() -> None:
    assert decode_brush(MIXED, expected=12).tolist() == [7, 7, 7, 7, 7, 1, 2, 3, 4, 4, 4, 4]


def test_several_values_that_do_not_repeat_stand_behind_one_length() -> None:
    # 3 values of 8 bits, run lengths of 3, 4, 8 and 16 bits; then: no repeat, first size, length 3, and 1, 2, 3.
    bits = f"{3:032b}{7:05b}{2:04b}{3:04b}{7:04b}{15:04b}" + "0" + "00" + f"{2:03b}" + f"{1:08b}{2:08b}{3:08b}"
    data = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8))
    assert decode_brush(data, expected=3).tolist() == [1, 2, 3]


@given(arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_a_mask_goes_there_and_back(mask: np.ndarray) -> None:
    assert (mask_of_brush(brush_of_mask(mask), *mask.shape) == mask).all()


@given(arrays(np.uint8, st.integers(1, 400), elements=st.integers(0, 3)))
def test_values_go_there_and_back(values: np.ndarray) -> None:
    assert (decode_brush(encode_brush(values), expected=len(values)) == values).all()


def test_a_run_longer_than_any_length_is_written_in_pieces() -> None:
    values = np.repeat(np.array([0, 255, 7], np.uint8), [65_536, 200_001, 1])
    assert (decode_brush(encode_brush(values), expected=len(values)) == values).all()
    assert len(encode_brush(values)) < 30


@pytest.mark.parametrize("data", [b"", PAINTED[:20], PAINTED[:6], bytes(30), b"\xff" * 40])
def test_damaged_bits_are_refused(data: bytes) -> None:
    with pytest.raises(BadBrush):
        mask_of_brush(data, 9, 14)


def test_a_brush_of_another_picture_is_refused_before_anything_is_made() -> None:
    with pytest.raises(BadBrush, match="504 values, and the picture has 400"):
        mask_of_brush(PAINTED, 10, 10)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(BadBrush):
        decode_brush(b"\0\0\0\x40" + data, expected=64)
