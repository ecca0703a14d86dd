"""A campaign of objects asked again: heads on frozen maps learn from the images that were revealed, measured by mAP at an overlap of 0.5.

The backbone's maps lie on the disk, one row an image, and every round of every strategy reads them. Imports torch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.ops import roi_align

from active_learning.acquisition.consistency import Found, unsure_peaks
from active_learning.acquisition.detection import difficult_entropy, hardness, label_weights
from active_learning.acquisition.diversity import unit_rows
from active_learning.acquisition.values import Floats, Instances, Rows
from active_learning.progress.replay import DrawnMaterial, Told
from active_learning.training.config import TrainingConfig
from active_learning.training.galleries import FrozenGallery
from active_learning.training.object_learner import Lesson, ObjectLearner
from inference.uncertainty import object_entropy, of_objects
from models_registry.networks.devices import fetched
from models_registry.networks.object_checkpoint import Anatomy
from models_registry.networks.objects import Found as FoundObjects
from models_registry.networks.objects import Maps, ObjectNetwork, seeded_network

BATCH: Final = 4
RATE: Final = 1e-3
LEAST_STEPS, MOST_STEPS, PASSES = 128, 256, 8
"""At least so many steps of training; more where the images are many, each seen about eight times."""
AT_ONCE: Final = 16
OBJECTS_AN_IMAGE: Final = 8
MEASURES: Final = ("entropy", "margin", "least_confidence")


@dataclass(frozen=True, eq=False)
class ObjectMaterial(DrawnMaterial):
    """Images with objects: the rows of a gallery. sizes: width and height of every row's image; sigmas: of points, where there are any."""

    gallery: FrozenGallery
    sizes: tuple[tuple[int, int], ...]
    anatomy: Anatomy
    sigmas: NDArray[np.float64] | None = None
    seed: int = 0

    def learned(self, labeled: Sequence[int]) -> ObjectModel:
        """Train new heads on the revealed images, as long whatever strategy asked for them."""
        rows = self.pool[np.array(labeled, np.int64)]
        a_pass = math.ceil(len(rows) / BATCH)
        passes = max(1, round(min(MOST_STEPS, max(LEAST_STEPS, PASSES * a_pass)) / a_pass))
        config = TrainingConfig(batch=BATCH, learning_rate=RATE, epochs=passes, seed=self.seed)
        network = seeded_network(self.anatomy, self.seed)
        learner = ObjectLearner(Lesson(self.gallery, rows, self.test, self.sizes, self.sigmas), network, config=config)
        for number in range(1, passes + 1):
            learner.train(number, lambda: None)
        network.eval()
        return ObjectModel(self, learner, network, rows)


@dataclass(frozen=True, eq=False)
class ObjectModel:
    """Heads that were trained on the revealed images."""

    material: ObjectMaterial
    learner: ObjectLearner
    network: ObjectNetwork
    taught: Rows

    def goodness(self) -> float:
        """Return the mAP at an overlap of 0.5 on the held-back images; of points by their object keypoint similarity."""
        return self.learner.measure().precision.mean_50

    def told(self, rows: Rows) -> Told:
        """Measure images by the objects that the heads find in them, those of hard labels apart, and describe the objects on demand."""
        images = self.material.pool[rows]
        seen = list(self._seen(images))
        found = [_boxed(each) for _, each in seen]
        weights = self._weights()
        measured = [of_objects(each.confidence.tolist()) for each in found]
        unsure = {name: np.array([each[name] for each in measured]) for name in MEASURES}
        unsure["difficult"] = np.array([difficult_entropy(each.confidence, weights[each.label]) for each in found])
        if self.material.anatomy.part == "points":
            unsure["peaks"] = np.array([self._unsure_peaks(each) for _, each in seen])
        return Told(uncertainty=unsure, instances=lambda some: self._instances(images[some], [found[row] for row in some.tolist()]))

    def _seen(self, images: Rows) -> Iterator[tuple[int, FoundObjects]]:
        """Yield (row of the gallery, what is found in it)."""
        for part, maps, side_px in self._maps(images):
            with torch.inference_mode():
                answers = self.network.find(self.network.look(maps, side_px))
            yield from zip(part.tolist(), answers, strict=True)

    def _unsure_peaks(self, found: FoundObjects) -> float:
        """Measure how unclear the peaks of the points are that are there."""
        if found.point_scores is None or found.visibility is None:
            return 0.0
        slots = [self.material.anatomy.slots_of(label) for label in found.labels.tolist()]
        there = [(scores[own], seen[own]) for scores, seen, own in zip(found.point_scores, found.visibility, slots, strict=True)]
        return unsure_peaks(found.scores.numpy(), [scores[seen > 0].numpy() for scores, seen in there])

    def _maps(self, images: Rows) -> Iterator[tuple[Rows, Maps, int]]:
        for start in range(0, len(images), AT_ONCE):
            part = images[start : start + AT_ONCE]
            maps, scenes = self.material.gallery.batch(part, None)
            yield part, maps, scenes[0].side_px

    def _weights(self) -> Floats:
        """Return how much objects of each label weigh, by how hard those of the revealed images are."""
        hard: list[list[float]] = [[] for _ in self.material.anatomy.classes]
        for row, seen in self._seen(self.taught):
            found = _boxed(seen)
            scene = self.material.gallery.scenes[row]
            for label, box in zip(scene.labels.tolist(), scene.boxes.tolist(), strict=True):
                hard[label].append(hardness(found, label, box))
        return label_weights([float(np.mean(each)) if each else 0.0 for each in hard])

    def _instances(self, images: Rows, found: Sequence[Found]) -> Instances:
        """Describe the least sure objects of images by what the maps hold in their boxes."""
        some = [np.argsort(np.abs(each.confidence - 0.5), kind="stable")[:OBJECTS_AN_IMAGE] for each in found]
        place = np.repeat(np.arange(len(found)), [len(each) for each in some])
        label = np.concatenate([each.label[rows] for each, rows in zip(found, some, strict=True)])
        sure = np.concatenate([each.confidence[rows] for each, rows in zip(found, some, strict=True)])
        features = []
        for start, (_, maps, side_px) in zip(range(0, len(images), AT_ONCE), self._maps(images), strict=True):
            part = slice(start, start + AT_ONCE)
            boxes = [torch.from_numpy(each.bounds[rows]).float() for each, rows in zip(found[part], some[part], strict=True)]
            features.append(_looks(maps, boxes, side_px))
        weight = np.array([0.01 + object_entropy(value) for value in sure.tolist()])
        return Instances(place.astype(np.int64), label.astype(np.int64), unit_rows(np.concatenate(features)), weight)


def _boxed(found: FoundObjects) -> Found:
    return Found(found.labels.numpy(), found.boxes.numpy().astype(float), found.scores.numpy().astype(float))


def _looks(maps: Maps, boxes: Sequence[torch.Tensor], side_px: int) -> NDArray[np.float32]:
    """Return the mean of each map in each box, side by side, (objects, D)."""
    own = [each.to(maps[0].device) for each in boxes]
    with torch.inference_mode():
        pooled = [roi_align(each, own, 1, each.shape[2] / side_px, 2, aligned=True).flatten(1) for each in maps]
        return fetched(torch.cat(pooled, 1))
