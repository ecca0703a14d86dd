"""How the measures of a campaign's images are spread: what a limit of a filter is chosen by."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from campaigns.models import Campaign, Image, User

pytestmark = pytest.mark.django_db


def test_a_limit_read_from_the_spread_keeps_that_share_of_the_measured_images(
    as_user: Callable[[User | None], APIClient], annotator: User, campaign: Campaign, make_campaign: Callable[..., Campaign],
    make_image: Callable[..., Image],
):  # fmt: skip
    client, path = as_user(annotator), f"/api/v1/campaigns/{campaign.pk}/images"
    assert client.get(f"{path}/measures").data == {"sharpness": [], "brightness": [], "contrast": []}
    for n in range(40):
        make_image(campaign, f"{n}.png", sharpness=((n * 7) % 40) ** 2 / 7, brightness=n / 40, contrast=0.25)
    make_image(campaign, "unmeasured.png", sharpness=None)
    make_image(make_campaign("Elsewhere"), "other.png", sharpness=99_999.0, brightness=1.0, contrast=1.0)
    spread = client.get(f"{path}/measures").data
    assert [len(values) for values in spread.values()] == [101] * 3
    assert (spread["sharpness"][0], spread["sharpness"][100]) == (0, 39**2 / 7)
    assert set(spread["contrast"]) == {0.25}
    for share in (0, 10, 50, 100):
        kept = client.get(f"{path}/ids?sharpness_lte={spread['sharpness'][share]}").data["count"]
        assert kept == round(39 * share / 100) + 1
