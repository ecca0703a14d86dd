"""Small networks as real ONNX files, written by the ``onnx`` package."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
OPSET = 17


def saved(path: Path, nodes: list[Any], inputs: list[Any], outputs: list[Any], weights: dict[str, np.ndarray], **metadata: str) -> Path:
    """Write a graph as a file."""
    kept = [numpy_helper.from_array(values, name) for name, values in weights.items()]
    graph = helper.make_graph(nodes, "net", inputs, outputs, kept)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="tests", ir_version=8)
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


def value(name: str, shape: list[Any], kind: int = TensorProto.FLOAT) -> Any:
    """Describe an input or an output; a text is an open dimension."""
    return helper.make_tensor_value_info(name, kind, shape)


def water_segmenter(path: Path, **metadata: str) -> Path:
    """The example servers' model of three numbers as a convolution: logits of water and land for each pixel, any size."""
    sys.path.insert(0, str(EXAMPLES))
    from water import BIAS, BLUE, GREEN, RED

    weights = np.zeros((2, 3, 1, 1), np.float32)
    weights[0, :, 0, 0] = (RED, GREEN, BLUE)
    node = helper.make_node("Conv", ["image", "weights", "bias"], ["logits"], kernel_shape=[1, 1])
    numbers = {"weights": weights, "bias": np.array([BIAS, 0], np.float32)}
    return saved(path, [node], [value("image", ["n", 3, "h", "w"])], [value("logits", ["n", 2, "h", "w"])], numbers, **metadata)


def mean_colour_classifier(path: Path, **metadata: str) -> Path:
    """Logits of three classes by the mean colour: which of red, green and blue there is most of."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Mul", ["flat", "ten"], ["logits"]),
    ]
    shapes = [value("image", [1, 3, 32, 32])], [value("logits", [1, 3])]
    return saved(path, nodes, *shapes, {"ten": np.array([10], np.float32)}, **metadata)


def one_box_detector(path: Path, **metadata: str) -> Path:
    """A raw YOLO head that finds the same box in every image: in the middle, a quarter of the input's sides."""
    head = np.zeros((1, 6, 40), np.float32)
    head[0, :, 7] = (32, 32, 16, 16, 0.1, 0.9)
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "nothing"], ["none"]),
        helper.make_node("Add", ["head", "none"], ["output0"]),
    ]
    numbers = {"head": head, "nothing": np.array(0, np.float32)}
    return saved(path, nodes, [value("images", [1, 3, 64, 64])], [value("output0", [1, 6, 40])], numbers, **metadata)
