"""The training loop: go round until there is a reason to stop, and be able to go on after a crash.

What differs between trainings is the ``Learner``; what somebody wants to see or decide meanwhile is a ``Hooks``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

import numpy.typing as npt

from active_learning.training.course import Plan, Point, Progress
from active_learning.training.outlook import Outlook, Step, outlook
from models_registry.networks.tensors import TensorFileError, part_of, read_tensors, under, write_tensors

Arrays = Mapping[str, npt.NDArray[Any]]
LAST: Final = "last.safetensors"
SAVE_EVERY_S: Final = 2.0
STOPPED_BY: Final = ("converged", "epochs", "patience", "time_limit", "stopped")


class Interrupted(Exception):
    """A person or the clock ends the training in the middle of an epoch; raised and caught here."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Learner(Protocol):
    """Something that learns epoch by epoch. What an epoch does may depend on the state and the epoch's number alone."""

    @property
    def finished(self) -> bool:
        """Whether more epochs would change nothing."""
        ...

    @property
    def steps(self) -> int:
        """How many steps an epoch takes."""
        ...

    def train(self, epoch: int, check: Callable[[], None]) -> dict[str, float]:
        """Go once over the data; return figures such as ``train_loss``.

        ``check`` is called before every step of a long epoch: it raises ``Interrupted`` when it is time to end.
        """
        ...

    def validate(self) -> dict[str, float]:
        """Measure on the validation images; nothing when there are none.

        ``validation_loss`` is to get low. Where the plan names another figure to get high, such as a mean average precision,
        that one decides which epoch is best, and the loss only between equals.
        """
        ...

    def weights(self) -> Arrays:
        """Return a copy of what a prediction needs."""
        ...

    def state(self) -> Arrays:
        """Return all that the next epoch depends on."""
        ...

    def restore(self, state: Arrays) -> None:
        """Go back to a state; raises ``ValueError``, having changed nothing, when it is that of another network."""
        ...


class Hooks:
    """What happens beside the learning; by default nothing."""

    def training_began(self, progress: Progress) -> None:
        """See where it goes on: at the start, or after a crash."""

    def began_anew(self) -> None:
        """See that what an earlier attempt saved cannot be gone on from: it is damaged, or of another network."""

    def epoch_ended(self, point: Point) -> None:
        """See a new point of the curves."""

    def going(self, ahead: Outlook) -> None:
        """See how far it is and when it ends; called before every step."""

    def should_stop(self) -> bool:
        """Say whether to end now, keeping the best so far; may raise to end with nothing kept."""
        return False


@dataclass(frozen=True)
class Fitted:
    """What came out: why it stopped, the best weights and the last ones."""

    progress: Progress
    best: Arrays
    last: Arrays

    @property
    def interrupted(self) -> bool:
        """Whether a person or the clock ended it."""
        return self.progress.reason in ("stopped", "time_limit")


@dataclass
class _Keeper:
    """Writes the state to disk, at most every few seconds, and finds it again."""

    path: Path
    of: str = ""
    written_at: float = field(default_factory=time.monotonic)
    damaged: bool = False

    def find(self) -> tuple[Progress, Arrays, Arrays] | None:
        try:
            arrays, document = read_tensors(self.path)
            if document.pop("of", self.of) != self.of:
                self.damaged = True
                return None
            return Progress.from_document(document), part_of(arrays, "state."), part_of(arrays, "best.")
        except FileNotFoundError:
            return None
        except (TensorFileError, KeyError, TypeError):  # cut off, or not what was written
            self.damaged = True
            return None

    def keep(self, progress: Progress, learner: Learner, best: Arrays, *, now: bool) -> None:
        if not now and time.monotonic() - self.written_at < SAVE_EVERY_S:
            return
        # One file holds the state and the best weights, so that a crash can never tear them apart.
        write_tensors(self.path, {**under("state.", learner.state()), **under("best.", best)}, {**progress.as_document(), "of": self.of})
        self.written_at = time.monotonic()


Company = Callable[[Learner], AbstractContextManager[Learner]]


def fit(learner: Learner, plan: Plan, folder: Path, hooks: Hooks, company: Company = nullcontext) -> Fitted:
    """Train until there is a reason to stop.

    When ``folder`` holds the state of an interrupted training, it goes on from there and ends as if never interrupted.
    ``company``: gives the learner others that learn along.
    """
    keeper = _Keeper(folder / LAST, plan.of)
    progress, best = _resumed(learner, keeper, hooks)
    hooks.training_began(progress)
    reason = _reason_to_stop(progress, plan, learner, hooks)
    last = learner.weights()
    if reason:
        return _ended(keeper, learner, replace(progress, reason=reason), best, last)
    with company(learner) as leading:
        while not reason:
            try:
                progress = _one_epoch(leading, progress, _Watch(progress, plan, hooks, learner.steps))
            except Interrupted as interruption:  # what this epoch changed is dropped with it
                return Fitted(replace(progress, reason=interruption.reason), best, last)
            last = leading.weights()
            best = last if progress.points[-1].best else best
            keeper.keep(progress, learner, best, now=False)
            hooks.epoch_ended(progress.points[-1])
            hooks.going(outlook(progress, plan, Step(0, learner.steps, 0.0)))
            reason = _reason_to_stop(progress, plan, learner, hooks)
    return _ended(keeper, learner, replace(progress, reason=reason), best, last)


def _ended(keeper: _Keeper, learner: Learner, progress: Progress, best: Arrays, last: Arrays) -> Fitted:
    keeper.keep(replace(progress, reason=""), learner, best, now=True)
    return Fitted(progress, best, last)


@dataclass
class _Watch:
    """Looks at the clock and at the person during an epoch."""

    progress: Progress
    plan: Plan
    hooks: Hooks
    steps: int
    begun: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def spent_s(self) -> float:
        return time.monotonic() - self.began

    def check(self) -> None:
        if self.progress.spent_s + self.spent_s >= self.plan.limit_s:
            raise Interrupted("time_limit")
        if self.hooks.should_stop():
            raise Interrupted("stopped")
        self.hooks.going(outlook(self.progress, self.plan, Step(self.begun, self.steps, self.spent_s)))
        self.begun = min(self.begun + 1, self.steps)


def _one_epoch(learner: Learner, progress: Progress, watch: _Watch) -> Progress:
    metrics = learner.train(progress.epoch + 1, watch.check) | learner.validate()
    return progress.after(metrics, watch.spent_s, watch.plan.maximise)


def _resumed(learner: Learner, keeper: _Keeper, hooks: Hooks) -> tuple[Progress, Arrays]:
    found = keeper.find()
    if found is None:
        if keeper.damaged:
            hooks.began_anew()
        return Progress(), learner.weights()
    progress, state, best = found
    try:
        learner.restore(state)
    except ValueError:  # labels or images changed meanwhile, and the network with them: nothing was put back
        hooks.began_anew()
        return Progress(), learner.weights()
    return progress, best


def _reason_to_stop(progress: Progress, plan: Plan, learner: Learner, hooks: Hooks) -> str:
    reasons = (
        ("converged", learner.finished),
        ("epochs", progress.epoch >= plan.epochs),
        ("patience", progress.measured and progress.epoch - progress.best_epoch >= plan.patience),
        ("time_limit", progress.spent_s >= plan.limit_s),
    )
    settled = next((reason for reason, holds in reasons if holds), "")
    return settled or ("stopped" if hooks.should_stop() else "")
