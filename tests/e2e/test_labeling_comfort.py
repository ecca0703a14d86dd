"""What irritates nobody: images of odd sizes, words that fit, and a page for those who only look."""

from __future__ import annotations

import io
import os

import numpy as np
from PIL import Image as Picture
from playwright.sync_api import Page, expect

from tests.e2e.bench import PHOTO, Hand, make_campaign, photo, sign_in
from tests.e2e.stack import Api, Stack, wait_for

PERSON = {
    "name": "Person",
    "skeleton": {"points": [{"name": "head", "x": 0.5, "y": 0.1}, {"name": "left shoulder", "x": 0.3, "y": 0.5}], "edges": []},
}


def strip() -> bytes:
    """A picture of one by 2,000 pixels."""
    buffer = io.BytesIO()
    Picture.fromarray(np.random.default_rng(0).integers(0, 255, (2000, 1, 3), dtype=np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_strip_one_pixel_wide_can_be_seen_and_labeled_and_words_fit_their_places(signed_in: Page, shared_stack: Stack, shared_api: Api):
    campaign = make_campaign(shared_api, "detection", (("strip.png", "image/png", strip()),))
    hand = Hand.at(signed_in, shared_stack, shared_api, campaign["images"][0])
    assert hand.place(1, 0)[0] - hand.place(0, 0)[0] >= 20
    hand.key("b")
    hand.drag((0, 1000), (1, 1004))
    (drawn,) = hand.saved()
    assert (drawn["shape"]["width"], round(drawn["shape"]["height"])) == (1, 4)
    tool = signed_in.locator('[data-testid^="tool-"]', has_text="Turned box")
    assert tool.locator("kbd").evaluate("(key) => key.getClientRects().length") == 1
    inside = "(key) => key.closest('nav').getBoundingClientRect().right - key.getBoundingClientRect().right"
    assert tool.locator("kbd").evaluate(inside) >= 8
    assert tool.locator("svg").evaluate("(icon) => icon.getBoundingClientRect().width") == 17

    campaign = make_campaign(shared_api, "keypoints", ((*PHOTO, photo()),), labels=[PERSON])
    hand = Hand.at(signed_in, shared_stack, shared_api, campaign["images"][0])
    hand.key("i")
    hand.click(100, 100)
    hand.key("q", "Escape")
    state = hand.named("point-visibility").last
    expect(state).to_have_value("0")
    room = state.evaluate(
        """(select) => {
          const style = getComputedStyle(select);
          const context = document.createElement("canvas").getContext("2d");
          context.font = style.font;
          const words = Math.max(...[...select.options].map((option) => context.measureText(option.text).width));
          return select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - words;
        }"""
    )
    assert room >= 0, room


def test_who_only_looks_goes_through_the_campaign_and_changes_nothing(page: Page, shared_stack: Stack, shared_api: Api):
    images = tuple((f"{name}.jpg", "image/jpeg", photo(column=column)) for name, column in (("a", 1200), ("b", 2500)))
    campaign = make_campaign(shared_api, "detection", images)
    first, second = campaign["images"]
    path = f"/images/{first['id']}/annotation-set"
    box = {"type": "box", "x": 100, "y": 100, "width": 80, "height": 60, "rotation": 0}
    label = campaign["labels"][0]["id"]
    annotation = {"id": "seen", "label": label, "shape": box, "origin": "human", "review": "accepted"}
    version = shared_api.get(path)["version"]
    version = shared_api.patch(path, {"upsert": [annotation]}, headers={"If-Match": f'"{version}"'})["version"]
    shared_api.call("POST", f"{path}/submit", json={}, headers={"If-Match": f'"{version}"'})
    name = f"vera{os.urandom(3).hex()}"
    shared_api.post(f"/campaigns/{campaign['id']}/members", {"username": name, "role": "viewer", "password": "correct horse battery"})
    sign_in(page, shared_stack, name, "correct horse battery")
    refused: list[str] = []
    page.on("response", lambda answer: refused.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)

    page.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/label")
    page.wait_for_function("(id) => window.__winnow?.image()?.id === id", arg=first["id"])
    hand = Hand(page, shared_stack, shared_api, first)
    expect(page.get_by_role("status").filter(has_text="your role is viewer")).to_be_visible()
    expect(hand.named("place-in-scope")).to_have_text("1 of 2 in the campaign")
    expect(hand.named("submit-next")).to_have_count(0)
    expect(hand.named("tool-box")).to_have_count(0)
    before = hand.place(640, 0)[0] - hand.place(0, 0)[0]
    hand.key("+")
    page.wait_for_function("(wide) => window.__winnow.toScreen(640, 0)[0] - window.__winnow.toScreen(0, 0)[0] > wide * 1.5", arg=before)
    hand.key("0", "Tab", "Delete", "b")
    hand.drag((200, 200), (300, 300))
    assert [a["id"] for a in hand.seen()] == ["seen"]
    hand.key("Control+ArrowRight")
    page.wait_for_function("(id) => window.__winnow?.image()?.id === id", arg=second["id"])
    hand.named("look-next").click()
    expect(hand.named("queue-empty")).to_contain_text("You have been through all 2 images of the campaign.")
    assert refused == []


def test_with_one_label_an_image_takes_one_click_or_one_key(signed_in: Page, shared_stack: Stack, shared_api: Api):
    images = tuple((f"{name}.jpg", "image/jpeg", photo(column=column)) for name, column in (("a", 1200), ("b", 2500), ("c", 2000)))
    campaign = make_campaign(shared_api, "classification", images, labels=[{"name": "Cloud"}])
    signed_in.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/label")
    hand = Hand(signed_in, shared_stack, shared_api, campaign["images"][0])
    shown = "(seen) => ![...seen, undefined].includes(window.__winnow?.image()?.id)"
    signed_in.wait_for_function(shown, arg=[])
    expect(signed_in.get_by_text("With one label an image has it or is skipped.")).to_be_visible()
    first = signed_in.evaluate("window.__winnow.image().id")
    signed_in.get_by_label("Go on as soon as I choose").check(force=True)
    hand.named("label-Cloud").click()
    signed_in.wait_for_function(shown, arg=[first])
    second = signed_in.evaluate("window.__winnow.image().id")
    hand.key("1")
    signed_in.wait_for_function(shown, arg=[first, second])
    hand.key("s")
    expect(hand.named("queue-empty")).to_be_visible()
    states = lambda: [shared_api.get(f"/images/{image}")["state"] for image in (first, second)]  # noqa: E731
    wait_for(lambda: states() == ["submitted"] * 2, 15, states)
