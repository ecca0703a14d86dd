"""When a training will end: told from measured steps, with what may end it sooner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from active_learning.training.course import Plan, Progress


@dataclass(frozen=True)
class Step:
    """Where an epoch stands: ``done`` of ``steps``, after ``spent_s`` seconds of this epoch."""

    done: int
    steps: int
    spent_s: float


@dataclass(frozen=True)
class Outlook:
    """How far a training is, and when it ends.

    ``epoch``: the one that is being learned, of at most ``epochs``; ``step`` of ``steps`` are done. ``left_s``: seconds to the end at
    the latest, None until a step was measured; ``bound``: what ends it then. ``unless_better_s``: seconds to an earlier end, which
    comes if no epoch gets better than the best so far; None where there is none.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    left_s: float | None
    bound: Literal["epochs", "minutes"]
    unless_better_s: float | None


def outlook(progress: Progress, plan: Plan, step: Step) -> Outlook:
    """Look ahead from so many whole epochs and so many steps of the next one; an epoch is held to take as long as the mean so far."""
    epoch_s = _epoch_s(progress, step)
    minutes_s = max(0.0, plan.limit_s - progress.spent_s - step.spent_s)
    left_s, bound, sooner_s = minutes_s, "minutes", None
    if epoch_s is not None:
        epochs_s = _seconds(plan.epochs - progress.epoch, epoch_s, step)
        left_s, bound = (epochs_s, "epochs") if epochs_s <= minutes_s else (minutes_s, "minutes")
        if progress.measured:
            patience_s = _seconds(progress.best_epoch + plan.patience - progress.epoch, epoch_s, step)
            sooner_s = patience_s if patience_s < left_s else None
    return Outlook(
        epoch=min(progress.epoch + 1, plan.epochs),
        epochs=plan.epochs,
        step=step.done,
        steps=step.steps,
        left_s=None if epoch_s is None else left_s,
        bound="epochs" if bound == "epochs" else "minutes",
        unless_better_s=sooner_s,
    )


def _seconds(epochs: int, epoch_s: float, step: Step) -> float:
    return max(0.0, epochs * epoch_s - step.spent_s)


def _epoch_s(progress: Progress, step: Step) -> float | None:
    """Return what an epoch takes: the mean of those that are done, else what the steps of the first one promise."""
    if progress.epoch:
        return progress.spent_s / progress.epoch
    return step.spent_s / step.done * step.steps if step.done else None
