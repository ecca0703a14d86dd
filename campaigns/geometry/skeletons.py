"""Skeletons: the named points that objects of a label have, and how they hang together.

    {"points": [{"name": "left_eye", "x": 0.55, "y": 0.1}…], "edges": [["left_eye", "nose"]…],
     "flip": [["left_eye", "right_eye"]…], "sigmas": {"left_eye": 0.025}}

``x`` and ``y`` lay the template out, 0 to 1 from its top left corner. ``flip`` pairs change places when the picture is
mirrored. ``sigmas`` say how far annotators scatter about a point, as a share of the object's size (COCO's OKS uses them).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from campaigns.geometry.validity import InvalidShape, checked_number

MAX_POINTS: Final = 200
MAX_EDGES: Final = 1000
MAX_NAME: Final = 100

Pair = tuple[str, str]


@dataclass(frozen=True)
class Skeleton:
    """The points of a label's objects in their order, with each one's place in the template."""

    places: Mapping[str, tuple[float, float]]
    edges: tuple[Pair, ...] = ()
    flip: tuple[Pair, ...] = ()
    sigmas: Mapping[str, float] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Return the names of the points in their order."""
        return list(self.places)

    @classmethod
    def from_document(cls, document: Any) -> Skeleton | None:
        """Check a skeleton; an empty one is none. Raise InvalidShape."""
        if not isinstance(document, Mapping):
            raise InvalidShape("A skeleton is an object with points, edges and flip.")
        unknown = sorted(set(document) - {"points", "edges", "flip", "sigmas"})
        if unknown:
            raise InvalidShape(f"A skeleton has no {unknown[0]!r}: it has points, edges, flip and sigmas.")
        if not document.get("points"):
            if any(document.values()):
                raise InvalidShape("A skeleton without points has neither edges nor flip pairs.")
            return None
        places = _places(document["points"])
        return cls(
            places,
            _pairs(document.get("edges", []), places, "An edge"),
            _flip_pairs(document.get("flip", []), places),
            _sigmas(document.get("sigmas", {}), places),
        )

    def as_document(self) -> dict[str, Any]:
        """Write the skeleton; sigmas only where there are any."""
        document: dict[str, Any] = {
            "points": [{"name": name, "x": x, "y": y} for name, (x, y) in self.places.items()],
            "edges": [list(edge) for edge in self.edges],
            "flip": [list(pair) for pair in self.flip],
        }
        return {**document, "sigmas": dict(self.sigmas)} if self.sigmas else document

    def check_names(self, names: Sequence[str], *, known: Sequence[str] = ()) -> None:
        """Raise InvalidShape unless every name is one of the skeleton's, each at most once.

        known: names that are let through besides, since they stood before the skeleton changed.
        """
        counts = Counter(names)
        strange = [name for name in counts if name not in self.places and name not in known]
        if strange:
            raise InvalidShape(f"The skeleton of this label has no point {strange[0]!r}; it has {', '.join(self.places)}."[:400])
        twice = [name for name, count in counts.items() if count > 1]
        if twice:
            raise InvalidShape(f"The point {twice[0]!r} stands twice; an object has each point of its skeleton once.")


def circle_of(names: Iterable[str]) -> list[dict[str, Any]]:
    """Lay points out on a circle, from the top clockwise: for skeletons that come without a template."""
    names = list(names)
    turns = [2 * math.pi * n / max(1, len(names)) for n in range(len(names))]
    return [
        {"name": name, "x": round(0.5 + 0.4 * math.sin(turn), 4), "y": round(0.5 - 0.4 * math.cos(turn), 4)}
        for name, turn in zip(names, turns, strict=True)
    ]


def _places(points: Any) -> dict[str, tuple[float, float]]:
    if not isinstance(points, list | tuple) or len(points) > MAX_POINTS:
        raise InvalidShape(f"The points of a skeleton are a list of at most {MAX_POINTS}.")
    places: dict[str, tuple[float, float]] = {}
    for point in points:
        if not isinstance(point, Mapping) or set(point) - {"name", "x", "y"}:
            raise InvalidShape('A point of a skeleton is written {"name", "x", "y"}.')
        name = point.get("name")
        if not isinstance(name, str) or not 0 < len(name.strip()) <= MAX_NAME:
            raise InvalidShape(f"The name of a skeleton's point needs 1 to {MAX_NAME} characters.")
        if name.strip() in places:
            raise InvalidShape(f"Two points of a skeleton cannot have one name: {name.strip()!r}.")
        x, y = (checked_number(point.get(axis), f"{axis} of {name.strip()!r}") for axis in ("x", "y"))
        if not (0.0 <= x <= 1.0 and 0.0 <= y <= 1.0):
            raise InvalidShape(f"{name.strip()!r} lies outside its template: x and y go from 0 to 1.")
        places[name.strip()] = (x, y)
    return places


def _pair(value: Any, places: Mapping[str, tuple[float, float]], what: str) -> Pair:
    if not isinstance(value, list | tuple) or len(value) != 2 or not all(isinstance(name, str) for name in value):
        raise InvalidShape(f"{what} is written [name, name].")
    first, second = value[0].strip(), value[1].strip()
    for name in (first, second):
        if name not in places:
            raise InvalidShape(f"{what} names {name!r}, which is no point of the skeleton.")
    if first == second:
        raise InvalidShape(f"{what} needs two different points, not {first!r} twice.")
    return first, second


def _pairs(values: Any, places: Mapping[str, tuple[float, float]], what: str) -> tuple[Pair, ...]:
    if not isinstance(values, list | tuple) or len(values) > MAX_EDGES:
        raise InvalidShape(f"Edges and flip pairs are lists of at most {MAX_EDGES}.")
    pairs = [_pair(value, places, what) for value in values]
    if len({frozenset(pair) for pair in pairs}) != len(pairs):
        raise InvalidShape(f"{what} stands twice.")
    return tuple(pairs)


def _flip_pairs(values: Any, places: Mapping[str, tuple[float, float]]) -> tuple[Pair, ...]:
    pairs = _pairs(values, places, "A flip pair")
    twice = [name for name, count in Counter(name for pair in pairs for name in pair).items() if count > 1]
    if twice:
        raise InvalidShape(f"{twice[0]!r} stands in two flip pairs; a point has one opposite.")
    return pairs


def _sigmas(values: Any, places: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    if not isinstance(values, Mapping):
        raise InvalidShape("Sigmas are written {name: number}.")
    sigmas = {}
    for name, value in values.items():
        if name not in places:
            raise InvalidShape(f"The sigmas name {name!r}, which is no point of the skeleton.")
        sigma = checked_number(value, f"The sigma of {name!r}")
        if not 0.0 < sigma <= 1.0:
            raise InvalidShape(f"The sigma of {name!r} lies above 0 and is at most 1.")
        sigmas[str(name)] = sigma
    return sigmas
