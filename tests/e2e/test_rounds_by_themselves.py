"""Rounds that go on by themselves, with the real worker: the queue's order follows the labels while somebody labels."""

import csv
import io
from typing import Any

import pytest
from PIL import Image as Picture
from playwright.sync_api import Page, expect

from tests.active_learning.chips import KINDS, chips
from tests.e2e.bench import make_campaign
from tests.e2e.stack import Api, Stack, wait_for

TAUGHT, POOL, EVERY = 22, 14, 4
RUN_MS = 120_000


def png(pixels: Any) -> bytes:
    content = io.BytesIO()
    Picture.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def hand_in(api: Api, image: dict[str, Any], label: int) -> None:
    """Label an image as a whole, as a script does."""
    said = {"id": "a", "label": label, "shape": {"type": "whole"}, "origin": "human", "review": "accepted", "confidence": None}
    own = f"/images/{image['id']}/annotation-set"
    version = api.get(own)["version"]
    saved = api.patch(own, {"upsert": [said]}, headers={"If-Match": f'"{version}"'})
    api.post(f"/images/{image['id']}/annotation-set/submit", {}, headers={"If-Match": f'"{saved["version"]}"'})


@pytest.fixture
def coast(shared_api: Api) -> dict[str, Any]:
    """A campaign of chips, most of them labeled, with a round of the others."""
    drawn = {f"{place}-{chip.kind}.png": chip for place, chip in enumerate(chips()[: TAUGHT + POOL])}
    files = [(name, "image/png", png(chip.pixels)) for name, chip in drawn.items()]
    made = make_campaign(shared_api, "classification", files, labels=[{"name": name, "hotkey": str(n + 1)} for n, name in enumerate(KINDS)])
    labels = {label["name"]: label["id"] for label in shared_api.get(f"/campaigns/{made['id']}/labels")}
    for image in made["images"][:TAUGHT]:
        hand_in(shared_api, image, labels[drawn[image["name"]].kind])
    asked = shared_api.post(f"/campaigns/{made['id']}/rounds", {"strategy": "uherding", "size": POOL, "seed": 5})
    shared_api.finished(asked["run"])
    return made


def order(api: Api, campaign: int) -> list[int]:
    ranking = api.every(f"/campaigns/{campaign}/rounds/1/ranking?page_size=100")
    return [place["image"]["id"] for place in ranking if place["state"] == "unlabeled"]


def image_on_desk(page: Page, other_than: int) -> dict[str, Any]:
    page.wait_for_function("(before) => (window.__winnow?.image()?.id ?? before) !== before", arg=other_than)
    return dict(page.evaluate("window.__winnow.image()"))


def test_the_queue_follows_the_labels_by_itself_while_somebody_labels_and_tells_why(
    signed_in: Page, shared_stack: Stack, shared_api: Api, coast: dict[str, Any]
):
    page, api, campaign = signed_in, shared_api, coast["id"]
    page.goto(f"{shared_stack.url}/campaigns/{campaign}/rounds")
    page.get_by_test_id("plan-again").locator("xpath=ancestor-or-self::label | self::*").first.click()
    page.get_by_test_id("plan-every").fill(str(EVERY))
    page.get_by_test_id("save-plan").click()
    expect(page.get_by_test_id("new-labels")).to_contain_text(f"0 new labels of {EVERY}")
    expect(page.get_by_test_id("verdict")).to_have_attribute("data-verdict", "unknown")
    expect(page.get_by_test_id("accuracy-chart")).to_contain_text("set their split to Test")  # nothing is held back: how to

    before = order(api, campaign)
    page.goto(f"{shared_stack.url}/campaigns/{campaign}/label")
    last = 0
    for _ in range(EVERY):
        image = image_on_desk(page, last)
        last = image["id"]
        page.keyboard.press(str(KINDS.index(image["name"].partition("-")[2].removesuffix(".png")) + 1))
        page.keyboard.press("Control+Enter")
    opened = image_on_desk(page, last)
    plan = f"/campaigns/{campaign}/round-plan"
    wait_for(lambda: api.get(plan)["run"] is not None, 60, lambda: f"nothing ranked: {api.get(plan)}", every=0.2)
    run = api.finished(api.get(plan)["run"])
    assert run["result"]["refitted"] is True
    assert run["result"]["labeled"] == TAUGHT + EVERY
    after = order(api, campaign)
    assert after != [image for image in before if image in set(after)]
    queue = [image["id"] for image in api.every(f"/campaigns/{campaign}/images?ordering=-priority&state=unlabeled&page_size=100")]
    assert queue == after
    assert page.evaluate("window.__winnow.image().id") == opened["id"]  # the person was not disturbed

    page.get_by_test_id("why-image").locator("summary").click()
    expect(page.get_by_test_id("why-rank")).to_contain_text("of round 1, by UHerding")
    expect(page.get_by_test_id("why-image").locator("li")).to_have_count(5)

    page.goto(f"{shared_stack.url}/campaigns/{campaign}/rounds")
    expect(page.get_by_test_id("last-ranking")).to_have_attribute("data-labeled", str(TAUGHT + EVERY))
    page.get_by_test_id("why").first.click()
    expect(page.get_by_test_id("neighbour")).to_have_count(5)


def test_a_simulation_shows_how_many_labels_each_strategy_would_have_taken(
    signed_in: Page, shared_stack: Stack, shared_api: Api, coast: dict[str, Any]
):
    page, campaign = signed_in, coast["id"]
    page.goto(f"{shared_stack.url}/campaigns/{campaign}/rounds")
    page.get_by_test_id("simulate-budgets").fill("9, 5")
    page.get_by_test_id("start-simulation").click()
    expect(page.get_by_text("each above the one before")).to_be_visible()
    page.get_by_test_id("simulate-budgets").fill("4, 8, 12")
    page.get_by_test_id("simulate-seeds").fill("2")
    page.get_by_test_id("start-simulation").click()
    simulation = page.get_by_test_id("simulation")
    expect(simulation).to_have_attribute("data-state", "succeeded", timeout=RUN_MS)
    expect(page.get_by_test_id("simulated")).to_have_count(3)
    expect(page.get_by_test_id("simulation-sentences").locator("li")).to_have_count(2)
    with page.expect_download() as download:
        page.get_by_test_id("simulation-csv").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    assert {(row["strategy"], row["seed"]) for row in rows} == {(s, n) for s in ("random", "margin", "uherding") for n in "01"}
    assert {row["labels"] for row in rows} == {"4", "8", "12"}
    assert all(0 <= float(row["accuracy"]) <= 1 for row in rows)
    page.screenshot(path="/tmp/rounds/simulate.png", full_page=True)
