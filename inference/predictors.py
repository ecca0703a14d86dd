"""The seam to models that run in this process: pictures in, predictions out, many at a time.

``inference.protocols.local`` loads such a predictor from a checkpoint. It is loaded once a run, and torch with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from numpy.typing import NDArray

from inference.schema import Prediction, PredictionRejected
from models_registry.options import ModelOptions


@dataclass(frozen=True, slots=True)
class Picture:
    """One image to look at: ``pixels`` (h, w, 3) uint8 or (h, w, bands) as stored, perhaps made smaller.

    ``width`` and ``height`` are those of the image as stored; the answer is in its pixels. ``sha256``: of the file; what is
    known of its content is found by it.
    """

    pixels: NDArray[Any] = field(repr=False)
    width: int
    height: int
    id: int | None = None
    sha256: str = ""


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
