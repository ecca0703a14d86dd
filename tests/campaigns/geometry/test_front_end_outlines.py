"""The page turns polygons into pixels and back by itself: its fixture is what rasterio makes of the same things."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from campaigns.geometry.masks import decode_mask, encode_mask, mask_to_polygons, polygons_to_counts

FIXTURE = Path(__file__).resolve().parents[3] / "frontend" / "src" / "shapes" / "mask" / "rasterio.fixture.json"
WIDTH, HEIGHT = 48, 40


def ring(generator: np.random.Generator, corners: int, grid: float) -> list[list[float]]:
    """Corners on a grid, some of them outside the image: whole, half and odd fractions of pixels."""
    places = generator.uniform((-4, -4), (WIDTH + 4, HEIGHT + 4), (corners, 2))
    open_ring = [[float(x), float(y)] for x, y in np.round(places / grid) * grid]
    return [*open_ring, list(open_ring[0])]


def polygon_case(generator: np.random.Generator, n: int) -> dict[str, Any]:
    """Parts with holes, which may cross themselves and each other; a hole stays inside the bounds of its shell."""
    grid = (1.0, 0.5, 0.25, 0.01)[n % 4]
    polygons = []
    for _ in range(1 + n % 3):
        shell, hole = (ring(generator, int(generator.integers(3, 9)), grid) for _ in range(2))
        (left, top), (right, bottom) = np.min(shell, axis=0), np.max(shell, axis=0)
        within = [[float(np.clip(x, left, right)), float(np.clip(y, top, bottom))] for x, y in hole]
        polygons.append([shell, within] if n % 2 else [shell])
    return {"polygons": polygons, "counts": polygons_to_counts(polygons, height=HEIGHT, width=WIDTH)}


def mask_case(generator: np.random.Generator, n: int) -> dict[str, Any]:
    """Noise in blocks, with corners that touch, holes in holes, and pixels at the border."""
    block = 1 + n % 4
    small = generator.random((HEIGHT // block + 1, WIDTH // block + 1)) < 0.5
    mask = np.kron(small, np.ones((block, block)))[:HEIGHT, :WIDTH] > 0
    polygons = mask_to_polygons(mask)
    corners = sorted({f"{x:.0f},{y:.0f}" for rings in polygons for outline in rings for x, y in outline})
    return {"counts": encode_mask(mask), "parts": len(polygons), "corners": corners}


def fixture() -> dict[str, Any]:
    """Everything that the front end's test compares itself with."""
    generator = np.random.default_rng(20)
    polygons = [polygon_case(generator, n) for n in range(80)]
    masks = [mask_case(generator, n) for n in range(12)]
    return {"width": WIDTH, "height": HEIGHT, "polygons": polygons, "masks": masks}


def test_the_front_ends_fixture_is_what_rasterio_makes():
    assert json.loads(FIXTURE.read_text()) == fixture(), f"write it anew: python -m {__name__}"


def test_outlines_traced_on_the_server_fill_the_same_pixels():
    for case in fixture()["masks"]:
        mask = decode_mask(case["counts"], (HEIGHT, WIDTH))
        assert polygons_to_counts(mask_to_polygons(mask), height=HEIGHT, width=WIDTH) == case["counts"]


if __name__ == "__main__":
    FIXTURE.write_text(json.dumps(fixture()) + "\n")
