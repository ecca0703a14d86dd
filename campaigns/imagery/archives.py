"""Zip archives from strangers: what lies inside, one member at a time, and what is wrong with it.

Nothing is ever unpacked by its own path: a member is bytes with a name. What zipfile hands out is bounded by the size
that the archive declares, so the declared sizes are what must be judged (https://www.bamsoftware.com/hacks/zipbomb/).
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO

from campaigns.imagery.refusal import Refused
from campaigns.imagery.sniffing import is_zip

_JUNK_FOLDERS = frozenset({"__MACOSX", ".git", "@eaDir"})
_JUNK_NAMES = frozenset({"thumbs.db", "desktop.ini"})
_ENCRYPTED = 0x1
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class ArchiveLimits:
    """What one archive may hold."""

    members: int = 100_000
    total_bytes: int = 50_000_000_000
    member_bytes: int = 8_000_000_000
    ratio: float = 250.0
    ratio_from_bytes: int = 50_000_000


@dataclass(frozen=True)
class Member:
    """One file of an archive."""

    name: str
    size_bytes: int
    archive: zipfile.ZipFile
    info: zipfile.ZipInfo

    def read(self) -> bytes:
        """Return all of it; raise Refused when it is damaged or cannot be unpacked."""
        with self._refusing(), self.archive.open(self.info) as source:
            return source.read()

    def save(self, path: Path) -> None:
        """Write it to a file of ours; raise Refused when it is damaged or cannot be unpacked."""
        with self._refusing(), self.archive.open(self.info) as source, path.open("wb") as target:
            _copy(source, target)

    def _refusing(self) -> _Refusing:
        return _Refusing()


class _Refusing:
    """Turn what unpacking raises into a refusal."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, zipfile.BadZipFile | zlib.error | EOFError | OSError | ValueError):
            raise Refused("damaged", "This file is damaged inside the zip; pack it again.") from None
        if isinstance(error, NotImplementedError | RuntimeError):
            raise Refused("unknown_compression", "This file is packed in a way that is not supported; pack it as a plain zip.") from None


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    while chunk := source.read(_CHUNK_BYTES):
        target.write(chunk)


@dataclass(frozen=True)
class RefusedMember:
    """One file of an archive that is not taken, and why."""

    name: str
    refusal: Refused


def members(source: Path | bytes, limits: ArchiveLimits | None = None) -> Iterator[Member | RefusedMember]:
    """Go through an archive's files, in its own order; folders and what systems leave behind are passed over.

    Raise Refused for an archive that as a whole cannot be taken: damaged, too many files, a bomb.
    """
    limits = limits or ArchiveLimits()
    try:
        archive = zipfile.ZipFile(BytesIO(source) if isinstance(source, bytes) else source)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise Refused("damaged_zip", "The zip cannot be opened: it is damaged or ends too early; pack it again.") from None
    with archive:
        infos = [info for info in archive.infolist() if not info.is_dir() and not _is_junk(info.filename)]
        if not infos:
            raise Refused("empty_zip", "There is no file in the zip; pack the images again.")
        _check_whole(infos, limits)
        for info in infos:
            try:
                _check_member(info, limits)
            except Refused as refusal:
                yield RefusedMember(_readable(info.filename), refusal)
            else:
                yield Member(_readable(info.filename), info.file_size, archive, info)


def count_members(source: Path | bytes) -> int:
    """Count the files of an archive that would be tried; 1 when it cannot be opened (it will be refused)."""
    try:
        with zipfile.ZipFile(BytesIO(source) if isinstance(source, bytes) else source) as archive:
            return sum(1 for info in archive.infolist() if not info.is_dir() and not _is_junk(info.filename))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return 1


def is_junk(name: str) -> bool:
    """Say whether a file is something that systems leave behind in folders."""
    return _is_junk(name)


def _is_junk(name: str) -> bool:
    parts = PurePosixPath(name).parts
    last = parts[-1] if parts else ""
    return bool(_JUNK_FOLDERS.intersection(parts)) or last.startswith("._") or last == ".DS_Store" or last.lower() in _JUNK_NAMES


def _readable(name: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in name)


def _check_whole(infos: list[zipfile.ZipInfo], limits: ArchiveLimits) -> None:
    if len(infos) > limits.members:
        raise Refused("too_many_files", f"The zip holds {len(infos):,} files, and at most {limits.members:,} are taken; split it.")
    total = sum(info.file_size for info in infos)
    if total > limits.total_bytes:
        raise Refused(
            "zip_bomb", f"The zip unpacks to {total / 1e9:,.0f} GB, and at most {limits.total_bytes / 1e9:,.0f} are taken; split it."
        )


def _check_member(info: zipfile.ZipInfo, limits: ArchiveLimits) -> None:
    parts = PurePosixPath(info.filename).parts
    if ".." in parts or info.filename.startswith("/") or "\\" in info.filename or (parts and parts[0].endswith(":")):
        raise Refused("unsafe_path", "The name of this file leads out of the zip; pack the folder again with a usual program.")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise Refused("unsafe_path", "This is a link to another file; pack the file itself.")
    if info.flag_bits & _ENCRYPTED:
        raise Refused("encrypted", "The zip is encrypted; pack it again without a password.")
    if info.file_size > limits.member_bytes:
        raise Refused("too_large", f"This file has more than {limits.member_bytes / 1e9:,.0f} GB.")
    if info.file_size > limits.ratio_from_bytes and info.file_size > limits.ratio * max(1, info.compress_size):
        raise Refused("zip_bomb", "This file unpacks to so many times its packed size that it is taken for a zip bomb.")


def check_not_nested(head: bytes) -> None:
    """Refuse an archive inside an archive."""
    if is_zip(head):
        raise Refused("nested_zip", "A zip inside a zip is not opened; upload it by itself.")
