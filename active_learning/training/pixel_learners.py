"""What learns pixels: a head on sampled ones, and the whole network on tiles. The figure to get high is ``validation_miou``."""

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
from active_learning.training.fast_head import HeadLearner
from active_learning.training.label_maps import UNLABELED, LabelMap
from active_learning.training.memory import Portions, Tell, bytes_an_image
from active_learning.training.network_learner import Arrays, NetworkLearner
from active_learning.training.optimizers import freeze, set_rate, share_at
from active_learning.training.pixel_metrics import Counts, confusion, figures_of, mean_iou
from active_learning.training.pixel_samples import MEASURING, drawn_pixels
from active_learning.training.targets import shown
from active_learning.training.variation import Variation, moved
from models_registry.networks.backbones import as_tensor, use_few_threads
from models_registry.networks.devices import arrays_of, drawn_by, fetched, put, put_arrays
from models_registry.networks.library_segmenters import LibrarySegmenter
from models_registry.networks.pictures import Pixels
from models_registry.networks.pyramid import padded
from models_registry.networks.segmenter import Segmenter

AT_ONCE_PX: Final = 2**20  # pixels that a step holds in memory; a batch of more is added up in parts


class PixelHeadLearner(HeadLearner):
    """Fits a head on sampled pixels step by step."""

    def validate(self) -> dict[str, float]:
        """Measure on the sampled pixels of the validation tiles."""
        figures = super().validate()
        if figures:
            said = self.head().logits(self._validation.embeddings).argmax(axis=1)
            figures["validation_miou"] = mean_iou(confusion(said, self._validation.values, self._shape[0]))
        return figures


@dataclass(frozen=True, eq=False)
class TileRows:
    """Decoded tiles: ``pixels`` (N, side, side, B) uint8, ``labels`` (N, side, side) int16; ``rows``: which of them to use.

    ``trust``: of every tile, the chance that an epoch shows it; None where all are shown.
    """

    pixels: npt.NDArray[np.uint8]
    labels: LabelMap
    rows: npt.NDArray[np.int64]
    trust: npt.NDArray[np.float32] | None = None

    def first(self, count: int) -> TileRows:
        """Return at most so many of them."""
        return TileRows(self.pixels, self.labels, self.rows[:count])


class SegmenterLearner(NetworkLearner):
    """Trains all weights by AdamW; an epoch sees every tile once, in an order of its own.

    Classes count by the root of their area, so that small ones are not drowned. Batch normalisation is folded in and stays as it was.
    """

    def __init__(
        self,
        train: TileRows,
        validation: TileRows,
        network: Segmenter | LibrarySegmenter,
        *,
        config: TrainingConfig,
        tell: Tell | None = None,
    ) -> None:
        use_few_threads()
        self._train, self._validation, self._config, self._network = train, validation, config, network
        network.requires_grad_(True)
        freeze(network.layers, config.frozen, early=network.early)
        self._variation = Variation.of(config)
        groups = network.groups(config.learning_rate)
        self.optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, weight_decay=config.weight_decay)
        self._batch = config.batch_for(len(train.rows))
        one = as_tensor(np.array(train.pixels[train.rows[:1]]))
        self.portions = Portions(max(1, AT_ONCE_PX // train.labels[0].size), tell, each_bytes=bytes_an_image(network, lambda: network(one)))
        self._steps = max(1, math.ceil(len(train.rows) / self._batch))
        self._classes = network.classes
        self._weight = put(_class_weights(train, self._classes))

    def train(self, epoch: int, check: Callable[[], None]) -> dict[str, float]:
        """Go once over the training tiles. Order and flips follow from the seed and the epoch alone."""
        rng = np.random.default_rng([self._config.seed, epoch])
        noise = torch.Generator().manual_seed(int(rng.integers(2**62)))
        rows, total, rate = shown(rng.permutation(self._train.rows), self._train.trust, rng), 0.0, 0.0
        self._network.train()
        for step in range(math.ceil(len(rows) / self._batch)):
            check()
            part = np.sort(rows[step * self._batch : (step + 1) * self._batch])  # in order of the file
            share = share_at((epoch - 1) * self._steps + step, self._steps * self._config.most_epochs)
            rate = set_rate(self.optimizer, share, self._config.learning_rate)
            pixels, labels = self._varied(part, rng)
            self.optimizer.zero_grad(set_to_none=True)
            total += self._backward(pixels, labels, noise) * len(part)
            self.optimizer.step()
        return {"train_loss": total / max(1, len(rows)), "learning_rate": rate}

    def _varied(self, rows: npt.NDArray[np.int64], rng: np.random.Generator) -> tuple[Pixels, LabelMap]:
        """Return tiles, varied by chance, with their labels."""
        pixels = self._variation.recoloured(np.asarray(self._train.pixels[rows]), rng)
        moves = self._variation.moves(len(rows), pixels.shape[1], rng)
        return moved(pixels, moves), np.stack([move.of_labels(self._train.labels[row]) for row, move in zip(rows, moves, strict=True)])

    def _backward(self, pixels: Pixels, labels: LabelMap, noise: torch.Generator) -> float:
        """Add the gradient of a batch, part by part, and return its mean loss over labeled pixels."""
        truth = put(labels.astype(np.int64))
        known = truth[truth != UNLABELED]
        whole = self._weight[known].sum().clamp(min=1e-6)

        def portion(where: slice) -> Tensor:
            with drawn_by(noise):
                logits = self._network(as_tensor(pixels[where]))
            loss: Tensor = nn.functional.cross_entropy(logits, truth[where], self._weight, ignore_index=UNLABELED, reduction="sum")
            return loss / whole

        return self.portions.backward(len(pixels), portion, self.optimizer.zero_grad)

    def validate(self) -> dict[str, float]:
        """Measure on all labeled pixels of the validation tiles, before any temperature."""
        if not len(self._validation.rows):
            return {}
        counts, loss, pixels = np.zeros((self._classes, self._classes), np.int64), 0.0, 0
        for part in self._parts(self._validation.rows):
            labels = self._validation.labels[part]
            logits = self._answers(self._validation.pixels[part])
            truth = put(labels.astype(np.int64))
            loss += float(nn.functional.cross_entropy(logits, truth, ignore_index=UNLABELED, reduction="sum"))
            pixels += int((truth != UNLABELED).sum())
            counts += confusion(logits.argmax(dim=1).cpu().numpy(), labels, self._classes)
        figures = {"loss": loss / max(1, pixels), **figures_of(counts)}
        return {f"validation_{name}": value for name, value in figures.items()}

    def confusion(self, tiles: TileRows) -> Counts:
        """Return the counts over whole tiles."""
        counts = np.zeros((self._classes, self._classes), np.int64)
        for part in self._parts(tiles.rows):
            counts += confusion(self._answers(tiles.pixels[part]).argmax(dim=1).cpu().numpy(), tiles.labels[part], self._classes)
        return counts

    def sampled_logits(self, tiles: TileRows, *, seed: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Return logits (N, K) and classes (N,) of pixels drawn from the tiles."""
        each = max(32, MEASURING // max(1, len(tiles.rows)))
        logits, values = [np.empty((0, self._classes), np.float32)], [np.empty(0, np.int64)]
        for part in self._parts(tiles.rows):
            for place, answer in zip(part.tolist(), fetched(self._answers(tiles.pixels[part])), strict=True):
                places = drawn_pixels(tiles.labels[place], each, np.random.default_rng([seed, place]), balanced=False)
                logits.append(answer[:, places[0], places[1]].T)
                values.append(tiles.labels[place][places].astype(np.int64))
        return np.concatenate(logits), np.concatenate(values)

    def _parts(self, rows: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
        at_once = max(1, AT_ONCE_PX // self._train.labels[0].size)
        return [rows[start : start + at_once] for start in range(0, len(rows), at_once)]

    def _answers(self, pixels: Pixels) -> Tensor:
        self._network.eval()
        with torch.inference_mode():
            answers: Tensor = self._network(as_tensor(np.ascontiguousarray(pixels)))
        return answers

    def weights(self) -> dict[str, npt.NDArray[Any]]:
        """Return a copy of all weights."""
        return arrays_of(self._network)

    def put_weights(self, arrays: Arrays) -> None:
        """Load all weights."""
        put_arrays(self._network, {name: array for name, array in arrays.items() if not name.startswith("optimizer.")})


def _class_weights(tiles: TileRows, classes: int) -> npt.NDArray[np.float32]:
    """Return (K,): the root of the mean area over each class's own, at most 10; 1 where all areas are alike."""
    area = np.zeros(classes, np.int64)
    for row in tiles.rows.tolist():
        labels = tiles.labels[row].ravel()
        area += np.bincount(labels[labels != UNLABELED], minlength=classes)
    weight = np.sqrt(area.sum() / classes / np.maximum(area, 1))
    return np.asarray(np.clip(weight, 0.1, 10.0), np.float32)


def said_of(network: Segmenter, pixels: Pixels) -> npt.NDArray[np.int64]:
    """Return the likeliest class (H, W) of each pixel of one picture (H, W, B)."""
    height, width = pixels.shape[:2]
    with torch.inference_mode():
        said = network(as_tensor(padded(pixels)[None])).argmax(dim=1)[0, :height, :width]
    return np.asarray(said.cpu().numpy(), np.int64)
