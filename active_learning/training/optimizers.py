"""What an optimizer remembers, as arrays that a state file can hold; and how fast it learns at which step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy.typing as npt
import torch
from torch import Tensor, nn

PREFIX: Final = "optimizer."
EARLY: Final = 7
"""Layers of MobileNetV2 up to stride 8."""
WARM_UP: Final = 20  # steps at most, in which the rate grows from nothing: heads that know nothing shake what lies before them


def freeze(features: nn.Sequential | Sequence[nn.Module], frozen: str, early: int = EARLY) -> None:
    """Let the layers of a backbone learn that are not ``frozen``: none, the ``early`` ones, which see edges and textures, or all."""
    stay = {"none": 0, "early": early, "backbone": len(features)}[frozen]
    for place, layer in enumerate(features):
        layer.requires_grad_(place >= stay)


def learning(module: nn.Module) -> list[nn.Parameter]:
    """Return the weights that learn."""
    return [weight for weight in module.parameters() if weight.requires_grad]


def memory_of(optimizer: torch.optim.Optimizer) -> dict[str, npt.NDArray[Any]]:
    """Return the moments and the count of steps."""
    memory: Mapping[int, Mapping[str, Tensor]] = optimizer.state_dict()["state"]
    return {f"{PREFIX}{place}.{name}": value.cpu().numpy().copy() for place, entry in memory.items() for name, value in entry.items()}


def put_memory(optimizer: torch.optim.Optimizer, state: Mapping[str, npt.NDArray[Any]]) -> None:
    """Give back what ``memory_of`` returned."""
    memory: dict[int, dict[str, Tensor]] = {}
    for name, array in state.items():
        if name.startswith(PREFIX):
            place, moment = name.removeprefix(PREFIX).split(".", 1)
            memory.setdefault(int(place), {})[moment] = torch.from_numpy(array.copy())
    optimizer.load_state_dict({**optimizer.state_dict(), "state": memory})


def share_at(step: int, steps: int) -> float:
    """Return the share of the peak rate at a step, the first being 0: a short rise, then half a cosine down."""
    rise = min(1.0, (step + 1) / min(WARM_UP, max(1, steps // 10)))
    return rise * falling(step, steps)


def falling(step: int, steps: int) -> float:
    """Return half a cosine from 1 down to 0 (Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017)."""
    return 0.5 * (1 + math.cos(math.pi * step / max(1, steps)))


def set_rate(optimizer: torch.optim.Optimizer, share: float, peak: float) -> float:
    """Let every group of weights learn at a share of its own peak; return the rate that is told, the share of ``peak``."""
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * share
    return peak * share
