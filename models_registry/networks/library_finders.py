"""Finders of objects as torchvision has them, with their published weights: its backbones, heads, losses and suppression as they are.

They offer what ``models_registry.networks.objects.ObjectNetwork`` does, so that learning, measuring and answering know no difference.
Their maps are the pixels themselves: the backbone is a part of them. Imports torch.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy.typing as npt
import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.models.detection.fcos import FCOS
from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.keypoint_rcnn import KeypointRCNNPredictor
from torchvision.models.detection.retinanet import RetinaNet
from torchvision.models.detection.ssd import SSD
from torchvision.ops import box_iou

from models_registry.networks.bands import BandScale, bands_seen
from models_registry.networks.devices import device, drawn_by, mixed_while_learning, put_arrays
from models_registry.networks.library_names import architecture_of
from models_registry.networks.library_networks import take_bands_in
from models_registry.networks.library_weights import keep_norms, layers_of, says
from models_registry.networks.object_checkpoint import Anatomy
from models_registry.networks.objects import LEAST_CONFIDENCE, MOST_OBJECTS, Found, Maps, Truth

WITHOUT_EPS: Final = frozenset({"fasterrcnn_resnet50_fpn", "maskrcnn_resnet50_fpn", "keypointrcnn_resnet50_fpn", "retinanet_resnet50_fpn"})
"""Their weights were made where normalisation added nothing to the variance, and torchvision loads them so."""


@dataclass(frozen=True)
class Seen:
    """What the backbone makes of a batch."""

    pictures: ImageList
    features: OrderedDict[str, Tensor]
    side_px: int

    @property
    def squares(self) -> list[tuple[int, int]]:
        """The height and the width of each picture."""
        return [(self.side_px, self.side_px)] * len(self.pictures.image_sizes)


class _SeeingPredictor(KeypointRCNNPredictor):
    """Tells where points are, as torchvision does, and remembers whether they are there: hidden, visible or not at all."""

    def __init__(self, channels: int, slots: int) -> None:
        super().__init__(channels, slots)
        self.seer = nn.Linear(channels, slots * 3)
        self.seen = torch.empty(0, slots, 3)

    def forward(self, features: Tensor) -> Tensor:
        """Return heat maps of (n, C, h, w)."""
        self.seen = self.see(features)
        places: Tensor = super().forward(features)
        return places

    def see(self, features: Tensor) -> Tensor:
        """Return (n, P, 3) logits of not there, hidden and visible."""
        answers: Tensor = self.seer(features.mean((2, 3)))
        return answers.reshape(len(answers), -1, 3)


class LibraryFinder(nn.Module):
    """A finder of torchvision that tells our classes. Slot 0 of its answers is the background, or nothing."""

    def __init__(self, architecture: str, anatomy: Anatomy, scale: BandScale | None = None) -> None:
        super().__init__()
        self.architecture, self.anatomy = architecture, anatomy
        more: dict[str, Any] = {"num_keypoints": anatomy.slots} if anatomy.part == "points" else {}
        self.detector: Any = models.get_model(
            architecture, weights=None, weights_backbone=None, num_classes=len(anatomy.classes) + 1, **more
        )
        keep_norms(self.detector, 0.0 if architecture in WITHOUT_EPS else None)
        judge = self.detector.roi_heads if isinstance(self.detector, GeneralizedRCNN) else self.detector
        judge.score_thresh, judge.detections_per_img = LEAST_CONFIDENCE, MOST_OBJECTS
        if anatomy.part == "points":
            judge.keypoint_predictor = _SeeingPredictor(judge.keypoint_predictor.kps_score_lowres.in_channels, anatomy.slots)
        self.see_bands(scale)
        self.requires_grad_(True)

    def see_bands(self, scale: BandScale | None) -> None:
        """Take pixels of these bands, or colours: the first layer is widened where they are not three."""
        transform, bytes_of = self.detector.transform, 255.0 if scale is None else 1.0
        numbers = (transform.image_mean, transform.image_std) if scale is None else (scale.mean, scale.deviation)
        self.scale = scale
        for name, values in zip(("mean", "deviation"), numbers, strict=True):
            self.register_buffer(name, torch.tensor(values).view(1, -1, 1, 1) * bytes_of, persistent=False)
        take_bands_in(self.detector.backbone, bands_seen(scale))

    @property
    def layers(self) -> list[nn.Module]:
        """The parts of the backbone below its pyramid, from the first on."""
        backbone = self.detector.backbone
        body = backbone.body if hasattr(backbone, "body") else backbone.features
        return layers_of(body)

    @property
    def last(self) -> list[nn.Parameter]:
        """What tells classes and points, and knows nothing of ours yet."""
        return [value for name, value in self.named_parameters() if says(name.removeprefix("detector."))]

    def look(self, maps: Maps, side_px: int) -> Seen:
        """Look once at a batch of pictures, (N, B, side, side) float pixels from 0 to 255 as their only map."""
        pixels = (maps[0] - self.mean) / self.deviation  # type: ignore[operator]
        with mixed_while_learning():
            features = self.detector.backbone(pixels)
        named = OrderedDict((name, each.float()) for name, each in features.items())
        return Seen(ImageList(pixels, [(side_px, side_px)] * len(pixels)), named, side_px)

    def loss(self, seen: Seen, truths: Sequence[Truth], noise: torch.Generator | None = None) -> Tensor:
        """Return the sum of the losses. ``noise`` decides which of many places are compared; without it always the same."""
        targets = [_target_of(each) for each in truths]
        with drawn_by(noise), _mode(self.detector, learning=True):
            losses = self._losses(seen, targets)
        total: Tensor = torch.stack([each.float() for each in losses.values()]).sum()
        return total + self._seeing_loss(seen, truths) if self.anatomy.part == "points" else total

    def find(self, seen: Seen) -> list[Found]:
        """Return what is in each picture."""
        with _mode(self.detector, learning=False):
            said = self._answers(seen)
        visible = self._visible(said)
        return [self._told(each, rows).on_the_processor() for each, rows in zip(said, visible, strict=True)]

    def _losses(self, seen: Seen, targets: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        network, features = self.detector, list(seen.features.values())
        if isinstance(network, GeneralizedRCNN):
            proposals, looking = network.rpn(seen.pictures, seen.features, targets)
            _, telling = network.roi_heads(seen.features, proposals, seen.squares, targets)
            return {**looking, **telling}
        answers, anchors = network.head(features), network.anchor_generator(seen.pictures, features)
        if isinstance(network, SSD):
            matched = [_matched(network, each["boxes"], own) for each, own in zip(targets, anchors, strict=True)]
            of_boxes: dict[str, Tensor] = network.compute_loss(targets, answers, anchors, matched)
            return of_boxes
        more = (self._places(features),) if isinstance(network, FCOS) else ()
        losses: dict[str, Tensor] = network.compute_loss(targets, answers, anchors, *more)
        return losses

    def _answers(self, seen: Seen) -> list[dict[str, Tensor]]:
        network, features = self.detector, list(seen.features.values())
        if isinstance(network, GeneralizedRCNN):
            proposals, _ = network.rpn(seen.pictures, seen.features)
            found: list[dict[str, Tensor]] = network.roi_heads(seen.features, proposals, seen.squares)[0]
            return found
        answers, anchors = network.head(features), network.anchor_generator(seen.pictures, features)
        if isinstance(network, SSD):
            kept: list[dict[str, Tensor]] = network.postprocess_detections(answers, anchors, seen.squares)
            return kept
        places = self._places(features)
        levels = {name: list(torch.split(value, places, dim=1)) for name, value in answers.items()}
        told: list[dict[str, Tensor]] = network.postprocess_detections(
            levels, [list(torch.split(each, places)) for each in anchors], seen.squares
        )
        return told

    def _places(self, features: list[Tensor]) -> list[int]:
        """Return how many anchors each level has."""
        each = self.detector.anchor_generator.num_anchors_per_location()
        assert isinstance(self.detector, FCOS | RetinaNet)
        return [level.shape[2] * level.shape[3] * count for level, count in zip(features, each, strict=True)]

    def _visible(self, said: list[dict[str, Tensor]]) -> Sequence[Tensor | None]:
        """Return of each picture's objects whether their points are there, (n, P): what the predictor saw when it was asked for these."""
        if self.anatomy.part != "points":
            return [None] * len(said)
        seen: Tensor = self.detector.roi_heads.keypoint_predictor.seen
        counts = [len(each["boxes"]) for each in said]
        return (
            torch.split(seen.argmax(-1), counts)
            if sum(counts)
            else [seen.new_empty((0, self.anatomy.slots), dtype=torch.int64)] * len(said)
        )

    def _told(self, said: Mapping[str, Tensor], visible: Tensor | None) -> Found:
        kept = said["labels"] > 0  # of focal losses, slot 0 is a class that nothing ever taught
        points, sure = said.get("keypoints"), said.get("keypoints_scores")
        return Found(
            said["boxes"][kept], said["labels"][kept] - 1, said["scores"][kept], None if "masks" not in said else said["masks"][kept],
            None if points is None else points[kept][..., :2], None if sure is None else sure[kept].sigmoid(),
            visible,
        )  # fmt: skip

    def _seeing_loss(self, seen: Seen, truths: Sequence[Truth]) -> Tensor:
        """Learn whether a point is there, hidden or visible, which Keypoint R-CNN does not tell; other labels' slots are marked -1."""
        points = torch.cat([each.points for each in truths if each.points is not None])
        if not len(points):
            return points.sum() * 0
        heads = self.detector.roi_heads
        pooled = heads.keypoint_roi_pool(seen.features, [each.boxes for each in truths], seen.squares)
        answers = heads.keypoint_predictor.see(heads.keypoint_head(pooled))
        return nn.functional.cross_entropy(answers.flatten(0, 1), points[..., 2].long().flatten(), ignore_index=-1)


def finder_with(name: str, anatomy: Anatomy, scale: BandScale | None, arrays: Mapping[str, npt.NDArray[Any]]) -> LibraryFinder:
    """Return a network with all its weights; raises ``ValueError`` where they do not fit."""
    finder = seeded_finder(architecture_of(name), anatomy, 0, scale)
    put_arrays(finder, arrays)
    return finder.to(device()).eval()


def seeded_finder(architecture: str, anatomy: Anatomy, seed: int, scale: BandScale | None) -> LibraryFinder:
    """Return a network that has learned nothing, the same for the same seed, whatever else draws numbers."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LibraryFinder(architecture, anatomy, scale)


def _target_of(truth: Truth) -> dict[str, Tensor]:
    more = {"masks": truth.masks, "keypoints": truth.points}
    return {"boxes": truth.boxes, "labels": truth.labels + 1, **{name: value for name, value in more.items() if value is not None}}


def _matched(network: SSD, boxes: Tensor, anchors: Tensor) -> Tensor:
    if not len(boxes):
        return torch.full((len(anchors),), -1, dtype=torch.int64, device=anchors.device)
    matched: Tensor = network.proposal_matcher(box_iou(boxes, anchors))
    return matched


@contextmanager
def _mode(network: nn.Module, *, learning: bool) -> Iterator[None]:
    """Let torchvision compute losses or answers, whichever it does by its mode; normalisation and weights know no difference."""
    before = network.training
    network.train(learning)
    try:
        yield
    finally:
        network.train(before)
