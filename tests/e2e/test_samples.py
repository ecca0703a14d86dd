"""The programs that the page shows are run as they are copied: they ask the model and print what it says."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.bench import make_campaign
from tests.e2e.models import picture_with_patches, png
from tests.e2e.stack import Api, Stack, model_server
from tests.e2e.test_on_open import registered
from tests.onnx_files import water_segmenter


@pytest.fixture(scope="module")
def model_url() -> Iterator[str]:
    with model_server() as url:
        yield url


def test_programs_copied_from_the_page_ask_the_model(
    signed_in: Page, shared_stack: Stack, shared_api: Api, model_url: str, tmp_path: Path
) -> None:
    page = signed_in
    campaign = make_campaign(shared_api, "detection", [("a.png", "image/png", png(picture_with_patches(1)[0]))])
    registered(shared_api, model_url, campaign)
    (tmp_path / "picture.jpg").write_bytes(png(picture_with_patches(11)[0]))
    page.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/models")
    page.get_by_role("button", name="Use it from a script").click()
    sample = page.get_by_test_id("script-sample")

    def run(language: str, *command: str) -> str:
        page.get_by_text(language, exact=True).click()
        expect(sample).to_have_attribute("aria-label", language)
        program = sample.inner_text().replace("YOUR_TOKEN", shared_stack.token)
        done = subprocess.run(command, input=program, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert shutil.which("curl")
    assert run("curl", "sh").count('"Water"') == 2
    assert run("Python", sys.executable, "-").count("Water") == 2
    page.get_by_text("C#", exact=True).click()
    expect(sample).to_contain_text(f"{shared_stack.url}/api/v1/campaigns/{campaign['id']}/models/")


def test_a_network_of_ours_is_taken_along_and_asked_in_the_background(
    signed_in: Page, shared_stack: Stack, shared_api: Api, tmp_path: Path
) -> None:
    page, picture = signed_in, png(picture_with_patches(11)[0])
    campaign = make_campaign(shared_api, "segmentation", [("a.png", "image/png", png(picture_with_patches(1)[0]))])
    network = water_segmenter(tmp_path / "net.onnx", names="{0: 'Water', 1: 'Land'}").read_bytes()
    model = shared_api.post("/models/onnx", files={"file": ("net.onnx", network)}, data={"name": "Net", "task": "segmentation"})["id"]
    shared_api.post(f"/campaigns/{campaign['id']}/models", {"model": model})
    page.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/models")
    page.get_by_role("button", name="Take it along").click()
    with page.expect_download() as download:
        page.get_by_test_id("download-model-best").click()
    archive = zipfile.ZipFile(download.value.path())
    assert archive.read("model.onnx") == network
    assert {"serve.py", "labels.json", "requirements.txt", "Dockerfile", "README.md"} <= set(archive.namelist())

    address = f"/campaigns/{campaign['id']}/models/{model}/predict"
    at_once = shared_api.post(address, content=picture, headers={"Content-Type": "image/png"})
    run = shared_api.finished(shared_api.post(f"{address}?async=true", content=picture, headers={"Content-Type": "image/png"}), seconds=60)
    assert run["result"]["prediction"]["objects"] == at_once["objects"] != []
