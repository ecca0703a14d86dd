"""Superpixels as areas to ask about: they part the picture along its edges, and the least sure ones are asked about with an outline."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from active_learning.acquisition.regions import Area, chosen
from active_learning.acquisition.superpixels import region_means, superpixels
from active_learning.acquisition.values import AcquisitionError
from active_learning.services.superpixel_areas import unsure_superpixels
from campaigns.geometry import polygons_to_mask
from tests.active_learning.chips import add_chip, chips


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 60), st.integers(0, 99))
def test_every_pixel_belongs_to_one_superpixel_and_there_are_about_as_many_as_asked(height, width, count, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    found = superpixels(pixels, count)
    assert found.shape == (height, width)
    assert set(np.unique(found)) == set(range(found.max() + 1))
    assert found.max() + 1 <= 2 * count + 2
    assert np.array_equal(found, superpixels(pixels, count))


def test_superpixels_follow_an_edge_that_squares_would_cut():
    pixels = np.zeros((96, 96, 3), np.uint8)
    rows, columns = np.indices((96, 96))
    bright = rows + columns > 101  # aslant, and away from the cells' borders
    pixels[bright] = (200, 180, 40)
    found = superpixels(pixels, 36)
    mixed = sum(min(bright[found == n].sum(), (~bright[found == n]).sum()) for n in range(found.max() + 1))
    squares = (rows // 16) * 6 + columns // 16
    cut = sum(min(bright[squares == n].sum(), (~bright[squares == n]).sum()) for n in range(36))
    assert mixed < 0.1 * cut


def test_a_region_is_as_unsure_as_its_pixels_on_average():
    regions, values = np.array([[0, 0, 1], [2, 2, 1]]), np.array([[0.2, 0.4, 1.0], [0.0, 0.0, 0.0]])
    assert region_means(regions, values).tolist() == pytest.approx([0.3, 0.5, 0.0])


def test_pictures_of_other_shapes_are_refused():
    with pytest.raises(AcquisitionError):
        superpixels(np.zeros((4, 4), np.uint8), 2)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.integers(0, 9), st.integers(1, 6))
def test_noise_draws_other_areas_each_time_and_the_same_for_a_seed_never_more_and_never_over_another(scores, seed, limit):
    areas = [Area((10.0 * n, 0.0, 10.0 * n + 10, 10.0), score, "why") for n, score in enumerate(scores)]
    picks = chosen(areas, limit=limit, rng=np.random.default_rng(seed))
    assert len(picks) == min(limit, len(areas)) == len(set(picks))
    assert picks == chosen(areas, limit=limit, rng=np.random.default_rng(seed))


def test_noise_asks_for_what_is_least_sure_far_more_often():
    areas = [Area((20.0 * n, 0.0, 20.0 * n + 10, 10.0), 0.9 if n == 0 else 0.3, "why") for n in range(10)]
    firsts = [chosen(areas, limit=1, rng=np.random.default_rng(seed))[0].score for seed in range(60)]
    assert 0.3 in firsts
    assert np.mean(np.array(firsts) == 0.9) > 0.6


@pytest.mark.django_db
class TestOfAnImage:
    def test_the_outline_holds_what_is_unsure_on_a_real_coast(self, make_campaign, data_dir):
        campaign = make_campaign("Water", task="segmentation", labels=("water", "land"))
        chip = next(each for each in chips() if each.kind == "coast")
        image = add_chip(campaign, chip)
        levels = np.zeros((48, 48), np.uint8)
        levels[:12, 24:] = 230
        areas = unsure_superpixels(image, levels, limit=5)
        assert areas
        assert [area.score for area in areas] == sorted((area.score for area in areas), reverse=True)
        for area in areas:
            left, top, right, bottom = area.bounds
            assert 0 <= left < right <= 96
            assert 0 <= top < bottom <= 96
            inside = polygons_to_mask([[[list(point) for point in area.outline]]], height=96, width=96)
            assert inside[:30, 40:].sum() > 0.6 * inside.sum()

    def test_an_image_that_cannot_be_read_has_none(self, make_campaign, data_dir):
        image = add_chip(make_campaign("Water", task="segmentation"), chips()[0])
        (data_dir / "images" / image.path).write_bytes(b"no picture")
        assert unsure_superpixels(image, np.full((8, 8), 255, np.uint8), limit=3) == []
