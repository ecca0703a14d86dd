"""Files that are made from an image and lie beside it: ``<sha256>.<what>``. All of them can be made again."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def sidecar(path: Path, what: str) -> Path:
    """Return where something made from an image lies."""
    return path.with_suffix(f".{what}")


def sidecars_of(path: Path) -> list[Path]:
    """List everything that was made from an image, so that it can go with it."""
    return [other for other in path.parent.glob(f"{path.stem}.*") if other != path]


@contextmanager
def written_atomically(path: Path) -> Iterator[Path]:
    """Give a temporary path in the same folder; it takes the name ``path`` when all went well and vanishes otherwise.

    Readers see the whole file or none. Nothing is flushed to the disk's platter: what is lost in a power cut is made again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
