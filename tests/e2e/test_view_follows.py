"""How a person sees things goes with her from browser to browser, and survives a network that was away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.e2e.bench import Hand, make_campaign, photo, sign_in
from tests.e2e.stack import Api, Stack, wait_for


def named(page: Page, name: str) -> Locator:
    return page.locator(f'[data-testid="{name}"]')


def soon(claim: Callable[[], bool], complaint: Callable[[], str]) -> None:
    wait_for(claim, 20, complaint, every=0.2)


def test_the_view_of_gallery_and_labeling_page_is_the_same_in_another_browser_and_survives_the_network(
    signed_in: Page, browser: Any, shared_stack: Stack, shared_api: Api
):
    pictures = [(f"place-{n}.jpg", "image/jpeg", photo(200, 150, column=2500 + 40 * n)) for n in range(3)]
    campaign = make_campaign(shared_api, "segmentation", pictures)
    gallery = f"{shared_stack.url}/campaigns/{campaign['id']}/images"
    kept = lambda: dict(shared_api.get("/me/preferences").get("view", {}))  # noqa: E731
    here = signed_in
    here.goto(gallery)
    named(here, "look").locator("label", has_text="Grid").click()
    named(here, "ordering").click()
    here.get_by_role("option", name="By name").click()
    hand = Hand.at(here, shared_stack, shared_api, campaign["images"][0])
    hand.named("view-panel").locator("summary").click()
    hand.named("opacity").fill("0.4")
    hand.named("names").select_option("all")
    soon(lambda: kept().get("view.opacity") == 0.4 and kept().get("view.names") == "all", lambda: str(kept()))
    assert {"gallery.look": "grid", "gallery.ordering": "name"}.items() <= kept().items()

    # The network goes, a choice is made, the tab is closed: it arrives with the next page.
    here.context.set_offline(True)
    hand.named("opacity").fill("0.6")
    here.wait_for_timeout(1500)
    assert kept()["view.opacity"] == 0.4
    context, page_of = here.context, here.context.new_page
    here.close()
    context.set_offline(False)
    later = page_of()
    later.goto(f"{shared_stack.url}/campaigns")
    soon(lambda: kept()["view.opacity"] == 0.6, lambda: str(kept()))

    other = browser.new_context(viewport={"width": 1440, "height": 900})
    there = other.new_page()
    sign_in(there, shared_stack)
    there.goto(gallery)
    expect(there.locator('[data-testid="gallery"]')).to_have_attribute("data-columns", "4")
    expect(named(there, "ordering")).to_have_value("By name")
    expect(named(there, "look").locator("input:checked")).to_have_value("grid")
    second = Hand.at(there, shared_stack, shared_api, campaign["images"][0])
    second.named("view-panel").locator("summary").click()
    expect(second.named("opacity")).to_have_value("0.6")
    expect(second.named("names")).to_have_value("all")
    # What is chosen there is here as soon as the page looks again.
    second.named("names").select_option("none")
    soon(lambda: kept()["view.names"] == "none", lambda: str(kept()))
    again = Hand.at(later, shared_stack, shared_api, campaign["images"][0])
    again.named("view-panel").locator("summary").click()
    expect(again.named("names")).to_have_value("none")
    other.close()
