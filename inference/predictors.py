"""The seam to models that run in this process: pictures in, predictions out, many at a time.

``inference.protocols.local`` loads such a predictor from a checkpoint. It is loaded once a run, and torch with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.schema import Prediction


@dataclass(frozen=True, slots=True)
class Picture:
    """One image to look at: ``pixels`` (h, w, 3) uint8, perhaps made smaller; ``width`` and ``height`` of the image as stored.

    The answer is in pixels of the image as stored. ``sha256``: of the file; what is known of its content is found by it.
    """

    pixels: NDArray[np.uint8] = field(repr=False)
    width: int
    height: int
    id: int | None = None
    sha256: str = ""


class LocalPredictor(Protocol):
    """A network ready to answer.

    ``batch_size``: how many pictures it wants at once. ``max_side``: pictures need not be larger (pixels); None
    asks for the whole image.
    """

    batch_size: int
    max_side: int | None

    def needs_pixels(self, sha256: str) -> bool:
        """Say whether a picture must be read at all: False when its embedding is stored, and any pixels will do."""
        ...

    def predict(self, pictures: Sequence[Picture]) -> list[Prediction]:
        """Return one prediction per picture, in order. Raise ``PredictionRejected`` where the network's answer is unsound."""
        ...
