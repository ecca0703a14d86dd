"""The files of uploaded ONNX models: kept once by what is in them, removed with the last model that uses them."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from campaigns.errors import InvalidInput
from models_registry.checkpoints import checkpoint_folder
from models_registry.models import Checkpoint
from models_registry.networks.onnx_files import OnnxFacts, OnnxRefused, check_file

MAX_BYTES = 1024**3
CHECK_WITHIN_S = 25.0
"""A person waits for it, and a web worker with them."""


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """An uploaded file that was looked through, and where it lies until it is kept."""

    path: Path
    sha256: str
    facts: OnnxFacts

    def keep(self) -> str:
        """Move it to where it stays; return its path under the checkpoint folder, the same for the same content."""
        name = f"onnx-{self.sha256[:24]}.onnx"
        self.path.replace(checkpoint_folder() / name)
        return name


@contextmanager
def checked_upload(chunks: Iterable[bytes]) -> Iterator[CheckedFile]:
    """Write an upload beside the checkpoints and look it through; what is not kept goes afterwards.

    Raises InvalidInput that says why the file is not taken.
    """
    with tempfile.TemporaryDirectory(dir=checkpoint_folder()) as folder:
        path = Path(folder) / "upload.onnx"
        sha256 = _written(chunks, path)
        try:
            facts = check_file(path, within_s=CHECK_WITHIN_S)
        except OnnxRefused as error:
            raise refused(str(error)) from error
        yield CheckedFile(path, sha256, facts)


def _written(chunks: Iterable[bytes], path: Path) -> str:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > MAX_BYTES:
                raise refused(f"An ONNX file has at most {MAX_BYTES // 2**20} MiB here. Serve a larger network at an address of its own.")
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def refused(why: str) -> InvalidInput:
    """Return the complaint about an uploaded file."""
    return InvalidInput(why, code="onnx_refused", errors=[{"field": "file", "detail": why}])


def remove_unused(paths: Iterable[str]) -> None:
    """Remove files under the checkpoint folder that no model uses any more."""
    for path in paths:
        if not Checkpoint.objects.filter(path=path).exists():
            (checkpoint_folder() / path).unlink(missing_ok=True)
