"""Keys and labels with real key events: bound, warned about, kept; labels by a part of their name; what the work cost."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.bench import Hand, make_campaign, photo, sign_in
from tests.e2e.stack import Api, Stack, wait_for

TREES = [
    "Alder", "Ash", "Aspen", "Beech", "Birch", "Cedar", "Cherry", "Chestnut", "Elm", "Fir",
    "Hawthorn", "Hazel", "Hornbeam", "Larch", "Lime", "Maple", "Oak", "Pine", "Poplar", "Rowan",
]  # fmt: skip


@pytest.fixture
def hand(signed_in: Page, shared_stack: Stack, shared_api: Api) -> Hand:
    """The first image of a campaign of twenty labels; the person's own keys are as they came."""
    images = [("a.jpg", "image/jpeg", photo()), ("b.jpg", "image/jpeg", photo(column=1200))]
    campaign = make_campaign(shared_api, "detection", images, labels=[{"name": name} for name in TREES])
    return Hand.at(signed_in, shared_stack, shared_api, campaign["images"][0])


def own_keys(api: Api) -> dict[str, list[str]]:
    return dict(api.get("/me/preferences").get("keys", {}))


def bind(hand: Hand, command: str, key: str) -> None:
    """Open the sheet where it is not open yet, and press a key for a command."""
    if not hand.named("key-search").is_visible():
        hand.key("?")
    hand.named(f"key-add-{command}").click()
    expect(hand.named("key-capture")).to_be_focused()
    hand.key(key)


def close_sheet(hand: Hand) -> None:
    hand.key("Escape")
    expect(hand.page.get_by_role("dialog")).to_have_count(0)
    expect(hand.named("canvas")).to_be_focused()


def draw(hand: Hand, x: float, key: str = "b") -> None:
    hand.key(key)
    hand.drag((x, 100), (x + 60, 160))
    hand.key("Escape")


def label_names(hand: Hand) -> list[str]:
    names = {label["id"]: label["name"] for label in hand.api.get(f"/campaigns/{hand.image['campaign']}/labels")}
    return [names[a["label"]] for a in hand.seen()]


def test_a_key_is_bound_in_the_sheet_works_at_once_and_follows_the_person(hand: Hand, browser: Any):
    bind(hand, "box", "w")
    expect(hand.named("key-capture")).to_have_count(0)
    expect(hand.named("key-row-box")).to_contain_text("W")
    wait_for(lambda: own_keys(hand.api) == {"box": ["B", "W"]}, 10, lambda: str(own_keys(hand.api)))
    close_sheet(hand)
    draw(hand, 100, key="w")
    assert len(hand.seen()) == 1
    hand.open()
    draw(hand, 200, key="w")
    assert len(hand.seen()) == 2
    hand.saved()
    other = browser.new_context(viewport={"width": 1440, "height": 900})
    page = other.new_page()
    sign_in(page, hand.stack)
    elsewhere = Hand.at(page, hand.stack, hand.api, hand.image)
    draw(elsewhere, 300, key="w")
    assert len(elsewhere.seen()) == 3
    elsewhere.saved()
    other.close()


def test_a_key_that_has_a_meaning_is_warned_about_and_can_be_taken_over(hand: Hand):
    bind(hand, "box", "f")
    expect(hand.named("key-conflict")).to_contain_text("Flag this image for a colleague")
    expect(hand.named("key-conflict")).to_contain_text("Draw: box")
    hand.named("key-both").click()
    expect(hand.named("key-conflicts")).to_contain_text("Flag this image for a colleague")
    hand.named("key-reset-box").click()
    expect(hand.named("key-conflicts")).to_have_count(0)
    bind(hand, "box", "f")
    hand.named("key-alone").click()
    expect(hand.named("key-row-box")).to_contain_text("F")
    expect(hand.named("key-row-flag").locator("kbd")).to_have_count(0)
    close_sheet(hand)
    hand.key("f")
    expect(hand.named("flag")).to_have_attribute("aria-pressed", "false")
    hand.drag((100, 100), (160, 160))
    assert len(hand.seen()) == 1
    hand.saved()


def test_keys_of_the_browser_are_refused_with_the_reason(hand: Hand):
    bind(hand, "box", "Control+Shift+I")
    expect(hand.named("key-refused")).to_contain_text("The browser opens its tools with it")
    hand.key(" ")
    expect(hand.named("key-refused")).to_contain_text("Space pans")
    hand.key("Escape")
    expect(hand.named("key-capture")).to_have_count(0)
    assert own_keys(hand.api) == {}


def test_hints_tooltips_and_search_show_the_keys_as_they_are_now(hand: Hand):
    expect(hand.named("tool-box")).to_contain_text("B")
    hand.key("?")
    hand.page.get_by_role("button", name="Take B away from: Draw: box").click()
    bind(hand, "box", "F7")
    hand.named("key-search").fill("f7")
    expect(hand.page.locator('[data-testid^="key-row-"]')).to_have_count(1)
    close_sheet(hand)
    expect(hand.named("tool-box")).to_contain_text("F7")
    hand.key("b")
    hand.drag((100, 100), (160, 160))
    assert hand.seen() == []
    hand.key("F7")
    hand.drag((100, 100), (160, 160))
    assert len(hand.seen()) == 1
    hand.saved()
    hand.key("Escape", "?")
    expect(hand.page.get_by_role("dialog")).to_be_visible()
    hand.key("Escape", "F7")  # without a pause: the sheet that closes takes no key along
    hand.drag((200, 100), (260, 160))
    assert len(hand.seen()) == 2
    hand.saved()


def test_a_label_is_found_among_twenty_by_a_part_of_its_name(hand: Hand):
    draw(hand, 100)
    hand.click(130, 130)
    hand.key("/")
    expect(hand.named("palette-field")).to_be_focused()
    hand.page.keyboard.type("bea")
    hand.key("Enter")
    expect(hand.named("label-palette")).to_have_count(0)
    expect(hand.named("canvas")).to_be_focused()
    assert label_names(hand) == ["Hornbeam"]
    hand.key("/")
    hand.page.keyboard.type("ch")
    expect(hand.named("palette-label")).to_have_count(5)
    hand.key("ArrowDown", "Enter")
    assert label_names(hand) == ["Chestnut"]
    draw(hand, 200)
    hand.key("3")
    hand.key("Escape", "/", "Escape")
    assert label_names(hand) == ["Chestnut", "Aspen"]
    hand.saved()
    hand.open()
    hand.key("/")
    expect(hand.named("palette-label").nth(0)).to_contain_text("Aspenrecent")
    expect(hand.named("palette-label").nth(1)).to_contain_text("Chestnutrecent")


def test_digits_stay_with_their_label_whatever_its_place(hand: Hand):
    draw(hand, 100)
    hand.click(130, 130)
    hand.key("4")
    assert label_names(hand) == ["Beech"]
    hand.saved()
    hand.open()
    expect(hand.page.locator('[data-testid^="label-"]').first).to_contain_text("Beech")
    expect(hand.page.locator('[data-testid^="label-"]').first).to_contain_text("4")
    hand.click(130, 130)
    hand.key("1")
    assert label_names(hand) == ["Alder"]
    hand.key("4")
    assert label_names(hand) == ["Beech"]


def test_what_objects_cost_is_told_after_the_submit(hand: Hand):
    draw(hand, 100)  # a key, a drag, a key
    hand.page.wait_for_timeout(1200)
    draw(hand, 200)
    hand.key("2")  # the selected one
    hand.key("ArrowRight")
    hand.page.mouse.wheel(0, -200)
    hand.key("0")  # seeing costs no action
    hand.saved()
    hand.key("Control+Enter")
    hand.page.wait_for_function("(id) => ![id, undefined].includes(window.__winnow?.image()?.id)", arg=hand.image["id"])
    path = f"/campaigns/{hand.image['campaign']}/effort"
    wait_for(lambda: bool(hand.api.get(path)["rows"]), 10, lambda: "no effort was told")
    (row,) = hand.api.get(path)["rows"]
    assert (row["shape"], row["origin"], row["objects"], row["actions"]) == ("box", "human", 2, 8)
    assert 1.0 < row["active_s"] < 60 and row["actions_per_object"] == 4
    hand.page.goto(f"{hand.stack.url}/campaigns/{hand.image['campaign']}/people")
    shown = hand.named("effort-row")
    expect(shown).to_have_count(1)
    expect(shown).to_contain_text("by hand")
    expect(shown.locator("td").last).to_have_text("4")


def test_a_palette_changes_what_a_person_sees_and_nothing_that_is_stored(hand: Hand):
    swatch = hand.named("label-Alder").locator("span").first
    stored = hand.api.get(f"/campaigns/{hand.image['campaign']}/labels")[0]["color"]
    expect(swatch).to_have_css("background-color", "rgb(0, 114, 178)")
    hand.page.goto(f"{hand.stack.url}/settings")
    hand.named("palette-tol-bright").click()
    wait_for(lambda: hand.api.get("/me/preferences").get("palette") == "tol-bright", 10, lambda: "the palette was not kept")
    hand.open()
    expect(swatch).to_have_css("background-color", "rgb(68, 119, 170)")
    assert hand.api.get(f"/campaigns/{hand.image['campaign']}/labels")[0]["color"] == stored
