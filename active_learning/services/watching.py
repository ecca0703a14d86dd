"""Show a training on its run while it goes, and notice what a person wants of it."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Final

from active_learning.models import CurvePoint, TrainingRun
from active_learning.training.config import TrainingConfig
from active_learning.training.course import Point, Progress
from active_learning.training.families import Watcher
from active_learning.training.outlook import Outlook
from campaigns.runs import RunCancelled, RunContext

WRITE_EVERY_S: Final = 0.5
ASK_EVERY_S: Final = 0.5


class RunWatcher(Watcher):
    """Shows a training on its run: progress, curves. A cancel is raised wherever it is noticed; a stop keeps the best."""

    def __init__(self, context: RunContext, training: TrainingRun, config: TrainingConfig, *, own_run: bool) -> None:
        self._context = context
        self._training = training
        self._epochs = config.most_epochs
        self._own_run = own_run
        self._points: list[Point] = []
        self._written_at = 0.0
        self._asked_at = 0.0
        self._looked_at = 0.0
        self._stop = False

    def preparing(self, done: int, total: int, failed: int) -> None:
        """Report the pictures read; nothing is learned yet, so that a stop ends it here with nothing."""
        if self._stopped():
            self.nothing_kept()
            raise RunCancelled
        self._context.progress(done=done, total=total, failed=failed, message="Looking at the labeled images")

    def nothing_kept(self) -> None:
        """Say why what was to be stopped and kept ends as cancelled."""
        self._context.log("stopped before its first epoch had ended, so that there is nothing to keep")

    def note(self, line: str) -> None:
        """Write it into the log."""
        self._context.log(line)

    def divided(self, train: int, validation: int, unreadable: int, of: str = "images") -> None:
        """Write down the split, so that the log tells what was learned from and measured on."""
        lost = f"; {unreadable} images could not be read and stay out" if unreadable else ""
        self._context.log(f"{train} {of} teach, {validation} measure{lost}")

    def training_began(self, progress: Progress) -> None:
        """Forget points that a crashed attempt wrote beyond its last checkpoint."""
        CurvePoint.objects.filter(training_run=self._training, epoch__gt=progress.epoch).delete()
        self._points = list(progress.points)
        if progress.epoch:
            self._context.log(f"going on after epoch {progress.epoch} from what was saved")

    def began_anew(self) -> None:
        """Say that the epochs of an earlier attempt are lost."""
        self._context.log("what the attempt before had saved is damaged or of other labels; it begins again with the first epoch")

    def epoch_ended(self, point: Point) -> None:
        """Report the epoch; written at most every half second, because an epoch may take milliseconds."""
        self._points.append(point)
        self._context.log(f"epoch {point.epoch}: {_figures_of(point)}{', the best so far' if point.best else ''}")
        message = f"Training: epoch {point.epoch} of at most {self._epochs}, {_said_of(point)}"
        if self._own_run:
            self._context.progress(done=point.epoch, total=self._epochs, failed=0, message=message)
        else:
            self._context.progress(message=message)
        if time.monotonic() - self._written_at > WRITE_EVERY_S:
            self.write_points()

    def going(self, ahead: Outlook) -> None:
        """Keep how far it is and when it ends; written at most every half second, because a step may take milliseconds."""
        if time.monotonic() - self._looked_at < WRITE_EVERY_S:
            return
        self._looked_at = time.monotonic()
        TrainingRun.objects.filter(pk=self._training.pk).update(outlook=asdict(ahead))
        if ahead.step and ahead.steps > 1:
            self._context.progress(message=f"Training: epoch {ahead.epoch} of at most {ahead.epochs}, step {ahead.step} of {ahead.steps}")

    def should_stop(self) -> bool:
        """Say whether the person stopped it; raises RunCancelled when they cancelled it."""
        if self._context.should_stop():
            raise RunCancelled
        return self._stopped()

    def _stopped(self) -> bool:
        now = time.monotonic()
        if not self._stop and now - self._asked_at >= ASK_EVERY_S:
            self._asked_at = now
            self._stop = TrainingRun.objects.filter(pk=self._training.pk, stop_requested=True).exists()
        return self._stop

    def write_points(self) -> None:
        """Write the points of the curves that are new."""
        rows = [CurvePoint(training_run=self._training, epoch=each.epoch, metrics=each.metrics, best=each.best) for each in self._points]
        CurvePoint.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["training_run", "epoch"], update_fields=["metrics", "best"]
        )
        self._points = []
        self._written_at = time.monotonic()


def _figures_of(point: Point) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in point.metrics.items())


def _said_of(point: Point) -> str:
    loss = point.metrics.get("validation_loss", point.metrics["train_loss"])
    named = (("mAP", "validation_map"), ("mIoU", "validation_miou"))
    return f"loss {loss:.3f}" + "".join(f", {title} {point.metrics[name]:.3f}" for title, name in named if name in point.metrics)
