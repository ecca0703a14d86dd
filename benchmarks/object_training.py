"""Fine-tune a finder of boxes: images a second of an epoch, checkpoints, curves, losses and average precision included.

The peer is the shortest loop one would write with torchvision: its FCOS with as many layers on its MobileNetV2, batch
normalisation frozen, AdamW, the same batches from tensors that lie ready in memory, no validation and no checkpoint. Peer
and ours take turns.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import report

IMAGES, HELD_OUT, BATCH, EPOCHS, ROUNDS, GOAL = 64, 8, 8, 1, 2, 0.8
SIDE_PX, CLASSES, OBJECTS = 256, 2, 3


def ours(pixels: Any, scenes: Any) -> float:
    """Return training images a second through the whole loop, from the first epoch to the last checkpoint."""
    from active_learning.training.config import TrainingConfig
    from active_learning.training.course import Plan
    from active_learning.training.galleries import PixelGallery
    from active_learning.training.loop import Hooks, fit
    from active_learning.training.object_learner import Lesson, ObjectLearner
    from active_learning.training.variation import Variation
    from models_registry.networks.object_checkpoint import Anatomy
    from models_registry.networks.objects import installed_maps, seeded_network
    from models_registry.networks.weights import find_weights

    anatomy, features = Anatomy("boxes", ("one", "other")), installed_maps(find_weights())
    gallery = PixelGallery(pixels, scenes, features, anatomy.finest, Variation("horizontal"), None)
    rows = np.arange(len(pixels))
    lesson = Lesson(gallery, rows[:IMAGES], rows[IMAGES:], ((SIDE_PX, SIDE_PX),) * len(pixels))
    config = TrainingConfig(method="fine_tune", batch=BATCH, epochs=EPOCHS)
    learner = ObjectLearner(lesson, seeded_network(anatomy, 0), config=config, features=features)
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as folder:
        started = time.perf_counter()
        fit(learner, Plan(EPOCHS, EPOCHS, 3600, "validation_map"), Path(folder), Hooks())
        return IMAGES * EPOCHS / (time.perf_counter() - started)


def peer(pixels: Any, scenes: Any) -> float:
    """Return training images a second of the bare loop."""
    import torch

    network = _torchvisions()
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-4)
    inputs = torch.from_numpy(pixels[:IMAGES]).permute(0, 3, 1, 2).float().contiguous() / 255
    targets = [{"boxes": torch.from_numpy(each.boxes), "labels": torch.from_numpy(each.labels)} for each in scenes[:IMAGES]]
    started = time.perf_counter()
    for _ in range(EPOCHS):
        for start in range(0, IMAGES, BATCH):
            losses = network(list(inputs[start : start + BATCH]), targets[start : start + BATCH])
            optimizer.zero_grad()
            sum(losses.values()).backward()
            optimizer.step()
    return IMAGES * EPOCHS / (time.perf_counter() - started)


def _torchvisions() -> Any:
    import torch
    from torch import nn
    from torchvision.models import mobilenet_v2
    from torchvision.models._utils import IntermediateLayerGetter
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.models.detection.fcos import FCOS, FCOSHead
    from torchvision.ops import FeaturePyramidNetwork

    from models_registry.networks.objects import CONVOLUTIONS, WIDTH
    from models_registry.networks.weights import find_weights

    whole = mobilenet_v2()
    whole.load_state_dict(torch.load(find_weights().path, weights_only=True))
    maps = IntermediateLayerGetter(whole.features, {"6": "0", "13": "1", "17": "2"})
    backbone: Any = nn.Sequential(maps, FeaturePyramidNetwork([32, 96, 320], WIDTH))
    backbone.out_channels = WIDTH
    anchors = AnchorGenerator(((8,), (16,), (32,)), ((1.0,),) * 3)
    network = FCOS(backbone, CLASSES, SIDE_PX, SIDE_PX, anchor_generator=anchors, head=FCOSHead(WIDTH, 1, CLASSES, num_convs=CONVOLUTIONS))
    network.train()
    maps.eval()  # batch normalisation as it was on ImageNet
    return network


def main() -> None:
    """Measure both."""
    from active_learning.training.scenes import Scene
    from models_registry.networks.backbones import use_few_threads

    use_few_threads()
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (IMAGES + HELD_OUT, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    corners = rng.uniform(0, SIDE_PX / 2, (len(pixels), OBJECTS, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(16, SIDE_PX / 2, corners.shape)], 2).astype(np.float32)
    scenes = [Scene(SIDE_PX, each, rng.integers(0, CLASSES, OBJECTS)) for each in boxes]
    turns = [(peer(pixels, scenes), ours(pixels, scenes)) for _ in range(ROUNDS)]
    bare, own = max(each for each, _ in turns), max(each for _, each in turns)
    print(f"{IMAGES} images of {SIDE_PX} pixels: the bare loop {bare:.1f}/s, ours {own:.1f}/s")
    report(
        "object-training",
        ours={"images_per_s": round(own, 1)},
        peer={"images_per_s": round(bare, 1)},
        ratio=own / bare,
        goal=f"at least {GOAL} of the bare torchvision loop, with validation and checkpoints",
        holds=own >= GOAL * bare,
    )


if __name__ == "__main__":
    main()
