"""Embeddings on disk: one growing matrix per campaign and embedding space, memory-mapped, with the key of each row.

Two files grow together: ``vectors.bin`` (rows of one type) and ``keys.bin`` (int64). A row counts once both hold it,
and its key is written last; what a killed writer left behind is cut off by the next one. Writers of several processes
take turns by a file lock, readers need none.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from campaigns.errors import Conflict

Keys = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float32]

KEY_BYTES: Final = 8
DTYPES: Final[dict[str, np.dtype[Any]]] = {"float16": np.dtype("<f2"), "float32": np.dtype("<f4")}


class MissingEmbeddings(Conflict):
    """Keys that were asked for have no row yet, or no row any more: another backbone has come, and what the old one saw was removed."""

    default_code = "embeddings_missing"


class EmbeddingStore:
    """A matrix of embeddings by key.

    Keys are any int64; ``content_key`` makes one of an image's SHA-256, which stays right when a database is replaced.
    """

    def __init__(self, folder: Path, dimension: int, dtype: str = "float16") -> None:
        self.folder = folder
        self.dimension, self.dtype = self._agree(folder, dimension, DTYPES[dtype])
        self._known: tuple[int, Keys, Keys] = (0, np.empty(0, np.int64), np.empty(0, np.int64))

    @staticmethod
    def _agree(folder: Path, dimension: int, dtype: np.dtype[Any]) -> tuple[int, np.dtype[Any]]:
        folder.mkdir(parents=True, exist_ok=True)
        about = folder / "about.json"
        if not about.exists():
            fresh = about.with_suffix(f".{os.getpid()}")
            fresh.write_text(json.dumps({"dimension": dimension, "dtype": dtype.name}))
            fresh.replace(about)
        found = json.loads(about.read_text())
        if found["dimension"] != dimension:
            raise ValueError(f"{folder} holds vectors of {found['dimension']} numbers, not {dimension}.")
        return dimension, DTYPES[found["dtype"]]

    def __len__(self) -> int:
        rows = self._size("keys.bin") // KEY_BYTES
        return min(rows, self._size("vectors.bin") // self._row_bytes)

    @property
    def _row_bytes(self) -> int:
        return self.dimension * self.dtype.itemsize

    def _size(self, name: str) -> int:
        try:
            return (self.folder / name).stat().st_size
        except FileNotFoundError:
            return 0

    def keys(self) -> Keys:
        """Return the keys in the order of their rows."""
        return np.fromfile(self.folder / "keys.bin", np.int64, len(self)) if len(self) else np.empty(0, np.int64)

    def missing(self, keys: Sequence[int] | Keys) -> Keys:
        """Return those of ``keys`` that have no row, each once, in the order given."""
        wanted = np.asarray(keys, np.int64)
        absent = wanted[self._rows(wanted) < 0]
        _, first = np.unique(absent, return_index=True)
        return absent[np.sort(first)]

    def load(self, keys: Sequence[int] | Keys) -> Matrix:
        """Return the vectors: (N, D) float32, in the order of ``keys``. Raises ``MissingEmbeddings``."""
        wanted = np.asarray(keys, np.int64)
        rows = self._rows(wanted)
        if (rows < 0).any():
            raise MissingEmbeddings(
                f"The embeddings of {int((rows < 0).sum())} of {len(wanted)} images are not there. "
                "Another backbone may have come meanwhile: start this again."
            )
        if not len(rows):
            return np.empty((0, self.dimension), np.float32)
        ascending = len(rows) == 1 or bool((np.diff(rows) == 1).all())
        matrix = self._map()
        return matrix[rows[0] : rows[-1] + 1].astype(np.float32) if ascending else matrix[rows].astype(np.float32)

    def rows(self, start: int, end: int) -> Matrix:
        """Return the vectors of rows ``start`` to ``end`` in the order in which they came: (N, D) float32."""
        return self._map()[start:end].astype(np.float32) if start < end else np.empty((0, self.dimension), np.float32)

    def chunks(self, keys: Sequence[int] | Keys, size: int = 4096) -> Iterator[tuple[slice, Matrix]]:
        """Yield (place in ``keys``, vectors) piece by piece, so that a million rows need no room of their own."""
        wanted = np.asarray(keys, np.int64)
        for start in range(0, len(wanted), size):
            place = slice(start, min(start + size, len(wanted)))
            yield place, self.load(wanted[place])

    def append(self, keys: Sequence[int] | Keys, vectors: npt.NDArray[np.floating]) -> int:
        """Add rows and return how many; a key that has one keeps it. They survive any crash after this returns.

        ``vectors``: (N, D), finite.
        """
        fresh_keys, fresh = np.asarray(keys, np.int64), np.ascontiguousarray(vectors, self.dtype)
        if fresh.shape != (len(fresh_keys), self.dimension):
            raise ValueError(f"expected {len(fresh_keys)} x {self.dimension} numbers, got {fresh.shape}")
        if not np.isfinite(fresh).all():
            raise ValueError("an embedding holds a number that is not finite")
        with self._locked():
            news = np.flatnonzero(np.isin(fresh_keys, self.missing(fresh_keys)))
            _, first = np.unique(fresh_keys[news], return_index=True)
            chosen = news[np.sort(first)]
            rows = len(self)
            self._extend("vectors.bin", rows * self._row_bytes, fresh[chosen].tobytes())
            self._extend("keys.bin", rows * KEY_BYTES, fresh_keys[chosen].tobytes())
        return len(chosen)

    def _extend(self, name: str, end: int, data: bytes) -> None:
        with (self.folder / name).open("ab") as file:
            file.truncate(end)
            _write_through(file, data)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.folder / "lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _map(self) -> np.memmap[tuple[int, int], np.dtype[Any]]:
        return np.memmap(self.folder / "vectors.bin", self.dtype, "r", shape=(len(self), self.dimension))

    def _rows(self, wanted: Keys) -> Keys:
        count, ordered, places = self._index()
        if not count:
            return np.full(len(wanted), -1, np.int64)
        found = np.minimum(np.searchsorted(ordered, wanted), count - 1)
        return np.where(ordered[found] == wanted, places[found], -1)

    def _index(self) -> tuple[int, Keys, Keys]:
        if self._known[0] != len(self):
            keys = self.keys()
            places = np.argsort(keys, kind="stable")
            self._known = (len(keys), keys[places], places)
        return self._known


def _write_through(file: BinaryIO, data: bytes) -> None:
    file.write(data)
    file.flush()
    os.fsync(file.fileno())


def content_key(sha256: str) -> int:
    """Return the key of an image by its content: the first 8 bytes of the SHA-256, as a signed integer."""
    return int.from_bytes(bytes.fromhex(sha256[:16]), "little", signed=True)
