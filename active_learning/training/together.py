"""Start the processes that learn along, and lead them. Imports torch.

A learner travels as its process holds it, through a pipe: mapped pictures as the names of their files, all else by value.
``python -m active_learning.training.together RANK SIZE MEETING`` is one that learns along.
"""

from __future__ import annotations

import contextlib
import io
import mmap
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, cast

import numpy as np
import numpy.typing as npt
import torch

from active_learning.training.course import Plan
from active_learning.training.families import Watcher
from active_learning.training.loop import Fitted, Learner, fit
from active_learning.training.team import END, GO, STOP, Shared, Team, Told, processes, weights_of
from campaigns.errors import Conflict
from models_registry.networks.backbones import cores
from models_registry.networks.devices import VARIABLE, device

ROOT: Final = Path(__file__).resolve().parents[2]
MODULE: Final = "active_learning.training.together"
HEADER: Final = 8
WAIT_S: Final = 10.0
TAIL: Final = 300


class Leading:
    """A learner that others learn along with; otherwise it is what it was."""

    def __init__(self, learner: Learner, team: Team, others: list[subprocess.Popen[bytes]], logs: list[Path]) -> None:
        self._learner, self._team, self._others, self._logs = learner, team, others, logs

    @property
    def finished(self) -> bool:
        """Whether more epochs would change nothing."""
        return self._learner.finished

    @property
    def steps(self) -> int:
        """How many steps an epoch takes."""
        return self._learner.steps

    def train(self, epoch: int, check: Callable[[], None]) -> dict[str, float]:
        """Go once over the data with the others; raises Conflict where one of them has ended."""

        def together() -> None:
            try:
                check()
            except BaseException:
                self._team.tell(STOP)
                raise
            self._team.tell(GO)

        try:
            self._team.tell(GO, epoch)
            return self._learner.train(epoch, together)
        except RuntimeError as error:
            raise self._lost(error) from error

    def _lost(self, error: RuntimeError) -> Exception:
        """Tell an error of a process that is gone from one of our own."""
        for other, log in zip(self._others, self._logs, strict=True):
            with contextlib.suppress(subprocess.TimeoutExpired):
                other.wait(WAIT_S)
                said = (log.read_text(errors="replace").strip().splitlines() or ["it said nothing"])[-1][-TAIL:]
                return Conflict(
                    f"A process that learned along ended ({said}). Look whether memory or a GPU is short, and train again; "
                    "WINNOW_TRAINING_PROCESSES=1 learns in one process.",
                    code="training_process_lost",
                )
        return error

    def validate(self) -> dict[str, float]:
        """Measure, while the others wait."""
        return self._learner.validate()

    def weights(self) -> Mapping[str, npt.NDArray[Any]]:
        """Return a copy of what a prediction needs."""
        return self._learner.weights()

    def state(self) -> Mapping[str, npt.NDArray[Any]]:
        """Return all that the next epoch depends on."""
        return self._learner.state()

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Never asked for: whoever leads was restored before the others came."""
        raise RuntimeError("a learner is restored before others learn along")


def fit_together(learner: Learner, plan: Plan, folder: Path, watcher: Watcher) -> Fitted:
    """Train as ``loop.fit`` does, with as many processes as this machine is to learn with."""
    return fit(learner, plan, folder, watcher, lambda each: accompanied(each, folder, watcher.note))


@contextmanager
def accompanied(learner: Learner, folder: Path, tell: Callable[[str], None]) -> Iterator[Learner]:
    """Give a learner its companions, where it takes any and the machine has room for them; they end with the context."""
    size = processes() if getattr(learner, "shareable", False) else 1
    if size == 1:
        yield learner
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="together-", dir=folder) as place:
        logs = [Path(place) / f"process-{rank}.log" for rank in range(1, size)]
        meeting = str(Path(place) / "meeting")
        others = [_started(rank, size, meeting, log) for rank, log in enumerate(logs, 1)]
        try:
            parcel = _packed(learner)
            for other in others:
                _send(other, parcel)
            team, shared = Team(0, size, meeting), cast(Shared, learner)
            try:
                _seated(shared, team)
                tell(f"{size} processes learn together, each on a part of every step")
                yield Leading(learner, team, others, logs)
                with contextlib.suppress(RuntimeError):  # of one that is gone already
                    team.tell(END)
            finally:
                shared.portions.team = None
                team.leave()
        finally:
            _end(others)


def _seated(learner: Shared, team: Team) -> None:
    team.join(weights_of(learner))
    learner.portions.team = team


def _started(rank: int, size: int, meeting: str, log: Path) -> subprocess.Popen[bytes]:
    place = f"cuda:{rank % max(1, torch.cuda.device_count())}" if device().type == "cuda" else "cpu"
    threads = os.environ.get("WINNOW_TORCH_THREADS") or str(max(1, cores() // size))
    environment = {**os.environ, VARIABLE: place, "WINNOW_TORCH_THREADS": threads}
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", MODULE, str(rank), str(size), meeting],
            cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=file, stderr=file,
        )  # fmt: skip


def _send(other: subprocess.Popen[bytes], parcel: bytes) -> None:
    """Send the learner, and leave the pipe open: it closes when this process ends, whatever ends it."""
    assert other.stdin is not None
    try:
        other.stdin.write(len(parcel).to_bytes(HEADER, "little") + parcel)
        other.stdin.flush()
    except BrokenPipeError as error:
        raise Conflict("A process that was to learn along ended as it began. Train again.", code="training_process_lost") from error


def _end(others: list[subprocess.Popen[bytes]]) -> None:
    for other in others:
        if other.stdin is not None:
            with contextlib.suppress(OSError):
                other.stdin.close()
    for other in others:
        try:
            other.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            other.kill()
            other.wait()


class _Pickler(pickle.Pickler):
    """Sends mapped arrays by the names of their files."""

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, np.memmap) and isinstance(thing.base, mmap.mmap) and thing.filename is not None:
            return _mapped, (str(thing.filename), thing.dtype.str, thing.shape, thing.offset)
        return NotImplemented


def _mapped(name: str, dtype: str, shape: tuple[int, ...], offset: int) -> npt.NDArray[Any]:
    return np.memmap(name, np.dtype(dtype), "r", offset, shape)


def _packed(learner: Learner) -> bytes:
    kind = types.SimpleNamespace(Pickler=_Pickler, dump=pickle.dump, dumps=pickle.dumps, __name__="pickle")
    buffer = io.BytesIO()
    torch.save(learner, buffer, pickle_module=kind)
    return buffer.getvalue()


def learn_along(rank: int, size: int, meeting: str, pipe: IO[bytes]) -> None:
    """Learn whenever the leader says so, until it says that this is the end."""
    length = int.from_bytes(pipe.read(HEADER), "little")
    # It comes from the process that started this one, through a pipe that nobody else has.
    learner: Any = torch.load(io.BytesIO(pipe.read(length)), map_location=device(), weights_only=False)
    threading.Thread(target=_end_with_the_leader, args=(pipe,), daemon=True).start()
    team = Team(rank, size, meeting)
    _seated(learner, team)

    def check() -> None:
        if team.told()[0] != GO:
            raise Told

    while True:
        said, epoch = team.told()
        if said != GO:
            return
        with contextlib.suppress(Told):
            learner.train(epoch, check)


def _end_with_the_leader(pipe: IO[bytes]) -> None:
    pipe.read()
    os._exit(1)


if __name__ == "__main__":
    learn_along(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.stdin.buffer)
