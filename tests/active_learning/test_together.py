"""Several processes learn what one would: real processes, connected by gloo on the processor."""

import io
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from active_learning.training import loop
from active_learning.training.config import TrainingConfig
from active_learning.training.course import Plan
from active_learning.training.families import Watcher
from active_learning.training.fine_tune import FineTuneLearner, PictureSet
from active_learning.training.galleries import PixelGallery
from active_learning.training.memory import Portions
from active_learning.training.object_learner import Lesson, ObjectLearner
from active_learning.training.pixel_learners import SegmenterLearner, TileRows
from active_learning.training.scenes import Thing, scene_of
from active_learning.training.team import weights_of
from active_learning.training.together import ROOT, _packed, accompanied, fit_together
from active_learning.training.variation import Variation
from campaigns.errors import Conflict
from campaigns.processes import descendants
from models_registry.networks.heads import LinearHead
from models_registry.networks.library_finders import seeded_finder
from models_registry.networks.library_networks import bare_eye
from models_registry.networks.library_segmenters import seeded_segmenter
from models_registry.networks.object_checkpoint import Anatomy
from models_registry.networks.objects import installed_maps, seeded_network
from models_registry.networks.weights import find_weights
from tests.active_learning.islands import box_of, islands

SIDE, IMAGES = 64, 6
TUNED = TrainingConfig.from_document({"method": "fine_tune", "batch": 2, "epochs": 2})
ANATOMY = Anatomy("boxes", ("island",))
LONG = Plan(2, 9, 600.0, "validation_map")


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("WINNOW_TORCH_THREADS", "1")


def learner(folder, tell=None):
    """A finder that learns as a whole from six real pictures, mapped from a file as those of a training are."""
    config = TrainingConfig.from_document({"method": "fine_tune", "batch": 2, "epochs": 2, "flips": "none", "learning_rate": 1e-3})
    known = islands(IMAGES + 2)
    pixels = np.memmap(folder / "pixels.u1", np.uint8, "w+", shape=(len(known), SIDE, SIDE, 3))
    for place, (chip, _) in enumerate(known):
        pixels[place] = chip.pixels[:SIDE, :SIDE]
    scenes = [
        scene_of([Thing(0, box_of(mask)) for mask in masks], width=96, height=96, side_px=SIDE, anatomy=ANATOMY) for _, masks in known
    ]
    features = installed_maps(find_weights())
    gallery = PixelGallery(pixels, scenes, features, ANATOMY.finest, Variation.of(config), None)
    lesson = Lesson(gallery, np.arange(IMAGES), np.arange(IMAGES, len(known)), ((96, 96),) * len(known))
    made = ObjectLearner(lesson, seeded_network(ANATOMY, 1), config=config, features=features, tell=tell)
    made.portions.at_once = 1  # its losses are means over the objects that are looked at together
    return made


class Notes(Watcher):
    def __init__(self):
        self.lines, self.points, self.seen, self.stop_after = [], [], 0, 99

    def note(self, line):
        self.lines.append(line)

    def epoch_ended(self, point):
        self.points.append(point.metrics)
        self.seen = 0

    def should_stop(self):
        self.seen += 1
        return len(self.points) >= self.stop_after and self.seen == 3  # in the middle of an epoch


class Cancelled(Exception):
    """What a run raises in the training of which somebody cancelled it."""


def fitted(folder, processes, monkeypatch, plan=LONG, **notes):
    folder.mkdir(exist_ok=True)
    monkeypatch.setenv("WINNOW_TRAINING_PROCESSES", str(processes))
    watcher = Notes()
    vars(watcher).update(notes)
    return fit_together(learner(folder, watcher.note), plan, folder, watcher), watcher


def test_two_processes_learn_what_one_does_and_one_goes_on_from_what_two_saved_when_they_were_stopped(tmp_path, monkeypatch):
    plan = replace(LONG, epochs=3)
    monkeypatch.setattr(loop, "SAVE_EVERY_S", 0.0)  # an epoch may take less
    alone, curve = fitted(tmp_path / "one", 1, monkeypatch, plan)
    both, shared = fitted(tmp_path / "two", 2, monkeypatch, plan, stop_after=2)
    assert any("2 processes learn together" in line for line in shared.lines) and not any("together" in line for line in curve.lines)
    assert both.interrupted and both.progress.epoch == len(shared.points) == 2 and not companions(os.getpid())
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == ["last.safetensors", "pixels.u1"], "one state, no litter"
    further, rest = fitted(tmp_path / "two", 1, monkeypatch, plan)
    assert further.progress.epoch == 3 and len(rest.points) == 1, "goes on after the second epoch"
    for one, other in zip(curve.points, shared.points + rest.points, strict=True):
        assert one.keys() == other.keys()
        assert all(one[name] == pytest.approx(other[name], rel=2e-3, abs=2e-3) for name in one)
    assert all(np.allclose(alone.last[name], further.last[name], atol=5e-4) for name in alone.last)


@pytest.mark.slow
def test_all_hear_a_cancel_and_learn_on_and_where_one_is_killed_the_training_ends_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("WINNOW_TRAINING_PROCESSES", "2")
    asked = []

    def cancel():
        asked.append(1)
        if len(asked) == 2:
            raise Cancelled

    with pytest.raises(Conflict, match="A process that learned along ended"), accompanied(learner(tmp_path), tmp_path, print) as together:
        with pytest.raises(Cancelled):
            together.train(1, cancel)
        assert np.isfinite(list(together.train(1, lambda: None).values())).all(), "nobody waits for the step that was cancelled"
        for pid in companions(os.getpid()):
            os.kill(pid, signal.SIGKILL)
        together.train(2, lambda: None)
    assert not companions(os.getpid())


LEADER = """
import sys, time
from pathlib import Path
from tests.active_learning.test_together import Notes, Plan, fit_together, learner

class Slow(Notes):
    def epoch_ended(self, point):
        print("learning", flush=True)
        time.sleep(60)

fit_together(learner(Path(sys.argv[1])), Plan(2, 9, 600.0), Path(sys.argv[1]), Slow())
"""


@pytest.mark.slow
def test_kill_9_of_the_leader_ends_the_others_too(tmp_path):
    environment = {**os.environ, "WINNOW_TRAINING_PROCESSES": "2"}
    command = [sys.executable, "-c", LEADER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as leader:
        assert leader.stdout.readline() == "learning\n"
        others = companions(leader.pid)
        assert len(others) == 1
        leader.kill()
    until = time.monotonic() + 20
    while any(alive(pid) for pid in others) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(alive(pid) for pid in others)


def companions(pid):
    """The processes of ours that a process started to learn along."""
    return [each for each in descendants(pid) if alive(each) and b"active_learning.training.together" in command_line(each)]


def command_line(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def classifier(eye):
    known = islands(4)
    pixels = np.stack([chip.pixels[:SIDE, :SIDE] for chip, _ in known])
    some = PictureSet(pixels, np.array([0, 1, 0, 1]), np.arange(4))
    width = 1280 if eye is None else 1024
    head = LinearHead(np.zeros(width, np.float32), np.ones(width, np.float32), np.zeros((2, width), np.float32), np.zeros(2, np.float32))
    return FineTuneLearner(some, some, head, config=TUNED, backbone={}, eye=eye)


def segmenter():
    pixels = np.stack([chip.pixels[:SIDE, :SIDE] for chip, _ in islands(4)])
    tiles = TileRows(pixels, np.tile(np.arange(SIDE, dtype=np.int16) % 2, (4, SIDE, 1)), np.arange(4))
    return SegmenterLearner(tiles, tiles, seeded_segmenter("lraspp_mobilenet_v3_large", 2, 1, None), config=TUNED)


def library_finder(tmp_path):
    known = learner(tmp_path)
    lesson = known._lesson
    gallery = PixelGallery(lesson.gallery.pixels, lesson.gallery.scenes, None, ANATOMY.finest, Variation.of(TUNED), None)
    return ObjectLearner(replace(lesson, gallery=gallery), seeded_finder("ssdlite320_mobilenet_v3_large", ANATOMY, 1, None), config=TUNED)


MADE = {
    "a classifier": lambda path: classifier(None),
    "a classifier of a library": lambda path: classifier(bare_eye("torchvision/shufflenet_v2_x1_0", SIDE)),
    "a finder": learner,
    "a finder of a library": library_finder,
    "a segmenter of a library": lambda path: segmenter(),
}


@pytest.mark.parametrize("kind", MADE)
def test_a_learner_that_was_sent_learns_what_the_one_who_stayed_does(kind, tmp_path):
    stayed = MADE[kind](tmp_path)
    sent = torch.load(io.BytesIO(_packed(stayed)), weights_only=False)
    assert stayed.shareable and sent.shareable
    figures = [each.train(1, lambda: None) for each in (stayed, sent)]
    assert figures[0] == pytest.approx(figures[1], rel=1e-5)
    one, other = stayed.weights(), sent.weights()
    assert one.keys() == other.keys() and all(np.allclose(one[name], other[name], atol=1e-6) for name in one)
    assert len(weights_of(stayed)) == len(weights_of(sent)) > 0


def test_without_others_a_step_is_a_step_and_a_copy_of_its_portions_stays_silent():
    said = []
    portions = Portions(4, said.append)
    weight = torch.nn.Parameter(torch.ones(1))
    assert portions.backward(4, lambda where: (weight * (where.stop - where.start)).sum() / 4, lambda: None) == pytest.approx(1)
    state = portions.__getstate__()
    state["_tell"]("nothing")
    assert said == [] and state["team"] is None
