"""A model is asked when an image is opened: its drafts come up by themselves, on this image and on the next one ahead."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.bench import Hand, make_campaign
from tests.e2e.models import picture_with_patches, png
from tests.e2e.stack import Api, Stack, model_server


@pytest.fixture(scope="module")
def model_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with model_server() as url:
        yield url


def registered(api: Api, url: str, campaign: dict[str, Any]) -> int:
    fields = {"task": "detection", "protocol": "winnow_json", "classes": [{"index": 0, "name": "bright"}]}
    model = api.post("/models", {"name": "Bright things", "url": f"{url}/detect", **fields})["id"]
    api.post(f"/campaigns/{campaign['id']}/models", {"model": model})
    label = campaign["labels"][0]["id"]
    api.put(f"/campaigns/{campaign['id']}/models/{model}", {"mapping": [{"class": 0, "label": label}]})
    return int(model)


def test_drafts_come_up_by_themselves_and_the_run_page_tells_how_long_answers_took(
    signed_in: Page, shared_stack: Stack, shared_api: Api, model_url: str
) -> None:
    page, pictures = signed_in, [picture_with_patches(seed) for seed in range(3)]
    dark = np.zeros_like(pictures[0][0])
    shown = [*(each for each, _ in pictures), dark]
    campaign = make_campaign(shared_api, "detection", [(f"{n}.png", "image/png", png(each)) for n, each in enumerate(shown)])
    model = registered(shared_api, model_url, campaign)
    page.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/models")
    with page.expect_response(lambda answer: answer.request.method == "PUT"):
        page.get_by_test_id("on-open").click()
    expect(page.get_by_test_id("on-open")).to_be_checked()

    first, _, third, empty = sorted(campaign["images"], key=lambda image: image["name"])
    hand = Hand.at(page, shared_stack, shared_api, first)
    page.wait_for_function("() => window.__winnow.annotations().length === 2")
    boxes = sorted((round(each["shape"]["x"]), round(each["shape"]["y"])) for each in hand.seen())
    assert boxes == sorted((x, y) for x, y, _, _ in pictures[0][1])
    assert {each["review"] for each in hand.seen()} == {"draft"}
    assert shared_api.get(f"/images/{first['id']}/predictions")[0]["model"]["id"] == model

    hand = Hand.at(page, shared_stack, shared_api, empty)
    expect(page.get_by_test_id("no-objects")).to_have_text("Nothing was found by Bright things · v1.")

    run = shared_api.finished(shared_api.post(f"/campaigns/{campaign['id']}/inference-runs", {"model": model, "images": [third["id"]]}))
    page.goto(f"{shared_stack.url}/runs/{run['id']}")
    expect(page.get_by_test_id("latencies")).to_contain_text(re.compile(r"Half of 1 answers came within [\d.]+ m?s"))
