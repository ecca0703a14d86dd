"""Pools whose model is a small convolutional network, trained anew on every set of labels: what published tables were measured with.

A network is two parts: ``seeing``, without chance in it, and ``deciding``, with the dropout. What ``seeing`` makes of an image is
computed once a round, and only ``deciding`` is drawn again and again. ``BFLOAT16=1`` computes in half precision, which on processors
with such instructions takes half of the time.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from active_learning.acquisition.disagreement import Members
from active_learning.acquisition.values import Floats, Rows
from active_learning.progress.replay import Material, Told

AT_ONCE = 500
HALF = os.environ.get("BFLOAT16", "") == "1"


@dataclass(frozen=True)
class Recipe:
    """A network and how it is trained: passes over the labels, but never fewer or more updates than said; draws under dropout."""

    network: Callable[[], tuple[nn.Module, nn.Module]]
    optimizer: Callable[[list[nn.Parameter]], torch.optim.Optimizer]
    epochs: int
    least_updates: int
    most_updates: int
    batch: int = 64
    draws: int = 20


class ConvPool:
    """Images whose labels are hidden; ``drawn`` says whether the strategy reads draws, ``sees`` whether it reads what the network sees."""

    multi_label = False

    def __init__(self, data: Material, recipe: Recipe, *, seed: int, drawn: bool, sees: bool) -> None:
        self.recipe, self.seed, self.drawn, self.sees = recipe, seed, drawn, sees
        self.pool, self.test = images(data.pool.embeddings), images(data.test.embeddings)
        self.values, self.truth = data.pool.values, data.test.values
        self.reached: list[float] = []
        self._model: Trained | None = None

    @property
    def embeddings(self) -> Floats:
        """What the latest network sees in the pool; nothing where the strategy does not look."""
        if self._model is None or not self.sees:
            return np.zeros((len(self.pool), 1), np.float32)
        return self._model.seen.float().numpy()

    def learned(self, labeled: Sequence[int]) -> "Trained":
        """Train a network from scratch."""
        torch.manual_seed(1000 * self.seed + len(labeled))
        self._model = Trained(self, *trained(self.pool[list(labeled)], self.values[list(labeled)], self.recipe))
        return self._model


@dataclass(frozen=True, eq=False)
class Trained:
    """A network, and the pool that it is asked about."""

    of: ConvPool
    seeing: nn.Module
    deciding: nn.Module

    @cached_property
    def seen(self) -> Tensor:
        """What it makes of the pool, (N, D)."""
        return _in_parts(self.seeing, self.of.pool)

    def told(self, rows: Rows) -> Told:
        """Answer about rows of the pool: by the mean of the draws, and how much they differ."""
        at = torch.from_numpy(rows)
        if not self.of.drawn:
            return Told(_answers(self.deciding.eval(), self.seen[at]))
        members, total = Members(), np.zeros(())
        rng = torch.Generator().manual_seed(self.of.seed)
        for _ in range(self.of.recipe.draws):
            answers = _answers(thinned(self.deciding, rng), self.seen[at])
            members.add(answers)
            total = total + answers
        return Told(total / self.of.recipe.draws, uncertainty={"bald": members.divergence()})

    def goodness(self) -> float:
        """Return the share of the test images that it gets right, without dropout."""
        said = _answers(self.deciding.eval(), _in_parts(self.seeing, self.of.test)).argmax(axis=1)
        self.of.reached.append(float((said == self.of.truth).mean()))
        return self.of.reached[-1]


def images(pixels: NDArray[np.float32]) -> Tensor:
    """Return flat rows as square images, (N, 1, side, side)."""
    side = round(pixels.shape[1] ** 0.5)
    return torch.from_numpy(pixels).reshape(-1, 1, side, side)


def trained(pixels: Tensor, values: NDArray[np.int64], recipe: Recipe) -> tuple[nn.Module, nn.Module]:
    """Train a new network on some labels."""
    seeing, deciding = recipe.network()
    seeing.to(memory_format=torch.channels_last)
    optimizer = recipe.optimizer([*seeing.parameters(), *deciding.parameters()])
    top = optimizer.param_groups[0]["lr"]
    truth, count = torch.from_numpy(values), len(values)
    batch = min(recipe.batch, count)
    updates = min(max(recipe.epochs * -(-count // batch), recipe.least_updates), recipe.most_updates)
    seeing.train()
    deciding.train()
    order = torch.randperm(count)
    for update in range(updates):
        at = update * batch % (count - count % batch)
        if at == 0:
            order = torch.randperm(count)
        rows = order[at : at + batch]
        for group in optimizer.param_groups:
            group["lr"] = top * min(1.0, 2 * (1 - update / updates))
        optimizer.zero_grad()
        with _numbers():
            logits = deciding(seeing(pixels[rows]))
        loss = nn.functional.cross_entropy(logits.float(), truth[rows])
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return seeing.eval(), deciding


def thinned(network: nn.Module, rng: torch.Generator) -> nn.Module:
    """Return one draw of a sequence under dropout: the same parts are missing for every image, so that it is one network of many."""
    parts: list[nn.Module] = []
    rate = 0.0
    for part in network.eval().children():
        if isinstance(part, nn.Dropout):
            rate = part.p
        elif isinstance(part, nn.Linear) and rate:
            kept = (torch.rand(part.in_features, generator=rng) >= rate) / (1 - rate)
            thin = nn.Linear(part.in_features, part.out_features)
            thin.weight.data, thin.bias.data = part.weight.data * kept, part.bias.data
            parts.append(thin)
            rate = 0.0
        else:
            parts.append(part)
    return nn.Sequential(*parts)


def _numbers() -> torch.autocast:
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=HALF)


def _in_parts(network: nn.Module, given: Tensor) -> Tensor:
    with torch.inference_mode(), _numbers():
        return torch.cat([network(given[start : start + AT_ONCE]) for start in range(0, len(given), AT_ONCE)])


def _answers(network: nn.Module, seen: Tensor) -> Floats:
    logits = _in_parts(network, seen).double()
    answers: Floats = torch.softmax(logits, dim=1).numpy()
    return answers
