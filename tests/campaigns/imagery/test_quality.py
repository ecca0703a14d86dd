"""Quality: what the measures say of real pictures, and that they are taken in the background."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image as Picture
from PIL import ImageFilter
from rest_framework.test import APIClient

from campaigns.imagery.quality import measured, quality_of
from campaigns.models import Campaign, Image, Run, User
from campaigns.runs import execute_now
from campaigns.services.measuring import measure_all_later
from tests.campaigns.samples import cutout, picture_bytes


def test_blurring_a_picture_lowers_its_sharpness_and_darkening_its_brightness(tmp_path: Path):
    pixels = cutout(600, 400)
    blurred = np.asarray(Picture.fromarray(pixels).filter(ImageFilter.GaussianBlur(6)))
    for name, content in (("plain", pixels), ("blurred", blurred), ("dark", pixels // 2)):
        (tmp_path / f"{name}.png").write_bytes(picture_bytes(content, "PNG"))
    plain, soft, dark = (measured(tmp_path / f"{name}.png") for name in ("plain", "blurred", "dark"))
    assert soft.sharpness < plain.sharpness / 3
    assert dark.brightness == pytest.approx(plain.brightness / 2, abs=0.01) and dark.contrast == pytest.approx(plain.contrast / 2, abs=0.01)


def test_a_checkerboard_has_the_measures_that_the_formulas_give():
    board = (np.indices((8, 8)).sum(axis=0) % 2 * 255).astype(np.float32)
    found = quality_of(board)
    assert (found.brightness, found.contrast) == (0.5, 0.5)
    assert found.sharpness == pytest.approx((4 * 255) ** 2)  # every Laplacian is +4 or -4 times 255


def test_pixels_without_data_do_not_count():
    gray = np.full((9, 9), 100, np.float32)
    gray[:, 5:] = 255
    opaque = np.zeros((9, 9), np.bool_)
    opaque[:, :5] = True
    found = quality_of(gray, opaque)
    assert found.sharpness == 0 and found.brightness == pytest.approx(100 / 255) and found.contrast == pytest.approx(0, abs=1e-9)
    assert quality_of(gray, np.zeros((9, 9), np.bool_)) == quality_of(np.zeros((2, 2), np.float32))


@given(arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=12), elements={"min_value": 0, "max_value": 255}))
def test_measures_keep_their_ranges(gray: Any):
    found = quality_of(gray)
    assert found.sharpness >= 0 and 0 <= found.brightness <= 1 + 1e-6 and 0 <= found.contrast <= 0.5 + 1e-6


def test_images_are_measured_in_the_background_and_filtered_by_it(
    campaign: Campaign, make_image: Callable[..., Image], manager: User, as_user: Callable[[User | None], APIClient]
):
    plain, old = make_image(campaign), make_image(campaign)
    broken = make_image(campaign)
    Image.objects.filter(pk=broken.pk).update(path="aa/nowhere.png")
    assert measure_all_later() == 1 and measure_all_later() == 0
    run = execute_now(Run.objects.get(kind="measure"))
    assert (run.state, run.done, run.failed_items, run.result) == ("succeeded", 2, 1, {"measured": 2})
    row = as_user(manager).get(f"/api/v1/images/{plain.pk}").data
    assert row["sharpness"] > 1000 and 0 < row["brightness"] < 1 and 0 < row["contrast"] < 0.5
    ids = as_user(manager).get(f"/api/v1/campaigns/{campaign.pk}/images/ids", {"sharpness_gte": 1}).data["ids"]
    assert ids == [plain.pk, old.pk] and Image.objects.get(pk=broken.pk).sharpness is None
    assert as_user(manager).get("/api/v1/runs").data["results"] == []
    assert len(as_user(manager).get("/api/v1/runs", {"kind": "measure"}).data["results"]) == 1
