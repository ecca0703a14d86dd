"""How well a network finds the objects of pictures whose truth is known. Imports torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from torchvision.models.detection.roi_heads import paste_masks_in_image

from active_learning.training.average_precision import Precision, average_precision
from active_learning.training.scenes import Scene
from campaigns.geometry import encode_mask
from models_registry.networks.object_checkpoint import Anatomy
from models_registry.networks.objects import Found

HALF = 0.5
Size = tuple[int, int]


@dataclass(frozen=True)
class Measured:
    """The loss and the precision on validation images."""

    loss: float
    precision: Precision

    def curve(self) -> dict[str, float]:
        """Return the figures of one point of the learning curves."""
        return {"validation_loss": self.loss, "validation_map": self.precision.mean, "validation_map_50": self.precision.mean_50}

    def summary(self) -> dict[str, float]:
        """Return the figures of the whole, as they are kept with a checkpoint."""
        precision, seen = self.precision, self.precision.support > 0
        macro = float(precision.f1[seen].mean()) if seen.any() else 0.0
        return {"loss": self.loss, "map": precision.mean, "map_50": precision.mean_50, "macro_f1": macro}

    def per_class(self) -> list[dict[str, Any]]:
        """Return the figures of each class; None where it has no true object to measure by."""
        names = ("ap", "ap_50", "precision", "recall", "f1", "threshold")
        columns = [getattr(self.precision, name).tolist() for name in names]
        rows = zip(*columns, self.precision.support.tolist(), strict=True)
        return [{**{name: None if math.isnan(v) else v for name, v in zip(names, row, strict=False)}, "support": row[-1]} for row in rows]


def measured(
    anatomy: Anatomy, scenes: Sequence[Scene], found: Sequence[Found], sizes: Sequence[Size], *, loss: float,
    sigmas: npt.NDArray[np.float64] | None,
) -> Measured:  # fmt: skip
    """Measure what was found against the scenes; points in the pixels of their image of (width, height), since its sides may differ."""
    truth = [_true_objects(scene, size) for scene, size in zip(scenes, sizes, strict=True)]
    said = [_found_objects(each, size, scene.side_px) for each, size, scene in zip(found, sizes, scenes, strict=True)]
    precision = average_precision(anatomy.part, truth, said, classes=len(anatomy.classes), sigmas=sigmas)
    return Measured(loss, precision)


def _true_objects(scene: Scene, size: Size) -> list[dict[str, Any]]:
    rows, masks = _boxes(scene.boxes, scene.labels, size, scene.side_px), scene.masks
    for place, row in enumerate(rows):
        if masks is not None:
            row["segmentation"] = _run_lengths(masks[place])
        if scene.points is not None:
            points = scene.points[place]
            row["keypoints"] = _keypoints(points[:, :2], np.maximum(points[:, 2], 0), size, scene.side_px)
    return rows


def _found_objects(found: Found, size: Size, side_px: int) -> list[dict[str, Any]]:
    rows = _boxes(found.boxes.numpy(), found.labels.numpy(), size, side_px)
    masks = None if found.masks is None else paste_masks_in_image(found.masks, found.boxes, (side_px, side_px))[:, 0].numpy() >= HALF
    for place, row in enumerate(rows):
        row["score"] = float(found.scores[place])
        if masks is not None:
            row["segmentation"] = _run_lengths(masks[place])
        if found.points is not None:
            points = found.points[place].numpy()
            row["keypoints"] = _keypoints(points, np.full(len(points), 2.0), size, side_px)
    return rows


def _boxes(boxes: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], size: Size, side_px: int) -> list[dict[str, Any]]:
    scaled = boxes.astype(np.float64) * np.array([*size, *size]) / side_px
    sides = scaled[:, 2:] - scaled[:, :2]
    corners = np.concatenate([scaled[:, :2], sides], 1).tolist()
    rows = zip(corners, sides.prod(axis=1).tolist(), labels.tolist(), strict=True)
    return [{"bbox": box, "area": area, "category_id": label} for box, area, label in rows]


def _keypoints(places: npt.NDArray[Any], visibility: npt.NDArray[Any], size: Size, side_px: int) -> list[float]:
    scaled = places.astype(np.float64) * np.array(size) / side_px
    flat: list[float] = np.concatenate([scaled, visibility[:, None]], 1).reshape(-1).tolist()
    return flat


def _run_lengths(mask: npt.NDArray[np.bool_]) -> dict[str, Any]:
    return {"size": list(mask.shape), "counts": encode_mask(mask)}
