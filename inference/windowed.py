"""Ask about a large image window by window: many questions, one answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from campaigns.imagery import Refused
from inference.calling import Answer, CallFailed
from inference.inputs import StoredImage
from inference.joining import join_windows
from inference.schema import Prediction, PredictionRejected
from inference.tiling import WindowPx
from inference.wire import WireReply
from models_registry.options import ModelOptions

AskWindow = Callable[[WindowPx], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Joined:
    """The answer about an image of many windows. ``latency_ms``: the mean of a question; ``reply``: that about the first window."""

    prediction: Prediction
    latency_ms: float
    reply: WireReply = field(repr=False)


async def ask_in_windows(
    image: StoredImage, windows: Sequence[WindowPx], ask_window: AskWindow, *, options: ModelOptions, at_once: int
) -> Joined:
    """Ask about all windows, ``at_once`` of them at a time, and join their answers.

    The first window without an answer fails the image: raises ``CallFailed`` or ``Refused`` with its place.
    """
    waiting = iter(range(len(windows)))
    answers: dict[int, Answer] = {}

    async def serve() -> None:
        for number in waiting:
            try:
                answers[number] = await ask_window(windows[number])
            except (CallFailed, Refused) as error:
                raise placed(error, windows[number]) from error

    tasks = [asyncio.create_task(serve()) for _ in range(min(at_once, len(windows)))]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    parts = [(window, answers[number].prediction) for number, window in enumerate(windows)]
    prediction = await asyncio.to_thread(joined, parts, image, options)
    latency_ms = sum(answer.latency_ms for answer in answers.values()) / len(answers)
    return Joined(prediction, latency_ms, answers[0].reply)


def joined(parts: Sequence[tuple[WindowPx, Prediction]], image: StoredImage, options: ModelOptions) -> Prediction:
    """Return one answer of those about windows; raise ``CallFailed`` where they cannot be one."""
    try:
        return join_windows(parts, image, options)
    except PredictionRejected as error:
        raise CallFailed("rejected", str(error), where=error.where) from error


def placed(error: CallFailed | Refused, window: WindowPx) -> CallFailed | Refused:
    """Return the same failure with the window that it happened in."""
    column, row, width, height = window
    place = f"the window of {width} x {height} at x {column}, y {row}"
    if isinstance(error, Refused):
        return Refused(error.code, f"In {place}: {error.detail}")
    where = f"{place}: {error.where}" if error.where else place
    why = error.reason.removeprefix(f"{error.where}: ")
    return CallFailed(error.code, f"{where}: {why}", where=where, sample=error.sample)
