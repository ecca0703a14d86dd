"""Where the image lies in the network's input, and the way back to the image's pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.tensors.settings import TensorSettings

Points = NDArray[Any]
Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Placement:
    """The network's input of ``width`` x ``height`` pixels, in which the image fills ``across`` x ``down`` from (``left``, ``top``).

    ``image``: (width, height) of the image as stored, into whose pixels answers go; ``sent``: of the pixels that were looked at.
    Both frames count from the corner of the first pixel, so the way there and back is one multiplication.
    """

    width: int
    height: int
    left: int
    top: int
    across: int
    down: int
    image: Size
    sent: Size

    @classmethod
    def of(cls, settings: TensorSettings, *, sent: Size, image: Size, task: str) -> Placement:
        """Place an image of ``sent`` (width, height) pixels; a pure function of sizes, so an answer is read without the image."""
        if settings.is_encoded:
            return cls(*sent, 0, 0, *sent, image, sent)
        fit = settings.fit_for(task)
        across, down = sent
        width = settings.width or _up(across, settings.stride)
        height = settings.height or _up(down, settings.stride)
        if fit == "stretch":
            if not (settings.width and settings.height):  # an open size: as it is, rounded to what the network's strides divide
                width, height = settings.width or _near(across, settings.stride), settings.height or _near(down, settings.stride)
            return cls(width, height, 0, 0, width, height, image, sent)
        if settings.width or settings.height:
            ratio = min(width / across if settings.width else np.inf, height / down if settings.height else np.inf)
            across, down = (min(limit, max(1, round(side * ratio))) for side, limit in ((across, width), (down, height)))
            if not settings.width:
                width = _up(across, settings.stride)
            if not settings.height:
                height = _up(down, settings.stride)
        centred = fit == "letterbox"
        left, top = ((width - across) // 2, (height - down) // 2) if centred else (0, 0)
        return cls(width, height, left, top, across, down, image, sent)

    def to_image(self, points: Points) -> Points:
        """Return (N, 2) pixels of the image for (N, 2) pixels of the input."""
        scale = np.array([self.image[0] / self.across, self.image[1] / self.down])
        placed: Points = (points - (self.left, self.top)) * scale
        return placed

    def to_input(self, points: Points) -> Points:
        """Return (N, 2) pixels of the input for (N, 2) pixels of the image."""
        scale = np.array([self.across / self.image[0], self.down / self.image[1]])
        placed: Points = points * scale + (self.left, self.top)
        return placed


def _up(side: int, stride: int) -> int:
    return -(-side // stride) * stride


def _near(side: int, stride: int) -> int:
    return max(stride, round(side / stride) * stride)
