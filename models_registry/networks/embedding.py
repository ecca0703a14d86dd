"""Fill a store with the embeddings it lacks: reading, decoding and the network overlap."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from models_registry.networks.pictures import Pixels, squared
from models_registry.networks.store import EmbeddingStore

READERS: Final = 2
AHEAD: Final = 4  # batches that may wait, decoded, for the network
SAVE_EVERY: Final = 256


@dataclass(frozen=True)
class Source:
    """One picture to embed: its key in the store, and how to get its pixels, (H, W, 3) uint8."""

    key: int
    read: Callable[[], Pixels]


@dataclass(frozen=True)
class Failure:
    """A picture that could not be read, and why."""

    key: int
    reason: str


class Embedder(Protocol):
    """What turns pictures into vectors; ``models_registry.networks.backbones.Backbone`` is one."""

    batch_size: int

    @property
    def side_px(self) -> int:
        """The side of the square that it sees."""
        ...

    def embed(self, images: Sequence[Pixels]) -> npt.NDArray[np.float32]:
        """Return (N, D) float32."""
        ...


def embed_missing(
    store: EmbeddingStore,
    backbone: Callable[[], Embedder],
    sources: Sequence[Source],
    *,
    on_progress: Callable[[int, int], None],
    save_every: int = SAVE_EVERY,
) -> list[Failure]:
    """Embed the sources that the store lacks, and return those that could not be read.

    ``backbone`` is called only when something is missing, so that a full store costs no import of torch.
    ``on_progress(done, failed)`` may raise to stop: what was computed until then is kept. ``save_every``: pictures whose
    vectors wait in memory to be written together; before each so many, what another process embedded meanwhile is passed over.
    """
    lacking = set(store.missing([source.key for source in sources]).tolist())
    todo = list({source.key: source for source in sources if source.key in lacking}.values())
    done, failures = len(sources) - len(todo), list[Failure]()
    on_progress(done, 0)
    if not todo:
        return []
    embedder = backbone()
    passed = Counter[str]()
    for group in _grouped(_decoded(_lacking(store, todo, save_every, passed), embedder), save_every):
        keys, vectors = _embed(group, embedder, failures)
        if keys:
            store.append(keys, vectors)
        done += len(keys)
        on_progress(done + passed["there"], len(failures))
    if passed["there"]:
        on_progress(done + passed["there"], len(failures))
    return failures


def _lacking(store: EmbeddingStore, todo: Sequence[Source], size: int, passed: Counter[str]) -> Iterator[Source]:
    """Yield what the store lacks when its turn comes, and count what is there by then."""
    for start in range(0, len(todo), size):
        part = todo[start : start + size]
        lacking = set(store.missing([source.key for source in part]).tolist())
        passed["there"] += len(part) - len(lacking)
        yield from (source for source in part if source.key in lacking)


Decoded = tuple[Source, Pixels | Failure]


def _grouped(decoded: Iterator[Decoded], size: int) -> Iterator[Iterator[Decoded]]:
    """Yield lazy groups of up to ``size``; each has to be used up before the next."""
    for first in decoded:
        yield chain([first], islice(decoded, size - 1))


def _embed(group: Iterator[Decoded], embedder: Embedder, failures: list[Failure]) -> tuple[list[int], npt.NDArray[np.float32]]:
    keys: list[int] = []
    vectors: list[npt.NDArray[np.float32]] = []
    while batch := list(islice(group, embedder.batch_size)):
        failures += [outcome for _, outcome in batch if isinstance(outcome, Failure)]
        readable = [(source.key, outcome) for source, outcome in batch if not isinstance(outcome, Failure)]
        if readable:
            keys += [key for key, _ in readable]
            vectors.append(embedder.embed([pixels for _, pixels in readable]))
    return keys, np.concatenate(vectors) if vectors else np.empty((0, 0), np.float32)


def _decoded(sources: Iterable[Source], embedder: Embedder) -> Iterator[Decoded]:
    # Pillow and rasterio release the interpreter's lock, so threads suffice; a bounded queue keeps memory flat.
    waiting: deque[tuple[Source, Future[Pixels | Failure]]] = deque()
    rest = iter(sources)
    with ThreadPoolExecutor(READERS) as pool:
        try:
            for source in islice(rest, AHEAD * embedder.batch_size):
                waiting.append((source, pool.submit(_read, source, embedder.side_px)))
            while waiting:
                source, future = waiting.popleft()
                yield source, future.result()
                for following in islice(rest, 1):
                    waiting.append((following, pool.submit(_read, following, embedder.side_px)))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _read(source: Source, side_px: int) -> Pixels | Failure:
    try:
        return squared(source.read(), side_px)
    except Exception as error:  # a file that cannot be read is told, and the others go on
        return Failure(source.key, str(error) or type(error).__name__)
