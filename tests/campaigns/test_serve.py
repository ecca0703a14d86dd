"""The checks of ``manage.py serve`` before anything starts."""

import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management.base import CommandError

from campaigns.management.commands.serve import (
    LOOPBACK_NETWORKS,
    Command,
    check_port,
    child_environment,
    children,
    is_loopback,
    only_one_per_folder,
)


def test_a_taken_port_is_refused_with_a_way_out():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} .* for example: PORT={port + 1} make run"):
            check_port("127.0.0.1", port)


def test_a_second_server_on_the_same_folder_is_told_where_the_first_one_is(tmp_path: Path):
    first = only_one_per_folder(tmp_path, "http://127.0.0.1:8000")
    with (
        first,
        pytest.raises(CommandError, match="already runs on .* at http://127.0.0.1:8000"),
        only_one_per_folder(tmp_path, "http://127.0.0.1:8001"),
    ):
        pass


def test_a_folder_is_free_again_after_its_server_ended(tmp_path: Path):
    for address in ("http://127.0.0.1:8000", "http://127.0.0.1:8001"):
        with only_one_per_folder(tmp_path, address):
            assert (tmp_path / "serve.lock").read_text() == address


def test_a_log_on_a_full_disk_does_not_end_the_server():
    with Path("/dev/full").open("w") as full:
        command = Command(stdout=full)
        command.say("The runs could not be looked after this time: database or disk is full")
        with suppress(OSError):  # what it still holds
            full.close()


@pytest.mark.parametrize(
    ("host", "alone"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("10.1.2.3", False)]
)
def test_only_a_server_on_ones_own_machine_may_call_it(host: str, alone: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("WINNOW_MODEL_NETWORKS", raising=False)
    assert is_loopback(host) is alone
    assert child_environment(host, 8000).get("WINNOW_MODEL_NETWORKS") == (LOOPBACK_NETWORKS if alone else None)


def test_the_operators_networks_stay_as_they_are(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WINNOW_MODEL_NETWORKS", "10.20.0.0/16")
    assert child_environment("127.0.0.1", 8000)["WINNOW_MODEL_NETWORKS"] == "10.20.0.0/16"


def test_trainings_have_a_worker_of_their_own():
    clusters = [child.environment.get("Q_CLUSTER_NAME") for child in children({"PATH": ""})]
    assert clusters == [None, None, None, None, "training"]


def test_smart_labeling_has_a_process_of_its_own_that_finds_this_checkout_from_any_folder(tmp_path: Path):
    (child,) = [child for child in children({**os.environ, "WINNOW_DATA_DIR": str(tmp_path)}) if "inference.interactive" in child.command]
    code = "import inference.interactive as found; print(found.__file__)"
    found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=child.environment, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).is_relative_to(settings.BASE_DIR)
