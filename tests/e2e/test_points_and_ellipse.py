"""Points, skeletons and ellipses, drawn and edited with a real mouse and real keys; and the editor that draws skeletons."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from playwright.sync_api import Page, expect
from pycocotools.coco import COCO

from campaigns.formats import coco
from tests.e2e.bench import PHOTO, RASTER, Hand, make_campaign, photo, raster
from tests.e2e.stack import ROOT, Api, Stack

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

Opened = Callable[..., Hand]
PICTURES = ROOT / "test-results" / "points"
IMAGES = [pytest.param((*PHOTO, photo()), id="photograph"), pytest.param((*RASTER, raster()), id="GeoTIFF")]
NAMES = ["nose", "left_eye", "right_eye", "left_ear", "right_ear"]
FACE: dict[str, Any] = {
    "points": [
        {"name": name, "x": x, "y": y} for name, x, y in zip(NAMES, [0.5, 0.7, 0.3, 0.9, 0.1], [0.6, 0.25, 0.25, 0.4, 0.4], strict=True)
    ],
    "edges": [["nose", "left_eye"], ["nose", "right_eye"], ["left_eye", "left_ear"], ["right_eye", "right_ear"]],
    "flip": [["left_eye", "right_eye"], ["left_ear", "right_ear"]],
}


@pytest.fixture
def opened(signed_in: Page, shared_stack: Stack, shared_api: Api) -> Opened:
    """Open the first image of a new campaign whose first label has a skeleton."""

    def open_first(task: str = "keypoints", image: tuple[str, str, bytes] = (*PHOTO, photo())) -> Hand:
        labels = [{"name": "Face", "skeleton": FACE}, {"name": "Seal"}]
        campaign = make_campaign(shared_api, task, (image,), labels=labels)
        return Hand.at(signed_in, shared_stack, shared_api, campaign["images"][0])

    return open_first


@pytest.fixture(autouse=True)
def picture(signed_in: Page, request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep what the page looked like in the end."""
    yield
    look(signed_in, request.node.name[5:60].replace("[", "-").rstrip("]"))


def look(page: Page, name: str) -> None:
    """Keep a picture of the page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")


def exported(hand: Hand) -> bytes:
    """Hand the image in, and export the campaign as COCO."""
    path = f"/images/{hand.image['id']}/annotation-set"
    hand.api.call("POST", f"{path}/submit", headers={"If-Match": f'"{hand.api.get(path)["version"]}"'})
    started = hand.api.post(f"/campaigns/{hand.image['campaign']}/exports", {"format": "coco"})
    hand.api.finished(started)
    body = hand.api.call("GET", f"/runs/{started['id']}/file")
    return body if isinstance(body, bytes) else orjson.dumps(body)


def points_of(annotation: dict[str, Any]) -> dict[str, tuple[float, float, int]]:
    return {p["name"]: (p["x"], p["y"], p["v"]) for p in annotation["shape"]["points"]}


def near(found: tuple[float, ...], wanted: tuple[float, ...]) -> bool:
    """Whether a point is where the mouse was, which stands on whole pixels of the page."""
    return math.dist(found[:2], wanted[:2]) < 1.5 and found[2:] == wanted[2:]


@pytest.mark.parametrize("image", IMAGES)
def test_a_skeleton_is_placed_edited_saved_and_exported(opened: Opened, image: tuple[str, str, bytes], tmp_path: Path):
    hand = opened(image=image)
    hand.key("i")
    expect(hand.named("next-point")).to_contain_text("nose")
    hand.click(300, 300)
    hand.click(360, 200, modifiers=["Alt"])
    hand.click(240, 200)
    look(hand.page, "skeleton-growing")
    hand.key("q")
    hand.click(180, 240)
    (drawn,) = hand.seen()
    assert near(points_of(drawn)["nose"], (300, 300, 2)) and near(points_of(drawn)["left_eye"], (360, 200, 1))
    assert points_of(drawn)["left_ear"] == (0, 0, 0)

    hand.key("Escape", "e")
    hand.drag((300, 300), (320, 330))
    hand.move(240, 200)
    hand.key("h")
    hand.key("k")
    hand.click(420, 240)
    look(hand.page, "skeleton-edited")
    (stored,) = hand.survives()
    found = points_of(stored)
    wanted = {
        "nose": (320, 330, 2),
        "left_eye": (360, 200, 1),
        "right_eye": (240, 200, 1),
        "left_ear": (420, 240, 2),
        "right_ear": (180, 240, 2),
    }
    assert list(found) == NAMES and all(near(found[name], place) for name, place in wanted.items())

    content = exported(hand)
    (tmp_path / "coco.json").write_bytes(content)
    read = COCO(str(tmp_path / "coco.json"))
    (row,) = read.loadAnns(read.getAnnIds())
    (category,) = read.loadCats(row["category_id"])
    assert category["keypoints"] == NAMES and category["skeleton"] == [[1, 2], [1, 3], [2, 4], [3, 5]]
    assert row["keypoints"] == [value for name in NAMES for value in found[name]]
    assert row["num_keypoints"] == 5
    assert coco.read(io.BytesIO(content)).images[0].annotations[0]["shape"] == stored["shape"]


def test_the_whole_template_is_placed_by_dragging_a_box_and_its_sides_are_swapped(opened: Opened):
    hand = opened()
    hand.key("i")
    hand.drag((100, 100), (300, 280))
    (drawn,) = hand.seen()
    found = points_of(drawn)
    assert near(found["right_ear"], (100, 177.1, 2)) and near(found["left_ear"], (300, 177.1, 2)) and near(found["nose"], (200, 280, 2))
    hand.drag((200, 280), (210, 250))
    hand.key("Shift+F")
    hand.move(300, 177)
    hand.key("Delete")
    look(hand.page, "template-placed")
    (stored,) = hand.survives()
    swapped = points_of(stored)
    assert near(swapped["nose"], (210, 250, 2)) and swapped["left_eye"] == found["right_eye"] and swapped["left_ear"] == found["right_ear"]
    assert swapped["right_ear"] == (0, 0, 0)


def test_the_rest_follows_the_template_once_two_points_are_placed(opened: Opened):
    hand = opened()
    hand.key("i")
    hand.click(300, 300)
    hand.click(340, 230)
    hand.key("y")
    (stored,) = hand.survives()
    assert near(points_of(stored)["right_eye"], (260, 230, 2)) and near(points_of(stored)["left_ear"], (380, 260, 2))


@pytest.mark.parametrize("image", IMAGES)
def test_points_without_a_skeleton_are_single_or_gathered_and_carry_tags(opened: Opened, image: tuple[str, str, bytes]):
    hand = opened("detection", image)
    hand.key("2", "i")
    hand.click(100, 100)
    hand.click(200, 120, modifiers=["Alt"])
    hand.key("g")
    hand.click(220, 150)
    hand.click(240, 180)
    hand.key("Enter")
    hand.click(400, 300)
    hand.key("Escape")
    hand.click(240, 180)
    hand.named("point-tag").nth(1).fill("tail")
    hand.named("point-visibility").nth(2).select_option("1")
    look(hand.page, "plain-points")
    stored = hand.survives()
    assert [[(p["name"], p["v"]) for p in a["shape"]["points"]] for a in stored] == [[("", 2)], [("", 1), ("tail", 2), ("", 1)], [("", 2)]]
    content = exported(hand)
    assert [a["shape"] for a in coco.read(io.BytesIO(content)).images[0].annotations] == [a["shape"] for a in stored]


def test_points_are_walked_nudged_and_removed_by_keys_alone(opened: Opened):
    hand = opened()
    hand.key("i")
    hand.drag((100, 100), (300, 280))
    (before,) = hand.seen()
    hand.key("Tab", "Tab", "ArrowRight", "Shift+ArrowDown", "h", "Tab", "Delete")
    (after,) = hand.seen()
    x, y, _v = points_of(before)["left_eye"]
    assert points_of(after)["left_eye"] == (x + 1, y + 10, 1)
    assert points_of(after)["right_eye"] == (0, 0, 0)


@pytest.mark.parametrize("image", IMAGES)
def test_an_ellipse_is_drawn_stretched_turned_moved_and_survives(opened: Opened, image: tuple[str, str, bytes]):
    hand = opened("detection", image)
    hand.key("Shift+E")
    hand.drag((100, 100), (300, 200))
    (drawn,) = hand.seen()
    shape = drawn["shape"]
    assert shape["type"] == "ellipse" and near((shape["cx"], shape["cy"]), (200, 150)) and near((shape["rx"], shape["ry"]), (100, 50))
    look(hand.page, "ellipse-drawn")
    hand.key("Escape")
    hand.click(200, 150)
    hand.drag((300, 150), (340, 150))
    hand.key(".", ".", ">")
    hand.drag((220, 150), (260, 190))
    look(hand.page, "ellipse-turned")
    (stored,) = hand.survives()
    shape = stored["shape"]
    assert near((shape["cx"], shape["cy"]), (260, 190)) and near((shape["rx"], shape["ry"]), (120, 50)) and shape["rotation"] == 17
    content = exported(hand)
    assert coco.read(io.BytesIO(content)).images[0].annotations[0]["shape"] == shape
    (row,) = json.loads(content)["annotations"]
    ((flat),) = row["segmentation"]
    angle = math.radians(17)
    for x, y in zip(flat[::2], flat[1::2], strict=True):
        dx, dy = x - shape["cx"], y - shape["cy"]
        u, v = dx * math.cos(angle) + dy * math.sin(angle), dy * math.cos(angle) - dx * math.sin(angle)
        assert math.hypot(u / shape["rx"], v / shape["ry"]) == pytest.approx(1)


def test_circles_and_ellipses_from_the_centre_and_a_polygon_of_one(opened: Opened):
    hand = opened("detection")
    hand.key("Shift+E")
    hand.drag((50, 50), (150, 90), modifiers=["Shift"])
    hand.drag((400, 200), (460, 240), modifiers=["Alt"])
    hand.key("Escape", "Alt+p")
    first, second = hand.survives()
    assert first["shape"]["rx"] == first["shape"]["ry"] == pytest.approx(50, abs=1)
    assert second["shape"]["type"] == "polygon"
    xs = [x for x, _y in second["shape"]["polygons"][0][0]]
    assert (min(xs), max(xs)) == pytest.approx((340, 460), abs=1.5)


def template(page: Page) -> dict[str, float]:
    box = page.locator('[data-testid="skeleton-template"]').bounding_box()
    assert box is not None
    return dict(box)


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """A place of the template, 0 to 1, on the page."""
    box = template(page)
    return box["x"] + box["width"] * (x * 100 + 6) / 112, box["y"] + box["height"] * (y * 100 + 6) / 112


def drag_on(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*at(page, *start))
    page.mouse.down()
    page.mouse.move(*at(page, *end), steps=5)
    page.mouse.up()


def test_a_skeleton_is_drawn_with_the_mouse(signed_in: Page, shared_stack: Stack, shared_api: Api):
    campaign = make_campaign(shared_api, "keypoints", ((*PHOTO, photo()),), labels=[{"name": "Cat"}])
    page = signed_in
    page.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/labels")
    page.get_by_test_id("skeleton-of-Cat").click()
    expect(page.get_by_test_id("skeleton-template")).to_be_visible()
    page.wait_for_timeout(400)  # the dialog slides in
    for place in ((0.5, 0.2), (0.7, 0.5), (0.3, 0.5)):
        page.mouse.click(*at(page, *place))
    for number, name in enumerate(("nose", "left_paw", "right_paw"), start=1):
        page.get_by_test_id(f"point-name-{number}").fill(name)
        page.get_by_test_id(f"point-name-{number}").press("Enter")
    drag_on(page, (0.5, 0.2), (0.5, 0.1))
    page.get_by_text("Drag connects").click()
    drag_on(page, (0.5, 0.1), (0.7, 0.5))
    drag_on(page, (0.5, 0.1), (0.3, 0.5))
    drag_on(page, (0.7, 0.5), (0.3, 0.5))
    drag_on(page, (0.3, 0.5), (0.7, 0.5))
    page.get_by_test_id("guess-flips").click()
    look(page, "skeleton-editor")
    page.get_by_test_id("save-skeleton").click()
    expect(page.get_by_test_id("skeleton-template")).to_have_count(0)
    (label,) = shared_api.get(f"/campaigns/{campaign['id']}")["labels"]
    skeleton = label["skeleton"]
    assert [point["name"] for point in skeleton["points"]] == ["nose", "left_paw", "right_paw"]
    assert near((skeleton["points"][0]["x"] * 100, skeleton["points"][0]["y"] * 100), (50, 10))
    assert skeleton["edges"] == [["nose", "left_paw"], ["nose", "right_paw"]]
    assert skeleton["flip"] == [["left_paw", "right_paw"]]


def test_a_skeleton_is_made_with_keys_alone_while_the_campaign_is_made(signed_in: Page, shared_stack: Stack):
    page = signed_in
    page.goto(f"{shared_stack.url}/campaigns/new")
    page.get_by_test_id("campaign-name").fill("Faces by keys")
    page.get_by_test_id("task-keypoints").focus()
    page.keyboard.press("Space")
    page.get_by_test_id("label-name").fill("Face")
    page.get_by_test_id("skeleton-of-Face").focus()
    page.keyboard.press("Enter")
    page.get_by_test_id("add-point").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    for number, name in ((1, "left_eye"), (2, "right_eye")):
        page.get_by_test_id(f"point-name-{number}").focus()
        page.keyboard.press("Control+a")
        page.keyboard.type(name)
        page.keyboard.press("Enter")
    page.get_by_test_id("template-left_eye").focus()
    for key in ("Shift+ArrowRight", "Shift+ArrowRight", "ArrowDown", "c"):
        page.keyboard.press(key)
    page.get_by_test_id("template-right_eye").focus()
    page.keyboard.press("c")
    page.get_by_test_id("guess-flips").focus()
    page.keyboard.press("Enter")
    look(page, "skeleton-editor-by-keys")
    page.get_by_test_id("save-skeleton").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("skeleton-template")).to_have_count(0)
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.url.endswith("/campaigns")) as created:
        page.get_by_test_id("create-campaign").click()
    made = created.value.json()
    skeleton = made["labels"][0]["skeleton"]
    assert skeleton["points"] == [{"name": "left_eye", "x": 0.2, "y": 0.11}, {"name": "right_eye", "x": 0.2, "y": 0.1}]
    assert skeleton["edges"] == [["left_eye", "right_eye"]] and skeleton["flip"] == [["left_eye", "right_eye"]]


def test_a_preset_is_taken_and_comes_back_from_its_own_file(signed_in: Page, shared_stack: Stack, shared_api: Api):
    campaign = make_campaign(shared_api, "keypoints", ((*PHOTO, photo()),), labels=[{"name": "Person"}])
    page = signed_in
    page.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/labels")
    page.get_by_test_id("skeleton-of-Person").click()
    page.get_by_test_id("skeleton-presets").click()
    page.get_by_test_id("preset-person").click()
    expect(page.get_by_test_id("skeleton-counts")).to_have_text("17 points, 19 edges, 8 pairs of left and right")
    look(page, "skeleton-preset")
    with page.expect_download() as download:
        page.get_by_test_id("export-skeleton").click()
    page.get_by_text("Remove all points").click()
    expect(page.get_by_test_id("skeleton-row")).to_have_count(0, timeout=20_000)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Import").click()
    chooser.value.set_files(download.value.path())
    expect(page.get_by_test_id("skeleton-row")).to_have_count(17)
    page.get_by_test_id("save-skeleton").click()
    expect(page.get_by_test_id("skeleton-template")).to_have_count(0, timeout=20_000)
    (label,) = shared_api.get(f"/campaigns/{campaign['id']}")["labels"]
    assert len(label["skeleton"]["points"]) == 17 and len(label["skeleton"]["sigmas"]) == 17
