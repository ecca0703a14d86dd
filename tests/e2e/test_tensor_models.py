"""Models of tensors in the browser: one at an address of the Open Inference Protocol, one uploaded as an ONNX file; both draft."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.campaigns.samples import picture_bytes
from tests.e2e.bench import Hand, make_campaign
from tests.e2e.stack import ROOT, Api, Stack
from tests.onnx_files import one_box_detector

WAIT_MS = 90_000


@pytest.fixture(scope="module")
def oip_server() -> Iterator[str]:
    """The example server of the protocol."""
    command = [sys.executable, str(ROOT / "examples" / "oip_server.py"), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())
        assert found is not None
        yield found[0]
        server.terminate()


def island() -> bytes:
    """Land of 40 x 30 pixels in the sea, at (90, 60) of a picture of 240 x 120."""
    import numpy as np

    pixels = np.full((120, 240, 3), (12, 30, 80), np.uint8)
    pixels[60:90, 90:130] = (120, 110, 70)
    return picture_bytes(pixels, "PNG")


def choose(page: Page, test_id: str, label: str) -> None:
    page.get_by_test_id(test_id).click()
    page.get_by_role("option", name=label, exact=True).click()


def try_it(page: Page) -> None:
    page.get_by_test_id("test-connection").click()
    expect(page.get_by_test_id("test-result")).to_have_attribute("data-ok", "true", timeout=WAIT_MS)


def drafts(api: Api, page: Page, stack: Stack, campaign: dict[str, Any], model: int) -> list[dict[str, Any]]:
    """Run the model over the campaign and open its image: the drafts that stand on the page."""
    attached = api.get(f"/campaigns/{campaign['id']}/models/{model}")
    label = next(each["id"] for each in campaign["labels"] if each["name"] == "Island")
    mapping = [{"class": each["class"]["index"], "label": label} for each in attached["mapping"]]
    api.put(f"/campaigns/{campaign['id']}/models/{model}", {"mapping": mapping})
    api.finished(api.post(f"/campaigns/{campaign['id']}/inference-runs", {"model": model, "images": "all"}))
    hand = Hand.at(page, stack, api, campaign["images"][0])
    return hand.seen()


def test_a_model_at_an_address_of_the_open_inference_protocol_takes_its_card_and_drafts(
    signed_in: Page, shared_stack: Stack, shared_api: Api, oip_server: str, tmp_path: Path
) -> None:
    page = signed_in
    campaign = make_campaign(shared_api, "detection", [("island.png", "image/png", island())], labels=[{"name": "Island"}])
    page.goto(f"{shared_stack.url}/models/new?campaign={campaign['id']}")
    card = {"mlm:name": "Islands over tensors", "mlm:output": [{"classification:classes": [{"value": 0, "name": "island"}]}]}
    (tmp_path / "card.json").write_text(json.dumps({"type": "Feature", "properties": card}))
    with page.expect_file_chooser() as chooser:
        page.get_by_test_id("import-card").click()
    chooser.value.set_files(tmp_path / "card.json")
    expect(page.get_by_test_id("model-name")).to_have_value("Islands over tensors")
    choose(page, "model-protocol", "Open Inference Protocol (KServe, Triton, MLServer)")
    page.get_by_test_id("model-url").fill(f"{oip_server}/v2/models/detection/infer")
    page.get_by_test_id("option-score_threshold").fill("0.4")
    page.get_by_test_id("save-model").click()
    page.wait_for_url(re.compile(r"/models/\d+"))
    try_it(page)
    model = int(re.search(r"/models/(\d+)", page.url)[1])  # type: ignore[index]
    assert shared_api.get(f"/models/{model}")["options"]["extra"] == {"score_threshold": 0.4}
    (box,) = drafts(shared_api, page, shared_stack, campaign, model)
    shape = box["shape"]
    for name, wanted in (("x", 90), ("y", 60), ("width", 40), ("height", 30)):
        assert shape[name] == pytest.approx(wanted, abs=1.5)


def test_an_uploaded_onnx_file_is_looked_through_tried_and_drafts(
    signed_in: Page, shared_stack: Stack, shared_api: Api, tmp_path: Path
) -> None:
    page = signed_in
    campaign = make_campaign(shared_api, "detection", [("island.png", "image/png", island())], labels=[{"name": "Island"}])
    page.goto(f"{shared_stack.url}/models/new?campaign={campaign['id']}")
    form = page.get_by_test_id("upload-onnx")
    bad = tmp_path / "weights_only.onnx"
    bad.write_bytes(b"not a network")
    form.locator('input[type="file"]').set_input_files(bad)
    expect(page.get_by_test_id("onnx-name")).to_have_value("weights only")
    page.get_by_test_id("onnx-send").click()
    expect(page.get_by_test_id("onnx-error")).to_contain_text("no ONNX model", timeout=WAIT_MS)
    form.locator('input[type="file"]').set_input_files(one_box_detector(tmp_path / "middle-finder.onnx", names="{0: 'rest', 1: 'middle'}"))
    expect(page.get_by_test_id("onnx-name")).to_have_value("middle finder")
    page.get_by_test_id("onnx-send").click()
    page.wait_for_url(re.compile(r"/models/\d+"), timeout=WAIT_MS)
    expect(page.get_by_test_id("option-preset")).to_have_value("yolo_raw")
    expect(page.get_by_test_id("option-fit")).to_have_value("letterbox")
    page.get_by_test_id("option-score_threshold").fill("0.5")
    page.get_by_test_id("save-model").click()
    expect(page.get_by_text("The model is saved.")).to_be_visible()
    try_it(page)
    model = int(re.search(r"/models/(\d+)", page.url)[1])  # type: ignore[index]
    assert shared_api.get(f"/models/{model}")["options"]["extra"]["score_threshold"] == 0.5
    (box,) = drafts(shared_api, page, shared_stack, campaign, model)
    # 16 of the input's 64 pixels, in the middle: of 240 x 120, letterboxed, 60 of 240
    shape = box["shape"]
    for name, wanted in (("x", 90), ("y", 30), ("width", 60), ("height", 60)):
        assert shape[name] == pytest.approx(wanted, abs=1)
