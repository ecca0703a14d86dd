"""Draw 10,000 polygons on the labeling page's canvas beside a bare VectorImage and an SVG node a shape; pan, zoom, drag a vertex."""

import functools
import http.server
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.report import report

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "frontend"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
VERTICES = 30
MANY = 50_000
DETAILED = 6_000
ROUNDS = 3
STEADY_S = 2.0
REST_MS = 2500  # long enough for the picture of the shapes to be made again


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serve files without a line for each."""

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def page_of_the_bench() -> Iterator[str]:
    """Build the benchmark's page and serve it on loopback; yield its address."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}", "BENCH_OUT": folder}
        build = ["node", "node_modules/vite/bin/vite.js", "build", "--config", "bench/vite.config.ts", "--logLevel", "warn"]
        subprocess.run(build, cwd=FRONTEND, env=environment, check=True)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/index.html"
        finally:
            server.shutdown()


def first_renders(page: Page, count: int) -> tuple[float, float]:
    """Return the median milliseconds of the bare layer and of ours, taken in turns."""
    page.evaluate("([count, vertices]) => { window.drawn = bench.annotations(count, vertices) }", [count, VERTICES])
    pairs = [(page.evaluate("bench.bare(drawn)"), page.evaluate("bench.ours(drawn)")) for _ in range(ROUNDS)]
    return statistics.median(bare for bare, _ in pairs), statistics.median(ours for _, ours in pairs)


def frames_while(page: Page, stroke: Callable[[int], None], pause_s: float) -> dict[str, float]:
    """Return frames a second, and the longest gap between two, while a real mouse works."""
    page.evaluate("bench.countFrames()")
    began, step = time.perf_counter(), 0
    while time.perf_counter() - began < STEADY_S:
        step += 1
        stroke(step)
        time.sleep(pause_s)
    counted = page.evaluate("bench.framesCounted()")
    page.mouse.up(button="middle")
    page.mouse.up()
    page.wait_for_timeout(REST_MS)
    return {"fps": round(counted["fps"], 1), "longest_ms": round(counted["longest_ms"])}


def pan(page: Page) -> dict[str, float]:
    """Drag the image about."""
    page.mouse.move(600, 400)
    page.mouse.down(button="middle")
    return frames_while(page, lambda step: page.mouse.move(600 + step * 3, 400 + step * 2), 0.016)


def zoom(page: Page) -> dict[str, float]:
    """Turn the wheel."""
    page.mouse.move(640, 400)
    return frames_while(page, lambda step: page.mouse.wheel(0, -40 if step % 2 else -30), 0.06)


def drag_vertex(page: Page) -> dict[str, float]:
    """Take a vertex for a walk."""
    x, y = page.evaluate("bench.editInTheMiddle()")
    page.mouse.move(x, y)
    page.mouse.down()
    return frames_while(page, lambda step: page.mouse.move(x + step, y + step / 2), 0.016)


def svg_peer(page: Page) -> dict[str, float]:
    """Let the page that has an SVG node a shape do the same."""
    first_ms = page.evaluate("bench.svgFirst(drawn)")
    page.wait_for_timeout(REST_MS)
    smooth = {"pan": pan(page), "zoom": zoom(page)}
    page.evaluate("bench.noSvg()")
    return {"svg_first_render_ms": round(first_ms), **{f"svg_{name}_fps": counted["fps"] for name, counted in smooth.items()}}


def many(page: Page) -> dict[str, float]:
    """Pan over 50,000 shapes."""
    page.evaluate("([count, vertices]) => { window.drawn = bench.annotations(count, vertices) }", [MANY, VERTICES])
    first_ms = page.evaluate("bench.ours(drawn)")
    page.wait_for_timeout(2 * REST_MS)
    counted = pan(page)
    return {"first_render_50000_ms": round(first_ms), "pan_50000_fps": counted["fps"], "pan_50000_longest_ms": counted["longest_ms"]}


def detailed(page: Page) -> dict[str, float]:
    """Drag one vertex of an outline of 6,000."""
    page.evaluate("(vertices) => bench.ours(bench.coast(vertices))", DETAILED)
    page.wait_for_timeout(REST_MS)
    x, y = page.evaluate("bench.editCoast()")
    before = page.evaluate("bench.coastVertex()")
    page.wait_for_timeout(500)
    page.mouse.move(x, y)
    page.mouse.down()
    counted = frames_while(page, lambda step: page.mouse.move(x + step / 2, y - step / 2), 0.016)
    assert page.evaluate("bench.coastVertex()") != before, "the vertex was not moved"
    return {"drag_6000_fps": counted["fps"], "drag_6000_longest_ms": counted["longest_ms"]}


def main() -> None:
    """Measure at 10,000 polygons, and at a tenth of it to see how the cost grows."""
    with page_of_the_bench() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(address)
        bare_small, ours_small = first_renders(page, 1_000)
        bare, ours = first_renders(page, 10_000)
        page.wait_for_timeout(REST_MS)
        smooth = {"pan": pan(page), "zoom": zoom(page), "drag": drag_vertex(page)}
        more = {**many(page), **detailed(page)}
        page.evaluate("([count, vertices]) => { window.drawn = bench.annotations(count, vertices) }", [10_000, VERTICES])
        peer = svg_peer(page)
        page.evaluate("bench.ours(drawn)")
        patch_ms = statistics.median(page.evaluate("bench.patchOfOneVertex()") for _ in range(5))
        browser.close()
    rates = {f"{name}_{key}": value for name, counted in smooth.items() for key, value in counted.items()}
    ratio = ours / bare
    report(
        "canvas",
        ours={"first_render_ms": round(ours), "first_render_1000_ms": round(ours_small), "patch_ms": round(patch_ms, 2), **rates, **more},
        peer={"vector_image_ms": round(bare), "vector_image_1000_ms": round(bare_small), **peer},
        ratio=ratio,
        goal="first render at most 1.2 of a bare VectorImage; pan, zoom, vertex drag at 55 frames a second, pan over 50,000 at 30",
        holds=ratio <= 1.2 and all(counted["fps"] >= 55 for counted in smooth.values()) and more["pan_50000_fps"] >= 30,
    )


if __name__ == "__main__":
    main()
