"""People go before batches: while somebody waits for a model's answer, runs that ask the same model hold back.

Web server and workers share the data directory, so a file says it: one for each question that a person waits for. A file
that is older than any question may take is a process's that died; it counts for nothing.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LONGEST_QUESTION_S = 30.0
LOOK_EVERY_S = 0.05


@contextmanager
def go_first(data_dir: Path, model_id: int) -> Iterator[None]:
    """Hold runs back while the block asks a model on a person's behalf."""
    folder = _folder(data_dir, model_id)
    folder.mkdir(parents=True, exist_ok=True)
    claim = folder / uuid.uuid4().hex
    claim.touch()
    try:
        yield
    finally:
        claim.unlink(missing_ok=True)


class Bystander:
    """Tells a run whether a person waits for its model; looks at the disk twenty times a second at most."""

    def __init__(self, data_dir: Path, model_id: int) -> None:
        self._folder = _folder(data_dir, model_id)
        self._looked_at = float("-inf")
        self._someone_waits = False

    def __call__(self) -> bool:
        """Say whether to hold back now."""
        now = time.monotonic()
        if now - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = now
            self._someone_waits = any(_is_fresh(claim) for claim in _claims(self._folder))
        return self._someone_waits


def _folder(data_dir: Path, model_id: int) -> Path:
    return data_dir / "asking" / str(model_id)


def _claims(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []


def _is_fresh(claim: Path) -> bool:
    with suppress(FileNotFoundError):  # answered in this very moment
        return time.time() - claim.stat().st_mtime < LONGEST_QUESTION_S
    return False
