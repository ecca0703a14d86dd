"""A trained classifier as an ONNX file that any runtime asks: pixels in, probabilities out, nothing of ours needed.

The input ``image`` is (n, 3, side, side) float32, red, green and blue from 0 to 255; the output ``probabilities`` (n, K).
Run as a process of its own (``python -m models_registry.networks.onnx_export CHECKPOINT TARGET``): torch comes with it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np

from campaigns.errors import Conflict
from models_registry.networks.backbones import DEVIATION, MEAN, SIZES, fast, trained_features, tuned_features
from models_registry.networks.checkpoint import ClassifierCheckpoint
from models_registry.networks.onnx_writer import Graph, described
from models_registry.networks.tensors import TensorFileError
from models_registry.networks.weights import find_weights

PRODUCER: Final = "Winnow"
FAILED: Final = 3


def export_classifier(checkpoint: ClassifierCheckpoint) -> bytes:
    """Return the ONNX file; raises ``Conflict`` when it was trained on a backbone that is not installed."""
    graph, side = Graph(), SIZES[checkpoint.size]
    logits = _append_head(graph, checkpoint, graph.add("Flatten", append_backbone(graph, _features(checkpoint))))
    graph.add("Sigmoid" if checkpoint.head.multi_label else "Softmax", logits, output="probabilities")
    names = json.dumps(dict(enumerate(checkpoint.classes)))
    shapes = described("image", ("n", 3, side, side)), described("probabilities", ("n", len(checkpoint.classes)))
    return graph.as_file([shapes[0]], [shapes[1]], {"names": names}, producer=PRODUCER)


def append_backbone(graph: Graph, features: Any) -> str:
    """Append what a backbone sees of ``image``, pooled: (n, 1280, 1, 1); return its name."""
    channels = (1, 3, 1, 1)
    centred = graph.add("Sub", "image", graph.keep(np.array(MEAN, np.float32).reshape(channels)))
    scaled = graph.add("Div", centred, graph.keep(np.array(DEVIATION, np.float32).reshape(channels)))
    return graph.add("GlobalAveragePool", _append(graph, features, scaled))


def _features(checkpoint: ClassifierCheckpoint) -> Any:
    if not checkpoint.is_frozen:
        return tuned_features(checkpoint.backbone)
    weights = find_weights()
    if weights.sha256 != checkpoint.weights_sha256:
        raise Conflict(
            "The model was trained on a backbone with other weights than those installed now. Train it again.", code="backbone_changed"
        )
    return fast(trained_features(weights))


def _append_head(graph: Graph, checkpoint: ClassifierCheckpoint, features: str) -> str:
    """Append the head, its standardisation and its temperature folded into one matrix."""
    head = checkpoint.head
    weight = head.weight.astype(np.float64) / head.scale
    bias = head.bias - weight @ head.mean
    return graph.add("Gemm", features, graph.keep(weight / head.temperature), graph.keep(bias / head.temperature), transB=1)


def _append(graph: Graph, module: Any, value: str) -> str:
    """Append a part of the backbone, whose normalisation is folded in; return the name of what it gives."""
    from torch import nn
    from torchvision.models.mobilenetv2 import InvertedResidual

    if isinstance(module, InvertedResidual):
        inner = _append(graph, module.conv, value)
        return graph.add("Add", value, inner) if module.use_res_connect else inner
    if isinstance(module, nn.Conv2d):
        return _append_convolution(graph, module, value)
    if isinstance(module, nn.ReLU6):
        return graph.add("Clip", value, graph.keep(0.0), graph.keep(6.0))
    if isinstance(module, nn.Sequential):
        for child in module:
            value = _append(graph, child, value)
        return value
    if isinstance(module, nn.Identity | nn.Dropout):
        return value
    raise TypeError(f"{type(module).__name__} is no part of MobileNetV2")


def _append_convolution(graph: Graph, module: Any, value: str) -> str:
    inputs = [graph.keep(each.detach().cpu().numpy()) for each in (module.weight, module.bias) if each is not None]
    top, left = module.padding
    return graph.add(
        "Conv", value, *inputs, kernel_shape=module.kernel_size, strides=module.stride, dilations=module.dilation,
        pads=(top, left, top, left), group=module.groups,
    )  # fmt: skip


def main() -> None:
    """Write the ONNX file of a checkpoint; what a person can do wrong is told on the standard output."""
    source, target = (Path(each) for each in sys.argv[1:3])
    try:
        target.write_bytes(export_classifier(ClassifierCheckpoint.load(source)))
    except (Conflict, OSError, TensorFileError) as error:
        sys.stdout.write(str(error))
        raise SystemExit(FAILED) from error


if __name__ == "__main__":
    main()
