"""A model server as SCANEO calls it: a GeoTIFF in a multipart form in; probabilities, boxes or a class raster out.

    python examples/scaneo_server.py --port 9101

SCANEO's request does not name a task, so each task has its own address: /classification, /detection, /segmentation,
/probabilities, which answers the segmentation as fractions, /logits, as one number a class and pixel (take Softmax or Argmax
after it), and /scores, which answers boxes with a score per class. Needs Python, numpy and pillow; takes 3 bands of 8 bit.
"""

import argparse
import io
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image
from water import classify, islands, water_probability

CLASSES = {"classification": ["ocean", "coast", "land"], "segmentation": ["water", "land"], "detection": ["island"]}
OTHER_FORMS = {"probabilities": ["water", "land"], "logits": ["water", "land"], "scores": ["island"]}


def predict(task: str, rgb: np.ndarray) -> tuple[str, bytes]:
    """Return the content type and the body of the answer."""
    water = water_probability(rgb)
    if task == "classification":
        return "application/json", json.dumps(list(classify(water).values())).encode()
    if task == "detection":
        boxes = [{"bbox": box, "label": "island", "score": confidence} for box, confidence in islands(water)]
        return "application/json", json.dumps(boxes).encode()
    if task == "scores":
        return "application/json", json.dumps([[*box, [confidence]] for box, confidence in islands(water)]).encode()
    if task == "logits":
        sure = np.clip(water, 1e-6, 1 - 1e-6)
        return "application/json", json.dumps(np.log([sure, 1 - sure]).round(3).tolist()).encode()
    values = (1 - water).astype(np.float32) if task == "probabilities" else (water < 0.5).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "TIFF")
    return "image/tiff", buffer.getvalue()


def uploaded_image(content_type: str, body: bytes) -> bytes:
    """Return the part of the form that is named image."""
    for part in body.split(b"--" + content_type.partition("boundary=")[2].encode()):
        head, _, data = part.partition(b"\r\n\r\n")
        if b'name="image"' in head:
            return data[:-2]
    raise KeyError("image")


class Handler(BaseHTTPRequestHandler):
    """POST /<task>: a form in, an answer out."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer; a wrong question gets 400 and a reason."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        task = self.path.strip("/")
        try:
            if task not in CLASSES | OTHER_FORMS:
                raise ValueError(f"POST to /{', /'.join(CLASSES | OTHER_FORMS)}")
            picture = Image.open(io.BytesIO(uploaded_image(self.headers["Content-Type"], body)))
            self.answer(200, *predict(task, np.asarray(picture.convert("RGB"))))
        except (KeyError, ValueError, OSError) as error:
            self.answer(400, "text/plain", f"{type(error).__name__}: {error}".encode())

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
    parser.add_argument("--port", type=int, default=9101)
    where = parser.parse_args()
    server = ThreadingHTTPServer((where.host, where.port), Handler)
    print("Models, protocol scaneo, with their classes in order:", flush=True)
    for task, names in (CLASSES | OTHER_FORMS).items():
        print(f"  http://{where.host}:{server.server_port}/{task}: {', '.join(names)}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
