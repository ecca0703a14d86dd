"""The settings of a protocol in the model's form: a preset, a mapping that is changed, and what the server finds wrong with it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.stack import ROOT, Api, Stack


@pytest.fixture
def server() -> Iterator[str]:
    """The example that answers JSON of many makes."""
    process = subprocess.Popen([sys.executable, ROOT / "examples/mapped_server.py", "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
    assert found
    yield found[0]
    process.terminate()
    process.wait(10)
    process.stdout.close()


def choose(page: Page, field: str, option: str) -> None:
    page.get_by_test_id(field).click()
    page.get_by_role("option", name=option, exact=True).click()


def test_a_mapping_begins_with_a_preset_is_changed_mended_and_answers(
    signed_in: Page, shared_stack: Stack, shared_api: Api, server: str
) -> None:
    page = signed_in
    page.goto(f"{shared_stack.url}/models/new")
    page.get_by_test_id("model-name").fill("Kinds of coast")
    page.get_by_test_id("model-url").fill(f"{server}/vertex/classification")
    choose(page, "model-protocol", "Any JSON (field mapping)")
    mapping = page.get_by_test_id("option-mapping")
    expect(mapping).to_have_value(re.compile('"at": "image"'))
    choose(page, "option-preset", "Vertex AI classification")
    expect(mapping).to_have_value(re.compile(r'"label": "displayNames\[\*\]"'))
    preset = mapping.input_value()

    mapping.fill(preset[:-2])
    page.get_by_test_id("save-model").click()
    expect(page.get_by_text("This is no JSON object yet.")).to_be_visible()
    mapping.fill(preset.replace("displayNames[*]", "displayNames[each]"))
    page.get_by_test_id("save-model").click()
    expect(page.get_by_text("answer.label is no path: expected", exact=False).last).to_be_visible()
    assert page.url.endswith("/models/new")

    mapping.fill(preset.replace('"maxPredictions": 10', '"maxPredictions": 3'))
    page.get_by_test_id("save-model").click()
    page.wait_for_url(re.compile(r"/models/\d+"))
    model = saved(shared_api, "Kinds of coast")
    assert model["options"]["extra"]["preset"] == "Vertex AI classification"
    assert model["options"]["extra"]["mapping"]["request"]["body"]["parameters"]["maxPredictions"] == 3
    page.get_by_test_id("test-connection").click()
    expect(page.get_by_test_id("test-result")).to_have_attribute("data-ok", "true")

    choose(page, "option-preset", "SageMaker classification")
    expect(mapping).to_have_value(re.compile('"as": "body"'))
    page.get_by_test_id("save-model").click()
    expect(page.get_by_text("Nothing was changed.")).to_be_visible()
    assert saved(shared_api, "Kinds of coast")["options"]["extra"] == {"preset": "SageMaker classification"}


def saved(api: Api, name: str) -> dict[str, Any]:
    (model,) = [each for each in api.every("/models") if each["name"] == name]
    return model
