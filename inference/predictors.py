"""The seam to models that run in this process: pictures in, predictions out, many at a time.

``inference.protocols.local`` loads such a predictor from a checkpoint. It is loaded once a run, and torch with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from inference.schema import Classification, ClassScore, Prediction, PredictionRejected
from inference.wire import ModelClass
from models_registry.networks.bands import BandScale
from models_registry.options import ModelOptions


@dataclass(frozen=True, slots=True)
class Picture:
    """One image to look at: ``pixels`` (h, w, 3) uint8 or (h, w, bands) as stored, perhaps made smaller.

    ``width`` and ``height`` are those of the image as stored; the answer is in its pixels. ``sha256``: of the file; what is
    known of its content is found by it. ``there``: (h, w), where there is data at all; None: everywhere.
    """

    pixels: NDArray[Any] = field(repr=False)
    width: int
    height: int
    id: int | None = None
    sha256: str = ""
    there: NDArray[np.bool_] | None = field(default=None, repr=False)


class LocalPredictor(Protocol):
    """A network ready to answer.

    ``batch_size``: how many pictures it wants at once. ``max_side``: pictures need not be larger (pixels); None
    asks for the whole image. ``reading``: images are read as for an endpoint with these options; None reads them as they are shown.
    """

    batch_size: int
    max_side: int | None

    @property
    def reading(self) -> ModelOptions | None:
        """How images are read for it."""
        ...

    def needs_pixels(self, sha256: str) -> bool:
        """Say whether a picture must be read at all: False when its embedding is stored, and any pixels will do."""
        ...

    def predict(self, pictures: Sequence[Picture]) -> Sequence[Prediction | PredictionRejected]:
        """Return one prediction per picture, in order, or why there is none; raise ``PredictionRejected`` when it is none for all."""
        ...


@runtime_checkable
class SeesBands(Protocol):
    """A predictor that was trained here, and reads images as it did then: ``scale`` says in which bands; None: in colours as shown."""

    @property
    def scale(self) -> BandScale | None:
        """The bands that it sees."""
        ...


def classified(
    picture: Picture, classes: Sequence[ModelClass], probabilities: Sequence[float], *, multi_label: bool, version: str
) -> Prediction:
    """Return the answer of a classifier of ours: a probability for each class, in their order."""
    return Prediction((classes_said(classes, probabilities, multi_label=multi_label),), picture.width, picture.height, version)


def classes_said(classes: Sequence[ModelClass], probabilities: Sequence[float], *, multi_label: bool) -> Classification:
    """Return what a classifier of ours says of an image as a whole."""
    pairs = zip(classes, probabilities, strict=True)
    scores = tuple(ClassScore(each.index, each.name, min(1.0, max(0.0, value))) for each, value in pairs)
    mode: Literal["multi", "single"] = "multi" if multi_label else "single"
    return Classification(scores, mode=mode, activation="sigmoid" if multi_label else "softmax", complete=True)
