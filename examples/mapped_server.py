"""Model servers that each answer JSON of their own, for the protocol mapped_json: what its presets are for.

    python examples/mapped_server.py --port 9108

    /predictions/classifier, /predictions/detector, /predictions/segmenter   as TorchServe's handlers
    /sagemaker/classification, /sagemaker/detection                          as SageMaker's own algorithms
    /vertex/classification, /vertex/detection                                as Vertex AI's AutoML models
    /mlflow/invocations                                                      as a model behind MLflow's scoring server
    /json                                                                    as anybody's twenty lines

Needs Python, numpy and pillow.
"""

import argparse
import base64
import io
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image
from water import classify, islands, water_probability

CLASSES = {"classification": ["ocean", "coast", "land"], "segmentation": ["water", "land"], "detection": ["island"]}


def shares(box: list[int], rgb: np.ndarray) -> list[float]:
    """Return a box as shares of the image."""
    height, width = rgb.shape[:2]
    return [box[0] / width, box[1] / height, box[2] / width, box[3] / height]


def torchserve_classifier(rgb: np.ndarray) -> object:
    """Return {label: probability}, the surest first."""
    return dict(sorted(classify(water_probability(rgb)).items(), key=lambda each: -each[1]))


def torchserve_detector(rgb: np.ndarray) -> object:
    """Return boxes whose key is their label."""
    return [{"island": [float(value) for value in box], "score": score} for box, score in islands(water_probability(rgb))]


def torchserve_segmenter(rgb: np.ndarray) -> object:
    """Return [H][W][class, probability] of the middle that the handler's transform leaves: 256 px, and of that 224."""
    picture = Image.fromarray(rgb)
    scale = 256 / min(picture.size)
    width, height = int(picture.width * scale), int(picture.height * scale)
    left, top = round((width - 224) / 2), round((height - 224) / 2)
    seen = picture.resize((width, height), Image.Resampling.BILINEAR).crop((left, top, left + 224, top + 224))
    water = water_probability(np.asarray(seen))
    return np.stack([water < 0.5, np.maximum(water, 1 - water)], axis=-1).tolist()


def sagemaker_classification(rgb: np.ndarray) -> object:
    """Return one probability per class."""
    return list(classify(water_probability(rgb)).values())


def sagemaker_detection(rgb: np.ndarray) -> object:
    """Return [class, score, xmin, ymin, xmax, ymax], the corners as shares."""
    return {"prediction": [[0.0, score, *shares(box, rgb)] for box, score in islands(water_probability(rgb))]}


def vertex_classification(rgb: np.ndarray) -> object:
    """Return columns of names and confidences."""
    scores = classify(water_probability(rgb))
    columns = {"ids": list("123"), "displayNames": list(scores), "confidences": list(scores.values())}
    return {"predictions": [columns], "deployedModelId": "4711"}


def vertex_detection(rgb: np.ndarray) -> object:
    """Return columns; a box is [xMin, xMax, yMin, yMax] in shares."""
    found = [(shares(box, rgb), score) for box, score in islands(water_probability(rgb))]
    boxes = [[x0, x1, y0, y1] for (x0, y0, x1, y1), _ in found]
    columns = {"displayNames": ["island"] * len(found), "confidences": [score for _, score in found], "bboxes": boxes}
    return {"predictions": [columns], "deployedModelId": "4711"}


def mlflow(rgb: np.ndarray) -> object:
    """Return a row of probabilities."""
    return {"predictions": [list(classify(water_probability(rgb)).values())]}


def plain(rgb: np.ndarray) -> object:
    """Return labeled boxes."""
    return {"predictions": [{"label": "island", "score": score, "box": box} for box, score in islands(water_probability(rgb))]}


SERVERS: dict[str, Callable[[np.ndarray], object]] = {
    "/predictions/classifier": torchserve_classifier,
    "/predictions/detector": torchserve_detector,
    "/predictions/segmenter": torchserve_segmenter,
    "/sagemaker/classification": sagemaker_classification,
    "/sagemaker/detection": sagemaker_detection,
    "/vertex/classification": vertex_classification,
    "/vertex/detection": vertex_detection,
    "/mlflow/invocations": mlflow,
    "/json": plain,
}


def image_in(path: str, body: bytes) -> bytes:
    """Return the image's bytes, from where each of the servers takes them."""
    if path.startswith(("/predictions/", "/sagemaker/")):
        return body
    document = json.loads(body)
    if path.startswith("/vertex/"):
        return base64.b64decode(document["instances"][0]["content"])
    return base64.b64decode(document["inputs"][0] if path.startswith("/mlflow/") else document["image"])


class Handler(BaseHTTPRequestHandler):
    """POST an image, as each of the servers takes it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Say as TorchServe does that all is well."""
        self.answer(200, {"status": "Healthy"})

    def do_POST(self) -> None:
        """Answer a question; a wrong one gets 400 and a reason."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            rgb = np.asarray(Image.open(io.BytesIO(image_in(self.path, body))).convert("RGB"))
            self.answer(200, SERVERS[self.path](rgb))
        except (KeyError, IndexError, ValueError, OSError) as error:
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9108)
    where = parser.parse_args()
    server = ThreadingHTTPServer((where.host, where.port), Handler)
    print(f"Models at http://{where.host}:{server.server_port}, protocol mapped_json, with their classes in order:", flush=True)
    for task, names in CLASSES.items():
        print(f"  {task}: {', '.join(names)}", flush=True)
    print(f"  at {', '.join(SERVERS)}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
