"""Fine-tune the whole network: images a second of an epoch, checkpoints, curves and validation included.

The peer is the shortest loop one would write: torchvision's MobileNetV2 with batch normalisation frozen, AdamW, the
same batches from tensors that lie ready in memory, no validation and no checkpoint. Peer and ours take turns.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import report

IMAGES, HELD_OUT, BATCH, EPOCHS, ROUNDS, GOAL = (32, 320), 16, 16, 1, 2, 0.9
CLASSES = 3


def ours(pixels: Any, values: Any, taught: int) -> float:
    """Return training images a second through the whole loop, from the first epoch to the last checkpoint."""
    from active_learning.training.config import TrainingConfig
    from active_learning.training.course import Plan
    from active_learning.training.fine_tune import FineTuneLearner, PictureSet
    from active_learning.training.loop import Hooks, fit
    from models_registry.networks.heads import LinearHead

    zeros, ones = np.zeros(1280, np.float32), np.ones(1280, np.float32)
    start = LinearHead(zeros, ones, np.zeros((CLASSES, 1280), np.float32), np.zeros(CLASSES, np.float32))
    train, validation = (PictureSet(pixels, values, rows) for rows in (np.arange(taught), np.arange(taught, len(pixels))))
    config = TrainingConfig(method="fine_tune", batch=BATCH, epochs=EPOCHS)
    learner = FineTuneLearner(train, validation, start, config=config, backbone={})
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as folder:
        started = time.perf_counter()
        fit(learner, Plan(EPOCHS, EPOCHS, 3600), Path(folder), Hooks())
        return taught * EPOCHS / (time.perf_counter() - started)


def peer(pixels: Any, values: Any, taught: int) -> float:
    """Return training images a second of the bare loop."""
    import torch
    from torchvision.models import mobilenet_v2

    from models_registry.networks.weights import find_weights

    network = mobilenet_v2()
    network.load_state_dict(torch.load(find_weights().path, weights_only=True))
    network.classifier[1] = torch.nn.Linear(1280, CLASSES)
    network.eval()
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-4)
    inputs = torch.from_numpy(pixels[:taught]).permute(0, 3, 1, 2).float().contiguous() / 255
    targets = torch.from_numpy(values[:taught])
    started = time.perf_counter()
    for _ in range(EPOCHS):
        for start in range(0, taught, BATCH):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(inputs[start : start + BATCH]), targets[start : start + BATCH]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return taught * EPOCHS / (time.perf_counter() - started)


def main() -> None:
    """Measure both sizes; the figure is the larger one's."""
    from models_registry.networks.backbones import use_few_threads

    use_few_threads()
    rng = np.random.default_rng(0)
    results: dict[int, tuple[float, float]] = {}
    for count in IMAGES:
        pixels = rng.integers(0, 256, (count + HELD_OUT, 128, 128, 3), dtype=np.uint8)
        values = rng.integers(0, CLASSES, count + HELD_OUT)
        turns = [(peer(pixels, values, count), ours(pixels, values, count)) for _ in range(ROUNDS)]
        results[count] = max(bare for bare, _ in turns), max(own for _, own in turns)
        print(f"{count} images: the bare loop {results[count][0]:.0f}/s, ours {results[count][1]:.0f}/s")
    bare, own = results[max(IMAGES)]
    report(
        "training",
        ours={"images_per_s": round(own, 1), f"images_per_s_at_{min(IMAGES)}": round(results[min(IMAGES)][1], 1)},
        peer={"images_per_s": round(bare, 1)},
        ratio=own / bare,
        goal=f"at least {GOAL} of the bare loop, with validation and checkpoints",
        holds=own >= GOAL * bare,
    )


if __name__ == "__main__":
    main()
