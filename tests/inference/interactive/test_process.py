"""The process beside the web server: killed and started again, asked by many, full, too slow, and never in the web server's memory."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from campaigns.imagery import Refused, Style
from inference.interactive.client import AssistTooSlow, AssistUnreachable, ask
from inference.interactive.process import Desk
from inference.interactive.prompts import Prompts
from inference.interactive.windows import AskedImage
from inference.interactive.wire import socket_path
from tests.campaigns.samples import picture_bytes
from tests.inference.interactive.conftest import ROOT, Process, until

Start = Callable[[Path], Process]


def question(folder: Path) -> dict[str, Any]:
    pixels = np.full((200, 300, 3), 60, np.uint8)
    pixels[60:140, 100:200] = 220
    path = folder / "square.png"
    path.write_bytes(picture_bytes(pixels, "PNG"))
    image = AskedImage(path, "c" * 64, 300, 200, "PNG", Style())
    return {"do": "grabcut", "image": image.as_document(), "roi": [50, 30, 250, 170], "objects": [Prompts().as_document()]}


@pytest.fixture(scope="module")
def process(start_process: Start, shared_dir: Path) -> Process:
    return start_process(shared_dir)


def test_it_answers_many_threads_at_once(process: Process, shared_dir: Path):
    asked, boxes = question(shared_dir), []
    threads = [
        threading.Thread(target=lambda n=n: boxes.append(ask(shared_dir, {**asked, "asker": str(n)})["shape"]["bbox"])) for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert boxes == [[100.0, 60.0, 100.0, 80.0]] * 6


def test_a_refusal_travels_with_its_code(process: Process, shared_dir: Path):
    asked = question(shared_dir)
    asked["image"]["path"] = str(shared_dir / "gone.png")
    with pytest.raises(Refused) as refused:
        ask(shared_dir, asked)
    assert refused.value.code == "file_missing"


def test_after_a_kill_a_question_waits_for_the_next_start(process: Process, shared_dir: Path):
    asked = question(shared_dir)
    process.kill()
    later = threading.Timer(0.5, process.start)
    later.start()
    answer = ask(shared_dir, asked)
    later.join()
    assert answer["shape"]["bbox"] == [100.0, 60.0, 100.0, 80.0]


def test_a_kill_in_the_middle_of_an_answer_costs_a_second_try(process: Process, shared_dir: Path):
    asked = question(shared_dir)
    pixels = np.random.default_rng(0).integers(0, 256, (2000, 2000, 3), dtype=np.uint8)
    Path(asked["image"]["path"]).write_bytes(picture_bytes(pixels, "PNG"))
    large = {**asked, "image": {**asked["image"], "width": 2000, "height": 2000}, "roi": [100, 100, 1900, 1900]}
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(ask(shared_dir, large, within_s=60))
        except Refused as refused:  # noise may well hold nothing that stands out
            outcome.append(refused.code)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.3)
    process.kill()
    process.start()
    thread.join()
    assert outcome == ["nothing_found"] or "shape" in outcome[0]


def test_a_second_process_beside_the_same_folder_ends_at_once(process: Process, shared_dir: Path):
    environment = {**os.environ, "WINNOW_DATA_DIR": str(shared_dir)}
    second = subprocess.run([sys.executable, "-m", "inference.interactive"], cwd=ROOT, env=environment, capture_output=True, check=False)
    assert second.returncode == 1
    assert b"already runs" in second.stderr
    assert ask(shared_dir, {"do": "ping"})["pid"] == process.running.pid  # type: ignore[union-attr]


def test_its_socket_is_for_the_same_account_alone(process: Process, shared_dir: Path):
    path = socket_path(shared_dir)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_who_waits_too_long_is_told(process: Process, shared_dir: Path):
    assert process.running is not None
    process.running.send_signal(signal.SIGSTOP)  # however fast the machine is, a stopped process does not answer
    try:
        with pytest.raises(AssistTooSlow):
            ask(shared_dir, question(shared_dir), within_s=0.2)
    finally:
        process.running.send_signal(signal.SIGCONT)


def test_without_a_process_there_is_an_end_to_waiting(tmp_path: Path):
    begun = time.monotonic()
    with pytest.raises(AssistUnreachable):
        ask(tmp_path, {"do": "ping"}, start_within_s=0.3)
    assert time.monotonic() - begun < 3


def test_a_long_path_of_the_data_directory_still_has_a_socket(start_process: Start, tmp_path: Path):
    deep = tmp_path / ("d" * 80) / ("e" * 80)
    deep.mkdir(parents=True)
    process = start_process(deep)
    assert ask(deep, {"do": "ping"})["pid"] == process.running.pid  # type: ignore[union-attr]
    assert process.stop() == 0
    assert not socket_path(deep).exists()


def test_of_one_askers_questions_only_the_newest_is_answered():
    desk = Desk(at_once=1)
    outcomes: dict[str, str] = {}

    def wait(name: str, asker: str) -> None:
        try:
            with desk.admit(asker, time.monotonic() + 20):
                outcomes[name] = "answered"
        except Refused as refused:
            outcomes[name] = refused.code

    with desk.admit("someone", time.monotonic() + 5):
        threads = []
        for name, asker in (("first", "ada"), ("other", "bob"), ("second", "ada")):
            threads.append(threading.Thread(target=wait, args=(name, asker)))
            threads[-1].start()
            until(lambda: desk._waiting == len(threads))
    for thread in threads:
        thread.join()
    assert outcomes == {"first": "superseded", "other": "answered", "second": "answered"}


def test_a_full_desk_says_so_and_a_late_question_too():
    desk = Desk(at_once=1, most_waiting=0)
    with pytest.raises(Refused, match="busy"):
        desk.admit("ada", time.monotonic() + 5)
    desk = Desk(at_once=1)
    with desk.admit("ada", time.monotonic() + 5), pytest.raises(Refused) as refused:
        desk.admit("bob", time.monotonic() + 0.05)
    assert refused.value.code == "busy"


def test_the_web_process_loads_neither_opencv_nor_a_runtime(tmp_path: Path):
    code = (
        "import sys, config.wsgi; from django.urls import get_resolver; get_resolver().url_patterns;"
        "sys.exit(1 if {'cv2', 'onnxruntime', 'torch'} & sys.modules.keys() else 0)"
    )
    environment = {**os.environ, "WINNOW_DATA_DIR": str(tmp_path)}
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=False).returncode == 0
