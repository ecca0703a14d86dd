"""No page has a fault that axe can find, in the light and in the dark."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.bench import PHOTO, RASTER, Hand, make_campaign, photo, raster, sign_in
from tests.e2e.stack import Api, Stack

CAMPAIGN_TABS = ("", "/labels", "/models", "/training", "/rounds", "/people", "/export", "/runs")


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Any, shared_stack: Stack) -> Iterator[Page]:
    """A signed-in page that prefers one scheme of colours, and no motion."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=request.param, reduced_motion="reduce")
    page = context.new_page()
    sign_in(page, shared_stack)
    yield page
    context.close()


def faults(page: Page) -> list[str]:
    """What axe finds on the page: the rule, and where."""
    found = Axe().run(page).response["violations"]
    return [f"{page.url}: {fault['id']}: {fault['help']}: {node['html'][:160]}" for fault in found for node in fault["nodes"][:3]]


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


@pytest.mark.parametrize("task", ["detection", "segmentation", "keypoints", "classification"])
def test_axe_finds_nothing_on_the_labeling_page(themed: Page, shared_stack: Stack, shared_api: Api, task: str):
    images = ((*PHOTO, photo()), (*RASTER, raster()))
    campaign = make_campaign(shared_api, task, images)
    found = []
    for image in campaign["images"]:
        hand = Hand.at(themed, shared_stack, shared_api, image)
        found += faults(themed)
        if task == "detection":
            hand.key("b")
            hand.drag((100, 100), (200, 200))
            found += faults(themed)
    hand.key("?")
    themed.get_by_role("dialog").wait_for()
    found += faults(themed)
    assert found == []
