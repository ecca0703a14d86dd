"""Files on their way in: where they lie, what they are, and how they come to rest in the image folder."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from campaigns.imagery import EXTENSIONS, HEAD_BYTES, ImageFacts, Refused, is_zip, probe, written_atomically
from campaigns.imagery.archives import Member, RefusedMember, check_not_nested, members
from campaigns.models import Campaign
from campaigns.storage import folder

IN_MEMORY_BYTES = 8 * 1024 * 1024
LARGEST_BYTES = 20_000_000_000
MAX_NAME = 300


@dataclass(frozen=True)
class Incoming:
    """One file as it arrived. ``ours``: the path is a temporary file of ours, which may be moved instead of copied."""

    name: str
    content: bytes | Path
    ours: bool = False

    @property
    def size_bytes(self) -> int:
        """How large it is."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size

    def head(self) -> bytes:
        """Return the first bytes, enough to tell what it is."""
        if isinstance(self.content, bytes):
            return self.content[:HEAD_BYTES]
        try:
            with self.content.open("rb") as file:
                return file.read(HEAD_BYTES)
        except OSError:
            return b""

    def digest(self) -> str:
        """Return the SHA-256 of the content."""
        if isinstance(self.content, bytes):
            return hashlib.sha256(self.content).hexdigest()
        with self.content.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def discard(self) -> None:
        """Remove the temporary file, if it is one."""
        if self.ours and isinstance(self.content, Path):
            self.content.unlink(missing_ok=True)


@dataclass(frozen=True)
class FileResult:
    """What became of one file: created, duplicate (``image`` is the one that was there) or refused (``code``, ``detail``)."""

    name: str
    status: str
    image: int | None = None
    code: str = ""
    detail: str = ""
    large: bool = False


def refusal(name: str, refused: Refused) -> FileResult:
    """Return the result of a file that was refused."""
    return FileResult(_short(name), "refused", None, refused.code, refused.detail)


@dataclass(frozen=True)
class Checked:
    """A file that is a usable image, with all that its row will say."""

    file: Incoming
    name: str
    digest: str
    size_bytes: int
    facts: ImageFacts

    def path_in(self, campaign: Campaign) -> str:
        """Return where it comes to rest, relative to the image folder."""
        return f"{campaign.pk}/{self.digest[:2]}/{self.digest}.{EXTENSIONS[self.facts.format]}"


def _short(name: str) -> str:
    cleaned = "".join(character if character.isprintable() else "?" for character in name).strip() or "image"
    return cleaned if len(cleaned) <= MAX_NAME else "…" + cleaned[1 - MAX_NAME :]


def check(file: Incoming) -> Checked:
    """Look at a file: hash, format, size; raise Refused."""
    size = file.size_bytes
    if size > LARGEST_BYTES:
        raise Refused("too_large", f"The file has more than {LARGEST_BYTES / 1e9:,.0f} GB.")
    facts = probe(file.content, file.name)
    return Checked(file, _short(file.name), file.digest(), size, facts)


def come_to_rest(file: Incoming, target: str) -> None:
    """Put a file in its place: whole or not at all. The same content may be there already, which is as good."""
    if os.path.exists(target):
        return
    if isinstance(file.content, Path) and file.ours:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        file.content.replace(target)
    elif isinstance(file.content, Path):
        with written_atomically(Path(target)) as temporary:
            shutil.copyfile(file.content, temporary)
    else:
        _write(file.content, target)


def _write(content: bytes, target: str) -> None:
    """Write many small files: plain calls, since pathlib and tempfile would cost more than the writing."""
    temporary = f"{target}.{secrets.token_hex(4)}.part"
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        with os.fdopen(handle, "wb", buffering=0) as file:
            written = file.write(content)
        if written != len(content):
            raise OSError(errno.ENOSPC, f"The disk took {written} of {len(content)} bytes")
        os.rename(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


@contextmanager
def workshop() -> Iterator[Path]:
    """Give a folder for temporary files on the same disk as the images, so that moving them costs nothing."""
    with tempfile.TemporaryDirectory(prefix="import-", dir=folder("incoming")) as name:
        yield Path(name)


def unpacked(files: Iterable[Incoming], bench: Path) -> Iterator[Incoming | FileResult]:
    """Go through files one by one, those inside zips too; what cannot be unpacked comes out as a result."""
    for given in files:
        file = _loaded(given)
        if not is_zip(file.head()):
            yield file
            continue
        try:
            for member in members(file.content):
                yield _from_archive(member, bench)
        except Refused as refused:
            yield refusal(file.name, refused)
        finally:
            file.discard()


def _loaded(file: Incoming) -> Incoming:
    """Read a small file once, instead of opening it for its head, its hash, its header and its copy."""
    if isinstance(file.content, bytes) or file.ours:
        return file
    try:
        return Incoming(file.name, file.content.read_bytes()) if file.size_bytes <= IN_MEMORY_BYTES else file
    except OSError:
        return file  # the check will say why it cannot be read


def _from_archive(member: Member | RefusedMember, bench: Path) -> Incoming | FileResult:
    if isinstance(member, RefusedMember):
        return refusal(member.name, member.refusal)
    try:
        file = _taken_out(member, bench)
        check_not_nested(file.head())
    except Refused as refused:
        return refusal(member.name, refused)
    return file


def _taken_out(member: Member, bench: Path) -> Incoming:
    if member.size_bytes <= IN_MEMORY_BYTES:
        return Incoming(member.name, member.read())
    handle, name = tempfile.mkstemp(dir=bench)
    os.close(handle)
    member.save(Path(name))
    return Incoming(member.name, Path(name), ours=True)
