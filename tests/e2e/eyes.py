"""What a person sees of the labeling page: colours at places of the image, what is in sight, how close the view is."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image as Picture

from tests.e2e.bench import Hand, make_campaign
from tests.e2e.stack import Api, wait_for

LABELS = [{"name": "Land", "color": "#e69f00"}, {"name": "Water", "color": "#0072b2"}]
TIFF = "image/tiff"
Rgb = tuple[int, int, int]


def with_drafts(api: Api, images: tuple[tuple[str, str, bytes], ...], drafts: dict[str, tuple[int, float]]) -> dict[str, Any]:
    """Make a campaign on whose first image drafts lie in a row, each 80 x 80: {id: (which label, confidence)}."""
    campaign = make_campaign(api, "detection", images, labels=LABELS)
    labels = [label["id"] for label in campaign["labels"]]
    rows = [
        {
            "id": name, "label": labels[label], "origin": "prediction", "review": "draft", "confidence": confidence,
            "shape": {"type": "box", "x": 40 + 110 * at, "y": 60, "width": 80, "height": 80, "rotation": 0},
        }
        for at, (name, (label, confidence)) in enumerate(drafts.items())
    ]  # fmt: skip
    if rows:
        path = f"/images/{campaign['images'][0]['id']}/annotation-set"
        version = api.get(path)["version"]
        api.patch(path, {"upsert": rows}, headers={"If-Match": f'"{version}"'})
    return campaign


def painted(hand: Hand, image: int | None = None) -> None:
    """Wait until the picture is there."""
    hand.page.wait_for_function("(id) => window.__winnow?.painted()?.id === id", arg=image or hand.image["id"])


def canvas(hand: Hand) -> np.ndarray[Any, Any]:
    """What a person sees of the stage: (height, width, 3)."""
    shot = hand.page.locator("main").screenshot(animations="disabled")
    return np.asarray(Picture.open(io.BytesIO(shot)).convert("RGB")).astype(int)


def around(hand: Hand, x: float, y: float, reach: int) -> np.ndarray[Any, Any]:
    """The pixels of the page around a point of the image: (2 reach + 1, 2 reach + 1, 3)."""
    frame = hand.page.locator("main").bounding_box()
    assert frame is not None
    left, top = hand.place(x, y)
    column, row = round(left - frame["x"]), round(top - frame["y"])
    return canvas(hand)[row - reach : row + reach + 1, column - reach : column + reach + 1]


def seen_at(hand: Hand, x: float, y: float, reach: int = 2) -> Rgb:
    """The mean colour on the page around a point of the image."""
    red, green, blue = around(hand, x, y, reach).reshape(-1, 3).mean(axis=0)
    return round(red), round(green), round(blue)


def brightest(hand: Hand, x: float, y: float, reach: int = 2) -> int:
    """The brightest value near a point: a thin line is seen that a mean would hide."""
    return int(around(hand, x, y, reach).max())


def until(hand: Hand, holds: Callable[[], bool], complaint: str) -> None:
    wait_for(holds, 10, lambda: complaint, every=0.1)


def slide(hand: Hand, name: str, key: str, times: int) -> None:
    """Move a slider by its own keys."""
    hand.named(name).focus()
    for _ in range(times):
        hand.page.keyboard.press(key)


def in_sight(hand: Hand) -> list[float]:
    """What is in sight, when the view has come to rest."""
    before: list[float] = []
    while before != (now := hand.page.evaluate("window.__winnow.inSight()")):
        before = now
        hand.page.wait_for_timeout(250)
    return before


def scale(hand: Hand) -> float:
    """Pixels of the page for one of the image."""
    (left, _), (right, _) = hand.place(0, 0), hand.place(100, 0)
    return (right - left) / 100


def flat_photo(level: int, name: str = "flat.png") -> tuple[str, str, bytes]:
    buffer = io.BytesIO()
    pixels = np.full((480, 640, 3), level, dtype=np.uint8)
    pixels[0, 0] = len(name)
    Picture.fromarray(pixels).save(buffer, "PNG")
    return name, "image/png", buffer.getvalue()
