"""Keep a few processes running, and leave nothing behind: the engine under ``manage.py serve``.

Each child leads its own process group, so that Ctrl-C in a terminal reaches the supervisor alone and a crashed
child's own children can be ended with it. On Linux a child is told when the supervisor is killed, and what is
orphaned comes back to the supervisor, which ends it.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LINUX = sys.platform.startswith("linux")
STEADY_AFTER_S = 10.0
LONGEST_BACK_OFF_S = 30.0
TICK_S = 0.1
_LIBC = ctypes.CDLL(None) if LINUX else None  # loaded now: nothing should be loaded between fork and exec


@dataclass
class Child:
    """One process to keep running: what to start, and how it has fared."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    crashes: int = 0
    start_again_at: float = 0.0

    def start(self) -> None:
        """Start it at the head of a process group of its own."""
        self.process = subprocess.Popen(
            self.command,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - the supervisor has one thread
        )
        self.started_at = time.monotonic()

    def back_off_s(self) -> float:
        """Say how long to wait before the next start: 0.5 s at first, doubling while it keeps crashing."""
        if time.monotonic() - self.started_at > STEADY_AFTER_S:
            self.crashes = 0
        self.crashes += 1
        return min(LONGEST_BACK_OFF_S, 0.25 * 2.0**self.crashes)


@dataclass
class Supervisor:
    """Starts children, starts the crashed again, and on request ends them all."""

    children: list[Child]
    report: Callable[[str], None]
    grace_s: float = 10.0
    chore: Callable[[], None] | None = None
    chore_every_s: float = 5.0
    stop_signals: int = field(default=0, init=False)

    def __enter__(self) -> "Supervisor":
        """Take over SIGINT and SIGTERM, and the orphans of this process's children."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        _prctl(PR_SET_CHILD_SUBREAPER, 1)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _on_signal(self, _number: int, _frame: object) -> None:
        self.stop_signals += 1

    @property
    def stopping(self) -> bool:
        """Whether someone asked to stop."""
        return self.stop_signals > 0

    def watch(self) -> None:
        """Stay until someone asks to stop, starting again whatever crashes, with the chore now and then."""
        due_at = 0.0
        while not self.stopping:
            self.tend()
            if self.chore is not None and time.monotonic() >= due_at:
                self.chore()
                due_at = time.monotonic() + self.chore_every_s
            time.sleep(TICK_S)

    def tend(self) -> None:
        """Collect what ended, and start what is due."""
        self._reap()
        for child in self.children:
            if child.process is None and time.monotonic() >= child.start_again_at and not self.stopping:
                child.start()

    def stop(self) -> None:
        """End every child: politely at first, by force after ``grace_s`` seconds or a second request."""
        patience = self.stop_signals
        for child in self.children:
            _signal_group(child, signal.SIGTERM)
        deadline = time.monotonic() + self.grace_s
        while self._alive() and time.monotonic() < deadline and self.stop_signals <= max(patience, 1):
            self._reap(restart=False)
            time.sleep(TICK_S / 2)
        for child in self.children:
            _signal_group(child, signal.SIGKILL)
        for pid in descendants(os.getpid()):
            _signal(pid, signal.SIGKILL)
        while self._alive():
            self._reap(restart=False)
            time.sleep(TICK_S / 5)

    def _alive(self) -> list[Child]:
        return [child for child in self.children if child.process is not None]

    def _reap(self, *, restart: bool = True) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                pid, status = 0, 0
            if pid == 0:
                return
            for child in self._alive():
                if child.process is not None and child.process.pid == pid:
                    self._ended(child, status, restart=restart)

    def _ended(self, child: Child, status: int, *, restart: bool) -> None:
        assert child.process is not None
        child.process.returncode = os.waitstatus_to_exitcode(status)
        # A worker pool outlives a killed leader and would work on beside its successor.
        _signal(-child.process.pid, signal.SIGKILL)
        code, child.process = child.process.returncode, None
        if restart and not self.stopping:
            wait_s = child.back_off_s()
            child.start_again_at = time.monotonic() + wait_s
            self.report(f"The {child.name} ended ({_how(code)}); it starts again in {wait_s:.1f} s.")


def end_with_parent() -> None:
    """Ask the kernel, between fork and exec, for a SIGTERM when the parent dies."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def descendants(root: int) -> list[int]:
    """List the processes below ``root``, nearest first; empty where there is no /proc."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        parents.setdefault(int(fields[1]), []).append(int(folder.name))
    found, frontier = [], [root]
    while frontier:
        frontier = [child for parent in frontier for child in parents.get(parent, [])]
        found += frontier
    return found


def _prctl(option: int, value: int) -> None:
    if _LIBC is not None:
        _LIBC.prctl(option, value, 0, 0, 0)


def _signal_group(child: Child, number: signal.Signals) -> None:
    if child.process is not None:
        _signal(child.process.pid if number == signal.SIGTERM else -child.process.pid, number)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:  # it was faster
        return


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
