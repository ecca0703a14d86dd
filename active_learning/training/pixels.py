"""Decoded pictures of a training in one mapped file, so that every epoch after the first reads no image file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from active_learning.training.mapped import mapped_anew
from models_registry.networks.bands import BandScale, bands_seen
from models_registry.networks.embedding import Source
from models_registry.networks.pictures import Pixels, squared

READERS: Final = 2
CHUNK: Final = 64


def decoded_pixels(
    folder: Path, sources: Sequence[Source], side_px: int, *, on_progress: Callable[[int, int], None], scale: BandScale | None = None
) -> tuple[Pixels, npt.NDArray[np.bool_]]:
    """Return pictures (N, side, side, B) uint8, mapped from a file of ``folder``, and which of them could be read.

    A second call with the same sources finds the finished file. ``on_progress(done, failed)`` may raise to stop.
    """
    file, note = folder / f"pixels-{side_px}.u1", folder / f"pixels-{side_px}.json"
    keys, shape = (
        [scale.name if scale is not None else "", *(source.key for source in sources)],
        (len(sources), side_px, side_px, bands_seen(scale)),
    )
    try:
        found = json.loads(note.read_text())
    except FileNotFoundError:
        found = {}
    if found.get("keys") == keys and file.stat().st_size == int(np.prod(shape)):
        return np.memmap(file, np.uint8, "r", shape=shape), np.array(found["readable"], bool)
    folder.mkdir(parents=True, exist_ok=True)
    readable = _decode(mapped_anew(file, np.uint8, shape), sources, side_px, on_progress)
    note.write_text(json.dumps({"keys": keys, "readable": readable.tolist()}))
    return np.memmap(file, np.uint8, "r", shape=shape), readable


def _decode(
    target: np.memmap[tuple[int, ...], np.dtype[np.uint8]], sources: Sequence[Source], side_px: int, on_progress: Callable[[int, int], None]
) -> npt.NDArray[np.bool_]:
    readable = np.zeros(len(sources), bool)
    with ThreadPoolExecutor(READERS) as pool:
        for start in range(0, len(sources), CHUNK):
            pictures = list(pool.map(lambda source: _read(source, side_px), sources[start : start + CHUNK]))
            for place, picture in enumerate(pictures, start):
                if picture is not None:
                    target[place], readable[place] = picture, True
            done = int(readable.sum())
            on_progress(done, start + len(pictures) - done)
    target.flush()
    return readable


def _read(source: Source, side_px: int) -> Pixels | None:
    try:
        return squared(source.read(), side_px)
    except Exception:  # a file that cannot be read stays out of the training, which counts such files
        return None
