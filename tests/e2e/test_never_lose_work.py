"""What a person drew is never lost: not by a killed server, a closed tab, hours offline, or a colleague who saved first."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.bench import PHOTO, Hand, make_campaign, photo, sign_in
from tests.e2e.stack import Api, Stack, wait_for

JPEG = "image/jpeg"


def draw_box(hand: Hand, x: float, side: float = 60) -> None:
    hand.key("b")
    hand.drag((x, 100), (x + side, 100 + side))
    hand.key("Escape")


def lefts(annotations: list[dict[str, Any]]) -> list[int]:
    return sorted(round(a["shape"]["x"]) for a in annotations)


def test_a_killed_server_and_a_closed_tab_lose_no_stroke(stack: Stack, api: Api, page: Page):
    campaign = make_campaign(api, "detection", (("a.jpg", JPEG, photo()), ("b.jpg", JPEG, photo(column=1200))))
    sign_in(page, stack)
    hand = Hand.at(page, stack, api, campaign["images"][0])
    draw_box(hand, 50)
    hand.saved()
    draw_box(hand, 150)
    stack.kill()
    draw_box(hand, 250)
    expect(hand.named("save-state")).to_have_attribute("data-state", "offline", timeout=15_000)
    hand.key("Control+z", "Control+Shift+z")
    assert lefts(hand.seen()) == [50, 150, 250]
    page.wait_for_timeout(100)
    context = page.context
    page.close(run_before_unload=False)
    stack.start()
    again = Hand.at(context.new_page(), stack, api, campaign["images"][0])
    assert lefts(again.seen()) == [50, 150, 250]
    assert lefts(again.saved()) == [50, 150, 250]
    again.key("Control+z")
    assert lefts(again.seen()) == [50], "what came back is one step, which can be undone"


def test_nothing_blocks_the_way_to_the_next_image_and_a_submit_arrives_when_the_server_is_back(stack: Stack, api: Api, page: Page):
    campaign = make_campaign(api, "detection", [(f"{n}.jpg", JPEG, photo(column=1000 + 300 * n)) for n in range(3)])
    sign_in(page, stack)
    hand = Hand.at(page, stack, api, campaign["images"][0])
    draw_box(hand, 50)
    hand.saved()
    # The next image is on the desk's edge already, so the server is not needed to go on to it.
    page.wait_for_function("() => performance.getEntriesByType('resource').some((entry) => entry.name.endsWith('/next'))")
    page.wait_for_load_state("networkidle")
    stack.kill()
    hand.key("Control+Enter")
    page.wait_for_function("(id) => ![id, undefined].includes(window.__winnow?.image()?.id)", arg=hand.image["id"])
    second = page.evaluate("window.__winnow.image().id")
    draw_box(hand, 300)
    expect(hand.named("save-state")).to_have_attribute("data-state", "offline", timeout=15_000)
    stack.start()

    def stored() -> tuple[str, list[int]]:
        return api.get(f"/images/{hand.image['id']}")["state"], lefts(api.get(f"/images/{second}/annotation-set")["annotations"])

    wait_for(lambda: stored() == ("submitted", [300]), 60, lambda: f"{stored()}, {hand.named('save-state').text_content()}", every=0.5)


def test_two_versions_are_shown_side_by_side_and_merged_object_by_object(signed_in: Page, shared_stack: Stack, shared_api: Api):
    campaign = make_campaign(shared_api, "detection", ((*PHOTO, photo()),))
    hand = Hand.at(signed_in, shared_stack, shared_api, campaign["images"][0])
    draw_box(hand, 50)
    draw_box(hand, 150)
    stored = {round(a["shape"]["x"]): a for a in hand.saved()}
    path = f"/images/{hand.image['id']}/annotation-set"
    version = shared_api.get(path)["version"]
    theirs = {**stored[150], "shape": {**stored[150]["shape"], "y": 300}}
    added = {**stored[150], "id": "theirs", "shape": {**stored[150]["shape"], "x": 450}}
    shared_api.patch(path, {"upsert": [theirs, added]}, headers={"If-Match": f'"{version}"'})
    drawn, held = False, []  # a save between the strokes would bring the question before the last one

    def wait(route: Route) -> None:
        if drawn or route.request.method != "PATCH":
            route.continue_()
        else:
            held.append(route)

    signed_in.route("**/annotation-set*", wait)
    hand.click(180, 130)
    hand.key("ArrowRight", "ArrowRight")
    draw_box(hand, 300)
    drawn = True
    for route in held:
        route.continue_()
    expect(signed_in.get_by_role("dialog")).to_be_visible(timeout=15_000)
    rows = hand.named("conflict-row")
    expect(rows).to_have_count(3)
    expect(signed_in.get_by_role("img", name="Mine: 3 objects, 2 of them differ")).to_be_visible()
    expect(signed_in.get_by_role("img", name="Theirs: 3 objects, 2 of them differ")).to_be_visible()
    expect(rows.filter(has_text="You both changed it.")).to_have_count(1)
    rows.filter(has_text="You both changed it.").get_by_text("Theirs").click()
    hand.named("merge").click()
    expect(signed_in.get_by_role("dialog")).to_have_count(0)
    merged = hand.saved()
    assert lefts(merged) == [50, 150, 300, 450]
    assert next(a for a in merged if a["id"] == theirs["id"])["shape"]["y"] == 300
    hand.key("Control+z")
    assert lefts(hand.seen()) == [50, 152, 300], "the merge can be undone"


@pytest.mark.slow
def test_two_tabs_on_one_image_keep_what_both_drew_even_when_both_close_offline(signed_in: Page, shared_stack: Stack, shared_api: Api):
    image = make_campaign(shared_api, "detection", ((*PHOTO, photo()),))["images"][0]
    tabs = [Hand.at(page, shared_stack, shared_api, image) for page in (signed_in, signed_in.context.new_page())]
    one, other = tabs
    draw_box(one, 50)
    one.saved()
    draw_box(other, 150)
    expect(other.page.get_by_role("status").filter(has_text="changed elsewhere")).to_be_visible(timeout=15_000)
    assert lefts(other.saved()) == [50, 150]
    other.key("Control+z")
    assert lefts(other.seen()) == [50], "undo takes back only what was done here"
    other.key("Control+Shift+z")
    other.saved()
    draw_box(one, 250)
    expect(one.page.get_by_role("status").filter(has_text="changed elsewhere")).to_be_visible(timeout=15_000)
    assert lefts(one.saved()) == [50, 150, 250]
    assert one.page.get_by_role("dialog").count() == 0

    signed_in.context.route("**/annotation-set*", lambda route: route.abort())
    for hand, left in ((one, 350), (other, 450)):
        draw_box(hand, left)
        expect(hand.named("save-state")).to_have_attribute("data-state", "offline", timeout=15_000)
    third = signed_in.context.new_page()
    for hand in tabs:
        hand.page.close()
    third.context.unroute("**/annotation-set*")
    again = Hand.at(third, shared_stack, shared_api, image)
    assert lefts(again.saved()) == [50, 150, 250, 350, 450]
