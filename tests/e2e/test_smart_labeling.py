"""Smart labeling with a real mouse and real keys: work area, strokes, Extract, Done, on a photograph and on a GeoTIFF; and by one click."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from campaigns.geometry.masks import decode_mask
from tests.campaigns.samples import picture_bytes, tiff_bytes
from tests.e2e.bench import PHOTO, RASTER, Hand, make_campaign, sign_in
from tests.e2e.stack import Api, Stack, wait_for
from tests.segmenter import mobile_sam

ANSWER_MS = 90_000
WIDTH, HEIGHT = 900, 700
Opened = Callable[..., Hand]


def leaf() -> NDArray[np.bool_]:
    """Where the thing lies: a lobed blob."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    angle, away = np.arctan2(y - 350, x - 420), np.hypot(x - 420, y - 350)
    inside: NDArray[np.bool_] = away < 170 * (1 + 0.18 * np.sin(5 * angle))
    return inside


def pixels() -> NDArray[np.uint8]:
    """A thing of its own colours on noisy ground: (H, W, 3)."""
    rng = np.random.default_rng(5)
    found = rng.normal((95, 110, 80), 14, (HEIGHT, WIDTH, 3))
    found[leaf()] = rng.normal((205, 120, 60), 16, (int(leaf().sum()), 3))
    return np.clip(found, 0, 255).astype(np.uint8)


def photograph() -> tuple[str, str, bytes]:
    return (*PHOTO, picture_bytes(pixels(), "JPEG", quality=92))


def raster() -> tuple[str, str, bytes]:
    """The same in 16 bits, with a fourth band, on the ground."""
    bands = np.moveaxis(pixels(), 2, 0).astype(np.uint16) * 30 + 400
    return (*RASTER, tiff_bytes(np.concatenate([bands, bands[:1]]), tiled=True, blockxsize=256, blockysize=256))


@pytest.fixture
def mobile_sam_model(shared_api: Api) -> int:
    """MobileSAM in the shared Winnow: there from another test, or added as a script would."""
    there = segmenters(shared_api)
    return there[0] if there else int(shared_api.finished(shared_api.post("/models/promptable", {}))["result"]["model"])


def segmenters(api: Api) -> list[int]:
    return [model["id"] for model in api.every("/models?kind=promptable")]


@pytest.fixture
def opened(signed_in: Page, shared_stack: Stack, shared_api: Api) -> Opened:
    """Open an image of a campaign of its own, perhaps with a model, and take up the smart tool."""

    def opening(image: tuple[str, str, bytes] | None = None, model: int | None = None, page: Page = signed_in) -> Hand:
        campaign = make_campaign(shared_api, "segmentation", [image or photograph()])
        if model is not None:
            shared_api.post(f"/campaigns/{campaign['id']}/models", {"model": model})
        hand = Hand.at(page, shared_stack, shared_api, campaign["images"][0])
        hand.key("q")
        expect(hand.named("smart-options")).to_have_attribute("data-method", "grabcut" if model is None else "model")
        return hand

    return opening


def answered(hand: Hand) -> None:
    panel = hand.named("smart-options")
    expect(panel).to_have_attribute("data-busy", "false", timeout=ANSWER_MS)
    expect(panel).to_have_attribute("data-ready", "true", timeout=ANSWER_MS)
    # Ready to be kept: the answer is to everything that is marked.
    expect(hand.page.get_by_role("status").filter(has_text="Enter keeps it")).to_be_visible(timeout=ANSWER_MS)


def mask_of(annotation: dict[str, Any]) -> NDArray[np.bool_]:
    return decode_mask(annotation["shape"]["counts"], annotation["shape"]["size"])


def overlap(annotation: dict[str, Any]) -> float:
    mask = mask_of(annotation)
    return float((mask & leaf()).sum() / (mask | leaf()).sum())


@pytest.mark.parametrize("make", [photograph, raster])
def test_work_area_strokes_extract_done_save_reload_same_mask(opened: Opened, make: Callable[[], tuple[str, str, bytes]]):
    hand = opened(make())
    hand.drag((190, 120), (650, 580))
    hand.drag((380, 330), (420, 370), (460, 340))
    hand.key("x")
    hand.drag((210, 140), (300, 145))
    assert hand.seen() == []
    hand.key("Enter")
    answered(hand)
    # Again, asked for by hand: a dot of background inside must hold, whatever the colours say.
    hand.named("smart.live").click()
    hand.click(420, 450)
    hand.key("Enter")
    answered(hand)
    hand.key("Enter")
    (drawn,) = hand.seen()
    assert overlap(drawn) > 0.95
    assert not mask_of(drawn)[450, 420]
    (stored,) = hand.survives()
    assert stored["shape"] == drawn["shape"]
    assert (stored["origin"], stored["review"]) == ("human", "accepted")


def test_done_hands_over_to_the_brush_and_the_touch_up_is_saved(opened: Opened):
    hand = opened()
    hand.named("smart.touch_up").click()
    hand.drag((190, 120), (650, 580))
    hand.key("Enter")
    answered(hand)
    hand.key("Enter")
    expect(hand.named("tool-edit")).to_have_attribute("aria-pressed", "true")
    (before,) = hand.seen()
    hand.drag((720, 350), (800, 350))
    wait_for(lambda: hand.seen()[0]["shape"] != before["shape"], 10, lambda: "the brush changed nothing")
    (after,) = hand.saved()
    assert not mask_of(before)[350, 760]
    assert mask_of(after)[350, 760]


def test_a_manager_adds_mobilesam_with_one_click_and_an_annotators_click_is_answered(
    opened: Opened, signed_in: Page, shared_stack: Stack, shared_api: Api
):
    campaign = make_campaign(shared_api, "segmentation", [photograph()])
    mobile_sam()  # so that npm answers from its cache
    for model in segmenters(shared_api):  # of tests before
        shared_api.call("DELETE", f"/models/{model}")
    named = lambda name: signed_in.locator(f'[data-testid="{name}"]')  # noqa: E731
    signed_in.goto(f"{shared_stack.url}/models")
    named("add-promptable").click()
    expect(named("model-row").filter(has_text="MobileSAM")).to_be_visible(timeout=240_000)
    expect(named("promptable")).to_have_count(0)
    signed_in.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/models")
    named("attach-select").click()
    signed_in.get_by_role("option", name="MobileSAM").click()
    named("attach-model").click()
    expect(named("attached-model")).to_contain_text("Answers clicks and boxes")
    hand = Hand.at(signed_in, shared_stack, shared_api, campaign["images"][0])
    hand.key("q")
    expect(hand.named("smart-options")).to_have_attribute("data-method", "model")
    hand.click(420, 350)
    answered(hand)
    hand.key("Enter")
    (stored,) = hand.survives()
    assert overlap(stored) > 0.95


def test_a_box_alone_suffices_on_a_geotiff(opened: Opened, mobile_sam_model: int):
    hand = opened(raster(), mobile_sam_model)
    hand.drag((230, 160), (620, 550))
    answered(hand)
    hand.key("Enter")
    (stored,) = hand.survives()
    assert overlap(stored) > 0.95


def test_clicks_off_the_thing_take_away_and_polygons_may_be_kept_instead(opened: Opened, mobile_sam_model: int):
    hand = opened(model=mobile_sam_model)
    hand.named("smart.polygon").click()
    hand.click(420, 350)
    answered(hand)
    hand.click(100, 100, button="right")
    answered(hand)
    hand.key("Backspace")
    answered(hand)
    hand.named("smart-done").click()
    (stored,) = hand.saved()
    assert stored["shape"]["type"] == "polygon"
    ring = np.array(stored["shape"]["polygons"][0][0])
    area = 0.5 * abs(np.dot(ring[:-1, 0], ring[1:, 1]) - np.dot(ring[1:, 0], ring[:-1, 1]))
    assert abs(area - leaf().sum()) / leaf().sum() < 0.05


def test_a_killed_process_and_a_lost_network_cost_a_moment_and_no_marks(opened: Opened, shared_stack: Stack):
    hand = opened()
    hand.drag((190, 120), (650, 580))
    assert shared_stack.kill_part("inference.interactive")
    hand.key("Enter")
    answered(hand)
    hand.key("Escape")
    expect(hand.named("smart-options")).to_have_attribute("data-ready", "false")
    hand.drag((190, 120), (650, 580))
    hand.page.context.set_offline(True)
    hand.key("Enter")
    expect(hand.page.get_by_role("status").filter(has_text="server")).to_be_visible()
    hand.page.context.set_offline(False)
    hand.key("Enter")
    answered(hand)
    hand.key("Enter")
    assert overlap(hand.saved()[0]) > 0.9


@pytest.fixture
def touch_page(browser: Any, shared_stack: Stack) -> Iterator[Page]:
    """A tablet, signed in."""
    context = browser.new_context(viewport={"width": 1180, "height": 820}, has_touch=True)
    page = context.new_page()
    sign_in(page, shared_stack)
    yield page
    context.close()


def test_fingers_tap_the_corners_and_a_pen_draws_the_strokes(opened: Opened, touch_page: Page):
    hand = opened(page=touch_page)
    wire = touch_page.context.new_cdp_session(touch_page)
    for corner in ((190, 120), (650, 580)):
        x, y = hand.place(*corner)
        wire.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y, "id": 0}]})
        wire.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        touch_page.wait_for_timeout(400)  # two taps at once would be a double tap
    expect(hand.page.get_by_role("status").filter(has_text="Draw strokes on the thing")).to_be_visible()
    stroke = [hand.place(*place) for place in ((360, 330), (420, 370), (480, 340))]
    for n, (x, y) in enumerate(stroke):
        kind = "mouseMoved" if n else "mousePressed"
        wire.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, "pointerType": "pen", "button": "left", "buttons": 1})
    last = {"x": stroke[-1][0], "y": stroke[-1][1], "pointerType": "pen", "button": "left", "buttons": 0}
    wire.send("Input.dispatchMouseEvent", {"type": "mouseReleased", **last})
    with touch_page.expect_request("**/assist") as asked:
        hand.named("smart-extract").click()
    prompts = asked.value.post_data_json["prompts"]
    assert len(prompts["foreground"]) == 1
    assert prompts["points"] == []
    answered(hand)
    hand.named("smart-done").click()
    assert overlap(hand.saved()[0]) > 0.9
