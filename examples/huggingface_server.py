"""A model server as Hugging Face's inference toolkit answers: labels, boxes or masks for the bytes of an image.

    python examples/huggingface_server.py --port 9103 --loading 5

Their servers have one task each, so each task has its own address: /classification, /detection, /segmentation. Takes
the image as it is, or as base64 under "inputs". With --loading it answers 503 for the first seconds, as a cold
endpoint does. Needs Python, numpy and pillow.
"""

import argparse
import base64
import io
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image
from water import classify, islands, water_probability

CLASSES = {"classification": ["ocean", "coast", "land"], "segmentation": ["water", "land"], "detection": ["island"]}


def predict(task: str, rgb: np.ndarray, parameters: dict) -> list[dict]:
    """Return what the pipelines of transformers return for their tasks."""
    water = water_probability(rgb)
    if task == "classification":
        best = sorted(classify(water).items(), key=lambda each: -each[1])
        return [{"label": label, "score": score} for label, score in best[: parameters.get("top_k", 5)]]
    if task == "detection":
        sure = [each for each in islands(water) if each[1] >= parameters.get("threshold", 0.5)]
        corners = ("xmin", "ymin", "xmax", "ymax")
        return [{"label": "island", "score": score, "box": dict(zip(corners, box, strict=True))} for box, score in sure]
    return [{"label": "water", "score": None, "mask": png(water >= 0.5)}, {"label": "land", "score": None, "mask": png(water < 0.5)}]


def png(mask: np.ndarray) -> str:
    """Write a black and white PNG in base64."""
    buffer = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * 255).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


class Handler(BaseHTTPRequestHandler):
    """POST /<task>: an image in, a list out."""

    protocol_version = "HTTP/1.1"
    ready_at = 0.0

    def do_GET(self) -> None:
        """Say that the server is there."""
        self.answer(200, "text/plain", b"Ok")

    def do_POST(self) -> None:
        """Answer a question; a wrong one gets 400 and a reason."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        left = self.ready_at - time.monotonic()
        if left > 0:
            return self.say(503, {"error": "Model water is currently loading", "estimated_time": round(left, 1)})
        task, parameters = self.path.strip("/"), {}
        try:
            if self.headers["Content-Type"] == "application/json":
                document = json.loads(body)
                body, parameters = base64.b64decode(document["inputs"]), document.get("parameters", {})
            if task not in CLASSES:
                raise ValueError(f"POST to /{', /'.join(CLASSES)}")
            return self.say(200, predict(task, np.asarray(Image.open(io.BytesIO(body)).convert("RGB")), parameters))
        except (KeyError, ValueError, OSError) as error:
            return self.say(400, {"error": f"{type(error).__name__}: {error}"})

    def say(self, status: int, document: object) -> None:
        """Send JSON."""
        self.answer(status, "application/json", json.dumps(document).encode())

    def answer(self, status: int, content_type: str, body: bytes) -> None:
        """Send it."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:
        """Stay quiet: thousands of images may come."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9103)
    parser.add_argument("--loading", type=float, default=0.0, help="answer 503 for so many seconds")
    where = parser.parse_args()
    Handler.ready_at = time.monotonic() + where.loading
    server = ThreadingHTTPServer((where.host, where.port), Handler)
    print("Models, protocol huggingface, with their classes in order:", flush=True)
    for task, names in CLASSES.items():
        print(f"  http://{where.host}:{server.server_port}/{task}: {', '.join(names)}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
