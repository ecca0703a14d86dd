"""What was read of many images, as arrays in one file, so that only the images that changed are read again.

Answers are long documents; what statistics take from them is short. Whichever process reads them first, or a run that has just
written them, leaves a file that all others open.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from campaigns.storage import folder

FOLDER: Final = "statistics"
A_PIECE: Final = 1000
"""So many images are read at a time, which bounds the memory that their documents take."""
Ints = npt.NDArray[np.int64]
Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Blocks:
    """A block of rows an image in each of several arrays.

    ``image_ids``: (N,), rising. ``marks``: (N,), what tells whether an image's block still holds. ``parts``: name → (R, …), the rows of
    all images one after another; ``lengths``: name → (N,), how many rows each image has.
    """

    image_ids: Ints
    marks: Ints
    parts: Mapping[str, Array]
    lengths: Mapping[str, Ints]

    def __len__(self) -> int:
        return len(self.image_ids)

    def at(self, places: Ints) -> Blocks:
        """Return the blocks of some images, by their places."""
        if len(places) == len(self) and (places == np.arange(len(self))).all():
            return self
        parts = {name: values[self._rows(name, places)] for name, values in self.parts.items()}
        return Blocks(self.image_ids[places], self.marks[places], parts, {name: each[places] for name, each in self.lengths.items()})

    def _rows(self, name: str, places: Ints) -> Ints:
        lengths = self.lengths[name]
        chosen, starts = lengths[places], (np.cumsum(lengths) - lengths)[places]
        rows: Ints = np.arange(int(chosen.sum())) + np.repeat(starts - (np.cumsum(chosen) - chosen), chosen)
        return rows


def joined(pieces: list[Blocks]) -> Blocks:
    """Put the blocks of different images together, in the order of their ids."""
    if not pieces:
        return blocks_of({})
    if len(pieces) == 1:
        return pieces[0]
    ids, marks = np.concatenate([each.image_ids for each in pieces]), np.concatenate([each.marks for each in pieces])
    parts = {name: np.concatenate([each.parts[name] for each in pieces]) for name in pieces[0].parts}
    lengths = {name: np.concatenate([each.lengths[name] for each in pieces]) for name in pieces[0].lengths}
    return Blocks(ids, marks, parts, lengths).at(np.argsort(ids, kind="stable"))


def blocks_of(found: Mapping[int, Mapping[str, Array]]) -> Blocks:
    """Return image → part → rows as blocks; every image names the same parts."""
    images = sorted(found)
    names = list(found[images[0]]) if images else []
    return Blocks(
        np.array(images, np.int64), np.zeros(len(images), np.int64),
        {name: np.concatenate([found[image][name] for image in images]) for name in names},
        {name: np.array([len(found[image][name]) for image in images], np.int64) for name in names},
    )  # fmt: skip


def gather(place: str, key: str, marks: Mapping[int, int], read: Callable[[list[int]], Blocks]) -> Blocks:
    """Return the blocks of the images of ``marks``: from the file of ``place`` where key and mark are the same, else read anew."""
    path = folder(FOLDER) / f"{place}.npz"
    wanted = np.array(sorted(marks), np.int64)
    now = np.array([marks[image] for image in wanted.tolist()], np.int64)
    kept = _load(path, key)
    pieces, missing = [], np.ones(len(wanted), bool)
    if kept is not None:
        _, here, there = np.intersect1d(wanted, kept.image_ids, assume_unique=True, return_indices=True)
        same = kept.marks[there] == now[here]
        missing[here[same]] = False
        pieces.append(kept.at(there[same]))
    ids = wanted[missing].tolist()
    for start in range(0, len(ids), A_PIECE):
        found = read(ids[start : start + A_PIECE])
        pieces.append(replace(found, marks=np.array([marks[image] for image in found.image_ids.tolist()], np.int64)))
    whole = joined([each for each in pieces if len(each)])
    if kept is None or ids or len(whole) != len(kept):
        _save(path, key, whole)
    return whole


def _save(path: Path, key: str, blocks: Blocks) -> None:
    """Write a file at once: a reader sees the old one or the new one. A full disk costs the time of reading again, no more."""
    named: dict[str, Array] = {"key": np.array(key), "image_ids": blocks.image_ids, "marks": blocks.marks}
    for name in blocks.parts:
        named |= {f"part-{name}": blocks.parts[name], f"length-{name}": blocks.lengths[name]}
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            np.savez(file, allow_pickle=False, **named)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)


def _load(path: Path, key: str) -> Blocks | None:
    """Return what a file holds under the key; None without one, or where it cannot be read."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            if str(file["key"]) != key:
                return None
            names = [name.removeprefix("part-") for name in file.files if name.startswith("part-")]
            parts, lengths = {name: file[f"part-{name}"] for name in names}, {name: file[f"length-{name}"] for name in names}
            return Blocks(file["image_ids"], file["marks"], parts, lengths)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
