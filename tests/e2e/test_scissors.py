"""Intelligent scissors: an outline that clings to edges of the picture, against a coast that is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw
from playwright.sync_api import Page, expect

from tests.campaigns.samples import cutout, picture_bytes, tiff_bytes
from tests.e2e.bench import PHOTO, RASTER, Hand, make_campaign
from tests.e2e.stack import Api, Stack

# Madagascar: about 80 by 200 pixels, with bays. The clicks are careless: up to three pixels beside the coast.
ISLAND = cutout(320, 400, column=3250, row=1450)
CLICKS = ((187, 80), (208, 127), (190, 183), (134, 285), (98, 232), (116, 144))
INLAND = (150, 200)
ASTRAY = (60, 150)


def coast() -> NDArray[np.bool_]:
    """Where the island is, by colour alone: water is blue."""
    red, green, blue = (ISLAND[:, :, band].astype(int) for band in range(3))
    land = Picture.fromarray(np.where((blue > red + 10) & (blue > green + 5), 0, 255).astype(np.uint8)).copy()
    ImageDraw.floodfill(land, INLAND, 128)
    return np.equal(np.asarray(land), 128)


def filled(rings: list[list[list[float]]]) -> NDArray[np.bool_]:
    """Pixels inside a polygon, by their middles."""
    height, width = ISLAND.shape[:2]
    canvas = Picture.new("L", (width * 8, height * 8))
    ImageDraw.Draw(canvas).polygon([(x * 8, y * 8) for x, y in rings[0]], fill=255)
    return np.asarray(canvas.resize((width, height), Picture.Resampling.BOX)) >= 128


def overlap(rings: list[list[list[float]]]) -> float:
    """Intersection over union with the island."""
    drawn, island = filled(rings), coast()
    return float((drawn & island).sum() / (drawn | island).sum())


def scene() -> bytes:
    """The island as a GeoTIFF of three 16-bit bands."""
    return tiff_bytes(np.moveaxis(ISLAND.astype(np.uint16) * 30, 2, 0), tiled=True)


def point_at(hand: Hand, x: int, y: int) -> None:
    """Point at a place until the edges on the way to it are found."""
    hand.move(x, y)
    hand.page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    expect(hand.page.get_by_text("Looking for edges")).to_have_count(0)


def outline(hand: Hand, clicks: tuple[tuple[int, int], ...]) -> None:
    """Click each place once the edges on the way to it are found."""
    for x, y in clicks:
        point_at(hand, x, y)
        hand.click(x, y)


def rings_of(annotation: dict[str, Any]) -> list[list[list[float]]]:
    return list(annotation["shape"]["polygons"][0])


@pytest.mark.parametrize("image", [(*PHOTO, picture_bytes(ISLAND, "JPEG", quality=92)), (*RASTER, scene())], ids=["photograph", "GeoTIFF"])
def test_six_clicks_outline_an_island_along_its_coast(signed_in: Page, shared_stack: Stack, shared_api: Api, image: tuple[str, str, bytes]):
    hand = Hand.at(signed_in, shared_stack, shared_api, make_campaign(shared_api, "segmentation", (image,))["images"][0])
    hand.key("p")
    outline(hand, CLICKS)
    hand.click(*CLICKS[0])
    by_hand = overlap(rings_of(hand.seen()[0]))
    hand.key("Delete", "p", "o")
    expect(hand.named("set-path.scissors")).to_be_checked()
    outline(hand, (*CLICKS[:4], ASTRAY))
    hand.key("Backspace")  # takes back a piece with all its points
    outline(hand, CLICKS[4:])
    outline(hand, CLICKS[:1])
    (drawn,) = hand.seen()
    found, points = overlap(rings_of(drawn)), len(rings_of(drawn)[0])
    assert found > 0.94 > by_hand + 0.1, (found, by_hand)
    assert 60 < points < 250, points
    assert hand.survives() == [drawn]
