"""Several processes learn together, each on a GPU of its own: they share every step's images and add their gradients up.

torch.distributed connects them: gloo on the processor and for what is said, NCCL for gradients on GPUs. The process of the training
leads: it alone measures, saves and talks to people. The others hold copies of its learner, learn when it says so, and end with it,
however it ends: each of them waits at a pipe that closes with the leader. Imports torch.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final, Protocol

import torch
import torch.distributed as dist
from torch import Tensor, nn

from models_registry.networks.devices import VARIABLE, device

PROCESSES: Final = "WINNOW_TRAINING_PROCESSES"
PATIENCE: Final = timedelta(hours=12)  # the leader may measure for long; whoever dies is noticed at once
INTERFACE: Final = "GLOO_SOCKET_IFNAME"
GO, STOP, END = 1, 2, 3


class Told(Exception):
    """The leader ended the epoch."""


def processes() -> int:
    """Return how many processes learn together: what the setting says, else one for each GPU where any may be taken."""
    said = os.environ.get(PROCESSES, "").strip()
    if said:
        return max(1, int(said)) if said.isdigit() else 1
    return max(1, torch.cuda.device_count()) if os.environ.get(VARIABLE) in ("auto", "cuda") else 1


class Team:
    """One process's seat among the others. ``join`` names the weights that they learn together."""

    def __init__(self, rank: int, size: int, meeting: str) -> None:
        """Meet the others; ``meeting``: a path of a file that is not there yet."""
        os.environ.setdefault(INTERFACE, "lo")
        store: Any = dist.FileStore(meeting, size)  # type: ignore[attr-defined]
        dist.init_process_group("gloo", store=store, rank=rank, world_size=size, timeout=PATIENCE)
        self.rank, self.size = rank, size
        self._fast: Any = dist.new_group(backend="nccl") if device().type == "cuda" and dist.is_nccl_available() else None
        self._weights: list[nn.Parameter] = []

    def join(self, weights: Sequence[nn.Parameter]) -> None:
        """Name the weights whose gradients are added up, in the same order everywhere."""
        self._weights = list(weights)

    def share(self, images: int) -> range:
        """Return which images of a step are this process's."""
        return range(images * self.rank // self.size, images * (self.rank + 1) // self.size)

    def tell(self, *numbers: int) -> None:
        """Say two numbers to all others."""
        dist.broadcast(torch.tensor([*numbers, 0][:2]), 0)

    def told(self) -> tuple[int, int]:
        """Wait for what the leader says."""
        said = torch.zeros(2, dtype=torch.int64)
        dist.broadcast(said, 0)
        return int(said[0]), int(said[1])

    def add_up(self, loss: float) -> float:
        """Give every process the sum of all gradients, and return that of the losses. A weight that nobody needed has none, as ever."""
        needed = torch.tensor([loss, *(float(each.grad is not None) for each in self._weights)], dtype=torch.float64)
        dist.all_reduce(needed)
        learned = [each for each, count in zip(self._weights, needed[1:].tolist(), strict=True) if count]
        if learned:
            self._sum(learned)
        return float(needed[0])

    def _sum(self, weights: Sequence[nn.Parameter]) -> None:
        flat = torch.cat([_gradient(each).flatten() for each in weights])
        if self._fast is None and flat.device.type != "cpu":
            there = flat.cpu()
            dist.all_reduce(there)
            flat = there.to(flat.device)
        else:
            dist.all_reduce(flat, group=self._fast)
        for each, part in zip(weights, torch.split(flat, [each.numel() for each in weights]), strict=True):
            each.grad = part.view_as(each)

    def leave(self) -> None:
        """Part from the others."""
        dist.destroy_process_group()


def _gradient(weight: nn.Parameter) -> Tensor:
    return torch.zeros_like(weight) if weight.grad is None else weight.grad


class Shared(Protocol):
    """A learner whose steps can be shared; besides these it is a ``loop.Learner``."""

    @property
    def optimizer(self) -> torch.optim.Optimizer:
        """What takes the steps."""
        ...

    @property
    def portions(self) -> Any:
        """The ``memory.Portions`` that it takes its steps in."""
        ...

    def train(self, epoch: int, check: Callable[[], None]) -> dict[str, float]:
        """Go once over the data; see ``loop.Learner``."""
        ...


def weights_of(learner: Shared) -> list[nn.Parameter]:
    """Return what a learner learns, in the order of its optimizer."""
    return [weight for group in learner.optimizer.param_groups for weight in group["params"]]
