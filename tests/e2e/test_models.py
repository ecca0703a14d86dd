"""From a pasted address to predictions on the screen, with the example server that comes with Winnow."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.bench import make_campaign, photo, sign_in
from tests.e2e.stack import ROOT, Api, Stack, free_port, listens, wait_for
from tests.fakes import ModelServer

WITHIN_S = 120


@contextmanager
def example_server() -> Iterator[str]:
    """Run the example server on a free port."""
    port = free_port()
    command = [sys.executable, "examples/winnow_json_server.py", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: listens(port), 60, lambda: "the example server does not start")
        yield f"http://127.0.0.1:{port}/predict"
    finally:
        process.kill()
        process.wait()


def named(page: Page, name: str) -> Locator:
    return page.locator(f'[data-testid="{name}"]')


def seen(page: Page, name: str) -> None:
    """Keep a picture of the page for whoever wants to look: WINNOW_SCREENSHOTS names the folder."""
    if folder := os.environ.get("WINNOW_SCREENSHOTS"):
        for scheme in ("light", "dark"):
            page.evaluate("(scheme) => document.documentElement.setAttribute('data-mantine-color-scheme', scheme)", scheme)
            page.screenshot(path=Path(folder) / f"{name}-{scheme}.png", full_page=True)
        page.evaluate("() => document.documentElement.setAttribute('data-mantine-color-scheme', 'light')")


@pytest.fixture
def coast(shared_api: Api) -> dict[str, Any]:
    """A campaign about water whose labels are not all those of the example server."""
    images = [(f"coast-{n}.jpg", "image/jpeg", photo(320, 240, column=2300 + 260 * n, row=500)) for n in range(3)]
    return make_campaign(shared_api, "classification", images, name="Coast", labels=[{"name": "Oceans"}, {"name": "Meadow"}])


def probed(page: Page, stack: Stack, campaign: dict[str, Any], url: str) -> None:
    """Paste the address; what answers there fills in the form."""
    page.goto(f"{stack.url}/models/new?campaign={campaign['id']}")
    named(page, "probe-url").fill(url)
    named(page, "probe-start").click()
    expect(named(page, "candidate-winnow_json")).to_have_attribute("aria-checked", "true")
    expect(named(page, "candidate-winnow_json")).to_contain_text("describes itself")
    expect(named(page, "model-name")).to_have_value("Coast by colour")
    expect(named(page, "model-url")).to_have_value(url)
    expect(named(page, "class-row")).to_have_count(3)
    seen(page, "probe")
    named(page, "save-model").click()


def tried_on_an_image(page: Page, campaign: dict[str, Any]) -> None:
    """Choose an image by its looks, and see what the model says of it."""
    named(page, f"pick-image-{campaign['images'][1]['id']}").check(force=True)
    named(page, "test-connection").click()
    expect(named(page, "test-result")).to_have_attribute("data-ok", "true")
    expect(named(page, "test-line")).to_have_count(3)
    seen(page, "tested")
    named(page, "check-health").click()
    expect(named(page, "model-health").locator('[data-state="up"]')).to_be_visible()
    named(page, "back-to-campaign").click()


def mapped(page: Page, api: Api, campaign: dict[str, Any]) -> dict[str, int]:
    """A near name is mapped by itself, a line is dragged, and one click makes the label that is missing."""
    expect(named(page, "map-class-0")).to_have_attribute("data-mapped", "true")
    expect(named(page, "unfed")).to_contain_text("Meadow")
    expect(named(page, "nowhere")).to_contain_text("coast, land")
    labels = {label["name"]: label["id"] for label in campaign["labels"]}
    page.wait_for_load_state("networkidle")  # what stands above the mapper comes late, and moves it
    start = named(page, "map-class-2").bounding_box()
    assert start is not None
    page.mouse.move(start["x"] + 60, start["y"] + 15)
    page.mouse.down()
    goal = named(page, f"map-label-{labels['Meadow']}").bounding_box()
    assert goal is not None
    page.mouse.move(goal["x"] + 40, goal["y"] + 15, steps=6)
    seen(page, "dragging")
    page.mouse.up()
    expect(named(page, "map-class-2")).to_have_attribute("data-mapped", "true")
    expect(named(page, "unfed")).to_have_count(0)
    # By keyboard, too: the class, then the label.
    named(page, "map-class-2").focus()
    page.keyboard.press("Enter")
    named(page, f"map-label-{labels['Oceans']}").focus()
    page.keyboard.press("Enter")
    expect(named(page, "unfed")).to_contain_text("Meadow")
    named(page, "save-mapping").click()
    expect(named(page, "save-mapping")).to_have_count(0)
    # Thresholds that were only tried out go back, too.
    page.get_by_role("button", name="Thresholds").first.click()
    page.get_by_role("slider").first.press("ArrowRight")
    named(page, "revert-mapping").click()
    expect(named(page, "save-mapping")).to_have_count(0)
    expect(page.get_by_role("slider").first).to_have_attribute("aria-valuenow", "0")
    named(page, "create-labels").click()
    expect(named(page, "nowhere")).to_have_count(0)
    fresh = {label["name"]: label["id"] for label in api.get(f"/campaigns/{campaign['id']}/labels")}
    attached = api.get(f"/campaigns/{campaign['id']}/models")[0]
    assert [row["label"] for row in attached["mapping"]] == [labels["Oceans"], fresh["coast"], labels["Oceans"]]
    return fresh


def test_an_address_becomes_predictions_on_the_screen(shared_stack: Stack, shared_api: Api, coast: dict[str, Any], page: Page):
    sign_in(page, shared_stack)
    begun = time.monotonic()
    with example_server() as url:
        probed(page, shared_stack, coast, url)
        tried_on_an_image(page, coast)
        mapped(page, shared_api, coast)
        named(page, "run-inference-all").click()
        expect(named(page, "run-card").first).to_have_attribute("data-state", "succeeded", timeout=60_000)
    seen(page, "mapper")
    page.goto(f"{shared_stack.url}/campaigns/{coast['id']}/label?image={coast['images'][0]['id']}")
    page.wait_for_function("() => (window.__winnow?.annotations() ?? []).some((each) => each.review === 'draft')")
    assert time.monotonic() - begun < WITHIN_S

    page.goto(f"{shared_stack.url}/models")
    row = named(page, "model-row").filter(has_text="Coast by colour").first
    expect(row.locator('[data-state="up"]')).to_be_visible()
    expect(row).to_contain_text(re.compile(r"\d+ ms · 95 %"))
    seen(page, "models")
    page.goto(f"{shared_stack.url}/settings")
    actions = [text.split("\n") for text in named(page, "audit-row").all_inner_texts()] or [[]]
    expect(named(page, "audit-row").first).to_be_visible()
    text = named(page, "audit").inner_text()
    assert all(word in text for word in ("probed an address", "registered", "tested", "attached", "127.0.0.1")), (text, actions)
    seen(page, "audit")


def test_a_broken_answer_shows_the_exact_place_and_a_dead_address_why(shared_stack: Stack, shared_api: Api, page: Page):
    sign_in(page, shared_stack)
    with ModelServer(answer={"items": [{"kind": "box", "class": "ship", "box": [1, 2, "abc", 4]}]}) as server:
        fields = {"name": "Liar", "task": "detection", "protocol": "winnow_json", "url": server.url, "classes": [{"name": "ship"}]}
        model = shared_api.post("/models", fields)
        page.goto(f"{shared_stack.url}/models/{model['id']}")
        named(page, "test-connection").click()
        expect(named(page, "test-where")).to_have_text("items[0].box[2]")
        expect(named(page, "wrong-place")).to_have_text('"abc"')
        expect(named(page, "wrong-place")).to_be_in_viewport(ratio=0.1)
        seen(page, "broken")
    named(page, "check-health").click()
    expect(named(page, "model-health").locator('[data-state="down"]')).to_be_visible()
    expect(named(page, "last-error")).to_have_text("rejected")
    page.goto(f"{shared_stack.url}/models/new")
    named(page, "probe-url").fill(server.url)
    named(page, "probe-start").click()
    expect(named(page, "probe-failure")).to_contain_text("Is it running there?")
    seen(page, "dead")
