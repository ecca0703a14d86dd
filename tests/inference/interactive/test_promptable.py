"""The real MobileSAM on drawn pictures: what it finds, and that an image is embedded once."""

import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from campaigns.imagery import Refused, Style
from inference.interactive import promptable
from inference.interactive.promptable import EMBEDDING_SHAPE, EmbeddingCache, Promptables, Segmenter, SegmenterFiles
from inference.interactive.prompts import PromptPoint, Prompts
from inference.interactive.windows import AskedImage, PixelReader
from tests.campaigns.samples import picture_bytes, tiff_bytes

WHOLE = (0, 0, 900, 600)


def scene() -> tuple[NDArray[np.uint8], dict[str, NDArray[np.bool_]]]:
    """Discs of three colours on plain ground: (600, 900, 3) and where each lies."""
    y, x = np.mgrid[:600, :900]
    pixels = np.full((600, 900, 3), (70, 90, 60), np.uint8)
    discs = {}
    for name, (column, row, radius, color) in {
        "red": (200, 300, 110, (220, 60, 50)), "blue": (480, 300, 60, (60, 80, 220)), "white": (740, 300, 100, (240, 240, 240)),
    }.items():  # fmt: skip
        discs[name] = np.hypot(x - column, y - row) < radius
        pixels[discs[name]] = color
    return pixels, discs


@pytest.fixture
def image(tmp_path: Path) -> AskedImage:
    path = tmp_path / "discs.png"
    path.write_bytes(picture_bytes(scene()[0], "PNG"))
    return AskedImage(path, "a" * 64, 900, 600, "PNG", Style())


@pytest.fixture
def models(tmp_path: Path) -> Promptables:
    return Promptables(PixelReader(), tmp_path / "embeddings", threads=2)


def overlap(found: promptable.Segmented, truth: NDArray[np.bool_]) -> float:
    mask = np.zeros_like(truth)
    height, width = found.mask.shape
    mask[found.top : found.top + height, found.left : found.left + width] = found.mask
    return float((mask & truth).sum() / (mask | truth).sum())


def test_a_click_a_box_and_a_stroke_each_find_their_disc(image: AskedImage, models: Promptables, segmenter_files: SegmenterFiles):
    marks = (
        Prompts(points=(PromptPoint(200, 300),)),
        Prompts(box=(410, 230, 550, 370)),
        Prompts(foreground=(((700.0, 300.0), (740.0, 310.0), (780.0, 300.0)),)),
    )
    found = models.answer(segmenter_files, image, WHOLE, marks)
    for each, disc in zip(found, scene()[1].values(), strict=True):
        assert overlap(each, disc) > 0.94
        assert each.confidence > 0.85


def test_a_negative_click_takes_away(image: AskedImage, models: Promptables, segmenter_files: SegmenterFiles):
    red, blue = scene()[1]["red"], scene()[1]["blue"]
    both = Prompts(box=(80, 180, 560, 420))
    less = Prompts(box=(80, 180, 560, 420), points=(PromptPoint(200, 300), PromptPoint(480, 300, positive=False)))
    (wide,), (narrow,) = (models.answer(segmenter_files, image, WHOLE, (marks,)) for marks in (both, less))
    assert overlap(narrow, red) > 0.9
    assert overlap(narrow, red) >= overlap(wide, red)
    assert overlap(narrow, blue) < 0.02


def test_an_image_is_embedded_once_however_many_clicks_and_threads(
    image: AskedImage, models: Promptables, segmenter_files: SegmenterFiles, monkeypatch: pytest.MonkeyPatch
):
    embedded: list[int] = []
    real = Segmenter.embed
    monkeypatch.setattr(Segmenter, "embed", lambda self, rgb: embedded.append(1) or real(self, rgb))
    assert not models.is_ready(segmenter_files, image, WHOLE)
    marks = (Prompts(points=(PromptPoint(200, 300),)),)
    threads = [threading.Thread(target=models.answer, args=(segmenter_files, image, WHOLE, marks)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert embedded == [1]
    assert models.is_ready(segmenter_files, image, WHOLE)


def test_after_a_restart_the_embedding_comes_from_the_disk_and_answers_the_same(
    image: AskedImage, models: Promptables, segmenter_files: SegmenterFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    marks = (Prompts(points=(PromptPoint(200, 300),)),)
    (before,) = models.answer(segmenter_files, image, WHOLE, marks)
    monkeypatch.setattr(Segmenter, "embed", lambda *_: pytest.fail("it was embedded again"))
    (after,) = Promptables(PixelReader(), tmp_path / "embeddings", threads=2).answer(segmenter_files, image, WHOLE, marks)
    assert np.array_equal(before.mask, after.mask)


def test_in_a_corner_of_a_large_raster_a_small_thing_is_found_by_its_window(
    models: Promptables, segmenter_files: SegmenterFiles, tmp_path: Path
):
    pixels = np.full((3, 3000, 4000), 80, np.uint8)
    y, x = np.mgrid[:3000, :4000]
    disc = np.hypot(x - 3700, y - 2800) < 40
    pixels[:, disc] = 220
    path = tmp_path / "large.tif"
    path.write_bytes(tiff_bytes(pixels, tiled=True, compress="deflate"))
    image = AskedImage(path, "b" * 64, 4000, 3000, "TIFF", Style())
    window = (2976, 1976, 4000, 3000)
    (found,) = models.answer(segmenter_files, image, window, (Prompts(points=(PromptPoint(3700, 2800),)),))
    assert overlap(found, disc) > 0.93


def test_files_that_were_changed_since_are_not_loaded(segmenter_files: SegmenterFiles, tmp_path: Path):
    broken = tmp_path / "decoder.onnx"
    broken.write_bytes(segmenter_files.decoder.read_bytes()[:-1] + b"x")
    with pytest.raises(Refused) as refused:
        Segmenter(SegmenterFiles(segmenter_files.encoder, segmenter_files.encoder_sha256, broken, segmenter_files.decoder_sha256), 1)
    assert refused.value.code == "model_damaged"


def test_the_cache_keeps_the_latest_and_a_damaged_file_costs_a_computation(tmp_path: Path):
    cache = EmbeddingCache(tmp_path, in_memory=2, on_disk=3)
    made: list[str] = []

    def make(name: str) -> NDArray[np.float16]:
        made.append(name)
        return np.zeros(EMBEDDING_SHAPE, np.float16)

    for name in ("a", "b", "c", "d"):
        cache.get(name, lambda name=name: make(name))
    assert sorted(path.stem for path in tmp_path.glob("*.npy")) == ["b", "c", "d"]
    cache.get("d", lambda: make("again"))
    (tmp_path / "b.npy").write_bytes(b"half a fi")
    cache.get("b", lambda: make("b"))
    assert made == ["a", "b", "c", "d", "b"]


def test_a_failed_computation_is_told_to_everyone_and_tried_again(tmp_path: Path):
    cache = EmbeddingCache(tmp_path)

    def fail() -> NDArray[np.float16]:
        raise Refused("damaged", "It cannot be read.")

    with pytest.raises(Refused):
        cache.get("a", fail)
    assert cache.get("a", lambda: np.ones(EMBEDDING_SHAPE, np.float16))[0, 0, 0, 0] == 1
