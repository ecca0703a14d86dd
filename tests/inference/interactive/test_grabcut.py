"""GrabCut on drawn pictures whose truth is known, at sizes that are cut at once and at sizes that are cut twice."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from campaigns.imagery import Refused, Style
from inference.interactive.answers import Answerer
from inference.interactive.grabcut import cut_out
from inference.interactive.masks import cleaned, resized, window_of_mask
from inference.interactive.outlines import mask_shape, polygon_shape
from inference.interactive.prompts import PromptPoint, Prompts
from inference.interactive.windows import AskedImage, Pixels, surrounded
from tests.campaigns.samples import picture_bytes, tiff_bytes

Mask = NDArray[np.bool_]


def scene(size: int, *, seed: int = 0, apart: float = 60.0) -> tuple[NDArray[np.uint8], Mask]:
    """A blob with bays on noisy ground: (size, size, 3) and where the blob is."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] - size / 2
    blob = np.hypot(x, y) < size * 0.3 * (1 + 0.15 * np.sin(7 * np.arctan2(y, x)))
    pixels = rng.normal(90, 20, (size, size, 3))
    pixels[blob] += (apart, apart / 3, 0)
    return np.clip(pixels, 0, 255).astype(np.uint8), blob


def overlap(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / max(1, (one | other).sum()))


def whole(rgb: NDArray[np.uint8]) -> Pixels:
    return Pixels(rgb, None, (0, 0, rgb.shape[1], rgb.shape[0]))


@pytest.mark.parametrize("size", [120, 400, 1100])
def test_a_work_area_alone_finds_what_stands_out(size: int):
    rgb, blob = scene(size)
    edge = size // 10
    cut = cut_out(whole(rgb), (edge, edge, size - edge, size - edge), Prompts(), None)
    assert overlap(cut.mask, blob) > 0.97
    assert cut.confidence > 0.9


def test_at_full_size_the_outline_follows_pixels_that_the_small_copy_cannot_show():
    rgb, blob = scene(1600)
    cut = cut_out(whole(rgb), (100, 100, 1500, 1500), Prompts(), None)
    small = resized(blob[::4, ::4], blob.shape)
    assert overlap(cut.mask, blob) > max(0.99, overlap(small, blob))


def test_strokes_hold_whatever_the_colours_say():
    rgb, _ = scene(300)
    inside, outside = [(150.0, 120.0), (150.0, 180.0)], [(30.0, 30.0), (60.0, 40.0)]
    swapped = Prompts(foreground=(tuple(outside),), background=(tuple(inside),), brush_px=8)
    mask = cut_out(whole(rgb), (0, 0, 300, 300), swapped, None).mask
    assert not mask[125:175, 148:152].any()
    assert all(mask[int(y), int(x)] for x, y in outside)


def test_strokes_decide_where_the_work_area_is_the_whole_image():
    rgb, blob = scene(300)
    marks = Prompts(foreground=(((120.0, 150.0), (180.0, 150.0)),), background=(((10.0, 10.0), (290.0, 10.0)),), brush_px=6)
    assert overlap(cut_out(whole(rgb), (0, 0, 300, 300), marks, None).mask, blob) > 0.95


def test_extracting_again_goes_on_from_the_last_mask_and_takes_the_new_stroke():
    rgb, blob = scene(300)
    rgb[130:170, 100:200] = (20, 200, 220)  # a band over the blob in a colour of its own
    roi = (30, 30, 270, 270)
    first = cut_out(whole(rgb), roi, Prompts(background=(((110.0, 150.0), (190.0, 150.0)),), brush_px=4), None).mask
    assert not first[145:155, 130:170].any()
    again = cut_out(whole(rgb), roi, Prompts(foreground=(((110.0, 150.0), (190.0, 150.0)),), brush_px=4), first).mask
    assert again[145:155, 130:170].all()
    assert overlap(again, blob) > overlap(first, blob)


def test_the_same_marks_give_the_same_mask():
    rgb, _ = scene(500, apart=25)
    masks = [cut_out(whole(rgb), (40, 40, 460, 460), Prompts(), None).mask for _ in range(2)]
    assert np.array_equal(*masks)


def test_ground_of_one_colour_is_no_thing():
    with pytest.raises(Refused, match="foreground stroke") as refused:
        cut_out(whole(np.full((200, 200, 3), 90, np.uint8)), (50, 50, 150, 150), Prompts(), np.zeros((200, 200), bool))
    assert refused.value.code == "nothing_found"


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(20, 90), st.integers(20, 90))
def test_a_cut_keeps_its_shape_and_its_work_area(seed: int, height: int, width: int):
    rng = np.random.default_rng(seed)
    rgb = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    roi = (3, 4, width - 5, height - 6)
    try:
        cut = cut_out(whole(rgb), roi, Prompts(), None)
    except Refused:
        return
    assert cut.mask.shape == (height, width)
    assert 0.0 <= cut.confidence <= 1.0
    outside = np.ones((height, width), bool)
    outside[roi[1] : roi[3], roi[0] : roi[2]] = False
    assert not (cut.mask & outside).any()


def test_crumbs_go_and_a_marked_crumb_stays():
    mask = np.zeros((200, 200), bool)
    mask[20:120, 20:120] = True
    mask[60:62, 60:62] = False
    mask[180:183, 180:183] = True
    assert not cleaned(mask)[181, 181]
    assert cleaned(mask)[61, 61]
    marked = np.zeros_like(mask)
    marked[181, 181] = True
    assert cleaned(mask, keep=marked)[181, 181]


def test_a_dot_of_background_stays_a_hole_however_small():
    rgb, _ = scene(300)
    marks = Prompts(points=(PromptPoint(150, 150, positive=False),), brush_px=4)
    mask = cut_out(whole(rgb), (30, 30, 270, 270), marks, None).mask
    assert not mask[150, 150]
    assert mask[150, 160]


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 60))
def test_a_mask_comes_back_as_it_was_in_any_window(seed: int, height: int, width: int):
    rng = np.random.default_rng(seed)
    mask = rng.random((height, width)) < 0.3
    mask[rng.integers(height), rng.integers(width)] = True
    shape = mask_shape(mask, left=7, top=5, width=100, height=90)
    x, y, across, down = (int(each) for each in shape["bbox"])
    assert np.array_equal(window_of_mask(shape, (7, 5, 7 + width, 5 + height), width=100, height=90), mask)
    rows, columns = np.nonzero(mask)
    assert (x, y, across, down) == (columns.min() + 7, rows.min() + 5, np.ptp(columns) + 1, np.ptp(rows) + 1)


def test_a_polygon_of_a_mask_covers_the_same_ground():
    _, blob = scene(300)
    polygon = polygon_shape(blob, left=0, top=0, tolerance_px=0.75)
    ring = np.array(polygon["polygons"][0][0])
    area = 0.5 * abs(np.dot(ring[:-1, 0], ring[1:, 1]) - np.dot(ring[1:, 0], ring[:-1, 1]))
    assert abs(area - blob.sum()) / blob.sum() < 0.01
    assert len(ring) < 400


def asked(path: Path, width: int, height: int, format: str, style: Style | None = None) -> AskedImage:
    return AskedImage(path, "0" * 64, width, height, format, style or Style())


def cut_in(image: AskedImage, roi: tuple[int, int, int, int], folder: Path) -> Mask:
    question: dict[str, Any] = {"do": "grabcut", "image": image.as_document(), "roi": roi, "objects": [Prompts().as_document()]}
    answer = Answerer(folder).answer(question)
    return window_of_mask(answer["shape"], (0, 0, image.width, image.height), width=image.width, height=image.height)


def test_a_photograph_that_was_taken_sideways_is_cut_upright(tmp_path: Path):
    rgb, blob = scene(300)
    rgb, blob = rgb[:, 40:], blob[:, 40:]
    path = tmp_path / "sideways.jpg"
    path.write_bytes(picture_bytes(np.ascontiguousarray(np.rot90(rgb)), orientation=6, quality=95))
    assert overlap(cut_in(asked(path, 260, 300, "JPEG"), (10, 20, 250, 280), tmp_path), blob) > 0.95


def test_a_raster_of_16_bits_and_many_bands_is_cut_as_it_is_shown(tmp_path: Path):
    rgb, blob = scene(300)
    bands = np.stack([np.full((300, 300), 500), np.full((300, 300), 700), rgb[:, :, 0] * 40.0 + 3000]).astype(np.uint16)
    path = tmp_path / "deep.tif"
    path.write_bytes(tiff_bytes(bands))
    found = cut_in(asked(path, 300, 300, "TIFF", Style(bands=(3,))), (30, 30, 270, 270), tmp_path)
    assert overlap(found, blob) > 0.95
    roi = surrounded((30, 30, 270, 270), width=300, height=300)
    assert roi == (1, 1, 299, 299)


def test_of_a_large_raster_only_the_window_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rgb, blob = scene(300)
    pixels = np.full((3, 5000, 6000), 90, np.uint8)
    pixels[:, 4000:4300, 5000:5300] = np.moveaxis(rgb, 2, 0)
    path = tmp_path / "large.tif"
    path.write_bytes(tiff_bytes(pixels, tiled=True, compress="deflate"))
    from campaigns.imagery import render

    read: list[Any] = []
    real = render.read_raster
    monkeypatch.setattr(render, "read_raster", lambda *args: read.append(args[1]) or real(*args))
    found = cut_in(asked(path, 6000, 5000, "TIFF"), (5010, 4010, 5290, 4290), tmp_path)
    assert overlap(found[4000:4300, 5000:5300], blob) > 0.95
    assert read == [(4976, 3976, 348, 348)]
