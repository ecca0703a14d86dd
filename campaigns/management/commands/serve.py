"""Start Winnow on this machine: the web server, smart labeling and both workers, until Ctrl-C."""

import fcntl
import ipaddress
import os
import socket
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

from campaigns.processes import Child, Supervisor
from campaigns.runs import sweep_runs

LOOPBACK_NETWORKS = "127.0.0.0/8,::1/128"
WEB_READY_WITHIN_S = 60.0


class Command(BaseCommand):
    """Start the web server and both workers, and keep them running."""

    help = "Start Winnow: bring the database up to date, then run the web server and both workers until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Let flags stand in for the environment variables."""
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
        parser.add_argument("--host", default=os.environ.get("WINNOW_BIND") or "127.0.0.1")

    def handle(self, *, host: str, port: int, **_: object) -> None:
        """Check, migrate, start, tell the address, and stay."""
        check_port(host, port)
        with only_one_per_folder(settings.DATA_DIR, f"http://{host}:{port}"):
            migrate_if_needed(self.say)
            call_command("sweep_runs", verbosity=0, stdout=StringIO())
            nobody_yet = not get_user_model().objects.exists()
            connections.close_all()
            environment = child_environment(host, port)
            web, *workers = children(environment)
            with Supervisor([web], self.say, chore=self.recover_runs) as supervisor:
                started = time.monotonic()
                if wait_until_ready(supervisor, host, port):
                    # The workers come second: at the start the two or so cores belong to the page.
                    supervisor.children.extend(workers)
                    self.greet(host, port, time.monotonic() - started, nobody_yet=nobody_yet)
                supervisor.watch()
                self.say("Stopping…")
            self.say("Stopped. Everything is saved in " + str(settings.DATA_DIR))

    def greet(self, host: str, port: int, seconds: float, *, nobody_yet: bool) -> None:
        """Print the address, and how to sign in."""
        shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host
        self.say(f"\n  Winnow is ready at http://{shown}:{port}  (web server up in {seconds:.1f} s)")
        if nobody_yet:
            self.say("  Nobody has an account here yet: the first one that you make in the browser is the owner's.")
        else:
            self.say("  Sign in with your account.")
        self.say(f"  Everything is kept in {settings.DATA_DIR}. Ctrl-C stops it.\n")

    def recover_runs(self) -> None:
        """Hand on the runs of workers that crashed. The workers' own schedule does so every minute; a person is watching here."""
        try:
            sweep_runs()
        except DatabaseError as error:
            self.say(f"The runs could not be looked after this time: {error}")
        finally:
            connections.close_all()

    def say(self, sentence: str) -> None:
        """Print at once, also into a pipe; a log that takes no more, on a disk that is full, does not end the server."""
        with suppress(OSError):
            self.stdout.write(sentence)
            self.stdout.flush()


def check_port(host: str, port: int) -> None:
    """Refuse a port that someone else has, with a way out."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} of {host} cannot be used ({error.strerror}); choose another one, for example: PORT={port + 1} make run"
            ) from error


@contextmanager
def only_one_per_folder(data_dir: Path, address: str) -> Iterator[None]:
    """Hold the data directory: two servers on one folder would run everything twice."""
    with (data_dir / "serve.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            raise CommandError(
                f"Winnow already runs on {data_dir}, at {file.read().strip()}; use that one, or name another folder in WINNOW_DATA_DIR."
            ) from error
        file.truncate(0)
        file.write(address)
        file.flush()
        yield


def migrate_if_needed(say: object) -> None:
    """Bring the database up to date, without a word when it is."""
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    assert callable(say)
    say("==> Bringing the database up to date")
    call_command("migrate", interactive=False, verbosity=0)


def child_environment(host: str, port: int) -> dict[str, str]:
    """Make the environment of the children: address, and the model servers that they may call."""
    environment = {**os.environ, "PORT": str(port), "WINNOW_BIND": host, "WINNOW_DATA_DIR": str(settings.DATA_DIR), "PYTHONUNBUFFERED": "1"}
    if is_loopback(host):
        # On one's own machine a model server on the same machine is the normal case. A server that others
        # reach gets no such default: there, a model's URL must not open doors into the private network.
        environment.setdefault("WINNOW_MODEL_NETWORKS", LOOPBACK_NETWORKS)
    return environment


def is_loopback(host: str) -> bool:
    """Tell whether an address to listen on is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def python_path() -> str:
    """Name this checkout first, for a child that is started as a module: it may be started from any folder."""
    return os.pathsep.join([str(settings.BASE_DIR), *filter(None, [os.environ.get("PYTHONPATH")])])


def children(environment: dict[str, str]) -> list[Child]:
    """List what to run: the web server, then what computes outlines, the worker of short runs, and that of trainings."""
    manage = str(settings.BASE_DIR / "manage.py")
    web = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        str(settings.BASE_DIR / "config" / "gunicorn.py"),
        "--chdir",
        str(settings.BASE_DIR),
    ]
    worker = [sys.executable, manage, "qcluster"]
    return [
        Child("web server", web, environment),
        # Named by its path: this floor must not import the one that smart labeling stands on.
        Child("smart-labeling process", [sys.executable, "-m", "inference.interactive"], {**environment, "PYTHONPATH": python_path()}),
        Child("models' process", [sys.executable, manage, "serve_models"], environment),
        Child("worker", worker, environment),
        # django-q2 reads the cluster's name when it is imported, so a flag would come too late.
        Child("training worker", worker, {**environment, "Q_CLUSTER_NAME": "training"}),
    ]


def wait_until_ready(supervisor: Supervisor, host: str, port: int) -> bool:
    """Wait for the web server's first answer; False when someone asked to stop, or it never came."""
    deadline = time.monotonic() + WEB_READY_WITHIN_S
    while not supervisor.stopping and time.monotonic() < deadline:
        supervisor.tend()
        if answers("127.0.0.1" if host == "0.0.0.0" else host, port):
            return True
        time.sleep(0.05)
    if not supervisor.stopping:
        raise CommandError("The web server did not answer; the lines above say why.")
    return False


def answers(host: str, port: int) -> bool:
    """Tell whether the web server answers at all; a refused host name is an answer, too."""
    connection = HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
