"""A web server in an empty folder, filled directly, and plain clients that cost little beside it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class Client:
    """One keep-alive connection of one person; ``http.client``, because a richer client would be half of what is measured."""

    def __init__(self, port: int, token: str) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes, float]:
        """Send one request; return status, body and seconds."""
        started = time.perf_counter()
        self.connection.request(method, f"/api/v1{path}", body, {**self.headers, **{k.replace("_", "-"): v for k, v in headers.items()}})
        response = self.connection.getresponse()
        content = response.read()
        return response.status, content, time.perf_counter() - started


@contextmanager
def data_folder() -> Iterator[Path]:
    """Set Django up on an empty data directory, in this process, with the database made."""
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as folder:
        os.environ.update(WINNOW_DATA_DIR=folder, DJANGO_SETTINGS_MODULE="config.settings", WINNOW_EMBED_ON_IMPORT="0")
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield Path(folder)


@contextmanager
def web_server() -> Iterator[int]:
    """Start the web server as a deployment does, on the folder of ``WINNOW_DATA_DIR``; yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "config" / "gunicorn.py")]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PORT": str(port)}, start_new_session=True)
    try:
        wait_for_answer(port)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def wait_for_answer(port: int, path: str = "/healthz", seconds: float = 60.0) -> float:
    """Return the time, on the ``perf_counter`` clock, of the first good answer."""
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return time.perf_counter()
        except OSError:
            time.sleep(0.01)
        finally:
            connection.close()
    raise RuntimeError(f"The server did not answer within {seconds} s.")


def fill(*, images: int, people: int, task: str = "segmentation") -> dict[str, Any]:
    """Write a campaign with so many images and people straight into the database; return ids and tokens."""
    from campaigns.models import Campaign, Image, Label, Membership, Role, User
    from campaigns.services.accounts import create_token

    users = User.objects.bulk_create(User(username=f"person-{images}-{n}", password="!") for n in range(people))
    campaign = Campaign.objects.create(name="Speed", task=task, created_by=users[0])
    Membership.objects.bulk_create(
        Membership(campaign=campaign, user=user, role=Role.ANNOTATOR if n else Role.OWNER) for n, user in enumerate(users)
    )
    labels = Label.objects.bulk_create(Label(campaign=campaign, name=f"label {n}", color="#336699", position=n) for n in range(5))
    rows = (
        Image(
            campaign=campaign, name=f"image-{n:06}.jpg", path=f"aa/{n}.jpg", sha256=f"{n:064x}", size_bytes=80_000, format="JPEG",
            width=1024, height=768, bands=3, dtype="uint8", priority=(n * 2654435761 % 1_000_003) / 1_000_003,
        )
        for n in range(images)
    )  # fmt: skip
    Image.objects.bulk_create(rows, batch_size=2000)
    first = Image.objects.filter(campaign=campaign).order_by("id").values_list("id", flat=True)[0]
    return {
        "campaign": campaign.pk, "labels": [label.pk for label in labels], "first_image": first,
        "tokens": [create_token(user=user, name="bench")[1] for user in users],
    }  # fmt: skip


def together(clients: int, seconds: float, work: Callable[[int, Callable[[], bool]], list[float]]) -> tuple[list[float], float]:
    """Run ``work(number, go_on)`` in so many threads for so long; return every duration it reports, and the seconds passed."""
    durations: list[float] = []
    failures: list[BaseException] = []
    barrier = threading.Barrier(clients + 1)
    ends_at = 0.0

    def one(number: int) -> None:
        barrier.wait()
        try:
            durations.extend(work(number, lambda: time.perf_counter() < ends_at))
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    started = time.perf_counter()
    ends_at = started + seconds
    barrier.wait()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return durations, time.perf_counter() - started
