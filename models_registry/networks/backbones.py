"""Backbones: pixels in, features out. Imports torch only when a network is built."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from campaigns.errors import Conflict
from models_registry.networks.bands import BandScale, bands_seen
from models_registry.networks.devices import device, fetched, mixed, put, put_arrays
from models_registry.networks.pictures import COLORS, Pixels, stacked
from models_registry.networks.tensors import part_of
from models_registry.networks.weights import WeightsFile, find_weights

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

# Threads that wait for each other sleep instead of spinning: beside a web server and other workers on the same cores,
# spinning made a training take three times as long. Read when torch is first imported, so it is set before.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

NAME: Final = "mobilenet_v2"
DIMENSION: Final = 1280
SIZES: Final = {"small": 128, "medium": 224, "large": 288}
DEFAULT_SIZE: Final = "small"
# ImageNet's mean and deviation per channel, of values from 0 to 255.
MEAN: Final = (123.675, 116.28, 103.53)
DEVIATION: Final = (58.395, 57.12, 57.375)
# Few pictures at a time keep the activations in the cache: on 2 cores 8 to 16 gave the most pictures a second.
BATCH: Final = {128: 16, 224: 8, 288: 8}


@dataclass(frozen=True)
class BackboneSpec:
    """Which backbone, at which side of the square it sees, with which weights; ``scale``: on which bands, None for colours as shown."""

    side_px: int
    weights_sha256: str
    name: str = NAME
    scale: BandScale | None = None

    @property
    def space(self) -> str:
        """Name the space of its embeddings; vectors of different spaces are never compared."""
        plain = f"{self.name}-{self.side_px}-{self.weights_sha256[:8]}"
        return plain if self.scale is None else f"{plain}-{self.scale.name}"

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"name": self.name, "side_px": self.side_px, "weights_sha256": self.weights_sha256, "dimension": DIMENSION}

    @classmethod
    def of_size(cls, size: str = DEFAULT_SIZE, scale: BandScale | None = None) -> BackboneSpec:
        """Return the installed backbone at a named size: small, medium or large."""
        return cls(SIZES[size], find_weights().sha256, scale=scale)


class Backbone:
    """A frozen backbone, ready to embed.

    Batch normalisation is folded into the convolutions and the memory laid out channels last: twice as fast on a CPU,
    equal to a few units in the fifth decimal.
    """

    def __init__(
        self, size: str = DEFAULT_SIZE, tuned: Mapping[str, npt.NDArray[Any]] | None = None, scale: BandScale | None = None
    ) -> None:
        """Load the installed weights, or put ``tuned`` ones of a checkpoint in their place; ``scale``: it sees these bands, not colours."""
        weights = find_weights()
        self.spec = BackboneSpec(SIZES[size], weights.sha256, scale=scale)
        self.batch_size = BATCH[self.spec.side_px]
        self._network = fast(trained_features(weights, bands_seen(scale))) if tuned is None else tuned_features(tuned, bands_seen(scale))

    @property
    def side_px(self) -> int:
        """The side of the square that it sees."""
        return self.spec.side_px

    def features(self, batch: Tensor) -> Tensor:
        """Return (N, 1280) features of (N, B, side, side) float pixels from 0 to 255."""
        return pooled(self._network, batch, self.spec.scale)

    def embed(self, images: Sequence[Pixels]) -> npt.NDArray[np.float32]:
        """Return (N, 1280) float32 embeddings of pictures (H, W, B) uint8 of any size."""
        import torch

        use_few_threads()
        result = np.empty((len(images), DIMENSION), np.float32)
        with torch.inference_mode():
            for start in range(0, len(images), self.batch_size):
                part = stacked(images[start : start + self.batch_size], self.spec.side_px)
                with mixed():
                    features = self.features(as_tensor(part))
                result[start : start + len(part)] = fetched(features)
        return result


@lru_cache(maxsize=2)
def loaded_backbone(size: str, weights_sha256: str, scale: BandScale | None = None) -> Backbone:
    """Return a backbone that stays in memory; the digest makes other weights another backbone."""
    return Backbone(size, scale=scale)


def trained_features(weights: WeightsFile, bands: int = COLORS) -> nn.Sequential:
    """Return MobileNetV2's convolutions with trained weights, as torchvision defines them; the first one takes so many bands."""
    import torch

    features: nn.Sequential = bare_network().features
    try:
        state = torch.load(weights.path, map_location="cpu", weights_only=True)
        features.load_state_dict(part_of(state, "features."))
    except (RuntimeError, UnpicklingError, ValueError, AttributeError, EOFError) as error:
        raise Conflict(f"{weights.path} does not hold the weights of torchvision's mobilenet_v2.", code="backbone_weights_unfit") from error
    return taking_bands(features, bands)


def taking_bands(features: nn.Sequential, bands: int) -> nn.Sequential:
    """Give the first convolution so many inputs."""
    from torch import nn

    block = features[0]
    assert isinstance(block, nn.Sequential)
    first = block[0]
    assert isinstance(first, nn.Conv2d)
    if first.in_channels != bands:
        block[0] = widened(first, bands)
    return features


def widened(first: nn.Conv2d, bands: int) -> nn.Conv2d:
    """Return a convolution of colours with so many inputs, as is usual: the weights of red, green and blue in turn, their mean for fewer.

    They are scaled by the numbers of inputs, so that what comes out is as large as before.
    """
    from torch import nn

    known = first.weight.detach()
    weight = known.repeat(1, -(-bands // COLORS), 1, 1)[:, :bands] if bands > COLORS else known.mean(1, keepdim=True).repeat(1, bands, 1, 1)
    shape: dict[str, Any] = {name: getattr(first, name) for name in ("kernel_size", "stride", "padding", "dilation")}
    wider = nn.Conv2d(bands, first.out_channels, bias=first.bias is not None, **shape)
    wider.load_state_dict({**first.state_dict(), "weight": weight * (COLORS / bands)})
    return wider


def tuned_features(arrays: Mapping[str, npt.NDArray[Any]], bands: int = COLORS) -> nn.Sequential:
    """Return folded convolutions with the weights of a fine-tuning; raises ``ValueError`` when they do not fit."""
    network = fast(taking_bands(bare_network().features, bands))
    put_arrays(network, arrays)
    return network


def bare_network() -> Any:
    """Return torchvision's MobileNetV2 without trained weights."""
    from torchvision.models.mobilenetv2 import MobileNetV2

    return MobileNetV2()


def fast(features: nn.Sequential) -> nn.Sequential:
    """Return the convolutions for inference alone, normalisation folded in. The argument is used up."""
    import torch

    features.eval().requires_grad_(False)
    _fold(features)
    return features.to(device()).to(memory_format=torch.channels_last)


def _fold(module: nn.Module) -> None:
    from torch import nn
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    before: tuple[str, nn.Module] = ("", module)
    for name, child in list(module.named_children()):
        if isinstance(child, nn.BatchNorm2d) and isinstance(before[1], nn.Conv2d):
            setattr(module, before[0], fuse_conv_bn_eval(before[1], child))
            setattr(module, name, nn.Identity())
        else:
            _fold(child)
        before = (name, child)


def pooled(features: nn.Module, batch: Tensor, scale: BandScale | None = None) -> Tensor:
    """Return (N, 1280): normalise pixels from 0 to 255, convolve, average over the grid."""
    maps: Tensor = features(normalised(batch, scale))
    return maps.mean(dim=(2, 3))


def normalised(batch: Tensor, scale: BandScale | None = None) -> Tensor:
    """Return (N, B, h, w) with the mean and deviation of each band taken out: ImageNet's for colours, else the scale's own."""
    import torch

    mean = torch.tensor(MEAN if scale is None else scale.mean, device=batch.device).view(1, -1, 1, 1)
    deviation = torch.tensor(DEVIATION if scale is None else scale.deviation, device=batch.device).view(1, -1, 1, 1)
    return (batch - mean) / deviation


def as_tensor(batch: Pixels) -> torch.Tensor:
    """Return (N, B, side, side) float of (N, side, side, B) uint8 on the device; its memory is channels last already."""
    return put(batch).permute(0, 3, 1, 2).float()


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def use_few_threads() -> None:
    """Let torch use the cores that this process may use, or what WINNOW_TORCH_THREADS says."""
    import torch

    wanted = int(os.environ.get("WINNOW_TORCH_THREADS") or 0) or cores()
    if torch.get_num_threads() != wanted:
        torch.set_num_threads(wanted)
