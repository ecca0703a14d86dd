"""Fine-tuning: the whole network, from a fitted head on.

Linear probing first, then all weights (Kumar et al. 2022, arXiv:2202.10054). Batch normalisation stays as it was on
ImageNet, folded into the convolutions: with few images its statistics would be noise, and folded it costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from active_learning.training.config import TrainingConfig
from active_learning.training.memory import Portions, Tell, bytes_an_image
from active_learning.training.metrics import measure
from active_learning.training.network_learner import Arrays, NetworkLearner
from active_learning.training.optimizers import falling, freeze, learning, set_rate
from active_learning.training.variation import Variation, moved
from models_registry.networks.backbones import as_tensor, fast, pooled, trained_features, tuned_features, use_few_threads
from models_registry.networks.bands import BandScale, bands_seen
from models_registry.networks.devices import arrays_of, device, fetched, mixed, put, put_arrays
from models_registry.networks.heads import LinearHead, sigmoid, softmax
from models_registry.networks.library_networks import Eye
from models_registry.networks.pictures import Pixels
from models_registry.networks.tensors import part_of, under
from models_registry.networks.weights import find_weights

HEAD_FACTOR: Final = 10.0  # the head learns faster than what came with ImageNet
DROPOUT: Final = 0.2


@dataclass(frozen=True)
class PictureSet:
    """Pictures (N, side, side, 3) uint8 and what they are: (N,) class indices or (N, K) bits; ``rows``: which of them to use.

    ``weights``: (N,) float32 how much each counts, or (N, K) each of its labels, with the mean 1; None where all count alike.
    """

    pixels: Pixels
    values: npt.NDArray[Any]
    rows: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32] | None = None


class FineTuneLearner(NetworkLearner):
    """Trains all weights by AdamW with a cosine schedule; an epoch sees every image once, in an order of its own."""

    def __init__(
        self,
        train: PictureSet,
        validation: PictureSet,
        start: LinearHead,
        *,
        config: TrainingConfig,
        backbone: Arrays,
        scale: BandScale | None = None,
        eye: Eye | None = None,
        tell: Tell | None = None,
    ) -> None:
        """``eye``: a network of a library that learns in the place of the installed one."""
        use_few_threads()
        self._train, self._validation, self._config = train, validation, config
        bands, self._scale, self._eye = bands_seen(scale), scale, eye
        if eye is None:
            features = tuned_features(backbone, bands) if backbone else fast(trained_features(find_weights(), bands))
            freeze(features, config.frozen)
            self._features: nn.Module = features
        else:
            self._features = eye.body
            eye.body.requires_grad_(config.frozen != "backbone")
            freeze(eye.layers, config.frozen, early=len(eye.layers) // 2)
        self._variation = Variation.of(config)
        self._linear = _as_layer(start).to(device())
        groups: list[dict[str, Any]] = [
            {"params": learning(self._features), "peak": config.learning_rate},
            {"params": list(self._linear.parameters()), "peak": config.learning_rate * HEAD_FACTOR},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, weight_decay=config.weight_decay)
        self._batch = config.batch_for(len(train.rows))
        one = as_tensor(np.asarray(train.pixels[train.rows[:1]]))
        self.portions = Portions(self._batch, tell, each_bytes=bytes_an_image(self._features, lambda: self._seen(one)))
        self._steps = max(1, math.ceil(len(train.rows) / self._batch))

    def train(self, epoch: int, check: Callable[[], None]) -> dict[str, float]:
        """Go once over the training images. Order, flips and dropout follow from the seed and the epoch alone."""
        rng = np.random.default_rng([self._config.seed, epoch])
        noise = torch.Generator().manual_seed(int(rng.integers(2**62)))
        rows, total = rng.permutation(self._train.rows), 0.0
        for step in range(self._steps):
            check()
            part = rows[step * self._batch : (step + 1) * self._batch]
            share = falling((epoch - 1) * self._steps + step, self._steps * self._config.most_epochs)
            rate = set_rate(self.optimizer, share, self._config.learning_rate)
            pixels = self._variation.recoloured(self._train.pixels[part], rng)
            pixels = moved(pixels, self._variation.moves(len(part), pixels.shape[1], rng))
            weights = None if self._train.weights is None else self._train.weights[part]
            values = self._train.values[part]

            def portion(
                where: slice, pixels: Pixels = pixels, values: npt.NDArray[Any] = values, weights: npt.NDArray[np.float32] | None = weights
            ) -> Tensor:
                some = None if weights is None else weights[where]
                return self._loss(pixels[where], values[where], noise, some) * (len(values[where]) / len(values))

            self.optimizer.zero_grad(set_to_none=True)
            total += self.portions.backward(len(part), portion, self.optimizer.zero_grad) * len(part)
            self.optimizer.step()
        return {"train_loss": total / max(1, len(rows)), "learning_rate": rate}

    def _seen(self, batch: Tensor) -> Tensor:
        return pooled(self._features, batch, self._scale) if self._eye is None else self._eye(batch)

    def _loss(
        self, pixels: Pixels, values: npt.NDArray[Any], noise: torch.Generator, weights: npt.NDArray[np.float32] | None = None
    ) -> Tensor:
        with mixed():
            features = self._seen(as_tensor(pixels)).float()
        keep = (torch.rand(features.shape, generator=noise) >= DROPOUT).float().to(features.device) / (1 - DROPOUT)
        logits = self._linear(features * keep)
        if values.ndim == 2:
            bits = None if weights is None else put(weights.reshape(len(weights), -1)).expand_as(logits)
            return nn.functional.binary_cross_entropy_with_logits(logits, put(values.astype(np.float32)), weight=bits)
        if weights is None:
            return nn.functional.cross_entropy(logits, put(values))
        return (nn.functional.cross_entropy(logits, put(values), reduction="none") * put(weights)).mean()

    def validate(self) -> dict[str, float]:
        """Measure on the validation images, before any temperature."""
        rows, values = self._validation.rows, self._validation.values
        if not len(rows):
            return {}
        logits = self.logits(self._validation.pixels, rows)
        figures = measure(sigmoid(logits) if values.ndim == 2 else softmax(logits), values[rows])
        return {f"validation_{name}": value for name, value in figures.items()}

    def logits(self, pixels: Pixels, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return (N, K) of the pictures in ``rows``."""
        parts = []
        with torch.inference_mode():
            for start in range(0, len(rows), self._batch):
                batch = as_tensor(pixels[rows[start : start + self._batch]])
                with mixed():
                    features = self._seen(batch)
                parts.append(fetched(self._linear(features.float())))
        return np.concatenate(parts)

    def weights(self) -> dict[str, npt.NDArray[Any]]:
        """Return a copy of backbone and head."""
        return {**under("backbone.", arrays_of(self._features)), **under("linear.", arrays_of(self._linear))}

    def put_weights(self, arrays: Arrays) -> None:
        """Load backbone and head."""
        # The head first: it is what does not fit where labels came or went, and then nothing is to be changed.
        put_arrays(self._linear, part_of(arrays, "linear."))
        put_arrays(self._features, part_of(arrays, "backbone."))


def head_of(arrays: Arrays, *, multi_label: bool) -> LinearHead:
    """Return the trained linear layer as a head that standardises nothing."""
    weight = np.asarray(arrays["linear.weight"], np.float32)
    zeros, ones = np.zeros(weight.shape[1], np.float32), np.ones(weight.shape[1], np.float32)
    return LinearHead(zeros, ones, weight, np.asarray(arrays["linear.bias"], np.float32), multi_label=multi_label)


def _as_layer(head: LinearHead) -> nn.Linear:
    """Fold the standardisation of a head into one linear layer."""
    layer = nn.Linear(head.weight.shape[1], head.weight.shape[0])
    weight = head.weight / head.scale
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(head.bias - weight @ head.mean))
    return layer
