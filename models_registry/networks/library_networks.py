"""Networks of torchvision and timm that a training sets out from, as the eye of a classifier: pixels in, one vector out.

Which networks there are is known without torch; it is imported where one is built.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from campaigns.errors import Conflict
from models_registry.networks.backbones import as_tensor, use_few_threads, widened
from models_registry.networks.bands import BandScale, bands_seen
from models_registry.networks.devices import device, fetched, mixed, put_arrays
from models_registry.networks.library_names import OTHERS
from models_registry.networks.own_backbones import LIBRARIES, PLAIN_NAME, TIMM, TORCHVISION_NAMES, built
from models_registry.networks.pictures import COLORS, Pixels, stacked

if TYPE_CHECKING:
    from torch import Tensor, nn

BATCH: Final = 8
MOST_OF_ALL: Final = 0.9
ANY_OF_TIMM: Final = f"{TIMM}/"
Numbers = tuple[float, ...]


@dataclass(frozen=True)
class LibraryNetwork:
    """Which network of which library; mean and deviation of each channel that its makers took out, of values from 0 to 1."""

    library: str
    architecture: str
    mean: Numbers
    deviation: Numbers

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> LibraryNetwork:
        """Read what ``as_document`` wrote; raises ValueError, TypeError or KeyError when it is none."""
        library, architecture = parts_of(f"{document['library']}/{document['architecture']}")
        mean, deviation = (tuple(float(each) for each in document[name]) for name in ("mean", "deviation"))
        if len(mean) != COLORS or len(deviation) != COLORS or min(deviation) <= 0:
            raise ValueError("a network takes a mean and a deviation out of each of three channels")
        return cls(library, architecture, mean, deviation)


def parts_of(name: str) -> tuple[str, str]:
    """Return the library and the network of a name such as torchvision/resnet50; raises ValueError for one that cannot be built."""
    library, _, architecture = name.partition("/")
    if library not in LIBRARIES or not PLAIN_NAME.fullmatch(architecture):
        raise ValueError("expected torchvision/ or timm/ and the name of a network")
    if library != TIMM and architecture not in TORCHVISION_NAMES and architecture not in OTHERS:
        raise ValueError(f"torchvision has no network {architecture!r} that is known here")
    return library, architecture


class Eye:
    """A network without its last layer. ``body``: its weights, of which ``layers`` are the parts from the first on."""

    def __init__(self, network: LibraryNetwork, body: nn.Module, side_px: int, scale: BandScale | None) -> None:
        import torch

        self.network, self.body, self.side_px, self.scale = network, body.eval().to(device()), side_px, scale
        mean, deviation = (
            ([255 * each for each in network.mean], [255 * each for each in network.deviation])
            if scale is None
            else (list(scale.mean), list(scale.deviation))
        )
        self._mean, self._deviation = (torch.tensor(each).view(1, -1, 1, 1).to(device()) for each in (mean, deviation))

    def __call__(self, batch: Tensor) -> Tensor:
        """Return (N, D) of (N, B, side, side) float pixels from 0 to 255; raises Conflict where the network cannot see such squares."""
        try:
            features: Tensor = self.body((batch - self._mean) / self._deviation).flatten(1)
        except (AssertionError, ValueError) as error:
            raise Conflict(
                f"{self.network.architecture} cannot see squares of {self.side_px} pixels: {error} Choose another image size.",
                code="start_size_unfit",
            ) from error
        return features

    def embed(self, images: Sequence[Pixels]) -> npt.NDArray[np.float32]:
        """Return (N, D) float32 of pictures (H, W, B) uint8 of any size."""
        import torch

        use_few_threads()
        parts = []
        with torch.inference_mode():
            for start in range(0, len(images), BATCH):
                with mixed():
                    parts.append(fetched(self(as_tensor(stacked(images[start : start + BATCH], self.side_px)))))
        return np.concatenate(parts)

    @property
    def layers(self) -> list[nn.Module]:
        """The parts of the network, from the first on: what holds nearly all of its weights is taken apart."""
        parts = list(self.body.children())
        while True:
            sizes = [sum(weight.numel() for weight in part.parameters()) for part in parts]
            largest = max(range(len(parts)), key=sizes.__getitem__)
            inner = list(parts[largest].children())
            if sizes[largest] < MOST_OF_ALL * sum(sizes) or not inner:
                return parts
            parts[largest : largest + 1] = inner


def bare_eye(name: str, side_px: int) -> Eye:
    """Return a network that has learned nothing, to see whether it can see."""
    library, architecture = parts_of(name)
    body, _ = built(library, architecture)
    return Eye(LibraryNetwork(library, architecture, (0.0,) * COLORS, (1.0,) * COLORS), body, side_px, None)


def tuned_eye(network: LibraryNetwork, arrays: Mapping[str, npt.NDArray[Any]], side_px: int, scale: BandScale | None) -> Eye:
    """Return a network with the weights of a fine-tuning; raises ValueError when they do not fit."""
    body, _ = built(network.library, network.architecture)
    take_bands_in(body, bands_seen(scale))
    put_arrays(body, arrays)
    return Eye(network, body, side_px, scale)


def take_bands_in(body: nn.Module, bands: int) -> None:
    """Give the first convolution so many inputs."""
    from torch import nn

    if bands == COLORS:
        return
    path, first = next((path, each) for path, each in body.named_modules() if isinstance(each, nn.Conv2d))
    parent, _, child = path.rpartition(".")
    setattr(body.get_submodule(parent), child, widened(first, bands))
