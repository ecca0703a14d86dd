"""Keep how long models took and how often they failed: batches of calls in few numbers, read together."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from models_registry.latency import quantile_ms, slot_of
from models_registry.models import CallBatch

LAST_CALLS: Final = 1000
KEPT_BATCHES: Final = 300
JOINED_WITHIN: Final = timedelta(minutes=1)
TREND: Final = 30
WRITTEN_EVERY_S: Final = 5.0
MAX_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Call:
    """One call. ``code``: empty when an answer came that could be used; ``latency_ms``: None when none came."""

    latency_ms: float | None
    code: str = ""
    reason: str = ""


@dataclass
class CallRecorder:
    """Gathers a run's calls and writes them every few seconds; ``close`` writes the rest."""

    model_id: int
    kind: str
    _calls: list[Call] = field(default_factory=list)
    _written: float = field(default_factory=time.monotonic)

    def add(self, calls: Iterable[Call]) -> None:
        """Add calls; now and then they are written."""
        self._calls += calls
        if time.monotonic() - self._written >= WRITTEN_EVERY_S:
            self.close()

    def close(self) -> None:
        """Write what was gathered."""
        calls, self._calls = self._calls, []
        self._written = time.monotonic()
        record_calls(self.model_id, self.kind, calls)


def record_calls(model_id: int, kind: str, calls: Sequence[Call]) -> None:
    """Add calls to the model's newest batch, or begin another; of a model that is gone nothing is kept."""
    if not calls:
        return
    now = timezone.now()
    try:
        with transaction.atomic():
            newest = CallBatch.objects.select_for_update().filter(model=model_id, kind=kind).first()
            if newest is None or newest.started_at < now - JOINED_WITHIN:
                newest = CallBatch(model_id=model_id, kind=kind, calls=0, started_at=now)
            _join(newest, calls, now)
            newest.save()
            _forget(model_id)
    except IntegrityError:  # the model was removed meanwhile
        return


def _join(batch: CallBatch, calls: Sequence[Call], now: datetime) -> None:
    slots = Counter({int(slot): count for slot, count in batch.latencies.items()})
    slots.update(slot_of(call.latency_ms) for call in calls if call.latency_ms is not None and not call.code)
    failed = [call for call in calls if call.code]
    batch.calls += len(calls)
    batch.failures += len(failed)
    batch.latencies = {str(slot): count for slot, count in sorted(slots.items())}
    batch.ended_at = now
    if failed:
        batch.error_code, batch.error = failed[-1].code[:30], failed[-1].reason[:MAX_REASON]


def _forget(model_id: int) -> None:
    oldest = CallBatch.objects.filter(model=model_id).values_list("pk", flat=True)[KEPT_BATCHES : KEPT_BATCHES + 1]
    for pk in oldest:
        CallBatch.objects.filter(model=model_id, pk__lte=pk).delete()


@dataclass(frozen=True)
class TrendPoint:
    """One batch: when, its median latency and its share of failures."""

    at: datetime
    p50_ms: float | None
    error_rate: float


@dataclass(frozen=True)
class CallFigures:
    """A model's last calls. ``trend``: the newest batches, oldest first."""

    calls: int = 0
    failures: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    last_error_code: str = ""
    last_error: str = ""
    last_error_at: datetime | None = None
    trend: tuple[TrendPoint, ...] = ()

    @property
    def error_rate(self) -> float | None:
        """The share of calls that failed; None without calls."""
        return self.failures / self.calls if self.calls else None


def call_figures(model_ids: Iterable[int]) -> dict[int, CallFigures]:
    """Return the figures of models over about their last thousand calls, in one query."""
    found: dict[int, list[CallBatch]] = defaultdict(list)
    for batch in CallBatch.objects.filter(model__in=list(model_ids)).order_by("-id"):
        found[batch.model_id].append(batch)
    return {model: _figures(batches) for model, batches in found.items()}


def _figures(batches: list[CallBatch]) -> CallFigures:
    slots: Counter[int] = Counter()
    calls = failures = 0
    for batch in batches:
        if calls >= LAST_CALLS:
            break
        calls += batch.calls
        failures += batch.failures
        slots.update({int(slot): count for slot, count in batch.latencies.items()})
    failed = next((batch for batch in batches if batch.error_code), None)
    return CallFigures(
        calls, failures, quantile_ms(slots, 0.5), quantile_ms(slots, 0.95),
        failed.error_code if failed else "", failed.error if failed else "", failed.ended_at if failed else None,
        tuple(_point(batch) for batch in reversed(batches[:TREND])),
    )  # fmt: skip


def _point(batch: CallBatch) -> TrendPoint:
    slots = {int(slot): count for slot, count in batch.latencies.items()}
    return TrendPoint(batch.ended_at, quantile_ms(slots, 0.5), batch.failures / batch.calls if batch.calls else 0.0)
