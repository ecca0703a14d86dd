"""What a training would be, before it is begun: how many images teach and measure, how long it takes, and what to mend first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, Final

import numpy as np

from active_learning.models import TrainingRun
from active_learning.services.grouping import groups_of, leaks
from active_learning.services.snapshots import latest_areas, latest_revisions, pictures_of
from active_learning.services.starts import check_start
from active_learning.services.training import checked_config, family_of, read_targets
from active_learning.training.check_start import MISSING
from active_learning.training.config import TrainingConfig
from active_learning.training.object_targets import ObjectTargets, turned_boxes
from active_learning.training.splits import divide
from active_learning.training.targets import FEW, Targets
from campaigns.models import Campaign, Image, ImageState, RunState, Split, User
from campaigns.permissions import MANAGE, require_role

REMEMBERED: Final = 5
"""So many of the latest trainings of the same kind say how fast the next one is."""
MOST_NAMED: Final = 200
GUESSES: Final[Mapping[tuple[str, str], Mapping[str, float]]] = {
    ("classification", "fast_head"): {"small": 60_000, "medium": 60_000, "large": 60_000},
    ("classification", "fine_tune"): {"small": 40, "medium": 14, "large": 8},
    ("objects", "fast_head"): {"small": 30, "medium": 14, "large": 8},
    ("objects", "fine_tune"): {"small": 8, "medium": 4, "large": 2},
    ("pixels", "fast_head"): {"small": 500, "medium": 300, "large": 200},
    ("pixels", "fine_tune"): {"small": 5, "medium": 2.5, "large": 1.5},
}
"""Images a second that two processor cores get through, by what is learned, method and size; until there is a measurement."""
LIBRARY_GUESSES: Final = (
    ("ssdlite", 6.0), ("lraspp", 8.0), ("shufflenet", 40.0), ("mobilenet_v3", 1.5), ("fasterrcnn_resnet50_fpn_v2", 0.1),
    ("maskrcnn_resnet50_fpn_v2", 0.1), ("rcnn", 0.25), ("fcos", 0.4), ("retinanet", 0.4), ("deeplabv3", 0.3), ("fcn_", 0.4), ("", 3.0),
)  # fmt: skip
"""The same of networks of libraries at the smallest size, by a part of the name; the first that fits."""
LARGER: Final[Mapping[str, float]] = {"small": 1.0, "medium": 2.5, "large": 5.0}


@dataclass(frozen=True)
class LabelCount:
    """How many images of a label teach and measure."""

    label: int
    name: str
    train: int
    validation: int


@dataclass(frozen=True)
class Advice:
    """Something to mend before: ``code`` for programs, a sentence, and the labels and images that it is about."""

    code: str
    detail: str
    labels: tuple[int, ...] = ()
    images: tuple[int, ...] = ()


@dataclass(frozen=True)
class Estimate:
    """``train``, ``validation``, ``test``: images; ``drawn``: the second are drawn by chance, not marked. ``epochs``: at most.

    ``seconds``: of learning, when every epoch is taken; ``measured``: by the speed of earlier trainings of this kind, otherwise by a
    guess. Preparing the pictures comes on top the first time.
    """

    train: int
    validation: int
    test: int
    drawn: bool
    labels: tuple[LabelCount, ...]
    epochs: int
    steps: int
    batch: int
    seconds: float
    measured: bool
    warnings: tuple[Advice, ...]


def estimate_training(*, user: User, campaign: Campaign, config: Mapping[str, Any]) -> Estimate:
    """Return what a training would be. Raises what ``start_training`` would raise, and queues nothing."""
    require_role(user, campaign, MANAGE)
    checked, chosen = checked_config(campaign, config, reader=user)
    if config.get("multi_label") is False:
        checked = replace(checked, multi_label=False)
    absent = check_start(family_of(campaign), checked)
    entries = latest_revisions(campaign, chosen)
    areas = latest_areas(campaign, chosen)
    targets = read_targets(campaign, checked, pictures_of(entries, areas))
    ids = [image for image, _ in entries] + list(dict.fromkeys(image for image, _ in areas))
    images = _images([ids[row] for row in targets.rows.tolist()])
    rng = np.random.default_rng(checked.seed)
    groups = groups_of(campaign, checked, images)
    parts = divide(targets.contents, [image.split for image in images], checked.validation, rng, groups)
    counts = _counts(targets, parts.train, parts.validation)
    teach, measure = (frozenset(images[row].pk for row in rows.tolist()) for rows in (parts.train, parts.validation))
    away = [] if absent is None else [Advice(MISSING, absent)]
    warnings = (
        *away,
        *_scarce(counts),
        *_unmeasured(checked, counts, measure),
        *_leaking(campaign, checked, teach, measure),
        *_turned(targets),
    )
    seconds, measured = _seconds(campaign, checked, len(teach))
    test = campaign.images.filter(split=Split.TEST).exclude(state=ImageState.EXCLUDED).count()
    batch = checked.batch_for(len(teach)) if _steps(campaign, checked) else max(1, len(teach))
    return Estimate(
        len(teach), len(measure), test, parts.drawn, counts, checked.most_epochs, math.ceil(len(teach) / batch), batch,
        round(min(seconds, checked.minutes * 60), 1), measured, warnings,
    )  # fmt: skip


def _kind(campaign: Campaign) -> str:
    family = family_of(campaign).name
    return family if family == "classification" else "pixels" if family == "semantic segmentation" else "objects"


def _steps(campaign: Campaign, config: TrainingConfig) -> bool:
    """Say whether an epoch is many steps; a fast head of classes or pixels takes one, with all that it has."""
    return config.method == "fine_tune" or _kind(campaign) == "objects"


def _images(ids: Sequence[int]) -> list[Image]:
    found: dict[int, Image] = {}
    for start in range(0, len(ids), 5000):
        found |= Image.objects.only("pk", "name", "split").in_bulk(ids[start : start + 5000])
    return [found[pk] for pk in ids]


def _counts(targets: Targets, train: Any, validation: Any) -> tuple[LabelCount, ...]:
    contents = targets.contents
    hot = contents > 0.5 if contents.ndim == 2 else contents[:, None] == np.arange(len(targets.classes))
    rows = zip(targets.classes, hot[train].sum(axis=0).tolist(), hot[validation].sum(axis=0).tolist(), strict=True)
    return tuple(LabelCount(each.label, each.name, teach, measure) for each, teach, measure in rows)


def _turned(targets: Targets) -> tuple[Advice, ...]:
    told = turned_boxes(targets.anatomy.part, targets.things) if isinstance(targets, ObjectTargets) else ()
    return tuple(Advice("turned", each) for each in told)


def _scarce(counts: Sequence[LabelCount]) -> list[Advice]:
    few = [each for each in counts if 0 < each.train + each.validation < FEW]
    if not few:
        return []
    named = ", ".join(f"{each.name} ({each.train + each.validation})" for each in few)
    return [
        Advice("few_images", f"Fewer than {FEW} images: {named}. Label more for a model to rely on.", tuple(each.label for each in few))
    ]


def _unmeasured(config: TrainingConfig, counts: Sequence[LabelCount], measure: frozenset[int]) -> list[Advice]:
    if not measure and config.validation and config.groups != "none":
        detail = "No group can be held out without taking the last images of a label. Keep less together, or mark images for validation."
        return [Advice("no_validation", detail)]
    if not measure:
        return [Advice("no_validation", "No image measures the model. Hold some out, or mark some in the gallery for validation.")]
    missing = [each for each in counts if each.train and not each.validation]
    if not missing:
        return []
    named = ", ".join(each.name for each in missing)
    detail = f"No validation image shows {named}: the figures say nothing of it. Mark some in the gallery, or hold out a larger share."
    return [Advice("label_not_measured", detail, tuple(each.label for each in missing))]


def _leaking(campaign: Campaign, config: TrainingConfig, teach: frozenset[int], measure: frozenset[int]) -> list[Advice]:
    found = leaks(campaign, teach, measure)
    if not found:
        return []
    named = [pk for group in found for pk in group][:MOST_NAMED]
    remedy = "Keep near duplicates together" if config.groups != "duplicates" else "Mark them for the same part in the gallery"
    many = "1 group" if len(found) == 1 else f"{len(found)} groups"
    detail = f"{many} of nearly equal images teach and measure at once, so the figures will be too good. {remedy}."
    return [Advice("leak", detail, images=tuple(named))]


def _seconds(campaign: Campaign, config: TrainingConfig, images: int) -> tuple[float, bool]:
    """Return how long it learns when it takes every epoch, and whether that was measured."""
    work = images * config.most_epochs
    speeds = _speeds(campaign, config)
    if speeds:
        return work / median(speeds), True
    if config.network is not None:
        name = config.network.partition("/")[2]
        return work * LARGER[config.size] / next(speed for part, speed in LIBRARY_GUESSES if part in name), False
    return work / GUESSES[_kind(campaign), config.method][config.size], False


def _speeds(campaign: Campaign, config: TrainingConfig) -> list[float]:
    """Return images a second of the latest trainings of this kind, of any campaign: they ran on the same machines."""
    alike = TrainingRun.objects.filter(
        run__campaign__task=campaign.task, run__state=RunState.SUCCEEDED, model__isnull=False, config__method=config.method,
        config__size=config.size, **({"config__network": config.network} if config.network is not None else {}),
    ).prefetch_related("model__checkpoints").order_by("-run_id")  # fmt: skip
    speeds = []
    for training in alike[: 2 * REMEMBERED]:
        if training.config.get("network") != config.network:  # as slow or as quick as another network is
            continue
        kept = training.model.checkpoints.filter(role="best").first() if training.model is not None else None
        metrics = dict(kept.metrics) if kept is not None else {}
        done = metrics.get("images", {}).get("train", 0) * metrics.get("epochs", 0)
        if done and metrics.get("seconds"):
            speeds.append(done / metrics["seconds"])
    return speeds[:REMEMBERED]
