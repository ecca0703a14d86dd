"""The real thing for tests: ``manage.py serve`` with its web server and workers, on a free port, in an empty folder."""

import fcntl
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from campaigns.processes import descendants

ROOT = Path(__file__).resolve().parent.parent.parent
OWNER = {"username": "ada", "password": "correct horse battery"}
STARTS_WITHIN_S = 90.0
ONE_THREAD = {"WINNOW_TORCH_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Several stacks compute at once: with a thread for each core in each of them, the threads wait for one another."""
OPEN: list[httpx.Client] = []
DATABASE = "winnow.sqlite3"
ENDED = {"succeeded", "failed", "cancelled", "timed_out"}


@dataclass
class Stack:
    """A running Winnow: its address, its folder, its processes."""

    data_dir: Path
    database_url: str = ""
    port: int = 0
    token: str = ""
    process: subprocess.Popen[bytes] | None = None
    cookies: dict[str, list[Any]] = field(default_factory=dict)  # of the people who signed in, by name
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.data_dir / "serve.log"

    def start(self) -> None:
        """Start it, and wait until the page answers."""
        self.port = self.port or free_port()
        environment = {
            **os.environ, "WINNOW_DATA_DIR": str(self.data_dir), "DATABASE_URL": self.database_url,
            "WINNOW_EMBED_ON_IMPORT": "0", "WINNOW_HEARTBEAT_S": "0.5", "WINNOW_LOST_AFTER_S": "4", **ONE_THREAD, **self.extra,
        }  # fmt: skip
        with self.log.open("ab") as log:
            command = [sys.executable, str(ROOT / "manage.py"), "serve", "--port", str(self.port)]
            self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        wait_for(self._answers, STARTS_WITHIN_S, lambda: f"Winnow did not start:\n{self.tail()}")

    def stop(self) -> int:
        """Stop it as Ctrl-C does; return the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=40)

    def kill(self) -> None:
        """Take the whole of it away without a warning, as a power cut does."""
        assert self.process is not None
        doomed = [self.process.pid, *descendants(self.process.pid)]
        groups = {group_of(pid) for pid in doomed[1:]} - {os.getpgid(0), 0}
        send(self.process.pid, signal.SIGKILL)
        for group in groups:  # whole groups at once: a process that is just being forked would slip through a list
            send(-group, signal.SIGKILL)
        self.process.wait()
        wait_for(lambda: not any(alive(pid) for pid in doomed), 20, lambda: "it does not die")

    def kill_part(self, word: str) -> list[int]:
        """Kill -9 every process below whose command line contains a word: gunicorn, qcluster or execute_run."""
        assert self.process is not None
        doomed = [pid for pid in descendants(self.process.pid) if word in command_line(pid)]
        for pid in doomed:
            send(pid, signal.SIGKILL)
        return doomed

    def tail(self, lines: int = 40) -> str:
        """Return the end of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.tail()
        try:
            return httpx.get(f"{self.url}/healthz", timeout=5, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False


class Api:
    """A person's script: speaks to a stack with a token, and fails loudly."""

    def __init__(self, url: str, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.http = httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=60, trust_env=False)
        self.token = token
        OPEN.append(self.http)

    def call(self, method: str, path: str, *, expect: int | tuple[int, ...] = (200, 201, 202, 204), **parts: Any) -> Any:
        """Send a request, check the status, return the body."""
        response = self.http.request(method, path, **parts)
        expected = (expect,) if isinstance(expect, int) else expect
        assert response.status_code in expected, f"{method} {path}: {response.status_code} {response.text[:2000]}"
        return response.json() if response.content and "json" in response.headers.get("content-type", "") else response.content

    def get(self, path: str, **parts: Any) -> Any:
        return self.call("GET", path, **parts)

    def post(self, path: str, json: Any = None, **parts: Any) -> Any:
        return self.call("POST", path, json=json, **parts) if json is not None or not parts else self.call("POST", path, **parts)

    def put(self, path: str, json: Any, **parts: Any) -> Any:
        return self.call("PUT", path, json=json, **parts)

    def patch(self, path: str, json: Any, **parts: Any) -> Any:
        return self.call("PATCH", path, json=json, **parts)

    def finished(self, run: dict[str, Any] | int, *, seconds: float = 240, state: str = "succeeded") -> dict[str, Any]:
        """Wait for a run to end, and check how."""
        number = run if isinstance(run, int) else run["id"]
        seen: dict[str, Any] = {}

        def ended() -> bool:
            seen.update(self.get(f"/runs/{number}"))
            return seen["state"] in ENDED

        wait_for(ended, seconds, lambda: f"the run did not end: {seen}", every=0.2)
        assert seen["state"] == state, seen
        return seen

    def every(self, path: str) -> list[dict[str, Any]]:
        """Read all pages of a list."""
        found: list[dict[str, Any]] = []
        page = self.get(path)
        while True:
            found += page["results"]
            if not page["next"]:
                return found
            page = self.call("GET", page["next"])


def set_up(stack: Stack) -> Api:
    """Make the first account, and return its API."""
    answer = Api(stack.url).post("/auth/setup", OWNER)
    return Api(stack.url, answer["token"])


@contextmanager
def running_stack(data_dir: Path, tables: Path | None = None, **extra: str) -> Iterator[Stack]:
    """Run a stack in an empty folder, on SQLite or on a fresh database beside the one of ``DATABASE_URL``.

    ``tables`` is a database that ``empty_tables`` made: with a copy of it SQLite's part of the start is done.
    """
    with fresh_database() as database_url:
        if tables is not None and not database_url:
            shutil.copyfile(tables, data_dir / DATABASE)
        stack = Stack(data_dir, database_url, extra=extra)
        stack.start()
        try:
            yield stack
        finally:
            if stack.process is not None and stack.process.poll() is None:
                stack.kill()
            while OPEN:
                OPEN.pop().close()


def empty_tables(folder: Path) -> Path:
    """Make a SQLite database with every table and no row in it, once for all processes that name the same folder."""
    made = folder / "tables" / DATABASE
    with (folder / "tables.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            beside = folder / "tables-being-made"
            environment = {**os.environ, "WINNOW_DATA_DIR": str(beside), "DATABASE_URL": ""}
            beside.mkdir()
            subprocess.run([sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"], env=environment, check=True)
            with closing(sqlite3.connect(beside / DATABASE)) as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            beside.rename(made.parent)
    return made


@contextmanager
def fresh_database() -> Iterator[str]:
    """Make an empty PostgreSQL database on the server of ``DATABASE_URL``, if there is one; empty means SQLite."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield ""
        return
    import psycopg

    name = f"winnow_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def model_server(delay_ms: int = 0) -> Iterator[str]:
    """Start the tests' model server on a free port, and return its address."""
    port = free_port()
    command = [sys.executable, str(ROOT / "tests" / "e2e" / "models.py"), "--port", str(port), "--delay-ms", str(delay_ms)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        wait_for(lambda: listens(port) or process.poll() is not None, 60, lambda: "the model server did not start")
        assert process.poll() is None, process.stderr.read().decode() if process.stderr else ""
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()


def wait_for(condition: Callable[[], bool], seconds: float, complaint: Callable[[], str], every: float = 0.05) -> None:
    """Wait until a condition holds; fail with the complaint when it takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, complaint()
        time.sleep(every)


def free_port() -> int:
    """Ask the kernel for a port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Tell whether something accepts connections."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def command_line(pid: int) -> str:
    """Return a process's command line; empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def group_of(pid: int) -> int:
    """Return a process's group; 0 when it has ended."""
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may have ended meanwhile."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
