"""A network that finds objects: boxes, and of each box its mask or its named points.

MobileNetV2 gives maps at strides 4, 8, 16 and 32; torchvision's pyramid, FCOS heads, losses and suppression find boxes
(Tian et al. 2019, arXiv:1904.01355), and the heads of its Mask and Keypoint R-CNN look into them (He et al. 2017,
arXiv:1703.06870). Coordinates are pixels of the square that the network sees. Imports torch.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy.typing as npt
import torch
from torch import Tensor, nn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.fcos import FCOS, FCOSHead
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.keypoint_rcnn import KeypointRCNNHeads, KeypointRCNNPredictor
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.models.detection.roi_heads import keypointrcnn_inference, keypointrcnn_loss, maskrcnn_inference, maskrcnn_loss
from torchvision.ops import FeaturePyramidNetwork, MultiScaleRoIAlign

from models_registry.networks.backbones import bare_network, fast, normalised, taking_bands, trained_features
from models_registry.networks.bands import BandScale, bands_seen
from models_registry.networks.devices import device, put_arrays
from models_registry.networks.object_checkpoint import Anatomy
from models_registry.networks.weights import WeightsFile

STRIDES: Final = (4, 8, 16, 32)
CHANNELS: Final = (24, 32, 96, 320)
STAGES: Final = ((0, 4), (4, 7), (7, 14), (14, 18))
"""Layers of torchvision's ``mobilenet_v2().features`` that end at each stride; the last layer, 1280 wide, is for whole images."""
WIDTH: Final = 64
CONVOLUTIONS: Final = 2
FINEST: Final = 1  # the place in STRIDES of the finest map in which boxes are looked for
ROI_PX: Final = 14
LEAST_CONFIDENCE: Final = 0.05
OVERLAP: Final = 0.5
MOST_OBJECTS: Final = 100

Maps = list[Tensor]


@dataclass(frozen=True)
class Truth:
    """What is in one picture.

    ``boxes`` (n, 4) left, top, right, bottom; ``labels`` (n,) int64; where the network learns them, ``masks`` (n, side, side)
    and ``points`` (n, P, 3) of x, y and visibility, which is -1 in the slots of other labels' points.
    """

    boxes: Tensor
    labels: Tensor
    masks: Tensor | None = None
    points: Tensor | None = None


@dataclass(frozen=True)
class Found:
    """What the network finds in one picture, surest first.

    ``boxes`` (n, 4), ``labels`` (n,), ``scores`` (n,); ``masks`` (n, 1, 28, 28) are probabilities inside the box;
    ``points`` (n, P, 2), ``point_scores`` (n, P) are probabilities, ``visibility`` (n, P) is 0, 1 or 2.
    """

    boxes: Tensor
    labels: Tensor
    scores: Tensor
    masks: Tensor | None = None
    points: Tensor | None = None
    point_scores: Tensor | None = None
    visibility: Tensor | None = None

    def on_the_processor(self) -> Found:
        """Return it where arrays can be made of it."""
        values = (getattr(self, each.name) for each in fields(self))
        return Found(*(None if value is None else value.cpu() for value in values))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Looked:
    """What the network makes of a batch before anything is decided: levels of the pyramid, anchors and answers at each place."""

    levels: Maps
    anchors: list[Tensor]
    answers: dict[str, Tensor]
    side_px: int


class _NoBackbone(nn.Identity):
    """Stands where torchvision wants a backbone: the maps are computed outside, so that they can be kept."""

    out_channels = WIDTH


class ObjectNetwork(nn.Module):
    """All that stands on the maps of the backbone."""

    def __init__(self, anatomy: Anatomy) -> None:
        super().__init__()
        self.anatomy = anatomy
        self.first = anatomy.finest
        self.pyramid = FeaturePyramidNetwork(list(CHANNELS[self.first :]), WIDTH)
        strides = STRIDES[FINEST:]
        self.detector = FCOS(
            _NoBackbone(), len(anatomy.classes), score_thresh=LEAST_CONFIDENCE, nms_thresh=OVERLAP, detections_per_img=MOST_OBJECTS,
            anchor_generator=AnchorGenerator(tuple((stride,) for stride in strides), ((1.0,),) * len(strides)),
            head=FCOSHead(WIDTH, 1, len(anatomy.classes), num_convs=CONVOLUTIONS),
        )  # fmt: skip
        levels = [str(place) for place in range(len(CHANNELS) - self.first)]
        self.pool = MultiScaleRoIAlign(levels, ROI_PX, sampling_ratio=2)
        if anatomy.part == "masks":
            self.looker = MaskRCNNHeads(WIDTH, (WIDTH, WIDTH), 1)
            self.drawer = MaskRCNNPredictor(WIDTH, WIDTH, len(anatomy.classes))
        elif anatomy.part == "points":
            self.looker = KeypointRCNNHeads(WIDTH, (WIDTH, WIDTH))
            self.drawer = KeypointRCNNPredictor(WIDTH, anatomy.slots)
            self.seer = nn.Linear(WIDTH, anatomy.slots * 3)

    def look(self, maps: Maps, side_px: int) -> Looked:
        """Look once at a batch of pictures, for ``loss``, ``find`` or both."""
        named = OrderedDict((str(place), each) for place, each in enumerate(maps))
        levels = list(self.pyramid(named).values())
        coarse = levels[FINEST - self.first :]
        count = len(coarse[0])
        pictures = ImageList(torch.empty(count, 3, side_px, side_px, device="meta"), [(side_px, side_px)] * count)
        return Looked(levels, self.detector.anchor_generator(pictures, coarse), self.detector.head(coarse), side_px)

    def loss(self, looked: Looked, truths: Sequence[Truth], noise: torch.Generator | None = None) -> Tensor:
        """Return the sum of the losses. ``noise`` shifts the true boxes that masks and points are looked for in."""
        targets = [{"boxes": truth.boxes, "labels": truth.labels} for truth in truths]
        losses = self.detector.compute_loss(targets, looked.answers, looked.anchors, self._sizes(looked.levels))
        total: Tensor = torch.stack(list(losses.values())).sum()
        if self.anatomy.part == "boxes" or not any(len(truth.boxes) for truth in truths):
            return total
        rois = [_shifted(truth.boxes, looked.side_px, noise) for truth in truths]
        features = self.looker(self._pooled(looked, rois))
        own = [torch.arange(len(truth.boxes), device=truth.boxes.device) for truth in truths]
        if self.anatomy.part == "masks":
            masks = [truth.masks for truth in truths]
            outlined: Tensor = maskrcnn_loss(self.drawer(features), rois, masks, [truth.labels for truth in truths], own)
            return total + outlined
        points = [truth.points for truth in truths if truth.points is not None]
        placed: Tensor = keypointrcnn_loss(self.drawer(features), rois, points, own)
        return total + placed + self._seeing_loss(features, torch.cat(points))

    def find(self, looked: Looked) -> list[Found]:
        """Return what is in each picture."""
        sizes = self._sizes(looked.levels)
        split = {name: list(torch.split(value, sizes, dim=1)) for name, value in looked.answers.items()}
        squares = [(looked.side_px, looked.side_px)] * len(looked.anchors)
        boxes = self.detector.postprocess_detections(split, [list(torch.split(each, sizes)) for each in looked.anchors], squares)
        found = [Found(each["boxes"], each["labels"], each["scores"]) for each in boxes]
        found = found if self.anatomy.part == "boxes" else self._looked_into(looked, found)
        return [each.on_the_processor() for each in found]

    def _sizes(self, levels: Maps) -> list[int]:
        return [each.shape[2] * each.shape[3] for each in levels[FINEST - self.first :]]

    def _pooled(self, looked: Looked, rois: list[Tensor]) -> Tensor:
        named = {str(place): each for place, each in enumerate(looked.levels)}
        pooled: Tensor = self.pool(named, rois, [(looked.side_px, looked.side_px)] * len(rois))
        return pooled

    def _looked_into(self, looked: Looked, found: list[Found]) -> list[Found]:
        rois, counts = [each.boxes for each in found], [len(each.boxes) for each in found]
        if not sum(counts):
            return found
        features = self.looker(self._pooled(looked, rois))
        drawn = self.drawer(features)
        if self.anatomy.part == "masks":
            masks = maskrcnn_inference(drawn, [each.labels for each in found])
            return [Found(each.boxes, each.labels, each.scores, mask) for each, mask in zip(found, masks, strict=True)]
        places, _ = keypointrcnn_inference(drawn, rois)
        sure = drawn.flatten(2).softmax(-1).reshape(drawn.shape)
        # Of a point between four cells each holds a part, so what lies around the best cell counts with it.
        sure = (nn.functional.avg_pool2d(sure, 5, 1, 2, count_include_pad=True) * 25).flatten(2).amax(-1).clamp(0, 1)
        seen = self._seen(features).argmax(-1)
        parts = zip(found, places, torch.split(sure, counts), torch.split(seen, counts), strict=True)
        return [Found(each.boxes, each.labels, each.scores, None, xy[..., :2], scores, visible) for each, xy, scores, visible in parts]

    def _seen(self, features: Tensor) -> Tensor:
        answers: Tensor = self.seer(features.mean((2, 3)))
        return answers.reshape(-1, self.anatomy.slots, 3)

    def _seeing_loss(self, features: Tensor, points: Tensor) -> Tensor:
        """Learn whether a point is there, hidden or visible; slots of other labels' skeletons are marked -1."""
        return nn.functional.cross_entropy(self._seen(features).flatten(0, 1), points[..., 2].long().flatten(), ignore_index=-1)


def _shifted(boxes: Tensor, side_px: int, noise: torch.Generator | None) -> Tensor:
    """Return boxes moved a little, as found ones lie beside the true ones; at least a pixel wide and high."""
    if noise is None or not len(boxes):
        return boxes
    sides = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
    moved = (boxes + (torch.rand(boxes.shape, generator=noise).to(boxes.device) - 0.5) * 0.2 * sides).clamp(0, side_px)
    return torch.cat([moved[:, :2], torch.maximum(moved[:, 2:], moved[:, :2] + 1)], 1)


def installed_maps(weights: WeightsFile, scale: BandScale | None = None) -> nn.Sequential:
    """Return the backbone as installed, normalisation folded in, without its last layer; ``scale``: for these bands, not colours."""
    return fast(trained_features(weights, bands_seen(scale)))[: STAGES[-1][1]]


def tuned_maps(arrays: Mapping[str, npt.NDArray[Any]], scale: BandScale | None = None) -> nn.Sequential:
    """Return the backbone with the weights of a fine-tuning; raises ``ValueError`` when they do not fit."""
    layers = fast(taking_bands(bare_network().features, bands_seen(scale)))[: STAGES[-1][1]]
    put_arrays(layers, arrays)
    return layers


def maps_of(features: nn.Sequential, pixels: Tensor, first: int, scale: BandScale | None = None) -> Maps:
    """Return the backbone's maps from the ``first`` stride on, of (N, B, side, side) float pixels from 0 to 255."""
    value = normalised(pixels, scale)
    maps = []
    for start, end in STAGES:
        value = features[start:end](value)
        maps.append(value)
    return maps[first:]


def map_shapes(side_px: int, first: int) -> list[tuple[int, int, int]]:
    """Return (channels, height, width) of the maps from the ``first`` stride on."""
    return [(width, side_px // stride, side_px // stride) for width, stride in zip(CHANNELS[first:], STRIDES[first:], strict=True)]


def seeded_network(anatomy: Anatomy, seed: int) -> ObjectNetwork:
    """Return a network that has learned nothing, the same for the same seed, whatever else draws numbers."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ObjectNetwork(anatomy).to(device())
