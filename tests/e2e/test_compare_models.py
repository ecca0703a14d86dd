"""Two models are compared on the same images, the images that they differ on are opened, and both answer as one."""

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.bench import make_campaign
from tests.e2e.models import png
from tests.e2e.stack import Api, Stack, model_server
from tests.e2e.test_models import seen

CLASSES = [{"index": 0, "name": "ocean"}, {"index": 1, "name": "coast"}, {"index": 2, "name": "land"}]


@pytest.fixture(scope="module")
def model_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with model_server() as url:
        yield url


def half_sea(columns: int) -> bytes:
    """Draw sea over so many of 160 columns, and land over the others."""
    pixels = np.full((120, 160, 3), (150, 120, 60), dtype=np.uint8)
    pixels[:, :columns] = (20, 60, 160)
    return png(pixels)


def ask_model(api: Api, url: str, campaign: dict[str, Any], name: str, coast: int) -> int:
    """Register a model that takes every picture for coast or land, and ask it about all; its coast is one label or the other."""
    water, land = (label["id"] for label in campaign["labels"])
    fields = {"task": "classification", "protocol": "winnow_json", "classes": CLASSES, "url": f"{url}/classify"}
    model = int(api.post("/models", {"name": name, **fields})["id"])
    api.post(f"/campaigns/{campaign['id']}/models", {"model": model})
    mapping = [{"class": 0, "label": water}, {"class": 1, "label": (water, land)[coast]}, {"class": 2, "label": land}]
    api.put(f"/campaigns/{campaign['id']}/models/{model}", {"mapping": mapping})
    api.finished(api.post(f"/campaigns/{campaign['id']}/inference-runs", {"model": model, "images": "all"}))
    return model


@pytest.mark.slow
def test_two_models_are_compared_and_a_disputed_image_opens(signed_in: Page, shared_stack: Stack, shared_api: Api, model_url: str) -> None:
    page, api = signed_in, shared_api
    pictures = [(f"{n}.png", "image/png", half_sea(columns)) for n, columns in enumerate((10, 30, 80, 85, 130, 155))]
    campaign = make_campaign(api, "classification", pictures)
    models = [ask_model(api, model_url, campaign, name, coast) for coast, name in enumerate(("Wet coast", "Dry coast"))]
    ids = sorted(image["id"] for image in campaign["images"])
    api.post(f"/campaigns/{campaign['id']}/labelings", {"images": ids[:4], "add": [campaign["labels"][0]["id"]], "submit": True})
    asked = {"models": models, "images": "all"}
    first_run = api.finished(api.post(f"/campaigns/{campaign['id']}/model-comparisons", asked))
    told = api.get(f"/campaigns/{campaign['id']}/model-comparisons/{first_run['id']}")["found"]
    (pair,) = told["pairs"]
    assert (told["common"], told["with_truth"]) == (6, 4)
    assert pair["disputed"]

    page.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/models")
    table = page.get_by_test_id("comparison-table")
    expect(table).to_be_visible()  # what was found before is shown again
    page.get_by_test_id("compare-images").click()
    page.get_by_role("option", name="Held-back images").click()
    page.get_by_test_id("compare").click()
    expect(page.get_by_role("alert").filter(has_text="There is no such image")).to_be_visible()
    page.get_by_test_id("compare-images").click()
    page.get_by_role("option", name="All images").click()
    page.get_by_test_id("compare").click()
    expect(page.get_by_test_id("earlier-comparisons")).to_be_visible(timeout=30_000)
    expect(table.get_by_role("columnheader", name="Wet coast")).to_be_visible(timeout=60_000)
    first = told["models"][0]["overall"]["f1"]
    expect(table.get_by_role("row").filter(has_text=re.compile("^F1[0-9]"))).to_contain_text(f"{100 * first:.1f} %")
    expect(table.get_by_role("row").filter(has_text="Images a second")).to_contain_text(re.compile(r"\d"))
    assert len(api.get("/runs", params={"campaign": campaign["id"], "kind": "comparison"})["results"]) == 2
    seen(page, "comparison")
    expect(page.get_by_test_id("agreement")).to_contain_text("of 6 images")
    expect(page.get_by_test_id("disputed").get_by_role("link")).to_have_count(len(pair["disputed"]))
    page.get_by_test_id("disputed").get_by_role("link").first.click()
    page.wait_for_url(f"**/label?**image={pair['disputed'][0]['image']}**")
    expect(page.locator("main canvas").first).to_be_visible()

    page.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/models")
    expect(table).to_be_visible()  # it moves down what stands below
    page.get_by_test_id("ensemble-members").press("ArrowDown")
    for name in ("Wet coast", "Dry coast"):
        page.get_by_role("option", name=name).click()
    page.keyboard.press("Escape")
    page.get_by_role("textbox", name=re.compile("Weight of Wet coast")).fill("3")
    page.get_by_test_id("create-ensemble").click()
    card = page.get_by_test_id("attached-model").filter(has=page.get_by_role("link", name="Ensemble", exact=True))
    expect(card.get_by_test_id("ensemble-of")).to_contain_text("75 %")
    (ensemble,) = (each for each in api.get(f"/campaigns/{campaign['id']}/models") if each["model"]["kind"] == "ensemble")
    run = api.finished(api.post(f"/campaigns/{campaign['id']}/inference-runs", {"model": ensemble["model"]["id"], "images": "all"}))
    assert run["result"]["answered"] == 6
    seen(page, "ensemble")


def test_statistics_follow_a_threshold_and_a_confusion_is_fixed_in_place(
    signed_in: Page, shared_stack: Stack, shared_api: Api, model_url: str
) -> None:
    page, api = signed_in, shared_api
    pictures = [(f"{n}.png", "image/png", half_sea(columns)) for n, columns in enumerate((10, 30, 80, 85, 130, 155))]
    campaign = make_campaign(api, "classification", pictures)
    water, land = campaign["labels"]
    ids = sorted(image["id"] for image in campaign["images"])
    model = ask_model(api, model_url, campaign, "Measured", 0)
    for part, label in ((ids[:3], water), (ids[3:], land)):
        api.post(f"/campaigns/{campaign['id']}/labelings", {"images": part, "add": [label["id"]], "submit": True})
    api.patch(f"/campaigns/{campaign['id']}/images", {"images": "all", "split": "validation"})
    address = f"/campaigns/{campaign['id']}/models/{model}/statistics"
    told = api.get(address)
    cells = [(row, column) for row in (0, 1) for column in (0, 1) if row != column and told["confusion"]["counts"][row][column]]
    assert cells, told["confusion"]

    page.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/statistics")
    accuracy = page.get_by_test_id("figure-accuracy")
    shown = next(each["value"] for each in told["figures"] if each["name"] == "accuracy")
    expect(accuracy).to_contain_text(f"{100 * shown:.1f} %")
    source = page.get_by_test_id("thresholds-source")
    expect(source).to_have_attribute("data-source", "usual")
    picture = page.get_by_test_id("pr-curves").locator("canvas").first
    picture.scroll_into_view_if_needed()
    place = picture.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + place["width"] * 0.8, place["y"] + 150)
    page.mouse.down()
    page.mouse.move(place["x"] + 80, place["y"] + 150, steps=5)
    page.mouse.up()
    expect(source).to_have_attribute("data-source", "given")
    page.get_by_label("Threshold of Water", exact=True).first.fill("1")
    expect(page.get_by_test_id("label-row-Water").locator("[data-figure=recall]")).to_contain_text("0.0 %")
    page.get_by_test_id("profile-keep").click()
    page.get_by_test_id("profile-name").fill("Dry land")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("profile-select")).to_have_value("Dry land")
    page.get_by_test_id("thresholds-reset").click()
    expect(source).to_have_attribute("data-source", "usual")
    page.get_by_test_id("profile-select").click()
    page.get_by_role("option", name="Dry land").click()
    expect(page.get_by_test_id("label-row-Water").locator("[data-figure=recall]")).to_contain_text("0.0 %")
    seen(page, "profiles")
    page.get_by_test_id("thresholds-save").click()
    expect(source).to_have_attribute("data-source", "saved")
    assert api.get(f"/campaigns/{campaign['id']}/models/{model}")["thresholds"][str(water["id"])] == 1.0
    api.put(f"{address}/thresholds", {"thresholds": {str(water["id"]): 0.0, str(land["id"]): 0.0}})
    page.reload()

    expect(page.get_by_test_id("statistics-slice")).to_contain_text("Validation 6")
    page.get_by_test_id("curve-kind").get_by_text("ROC", exact=True).click()
    expect(page.get_by_test_id("pr-curves")).to_have_attribute("data-view", "roc")
    page.get_by_test_id("predictions").get_by_test_id("fix-label").first.press("Enter")
    page.get_by_role("dialog").get_by_role("radio", checked=False).check()
    page.get_by_test_id("fix-submit").press("Enter")
    right = round(shown * len(ids)) + 1  # what the model says is true now
    expect(accuracy).to_contain_text(f"{100 * right / len(ids):.1f} %")
    page.get_by_test_id("toast-undo").click()
    expect(accuracy).to_contain_text(f"{100 * shown:.1f} %")

    left = page.get_by_test_id("abstention")
    left.get_by_test_id("span-high-Water").fill("1")
    spans = {str(water["id"]): {"low": 0.0, "high": 1.0}}
    decided = api.get(f"{address}/abstention", params={"spans": json.dumps(spans)})["decided"]["decided"]
    assert decided < len(ids)
    expect(left.get_by_test_id("abstention-told")).to_have_attribute("data-decided", str(decided))
    left.get_by_test_id("show-unsure").click()
    expect(page.get_by_role("dialog").get_by_test_id("measured-image")).to_have_count(len(ids) - decided)
    page.keyboard.press("Escape")
    left.get_by_test_id("spans-save").click()
    expect(left).to_have_attribute("data-source", "saved")
    assert api.get(f"{address}/abstention")["spans"] == spans
    seen(page, "abstention")

    names = (water["name"], land["name"])
    row, column = cells[0]
    page.get_by_test_id(f"cell-{names[row]}-{names[column]}").click()
    expect(page.get_by_role("dialog").get_by_test_id("measured-image").first).to_have_attribute("data-correct", "false")
    page.get_by_role("dialog").get_by_test_id("fix-labels").click()
    page.wait_for_function("() => window.__winnow?.image()?.id !== undefined")
    opened = page.evaluate("window.__winnow.image().id")
    assert opened in api.get(f"{address}/images", params={"true": (water, land)[row]["id"], "said": (water, land)[column]["id"]})["ids"]
