"""What each step did, in a sentence, for whoever listens; without a listener it costs next to nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from models_registry.steps import KINDS, Phase


@dataclass(frozen=True, slots=True)
class Told:
    """What one step did."""

    phase: Phase
    name: str
    title: str
    text: str


_LISTENER: ContextVar[list[Told] | None] = ContextVar("step_listener", default=None)


@contextmanager
def recording() -> Iterator[list[Told]]:
    """Collect what steps tell while the block runs, threads that are started with its context included."""
    told: list[Told] = []
    token = _LISTENER.set(told)
    try:
        yield told
    finally:
        _LISTENER.reset(token)


def tell(name: str, text: Callable[[], str]) -> None:
    """Tell what a step did; ``text`` is only asked for when somebody listens, and once: of many windows or boxes the first tells."""
    listener = _LISTENER.get()
    if listener is not None and all(told.name != name for told in listener):
        kind = KINDS[name]
        listener.append(Told(kind.phase, name, kind.title, text()))
