"""What the tests of smart labeling share: the real segmenter, and a running process."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inference.interactive.client import ask
from inference.interactive.promptable import SegmenterFiles
from tests.segmenter import mobile_sam

ROOT = Path(__file__).resolve().parent.parent.parent.parent


@pytest.fixture(scope="session")
def segmenter_files() -> SegmenterFiles:
    """MobileSAM as its package carries it."""
    return mobile_sam()


class Process:
    """The real process beside a data directory, started again as its supervisor would."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {**os.environ, "WINNOW_DATA_DIR": str(self.data_dir), "PYTHONPATH": str(ROOT)}
        self.running = subprocess.Popen([sys.executable, "-m", "inference.interactive"], cwd=self.data_dir, env=environment)
        ask(self.data_dir, {"do": "ping"}, start_within_s=60, within_s=60)

    def kill(self) -> None:
        assert self.running is not None
        self.running.send_signal(signal.SIGKILL)
        self.running.wait()

    def stop(self) -> int:
        assert self.running is not None
        self.running.terminate()
        return self.running.wait(timeout=20)


@pytest.fixture(scope="module")
def start_process() -> Iterator[Callable[[Path], Process]]:
    """Start processes that end with the module."""
    started: list[Process] = []

    def start(data_dir: Path) -> Process:
        started.append(Process(data_dir))
        started[-1].start()
        return started[-1]

    yield start
    for process in started:
        if process.running is not None and process.running.poll() is None:
            process.kill()


@pytest.fixture(scope="module")
def shared_dir() -> Iterator[Path]:
    """One data directory for a module; its path is short, as a socket's must be."""
    with tempfile.TemporaryDirectory(prefix="winnow-assist-") as name:
        yield Path(name)


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
