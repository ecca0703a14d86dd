"""What is taken as an image, and what is refused with which words."""

import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Picture
from rasterio.transform import Affine

from campaigns.imagery import Limits, Refused, probe
from tests.campaigns.samples import cutout, multispectral, picture_bytes, tiff_bytes


def _code(content: bytes, path: Path | None = None, limits: Limits | None = None) -> str:
    """Probe bytes and, when a path is given, the same as a file: both must refuse alike."""
    with pytest.raises(Refused) as refused:
        probe(content, "x", limits=limits or Limits())
    assert refused.value.detail.endswith(".")
    if path is not None:
        path.write_bytes(content)
        with pytest.raises(Refused) as from_file:
            probe(path, limits=limits or Limits())
        assert from_file.value.code == refused.value.code
    return refused.value.code


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_picture_tells_its_facts(format: str, tmp_path: Path) -> None:
    content = picture_bytes(cutout(320, 200), format)
    (tmp_path / "picture").write_bytes(content)
    facts = probe(content)
    assert (facts.format, facts.width, facts.height, facts.bands, facts.dtype) == (format, 320, 200, 3, "uint8")
    assert probe(tmp_path / "picture") == facts


@pytest.mark.parametrize("orientation", range(1, 9))
def test_width_and_height_are_those_after_orientation(orientation: int) -> None:
    facts = probe(picture_bytes(cutout(320, 200), orientation=orientation))
    assert (facts.width, facts.height) == ((320, 200) if orientation < 5 else (200, 320))
    assert facts.orientation == orientation


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64"])
def test_a_raster_of_any_depth_tells_its_facts(dtype: str, tmp_path: Path) -> None:
    content = tiff_bytes(multispectral(5, dtype="uint8").astype(dtype))
    (tmp_path / "raster").write_bytes(content)
    facts = probe(tmp_path / "raster")
    assert (facts.format, facts.width, facts.height, facts.bands, facts.dtype, facts.crs) == ("TIFF", 300, 200, 5, dtype, "EPSG:4326")
    assert facts.transform is not None
    assert facts.transform[2] == pytest.approx(-180 + 2500 / 15)
    assert probe(content) == facts


def test_a_tiff_without_a_place_has_none() -> None:
    facts = probe(tiff_bytes(multispectral(1), crs=None))
    assert (facts.crs, facts.transform) == ("", None)


def test_a_deep_png_keeps_its_depth() -> None:
    facts = probe(picture_bytes(cutout(64, 48)[:, :, 0].astype(np.uint16) * 200, "PNG"))
    assert (facts.bands, facts.dtype) == (1, "uint16")


def test_an_unusual_crs_is_kept_as_text() -> None:
    crs = "+proj=laea +lat_0=41.5 +lon_0=2.2 +datum=WGS84 +units=m"
    facts = probe(tiff_bytes(multispectral(1), crs=crs, transform=Affine(10, 0, 0, 0, -10, 0)))
    assert facts.crs.startswith("PROJCRS[")
    assert "Lambert Azimuthal Equal Area" in facts.crs


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_a_truncated_picture_is_refused(format: str, kept: float, tmp_path: Path) -> None:
    content = picture_bytes(cutout(320, 200), format)
    assert _code(content[: int(len(content) * kept)], tmp_path / "picture") == "truncated"


def test_a_jpeg_with_a_trailer_is_taken() -> None:
    assert probe(picture_bytes(cutout(320, 200)) + b"a motion clip of the camera" * 10).width == 320


def test_a_truncated_jpeg_with_a_whole_preview_is_refused() -> None:
    content = picture_bytes(cutout(320, 200))
    assert _code(content[: len(content) // 2] + b"\0" * 100) == "truncated"


def test_a_truncated_raster_is_refused(tmp_path: Path) -> None:
    content = tiff_bytes(multispectral(3), tiled=True, blockxsize=64, blockysize=64)
    assert _code(content[: len(content) // 2], tmp_path / "raster") == "truncated"


def test_a_damaged_png_is_refused() -> None:
    content = bytearray(picture_bytes(cutout(320, 200), "PNG"))
    content[len(content) // 2] ^= 255
    assert _code(bytes(content)) == "damaged"


def _png_of_size(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def test_a_decompression_bomb_is_refused_before_it_goes_off(tmp_path: Path) -> None:
    assert _code(_png_of_size(50_000, 50_000), tmp_path / "bomb") == "too_many_pixels"
    assert _code(_png_of_size(320, 200), limits=Limits(picture_pixels=1000)) == "too_many_pixels"


def test_a_raster_bomb_is_refused() -> None:
    content = tiff_bytes(np.zeros((1, 256, 256), dtype=np.uint8), tiled=True, blockxsize=256, blockysize=256, SPARSE_OK=True)
    assert _code(content, limits=Limits(raster_pixels=1000)) == "too_many_pixels"
    assert _code(content, limits=Limits(block_bytes=1000)) == "too_large_blocks"
    assert _code(tiff_bytes(np.zeros((9, 8, 8), dtype=np.uint8)), limits=Limits(bands=8)) == "too_many_bands"


def test_complex_pixels_are_refused() -> None:
    assert _code(tiff_bytes(np.zeros((1, 8, 8), dtype=np.complex64))) == "unknown_pixels"


@pytest.mark.parametrize(
    "transform", [Affine(float("nan"), 0, 0, 0, -1, 0), Affine(0, 0, 5, 0, 0, 5), Affine(1, 0, float("inf"), 0, -1, 0)]
)
def test_a_transform_that_cannot_be_used_is_refused(transform: Affine) -> None:
    assert _code(tiff_bytes(multispectral(1), transform=transform)) == "bad_transform"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "svg"),
        (b"<svg/>", "svg"),
        (b'<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand/></VRTDataset>', "vrt"),
        (b"<html></html>", "unknown_format"),
        (b"GIF89a" + b"\0" * 20, "unknown_format"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 20, "unknown_format"),
        (b"hello, world", "unknown_format"),
        (b"\xff\xd8\xff\xe0", "damaged"),
        (b"II*\0" + b"\xff" * 50, "damaged"),
    ],
)
def test_what_is_no_image_gets_its_own_refusal(content: bytes, code: str, tmp_path: Path) -> None:
    assert _code(content, tmp_path / "file.tif" if content else None) == code


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(Refused) as refused:
        probe(tmp_path / "empty.jpg")
    assert refused.value.code == "empty_file"


def test_an_animation_is_refused() -> None:
    frames = [Picture.fromarray(cutout(32, 32, column=column)) for column in (0, 900)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:])
    assert _code(buffer.getvalue()) == "animated"


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\0\0\0WEBPVP8 ", b"II*\0\x08\0\0\0", b"MM\0*"]),
)
def test_no_bytes_cause_anything_but_a_refusal(content: bytes, magic: bytes) -> None:
    with contextlib.suppress(Refused):
        probe(magic + content)


@given(st.integers(0, 100_000), st.binary(min_size=1, max_size=40), st.sampled_from(["JPEG", "PNG", "WEBP", "TIFF"]))
def test_a_file_with_foreign_bytes_inside_is_taken_or_refused(place: int, patch: bytes, format: str) -> None:
    content = bytearray(tiff_bytes(multispectral(2, 40, 30)) if format == "TIFF" else picture_bytes(cutout(40, 30), format))
    place %= len(content)
    content[place : place + len(patch)] = patch
    with contextlib.suppress(Refused):
        probe(bytes(content))
