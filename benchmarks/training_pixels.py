"""Fine-tune a semantic segmenter: tiles a second of an epoch, validation, checkpoints and curves included.

The peer is the shortest loop one would write: torchvision's MobileNetV2 with batch normalisation frozen and its LR-ASPP head on
two of its maps, AdamW, the same tiles from tensors that lie ready in memory, no validation and no checkpoint. Peer and ours take turns.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import report

TILES, HELD_OUT, SIDE, BATCH, EPOCHS, ROUNDS, GOAL = 48, 8, 128, 8, 1, 2, 0.9
CLASSES = 3


def ours(pixels: Any, labels: Any) -> float:
    """Return training tiles a second through the whole loop, from the first epoch to the last checkpoint."""
    from active_learning.training.config import TrainingConfig
    from active_learning.training.course import Plan
    from active_learning.training.loop import Hooks, fit
    from active_learning.training.pixel_learners import SegmenterLearner, TileRows
    from active_learning.training.pixel_metrics import GOAL as FIGURE
    from models_registry.networks.heads import LinearHead
    from models_registry.networks.pyramid import dimension
    from models_registry.networks.segmenter import WIDTHS, Decoder, Segmenter, pixel_backbone

    size = dimension(3)
    zeros, ones = np.zeros(size, np.float32), np.ones(size, np.float32)
    head = LinearHead(zeros, ones, np.zeros((CLASSES, size), np.float32), np.zeros(CLASSES, np.float32))
    network = Segmenter(pixel_backbone(), head, None, Decoder(CLASSES, WIDTHS["small"]))
    train, validation = (TileRows(pixels, labels, rows) for rows in (np.arange(TILES), np.arange(TILES, TILES + HELD_OUT)))
    config = TrainingConfig(method="fine_tune", batch=BATCH, epochs=EPOCHS)
    learner = SegmenterLearner(train, validation, network, config=config)
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as folder:
        started = time.perf_counter()
        fit(learner, Plan(EPOCHS, EPOCHS, 3600, FIGURE), Path(folder), Hooks())
        return TILES * EPOCHS / (time.perf_counter() - started)


def peer(pixels: Any, labels: Any) -> float:
    """Return training tiles a second of the bare loop."""
    import torch
    from torchvision.models import mobilenet_v2
    from torchvision.models._utils import IntermediateLayerGetter
    from torchvision.models.segmentation.lraspp import LRASPP

    from models_registry.networks.weights import find_weights

    backbone = mobilenet_v2()
    backbone.load_state_dict(torch.load(find_weights().path, weights_only=True))
    maps = IntermediateLayerGetter(backbone.features, {"6": "low", "17": "high"})
    network = LRASPP(maps, low_channels=32, high_channels=320, num_classes=CLASSES)
    network.eval()
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-4)
    inputs = torch.from_numpy(pixels[:TILES]).permute(0, 3, 1, 2).float().contiguous() / 255
    targets = torch.from_numpy(labels[:TILES].astype(np.int64))
    started = time.perf_counter()
    for _ in range(EPOCHS):
        for start in range(0, TILES, BATCH):
            optimizer.zero_grad()
            answer = network(inputs[start : start + BATCH])["out"]
            torch.nn.functional.cross_entropy(answer, targets[start : start + BATCH]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return TILES * EPOCHS / (time.perf_counter() - started)


def main() -> None:
    """Measure both in turns."""
    from models_registry.networks.backbones import use_few_threads

    use_few_threads()
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (TILES + HELD_OUT, SIDE, SIDE, 3), dtype=np.uint8)
    labels = rng.integers(0, CLASSES, (TILES + HELD_OUT, SIDE, SIDE)).astype(np.int16)
    turns = [(peer(pixels, labels), ours(pixels, labels)) for _ in range(ROUNDS)]
    bare, own = max(each for each, _ in turns), max(each for _, each in turns)
    print(f"{TILES} tiles of {SIDE} px: the bare loop {bare:.1f}/s, ours {own:.1f}/s")
    report(
        "training-pixels",
        ours={"tiles_per_s": round(own, 1)},
        peer={"tiles_per_s": round(bare, 1)},
        ratio=own / bare,
        goal=f"at least {GOAL} of the bare loop, with validation and checkpoints",
        holds=own >= GOAL * bare,
    )


if __name__ == "__main__":
    main()
