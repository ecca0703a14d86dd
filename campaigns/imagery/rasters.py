"""TIFF and GeoTIFF: open with the one driver that is allowed, read the facts, refuse what would hurt."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import Interleaving, WktVersion
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader, MemoryFile
from rasterio.windows import Window

from campaigns.imagery.facts import Affine6, ImageFacts
from campaigns.imagery.refusal import LIMITS, Limits, Refused

# Most pictures lie nowhere, which is no news. (A filter for one call at a time would not be safe between threads.)
warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)
# GDAL complains about every damaged file on a logger of its own; the refusal already says it.
logging.getLogger("rasterio._env").setLevel(logging.CRITICAL)

_DTYPES = frozenset({"uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"})


def open_dataset(path: Path) -> DatasetReader:
    """Open a TIFF by path. The driver is named, so a file that only pretends to be one is refused by GDAL."""
    if not path.is_absolute():
        raise ValueError("Rasters are opened by absolute path only; GDAL gives other names a meaning of their own.")
    return rasterio.open(path, driver="GTiff")


@contextmanager
def _dataset(source: Path | bytes) -> Iterator[DatasetReader]:
    if isinstance(source, Path):
        with open_dataset(source) as dataset:
            yield dataset
    else:
        with MemoryFile(source) as memory, memory.open(driver="GTiff") as dataset:
            yield dataset


def facts_of(source: Path | bytes, limits: Limits = LIMITS) -> ImageFacts:
    """Read the header of a TIFF, refuse what cannot be used, and try its first and last block."""
    try:
        with _dataset(source) as dataset:
            dtype = _checked_dtype(dataset)
            _check_size(dataset, limits)
            crs, transform = georeference(dataset)
            _check_ends(dataset)
            return ImageFacts("TIFF", dataset.width, dataset.height, dataset.count, dtype, crs, transform)
    except RasterioError:
        raise Refused("damaged", "The TIFF cannot be read: it is damaged or uses a compression that is not supported.") from None


def _checked_dtype(dataset: DatasetReader) -> str:
    if dataset.count < 1:
        raise Refused("no_bands", "The TIFF has no bands.")
    dtypes = set(dataset.dtypes)
    if len(dtypes) != 1 or not dtypes <= _DTYPES:
        found = ", ".join(sorted(dtypes))
        raise Refused("unknown_pixels", f"The TIFF stores its pixels as {found}; whole numbers up to 32 bits and floats are taken.")
    return str(dtypes.pop())


def _check_size(dataset: DatasetReader, limits: Limits) -> None:
    if dataset.count > limits.bands:
        raise Refused("too_many_bands", f"The TIFF has {dataset.count:,} bands, at most {limits.bands} are taken; keep the ones to label.")
    if dataset.width * dataset.height > limits.raster_pixels or max(dataset.width, dataset.height) > limits.side:
        most = f"{limits.raster_pixels:,} pixels or a side above {limits.side:,}"
        raise Refused("too_many_pixels", f"The TIFF has more than {most}; cut it into parts.")
    rows, columns = dataset.block_shapes[0]
    together = dataset.count if dataset.interleaving == Interleaving.pixel else 1
    if rows * columns * together * np.dtype(dataset.dtypes[0]).itemsize > limits.block_bytes:
        advice = "write it tiled, for example with gdal_translate -co TILED=YES"
        raise Refused("too_large_blocks", f"The TIFF is stored in pieces too large to read one at a time; {advice}.")


def georeference(dataset: DatasetReader) -> tuple[str, Affine6 | None]:
    """Return the CRS ("EPSG:code" or WKT) and the affine of a dataset; ("", None) when it lies nowhere."""
    affine = dataset.transform
    numbers: Affine6 = (affine.a, affine.b, affine.c, affine.d, affine.e, affine.f)
    if numbers == (1.0, 0.0, 0.0, 0.0, 1.0, 0.0):  # GDAL's way to say that there is none
        return "", None
    if not all(math.isfinite(number) for number in numbers) or affine.a * affine.e == affine.b * affine.d:
        raise Refused(
            "bad_transform", "The geotransform of the TIFF is not finite or flattens its pixels; write it again with a right one."
        )
    if not dataset.crs:
        return "", numbers
    code = dataset.crs.to_epsg()
    return (f"EPSG:{code}" if code else dataset.crs.to_wkt(version=WktVersion.WKT2_2019)), numbers


def _check_ends(dataset: DatasetReader) -> None:
    rows, columns = dataset.block_shapes[0]
    left, top = (dataset.width - 1) // columns * columns, (dataset.height - 1) // rows * rows
    last = Window(left, top, dataset.width - left, dataset.height - top)
    first = Window(0, 0, min(columns, dataset.width), min(rows, dataset.height))
    try:
        dataset.read(1, window=first)
        dataset.read(dataset.count, window=last)
    except RasterioError:
        raise Refused(
            "truncated", "The TIFF ends too early, so a part of the raster is missing; upload it again from its source."
        ) from None
