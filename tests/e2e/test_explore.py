"""Images that look alike, in the real browser with real workers: found, chosen, excluded, labeled, and labels reviewed."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.active_learning.chips import KINDS, Chip, chips
from tests.e2e.bench import make_campaign
from tests.e2e.stack import Api, Stack, wait_for

A_KIND = 8
LABELED = 5
RUNS_MS = 90_000


def named(page: Page | Locator, name: str) -> Locator:
    return page.locator(f'[data-testid="{name}"]')


def png(chip: Chip, brighter: int = 0) -> tuple[str, str, bytes]:
    content = io.BytesIO()
    Image.fromarray(np.minimum(chip.pixels, 255 - brighter) + np.uint8(brighter)).save(content, "PNG")
    return f"{'again-' if brighter else ''}{chip.name}.png", "image/png", content.getvalue()


@pytest.fixture
def earth(shared_api: Api) -> dict[str, Any]:
    """24 chips of three kinds, 15 labeled, one of these wrong; the first again, a hair brighter, in another split."""
    drawn = chips(A_KIND)
    made = make_campaign(shared_api, "classification", [*map(png, drawn), png(drawn[0], 1)], labels=[{"name": kind} for kind in KINDS])
    labels = {label["name"]: label["id"] for label in made["labels"]}
    images = {image["name"]: image for image in made["images"]}
    made["kinds"] = {images[f"{chip.name}.png"]["id"]: chip.kind for chip in drawn}
    made["first"], made["again"] = images[f"{drawn[0].name}.png"], images[f"again-{drawn[0].name}.png"]
    by_kind = {
        kind: [id_ for id_, each in made["kinds"].items() if each == kind and id_ != made["first"]["id"]][:LABELED] for kind in KINDS
    }
    made["wrong"] = by_kind["ocean"][0]
    for kind, ids in by_kind.items():
        right = [id_ for id_ in ids if id_ != made["wrong"]]
        shared_api.post(f"/campaigns/{made['id']}/labelings", {"images": right, "add": [labels[kind]], "submit": True})
    shared_api.post(f"/campaigns/{made['id']}/labelings", {"images": [made["wrong"]], "add": [labels["land"]], "submit": True})
    for image, split in ((made["first"], "train"), (made["again"], "test")):
        shared_api.patch(f"/campaigns/{made['id']}/images", {"images": [image["id"]], "split": split})
    made["label_ids"] = labels
    return made


def labels_of(api: Api, image: int) -> list[int]:
    return [each["label"] for each in api.get(f"/images/{image}")["whole_labels"]]


@pytest.mark.slow
def test_what_looks_alike_is_found_chosen_excluded_labeled_and_reviewed(
    signed_in: Page, shared_stack: Stack, shared_api: Api, earth: dict[str, Any]
) -> None:
    page, api = signed_in, shared_api
    first, again = earth["first"], earth["again"]

    def state_of(image: int) -> str:
        return str(api.get(f"/images/{image}")["state"])

    # Near duplicates: one group, which leaks between splits; keep the first, and take that back.
    page.goto(f"{shared_stack.url}/campaigns/{earth['id']}/explore")
    page.get_by_text("Near duplicates", exact=True).click()
    named(page, "duplicates-threshold").fill("99")
    named(page, "duplicates-look").click()
    group = page.locator('[data-testid="duplicates-group"][data-leak]')
    expect(group).to_be_visible(timeout=RUNS_MS)
    expect(named(page, "duplicates-leaks")).to_be_visible()
    group.locator(f'[data-testid="twin"][data-id="{again["id"]}"]').click()
    named(group, "duplicates-keep-one").click()
    wait_for(lambda: state_of(first["id"]) == "excluded", 20, lambda: "it was not excluded")
    named(page, "toast-undo").click()
    wait_for(lambda: state_of(first["id"]) != "excluded", 20, lambda: "it did not come back")

    # The map: closer by the wheel and back by a key; a loop round everything, and keys alone, choose what is shown.
    page.get_by_text("Map", exact=True).click()
    named(page, "map-draw").click()
    drawn = named(page, "map")
    expect(drawn).to_have_attribute("data-seen", str(len(earth["images"])), timeout=RUNS_MS)
    drawn.hover()
    page.mouse.wheel(0, -2500)
    expect(drawn).not_to_have_attribute("data-seen", str(len(earth["images"])))
    drawn.focus()
    page.keyboard.press("0")
    expect(drawn).to_have_attribute("data-seen", str(len(earth["images"])))
    page.get_by_label("Hide No label").click()
    expect(drawn).to_have_attribute("data-seen", str(3 * LABELED))
    drawn.focus()
    page.keyboard.press("Enter")
    expect(named(page, "selection-bar")).to_have_attribute("data-count", str(3 * LABELED))
    page.go_back()
    expect(drawn).to_have_attribute("data-seen", str(len(earth["images"])))
    drawn.evaluate("map => map.scrollIntoView({ block: 'center' })")
    box = drawn.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 4, box["y"] + 4)
    page.mouse.down()
    for x, y in ((0.9, 0.01), (0.99, 0.99), (0.01, 0.99)):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=3)
    page.mouse.up()
    expect(named(page, "selection-bar")).to_have_attribute("data-count", str(len(earth["images"])))

    # Find similar, from the keyboard a part of it; what is found is chosen in the gallery.
    page.goto(f"{shared_stack.url}/campaigns/{earth['id']}/images")
    page.locator(f'[data-image="{first["id"]}"]').click(button="right")
    named(page, "menu-similar").click()
    expect(named(page, "similar-image").first).to_have_attribute("data-id", str(again["id"]))
    link = named(page, "similar-image").first.get_by_role("link")
    expect(link).to_have_attribute("href", f"/campaigns/{earth['id']}/label?image={again['id']}")
    expect(link).to_have_attribute("target", "_blank")  # what was found stays
    named(page, "similar-limit").fill("3")
    fresh = page.locator('[data-testid="similar-count"][data-fresh][data-count="3"]')
    expect(fresh).to_be_visible()
    crop = named(page, "crop-picture")
    crop.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowLeft")
    expect(crop).to_have_attribute("data-cropped", "true")
    expect(fresh).to_be_visible(timeout=RUNS_MS)
    page.keyboard.press("Delete")
    expect(crop).not_to_have_attribute("data-cropped", "true")
    expect(fresh).to_be_visible()
    named(page, "similar-show").click()
    expect(named(page, "listed")).to_have_attribute("data-count", "3")
    expect(named(page, "selection-bar")).to_have_attribute("data-count", "3")
    expect(named(page, "image-tile").first).to_have_attribute("data-image", str(again["id"]))
    named(page, "listed-close").click()
    expect(named(page, "image-count")).to_have_attribute("data-count", str(len(earth["images"])))

    # Label by similarity: the neighbours suggest, one label is taken over and taken back.
    page.goto(f"{shared_stack.url}/campaigns/{earth['id']}/explore")
    page.get_by_text("Label by similarity", exact=True).click()
    named(page, "suggest").click()
    slider = named(page, "suggest-least").get_by_role("slider")
    expect(slider).to_be_visible(timeout=RUNS_MS)
    slider.focus()
    page.keyboard.press("Home")
    card = named(page, "suggested-label").first
    label, count = earth["label_ids"][card.get_attribute("data-label")], int(card.get_attribute("data-count") or 0)
    waiting = {image["id"] for image in earth["images"] if state_of(image["id"]) == "unlabeled"}
    assert 1 <= count <= len(waiting)
    named(card, "suggest-accept").click()
    wait_for(lambda: sum(labels_of(api, image) == [label] for image in waiting) == count, 20, lambda: "they were not labeled")
    named(page, "toast-undo").click()
    wait_for(lambda: all(state_of(image) == "unlabeled" for image in waiting), 20, lambda: "they stayed labeled")

    # Review labels: the wrong one is listed with the right suggestion, changed, and taken back.
    page.get_by_text("Review labels", exact=True).click()
    named(page, "doubts-look").click()
    doubt = page.locator(f'[data-testid="doubt"][data-image="{earth["wrong"]}"]')
    expect(doubt).to_be_visible(timeout=RUNS_MS)
    named(doubt, "doubt-change").click()
    expect(doubt).to_have_count(0)
    assert labels_of(api, earth["wrong"]) == [earth["label_ids"]["ocean"]]
    named(page, "doubts-state").get_by_text("Changed", exact=True).click()
    named(doubt, "doubt-open").click()
    expect(doubt).to_have_count(0)
    assert labels_of(api, earth["wrong"]) == [earth["label_ids"]["land"]]

    # Another backbone: it looks at all images in the background, and then takes the place of the one before.
    page.get_by_text("Backbone", exact=True).click()
    expect(named(page, "backbone-current")).to_have_attribute("data-space", "")
    named(page, "backbone-start").click()
    expect(page.locator('[data-testid="backbone-current"][data-space^="mobilenet_v2-224-"]')).to_be_visible(timeout=RUNS_MS)
    assert api.get(f"/campaigns/{earth['id']}/similar?image={first['id']}&limit=1")["similar"][0]["image"]["id"] == again["id"]
    page.get_by_text("Review labels", exact=True).click()
    expect(named(page, "outdated")).to_be_visible()
