"""A model server that speaks as CVAT's nuclio functions do: detectors and an interactor.

    python examples/cvat_server.py --port 9106

Needs Python, numpy and pillow. A function does one thing, so each has its own address: /classification answers tags,
/segmentation masks, /detection rectangles, and /interactor the piece of land or water that a person clicked on.
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


def detect(task: str, water: np.ndarray, threshold: float) -> list[dict]:
    """Return a detector's answer; confidences are texts."""
    if task == "classification":
        return [{"confidence": str(value), "label": name, "type": "tag"} for name, value in classify(water).items()]
    if task == "detection":
        found = [(box, confidence) for box, confidence in islands(water) if confidence >= threshold]
        return [{"confidence": str(confidence), "label": "island", "type": "rectangle", "points": box} for box, confidence in found]
    shares = {"water": water, "land": 1 - water}
    masks = {name: share >= 0.5 for name, share in shares.items()}
    return [
        {"confidence": str(float(shares[name][mask].mean())), "label": name, "type": "mask", "mask": cropped(mask)}
        for name, mask in masks.items()
        if mask.any()
    ]


def cropped(mask: np.ndarray) -> list[int]:
    """Return 0 and 1 of the box around a mask, row by row, and then its first and last column and row."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    x1, y1, x2, y2 = int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])
    return [*mask[y1 : y2 + 1, x1 : x2 + 1].astype(int).ravel().tolist(), x1, y1, x2, y2]


def interact(question: dict, water: np.ndarray) -> dict:
    """Return the mask of the piece that is meant."""
    corners = question.get("obj_bbox")
    box = [*corners[0], *corners[1]] if corners else None
    mask = marked(water, question["pos_points"], question["neg_points"], box)
    return {"points": [], "mask": mask.astype(int).tolist()}


class Handler(BaseHTTPRequestHandler):
    """POST /<task> or /interactor: JSON in, JSON out."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer; a wrong question gets 400 and a reason."""
        try:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            function = self.path.strip("/")
            if function not in {*CLASSES, "interactor"}:
                raise ValueError(f"POST to /{', /'.join(CLASSES)} or /interactor")
            picture = Image.open(io.BytesIO(base64.b64decode(question["image"])))
            water = water_probability(np.asarray(picture.convert("RGB")))
            answered = interact(question, water) if function == "interactor" else detect(function, water, question.get("threshold", 0.0))
            self.answer(200, answered)
        except (KeyError, ValueError, OSError) as error:
            self.answer(400, {"error": f"{type(error).__name__}: {error}"})

    def answer(self, status: int, document: object) -> None:
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
    parser.add_argument("--port", type=int, default=9106)
    where = parser.parse_args()
    server = ThreadingHTTPServer((where.host, where.port), Handler)
    print("Functions, protocol cvat, with their labels:", flush=True)
    for task, names in CLASSES.items():
        print(f"  http://{where.host}:{server.server_port}/{task}: {', '.join(names)}", flush=True)
    print(f"  http://{where.host}:{server.server_port}/interactor: answers clicks", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
