"""A vote about every pixel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.ensembling.objects import pixels_of
from inference.ensembling.voices import Ballot, Voice
from inference.extents import Thing, extent_of
from inference.rasters import raster_of_probabilities, read_map
from inference.schema import Raster

Votes = NDArray[np.float32]
Size = tuple[int, int]


def vote_areas(voices: Sequence[Voice], ballot: Ballot, size: Size) -> Raster | None:
    """Return the label with the most votes at each pixel; a vote is worth its member's weight times its confidence there.

    A pixel that no member names a label for says nothing. None when no pixel has a label.
    """
    places = {label: place for label, place in ballot.places.items() if any(label in voice.labels.values() for voice in voices)}
    if not places:
        return None
    rows = {label: row for row, label in enumerate(places)}
    votes = np.zeros((len(rows), *size), dtype=np.float32)
    for voice in voices:
        _cast(votes, rows, voice)
    total = votes.sum(axis=0)
    silent = total <= 0
    if bool(silent.all()):
        return None
    votes /= np.where(silent, np.float32(1), total)
    classes = [(place, ballot.labels[place][1]) for place in places.values()]
    return raster_of_probabilities(votes, classes, silent=silent)


def _cast(votes: Votes, rows: dict[int, int], voice: Voice) -> None:
    for item in voice.prediction.items:
        if isinstance(item, Raster):
            _cast_raster(votes, rows, voice, item)
        elif isinstance(item, Thing):
            label, extent = voice.label(item.index), extent_of(item)
            if label in rows and extent is not None:
                worth = voice.weight * (1.0 if item.confidence is None else item.confidence)
                window = (0, 0, votes.shape[2], votes.shape[1])
                votes[rows[label]][pixels_of(item, extent, window)] += worth


def _cast_raster(votes: Votes, rows: dict[int, int], voice: Voice, item: Raster) -> None:
    classes = read_map(item.class_map)
    worth = _sureness(item, classes.shape) * np.float32(voice.weight)
    for index in np.unique(classes).tolist():
        label = voice.label(index) if any(index == known for known, _ in item.classes) else None
        if label in rows:
            where = classes == index
            votes[rows[label]][where] += worth[where]


def _sureness(item: Raster, size: tuple[int, ...]) -> NDArray[np.float32]:
    """Return how sure the member is of each pixel, on the image's grid."""
    if item.confidence_map is None:
        return np.full(size, 1.0 if item.confidence is None else item.confidence, np.float32)
    known = read_map(item.confidence_map)
    if known.shape != size:  # kept coarser for a large image
        known = np.asarray(Image.fromarray(known.astype(np.uint8)).resize((size[1], size[0]), Image.Resampling.BILINEAR))
    return known.astype(np.float32) / np.float32(255)
