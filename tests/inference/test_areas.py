"""Places to look at, the least certain first."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.areas import LEAST, levels_of, rank_objects, rank_pixels
from inference.heatmaps import draw_pixels
from inference.models import Prediction

IMAGE = {"width": 2400, "height": 1200}


def test_the_least_certain_place_comes_first_in_pixels_of_the_image():
    levels = np.zeros((120, 240), dtype=np.uint8)
    levels[20:40, 30:50] = 250
    levels[80:100, 200:220] = 120
    first, second = rank_pixels(levels, limit=2, **IMAGE)
    assert first.bounds == (300, 200, 500, 400)
    assert second.bounds == (2000, 800, 2200, 1000)
    assert first.uncertainty == pytest.approx(250 / 255)
    assert second.uncertainty == pytest.approx(120 / 255)


def test_where_a_model_is_sure_there_is_nothing_to_look_at():
    assert rank_pixels(np.full((50, 50), int(LEAST * 255) - 1, dtype=np.uint8), width=50, height=50, limit=10) == []


@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 70), columns=st.integers(1, 70), limit=st.integers(1, 30))
def test_areas_are_ranked_lie_inside_and_do_not_overlap(seed, rows, columns, limit):
    levels = np.random.default_rng(seed).integers(0, 256, (rows, columns), dtype=np.uint8)
    areas = rank_pixels(levels, width=columns, height=rows, limit=limit)
    assert len(areas) <= limit
    assert [area.uncertainty for area in areas] == sorted((area.uncertainty for area in areas), reverse=True)
    for at, area in enumerate(areas):
        left, top, right, bottom = area.bounds
        assert 0 <= left < right <= columns and 0 <= top < bottom <= rows
        assert area.uncertainty == pytest.approx(levels[int(top) : int(bottom), int(left) : int(right)].mean() / 255)
        for other in areas[:at]:
            assert right <= other.bounds[0] or other.bounds[2] <= left or bottom <= other.bounds[1] or other.bounds[3] <= top


def test_a_heat_map_is_read_back_as_it_was_drawn():
    unsure = np.linspace(0, 1, 600, dtype=np.float32).reshape(20, 30)
    assert np.abs(levels_of(draw_pixels(unsure)) / 255 - unsure).max() < 0.5 / 255 + 1e-6


def test_objects_near_a_half_come_first_and_sure_ones_are_left_out():
    boxes = {0.99: (0.0, 0.0, 1.0, 1.0), 0.5: (5.0, 0.0, 6.0, 1.0), 0.7: (2.0, 2.0, 3.0, 3.0)}
    ranked = rank_objects([(bounds, confidence) for confidence, bounds in boxes.items()], limit=10)
    assert [area.bounds for area in ranked] == [boxes[0.5], boxes[0.7]]
    assert ranked[0].uncertainty == 1.0


@pytest.mark.django_db
class TestOverHttp:
    def test_areas_of_a_stored_heat_map_are_told_with_their_model(self, make_campaign, make_image, make_model, as_user, viewer, data_dir):
        campaign = make_campaign(task="segmentation")
        image = make_image(campaign)
        unsure = np.zeros((48, 64), dtype=np.float32)
        unsure[8:16, 16:24] = 1.0
        (data_dir / "map.png").write_bytes(draw_pixels(unsure))
        model = make_model(campaign, "http://127.0.0.1:9/predict")
        Prediction.objects.create(image=image, model=model, model_version="3", document={"items": []}, heat_map="map.png")
        found = as_user(viewer).get(f"/api/v1/images/{image.pk}/uncertain-areas").data
        assert found["model"] == {"id": model.pk, "name": "Coastline", "version": "3"}
        left, top, right, bottom = found["areas"][0]["bounds"]
        assert 16 <= left < right <= 24 and 8 <= top < bottom <= 16
        assert found["areas"][0]["kind"] == "pixels"

    def test_without_an_answer_there_are_none(self, make_campaign, make_image, as_user, viewer):
        image = make_image(make_campaign(task="segmentation"))
        assert as_user(viewer).get(f"/api/v1/images/{image.pk}/uncertain-areas").data == {"model": None, "areas": []}

    @pytest.mark.parametrize("limit", ["0", "x", "201", "-1"])
    def test_a_wrong_limit_is_refused(self, limit, make_campaign, make_image, as_user, viewer):
        image = make_image(make_campaign(task="segmentation"))
        assert as_user(viewer).get(f"/api/v1/images/{image.pk}/uncertain-areas?limit={limit}").status_code == 422
