"""A model server that speaks the Open Inference Protocol, as KServe, Triton and MLServer do: tensors in, tensors out.

    python examples/oip_server.py --port 9107

Needs Python, numpy and pillow. Four models, at /v2/models/classification, /segmentation, /detection and /embedding: each takes
another kind of tensor, and its metadata tells which. Tensors travel as lists in JSON or as bytes behind the JSON.
"""

import argparse
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from water import KINDS, classify, islands, water_probability

LENGTH = "Inference-Header-Content-Length"
KIND_OF = {"FP32": "<f4", "UINT8": "u1", "INT32": "<i4"}
MOST_ISLANDS = 100
CELLS = 4


def tensor(name: str, datatype: str, *shape: int) -> dict:
    """Describe a tensor; -1 is an open dimension."""
    return {"name": name, "datatype": datatype, "shape": list(shape)}


MODELS = {
    "classification": {
        "inputs": [tensor("image", "UINT8", -1, 96, 96, 3)],
        "outputs": [tensor("probabilities", "FP32", -1, 3)],
    },
    "segmentation": {
        "inputs": [tensor("image", "FP32", -1, 3, -1, -1)],
        "outputs": [tensor("logits", "FP32", -1, 2, -1, -1)],
    },
    "detection": {
        "inputs": [tensor("images", "FP32", -1, 3, 192, 192)],
        "outputs": [
            tensor("num_dets", "INT32", -1, 1),
            tensor("det_boxes", "FP32", -1, MOST_ISLANDS, 4),
            tensor("det_scores", "FP32", -1, MOST_ISLANDS),
            tensor("det_classes", "INT32", -1, MOST_ISLANDS),
        ],
    },
    "embedding": {
        "inputs": [tensor("image", "UINT8", -1, 96, 96, 3)],
        "outputs": [tensor("vector", "FP32", -1, CELLS * CELLS * 6)],
    },
}
CLASSES = {"classification": list(KINDS), "segmentation": ["water", "land"], "detection": ["island"], "embedding": []}


def infer(model: str, values: np.ndarray) -> dict[str, np.ndarray]:
    """Return the outputs for one input; colours are red, green, blue, from 0 to 255 in UINT8 and to 1 in FP32."""
    if model == "embedding":
        return {"vector": looks(values[0])[None]}
    rgb = values[0] if model == "classification" else np.moveaxis(values[0], 0, 2) * 255
    water = np.clip(water_probability(rgb), 1e-6, 1 - 1e-6)
    if model == "classification":
        return {"probabilities": np.array([list(classify(water).values())], np.float32)}
    if model == "segmentation":
        return {"logits": np.log(np.stack([water, 1 - water]))[None].astype(np.float32)}
    found = islands(water)[:MOST_ISLANDS]
    boxes, scores = np.zeros((1, MOST_ISLANDS, 4), np.float32), np.zeros((1, MOST_ISLANDS), np.float32)
    for place, (box, confidence) in enumerate(found):
        boxes[0, place], scores[0, place] = box, confidence
    count, classes = np.array([[len(found)]], np.int32), np.zeros((1, MOST_ISLANDS), np.int32)
    return {"num_dets": count, "det_boxes": boxes, "det_scores": scores, "det_classes": classes}


def looks(rgb: np.ndarray) -> np.ndarray:
    """Return what a picture looks like, one vector: mean and deviation of the colours in 4 x 4 cells, brightness aside."""
    cells = rgb.astype(np.float32).reshape(CELLS, 96 // CELLS, CELLS, 96 // CELLS, 3).swapaxes(1, 2).reshape(CELLS * CELLS, -1, 3)
    return np.concatenate([cells.mean(axis=1) - cells.mean(), cells.std(axis=1)]).ravel()


def read_input(model: str, body: bytes, json_bytes: int) -> tuple[dict, np.ndarray]:
    """Return the question and its one tensor, from a list or from the bytes behind the JSON."""
    question = json.loads(body[:json_bytes])
    (given,) = question["inputs"]
    wanted = MODELS[model]["inputs"][0]
    fits = len(given["shape"]) == 4 and all(side in (-1, got) for side, got in zip(wanted["shape"], given["shape"], strict=True))
    if given["name"] != wanted["name"] or given["datatype"] != wanted["datatype"] or not fits:
        raise ValueError(f"expected {wanted}, got {given['name']} {given['datatype']} {given['shape']}")
    if "binary_data_size" in given.get("parameters", {}):
        values = np.frombuffer(body[json_bytes:], KIND_OF[given["datatype"]])
    else:
        values = np.array(given["data"], KIND_OF[given["datatype"]])
    return question, values.reshape(given["shape"])


def write_outputs(model: str, question: dict, outputs: dict[str, np.ndarray]) -> tuple[bytes, int | None]:
    """Return the body and where its JSON ends: None where the tensors are lists in it."""
    as_bytes = question.get("parameters", {}).get("binary_data_output", False)
    described, parts = [], []
    for entry in MODELS[model]["outputs"]:
        values = outputs[entry["name"]]
        told = {**entry, "shape": list(values.shape)}
        if as_bytes:
            parts.append(values.astype(KIND_OF[entry["datatype"]]).tobytes())
            told["parameters"] = {"binary_data_size": len(parts[-1])}
        else:
            told["data"] = values.ravel().tolist()
        described.append(told)
    head = json.dumps({"model_name": model, "model_version": "1", "id": question.get("id", ""), "outputs": described}).encode()
    return head + b"".join(parts), len(head) if as_bytes else None


class Handler(BaseHTTPRequestHandler):
    """The addresses of the protocol."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # a small answer would wait for the network's leave, some 40 ms

    def do_GET(self) -> None:
        """Tell about the server, its health and its models."""
        parts = [part for part in self.path.partition("?")[0].split("/") if part]
        if parts == ["v2"]:
            self.answer(200, {"name": "winnow-example", "version": "1", "extensions": ["binary_tensor_data"]})
        elif parts in (["v2", "health", "ready"], ["v2", "health", "live"]):
            self.answer(200, {parts[-1]: True})
        elif parts == ["v2", "models"]:
            self.answer(200, {"models": list(MODELS)})
        elif parts[:2] == ["v2", "models"] and len(parts) == 3 and parts[2] in MODELS:
            self.answer(200, {"name": parts[2], "versions": ["1"], "platform": "numpy", **MODELS[parts[2]]})
        else:
            self.answer(404, {"error": f"nothing at {self.path}"})

    def do_POST(self) -> None:
        """Answer a question; a wrong one gets 400 and a reason."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        parts = [part for part in self.path.split("/") if part]
        if parts == ["v2", "repository", "index"]:
            return self.answer(200, [{"name": name, "version": "1", "state": "READY"} for name in MODELS])
        if parts[:2] != ["v2", "models"] or parts[-1] != "infer" or parts[2] not in MODELS:
            return self.answer(404, {"error": f"nothing at {self.path}"})
        try:
            question, values = read_input(parts[2], body, int(self.headers.get(LENGTH, len(body))))
            answer, json_bytes = write_outputs(parts[2], question, infer(parts[2], values))
        except (KeyError, ValueError, TypeError) as error:
            return self.answer(400, {"error": f"{type(error).__name__}: {error}"})
        return self.send(200, answer, json_bytes)

    def answer(self, status: int, document: dict) -> None:
        """Send JSON."""
        self.send(status, json.dumps(document).encode())

    def send(self, status: int, body: bytes, json_bytes: int | None = None) -> None:
        """Send a body; ``json_bytes``: where its JSON ends, when tensors follow."""
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if json_bytes is None else "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        if json_bytes is not None:
            self.send_header(LENGTH, str(json_bytes))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:
        """Stay quiet: thousands of images may come."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9107)
    where = parser.parse_args()
    server = ThreadingHTTPServer((where.host, where.port), Handler)
    print(f"Models of protocol oip at http://{where.host}:{server.server_port}/v2. Their classes, in order:", flush=True)
    for task, names in CLASSES.items():
        print(f"  http://{where.host}:{server.server_port}/v2/models/{task}: {', '.join(names)}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
