"""How a training has gone so far, and when it is to end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

ENOUGH: Final = 1e-5  # a figure counts as better when it is better by this
MEASURED: Final = "validation_"
LOSS: Final = f"{MEASURED}loss"
OF_THE_BEST: Final = ("validation", "classes", "confusion")


@dataclass(frozen=True)
class Point:
    """One point of the learning curves."""

    epoch: int
    metrics: dict[str, float]
    best: bool


@dataclass(frozen=True)
class Plan:
    """When to stop: after ``epochs``, after ``patience`` epochs without improvement, after ``limit_s`` seconds of training.

    ``maximise``: the figure of ``Learner.validate`` whose highest value is best; empty takes the lowest ``validation_loss``.
    ``of``: what is learned; a state that was saved of something else is not gone on from.
    """

    epochs: int
    patience: int
    limit_s: float
    maximise: str = ""
    of: str = ""


@dataclass(frozen=True)
class Progress:
    """How far a training has come.

    ``best_epoch`` 0: none has been measured yet. ``best_loss`` and ``best_figure``: of that epoch, None where it was not measured.
    """

    epoch: int = 0
    best_epoch: int = 0
    best_loss: float | None = None
    best_figure: float | None = None
    spent_s: float = 0.0
    points: tuple[Point, ...] = ()
    reason: str = ""

    def after(self, metrics: dict[str, float], spent_s: float, maximise: str = "") -> Progress:
        """Return the progress after one more epoch with these figures."""
        loss, figure = metrics.get(LOSS), metrics.get(maximise)
        point = Point(self.epoch + 1, metrics, self._improved(loss, figure))
        changes: dict[str, Any] = {"best_epoch": point.epoch, "best_loss": loss, "best_figure": figure} if point.best else {}
        return replace(self, epoch=point.epoch, spent_s=self.spent_s + spent_s, points=(*self.points, point), **changes)

    @property
    def measured(self) -> bool:
        """Whether there are validation images, by which one epoch is better than another."""
        return self.best_loss is not None or self.best_figure is not None

    def _improved(self, loss: float | None, figure: float | None) -> bool:
        if figure is not None and self.best_figure is not None and abs(figure - self.best_figure) > ENOUGH:
            return figure > self.best_figure
        return loss is None or self.best_loss is None or loss < self.best_loss - ENOUGH

    def told(self) -> dict[str, Any]:
        """Return what every training says of its course, whatever it measured."""
        return {
            "epochs": self.epoch,
            "best_epoch": self.best_epoch,
            "stopped_by": self.reason,
            "seconds": round(self.spent_s, 3),
            "refitted": False,
        }

    def of_last(self, metrics: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is known of the last epoch, from the metrics of the best one.

        Unless it is the best itself, what counts is what was measured as it ended, before any calibration.
        """
        if self.best_epoch == self.epoch:
            return {**metrics, "refitted": False}
        rest = {name: value for name, value in metrics.items() if name not in OF_THE_BEST}
        measured = self.points[-1].metrics.items()
        figures = {name.removeprefix(MEASURED): value for name, value in measured if name.startswith(MEASURED)}
        return {**rest, "refitted": False, **({"validation": figures} if figures else {})}

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Progress:
        """Read what ``as_document`` wrote."""
        return cls(**{**document, "points": tuple(Point(**point) for point in document["points"])})
