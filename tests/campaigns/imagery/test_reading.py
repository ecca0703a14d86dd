"""Pixels come out as they went in: windows, bands, depth, orientation, stretch; and so they go to models."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageOps
from rasterio.io import MemoryFile

from campaigns.imagery import (
    Refused,
    Style,
    Tile,
    as_geotiff_bytes,
    band_statistics,
    encode_image,
    max_zoom,
    read_rgb,
    read_window,
    render_tile,
    rendered,
    sidecar,
    sidecars_of,
    thumbnail,
    tile_source,
)
from tests.campaigns.samples import cutout, marble, multispectral, picture_bytes, tiff_bytes


def _stored(folder: Path, content: bytes, name: str = "image.bin") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _shown(content: bytes) -> NDArray[Any]:
    with Picture.open(BytesIO(content)) as picture:
        return np.asarray(picture)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_read_upright(orientation: int, tmp_path: Path) -> None:
    content = picture_bytes(cutout(60, 40), "PNG", orientation=orientation)
    upright = np.asarray(ImageOps.exif_transpose(Picture.open(BytesIO(content))))
    path = _stored(tmp_path, content)
    assert np.array_equal(read_rgb(path), upright)
    assert np.array_equal(_shown(encode_image(path)[0]), upright)
    with MemoryFile(as_geotiff_bytes(path)) as memory, memory.open() as dataset:
        assert np.array_equal(np.moveaxis(dataset.read(), 0, 2), upright)


def test_a_window_of_chosen_bands_is_exact(tmp_path: Path) -> None:
    pixels = multispectral(5)
    path = _stored(tmp_path, tiff_bytes(pixels, tiled=True, blockxsize=64, blockysize=64))
    assert np.array_equal(read_window(path, (100, 50, 80, 70), (5, 1)), pixels[[4, 0], 50:120, 100:180])
    assert np.array_equal(read_window(path, (250, 150, 500, 500)), pixels[:, 150:, 250:])
    assert read_window(path, out_shape=(20, 30)).shape == (5, 20, 30)
    with pytest.raises(Refused, match="band 6"):
        read_window(path, bands=(6,))
    with pytest.raises(Refused, match="outside"):
        read_window(path, (900, 0, 10, 10))


def test_a_window_of_a_picture_is_exact(tmp_path: Path) -> None:
    path = _stored(tmp_path, picture_bytes(cutout(60, 40), "PNG"))
    assert np.array_equal(read_window(path, (10, 5, 20, 30), (3,)), np.moveaxis(cutout(60, 40)[5:35, 10:30, 2:], 2, 0))


def test_a_colour_png_of_16_bits_loses_nothing(tmp_path: Path) -> None:
    pixels = multispectral(3, 30, 20)
    with MemoryFile() as memory:
        with memory.open(driver="PNG", width=30, height=20, count=3, dtype="uint16") as dataset:
            dataset.write(pixels)
        path = _stored(tmp_path, bytes(memory.getbuffer()))
    assert np.array_equal(read_window(path), pixels)


def test_models_get_all_bands_with_their_place(tmp_path: Path) -> None:
    pixels = multispectral(12)
    path = _stored(tmp_path, tiff_bytes(pixels))
    content = as_geotiff_bytes(path)
    assert content[:2] == b"II"
    with MemoryFile(content) as memory, memory.open() as sent, MemoryFile(path.read_bytes()) as original, original.open() as source:
        assert np.array_equal(sent.read(), pixels)
        assert (sent.crs, sent.transform, sent.dtypes) == (source.crs, source.transform, source.dtypes)
        with MemoryFile(as_geotiff_bytes(path, (100, 50, 20, 10))) as memory2, memory2.open() as part:
            assert np.array_equal(part.read(), pixels[:, 50:60, 100:120])
            assert part.xy(0, 0) == pytest.approx(source.xy(50, 100))


@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32"])
def test_deep_pixels_are_stretched_for_the_eye(dtype: str, tmp_path: Path) -> None:
    pixels = multispectral(3, dtype=dtype)
    shown = read_rgb(_stored(tmp_path, tiff_bytes(pixels)))
    assert shown.shape == (200, 300, 3)
    assert (shown.min(), shown.max()) == (0, 255)
    assert np.corrcoef(shown[:, :, 0].ravel(), pixels[0].ravel())[0, 1] > 0.95


def test_8_bit_pixels_are_shown_as_they_are(tmp_path: Path) -> None:
    pixels = np.moveaxis(cutout(100, 80), 2, 0)
    assert np.array_equal(read_rgb(_stored(tmp_path, tiff_bytes(pixels))), cutout(100, 80))


def test_a_shrunk_picture_keeps_its_shape(tmp_path: Path) -> None:
    path = _stored(tmp_path, picture_bytes(cutout(800, 600)))
    small = read_rgb(path, max_side=100)
    assert small.shape == (75, 100, 3)
    assert np.abs(small.astype(int) - np.asarray(Picture.fromarray(cutout(800, 600)).resize((100, 75), Picture.Resampling.BOX))).mean() < 4


def test_nan_and_missing_values_harm_nothing(tmp_path: Path) -> None:
    pixels = multispectral(1, dtype="float32")
    pixels[0, :50] = np.nan
    pixels[0, 50:100] = -9999
    path = _stored(tmp_path, tiff_bytes(pixels, nodata=-9999))
    (found,) = band_statistics(path)
    assert found.min >= 0
    rgb, opaque = rendered(path, Style())
    assert opaque is not None
    assert not opaque[:100].any()
    assert opaque[100:].all()
    assert rgb[100:].max() == 255


def test_statistics_are_kept_and_name_the_bands(tmp_path: Path) -> None:
    pixels = multispectral(3)
    path = _stored(tmp_path, tiff_bytes(pixels))
    first = band_statistics(path, [2])
    assert (first[0].index, first[0].min, first[0].max) == (2, pixels[1].min(), pixels[1].max())
    assert [band.index for band in band_statistics(path)] == [1, 2, 3]
    assert sidecar(path, "statistics.json").exists()
    sidecar(path, "statistics.json").write_text("rubbish")
    assert band_statistics(path, [2]) == first


def test_quantiles_are_those_of_the_pixels(tmp_path: Path) -> None:
    pixels = multispectral(1)
    (found,) = band_statistics(_stored(tmp_path, tiff_bytes(pixels)))
    percents, values = zip(*found.quantiles, strict=True)
    assert values == pytest.approx(np.percentile(pixels[0], percents))
    assert dict(found.quantiles)[2.0] == found.p2


def test_style_chooses_bands_and_stretch(tmp_path: Path) -> None:
    pixels = multispectral(5)
    path = _stored(tmp_path, tiff_bytes(pixels))
    rgb, _ = rendered(path, Style(bands=(5, 4, 3), low=(0.0,), high=(2000.0,)))
    assert rgb[:, :, 0] == pytest.approx(np.clip(pixels[4] / 2000 * 255, 0, 255), abs=1)
    brighter, _ = rendered(path, Style(bands=(5, 4, 3), low=(0.0,), high=(2000.0,), gamma=2))
    assert brighter.mean() > rgb.mean()


@pytest.mark.parametrize("values", [{"bands": (1, 2)}, {"gamma": 0}, {"low": (float("nan"),)}, {"high": (1.0, 2.0)}])
def test_a_style_that_makes_no_sense_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        Style(**values)


def _mosaic(path: Path, width: int, height: int, zoom: int) -> NDArray[Any]:
    rows = []
    span = 256 << (max_zoom(width, height) - zoom)
    for y in range(-(-height // span)):
        tiles = [_shown(render_tile(path, Tile(zoom, x, y, width, height), Style(), format="png")) for x in range(-(-width // span))]
        rows.append(np.hstack([tile[:, :, :3] for tile in tiles]))
    return np.vstack(rows)


def test_tiles_cover_the_image_exactly_at_full_resolution(tmp_path: Path) -> None:
    pixels = np.moveaxis(cutout(700, 300), 2, 0)
    path = _stored(tmp_path, tiff_bytes(pixels, tiled=True, blockxsize=128, blockysize=128, overviews=True))
    assert max_zoom(700, 300) == 2
    mosaic = _mosaic(path, 700, 300, 2)
    assert mosaic.shape == (512, 768, 3)
    assert np.array_equal(mosaic[:300, :700], cutout(700, 300))
    assert not mosaic[300:].any()
    whole = _shown(render_tile(path, Tile(0, 0, 0, 700, 300), Style(), format="png"))
    assert whole.shape == (256, 256, 4)
    assert whole[:75, :175, 3].all()
    assert not whole[75:, :, 3].any()


def test_a_large_picture_gets_a_pyramid_once(tmp_path: Path) -> None:
    path = _stored(tmp_path, picture_bytes(marble()[:1500, :2600], quality=95))
    pyramid = tile_source(path)
    assert pyramid == sidecar(path, "pyramid.tif")
    modified = pyramid.stat().st_mtime_ns
    mosaic = _mosaic(path, 2600, 1500, max_zoom(2600, 1500))[:1500, :2600]
    assert np.abs(mosaic.astype(int) - marble()[:1500, :2600]).mean() < 4
    assert pyramid.stat().st_mtime_ns == modified
    assert pyramid in sidecars_of(path)


def test_a_large_raster_without_overviews_gets_a_pyramid_with_its_own_values(tmp_path: Path) -> None:
    pixels = multispectral(2, 2600, 300)
    path = _stored(tmp_path, tiff_bytes(pixels))
    assert tile_source(path, build=False) == path
    before = render_tile(path, Tile(4, 3, 0, 2600, 300), Style(bands=(1,)), format="png", build=False)
    assert np.array_equal(read_window(tile_source(path)), pixels)
    assert render_tile(path, Tile(4, 3, 0, 2600, 300), Style(bands=(1,)), format="png") == before


@pytest.mark.parametrize(("z", "x", "y"), [(3, 0, 0), (-1, 0, 0), (2, 3, 0), (2, 0, 2), (2, -1, 0)])
def test_a_tile_outside_the_image_is_refused(z: int, x: int, y: int) -> None:
    with pytest.raises(Refused):
        Tile(z, x, y, 700, 300)


@pytest.mark.parametrize("content", [picture_bytes(cutout(800, 400)), tiff_bytes(multispectral(5, 800, 400))], ids=["jpeg", "raster"])
def test_a_thumbnail_is_small_and_made_once(content: bytes, tmp_path: Path) -> None:
    path = _stored(tmp_path, content)
    small = thumbnail(path, 200)
    assert _shown(small).shape == (128, 256, 3)
    assert thumbnail(path, 256) is not small
    assert thumbnail(path, 256) == small
    assert len(sidecars_of(path)) >= 1


def test_the_thumbnail_of_a_large_picture_is_read_from_its_pyramid(tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    Picture.fromarray(np.full((40, 5000, 3), (200, 20, 20), np.uint8)).save(path)
    content = thumbnail(path)
    assert sidecar(path, "pyramid.tif").exists()
    shown = _shown(content).astype(float)
    assert shown.shape == (2, 256, 3)
    assert np.abs(shown.mean(axis=(0, 1)) - (200, 20, 20)).max() < 6
