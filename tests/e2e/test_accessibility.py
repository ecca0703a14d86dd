"""No page has a fault that axe can find, in the light and in the dark."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.bench import PHOTO, RASTER, Hand, make_campaign, photo, raster, sign_in
from tests.e2e.stack import Api, Stack

CAMPAIGN_TABS = ("", "/labels", "/explore", "/models", "/training", "/rounds", "/statistics", "/people", "/export", "/runs")


@pytest.fixture
def themed(browser: Any, shared_stack: Stack) -> Iterator[Page]:
    """A signed-in page in light colours that prefers no motion."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light", reduced_motion="reduce")
    page = context.new_page()
    sign_in(page, shared_stack)
    yield page
    context.close()


def stands_still(page: Page) -> None:
    """Wait until no colour is on its way to another."""
    page.wait_for_function("document.getAnimations().every((one) => !(one instanceof CSSTransition) || one.playState !== 'running')")


def faults(page: Page) -> list[str]:
    """What axe finds on the page when it stands still: the rule, and where. In the dark only what depends on colours is new."""
    stands_still(page)
    found = {"light": Axe().run(page).response["violations"]}
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.locator("html[data-mantine-color-scheme=dark]").wait_for(state="attached")
    stands_still(page)
    found["dark"] = page.evaluate("async () => (await axe.run({runOnly: ['color-contrast', 'link-in-text-block']})).violations")
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.locator("html[data-mantine-color-scheme=light]").wait_for(state="attached")
    return [
        f"{page.url} ({scheme}): {fault['id']}: {fault['help']}: {node['html'][:160]}"
        for scheme, faulty in found.items()
        for fault in faulty
        for node in fault["nodes"][:3]
    ]


@pytest.mark.slow
def test_axe_finds_nothing_on_the_pages(themed: Page, shared_stack: Stack, shared_api: Api):
    campaign = make_campaign(
        shared_api, "classification", [(f"{n}.jpg", PHOTO[1], photo(320, 240, column=1000 + 300 * n)) for n in range(3)]
    )
    found = []
    for path in ("/", "/models", "/models/new", "/runs", "/settings", *(f"/campaigns/{campaign['id']}{tab}" for tab in CAMPAIGN_TABS)):
        themed.goto(f"{shared_stack.url}{path}")
        themed.wait_for_load_state("networkidle")
        found += faults(themed)
    assert found == []


def test_axe_finds_nothing_in_what_the_gallery_opens(themed: Page, shared_stack: Stack, shared_api: Api):
    campaign = make_campaign(
        shared_api, "classification", [(f"{n}.jpg", PHOTO[1], photo(320, 240, column=1000 + 300 * n)) for n in range(3)]
    )
    shared_api.post(f"/campaigns/{campaign['id']}/labelings", {"images": "all", "add": [campaign["labels"][0]["id"]], "submit": True})
    themed.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/images")
    named = themed.get_by_test_id
    named("image-tile").first.click(position={"x": 60, "y": 60})
    named("selection-bar").wait_for()
    found = faults(themed)
    named("add-filter").click()
    named("condition-value").wait_for()
    found += faults(themed)
    themed.keyboard.press("Escape")
    named("selection-bar").get_by_role("button", name="Remove", exact=True).click()
    themed.get_by_role("dialog").wait_for()
    found += faults(themed)
    themed.keyboard.press("Escape")
    named("look").locator("label", has_text="Grid").click()
    named("columns").wait_for()
    found += faults(themed)
    themed.set_viewport_size({"width": 390, "height": 844})
    named("toggle-panel").click()
    themed.get_by_role("dialog", name="Labels").wait_for()
    found += faults(themed)
    assert found == []


def test_axe_finds_nothing_in_what_is_said_of_a_label(themed: Page, shared_stack: Stack, shared_api: Api):
    campaign = make_campaign(shared_api, "keypoints", [(*PHOTO, photo())])
    themed.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/labels")
    found = []
    for what in ("Named points", "Attributes"):
        themed.get_by_role("button", name=f"{what} of Water").click()
        themed.get_by_role("dialog").wait_for()
        found += faults(themed)
        themed.keyboard.press("Escape")
        expect(themed.get_by_role("dialog")).to_have_count(0)
    assert found == []


@pytest.mark.parametrize("task", ["detection", "segmentation", "keypoints", "classification"])
def test_axe_finds_nothing_on_the_labeling_page(themed: Page, shared_stack: Stack, shared_api: Api, task: str):
    images = [(*PHOTO, photo())]
    if task in {"detection", "segmentation"}:  # what a GeoTIFF adds is the same for all tasks
        images.append((*RASTER, raster()))
    campaign = make_campaign(shared_api, task, images)
    found = []
    for image in campaign["images"]:
        hand = Hand.at(themed, shared_stack, shared_api, image)
        found += faults(themed)
        if task == "detection":
            hand.key("b")
            hand.drag((100, 100), (200, 200))
            expect(themed.get_by_test_id("tool-edit")).to_be_enabled()  # half dimmed while axe looks, it would be a fault of nobody
            hand.saved()
            found += faults(themed)
    if task in {"detection", "classification"}:  # the others' keys are among detection's
        hand.key("?")
        themed.get_by_role("dialog").wait_for()
        found += faults(themed)
    assert found == []
