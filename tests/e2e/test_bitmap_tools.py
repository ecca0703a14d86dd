"""Bitmaps with a real mouse, keys, pen and fingers: what was painted is what the server has, and what COCO's own tools read."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture
from playwright.sync_api import Page, expect
from pycocotools import mask as coco_mask

from campaigns.geometry.masks import decode_mask
from tests.e2e.bench import PHOTO, RASTER, Hand, make_campaign, photo, raster
from tests.e2e.stack import Api, Stack, wait_for

# pycocotools is built against numpy 1's idea of __array__.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
IMAGES = pytest.mark.parametrize("image", [(*PHOTO, photo()), (*RASTER, raster())], ids=["photograph", "GeoTIFF"])
WIDTH, HEIGHT = 640, 480
Opened = Callable[..., Hand]
Pixels = NDArray[np.bool_]


@pytest.fixture
def opened(signed_in: Page, shared_stack: Stack, shared_api: Api) -> Opened:
    """Open the first image of a new campaign for segmentation."""

    def open_first(image: tuple[str, str, bytes] = (*PHOTO, photo())) -> Hand:
        campaign = make_campaign(shared_api, "segmentation", [image])
        return Hand.at(signed_in, shared_stack, shared_api, campaign["images"][0])

    return open_first


def pixels(annotation: dict[str, Any]) -> Pixels:
    shape = annotation["shape"]
    assert shape["type"] == "mask", shape["type"]
    return decode_mask(shape["counts"], shape["size"])


def swept(*points: tuple[float, float], size: float) -> Pixels:
    """The pixels within half a size of a line, by brute force."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    found = np.zeros((HEIGHT, WIDTH), dtype=bool)
    for (ax, ay), (bx, by) in zip(points, points[1:] or points, strict=False):
        length2 = (bx - ax) ** 2 + (by - ay) ** 2
        t = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / (length2 or 1), 0, 1)
        found |= np.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)) <= size / 2
    return found


def agree(one: Pixels, other: Pixels) -> float:
    """Intersection over union."""
    return float((one & other).sum() / (one | other).sum())


def brush(hand: Hand, size: int) -> None:
    hand.named("mask-size").fill(str(size))
    hand.page.keyboard.press("Tab")
    hand.page.locator('[data-testid="canvas"]').focus()


def submit_and_export(hand: Hand) -> dict[str, Any]:
    """Submit the image by its key, export the campaign as COCO, and return the document."""
    campaign, api = hand.image["campaign"], hand.api
    hand.key("Control+Enter")
    wait_for(lambda: api.get(f"/images/{hand.image['id']}")["state"] == "submitted", 20, lambda: "it was not submitted")
    run = api.finished(api.post(f"/campaigns/{campaign}/exports", {"format": "coco"}))
    return dict(api.get(f"/runs/{run['id']}/file"))


@IMAGES
def test_what_is_drawn_filled_and_erased_is_saved_and_exported_to_the_pixel(opened: Opened, image: tuple[str, str, bytes]):
    hand = opened(image)
    hand.key("d")
    brush(hand, 20)
    corners = [(100, 100), (300, 100), (300, 260), (100, 260), (100, 100)]
    hand.drag(*corners)
    (outline,) = hand.seen()
    assert agree(pixels(outline), swept(*corners, size=20)) > 0.97

    hand.key("g")
    hand.click(200, 180)
    (filled,) = hand.seen()
    assert pixels(filled)[120:240, 120:280].all()
    assert (pixels(filled) & ~pixels(outline)).sum() == pixels(filled).sum() - pixels(outline).sum()

    hand.key("r")
    hand.drag((200, 60), (200, 300))
    (erased,) = hand.seen()
    assert not (pixels(erased) & swept((200, 60), (200, 300), size=18)).any()
    assert agree(pixels(erased), pixels(filled) & ~swept((200, 60), (200, 300), size=20)) > 0.99
    hand.key("Control+z")
    assert hand.seen() == [filled]
    hand.key("Control+z")
    assert hand.seen() == [outline]
    hand.key("Control+Shift+z", "Control+Shift+z")
    assert hand.seen() == [erased]

    hand.key("n", "2")
    hand.key("]", "]")
    hand.drag((450, 100), (550, 300))
    assert len(hand.seen()) == 2
    stored = hand.survives()
    assert agree(pixels(stored[1]), swept((450, 100), (550, 300), size=30)) > 0.97

    exported = submit_and_export(hand)
    by_area = lambda rows: sorted(rows, key=lambda row: row["area"])  # noqa: E731
    ours = by_area([{"area": int(pixels(a).sum()), "pixels": pixels(a)} for a in stored])
    for row, own in zip(by_area(exported["annotations"]), ours, strict=True):
        assert (coco_mask.decode(row["segmentation"]).astype(bool) == own["pixels"]).all()
        assert row["area"] == own["area"]


def test_a_leak_is_refused_with_a_hint_and_a_straight_stroke_closes_it(opened: Opened):
    hand = opened()
    hand.key("d")
    brush(hand, 10)
    hand.drag((100, 100), (300, 100), (300, 260), (100, 260))
    hand.key("g")
    hand.click(200, 180)
    expect(hand.page.get_by_role("status").filter(has_text="border of the image")).to_be_visible()
    before = hand.seen()
    hand.key("e")
    hand.click(100, 100, modifiers=["Shift"])
    hand.key("g")
    hand.click(200, 180)
    assert pixels(hand.seen()[0])[110:250, 110:290].all()
    assert len(before) == len(hand.seen()) == 1


@IMAGES
def test_painting_by_colour_takes_pixels_of_that_colour_only(opened: Opened, image: tuple[str, str, bytes]):
    hand = opened(image)
    hand.key("d", "Shift+t")
    hand.click(560, 420)
    wait_for(lambda: len(hand.seen()) == 1, 20, lambda: "the wand took nothing")
    taken = pixels(hand.seen()[0])
    assert taken[420, 560] and 2_000 < taken.sum() < 120_000
    shown = shown_picture(hand)
    seeds = [shown[420 + dy, 560 + dx] for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    difference = min((np.abs(shown - seed).max(axis=2) for seed in seeds), key=lambda away: away[taken].max())
    # Two decoders of JPEG differ by a step or two.
    assert difference[taken].max() <= 32 + 4
    grown = np.pad(taken, 1)
    beside = (grown[:-2, 1:-1] | grown[2:, 1:-1] | grown[1:-1, :-2] | grown[1:-1, 2:]) & ~taken
    assert difference[beside].min() >= 32 - 4, "a pixel that is alike and hangs together was left out"

    hand.key("n", "t")
    brush(hand, 60)
    hand.drag((60, 60), (200, 60))
    wait_for(lambda: len(hand.seen()) == 2, 20, lambda: "nothing was painted by colour")
    painted = pixels(hand.seen()[1])
    assert not (painted & ~swept((60, 60), (200, 60), size=63)).any()
    # A pointer is told in whole pixels of the page, so the colour may be that of a pixel beside.
    assert min(np.abs(shown[painted] - shown[60 + dy, 60 + dx]).max() for dx in (-1, 0, 1) for dy in (-1, 0, 1)) <= 32 + 4
    assert 0 < painted.sum() < swept((60, 60), (200, 60), size=60).sum()
    hand.survives()


def shown_picture(hand: Hand) -> NDArray[np.int64]:
    """The picture as the page shows it: (480, 640, 3)."""
    if not hand.image["tiled"]:
        return np.asarray(Picture.open(io.BytesIO(photo())).convert("RGB")).astype(np.int64)
    shown = np.zeros((HEIGHT, WIDTH, 3), dtype=np.int64)
    for row in range(-(-HEIGHT // 256)):
        for column in range(-(-WIDTH // 256)):
            content = hand.api.call("GET", f"/images/{hand.image['id']}/tiles/{hand.image['max_zoom']}/{column}/{row}.png")
            tile = np.asarray(Picture.open(io.BytesIO(content)).convert("RGB"))[: HEIGHT - row * 256, : WIDTH - column * 256]
            shown[row * 256 : row * 256 + tile.shape[0], column * 256 : column * 256 + tile.shape[1]] = tile
    return shown


def test_bitmaps_keep_their_pixels_or_have_them_taken_over(opened: Opened):
    hand = opened()
    hand.key("d")
    brush(hand, 40)
    hand.drag((100, 200), (400, 200))
    first = pixels(hand.seen()[0])
    hand.named("mask-overlap").get_by_text("Keep").click()
    hand.key("n")
    hand.drag((250, 100), (250, 300))
    kept, crossing = (pixels(a) for a in hand.seen())
    assert (kept == first).all() and not (kept & crossing).any()
    hand.key("Control+z")
    hand.named("mask-overlap").get_by_text("Take over").click()
    hand.key("n")
    hand.drag((250, 100), (250, 300))
    loser, winner = (pixels(a) for a in hand.survives())
    assert not (loser & winner).any()
    assert ((loser | winner) == (first | winner)).all()
    assert loser.sum() < first.sum()


def test_bitmap_and_polygon_turn_into_each_other_to_the_pixel(opened: Opened):
    hand = opened()
    hand.key("d")
    brush(hand, 24)
    hand.drag((100, 100), (300, 130), (280, 260), (90, 240), (100, 100))
    hand.drag((400, 300), (420, 320))
    (drawn,) = hand.seen()
    hand.key("Escape", "Alt+p")
    (polygon,) = hand.seen()
    assert polygon["shape"]["type"] == "polygon"
    assert [len(part) for part in polygon["shape"]["polygons"]] == [2, 1], "a hole in the first part, none in the second"
    stored = hand.saved()
    assert stored[0]["shape"]["type"] == "polygon"
    hand.key("Alt+d")
    (back,) = hand.survives()
    assert back["shape"] == drawn["shape"]
    hand.click(200, 115)
    hand.key("Alt+g")
    assert len(hand.seen()) == 2
    hand.key("j")
    (merged,) = hand.survives()
    assert merged["shape"] == drawn["shape"]


def test_the_whole_bitmap_grows_shrinks_and_loses_holes_by_its_buttons(opened: Opened):
    hand = opened()
    hand.key("d")
    brush(hand, 20)
    hand.drag((100, 100), (200, 100), (200, 200), (100, 200), (100, 100))
    hand.key("Escape")
    before = pixels(hand.seen()[0])
    hand.named("mask-grow").click()
    grown = pixels(hand.seen()[0])
    padded = np.pad(before, 1)
    wanted = padded[1:-1, 1:-1] | padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    assert (grown == wanted).all()
    hand.named("mask-holes").click()
    assert pixels(hand.survives()[0])[150, 150]


def test_a_mask_is_edited_by_its_key_and_taken_up_where_it_was_left(opened: Opened):
    hand = opened()
    hand.key("d")
    hand.drag((100, 100), (300, 100))
    hand.key("Escape")
    hand.click(500, 400)
    hand.click(200, 100)
    hand.key("e")
    expect(hand.named("mask-draw")).to_have_attribute("aria-pressed", "true")
    hand.key("r")
    hand.drag((200, 60), (200, 140))
    (cut,) = hand.survives()
    assert not pixels(cut)[:, 195:205].any()


def pen(hand: Hand, points: list[tuple[float, float]], force: float) -> None:
    """Draw with a pen that presses so hard."""
    session = hand.page.context.new_cdp_session(hand.page)
    for n, point in enumerate(points):
        x, y = hand.place(*point)
        common = {"x": x, "y": y, "button": "left", "pointerType": "pen", "force": force, "clickCount": 1}
        if n == 0:
            session.send("Input.dispatchMouseEvent", {**common, "type": "mousePressed", "buttons": 1})
        session.send("Input.dispatchMouseEvent", {**common, "type": "mouseMoved", "buttons": 1})
    x, y = hand.place(*points[-1])
    session.send("Input.dispatchMouseEvent", {"type": "mouseReleased", "x": x, "y": y, "button": "left", "pointerType": "pen", "force": 0})


def touch(hand: Hand, points: list[tuple[float, float]]) -> None:
    """Wipe over the screen with one finger."""
    session = hand.page.context.new_cdp_session(hand.page)
    places = [dict(zip(("x", "y"), hand.place(*point), strict=True)) for point in points]
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [places[0]]})
    for place in places[1:]:
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_pen_paints_as_it_presses_and_one_finger_pans(opened: Opened):
    hand = opened()
    hand.key("d")
    brush(hand, 60)
    pen(hand, [(200, 100), (220, 100), (300, 100)], 0.1)
    (thin,) = hand.seen()
    hand.key("n")
    pen(hand, [(200, 300), (220, 300), (300, 300)], 1.0)
    thick = hand.seen()[1]
    assert thin["shape"]["bbox"][3] < 25 and thick["shape"]["bbox"][3] == 60

    # While the pen is near, a hand that rests on the screen neither draws nor pans.
    before = hand.place(0, 0)
    pen(hand, [(500, 100), (510, 100)], 0.5)
    touch(hand, [(200, 200), (260, 240)])
    assert hand.place(0, 0) == before
    hand.page.wait_for_timeout(900)
    count = len(hand.seen())
    touch(hand, [(200, 200), (240, 220), (300, 260)])
    after = hand.place(0, 0)
    assert abs(after[0] - before[0]) > 20 and len(hand.seen()) == count
