"""The fast head: multinomial or binary logistic regression on frozen embeddings, in numpy alone.

Loss: mean cross-entropy + decay / 2 * |W|^2 on standardised embeddings, from zero, by L-BFGS.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.training.lbfgs import Lbfgs, Vector
from active_learning.training.metrics import measure
from models_registry.networks.heads import LinearHead, sigmoid, softmax

Matrix = npt.NDArray[np.float32]
SHRINK: Final = 1000  # images that the common spread counts for, against those at hand
PRIOR: Final = 0.5  # deviation of log temperature that is held likely before looking


@dataclass(frozen=True)
class Examples:
    """Embeddings (N, D) float32 and what they are: (N,) class indices or (N, K) bits.

    ``weights``: (N,) how much each counts, or (N, K) each of its labels; None where all count alike.
    """

    embeddings: Matrix
    values: npt.NDArray[Any]
    weights: Matrix | None = None

    def __len__(self) -> int:
        return len(self.embeddings)

    def at(self, rows: npt.NDArray[np.int64]) -> Examples:
        """Return the examples at these places."""
        return Examples(self.embeddings[rows], self.values[rows], None if self.weights is None else self.weights[rows])


def standardisation(embeddings: Matrix) -> tuple[Matrix, Matrix]:
    """Return mean and scale, (D,) each.

    With few images a feature's own spread says little, so it is drawn towards the common one, as if 1000 more images had that.
    """
    mean = embeddings.mean(axis=0, dtype=np.float64)
    variance = embeddings.var(axis=0, dtype=np.float64)
    common = max(float(variance.mean()), 1e-12)
    shrunk = (len(embeddings) * variance + SHRINK * common) / (len(embeddings) + SHRINK)
    return mean.astype(np.float32), np.sqrt(shrunk).astype(np.float32)


class HeadLearner:
    """Fits the head step by step; an epoch is one step of L-BFGS over all images."""

    def __init__(self, train: Examples, validation: Examples, *, classes: int, decay: float, start: LinearHead | None = None) -> None:
        self._validation = validation
        self._multi_label = train.values.ndim == 2
        self._mean, self._scale = standardisation(train.embeddings)
        self._standard: Matrix = (train.embeddings - self._mean) / self._scale
        self._truth = _bits(train.values, classes)
        self._weights = None if train.weights is None else train.weights / train.weights.mean()
        self._shape = (classes, train.embeddings.shape[1])
        self._decay = decay
        self._solver = Lbfgs(self._loss, self._start(start))

    def _start(self, start: LinearHead | None) -> Vector:
        if start is None:
            return np.zeros(math.prod(self._shape) + self._shape[0])
        raw = start.weight / start.scale
        bias = start.bias + raw @ (self._mean - start.mean)
        return np.concatenate([(raw * self._scale).reshape(-1), bias]).astype(np.float64)

    def _loss(self, x: Vector) -> tuple[float, Vector]:
        weight, bias = self._unpacked(x)
        logits: Matrix = self._standard @ weight.T + bias
        value, rest = _likelihood(logits, self._truth, multi_label=self._multi_label, weights=self._weights)
        gradient = np.concatenate([(rest.T @ self._standard + self._decay * weight).reshape(-1), rest.sum(axis=0)])
        return value + 0.5 * self._decay * float(np.square(weight, dtype=np.float64).sum()), gradient.astype(np.float64)

    def _unpacked(self, x: Vector) -> tuple[Matrix, Matrix]:
        small = x.astype(np.float32)
        return small[: -self._shape[0]].reshape(self._shape), small[-self._shape[0] :]

    @property
    def finished(self) -> bool:
        """Whether the loss is flat."""
        return self._solver.converged

    @property
    def steps(self) -> int:
        """How many steps an epoch takes."""
        return 1

    def train(self, epoch: int, check: Callable[[], None] | None = None) -> dict[str, float]:
        """Take one step; it is too short to be interrupted."""
        return {"train_loss": self._solver.step()}

    def validate(self) -> dict[str, float]:
        """Measure on the validation images."""
        if not len(self._validation):
            return {}
        figures = measure(self.head().probabilities(self._validation.embeddings), self._validation.values)
        return {f"validation_{name}": value for name, value in figures.items()}

    def head(self) -> LinearHead:
        """Return the head as it stands."""
        return LinearHead(self._mean, self._scale, *self._unpacked(self._solver.x), multi_label=self._multi_label)

    def weights(self) -> dict[str, npt.NDArray[Any]]:
        """Return the head's arrays."""
        return self.head().arrays()

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return the solver's state."""
        return self._solver.state()

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go back to a state."""
        self._solver.restore(state)


def fit_head(examples: Examples, *, classes: int, decay: float, steps: int, start: LinearHead | None = None) -> LinearHead:
    """Fit a head in so many steps, without looking at a validation."""
    learner = HeadLearner(examples, examples.at(np.empty(0, np.int64)), classes=classes, decay=decay, start=start)
    for step in range(steps):
        if learner.finished:
            break
        learner.train(step)
    return learner.head()


def reordered(head: LinearHead, names: Sequence[str], wanted: Sequence[str]) -> LinearHead:
    """Return a head with its classes, ``names``, put in another order; classes that it does not know start from nothing."""
    place = {name: row for row, name in enumerate(names)}
    rows = [place.get(name, -1) for name in wanted]
    known = np.array([row >= 0 for row in rows])
    weight, bias = np.where(known[:, None], head.weight[rows], 0), np.where(known, head.bias[rows], 0)
    return replace(head, weight=weight.astype(np.float32), bias=bias.astype(np.float32))


def _bits(values: npt.NDArray[Any], classes: int) -> Matrix:
    if values.ndim == 2:
        return values.astype(np.float32)
    bits: Matrix = np.eye(classes, dtype=np.float32)[values]
    return bits


def _likelihood(logits: Matrix, truth: Matrix, *, multi_label: bool, weights: Matrix | None = None) -> tuple[float, Matrix]:
    """Return the mean negative log-likelihood and its gradient by the logits; ``weights`` (N,) or (N, K) have the mean 1."""
    count = np.float32(truth.size if multi_label else len(truth))
    if multi_label:
        bits = np.logaddexp(0, logits, dtype=np.float64) - logits * truth
        each = (bits if weights is None else bits * weights.reshape(len(bits), -1)).sum(axis=1)
        rest = sigmoid(logits) - truth
    else:
        probabilities = softmax(logits)
        each = -np.log(np.maximum((probabilities * truth).sum(axis=1, dtype=np.float64), 1e-30))
        rest = probabilities - truth
        each = each if weights is None else each * weights
    if weights is not None:
        rest = rest * weights.reshape(len(rest), -1)
    return float(each.sum()) / float(count), rest / count


def fit_temperature(logits: Matrix, values: npt.NDArray[Any], *, multi_label: bool) -> float:
    """Return the temperature that makes probabilities honest on validation images, by golden section over its logarithm.

    A prior around 1 keeps a handful of images from asking for the absurd; without images it is 1.
    """
    if not len(logits):
        return 1.0
    truth = _bits(values, logits.shape[1])

    def cost(log_temperature: float) -> float:
        value, _ = _likelihood(logits / np.float32(math.exp(log_temperature)), truth, multi_label=multi_label)
        return value * len(logits) + log_temperature**2 / (2 * PRIOR**2)

    low, high, golden = math.log(0.1), math.log(20.0), (math.sqrt(5) - 1) / 2
    for _ in range(40):
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if cost(left) < cost(right) else (left, high)
    return math.exp((low + high) / 2)
