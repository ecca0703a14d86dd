"""From a model's URL to drafts: a GeoTIFF and a PNG, detection and segmentation, in each protocol."""

import io
from hashlib import sha256

import numpy as np
import pytest
import rasterio
from PIL import Image as Picture
from rasterio.io import MemoryFile

from campaigns.geometry import polygons_to_mask
from campaigns.models import AnnotationSet, Image
from campaigns.runs import execute_now
from inference.models import Prediction
from inference.schema import Raster
from inference.services import start_inference
from inference.store import load_prediction
from tests.conftest import png_bytes
from tests.inference.endpoint import Endpoint, Reply, items, listed

pytestmark = pytest.mark.django_db
WIDTH, HEIGHT = 80, 60
PLACE = rasterio.Affine(10.0, 0.0, 430_000.0, 0.0, -10.0, 4_580_000.0)
WATER = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
WATER[10:40, 20:60] = 1


def geotiff(pixels, **place):
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", width=pixels.shape[2], height=pixels.shape[1], count=len(pixels), dtype=str(pixels.dtype), **place
        ) as file:
            file.write(pixels)
        return bytes(memory.getbuffer())


@pytest.fixture(params=["geotiff", "png"])
def image_of(request, settings, tmp_path):
    """Return a function that puts one image, a raster of four bands or a picture, into a campaign."""
    settings.DATA_DIR = tmp_path

    def make(campaign):
        if request.param == "png":
            content, facts = png_bytes(WIDTH, HEIGHT), {"format": "PNG", "bands": 3, "dtype": "uint8"}
        else:
            pixels = np.random.default_rng(1).integers(0, 4000, (4, HEIGHT, WIDTH), dtype=np.uint16)
            content = geotiff(pixels, crs="EPSG:32631", transform=PLACE)
            facts = {"format": "TIFF", "bands": 4, "dtype": "uint16", "crs": "EPSG:32631", "transform": list(PLACE)[:6]}
        path = f"{request.param}.bin"
        (tmp_path / "images").mkdir()
        (tmp_path / "images" / path).write_bytes(content)
        digest = sha256(content).hexdigest()
        return Image.objects.create(
            campaign=campaign, name=path, path=path, sha256=digest, size_bytes=len(content), width=WIDTH, height=HEIGHT, **facts
        )

    return make


def run(campaign, model):
    done = execute_now(start_inference(user=campaign.created_by, campaign=campaign, model=model, images="all"))
    assert done.state == "succeeded", done.error
    return AnnotationSet.objects.get(author=None).annotations


def sent_image(body):
    """Return the picture inside a multipart form, as the model sees it."""
    start = min(at for at in (body.find(b"\x89PNG"), body.find(b"II*\x00")) if at >= 0)
    with MemoryFile(body[start : body.rindex(b"\r\n--")]) as memory, memory.open() as file:
        return file.count, file.width, file.height, file.dtypes[0], file.crs, file.transform


@pytest.mark.parametrize("protocol", ["winnow", "winnow_json", "scaneo"])
def test_boxes_become_drafts(protocol, make_campaign, image_of, make_model):
    campaign = make_campaign(task="detection")
    image_of(campaign)
    if protocol == "scaneo":
        reply = listed([{"box": [10, 12, 30, 40], "score": 0.9, "class": 1}])
    else:
        reply = items({"kind": "box", "index": 1, "score": 0.9, "xyxy": [10, 12, 30, 40]})
    with Endpoint(lambda body: reply) as endpoint:
        (draft,) = run(campaign, make_model(campaign, endpoint.url, protocol=protocol))
    assert draft["label"] == campaign.labels.get(name="Water").pk
    assert draft["shape"] == {"type": "box", "x": 10.0, "y": 12.0, "width": 20.0, "height": 28.0, "rotation": 0.0}
    assert Prediction.objects.get().uncertainty["entropy"] == pytest.approx(0.469, abs=0.001)


@pytest.mark.parametrize("protocol", ["winnow", "winnow_json"])
def test_polygons_become_drafts(protocol, make_campaign, image_of, make_model):
    campaign = make_campaign(task="segmentation")
    image_of(campaign)
    ring = [[10, 10], [30, 10], [30, 25.5], [10, 10]]
    with Endpoint(lambda body: items({"kind": "polygon", "index": 0, "score": 0.7, "polygons": [[ring]]})) as endpoint:
        (draft,) = run(campaign, make_model(campaign, endpoint.url, protocol=protocol))
    assert draft["shape"] == {"type": "polygon", "polygons": [[ring]]}
    assert draft["confidence"] == 0.7


def test_scaneo_is_sent_the_raster_as_it_is(make_campaign, image_of, make_model):
    campaign = make_campaign(task="segmentation")
    image = image_of(campaign)
    with Endpoint(lambda body: Reply(geotiff(WATER[None]), content_type="image/tiff")) as endpoint:
        run(campaign, make_model(campaign, endpoint.url, protocol="scaneo"))
    count, width, height, dtype, crs, transform = sent_image(endpoint.bodies[0])
    assert (count, width, height, dtype) == (image.bands, WIDTH, HEIGHT, image.dtype)
    if image.format == "TIFF":
        assert crs.to_epsg() == 32631
        assert transform == PLACE


def test_a_class_raster_becomes_an_outline_a_label(make_campaign, image_of, make_model):
    campaign = make_campaign(task="segmentation")
    image_of(campaign)
    with Endpoint(lambda body: Reply(geotiff(WATER[None]), content_type="image/tiff")) as endpoint:
        drafts = run(campaign, make_model(campaign, endpoint.url, protocol="scaneo"))
    outlines = {each["label"]: polygons_to_mask(each["shape"]["polygons"], height=HEIGHT, width=WIDTH) for each in drafts}
    land, water = (campaign.labels.get(name=name).pk for name in ("Land", "Water"))
    assert (outlines[water] == (WATER == 1)).all()
    assert (outlines[land] == (WATER == 0)).all()
    assert Prediction.objects.get().heat_map == ""


def test_probabilities_per_pixel_give_a_heat_map_over_the_image(make_campaign, image_of, make_model, as_user, viewer):
    campaign = make_campaign(task="segmentation")
    image = image_of(campaign)
    water = np.where(WATER == 1, 0.95, 0.05).astype(np.float32)
    water[10:40, 20:30] = 0.55
    with Endpoint(lambda body: Reply(geotiff(np.stack([1 - water, water])), content_type="image/tiff")) as endpoint:
        drafts = run(campaign, make_model(campaign, endpoint.url, protocol="scaneo"))
    assert len(drafts) == 2
    row = Prediction.objects.get()
    assert 0.5 < row.uncertainty["entropy"] <= 1
    assert "base64" not in str(row.document)
    assert len(str(row.document)) < 2000
    (raster,) = load_prediction(row).items
    assert isinstance(raster, Raster)
    client = as_user(viewer)
    (listed_row,) = client.get(f"/api/v1/images/{image.pk}/predictions").data
    assert set(listed_row["items"][0]) == {"kind", "size", "classes", "confidence"}
    levels = np.asarray(Picture.open(io.BytesIO(client.get(listed_row["heat_map"]).content)))
    assert levels.shape == (HEIGHT, WIDTH)
    assert levels[20, 25] > 200 > levels[20, 50]
