"""Label Studio's brush: the run lengths of thi.ng/rle-pack over the RGBA pixels of a canvas, row by row.

A stream of bits, highest first: the count of values in 32 bits, the bits of a value less one in 5, then four sizes of
run lengths less one in 4 bits each. Runs follow until all values are there: one bit that says whether one value
repeats, two bits that choose the size, the length less one in so many bits, and that one value or all of them
(https://github.com/thi-ng/umbrella/blob/develop/packages/rle-pack/src/index.ts).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

VALUE_BITS: Final = 8
LENGTH_BITS: Final = (3, 4, 8, 16)
HEAD_BITS: Final = 32 + 5 + 4 * 4
MOST_RUNS: Final = 2_000_000

Values = NDArray[np.uint8]


class BadBrush(ValueError):
    """Bits that no encoder writes."""


def decode_brush(data: bytes, *, expected: int) -> Values:
    """Return the ``expected`` values of a stream; raise BadBrush when it holds another number of them, or is damaged."""
    stream = _Bits(data)
    count = stream.read(32)
    if count != expected:
        raise BadBrush(f"it holds {count:,} values, and the picture has {expected:,}: four for each pixel")
    value_bits = stream.read(5) + 1
    if value_bits > 8:
        raise BadBrush(f"its values have {value_bits} bits; those of a picture have 8")
    length_bits = [stream.read(4) + 1 for _ in range(4)]
    values = np.zeros(count, dtype=np.uint8)
    at = runs = 0
    while at < count:
        repeats = stream.read(1)
        end = at + 1 + stream.read(length_bits[stream.read(2)])
        runs += 1
        if end > count or runs > MOST_RUNS:
            raise BadBrush(f"run {runs:,} goes beyond what there may be")
        values[at:end] = stream.read(value_bits) if repeats else stream.read_many(end - at, value_bits)
        at = end
    return values


class _Bits:
    """Reads numbers of any length from bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def read(self, bits: int) -> int:
        end = self._at + bits
        if end > 8 * len(self._data):
            raise BadBrush("it ends too early")
        whole = int.from_bytes(self._data[self._at >> 3 : (end + 7) >> 3])
        self._at = end
        return (whole >> (-end & 7)) & ((1 << bits) - 1)

    def read_many(self, count: int, bits: int) -> NDArray[np.intp]:
        end = self._at + count * bits
        if end > 8 * len(self._data):
            raise BadBrush("it ends too early")
        packed = np.frombuffer(self._data, np.uint8)[self._at >> 3 : (end + 7) >> 3]
        flat = np.unpackbits(packed)[self._at & 7 :][: count * bits]
        self._at = end
        return flat.reshape(count, bits) @ (1 << np.arange(bits)[::-1])


def encode_brush(values: NDArray[np.uint8]) -> bytes:
    """Write values as a stream; ``decode_brush`` gives them back."""
    flat = values.ravel()
    starts = np.flatnonzero(np.diff(flat, prepend=flat[:1] ^ 1))
    lengths = np.diff(starts, append=len(flat))
    longest = 1 << LENGTH_BITS[-1]
    pieces = -(-lengths // longest)  # a longer run is written in several pieces, the last of them the shorter one
    ends = np.cumsum(pieces) - 1
    spans = np.full(int(pieces.sum()), longest)
    spans[ends] = lengths - (pieces - 1) * longest
    return _packed(len(flat), np.repeat(flat[starts], pieces), spans)


def _packed(count: int, values: NDArray[np.uint8], spans: NDArray[np.intp]) -> bytes:
    """Return the bits of runs: one value each, ``spans`` times."""
    kinds = np.searchsorted(1 << np.array(LENGTH_BITS), spans)
    sizes = np.array(LENGTH_BITS)[kinds]
    words = (((4 | kinds) << sizes | (spans - 1)) << VALUE_BITS) | values
    widths = 3 + sizes + VALUE_BITS
    head = count << 21 | (VALUE_BITS - 1) << 16
    for place, bits in enumerate(LENGTH_BITS):
        head |= (bits - 1) << (12 - 4 * place)
    words, widths = np.insert(words, 0, head), np.insert(widths, 0, HEAD_BITS)
    ends = np.cumsum(widths)
    place = np.arange(ends[-1]) - np.repeat(ends - widths, widths)
    bits = (np.repeat(words, widths) >> (np.repeat(widths, widths) - 1 - place)) & 1
    return np.packbits(bits.astype(np.uint8)).tobytes()


def mask_of_brush(data: bytes, height: int, width: int) -> NDArray[np.bool_]:
    """Return the mask (H, W) that a brush painted: where the canvas is not transparent."""
    painted: NDArray[np.bool_] = decode_brush(data, expected=4 * height * width).reshape(height, width, 4)[..., 3] > 0
    return painted


def brush_of_mask(mask: NDArray[np.bool_]) -> bytes:
    """Return a mask (H, W) as a brush paints it: white where it is, nothing where it is not."""
    return encode_brush(np.repeat(mask.astype(np.uint8) * 255, 4))
