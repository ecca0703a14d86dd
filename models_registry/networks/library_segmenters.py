"""Networks of torchvision that name the class of every pixel, as they are, with classes of ours. Imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy.typing as npt
import torch
from torch import Tensor, nn
from torchvision import models

from models_registry.networks.bands import BandScale, bands_seen
from models_registry.networks.devices import device, mixed_while_learning, put_arrays
from models_registry.networks.library_names import architecture_of
from models_registry.networks.library_networks import take_bands_in
from models_registry.networks.library_weights import keep_norms, layers_of, says
from models_registry.networks.own_backbones import NORMALISATIONS

LAST_FACTOR: Final = 5.0  # layers that tell new classes learn faster than what came with published weights


class LibrarySegmenter(nn.Module):
    """Bytes (N, B, H, W) as floats in, logits (N, K, H, W) out."""

    def __init__(self, architecture: str, classes: int, scale: BandScale | None = None) -> None:
        super().__init__()
        self.architecture, self.classes = architecture, classes
        self.network: Any = models.get_model(architecture, weights=None, weights_backbone=None, num_classes=classes, aux_loss=False)
        keep_norms(self.network)
        self.see_bands(scale)

    def see_bands(self, scale: BandScale | None) -> None:
        """Take pixels of these bands, or colours: the first layer is widened where they are not three."""
        self.scale = scale
        numbers = NORMALISATIONS["imagenet"] if scale is None else (scale.mean, scale.deviation)
        for name, values in zip(("mean", "deviation"), numbers, strict=True):
            self.register_buffer(name, torch.tensor(values).view(1, -1, 1, 1) * (255.0 if scale is None else 1.0), persistent=False)
        take_bands_in(self.network.backbone, bands_seen(scale))

    @property
    def layers(self) -> list[nn.Module]:
        """The parts of the backbone, from the first on."""
        return layers_of(self.network.backbone)

    @property
    def early(self) -> int:
        """How many of them see edges and textures."""
        return len(self.layers) // 2

    def groups(self, rate: float) -> list[dict[str, Any]]:
        """Return what learns, with how fast at most."""
        named = [(name.removeprefix("network."), value) for name, value in self.named_parameters() if value.requires_grad]
        last, others = ([value for name, value in named if says(name) is wanted] for wanted in (True, False))
        return [{"params": others, "peak": rate}, {"params": last, "peak": rate * LAST_FACTOR}]

    def forward(self, batch: Tensor) -> Tensor:
        """Return logits on the grid of the pictures."""
        with mixed_while_learning():
            logits: Tensor = self.network((batch - self.mean) / self.deviation)["out"]  # type: ignore[operator]
        return logits.float()


def seeded_segmenter(architecture: str, classes: int, seed: int, scale: BandScale | None) -> LibrarySegmenter:
    """Return a network that has learned nothing, the same for the same seed, whatever else draws numbers."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LibrarySegmenter(architecture, classes, scale)


def segmenter_with(name: str, classes: int, scale: BandScale | None, arrays: Mapping[str, npt.NDArray[Any]]) -> LibrarySegmenter:
    """Return a network with all its weights, ready to answer; raises ``ValueError`` where they do not fit."""
    network = seeded_segmenter(architecture_of(name), classes, 0, scale)
    put_arrays(network, arrays)
    return network.to(device()).eval().requires_grad_(False)
