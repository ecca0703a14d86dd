"""Let a training heed who said what: where several people labeled the same images, the consensus is learned, and the unsure counts less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.models import TrainingRun
from active_learning.services.annotators import measure_trust
from active_learning.services.snapshots import LabeledImage
from active_learning.services.truth import whole_labels
from active_learning.training.targets import ClassTargets, LabeledPicture, Targets
from campaigns.models import Campaign

LEAST_WEIGHT: Final = 0.05


@dataclass(frozen=True)
class Trusted:
    """What a training learns of its images: ``pictures`` with the label that is likeliest, and how sure that is, by image id."""

    pictures: list[LabeledPicture]
    sureness: Mapping[int, float]
    changed: int
    people: int

    def weigh(self, targets: Targets, labeled: Sequence[LabeledImage]) -> Targets:
        """Add to targets how much each of their images counts."""
        if not self.sureness or not isinstance(targets, ClassTargets):
            return targets
        rows = targets.rows.tolist()
        return replace(targets, weights=np.array([self.sureness.get(labeled[row].image.pk, 1.0) for row in rows], np.float32))

    def told(self, targets: Targets) -> str:
        """Say in a line what came of it; nothing where nobody can be judged."""
        weights: npt.NDArray[np.float32] | None = getattr(targets, "weights", None)
        if weights is None:
            return ""
        return (
            f"{self.people} people are judged by images that several labeled: {self.changed} labels follow the consensus, "
            f"and the least sure image counts {weights.min():.2f} of a sure one"
        )


def trusted(training: TrainingRun, campaign: Campaign, labeled: Sequence[LabeledImage]) -> Trusted:
    """Return what to learn of a training's images; asked once, so that a training that goes on after a crash learns the same."""
    if training.trust is None:
        training.trust = measure_trust(campaign, [each.image.pk for each in labeled])
        TrainingRun.objects.filter(pk=training.pk).update(trust=training.trust)
    rows = {int(image): (int(label), float(sure)) for image, label, sure in training.trust.get("images", [])}
    pictures, changed = [], 0
    for each in labeled:
        label = rows.get(each.image.pk, (0, 0.0))[0]
        differs = bool(label) and whole_labels(each.annotations) != {label}
        changed += differs
        pictures.append(replace(each.picture, annotations=[_whole(label)]) if differs else each.picture)
    return Trusted(
        pictures, {image: max(LEAST_WEIGHT, sure) for image, (_, sure) in rows.items()}, changed, len(training.trust.get("people", []))
    )


def _whole(label: int) -> dict[str, Any]:
    return {"id": "consensus", "label": label, "shape": {"type": "whole"}, "origin": "human", "review": "accepted", "confidence": None}
