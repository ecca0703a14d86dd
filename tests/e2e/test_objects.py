"""Objects as a whole, with real mouse and keys: attributes, order, copies, lock, sight, and the list that needs no mouse."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.bench import PHOTO, RASTER, Hand, make_campaign, photo, raster
from tests.e2e.stack import Api, Stack, wait_for

SPECIES = {"name": "species", "type": "choice", "options": ["oak", "elm"], "required": True}
HEIGHT = {"name": "height", "type": "number", "min": 0, "max": 60, "default": 3}
LABELS = [{"name": "Tree", "attributes": [SPECIES, HEIGHT]}, {"name": "Water"}]
Opened = Callable[..., Hand]


@pytest.fixture
def opened(signed_in: Page, shared_stack: Stack, shared_api: Api) -> Opened:
    """Open the first image of a new campaign."""

    def open_first(*, images: tuple[Any, ...] = ((*PHOTO, photo()),), task: str = "detection") -> Hand:
        campaign = make_campaign(shared_api, task, images, labels=LABELS)
        return Hand.at(signed_in, shared_stack, shared_api, campaign["images"][0])

    return open_first


def draw_box(hand: Hand, x: float, y: float, side: float = 80) -> None:
    hand.key("b")
    hand.drag((x, y), (x + side, y + side))
    hand.key("Escape")


@pytest.mark.parametrize("image", [(*PHOTO, photo()), (*RASTER, raster())], ids=["photograph", "GeoTIFF"])
def test_attributes_are_answered_saved_and_asked_for(opened: Opened, image: tuple[str, str, bytes]):
    hand = opened(images=(image,))
    draw_box(hand, 100, 100)
    hand.key("Shift+O")
    hand.named("attribute-height").fill("12.5")
    hand.named("attribute-height").press("Escape")
    hand.key("Control+Enter")
    expect(hand.page.locator('[data-notice="true"]')).to_contain_text("species")
    hand.named("attribute-species").select_option("elm")
    (stored,) = hand.survives()
    assert stored["attributes"] == {"occluded": True, "height": 12.5, "species": "elm"}
    hand.page.locator("[data-row]").first.click()
    hand.named("attribute-species").select_option("oak")
    assert hand.saved()[0]["attributes"]["species"] == "oak"
    hand.key("Control+Enter")
    expect(hand.named("queue-empty")).to_be_visible()
    state = lambda: hand.api.get(f"/images/{hand.image['id']}")["state"]  # noqa: E731
    wait_for(lambda: state() == "submitted", 10, state)


def test_the_object_on_top_is_the_one_that_a_click_takes(opened: Opened):
    hand = opened()
    draw_box(hand, 100, 100, 120)
    draw_box(hand, 130, 130, 40)
    large, small = (a["id"] for a in hand.seen())

    def taken() -> str:
        hand.click(500, 400)
        hand.click(150, 150)
        return str(hand.page.evaluate("document.querySelector('[data-selected=true] [data-row]')?.dataset.row"))

    assert taken() == small
    hand.click(105, 105)
    hand.key("PageUp")
    assert taken() == large
    stored = {a["id"]: a for a in hand.survives()}
    assert stored[large]["z"] == 1 and "z" not in stored[small]
    assert taken() == large


def test_copies_go_beside_their_originals_into_the_next_image_and_back_by_undo(opened: Opened):
    hand = opened(images=(("a.jpg", "image/jpeg", photo()), ("b.jpg", "image/jpeg", photo(column=1200))))
    draw_box(hand, 100, 100)
    hand.key("Control+c", "Control+v")
    first, second = (a["shape"] for a in hand.seen())
    assert (second["x"] - first["x"], second["y"] - first["y"]) == (12, 12)
    hand.key("Control+z")
    assert len(hand.seen()) == 1
    hand.saved()
    original = hand.seen()[0]["shape"]
    hand.key("Control+ArrowRight")
    hand.page.wait_for_function("(id) => ![id, undefined].includes(window.__winnow?.image()?.id)", arg=hand.image["id"])
    hand.key("Control+v")
    assert [a["shape"] for a in hand.seen()] == [original]
    hand.key("Shift+R")
    assert [a["shape"] for a in hand.seen()] == [original, original]
    assert len({a["id"] for a in hand.seen()}) == 2


def test_what_is_locked_cannot_be_taken_and_what_is_hidden_is_out_of_the_way(opened: Opened):
    hand = opened()
    draw_box(hand, 100, 100)
    before = hand.seen()
    hand.key("Shift+L")
    hand.key("ArrowRight", "Delete")
    hand.click(140, 140)
    hand.drag((140, 140), (200, 200))
    assert hand.seen() == before
    hand.key("Escape", "Shift+L")
    hand.click(140, 140)
    hand.key("Shift+H")
    row = hand.page.locator('[data-testid="object-row"]').first
    expect(row).to_have_attribute("data-out-of-sight", "true")
    hand.click(140, 140)
    expect(row).to_have_attribute("data-selected", "false")
    hand.key("Shift+H")
    expect(row).to_have_attribute("data-out-of-sight", "false")
    assert hand.seen() == before


def test_the_list_walks_nudges_renames_and_deletes_without_a_mouse(opened: Opened):
    hand = opened()
    for x in (100, 250, 400):
        draw_box(hand, x, 100)
    hand.page.locator("[data-row]").first.focus()
    hand.key("Home", "ArrowDown")
    second = hand.seen()[1]["id"]
    expect(hand.page.locator(f'[data-row="{second}"]')).to_be_focused()
    hand.key("Alt+ArrowRight", "Alt+ArrowRight", "Alt+Shift+ArrowDown")
    moved = hand.seen()[1]["shape"]
    assert (round(moved["x"]), round(moved["y"])) == (252, 110)
    hand.key("F2")
    hand.named("rename-object").select_option(label="Water")
    hand.key("Enter")
    assert hand.seen()[1]["label"] != hand.seen()[0]["label"]
    expect(hand.page.locator(f'[data-row="{second}"]')).to_be_focused()
    hand.key("Delete")
    assert [round(a["shape"]["x"]) for a in hand.seen()] == [100, 400]
    expect(hand.page.locator(f'[data-row="{hand.seen()[1]["id"]}"]')).to_be_focused()
    assert len(hand.saved()) == 2


def test_a_manager_says_what_a_label_asks(signed_in: Page, shared_stack: Stack, shared_api: Api):
    campaign = make_campaign(shared_api, "detection", ((*PHOTO, photo()),))
    signed_in.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/labels")
    signed_in.locator('[data-testid="attributes-of-Water"]').click()
    signed_in.locator('[data-testid="add-attribute"]').click()
    row = signed_in.locator('[data-testid="attribute-row"]')
    row.get_by_label("Name").fill("depth")
    row.get_by_label("Type").click()
    signed_in.get_by_role("option", name="number").click()
    row.get_by_label("Lowest").fill("0")
    row.get_by_label("Required").check()
    signed_in.locator('[data-testid="save-attributes"]').click()
    expect(signed_in.get_by_role("dialog")).to_have_count(0)
    stored = shared_api.get(f"/campaigns/{campaign['id']}/labels")[0]["attributes"]
    assert stored == [{"name": "depth", "type": "number", "required": True, "min": 0.0}]


def test_a_manager_chooses_what_annotators_draw(signed_in: Page, shared_stack: Stack, shared_api: Api):
    campaign = make_campaign(shared_api, "detection", ((*PHOTO, photo()),))
    signed_in.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/labels")
    card = signed_in.locator('[data-testid="chosen-shapes"]')
    card.locator('[data-testid="shape-polygon"]').uncheck()
    card.locator('[data-testid="shape-mask"]').check()
    card.locator('[data-testid="save-shapes"]').click()
    expect(signed_in.get_by_text("The shapes are saved.")).to_be_visible()
    chosen = shared_api.get(f"/campaigns/{campaign['id']}")["settings"]["shapes"]
    assert "mask" in chosen and "polygon" not in chosen
    hand = Hand.at(signed_in, shared_stack, shared_api, campaign["images"][0])
    expect(hand.named("tool-mask")).to_be_visible()
    expect(hand.named("tool-polygon")).to_have_count(0)
