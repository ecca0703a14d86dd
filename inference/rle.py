"""COCO's compressed run lengths as numbers: what the prediction schema needs to judge a mask without drawing it."""

import numpy as np
from numpy.typing import NDArray

_FIRST, _LAST = ord("0"), ord("0") + 63


def run_lengths(counts: str) -> NDArray[np.int64]:
    """Return the lengths of the runs, which alternate off, on, off … down the columns; ValueError if it is no such text.

    Each number is written in groups of five bits with a continuation bit, and from the third run on as the
    difference to the run before last (https://github.com/cocodataset/cocoapi, common/maskApi.c, rleFrString).
    """
    groups = np.frombuffer(counts.encode("ascii", "replace"), dtype=np.uint8).astype(np.int64)
    if groups.size == 0:
        raise ValueError("it is empty")
    if groups.min() < _FIRST or groups.max() > _LAST:
        raise ValueError("it has characters that COCO's compressed form does not use")
    groups -= _FIRST
    ends = np.flatnonzero((groups & 0x20) == 0)
    if ends.size == 0 or ends[-1] != groups.size - 1:
        raise ValueError("it ends in the middle of a number")
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    if lengths.max() > 7:
        raise ValueError("it has a run longer than any image")
    position = np.arange(groups.size) - np.repeat(starts, lengths)
    values = np.add.reduceat((groups & 0x1F) << (5 * position), starts)
    negative = (groups[ends] & 0x10) != 0
    values[negative] -= np.left_shift(1, 5 * lengths[negative])
    return _undo_differences(values)


def _undo_differences(values: NDArray[np.int64]) -> NDArray[np.int64]:
    runs = values.copy()
    runs[1::2] = np.cumsum(values[1::2])
    runs[2::2] = np.cumsum(values[2::2])
    if runs.min() < 0:
        raise ValueError("it has a run of negative length")
    return runs
