"""A model server in Winnow's own contract: ocean, coast or land; water and land per pixel; boxes around islands.

    python examples/winnow_json_server.py --port 9100

Needs Python, numpy and pillow. It takes both ways of the contract: JSON with the image as base64, and multipart. Asked with
"prompts", it outlines the piece of land or water that is marked: set {"extra": {"interactive": true}} in the model's options.
"""

import argparse
import base64
import io
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image
from water import classify, islands, marked, water_probability

CLASSES = {"classification": ["ocean", "coast", "land"], "segmentation": ["water", "land"], "detection": ["island"]}


def predict(task: str, rgb: np.ndarray) -> list[dict]:
    """Return the items of the answer."""
    water = water_probability(rgb)
    if task == "classification":
        return [{"kind": "classification", "scores": classify(water)}]
    if task == "segmentation":  # one band of fractions: the probability of class 1, which is land
        return [{"kind": "raster", "raster": base64.b64encode(tiff(1 - water)).decode()}]
    return [{"kind": "box", "class": "island", "xyxy": box, "confidence": confidence} for box, confidence in islands(water)]


def outline(prompts: list[dict], rgb: np.ndarray) -> list[dict]:
    """Return the one thing that a person marked."""
    on, off = (
        [[mark["x"], mark["y"]] for mark in prompts if mark["type"] == "point" and mark["positive"] == side] for side in (True, False)
    )
    box = next((mark["box"] for mark in prompts if mark["type"] == "box"), None)
    buffer = io.BytesIO()
    Image.fromarray(marked(water_probability(rgb), on, off, box).astype(np.uint8) * 255).save(buffer, "PNG")
    return [{"kind": "mask", "mask": base64.b64encode(buffer.getvalue()).decode()}]


def tiff(values: np.ndarray) -> bytes:
    """Write (H, W) fractions as a TIFF."""
    buffer = io.BytesIO()
    Image.fromarray(values.astype(np.float32)).save(buffer, "TIFF")
    return buffer.getvalue()


def read_question(content_type: str, body: bytes) -> tuple[dict, bytes]:
    """Return the question and the image's bytes, whichever way they came."""
    if not content_type.startswith("multipart/form-data"):
        question = json.loads(body)
        return question, base64.b64decode(question["image"]["b64"])
    parts = {}
    for part in body.split(b"--" + content_type.partition("boundary=")[2].encode())[1:-1]:
        head, _, data = part.partition(b"\r\n\r\n")
        parts[head.partition(b'name="')[2].partition(b'"')[0].decode()] = data[:-2]
    return json.loads(parts["request"]), parts["image"]


class Handler(BaseHTTPRequestHandler):
    """POST anywhere: a question in, an answer out."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Say what this is."""
        about = {"name": "Coast by colour", "version": "1", "protocols": ["winnow_json", "winnow"], "classes": CLASSES}
        self.answer(200, {"status": "ok", **about})

    def do_POST(self) -> None:
        """Answer a question; a wrong one gets 400 and a reason."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            question, picture = read_question(self.headers["Content-Type"], body)
            rgb = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))
            items = outline(question["prompts"], rgb) if "prompts" in question else predict(question["task"], rgb)
            self.answer(200, {"model_version": "1", "coords": "pixel", "items": items})
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
    parser.add_argument("--port", type=int, default=9100)
    where = parser.parse_args()
    server = ThreadingHTTPServer((where.host, where.port), Handler)
    print(
        f"A model at http://{where.host}:{server.server_port}/predict, protocol winnow_json or winnow. Its classes, in order:", flush=True
    )
    for task, names in CLASSES.items():
        print(f"  {task}: {', '.join(names)}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
