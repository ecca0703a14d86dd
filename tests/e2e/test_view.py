"""How images and objects are seen, with real mouse and keys: what is painted, what is told, and what is remembered."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from rasterio.transform import from_origin

from tests.campaigns.samples import cutout, multispectral, tiff_bytes
from tests.e2e.bench import PHOTO, Hand, photo
from tests.e2e.eyes import TIFF, brightest, canvas, flat_photo, in_sight, painted, scale, seen_at, slide, until, with_drafts
from tests.e2e.stack import Api, Stack

Opened = Callable[..., tuple[Hand, dict[str, Any]]]
GRAY = (320, 240)


def utm(width: int = 600, height: int = 400) -> bytes:
    """Five 16-bit bands in UTM 33N: ten metres a pixel, its corner at 500,000 E, 5,400,000 N."""
    return tiff_bytes(multispectral(5, width, height), crs="EPSG:32633", transform=from_origin(500_000, 5_400_000, 10, 10), tiled=True)


def degrees() -> bytes:
    """200 by 200 pixels of 0.01 degrees, from 10 E and 51 N."""
    return tiff_bytes(np.moveaxis(cutout(200, 200), 2, 0), crs="EPSG:4326", transform=from_origin(10, 51, 0.01, 0.01))


@pytest.fixture
def opened(signed_in: Page, shared_stack: Stack, shared_api: Api) -> Opened:
    """Open the first image of a new campaign, with drafts on it; returns the hand and the campaign."""

    def open_first(*images: tuple[str, str, bytes], drafts: dict[str, tuple[int, float]] | None = None) -> tuple[Hand, dict[str, Any]]:
        campaign = with_drafts(shared_api, images, drafts or {})
        hand = Hand.at(signed_in, shared_stack, shared_api, campaign["images"][0])
        painted(hand)
        return hand, campaign

    return open_first


def open_panel(hand: Hand, name: str) -> None:
    hand.named(name).locator("summary").first.click()


def test_brightness_contrast_and_gamma_change_the_picture_at_once_and_the_next_one_too(opened: Opened):
    hand, campaign = opened(flat_photo(100), flat_photo(100, "second.png"))
    assert seen_at(hand, *GRAY) == (100, 100, 100)
    loads = "performance.getEntriesByType('resource').length"
    before = hand.page.evaluate(loads)
    open_panel(hand, "view-panel")
    slide(hand, "brightness", "ArrowRight", 10)
    assert seen_at(hand, *GRAY) == pytest.approx((151, 151, 151), abs=1)
    hand.page.keyboard.press("Alt+0")
    slide(hand, "contrast", "ArrowRight", 20)
    assert seen_at(hand, *GRAY) == pytest.approx((72, 72, 72), abs=1)
    hand.page.keyboard.press("Alt+0")
    slide(hand, "tone-gamma", "ArrowRight", 20)
    lifted = round(255 * (100 / 255) ** 0.5)
    assert seen_at(hand, *GRAY) == pytest.approx((lifted,) * 3, abs=2)
    assert hand.page.evaluate(loads) == before, "a change of tone loads nothing"
    hand.named("canvas").focus()
    hand.key("Control+Enter")
    painted(hand, campaign["images"][1]["id"])
    assert seen_at(hand, *GRAY) == pytest.approx((lifted,) * 3, abs=2)
    hand.page.reload()
    hand.page.wait_for_function("() => window.__winnow?.painted()")
    assert seen_at(hand, *GRAY) == pytest.approx((lifted,) * 3, abs=2)
    hand.key("Alt+0")
    assert seen_at(hand, *GRAY) == (100, 100, 100)


def test_a_raster_takes_bands_percentiles_and_presets_that_a_manager_saves(opened: Opened, shared_api: Api):
    hand, _ = opened(("scene.tif", TIFF, utm()))
    at = (300, 100)
    first = seen_at(hand, *at)
    open_panel(hand, "bands")
    hand.named("band-red").select_option("5")
    until(hand, lambda: seen_at(hand, *at)[0] != first[0], "another band is red and nothing is painted")
    with hand.page.expect_request(re.compile(r"/tiles/.*min=.*max=")) as asked:
        hand.named("stretch").select_option("percentile")
    wide = str(asked.value.url)
    with hand.page.expect_request(lambda request: "/tiles/" in request.url and request.url.split("?")[1] != wide.split("?")[1]) as asked:
        hand.named("percentile-high").fill("75")
    assert asked.value.url != wide
    statistics = shared_api.get(f"/images/{hand.image['id']}/statistics")["bands"]
    quantiles = dict(map(tuple, statistics[4]["quantiles"]))
    assert f"%2C{quantiles[75.0]}" in asked.value.url or f"max={quantiles[75.0]:g}" in asked.value.url.replace(".0", "")
    hand.named("preset-name").fill("Bright")
    hand.named("save-preset").click()
    expect(hand.named("band-preset")).to_have_value("Bright")
    presets = shared_api.get(f"/campaigns/{hand.image['campaign']}")["settings"]["band_presets"]
    assert [(preset["name"], preset["bands"], preset["stretch"], preset["high"]) for preset in presets] == [
        ("Bright", [5, 2, 3], "percentile", 75)
    ]
    hand.named("band-preset").select_option("")
    until(hand, lambda: seen_at(hand, *at) == first, "the image does not look as it came")
    hand.page.reload()
    open_panel(hand, "bands")
    hand.named("band-preset").select_option("Bright")
    expect(hand.named("band-red")).to_have_value("5")
    hand.named("delete-preset").click()
    until(hand, lambda: shared_api.get(f"/campaigns/{hand.image['campaign']}")["settings"]["band_presets"] == [], "the preset stays")


def test_objects_fade_names_come_and_go_and_the_choice_outlives_a_reload(opened: Opened):
    hand, _ = opened(flat_photo(120), drafts={"sure": (0, 0.95)})
    edge, tag = (40, 100), (54, 51)
    strong = seen_at(hand, *edge, reach=1)
    assert strong != (120, 120, 120)
    hand.key("Shift+F", "Shift+F")
    until(hand, lambda: max(abs(channel - 120) for channel in seen_at(hand, *edge, reach=1)) < 30, "the objects do not fade")
    hand.key("Shift+F")
    until(hand, lambda: seen_at(hand, *edge, reach=1) == strong, "the objects do not come back")
    plate = seen_at(hand, *tag)
    assert max(plate) < 110, "a draft carries its confidence"
    hand.key("Shift+N", "Shift+N")
    until(hand, lambda: seen_at(hand, *tag) == (120, 120, 120), "the names stay")
    hand.page.reload()
    painted(hand)
    assert seen_at(hand, *tag) == (120, 120, 120)


def test_a_hidden_label_is_neither_seen_nor_hit_and_stays_hidden(opened: Opened):
    hand, _ = opened(flat_photo(120), drafts={"land": (0, 0.95), "water": (1, 0.95)})
    hand.named("eye-Water").click()
    until(hand, lambda: seen_at(hand, 190, 100) == (120, 120, 120), "Water is still there")
    assert seen_at(hand, 80, 100) != (120, 120, 120)
    hand.click(190, 100)
    expect(hand.named("selection-size")).to_have_count(0)
    hand.click(80, 100)
    expect(hand.named("selection-size")).to_have_text("320.0 px, 6,400 px²")
    hand.page.reload()
    painted(hand)
    expect(hand.named("eye-Water")).to_have_attribute("aria-pressed", "true")
    assert seen_at(hand, 190, 100) == (120, 120, 120)
    hand.key("Alt+v")
    until(hand, lambda: seen_at(hand, 190, 100) != (120, 120, 120), "Water does not come back")
    assert len(hand.seen()) == 2


def test_a_crosshair_follows_the_pointer_and_lines_stand_between_pixels_when_close(opened: Opened):
    hand, _ = opened(flat_photo(120))
    hand.move(320, 240)
    assert seen_at(hand, 100, 240, reach=0) == (120, 120, 120)
    hand.key("Shift+X")
    hand.move(300, 200)
    assert brightest(hand, 100, 200) > 200
    assert brightest(hand, 300, 400) > 200
    hand.key("Shift+X")
    assert brightest(hand, 100, 200) == 120

    def lines() -> int:
        top = round(hand.place(100, 100)[1])
        frame = hand.page.locator("main").bounding_box()
        assert frame is not None
        row = canvas(hand)[top - round(frame["y"]) + 4, :, 0]
        return int((np.abs(row - 120) > 15).sum())

    hand.move(100, 100)
    for _ in range(12):
        hand.page.mouse.wheel(0, -400)
        hand.page.wait_for_timeout(200)
        if scale(hand) >= 14:
            break
    in_sight(hand)
    assert scale(hand) >= 14
    until(hand, lambda: lines() > 20, "no lines between pixels")
    hand.key("Shift+G")
    until(hand, lambda: lines() < 10, "the lines stay")


def test_fit_one_to_one_close_to_an_object_and_the_arrows(opened: Opened):
    hand, _ = opened((*PHOTO, photo()), drafts={"one": (0, 0.9)})
    whole = in_sight(hand)
    hand.key("Shift+Z")
    in_sight(hand)
    assert scale(hand) == pytest.approx(1, abs=0.01)
    expect(hand.named("zoom")).to_have_text("100 %")
    hand.key("0")
    assert in_sight(hand) == pytest.approx(whole, abs=1)
    hand.click(80, 100)
    hand.key("z")
    left, top, right, bottom = in_sight(hand)
    assert left <= 40 and top <= 60 and right >= 120 and bottom >= 140
    assert (right - left) < 0.5 * (whole[2] - whole[0])
    # With nothing in hand the arrows move the view.
    hand.key("Escape", "0")
    in_sight(hand)
    hand.click(600, 460)
    before = in_sight(hand)
    hand.key("ArrowRight")
    after = in_sight(hand)
    assert after[0] - before[0] == pytest.approx(0.2 * (before[2] - before[0]), rel=0.05)
    assert hand.seen()[0]["shape"]["x"] == 40


def test_the_small_picture_leads_by_click_drag_and_keys_and_hides_when_all_is_in_sight(opened: Opened):
    hand, _ = opened(("scene.tif", TIFF, utm()))
    expect(hand.named("minimap")).to_be_hidden()
    hand.key("+", "+", "+")
    expect(hand.named("minimap")).to_be_visible()
    in_sight(hand)
    box = hand.named("minimap").bounding_box()
    assert box is not None

    def middle() -> tuple[float, float]:
        left, top, right, bottom = in_sight(hand)
        return (left + right) / 2, (top + bottom) / 2

    hand.page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    assert middle() == pytest.approx((150, 300), abs=6)
    hand.page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    hand.page.mouse.down()
    hand.page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.4, steps=5)
    hand.page.mouse.up()
    assert middle() == pytest.approx((420, 160), abs=6)
    hand.named("minimap").focus()
    hand.page.keyboard.press("ArrowLeft")
    assert middle()[0] < 400
    hand.named("canvas").focus()
    hand.key("Shift+M")
    expect(hand.named("minimap")).to_have_count(0)


def test_coordinates_are_told_in_pixels_in_the_rasters_crs_and_in_degrees(opened: Opened):
    hand, _ = opened(("scene.tif", TIFF, utm()))
    hand.move(200, 100)
    told = hand.named("coordinates")
    expect(told).to_contain_text("EPSG:32633")
    numbers = [float(text) for text in re.findall(r"\d+\.\d+", told.text_content() or "")]
    x, y, east, north, lat, lon = numbers
    assert (x, y) == pytest.approx((200, 100), abs=1.5)
    assert (east, north) == pytest.approx((500_000 + 10 * x, 5_400_000 - 10 * y), abs=1)
    # By pyproj 3.7.2: 502,000 E, 5,399,000 N is 15.0271985° E, 48.7440129° N.
    assert (lon, lat) == pytest.approx((15.0271985, 48.7440129), abs=0.0003)


def measure(hand: Hand, *points: tuple[float, float]) -> str:
    hand.key("m")
    for point in points:
        hand.click(*point)
        hand.page.wait_for_timeout(400)  # two clicks of a double click would be one point
    return hand.page.locator("main [role=status]").text_content() or ""


def test_lengths_and_areas_are_metres_on_a_projected_raster(opened: Opened):
    hand, _ = opened(("scene.tif", TIFF, utm()))
    expect(hand.named("coordinates")).to_be_attached()
    hand.move(100, 100)
    expect(hand.named("coordinates")).to_contain_text("EPSG:32633")
    told = measure(hand, (100, 100), (300, 100), (300, 250), (100, 250), (100, 100))
    around, area = re.fullmatch(r"([\d.]+) km around, ([\d.]+) km²", told).groups()  # type: ignore[union-attr]
    assert float(around) == pytest.approx(7.0, abs=0.08)
    assert float(area) == pytest.approx(3.0, abs=0.05)
    assert hand.seen() == [], "measuring adds nothing"
    hand.key("Escape", "Escape")
    hand.key("b")
    hand.drag((100, 100), (200, 150))
    expect(hand.named("selection-size")).to_contain_text("ha")


def test_lengths_follow_the_ellipsoid_on_a_geographic_raster_and_are_pixels_where_there_is_none(opened: Opened):
    hand, campaign = opened(("degrees.tif", TIFF, degrees()), (*PHOTO, photo()))
    hand.move(100, 100)
    expect(hand.named("coordinates")).to_contain_text("50.0")
    hand.page.wait_for_timeout(500)
    told = measure(hand, (20, 100), (120, 100))
    # A degree along 50 N is 71.7 km (pyproj), to half a pixel of the hand: 0.36 km.
    length = float(re.match(r"([\d.]+) km", told).group(1))  # type: ignore[union-attr]
    assert length == pytest.approx(71.695, abs=0.9)
    hand.key("Escape", "Escape")
    hand.key("Control+Enter")
    painted(hand, campaign["images"][1]["id"])
    assert " px" in measure(hand, (100, 100), (200, 100))


def test_an_image_that_is_opened_again_opens_where_it_was_left(opened: Opened):
    hand, campaign = opened(flat_photo(100), flat_photo(120, "second.png"))
    whole = in_sight(hand)
    hand.move(500, 100)
    hand.page.mouse.wheel(0, -900)
    close = in_sight(hand)
    assert close[2] - close[0] < 0.7 * (whole[2] - whole[0])
    hand.page.goto(f"{hand.stack.url}/campaigns/{hand.image['campaign']}/label?image={campaign['images'][1]['id']}")
    painted(hand, campaign["images"][1]["id"])
    assert in_sight(hand) == pytest.approx(whole, abs=1)
    hand.open()
    assert in_sight(hand) == pytest.approx(close, abs=1)
    hand.key("0")
    in_sight(hand)
    hand.open()
    assert in_sight(hand) == pytest.approx(whole, abs=1)
