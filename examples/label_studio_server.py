"""A model server that speaks as a Label Studio ML backend does, without its package: health, setup, predict and webhook.

    python examples/label_studio_server.py --port 9105

Needs Python, numpy and pillow. What it answers follows from the labeling interface that it is asked with: choices for
classification, boxes around islands for detection, brushes of water and land for segmentation. With a context (points and a
box that a person drew) it answers the brush of the one piece of land or water that is meant.
"""

import argparse
import base64
import io
import json
import re
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import numpy as np
from PIL import Image
from water import classify, islands, marked, water_probability

VERSION = "colours-1"
LENGTHS = (3, 4, 8, 16)


def fetched(address: str) -> np.ndarray:
    """Return the colours (H, W, 3) of a task's image: from its address, or out of the question itself."""
    if address.startswith("data:"):
        content = base64.b64decode(address.partition("base64,")[2])
    else:
        with urllib.request.urlopen(address, timeout=30) as reply:
            content = reply.read()
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def interface(config: str) -> dict[str, list[str]]:
    """Return the labels of each tag of a labeling interface, in the order of the tags."""
    tags = re.findall(r"<(Choices|\w+Labels)\b[^>]*>(.*?)</\1>", config, re.DOTALL)
    return {tag: re.findall(r'<(?:Label|Choice)\b[^>]*?value="([^"]*)"', inside) for tag, inside in tags}


def predict(task: dict, config: str, context: dict | None) -> dict:
    """Return the prediction of one task."""
    rgb, tags = fetched(task["data"]["image"]), interface(config)
    water = water_probability(rgb)
    if context:
        regions = [brush(chosen(water, context["result"]), context["result"][0], 0.9)]
    elif "Choices" in tags:
        name, confidence = max(classify(water).items(), key=lambda pair: pair[1])
        return {"result": [region("choices", {"choices": [name]}, water, None)], "score": confidence, "model_version": VERSION}
    elif next(iter(tags)) == "BrushLabels":
        shares = {"water": water, "land": 1 - water}
        regions = [brush(share >= 0.5, name, float(share[share >= 0.5].mean())) for name, share in shares.items() if (share >= 0.5).any()]
    else:
        height, width = water.shape
        regions = [
            region("rectanglelabels", {"x": 100 * x0 / width, "y": 100 * y0 / height, "width": 100 * (x1 - x0) / width,
                                       "height": 100 * (y1 - y0) / height, "rotation": 0, "rectanglelabels": ["island"]}, water, score)
            for (x0, y0, x1, y1), score in islands(water)
        ]  # fmt: skip
    return {"result": regions, "model_version": VERSION}


def region(kind: str, value: dict, picture: np.ndarray, score: float | None) -> dict:
    """Return a region with the frame that every one repeats."""
    height, width = picture.shape
    names = {"choices": "choice", "rectanglelabels": "box", "brushlabels": "brush"}
    frame = {"from_name": names[kind], "to_name": "image", "original_width": width, "original_height": height, "image_rotation": 0}
    return {"type": kind, **frame, "value": value, **({} if score is None else {"score": score})}


def brush(mask: np.ndarray, label: str | dict, score: float) -> dict:
    """Return a mask as a brush; the label may be that of a region of the context."""
    name = label if isinstance(label, str) else label["value"][label["type"]][0]
    return region("brushlabels", {"format": "rle", "rle": list(run_lengths(mask)), "brushlabels": [name]}, mask, score)


def chosen(water: np.ndarray, marks: list[dict]) -> np.ndarray:
    """Return the piece that the marks of a context mean."""
    height, width = water.shape
    points = [mark for mark in marks if mark["type"] == "keypointlabels"]
    on, off = (
        [(p["value"]["x"] * width / 100, p["value"]["y"] * height / 100) for p in points if p["is_positive"] == side] for side in (1, 0)
    )
    box = next((mark["value"] for mark in marks if mark["type"] == "rectanglelabels"), None)
    if box is None:
        return marked(water, on, off)
    left, top = box["x"] * width / 100, box["y"] * height / 100
    return marked(water, on, off, [left, top, left + box["width"] * width / 100, top + box["height"] * height / 100])


def run_lengths(mask: np.ndarray) -> bytes:
    """Write a mask (H, W) as Label Studio's brush: thi.ng's run lengths of white pixels with an alpha of 255 or 0."""
    values = np.repeat(mask.astype(np.uint8).ravel() * 255, 4)
    bits = [f"{len(values):032b}{7:05b}", *(f"{size - 1:04b}" for size in LENGTHS)]
    edges = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]
    for start, end in pairwise(edges):
        for at in range(start, end, 65_536):
            length = min(65_536, end - at)
            kind = next(number for number, size in enumerate(LENGTHS) if length <= 1 << size)
            bits.append(f"1{kind:02b}{length - 1:0{LENGTHS[kind]}b}{values[start]:08b}")
    text = "".join(bits)
    return int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8), "big")


class Handler(BaseHTTPRequestHandler):
    """The paths of a backend."""

    protocol_version = "HTTP/1.1"
    submitted = 0

    def do_GET(self) -> None:
        """Say that it is up."""
        self.answer(200, {"status": "UP", "model_class": "Colours"})

    def do_POST(self) -> None:
        """Answer; a wrong question gets 400 and a reason."""
        try:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/setup":
                return self.answer(200, {"model_version": VERSION})
            if self.path == "/webhook":  # a model that learns would learn here
                Handler.submitted += question["action"] in ("ANNOTATION_CREATED", "ANNOTATION_UPDATED")
                return self.answer(201, {"result": {"submitted": Handler.submitted}, "status": "ok"})
            context = question["params"].get("context")
            self.answer(200, {"results": [predict(task, question["label_config"], context) for task in question["tasks"]]})
        except (KeyError, ValueError, OSError) as error:
            self.answer(400, {"error": f"{type(error).__name__}: {error}"})

    def answer(self, status: int, document: dict) -> None:
        """Send JSON."""
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:
        """Stay quiet: thousands of images may come."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9105)
    where = parser.parse_args()
    server = ThreadingHTTPServer((where.host, where.port), Handler)
    print(f"A model at http://{where.host}:{server.server_port}, protocol label_studio. Its classes:", flush=True)
    print("  classification: ocean, coast, land · segmentation: water, land · detection: island", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
