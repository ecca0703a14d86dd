"""Watch over the child process that executes a run."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from typing import IO

from django.conf import settings

from campaigns.disk import refuses_writes
from campaigns.models import Run, RunState
from campaigns.runs import go_on_after_kill, heartbeat, kind_of, log_path, settle_run

CANCEL_GRACE_S = 60.0
PR_SET_PDEATHSIG = 1


def supervise(run: Run) -> None:
    """Execute a claimed run in a child process until it ends, is cancelled, runs out of time or changes hands."""
    with _log_of(run) as log:
        command = [
            sys.executable,
            str(settings.BASE_DIR / "manage.py"),
            "execute_run",
            str(run.pk),
            run.claim,
            "--parent",
            str(os.getpid()),
        ]
        child = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    try:
        _watch(run, child)
    finally:
        _stop(child)
    if child.returncode and Run.objects.filter(pk=run.pk, claim=run.claim, state=RunState.RUNNING, cancel_requested=True).exists():
        settle_run(run, state=RunState.CANCELLED)
    error = _last_words(child.returncode)
    if child.returncode != -signal.SIGKILL or not go_on_after_kill(run, error=error):
        settle_run(run, state=RunState.FAILED, error=error)


def _log_of(run: Run) -> IO[bytes]:
    try:
        return log_path(run.pk).open("ab")
    except OSError as error:
        if not refuses_writes(error):
            raise
        return open(os.devnull, "ab")  # what the run says is lost, how it ends is not


def _watch(run: Run, child: subprocess.Popen[bytes]) -> None:
    ends_at = time.monotonic() + kind_of(run).timeout_s
    cancelled_at: float | None = None
    while True:
        try:
            child.wait(timeout=settings.HEARTBEAT_S)
            return
        except subprocess.TimeoutExpired:
            pass
        if not heartbeat(run):
            return
        now = time.monotonic()
        if now > ends_at:
            settle_run(run, state=RunState.TIMED_OUT, error=f"It took longer than {kind_of(run).timeout_s:.0f} s.")
            return
        if cancelled_at is None and Run.objects.filter(pk=run.pk, cancel_requested=True).exists():
            cancelled_at = now
        if cancelled_at is not None and now - cancelled_at > CANCEL_GRACE_S:
            return


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _last_words(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        hint = " The machine may be short of memory." if name == "SIGKILL" else ""
        return f"The process was ended by {name}.{hint} Look at the run's log, then try again."
    return f"The process ended with code {code} before it was done. Look at the run's log, then try again."


def die_with_parent(parent_pid: int) -> None:
    """Make the kernel end this process when its parent does; end at once if that has happened already.

    Where the kernel has no such call (not Linux), the claim on the row ends an orphan at its next progress report.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        sys.exit(1)
