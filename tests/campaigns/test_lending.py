"""Addresses of single images without a login: what they give, to whom, and for how long."""

import io
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.core import signing
from django.core.exceptions import ImproperlyConfigured
from PIL import Image as Picture
from rest_framework.test import APIClient

from campaigns.errors import Conflict
from campaigns.lending import GOOD_FOR_S, SALT, Loan, base_address, lent_path
from campaigns.models import Campaign, Image
from campaigns.storage import image_path
from config import environment
from tests.campaigns.samples import multispectral, tiff_bytes

pytestmark = pytest.mark.django_db


def fetched(path: str) -> Any:
    """Ask as a model's server does: without any login."""
    return APIClient().get(path)


def test_whoever_holds_the_address_gets_the_very_image(campaign: Campaign, make_image: Callable[..., Image]) -> None:
    image = make_image(campaign)
    answer = fetched(lent_path(Loan(image.pk)))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert answer.content == image_path(image).read_bytes()
    assert answer["Cache-Control"] == "private, no-store"
    assert "sandbox" in answer["Content-Security-Policy"]


def test_it_is_lent_in_the_form_that_was_signed(campaign: Campaign, make_image: Callable[..., Image]) -> None:
    image = make_image(campaign, width=64, height=48)
    answer = fetched(lent_path(Loan(image.pk, format="jpeg", max_side=32)))
    picture = Picture.open(io.BytesIO(answer.content))
    assert (picture.format, picture.size) == ("JPEG", (32, 24))


def test_a_raster_is_lent_as_a_picture_that_anyone_reads(campaign: Campaign, make_image: Callable[..., Image]) -> None:
    image = make_image(campaign, width=300, height=200)
    image_path(image).write_bytes(tiff_bytes(multispectral()))
    Image.objects.filter(pk=image.pk).update(format="TIFF", bands=5, dtype="uint16")
    picture = Picture.open(io.BytesIO(fetched(lent_path(Loan(image.pk))).content))
    assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (300, 200))
    chosen = Picture.open(io.BytesIO(fetched(lent_path(Loan(image.pk, bands=(4, 3, 2)))).content))
    assert not np.array_equal(np.asarray(picture), np.asarray(chosen))


def test_a_changed_address_gives_nothing(campaign: Campaign, make_image: Callable[..., Image]) -> None:
    mine, other = make_image(campaign), make_image(campaign)
    path = lent_path(Loan(mine.pk))
    theirs = lent_path(Loan(other.pk)).rpartition("/")[2].split(":")[0]
    forged = f"/api/v1/lent-images/{':'.join([theirs, *path.rpartition('/')[2].split(':')[1:]])}"
    for wrong in (forged, path[:-1], path + "x", "/api/v1/lent-images/1", f"/api/v1/lent-images/{signing.dumps([mine.pk])}"):
        assert fetched(wrong).status_code == 404
    odd = signing.dumps({"image": mine.pk}, salt=SALT)
    assert fetched(f"/api/v1/lent-images/{odd}").status_code == 404


def test_it_is_good_for_ten_minutes(campaign: Campaign, make_image: Callable[..., Image], monkeypatch: pytest.MonkeyPatch) -> None:
    path, now = lent_path(Loan(make_image(campaign).pk)), time.time()
    monkeypatch.setattr(time, "time", lambda: now + GOOD_FOR_S - 5)
    assert fetched(path).status_code == 200
    monkeypatch.setattr(time, "time", lambda: now + GOOD_FOR_S + 5)
    answer = fetched(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "address_expired")


def test_an_image_that_was_removed_is_lent_no_more(campaign: Campaign, make_image: Callable[..., Image]) -> None:
    image = make_image(campaign)
    path = lent_path(Loan(image.pk))
    image.delete()
    assert fetched(path).status_code == 404


def test_nothing_else_is_done_with_it(campaign: Campaign, make_image: Callable[..., Image]) -> None:
    path = lent_path(Loan(make_image(campaign).pk))
    refused = APIClient().post(path)
    assert (refused.status_code, refused.json()["title"]) == (405, "Method not allowed")


def test_the_operator_says_where_model_servers_reach_winnow(settings: Any) -> None:
    settings.PUBLIC_URL = "https://label.example.org/winnow"
    assert base_address("http://127.0.0.1:9090") == "https://label.example.org/winnow"


def test_a_server_on_this_machine_reaches_this_machine(settings: Any) -> None:
    settings.PUBLIC_URL, settings.LOCAL_PORT = "", 8123
    for caller in ("http://127.0.0.1:9090", "http://localhost:9090/predict", "http://[::1]:9090"):
        assert base_address(caller) == "http://127.0.0.1:8123"


@pytest.mark.parametrize(
    ("caller", "changes"),
    [
        ("http://gpu.internal:9090", {}),
        ("http://10.0.0.7:9090", {}),
        ("http://127.0.0.1:9090", {"LOCAL_PORT": 0}),
        ("http://127.0.0.1:9090", {"ALLOWED_HOSTS": ["label.example.org"]}),
    ],
)
def test_an_address_that_cannot_be_guessed_is_asked_for(caller: str, changes: dict[str, Any], settings: Any) -> None:
    settings.PUBLIC_URL, settings.LOCAL_PORT = "", 8123
    settings.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
    for name, value in changes.items():
        setattr(settings, name, value)
    with pytest.raises(Conflict, match="WINNOW_PUBLIC_URL") as told:
        base_address(caller)
    assert told.value.code == "no_public_url"


def test_the_setting_is_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINNOW_PUBLIC_URL", "https://label.example.org/")
    assert environment.address("WINNOW_PUBLIC_URL") == "https://label.example.org"
    for wrong in ("label.example.org", "ftp://label.example.org", "https://", "https://a.example/?x=1"):
        monkeypatch.setenv("WINNOW_PUBLIC_URL", wrong)
        with pytest.raises(ImproperlyConfigured, match="WINNOW_PUBLIC_URL"):
            environment.address("WINNOW_PUBLIC_URL")
