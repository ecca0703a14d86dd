"""A model server for the tests: /classify and /detect in Winnow's protocol, /segment in SCANEO's.

python tests/e2e/models.py --port 9000 [--delay-ms 100]
"""

import argparse
import base64
import email
import io
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import rasterio
from PIL import Image
from rasterio.features import shapes

BRIGHT = 200


def pixels_of(content: bytes) -> np.ndarray[Any, Any]:
    """Read the first three bands as (H, W, 3)."""
    with rasterio.open(io.BytesIO(content)) as image:
        return np.moveaxis(image.read([1, 2, 3]), 0, -1)


def classify(pixels: np.ndarray[Any, Any]) -> list[dict[str, Any]]:
    """Call it ocean, coast or land by how much of it is blue."""
    red, blue = pixels[..., 0].astype(int), pixels[..., 2].astype(int)
    blue_share = float(np.mean(blue > red + 5))
    scores = {"ocean": blue_share**2, "coast": 2 * blue_share * (1 - blue_share), "land": (1 - blue_share) ** 2}
    return [{"kind": "classification", "scores": scores}]


def detect(pixels: np.ndarray[Any, Any]) -> list[dict[str, Any]]:
    """Find bright patches."""
    bright = (pixels.min(axis=-1) >= BRIGHT).astype(np.uint8)
    found = []
    for geometry, _ in shapes(bright, mask=bright.astype(bool)):
        ring = np.array(geometry["coordinates"][0])
        (left, top), (right, bottom) = ring.min(axis=0), ring.max(axis=0)
        size = (right - left) * (bottom - top)
        found.append({"kind": "box", "class": "bright", "score": float(size / (size + 200)), "xyxy": [left, top, right, bottom]})
    return found


def segment(pixels: np.ndarray[Any, Any]) -> bytes:
    """Return two bands of probabilities, rest and bright, as a float TIFF."""
    bright = np.clip(pixels.min(axis=-1) / 255, 0.02, 0.98).astype(np.float32)
    bands = np.stack([1 - bright, bright])
    with rasterio.MemoryFile() as memory:
        with memory.open(driver="GTiff", width=bands.shape[2], height=bands.shape[1], count=2, dtype="float32") as dataset:
            dataset.write(bands)
        return bytes(memory.read())


class Handler(BaseHTTPRequestHandler):
    """Answers one POST at a time per connection."""

    protocol_version = "HTTP/1.1"
    delay_s = 0.0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.delay_s)
        if self.path == "/segment":
            form = email.message_from_bytes(b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n" + body)
            part: Any = form.get_payload()[0]
            return self.answer("image/tiff", segment(pixels_of(part.get_payload(decode=True))))
        pixels = pixels_of(base64.b64decode(json.loads(body)["image"]["b64"]))
        items = classify(pixels) if self.path == "/classify" else detect(pixels)
        return self.answer("application/json", json.dumps({"model_version": "1", "items": items}).encode())

    def answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def picture_with_patches(seed: int, width: int = 320, height: int = 240) -> tuple[np.ndarray[Any, Any], list[tuple[int, int, int, int]]]:
    """Draw two bright patches of different size on dark noise; return (H, W, 3) uint8 and the patches as x0, y0, x1, y1."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 60, (height, width, 3), dtype=np.uint8)
    patches = []
    for column, size in ((0, 30), (1, 60)):
        x = int(rng.integers(10, width // 2 - size - 10)) + column * width // 2
        y = int(rng.integers(10, height - size - 10))
        pixels[y : y + size, x : x + size] = rng.integers(BRIGHT + 5, 255, (size, size, 3), dtype=np.uint8)
        patches.append((x, y, x + size, y + size))
    return pixels, patches


def png(pixels: np.ndarray[Any, Any]) -> bytes:
    """Encode as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def geotiff(pixels: np.ndarray[Any, Any], transform: rasterio.Affine, crs: str) -> bytes:
    """Encode as a GeoTIFF."""
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="GTiff", width=pixels.shape[1], height=pixels.shape[0], count=3, dtype="uint8", crs=crs, transform=transform
        ) as dataset:
            dataset.write(np.moveaxis(pixels, -1, 0))
        return bytes(memory.read())


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--delay-ms", type=float, default=0)
    arguments = parser.parse_args()
    Handler.delay_s = arguments.delay_ms / 1000
    ThreadingHTTPServer(("127.0.0.1", arguments.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
