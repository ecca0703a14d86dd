"""Embed a folder of JPEG images of 640 x 480: reading, decoding, the network and the store together.

The peer is the network alone: torchvision's own MobileNetV2 in inference mode on tensors that lie ready in memory, in
batches of 32. Peer and ours take turns; both get the same threads.
"""

import hashlib
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Picture

from benchmarks.report import report

IMAGES, ROUNDS, BATCH, GOAL = (100, 1000), 2, 32, 0.9


def write_images(folder: Path, count: int) -> list[Path]:
    """Cut so many overlapping pieces of the Blue Marble into JPEG files."""
    from campaigns.imagery.blue_marble import load

    picture, _ = load()
    rng = np.random.default_rng(1)
    paths = []
    for n in range(count):
        top, left = int(rng.integers(0, 2700 - 480)), int(rng.integers(0, 5400 - 640))
        paths.append(folder / f"{n}.jpg")
        Picture.fromarray(picture[top : top + 480, left : left + 640]).save(paths[-1], quality=88)
    return paths


def ours(paths: list[Path], folder: Path) -> float:
    """Return images a second into an empty store."""
    from campaigns.imagery import read_rgb
    from models_registry.networks.backbones import DIMENSION, loaded_backbone
    from models_registry.networks.embedding import Source, embed_missing
    from models_registry.networks.pictures import ROOM
    from models_registry.networks.store import EmbeddingStore, content_key
    from models_registry.networks.weights import find_weights

    backbone = loaded_backbone("small", find_weights().sha256)
    started = time.perf_counter()
    sources = [
        Source(content_key(hashlib.sha256(path.name.encode()).hexdigest()), partial(read_rgb, path, ROOM * backbone.side_px))
        for path in paths
    ]
    store = EmbeddingStore(folder, DIMENSION)
    failed = embed_missing(store, lambda: backbone, sources, on_progress=lambda done, failed: None)
    assert not failed, failed
    assert len(store) == len(paths)
    return len(paths) / (time.perf_counter() - started)


def peer(network: Any, tensors: Any) -> float:
    """Return images a second of the bare network."""
    import torch

    started = time.perf_counter()
    with torch.inference_mode():
        for start in range(0, len(tensors), BATCH):
            network(tensors[start : start + BATCH]).mean((2, 3))
    return len(tensors) / (time.perf_counter() - started)


def bare_network() -> Any:
    """Return torchvision's network as it comes."""
    import torch
    from torchvision.models import mobilenet_v2

    from models_registry.networks.backbones import use_few_threads
    from models_registry.networks.weights import find_weights

    use_few_threads()
    network = mobilenet_v2()
    network.load_state_dict(torch.load(find_weights().path, weights_only=True))
    return network.eval().features


def main() -> None:
    """Measure both sizes; the figure is the larger one's, the best of each side's turns."""
    import torch

    network = bare_network()
    tensors = torch.rand(BATCH * 4, 3, 128, 128)
    results: dict[int, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as name:
        folder = Path(name)
        paths = write_images(folder, max(IMAGES))
        for count in IMAGES:
            turns = [(peer(network, tensors), ours(paths[:count], folder / f"store-{count}-{turn}")) for turn in range(ROUNDS)]
            results[count] = max(bare for bare, _ in turns), max(own for _, own in turns)
            print(f"{count} images: the network alone {results[count][0]:.0f}/s, ours from files {results[count][1]:.0f}/s")
    bare, own = results[max(IMAGES)]
    report(
        "embedding",
        ours={"images_per_s": round(own, 1), f"images_per_s_at_{min(IMAGES)}": round(results[min(IMAGES)][1], 1)},
        peer={"images_per_s": round(bare, 1)},
        ratio=own / bare,
        goal=f"at least {GOAL} of the bare network on tensors in memory, from JPEG files, stored",
        holds=own >= GOAL * bare,
    )


if __name__ == "__main__":
    main()
