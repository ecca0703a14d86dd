"""A training while it runs and afterwards, as who manages a campaign sees it: stop and keep, the log, checkpoints, one label alone."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.active_learning.chips import chips
from tests.e2e.bench import make_campaign
from tests.e2e.models import png
from tests.e2e.stack import Api, Stack
from tests.e2e.test_models import seen

LABELED, IMAGES = 10, 16
KINDS = ("ocean", "coast", "land")


def taught(api: Api) -> dict[str, Any]:
    """A campaign of chips, of which some are labeled rightly."""
    some = chips()[:IMAGES]
    images = [(f"{place:02}.png", "image/png", png(chip.pixels)) for place, chip in enumerate(some)]
    campaign = make_campaign(api, "classification", images, name="A training to look at", labels=[{"name": kind} for kind in KINDS])
    label = {each["name"]: each["id"] for each in campaign["labels"]}
    for image in sorted(campaign["images"], key=lambda each: each["name"])[:LABELED]:
        path, kind = f"/images/{image['id']}/annotation-set", some[int(image["name"][:2])].kind
        own = api.get(path)
        said = [{"id": "a", "label": label[kind], "shape": {"type": "whole"}}]
        own = api.patch(path, {"upsert": said, "delete": []}, headers={"If-Match": f'"{own["version"]}"'})
        api.post(f"{path}/submit", {}, headers={"If-Match": f'"{own["version"]}"'})
    return campaign


@pytest.mark.slow
def test_a_training_is_watched_stopped_and_kept_and_its_checkpoints_are_promoted_and_rolled_back(
    signed_in: Page, shared_stack: Stack, shared_api: Api
):
    page, api = signed_in, shared_api
    campaign = taught(api)
    address, path = f"{shared_stack.url}/campaigns/{campaign['id']}", f"/campaigns/{campaign['id']}"
    first = api.post(f"{path}/training-runs", {"name": "First", "epochs": 8})
    api.finished(first["id"])
    long = {"name": "Long", "method": "fine_tune", "epochs": 500, "patience": 500, "minutes": 30, "batch": 4}
    second = api.post(f"{path}/training-runs", long)

    page.goto(f"{address}/training")
    expect(page.get_by_test_id("training-outlook")).to_contain_text("of at most 500", timeout=60_000)
    expect(page.get_by_test_id("training-outlook")).to_contain_text("left", timeout=60_000)
    expect(page.get_by_role("img", name=re.compile("^Learning rate by epoch"))).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Log", exact=True).first.click()
    expect(page.get_by_test_id("run-log")).to_contain_text("epoch 1: train loss", timeout=30_000)
    seen(page, "training-going")
    page.get_by_test_id("stop-and-keep").click()
    expect(page.get_by_test_id("stopped-kept")).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("run-log")).to_contain_text("a person stopped it")
    with page.expect_download() as download:
        page.get_by_test_id("download-log").click()
    assert "kept as Long, version 2" in download.value.path().read_text()
    seen(page, "training-kept")

    page.get_by_role("link", name="Long · v2").click()
    best, last = page.get_by_test_id("checkpoint-best"), page.get_by_test_id("checkpoint-last")
    expect(best).to_have_attribute("data-state", "ready")
    expect(page.get_by_test_id("is-current")).to_be_visible()
    expect(page.get_by_test_id("snapshot")).to_contain_text(f"{LABELED} images")
    expect(page.get_by_test_id("promotion")).to_have_count(2)
    page.get_by_test_id("make-current-last").click()
    expect(last).to_have_attribute("data-answers", "true")
    page.get_by_test_id("roll-back").click()
    expect(page.get_by_test_id("promotion")).to_have_count(3)
    expect(page.get_by_test_id("promotion").first).to_contain_text("rolled back")
    expect(page.get_by_test_id("is-current")).to_have_count(0)
    seen(page, "checkpoints")
    told = api.get(f"{path}/current-model")
    assert (told["model"]["name"], told["changes"][0]["before"]["version"]) == ("First", "2-last")
    page.get_by_test_id("train-from-last").click()
    expect(page.get_by_test_id("start-from")).to_have_value("Long · v2-last, last epoch")
    assert api.get(f"/training-runs/{second['id']}")["stopped_by"] == "stopped"

    page.get_by_test_id("one-label-choice").click()
    page.get_by_role("option", name="coast").click()
    expect(page.get_by_test_id("one-label-material")).to_contain_text(f"{IMAGES - LABELED} wait")
    page.get_by_test_id("train-one-label").click()
    page.get_by_test_id("find-label").click(timeout=60_000)
    expect(page.get_by_test_id("found-images").get_by_role("listitem").first).to_be_visible(timeout=60_000)
    seen(page, "one-label")
    assert api.get(f"{path}/current-model")["model"]["name"] == "First", "a model of one label leaves the rounds alone"
