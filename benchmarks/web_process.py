"""Start the web server cold: time to the first answer, memory of each process, and no torch in it."""

import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.report import report
from benchmarks.server import ROOT, Client, data_folder, fill, wait_for_answer
from campaigns.processes import descendants

LABEL_STUDIO = {"rss_MB": "255 to 467", "starts_again_s": 2.3}
STARTS = 5


def megabytes(pid: int) -> float:
    """Return a process's resident memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def bare_python() -> float:
    """Return how long a Python that imports Django and numpy takes: what no start can be below."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import django, numpy, rest_framework"], check=True)
    return time.perf_counter() - started


def one_start(folder: Path, token: str, campaign: int) -> tuple[float, float, bool]:
    """Start, ask for a page of images, look, stop; return seconds, the largest worker in MB, and whether torch is loaded."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {**os.environ, "PORT": str(port), "WINNOW_DATA_DIR": str(folder)}
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "config" / "gunicorn.py")],
        cwd=ROOT,
        env=environment,
        start_new_session=True,
    )
    try:
        seconds = wait_for_answer(port) - started
        for _ in range(20):
            status, content, _ = Client(port, token).call("GET", f"/campaigns/{campaign}/images")
            assert status == 200, content
        workers = descendants(process.pid)
        torch = any("libtorch" in Path(f"/proc/{pid}/maps").read_text() for pid in workers)
        return seconds, max(megabytes(pid) for pid in workers), torch
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def main() -> None:
    """Start several times; the median counts."""
    with data_folder() as folder:
        ground = fill(images=1000, people=1)
        bare = statistics.median(bare_python() for _ in range(3))
        starts = [one_start(folder, ground["tokens"][0], ground["campaign"]) for _ in range(STARTS)]
    seconds, memory = statistics.median(s for s, _, _ in starts), max(m for _, m, _ in starts)
    torch = any(t for _, _, t in starts)
    report(
        "web-process",
        ours={"ready_s": round(seconds, 2), "rss_MB": round(memory), "torch_imported": torch},
        peer={"import_django_and_numpy_s": round(bare, 2), "label_studio": LABEL_STUDIO},
        ratio=bare / seconds,
        goal="ready within 2 s, at most 150 MB a process, torch not imported",
        holds=seconds <= 2 and memory <= 150 and not torch,
    )


if __name__ == "__main__":
    main()
