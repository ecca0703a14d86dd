"""Turn answers of models into drafts: answers a second, for every protocol, against reading the same bytes as JSON alone."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import orjson

from benchmarks.report import report
from inference.prefill import DraftRules, ModelTag, draft
from inference.protocols import PROTOCOLS
from inference.wire import ModelCard, ModelClass, ModelInput, WireReply
from models_registry.options import ModelOptions

WIDTH, HEIGHT, OBJECTS, SECONDS, TURNS = 640, 480, 20, 1.0, 3
GOAL_ANSWERS_PER_S = 1000.0
NAMES = ("ship", "buoy")
Corners = tuple[float, float, float, float]
BOXES: tuple[Corners, ...] = tuple((10.0 + 29 * n, 20.0 + 19 * n, 34.5 + 29 * n, 40.25 + 19 * n) for n in range(OBJECTS))


def winnow() -> Any:
    """Winnow's own answer."""
    boxes = [{"kind": "box", "box": list(box), "label": "ship", "score": 0.9} for box in BOXES]
    return {"model_version": "3", "coords": "pixel", "items": boxes}


def scaneo() -> Any:
    """Corners and a score per class."""
    return [{"bbox": list(box), "scores": [0.9, 0.1]} for box in BOXES]


def label_studio() -> Any:
    """Regions in percent of the image, as its ML backends answer."""
    regions = [
        {
            "id": f"r{n}", "type": "rectanglelabels", "from_name": "box", "to_name": "image", "score": 0.9,
            "original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0,
            "value": {
                "x": 100 * x0 / WIDTH, "y": 100 * y0 / HEIGHT, "width": 100 * (x1 - x0) / WIDTH, "height": 100 * (y1 - y0) / HEIGHT,
                "rotation": 0, "rectanglelabels": ["ship"],
            },
        }
        for n, (x0, y0, x1, y1) in enumerate(BOXES)
    ]  # fmt: skip
    return {"results": [{"result": regions, "score": 0.9, "model_version": "v3"}]}


def huggingface() -> Any:
    """What its object-detection task answers."""
    return [{"label": "ship", "score": 0.9, "box": {"xmin": x0, "ymin": y0, "xmax": x1, "ymax": y1}} for x0, y0, x1, y1 in BOXES]


def roboflow() -> Any:
    """Centres and sizes."""
    found = [
        {
            "x": (x0 + x1) / 2, "y": (y0 + y1) / 2, "width": x1 - x0, "height": y1 - y0,
            "confidence": 0.9, "class": "ship", "class_id": 0, "detection_id": f"d{n}",
        }
        for n, (x0, y0, x1, y1) in enumerate(BOXES)
    ]  # fmt: skip
    return {"time": 0.1, "image": {"width": WIDTH, "height": HEIGHT}, "predictions": found}


def cvat() -> Any:
    """A detector's rectangles, whose confidences are texts."""
    return [{"confidence": "0.9", "label": "ship", "type": "rectangle", "points": list(box)} for box in BOXES]


def mapped() -> Any:
    """TorchServe's detector, read by its preset."""
    return [{"ship": list(box), "score": 0.9} for box in BOXES]


def tensors() -> Any:
    """A network that has chosen among its boxes: 300 rows of corners, score and class, most of them too unsure to be kept."""
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, :OBJECTS, :4] = BOXES
    rows[0, :OBJECTS, 4] = 0.9
    return {"model_name": "net", "outputs": [{"name": "output0", "datatype": "FP32", "shape": [1, 300, 6], "data": rows.ravel().tolist()}]}


ANSWERS: Mapping[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "winnow": (winnow, {}),
    "winnow_json": (winnow, {}),
    "mapped_json": (mapped, {"preset": "TorchServe object_detector"}),
    "scaneo": (scaneo, {}),
    "label_studio": (label_studio, {}),
    "oip": (tensors, {"preset": "yolo_end2end", "width": WIDTH, "height": HEIGHT, "fit": "stretch"}),
    "huggingface": (huggingface, {}),
    "roboflow": (roboflow, {}),
    "cvat": (cvat, {}),
}
"""One answer of each protocol, with the same twenty boxes, and the options of a model that gives it."""


def per_second(work: Callable[[], object]) -> float:
    """Return how often a function runs in a second of processor time: nothing here waits for anything."""
    work()
    count, started = 0, time.process_time()
    while (passed := time.process_time() - started) < SECONDS:
        work()
        count += 1
    return count / passed


def measure(name: str) -> tuple[float, float]:
    """Return the answers a second of the bare reading and of ours, the best of some turns each, one after the other."""
    made, extra = ANSWERS[name]
    body = orjson.dumps(made())
    model = ModelCard(
        "http://127.0.0.1:1/predict",
        "detection",
        tuple(ModelClass(n, each) for n, each in enumerate(NAMES)),
        options=ModelOptions(extra=extra),
    )
    image = ModelInput(b"", "image/jpeg", WIDTH, HEIGHT, "a.jpg")
    rules = DraftRules(ModelTag(1, "Finder", "3"), "detection", {0: 1, 1: 2})

    def convert() -> int:
        return len(draft(PROTOCOLS[name].parse(WireReply(body), image, model), rules).annotations)

    assert convert() == OBJECTS, f"{name}: {convert()} drafts of {OBJECTS} objects"
    turns = [(per_second(lambda: orjson.loads(body)), per_second(convert)) for _ in range(TURNS)]
    bare, ours = max(turn[0] for turn in turns), max(turn[1] for turn in turns)
    print(f"{name:14} {len(body):6} bytes: {ours:7.0f} answers/s; read as JSON alone {bare:7.0f} ({ours / bare:.3f} of it)", flush=True)
    return bare, ours


def main() -> None:
    """Measure every protocol that Winnow speaks."""
    # What an agent brings is in the words of the protocol "winnow".
    missing = {name for name, protocol in PROTOCOLS.items() if not protocol.pulled} ^ set(ANSWERS)
    assert not missing, f"no answer of {', '.join(sorted(missing))} is measured here"
    figures = {name: measure(name) for name in ANSWERS}
    slowest = min(figures, key=lambda name: figures[name][1])
    bare, ours = figures[slowest]
    report(
        "conversion",
        ours={f"{name}_answers_per_s": round(mine) for name, (_, mine) in figures.items()},
        peer={f"bare_json_of_{slowest}_per_s": round(bare)},
        ratio=ours / bare,
        goal=f"at least {GOAL_ANSWERS_PER_S:.0f} answers of {OBJECTS} objects a second become drafts, whatever the protocol",
        holds=ours >= GOAL_ANSWERS_PER_S,
    )


if __name__ == "__main__":
    main()
