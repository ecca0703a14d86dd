"""A network that names the class of every pixel: MobileNetV2, a linear head on its maps, and a light decoder where it was fine-tuned.

The decoder is after LR-ASPP (Howard et al. 2019, "Searching for MobileNetV3", arXiv:1905.02244): deep maps gated by what lies
around them, joined with finer ones. Around means a bounded place here, not the whole picture, so that two windows that see the
same pixel say nearly the same of it. It adds to the linear head and begins at nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from models_registry.networks.backbones import bare_network, fast, normalised, taking_bands, trained_features
from models_registry.networks.bands import BandScale, bands_seen
from models_registry.networks.devices import device, fetched, mixed_while_learning, put_arrays
from models_registry.networks.heads import LinearHead
from models_registry.networks.pyramid import NORMAL, STAGES, stages_of
from models_registry.networks.weights import find_weights

Arrays = Mapping[str, npt.NDArray[Any]]
WIDTHS: Final = {"small": 48, "medium": 96, "large": 160}
EARLY: Final = 7
HEAD_FACTOR: Final = 10.0
AROUND: Final = 5  # cells of the coarsest map, 160 pixels


def pixel_backbone(scale: BandScale | None = None, tuned: Arrays | None = None) -> nn.Sequential:
    """Return the convolutions up to the last of ``STAGES``, as installed or with the weights of a fine-tuning.

    Raises ValueError when those do not fit.
    """
    if not tuned:
        return fast(_staged(trained_features(find_weights(), bands_seen(scale))))
    network = fast(_staged(taking_bands(bare_network().features, bands_seen(scale))))
    put_arrays(network, tuned)
    return network


def _staged(features: nn.Sequential) -> nn.Sequential:
    return nn.Sequential(*list(features.children())[: STAGES[-1][0] + 1])


class Decoder(nn.Module):
    """Deep maps, gated by what lies around, joined with finer ones; answers at the stride of the second stage."""

    def __init__(self, classes: int, width: int, seed: int = 0) -> None:
        super().__init__()
        before = torch.get_rng_state()
        torch.manual_seed(seed)  # the layers draw their first weights from the common generator
        _, quarter, eighth, _, deep = (count for _, _, count in STAGES)
        self.deep, self.gate = nn.Conv2d(deep, width, 1), nn.Conv2d(deep, width, 1)
        self.eighth, self.quarter = nn.Conv2d(eighth, width, 1), nn.Conv2d(quarter, width, 1)
        self.near, self.mix = nn.Conv2d(width, width, 3, padding=1, groups=width), nn.Conv2d(width, width, 1)
        self.say = nn.Conv2d(width, classes, 1)
        torch.set_rng_state(before)
        nn.init.zeros_(self.say.weight)
        assert self.say.bias is not None
        nn.init.zeros_(self.say.bias)

    def forward(self, stages: list[Tensor]) -> Tensor:
        """Return (N, K, h, w) at stride 4."""
        _, quarter, eighth, _, deep = stages
        around = nn.functional.avg_pool2d(deep, AROUND, stride=1, padding=AROUND // 2, count_include_pad=False)
        joined = torch.relu(self.deep(deep)) * torch.sigmoid(self.gate(around))
        joined = torch.relu(_spread(joined, eighth.shape[-2:]) + self.eighth(eighth))
        joined = joined + torch.relu(self.mix(self.near(joined)))
        answer: Tensor = self.say(torch.relu(_spread(joined, quarter.shape[-2:]) + self.quarter(quarter)))
        return answer


class Segmenter(nn.Module):
    """Bytes (N, B, H, W) as floats in, logits (N, K, H, W) out; ``COARSEST`` divides H and W."""

    def __init__(self, backbone: nn.Sequential, head: LinearHead, scale: BandScale | None, decoder: Decoder | None = None) -> None:
        super().__init__()
        self.backbone, self.decoder, self.scale = backbone, decoder, scale
        weight = head.weight / head.scale
        self.bias = nn.Parameter(torch.from_numpy((head.bias - weight @ head.mean).astype(np.float32)))
        counts = [bands_seen(scale), *(count for _, _, count in STAGES)]
        parts = np.split(weight.astype(np.float32), np.cumsum(counts)[:-1], axis=1)
        self.linear = nn.ParameterList([nn.Parameter(torch.from_numpy(np.ascontiguousarray(part[:, :, None, None]))) for part in parts])
        self.to(device())

    def forward(self, batch: Tensor) -> Tensor:
        """Return logits on the grid of the pictures."""
        with mixed_while_learning():
            seen = stages_of(self.backbone, normalised(batch, self.scale))
        stages = [each.float() for each in seen]
        logits = nn.functional.conv2d(batch / NORMAL, self.linear[0], self.bias)
        for maps, weight in zip(stages, list(self.linear)[1:], strict=True):
            logits = logits + _spread(nn.functional.conv2d(maps, weight), batch.shape[-2:])
        return logits if self.decoder is None else logits + _spread(self.decoder(stages), batch.shape[-2:])

    @property
    def classes(self) -> int:
        """How many classes it tells."""
        return len(self.bias)

    @property
    def layers(self) -> list[nn.Module]:
        """The parts of the backbone, from the first on."""
        return list(self.backbone)

    @property
    def early(self) -> int:
        """How many of them see edges and textures: those up to stride 8."""
        return EARLY

    def groups(self, rate: float) -> list[dict[str, Any]]:
        """Return what learns, with how fast at most: head and decoder faster than what came with ImageNet."""
        own = [value for name, value in self.named_parameters() if not name.startswith("backbone.")]
        backbone = [value for value in self.backbone.parameters() if value.requires_grad]
        return [{"params": backbone, "peak": rate}, {"params": own, "peak": rate * HEAD_FACTOR}]

    def head(self) -> LinearHead:
        """Return the linear part as a head that standardises nothing."""
        weight = np.concatenate([fetched(each)[:, :, 0, 0] for each in self.linear], axis=1)
        zeros, ones = np.zeros(weight.shape[1], np.float32), np.ones(weight.shape[1], np.float32)
        return LinearHead(zeros, ones, weight, fetched(self.bias).copy())


def _spread(maps: Tensor, size: tuple[int, ...] | torch.Size) -> Tensor:
    return nn.functional.interpolate(maps, size=tuple(size), mode="bilinear", align_corners=False)


def normaliser(scale: BandScale | None) -> Callable[[Tensor], Tensor]:
    """Return what makes of bytes (N, B, h, w) the numbers that a backbone takes."""
    return lambda batch: normalised(batch, scale)
