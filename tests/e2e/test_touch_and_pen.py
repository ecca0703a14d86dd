"""A tablet: the pen draws, one finger pans, two pinch, and a tap selects. Real touch and pen events, through the browser's own protocol."""

from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page

from tests.e2e.bench import PHOTO, Hand, make_campaign, photo
from tests.e2e.stack import Api, Stack

Place = tuple[float, float]
PEN_IS_AWAY_MS = 1_200


class Tablet:
    """Fingers and a pen, in image coordinates."""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand
        self.wire: CDPSession = hand.page.context.new_cdp_session(hand.page)

    def fingers(self, kind: str, *places: Place) -> None:
        points = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(places)]
        self.wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def glide(self, starts: list[Place], ends: list[Place], steps: int = 8) -> None:
        """Put fingers down, move them on the page, lift them."""
        self.fingers("touchStart", *starts)
        for step in range(1, steps + 1):
            part = step / steps
            self.fingers(
                "touchMove", *((a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part) for a, b in zip(starts, ends, strict=True))
            )
            self.hand.page.wait_for_timeout(16)
        self.fingers("touchEnd")
        self.hand.page.wait_for_timeout(450)  # what was thrown comes to rest

    def tap(self, x: float, y: float) -> None:
        place = self.hand.place(x, y)
        self.fingers("touchStart", place)
        self.fingers("touchEnd")
        self.hand.page.wait_for_timeout(60)

    def pen(self, *places: Place) -> None:
        """Draw a stroke with the pen."""
        on_page = [self.hand.place(*place) for place in places]

        def send(kind: str, place: Place, **more: Any) -> None:
            event = {"type": kind, "x": place[0], "y": place[1], "pointerType": "pen", "button": "left", "force": 0.6, **more}
            self.wire.send("Input.dispatchMouseEvent", event)

        send("mousePressed", on_page[0], buttons=1, clickCount=1)
        for place in on_page[1:]:
            send("mouseMoved", place, buttons=1)
        send("mouseReleased", on_page[-1], buttons=0, clickCount=1)
        self.hand.page.wait_for_timeout(60)


@pytest.fixture
def tablet(signed_in: Page, shared_stack: Stack, shared_api: Api) -> Tablet:
    campaign = make_campaign(shared_api, "detection", ((*PHOTO, photo()),))
    return Tablet(Hand.at(signed_in, shared_stack, shared_api, campaign["images"][0]))


def test_the_pen_draws_while_a_finger_pans_and_two_pinch(tablet: Tablet):
    hand = tablet.hand
    hand.key("b")
    tablet.pen((100, 100), (150, 140), (220, 190))
    (drawn,) = hand.seen()
    assert [round(drawn["shape"][key]) for key in ("x", "y", "width", "height")] == [100, 100, 120, 90]

    before = hand.place(0, 0)
    x, y = hand.place(400, 300)
    tablet.pen((300, 300), (302, 301))
    hand.key("Escape")
    tablet.glide([(x, y)], [(x + 120, y + 60)], steps=2)
    assert hand.place(0, 0) == before, "a palm beside the pen moved the image"
    hand.page.wait_for_timeout(PEN_IS_AWAY_MS)
    tablet.glide([(x, y)], [(x + 120, y + 60)])
    after = hand.place(0, 0)
    assert after[0] - before[0] > 80 and after[1] - before[1] > 30, "one finger did not pan"
    assert len(hand.seen()) == 1, "a finger that pans must not draw"

    span = hand.place(100, 0)[0] - hand.place(0, 0)[0]
    middle = hand.place(320, 240)
    tablet.glide([(middle[0] - 40, middle[1]), (middle[0] + 40, middle[1])], [(middle[0] - 130, middle[1]), (middle[0] + 130, middle[1])])
    wider = hand.place(100, 0)[0] - hand.place(0, 0)[0]
    assert wider > span * 1.5, f"two fingers did not zoom: {span} to {wider}"
    assert len(hand.seen()) == 1


def test_a_tap_selects_and_a_finger_moves_what_is_selected(tablet: Tablet):
    hand = tablet.hand
    hand.key("b")
    tablet.pen((100, 100), (220, 190))
    hand.key("Escape", "Escape")
    hand.page.wait_for_timeout(PEN_IS_AWAY_MS)
    tablet.tap(400, 400)
    tablet.tap(160, 145)
    selected = hand.page.locator('[data-testid="object-row"][data-selected="true"]')
    assert selected.count() == 1
    start, end = hand.place(160, 145), hand.place(210, 175)
    tablet.glide([start], [end])
    (moved,) = hand.seen()
    assert abs(moved["shape"]["x"] - 150) < 2 and abs(moved["shape"]["y"] - 130) < 2
    assert hand.saved()[0]["shape"] == moved["shape"]
