"""A model's steps and windows in the form, by mouse and by keys, and a large image asked about by them."""

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.bench import RASTER, make_campaign, raster
from tests.e2e.stack import ROOT, Api, Stack


@pytest.fixture
def scaneo_server() -> Iterator[str]:
    command = [sys.executable, str(ROOT / "examples" / "scaneo_server.py"), "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    said = ""
    while not (found := re.search(r"http://127\.0\.0\.1:\d+", said)):
        said = server.stdout.readline()
        assert said or server.poll() is None, "the server ended"
    yield found[0]
    server.terminate()
    server.wait(10)
    server.stdout.close()


def choose(page: Page, field: str, option: str) -> None:
    page.get_by_test_id(field).click()
    page.get_by_role("option", name=option, exact=True).click()


def test_steps_are_put_in_order_by_keys_and_a_large_image_is_asked_about_in_windows(
    signed_in: Page, shared_stack: Stack, shared_api: Api, scaneo_server: str
):
    page = signed_in
    campaign = make_campaign(shared_api, "segmentation", [(*RASTER, raster(640, 480))])
    page.goto(f"{shared_stack.url}/models/new")
    page.get_by_test_id("model-name").fill("Water in steps")
    choose(page, "model-task", "Segmentation")
    choose(page, "model-protocol", "SCANEO")
    page.get_by_test_id("model-url").fill(f"{scaneo_server}/probabilities")
    page.get_by_test_id("model-classes").fill("water, land")
    page.get_by_test_id("model-classes").press("Enter")

    choose(page, "add-pre", "S2RGB")
    for band, number in {"red": "1", "green": "2", "blue": "3", "divisor": "7650"}.items():
        page.get_by_test_id("step-pre-0").get_by_test_id(f"param-{band}").fill(number)
    choose(page, "add-post", "Argmax")
    choose(page, "add-post", "Threshold")
    judgement = page.get_by_test_id("steps-judgement")
    expect(judgement).to_contain_text("move Threshold before Argmax")
    page.get_by_test_id("step-post-1").get_by_role("button", name="Move Threshold up").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.get_by_test_id("step-post-0")).to_have_attribute("data-name", "threshold")
    expect(judgement).to_have_attribute("data-ok", "true")
    page.get_by_label("Ask about large images in windows").check(force=True)
    page.get_by_test_id("window-px").fill("256")
    page.get_by_test_id("overlap-px").fill("32")
    page.get_by_test_id("save-model").click()
    page.wait_for_url(re.compile(r"/models/\d+"))

    model = shared_api.get(f"/models/{page.url.partition('/models/')[2].partition('?')[0]}")
    options = model["options"]
    assert [step["name"] for step in options["post"]] == ["threshold", "argmax"]
    assert options["pre"] == [{"name": "s2rgb", "params": {"red": 1, "green": 2, "blue": 3, "divisor": 7650}}]
    assert (options["window_px"], options["overlap_px"]) == (256, 32)

    tested = shared_api.post(f"/models/{model['id']}/test", {"image": campaign["images"][0]["id"]})
    assert tested["ok"], tested["failure"]
    assert tested["windows"] == 6
    page.reload()
    page.get_by_test_id("step-post-0").get_by_role("button", name="Remove Threshold").click()
    expect(page.get_by_test_id("step-post-0")).to_have_attribute("data-name", "argmax")
    page.get_by_test_id("test-connection").scroll_into_view_if_needed()
    expect(page.get_by_test_id("test-connection")).to_be_disabled()
    page.get_by_test_id("save-model").click()
    expect(page.get_by_test_id("test-connection")).to_be_enabled()
    page.get_by_test_id("test-connection").click()
    expect(page.get_by_test_id("test-result")).to_have_attribute("data-ok", "true", timeout=40_000)
    expect(page.get_by_test_id("told-step").first).to_contain_text("S2RGB")
