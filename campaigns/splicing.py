"""Replace a few annotations in the text of a large document, without reading the rest of it.

A document of thousands of polygons takes fifty times as long to read and to write as to search. Whatever is not plain at sight
is for the caller to do the long way: an annotation whose id does not come first, that is not there, or that is there twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from campaigns.documents import KEYS

_ALWAYS: Final = KEYS - {"z", "default"}
_DECODER: Final = json.JSONDecoder()


@dataclass(frozen=True)
class Place:
    """One annotation, and where its object begins and ends in the text."""

    start: int
    end: int
    annotation: Mapping[str, Any]


def find_annotations(text: str, names: Iterable[str]) -> dict[str, Place] | None:
    """Return where annotations lie in a document's JSON text, by id; None unless each is found for certain."""
    places: dict[str, Place] = {}
    for name in names:
        place = _find(text, name)
        if place is None:
            return None
        places[name] = place
    return places


def splice(text: str, places: Mapping[str, Place], annotations: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the text with annotations in the places of those of the same id."""
    parts, end = [], 0
    for name in sorted(annotations, key=lambda name: places[name].start):
        parts += [text[end : places[name].start], orjson.dumps(annotations[name]).decode()]
        end = places[name].end
    return "".join([*parts, text[end:]])


def _find(text: str, name: str) -> Place | None:
    """Find the one object in a list whose first field is this id.

    No text inside the document can look like it, because a quote inside a JSON string is escaped. The other objects of a
    document, a shape, a model and attributes, stand behind a colon, and points in a list have other fields.
    """
    quoted = orjson.dumps(name).decode()
    found = [place for id_field in (f'{{"id":{quoted},', f'{{"id": {quoted},') for place in _objects(text, id_field)]
    return found[0] if len(found) == 1 else None


def _objects(text: str, beginning: str) -> Iterable[Place]:
    start = text.find(beginning)
    while start >= 0:
        if text[max(start - 2, 0) : start].rstrip().endswith((",", "[")):
            annotation, end = _DECODER.raw_decode(text, start)
            if set(annotation) >= _ALWAYS and set(annotation) <= KEYS:
                yield Place(start, end, annotation)
        start = text.find(beginning, start + 1)
