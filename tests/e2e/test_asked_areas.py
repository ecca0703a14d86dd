"""A round that asks about areas: the labeling page opens at the first one, a key leads on, and a panel says why the image is asked."""

from playwright.sync_api import Page, expect

from tests.e2e.bench import Hand, make_campaign
from tests.e2e.eyes import TIFF, in_sight, until
from tests.e2e.models import geotiff, picture_with_patches
from tests.e2e.stack import Api, Stack, model_server
from tests.e2e.test_journey_api import PLACE, UTM


def test_an_image_opens_at_the_area_asked_about_and_says_why(signed_in: Page, shared_stack: Stack, shared_api: Api):
    scenes = [(f"scene-{n}.tif", TIFF, geotiff(picture_with_patches(n)[0], PLACE, UTM)) for n in (3, 4)]
    campaign = make_campaign(shared_api, "segmentation", scenes, labels=[{"name": "bright"}], settings={"control_share": 0})
    with model_server() as url:
        classes = [{"index": 0, "name": "rest"}, {"index": 1, "name": "bright"}]
        model = shared_api.post(
            "/models", {"name": "Bright ground", "task": "segmentation", "protocol": "scaneo", "url": f"{url}/segment", "classes": classes}
        )
        shared_api.post(f"/campaigns/{campaign['id']}/models", {"model": model["id"]})
        asked = {"strategy": "patches", "size": 2, "model": model["id"], "areas": 3, "audit_share": 0}
        shared_api.finished(shared_api.post(f"/campaigns/{campaign['id']}/rounds", asked)["run"])
    first = shared_api.get(f"/campaigns/{campaign['id']}/rounds/1/ranking")["results"][0]
    areas = [area["bounds"] for area in first["areas"]]
    assert len(areas) > 1

    hand = Hand.at(signed_in, shared_stack, shared_api, next(each for each in campaign["images"] if each["id"] == first["image"]["id"]))

    def shows(area: list[float]) -> bool:
        left, top, right, bottom = in_sight(hand)
        whole = shared_api.get(f"/images/{first['image']['id']}")["width"]
        return left <= area[0] and top <= area[1] and right >= area[2] and bottom >= area[3] and right - left < 0.8 * whole

    place = hand.named("area-place")
    expect(place).to_have_text(f"1 of {len(areas)}")
    until(hand, lambda: shows(areas[0]), "not at the first area")
    hand.key("Shift+W")
    expect(place).to_have_text(f"2 of {len(areas)}")
    until(hand, lambda: shows(areas[1]), "not at the second area")
    hand.key("Alt+W")
    expect(place).to_have_text(f"1 of {len(areas)}")
    expect(hand.named("area-why")).to_contain_text("unsure here")

    # An area is handed in alone: the image stays open, the next area comes up, and a later visit knows.
    hand.key("Alt+Enter")
    expect(place).to_have_text(f"2 of {len(areas)}")
    (handed,) = shared_api.get(f"/images/{first['image']['id']}/labeled-areas")
    assert all(abs(one - other) <= 0.5 for one, other in zip(handed["bounds"], areas[0], strict=True))
    assert shared_api.get(f"/images/{first['image']['id']}")["state"] == "unlabeled"
    expect(hand.named("hand-in-area")).to_have_attribute("data-done", "false")
    hand.key("Alt+W")
    expect(hand.named("hand-in-area")).to_have_text("Handed in")

    hand.named("why-image").locator("summary").click()
    expect(hand.named("why-rank")).to_have_text("Rank 1 of round 1, by Unsure patches, label by label.")
    expect(hand.named("why-image")).to_contain_text("least sure tenth")
    expect(hand.named("why-image")).to_contain_text("uncertainty")
