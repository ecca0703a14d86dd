"""A model is tried on pictures of no campaign, and what it found is taken home or into the campaign."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.e2e.bench import make_campaign, sign_in
from tests.e2e.models import picture_with_patches, png
from tests.e2e.stack import Api, Stack, model_server
from tests.e2e.test_on_open import registered


@pytest.fixture(scope="module")
def model_url() -> Iterator[str]:
    with model_server() as url:
        yield url


def pictures() -> list[FilePayload]:
    return [{"name": f"new-{seed}.png", "mimeType": "image/png", "buffer": png(picture_with_patches(seed)[0])} for seed in (11, 12)]


def taken(page: Page, item: str) -> bytes:
    page.get_by_test_id("predict-download").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=item).click()
    return Path(download.value.path()).read_bytes()


def test_a_model_is_tried_its_findings_are_downloaded_and_one_picture_is_taken_in_with_drafts(
    signed_in: Page, shared_stack: Stack, shared_api: Api, model_url: str
) -> None:
    page, pixels = signed_in, picture_with_patches(1)[0]
    campaign = make_campaign(shared_api, "detection", [("a.png", "image/png", png(pixels))])
    registered(shared_api, model_url, campaign)
    page.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/predict")
    page.locator('input[type="file"]').first.set_input_files(pictures())
    cards = page.get_by_test_id("predicted")
    expect(cards).to_have_count(2)
    for card in cards.all():
        expect(card).to_have_attribute("data-state", "answered")
        expect(card.get_by_role("listitem")).to_have_count(2)

    rows = list(csv.reader(io.StringIO(taken(page, "Table (CSV)").decode())))
    assert [row[:2] for row in rows[1:]] == [[f"new-{seed}.png", "Water"] for seed in (11, 11, 12, 12)]
    answers = json.loads(taken(page, "Answers (JSON)"))
    found = sorted((round(each["shape"]["x"]), round(each["shape"]["y"])) for each in answers[0]["objects"])
    assert found == sorted((x, y) for x, y, _, _ in picture_with_patches(11)[1])
    archive = zipfile.ZipFile(io.BytesIO(taken(page, "Pictures in a folder")))
    assert sorted(archive.namelist()) == ["Water/new-11.png", "Water/new-12.png"]
    assert archive.read("Water/new-11.png") == pictures()[0]["buffer"]

    slider = page.get_by_role("slider")
    slider.focus()
    slider.press("End")
    expect(cards.first.locator('li[data-positive="true"]')).to_have_count(0)
    cards.first.get_by_test_id("keep-picture").click()
    expect(cards.first.get_by_test_id("keep-picture")).to_have_text("In the campaign")
    kept = next(image for image in shared_api.every(f"/campaigns/{campaign['id']}/images") if image["name"] == "new-11.png")
    assert len(shared_api.get(f"/images/{kept['id']}/annotation-set")["annotations"]) == 2

    first = campaign["images"][0]["id"]
    page.goto(f"{shared_stack.url}/campaigns/{campaign['id']}")
    page.locator(f'[data-image="{first}"]').click(button="right")
    page.get_by_role("menuitem", name="Predict with").click()
    page.get_by_role("menuitem", name="Bright things").click()
    expect(page.get_by_text("Bright things has answered")).to_be_visible()
    assert len(shared_api.get(f"/images/{first}/annotation-set")["annotations"]) == 2


def test_it_fits_a_phone_and_can_be_installed_there(browser: Browser, shared_stack: Stack, shared_api: Api, model_url: str) -> None:
    campaign = make_campaign(shared_api, "detection", [("a.png", "image/png", png(picture_with_patches(1)[0]))])
    registered(shared_api, model_url, campaign)
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    sign_in(page, shared_stack)
    page.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/predict")
    expect(page.get_by_test_id("predict-camera")).to_be_visible()
    assert page.locator('input[capture="environment"]').count() == 1
    page.locator('input[capture="environment"]').set_input_files(pictures()[:1])
    expect(page.get_by_test_id("predicted")).to_have_attribute("data-state", "answered")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for tab, shown in (("explore", "explore-views"), ("training", "start-training"), ("rounds", "start-round")):
        page.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/{tab}")
        expect(page.get_by_test_id(shown)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, tab
    page.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/predict")
    manifest = page.request.get(shared_stack.url + page.locator('link[rel="manifest"]').get_attribute("href")).json()
    assert (manifest["display"], manifest["scope"]) == ("standalone", "/")
    for icon in manifest["icons"]:
        assert page.request.get(f"{shared_stack.url}/static/{icon['src']}").ok
    context.close()
