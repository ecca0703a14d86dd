"""Clicks that models at addresses answer: a Label Studio backend that fetches the image itself, and a CVAT interactor beside it."""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from campaigns.geometry.masks import decode_mask
from tests.campaigns.samples import cutout
from tests.e2e.bench import PHOTO, Hand, make_campaign, photo
from tests.e2e.stack import ROOT, Api, Stack, wait_for


@contextmanager
def example(script: str) -> Iterator[str]:
    """Start an example server; yield its address."""
    server = subprocess.Popen([sys.executable, ROOT / "examples" / script, "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        said = ""
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", said)):
            said = server.stdout.readline()
            assert said or server.poll() is None, "the server ended"
        yield found[0]
    finally:
        server.terminate()
        server.wait(10)
        server.stdout.close()


@pytest.fixture
def backend() -> Iterator[str]:
    with example("label_studio_server.py") as url:
        yield url


@pytest.fixture
def interactor() -> Iterator[str]:
    with example("cvat_server.py") as url:
        yield f"{url}/interactor"


def submits_told(backend: str) -> int:
    """Ask the example how many submits it was told of; training is no submit."""
    body = json.dumps({"action": "START_TRAINING"}).encode()
    request = urllib.request.Request(f"{backend}/webhook", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return int(json.load(reply)["result"]["submitted"])


def answered(hand: Hand) -> None:
    expect(hand.page.get_by_role("status").filter(has_text="Enter keeps it")).to_be_visible(timeout=30_000)


def mask_of(annotation: dict[str, Any]) -> Any:
    return decode_mask(annotation["shape"]["counts"], annotation["shape"]["size"])


def test_a_click_is_answered_by_the_chosen_model_saved_and_told_to_the_backend(
    signed_in: Page, shared_stack: Stack, shared_api: Api, backend: str, interactor: str
) -> None:
    campaign = make_campaign(shared_api, "segmentation", [(*PHOTO, photo())])
    models = {"Coast backend": ("label_studio", backend, {"interactive": True, "webhook": True}),
              "Coast function": ("cvat", interactor, {"interactive": True})}  # fmt: skip
    for name, (protocol, url, extra) in models.items():
        fields = {"name": name, "task": "segmentation", "protocol": protocol, "url": url, "classes": [{"index": 0, "name": "land"}]}
        model = shared_api.post("/models", {**fields, "options": {"extra": extra}})
        shared_api.post(f"/campaigns/{campaign['id']}/models", {"model": model["id"]})
    hand = Hand.at(signed_in, shared_stack, shared_api, campaign["images"][0])
    hand.key("q")
    choice = hand.named("smart-method")
    expect(choice.locator("option")).to_have_text([*models, "GrabCut"])
    # Where the picture is yellow or green rather than blue there is land.
    seen = cutout(640, 480).astype(int)
    rows, columns = np.nonzero(seen[..., 0] > seen[..., 2] + 40)
    at = len(rows) // 2
    x, y = float(columns[at]) + 0.5, float(rows[at]) + 0.5

    hand.click(x, y)
    answered(hand)
    hand.key("Enter")
    (first,) = hand.seen()
    assert mask_of(first)[rows[at], columns[at]]

    hand.key("Shift+q")
    expect(choice).to_have_js_property("selectedIndex", 1)
    hand.click(x, y)
    answered(hand)
    expect(hand.named("smart-figures")).to_have_text(re.compile(r"^Found in \d+ ms$"))
    hand.key("Enter")
    stored = hand.survives()
    # Both look at the same colours: what the page kept is what either server cut out, to the pixel.
    assert [(mask_of(each) == mask_of(first)).all() for each in stored] == [True, True]

    assert submits_told(backend) == 0
    version = shared_api.http.get(f"/images/{hand.image['id']}/annotation-set").headers["ETag"]
    shared_api.post(f"/images/{hand.image['id']}/annotation-set/submit", {}, headers={"If-Match": version})
    wait_for(lambda: submits_told(backend) == 1, 20, lambda: f"the backend was told of nothing:\n{shared_stack.tail()}")
