"""The labeling page in a real browser, for tests that draw: images to draw on, a hand, and what the server has in the end."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from playwright.sync_api import Locator, Page, expect

from tests.campaigns.samples import cutout, picture_bytes, tiff_bytes
from tests.e2e.stack import OWNER, Api, Stack, wait_for

PHOTO = ("photo.jpg", "image/jpeg")
RASTER = ("scene.tif", "image/tiff")
STEPS = 6


def photo(width: int = 640, height: int = 480, **place: int) -> bytes:
    """A picture of the Mediterranean, by default."""
    return picture_bytes(cutout(width, height, **place), "JPEG", quality=92)


def raster(width: int = 640, height: int = 480) -> bytes:
    """The same place as a GeoTIFF of four 16-bit bands in EPSG:4326."""
    seen = cutout(width, height).astype(np.uint16) * 30
    return tiff_bytes(np.stack([seen[:, :, 0], seen[:, :, 1], seen[:, :, 2], seen[:, :, 1] + 500]), tiled=True)


def make_campaign(api: Api, task: str, images: Iterable[tuple[str, str, bytes]], **fields: Any) -> dict[str, Any]:
    """Make a campaign with labels Water and Land, or ``labels``, and images ``(name, type, bytes)``; its images stand in ``images``."""
    document = {
        "name": f"{task} by hand",
        "task": task,
        "labels": [{"name": "Water"}, {"name": "Land"}],
        "settings": {"control_share": 0.0},
        **fields,
    }
    campaign = dict(api.post("/campaigns", document))
    files = [("files", (name, io.BytesIO(content), kind)) for name, kind, content in images]
    answer = api.post(f"/campaigns/{campaign['id']}/images", files=files)
    assert answer["created"] == len(files), answer
    campaign["images"] = api.every(f"/campaigns/{campaign['id']}/images")
    return campaign


def sign_in(page: Page, stack: Stack, username: str = OWNER["username"], password: str = OWNER["password"]) -> None:
    """Sign the browser in through the API; the session's cookies do the rest, in every later browser of hers, too."""
    if username in stack.cookies:
        page.context.add_cookies(stack.cookies[username])
        return
    page.request.get(f"{stack.url}/api/v1/auth/state")
    token = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken")
    headers = {"X-CSRFToken": token, "Referer": stack.url}
    answer = page.request.post(f"{stack.url}/api/v1/auth/login", data={"username": username, "password": password}, headers=headers)
    assert answer.ok, answer.text()
    stack.cookies[username] = page.context.cookies()


@dataclass
class Hand:
    """A person at the labeling page: mouse and keys in image coordinates."""

    page: Page
    stack: Stack
    api: Api
    image: dict[str, Any]

    @classmethod
    def at(cls, page: Page, stack: Stack, api: Api, image: dict[str, Any]) -> Hand:
        """Open one image and wait until it can be worked on."""
        hand = cls(page, stack, api, image)
        hand.open()
        return hand

    def open(self) -> None:
        """Open the image, or open it again as after a reload."""
        self.page.goto(f"{self.stack.url}/campaigns/{self.image['campaign']}/label?image={self.image['id']}")
        self.page.wait_for_function("(id) => window.__winnow?.image()?.id === id", arg=self.image["id"])
        self.page.wait_for_function("() => window.__winnow.toScreen(0, 0) !== null")

    def named(self, name: str) -> Locator:
        """What carries a test id."""
        return self.page.locator(f'[data-testid="{name}"]')

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the image is on the page."""
        left, top = self.page.evaluate("([x, y]) => window.__winnow.toScreen(x, y)", [x, y])
        return float(left), float(top)

    def move(self, x: float, y: float) -> None:
        """Move the pointer to a point of the image."""
        self.page.mouse.move(*self.place(x, y))

    def click(self, x: float, y: float, **options: Any) -> None:
        """Click a point of the image; ``modifiers=["Shift"]`` holds keys."""
        keys = options.pop("modifiers", [])
        self.move(x, y)
        for key in keys:
            self.page.keyboard.down(key)
        self.page.mouse.click(*self.place(x, y), **options)
        for key in keys:
            self.page.keyboard.up(key)

    def drag(self, *points: tuple[float, float], modifiers: Iterable[str] = (), button: str = "left") -> None:
        """Press at the first point, go along the others, and let go at the last."""
        keys = list(modifiers)
        self.move(*points[0])
        for key in keys:
            self.page.keyboard.down(key)
        self.page.mouse.down(button=button)  # type: ignore[arg-type]
        for x, y in points[1:]:
            self.page.mouse.move(*self.place(x, y), steps=STEPS)
        self.page.mouse.up(button=button)  # type: ignore[arg-type]
        for key in keys:
            self.page.keyboard.up(key)

    def key(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def seen(self) -> list[dict[str, Any]]:
        """The annotations as the page has them."""
        return list(self.page.evaluate("window.__winnow.annotations()"))

    def saved(self) -> list[dict[str, Any]]:
        """Wait until all is saved, and read the annotations from the server."""
        expect(self.named("save-state")).to_have_attribute("data-state", "saved", timeout=15_000)
        stored: list[dict[str, Any]] = []

        def same() -> bool:
            stored[:] = self.api.get(f"/images/{self.image['id']}/annotation-set")["annotations"]
            return sorted(a["id"] for a in stored) == sorted(a["id"] for a in self.seen())

        wait_for(same, 10, lambda: f"the page shows {self.seen()}, the server has {stored}")
        return stored

    def survives(self, same: Callable[[dict[str, Any], dict[str, Any]], bool] | None = None) -> list[dict[str, Any]]:
        """Undo the last step, redo it, save, reload: the page must show what the server has, unchanged. Return that."""
        before = self.seen()
        self.key("Control+z")
        assert self.seen() != before, "undo changed nothing"
        self.key("Control+Shift+z")
        assert self.seen() == before, "redo did not bring the step back"
        stored = self.saved()
        self.open()
        after = {a["id"]: a for a in self.seen()}
        for annotation in stored:
            shown = after[annotation["id"]]
            assert same(shown, annotation) if same else shown == annotation, (shown, annotation)
        return stored
