"""Go on or stop: one verdict from the learning curve and from how still the answers stand, with its reasons in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from active_learning.progress.curves import Gain, Point, expected_gain, merged, why_not

Verdict = Literal["unknown", "go_on", "nearly_done", "stop"]

WORTH_IT: Final = 0.005  # half a point of accuracy for the next batch
STABLE: Final = 0.99  # Bloodgood and Vijay-Shanker 2009
NEARLY_STABLE: Final = 0.97
STILL_FOR: Final = 2  # rankings in a row


@dataclass(frozen=True)
class Advice:
    """``sentence`` says it all; ``reasons`` why, one sentence each. ``gain``: None where nothing can be claimed."""

    verdict: Verdict
    sentence: str
    reasons: tuple[str, ...]
    gain: Gain | None = None
    agreement: float | None = None


def advise(
    points: Sequence[Point], agreements: Sequence[float], *, batch: int, left: int, seed: int = 0, figure: str = "accuracy"
) -> Advice:
    """Weigh what the next ``batch`` labels will bring.

    points: the measured curve, oldest first; agreements: kappa of the answers about the pool from ranking to ranking,
    oldest first; left: images without a label; figure: what the curve measures, in words.
    """
    last = agreements[-1] if agreements else None
    if left == 0:
        return Advice("stop", "Every image is labeled.", (), agreement=last)
    batch = min(batch, left)
    still = _is_still(agreements)
    objection = why_not(points)
    if objection:
        reasons = (f"The curve tells nothing yet: {objection}.", *_of_agreement(agreements))
        return Advice("unknown", "Too early to say when to stop; label on.", reasons, agreement=last)
    gain = expected_gain(points, batch, rng=np.random.default_rng(seed))
    reasons = (_of_gain(gain, merged(points)[-1], figure), *_of_agreement(agreements))
    if gain.high < WORTH_IT and still:
        sentence = f"You can stop: the next {batch:,} labels will hardly change the model."
        return Advice("stop", sentence, reasons, gain, last)
    if gain.expected < WORTH_IT and (still or gain.high < 2 * WORTH_IT):
        sentence = f"Nearly done: the next {batch:,} labels bring little, if the curve goes on as it went."
        return Advice("nearly_done", sentence, reasons, gain, last)
    if gain.expected < WORTH_IT:
        sentence = f"The next {batch:,} labels may bring little, but the figures do not show it for certain yet; label on."
        return Advice("go_on", sentence, reasons, gain, last)
    return Advice("go_on", f"Go on: the next {batch:,} labels are worth about {_points(gain.expected)}.", reasons, gain, last)


def _is_still(agreements: Sequence[float]) -> bool:
    return len(agreements) >= STILL_FOR and all(value >= STABLE for value in agreements[-STILL_FOR:])


def _points(share: float) -> str:
    value = 100 * share
    return f"{value:.1f} points" if value >= 0.05 else "less than 0.1 points"


def _of_gain(gain: Gain, last: Point, figure: str) -> str:
    return (
        f"By the curve so far, {gain.labels:,} more labels bring {100 * gain.expected:.1f} points of {figure} "
        f"(95 %: {100 * gain.low:.1f} to {100 * gain.high:.1f}), from {100 * last.value:.1f} % with {last.labels:,} labels."
    )


def _of_agreement(agreements: Sequence[float]) -> tuple[str, ...]:
    if not agreements:
        return ("How still the model's answers stand is known from the second ranking on that learned from more labels.",)
    value = agreements[-1]
    words = "stand still" if value >= STABLE else "hardly change" if value >= NEARLY_STABLE else "still change"
    return (f"Its answers about the unlabeled images {words} from one ranking to the next (kappa {value:.3f}).",)
