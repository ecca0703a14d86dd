"""Review of what models drafted, with real mouse and keys: thresholds, colours, corrections, and the way through what is uncertain."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.bench import Hand, make_campaign
from tests.e2e.eyes import TIFF, canvas, flat_photo, in_sight, painted, scale, seen_at, slide, until, with_drafts
from tests.e2e.models import geotiff, picture_with_patches, png
from tests.e2e.stack import Api, Stack, model_server
from tests.e2e.test_journey_api import PLACE, UTM

Opened = Callable[..., tuple[Hand, dict[str, Any]]]


@pytest.fixture
def opened(signed_in: Page, shared_stack: Stack, shared_api: Api) -> Opened:
    """Open the first image of a new campaign, with drafts on it; returns the hand and the campaign."""

    def open_first(*images: tuple[str, str, bytes], drafts: dict[str, tuple[int, float]] | None = None) -> tuple[Hand, dict[str, Any]]:
        campaign = with_drafts(shared_api, images, drafts or {})
        hand = Hand.at(signed_in, shared_stack, shared_api, campaign["images"][0])
        painted(hand)
        return hand, campaign

    return open_first


def test_colours_by_confidence_come_with_a_legend(opened: Opened):
    hand, _ = opened(flat_photo(120), drafts={"unsure": (0, 0.5), "sure": (0, 1.0)})
    inside = [(80, 100), (190, 100)]
    by_label = [seen_at(hand, *at) for at in inside]
    assert by_label[0] == by_label[1]
    hand.key("Shift+C")
    expect(hand.named("confidence-legend")).to_be_visible()
    until(hand, lambda: seen_at(hand, *inside[1]) != by_label[1], "nothing is coloured")
    unsure, sure = (seen_at(hand, *at) for at in inside)
    assert sure[2] - sure[0] > unsure[2] - unsure[0] + 20, "sure is bluer"
    hand.key("Shift+C")
    expect(hand.named("confidence-legend")).to_have_count(0)
    hand.key("Shift+K")
    until(hand, lambda: len({seen_at(hand, *at) for at in inside}) == 2, "both have one shade")
    hand.key("Shift+K")
    until(hand, lambda: [seen_at(hand, *at) for at in inside] == by_label, "the labels' colours do not come back")


def test_thresholds_are_live_kept_by_label_and_follow_the_others_again(opened: Opened):
    hand, _ = opened(flat_photo(120), drafts={"a": (0, 0.6), "b": (1, 0.6)})
    count = hand.named("draft-count")
    expect(count).to_have_text("2 of 2 shown")
    hand.named("drafts").locator("summary").click()
    slide(hand, "threshold-Land", "ArrowRight", 15)
    expect(count).to_have_text("1 of 2 shown")
    assert seen_at(hand, 80, 100) == (120, 120, 120)
    hand.page.reload()
    painted(hand)
    expect(count).to_have_text("1 of 2 shown")
    slide(hand, "threshold", "ArrowLeft", 5)
    expect(count).to_have_text("1 of 2 shown")
    hand.named("drafts").locator("summary").click()
    hand.named("threshold-Land-reset").click()
    expect(count).to_have_text("2 of 2 shown")


def test_a_draft_that_gets_another_label_is_accepted_as_corrected(opened: Opened):
    hand, campaign = opened(flat_photo(120), drafts={"a": (0, 0.6), "b": (0, 0.9)})
    hand.click(80, 100)
    hand.key("2")
    water = campaign["labels"][1]["id"]
    stored = {annotation["id"]: annotation for annotation in hand.survives()}
    assert (stored["a"]["label"], stored["a"]["origin"], stored["a"]["review"], stored["a"]["confidence"]) == (
        water,
        "human",
        "accepted",
        None,
    )
    hand.key("Shift+A")
    stored = {annotation["id"]: annotation for annotation in hand.survives()}
    assert (stored["b"]["origin"], stored["b"]["review"]) == ("prediction", "accepted")


def answered(api: Api, campaign: int, task: str, protocol: str, path: str, *, prefill: bool) -> None:
    """Let the tests' model server answer about every image of a campaign that has a label "bright"."""
    with model_server() as url:
        classes = [{"index": index, "name": name} for index, name in enumerate(["rest", "bright"][-2 if task == "segmentation" else -1 :])]
        model = api.post(
            "/models", {"name": "Bright ground", "task": task, "protocol": protocol, "url": f"{url}/{path}", "classes": classes}
        )
        api.post(f"/campaigns/{campaign}/models", {"model": model["id"]})
        api.finished(api.post(f"/campaigns/{campaign}/inference-runs", {"model": model["id"], "images": "all", "prefill": prefill}))


def test_jumps_lead_through_the_uncertain_areas_and_a_frame_marks_each(signed_in: Page, shared_stack: Stack, shared_api: Api):
    scene = ("scene.tif", TIFF, geotiff(picture_with_patches(3)[0], PLACE, UTM))
    campaign = make_campaign(shared_api, "segmentation", [scene], labels=[{"name": "bright"}])
    answered(shared_api, campaign["id"], "segmentation", "scaneo", "segment", prefill=False)
    (image,) = campaign["images"]
    areas = shared_api.get(f"/images/{image['id']}/uncertain-areas")["areas"]
    assert len(areas) > 1
    hand = Hand.at(signed_in, shared_stack, shared_api, image)
    whole = in_sight(hand)
    for step, area in enumerate((areas[0], areas[1]), start=1):
        hand.key("j")
        expect(hand.named("uncertain-place")).to_have_text(f"{step} of {len(areas)}")
        left, top, right, bottom = in_sight(hand)
        assert left <= area["bounds"][0] and top <= area["bounds"][1] and right >= area["bounds"][2] and bottom >= area["bounds"][3]
        assert right - left < 0.8 * (whole[2] - whole[0])
        frame = seen_at(hand, (area["bounds"][0] + area["bounds"][2]) / 2, area["bounds"][1] - 6 / scale(hand), reach=6)
        away = seen_at(hand, (area["bounds"][0] + area["bounds"][2]) / 2, area["bounds"][1] - 30 / scale(hand), reach=6)
        assert frame != pytest.approx(away, abs=8), "no frame"
    hand.key("Shift+J")
    expect(hand.named("uncertain-place")).to_have_text(f"1 of {len(areas)}")
    before = canvas(hand)
    hand.key("u")
    until(hand, lambda: np.abs(canvas(hand) - before).mean() > 2, "no heat map")


def test_without_a_model_the_least_confident_drafts_are_the_uncertain_areas(opened: Opened):
    hand, _ = opened(flat_photo(120), drafts={"sure": (0, 0.99), "unsure": (0, 0.5)})
    hand.named("next-uncertain").click()
    expect(hand.named("uncertain-place")).to_have_text("1 of 2")
    left, _top, right, _bottom = in_sight(hand)
    assert left < 150 < 230 < right
    assert right - left < 400


def test_a_control_image_says_in_the_header_why_it_has_no_drafts(signed_in: Page, shared_stack: Stack, shared_api: Api):
    pictures = [(f"{n}.png", "image/png", png(picture_with_patches(n)[0])) for n in range(8)]
    campaign = make_campaign(shared_api, "detection", pictures, labels=[{"name": "bright"}], settings={"control_share": 0.5})
    answered(shared_api, campaign["id"], "detection", "winnow_json", "detect", prefill=True)
    told = {image["id"]: shared_api.get(f"/images/{image['id']}/annotation-set")["prefill_withheld"] for image in campaign["images"]}
    assert set(told.values()) == {True, False}
    for image in campaign["images"]:
        hand = Hand.at(signed_in, shared_stack, shared_api, image)
        badge = hand.named("control-image")
        expect(badge).to_have_count(1 if told[image["id"]] else 0)
        if told[image["id"]]:
            expect(badge).to_have_text("Shown without drafts")
            badge.focus()
            expect(signed_in.get_by_role("tooltip")).to_contain_text("withheld here on purpose")
