"""Let a training heed who said what: where several people labeled the same images, the consensus is learned, and the unsure counts less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.models import TrainingRun
from active_learning.services.annotators import measure_trust
from active_learning.services.snapshots import LabeledImage
from active_learning.services.truth import whole_labels
from active_learning.training.label_maps import PixelTargets
from active_learning.training.object_targets import ObjectTargets
from active_learning.training.targets import ClassTargets, LabeledPicture, Targets
from campaigns.models import Campaign, Revision

LEAST_WEIGHT: Final = 0.05


@dataclass(frozen=True)
class Trusted:
    """What a training learns of its images.

    ``pictures`` with what is likeliest; by image id ``sureness``, how sure that is, or, label by label, ``by_label``.
    """

    pictures: list[LabeledPicture]
    people: int = 0
    changed: int = 0
    sureness: Mapping[int, float] = field(default_factory=dict)
    by_label: Mapping[int, Mapping[int, float]] = field(default_factory=dict)

    def weigh(self, targets: Targets, labeled: Sequence[LabeledImage]) -> Targets:
        """Add to targets how much each of their images counts."""
        images = [labeled[row].image.pk for row in targets.rows.tolist()]
        if isinstance(targets, ClassTargets) and targets.multi_label and self.by_label:
            told = LabelTrust({}, by_label=self.by_label)
            return replace(targets, weights=told.weights(images, [each.label for each in targets.classes]))
        if not self.sureness or (isinstance(targets, ClassTargets) and targets.multi_label):
            return targets
        weights = np.array([self.sureness.get(image, 1.0) for image in images], np.float32)
        if isinstance(targets, ClassTargets):
            return replace(targets, weights=weights)
        return replace(targets, trust=weights) if isinstance(targets, ObjectTargets | PixelTargets) else targets

    def told(self, targets: Targets) -> str:
        """Say in a line what came of it; nothing where nobody can be judged."""
        weights: npt.NDArray[np.float32] | None = getattr(targets, "weights", None)
        weights = getattr(targets, "trust", None) if weights is None else weights
        if weights is None or not weights.size:
            return ""
        what = {True: "labels follow the consensus", False: "images are learned as the one drew them with whom the others agree most"}
        return (
            f"{self.people} people are judged by images that several labeled: {self.changed} {what[isinstance(targets, ClassTargets)]}, "
            f"and the least sure image counts {weights.min():.2f} of a sure one"
        )


def trusted(training: TrainingRun, campaign: Campaign, labeled: Sequence[LabeledImage]) -> Trusted:
    """Return what to learn of a training's images; asked once, so that a training that goes on after a crash learns the same."""
    if training.trust is None:
        training.trust = measure_trust(campaign, [each.image.pk for each in labeled if each.areas is None])
        TrainingRun.objects.filter(pk=training.pk).update(trust=training.trust)
    return trusted_now(training.trust, labeled)


def trusted_now(trust: Mapping[str, Any], labeled: Sequence[LabeledImage]) -> Trusted:
    """Return what to learn of images by what ``measure_trust`` found."""
    people = len(trust.get("people", []))
    if "drawings" in trust:
        return _by_drawing(trust, labeled, people)
    told = LabelTrust.of(trust)
    pictures, changed = _following(told.given, labeled)
    return Trusted(pictures, people, changed, told.sureness, told.by_label)


@dataclass(frozen=True)
class LabelTrust:
    """By image id, the labels that are likeliest for it as a whole, and how sure that is, of the image or of each of its labels."""

    given: Mapping[int, frozenset[int]]
    sureness: Mapping[int, float] = field(default_factory=dict)
    by_label: Mapping[int, Mapping[int, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, trust: Mapping[str, Any]) -> LabelTrust:
        """Read what ``measure_trust`` found of labels for whole images."""
        if "bits" in trust:
            return cls._of_bits(trust)
        rows = {int(image): (int(label), max(LEAST_WEIGHT, float(sure))) for image, label, sure in trust.get("images", [])}
        return cls({image: frozenset({label}) for image, (label, _) in rows.items()}, {image: sure for image, (_, sure) in rows.items()})

    @classmethod
    def _of_bits(cls, trust: Mapping[str, Any]) -> LabelTrust:
        labels = [int(label) for label in trust["labels"]]
        given = {int(image): frozenset(label for label, bit in zip(labels, bits, strict=True) if bit) for image, bits, _ in trust["bits"]}
        sure = {
            int(image): {label: max(LEAST_WEIGHT, float(value)) for label, value in zip(labels, values, strict=True)}
            for image, _, values in trust["bits"]
        }
        return cls(given, by_label=sure)

    def weights(self, images: Sequence[int], labels: Sequence[int]) -> npt.NDArray[np.float32] | None:
        """Return how much images count, (N,), or each of their labels, (N, K); None where all count alike."""
        if self.by_label:
            rows = [[self.by_label.get(image, {}).get(label, 1.0) for label in labels] for image in images]
            return np.array(rows, np.float32).reshape(len(images), len(labels))
        return np.array([self.sureness.get(image, 1.0) for image in images], np.float32) if self.sureness else None


def _by_drawing(trust: Mapping[str, Any], labeled: Sequence[LabeledImage], people: int) -> Trusted:
    rows = {int(image): (int(revision), float(sure)) for image, revision, sure in trust["drawings"]}
    drawn = dict(Revision.objects.filter(pk__in=[revision for revision, _ in rows.values()]).values_list("pk", "annotations"))
    pictures, changed = [], 0
    for each in labeled:
        wanted = drawn.get(rows[each.image.pk][0]) if each.areas is None and each.image.pk in rows else None
        differs = wanted is not None and wanted != each.annotations
        changed += differs
        pictures.append(replace(each.picture, annotations=wanted) if differs and wanted is not None else each.picture)
    return Trusted(pictures, people, changed, {image: max(LEAST_WEIGHT, sure) for image, (_, sure) in rows.items()})


def _following(given: Mapping[int, frozenset[int]], labeled: Sequence[LabeledImage]) -> tuple[list[LabeledPicture], int]:
    """Return pictures with the labels that are given them, and how many have others than they had."""
    pictures, changed = [], 0
    for each in labeled:
        named = given.get(each.image.pk)
        differs = named is not None and whole_labels(each.annotations) != named
        changed += differs
        annotations = [_whole(label) for label in sorted(named)] if differs and named is not None else None
        pictures.append(each.picture if annotations is None else replace(each.picture, annotations=annotations))
    return pictures, changed


def _whole(label: int) -> dict[str, Any]:
    return {"id": "consensus", "label": label, "shape": {"type": "whole"}, "origin": "human", "review": "accepted", "confidence": None}
