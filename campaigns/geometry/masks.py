"""Binary masks: COCO run lengths, and the way from a mask to polygons and back.

The compressed form is COCO's (https://github.com/cocodataset/cocoapi/blob/master/common/maskApi.c, rleToString): run
lengths of the column-major mask, starting with zeros; from the fourth on as the difference to the run two before; each
number in groups of five bits, lowest first, bit 32 set on all but the last group, written as the character 48 above.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.features import rasterize, shapes

from campaigns.geometry.planar import Bounds, Polygons, polygons_bounds
from campaigns.geometry.validity import MAX_MASK_PIXELS, InvalidShape

_GROUP_BITS = 5
_MAX_GROUPS = 8  # 40 bits: far above any run of an allowed mask, far below an overflow of int64

Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]


def encode_counts(counts: Counts | Sequence[int]) -> str:
    """Write run lengths as a COCO string."""
    deltas = np.array(counts, dtype=np.int64)
    deltas[3:] -= np.asarray(counts, dtype=np.int64)[1:-2]
    magnitude = np.where(deltas < 0, ~deltas, deltas)
    groups = np.ones(len(deltas), dtype=np.int64)
    for k in range(1, _MAX_GROUPS):  # one more group for every five bits beyond the sign bit
        groups += magnitude >= 1 << (_GROUP_BITS * k - 1)
    place = np.arange(groups.max(initial=1))
    characters = (deltas[:, None] >> (_GROUP_BITS * place)) & 31
    characters |= np.where(place < groups[:, None] - 1, 32, 0)
    return bytes((characters[place < groups[:, None]] + 48).astype(np.uint8)).decode("ascii")


def decode_counts(text: str) -> Counts:
    """Read a COCO string as run lengths. Raise InvalidShape for anything that no encoder writes."""
    try:
        codes = np.frombuffer(text.encode("ascii"), dtype=np.uint8).astype(np.int64) - 48
    except UnicodeEncodeError:
        raise InvalidShape("The counts of a mask are plain ASCII text.") from None
    if len(codes) == 0:
        return np.zeros(0, dtype=np.int64)
    if codes.min() < 0 or codes.max() > 63 or codes[-1] & 32:
        raise InvalidShape("The counts of a mask are not COCO's compressed run lengths.")
    last = (codes & 32) == 0
    starts = np.concatenate(([0], np.flatnonzero(last)[:-1] + 1))
    lengths = np.diff(np.append(starts, len(codes)))
    if lengths.max() > _MAX_GROUPS:
        raise InvalidShape("The counts of a mask hold a number that is too large.")
    place = np.arange(len(codes)) - np.repeat(starts, lengths)
    values = np.add.reduceat((codes & 31) << (_GROUP_BITS * place), starts)
    negative = (codes[last] & 16) != 0
    values -= np.where(negative, np.int64(1) << (_GROUP_BITS * lengths), 0)
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    if values.min() < 0:
        raise InvalidShape("The counts of a mask hold a negative run length.")
    return values


def mask_counts(mask: NDArray[Any], *, offset: tuple[int, int] = (0, 0), size: tuple[int, int] | None = None) -> Counts:
    """Return the run lengths of a mask.

    mask: (h, w), anything non-zero is inside. offset: (row, column) of its corner in an image of size (H, W); by default
    the mask is the whole image, and the cost is that of the mask, not of the image.
    """
    height, width = size or mask.shape
    row, column = offset
    inside = np.zeros((mask.shape[1], mask.shape[0] + 1), dtype=bool)  # one empty row below ends every run of a column
    inside[:, :-1] = mask.T != 0
    flat = inside.ravel()
    changes = np.flatnonzero(np.diff(flat, prepend=False))
    columns, rows = np.divmod(changes, mask.shape[0] + 1)
    places = (columns + column) * height + rows + row
    # A run that reaches the bottom row goes on at the top of the next column: drop the end and the start that meet there.
    meets = np.flatnonzero(places[1:] == places[:-1])
    places = np.delete(places, np.concatenate((meets, meets + 1)))
    runs = np.diff(places, prepend=0, append=height * width)
    return (runs[:-1] if len(runs) > 1 and runs[-1] == 0 else runs).astype(np.int64)


def encode_mask(mask: NDArray[Any], *, offset: tuple[int, int] = (0, 0), size: tuple[int, int] | None = None) -> str:
    """Write a mask as COCO's compressed run lengths; the arguments are those of ``mask_counts``."""
    return encode_counts(mask_counts(mask, offset=offset, size=size))


def _checked_counts(text: str, size: Sequence[int]) -> Counts:
    height, width = size
    if height <= 0 or width <= 0 or height * width > MAX_MASK_PIXELS:
        raise InvalidShape(f"A mask has between 1 and {MAX_MASK_PIXELS:,} pixels.")
    counts = decode_counts(text)
    if int(counts.sum()) != height * width:
        raise InvalidShape(f"The run lengths of a mask add up to {int(counts.sum())}, not to {height} x {width}.")
    return counts


def decode_mask(text: str, size: Sequence[int]) -> Mask:
    """Read COCO's compressed run lengths as a (H, W) mask; size: (H, W). Raise InvalidShape when they do not fit."""
    height, width = size
    counts = _checked_counts(text, size)
    values = np.zeros(len(counts), dtype=bool)
    values[1::2] = True
    return np.repeat(values, counts).reshape(width, height).T


def mask_area(text: str) -> int:
    """Count the pixels inside."""
    return int(decode_counts(text)[1::2].sum())


def mask_bounds(text: str, size: Sequence[int]) -> Bounds | None:
    """Return (x0, y0, x1, y1) around the pixels inside, without making the mask; None for an empty one."""
    height, _width = size
    counts = _checked_counts(text, size)
    ends = np.cumsum(counts)
    begins = ends - counts
    begins, lasts = begins[1::2], ends[1::2] - 1
    begins, lasts = begins[lasts >= begins], lasts[lasts >= begins]
    if len(begins) == 0:
        return None
    first_column, last_column = begins // height, lasts // height
    crosses = first_column != last_column
    top = 0 if crosses.any() else int((begins % height).min())
    bottom = height if crosses.any() else int((lasts % height).max()) + 1
    return float(first_column.min()), float(top), float(last_column.max()) + 1.0, float(bottom)


def decode_crop(text: str, size: Sequence[int]) -> tuple[int, int, Mask] | None:
    """Return (row, column, mask) of the part of a mask that holds its pixels, at the cost of its columns; None for an empty one."""
    bounds = mask_bounds(text, size)
    if bounds is None:
        return None
    height, _width = size
    left, top, right, bottom = (int(value) for value in bounds)
    counts = decode_counts(text)
    ends = np.clip(np.cumsum(counts), left * height, right * height)
    values = np.zeros(len(counts), dtype=bool)
    values[1::2] = True
    columns = np.repeat(values, np.diff(ends, prepend=left * height)).reshape(right - left, height)
    return top, left, np.ascontiguousarray(columns.T[top:bottom])


def mask_document(mask: NDArray[Any]) -> dict[str, Any]:
    """Return the shape document of a (H, W) mask. Raise InvalidShape when nothing is inside."""
    size = (int(mask.shape[0]), int(mask.shape[1]))
    counts = encode_mask(mask)
    bounds = mask_bounds(counts, size)
    if bounds is None:
        raise InvalidShape("A mask without a pixel inside is no annotation.")
    x0, y0, x1, y1 = bounds
    return {"type": "mask", "size": list(size), "counts": counts, "bbox": [x0, y0, x1 - x0, y1 - y0]}


def mask_to_polygons(mask: NDArray[Any]) -> Polygons:
    """Trace a (H, W) mask: the outlines of its 4-connected parts with their holes, exact on the corner grid."""
    inside = np.ascontiguousarray(mask != 0, dtype=np.uint8)
    traced = shapes(inside, mask=inside.astype(bool), connectivity=4)
    return [[[list(point) for point in ring] for ring in geometry["coordinates"]] for geometry, _value in traced]


def _window(polygons: Polygons, height: int, width: int) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = polygons_bounds(polygons)
    column, row = max(0, int(np.floor(x0))), max(0, int(np.floor(y0)))
    return row, column, max(0, min(height, int(np.ceil(y1))) - row), max(0, min(width, int(np.ceil(x1))) - column)


def _fill(polygons: Polygons, window: tuple[int, int, int, int]) -> Mask:
    row, column, height, width = window
    if height == 0 or width == 0:
        return np.zeros((height, width), dtype=bool)
    geometries = [
        ({"type": "Polygon", "coordinates": [[(x - column, y - row) for x, y in ring] for ring in rings]}, 1) for rings in polygons
    ]
    filled: NDArray[np.uint8] = rasterize(geometries, out_shape=(height, width), dtype="uint8")
    return filled.astype(bool)


def polygons_to_mask(polygons: Polygons, *, height: int, width: int) -> Mask:
    """Fill polygons: (H, W), a pixel is inside when its centre is. Parts are united, holes stay empty."""
    row, column, rows, columns = window = _window(polygons, height, width)
    mask = np.zeros((height, width), dtype=bool)
    mask[row : row + rows, column : column + columns] = _fill(polygons, window)
    return mask


def polygons_to_counts(polygons: Polygons, *, height: int, width: int) -> str:
    """Fill polygons into COCO's compressed run lengths; costs what the polygons' bounds cost, not the image."""
    row, column, _rows, _columns = window = _window(polygons, height, width)
    return encode_mask(_fill(polygons, window), offset=(row, column), size=(height, width))
