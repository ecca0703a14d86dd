"""The programs that the page shows are run as they are copied: they ask the model and print what it says."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.bench import make_campaign
from tests.e2e.models import picture_with_patches, png
from tests.e2e.stack import Api, Stack, model_server
from tests.e2e.test_on_open import registered


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
