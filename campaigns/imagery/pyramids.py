"""A tiled copy with overviews of images that could not be shown tile by tile as they are."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import ColorInterp, Resampling
from rasterio.io import DatasetWriter
from rasterio.windows import Window

from campaigns.imagery import pictures
from campaigns.imagery.facts import LARGEST_PLAIN_SIDE
from campaigns.imagery.pool import POOL
from campaigns.imagery.reader import kind_of, read_raster, zoom_levels
from campaigns.imagery.sidecars import sidecar, written_atomically

TILE_PX = 256
BLOCK_PX = 512
LARGEST_WITHOUT_OVERVIEWS = 2048


def needs_pyramid(path: Path) -> bool:
    """Say whether tiles of this image would each cost a read of most of it."""
    if (kind := kind_of(path)) != "TIFF":
        facts = pictures.stored_facts(path, kind)
        return max(facts.width, facts.height) > LARGEST_WITHOUT_OVERVIEWS
    with POOL.borrow(path) as dataset:
        return max(dataset.width, dataset.height) > LARGEST_WITHOUT_OVERVIEWS and not dataset.overviews(1)


def tile_source(path: Path, *, build: bool = True) -> Path:
    """Return the file to cut tiles from: the image itself, or its pyramid, made now if ``build`` says so.

    A TIFF can be read by windows, slowly, until its pyramid is there; a picture cannot, so its pyramid is always made.
    """
    pyramid = sidecar(path, "pyramid.tif")
    if pyramid.exists():
        return pyramid
    if not needs_pyramid(path) or (not build and kind_of(path) == "TIFF"):
        return path
    with alone_with(path):
        if not pyramid.exists():
            _build(path, pyramid)
    return pyramid


def whole_source(path: Path) -> Path:
    """Return the file to read a shrunk copy of the whole image from.

    A JPEG shrinks while it is decoded. Any other large picture would take gigabytes for a moment, and once for each
    who asks: its pyramid is built once, and is wanted for the tiles anyway.
    """
    kind = kind_of(path)
    if kind in ("TIFF", "JPEG"):
        return path
    facts = pictures.stored_facts(path, kind)
    return tile_source(path) if is_large(facts.width, facts.height) else path


@contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """Let one thread of the machine decode all of a large image; the lock goes with its holder, however that one ends."""
    with sidecar(path, "pyramid.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(path: Path, pyramid: Path) -> None:
    with written_atomically(pyramid) as temporary:
        kind = kind_of(path)
        if kind == "TIFF":
            _copy_raster(path, temporary)
        else:
            _copy_picture(path, kind, temporary)


def _profile(width: int, height: int, count: int, dtype: str) -> dict[str, object]:
    profile: dict[str, object] = {
        "driver": "GTiff", "width": width, "height": height, "count": count, "dtype": dtype, "tiled": True, "blockxsize": BLOCK_PX,
        "blockysize": BLOCK_PX, "BIGTIFF": "IF_SAFER", "interleave": "pixel" if count <= 4 else "band",
    }  # fmt: skip
    if dtype == "uint8" and count == 3:
        return {**profile, "compress": "JPEG", "photometric": "YCBCR", "JPEG_QUALITY": 90}
    return {**profile, "compress": "DEFLATE", "ZLEVEL": 1, "predictor": 2 if np.dtype(dtype).kind in "iu" else 1}


def _copy_picture(path: Path, kind: str, target: Path) -> None:
    pixels = pictures.decoded(path, kind)
    count, height, width = pixels.shape
    with rasterio.open(target, "w", **_profile(width, height, count, str(pixels.dtype))) as copy:
        if count in (2, 4):
            copy.colorinterp = (*copy.colorinterp[:-1], ColorInterp.alpha)
        for top in range(0, height, BLOCK_PX):  # in strips: a second copy of all pixels could take another gigabyte
            strip = np.ascontiguousarray(pixels[:, top : top + BLOCK_PX])
            copy.write(strip, window=Window(0, top, width, strip.shape[1]))
    _add_overviews(target, width, height)


def _copy_raster(path: Path, target: Path) -> None:
    with POOL.borrow(path) as dataset:
        profile = _profile(dataset.width, dataset.height, dataset.count, str(dataset.dtypes[0]))
        with rasterio.open(target, "w", nodata=dataset.nodata, **profile) as copy:
            copy.colorinterp = dataset.colorinterp
            for top in range(0, dataset.height, BLOCK_PX):
                _copy_rows(dataset, copy, top)
        width, height = dataset.width, dataset.height
    _add_overviews(target, width, height)


def _copy_rows(dataset: rasterio.DatasetReader, copy: DatasetWriter, top: int) -> None:
    rows = min(BLOCK_PX, dataset.height - top)
    for band in range(1, dataset.count + 1):
        copy.write(read_raster(dataset, (0, top, dataset.width, rows), [band]), [band], window=Window(0, top, dataset.width, rows))


def _add_overviews(path: Path, width: int, height: int) -> None:
    factors = [2**level for level in range(1, zoom_levels(width, height, TILE_PX) + 1)]
    if factors:
        with rasterio.open(path, "r+", driver="GTiff") as copy:
            copy.build_overviews(factors, Resampling.average)


def is_large(width: int, height: int) -> bool:
    """Say whether an image should be prepared in the background as soon as it is there."""
    return max(width, height) > LARGEST_PLAIN_SIDE
