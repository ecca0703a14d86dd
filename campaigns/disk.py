"""A full disk, told apart from other failures whatever library ran into it."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from typing import Final

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
WORDS: Final = re.compile(r"no space left on device|disk quota exceeded|disk is full", re.IGNORECASE)
"""How libraries without a number for it say so: SQLite, PostgreSQL, safetensors, GDAL."""


def is_full(error: BaseException) -> bool:
    """Say whether an error, or what it came from, is that of a disk without room."""
    return any(each.errno in FULL if isinstance(each, OSError) and each.errno else WORDS.search(str(each)) for each in _behind(error))


def _behind(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    here: BaseException | None = error
    while here is not None and id(here) not in seen:
        seen.add(id(here))
        yield here
        here = here.__cause__ or (None if here.__suppress_context__ else here.__context__)
