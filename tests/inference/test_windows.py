"""Large images asked about in windows: by runs, by tests of a model, by models of our own."""

import io
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from django.core.cache import cache
from rest_framework.test import APIClient

from campaigns.models import Campaign, Image, ItemState, RunItem, User
from campaigns.runs import execute_now
from inference.inputs import StoredImage, model_input
from inference.joining import windows_for
from inference.models import Prediction
from inference.rasters import read_map
from inference.schema import Raster
from inference.services import start_inference
from inference.store import load_prediction
from models_registry.options import ModelOptions
from tests.campaigns.samples import tiff_bytes
from tests.inference.endpoint import Endpoint, Reply, listed
from tests.inference.wire import tiff

pytestmark = pytest.mark.django_db
WINDOWS: dict[str, Any] = {"window_px": 256, "overlap_px": 32}
WIDTH, HEIGHT = 700, 500
SHIPS = [(40, 40, 60, 50), (200, 100, 90, 40), (230, 240, 60, 60), (430, 30, 70, 60), (600, 420, 80, 60), (300, 300, 380, 50)]


def scene() -> np.ndarray:
    """Draw bright ships on dark water, four bands of 16 bit."""
    pixels = np.full((4, HEIGHT, WIDTH), 300, np.uint16)
    for x, y, width, height in SHIPS:
        pixels[:, y : y + height, x : x + width] = 2700
    return pixels


def sent_pixels(body: bytes) -> np.ndarray:
    """Return the pixels of the GeoTIFF in a form."""
    with rasterio.open(io.BytesIO(body[body.index(b"II*\x00") : body.rindex(b"\r\n--")])) as file:
        return np.asarray(file.read())


def bright_boxes(body: bytes) -> Reply:
    """Answer as a detector does that knows only what it was sent."""
    from rasterio.features import shapes

    pixels = sent_pixels(body)[0]
    bright = (pixels > (1000 if pixels.dtype == np.uint16 else 100)).astype(np.uint8)
    found = []
    for geometry, _ in shapes(bright, mask=bright.astype(bool)):
        ring = np.array(geometry["coordinates"][0])
        found.append({"bbox": [*ring.min(axis=0).tolist(), *ring.max(axis=0).tolist()], "label": "ship", "score": 0.9})
    return listed(found)


@pytest.fixture
def large_image(make_image: Callable[..., Image], settings: Any) -> Callable[[Campaign], Image]:
    """Add a large raster to a campaign."""

    def make(campaign: Campaign) -> Image:
        image = make_image(campaign, width=WIDTH, height=HEIGHT)
        image.bands, image.dtype, image.format = 4, "uint16", "TIFF"
        image.path = f"scene-{uuid.uuid4().hex}.tif"  # readers keep files open by their path
        path = Path(settings.DATA_DIR) / "images" / image.path
        path.write_bytes(tiff_bytes(scene(), tiled=True))
        with rasterio.open(path) as file:
            image.transform, image.crs = list(file.transform)[:6], file.crs.to_wkt()
        image.save()
        return image

    return make


@pytest.fixture
def sea(campaign: Campaign) -> Campaign:
    campaign.task = "detection"
    campaign.save()
    return campaign


def ship_model(make_model: Any, campaign: Campaign, url: str, **options: Any) -> Any:
    classes = [{"index": 0, "name": "ship"}]
    return make_model(campaign, url, protocol="scaneo", classes=classes, mapping={0: "Water"}, options={**WINDOWS, **options})


def test_a_run_finds_each_thing_of_a_large_image_once(sea: Campaign, large_image: Any, make_model: Any) -> None:
    image = large_image(sea)
    with Endpoint(bright_boxes, delay_s=0.03) as endpoint:
        model = ship_model(make_model, sea, endpoint.url, concurrency=3)
        run = execute_now(start_inference(user=sea.created_by, campaign=sea, model=model, images="all"))
        assert (run.state, run.done) == ("succeeded", 1), run.error
        assert endpoint.requests == 9
        assert endpoint.most_at_once == 3
    boxes = Prediction.objects.get(image=image).document["items"]
    assert sorted((box["x"], box["y"], box["width"], box["height"]) for box in boxes) == sorted(SHIPS)


def test_a_window_without_an_answer_fails_the_image_and_names_its_place(sea: Campaign, large_image: Any, make_model: Any) -> None:
    image = large_image(sea)

    def respond(body: bytes) -> Reply:
        return Reply(b'[{"bbox": [1, 2, "x", 4]}]') if sent_pixels(body)[0, 45, 45] > 1000 else bright_boxes(body)

    with Endpoint(respond) as endpoint:
        model = ship_model(make_model, sea, endpoint.url)
        run = execute_now(start_inference(user=sea.created_by, campaign=sea, model=model, images="all"))
    failed = RunItem.objects.get(run=run, state=ItemState.FAILED)
    assert failed.image == image
    assert failed.code == "rejected"
    assert failed.reason.startswith("the window of 256 x 256 at x ")
    assert not Prediction.objects.exists()


def test_each_window_is_sent_with_its_own_place_and_answers_in_the_ground_s_coordinates_fit(
    sea: Campaign, large_image: Any, make_model: Any
) -> None:
    image = large_image(sea)
    origins = []

    def respond(body: bytes) -> Reply:
        with rasterio.open(io.BytesIO(body[body.index(b"II*\x00") : body.rindex(b"\r\n--")])) as file:
            origins.append(~rasterio.Affine(*image.transform) * (file.transform.c, file.transform.f))
            assert (file.width, file.height) == (256, 256)
        return bright_boxes(body)

    with Endpoint(respond) as endpoint:
        model = ship_model(make_model, sea, endpoint.url)
        execute_now(start_inference(user=sea.created_by, campaign=sea, model=model, images="all"))
    placed = sorted((round(x), round(y)) for x, y in origins)
    assert placed == sorted((column, row) for column, row, _, _ in windows_for(stored(image), ModelOptions(**WINDOWS)))


def stored(image: Image) -> StoredImage:
    from inference.services.planning import stored_image

    return stored_image(image)


@pytest.mark.parametrize("fractions", [False, True])
def test_a_class_raster_of_windows_has_no_seam(campaign: Campaign, large_image: Any, make_model: Any, fractions: bool) -> None:
    campaign.task = "segmentation"
    campaign.save()
    image = large_image(campaign)

    def respond(body: bytes) -> Reply:
        bright = (sent_pixels(body)[:1] > 1000).astype(np.float32)
        return Reply(tiff(bright * 0.8 + 0.1 if fractions else bright.astype(np.uint8)), content_type="image/tiff")

    with Endpoint(respond) as endpoint:
        model = make_model(campaign, endpoint.url, protocol="scaneo", options={**WINDOWS, "post": [{"name": "argmax"}]})
        run = execute_now(start_inference(user=campaign.created_by, campaign=campaign, model=model, images="all"))
    assert run.done == 1, run.result
    (item,) = load_prediction(Prediction.objects.get(image=image)).items
    assert isinstance(item, Raster)
    assert (read_map(item.class_map) == (scene()[0] > 1000)).all()
    assert item.confidence == (pytest.approx(0.9, abs=0.01) if fractions else None)


def test_a_test_asks_in_windows_and_tells_how_many(
    sea: Campaign, large_image: Any, make_model: Any, manager: User, as_user: Callable[[User], APIClient]
) -> None:
    cache.clear()
    image = large_image(sea)
    with Endpoint(bright_boxes) as endpoint:
        model = ship_model(make_model, sea, endpoint.url, pre=[{"name": "s2rgb", "params": {"red": 1, "green": 2, "blue": 3}}])
        model.created_by = manager
        model.save()
        found = as_user(manager).post(f"/api/v1/models/{model.pk}/test", {"image": image.pk}).json()
    assert found["ok"], found
    assert found["windows"] == 9
    assert [step["name"] for step in found["steps"]] == ["s2rgb"]
    assert len(found["prediction"]["items"]) == len(SHIPS)
    assert (found["image"]["width"], found["image"]["height"]) == (WIDTH, HEIGHT)


def test_an_image_that_fits_a_window_is_asked_as_a_whole() -> None:
    small = StoredImage(1, "a", Path("a"), "TIFF", 256, 200, 3, "uint8", "", None, 1)
    assert windows_for(small, ModelOptions(**WINDOWS)) == ()
    assert windows_for(small, ModelOptions()) == ()


@pytest.mark.parametrize("form", ["geotiff", "encoded"])
def test_windows_of_an_image_are_its_own_pixels(tmp_path: Path, form: Any) -> None:
    pixels = np.random.default_rng(2).integers(0, 255, (3, 300, 400), dtype=np.uint8)
    path = tmp_path / "a.tif"
    path.write_bytes(tiff_bytes(pixels, tiled=True))
    image = StoredImage(1, "a.tif", path, "TIFF", 400, 300, 3, "uint8", "EPSG:4326", (1.0, 0.0, 5.0, 0.0, -1.0, 9.0), 1)
    sent = model_input(image, form=form, options=ModelOptions(), window=(100, 50, 128, 64))
    with rasterio.open(io.BytesIO(sent.content)) as file:
        assert (file.read() == pixels[:, 50:114, 100:228]).all()
    assert (sent.width, sent.height, sent.transform) == (128, 64, (1.0, 0.0, 105.0, 0.0, -1.0, -41.0))
    half = model_input(image, form=form, options=ModelOptions(max_side=64), window=(100, 50, 128, 64))
    assert half.sent_size == (64, 32)
