"""A model server as Roboflow's answers: boxes, run lengths, points, classes and class maps for base64 in JSON.

    python examples/roboflow_server.py --port 9104 --api-key secret

Takes both ways of theirs: JSON at /infer/<task>, and base64 text at /<project>/<version>?api_key=…, where the project
is the task. With --api-key it refuses questions without it. Needs Python, numpy and pillow.
"""

import argparse
import base64
import io
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np
from PIL import Image
from water import SMALLEST_ISLAND_PX, classify, pieces, water_probability

CLASSES = {
    "classification": ["ocean", "coast", "land"],
    "object_detection": ["island"],
    "instance_segmentation": ["island"],
    "keypoints_detection": ["island"],
    "semantic_segmentation": ["water", "land"],
}


def predict(task: str, rgb: np.ndarray, question: dict) -> dict:
    """Return the answer of Roboflow's server for a task."""
    water = water_probability(rgb)
    height, width = water.shape
    least = question.get("confidence", 0.4)
    answer = {"time": 0.01, "image": {"width": width, "height": height}}
    if task == "classification":
        scores = sorted(classify(water).items(), key=lambda each: -each[1])
        named = [{"class": name, "class_id": CLASSES[task].index(name), "confidence": value} for name, value in scores if value >= least]
        return answer | {"predictions": named, "top": scores[0][0], "confidence": scores[0][1]}
    if task == "semantic_segmentation":
        maps = {"segmentation_mask": png(water < 0.5), "confidence_mask": png(np.rint(np.maximum(water, 1 - water) * 255))}
        return answer | {"predictions": maps | {"class_map": {"0": "water", "1": "land"}, "present_class_ids": [0, 1]}}
    return answer | {"predictions": [each for each in things(task, water) if each["confidence"] >= least]}


def things(task: str, water: np.ndarray) -> list[dict]:
    """Return the islands with what the task asks for of each."""
    found = []
    for runs in pieces(water < 0.5):
        mask = np.zeros(water.shape, dtype=bool)
        for row, left, right in runs:
            mask[row, left:right] = True
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
        inside = top > 0 and left > 0 and bottom < len(mask) and right < mask.shape[1]
        if not inside or (bottom - top) * (right - left) < SMALLEST_ISLAND_PX:
            continue
        box = {"x": (left + right) / 2, "y": (top + bottom) / 2, "width": right - left, "height": bottom - top}
        thing = box | {"confidence": float(1 - water[mask].mean()), "class": "island", "class_id": 0, "detection_id": f"{left}-{top}"}
        if task == "instance_segmentation":
            thing |= {"mask_format": "rle", "rle": {"size": list(mask.shape), "counts": run_lengths(mask)}}
        if task == "keypoints_detection":
            ends = [(name, row, float(np.flatnonzero(mask[row]).mean())) for name, row in (("top", top), ("bottom", bottom - 1))]
            thing["keypoints"] = [
                {"x": column + 0.5, "y": row + 0.5, "confidence": 0.9, "class_id": number, "class": name}
                for number, (name, row, column) in enumerate(ends)
            ]
        found.append(thing)
    return found


def run_lengths(mask: np.ndarray) -> str:
    """Write a mask as COCO does: runs column by column, each from the third on as the change against the last but one."""
    flat = np.concatenate(([0], mask.ravel(order="F"), [2])).astype(np.int8)
    edges = np.flatnonzero(np.diff(flat))
    counts = np.diff(np.concatenate(([0], edges))).tolist()
    text = ""
    for number, count in enumerate(counts):
        value = count - counts[number - 2] if number > 2 else count
        more = True
        while more:
            group, value = value & 31, value >> 5
            more = value != (-1 if group & 16 else 0)
            text += chr((group | 32 if more else group) + 48)
    return text


def png(values: np.ndarray) -> str:
    """Write (H, W) numbers as a PNG in base64."""
    buffer = io.BytesIO()
    Image.fromarray(values.astype(np.uint8)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


class Handler(BaseHTTPRequestHandler):
    """A question in, an answer out."""

    protocol_version = "HTTP/1.1"
    api_key = ""

    def do_GET(self) -> None:
        """Say what this is, and which models it has."""
        if self.path == "/info":
            return self.answer(200, {"name": "Roboflow Inference Server", "version": "1.8.3", "uuid": "example"})
        models = [{"model_id": f"{task}/1", "task_type": task.replace("_", "-").replace("keypoints", "keypoint")} for task in CLASSES]
        return self.answer(200, {"models": models})

    def do_POST(self) -> None:
        """Answer a question; a wrong one gets 400 and a reason, one without the key 401."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        try:
            if parts.path.startswith("/infer/"):
                task, question = parts.path.removeprefix("/infer/"), json.loads(body)
                encoded, key = question["image"]["value"], question.get("api_key")
            else:
                task, question = parts.path.split("/")[1], {"confidence": float(query.get("confidence", 40)) / 100}
                encoded, key = body, query.get("api_key")
            if self.api_key and key != self.api_key:
                return self.answer(401, {"message": "Unauthorized: check the API key"})
            if task not in CLASSES:
                raise ValueError(f"POST to /infer/{', /infer/'.join(CLASSES)}")
            rgb = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB"))
            return self.answer(200, predict(task, rgb, question))
        except (KeyError, IndexError, ValueError, OSError) as error:
            return self.answer(400, {"message": f"{type(error).__name__}: {error}"})

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
    parser.add_argument("--port", type=int, default=9104)
    parser.add_argument("--api-key", default="")
    where = parser.parse_args()
    Handler.api_key = where.api_key
    server = ThreadingHTTPServer((where.host, where.port), Handler)
    print("Models, protocol roboflow, with their classes in order:", flush=True)
    for task, names in CLASSES.items():
        print(f"  http://{where.host}:{server.server_port}/infer/{task}: {', '.join(names)}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
