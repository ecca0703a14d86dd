"""Good answers of every protocol for every task, to start from: what the fuzzer bends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from campaigns.geometry.masks import encode_mask
from inference.decode.brush import brush_of_mask
from inference.protocols import PROTOCOLS
from inference.schema import Prediction
from inference.wire import ModelCard, WireReply
from tests.inference.wire import HEIGHT, WIDTH, b64, card, picture, png

MASK = np.zeros((HEIGHT, WIDTH), dtype=bool)
MASK[2:7, 3:12] = True
RUNS = {"size": [HEIGHT, WIDTH], "counts": encode_mask(MASK)}
PICTURE = b64(png(MASK.astype(np.uint8)))
SQUARE = [[2.0, 2.0], [8.0, 2.0], [8.0, 8.0], [2.0, 8.0]]


@dataclass(frozen=True)
class Seed:
    """One protocol's answer for a task; ``prompted``: to a person's marks."""

    protocol: str
    task: str
    answer: Any = field(repr=False)
    extra: dict[str, Any] = field(default_factory=dict)
    multi_label: bool = False
    prompted: bool = False

    @property
    def card(self) -> ModelCard:
        """The model that answers so."""
        return card(self.task, multi_label=self.multi_label, extra=self.extra)

    def read(self, body: bytes) -> Prediction:
        """Read a reply as this protocol does."""
        speaks = PROTOCOLS[self.protocol]
        read = speaks.parse_prompted if self.prompted else speaks.parse
        located = {"crs": "EPSG:4326", "transform": (0.1, 0.0, 10.0, 0.0, -0.1, 50.0)}
        return read(WireReply(body), picture(**located), self.card)

    def __str__(self) -> str:
        kind = "-".join(str(value) for value in self.extra.values() if isinstance(value, str))
        return "-".join(part for part in (self.protocol, self.task, kind, "prompted" * self.prompted, "multi" * self.multi_label) if part)


def _winnow() -> list[Seed]:
    common = {"class": "land", "confidence": 0.5}
    items = {
        "classification": [{"kind": "classification", "scores": {"ocean": 0.25, "land": 0.75}}],
        "detection": [
            {"kind": "box", "box": [5, 5, 4, 4, 10.0], **common},
            {"kind": "box", "index": 1, "xyxy": [2, 2, 8, 8], "scores": [0.1, 0.9]},
        ],
        "segmentation": [
            {"kind": "mask", "mask": RUNS, **common},
            {"kind": "mask", "mask": PICTURE, **common},
            {"kind": "polygon", "polygons": [[SQUARE, [[4, 4], [5, 4], [5, 5]]]], **common},
            {"kind": "raster", "raster": PICTURE, "classes": {"1": "land"}},
        ],
        "keypoints": [{"kind": "keypoints", "points": [{"name": "bow", "x": 1, "y": 2, "v": 2, "confidence": 0.5}], **common}],
    }
    answers = {task: {"model_version": "3", "coords": "pixel", "items": entries} for task, entries in items.items()}
    seeds = [Seed(name, task, answer) for task, answer in answers.items() for name in ("winnow", "winnow_json", "agent")]
    return [*seeds, *(Seed(name, "segmentation", answers["segmentation"], prompted=True) for name in ("winnow", "winnow_json"))]


def _scaneo() -> list[Seed]:
    ring = [[10.1, 49.9], [10.9, 49.9], [10.9, 49.3], [10.1, 49.3], [10.1, 49.9]]
    feature = {"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": [[ring]]}, "properties": {"label": "land"}}
    return [
        Seed("scaneo", "classification", {"probabilities": [[0.25, 0.75]]}),
        Seed("scaneo", "classification", [{"label": "land", "score": 0.75}]),
        Seed("scaneo", "detection", [{"bbox": [2, 3, 8, 7], "scores": [0.2, 0.8]}, {"bbox": [2, 3, 8, 7], "scores": [0.2, 0.8]}]),
        Seed("scaneo", "detection", {"boxes": [{"label": "land", "score": 80.0, "x0": 2, "y0": 3, "x1": 8, "y1": 7}]}),
        Seed("scaneo", "segmentation", {"mask": PICTURE}),
        Seed("scaneo", "segmentation", [{"rle": RUNS, "label": "land", "score": 0.5}]),
        Seed("scaneo", "segmentation", MASK.astype(int).tolist()),
        Seed("scaneo", "segmentation", feature, prompted=True),
    ]


def _label_studio() -> list[Seed]:
    frame = {
        "id": "r",
        "original_width": WIDTH,
        "original_height": HEIGHT,
        "image_rotation": 0,
        "from_name": "l",
        "to_name": "image",
        "score": 0.9,
    }
    corners = {"x": 10.0, "y": 20.0, "width": 30.0, "height": 40.0, "rotation": 15.0, "rectanglelabels": ["land"]}
    outline = {"points": [[10.0, 10.0], [50.0, 10.0], [50.0, 50.0]], "closed": True, "polygonlabels": ["land"]}
    brush = {"format": "rle", "rle": list(brush_of_mask(MASK)), "brushlabels": ["land"]}
    regions = {
        "classification": [{"type": "choices", "value": {"choices": ["land"]}}],
        "detection": [{"type": "rectanglelabels", "value": corners}],
        "segmentation": [{"type": "polygonlabels", "value": outline}, {"type": "brushlabels", "value": brush}],
        "keypoints": [{"type": "keypointlabels", "value": {"x": 5.0, "y": 5.0, "width": 0.3, "keypointlabels": ["land"]}}],
    }
    rows = {task: [frame | each for each in found] for task, found in regions.items()}
    answers = {task: {"results": [{"result": found, "score": 0.8, "model_version": "v3"}]} for task, found in rows.items()}
    seeds = [Seed("label_studio", task, answer) for task, answer in answers.items()]
    return [*seeds, Seed("label_studio", "segmentation", answers["segmentation"], prompted=True)]


def _huggingface() -> list[Seed]:
    box = {"xmin": 2, "ymin": 3, "xmax": 8, "ymax": 7}
    return [
        Seed("huggingface", "classification", [{"label": "land", "score": 0.75}, {"label": "ocean", "score": 0.25}]),
        Seed("huggingface", "detection", [{"label": "land", "score": 0.9, "box": box}]),
        Seed("huggingface", "segmentation", [{"label": "land", "score": None, "mask": PICTURE}]),
    ]


def _roboflow() -> list[Seed]:
    seen = {"time": 0.1, "image": {"width": WIDTH, "height": HEIGHT}}
    thing = {"x": 5, "y": 5, "width": 6, "height": 4, "confidence": 0.9, "class": "land", "class_id": 0, "detection_id": "u"}
    point = {"x": 1.5, "y": 2, "confidence": 0.6, "class_id": 0, "class": "bow"}
    corners = [{"x": x, "y": y} for x, y in SQUARE]
    several = {"ocean": {"confidence": 0.9, "class_id": 1}, "land": {"confidence": 0.8, "class_id": 0}}
    maps = {"segmentation_mask": PICTURE, "class_map": {"0": "background", "1": "land"}, "confidence_mask": PICTURE}
    scores = [{"class": "land", "class_id": 0, "confidence": 0.75}, {"class": "ocean", "class_id": 1, "confidence": 0.25}]
    return [
        Seed("roboflow", "classification", seen | {"predictions": scores, "top": "land", "confidence": 0.75}),
        Seed("roboflow", "classification", seen | {"predictions": several, "predicted_classes": ["ocean"]}, multi_label=True),
        Seed("roboflow", "detection", seen | {"predictions": [thing]}),
        Seed("roboflow", "segmentation", seen | {"predictions": [thing | {"rle": RUNS}, thing | {"points": corners}]}),
        Seed("roboflow", "segmentation", seen | {"predictions": maps}, {"segments": "pixels"}),
        Seed("roboflow", "keypoints", seen | {"predictions": [thing | {"keypoints": [point]}]}),
    ]


def _mapped() -> list[Seed]:
    columns = {"displayNames": ["land", "ocean"], "confidences": [0.7, 0.3], "bboxes": [[0.1, 0.4, 0.3, 0.7], [None, 0.5, None, 1.0]]}
    things = [
        {"label": "land", "score": 0.5, "box": [2, 3, 8, 7], "mask": RUNS, "keypoints": [{"x": 1, "y": 2, "name": "bow", "score": 0.5}]},
        {"label": "ocean", "score": None, "box": [2, 3, 8, 7], "polygon": SQUARE, "keypoints": [{"x": 1, "y": 2}]},
    ]
    cells = np.stack([MASK, np.full(MASK.shape, 0.5)], axis=-1).tolist()
    pixels = {"request": {"image": {"as": "body"}}, "answer": {"raster": {"at": "map", "cells": "class_probability"}}}
    presets: list[tuple[str, str, Any]] = [
        ("JSON", "detection", {"predictions": things}),
        ("JSON", "segmentation", {"predictions": things}),
        ("JSON", "keypoints", {"predictions": things}),
        ("TorchServe image_classifier", "classification", {"land": 0.75, "ocean": 0.2}),
        ("TorchServe object_detector", "detection", [{"land": [2.0, 3.0, 8.0, 7.0], "score": 0.99}]),
        ("SageMaker detection", "detection", {"prediction": [[1.0, 0.86, 0.1, 0.3, 0.4, 0.7], [-1, -1, -1, -1, -1, -1]]}),
        ("Vertex AI classification", "classification", {"predictions": [columns], "deployedModelId": "1"}),
        ("Vertex AI detection", "detection", {"predictions": [columns], "deployedModelId": "1"}),
        ("MLflow inputs", "classification", {"predictions": [[0.25, 0.75]]}),
    ]
    seeds = [Seed("mapped_json", task, answer, {"preset": preset}) for preset, task, answer in presets]
    return [*seeds, Seed("mapped_json", "segmentation", {"map": cells}, {"mapping": pixels})]


def _cvat() -> list[Seed]:
    inside = [1, 1, 0, 1, 2, 3, 3, 4]
    common = {"confidence": "0.9", "label": "land"}
    elements = [{"label": "bow", "type": "points", "outside": 0, "points": [3, 2], "confidence": "0.6"}]
    shapes = {
        "classification": [{**common, "type": "tag"}],
        "detection": [{**common, "type": "rectangle", "points": [2, 1, 12, 6], "rotation": 10}],
        "segmentation": [
            {**common, "type": "polygon", "points": [2, 1, 12, 6, 2, 6]},
            {**common, "type": "mask", "points": [], "mask": inside},
        ],
        "keypoints": [{**common, "type": "skeleton", "elements": elements}],
    }
    seeds = [Seed("cvat", task, answer) for task, answer in shapes.items()]
    return [*seeds, Seed("cvat", "segmentation", {"points": SQUARE, "mask": MASK.astype(int).tolist()}, prompted=True)]


def _oip() -> list[Seed]:
    def outputs(*tensors: tuple[str, str, list[int], list[Any]], **extra: Any) -> tuple[Any, dict[str, Any]]:
        listed = [{"name": name, "datatype": kind, "shape": shape, "data": data} for name, kind, shape, data in tensors]
        return {"model_name": "net", "model_version": "1", "outputs": listed}, {"fit": "stretch", "width": WIDTH, "height": HEIGHT, **extra}

    text = orjson.dumps({"items": [{"kind": "keypoints", "class": "land", "points": [{"x": 1, "y": 2}]}]}).decode()
    boxes = outputs(
        ("num_dets", "INT32", [1, 1], [1]), ("det_boxes", "FP32", [1, 2, 4], [2, 3, 8, 7, 0, 0, 0, 0]),
        ("det_scores", "FP32", [1, 2], [0.9, 0.0]), ("det_classes", "INT32", [1, 2], [1, 0]), preset="efficient_nms",
    )  # fmt: skip
    yolo = outputs(("output0", "FP32", [1, 6, 3], [5, 9, 9, 5, 5, 5, 4, 4, 4, 4, 4, 4, 0.9, 0.1, 0.1, 0.1, 0.8, 0.1]), preset="yolo_raw")
    return [
        Seed("oip", task, *made)
        for task, made in (
            ("classification", outputs(("p", "FP32", [1, 2], [0.25, 0.75]), preset="classification_probs")),
            ("classification", outputs(("p", "BYTES", [1, 2], ["3.0:1:land", "1.0:0:ocean"]), preset="classification_strings")),
            ("detection", boxes),
            ("detection", yolo),
            ("segmentation", outputs(("m", "INT64", [1, HEIGHT, WIDTH], MASK.astype(int).ravel().tolist()), preset="semseg_argmax")),
            ("keypoints", outputs(("json", "BYTES", [1], [text]), preset="json_bytes")),
        )
    ]


SEEDS = [*_winnow(), *_scaneo(), *_label_studio(), *_huggingface(), *_roboflow(), *_mapped(), *_cvat(), *_oip()]
