"""Learn to find objects, epoch by epoch: the heads alone on frozen maps, or the backbone with them. Imports torch."""

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
from active_learning.training.galleries import Gallery, Rows, truth_of
from active_learning.training.memory import Portions, Tell, bytes_an_image
from active_learning.training.network_learner import Arrays, NetworkLearner
from active_learning.training.object_measures import Measured, measured
from active_learning.training.optimizers import freeze, learning, set_rate, share_at
from active_learning.training.targets import shown
from models_registry.networks.backbones import use_few_threads
from models_registry.networks.devices import arrays_of, put_arrays
from models_registry.networks.library_finders import LibraryFinder
from models_registry.networks.objects import ObjectNetwork
from models_registry.networks.tensors import part_of, under

HEADS: Final = "heads."
BACKBONE: Final = "backbone."
HEADS_FACTOR: Final = 5.0  # heads that know nothing learn faster than what came with ImageNet
LONGEST_STEP: Final = 5.0
Finder = ObjectNetwork | LibraryFinder


@dataclass(frozen=True)
class Lesson:
    """What is learned from and measured on: rows of a gallery, and of every row's image its width and height in pixels.

    ``trust``: of every row, the chance that an epoch shows it.
    """

    gallery: Gallery
    train: Rows
    validation: Rows
    sizes: tuple[tuple[int, int], ...]
    sigmas: npt.NDArray[np.float64] | None = None
    trust: npt.NDArray[np.float32] | None = None


class ObjectLearner(NetworkLearner):
    """Trains by AdamW; an epoch sees every image once, in an order that follows from the seed and the epoch alone."""

    def __init__(
        self,
        lesson: Lesson,
        network: Finder,
        *,
        config: TrainingConfig,
        features: nn.Sequential | None = None,
        tell: Tell | None = None,
    ) -> None:
        """``features``: the backbone that the lesson's gallery looks through, where it is to learn too."""
        use_few_threads()
        self._lesson, self._network, self._config, self._features = lesson, network, config, features
        self._batch = config.batch_for(len(lesson.train))
        self.optimizer = torch.optim.AdamW(_groups(network, features, config), lr=config.learning_rate, weight_decay=config.weight_decay)
        self.portions = Portions(self._batch, tell, each_bytes=self._bytes_an_image())
        self._steps = max(1, math.ceil(len(lesson.train) / self._batch))

    def _bytes_an_image(self) -> int | None:
        """Measure what one picture takes where a whole network learns; heads on kept maps take little."""
        rows = self._lesson.train[:1]
        if self._config.method != "fine_tune" or not len(rows):
            return None

        def look() -> None:
            maps, scenes = self._lesson.gallery.batch(rows, None)
            looked: Any = self._network.look(maps, scenes[0].side_px)
            self._network.loss(looked, [truth_of(each) for each in scenes])

        parts: list[nn.Module] = [self._network] if self._features is None else [self._network, self._features]
        return bytes_an_image(nn.ModuleList(parts), look)

    def train(self, epoch: int, check: Callable[[], None]) -> dict[str, float]:
        """Go once over the training images."""
        rng = np.random.default_rng([self._config.seed, epoch])
        noise = torch.Generator().manual_seed(int(rng.integers(2**62)))
        rows, total, rate = shown(rng.permutation(self._lesson.train), self._lesson.trust, rng), 0.0, 0.0
        self._network.train()
        for step, part in enumerate(np.array_split(rows, min(self._steps, len(rows)))):
            check()
            share = share_at((epoch - 1) * self._steps + step, self._steps * self._config.most_epochs)
            rate = set_rate(self.optimizer, share, self._config.learning_rate)

            def portion(where: slice, part: Rows = part) -> Tensor:
                maps, scenes = self._lesson.gallery.batch(part[where], rng)
                looked: Any = self._network.look(maps, scenes[0].side_px)
                loss = self._network.loss(looked, [truth_of(each) for each in scenes], noise)
                return loss * (len(scenes) / len(part))

            self.optimizer.zero_grad(set_to_none=True)
            total += self.portions.backward(len(part), portion, self.optimizer.zero_grad) * len(part)
            for group in self.optimizer.param_groups:
                nn.utils.clip_grad_norm_(group["params"], LONGEST_STEP)
            self.optimizer.step()
        return {"train_loss": total / max(1, len(rows)), "learning_rate": rate}

    def validate(self) -> dict[str, float]:
        """Measure on the validation images."""
        return self.measure().curve() if len(self._lesson.validation) else {}

    def measure(self) -> Measured:
        """Return the loss and the average precision on the validation images."""
        scenes, found, losses, rows = [], [], [], self._lesson.validation
        self._network.eval()
        with torch.inference_mode():
            for start in range(0, len(rows), self._batch):
                part = rows[start : start + self._batch]
                maps, seen = self._lesson.gallery.batch(part, None)
                looked: Any = self._network.look(maps, seen[0].side_px)
                losses.append(float(self._network.loss(looked, [truth_of(each) for each in seen])) * len(part))
                found += self._network.find(looked)
                scenes += seen
        sizes = [self._lesson.sizes[row] for row in rows.tolist()]
        return measured(self._network.anatomy, scenes, found, sizes, loss=sum(losses) / len(rows), sigmas=self._lesson.sigmas)

    def weights(self) -> dict[str, npt.NDArray[Any]]:
        """Return a copy of the heads, and of the backbone where it learns."""
        backbone = {} if self._features is None else arrays_of(self._features)
        return {**under(HEADS, arrays_of(self._network)), **under(BACKBONE, backbone)}

    def put_weights(self, arrays: Arrays) -> None:
        """Load the heads, and the backbone where it learns."""
        put_arrays(self._network, part_of(arrays, HEADS))
        if self._features is not None:
            put_arrays(self._features, part_of(arrays, BACKBONE))


def _groups(network: Finder, features: nn.Sequential | None, config: TrainingConfig) -> list[dict[str, Any]]:
    """Return what learns, and how fast at most: slowly what came with weights of others, unless only heads learn."""
    rate = config.learning_rate
    if isinstance(network, LibraryFinder):
        freeze(network.layers, config.frozen, early=len(network.layers) // 2)
        last = {id(each): each for each in network.last}
        others = [each for each in learning(network) if id(each) not in last]
        return [{"params": list(last.values()), "peak": rate * HEADS_FACTOR}, {"params": others, "peak": rate}]
    if features is None:
        return [{"params": list(network.parameters()), "peak": rate}]
    freeze(features, config.frozen)
    return [{"params": list(network.parameters()), "peak": rate * HEADS_FACTOR}, {"params": learning(features), "peak": rate}]
