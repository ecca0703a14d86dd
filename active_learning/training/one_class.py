"""Learn one label from its images alone, where nobody has labeled anything else.

An image is as likely to have the label as it lies in the direction in which the label's images differ from the others of the campaign
(a matched filter on standardised embeddings; compare Hariharan, Malik and Ramanan, "Discriminative decorrelation for clustering and
classification", 2012). That is linear, so that the result is a head like any other. How far is far enough is told by leaving each of
the label's images out in turn: nine of ten of them, judged by the others, are found, and half of them with a probability above 0.9.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.training.bands import card_of
from active_learning.training.families import Job, Trained, Watcher
from active_learning.training.fast_head import Matrix, standardisation
from active_learning.training.targets import ClassTargets
from campaigns.errors import InvalidInput
from models_registry.networks.backbones import loaded_backbone
from models_registry.networks.checkpoint import ClassifierCheckpoint
from models_registry.networks.embedding import embed_missing
from models_registry.networks.heads import LinearHead
from models_registry.networks.weights import find_weights

LEAST: Final = 3  # positives: with two, leaving one out says nothing
MISSED: Final = 0.1  # share of the left-out positives that may lie below the threshold
SURE: Final = math.log(9.0)  # log-odds of 0.9
BEST: Final = "best-model.safetensors"
LATEST: Final = "last-model.safetensors"


@dataclass(frozen=True)
class OneClass:
    """A head for one label; ``left_out``: (P,) what it would have said of each positive without knowing it."""

    head: LinearHead
    left_out: npt.NDArray[np.float64]


def fit_one_class(positives: Matrix, background: Matrix) -> OneClass:
    """Fit the direction from the background's middle to the positives', and the threshold by leaving one out.

    positives: (P, D), P at least 3; background: (B, D) of images that nobody has labeled, most of them without the label.
    """
    mean, scale = standardisation(np.concatenate([positives, background]))
    inside, others = (((part - mean) / scale).astype(np.float64) for part in (positives, background))
    count, centre, middle = len(inside), inside.mean(axis=0), others.mean(axis=0)
    without = (count * centre - inside) / (count - 1) - middle
    left_out = ((inside - middle) * _unit(without)).sum(axis=1)
    least, half = np.quantile(left_out, [MISSED, 0.5])
    width = max(float(half - least), 1e-3 * float(np.abs(left_out).max()), 1e-9) / SURE
    direction = _unit((centre - middle)[None])[0]
    weight, bias = direction / width, (-float(middle @ direction) - float(least)) / width
    head = LinearHead(mean, scale, weight[None].astype(np.float32), np.array([bias], np.float32), multi_label=True)
    return OneClass(head, 1 / (1 + np.exp(-np.clip((left_out - least) / width, -50, 50))))


def _unit(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))


def train_one_class(job: Job[ClassTargets], watcher: Watcher) -> Trained:
    """Train as the job says; it takes a moment, so that there is nothing to go on from after a crash."""
    positives, lost = _embedded(job, job.sources, watcher)
    background, _ = _embedded(job, job.background, watcher)
    watcher.divided(len(positives), 0, lost)
    if len(positives) < LEAST or not len(background):
        raise InvalidInput(
            f"To learn from one label's images alone takes {LEAST} of them that can be read, and images that nobody has labeled to tell "
            f"them from; there are {len(positives)} and {len(background)}.",
            code="too_few_labels",
        )
    fitted = fit_one_class(positives, background)
    metrics: dict[str, Any] = {
        "images": {"train": len(positives), "validation": 0, "unreadable": lost},
        "epochs": 0, "best_epoch": 0, "stopped_by": "", "seconds": 0.0, "refitted": False,
        "leave_one_out": {
            "found": float((fitted.left_out >= 0.5).mean()),
            "background_found": float((fitted.head.probabilities(background) >= 0.5).mean()),
            "background": len(background),
        },
    }  # fmt: skip
    return _keep(job, fitted.head, metrics)


def _embedded(job: Job[ClassTargets], sources: Any, watcher: Watcher) -> tuple[Matrix, int]:
    """Return the embeddings of the readable images, and how many could not be read."""
    digest, total = find_weights().sha256, len(sources)
    failures = embed_missing(
        job.store,
        lambda: loaded_backbone(job.config.size, digest, job.scale),
        sources,
        on_progress=lambda done, failed: watcher.preparing(done, total, failed),
    )
    unreadable = {failure.key for failure in failures}
    return job.store.load([source.key for source in sources if source.key not in unreadable]), len(unreadable)


def _keep(job: Job[ClassTargets], head: LinearHead, metrics: dict[str, Any]) -> Trained:
    names = tuple(each.name for each in job.targets.classes)
    about = {"config": job.config.as_document(), "metrics": metrics, "labels": [each.label for each in job.targets.classes]}
    checkpoint = ClassifierCheckpoint(head, names, job.config.size, find_weights().sha256, {}, about, job.scale)
    paths = [job.folder / name for name in (BEST, LATEST)]
    for path in paths:
        checkpoint.save(path)
    warnings = ("It learned from one label's images alone: it was measured by leaving each of them out, and on nothing that lacks it.",)
    return Trained(paths[0], paths[1], job.targets.classes, metrics, "", warnings, held_out=(), card=card_of(job.scale))
