"""A model server as SCANEO calls it: a GeoTIFF in a multipart form in; probabilities, boxes or a class raster out.

    python examples/scaneo_server.py --port 9101

SCANEO's request does not name a task, so each task has its own address: /classification, /detection, /segmentation,
/probabilities, which answers the segmentation as fractions, /logits, as one number a class and pixel (take Softmax or Argmax
after it), and /scores, which answers boxes with a score per class. /sam answers clicks, as SCANEO's SAM server does: points with
CRS and transform in, the outline of the piece of land or water under them out. Needs Python, numpy and pillow; takes 3 bands of 8 bit.
"""

import argparse
import io
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image
from water import classify, islands, marked, outlines, water_probability

CLASSES = {"classification": ["ocean", "coast", "land"], "segmentation": ["water", "land"], "detection": ["island"]}
OTHER_FORMS = {"probabilities": ["water", "land"], "logits": ["water", "land"], "scores": ["island"]}
CLICKS = {"sam": ["answers clicks"]}


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


def meant(rgb: np.ndarray, form: dict[str, bytes]) -> tuple[str, bytes]:
    """Return the piece under the points: a Feature in degrees, or in pixels of a picture that lies nowhere; else a mask.

    Without a library of projections, places are told only where the picture itself is in degrees.
    """
    points, off = json.loads(form["points"]), json.loads(form.get("negative_points", b"[]"))
    box = json.loads(form["box"]) if "box" in form else None
    mask = marked(water_probability(rgb), points, off, box)
    crs = form.get("crs", b"None").decode()
    if crs not in ("None", "EPSG:4326"):
        buffer = io.BytesIO()
        Image.fromarray(mask.astype(np.uint8)).save(buffer, "TIFF")
        return "image/tiff", buffer.getvalue()
    c, a, b, f, d, e = json.loads(form["transform"]) if crs != "None" else (0, 1, 0, 0, 0, 1)
    pieces = [[[[a * x + b * y + c, d * x + e * y + f] for x, y in ring] for ring in piece] for piece in outlines(mask)]
    feature = {"type": "Feature", "properties": {"label": form.get("label", b"").decode()}}
    return "application/json", json.dumps({**feature, "geometry": {"type": "MultiPolygon", "coordinates": pieces}}).encode()


def parts_of(content_type: str, body: bytes) -> dict[str, bytes]:
    """Return the parts of a form by name."""
    found = {}
    for part in body.split(b"--" + content_type.partition("boundary=")[2].encode()):
        head, _, data = part.partition(b"\r\n\r\n")
        if b'name="' in head:
            found[head.partition(b'name="')[2].partition(b'"')[0].decode()] = data[:-2]
    return found


class Handler(BaseHTTPRequestHandler):
    """POST /<task>: a form in, an answer out."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer; a wrong question gets 400 and a reason."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        task = self.path.strip("/")
        try:
            if task not in CLASSES | OTHER_FORMS | CLICKS:
                raise ValueError(f"POST to /{', /'.join(CLASSES | OTHER_FORMS | CLICKS)}")
            form = parts_of(self.headers["Content-Type"], body)
            rgb = np.asarray(Image.open(io.BytesIO(form["image"])).convert("RGB"))
            self.answer(200, *(meant(rgb, form) if task in CLICKS else predict(task, rgb)))
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
    for task, names in (CLASSES | OTHER_FORMS | CLICKS).items():
        print(f"  http://{where.host}:{server.server_port}/{task}: {', '.join(names)}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
