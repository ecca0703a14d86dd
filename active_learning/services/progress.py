"""How the learning of a campaign goes: the measured curve, what random picks say, and whether to go on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from active_learning.evaluation.resampling import wilson
from active_learning.models import Agreement, Evaluation, Round
from active_learning.progress.advice import Advice, advise
from active_learning.progress.audits import AuditPoint, grouped
from active_learning.progress.curves import Point
from active_learning.services.audits import audits_of, unanswered_picks
from active_learning.services.knowledge import pool_of
from active_learning.services.plans import plan_of
from campaigns.models import Campaign, Task, User
from campaigns.permissions import VIEW, require_role

METRICS: Final = ("accuracy", "f1", "map50", "map", "miou", "iou")
FIGURES: Final = {
    "accuracy": "accuracy", "f1": "F1", "map50": "mAP at an overlap of 0.5", "map": "mAP", "miou": "mean IoU", "iou": "IoU",
}  # fmt: skip
DEFAULT_BATCH: Final = 100
LATEST_AUDITS: Final = 60  # picks that the present accuracy is told from; those before were predicted by models long past


@dataclass(frozen=True)
class Measured:
    """A figure at a number of labels, with its 95 % interval where it has one. ``images``: what it was measured on."""

    labeled: int
    value: float
    low: float | None
    high: float | None
    images: int
    round: int | None = None


@dataclass(frozen=True)
class LearningCurve:
    """metric: what ``model`` and ``random`` measure; audits are shares of right answers. ``audit``: over the latest picks."""

    metric: str
    model: tuple[Measured, ...]
    random: tuple[Measured, ...]
    audits: tuple[Measured, ...]
    audit: Measured | None
    audit_sentence: str
    advice: Advice


def learning_curve(*, user: User, campaign: Campaign) -> LearningCurve:
    """Return what is known of how the labels pay."""
    require_role(user, campaign, VIEW)
    evaluations = list(Evaluation.objects.filter(campaign=campaign).select_related("round").order_by("id"))
    metric = _metric(evaluations)
    model = _points(metric, ((one, one.metrics) for one in evaluations)) if metric else ()
    random = _points(metric, ((one, one.random_metrics) for one in evaluations)) if metric else ()
    picks = audits_of(campaign)
    audits = tuple(_audit_point(group) for group in grouped(picks))
    latest = grouped(picks[-LATEST_AUDITS:], least=LATEST_AUDITS)
    audit = _audit_point(latest[0]) if latest else None
    plan, last = plan_of(campaign), Round.objects.filter(campaign=campaign).first()
    points = [Point.between(each.labeled, each.value, each.low, each.high) for each in (model or audits)]
    agreements = list(Agreement.objects.filter(campaign=campaign).values_list("kappa", flat=True))
    batch = plan.every or (last.size if last is not None else DEFAULT_BATCH)
    advice = advise(points, agreements, batch=batch, left=pool_of(campaign).count(), figure=FIGURES[metric or "accuracy"])
    return LearningCurve(metric or "accuracy", model, random, audits, audit, _audit_sentence(audit, campaign), advice)


def _metric(evaluations: Sequence[Evaluation]) -> str | None:
    there = {name for one in evaluations for name in one.metrics}
    return next((name for name in METRICS if name in there), None)


def _points(metric: str, rows: Iterable[tuple[Evaluation, Mapping[str, Any]]]) -> tuple[Measured, ...]:
    """Return one point per number of labels, the last measured, in order; what was measured otherwise then does not belong."""
    found: dict[int, Measured] = {}
    for one, metrics in rows:
        measured = _measured(one, metrics, metric)
        if measured is not None:
            found[one.labeled] = measured
    return tuple(found[labeled] for labeled in sorted(found))


def _measured(one: Evaluation, metrics: Mapping[str, Any], metric: str) -> Measured | None:
    if not isinstance(metrics.get(metric), int | float):
        return None
    number = one.round.number if one.round is not None else None
    return Measured(one.labeled, metrics[metric], metrics.get(f"{metric}_low"), metrics.get(f"{metric}_high"), one.held_back, number)


def _audit_point(point: AuditPoint) -> Measured:
    spread = wilson(point.right, point.total)
    return Measured(point.labeled, point.right / point.total, spread.low, spread.high, point.total, point.rounds[1])


def _audit_sentence(audit: Measured | None, campaign: Campaign) -> str:
    if audit is None:
        return _no_audit(campaign)
    return (
        f"Of the last {audit.images} images drawn at random, the model had {100 * audit.value:.0f} % right before a person said so "
        f"(95 %: {100 * (audit.low or 0):.0f} to {100 * (audit.high or 0):.0f} %): what to expect on the images nobody has labeled."
    )


def _no_audit(campaign: Campaign) -> str:
    """Say why images drawn at random tell nothing of the model yet."""
    if campaign.task != Task.CLASSIFICATION:
        return "Images drawn at random keep rounds from asking for one kind alone; how good a model of this task is, held-back images tell."
    labeled = unanswered_picks(campaign)
    if labeled == 0:
        return "No image that was drawn at random has been labeled yet; about one in twenty of a round is."
    return (
        f"Of the images drawn at random {labeled} {'is' if labeled == 1 else 'are'} labeled, but no model had answered about them before; "
        "they tell how good one is from the next round on that goes by a model."
    )
