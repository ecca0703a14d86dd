"""What all trainings of whole networks have in common: an optimizer whose memory is a part of the state. Imports torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy.typing as npt
import torch

from active_learning.training.config import TrainingConfig
from active_learning.training.optimizers import memory_of, put_memory

Arrays = Mapping[str, npt.NDArray[Any]]


class NetworkLearner(ABC):
    """Learns epoch by epoch with an optimizer; whoever makes one sets ``optimizer``, ``_config`` and ``_steps``, those of an epoch."""

    optimizer: torch.optim.Optimizer
    _config: TrainingConfig
    _steps: int

    @property
    def shareable(self) -> bool:
        """Whether several processes may take its steps together."""
        return self._config.method == "fine_tune"

    @property
    def finished(self) -> bool:
        """Whether more epochs would change nothing: never known before."""
        return False

    @property
    def steps(self) -> int:
        """How many steps an epoch takes."""
        return self._steps

    @abstractmethod
    def weights(self) -> dict[str, npt.NDArray[Any]]:
        """Return a copy of all weights that learn."""

    @abstractmethod
    def put_weights(self, arrays: Arrays) -> None:
        """Load weights; raises ``ValueError``, having changed nothing, when they are those of another network."""

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return the weights and the optimizer's memory. Randomness follows from the epoch, so there is none to keep."""
        return {**self.weights(), **memory_of(self.optimizer)}

    def restore(self, state: Arrays) -> None:
        """Go back to a state."""
        self.put_weights(state)
        put_memory(self.optimizer, state)
