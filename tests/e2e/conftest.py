"""A running Winnow, and a browser, for the tests in this folder."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.bench import sign_in
from tests.e2e.stack import Api, Stack, empty_tables, running_stack, set_up

# The first two draw a popup under an address bar that nobody sees, for each page anew, and take the better part of a second of
# the processor for it. The others are those that Playwright switches off itself: the browser heeds the last such list alone.
FEATURES_OFF = [
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
    "AcceptCHFrame", "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "DialMediaRouteProvider",
    "GlobalMediaControls", "HttpsUpgrades", "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning", "Translate",
]  # fmt: skip
BROWSER_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", f"--disable-features={','.join(FEATURES_OFF)}",
]  # fmt: skip


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark what lies here; when the tests are chosen and shuffled, put the longest first: one at the end would go on alone.

    It is run apart: Playwright's event loop stays in its process, and ``asyncio.run`` refuses beside it.
    """
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(900))
    yield
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def forget_preferences(api: Api) -> None:
    """Let a person have chosen nothing: what one test chose follows her into the next one's browser."""
    version = api.http.get("/me/preferences").headers["ETag"]
    if version != '"0"':
        api.put("/me/preferences", {}, headers={"If-Match": version})


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables and no row, made once for all of pytest's processes: each stack would take seconds for it."""
    ours = tmp_path_factory.getbasetemp()
    return empty_tables(ours.parent if os.environ.get("PYTEST_XDIST_WORKER") else ours)


@pytest.fixture
def stack(tmp_path: Path, tables: Path) -> Iterator[Stack]:
    """A running Winnow in an empty folder."""
    with running_stack(tmp_path, tables) as running:
        yield running


@pytest.fixture
def api(stack: Stack) -> Api:
    """The API for the first account."""
    return set_up(stack)


@pytest.fixture(scope="session")
def shared_stack(tmp_path_factory: pytest.TempPathFactory, tables: Path) -> Iterator[Stack]:
    """A running Winnow that tests share: each makes a campaign of its own in it. Its first account exists."""
    with running_stack(tmp_path_factory.mktemp("shared"), tables) as running:
        running.token = set_up(running).token
        yield running


@pytest.fixture
def shared_api(shared_stack: Stack) -> Api:
    """The API of the shared Winnow, for its first account, whose keys and view are as they come."""
    api = Api(shared_stack.url, shared_stack.token)
    forget_preferences(api)
    return api


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests."""
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, headless=True, args=BROWSER_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page with a fresh profile, which must not throw; what the page complained of fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(30_000)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", lambda answer: complaints.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None)
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def signed_in(page: Any, shared_stack: Stack, shared_api: Api) -> Any:
    """A page whose person is signed in to the shared Winnow."""
    sign_in(page, shared_stack)
    return page
