"""A disk that takes nothing more, full or read-only, told apart from other failures whatever library ran into it."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Set
from typing import Final

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
WORDS: Final = re.compile(r"no space left on device|disk quota exceeded|disk is full", re.IGNORECASE)
"""How libraries without a number for it say so: SQLite, PostgreSQL, safetensors, GDAL."""
READ_ONLY: Final = re.compile(r"read-only file system|readonly database", re.IGNORECASE)
"""A disk turns so by itself when it fails, or by a mount: what is there can still be read."""


def is_full(error: BaseException) -> bool:
    """Say whether an error, or what it came from, is that of a disk without room."""
    return _says(error, FULL, WORDS)


def is_read_only(error: BaseException) -> bool:
    """Say whether an error, or what it came from, is that of a disk that may be read alone."""
    return _says(error, frozenset({errno.EROFS}), READ_ONLY)


def refuses_writes(error: BaseException) -> bool:
    """Say whether an error is that of a disk that takes nothing more, whatever keeps it from that."""
    return is_full(error) or is_read_only(error)


def told_of(error: BaseException) -> str:
    """Say what is the matter with a disk that refuses writes, and what helps, to go on after "The disk that …"."""
    return "is read-only. Let it be written to again" if is_read_only(error) else "is full. Free some space"


def _says(error: BaseException, numbers: Set[int], words: re.Pattern[str]) -> bool:
    """Say whether an error, or what it came from, has one of the numbers, or one of the words where it has no number."""
    return any(each.errno in numbers if isinstance(each, OSError) and each.errno else words.search(str(each)) for each in _behind(error))


def _behind(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    here: BaseException | None = error
    while here is not None and id(here) not in seen:
        seen.add(id(here))
        yield here
        here = here.__cause__ or (None if here.__suppress_context__ else here.__context__)
