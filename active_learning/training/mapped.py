"""Arrays in files that are mapped into memory, with room for all of them from the start."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

Number = TypeVar("Number", bound=np.generic)


def mapped_anew(path: Path, dtype: type[Number], shape: tuple[int, ...]) -> np.memmap[Any, np.dtype[Number]]:
    """Return an array of zeros in a new file; raises OSError, and leaves none, where the disk has no room for it.

    A file that is merely made long takes its room when it is written to, and where there is none left the kernel ends the process.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    try:
        with path.open("wb") as file:
            if size and hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            file.truncate(size)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return np.memmap(path, dtype, "r+", shape=shape)
