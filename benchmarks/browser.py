"""A real Chromium on a real Winnow, for benchmarks of what a person waits for."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.e2e.bench import sign_in
from tests.e2e.conftest import BROWSER_FLAGS
from tests.e2e.stack import Api, Stack, running_stack, set_up

EXECUTABLE = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
WITHIN_S = 120.0


@contextmanager
def winnow_in_a_browser() -> Iterator[tuple[Stack, Api, Page]]:
    """Start Winnow with its workers in an empty folder, and a page whose person is signed in."""
    folder = tempfile.TemporaryDirectory(prefix="winnow-bench-")
    with folder as path, running_stack(Path(path)) as stack, sync_playwright() as playwright:
        api = set_up(stack)
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=BROWSER_FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        sign_in(page, stack)
        yield stack, api, page
        browser.close()


def painted(page: Page, image: int) -> float:
    """Wait until the picture of an image is complete; return the page's clock at that moment, in milliseconds since it was opened."""
    deadline = time.perf_counter() + WITHIN_S
    while time.perf_counter() < deadline:
        found: dict[str, Any] | None = page.evaluate("window.__winnow?.painted() ?? null")
        if found and found["id"] == image:
            return float(found["at_ms"])
        time.sleep(0.02)
    raise RuntimeError(f"Image {image} was not painted within {WITHIN_S} s.")
