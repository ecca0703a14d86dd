"""Find near vectors among very many without looking at all of them: an index beside a store of embeddings. No Django here.

Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable Small World graphs" (TPAMI
2020), by usearch. The graph holds the leading principal components, which makes it ten times smaller; what it
finds are candidates, and those are compared exactly, as they lie in the store. So a similarity is never approximate; at worst a neighbour
is passed over.

Files lie beside the store's: a graph and its axes by generation, and ``index.json``, written last, that names the current ones. Readers
map the graph and share its memory; one writer at a time holds the lock. Rows that came after it are always looked at one by one.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from active_learning.acquisition.diversity import unit_rows
from active_learning.embeddings.similarity import Matrix, blocks
from models_registry.networks.store import EmbeddingStore

Rows = npt.NDArray[np.int64]
AXES: Final = 128
LEARNED_FROM: Final = 8000
"""Axes are found on so many vectors, taken evenly."""
BLOCK: Final = 4096
CONNECTIVITY: Final = 16
EXPANSION: Final = 64
"""So many neighbours are looked at for each vector that is taken in; with 128 it takes twice as long and finds no more."""
NUMBERS: Final = "bf16"
"""What the graph holds; twice as fast as ``f16``, since it need not be widened to be multiplied."""
FORM: Final = 2
"""Of the files; those of another form are made anew."""
STALE: Final = 2
"""When the store has grown by this factor, the axes are found anew."""
CANDIDATES: Final = 16
"""So many candidates for each neighbour that is wanted are compared exactly, and never fewer than ``LEAST_CANDIDATES``."""
LEAST_CANDIDATES: Final = 256
MOST_CANDIDATES: Final = 16_384
UNREADABLE: Final = (OSError, EOFError, ValueError, RuntimeError)
"""What reading a graph or its axes raises where a file is gone, cut off, or of something else."""


@dataclass(frozen=True)
class About:
    """What ``index.json`` says: the form, the generation, how many rows the graph holds, and how many its axes were found for."""

    form: int
    generation: int
    rows: int
    founded_on: int


class NearestIndex:
    """The index of a store; there may be none yet, or one that holds the store's first rows only."""

    def __init__(self, store: EmbeddingStore) -> None:
        self._store = store
        self._folder = store.folder / "index"

    @property
    def about(self) -> About | None:
        """What there is; None where nothing usable is."""
        try:
            found = About(**json.loads((self._folder / "index.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return found if found.form == FORM else None

    def candidates(self, vector: npt.NDArray[np.floating], limit: int, *, share: float = 1.0) -> Rows | None:
        """Return rows of the store among which its nearest to a vector (D,) lie; None where there is no index.

        ``share``: of the rows, how many come into question; with few of them more candidates are needed.
        """
        about = self.about
        opened = self._open(about) if about is not None else None
        if about is None or opened is None:
            return None
        graph, axes = opened
        wanted = min(MOST_CANDIDATES, max(LEAST_CANDIDATES, int(CANDIDATES * limit / max(share, 1e-6))))
        graph.expansion_search = max(EXPANSION, wanted)
        found = graph.search(_seen(np.asarray(vector, np.float32)[None], axes)[0], min(wanted, about.rows))
        late = np.arange(about.rows, len(self._store), dtype=np.int64)
        return np.concatenate([np.asarray(found.keys, np.int64), late])

    def _open(self, about: About) -> tuple[Any, Matrix] | None:
        """Return graph and axes; None where they cannot be read: a writer replaced them this moment, or they are damaged."""
        try:
            return _opened(self._folder, about.generation, (self._folder / "index.json").stat().st_mtime_ns)
        except UNREADABLE:
            return None

    def _grown(self, about: About | None, rows: int) -> tuple[Any, Matrix] | None:
        """Return graph and axes to add to; None where both are to be made anew."""
        if about is None or rows >= STALE * about.founded_on or rows < about.rows:
            return None
        try:
            return _read(self._folder, about.generation, view=False)
        except UNREADABLE:
            return None

    def update(self, *, check: Callable[[], None] = lambda: None, threads: int = 0) -> bool:
        """Take in what the store got since; begin anew when it has doubled. Return False where another writer is at it.

        ``check`` is called now and then and may raise to stop: the index that was there stays.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._lock() as mine:
            if not mine:
                return False
            about, rows = self.about, len(self._store)
            if about is not None and about.rows == rows:
                return True
            grown = self._grown(about, rows)
            if about is None or grown is None:
                axes, begun, founded = self._axes(rows), 0, rows
                graph = _fresh(axes.shape[1])
            else:
                (graph, axes), begun, founded = grown, about.rows, about.founded_on
            for start, end in blocks(rows - begun, BLOCK):
                check()
                keys = np.arange(begun + start, begun + end, dtype=np.uint64)
                graph.add(keys, _seen(self._store.rows(begun + start, begun + end), axes), threads=threads)
            self._write(graph, axes, About(FORM, (about.generation if about else 0) + 1, rows, founded))
            return True

    def _axes(self, rows: int) -> Matrix:
        """Return (D, A): the leading principal axes of the store's vectors at length 1, not centred, so that cosines stay cosines."""
        places = np.unique(np.linspace(0, rows - 1, min(rows, LEARNED_FROM)).astype(np.int64))
        spread = np.zeros((self._store.dimension, self._store.dimension))
        for start, end in blocks(len(places), BLOCK):
            part = unit_rows(self._store.load(self._store.keys()[places[start:end]]))
            spread += part.T @ part
        axes = np.linalg.eigh(spread)[1][:, ::-1]
        return np.ascontiguousarray(axes[:, : min(AXES, self._store.dimension)], np.float32)

    def _write(self, graph: Any, axes: Matrix, about: About) -> None:
        graph.save(str(_graph_path(self._folder, about.generation)))
        np.save(_axes_path(self._folder, about.generation), axes)
        fresh = self._folder / "index.json.new"
        fresh.write_text(json.dumps(asdict(about)))
        fresh.replace(self._folder / "index.json")
        for path in self._folder.iterdir():  # readers that map an old file keep it until they close it
            if path.suffix in (".graph", ".npy") and path.stem != str(about.generation):
                path.unlink(missing_ok=True)

    @contextmanager
    def _lock(self) -> Iterator[bool]:
        with (self._folder / "lock").open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True


def _seen(vectors: Matrix, axes: Matrix) -> Matrix:
    """Return vectors along the axes, (N, A) float32."""
    return np.asarray(unit_rows(vectors) @ axes, np.float32)


def _fresh(dimensions: int) -> Any:
    from usearch.index import Index

    return Index(ndim=dimensions, metric="cos", dtype=NUMBERS, connectivity=CONNECTIVITY, expansion_add=EXPANSION)


def _graph_path(folder: Path, generation: int) -> Path:
    return folder / f"{generation}.graph"


def _axes_path(folder: Path, generation: int) -> Path:
    return folder / f"{generation}.npy"


def _read(folder: Path, generation: int, *, view: bool) -> tuple[Any, Matrix]:
    axes: Matrix = np.load(_axes_path(folder, generation), allow_pickle=False)
    graph = _fresh(axes.shape[1])
    path = str(_graph_path(folder, generation))
    if view:
        graph.view(path)
    else:
        graph.load(path)
    return graph, axes


@lru_cache(maxsize=8)
def _opened(folder: Path, generation: int, written_ns: int) -> tuple[Any, Matrix]:
    """Return a graph that stays mapped; ``written_ns`` tells it from one of the same number in a folder that was made anew."""
    return _read(folder, generation, view=True)
