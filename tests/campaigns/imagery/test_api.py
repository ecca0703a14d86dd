"""Pixels over HTTP: for members only, kept by browsers, harmless when opened alone."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture
from rest_framework.test import APIClient

from campaigns.models import Campaign, Image, User
from campaigns.services.importing import import_files
from campaigns.storage import image_path
from tests.campaigns.samples import cutout, multispectral, picture_bytes, tiff_bytes

As = Callable[[User | None], APIClient]
pytestmark = pytest.mark.django_db
ADDRESSES = ["file", "thumbnail", "statistics", "tiles/1/0/0.png", "tiles/0/0/0.jpg", "tiles/1/1/0.webp"]


@pytest.fixture
def scene(campaign: Campaign, owner: User, data_dir: Path) -> Image:
    """A raster of five 16-bit bands, 300 x 200."""
    import_files(user=owner, campaign=campaign, files=[("sub/scene.tif", tiff_bytes(multispectral(5)))])
    return Image.objects.get()


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(("role", "status"), [("viewer", 200), ("annotator", 200), ("owner", 200), ("stranger", 404), (None, 401)])
def test_members_alone_see_pixels(
    address: str, role: str | None, status: int, scene: Image, request: pytest.FixtureRequest, as_user: As
) -> None:
    user = request.getfixturevalue(role) if role else None
    accept = "application/json" if address == "statistics" else "image/avif"
    answer = as_user(user).get(f"/api/v1/images/{scene.pk}/{address}", headers={"Accept": accept})
    answer.close()
    assert answer.status_code == status


@pytest.mark.parametrize("address", ADDRESSES[:2] + ADDRESSES[3:])
def test_pixels_are_kept_by_the_browser(address: str, scene: Image, viewer: User, as_user: As) -> None:
    client, url = as_user(viewer), f"/api/v1/images/{scene.pk}/{address}"
    first = client.get(url)
    assert first["Cache-Control"] == "private, max-age=31536000, immutable"
    assert first["X-Content-Type-Options"] == "nosniff"
    first.close()
    again = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_file_comes_back_as_it_went_in(scene: Image, viewer: User, as_user: As) -> None:
    answer = as_user(viewer).get(f"/api/v1/images/{scene.pk}/file")
    assert b"".join(answer) == image_path(scene).read_bytes()
    assert answer["Content-Type"] == "image/tiff"
    assert "scene.tif" in answer["Content-Disposition"]
    assert answer["Content-Security-Policy"].startswith("sandbox")


def test_a_tile_shows_the_bands_that_are_asked_for(scene: Image, viewer: User, as_user: As) -> None:
    answer = as_user(viewer).get(f"/api/v1/images/{scene.pk}/tiles/1/1/0.png?bands=5,4,3&min=0&max=2000,3000,4000&gamma=1")
    assert answer["Content-Type"] == "image/png"
    with Picture.open(io.BytesIO(answer.content)) as picture:
        shown = np.asarray(picture)
    assert shown.shape == (256, 256, 4)
    expected = np.clip(multispectral(5)[4, :200, 256:300] / 2000 * 255, 0, 255)
    assert shown[:200, :44, 0] == pytest.approx(expected, abs=1)
    assert not shown[200:, :, 3].any()


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("tiles/2/0/0.png", 404, "no_such_tile"),
        ("tiles/1/9/0.png", 404, "no_such_tile"),
        ("tiles/0/0/0.gif", 404, "not_found"),
        ("tiles/0/0/0.png?bands=9", 422, "no_such_band"),
        ("tiles/0/0/0.png?bands=1,2", 422, "bad_style"),
        ("tiles/0/0/0.png?bands=red", 422, "invalid_number"),
        ("tiles/0/0/0.png?min=nan&max=5", 422, "bad_style"),
        ("tiles/0/0/0.png?gamma=0", 422, "bad_style"),
        ("thumbnail?size=big", 422, "invalid_number"),
    ],
)
def test_what_cannot_be_shown_is_told(address: str, status: int, code: str, scene: Image, viewer: User, as_user: As) -> None:
    answer = as_user(viewer).get(f"/api/v1/images/{scene.pk}/{address}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_statistics_tell_the_range_of_each_band(scene: Image, viewer: User, as_user: As) -> None:
    bands = as_user(viewer).get(f"/api/v1/images/{scene.pk}/statistics").data["bands"]
    assert [band["index"] for band in bands] == [1, 2, 3, 4, 5]
    assert all(band["min"] <= band["p2"] <= band["p98"] <= band["max"] for band in bands)


def test_a_turned_picture_has_an_upright_thumbnail(campaign: Campaign, owner: User, data_dir: Path, as_user: As) -> None:
    import_files(user=owner, campaign=campaign, files=[("a.jpg", picture_bytes(cutout(300, 200), orientation=6))])
    answer = as_user(owner).get(f"/api/v1/images/{Image.objects.get().pk}/thumbnail?size=128")
    with Picture.open(io.BytesIO(answer.content)) as picture:
        assert picture.size == (85, 128)


def test_a_file_gone_from_the_disk_is_told(scene: Image, viewer: User, as_user: As) -> None:
    image_path(scene).unlink()
    assert as_user(viewer).get(f"/api/v1/images/{scene.pk}/file").json()["code"] == "file_missing"


def test_a_geotiff_says_where_it_lies(scene: Image, viewer: User, as_user: As) -> None:
    found = as_user(viewer).get(f"/api/v1/images/{scene.pk}/georeference").data
    assert (found["crs"], found["name"], found["measure"]) == ("EPSG:4326", "WGS 84", "geodesic")
    assert found["transform"] == list(scene.transform)
    assert found["grid"]["lon"][0][0] == pytest.approx(-180 + 2500 / 15)
    assert found["grid"]["lat"][-1][0] == pytest.approx(90 - 500 / 15 - 200 / 15)


def test_a_picture_that_lies_nowhere_says_so(campaign: Campaign, make_image: Callable[..., Image], viewer: User, as_user: As) -> None:
    found = as_user(viewer).get(f"/api/v1/images/{make_image(campaign).pk}/georeference").data
    assert found == {"crs": "", "name": "", "transform": None, "measure": "pixels", "unit": "", "unit_m": None, "grid": None}
