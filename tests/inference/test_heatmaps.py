"""Heat maps: numbers that can be read back, at a size that travels."""

import io

import numpy as np
from PIL import Image

from inference import heatmaps


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def test_the_picture_holds_the_uncertainty_as_its_palette_index():
    unsure = np.linspace(0.0, 1.0, 60 * 40, dtype=np.float32).reshape(40, 60)
    picture = opened(heatmaps.draw_pixels(unsure))
    assert picture.mode == "P"
    assert picture.size == (60, 40)
    assert np.abs(np.asarray(picture) / 255.0 - unsure).max() <= 0.5 / 255.0 + 1e-6


def test_certain_pixels_are_clear_and_uncertain_ones_cover():
    picture = opened(heatmaps.draw_pixels(np.array([[0.0, 0.5, 1.0]], dtype=np.float32))).convert("RGBA")
    alphas = [picture.getpixel((x, 0))[3] for x in range(3)]
    assert alphas[0] == 0
    assert alphas[0] < alphas[1] < alphas[2]


def test_a_large_map_is_made_coarser():
    picture = opened(heatmaps.draw_pixels(np.zeros((3000, 1500), dtype=np.float32)))
    assert max(picture.size) <= heatmaps.MAX_SIDE
    assert picture.size == (500, 1000)


def test_objects_are_drawn_where_they_are_and_the_less_certain_lies_on_top():
    picture = np.asarray(
        opened(heatmaps.draw_objects([((10, 20, 30, 40), 1.0), ((0, 0, 60, 60), 0.5), ((-20, -20, -5, -5), 1.0)], 100, 80))
    )
    assert picture.shape == (80, 100)
    assert picture[30, 20] == 255
    assert picture[5, 5] == 128
    assert picture[70, 90] == 0
