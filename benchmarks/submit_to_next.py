"""Press Ctrl and Enter in a real browser; how long until the next image is painted completely, on photographs and on GeoTIFF chips."""

import io

import numpy as np
from PIL import Image as Picture
from playwright.sync_api import Page
from rasterio.transform import from_origin

from benchmarks.browser import painted, winnow_in_a_browser
from benchmarks.report import percentile, report
from tests.campaigns.samples import cutout, picture_bytes, tiff_bytes
from tests.e2e.stack import Api, Stack

IMAGES = 26
SIDE = 1024
LOOK_MS = 2000  # thirty images a minute: nobody labels faster for long; meanwhile the page looks ahead
GOAL_MS = 150
PRESSED = "addEventListener('keydown', (event) => { if (event.key === 'Enter') window.pressed_ms = event.timeStamp }, true)"


def photographs() -> list[tuple[str, bytes]]:
    """Windows of the Earth as JPEGs."""
    return [(f"{n:02}.jpg", picture_bytes(window(n), "JPEG", quality=90)) for n in range(IMAGES)]


def window(n: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A window of the Earth, enlarged to the side of a chip."""
    pixels = Picture.fromarray(np.ascontiguousarray(cutout(512, 512, column=150 * n, row=300 + 40 * n)))
    return np.asarray(pixels.resize((SIDE, SIDE), Picture.Resampling.BICUBIC))


def chips() -> list[tuple[str, bytes]]:
    """The same as GeoTIFFs of 16 bits, which the server stretches and cuts into tiles."""
    place = {"crs": "EPSG:32633", "transform": from_origin(500_000, 5_400_000, 10, 10)}
    return [(f"{n:02}.tif", tiff_bytes(chip(n), **place, tiled=True)) for n in range(IMAGES)]


def chip(n: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    """A window of the Earth in deep pixels: (3, side, side)."""
    return np.moveaxis(window(n).astype(np.uint16) * 40, 2, 0)


def turns(stack: Stack, api: Api, page: Page, files: list[tuple[str, bytes]]) -> list[float]:
    """Submit image after image; return the seconds from the key to the complete picture."""
    labels = [{"name": "ship"}]
    campaign = api.post("/campaigns", {"name": "Speed", "task": "detection", "labels": labels, "settings": {"control_share": 0}})
    api.post(f"/campaigns/{campaign['id']}/images", files=[("files", (name, io.BytesIO(content))) for name, content in files])
    page.goto(f"{stack.url}/campaigns/{campaign['id']}/label")
    page.wait_for_function("() => window.__winnow?.painted()")
    page.evaluate(PRESSED)
    taken = []
    for _ in range(IMAGES - 1):
        page.wait_for_timeout(LOOK_MS)
        before = page.evaluate("window.__winnow.image().id")
        page.keyboard.press("Control+Enter")
        page.wait_for_function("(id) => ![id, undefined].includes(window.__winnow.image()?.id)", arg=before)
        done_ms = painted(page, page.evaluate("window.__winnow.image().id"))
        taken.append((done_ms - page.evaluate("window.pressed_ms")) / 1000)
    return taken


def main() -> None:
    """Measure both kinds."""
    with winnow_in_a_browser() as (stack, api, page):
        figures = {"photographs": turns(stack, api, page, photographs()), "geotiff_chips": turns(stack, api, page, chips())}
    shares = {"p50_ms": 0.5, "p95_ms": 0.95}
    told = {f"{name}_{part}": round(1000 * percentile(taken, share)) for name, taken in figures.items() for part, share in shares.items()}
    worst = max(1000 * percentile(taken, 0.5) for taken in figures.values())
    report(
        "submit-to-next",
        ours=told,
        peer={"limit_p50_ms": GOAL_MS},
        ratio=worst / GOAL_MS,
        goal="the next image is painted within 150 ms of submitting, at p50, on photographs and on rasters",
        holds=worst <= GOAL_MS,
    )


if __name__ == "__main__":
    main()
