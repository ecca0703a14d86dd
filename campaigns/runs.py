"""Background work: a ``Run`` row is the truth, the queue only carries it.

Life of a run: a service calls ``enqueue_run`` in its own transaction; a worker claims the row by one conditional
UPDATE and supervises a child process (``manage.py execute_run``) that does the work, reports progress and settles
the row. A worker that vanishes leaves a stale heartbeat; ``sweep_runs`` turns such rows into ``lost`` and queues
the resumable ones again, on the same row. States change nowhere else.
"""

from __future__ import annotations

import logging
import time
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from django_q.tasks import async_task

from campaigns.disk import refuses_writes, told_of
from campaigns.errors import Conflict, DomainError
from campaigns.models import UNFINISHED, Campaign, ItemState, Run, RunItem, RunState, User

logger = logging.getLogger(__name__)

PROGRESS_EVERY_S = 0.5
RATE_MEMORY = 0.7  # weight of the earlier rate in the smoothed one
QUIET_S = 10.0  # so long without anything finished, and as long as several things took before: nobody can say how long the rest will take
QUIET_SHARE = 4.0
SUPERVISE = "campaigns.tasks.supervise_run"
ATTEMPTS_KILLED = 2
GIVES_WAY = "Others wait for this worker and go first"


class RunCancelled(Exception):
    """The person asked to stop; raised inside the run, settled as cancelled."""


class RunSteppedAside(Exception):
    """Others wait for this run's workers and go first; raised inside the run, which is queued again behind them."""


class RunTakenOver(Exception):
    """Another worker owns the row by now; this attempt ends without touching it."""


@dataclass(frozen=True)
class RunKind:
    """What a kind of run executes, by dotted path, and where.

    ``execute(context: RunContext) -> dict`` does the work and returns the run's result. A resumable kind may be
    called again on the same row after a crash and goes on where it was.
    """

    name: str
    execute: str
    cluster: str = "default"
    resumable: bool = False
    max_attempts: int = 5
    timeout_s: float = 24 * 3600


_KINDS: dict[str, RunKind] = {}


def register_kind(kind: RunKind) -> None:
    """Make a kind of run known; every application does so when it is ready."""
    _KINDS[kind.name] = kind


def kind_of(run: Run) -> RunKind:
    """Return the kind that a run is of."""
    return _KINDS[run.kind]


def enqueue_run(
    *, user: User | None, kind: str, campaign: Campaign | None, params: dict[str, Any] | None = None, total: int | None = None
) -> Run:
    """Write a run and its queue row; call it in the transaction that writes what the run is about."""
    with transaction.atomic():
        run = Run.objects.create(
            kind=_KINDS[kind].name, campaign=campaign, created_by=user, params=params or {}, total=total, heartbeat_at=timezone.now()
        )
        _push(run)
    return run


def _push(run: Run) -> None:
    kind = kind_of(run)
    async_task(SUPERVISE, run.pk, task_name=f"{run.kind}-{run.pk}", cluster=None if kind.cluster == "default" else kind.cluster)


def claim_run(run_id: int) -> Run | None:
    """Take a queued run for this worker; None when somebody else has it or it was cancelled."""
    claim = uuid.uuid4().hex
    now = timezone.now()
    taken = Run.objects.filter(pk=run_id, state__in=(RunState.QUEUED, RunState.LOST)).update(
        state=RunState.RUNNING,
        claim=claim,
        attempts=F("attempts") + 1,
        started_at=now,
        heartbeat_at=now,
        error="",
        message="",
        finished_at=None,
    )
    return Run.objects.select_related("campaign", "created_by").get(pk=run_id) if taken else None


def heartbeat(run: Run) -> bool:
    """Say that the run's worker lives; False when the row is no longer this attempt's."""
    return bool(Run.objects.filter(pk=run.pk, claim=run.claim, state=RunState.RUNNING).update(heartbeat_at=timezone.now()))


def settle_run(run: Run, *, state: RunState, error: str = "", result: dict[str, Any] | None = None) -> bool:
    """End this attempt's run; False when it had ended or changed hands before."""
    now = timezone.now()
    changes: dict[str, Any] = {"state": state, "error": error, "finished_at": now, "heartbeat_at": now, "message": ""}
    if result is not None:
        changes["result"] = result
    return bool(Run.objects.filter(pk=run.pk, claim=run.claim, state=RunState.RUNNING).update(**changes))


def cancel_run(run: Run) -> Run:
    """Stop a run: at once while it waits, otherwise as soon as it looks."""
    now = timezone.now()
    waiting = Run.objects.filter(pk=run.pk, state__in=(RunState.QUEUED, RunState.LOST))
    if not waiting.update(state=RunState.CANCELLED, cancel_requested=True, finished_at=now):
        running = Run.objects.filter(pk=run.pk, state=RunState.RUNNING).update(cancel_requested=True)
        if not running:
            raise Conflict("This run has ended already; there is nothing to cancel.", code="run_ended")
    run.refresh_from_db()
    return run


def retry_run(run: Run) -> Run:
    """Queue an ended run again, for its failed and pending images alone where it keeps them."""
    with transaction.atomic():
        items = RunItem.objects.filter(run=run, state=ItemState.FAILED)
        nothing_left = run.state == RunState.SUCCEEDED and not items.exists()
        if run.state in UNFINISHED or nothing_left:
            raise Conflict("Only an ended run with failed images can be tried again.", code="nothing_to_retry")
        items.update(state=ItemState.PENDING, code="", reason="")
        _requeue(run, attempts=0)
    run.refresh_from_db()
    return run


def _requeue(run: Run, **changes: Any) -> None:
    Run.objects.filter(pk=run.pk).update(
        state=RunState.QUEUED, claim="", cancel_requested=False, heartbeat_at=timezone.now(), finished_at=None, failed_items=0, **changes
    )
    _push(run)


def sweep_runs() -> int:
    """Turn runs whose worker vanished into lost ones, and queue again what can go on. Return how many were lost."""
    stale = timezone.now() - timedelta(seconds=settings.LOST_AFTER_S)
    lost = 0
    for run in Run.objects.filter(state=RunState.RUNNING, heartbeat_at__lt=stale):
        claimed = Run.objects.filter(pk=run.pk, claim=run.claim, state=RunState.RUNNING, heartbeat_at__lt=stale)
        lost += claimed.update(state=RunState.LOST, claim="", error="The worker stopped without a word.", finished_at=timezone.now())
    for run in Run.objects.filter(state=RunState.LOST):
        _recover(run)
    _push_forgotten(stale)
    return lost


def go_on_after_kill(run: Run, *, error: str) -> bool:
    """Queue a resumable run again whose process was killed under its worker; False where it has to fail.

    Once, and not as often as its worker may vanish: what is killed each time is likelier to be too large for the
    machine than unlucky, and every attempt takes the machine to its limit again.
    """
    if not kind_of(run).resumable or run.attempts >= ATTEMPTS_KILLED:
        return False
    mine = Run.objects.filter(pk=run.pk, claim=run.claim, state=RunState.RUNNING)
    if not mine.update(state=RunState.LOST, claim="", error=error, finished_at=timezone.now()):
        return False
    run.refresh_from_db()
    _recover(run)
    return True


def _recover(run: Run) -> None:
    kind = kind_of(run)
    if not kind.resumable:
        return
    with transaction.atomic():
        mine = Run.objects.filter(pk=run.pk, state=RunState.LOST)
        if run.cancel_requested:
            mine.update(state=RunState.CANCELLED)
        elif run.attempts >= kind.max_attempts:
            mine.update(state=RunState.FAILED, error=f"Its worker stopped {run.attempts} times. Look at the run's log, then try again.")
        elif mine.update(state=RunState.QUEUED, heartbeat_at=timezone.now()):
            _push(run)


def _push_forgotten(stale: Any) -> None:
    # A killed worker takes along the queue rows that waited in its memory: they stay locked for days. When a run
    # has waited for long and nothing free lies in its queue, another row is pushed; claiming is conditional, so a
    # second row can do no harm, and the free row keeps this from happening twice.
    for run in Run.objects.filter(state=RunState.QUEUED, heartbeat_at__lt=stale):
        if not OrmQ.objects.filter(key=kind_of(run).cluster, lock__lte=timezone.now()).exists():
            Run.objects.filter(pk=run.pk, state=RunState.QUEUED).update(heartbeat_at=timezone.now())
            _push(run)


def log_path(run_id: int) -> Path:
    """Return the file of a run's log."""
    folder: Path = settings.DATA_DIR / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{run_id}.log"


@dataclass(frozen=True)
class LogPage:
    """Whole lines of a log, from the byte ``start`` on; ``size``: bytes of the whole log."""

    text: str
    start: int
    size: int


def log_page(run_id: int, *, before: int | None, most_bytes: int) -> LogPage:
    """Return the lines of a run's log that end at a byte, or at its end, at most so many bytes of them."""
    path = log_path(run_id)
    size = path.stat().st_size if path.exists() else 0
    end = size if before is None else min(before, size)
    start = max(0, end - most_bytes)
    if end == 0:
        return LogPage("", 0, size)
    with path.open("rb") as file:
        file.seek(start)
        text = file.read(end - start)
    cut = text.find(b"\n") + 1 if start else 0  # the line that the page cuts belongs to the one above
    cut = 0 if cut == len(text) else cut  # a line longer than a page is cut after all
    return LogPage(text[cut:].decode("utf-8", "replace"), start + cut, size)


class RunContext:
    """What the code of a run sees of its row: progress out, cancel in."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._written_at = 0.0
        self._rate_mark: tuple[float, int] | None = None
        self._stop = False

    def progress(
        self,
        *,
        done: int | None = None,
        total: int | None = None,
        failed: int | None = None,
        message: str | None = None,
        force: bool = False,
    ) -> None:
        """Report how far it is; cheap to call often.

        Raises ``RunCancelled`` when the person asked to stop, ``RunTakenOver`` when another worker owns the row.
        """
        run = self.run
        run.done = run.done if done is None else done
        run.total = run.total if total is None else total
        run.failed_items = run.failed_items if failed is None else failed
        run.message = run.message if message is None else message[:300]
        self._flush(force=force)
        if self._stop:
            raise RunCancelled

    def should_stop(self) -> bool:
        """Say whether to end now; for code that keeps what it has and returns. Raises ``RunTakenOver``."""
        self._flush(force=False)
        return self._stop

    def give_way(self) -> None:
        """Step aside where runs of other kinds wait for the same workers: for work that may as well be done later.

        Call it where what is done so far is kept. Runs of one kind do not give way to each other.
        """
        own = kind_of(self.run)
        others = [kind.name for kind in _KINDS.values() if kind.cluster == own.cluster and kind.name != own.name]
        if Run.objects.filter(kind__in=others, state=RunState.QUEUED).exists():
            raise RunSteppedAside

    def log(self, line: str) -> None:
        """Append a line to the run's log; a disk without room for it does not end the run."""
        try:
            with log_path(self.run.pk).open("a", encoding="utf-8") as file:
                file.write(f"{timezone.now():%Y-%m-%d %H:%M:%S} {line.rstrip()}\n")
        except OSError as error:
            if not refuses_writes(error):
                raise

    def flush(self) -> None:
        """Write the latest progress now."""
        self._flush(force=True)

    def _flush(self, *, force: bool) -> None:
        now = time.monotonic()
        if not force and now - self._written_at < PROGRESS_EVERY_S:
            return
        self._written_at = now
        self._measure(now)
        run = self.run
        mine = Run.objects.filter(pk=run.pk, claim=run.claim, state=RunState.RUNNING)
        fields = {"done": run.done, "total": run.total, "failed_items": run.failed_items, "message": run.message, "rate": run.rate}
        if not mine.update(heartbeat_at=timezone.now(), **fields):
            raise RunTakenOver
        self._stop = bool(mine.values_list("cancel_requested", flat=True).first())

    def _measure(self, now: float) -> None:
        """Smooth the rate over the times at which something was finished; where nothing is for long, it is not known any more."""
        run, finished = self.run, self.run.done + self.run.failed_items
        before = self._rate_mark
        if before is None or finished < before[1]:
            self._rate_mark = (now, finished)
            return
        took, settled = now - before[0], finished - before[1]
        if settled and took > 0:
            fresh = settled / took
            run.rate = fresh if run.rate is None else RATE_MEMORY * run.rate + (1 - RATE_MEMORY) * fresh
            self._rate_mark = (now, finished)
        elif run.rate is not None and took > max(QUIET_S, QUIET_SHARE / run.rate):
            run.rate = None


def execute_claimed(run: Run) -> None:
    """Do a claimed run's work in this process and settle it, whatever happens."""
    context = RunContext(run)
    run.rate = None
    context.log(f"attempt {run.attempts} of {run.kind} run {run.pk} starts")
    try:
        execute: Callable[[RunContext], dict[str, Any] | None] = import_string(kind_of(run).execute)
        result = execute(context) or {}
        context.flush()
        state = RunState.CANCELLED if context.should_stop() else RunState.SUCCEEDED
        settle_run(run, state=state, result=result)
    except RunTakenOver:
        context.log("another worker took over")
    except RunSteppedAside:
        context.log("others wait for this worker: they go first")
        _queue_behind_others(run)
    except RunCancelled:
        context.log("cancelled")
        settle_run(run, state=RunState.CANCELLED)
    except DomainError as error:
        context.log(f"failed: {error.detail}")
        settle_run(run, state=RunState.FAILED, error=error.detail)
    except Exception as error:  # a run is supervised: whatever goes wrong ends on its row
        logger.exception("run %s failed", run.pk)
        context.log(traceback.format_exc())
        settle_run(run, state=RunState.FAILED, error=_unexpected(error))


def _unexpected(error: Exception) -> str:
    if refuses_writes(error):
        return f"The disk that holds {settings.DATA_DIR} {told_of(error)}, then try again."
    return f"Unexpected {type(error).__name__}: {error}. The run's log has the details."


def _queue_behind_others(run: Run) -> None:
    with transaction.atomic():
        mine = Run.objects.filter(pk=run.pk, claim=run.claim, state=RunState.RUNNING)
        if mine.update(state=RunState.QUEUED, claim="", attempts=F("attempts") - 1, heartbeat_at=timezone.now(), message=GIVES_WAY):
            _push(run)


def execute_now(run: Run) -> Run:
    """Claim and execute a run in this process: for tests and for commands."""
    claimed = claim_run(run.pk)
    if claimed is not None:
        execute_claimed(claimed)
    run.refresh_from_db()
    return run
