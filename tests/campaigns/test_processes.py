"""The supervisor under ``manage.py serve``, with real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

SUPERVISOR = """
import os, sys
from campaigns.processes import Child, Supervisor
children = [Child(f"child {n}", [sys.executable, "-c", code], dict(os.environ)) for n, code in enumerate(sys.argv[2:])]
with Supervisor(children, lambda line: print(line, flush=True), grace_s=float(sys.argv[1])) as supervisor:
    supervisor.watch()
print("ended", flush=True)
"""
SLEEP = "import os, time; open(f'{os.environ[\"FOLDER\"]}/{os.getpid()}', 'w').close(); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
DETACHES = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {STUBBORN!r}], start_new_session=True); {SLEEP}"


@pytest.fixture
def supervise(tmp_path: Path):
    """Start a supervisor in a process of its own; the children write their ids into the folder."""
    started = []

    def start(*codes: str, grace_s: float = 5.0) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR, str(grace_s), *codes],
            env={**os.environ, "FOLDER": str(tmp_path)}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()
    for pid in pids(tmp_path):
        if lives(pid):
            os.kill(pid, signal.SIGKILL)


def pids(folder: Path) -> list[int]:
    return [int(path.name) for path in folder.iterdir() if path.name.isdigit()]


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_every_child_and_the_exit_is_clean(supervise, tmp_path: Path, number: signal.Signals):
    supervisor = supervise(SLEEP, SLEEP)
    wait_for(lambda: len(pids(tmp_path)) == 2)
    supervisor.send_signal(number)
    output, _ = supervisor.communicate(timeout=20)
    assert supervisor.returncode == 0
    assert output.endswith("ended\n")
    assert not any(lives(pid) for pid in pids(tmp_path))


def test_a_killed_child_starts_again_and_the_person_is_told(supervise, tmp_path: Path):
    supervisor = supervise(SLEEP)
    wait_for(lambda: len(pids(tmp_path)) == 1)
    os.kill(pids(tmp_path)[0], signal.SIGKILL)
    wait_for(lambda: len(pids(tmp_path)) == 2)
    supervisor.send_signal(signal.SIGTERM)
    output, _ = supervisor.communicate(timeout=20)
    assert "child 0 ended (killed by SIGKILL); it starts again in 0.5 s." in output


def test_a_child_that_ignores_the_request_is_ended_by_force(supervise, tmp_path: Path):
    supervisor = supervise(STUBBORN, grace_s=0.5)
    wait_for(lambda: len(pids(tmp_path)) == 1)
    supervisor.send_signal(signal.SIGTERM)
    supervisor.communicate(timeout=20)
    assert supervisor.returncode == 0
    assert not any(lives(pid) for pid in pids(tmp_path))


def test_a_second_request_waits_no_longer(supervise, tmp_path: Path):
    supervisor = supervise(STUBBORN, grace_s=60.0)
    wait_for(lambda: len(pids(tmp_path)) == 1)
    supervisor.send_signal(signal.SIGINT)
    time.sleep(0.5)
    supervisor.send_signal(signal.SIGINT)
    supervisor.communicate(timeout=10)
    assert not any(lives(pid) for pid in pids(tmp_path))


def test_what_a_child_detached_is_ended_too(supervise, tmp_path: Path):
    supervisor = supervise(DETACHES, grace_s=0.5)
    wait_for(lambda: len(pids(tmp_path)) == 2)
    supervisor.send_signal(signal.SIGTERM)
    supervisor.communicate(timeout=20)
    assert not any(lives(pid) for pid in pids(tmp_path))


def test_a_killed_supervisor_takes_its_children_along(supervise, tmp_path: Path):
    supervisor = supervise(SLEEP, SLEEP)
    wait_for(lambda: len(pids(tmp_path)) == 2)
    supervisor.kill()
    wait_for(lambda: not any(lives(pid) for pid in pids(tmp_path)))
