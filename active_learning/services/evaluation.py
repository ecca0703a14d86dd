"""How good the model of a round is on the held-back images, and how good one trained on as many random picks would be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from active_learning.acquisition.values import Floats
from active_learning.evaluation.resampling import CONFIDENCE_Z, wilson
from active_learning.models import Evaluation, Round, Snapshot
from active_learning.progress.replay import T95
from active_learning.services.answers import Answers, read_answers
from active_learning.services.detections import part_of
from active_learning.services.knowledge import answer_held_back, embedded_truth
from active_learning.services.object_evidence import measure_objects
from active_learning.services.pixels import measure_pixels
from active_learning.services.truth import Annotations, held_back, reference_of, truth_of, whole_labels
from active_learning.training.fast_head import Examples, fit_head
from campaigns.errors import Conflict
from campaigns.models import Campaign, Image, ImageState, Label, Split, Task
from campaigns.options import CampaignOptions
from campaigns.querysets import ImageQuerySet
from campaigns.runs import RunContext
from models_registry.models import RegisteredModel
from models_registry.networks.heads import LinearHead

RANDOM_DRAWS = 5
HEAD_STEPS = 60
HEAD_DECAY = 1e-2


def evaluate_round(context: RunContext, round_: Round) -> Evaluation | None:
    """Measure the round's model on the held-back images, once a round; None where there is no model or no truth."""
    existing = Evaluation.objects.filter(round=round_).first()
    if existing is not None or round_.model is None:
        return existing
    campaign = round_.campaign
    truth = truth_of(held_back(campaign))
    if not truth:
        return None
    answer_held_back(context, round_)
    metrics = measure_model(campaign, round_.model, round_.model_version, truth)
    if not metrics:
        return None
    labeled = labels_behind(round_.model, campaign)
    random_metrics = measure_random(context, campaign, labeled=labeled, truth=truth, seed=round_.seed)
    held = int(metrics.pop("images"))
    made, _ = Evaluation.objects.get_or_create(
        round=round_,
        defaults={
            "campaign": campaign, "model": round_.model, "labeled": labeled, "held_back": held,
            "metrics": metrics, "random_metrics": random_metrics,
        },
    )  # fmt: skip
    return made


def evaluate_head(context: RunContext, round_: Round, head: LinearHead, label_ids: tuple[int, ...], *, labeled: int) -> Evaluation | None:
    """Measure a head that no model was made of, between two rounds, on the held-back images; None where no truth is known."""
    campaign = round_.campaign
    truth = truth_of(held_back(campaign))
    if not truth:
        return None
    embedded = embedded_truth(context, campaign, held_back(campaign), truth)
    if not embedded.image_ids:
        return None
    said = head.probabilities(embedded.matrix).astype(float)
    answers = Answers(embedded.image_ids, label_ids, (), said, multi_label=head.multi_label)
    true = [whole_labels(truth[image]) for image in embedded.image_ids]
    metrics = accuracy_of(decisions(answers, range(len(true))), true)
    return Evaluation.objects.create(
        campaign=campaign, labeled=labeled, held_back=len(true), metrics=metrics,
        random_metrics=measure_random(context, campaign, labeled=labeled, truth=truth, seed=round_.seed),
    )  # fmt: skip


def labels_behind(model: RegisteredModel, campaign: Campaign) -> int:
    """Return how many images the model was trained on; of a model from outside, how many the campaign had labeled."""
    snapshot = Snapshot.objects.filter(training_runs__model=model, campaign=campaign).order_by("-id").first()
    if snapshot is not None:
        return len(snapshot.image_ids)
    labeled = Image.objects.filter(campaign=campaign, state__in=(ImageState.SUBMITTED, ImageState.ACCEPTED))
    return labeled.exclude(split=Split.TEST).count()


def measure_model(campaign: Campaign, model: RegisteredModel, version: str, truth: Mapping[int, Annotations]) -> dict[str, float]:
    """Return figures of a model's stored answers about the images whose truth is given; empty without any."""
    if part_of(campaign) is not None:
        return measure_objects(campaign, model, version, truth)
    if campaign.task == Task.SEGMENTATION:
        return measure_pixels(campaign, model, version, truth)
    answers = read_answers(campaign=campaign, model=model, version=version, images=held_back(campaign))
    rows = [row for row, image in enumerate(answers.image_ids) if image in truth]
    if not rows or answers.probabilities is None:
        return {}
    said = decisions(answers, rows)
    true = [whole_labels(truth[answers.image_ids[row]]) for row in rows]
    return {"images": len(rows), **accuracy_of(said, true)}


def decisions(answers: Answers, rows: Sequence[int]) -> list[frozenset[int | None]]:
    """Return the labels that the model gives: the likeliest, or every one from a half on where several may be given."""
    assert answers.probabilities is not None
    chosen = answers.probabilities[list(rows)]
    if answers.multi_label:
        return [frozenset(answers.label_ids[k] for k in np.flatnonzero(row >= 0.5)) for row in chosen]
    return [frozenset({answers.label_ids[k]}) for k in chosen.argmax(axis=1)]


def accuracy_of(said: Sequence[frozenset[int | None]], true: Sequence[frozenset[int]]) -> dict[str, float]:
    """Return the share of images whose labels are all right, with its 95 % interval (Wilson), and macro F1."""
    right = sum(a == b for a, b in zip(said, true, strict=True))
    found = wilson(right, len(true))
    return {"accuracy": right / len(true), "accuracy_low": found.low, "accuracy_high": found.high, "macro_f1": macro_f1(said, true)}


def macro_f1(said: Sequence[frozenset[int | None]], true: Sequence[frozenset[int]]) -> float:
    """Return the mean F1 over the labels that occur in the truth or in the answers."""
    labels = frozenset[int | None]().union(*said, *true) - {None}
    scores = []
    for label in labels:
        both = sum(label in a and label in b for a, b in zip(said, true, strict=True))
        either = sum((label in a) + (label in b) for a, b in zip(said, true, strict=True))
        scores.append(2 * both / either if either else 0.0)
    return sum(scores) / len(scores) if scores else 1.0


def measure_random(
    context: RunContext, campaign: Campaign, *, labeled: int, truth: Mapping[int, Annotations], seed: int
) -> dict[str, float]:
    """Return the accuracy that random picks of as many images give with the same head, as the mean of several draws.

    The interval is that of the mean: 95 %, by Student's t over the draws (Gosset, "The probable error of a mean", 1908). It says how
    well the mean is known, not how far a single draw may lie from it.

    Empty where the truth of the pool is not known, where it is too small, and for tasks without a fast head.
    """
    if campaign.task != Task.CLASSIFICATION or not labeled:
        return {}
    images = Image.objects.filter(campaign=campaign).exclude(split=Split.TEST)
    known = reference_of(images)
    if len(known) < labeled:
        return {}
    try:
        train, test = _examples(context, campaign, images, known), _examples(context, campaign, held_back(campaign), truth)
    except Conflict as error:  # the backbone is not installed: the model was measured all the same
        context.log(error.detail)
        return {}
    if train is None or test is None or len(train) < labeled:
        return {}
    drawn = [_accuracy_of_a_draw(train, test, labeled, np.random.default_rng([seed, draw])) for draw in range(RANDOM_DRAWS)]
    mean, half = interval_of_mean(drawn)
    return {"accuracy": mean, "accuracy_low": max(0.0, mean - half), "accuracy_high": min(1.0, mean + half), "draws": len(drawn)}


def interval_of_mean(drawn: Sequence[float]) -> tuple[float, float]:
    """Return the mean of two or more figures and half the width of its 95 % interval."""
    quantile = T95[len(drawn) - 2] if len(drawn) - 2 < len(T95) else CONFIDENCE_Z
    return float(np.mean(drawn)), quantile * float(np.std(drawn, ddof=1)) / math.sqrt(len(drawn))


def _examples(context: RunContext, campaign: Campaign, images: ImageQuerySet, truth: Mapping[int, Annotations]) -> Examples | None:
    """Return embeddings and true labels of the images that have both; None when there are none."""
    embedded = embedded_truth(context, campaign, images, truth)
    labels = list(Label.objects.filter(campaign=campaign).values_list("pk", flat=True))
    hot = np.zeros((len(embedded.image_ids), len(labels)), dtype=np.float32)
    for row, image in enumerate(embedded.image_ids):
        given = whole_labels(truth[image])
        hot[row] = [label in given for label in labels]
    if CampaignOptions.from_document(campaign.settings).multi_label:
        return Examples(embedded.matrix, hot) if len(hot) else None
    single = hot.sum(axis=1) == 1
    return Examples(embedded.matrix[single], hot[single].argmax(axis=1)) if single.any() else None


def _accuracy_of_a_draw(train: Examples, test: Examples, count: int, rng: np.random.Generator) -> float:
    """Fit the fast head on so many images drawn at random and return its accuracy on the held-back ones."""
    drawn = train.at(np.sort(rng.choice(len(train), count, replace=False)))
    classes = int(max(train.values.max(), test.values.max())) + 1 if train.values.ndim == 1 else train.values.shape[1]
    probabilities = fit_head(drawn, classes=classes, decay=HEAD_DECAY, steps=HEAD_STEPS).probabilities(test.embeddings)
    return _accuracy(probabilities, test.values)


def _accuracy(probabilities: Floats, values: NDArray[Any]) -> float:
    if values.ndim == 2:
        return float(((probabilities >= 0.5) == (values > 0.5)).all(axis=1).mean())
    return float((probabilities.argmax(axis=1) == values).mean())
