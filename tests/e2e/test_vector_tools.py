"""Boxes, polygons and lines, drawn and edited with a real mouse and real keys.

What is saved is what was drawn, to a hundredth of a pixel, and an export has it as it is.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from playwright.sync_api import Page, expect
from shapely.geometry import LineString, MultiPolygon, Polygon

from campaigns.formats import coco
from tests.e2e.bench import PHOTO, RASTER, Hand, make_campaign, photo, raster
from tests.e2e.stack import ROOT, Api, Stack

Point = tuple[float, float]
Opened = Callable[..., Hand]
PICTURES = ROOT / "test-results" / "vector"
SHAPES = ["box", "polygon", "polyline", "points", "mask"]
IMAGES = [pytest.param((*PHOTO, photo()), id="photograph"), pytest.param((*RASTER, raster()), id="GeoTIFF")]


@pytest.fixture
def opened(signed_in: Page, shared_stack: Stack, shared_api: Api) -> Opened:
    """Open the first image of a new campaign in which everything can be drawn."""

    def open_first(image: tuple[str, str, bytes] = (*PHOTO, photo()), annotations: tuple[dict[str, Any], ...] = ()) -> Hand:
        campaign = make_campaign(shared_api, "segmentation", (image,), settings={"control_share": 0.0, "shapes": SHAPES})
        first = campaign["images"][0]
        label = campaign["labels"][0]["id"]
        if annotations:
            path = f"/images/{first['id']}/annotation-set"
            version = shared_api.get(path)["version"]
            upsert = [
                {"label": label, "origin": "human", "review": "accepted", "confidence": None, "model": None, "attributes": {}, **a}
                for a in annotations
            ]
            shared_api.patch(path, {"upsert": upsert}, headers={"If-Match": f'"{version}"'})
        return Hand.at(signed_in, shared_stack, shared_api, first)

    return open_first


@pytest.fixture(autouse=True)
def picture(signed_in: Page, request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep what the page looked like in the end."""
    yield
    PICTURES.mkdir(parents=True, exist_ok=True)
    signed_in.screenshot(path=PICTURES / f"{request.node.name[5:60].replace('[', '-').rstrip(']')}.png")


def look(hand: Hand, name: str) -> None:
    """Keep a picture of a tool at work."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    hand.page.screenshot(path=PICTURES / f"{name}.png")


def square(x: float, y: float, side: float = 100, name: str = "") -> dict[str, Any]:
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"id": name or f"s{int(x)}-{int(y)}", "shape": {"type": "polygon", "polygons": [[ring]]}}


def parts(annotation: dict[str, Any]) -> list[list[list[list[float]]]]:
    return list(annotation["shape"]["polygons"])


def ground(annotation: dict[str, Any]) -> MultiPolygon:
    return MultiPolygon([Polygon(rings[0], rings[1:]) for rings in parts(annotation)])


def near(found: Any, wanted: list[Point], within: float = 1.5) -> bool:
    """Whether points are where the mouse was, which stands on whole pixels of the page."""
    return len(found) == len(wanted) and all(math.dist(a, b) < within for a, b in zip(found, wanted, strict=True))


def by_id(annotations: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {a["id"]: a for a in annotations}


def click_all(hand: Hand, points: list[Point]) -> None:
    for x, y in points:
        hand.click(x, y)


def run(hand: Hand, command: str) -> None:
    """Press the button of a command in the options of the shape."""
    hand.named(f"do-{command}").click()


def from_coco(hand: Hand) -> list[dict[str, Any]]:
    """Hand the image in, export the campaign as COCO, and read the file back: the shapes of the image."""
    path = f"/images/{hand.image['id']}/annotation-set"
    hand.api.call("POST", f"{path}/submit", headers={"If-Match": f'"{hand.api.get(path)["version"]}"'})
    started = hand.api.post(f"/campaigns/{hand.image['campaign']}/exports", {"format": "coco"})
    hand.api.finished(started)
    body = hand.api.call("GET", f"/runs/{started['id']}/file")
    contents = coco.read(io.BytesIO(body if isinstance(body, bytes) else orjson.dumps(body)))
    assert contents.notes == []
    return [a["shape"] for a in contents.images[0].annotations]


@pytest.mark.parametrize("image", IMAGES)
def test_a_polygon_with_a_part_a_hole_and_a_part_in_the_hole_survives_everything(opened: Opened, image: tuple[str, str, bytes]):
    hand = opened(image)
    shell: list[Point] = [(60, 60), (300, 70), (310, 300), (200, 260), (70, 310)]
    hand.key("p")
    click_all(hand, shell)
    look(hand, "polygon-growing")
    hand.key("n")
    hand.key("h")
    hole: list[Point] = [(120, 120), (240, 130), (230, 220), (130, 210)]
    click_all(hand, hole)
    hand.key("Enter")
    hand.key("g")
    island: list[Point] = [(160, 150), (200, 155), (190, 190)]
    click_all(hand, island)
    hand.key("Enter")
    hand.key("g")
    click_all(hand, [(400, 100), (500, 100), (450, 200)])
    hand.click(400, 100)
    look(hand, "polygon-with-hole-and-parts")
    (stored,) = hand.survives()
    assert [len(rings) for rings in parts(stored)] == [2, 1, 1]
    assert near(parts(stored)[0][0], [*shell, shell[0]])
    assert near(parts(stored)[0][1], [*hole, hole[0]])
    assert near(parts(stored)[1][0], [*island, island[0]])
    assert ground(stored).is_valid
    assert all(round(value, 2) == value for rings in parts(stored) for ring in rings for point in ring for value in point)
    (shape,) = from_coco(hand)
    assert shape == stored["shape"]


def test_a_hole_outside_is_refused_with_a_hint_and_nothing_is_lost(opened: Opened):
    hand = opened(annotations=(square(100, 100),))
    hand.click(150, 150)
    hand.key("h")
    click_all(hand, [(180, 120), (260, 120), (220, 180)])
    hand.key("Enter")
    expect(hand.page.get_by_role("status").filter(has_text="A hole lies inside its object")).to_be_visible()
    hand.key("Backspace", "Backspace", "Backspace")
    click_all(hand, [(120, 120), (160, 120), (140, 160)])
    hand.key("Enter")
    assert [len(rings) for rings in parts(hand.survives()[0])] == [2]


@pytest.mark.parametrize("image", IMAGES)
def test_vertices_are_dragged_added_marked_nudged_and_removed(opened: Opened, image: tuple[str, str, bytes]):
    hand = opened(image, annotations=(square(100, 100, 200, "p"),))
    hand.click(200, 200)
    hand.key("e")
    hand.drag((300, 300), (350, 330))
    assert near(parts(hand.seen()[0])[0][0][2:3], [(350, 330)])
    hand.drag((200, 100), (210, 60))
    assert near(parts(hand.seen()[0])[0][0][1:2], [(210, 60)])
    look(hand, "edit-vertices")
    hand.key("Escape")
    hand.click(100, 100, modifiers=["Shift"])
    hand.click(100, 300, modifiers=["Shift"])
    hand.drag((100, 300), (80, 300))
    ring = parts(hand.seen()[0])[0][0]
    assert near([ring[0], ring[4]], [(80, 100), (80, 300)])
    exact = ring[0][0]
    hand.key("Shift+ArrowLeft", "ArrowLeft")
    assert parts(hand.seen()[0])[0][0][0][0] == pytest.approx(exact - 11, abs=0.011)
    look(hand, "edit-marked")
    hand.key("Escape")
    hand.drag((330, 40), (180, 130), modifiers=["Shift"])
    hand.key("Delete")
    assert len(parts(hand.seen()[0])[0][0]) == 4, "the two vertices inside the frame went"
    hand.key("Control+z")
    hand.click(210, 60, modifiers=["Alt"])
    assert len(parts(hand.seen()[0])[0][0]) == 5
    stored = by_id(hand.survives())["p"]
    (shape,) = from_coco(hand)
    assert shape == stored["shape"]


def test_r_removes_vertices_by_clicks_and_a_vertex_can_be_put_on_the_border_of_the_image(opened: Opened):
    hand = opened(annotations=(square(0, 100, 150, "p"),))
    hand.click(60, 170)
    hand.key("e")
    hand.drag((-12, 175), (-14, 190))
    ring = parts(hand.seen()[0])[0][0]
    assert len(ring) == 6
    assert any(x == 0 and abs(y - 190) < 1.5 for x, y in ring), ring
    hand.key("r")
    hand.click(150, 250)
    hand.key("Escape")
    stored = hand.survives()[0]
    assert len(parts(stored)[0][0]) == 5
    assert not any(math.dist(point, (150, 250)) < 5 for point in parts(stored)[0][0])


def test_a_crossing_outline_is_shown_and_not_blocked(opened: Opened):
    hand = opened(annotations=(square(100, 100, 200, "p"),))
    hand.click(200, 200)
    hand.key("e")
    hand.move(100, 100)
    hand.page.mouse.down()
    hand.page.mouse.move(*hand.place(400, 250), steps=8)
    look(hand, "edit-crossing")
    hand.page.mouse.up()
    assert near(parts(hand.survives()[0])[0][0][:1], [(400, 250)])


def test_drawing_snaps_to_vertices_edges_and_the_border_and_ctrl_suspends_it(opened: Opened):
    hand = opened(annotations=(square(100, 100, 150, "n"),))
    hand.key("p")
    hand.click(252, 103)
    hand.move(249, 180)
    look(hand, "snap-to-an-edge")
    hand.click(249, 180)
    hand.click(400, 2)
    hand.click(300, 50, modifiers=["Control"])
    hand.key("Enter")
    drawn = next(a for a in hand.survives() if a["id"] != "n")
    ring = parts(drawn)[0][0]
    assert ring[0] == [250, 100]
    assert ring[1][0] == 250
    assert ring[2][1] == 0


def test_a_border_is_shared_exactly_by_following_it(opened: Opened):
    coast = [[100, 100], [140, 130], [180, 90], [220, 140], [260, 110], [300, 150], [300, 300], [100, 300], [100, 100]]
    hand = opened(annotations=({"id": "n", "shape": {"type": "polygon", "polygons": [[coast]]}},))
    hand.key("p")
    hand.click(100, 100, modifiers=["Alt"])
    for x, y in [(140, 128), (180, 92), (220, 138), (262, 110)]:
        hand.move(x, y)
    look(hand, "follow-a-border")
    hand.click(300, 150)
    click_all(hand, [(320, 40), (90, 40)])
    hand.key("Enter")
    drawn = next(a for a in hand.survives() if a["id"] != "n")
    assert parts(drawn)[0][0][:6] == coast[:6]
    assert Polygon(coast).intersection(ground(drawn)).area == 0
    assert Polygon(coast).union(ground(drawn)).area == pytest.approx(Polygon(coast).area + ground(drawn).area)
    hand.key("p")
    hand.click(100, 300, modifiers=["Alt"])
    hand.move(200, 302)
    hand.key("Tab")
    hand.move(299, 299)
    look(hand, "follow-the-other-way")
    hand.key("Escape", "Escape")


@pytest.mark.parametrize("image", IMAGES)
def test_a_polygon_is_cut_by_a_line_and_joined_again(opened: Opened, image: tuple[str, str, bytes]):
    hand = opened(image, annotations=(square(100, 100, 200, "p"),))
    hand.click(200, 200)
    hand.key("c")
    hand.click(160, 60)
    hand.click(180, 200)
    hand.move(150, 340)
    look(hand, "cut")
    hand.click(150, 340)
    hand.key("Enter")
    pieces = hand.survives()
    assert len(pieces) == 2
    assert sum(ground(a).area for a in pieces) == pytest.approx(40_000, abs=2)
    assert ground(pieces[0]).intersection(ground(pieces[1])).area < 1e-6
    assert len({a["label"] for a in pieces}) == 1
    hand.click(250, 200)
    hand.click(120, 200, modifiers=["Shift"])
    hand.key("j")
    (joined,) = hand.survives()
    assert ground(joined).area == pytest.approx(40_000, abs=2)
    assert len(parts(joined)[0]) == 1
    (shape,) = from_coco(hand)
    assert shape == joined["shape"]


def test_objects_are_subtracted_intersected_and_separated(opened: Opened):
    hand = opened(annotations=(square(100, 100, 200, "a"), square(150, 150, 60, "b"), square(260, 260, 150, "c")))
    hand.click(120, 120)
    hand.click(180, 180, modifiers=["Shift"])
    hand.key("Shift+J")
    after = by_id(hand.survives())
    assert [len(rings) for rings in parts(after["a"])] == [2]
    assert ground(after["a"]).area == pytest.approx(200 * 200 - 60 * 60, abs=0.1)
    hand.click(380, 380)
    hand.key("Shift+C")
    after = by_id(hand.survives())
    assert ground(after["c"]).area == pytest.approx(150 * 150 - 40 * 40, abs=0.1)
    hand.click(120, 120)
    hand.click(380, 380, modifiers=["Shift"])
    run(hand, "polygon-gather")
    after = by_id(hand.survives())
    assert len(parts(after["a"])) == 2
    hand.click(380, 380)
    run(hand, "polygon-separate")
    assert len(hand.survives()) == 3
    look(hand, "operations")


def test_simplifying_counts_live_shows_before_it_changes_and_keeps_within_the_tolerance(opened: Opened):
    ring = [
        [round(300 + (150 + 4 * math.sin(i)) * math.cos(i / 100), 2), round(240 + (150 + 4 * math.sin(i)) * math.sin(i / 100), 2)]
        for i in range(628)
    ]
    hand = opened(annotations=({"id": "p", "shape": {"type": "polygon", "polygons": [[[*ring, ring[0]]]]}},))
    hand.click(300, 240)
    hand.named("fold-simplify").locator("summary").click()
    before = hand.seen()
    count = hand.named("vertex-count")
    slider = hand.page.get_by_role("slider", name="Tolerance")
    slider.focus()
    hand.key("Home")
    expect(count).to_contain_text("628 → 628")
    for _ in range(45):
        hand.key("ArrowRight")
    look(hand, "simplify")
    left = int((count.text_content() or "").split("→")[1].split()[0])
    assert left < 100
    assert hand.seen() == before
    tolerance = float((slider.get_attribute("aria-valuetext") or "0").split()[0])
    run(hand, "polygon-simplify")
    hand.move(20, 20)
    (stored,) = hand.survives()
    assert len(parts(stored)[0][0]) - 1 == left
    outline = LineString(parts(stored)[0][0])
    assert max(outline.distance(LineString([point, point])) for point in ring) <= tolerance + 0.01


def test_shift_and_a_pen_draw_freehand(opened: Opened):
    hand = opened()
    hand.key("p")
    circle = [(160 + 100 * math.cos(a / 10), 240 + 100 * math.sin(a / 10)) for a in range(63)]
    hand.drag(*circle, modifiers=["Shift"])
    hand.key("Enter")
    pen = hand.page.context.new_cdp_session(hand.page)
    for step, (x, y) in enumerate(circle):
        left, top = hand.place(x + 300, y)
        kind = "mousePressed" if step == 0 else "mouseReleased" if step == len(circle) - 1 else "mouseMoved"
        event = {"type": kind, "x": left, "y": top, "button": "left", "buttons": 1, "clickCount": 1, "pointerType": "pen", "force": 0.5}
        pen.send("Input.dispatchMouseEvent", event)
    look(hand, "pen")
    hand.key("Enter")
    stored = hand.survives()
    assert [ground(a).area for a in stored] == pytest.approx([math.pi * 100 * 100] * 2, rel=0.02)


@pytest.mark.parametrize("image", IMAGES)
def test_lines_are_drawn_extended_edited_cut_and_joined(opened: Opened, image: tuple[str, str, bytes]):
    hand = opened(image)
    hand.key("Shift+P")
    click_all(hand, [(100, 100), (200, 150), (300, 100)])
    hand.key("Enter")
    hand.key("v")
    hand.click(150, 125)
    hand.key("k")
    click_all(hand, [(400, 150), (450, 250)])
    look(hand, "line-extend")
    hand.key("Enter")
    hand.key("k")
    hand.click(100, 100)
    hand.click(60, 60)
    hand.key("Enter")
    (stored,) = hand.survives()
    assert near(stored["shape"]["points"], [(60, 60), (100, 100), (200, 150), (300, 100), (400, 150), (450, 250)])
    hand.click(150, 125)
    hand.key("e")
    hand.drag((350, 125), (350, 180))
    hand.key("r")
    hand.click(200, 150)
    hand.key("Escape")
    (stored,) = hand.survives()
    assert near(stored["shape"]["points"], [(60, 60), (100, 100), (300, 100), (350, 180), (400, 150), (450, 250)])
    hand.click(200, 100)
    hand.key("e")
    hand.click(350, 180)
    hand.key("c")
    assert len(hand.survives()) == 2
    hand.click(200, 100)
    hand.click(425, 200, modifiers=["Shift"])
    hand.key("j")
    (joined,) = hand.survives()
    assert near(joined["shape"]["points"], [(60, 60), (100, 100), (300, 100), (350, 180), (400, 150), (450, 250)])
    hand.click(200, 100)
    expect(hand.named("line-length")).to_contain_text(f"{LineString(joined['shape']['points']).length:.1f}")


@pytest.mark.parametrize("image", IMAGES)
def test_boxes_are_drawn_in_every_way_turned_resized_and_exported(opened: Opened, image: tuple[str, str, bytes]):
    hand = opened(image)
    hand.key("b")
    hand.drag((50, 50), (150, 120))
    hand.click(200, 50)
    hand.click(280, 110)
    hand.key("Shift+B")
    click_all(hand, [(400, 50), (350, 100), (460, 90)])
    hand.move(410, 160)
    look(hand, "box-extremes")
    hand.click(410, 160)
    hand.key("Alt+B")
    click_all(hand, [(100, 250), (200, 300)])
    hand.move(170, 360)
    look(hand, "box-turned")
    hand.click(170, 360)
    hand.key("Escape")
    drawn = [a["shape"] for a in hand.seen()]
    assert near([(s["x"], s["y"]) for s in drawn[:3]], [(50, 50), (200, 50), (350, 50)])
    assert near([(s["width"], s["height"]) for s in drawn[:3]], [(100, 70), (80, 60), (110, 110)], 2.5)
    assert drawn[3]["rotation"] == pytest.approx(math.degrees(math.atan2(50, 100)), abs=1.5)
    assert drawn[3]["width"] == pytest.approx(math.hypot(100, 50), abs=2.5)
    look(hand, "boxes")
    hand.survives()
    from_file = from_coco(hand)
    assert from_file == [a["shape"] for a in hand.saved()]


def test_a_box_is_turned_by_its_handle_and_by_keys_resized_by_keys_and_keeps_proportions(opened: Opened):
    hand = opened(annotations=({"id": "b", "shape": {"type": "box", "x": 200, "y": 200, "width": 100, "height": 50, "rotation": 0}},))
    shape = lambda: hand.seen()[0]["shape"]  # noqa: E731
    hand.click(250, 225)
    hand.move(251, 226)
    per_pixel = 100 / (hand.place(300, 200)[0] - hand.place(200, 200)[0])
    hand.drag((250, 200 - 24.5 * per_pixel), (330, 222), modifiers=["Shift"])
    assert shape()["rotation"] == 90
    hand.key(",", ",", ">")
    assert shape()["rotation"] == 103
    look(hand, "box-turn-handle")
    hand.key("Control+z", "Control+z", "Control+z")
    assert shape()["rotation"] == 0
    hand.key("Alt+ArrowRight", "Shift+Alt+ArrowDown", "ArrowLeft", "Shift+ArrowUp")
    assert shape() == {"type": "box", "x": 199, "y": 190, "width": 101, "height": 60, "rotation": 0}
    hand.drag((300, 250), (380, 260), modifiers=["Shift"])
    assert shape()["width"] / shape()["height"] == pytest.approx(101 / 60, rel=0.01)
    hand.named("set-drag.keep_proportions").click()
    hand.key("b")
    hand.drag((20, 20), (90, 30))
    assert hand.seen()[-1]["shape"]["width"] == pytest.approx(hand.seen()[-1]["shape"]["height"], abs=0.02)
    hand.survives()


def test_the_next_object_is_called_what_the_image_is_called(opened: Opened, signed_in: Page, shared_stack: Stack, shared_api: Api):
    campaign = make_campaign(shared_api, "detection", ((*PHOTO, photo()),))
    first, land = campaign["images"][0], campaign["labels"][1]["id"]
    path = f"/images/{first['id']}/annotation-set"
    whole = {
        "id": "w",
        "label": land,
        "shape": {"type": "whole"},
        "origin": "human",
        "review": "accepted",
        "confidence": None,
        "model": None,
        "attributes": {},
    }
    shared_api.patch(path, {"upsert": [whole]}, headers={"If-Match": f'"{shared_api.get(path)["version"]}"'})
    hand = Hand.at(signed_in, shared_stack, shared_api, first)
    hand.key("b")
    hand.drag((50, 50), (150, 120))
    assert [a["label"] for a in hand.survives() if a["id"] != "w"] == [land]


def test_a_finger_draws_by_taps_and_finishes_by_a_button(opened: Opened):
    hand = opened()
    hand.key("p")
    touch = hand.page.context.new_cdp_session(hand.page)
    corners: list[Point] = [(100, 100), (250, 110), (300, 300), (180, 240)]
    for x, y in corners:
        left, top = hand.place(x, y)
        touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": left, "y": top}]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        hand.page.wait_for_timeout(350)
    run(hand, "path-back")
    look(hand, "touch")
    run(hand, "path-close")
    (stored,) = hand.survives()
    assert near(parts(stored)[0][0], [*corners[:3], corners[0]])


def test_what_cannot_be_done_says_why(opened: Opened):
    hand = opened(annotations=(square(100, 100, 100, "a"),))
    hand.click(150, 150)
    button = hand.named("do-polygon-join")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.click(force=True)
    expect(hand.page.get_by_role("status").filter(has_text="Select at least two polygons")).to_be_visible()
    look(hand, "blocked")


def test_a_polygon_of_6000_vertices_is_edited_without_a_stall(opened: Opened):
    ring = [
        [
            round(320 + (180 + 20 * math.sin(i / 30)) * math.cos(i / 955), 2),
            round(240 + (180 + 20 * math.sin(i / 30)) * math.sin(i / 955), 2),
        ]
        for i in range(6000)
    ]
    hand = opened(annotations=({"id": "p", "shape": {"type": "polygon", "polygons": [[[*ring, ring[0]]]]}},))
    hand.click(320, 240)
    hand.key("e")
    hand.page.evaluate("""() => {
      window.__frames = []; let last = performance.now();
      const tick = (now) => {
        window.__frames.push(now - last);
        last = now;
        requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
    }""")
    x, y = ring[0]
    hand.move(x, y)
    hand.page.mouse.down()
    hand.page.evaluate("window.__frames.length = 0")
    for step in range(60):
        hand.page.mouse.move(*hand.place(x + step, y - step / 2))
    frames = sorted(hand.page.evaluate("window.__frames"))
    hand.page.mouse.up()
    look(hand, "edit-6000-vertices")
    print(f"frames {len(frames)}, median {frames[len(frames) // 2]:.1f} ms, longest {frames[-1]:.1f} ms")
    assert frames[len(frames) // 2] < 100, "a vertex of a large polygon follows the mouse"
    assert len(parts(hand.survives()[0])[0][0]) == 6001
