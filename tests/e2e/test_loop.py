"""The loop in a real browser, as a person walks it: from an empty deployment to the first image of the next round."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from campaigns.imagery.blue_marble import draw
from campaigns.services.sample import MIXES, SEED
from tests.e2e.stack import OWNER, ROOT, Api, Stack, model_server, wait_for

LABELED = 24
RUN_MS = 240_000


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """The page, which must not throw; a picture of it is kept when the test fails."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", lambda answer: complaints.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None)
    folder = ROOT / "test-results"
    folder.mkdir(exist_ok=True)
    yield page
    page.screenshot(path=folder / "loop.png")
    assert complaints == []


def named(page: Page | Locator, name: str) -> Locator:
    return page.locator(f'[data-testid="{name}"]')


def run_ended(page: Page) -> None:
    """Wait for the run on the page, and check that it succeeded."""
    card = named(page, "run-card").first
    expect(card).to_have_attribute("data-state", "succeeded", timeout=RUN_MS)


def set_up_and_take_the_sample(page: Page, stack: Stack) -> Api:
    page.goto(stack.url)
    named(page, "setup-username").fill(OWNER["username"])
    page.locator('input[type="password"]').fill(OWNER["password"])
    named(page, "setup-submit").click()
    named(page, "sample-campaign").click()
    expect(named(page, "campaign-counts")).to_be_visible()
    api = Api(stack.url, Api(stack.url).post("/auth/token", OWNER)["token"])
    (run,) = api.every("/runs")
    api.finished(run["id"])
    page.reload()
    expect(named(page, "image-tile").first).to_be_visible()
    return api


def register_and_test_a_model(page: Page, url: str) -> None:
    named(page, "tab-models").click()
    named(page, "register-model").click()
    named(page, "model-name").fill("Coastline by colour")
    named(page, "model-url").fill(url)
    named(page, "model-classes").fill("ocean, coast, land")
    named(page, "model-classes").press("Enter")
    expect(named(page, "class-row")).to_have_count(3)
    named(page, "save-model").click()
    named(page, "test-connection").click()
    expect(named(page, "test-result")).to_have_attribute("data-ok", "true")
    named(page, "back-to-campaign").click()


def map_by_hand_what_was_mapped_by_itself(page: Page, labels: list[dict[str, Any]]) -> None:
    expect(named(page, "map-class-0")).to_have_attribute("data-mapped", "true")
    ocean, coast = labels[0]["id"], labels[1]["id"]
    for label in (coast, ocean):
        named(page, "map-class-0").click()
        named(page, f"map-label-{label}").click()
    expect(named(page, "save-mapping")).to_have_count(0)


def image_on_desk(page: Page, other_than: int | None = None) -> dict[str, Any]:
    """Wait for an image that can be labeled."""
    page.wait_for_function("(before) => (window.__winnow?.image()?.id ?? before) !== before", arg=other_than or 0)
    return dict(page.evaluate("window.__winnow.image()"))


def label_with_keys(page: Page, count: int, truth: dict[str, str], keys: dict[str, str]) -> dict[str, int]:
    """Label so many images: agree with a draft that is right, and choose another label where it is wrong."""
    seen = {"accepted": 0, "corrected": 0}
    names = {key: label for label, key in keys.items()}
    assert len(names) == 3
    last: int | None = None
    for _ in range(count):
        image = image_on_desk(page, last)
        last = image["id"]
        wanted = truth[image["name"]]
        drafts = [a for a in page.evaluate("window.__winnow.annotations()") if a["review"] == "draft"]
        guess = max(drafts, key=lambda a: a["confidence"] or 0, default=None)
        right = guess is not None and page.locator(f'[data-testid="label-{wanted}"][data-guess="true"]').count() and len(drafts) == 1
        page.keyboard.press("a" if right else keys[wanted])
        seen["accepted" if right else "corrected"] += 1
        expect(page.locator(f'[data-testid="label-{wanted}"]')).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("Control+Enter")
    image_on_desk(page, last)
    return seen


def choose(page: Page, select: str, option: str) -> None:
    """Choose from a list that opens under its field."""
    named(page, select).click()
    page.get_by_role("option", name=option).first.click()


def train_as_foretold(page: Page, api: Api, campaign: int) -> None:
    """Ask for a training: the form shows what its method heeds, what is wrong at its field, and what the training then is."""
    estimate = page.locator('[data-testid="training-estimate"]:not([data-stale])')
    expect(estimate).to_have_attribute("data-measured", "false")
    expect(named(estimate, "advice-few_images")).to_be_visible()
    page.get_by_role("button", name="Options").click()
    expect(named(page, "wish-patience")).to_have_attribute("placeholder", "10")
    expect(named(page, "wish-flips")).to_have_count(0)
    page.get_by_text("Fine-tuning", exact=True).click()
    expect(named(page, "wish-flips")).to_be_visible()
    expect(named(page, "wish-patience")).to_have_attribute("placeholder", "5")
    page.get_by_text("Fast head", exact=True).click()
    choose(page, "wish-groups", "Near duplicates")
    expect(page.get_by_text("Nobody has looked for near duplicates yet.")).to_be_visible()
    expect(named(page, "training-refused")).to_be_visible()
    choose(page, "wish-groups", "Each image by itself")
    named(page, "wish-validation").fill("25")
    named(page, "wish-name").fill("Foretold")
    expect(estimate).to_be_visible()
    teach, measure = (int(number) for number in re.findall(r"\d+", estimate.inner_text())[:2])
    assert teach + measure == LABELED
    assert 4 <= measure <= 8, "a quarter of every label, rounded by chance"
    named(page, "start-training").click()
    run_ended(page)
    expect(estimate).to_have_attribute("data-measured", "true")
    (training,) = api.every(f"/campaigns/{campaign}/training-runs")
    assert training["name"] == "Foretold"
    assert training["metrics"]["images"] == {"train": teach, "validation": measure, "unreadable": 0}


def ask_the_trained_model_by_its_address(api: Api, campaign: int) -> None:
    """Send a picture to the predict API as a script of SentiSight's does."""
    model = next(each["model"] for each in api.get(f"/campaigns/{campaign}/models") if each["model"]["kind"] == "internal")
    image = api.every(f"/campaigns/{campaign}/images")[0]
    picture = api.get(f"/images/{image['id']}/file")
    for last in ("", "/last"):
        address = api.http.base_url.join(f"/api/predict/{campaign}/{model['id']}{last}")
        answer = api.call("POST", str(address), content=picture, headers={"Content-Type": "image/tiff"})
        assert {each["label"] for each in answer} == {"ocean", "coast", "land"}, answer
        assert sum(each["score"] for each in answer) == pytest.approx(100, abs=0.2)


@pytest.mark.slow
def test_the_loop_closes_once_in_the_browser(stack: Stack, page: Page, tmp_path: Path):
    truth = {chip.name: chip.kind for chip in draw(np.random.default_rng(SEED), per_kind=MIXES["classification"].per_kind)}
    api = set_up_and_take_the_sample(page, stack)
    campaign = api.every("/campaigns")[0]
    keys = {label["name"]: label["hotkey"] or str(n + 1) for n, label in enumerate(campaign["labels"])}
    with model_server() as url:
        register_and_test_a_model(page, f"{url}/classify")
        map_by_hand_what_was_mapped_by_itself(page, campaign["labels"])
        named(page, "run-inference").click()
        run_ended(page)

    named(page, "label-now").click()
    image_on_desk(page)
    if named(page, "go-on").is_checked():
        named(page, "go-on").click(force=True)
    seen = label_with_keys(page, LABELED, truth, keys)
    assert seen["accepted"] > 0, "no draft was accepted: prefill showed nothing"
    assert seen["corrected"] > 0, "no draft was corrected"
    url_of_campaign = f"{stack.url}/campaigns/{campaign['id']}"
    wait_for(lambda: api.get(f"/campaigns/{campaign['id']}")["counts"]["submitted"] == LABELED, 30, lambda: "submits are missing")

    page.goto(f"{url_of_campaign}/training")
    train_as_foretold(page, api, campaign["id"])
    expect(named(page, "learning-curves")).to_be_visible()

    ask_the_trained_model_by_its_address(api, campaign["id"])

    page.goto(f"{url_of_campaign}/rounds")
    choose(page, "round-strategy", "Margin")
    choose(page, "round-basis", "The current model: ")
    named(page, "round-size").fill("12")
    named(page, "start-round").click()
    expect(named(page, "round-state").first).to_have_attribute("data-state", "open", timeout=RUN_MS)
    expect(named(page, "ranked-image").first).to_be_visible()
    ranking = api.every(f"/campaigns/{campaign['id']}/rounds/1/ranking")
    assert [ranked["rank"] for ranked in ranking[:3]] == [1, 2, 3]
    assert ranking[0]["why"]
    named(page, "label-now").click()
    assert image_on_desk(page)["id"] == ranking[0]["image"]["id"]

    page.goto(f"{url_of_campaign}/export")
    named(page, "export-csv").click()
    with page.expect_download() as download:
        named(page, "download-export").first.click(timeout=RUN_MS)
    lines = Path(download.value.path()).read_text().splitlines()
    assert len([line for line in lines if line.endswith(tuple(keys)) or any(f",{name}" in line for name in keys)]) == LABELED
