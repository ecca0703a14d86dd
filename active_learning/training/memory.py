"""How many images of a step are in memory at once: what is free tells it, and where that was too much, half as many. Imports torch.

A step is taken in portions whose gradients add up, so that what is learned stays that of the whole step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from active_learning.training.team import Team
from campaigns.errors import Conflict
from models_registry.networks.devices import device

SHARE: Final = 0.6
"""Of what is free, for other processes live on the machine, too."""
KEPT_TIMES: Final = 2.5
"""What a forward pass leaves is kept for the way back, where its gradients take as much again."""
CGROUP: Final = Path("/sys/fs/cgroup")
MEMINFO: Final = Path("/proc/meminfo")
CPU_SIGNS: Final = ("not enough memory", "can't allocate memory")

Tell = Callable[[str], None]


def free_bytes() -> int | None:
    """Return how much memory is free where networks compute, within what this process may take; None where nobody tells."""
    place = device()
    if place.type == "cuda":
        return int(torch.cuda.mem_get_info(place)[0])
    found = [each for each in (_available(), _within_the_group()) if each is not None]
    return min(found, default=None)


def _available() -> int | None:
    try:
        line = next(line for line in MEMINFO.read_text().splitlines() if line.startswith("MemAvailable:"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration, ValueError, IndexError):
        return None


def _within_the_group() -> int | None:
    try:
        return int((CGROUP / "memory.max").read_text()) - int((CGROUP / "memory.current").read_text())
    except (OSError, ValueError):  # none, or "max"
        return None


def bytes_an_image(network: nn.Module, look: Callable[[], object]) -> int:
    """Measure what learning from one image takes; ``look`` lets the network see one."""
    counted = [0]

    def count(_module: nn.Module, _inputs: object, output: object) -> None:
        if isinstance(output, Tensor):
            counted[0] += output.numel() * output.element_size()

    hooks = [module.register_forward_hook(count) for module in network.modules() if not any(module.children())]
    try:
        with torch.no_grad():
            look()
    finally:
        for hook in hooks:
            hook.remove()
    return max(1, int(counted[0] * KEPT_TIMES))


class Portions:
    """Takes steps in portions of at most ``at_once`` images; where memory does not suffice, it halves them and says so.

    ``team``: others that take their shares of every step.
    """

    def __init__(self, batch: int, tell: Tell | None = None, *, each_bytes: int | None = None) -> None:
        self._tell: Tell = tell or _quiet
        self.team: Team | None = None
        self.at_once = batch
        free = free_bytes() if each_bytes else None
        if each_bytes and free is not None and batch * each_bytes > free * SHARE:
            self.at_once = max(1, int(free * SHARE / each_bytes))
            self._tell(f"memory suffices for {self.at_once} images at once: a step of {batch} is taken in parts")

    def backward(self, images: int, loss_of: Callable[[slice], Tensor], clear: Callable[[], None]) -> float:
        """Add the gradients of a step up and return its loss.

        ``loss_of``: what a portion adds to the loss of the step. ``clear`` forgets gradients of a try that ended midway.
        Raises Conflict where memory does not suffice for a single image.
        """
        own = range(images) if self.team is None else self.team.share(images)
        while True:
            with _out_of_memory() as met:
                total = 0.0
                for start in range(own.start, own.stop, self.at_once):
                    loss = loss_of(slice(start, min(own.stop, start + self.at_once)))
                    loss.backward()  # type: ignore[no-untyped-call]
                    total += float(loss.detach())
                break
            clear()
            self._halve(len(own), met)
        return total if self.team is None else self.team.add_up(total)

    def __getstate__(self) -> dict[str, Any]:
        """Stay silent, and without others, wherever a copy goes."""
        return {**self.__dict__, "_tell": _quiet, "team": None}

    def _halve(self, images: int, met: list[str]) -> None:
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        before = min(self.at_once, images)
        if before <= 1:
            raise Conflict(
                f"Memory does not suffice to learn from a single image ({''.join(met)[:200]}). Choose a smaller image size, freeze layers, "
                "or end other work on the machine; a new training begins again.",
                code="out_of_memory",
            )
        self.at_once = max(1, before // 2)
        self._tell(f"memory did not suffice for {before} images at once: it goes on with {self.at_once}, and a step takes several parts")


def _quiet(line: str) -> None:
    """Say nothing."""


@contextmanager
def _out_of_memory() -> Iterator[list[str]]:
    """Swallow what torch raises where memory is used up, with what it says; anything else goes on its way."""
    met: list[str] = []
    try:
        yield met
    except (torch.OutOfMemoryError, MemoryError) as error:
        met.append(str(error))
    except RuntimeError as error:  # of the processor's allocator
        if not any(sign in str(error) for sign in CPU_SIGNS):
            raise
        met.append(str(error))
