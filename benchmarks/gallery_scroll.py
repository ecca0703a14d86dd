"""Scroll the gallery over 100,000 images in a real Chromium: frames a second, and how soon the first pictures stand."""

import os
import statistics
import time
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.report import report
from benchmarks.server import data_folder, fill, web_server

IMAGES = 100_000
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
STEADY_S = 4.0
ROUNDS = 3
PASSWORD = "correct horse battery"

# Frames that the page painted, and the longest gap between two.
COUNT = """() => {
  window.frames_ = []; const tick = (now) => { window.frames_.push(now); window.ticking_ = requestAnimationFrame(tick); };
  window.ticking_ = requestAnimationFrame(tick);
}"""
COUNTED = """() => {
  cancelAnimationFrame(window.ticking_);
  const gaps = window.frames_.slice(1).map((now, at) => now - window.frames_[at]);
  const total = gaps.reduce((sum, gap) => sum + gap, 0);
  return { fps: 1000 * gaps.length / total, longest_ms: Math.max(...gaps) };
}"""
PICTURES = """() => [...document.querySelectorAll('[data-testid=image-tile] img')].some((img) => {
  const box = img.getBoundingClientRect(); return img.complete && img.naturalWidth > 0 && box.bottom > 0 && box.top < innerHeight;
})"""
ROWS = """() => [...document.querySelectorAll('[data-testid=image-tile]')].some((tile) => {
  const box = tile.getBoundingClientRect(); return box.top > 0 && box.top < innerHeight && tile.textContent.includes('.jpg');
})"""


def one_picture_for_all(folder: Any) -> None:
    """Give the images a file: all of them the same, since what is measured is the page."""
    from PIL import Image as Picture

    from campaigns.models import Image

    Picture.linear_gradient("L").resize((1024, 768)).convert("RGB").save(folder / "one.jpg")
    Image.objects.update(path=str(folder / "one.jpg"))


def give_password() -> str:
    """Let the campaign's owner sign in; return the name."""
    from campaigns.models import User

    user = User.objects.get(username=f"person-{IMAGES}-0")
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return user.username


def sign_in(page: Page, url: str, username: str) -> None:
    """Sign the browser in."""
    page.request.get(f"{url}/api/v1/auth/state")
    token = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken")
    body = {"username": username, "password": PASSWORD}
    answer = page.request.post(f"{url}/api/v1/auth/login", data=body, headers={"X-CSRFToken": token, "Referer": url})
    assert answer.ok, answer.text()


def opened_ms(page: Page, address: str) -> dict[str, float]:
    """Open the gallery; return when its first rows and its first pictures stood."""
    began = time.perf_counter()
    page.goto(address)
    page.wait_for_function(ROWS, polling=20)
    rows = time.perf_counter()
    page.wait_for_function(PICTURES, polling=20)
    return {"rows_ms": (rows - began) * 1000, "pictures_ms": (time.perf_counter() - began) * 1000}


def wheel(page: Page, delta: int) -> dict[str, float]:
    """Turn the wheel for a while over the tiles."""
    page.mouse.move(640, 600)
    page.evaluate(COUNT)
    began = time.perf_counter()
    while time.perf_counter() - began < STEADY_S:
        page.mouse.wheel(0, delta)
        time.sleep(0.016)
    counted: dict[str, float] = page.evaluate(COUNTED)
    return {"fps": round(counted["fps"], 1), "longest_ms": round(counted["longest_ms"])}


def jump_ms(page: Page, part: float) -> float:
    """Drag the scrollbar to somewhere; return how long until rows stand there."""
    page.evaluate("(part) => window.scrollTo(0, document.documentElement.scrollHeight * part)", part)
    began = time.perf_counter()
    page.wait_for_timeout(40)
    page.wait_for_function(ROWS, polling=20)
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """Measure on 100,000 images."""
    with data_folder() as folder:
        ground = fill(images=IMAGES, people=1, task="classification")
        one_picture_for_all(folder)
        username = give_password()
        with web_server() as port, sync_playwright() as playwright:
            url = f"http://127.0.0.1:{port}"
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            sign_in(page, url, username)
            address = f"{url}/campaigns/{ground['campaign']}/images"
            opened = [opened_ms(page, address) for _ in range(ROUNDS)]
            slow, fast = wheel(page, 60), wheel(page, 600)
            jumps = [jump_ms(page, part) for part in (0.9, 0.2, 0.5, 1)]
            reached = page.evaluate("Math.max(...[...document.querySelectorAll('[data-image]')].map((tile) => Number(tile.dataset.image)))")
            browser.close()
    assert reached == ground["first_image"] + IMAGES - 1, "the scrollbar's end is not the list's end"
    ours = {
        "first_rows_ms": round(statistics.median(one["rows_ms"] for one in opened)),
        "first_pictures_ms": round(statistics.median(one["pictures_ms"] for one in opened)),
        "jump_to_rows_ms": round(statistics.median(jumps)),
        **{f"wheel_{key}": value for key, value in slow.items()},
        **{f"fast_wheel_{key}": value for key, value in fast.items()},
    }
    report(
        "gallery-scroll",
        ours=ours,
        peer={"display_fps": 60},
        ratio=slow["fps"] / 60,
        goal="55 frames a second or more by the wheel over 100,000 images, the first pictures within 2 s",
        holds=slow["fps"] >= 55 and ours["first_pictures_ms"] <= 2000,
    )


if __name__ == "__main__":
    main()
