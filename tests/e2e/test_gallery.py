"""The gallery with real mouse and keys: choose, label, undo, filter, and thirty images from the keyboard; asked back through the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.bench import make_campaign, photo, sign_in
from tests.e2e.stack import Api, Stack, wait_for

IMAGES = 36
TILE = '[data-testid="image-tile"]'


@pytest.fixture(scope="module")
def files() -> list[tuple[str, str, bytes]]:
    """Different cutouts of one real picture of the Earth."""
    return [(f"photo-{n:02}.jpg", "image/jpeg", photo(160, 120, column=2500 + 8 * n, row=500 + 4 * n)) for n in range(IMAGES)]


@pytest.fixture
def campaign(shared_api: Api, files: list[tuple[str, str, bytes]]) -> dict[str, Any]:
    """A campaign of several labels an image."""
    labels = [{"name": name, "hotkey": str(n + 1)} for n, name in enumerate(["Water", "Land", "Cloud"])]
    settings = {"control_share": 0.0, "multi_label": True}
    return make_campaign(shared_api, "classification", files, labels=labels, settings=settings)


@pytest.fixture
def gallery(signed_in: Page, shared_stack: Stack, campaign: dict[str, Any]) -> Page:
    """Its gallery, open."""
    signed_in.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/images")
    expect(signed_in.locator(f"{TILE} img").first).to_be_visible()
    expect(named(signed_in, "image-count")).to_have_attribute("data-count", str(IMAGES))
    return signed_in


def named(page: Page | Locator, name: str) -> Locator:
    return page.locator(f'[data-testid="{name}"]')


def tile(page: Page, image: dict[str, Any]) -> Locator:
    return page.locator(f'[data-image="{image["id"]}"]')


def chosen(page: Page) -> tuple[int, int]:
    """How many are selected, and how many of them the filter hides."""
    bar = named(page, "selection-bar")
    if bar.count() == 0:
        return 0, 0
    return int(bar.get_attribute("data-count") or 0), int(bar.get_attribute("data-hidden") or 0)


def take_back(page: Page, what: str) -> None:
    """Press Undo in the message that says what was done."""
    named(page.locator(".mantine-Notification-root", has_text=what), "toast-undo").click()


def soon(claim: Callable[[], bool]) -> None:
    wait_for(claim, 20, lambda: "it did not come about", every=0.2)


def whole(api: Api, image: dict[str, Any]) -> dict[int, bool]:
    """The labels of an image as the server has them: whether each is the default."""
    return {one["label"]: one["default"] for one in api.get(f"/images/{image['id']}")["whole_labels"]}


def test_images_are_chosen_by_click_range_lasso_all_inversion_and_query_and_stay_chosen_under_another_filter(
    gallery: Page, campaign: dict[str, Any]
):
    images = campaign["images"]
    tile(gallery, images[1]).click(position={"x": 60, "y": 60})
    tile(gallery, images[4]).click(position={"x": 60, "y": 60}, modifiers=["Shift"])
    tile(gallery, images[2]).click(position={"x": 60, "y": 60}, modifiers=["Control"])
    assert chosen(gallery) == (3, 0)
    first, second = tile(gallery, images[0]).bounding_box(), tile(gallery, images[1]).bounding_box()
    assert first and second
    gallery.mouse.move(first["x"] + 20, first["y"] + 70)
    gallery.mouse.down()
    gallery.mouse.move(second["x"] + 40, second["y"] + 90, steps=5)
    gallery.mouse.up()
    expect(named(gallery, "selection-bar")).to_have_attribute("data-count", "2")
    gallery.keyboard.press("Control+a")
    expect(named(gallery, "selection-bar")).to_have_attribute("data-count", str(IMAGES))
    tile(gallery, images[0]).click(position={"x": 60, "y": 60}, modifiers=["Control"])
    gallery.keyboard.press("Control+i")
    expect(named(gallery, "selection-bar")).to_have_attribute("data-count", "1")
    # The arrow keys walk, Shift draws a range, Space chooses.
    gallery.keyboard.press("ArrowRight")
    gallery.keyboard.press("Space")
    expect(named(gallery, "selection-bar")).to_have_attribute("data-count", "2")
    named(gallery, "filter-name").fill("photo-3")
    expect(named(gallery, "image-count")).to_have_attribute("data-count", "6")
    assert chosen(gallery) == (2, 2)
    gallery.keyboard.press("Tab")
    tile(gallery, images[30]).click(position={"x": 60, "y": 60}, modifiers=["Control"])
    expect(named(gallery, "selection-bar")).to_have_attribute("data-count", "3")
    assert chosen(gallery) == (3, 2)
    gallery.keyboard.press("Escape")
    expect(named(gallery, "selection-bar")).to_have_count(0)


def test_labels_are_given_taken_made_the_default_and_all_of_it_undone(gallery: Page, campaign: dict[str, Any], shared_api: Api):
    water, land, cloud = (label["id"] for label in campaign["labels"])
    one, two, other = campaign["images"][:3]
    plus = {name: named(named(gallery, f"panel-label-{name}"), "label-plus") for name in ("Water", "Land")}
    tile(gallery, one).click(position={"x": 60, "y": 60})
    tile(gallery, two).click(position={"x": 60, "y": 60}, modifiers=["Control"])
    plus["Water"].click()
    plus["Land"].click()
    soon(lambda: whole(shared_api, one) == {water: False, land: False} and whole(shared_api, two) == {water: False, land: False})
    plus["Land"].click()
    soon(lambda: whole(shared_api, one) == {water: False, land: True})
    expect(tile(gallery, one).locator('[data-testid="image-label"][data-default]')).to_have_text("Land")
    # A click on a label of one image makes it the default there; X takes it away.
    tile(gallery, two).locator(f'[data-act="default"][data-label="{water}"]').click()
    soon(lambda: whole(shared_api, two) == {water: True, land: False})
    tile(gallery, two).locator(f'[data-act="unlabel"][data-label="{land}"]').click()
    soon(lambda: set(whole(shared_api, two)) == {water})
    gallery.keyboard.press("Control+z")
    soon(lambda: whole(shared_api, two) == {water: True, land: False})
    # A new name in the box makes the label and gives it.
    tile(gallery, other).click(position={"x": 60, "y": 60})
    named(gallery, "label-box").fill("Ice")
    named(gallery, "label-box").press("Enter")
    soon(lambda: any(label["name"] == "Ice" for label in shared_api.get(f"/campaigns/{campaign['id']}")["labels"]))
    ice = next(label["id"] for label in shared_api.get(f"/campaigns/{campaign['id']}")["labels"] if label["name"] == "Ice")
    soon(lambda: set(whole(shared_api, other)) == {ice})
    expect(named(named(gallery, "panel-label-Ice"), "label-count")).to_have_attribute("data-count", "1")

    def names() -> set[str]:
        return {label["name"] for label in shared_api.get(f"/campaigns/{campaign['id']}")["labels"]}

    named(named(gallery, "panel-label-Ice"), "label-more").click()
    named(gallery, "label-rename").click()
    named(gallery, "rename-to").fill("Sea ice")
    named(gallery, "rename").click()
    soon(lambda: "Sea ice" in names())
    named(named(gallery, "panel-label-Sea ice"), "label-more").click()
    named(gallery, "label-merge").click()
    named(gallery, "merge-into").click()
    gallery.get_by_role("option", name="Cloud").click()
    named(gallery, "merge").click()
    soon(lambda: set(whole(shared_api, other)) == {cloud} and "Sea ice" not in names())
    take_back(gallery, "is merged into")
    soon(lambda: "Sea ice" in names() and cloud not in whole(shared_api, other))
    named(named(gallery, "panel-label-Water"), "label-more").click()
    named(gallery, "label-remove").click()
    gallery.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    soon(lambda: "Water" not in names())
    take_back(gallery, "is removed from all images")
    soon(lambda: "Water" in names() and len(whole(shared_api, one)) == 2)


def test_a_filter_stands_in_the_address_is_kept_as_a_view_and_the_tool_opens_what_was_chosen(
    gallery: Page, shared_stack: Stack, campaign: dict[str, Any], shared_api: Api
):
    water = campaign["labels"][0]["id"]
    images = campaign["images"]
    body = {"images": [image["id"] for image in images[3:8]], "add": [water], "submit": True}
    shared_api.post(f"/campaigns/{campaign['id']}/labelings", body)
    named(gallery, "add-filter").click()
    named(gallery, "condition-mode").locator("label", has_text="none of").click()
    named(gallery, "condition-value").click()
    gallery.get_by_role("option", name="Water").click()
    named(gallery, "condition-add").click()
    expect(named(gallery, "image-count")).to_have_attribute("data-count", str(IMAGES - 5))
    named(gallery, "views").click()
    named(gallery, "save-view").click()
    named(gallery, "view-name").fill("Not water")
    named(gallery, "view-save").click()
    soon(lambda: [view["name"] for view in shared_api.get(f"/campaigns/{campaign['id']}/views")] == ["Not water"])
    gallery.reload()
    expect(named(gallery, "image-count")).to_have_attribute("data-count", str(IMAGES - 5))
    named(gallery, "clear-filters").click()
    expect(named(gallery, "image-count")).to_have_attribute("data-count", str(IMAGES))
    named(gallery, "views").click()
    named(gallery, "view").get_by_text("Not water", exact=True).click()
    expect(named(gallery, "image-count")).to_have_attribute("data-count", str(IMAGES - 5))
    expect(named(gallery, "label-now")).to_have_attribute("data-scope", "filter")
    named(gallery, "clear-filters").click()

    # Submitted or not, the tool goes through exactly what was chosen, in its order.
    tile(gallery, images[7]).click(position={"x": 60, "y": 60})
    tile(gallery, images[9]).click(position={"x": 60, "y": 60}, modifiers=["Shift"])
    expect(named(gallery, "label-now")).to_have_attribute("data-scope", "selection")
    named(gallery, "label-now").click()
    for number, image in enumerate(images[7:10], start=1):
        gallery.wait_for_function("(id) => window.__winnow?.image()?.id === id", arg=image["id"])
        expect(named(gallery, "place-in-scope")).to_contain_text(f"{number} of 3")
        if number < 3:
            gallery.keyboard.press("Control+ArrowRight")
    gallery.reload()
    gallery.wait_for_function("(id) => window.__winnow?.image()?.id === id", arg=images[9]["id"])


def test_an_export_takes_the_selection(gallery: Page, campaign: dict[str, Any], shared_api: Api):
    two = campaign["images"][:2]
    label = campaign["labels"][0]["id"]
    shared_api.post(
        f"/campaigns/{campaign['id']}/labelings",
        {"images": [image["id"] for image in campaign["images"][:5]], "add": [label], "submit": True},
    )
    for image in two:
        tile(gallery, image).get_by_role("checkbox").click()
    soon(lambda: chosen(gallery)[0] == 2)
    named(gallery, "tab-export").click()
    expect(named(gallery, "scope")).to_have_attribute("data-scope", "selection")
    named(gallery, "export-csv").click()
    runs = lambda: shared_api.every(f"/campaigns/{campaign['id']}/exports")  # noqa: E731
    soon(lambda: len(runs()) == 1)
    done = shared_api.finished(runs()[0]["id"])
    assert done["result"]["images"] == 2


def test_one_hand_on_the_keyboard_labels_thirty_images(gallery: Page, campaign: dict[str, Any], shared_api: Api):
    water, land, cloud = (label["id"] for label in campaign["labels"])
    images = campaign["images"]
    named(gallery, "look").locator("label", has_text="Grid").click()
    named(gallery, "grid-go-on").set_checked(True, force=True)
    tile(gallery, images[0]).focus()
    wanted = [[water, land, cloud][n * n % 3] for n in range(30)]
    for label in wanted:
        gallery.keyboard.press({water: "1", land: "2", cloud: "3"}[label])
    expect(tile(gallery, images[30])).to_be_focused()
    expect(named(gallery, "unsaved")).to_have_attribute("data-count", "0")
    rows = {row["id"]: row for row in shared_api.every(f"/campaigns/{campaign['id']}/images?page_size=200")}
    assert [[one["label"] for one in rows[image["id"]]["whole_labels"]] for image in images[:30]] == [[label] for label in wanted]
    assert {rows[image["id"]]["state"] for image in images[:30]} == {"submitted"}
    # One step back, and one image cleared; what was labeled in the same breath stays.
    gallery.keyboard.press("Control+z")
    soon(lambda: whole(shared_api, images[29]) == {} and set(whole(shared_api, images[28])) == {wanted[28]})
    gallery.keyboard.press("Home")
    expect(tile(gallery, images[0])).to_be_focused()
    gallery.keyboard.press("Backspace")
    soon(lambda: whole(shared_api, images[0]) == {})


def test_a_loop_and_a_query_choose_images(gallery: Page, campaign: dict[str, Any], shared_api: Api):
    images = campaign["images"]
    named(gallery, "lasso-shape").click()
    first, second = tile(gallery, images[0]).bounding_box(), tile(gallery, images[1]).bounding_box()
    assert first and second
    corners = [(second["x"] + 60, second["y"] + 50), (second["x"] + 60, second["y"] + 90), (first["x"] + 30, first["y"] + 90)]
    gallery.mouse.move(first["x"] + 30, first["y"] + 50)
    gallery.mouse.down()
    for x, y in corners:
        gallery.mouse.move(x, y, steps=6)
    gallery.mouse.up()
    expect(named(gallery, "selection-bar")).to_have_attribute("data-count", "2")
    some = [image["id"] for image in images[30:35]]
    shared_api.post(f"/campaigns/{campaign['id']}/labelings", {"images": some, "add": [campaign["labels"][1]["id"]], "submit": True})
    named(gallery, "select-menu").click()
    named(gallery, "select-query").click()
    dialog = gallery.get_by_role("dialog")
    named(dialog, "condition-value").click()
    dialog.get_by_role("option", name="Land").click()
    named(dialog, "condition-add").click()
    named(dialog, "query-run").click()
    expect(named(gallery, "selection-bar")).to_have_attribute("data-count", "7")


def test_keys_alone_open_the_menu_of_an_image_and_label_it(gallery: Page, campaign: dict[str, Any], shared_api: Api):
    image = campaign["images"][2]
    tile(gallery, image).focus()
    gallery.keyboard.press("Shift+F10")
    expect(gallery.get_by_role("menuitem", name="Open", exact=True)).to_be_focused()
    gallery.keyboard.press("ArrowDown")
    expect(gallery.get_by_role("menuitem", name="Label as")).to_be_focused()
    gallery.keyboard.press("ArrowRight")
    expect(gallery.get_by_role("menuitem", name="Water")).to_be_focused()
    gallery.keyboard.press("ArrowDown")
    expect(gallery.get_by_role("menuitem", name="Land")).to_be_focused()
    gallery.keyboard.press("Enter")
    soon(lambda: set(whole(shared_api, image)) == {campaign["labels"][1]["id"]})
    expect(tile(gallery, image)).to_be_focused()


def test_a_colour_is_chosen_in_the_panel_and_taken_back(gallery: Page, campaign: dict[str, Any], shared_api: Api):
    before = campaign["labels"][2]["color"]

    def color() -> str:
        return str(shared_api.get(f"/campaigns/{campaign['id']}")["labels"][2]["color"])

    named(named(gallery, "panel-label-Cloud"), "label-swatch").click()
    gallery.locator(".mantine-ColorPicker-swatch").nth(4).click()
    gallery.keyboard.press("Escape")
    soon(lambda: color() != before)
    take_back(gallery, "Cloud")
    soon(lambda: color() == before)


def test_guesses_are_accepted_and_rejected_in_the_grid(gallery: Page, campaign: dict[str, Any], shared_api: Api):
    water, land, _cloud = (label["id"] for label in campaign["labels"])
    one, two = campaign["images"][:2]
    for image, label in ((one, water), (two, land)):
        path = f"/images/{image['id']}/annotation-set"
        guess = {"id": "guess", "label": label, "shape": {"type": "whole"}, "confidence": 0.8, "origin": "prediction", "review": "draft"}
        version = shared_api.get(path)["version"]
        shared_api.patch(path, {"upsert": [guess]}, headers={"If-Match": f'"{version}"'})
    gallery.reload()
    named(gallery, "look").locator("label", has_text="Grid").click()
    expect(named(tile(gallery, one), "guess")).to_contain_text("Water")
    # The keys work at once: the grid has the focus when it opens.
    expect(tile(gallery, one)).to_be_focused()
    gallery.keyboard.press("a")
    soon(lambda: set(whole(shared_api, one)) == {water})
    tile(gallery, two).focus()
    gallery.keyboard.press("x")
    expect(named(tile(gallery, two), "guess")).to_have_count(0)
    soon(lambda: shared_api.get(f"/campaigns/{campaign['id']}/guesses?ids={two['id']}") == [])
    assert whole(shared_api, two) == {}


def test_a_viewer_sees_what_was_shared_and_is_offered_nothing_that_would_be_refused(
    gallery: Page, browser: Any, shared_stack: Stack, campaign: dict[str, Any], shared_api: Api
):
    shared_api.post(f"/campaigns/{campaign['id']}/members", {"username": "vera", "role": "viewer", "password": "correct horse battery"})
    view = {"filter": {"q": "photo-3"}, "ordering": "-id"}
    for name, shared in (("Late ones", True), ("My own", False)):
        shared_api.post(f"/campaigns/{campaign['id']}/views", {**view, "name": name, "shared": shared})
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    sign_in(page, shared_stack, "vera", "correct horse battery")
    page.goto(f"{shared_stack.url}/campaigns/{campaign['id']}/images")
    named(page, "views").click()
    expect(named(page, "view")).to_have_count(1)
    named(page, "view").get_by_text("Late ones", exact=True).click()
    expect(named(page, "image-count")).to_have_attribute("data-count", "6")
    last = tile(page, campaign["images"][35])
    last.click(position={"x": 60, "y": 60})
    expect(named(page, "selection-bar").get_by_role("button")).to_have_text(["Clear"])
    last.click(button="right", position={"x": 60, "y": 60})
    expect(named(page, "image-menu").get_by_role("menuitem")).to_have_text(["Open", "Find similar"])
    context.close()


def test_a_whole_selection_is_moved_flagged_and_removed_by_one_request_each(gallery: Page, campaign: dict[str, Any], shared_api: Api):
    sent: list[str] = []
    gallery.on("request", lambda request: sent.append(request.method) if request.method in {"PATCH", "DELETE"} else None)
    path = f"/campaigns/{campaign['id']}/images"
    gallery.keyboard.press("Control+a")
    named(gallery, "selection-split").click()
    gallery.get_by_role("menuitem", name="Validation").click()
    named(gallery, "selection-flag").click()
    soon(lambda: all(row["split"] == "validation" and row["flagged"] for row in shared_api.every(path)))
    tile(gallery, campaign["images"][0]).click(position={"x": 60, "y": 60}, modifiers=["Control"])
    named(gallery, "selection-bar").get_by_role("button", name="Remove", exact=True).click()
    gallery.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    expect(named(gallery, "image-count")).to_have_attribute("data-count", "1")
    assert [row["id"] for row in shared_api.every(path)] == [campaign["images"][0]["id"]]
    assert sent == ["PATCH", "PATCH", "DELETE"]


def test_what_was_removed_meanwhile_is_passed_over_and_the_list_of_changes_takes_the_rest_back(
    gallery: Page, campaign: dict[str, Any], shared_api: Api
):
    one, gone, two = campaign["images"][:3]
    water = campaign["labels"][0]["id"]
    tile(gallery, one).click(position={"x": 60, "y": 60})
    tile(gallery, two).click(position={"x": 60, "y": 60}, modifiers=["Shift"])
    shared_api.call("DELETE", f"/images/{gone['id']}")
    named(named(gallery, "panel-label-Water"), "label-plus").click()
    soon(lambda: all(set(whole(shared_api, image)) == {water} for image in (one, two)))
    expect(gallery.get_by_text("One of the images was removed meanwhile")).to_be_visible()
    expect(named(gallery, "selection-bar")).to_have_attribute("data-count", "2")
    expect(named(gallery, "image-count")).to_have_attribute("data-count", str(IMAGES - 1))
    named(gallery, "open-changes").click()
    change = named(gallery, "change").first
    expect(change).to_contain_text("Add Water, submit on 2 images")
    expect(change).to_contain_text("ada")
    named(change, "undo-change").click()
    expect(change).to_contain_text("Undone by ada")
    assert all(whole(shared_api, image) == {} for image in (one, two))
    gallery.keyboard.press("Escape")
    expect(named(gallery, "undo-labeling")).to_be_disabled()


def test_blurred_images_are_found_excluded_and_taken_in_again(
    gallery: Page, shared_stack: Stack, campaign: dict[str, Any], shared_api: Api
):
    path = f"/campaigns/{campaign['id']}"
    soon(lambda: all(row["sharpness"] is not None for row in shared_api.every(f"{path}/images?page_size=200")))
    measured = sorted(row["sharpness"] for row in shared_api.every(f"{path}/images?page_size=200"))
    gallery.goto(f"{shared_stack.url}{path}/images?f=all(sharpness_lte:{measured[4]})")
    expect(named(gallery, "image-count")).to_have_attribute("data-count", "5")
    gallery.keyboard.press("Control+a")
    named(gallery, "selection-exclude").click()
    soon(lambda: shared_api.get(path)["counts"]["excluded"] == 5)
    expect(gallery.locator(f"{TILE}[data-excluded]")).to_have_count(5)
    expect(named(gallery, "campaign-counts")).to_contain_text(f"0 of {IMAGES - 5} images labeled · 5 excluded")
    gallery.goto(f"{shared_stack.url}{path}/images?f=all(state:excluded)")
    expect(named(gallery, "image-count")).to_have_attribute("data-count", "5")
    expect(gallery.locator(f"{TILE}[data-excluded]")).to_have_count(5)
    # One by its menu, the others together.
    gallery.locator(TILE).first.click(button="right", position={"x": 60, "y": 60})
    named(gallery, "menu-exclude").click()
    soon(lambda: shared_api.get(path)["counts"]["excluded"] == 4)
    gallery.get_by_role("button", name="Look for changes").click()
    expect(named(gallery, "image-count")).to_have_attribute("data-count", "4")
    gallery.keyboard.press("Control+a")
    named(gallery, "selection-exclude").click()
    soon(lambda: shared_api.get(path)["counts"]["unlabeled"] == IMAGES)


def test_a_label_given_while_the_server_is_away_arrives_when_it_is_back(gallery: Page, campaign: dict[str, Any], shared_api: Api):
    image = campaign["images"][0]
    tries: list[str] = []

    def away(route: Route) -> None:
        tries.append(route.request.headers["idempotency-key"])
        if len(tries) < 3:
            route.abort("connectionrefused")
        else:
            route.continue_()

    gallery.route("**/labelings", away)
    tile(gallery, image).click(position={"x": 60, "y": 60})
    named(named(gallery, "panel-label-Water"), "label-plus").click()
    expect(gallery.get_by_text("The server does not answer.")).to_be_visible()
    expect(named(gallery, "unsaved")).to_have_attribute("data-count", "0")
    assert set(whole(shared_api, image)) == {campaign["labels"][0]["id"]}
    assert len(tries) == 3 and len(set(tries)) == 1
